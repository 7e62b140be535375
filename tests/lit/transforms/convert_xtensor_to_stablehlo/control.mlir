// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Barriers.

// Operands and results are paired.
func.func private @barrier(%x: tensor<2xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
  %a, %b = xtensor.optimization_barrier %x, %i : (tensor<2xf32>, tensor<i32>) -> (tensor<2xf32>, tensor<i32>)
  func.return %a, %b : tensor<2xf32>, tensor<i32>
}
// CHECK-LABEL: func.func private @barrier(%x: tensor<2xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
// CHECK-NEXT:    %a, %b = stablehlo.optimization_barrier %x, %i : tensor<2xf32>, tensor<i32>
// CHECK-NEXT:    func.return %a, %b : tensor<2xf32>, tensor<i32>
// CHECK-NEXT:  }
