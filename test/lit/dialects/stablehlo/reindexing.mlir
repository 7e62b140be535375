// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Ops that move elements.

func.func @reindexing(%x: tensor<4x6xf32>, %f: tensor<f32>, %s: tensor<i32>, %update: tensor<1x2xf32>, %places: tensor<3x1xi32>) {
  // CHECK-LABEL: func.func @reindexing
  // CHECK-NEXT: %reshape = stablehlo.reshape %x : (tensor<4x6xf32>) -> tensor<2x2x6xf32>
  %reshape = stablehlo.reshape %x : (tensor<4x6xf32>) -> tensor<2x2x6xf32>
  // CHECK-NEXT: %transpose = stablehlo.transpose %x, dims = [1, 0] : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %transpose = stablehlo.transpose %x, dims = [1, 0] : (tensor<4x6xf32>) -> tensor<6x4xf32>
  // CHECK-NEXT: %broadcast = stablehlo.broadcast_in_dim %x, dims = [0, 2] : (tensor<4x6xf32>) -> tensor<4x5x6xf32>
  %broadcast = stablehlo.broadcast_in_dim %x, dims = [0, 2] : (tensor<4x6xf32>) -> tensor<4x5x6xf32>
  // CHECK-NEXT: %full = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
  %full = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
  // A stride of 1 is not written.
  // CHECK-NEXT: %slice = stablehlo.slice %x [0:2, 1:6:2] : (tensor<4x6xf32>) -> tensor<2x3xf32>
  %slice = stablehlo.slice %x [0:2, 1:6:2] : (tensor<4x6xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %dynamic_slice = stablehlo.dynamic_slice %x, %s, %s, sizes = [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
  %dynamic_slice = stablehlo.dynamic_slice %x, %s, %s, sizes = [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
  // CHECK-NEXT: %scalar = stablehlo.dynamic_slice %f, sizes = [] : (tensor<f32>) -> tensor<f32>
  %scalar = stablehlo.dynamic_slice %f, sizes = [] : (tensor<f32>) -> tensor<f32>
  // CHECK-NEXT: %dynamic_update_slice = stablehlo.dynamic_update_slice %x, %update, %s, %s : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
  %dynamic_update_slice = stablehlo.dynamic_update_slice %x, %update, %s, %s : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %concatenate = stablehlo.concatenate %x, %x, %x, dim = 0 : (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<12x6xf32>
  %concatenate = stablehlo.concatenate %x, %x, %x, dim = 0 : (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<12x6xf32>
  // CHECK-NEXT: %pad = stablehlo.pad %x, %f, low = [1, -1], high = [0, 2], interior = [1, 0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<8x7xf32>
  %pad = stablehlo.pad %x, %f, low = [1, -1], high = [0, 2], interior = [1, 0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<8x7xf32>
  // CHECK-NEXT: %reverse = stablehlo.reverse %x, dims = [0, 1] : tensor<4x6xf32>
  %reverse = stablehlo.reverse %x, dims = [0, 1] : tensor<4x6xf32>
  // Empty and zero fields of dimension numbers are not written.
  // CHECK-NEXT: %gather = "stablehlo.gather"(%x, %places) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  %gather = "stablehlo.gather"(%x, %places) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return
}
