// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// A primitive without an op of its own carries the StableHLO that JAX lowers it to.

func.func @library(%x: tensor<2xf32>) {
  // CHECK-LABEL: func.func @library
  // CHECK-NEXT: %{{.*}} = xtensor.primitive "cbrt"(%x) stablehlo = "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {{{.*}}}" : (tensor<2xf32>) -> tensor<2xf32>
  %0 = xtensor.primitive "cbrt"(%x) stablehlo = "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n  %r = stablehlo.cbrt %a : tensor<2xf32>\n  return %r : tensor<2xf32>\n}" : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// Sorting: which dimension, by how many of the operands, and whether equal elements keep their order.

func.func @sorting(%x: tensor<2x4xf32>, %i: tensor<2x4xi32>) {
  // CHECK-LABEL: func.func @sorting
  // CHECK-NEXT: %{{.*}} = xtensor.sort %x along 1 keys 1 stable : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = xtensor.sort %x along 1 keys 1 stable : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.sort %i, %x along 0 keys 2 : (tensor<2x4xi32>, tensor<2x4xf32>) -> (tensor<2x4xi32>, tensor<2x4xf32>)
  %1, %2 = xtensor.sort %i, %x along 0 keys 2 : (tensor<2x4xi32>, tensor<2x4xf32>) -> (tensor<2x4xi32>, tensor<2x4xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.top_k %x k 3 along 1 : (tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  %3, %4 = xtensor.top_k %x k 3 along 1 : (tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.approx_top_k %x k 3 along 1 {recall_target = 9.500000e-01 : f32, is_max_k, reduction_input_size_override = -1 : i64, aggregate_to_topk} : (tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  %5, %6 = xtensor.approx_top_k %x k 3 along 1 {recall_target = 0.95 : f32, is_max_k, reduction_input_size_override = -1 : i64, aggregate_to_topk} : (tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  func.return
}

// Fourier transforms go over the last dimensions.

func.func @transforms(%x: tensor<2x4xf32>, %c: tensor<2x3xcomplex<f32>>) {
  // CHECK-LABEL: func.func @transforms
  // CHECK-NEXT: %{{.*}} = xtensor.fft %c fft lengths [2, 3] : tensor<2x3xcomplex<f32>> -> tensor<2x3xcomplex<f32>>
  %0 = xtensor.fft %c fft lengths [2, 3] : tensor<2x3xcomplex<f32>> -> tensor<2x3xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.fft %x rfft lengths [4] : tensor<2x4xf32> -> tensor<2x3xcomplex<f32>>
  %1 = xtensor.fft %x rfft lengths [4] : tensor<2x4xf32> -> tensor<2x3xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.fft %c irfft lengths [5] : tensor<2x3xcomplex<f32>> -> tensor<2x5xf32>
  %2 = xtensor.fft %c irfft lengths [5] : tensor<2x3xcomplex<f32>> -> tensor<2x5xf32>
  func.return
}
