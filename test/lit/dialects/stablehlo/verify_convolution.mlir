// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Convolutions that are not possible, or whose result is of another shape.

func.func @result(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: result has shape [1, 8, 8, 6], expected [1, 6, 6, 6]
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x8x8x6xf32>
  func.return
}

// -----

func.func @stride(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: window strides must be at least 1, not [0, 1]
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [0, 1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @strides(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: 2 window strides are needed, not 1
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @padding(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: padding has shape [1, 2], expected [2, 2]
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[0, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @dilation(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: window dilations must be at least 1, not [1, 0]
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {rhs_dilate = [1, 0]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @reversal(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: window_reversal needs an entry for each spatial dimension
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {reverse = [true]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @features(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x3x6xf32>) {
  // CHECK: 4 features in 1 groups do not match a kernel of 3 input features
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x3x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @groups(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: feature_group_count 3 does not divide the features, 4
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 3 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @batches(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: batch_group_count 2 does not divide the batch, 1
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 2 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @both(%x: tensor<2x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: only one of the group counts can be more than 1
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 2 : i64, feature_group_count = 2 : i64} : (tensor<2x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @rank(%x: tensor<1x8x8x4xf32>, %k: tensor<3x4x6xf32>) {
  // CHECK: no convolution of tensor<1x8x8x4xf32> with tensor<3x4x6xf32>
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @elements(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xi32>) {
  // CHECK: tensors differ in their element types: tensor<1x8x8x4xf32>, tensor<3x3x4x6xi32>
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xi32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @feature_group_count(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: group counts must be at least 1
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 0 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @names(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: expected each of i, o, 0, 1 once, got 0, 1, i, i
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, i]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}

// -----

func.func @missing(%x: tensor<1x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) {
  // CHECK: expected each of b, f, 0, 1 once, got b, 0, 2, f
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 2, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x4xf32>, tensor<3x3x4x6xf32>) -> tensor<1x6x6x6xf32>
  func.return
}
