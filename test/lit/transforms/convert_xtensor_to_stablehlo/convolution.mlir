// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// The window and the precision are always written, as JAX does.

func.func private @convolution(%x: tensor<2x7x6x4xf32>, %w: tensor<3x2x4x6xf32>) -> tensor<6x9x2x2xf32> {
  %r = xtensor.conv_general_dilated %x, %w dims [b, 0, 1, f] x [0, 1, i, o] -> [f, 1, 0, b] strides [2, 1] low [1, 0] high [2, -1] lhs_dilation [1, 2] rhs_dilation [3, 1] precision highest x default : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<6x9x2x2xf32>
  func.return %r : tensor<6x9x2x2xf32>
}
// CHECK-LABEL: func.func private @convolution(%x: tensor<2x7x6x4xf32>, %w: tensor<3x2x4x6xf32>) -> tensor<6x9x2x2xf32> {
// CHECK-NEXT:    %r = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[f, 1, 0, b], window = {stride = [2, 1], pad = {{\[\[}}1, 2], [0, -1]], lhs_dilate = [1, 2], rhs_dilate = [3, 1], reverse = [false, false]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision DEFAULT>]} : (tensor<2x7x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<6x9x2x2xf32>
// CHECK-NEXT:    func.return %r : tensor<6x9x2x2xf32>
// CHECK-NEXT:  }

// Groups of features or of batches.
func.func private @groups(%x: tensor<2x7x4xbf16>, %w: tensor<3x2x6xbf16>) -> tensor<2x5x6xf32> {
  %r = xtensor.conv_general_dilated %x, %w dims [b, 0, f] x [0, i, o] -> [b, 0, f] feature_groups 2 : (tensor<2x7x4xbf16>, tensor<3x2x6xbf16>) -> tensor<2x5x6xf32>
  func.return %r : tensor<2x5x6xf32>
}
// CHECK-LABEL: func.func private @groups(%x: tensor<2x7x4xbf16>, %w: tensor<3x2x6xbf16>) -> tensor<2x5x6xf32> {
// CHECK-NEXT:    %r = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {stride = [1], pad = {{\[\[}}0, 0]], lhs_dilate = [1], rhs_dilate = [1], reverse = [false]} {feature_group_count = 2 : i64, batch_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<2x7x4xbf16>, tensor<3x2x6xbf16>) -> tensor<2x5x6xf32>
// CHECK-NEXT:    func.return %r : tensor<2x5x6xf32>
// CHECK-NEXT:  }

// Complex numbers take three convolutions of real ones.
func.func private @complex(%x: tensor<1x1x5xcomplex<f32>>, %w: tensor<1x1x3xcomplex<f32>>) -> tensor<1x1x3xcomplex<f32>> {
  %r = xtensor.conv_general_dilated %x, %w dims [b, f, 0] x [o, i, 0] -> [b, f, 0] : (tensor<1x1x5xcomplex<f32>>, tensor<1x1x3xcomplex<f32>>) -> tensor<1x1x3xcomplex<f32>>
  func.return %r : tensor<1x1x3xcomplex<f32>>
}
// CHECK-LABEL: func.func private @complex(%x: tensor<1x1x5xcomplex<f32>>, %w: tensor<1x1x3xcomplex<f32>>) -> tensor<1x1x3xcomplex<f32>> {
// CHECK-NEXT:    %0 = stablehlo.real %x : (tensor<1x1x5xcomplex<f32>>) -> tensor<1x1x5xf32>
// CHECK-NEXT:    %1 = stablehlo.imag %x : (tensor<1x1x5xcomplex<f32>>) -> tensor<1x1x5xf32>
// CHECK-NEXT:    %2 = stablehlo.real %w : (tensor<1x1x3xcomplex<f32>>) -> tensor<1x1x3xf32>
// CHECK-NEXT:    %3 = stablehlo.imag %w : (tensor<1x1x3xcomplex<f32>>) -> tensor<1x1x3xf32>
// CHECK-NEXT:    %4 = stablehlo.add %0, %1 : tensor<1x1x5xf32>
// CHECK-NEXT:    %5 = stablehlo.convolution(%4, %2) dim_numbers = [b, f, 0]x[o, i, 0]->[b, f, 0], window = {stride = [1], pad = {{\[\[}}0, 0]], lhs_dilate = [1], rhs_dilate = [1], reverse = [false]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
// CHECK-NEXT:    %6 = stablehlo.subtract %3, %2 : tensor<1x1x3xf32>
// CHECK-NEXT:    %7 = stablehlo.convolution(%0, %6) dim_numbers = [b, f, 0]x[o, i, 0]->[b, f, 0], window = {stride = [1], pad = {{\[\[}}0, 0]], lhs_dilate = [1], rhs_dilate = [1], reverse = [false]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
// CHECK-NEXT:    %8 = stablehlo.add %2, %3 : tensor<1x1x3xf32>
// CHECK-NEXT:    %9 = stablehlo.convolution(%1, %8) dim_numbers = [b, f, 0]x[o, i, 0]->[b, f, 0], window = {stride = [1], pad = {{\[\[}}0, 0]], lhs_dilate = [1], rhs_dilate = [1], reverse = [false]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x1x5xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
// CHECK-NEXT:    %10 = stablehlo.subtract %5, %9 : tensor<1x1x3xf32>
// CHECK-NEXT:    %11 = stablehlo.add %5, %7 : tensor<1x1x3xf32>
// CHECK-NEXT:    %r = stablehlo.complex %10, %11 : tensor<1x1x3xcomplex<f32>>
// CHECK-NEXT:    func.return %r : tensor<1x1x3xcomplex<f32>>
// CHECK-NEXT:  }
