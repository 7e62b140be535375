// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Tensors from nothing, and random bits from a state.

func.func @generation(%state: tensor<2xui64>, %f: tensor<f32>, %shape: tensor<2xi64>) {
  // CHECK-LABEL: func.func @generation
  // CHECK-NEXT: %zero = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %zero = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  // CHECK-NEXT: %bools = stablehlo.constant dense<[true, false]> : tensor<2xi1>
  %bools = stablehlo.constant dense<[true, false]> : tensor<2xi1>
  // CHECK-NEXT: %matrix = stablehlo.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xui8>
  %matrix = stablehlo.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xui8>
  // CHECK-NEXT: %halves = stablehlo.constant dense<5.000000e-01> : tensor<2x3xf16>
  %halves = stablehlo.constant dense<5.000000e-01> : tensor<2x3xf16>
  // CHECK-NEXT: %imaginary = stablehlo.constant dense<(0.000000e+00,1.000000e+00)> : tensor<complex<f32>>
  %imaginary = stablehlo.constant dense<(0.000000e+00,1.000000e+00)> : tensor<complex<f32>>
  // CHECK-NEXT: %iota = stablehlo.iota dim = 1 : tensor<2x3xi32>
  %iota = stablehlo.iota dim = 1 : tensor<2x3xi32>
  // CHECK-NEXT: %random = stablehlo.rng %f, %f, %shape, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<2xi64>) -> tensor<2x3xf32>
  %random = stablehlo.rng %f, %f, %shape, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<2xi64>) -> tensor<2x3xf32>
  // CHECK-NEXT: %next, %bits = stablehlo.rng_bit_generator %state, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<2x3xui32>)
  %next, %bits = stablehlo.rng_bit_generator %state, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<2x3xui32>)
  func.return
}
