// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Constants keep every bit.

// Values of all kinds.
func.func private @generation() -> tensor<2xf32> {
  %a = xtensor.constant dense<0xFF800000> : tensor<f32>
  %b = xtensor.constant dense<[-0.000000e+00, 1.500000e+00]> : tensor<2xf32>
  %c = xtensor.broadcast_in_dim %a dims [] : tensor<f32> -> tensor<2xf32>
  %d = xtensor.add %b, %c : tensor<2xf32>
  %i = xtensor.iota dim 0 : tensor<2xf32>
  %r = xtensor.mul %d, %i : tensor<2xf32>
  func.return %r : tensor<2xf32>
}
// CHECK-LABEL: func.func private @generation() -> tensor<2xf32> {
// CHECK-NEXT:    %a = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %b = stablehlo.constant dense<[-0.000000e+00, 1.500000e+00]> : tensor<2xf32>
// CHECK-NEXT:    %c = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<2xf32>
// CHECK-NEXT:    %d = stablehlo.add %b, %c : tensor<2xf32>
// CHECK-NEXT:    %i = stablehlo.iota dim = 0 : tensor<2xf32>
// CHECK-NEXT:    %r = stablehlo.multiply %d, %i : tensor<2xf32>
// CHECK-NEXT:    func.return %r : tensor<2xf32>
// CHECK-NEXT:  }
