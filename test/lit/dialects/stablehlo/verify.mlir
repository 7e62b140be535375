// RUN: xcs-opt %s --verify-diagnostics --split-input-file | filecheck %s

// The constraints of the specification, and what is said where one does not hold.

func.func @add(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // CHECK: operands and results differ in type: tensor<4xf32>, tensor<5xf32>, tensor<4xf32>
  %0 = "stablehlo.add"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @integers(%x: tensor<4xf32>) {
  // CHECK: expected a tensor of signed integer or unsigned integer elements, got tensor<4xf32>
  %0 = "stablehlo.popcnt"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @not_a_tensor(%x: i32) {
  // CHECK: expected a tensor, got i32
  %0 = "stablehlo.negate"(%x) : (i32) -> i32
  func.return
}

// -----

func.func @compare(%x: tensor<4xf32>, %y: tensor<4xi32>) {
  // CHECK: tensors differ in their element types: tensor<4xf32>, tensor<4xi32>
  %0 = stablehlo.compare EQ, %x, %y : (tensor<4xf32>, tensor<4xi32>) -> tensor<4xi1>
  func.return
}

// -----

func.func @select(%p: tensor<3xi1>, %x: tensor<4xf32>) {
  // CHECK: the predicate is neither a scalar nor of the result's shape
  %0 = stablehlo.select %p, %x, %x : tensor<3xi1>, tensor<4xf32>
  func.return
}

// -----

func.func @dot_general(%x: tensor<4x6xf32>, %y: tensor<5x2xf32>) {
  // CHECK: dimension 1 of lhs has size 6, dimension 0 of rhs 5
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<4x6xf32>, tensor<5x2xf32>) -> tensor<4x2xf32>
  func.return
}

// -----

func.func @dot_result(%x: tensor<4x6xf32>, %y: tensor<6x2xf32>) {
  // CHECK: result has shape [2, 4], expected [4, 2]
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<2x4xf32>
  func.return
}

// -----

func.func @reduce(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: dimensions [2] are not all dimensions of a tensor of rank 2
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [2] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @reshape(%x: tensor<4x6xf32>) {
  // CHECK: 24 elements do not fill tensor<5x5xf32>
  %0 = stablehlo.reshape %x : (tensor<4x6xf32>) -> tensor<5x5xf32>
  func.return
}

// -----

func.func @transpose(%x: tensor<4x6xf32>) {
  // CHECK: [0, 0] does not permute the dimensions of tensor<4x6xf32>
  %0 = stablehlo.transpose %x, dims = [0, 0] : (tensor<4x6xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

func.func @broadcast(%x: tensor<4xf32>) {
  // CHECK: dimension 0 of size 4 does not broadcast to 6
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<4xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @slice(%x: tensor<4xf32>) {
  // CHECK: [2:5:1] does not slice dimension 0 of size 4
  %0 = stablehlo.slice %x [2:5] : (tensor<4xf32>) -> tensor<3xf32>
  func.return
}

// -----

func.func @concatenate(%x: tensor<4x6xf32>, %y: tensor<4x5xf32>) {
  // CHECK: operand 1 has shape [4, 5], expected [?, 6]
  %0 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<4x6xf32>, tensor<4x5xf32>) -> tensor<8x6xf32>
  func.return
}

// -----

func.func @pad(%x: tensor<4xf32>, %z: tensor<f32>) {
  // CHECK: result has shape [6], expected [9]
  %0 = stablehlo.pad %x, %z, low = [1], high = [1], interior = [1] : (tensor<4xf32>, tensor<f32>) -> tensor<6xf32>
  func.return
}

// -----

func.func @iota() {
  // CHECK: dimension 1 is outside a tensor of rank 1
  %0 = stablehlo.iota dim = 1 : tensor<4xi32>
  func.return
}

// -----

func.func @gather(%x: tensor<4x6xf32>, %p: tensor<3x1xi32>) {
  // CHECK: slices have at most size 1 in collapsed and batching dimensions
  %0 = "stablehlo.gather"(%x, %p) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 2, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @bitcast(%x: tensor<4xf32>) {
  // CHECK: tensor<4xf32> and tensor<4x3xi8> do not hold the same bits
  %0 = stablehlo.bitcast_convert %x : (tensor<4xf32>) -> tensor<4x3xi8>
  func.return
}

// -----

func.func @cholesky(%a: tensor<3x2xf32>) {
  // CHECK: tensor<3x2xf32> does not hold square matrices
  %0 = stablehlo.cholesky %a : tensor<3x2xf32>
  func.return
}

// -----

func.func @top_k(%x: tensor<4xf32>) {
  // CHECK: no top 5 elements in tensor<4xf32>
  %v, %i = chlo.top_k(%x, k = 5) : tensor<4xf32> -> (tensor<5xf32>, tensor<5xi32>)
  func.return
}
