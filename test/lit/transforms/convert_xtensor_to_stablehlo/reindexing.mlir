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
