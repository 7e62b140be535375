// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Windows are written out, as JAX does.

// A fold of each window starts from the identity.
func.func private @max(%x: tensor<4x6xf32>) -> tensor<2x4xf32> {
  %r = xtensor.reduce_window_max %x window [2, 3] strides [2, 1] low [0, 1] high [0, -1] : tensor<4x6xf32> -> tensor<2x4xf32>
  func.return %r : tensor<2x4xf32>
}
// CHECK-LABEL: func.func private @max(%x: tensor<4x6xf32>) -> tensor<2x4xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %r = "stablehlo.reduce_window"(%x, %0) <{window_dimensions = array<i64: 2, 3>, window_strides = array<i64: 2, 1>, padding = dense<{{\[\[}}0, 0], [1, -1]]> : tensor<2x2xi64>, base_dilations = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>}> ({
// CHECK-NEXT:    ^bb0(%1: tensor<f32>, %2: tensor<f32>):
// CHECK-NEXT:      %3 = stablehlo.maximum %1, %2 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %3 : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<2x4xf32>
// CHECK-NEXT:    func.return %r : tensor<2x4xf32>
// CHECK-NEXT:  }

// A fold by a function starts from what is given.
func.func private @by_a_function(%x: tensor<4x6xf32>, %f: tensor<f32>) -> tensor<3x5xf32> {
  %r = xtensor.reduce_window(%x) from(%f) window [2, 2] : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = xtensor.add %a, %b : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return %r : tensor<3x5xf32>
}
// CHECK-LABEL: func.func private @by_a_function(%x: tensor<4x6xf32>, %f: tensor<f32>) -> tensor<3x5xf32> {
// CHECK-NEXT:    %r = "stablehlo.reduce_window"(%x, %f) <{window_dimensions = array<i64: 2, 2>, window_strides = array<i64: 1, 1>, padding = dense<0> : tensor<2x2xi64>, base_dilations = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>}> ({
// CHECK-NEXT:    ^bb0(%0: tensor<f32>, %1: tensor<f32>):
// CHECK-NEXT:      %s = stablehlo.add %0, %1 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %s : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<3x5xf32>
// CHECK-NEXT:    func.return %r : tensor<3x5xf32>
// CHECK-NEXT:  }

// The selected element takes its tangent along.
func.func private @gather(%t: tensor<4x6xf32>, %x: tensor<4x6xf32>) -> tensor<2x2xf32> {
  %r = xtensor.select_and_gather_add %t where le %x window [2, 3] strides [2, 3] : tensor<4x6xf32> -> tensor<2x2xf32>
  func.return %r : tensor<2x2xf32>
}
// CHECK-LABEL: func.func private @gather(%t: tensor<4x6xf32>, %x: tensor<4x6xf32>) -> tensor<2x2xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0x7F800000> : tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %2, %r = "stablehlo.reduce_window"(%x, %t, %0, %1) <{window_dimensions = array<i64: 2, 3>, window_strides = array<i64: 2, 3>, padding = dense<0> : tensor<2x2xi64>, base_dilations = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>}> ({
// CHECK-NEXT:    ^bb0(%3: tensor<f32>, %4: tensor<f32>, %5: tensor<f32>, %6: tensor<f32>):
// CHECK-NEXT:      %7 = stablehlo.compare LE, %3, %5, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %8 = stablehlo.select %7, %3, %5 : tensor<i1>, tensor<f32>
// CHECK-NEXT:      %9 = stablehlo.select %7, %4, %6 : tensor<i1>, tensor<f32>
// CHECK-NEXT:      stablehlo.return %8, %9 : tensor<f32>, tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<4x6xf32>, tensor<f32>, tensor<f32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
// CHECK-NEXT:    func.return %r : tensor<2x2xf32>
// CHECK-NEXT:  }

// The operand is padded before, and the result cut to size.
func.func private @scatter(%s: tensor<2x2xf32>, %x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %r = xtensor.select_and_scatter_add %s where ge %x window [2, 3] strides [2, 3] high [0, 1] : (tensor<2x2xf32>, tensor<4x5xf32>) -> tensor<4x5xf32>
  func.return %r : tensor<4x5xf32>
}
// CHECK-LABEL: func.func private @scatter(%s: tensor<2x2xf32>, %x: tensor<4x5xf32>) -> tensor<4x5xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.pad %x, %0, low = [0, 0], high = [0, 1], interior = [0, 0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    %2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %3 = "stablehlo.select_and_scatter"(%1, %s, %2) <{window_dimensions = array<i64: 2, 3>, window_strides = array<i64: 2, 3>, padding = dense<0> : tensor<2x2xi64>}> ({
// CHECK-NEXT:    ^bb0(%4: tensor<f32>, %5: tensor<f32>):
// CHECK-NEXT:      %6 = stablehlo.compare GE, %4, %5, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      stablehlo.return %6 : tensor<i1>
// CHECK-NEXT:    }, {
// CHECK-NEXT:    ^bb0(%7: tensor<f32>, %8: tensor<f32>):
// CHECK-NEXT:      %9 = stablehlo.add %7, %8 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %9 : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.slice %3 [0:4, 0:5] : (tensor<4x6xf32>) -> tensor<4x5xf32>
// CHECK-NEXT:    func.return %r : tensor<4x5xf32>
// CHECK-NEXT:  }

// Both functions are lowered.
func.func private @scatter_by_functions(%x: tensor<4x6xf32>, %s: tensor<2x2xf32>, %f: tensor<f32>) -> tensor<4x6xf32> {
  %r = xtensor.select_and_scatter %x, %s from %f window [2, 3] strides [2, 3] : (tensor<4x6xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<4x6xf32> select {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %p = xtensor.gt %a, %b : tensor<f32>
    xtensor.yield %p : tensor<i1>
  } scatter {
  ^bb0(%old: tensor<f32>, %new: tensor<f32>):
    %m = xtensor.mul %old, %new : tensor<f32>
    xtensor.yield %m : tensor<f32>
  }
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @scatter_by_functions(%x: tensor<4x6xf32>, %s: tensor<2x2xf32>, %f: tensor<f32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %r = "stablehlo.select_and_scatter"(%x, %s, %f) <{window_dimensions = array<i64: 2, 3>, window_strides = array<i64: 2, 3>, padding = dense<0> : tensor<2x2xi64>}> ({
// CHECK-NEXT:    ^bb0(%0: tensor<f32>, %1: tensor<f32>):
// CHECK-NEXT:      %p = stablehlo.compare GT, %0, %1, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      stablehlo.return %p : tensor<i1>
// CHECK-NEXT:    }, {
// CHECK-NEXT:    ^bb0(%2: tensor<f32>, %3: tensor<f32>):
// CHECK-NEXT:      %m = stablehlo.multiply %2, %3 : tensor<f32>
// CHECK-NEXT:      stablehlo.return %m : tensor<f32>
// CHECK-NEXT:    }) : (tensor<4x6xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }
