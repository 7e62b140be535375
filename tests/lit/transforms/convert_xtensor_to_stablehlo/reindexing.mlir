// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Ops that move elements.

// Most ops have a counterpart.
func.func private @direct(%x: tensor<4x6xf32>, %f: tensor<f32>) -> tensor<2x20xf32> {
  %a = xtensor.transpose %x, [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %b = xtensor.slice %a from [0, 1] to [6, 4] by [2, 1] : tensor<6x4xf32> -> tensor<3x3xf32>
  %c = xtensor.pad %b, %f low [1, 0] high [0, 0] interior [0, 1] : (tensor<3x3xf32>, tensor<f32>) -> tensor<4x5xf32>
  %d = xtensor.rev %c dims [1] : tensor<4x5xf32> -> tensor<4x5xf32>
  %e = xtensor.reshape %d : tensor<4x5xf32> -> tensor<1x20xf32>
  %g = xtensor.squeeze %e dims [0] : tensor<1x20xf32> -> tensor<20xf32>
  %r = xtensor.broadcast_in_dim %g dims [1] : tensor<20xf32> -> tensor<2x20xf32>
  func.return %r : tensor<2x20xf32>
}
// CHECK-LABEL: func.func private @direct(%x: tensor<4x6xf32>, %f: tensor<f32>) -> tensor<2x20xf32> {
// CHECK-NEXT:    %a = stablehlo.transpose %x, dims = [1, 0] : (tensor<4x6xf32>) -> tensor<6x4xf32>
// CHECK-NEXT:    %b = stablehlo.slice %a [0:6:2, 1:4] : (tensor<6x4xf32>) -> tensor<3x3xf32>
// CHECK-NEXT:    %c = stablehlo.pad %b, %f, low = [1, 0], high = [0, 0], interior = [0, 1] : (tensor<3x3xf32>, tensor<f32>) -> tensor<4x5xf32>
// CHECK-NEXT:    %d = stablehlo.reverse %c, dims = [1] : tensor<4x5xf32>
// CHECK-NEXT:    %e = stablehlo.reshape %d : (tensor<4x5xf32>) -> tensor<1x20xf32>
// CHECK-NEXT:    %g = stablehlo.reshape %e : (tensor<1x20xf32>) -> tensor<20xf32>
// CHECK-NEXT:    %r = stablehlo.broadcast_in_dim %g, dims = [1] : (tensor<20xf32>) -> tensor<2x20xf32>
// CHECK-NEXT:    func.return %r : tensor<2x20xf32>
// CHECK-NEXT:  }

// Slices at places known when the program runs.
func.func private @dynamic(%x: tensor<4x6xf32>, %i: tensor<i32>) -> tensor<4x6xf32> {
  %a = xtensor.dynamic_slice %x at (%i, %i) sizes [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
  %r = xtensor.dynamic_update_slice %x, %a at (%i, %i) : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @dynamic(%x: tensor<4x6xf32>, %i: tensor<i32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %a = stablehlo.dynamic_slice %x, %i, %i, sizes = [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
// CHECK-NEXT:    %r = stablehlo.dynamic_update_slice %x, %a, %i, %i : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// The last dimension of the indices holds index vectors.
func.func private @gather(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) -> tensor<3x6xf32> {
  %r = xtensor.gather %x at %i sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return %r : tensor<3x6xf32>
}
// CHECK-LABEL: func.func private @gather(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) -> tensor<3x6xf32> {
// CHECK-NEXT:    %r = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>, indices_are_sorted = false}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
// CHECK-NEXT:    func.return %r : tensor<3x6xf32>
// CHECK-NEXT:  }

// Nothing is read for an empty result.
func.func private @gather_nothing(%x: tensor<4x6xf32>, %i: tensor<0x1xi32>) -> tensor<0x6xf32> {
  %r = xtensor.gather %x at %i sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<0x1xi32>) -> tensor<0x6xf32>
  func.return %r : tensor<0x6xf32>
}
// CHECK-LABEL: func.func private @gather_nothing(%x: tensor<4x6xf32>, %i: tensor<0x1xi32>) -> tensor<0x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %r = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<0x6xf32>
// CHECK-NEXT:    func.return %r : tensor<0x6xf32>
// CHECK-NEXT:  }

// Stacking concatenates along a dimension of size 1.
func.func private @stack(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2x2xf32> {
  %r = xtensor.stack %x, %y axis 1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  func.return %r : tensor<2x2xf32>
}
// CHECK-LABEL: func.func private @stack(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2x2xf32> {
// CHECK-NEXT:    %0 = stablehlo.broadcast_in_dim %x, dims = [0] : (tensor<2xf32>) -> tensor<2x1xf32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %y, dims = [0] : (tensor<2xf32>) -> tensor<2x1xf32>
// CHECK-NEXT:    %r = stablehlo.concatenate %0, %1, dim = 1 : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
// CHECK-NEXT:    func.return %r : tensor<2x2xf32>
// CHECK-NEXT:  }

// More than 16 operands are concatenated in a tree.
func.func private @wide(%x: tensor<1xf32>) -> tensor<17xf32> {
  %r = xtensor.concatenate %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x dim 0 : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<17xf32>
  func.return %r : tensor<17xf32>
}
// CHECK-LABEL: func.func private @wide(%x: tensor<1xf32>) -> tensor<17xf32> {
// CHECK-NEXT:    %0 = stablehlo.concatenate %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, dim = 0 : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<16xf32>
// CHECK-NEXT:    %1 = stablehlo.concatenate %x, dim = 0 : (tensor<1xf32>) -> tensor<1xf32>
// CHECK-NEXT:    %r = stablehlo.concatenate %0, %1, dim = 0 : (tensor<16xf32>, tensor<1xf32>) -> tensor<17xf32>
// CHECK-NEXT:    func.return %r : tensor<17xf32>
// CHECK-NEXT:  }

// Parts are slices;
func.func private @split(%x: tensor<6xf32>) -> (tensor<2xf32>, tensor<4xf32>) {
  %a, %b = xtensor.split %x axis 0 sizes [2, 4] : (tensor<6xf32>) -> (tensor<2xf32>, tensor<4xf32>)
  func.return %a, %b : tensor<2xf32>, tensor<4xf32>
}
// CHECK-LABEL: func.func private @split(%x: tensor<6xf32>) -> (tensor<2xf32>, tensor<4xf32>) {
// CHECK-NEXT:    %a = stablehlo.slice %x [0:2] : (tensor<6xf32>) -> tensor<2xf32>
// CHECK-NEXT:    %b = stablehlo.slice %x [2:6] : (tensor<6xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %a, %b : tensor<2xf32>, tensor<4xf32>
// CHECK-NEXT:  }

// or slices without the dimension.
func.func private @unstack(%x: tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %a, %b = xtensor.unstack %x axis 0 : (tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  func.return %a, %b : tensor<3xf32>, tensor<3xf32>
}
// CHECK-LABEL: func.func private @unstack(%x: tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
// CHECK-NEXT:    %0 = stablehlo.slice %x [0:1, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT:    %1 = stablehlo.slice %x [1:2, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT:    %a = stablehlo.reshape %0 : (tensor<1x3xf32>) -> tensor<3xf32>
// CHECK-NEXT:    %b = stablehlo.reshape %1 : (tensor<1x3xf32>) -> tensor<3xf32>
// CHECK-NEXT:    func.return %a, %b : tensor<3xf32>, tensor<3xf32>
// CHECK-NEXT:  }

// Copies are a new dimension that joins the old one.
func.func private @tile(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %r = xtensor.tile %x reps [2, 1] : tensor<2x3xf32> -> tensor<4x3xf32>
  func.return %r : tensor<4x3xf32>
}
// CHECK-LABEL: func.func private @tile(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
// CHECK-NEXT:    %0 = stablehlo.reshape %x : (tensor<2x3xf32>) -> tensor<1x2x1x3xf32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %0, dims = [0, 1, 2, 3] : (tensor<1x2x1x3xf32>) -> tensor<2x2x1x3xf32>
// CHECK-NEXT:    %r = stablehlo.reshape %1 : (tensor<2x2x1x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT:    func.return %r : tensor<4x3xf32>
// CHECK-NEXT:  }
