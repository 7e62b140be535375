// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// What gather and scatter take: slices that fit, at index vectors that say where.

func.func @slices_fit(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: slices of sizes [5, 6] do not fit in tensor<4x6xf32>
  %0 = xtensor.gather %x at %i mode clip sizes [5, 6] offset [1, 2] collapsed [] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x5x6xf32>
  func.return
}

// -----

func.func @collapsed_are_single(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: slices must be of size 1 in collapsed dimensions, 1 or 0 in batching dimensions
  %0 = xtensor.gather %x at %i mode clip sizes [2, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @one_size_a_dimension(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: slices of sizes [1] do not fit in tensor<4x6xf32>
  %0 = xtensor.gather %x at %i mode clip sizes [1] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @offset_dimensions(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: offset dimensions [1, 2] out of range for rank 2
  %0 = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1, 2] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @ascending(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: offset dimensions [2, 1] are not ascending
  %0 = xtensor.gather %x at %i mode clip sizes [2, 3] offset [2, 1] collapsed [] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x3x2xf32>
  func.return
}

// -----

func.func @index_of_batch(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: indexed and batching dimensions [0, 0] are not distinct
  %0 = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [] index [0] batching [0] x [0] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @batches_correspond(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: batching dimensions of operand and indices must have equal sizes
  %0 = xtensor.gather %x at %i mode clip sizes [1, 2] offset [1] collapsed [] index [1] batching [0] x [0] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x2xf32>
  func.return
}

// -----

func.func @integer_indices(%x: tensor<4x6xf32>, %i: tensor<3x1xf32>) {
  // CHECK: expected integer elements, got tensor<3x1xf32>
  %0 = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xf32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @gathered_type(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: expected result type tensor<3x6xf32>, got tensor<6x3xf32>
  %0 = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<6x3xf32>
  func.return
}

// -----

func.func @nothing_to_fill(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %f: tensor<f32>) {
  // CHECK: the mode clip takes no fill value
  %0 = xtensor.gather %x at %i mode clip %f sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<f32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @fill_value_is_needed(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: the mode fill_or_drop needs a fill value
  %0 = xtensor.gather %x at %i mode fill_or_drop sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @fill_value_is_a_scalar(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %f: tensor<i32>) {
  // CHECK: the fill value must be a scalar like the elements of tensor<4x6xf32>, got tensor<i32>
  %0 = xtensor.gather %x at %i mode fill_or_drop %f sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<i32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @unknown_mode(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) {
  // CHECK: Expected `clip`, `fill_or_drop`, or `promise_in_bounds`.
  %0 = xtensor.gather %x at %i mode wrap sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @updates_for_each_index(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<2x6xf32>) {
  // CHECK: indices of [3] places do not match updates of type tensor<2x6xf32>
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<2x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @updates_fit(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x7xf32>) {
  // CHECK: updates of sizes [1, 7] do not fit in tensor<4x6xf32>
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x7xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @window_dimensions(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: expected 2 window dimensions, got [1]
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @update_elements(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xi32>) {
  // CHECK: operand and updates must have one element type, got tensor<4x6xf32> and tensor<3x6xi32>
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xi32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @scattered_type(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: expected result type tensor<4x6xf32>, got tensor<3x6xf32>
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @places_of_scatter(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: expected index vectors of 2 elements, got indices of shape [3, 1]
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0, 1] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @no_sum_of_booleans(%x: tensor<4x6xi1>, %i: tensor<3x1xi32>, %u: tensor<3x6xi1>) {
  // CHECK: expected integer or float or complex elements, got tensor<4x6xi1>
  %0 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xi1>, tensor<3x1xi32>, tensor<3x6xi1>) -> tensor<4x6xi1>
  func.return
}

// -----

func.func @applied_function(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK: the body must take (tensor<f32>, tensor<f32>), got (tensor<f32>, tensor<i32>)
  %0 = xtensor.scatter_apply %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32> {
  ^bb0(%old: tensor<f32>, %update: tensor<i32>):
    xtensor.yield %old : tensor<f32>
  }
  func.return
}

// -----

func.func @isolated_function(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>, %c: tensor<f32>) {
  // CHECK: Operation using value defined out of its IsolatedFromAbove parent: YieldOp(xtensor.yield %c : tensor<f32>)
  %0 = xtensor.scatter_apply %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32> {
  ^bb0(%old: tensor<f32>, %update: tensor<f32>):
    xtensor.yield %c : tensor<f32>
  }
  func.return
}
