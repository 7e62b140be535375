// RUN: xcs-opt %s -p convert-xtensor-to-stablehlo -t stablehlo | filecheck %s
// RUN: not xcs-opt %s -t stablehlo 2>&1 | filecheck %s --check-prefix XTENSOR

// Beside native code, each kernel is a module that stands alone, with the kernel as its entry.

// CHECK:      module @double {
// CHECK-NEXT:   func.func public @main(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %0 = stablehlo.add %x, %x : tensor<2xf32>
// CHECK-NEXT:     func.return %0 : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }
// CHECK-NEXT: // -----
// CHECK-NEXT: module @negate {
orch.operator @ask {path = "m:ask", kind = #orch.kind<tool>, effects = #orch.effects<pure>}

func.func @double(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = xtensor.add %x, %x : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

func.func @negate(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = xtensor.neg %x : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// XTENSOR: stablehlo_kernels.mlir:17:3: error: target 'stablehlo': xtensor.add is no op of StableHLO
