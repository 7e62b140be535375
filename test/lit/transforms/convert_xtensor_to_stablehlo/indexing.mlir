// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Ops that read or write at computed places.

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

// The last dimension of the indices holds index vectors. StableHLO clamps them,
func.func private @gather(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) -> tensor<3x6xf32> {
  %r = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  func.return %r : tensor<3x6xf32>
}
// CHECK-LABEL: func.func private @gather(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>) -> tensor<3x6xf32> {
// CHECK-NEXT:    %r = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>, indices_are_sorted = false}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
// CHECK-NEXT:    func.return %r : tensor<3x6xf32>
// CHECK-NEXT:  }

// so they are compared with the bounds where a slice is to be filled.
func.func private @gather_fill(%x: tensor<4x6xf32>, %i: tensor<3x1xui8>, %f: tensor<f32>) -> tensor<3x6xf32> {
  %r = xtensor.gather %x at %i mode fill_or_drop %f sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] sorted : (tensor<4x6xf32>, tensor<3x1xui8>, tensor<f32>) -> tensor<3x6xf32>
  func.return %r : tensor<3x6xf32>
}
// CHECK-LABEL: func.func private @gather_fill(%x: tensor<4x6xf32>, %i: tensor<3x1xui8>, %f: tensor<f32>) -> tensor<3x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.convert %i : (tensor<3x1xui8>) -> tensor<3x1xi32>
// CHECK-NEXT:    %1 = stablehlo.constant dense<3> : tensor<1xi32>
// CHECK-NEXT:    %2 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %3 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<i32>) -> tensor<3x1xi32>
// CHECK-NEXT:    %4 = stablehlo.compare GE, %0, %3, SIGNED : (tensor<3x1xi32>, tensor<3x1xi32>) -> tensor<3x1xi1>
// CHECK-NEXT:    %5 = stablehlo.broadcast_in_dim %1, dims = [1] : (tensor<1xi32>) -> tensor<1x1xi32>
// CHECK-NEXT:    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x1xi32>) -> tensor<3x1xi32>
// CHECK-NEXT:    %7 = stablehlo.compare LE, %0, %6, SIGNED : (tensor<3x1xi32>, tensor<3x1xi32>) -> tensor<3x1xi1>
// CHECK-NEXT:    %8 = stablehlo.and %4, %7 : tensor<3x1xi1>
// CHECK-NEXT:    %9 = stablehlo.constant dense<true> : tensor<i1>
// CHECK-NEXT:    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.and across dimensions = [1] : (tensor<3x1xi1>, tensor<i1>) -> tensor<3xi1>
// CHECK-NEXT:    %11 = "stablehlo.gather"(%x, %0) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6>, indices_are_sorted = true}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
// CHECK-NEXT:    %12 = stablehlo.broadcast_in_dim %10, dims = [0] : (tensor<3xi1>) -> tensor<3x6xi1>
// CHECK-NEXT:    %13 = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<3x6xf32>
// CHECK-NEXT:    %r = stablehlo.select %12, %11, %13 : tensor<3x6xi1>, tensor<3x6xf32>
// CHECK-NEXT:    func.return %r : tensor<3x6xf32>
// CHECK-NEXT:  }

// Nothing is read for an empty result.
func.func private @gather_nothing(%x: tensor<4x6xf32>, %i: tensor<0x1xi32>) -> tensor<0x6xf32> {
  %r = xtensor.gather %x at %i mode promise_in_bounds sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<0x1xi32>) -> tensor<0x6xf32>
  func.return %r : tensor<0x6xf32>
}
// CHECK-LABEL: func.func private @gather_nothing(%x: tensor<4x6xf32>, %i: tensor<0x1xi32>) -> tensor<0x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %r = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<0x6xf32>
// CHECK-NEXT:    func.return %r : tensor<0x6xf32>
// CHECK-NEXT:  }

