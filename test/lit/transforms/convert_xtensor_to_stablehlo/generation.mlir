// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Constants keep every bit; random numbers.

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

// Indices in 64 bits, taken apart.
func.func private @counts() -> (tensor<3x4xui32>, tensor<3x4xui32>) {
  %high, %low = xtensor.iota_2x32_shape : tensor<3x4xui32>
  func.return %high, %low : tensor<3x4xui32>, tensor<3x4xui32>
}
// CHECK-LABEL: func.func private @counts() -> (tensor<3x4xui32>, tensor<3x4xui32>) {
// CHECK-NEXT:    %0 = stablehlo.iota dim = 0 : tensor<3x4xui64>
// CHECK-NEXT:    %1 = stablehlo.constant dense<4> : tensor<ui64>
// CHECK-NEXT:    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<ui64>) -> tensor<3x4xui64>
// CHECK-NEXT:    %3 = stablehlo.multiply %2, %0 : tensor<3x4xui64>
// CHECK-NEXT:    %4 = stablehlo.iota dim = 1 : tensor<3x4xui64>
// CHECK-NEXT:    %5 = stablehlo.constant dense<1> : tensor<ui64>
// CHECK-NEXT:    %6 = stablehlo.broadcast_in_dim %5, dims = [] : (tensor<ui64>) -> tensor<3x4xui64>
// CHECK-NEXT:    %7 = stablehlo.multiply %6, %4 : tensor<3x4xui64>
// CHECK-NEXT:    %8 = stablehlo.add %3, %7 : tensor<3x4xui64>
// CHECK-NEXT:    %9 = stablehlo.constant dense<32> : tensor<ui64>
// CHECK-NEXT:    %10 = stablehlo.broadcast_in_dim %9, dims = [] : (tensor<ui64>) -> tensor<3x4xui64>
// CHECK-NEXT:    %11 = stablehlo.shift_right_logical %8, %10 : tensor<3x4xui64>
// CHECK-NEXT:    %high = stablehlo.convert %11 : (tensor<3x4xui64>) -> tensor<3x4xui32>
// CHECK-NEXT:    %low = stablehlo.convert %8 : (tensor<3x4xui64>) -> tensor<3x4xui32>
// CHECK-NEXT:    func.return %high, %low : tensor<3x4xui32>, tensor<3x4xui32>
// CHECK-NEXT:  }

// The compiler's generators; a state of 32-bit words is read as two of 64 bits.
func.func private @generators(%s: tensor<4xui32>, %a: tensor<f32>, %b: tensor<f32>) -> (tensor<4xui32>, tensor<3xui8>, tensor<3xf32>) {
  %next, %bits = xtensor.rng_bit_generator %s philox : tensor<4xui32> -> tensor<3xui8>
  %u = xtensor.rng_uniform %a, %b : tensor<f32> -> tensor<3xf32>
  func.return %next, %bits, %u : tensor<4xui32>, tensor<3xui8>, tensor<3xf32>
}
// CHECK-LABEL: func.func private @generators(%s: tensor<4xui32>, %a: tensor<f32>, %b: tensor<f32>) -> (tensor<4xui32>, tensor<3xui8>, tensor<3xf32>) {
// CHECK-NEXT:    %0 = stablehlo.reshape %s : (tensor<4xui32>) -> tensor<2x2xui32>
// CHECK-NEXT:    %1 = stablehlo.bitcast_convert %0 : (tensor<2x2xui32>) -> tensor<2xui64>
// CHECK-NEXT:    %2, %bits = stablehlo.rng_bit_generator %1, algorithm = PHILOX : (tensor<2xui64>) -> (tensor<2xui64>, tensor<3xui8>)
// CHECK-NEXT:    %3 = stablehlo.bitcast_convert %2 : (tensor<2xui64>) -> tensor<2x2xui32>
// CHECK-NEXT:    %next = stablehlo.reshape %3 : (tensor<2x2xui32>) -> tensor<4xui32>
// CHECK-NEXT:    %4 = stablehlo.constant dense<3> : tensor<1xi64>
// CHECK-NEXT:    %u = stablehlo.rng %a, %b, %4, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<1xi64>) -> tensor<3xf32>
// CHECK-NEXT:    func.return %next, %bits, %u : tensor<4xui32>, tensor<3xui8>, tensor<3xf32>
// CHECK-NEXT:  }
