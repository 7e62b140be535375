// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// A primitive without an op of its own carries the StableHLO that JAX lowers it to.

func.func @library(%x: tensor<2xf32>) {
  // CHECK-LABEL: func.func @library
  // CHECK-NEXT: %{{.*}} = xtensor.primitive "cbrt"(%x) stablehlo = "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {{{.*}}}" : (tensor<2xf32>) -> tensor<2xf32>
  %0 = xtensor.primitive "cbrt"(%x) stablehlo = "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n  %r = stablehlo.cbrt %a : tensor<2xf32>\n  return %r : tensor<2xf32>\n}" : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}
