// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Every windowed reduction.

func.func @folds(%x: tensor<4x6xf32>, %b: tensor<4x6xi1>) {
  // CHECK-LABEL: func.func @folds
  // Strides and dilations are 1, and there is no padding, unless they are written.
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_window_sum %x window [2, 3] : tensor<4x6xf32> -> tensor<3x4xf32>
  %0 = xtensor.reduce_window_sum %x window [2, 3] : tensor<4x6xf32> -> tensor<3x4xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_window_max %x window [2, 3] strides [2, 1] low [0, 1] high [0, -1] : tensor<4x6xf32> -> tensor<2x4xf32>
  %1 = xtensor.reduce_window_max %x window [2, 3] strides [2, 1] low [0, 1] high [0, -1] : tensor<4x6xf32> -> tensor<2x4xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_window_min %b window [2, 2] base_dilation [2, 1] window_dilation [1, 3] : tensor<4x6xi1> -> tensor<6x3xi1>
  %2 = xtensor.reduce_window_min %b window [2, 2] base_dilation [2, 1] window_dilation [1, 3] : tensor<4x6xi1> -> tensor<6x3xi1>
  func.return
}

// Several tensors may be folded together.
func.func @by_a_function(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %f: tensor<f32>, %n: tensor<i32>) {
  // CHECK-LABEL: func.func @by_a_function
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.reduce_window(%x, %i) from(%f, %n) window [2, 3] strides [2, 3] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {
  // CHECK-NEXT:   ^bb0(%a: tensor<f32>, %m: tensor<i32>, %b: tensor<f32>, %k: tensor<i32>):
  // CHECK-NEXT:     %s = xtensor.add %a, %b : tensor<f32>
  // CHECK-NEXT:     %t = xtensor.max %m, %k : tensor<i32>
  // CHECK-NEXT:     xtensor.yield %s, %t : tensor<f32>, tensor<i32>
  // CHECK-NEXT:   }
  %0, %1 = xtensor.reduce_window(%x, %i) from(%f, %n) window [2, 3] strides [2, 3] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {
  ^bb0(%a: tensor<f32>, %m: tensor<i32>, %b: tensor<f32>, %k: tensor<i32>):
    %s = xtensor.add %a, %b : tensor<f32>
    %t = xtensor.max %m, %k : tensor<i32>
    xtensor.yield %s, %t : tensor<f32>, tensor<i32>
  }
  func.return
}

// The greatest or the least element of a window is selected, and something else is done at its place.
func.func @selections(%x: tensor<4x6xf32>, %t: tensor<4x6xf32>, %s: tensor<2x2xf32>, %f: tensor<f32>) {
  // CHECK-LABEL: func.func @selections
  // CHECK-NEXT: %{{.*}} = xtensor.select_and_gather_add %t where ge %x window [2, 3] strides [2, 3] : tensor<4x6xf32> -> tensor<2x2xf32>
  %0 = xtensor.select_and_gather_add %t where ge %x window [2, 3] strides [2, 3] : tensor<4x6xf32> -> tensor<2x2xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.select_and_scatter_add %s where le %x window [2, 3] strides [2, 3] : (tensor<2x2xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %1 = xtensor.select_and_scatter_add %s where le %x window [2, 3] strides [2, 3] : (tensor<2x2xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.select_and_scatter %x, %s from %f window [2, 3] strides [2, 3] : (tensor<4x6xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<4x6xf32> select {
  // CHECK-NEXT:   ^bb0(%a: tensor<f32>, %b: tensor<f32>):
  // CHECK-NEXT:     %p = xtensor.gt %a, %b : tensor<f32>
  // CHECK-NEXT:     xtensor.yield %p : tensor<i1>
  // CHECK-NEXT:   } scatter {
  // CHECK-NEXT:   ^bb0(%old: tensor<f32>, %new: tensor<f32>):
  // CHECK-NEXT:     %m = xtensor.mul %old, %new : tensor<f32>
  // CHECK-NEXT:     xtensor.yield %m : tensor<f32>
  // CHECK-NEXT:   }
  %2 = xtensor.select_and_scatter %x, %s from %f window [2, 3] strides [2, 3] : (tensor<4x6xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<4x6xf32> select {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %p = xtensor.gt %a, %b : tensor<f32>
    xtensor.yield %p : tensor<i1>
  } scatter {
  ^bb0(%old: tensor<f32>, %new: tensor<f32>):
    %m = xtensor.mul %old, %new : tensor<f32>
    xtensor.yield %m : tensor<f32>
  }
  func.return
}
