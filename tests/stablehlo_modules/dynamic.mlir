func.func @shapes(%x: tensor<?x4xf32>, %s: tensor<2xi64>, %one: tensor<1xindex>, %n: tensor<i32>) {
  %0 = stablehlo.dynamic_iota %s, dim = 1 : (tensor<2xi64>) -> tensor<?x?xi32>
  %1 = stablehlo.dynamic_reshape %x, %one : (tensor<?x4xf32>, tensor<1xindex>) -> tensor<?xf32>
  %2 = stablehlo.dynamic_broadcast_in_dim %x, %s, dims = [0, 1] {known_expanding_dimensions = array<i64: 0>, known_nonexpanding_dimensions = array<i64: 1>} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %3 = stablehlo.dynamic_pad %x, %zero, %s, %s, %s : (tensor<?x4xf32>, tensor<f32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  %4 = stablehlo.real_dynamic_slice %x, %s, %s, %s : (tensor<?x4xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  %5 = stablehlo.get_dimension_size %x, dim = 0 : (tensor<?x4xf32>) -> tensor<i32>
  %6 = stablehlo.set_dimension_size %x, %5, dim = 1 : (tensor<?x4xf32>, tensor<i32>) -> tensor<?x?xf32, #stablehlo.bounds<?, 4>>
  %7 = "stablehlo.dynamic_gather"(%x, %s, %s) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [0], start_index_map = [0, 1]>, indices_are_sorted = true}> : (tensor<?x4xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<?xf32>
  func.return
}
func.func @known(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %s = stablehlo.constant dense<[3, 2]> : tensor<2xi64>
  %0 = stablehlo.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  func.return %0 : tensor<3x2xf32>
}
func.func @convolution(%x: tensor<1x8x8x3xf32>, %k: tensor<2x2x3x4xf32>, %p: tensor<2x2xi32>) -> tensor<1x?x?x4xf32> {
  %0 = "stablehlo.dynamic_conv"(%x, %k, %p) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64, window_reversal = array<i1: true, false>, window_strides = array<i64: 2, 1>}> : (tensor<1x8x8x3xf32>, tensor<2x2x3x4xf32>, tensor<2x2xi32>) -> tensor<1x?x?x4xf32>
  func.return %0 : tensor<1x?x?x4xf32>
}
func.func @bounds(%x: tensor<?x4xf32, #stablehlo.bounds<3, ?>>, %y: tensor<?x4xf32, #stablehlo.type_extensions<bounds = [3, ?]>>) -> tensor<4x?xf32, #stablehlo.bounds<?, 3>> {
  %0 = stablehlo.add %x, %y : tensor<?x4xf32, #stablehlo.bounds<3, ?>>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<?x4xf32, #stablehlo.bounds<3, ?>>) -> tensor<4x?xf32, #stablehlo.bounds<?, 3>>
  func.return %1 : tensor<4x?xf32, #stablehlo.bounds<?, 3>>
}
func.func @windows_of_any_number(%x: tensor<1x8x4xf32>, %k: tensor<3x4x5xf32>, %p: tensor<1x2xi32>) -> tensor<1x?x5xf32> {
  %0 = "stablehlo.dynamic_conv"(%x, %k, %p) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, f]x[0, i, o]->[b, 0, f]>, feature_group_count = 1 : i64, window_reversal = array<i1: true, false>, window_strides = array<i64: 2, 2>}> : (tensor<1x8x4xf32>, tensor<3x4x5xf32>, tensor<1x2xi32>) -> tensor<1x?x5xf32>
  func.return %0 : tensor<1x?x5xf32>
}
func.func @windows_by_default(%x: tensor<1x8x4xf32>, %k: tensor<3x4x5xf32>) -> tensor<1x6x5xf32> {
  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {stride = [], pad = [], lhs_dilate = [], rhs_dilate = [], reverse = []} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x4xf32>, tensor<3x4x5xf32>) -> tensor<1x6x5xf32>
  func.return %0 : tensor<1x6x5xf32>
}
