// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Sorting.

func.func @keys_are_operands(%x: tensor<4xf32>) {
  // CHECK: 1 operands cannot be sorted by 2 keys
  %0 = xtensor.sort %x along 0 keys 2 : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @operands_are_alike(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // CHECK: shapes differ: tensor<4xf32>, tensor<5xf32>
  %0, %1 = xtensor.sort %x, %y along 0 keys 1 : (tensor<4xf32>, tensor<5xf32>) -> (tensor<4xf32>, tensor<5xf32>)
  func.return
}

// -----

func.func @no_such_dimension(%x: tensor<4xf32>) {
  // CHECK: dimension [1] out of range for rank 1
  %0 = xtensor.sort %x along 1 keys 1 : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @too_many(%x: tensor<4xf32>) {
  // CHECK: tensor<4xf32> does not have 5 elements along dimension 0
  %0, %1 = xtensor.top_k %x k 5 along 0 : (tensor<4xf32>) -> (tensor<5xf32>, tensor<5xi32>)
  func.return
}

// -----

func.func @complex_numbers_have_no_order(%x: tensor<4xcomplex<f32>>) {
  // CHECK: expected boolean or integer or float elements, got tensor<4xcomplex<f32>>
  %0, %1 = xtensor.top_k %x k 1 along 0 : (tensor<4xcomplex<f32>>) -> (tensor<1xcomplex<f32>>, tensor<1xi32>)
  func.return
}

// -----

func.func @finds_k(%x: tensor<4xf32>) {
  // CHECK: expected result types (tensor<2xf32>, tensor<2xi32>), got (tensor<3xf32>, tensor<3xi32>)
  %0, %1 = xtensor.approx_top_k %x k 2 along 0 {recall_target = 0.95 : f32, reduction_input_size_override = -1 : i64, aggregate_to_topk} : (tensor<4xf32>) -> (tensor<3xf32>, tensor<3xi32>)
  func.return
}

// -----

// Fourier transforms.

func.func @rfft_takes_reals(%x: tensor<4xcomplex<f32>>) {
  // CHECK: rfft with lengths [4] does not transform tensor<4xcomplex<f32>>
  %0 = xtensor.fft %x rfft lengths [4] : tensor<4xcomplex<f32>> -> tensor<3xcomplex<f32>>
  func.return
}

// -----

func.func @irfft_takes_a_half(%x: tensor<4xcomplex<f32>>) {
  // CHECK: irfft with lengths [4] does not transform tensor<4xcomplex<f32>>
  %0 = xtensor.fft %x irfft lengths [4] : tensor<4xcomplex<f32>> -> tensor<4xf32>
  func.return
}

// -----

func.func @rfft_gives_a_half(%x: tensor<4xf32>) {
  // CHECK: expected result type tensor<3xcomplex<f32>>, got tensor<4xcomplex<f32>>
  %0 = xtensor.fft %x rfft lengths [4] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  func.return
}

// -----

// Algorithms on matrices.

func.func @not_square(%a: tensor<2x3x4xf32>) {
  // CHECK: expected batches of (n,n), got (tensor<2x3x4xf32>)
  %0 = xtensor.cholesky %a : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @not_a_matrix(%a: tensor<3xf32>) {
  // CHECK: expected batches of (n,n), got (tensor<3xf32>)
  %0 = xtensor.cholesky %a : (tensor<3xf32>) -> tensor<3xf32>
  func.return
}

// -----

func.func @not_inexact(%a: tensor<3x3xi32>) {
  // CHECK: expected float or complex elements, got tensor<3x3xi32>
  %0 = xtensor.cholesky %a : (tensor<3x3xi32>) -> tensor<3x3xi32>
  func.return
}

// -----

func.func @batches_are_alike(%a: tensor<2x3x3xf32>, %b: tensor<4x3x1xf32>) {
  // CHECK: expected batches of (n,n), (n,p), got (tensor<2x3x3xf32>, tensor<4x3x1xf32>)
  %0 = xtensor.triangular_solve %a, %b {left_side} : (tensor<2x3x3xf32>, tensor<4x3x1xf32>) -> tensor<4x3x1xf32>
  func.return
}

// -----

func.func @on_the_other_side(%a: tensor<3x3xf32>, %b: tensor<3x1xf32>) {
  // CHECK: expected batches of (n,n), (p,n), got (tensor<3x3xf32>, tensor<3x1xf32>)
  %0 = xtensor.triangular_solve %a, %b : (tensor<3x3xf32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  func.return
}

// -----

func.func @pivots_are_integers(%a: tensor<3x2xf32>, %p: tensor<2xf32>) {
  // CHECK: expected batches of (m,n), (n):i32, got (tensor<3x2xf32>, tensor<2xf32>)
  %0, %1, %2 = xtensor.geqp3 %a, %p : (tensor<3x2xf32>, tensor<2xf32>) -> (tensor<3x2xf32>, tensor<2xi32>, tensor<2xf32>)
  func.return
}

// -----

func.func @eigenvalues_are_real(%a: tensor<3x3xcomplex<f32>>) {
  // CHECK: expected result types (tensor<3x3xcomplex<f32>>, tensor<3xf32>), got (tensor<3x3xcomplex<f32>>, tensor<3xcomplex<f32>>)
  %0, %1 = xtensor.eigh %a : (tensor<3x3xcomplex<f32>>) -> (tensor<3x3xcomplex<f32>>, tensor<3xcomplex<f32>>)
  func.return
}

// -----

func.func @nothing_but_singular_values(%a: tensor<3x2xf32>) {
  // CHECK: expected result types (tensor<2xf32>), got (tensor<2xf32>, tensor<3x2xf32>, tensor<2x2xf32>)
  %0, %1, %2 = xtensor.svd %a : (tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>, tensor<2x2xf32>)
  func.return
}
