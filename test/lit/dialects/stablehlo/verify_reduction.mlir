// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Reductions over dimensions that are not there, and bodies that do not combine.

func.func @twice(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: dimensions [1, 1] holds a dimension twice
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1, 1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
    reducer(%a: tensor<f32>, %b: tensor<f32>) {
      %9 = stablehlo.multiply %a, %b : tensor<f32>
      stablehlo.return %9 : tensor<f32>
    }
  func.return
}

// -----

func.func @result(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: result 0 has shape [6], expected [4]
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32>
    reducer(%a: tensor<f32>, %b: tensor<f32>) {
      %9 = stablehlo.multiply %a, %b : tensor<f32>
      stablehlo.return %9 : tensor<f32>
    }
  func.return
}

// -----

func.func @result_element(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: result 0 is tensor<4xf64>, but the body accumulates f32
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf64>
    reducer(%a: tensor<f32>, %b: tensor<f32>) {
      %9 = stablehlo.multiply %a, %b : tensor<f32>
      stablehlo.return %9 : tensor<f32>
    }
  func.return
}

// -----

func.func @returned(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: the body must return 1 values, not 2
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
    reducer(%a: tensor<f32>, %b: tensor<f32>) {
      stablehlo.return %a, %b : tensor<f32>, tensor<f32>
    }
  func.return
}

// -----

func.func @argument(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: the body's argument 1 is tensor<i32>, but it returns tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
    reducer(%a: tensor<f32>, %b: tensor<i32>) {
      stablehlo.return %a : tensor<f32>
    }
  func.return
}

// -----

func.func @initial(%x: tensor<4x6xf32>, %z: tensor<2xf32>) {
  // CHECK: the body returns tensor<f32>, which tensor<2xf32> cannot become
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1] : (tensor<4x6xf32>, tensor<2xf32>) -> tensor<4xf32>
    reducer(%a: tensor<f32>, %b: tensor<f32>) {
      %9 = stablehlo.multiply %a, %b : tensor<f32>
      stablehlo.return %9 : tensor<f32>
    }
  func.return
}

// -----

func.func @narrow(%x: tensor<4x6xi64>, %z: tensor<i64>) {
  // CHECK: the body returns tensor<i32>, which tensor<i64> cannot become
  %0 = stablehlo.reduce(%x init: %z) across dimensions = [1] : (tensor<4x6xi64>, tensor<i64>) -> tensor<4xi32>
    reducer(%a: tensor<i32>, %b: tensor<i32>) {
      stablehlo.return %a : tensor<i32>
    }
  func.return
}

// -----

func.func @window_result(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: result 0 has shape [4, 6], expected [3, 5]
  %0 = "stablehlo.reduce_window"(%x, %z) <{window_dimensions = array<i64: 2, 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @window_size(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: window dimensions must be at least 1, not [2, 0]
  %0 = "stablehlo.reduce_window"(%x, %z) <{window_dimensions = array<i64: 2, 0>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  func.return
}

// -----

func.func @window_rank(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: 2 window dimensions are needed, not 1
  %0 = "stablehlo.reduce_window"(%x, %z) <{window_dimensions = array<i64: 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  func.return
}

// -----

func.func @window_padding(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: padding has shape [3, 2], expected [2, 2]
  %0 = "stablehlo.reduce_window"(%x, %z) <{window_dimensions = array<i64: 2, 2>, padding = dense<0> : tensor<3x2xi64>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  func.return
}

// -----

func.func @window_stride(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: window strides must be at least 1, not [0, 1]
  %0 = "stablehlo.reduce_window"(%x, %z) <{window_dimensions = array<i64: 2, 2>, window_strides = array<i64: 0, 1>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  func.return
}

// -----

func.func @window_body(%x: tensor<4x6xf32>, %z: tensor<f32>) {
  // CHECK: the body needs 2 arguments, not 1
  %0 = "stablehlo.reduce_window"(%x, %z) <{window_dimensions = array<i64: 2, 2>}> ({
  ^bb0(%a: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
  func.return
}

// -----

func.func @source(%x: tensor<4x6xf32>, %s: tensor<3x3xf32>, %z: tensor<f32>) {
  // CHECK: source has shape [3, 3], expected [2, 3]
  %0 = "stablehlo.select_and_scatter"(%x, %s, %z) <{window_dimensions = array<i64: 2, 2>, window_strides = array<i64: 2, 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %9 : tensor<i1>
  }, {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x3xf32>, tensor<f32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @select(%x: tensor<4x6xf32>, %s: tensor<2x3xf32>, %z: tensor<f32>) {
  // CHECK: select must take two scalars of type f32 and return a boolean
  %0 = "stablehlo.select_and_scatter"(%x, %s, %z) <{window_dimensions = array<i64: 2, 2>, window_strides = array<i64: 2, 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %a : tensor<f32>
  }, {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<2x3xf32>, tensor<f32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @no_window(%x: tensor<4x6xf32>, %s: tensor<2x3xf32>, %z: tensor<f32>) {
  // CHECK: 2 window dimensions are needed, not 1
  %0 = "stablehlo.select_and_scatter"(%x, %s, %z) <{window_dimensions = array<i64: 2>, window_strides = array<i64: 2, 2>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %9 : tensor<i1>
  }, {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<2x3xf32>, tensor<f32>) -> tensor<4x6xf32>
  func.return
}
