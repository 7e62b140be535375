// RUN: xcs-opt %s -p 'vmap{function=axes in-axes=1 size=8},\
// RUN:vmap{function=cumulative in-axes=0 size=8},\
// RUN:vmap{function=window in-axes=1 out-axes=1 size=8},\
// RUN:vmap{function=fold in-axes=0,none size=8}' | filecheck %s

// Dimensions that are reduced move.

// The result does not have those before the batch.
func.func @axes(%x : tensor<4x6xf32>) -> (tensor<6xf32>, tensor<4xi32>) {
  %s = xtensor.reduce_sum %x over [0] : tensor<4x6xf32> -> tensor<6xf32>
  %i = xtensor.argmax %x over [1] : tensor<4x6xf32> -> tensor<4xi32>
  func.return %s, %i : tensor<6xf32>, tensor<4xi32>
}
// CHECK-LABEL: func.func @axes(%x: tensor<4x8x6xf32>) -> (tensor<8x6xf32>, tensor<8x4xi32>) {
// CHECK-NEXT:    %s = xtensor.reduce_sum %x over [0] : tensor<4x8x6xf32> -> tensor<8x6xf32>
// CHECK-NEXT:    %i = xtensor.argmax %x over [2] : tensor<4x8x6xf32> -> tensor<4x8xi32>
// CHECK-NEXT:    %0 = xtensor.transpose %i, [1, 0] : tensor<4x8xi32> -> tensor<8x4xi32>
// CHECK-NEXT:    func.return %s, %0 : tensor<8x6xf32>, tensor<8x4xi32>
// CHECK-NEXT:  }

// Cumulative reductions go along a dimension.
func.func @cumulative(%x : tensor<4x6xf32>) -> tensor<4x6xf32> {
  %s = xtensor.cumsum %x axis 1 reverse : tensor<4x6xf32>
  func.return %s : tensor<4x6xf32>
}
// CHECK-LABEL: func.func @cumulative(%x: tensor<8x4x6xf32>) -> tensor<8x4x6xf32> {
// CHECK-NEXT:    %s = xtensor.cumsum %x axis 2 reverse : tensor<8x4x6xf32>
// CHECK-NEXT:    func.return %s : tensor<8x4x6xf32>
// CHECK-NEXT:  }

// A window holds one element of the batch.
func.func @window(%x : tensor<4x6xf32>) -> tensor<3x2xf32> {
  %s = xtensor.reduce_window_max %x window [2, 3] strides [1, 3] : tensor<4x6xf32> -> tensor<3x2xf32>
  func.return %s : tensor<3x2xf32>
}
// CHECK-LABEL: func.func @window(%x: tensor<4x8x6xf32>) -> tensor<3x8x2xf32> {
// CHECK-NEXT:    %s = xtensor.reduce_window_max %x window [2, 1, 3] strides [1, 1, 3] : tensor<4x8x6xf32> -> tensor<3x8x2xf32>
// CHECK-NEXT:    func.return %s : tensor<3x8x2xf32>
// CHECK-NEXT:  }

// The function that folds is one of scalars, and stays.
func.func @fold(%x : tensor<4x6xf32>, %init : tensor<f32>) -> tensor<6xf32> {
  %s = xtensor.reduce (%x) from (%init) over [0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32> {
  ^bb0(%a : tensor<f32>, %b : tensor<f32>):
    %c = xtensor.mul %a, %b : tensor<f32>
    xtensor.yield %c : tensor<f32>
  }
  func.return %s : tensor<6xf32>
}
// CHECK-LABEL: func.func @fold(%x: tensor<8x4x6xf32>, %init: tensor<f32>) -> tensor<8x6xf32> {
// CHECK-NEXT:    %s = xtensor.reduce(%x) from(%init) over [1] : (tensor<8x4x6xf32>, tensor<f32>) -> tensor<8x6xf32> {
// CHECK-NEXT:    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
// CHECK-NEXT:      %c = xtensor.mul %a, %b : tensor<f32>
// CHECK-NEXT:      xtensor.yield %c : tensor<f32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %s : tensor<8x6xf32>
// CHECK-NEXT:  }
