// RUN: xcs-opt %s -p convert-xtensor-to-stablehlo -t stablehlo | filecheck %s
// RUN: xcs-opt %s -p convert-xtensor-to-stablehlo -t stablehlo | xcs-opt -t stablehlo | filecheck %s
// RUN: not xcs-opt %s -t stablehlo 2>&1 | filecheck %s --check-prefix FOREIGN

// The module is printed as upstream prints it.

// CHECK:      module {
// CHECK-NEXT:   sdy.mesh @mesh = <["x"=2]>
// CHECK-NEXT:   func.func @double(%arg0: tensor<2xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) -> tensor<2xf32> {
// CHECK-NEXT:     %0 = stablehlo.add %arg0, %arg0 : tensor<2xf32>
// CHECK-NEXT:     return %0 : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func @erf(%arg0: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %0 = chlo.erf %arg0 : tensor<2xf32> -> tensor<2xf32>
// CHECK-NEXT:     %cst = stablehlo.constant dense<0xFF800000> : tensor<2xf32>
// CHECK-NEXT:     %1 = stablehlo.maximum %0, %cst : tensor<2xf32>
// CHECK-NEXT:     return %1 : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }
sdy.mesh @mesh = <["x"=2]>
func.func @double(%x : tensor<2xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) -> tensor<2xf32> {
  %0 = xtensor.add %x, %x : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

func.func @erf(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = chlo.erf %x : tensor<2xf32> -> tensor<2xf32>
  %1 = "stablehlo.constant"() <{value = dense<0xFF800000> : tensor<2xf32>}> : () -> tensor<2xf32>
  %2 = stablehlo.maximum %0, %1 : tensor<2xf32>
  func.return %2 : tensor<2xf32>
}

// FOREIGN:      stablehlo.mlir:22:3: error: target 'stablehlo': xtensor.add is no op of StableHLO; run the pass convert-xtensor-to-stablehlo first
// FOREIGN-NEXT:   %0 = xtensor.add %x, %x : tensor<2xf32>
// FOREIGN-NEXT:   ^^
