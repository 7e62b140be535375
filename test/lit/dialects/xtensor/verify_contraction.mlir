// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// The arithmetic of contractions, and what convolutions take.

func.func @narrower_integers(%x: tensor<4x6xi32>) {
  // CHECK: i8 is narrower than i32, which it is to hold
  %0 = xtensor.dot_general %x, %x batch [] x [] contract [1] x [1] : (tensor<4x6xi32>, tensor<4x6xi32>) -> tensor<4x4xi8>
  func.return
}

// -----

func.func @complex_to_narrow(%x: tensor<4x6xf64>, %y: tensor<4x6xcomplex<f64>>) {
  // CHECK: f32 is narrower than complex<f64>, which it is to hold
  %0 = xtensor.dot_general %x, %y batch [] x [] contract [1] x [1] : (tensor<4x6xf64>, tensor<4x6xcomplex<f64>>) -> tensor<4x4xf32>
  func.return
}

// -----

func.func @unknown_algorithm(%x: tensor<4x6xf32>) {
  // CHECK: Expected `DEFAULT`, `ANY_F8_ANY_F8_F32`, `ANY_F8_ANY_F8_F32_FAST_ACCUM`, `ANY_F8_ANY_F8_ANY`, `ANY_F8_ANY_F8_ANY_FAST_ACCUM`, `F16_F16_F16`, `F16_F16_F32`, `BF16_BF16_BF16`, `BF16_BF16_F32`, `BF16_BF16_F32_X3`, `BF16_BF16_F32_X6`, `BF16_BF16_F32_X9`, `TF32_TF32_F32`, `TF32_TF32_F32_X3`, `F32_F32_F32`, or `F64_F64_F64`.
  %0 = xtensor.dot_general %x, %x batch [] x [] contract [1] x [1] algorithm F8 : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

func.func @algorithm_or_precision(%x: tensor<4x6xf32>) {
  // CHECK: an algorithm takes the place of precisions
  %0 = xtensor.dot_general %x, %x batch [] x [] contract [1] x [1] precision high x high algorithm F32_F32_F32 : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

func.func @dimension_names(%x: tensor<2x4x7x6xf32>, %w: tensor<6x4x3x2xf32>) {
  // CHECK: expected each of b, f, 0, 1 once
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 0] x [o, i, 0, 1] -> [b, f, 0, 1] : (tensor<2x4x7x6xf32>, tensor<6x4x3x2xf32>) -> tensor<2x6x5x5xf32>
  func.return
}

// -----

func.func @kernel_names(%x: tensor<2x4x7x6xf32>, %w: tensor<6x4x3x2xf32>) {
  // CHECK: expected each of o, i, 0, 1 once
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 1] x [b, i, 0, 1] -> [b, f, 0, 1] : (tensor<2x4x7x6xf32>, tensor<6x4x3x2xf32>) -> tensor<2x6x5x5xf32>
  func.return
}

// -----

func.func @no_permutation(%x: tensor<2x4x7x6xf32>, %w: tensor<6x4x3x2xf32>) {
  // CHECK: dimensions of the lhs [0, 1, 2, 2] are not distinct
  %0 = "xtensor.conv_general_dilated"(%x, %w) <{lhs_dimensions = array<i64: 0, 1, 2, 2>, rhs_dimensions = array<i64: 0, 1, 2, 3>, out_dimensions = array<i64: 0, 1, 2, 3>}> : (tensor<2x4x7x6xf32>, tensor<6x4x3x2xf32>) -> tensor<2x6x5x5xf32>
  func.return
}

// -----

func.func @same_rank(%x: tensor<2x4x7xf32>, %w: tensor<6x4x3x2xf32>) {
  // CHECK: operands must have the same number of dimensions
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0] x [o, i, 0, 1] -> [b, f, 0] : (tensor<2x4x7xf32>, tensor<6x4x3x2xf32>) -> tensor<2x6x5xf32>
  func.return
}

// -----

func.func @features_match(%x: tensor<2x4x7x6xf32>, %w: tensor<6x3x3x2xf32>) {
  // CHECK: 4 features in 1 groups do not match a kernel that reads 3
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 1] x [o, i, 0, 1] -> [b, f, 0, 1] : (tensor<2x4x7x6xf32>, tensor<6x3x3x2xf32>) -> tensor<2x6x5x5xf32>
  func.return
}

// -----

func.func @one_kind_of_groups(%x: tensor<2x4x7x6xf32>, %w: tensor<6x4x3x2xf32>) {
  // CHECK: expected groups of features or of batches, got 2 and 2
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 1] x [o, i, 0, 1] -> [b, f, 0, 1] feature_groups 2 batch_groups 2 : (tensor<2x4x7x6xf32>, tensor<6x4x3x2xf32>) -> tensor<2x6x5x5xf32>
  func.return
}

// -----

func.func @groups_divide(%x: tensor<2x4x7x6xf32>, %w: tensor<7x2x3x2xf32>) {
  // CHECK: a batch of 2 and 7 new features cannot be in 2 groups of features and 1 of batches
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 1] x [o, i, 0, 1] -> [b, f, 0, 1] feature_groups 2 : (tensor<2x4x7x6xf32>, tensor<7x2x3x2xf32>) -> tensor<2x7x5x5xf32>
  func.return
}

// -----

func.func @windows_fit(%x: tensor<2x4x7x6xf32>, %w: tensor<6x4x3x2xf32>) {
  // CHECK: expected a result of shape [2, 6, 3, 5], got tensor<2x6x5x5xf32>
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 1] x [o, i, 0, 1] -> [b, f, 0, 1] strides [2, 1] : (tensor<2x4x7x6xf32>, tensor<6x4x3x2xf32>) -> tensor<2x6x5x5xf32>
  func.return
}

// -----

func.func @convolved_types(%x: tensor<2x4x7x6xf32>, %w: tensor<6x4x3x2xbf16>) {
  // CHECK: operands must have one element type, got tensor<2x4x7x6xf32> and tensor<6x4x3x2xbf16>
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f, 0, 1] x [o, i, 0, 1] -> [b, f, 0, 1] : (tensor<2x4x7x6xf32>, tensor<6x4x3x2xbf16>) -> tensor<2x6x5x5xf32>
  func.return
}