// The function of a scatter gives the update,
func.func private @scatter(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.scatter %x at %i, %u mode fill_or_drop window [1] inserted [0] index [0] batching [] x [] unique : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @scatter(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %r = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, indices_are_sorted = false, unique_indices = true}> ({
// CHECK-NEXT:    ^bb0(%0: tensor<f32>, %1: tensor<f32>):
// CHECK-NEXT:      stablehlo.return %1 : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// or what an element and the update are combined to. StableHLO drops updates that do not fit, so indices are clamped before.
func.func private @scatter_add(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.scatter_add %x at %i, %u mode clip window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @scatter_add(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<3> : tensor<1xi32>
// CHECK-NEXT:    %1 = stablehlo.constant dense<2147483647> : tensor<i32>
// CHECK-NEXT:    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i32>) -> tensor<1xi32>
// CHECK-NEXT:    %3 = stablehlo.minimum %0, %2 : tensor<1xi32>
// CHECK-NEXT:    %4 = stablehlo.broadcast_in_dim %3, dims = [1] : (tensor<1xi32>) -> tensor<3x1xi32>
// CHECK-NEXT:    %5 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %6 = stablehlo.broadcast_in_dim %5, dims = [] : (tensor<i32>) -> tensor<3x1xi32>
// CHECK-NEXT:    %7 = stablehlo.clamp %6, %i, %4 : tensor<3x1xi32>
// CHECK-NEXT:    %r = "stablehlo.scatter"(%x, %7, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, indices_are_sorted = false, unique_indices = false}> ({
// CHECK-NEXT:    ^bb0(%8: tensor<f32>, %9: tensor<f32>):
// CHECK-NEXT:      %10 = stablehlo.add %8, %9 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %10 : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// Complex numbers are ordered by the real part, then by the imaginary one.
func.func private @scatter_max(%x: tensor<4xcomplex<f32>>, %i: tensor<3x1xi32>, %u: tensor<3xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  %r = xtensor.scatter_max %x at %i, %u mode promise_in_bounds window [] inserted [0] index [0] batching [] x [] : (tensor<4xcomplex<f32>>, tensor<3x1xi32>, tensor<3xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  func.return %r : tensor<4xcomplex<f32>>
}
// CHECK-LABEL: func.func private @scatter_max(%x: tensor<4xcomplex<f32>>, %i: tensor<3x1xi32>, %u: tensor<3xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
// CHECK-NEXT:    %r = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, indices_are_sorted = false, unique_indices = false}> ({
// CHECK-NEXT:    ^bb0(%0: tensor<complex<f32>>, %1: tensor<complex<f32>>):
// CHECK-NEXT:      %2 = stablehlo.real %0 : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:      %3 = stablehlo.real %1 : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:      %4 = stablehlo.compare EQ, %2, %3, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %5 = stablehlo.compare GT, %2, %3, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %6 = stablehlo.imag %0 : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:      %7 = stablehlo.imag %1 : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:      %8 = stablehlo.compare GT, %6, %7, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %9 = stablehlo.select %4, %8, %5 : tensor<i1>, tensor<i1>
// CHECK-NEXT:      %10 = stablehlo.select %9, %0, %1 : tensor<i1>, tensor<complex<f32>>
// CHECK-NEXT:      stablehlo.return %10 : tensor<complex<f32>>
// CHECK-NEXT:    }) : (tensor<4xcomplex<f32>>, tensor<3x1xi32>, tensor<3xcomplex<f32>>) -> tensor<4xcomplex<f32>>
// CHECK-NEXT:    func.return %r : tensor<4xcomplex<f32>>
// CHECK-NEXT:  }

// An op's own function is lowered.
func.func private @scatter_apply(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.scatter_apply %x at %i, %u mode fill_or_drop window [1] inserted [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32> {
  ^bb0(%old: tensor<f32>, %update: tensor<f32>):
    %s = xtensor.sin %old : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @scatter_apply(%x: tensor<4x6xf32>, %i: tensor<3x1xi32>, %u: tensor<3x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %r = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, indices_are_sorted = false, unique_indices = false}> ({
// CHECK-NEXT:    ^bb0(%0: tensor<f32>, %1: tensor<f32>):
// CHECK-NEXT:      %s = stablehlo.sine %0 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %s : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }
