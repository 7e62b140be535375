func.func @unary(%x: tensor<4xf32>, %c: tensor<4xcomplex<f32>>) {
  %0 = chlo._asin_acos_kernel %c : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>
  %1 = chlo.is_inf %x : tensor<4xf32> -> tensor<4xi1>
  %2 = chlo.is_neg_inf %x : tensor<4xf32> -> tensor<4xi1>
  %3 = chlo.is_pos_inf %x {note} : tensor<4xf32> -> tensor<4xi1>
  %4 = chlo.conj %c : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>
  %5 = chlo.tan %x : tensor<4xf32> -> tensor<4xf32>
  %6 = chlo.square %c : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>
  %7 = chlo.atan %x : tensor<4xf32> -> tensor<4xf32>
  %8 = chlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %9 = "chlo.constant_like"(%x) <{value = 1.000000e+00 : f32}> : (tensor<4xf32>) -> tensor<4xf32>
  %10 = chlo.erf_inv %x : tensor<4xf32> -> tensor<4xf32>
  func.return
}
func.func @broadcasting(%x: tensor<3x1xf32>, %y: tensor<4xf32>, %i: tensor<4xi32>, %p: tensor<i1>, %u: tensor<*xf32>) {
  %0 = chlo.broadcast_add %x, %y : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %1 = chlo.broadcast_subtract %x, %y {broadcast_dimensions = array<i64: 1>} : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %2 = chlo.broadcast_and %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %3 = chlo.broadcast_or %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %4 = chlo.broadcast_xor %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %5 = chlo.broadcast_atan2 %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %6 = chlo.broadcast_complex %x, %y : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xcomplex<f32>>
  %7 = chlo.broadcast_compare %x, %y {compare_type = #chlo<comparison_type TOTALORDER>, comparison_direction = #chlo<comparison_direction LT>} : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xi1>
  %8 = chlo.broadcast_select %p, %x, %y : (tensor<i1>, tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %9 = chlo.broadcast_divide %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %10 = chlo.broadcast_maximum %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %11 = chlo.broadcast_minimum %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %12 = chlo.broadcast_multiply %u, %y : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  %13 = chlo.broadcast_next_after %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %14 = chlo.broadcast_polygamma %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %15 = chlo.broadcast_power %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %16 = chlo.broadcast_remainder %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %17 = chlo.broadcast_shift_left %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %18 = chlo.broadcast_shift_right_arithmetic %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %19 = chlo.broadcast_shift_right_logical %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %20 = chlo.broadcast_zeta %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}
func.func @binary(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  %0 = chlo.mulhi %i, %i : tensor<4xi32>, tensor<4xi32> -> tensor<4xi32>
  %1 = chlo.next_after %x, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %2 = chlo.polygamma %x, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %3, %4 = chlo.top_k(%x, k = 2) {note} : tensor<4xf32> -> (tensor<2xf32>, tensor<2xi32>)
  func.return
}
func.func @ragged(%x: tensor<11x5xf32>, %w: tensor<3x5x7xf32>, %n: tensor<3xi32>) -> tensor<11x7xf32> {
  %0 = "chlo.ragged_dot"(%x, %w, %n) <{precision_config = [#chlo<precision DEFAULT>, #chlo<precision HIGH>], ragged_dot_dimension_numbers = #chlo.ragged_dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1], lhs_ragged_dimensions = [0], rhs_group_dimensions = [0]>}> : (tensor<11x5xf32>, tensor<3x5x7xf32>, tensor<3xi32>) -> tensor<11x7xf32>
  func.return %0 : tensor<11x7xf32>
}
func.func @scan(%x: tensor<2x3xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0:2 = chlo.scan(%x) inits (%y) dimension=1 attributes {is_associative = true} {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    %1 = stablehlo.add %a, %b : tensor<2xf32>
    stablehlo.return %1, %1 : tensor<2xf32>, tensor<2xf32>
  } : (tensor<2x3xf32>, tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2xf32>)
  func.return %0#1 : tensor<2xf32>
}
