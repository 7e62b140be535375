// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// What reductions by a function, over windows, and up to each element take.

func.func @init_values_are_scalars(%x: tensor<4x6xf32>) {
  // CHECK: the initial values must be scalars like the operands' elements
  %0 = xtensor.reduce(%x) from(%x) over [0] : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<6xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = xtensor.add %a, %b : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return
}

// -----

func.func @one_shape(%x: tensor<4x6xf32>, %y: tensor<6x4xf32>, %f: tensor<f32>) {
  // CHECK: the operands must have one shape
  %0, %1 = xtensor.reduce(%x, %y) from(%f, %f) over [0] : (tensor<4x6xf32>, tensor<6x4xf32>, tensor<f32>, tensor<f32>) -> (tensor<6xf32>, tensor<6xf32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = xtensor.add %a, %b : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return
}

// -----

func.func @something_to_reduce() {
  // CHECK: expected at least one operand
  xtensor.reduce() from() over [] : () -> () {
    xtensor.yield
  }
  func.return
}

// -----

func.func @body_takes_scalars(%x: tensor<4x6xf32>, %f: tensor<f32>) {
  // CHECK: the body must take (tensor<f32>, tensor<f32>), got (tensor<f32>)
  %0 = xtensor.reduce(%x) from(%f) over [0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32> {
  ^bb0(%a: tensor<f32>):
    xtensor.yield %a : tensor<f32>
  }
  func.return
}

// -----

func.func @body_yields_scalars(%x: tensor<4x6xf32>, %f: tensor<f32>) {
  // CHECK: the body must yield (tensor<f32>), got (tensor<i1>)
  %0 = xtensor.reduce(%x) from(%f) over [0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = xtensor.lt %a, %b : tensor<f32>
    xtensor.yield %s : tensor<i1>
  }
  func.return
}

// -----

func.func @reduced_axes(%x: tensor<4x6xf32>, %f: tensor<f32>) {
  // CHECK: axes [2] out of range for rank 2
  %0 = xtensor.reduce(%x) from(%f) over [2] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = xtensor.add %a, %b : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return
}

// -----

func.func @reduced_types(%x: tensor<4x6xf32>, %f: tensor<f32>) {
  // CHECK: expected result types (tensor<4xf32>), got (tensor<6xf32>)
  %0 = xtensor.reduce(%x) from(%f) over [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = xtensor.add %a, %b : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return
}

// -----

func.func @a_size_for_each_dimension(%x: tensor<4x6xf32>) {
  // CHECK: expected window sizes for 2 dimensions, got [2]
  %0 = xtensor.reduce_window_sum %x window [2] : tensor<4x6xf32> -> tensor<3x6xf32>
  func.return
}

// -----

func.func @windows_are_not_empty(%x: tensor<4x6xf32>) {
  // CHECK: window sizes must be at least 1, got [0, 1]
  %0 = xtensor.reduce_window_sum %x window [0, 1] : tensor<4x6xf32> -> tensor<5x6xf32>
  func.return
}

// -----

func.func @strides_are_positive(%x: tensor<4x6xf32>) {
  // CHECK: strides must be at least 1, got [0, 1]
  %0 = xtensor.reduce_window_max %x window [2, 2] strides [0, 1] : tensor<4x6xf32> -> tensor<3x5xf32>
  func.return
}

// -----

func.func @dilation_is_positive(%x: tensor<4x6xf32>) {
  // CHECK: base dilation must be at least 1, got [1, 0]
  %0 = xtensor.reduce_window_max %x window [2, 2] base_dilation [1, 0] : tensor<4x6xf32> -> tensor<3x5xf32>
  func.return
}

// -----

func.func @number_of_windows(%x: tensor<4x6xf32>) {
  // CHECK: expected result type tensor<2x5xf32>, got tensor<2x4xf32>
  %0 = xtensor.reduce_window_min %x window [2, 3] strides [2, 1] low [0, 1] : tensor<4x6xf32> -> tensor<2x4xf32>
  func.return
}

// -----

func.func @no_sum_of_booleans(%x: tensor<4x6xi1>) {
  // CHECK: expected integer or float or complex elements, got tensor<4x6xi1>
  %0 = xtensor.reduce_window_sum %x window [2, 3] : tensor<4x6xi1> -> tensor<3x4xi1>
  func.return
}

// -----

func.func @tangents_like_the_operand(%x: tensor<4x6xf32>, %t: tensor<4x5xf32>) {
  // CHECK: attribute tensor<4x5xf32> expected from variable 'T', but got tensor<4x6xf32>
  %0 = "xtensor.select_and_gather_add"(%t, %x) <{select = #xtensor.selection ge, window = array<i64: 1, 1>}> : (tensor<4x5xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @an_element_for_each_window(%x: tensor<4x6xf32>, %s: tensor<2x6xf32>) {
  // CHECK: expected a source of type tensor<2x2xf32>, got tensor<2x6xf32>
  %0 = xtensor.select_and_scatter_add %s where ge %x window [2, 3] strides [2, 3] : (tensor<2x6xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @axis_of_the_operand(%x: tensor<4x6xf32>) {
  // CHECK: axis [2] out of range for rank 2
  %0 = xtensor.cumsum %x axis 2 : tensor<4x6xf32>
  func.return
}

// -----

func.func @exponentials_of_integers(%x: tensor<4xi32>) {
  // CHECK: expected float or complex elements, got tensor<4xi32>
  %0 = xtensor.cumlogsumexp %x axis 0 : tensor<4xi32>
  func.return
}
