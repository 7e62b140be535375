// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Convolutions. b is the batch, f the features, o and i what the kernel makes and reads.

func.func @convolution(%x: tensor<2x7x6x4xf32>, %w: tensor<3x2x4x6xf32>, %g: tensor<3x2x2x6xf32>) {
  // CHECK-LABEL: func.func @convolution
  // Windows slide by one, and nothing is dilated or padded, unless it is written.
  // CHECK-NEXT: %{{.*}} = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<2x5x5x6xf32>
  %0 = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<2x5x5x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [f, 1, 0, b] strides [2, 1] low [1, 0] high [2, -1] lhs_dilation [1, 2] rhs_dilation [3, 1] precision highest x default : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<6x9x2x2xf32>
  %1 = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [f, 1, 0, b] strides [2, 1] low [1, 0] high [2, -1] lhs_dilation [1, 2] rhs_dilation [3, 1] precision highest x default : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<6x9x2x2xf32>
  // Groups have kernels of their own.
  // CHECK-NEXT: %{{.*}} = xtensor.conv_general_dilated %x, %g dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] feature_groups 2 : (tensor<2x7x6x4xf32>, tensor<3x2x2x6xf32>) -> tensor<2x5x5x6xf32>
  %2 = xtensor.conv_general_dilated %x, %g dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] feature_groups 2 : (tensor<2x7x6x4xf32>, tensor<3x2x2x6xf32>) -> tensor<2x5x5x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] batch_groups 2 : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<1x5x5x6xf32>
  %3 = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] batch_groups 2 : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<1x5x5x6xf32>
  func.return
}

// There may be any number of spatial dimensions. A wider result is summed in its own type.
func.func @other_ranks(%x: tensor<2x3xbf16>, %w: tensor<4x3xbf16>, %l: tensor<2x3x9xi8>, %k: tensor<1x3x4xi8>) {
  // CHECK-LABEL: func.func @other_ranks
  // CHECK-NEXT: %{{.*}} = xtensor.conv_general_dilated %x, %w dims [b, f] x [o, i] -> [b, f] : (tensor<2x3xbf16>, tensor<4x3xbf16>) -> tensor<2x4xf32>
  %0 = xtensor.conv_general_dilated %x, %w dims [b, f] x [o, i] -> [b, f] : (tensor<2x3xbf16>, tensor<4x3xbf16>) -> tensor<2x4xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.conv_general_dilated %l, %k dims [b, f, 0] x [o, i, 0] -> [b, f, 0] : (tensor<2x3x9xi8>, tensor<1x3x4xi8>) -> tensor<2x1x6xi32>
  %1 = xtensor.conv_general_dilated %l, %k dims [b, f, 0] x [o, i, 0] -> [b, f, 0] : (tensor<2x3x9xi8>, tensor<1x3x4xi8>) -> tensor<2x1x6xi32>
  func.return
}
