// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Gathers and scatters whose dimension numbers do not fit, and slices that are not inside.

func.func @too_few(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: offset, collapsed and batching dimensions must be 2 in number
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @unsorted(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: window dimensions [1, 0] must be in order
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1, 0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<1x6x3xf32>
  func.return
}

// -----

func.func @outside(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: collapsed_slice_dims [2] are not all dimensions of a tensor of rank 2
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [2], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @index_length(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: start_indices holds indices of length 1 for 2 dimensions
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0, 1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @index_vector_dim(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: index_vector_dim 3 is no dimension of start_indices, nor the one after the last
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 3>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @slice(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: a slice of size 7 does not fit into dimension 1 of tensor<4x6xf32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 7>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @sizes(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: slice_sizes needs a size for each operand dimension
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @result(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: result has shape [6, 3], expected [3, 6]
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<6x3xf32>
  func.return
}

// -----

func.func @batching(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: batching dimension 0 has size 4, but 3 in start_indices
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @window(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: update_window_dims [2] are not all dimensions of a tensor of rank 2
  %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [2], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @inserted(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: inserted_window_dims [2] are not all dimensions of a tensor of rank 2
  %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [2], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @updates(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<2x6xf32>) {
  // CHECK: updates has shape [2, 6], expected [3, 6]
  %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<2x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @too_large(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x7xf32>) {
  // CHECK: an update of size 7 does not fit into a dimension of size 6
  %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x7xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @dims(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: scatter_indices holds indices of length 1 for 2 dimensions
  %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0, 1], index_vector_dim = 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @dynamic_slice(%x: tensor<4x6xf32>, %i: tensor<i32>) {
  // CHECK: a slice of size [5, 1] is not inside tensor<4x6xf32>
  %0 = stablehlo.dynamic_slice %x, %i, %i, sizes = [5, 1] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<5x1xf32>
  func.return
}

// -----

func.func @dynamic_slice_indices(%x: tensor<4x6xf32>, %i: tensor<i32>, %j: tensor<i64>) {
  // CHECK: indices differ in type
  %0 = stablehlo.dynamic_slice %x, %i, %j, sizes = [1, 1] : (tensor<4x6xf32>, tensor<i32>, tensor<i64>) -> tensor<1x1xf32>
  func.return
}

// -----

func.func @dynamic_update_slice(%x: tensor<4xf32>, %u: tensor<5xf32>, %i: tensor<i32>) {
  // CHECK: an update tensor<5xf32> does not fit into tensor<4xf32>
  %0 = stablehlo.dynamic_update_slice %x, %u, %i : (tensor<4xf32>, tensor<5xf32>, tensor<i32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @negative_padding(%x: tensor<4xf32>, %z: tensor<f32>) {
  // CHECK: padding takes more from tensor<4xf32> than there is
  %0 = stablehlo.pad %x, %z, low = [-5], high = [0], interior = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<0xf32>
  func.return
}

// -----

func.func @reverse(%x: tensor<4xf32>) {
  // CHECK: dimensions [0, 0] holds a dimension twice
  %0 = stablehlo.reverse %x, dims = [0, 0] : tensor<4xf32>
  func.return
}

// -----

func.func @set_dimension_size(%x: tensor<4xf32>, %n: tensor<i32>) {
  // CHECK: dimension 1 is not one of a tensor of rank 1
  %0 = stablehlo.set_dimension_size %x, %n, dim = 1 : (tensor<4xf32>, tensor<i32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @get_dimension_size(%x: tensor<4xf32>) {
  // CHECK: dimension 1 is not one of a tensor of rank 1
  %0 = stablehlo.get_dimension_size %x, dim = 1 : (tensor<4xf32>) -> tensor<i32>
  func.return
}
