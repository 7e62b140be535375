// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// A cumulative reduction is one over windows that reach to one end.

// The window of an element ends there,
func.func private @sum(%x: tensor<4x6xi32>) -> tensor<4x6xi32> {
  %r = xtensor.cumsum %x axis 1 : tensor<4x6xi32>
  func.return %r : tensor<4x6xi32>
}
// CHECK-LABEL: func.func private @sum(%x: tensor<4x6xi32>) -> tensor<4x6xi32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %r = "stablehlo.reduce_window"(%x, %0) <{window_dimensions = array<i64: 1, 6>, window_strides = array<i64: 1, 1>, padding = dense<{{\[\[}}0, 0], [5, 0]]> : tensor<2x2xi64>, base_dilations = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>}> ({
// CHECK-NEXT:    ^bb0(%1: tensor<i32>, %2: tensor<i32>):
// CHECK-NEXT:      %3 = stablehlo.add %1, %2 : tensor<i32>
// CHECK-NEXT:      stablehlo.return %3 : tensor<i32>
// CHECK-NEXT:    }) : (tensor<4x6xi32>, tensor<i32>) -> tensor<4x6xi32>
// CHECK-NEXT:    func.return %r : tensor<4x6xi32>
// CHECK-NEXT:  }

// or starts there.
func.func private @max(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.cummax %x axis 0 reverse : tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @max(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %r = "stablehlo.reduce_window"(%x, %0) <{window_dimensions = array<i64: 4, 1>, window_strides = array<i64: 1, 1>, padding = dense<{{\[\[}}0, 3], [0, 0]]> : tensor<2x2xi64>, base_dilations = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>}> ({
// CHECK-NEXT:    ^bb0(%1: tensor<f32>, %2: tensor<f32>):
// CHECK-NEXT:      %3 = stablehlo.maximum %1, %2 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %3 : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// Sums of exponentials are kept as logarithms.
func.func private @logsumexp(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = xtensor.cumlogsumexp %x axis 0 : tensor<4xf32>
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func private @logsumexp(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %r = "stablehlo.reduce_window"(%x, %0) <{window_dimensions = array<i64: 4>, window_strides = array<i64: 1>, padding = dense<{{\[\[}}3, 0]]> : tensor<1x2xi64>, base_dilations = array<i64: 1>, window_dilations = array<i64: 1>}> ({
// CHECK-NEXT:    ^bb0(%1: tensor<f32>, %2: tensor<f32>):
// CHECK-NEXT:      %3 = stablehlo.maximum %1, %2 : tensor<f32>
// CHECK-NEXT:      %4 = stablehlo.subtract %1, %2 : tensor<f32>
// CHECK-NEXT:      %5 = stablehlo.compare NE, %4, %4, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %6 = stablehlo.add %1, %2 : tensor<f32>
// CHECK-NEXT:      %7 = stablehlo.abs %4 : tensor<f32>
// CHECK-NEXT:      %8 = stablehlo.negate %7 : tensor<f32>
// CHECK-NEXT:      %9 = stablehlo.exponential %8 : tensor<f32>
// CHECK-NEXT:      %10 = stablehlo.log_plus_one %9 : tensor<f32>
// CHECK-NEXT:      %11 = stablehlo.add %3, %10 : tensor<f32>
// CHECK-NEXT:      %12 = stablehlo.select %5, %6, %11 : tensor<i1>, tensor<f32>
// CHECK-NEXT:      stablehlo.return %12 : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %r : tensor<4xf32>
// CHECK-NEXT:  }

// There is nothing to do for no elements.
func.func private @nothing(%x: tensor<0x6xf32>) -> tensor<0x6xf32> {
  %r = xtensor.cumprod %x axis 0 : tensor<0x6xf32>
  func.return %r : tensor<0x6xf32>
}
// CHECK-LABEL: func.func private @nothing(%x: tensor<0x6xf32>) -> tensor<0x6xf32> {
// CHECK-NEXT:    func.return %x : tensor<0x6xf32>
// CHECK-NEXT:  }
