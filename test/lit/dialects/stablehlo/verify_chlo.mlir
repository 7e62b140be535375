// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Ops of CHLO.

func.func @unary(%x: tensor<4xf32>) {
  // CHECK: operands and results differ in type: tensor<4xf32>, tensor<5xf32>
  %0 = chlo.acos %x : tensor<4xf32> -> tensor<5xf32>
  func.return
}

// -----

func.func @elements(%x: tensor<4xi32>) {
  // CHECK: expected a tensor of floating-point elements, got tensor<4xi32>
  %0 = chlo.erf %x : tensor<4xi32> -> tensor<4xi32>
  func.return
}

// -----

func.func @broadcast_result(%x: tensor<4x1xf32>, %y: tensor<5xf32>) {
  // CHECK: result has shape [5, 4], expected [4, 5]
  %0 = chlo.broadcast_add %x, %y : (tensor<4x1xf32>, tensor<5xf32>) -> tensor<5x4xf32>
  func.return
}

// -----

func.func @broadcast_element(%x: tensor<4xf32>, %y: tensor<4xi32>) {
  // CHECK: tensors differ in their element types: tensor<4xf32>, tensor<4xi32>
  %0 = chlo.broadcast_add %x, %y : (tensor<4xf32>, tensor<4xi32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @top_k(%x: tensor<f32>) {
  // CHECK: no top 1 elements in tensor<f32>
  %0, %1 = chlo.top_k(%x, k = 1) : tensor<f32> -> (tensor<f32>, tensor<i32>)
  func.return
}

// -----

func.func @indices(%x: tensor<4xf32>) {
  // CHECK: indices are of type i32
  %0, %1 = chlo.top_k(%x, k = 1) : tensor<4xf32> -> (tensor<1xf32>, tensor<1xi64>)
  func.return
}

// -----

func.func @ragged(%x: tensor<11x5xf32>, %w: tensor<3x5x7xf32>, %n: tensor<2xi32>) {
  // CHECK: there are 2 groups, but 3 in rhs
  %0 = "chlo.ragged_dot"(%x, %w, %n) <{ragged_dot_dimension_numbers = #chlo.ragged_dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1], lhs_ragged_dimensions = [0], rhs_group_dimensions = [0]>}> : (tensor<11x5xf32>, tensor<3x5x7xf32>, tensor<2xi32>) -> tensor<11x7xf32>
  func.return
}

// -----

func.func @scan(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // CHECK: dimension 2 is not one of a tensor of rank 2
  %0:2 = chlo.scan(%x) inits (%y) dimension=2 {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    stablehlo.return %a, %b : tensor<2xf32>, tensor<2xf32>
  } : (tensor<2x3xf32>, tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2xf32>)
  func.return
}
