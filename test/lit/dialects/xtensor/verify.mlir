// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Elementwise: one shape, elements of the kinds that the op takes.

func.func @different_shapes(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // CHECK: attribute tensor<4xf32> expected from variable 'T', but got tensor<5xf32>
  %0 = "xtensor.add"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @different_element_types(%x: tensor<4xf32>, %y: tensor<4xf64>) {
  // CHECK: attribute tensor<4xf32> expected from variable 'T', but got tensor<4xf64>
  %0 = "xtensor.mul"(%x, %y) : (tensor<4xf32>, tensor<4xf64>) -> tensor<4xf32>
  func.return
}

// -----

func.func @wrong_kind(%x: tensor<4xi32>) {
  // CHECK: expected float or complex elements, got tensor<4xi32>
  %0 = "xtensor.exp"(%x) : (tensor<4xi32>) -> tensor<4xi32>
  func.return
}

// -----

func.func @no_tensor(%x: f32) {
  // CHECK: expected a tensor, got f32
  %0 = "xtensor.neg"(%x) : (f32) -> f32
  func.return
}

// -----

func.func @dynamic_shape(%x: tensor<?xf32>) {
  // CHECK: expected a statically shaped tensor, got tensor<?xf32>
  %0 = "xtensor.neg"(%x) : (tensor<?xf32>) -> tensor<?xf32>
  func.return
}

// -----

func.func @comparison_is_boolean(%x: tensor<4xf32>) {
  // CHECK: expected tensor<4xi1>, got tensor<4xf32>
  %0 = "xtensor.lt"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @magnitude_is_real(%x: tensor<4xcomplex<f32>>) {
  // CHECK: expected tensor<4xf32>, got tensor<4xcomplex<f32>>
  %0 = "xtensor.abs"(%x) : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  func.return
}

// -----

func.func @negative_power(%x: tensor<4xi32>) {
  // CHECK: integers cannot be raised to the negative power -1
  %0 = xtensor.integer_pow %x, -1 : tensor<4xi32>
  func.return
}

// -----

func.func @convert_keeps_the_shape(%x: tensor<4xi32>) {
  // CHECK: shapes differ: tensor<4xi32> and tensor<5xf32>
  %0 = xtensor.convert_element_type %x : tensor<4xi32> -> tensor<5xf32>
  func.return
}

// -----

func.func @bitcast_splits_evenly(%x: tensor<4xf32>) {
  // CHECK: tensor<4xf32> cannot be read as tensor<4x3xi8>
  %0 = xtensor.bitcast_convert_type %x : tensor<4xf32> -> tensor<4x3xi8>
  func.return
}

// -----

func.func @boolean_selects_of_two(%b: tensor<i1>, %x: tensor<4xf32>) {
  // CHECK: a boolean selects between two cases, got 3
  %0 = xtensor.select_n %b, %x, %x, %x : tensor<i1>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  func.return
}

// -----

func.func @which_has_the_cases_shape(%b: tensor<5xi1>, %x: tensor<4xf32>) {
  // CHECK: 'which' must be a scalar or have the cases' shape, got tensor<5xi1> and tensor<4xf32>
  %0 = xtensor.select_n %b, %x, %x : tensor<5xi1>, tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  func.return
}

// -----

func.func @clamp_bounds(%x: tensor<4xf32>, %y: tensor<2xf32>) {
  // CHECK: 'max' must be a scalar or a tensor like tensor<4xf32>, got tensor<2xf32>
  %0 = xtensor.clamp %x, %x, %y : tensor<4xf32>, tensor<4xf32>, tensor<2xf32>
  func.return
}

// -----

// Contraction.

func.func @contracting_sizes(%x: tensor<4x6xf32>, %y: tensor<5x2xf32>) {
  // CHECK: contracting dimensions must have equal sizes, got [6] and [5]
  %0 = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<5x2xf32>) -> tensor<4x2xf32>
  func.return
}

// -----

func.func @dot_result_shape(%x: tensor<4x6xf32>, %y: tensor<6x2xf32>) {
  // CHECK: expected a result of shape [4, 2], got tensor<2x4xf32>
  %0 = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<2x4xf32>
  func.return
}

// -----

func.func @batch_and_contracting_overlap(%x: tensor<4x4xf32>) {
  // CHECK: lhs dimensions [0, 0] are not distinct
  %0 = xtensor.dot_general %x, %x batch [0] x [0] contract [0] x [1] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// Reduction.

func.func @axis_out_of_range(%x: tensor<4x6xf32>) {
  // CHECK: axes [2] out of range for rank 2
  %0 = xtensor.reduce_sum %x over [2] : tensor<4x6xf32> -> tensor<4xf32>
  func.return
}

// -----

func.func @reduced_type(%x: tensor<4x6xf32>) {
  // CHECK: expected result type tensor<4xf32>, got tensor<6xf32>
  %0 = xtensor.reduce_max %x over [1] : tensor<4x6xf32> -> tensor<6xf32>
  func.return
}

// -----

func.func @reduced_kind(%x: tensor<4x6xf32>) {
  // CHECK: expected boolean or integer elements, got tensor<4x6xf32>
  %0 = xtensor.reduce_and %x over [1] : tensor<4x6xf32> -> tensor<4xf32>
  func.return
}

// -----

func.func @argmax_of_one_axis(%x: tensor<4x6xf32>) {
  // CHECK: expected one axis, got [0, 1]
  %0 = xtensor.argmax %x over [0, 1] : tensor<4x6xf32> -> tensor<i32>
  func.return
}

// -----

func.func @argmax_gives_indices(%x: tensor<4x6xf32>) {
  // CHECK: indices must be integers, got tensor<4xf32>
  %0 = xtensor.argmax %x over [1] : tensor<4x6xf32> -> tensor<4xf32>
  func.return
}

// -----

// Reindexing.

func.func @reshape_keeps_elements(%x: tensor<4x6xf32>) {
  // CHECK: tensor<4x6xf32> and tensor<5x5xf32> have different numbers of elements
  %0 = xtensor.reshape %x : tensor<4x6xf32> -> tensor<5x5xf32>
  func.return
}

// -----

func.func @reshape_keeps_type(%x: tensor<4x6xf32>) {
  // CHECK: expected result type tensor<24xf32>, got tensor<24xi32>
  %0 = xtensor.reshape %x : tensor<4x6xf32> -> tensor<24xi32>
  func.return
}

// -----

func.func @no_permutation(%x: tensor<4x6xf32>) {
  // CHECK: [0, 0] is not a permutation of the dimensions of tensor<4x6xf32>
  %0 = xtensor.transpose %x, [0, 0] : tensor<4x6xf32> -> tensor<4x4xf32>
  func.return
}

// -----

func.func @broadcast_size(%x: tensor<3xf32>) {
  // CHECK: size 3 cannot be broadcast to size 4 of dimension 0
  %0 = xtensor.broadcast_in_dim %x dims [0] : tensor<3xf32> -> tensor<4x6xf32>
  func.return
}

// -----

func.func @squeeze_size(%x: tensor<4x1xf32>) {
  // CHECK: dimensions [0] of tensor<4x1xf32> are not all of size 1
  %0 = xtensor.squeeze %x dims [0] : tensor<4x1xf32> -> tensor<1xf32>
  func.return
}

// -----

func.func @slice_bounds(%x: tensor<4x6xf32>) {
  // CHECK: cannot take 0:5:1 of a dimension of size 4
  %0 = xtensor.slice %x from [0, 0] to [5, 6] by [1, 1] : tensor<4x6xf32> -> tensor<5x6xf32>
  func.return
}

// -----

func.func @padding_value(%x: tensor<4xf32>, %v: tensor<f64>) {
  // CHECK: the padding value must be a scalar like the elements of tensor<4xf32>, got tensor<f64>
  %0 = xtensor.pad %x, %v low [1] high [1] interior [0] : (tensor<4xf32>, tensor<f64>) -> tensor<6xf32>
  func.return
}

// -----

func.func @dynamic_slice_fits(%x: tensor<4x6xf32>, %i: tensor<i32>) {
  // CHECK: a slice of sizes [5, 6] does not fit in tensor<4x6xf32>
  %0 = xtensor.dynamic_slice %x at (%i, %i) sizes [5, 6] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<5x6xf32>
  func.return
}

// -----

func.func @an_index_for_each_dimension(%x: tensor<4x6xf32>, %i: tensor<i32>) {
  // CHECK: expected 2 start indices, got 1
  %0 = xtensor.dynamic_slice %x at (%i) sizes [1, 6] : (tensor<4x6xf32>, tensor<i32>) -> tensor<1x6xf32>
  func.return
}

// -----

func.func @index_vectors(%x: tensor<4x6xf32>, %i: tensor<3x2xi32>) {
  // CHECK: expected index vectors of 1 elements, got indices of shape [3, 2]
  %0 = xtensor.gather %x at %i mode clip sizes [1, 6] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x6xf32>, tensor<3x2xi32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @joined_shapes(%x: tensor<4x6xf32>, %y: tensor<4x5xf32>) {
  // CHECK: tensor<4x5xf32> cannot be joined to tensor<4x6xf32> along dimension 0
  %0 = xtensor.concatenate %x, %y dim 0 : (tensor<4x6xf32>, tensor<4x5xf32>) -> tensor<8x6xf32>
  func.return
}

// -----

func.func @split_sizes(%x: tensor<4x6xf32>) {
  // CHECK: sizes [2, 2] do not add up to dimension 1 of tensor<4x6xf32>
  %0, %1 = xtensor.split %x axis 1 sizes [2, 2] : (tensor<4x6xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>)
  func.return
}

// -----

// Generation, control, library.

func.func @iota_dimension() {
  // CHECK: dimension [1] out of range for rank 1
  %0 = xtensor.iota dim 1 : tensor<4xi32>
  func.return
}

// -----

func.func @constant_shape() {
  // CHECK: a literal of shape [2] for tensor<3xf32>
  %0 = xtensor.constant dense<[1.0, 2.0]> : tensor<3xf32>
  func.return
}

// -----

func.func @constant_range() {
  // CHECK: 300 is not a value of type ui8
  %0 = xtensor.constant dense<300> : tensor<ui8>
  func.return
}

// -----

func.func @barrier_types(%x: tensor<4xf32>) {
  // CHECK: expected result types (tensor<4xf32>), got (tensor<5xf32>)
  %0 = xtensor.optimization_barrier %x : (tensor<4xf32>) -> tensor<5xf32>
  func.return
}

// -----

func.func @while_condition(%x: tensor<4xf32>) {
  // CHECK: the condition must yield (tensor<i1>), got (tensor<4xf32>)
  %0 = xtensor.while (%a = %x : tensor<4xf32>) while {
    xtensor.yield %a : tensor<4xf32>
  } do {
    xtensor.yield %a : tensor<4xf32>
  }
  func.return
}

// -----

func.func @while_body(%x: tensor<4xf32>, %p: tensor<i1>) {
  // CHECK: the body must yield (tensor<4xf32>), got (tensor<i1>)
  %0 = xtensor.while (%a = %x : tensor<4xf32>) while {
    xtensor.yield %p : tensor<i1>
  } do {
    xtensor.yield %p : tensor<i1>
  }
  func.return
}

// -----

func.func @cond_without_branches(%i: tensor<i32>) {
  // CHECK: expected at least one branch
  xtensor.cond %i
  func.return
}

// -----

func.func @cond_branches(%i: tensor<i32>, %x: tensor<4xf32>) {
  // CHECK: branch 1 must yield (tensor<4xf32>), got (tensor<i32>)
  %0 = xtensor.cond %i -> tensor<4xf32> {
    xtensor.yield %x : tensor<4xf32>
  } {
    xtensor.yield %i : tensor<i32>
  }
  func.return
}

// -----

func.func @scan_scalars(%x: tensor<f32>) {
  // CHECK: expected a tensor with a dimension to scan over, got tensor<f32>
  xtensor.scan length = 3 over (%a = %x : tensor<f32>) {
    xtensor.yield
  }
  func.return
}

// -----

func.func @scan_length(%x: tensor<4xf32>) {
  // CHECK: expected 3 elements to scan over, got tensor<4xf32>
  xtensor.scan length = 3 over (%a = %x : tensor<4xf32>) {
    xtensor.yield
  }
  func.return
}

// -----

func.func @scan_carry(%x: tensor<4xf32>, %c: tensor<i32>) {
  // CHECK: the body must yield (tensor<i32>), got (tensor<f32>)
  %0 = xtensor.scan length = 4 carry (%b = %c : tensor<i32>) over (%a = %x : tensor<4xf32>) -> tensor<i32> {
    xtensor.yield %a : tensor<f32>
  }
  func.return
}

// -----

func.func @scan_stack(%x: tensor<4xf32>) {
  // CHECK: expected result types (tensor<4xf32>), got (tensor<5xf32>)
  %0 = xtensor.scan length = 4 over (%a = %x : tensor<4xf32>) -> tensor<5xf32> {
    xtensor.yield %a : tensor<f32>
  }
  func.return
}

// -----

func.func @region_end(%i: tensor<i32>) {
  // CHECK: branch 0 must end in xtensor.yield
  xtensor.cond %i {
    stablehlo.return
  }
  func.return
}

// -----

func.func @definition_types(%x: tensor<4xf32>) {
  // CHECK: the definition must yield (tensor<f32>), got (tensor<4xf32>)
  %0 = xtensor.bessel_i0e (%a = %x : tensor<4xf32>) -> tensor<f32> {
    xtensor.yield %a : tensor<4xf32>
  }
  func.return
}

// -----

func.func @state_size(%s: tensor<3xui32>) {
  // CHECK: expected a state of 128 bits, got tensor<3xui32>
  %0, %1 = xtensor.rng_bit_generator %s default : tensor<3xui32> -> tensor<3xui8>
  func.return
}

// -----

func.func @uniform_bounds(%x: tensor<3xf32>) {
  // CHECK: expected scalars as bounds of tensor<3xf32>, got tensor<3xf32>
  %0 = xtensor.rng_uniform %x, %x : tensor<3xf32> -> tensor<3xf32>
  func.return
}

// -----

func.func @accuracy_names(%x: tensor<3xf32>) {
  // CHECK: expected atol, rtol or ulps
  %0 = xtensor.exp %x accuracy <tol = 1.0> : tensor<3xf32>
  func.return
}

// -----

func.func @primitive_without_text(%x: tensor<4xf32>) {
  // CHECK: expected the text of a StableHLO module with a function @main
  %0 = xtensor.primitive "fft"(%x) stablehlo = "" : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
