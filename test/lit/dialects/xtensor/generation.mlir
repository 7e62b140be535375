// RUN: xcs-opt %s | xcs-opt | filecheck %s

// Constants keep every bit of every element; random numbers.

func.func @generation() {
  // CHECK-LABEL: func.func @generation
  // CHECK-NEXT: %{{.*}} = xtensor.iota dim 1 : tensor<3x4xi32>
  %0 = xtensor.iota dim 1 : tensor<3x4xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<1.500000e+00> : tensor<4x6xf32>
  %1 = xtensor.constant dense<1.5> : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<{{\[}}[true, false]]> : tensor<1x2xi1>
  %2 = xtensor.constant dense<[[true, false]]> : tensor<1x2xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<4294967295> : tensor<ui32>
  %3 = xtensor.constant dense<4294967295> : tensor<ui32>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<-128> : tensor<i8>
  %4 = xtensor.constant dense<-128> : tensor<i8>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<[-0.000000e+00, 0xFF800000, 0x7FC00001]> : tensor<3xf32>
  %5 = xtensor.constant dense<[-0.0, 0xFF800000, 0x7FC00001]> : tensor<3xf32>
  // 123456789 has no decimal form of f32 with a point in it.
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<0x4CEB79A3> : tensor<f32>
  %6 = xtensor.constant dense<123456789.0> : tensor<f32>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<0x7FF0000000000000> : tensor<f64>
  %7 = xtensor.constant dense<0x7FF0000000000000> : tensor<f64>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<0x7F80> : tensor<bf16>
  %8 = xtensor.constant dense<0x7F80> : tensor<bf16>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<(1.000000e+00,-2.000000e+00)> : tensor<complex<f32>>
  %9 = xtensor.constant dense<(1.0, -2.0)> : tensor<complex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<(0x7FC00000,2.000000e+00)> : tensor<2xcomplex<f32>>
  %10 = xtensor.constant dense<(0x7FC00000, 2.0)> : tensor<2xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.constant dense<> : tensor<0xf32>
  %11 = xtensor.constant dense<> : tensor<0xf32>
  func.return
}

// Random numbers. Keys are words.
func.func @random(%k: tensor<2xui32>, %s: tensor<4xui32>, %f: tensor<f32>) {
  // CHECK-LABEL: func.func @random
  // CHECK-NEXT: %0, %1 = xtensor.iota_2x32_shape : tensor<3x4xui32>
  %0, %1 = xtensor.iota_2x32_shape : tensor<3x4xui32>
  // CHECK-NEXT: %2, %3 = xtensor.rng_bit_generator %s philox : tensor<4xui32> -> tensor<3xui8>
  %2, %3 = xtensor.rng_bit_generator %s philox : tensor<4xui32> -> tensor<3xui8>
  // CHECK-NEXT: %4 = xtensor.rng_uniform %f, %f : tensor<f32> -> tensor<3xf32>
  %4 = xtensor.rng_uniform %f, %f : tensor<f32> -> tensor<3xf32>
  // CHECK-NEXT: %5 = xtensor.random_bits {impl = "threefry2x32"} (%w = %k : tensor<2xui32>) -> tensor<2xui32> {
  %5 = xtensor.random_bits {impl = "threefry2x32"} (%w = %k : tensor<2xui32>) -> tensor<2xui32> {
  // CHECK-NEXT: xtensor.yield %w : tensor<2xui32>
    xtensor.yield %w : tensor<2xui32>
  // CHECK-NEXT: }
  }
  // CHECK-NEXT: %6 = xtensor.random_gamma {impl = "rbg", log_space} (%w = %s : tensor<4xui32>, %a = %f : tensor<f32>) -> tensor<f32> {
  %6 = xtensor.random_gamma {impl = "rbg", log_space} (%w = %s : tensor<4xui32>, %a = %f : tensor<f32>) -> tensor<f32> {
  // CHECK-NEXT: xtensor.yield %a : tensor<f32>
    xtensor.yield %a : tensor<f32>
  // CHECK-NEXT: }
  }
  func.return
}
