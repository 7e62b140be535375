// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Shapes that are computed, where the program says that they do not fit.

func.func @iota(%s: tensor<2xi64>) {
  // CHECK: iota_dimension 2 is not one of a tensor of rank 2
  %0 = stablehlo.dynamic_iota %s, dim = 2 : (tensor<2xi64>) -> tensor<?x?xi32>
  func.return
}

// -----

func.func @reshape_rank(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // CHECK: output_shape does not hold the sizes of tensor<?xf32>
  %0 = stablehlo.dynamic_reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<?xf32>
  func.return
}

// -----

func.func @reshape_count(%x: tensor<4xf32>) {
  %s = stablehlo.constant dense<[2, 3]> : tensor<2xi64>
  // CHECK: 4 elements do not fill tensor<?x?xf32>
  %0 = stablehlo.dynamic_reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  func.return
}

// -----

func.func @iota_shape() {
  %s = stablehlo.constant dense<[2, 3]> : tensor<2xi64>
  // CHECK: result has shape [3, 3], expected [2, 3]
  %0 = stablehlo.dynamic_iota %s, dim = 0 : (tensor<2xi64>) -> tensor<3x3xi32>
  func.return
}

// -----

func.func @broadcast(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // CHECK: dimension 0 of size 4 does not broadcast to 5
  %0 = stablehlo.dynamic_broadcast_in_dim %x, %s, dims = [0] : (tensor<4xf32>, tensor<2xi64>) -> tensor<5x?xf32>
  func.return
}

// -----

func.func @hints(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // CHECK: known dimensions [0, 0] holds a dimension twice
  %0 = stablehlo.dynamic_broadcast_in_dim %x, %s, dims = [0] {known_expanding_dimensions = array<i64: 0>, known_nonexpanding_dimensions = array<i64: 0>} : (tensor<4xf32>, tensor<2xi64>) -> tensor<4x?xf32>
  func.return
}

// -----

func.func @pad(%x: tensor<4xf32>, %z: tensor<f32>, %s: tensor<2xi64>) {
  // CHECK: padding for tensor<4xf32> cannot be tensor<2xi64>
  %0 = stablehlo.dynamic_pad %x, %z, %s, %s, %s : (tensor<4xf32>, tensor<f32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?xf32>
  func.return
}

// -----

func.func @slice(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // CHECK: the bounds of a slice of tensor<4xf32> cannot be tensor<2xi64>
  %0 = stablehlo.real_dynamic_slice %x, %s, %s, %s : (tensor<4xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?xf32>
  func.return
}

// -----

func.func @static(%x: tensor<4xf32>) {
  // CHECK: expected a tensor whose sizes are known, got tensor<?x?xf32>
  %0 = stablehlo.reshape %x : (tensor<4xf32>) -> tensor<?x?xf32>
  func.return
}

// -----

func.func @bound(%x: tensor<?xf32, #stablehlo.bounds<3>>) {
  // CHECK: operands and results differ in shape: tensor<?xf32, #stablehlo.bounds<3>>, tensor<4x4xi32>
  %0 = stablehlo.convert %x : (tensor<?xf32, #stablehlo.bounds<3>>) -> tensor<4x4xi32>
  func.return
}

// -----

// CHECK: #stablehlo.bounds<3> needs a bound for each of 2 dimensions
func.func @bounds_of_another_rank(%x: tensor<?x?xf32, #stablehlo.bounds<3>>) {
  func.return
}

// -----

func.func @bound_below_zero(%x: tensor<?xf32, #stablehlo.bounds<3>>, %v: tensor<f32>) {
  // CHECK: padding takes more from tensor<?xf32, #stablehlo.bounds<3>> than there is
  %0 = stablehlo.pad %x, %v, low = [-10], high = [0], interior = [0] : (tensor<?xf32, #stablehlo.bounds<3>>, tensor<f32>) -> tensor<?xf32>
  func.return
}
