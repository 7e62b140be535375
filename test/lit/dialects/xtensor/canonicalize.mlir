// RUN: xcs-opt %s -p canonicalize --split-input-file | filecheck %s
// RUN: xcs-opt %s -p canonicalize,canonicalize --split-input-file | filecheck %s

// Neutral elements go, where that keeps every bit.

// CHECK-LABEL: @neutral
// CHECK-NEXT: func.return %x, %n, %x : tensor<4xf32>, tensor<4xi32>, tensor<4xf32>
func.func @neutral(%x: tensor<4xf32>, %n: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<4xf32>) {
  %one = xtensor.constant dense<1.0> : tensor<f32>
  %ones = xtensor.broadcast_in_dim %one dims [] : tensor<f32> -> tensor<4xf32>
  %0 = xtensor.mul %ones, %x : tensor<4xf32>
  %zeros = xtensor.constant dense<0> : tensor<4xi32>
  %1 = xtensor.add %zeros, %n : tensor<4xi32>
  %negative = xtensor.constant dense<-0.0> : tensor<4xf32>
  %2 = xtensor.add %x, %negative : tensor<4xf32>
  func.return %0, %1, %2 : tensor<4xf32>, tensor<4xi32>, tensor<4xf32>
}

// -----

// x + 0 is not x: -0 + 0 is 0. 0 * x is not 0: x may be NaN.

// CHECK-LABEL: @not_neutral
// CHECK: xtensor.add
// CHECK: xtensor.mul
func.func @not_neutral(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zeros = xtensor.constant dense<0.0> : tensor<4xf32>
  %0 = xtensor.add %x, %zeros : tensor<4xf32>
  %1 = xtensor.mul %x, %zeros : tensor<4xf32>
  func.return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Constants are computed with, elementwise, in reductions and in products of integers.

// CHECK-LABEL: @constants
// CHECK-DAG: dense<5.000000e+00> : tensor<f32>
// CHECK-DAG: dense<[2, 4, 6]> : tensor<3xi32>
// CHECK-DAG: dense<28> : tensor<i32>
// CHECK-NOT: xtensor.{{(add|mul|dot_general|reduce_sum)}}
func.func @constants() -> (tensor<f32>, tensor<3xi32>, tensor<i32>) {
  %2 = xtensor.constant dense<2.0> : tensor<f32>
  %3 = xtensor.constant dense<3.0> : tensor<f32>
  %4 = xtensor.add %2, %3 : tensor<f32>
  %v = xtensor.constant dense<[1, 2, 3]> : tensor<3xi32>
  %two = xtensor.constant dense<2> : tensor<i32>
  %twos = xtensor.broadcast_in_dim %two dims [] : tensor<i32> -> tensor<3xi32>
  %5 = xtensor.mul %v, %twos : tensor<3xi32>
  %6 = xtensor.dot_general %v, %5 batch [] x [] contract [0] x [0] : (tensor<3xi32>, tensor<3xi32>) -> tensor<i32>
  func.return %4, %5, %6 : tensor<f32>, tensor<3xi32>, tensor<i32>
}

// -----

// What rounds differently from platform to platform stays, and so do large tensors.

// CHECK-LABEL: @not_computed
// CHECK: xtensor.exp
// CHECK: xtensor.reduce_sum
// CHECK: xtensor.broadcast_in_dim
func.func @not_computed() -> (tensor<f32>, tensor<f32>, tensor<4000xf32>) {
  %0 = xtensor.constant dense<2.0> : tensor<f32>
  %1 = xtensor.exp %0 : tensor<f32>
  %2 = xtensor.constant dense<[0.1, 0.2, 0.3]> : tensor<3xf32>
  %3 = xtensor.reduce_sum %2 over [0] : tensor<3xf32> -> tensor<f32>
  %4 = xtensor.broadcast_in_dim %0 dims [] : tensor<f32> -> tensor<4000xf32>
  func.return %1, %3, %4 : tensor<f32>, tensor<f32>, tensor<4000xf32>
}

// -----

// Moves of data cancel.

// CHECK-LABEL: @moves
// CHECK-NEXT: func.return %x, %x, %x, %x :
func.func @moves(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = xtensor.transpose %x, [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %1 = xtensor.transpose %0, [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %2 = xtensor.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  %3 = xtensor.reshape %2 : tensor<6xf32> -> tensor<2x3xf32>
  %4 = xtensor.convert_element_type %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %5, %6 = xtensor.unstack %x axis 0 : (tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  %7 = xtensor.concatenate %x dim 0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %1, %3, %4, %7 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// Parts of what was put together; slices at known indices, which are clamped.

// CHECK-LABEL: @parts
// CHECK-NEXT: %0 = xtensor.slice %x from [2] to [4] by [1]
// CHECK-NEXT: func.return %y, %0
func.func @parts(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<2xf32>) {
  %0 = xtensor.stack %x, %y axis 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %1, %2 = xtensor.unstack %0 axis 0 : (tensor<2x4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %i = xtensor.constant dense<7> : tensor<i32>
  %3 = xtensor.dynamic_slice %x at (%i) sizes [2] : (tensor<4xf32>, tensor<i32>) -> tensor<2xf32>
  func.return %2, %3 : tensor<4xf32>, tensor<2xf32>
}

// -----

// Branches and loops of which it is known how they go.

// CHECK-LABEL: @control
// CHECK-NEXT: %0 = xtensor.neg %x
// CHECK-NEXT: func.return %0, %x
func.func @control(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %i = xtensor.constant dense<5> : tensor<i32>
  %0 = xtensor.cond %i -> tensor<f32> {
    xtensor.yield %x : tensor<f32>
  } {
    %1 = xtensor.neg %x : tensor<f32>
    xtensor.yield %1 : tensor<f32>
  }
  %2 = xtensor.while (%a = %x : tensor<f32>) while {
    %3 = xtensor.constant dense<false> : tensor<i1>
    xtensor.yield %3 : tensor<i1>
  } do {
    %4 = xtensor.exp %a : tensor<f32>
    xtensor.yield %4 : tensor<f32>
  }
  func.return %0, %2 : tensor<f32>, tensor<f32>
}
