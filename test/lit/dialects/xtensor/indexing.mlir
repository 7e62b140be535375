// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Every indexing op: places are computed when the program runs.

func.func @slices(%x: tensor<4x6xf32>, %p: tensor<1x2xf32>, %i: tensor<i32>) {
  // CHECK-LABEL: func.func @slices
  // CHECK-NEXT: %{{.*}} = xtensor.dynamic_slice %x at(%i, %i) sizes [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
  %0 = xtensor.dynamic_slice %x at(%i, %i) sizes [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.dynamic_update_slice %x, %p at(%i, %i) : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
  %1 = xtensor.dynamic_update_slice %x, %p at(%i, %i) : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
  func.return
}

func.func @gather(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %f: tensor<f32>) {
  // CHECK-LABEL: func.func @gather
  // Indices are clamped,
  // CHECK-NEXT: %{{.*}} = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  %0 = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  // or give a slice full of a value,
  // CHECK-NEXT: %{{.*}} = xtensor.gather %x at %i mode fill_or_drop %f sizes [2, 6] offset [1, 2] collapsed [] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<f32>) -> tensor<3x2x6xf32>
  %1 = xtensor.gather %x at %i mode fill_or_drop %f sizes [2, 6] offset [1, 2] collapsed [] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<f32>) -> tensor<3x2x6xf32>
  // or are promised to be in bounds. They may be promised to be in order, too.
  // CHECK-NEXT: %{{.*}} = xtensor.gather %x at %i mode promise_in_bounds sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] sorted : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  %2 = xtensor.gather %x at %i mode promise_in_bounds sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] sorted : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}

// A dimension of the operand may correspond to one of the indices.
func.func @gather_batches(%x: tensor<3x4x5xui8>, %i: tensor<3x2x1xui32>) {
  // CHECK-LABEL: func.func @gather_batches
  // CHECK-NEXT: %{{.*}} = xtensor.gather %x at %i mode clip sizes [1, 1, 5] offset [2] collapsed [1] index [1] batching [0] x [0] : (tensor<3x4x5xui8>, tensor<3x2x1xui32>) -> tensor<3x2x5xui8>
  %0 = xtensor.gather %x at %i mode clip sizes [1, 1, 5] offset [2] collapsed [1] index [1] batching [0] x [0] : (tensor<3x4x5xui8>, tensor<3x2x1xui32>) -> tensor<3x2x5xui8>
  func.return
}

// Slices that overlap are combined.
func.func @scatter(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK-LABEL: func.func @scatter
  // CHECK-NEXT: %{{.*}} = xtensor.scatter %x at %i, %u mode fill_or_drop window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %0 = xtensor.scatter %x at %i, %u mode fill_or_drop window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] sorted : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %1 = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] sorted : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.scatter_sub %x at %i, %u mode promise_in_bounds window [1] inserted [0] index [0] batching [] x [] unique : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %2 = xtensor.scatter_sub %x at %i, %u mode promise_in_bounds window [1] inserted [0] index [0] batching [] x [] unique : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.scatter_mul %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] sorted unique : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %3 = xtensor.scatter_mul %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] sorted unique : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.scatter_min %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %4 = xtensor.scatter_min %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.scatter_max %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %5 = xtensor.scatter_max %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return
}

// They may be combined by any function of an element and its update.
func.func @scatter_apply(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) {
  // CHECK-LABEL: func.func @scatter_apply
  // CHECK-NEXT: %{{.*}} = xtensor.scatter_apply %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32> {
  // CHECK-NEXT:   ^bb0(%old: tensor<f32>, %update: tensor<f32>):
  // CHECK-NEXT:     %s = xtensor.sin %old : tensor<f32>
  // CHECK-NEXT:     xtensor.yield %s : tensor<f32>
  // CHECK-NEXT:   }
  %0 = xtensor.scatter_apply %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32> {
  ^bb0(%old: tensor<f32>, %update: tensor<f32>):
    %s = xtensor.sin %old : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return
}
