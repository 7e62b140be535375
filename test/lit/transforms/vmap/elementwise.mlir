// RUN: xcs-opt %s -p 'vmap{function=in_place in-axes=1 out-axes=1 size=8},\
// RUN:vmap{function=two_places in-axes=0,1 size=8},\
// RUN:vmap{function=shared in-axes=0,none size=8},\
// RUN:vmap{function=scalars in-axes=0,none,0 size=8}' | filecheck %s

// Operands get the batch at one place.

// It stays where it is if all have it there; a repeated number is repeated anew.
func.func @in_place(%x : tensor<4xf32>) -> tensor<4xf32> {
  %c = xtensor.constant dense<2.0> : tensor<f32>
  %b = xtensor.broadcast_in_dim %c dims [] : tensor<f32> -> tensor<4xf32>
  %y = xtensor.mul %x, %b : tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: func.func @in_place(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
// CHECK-NEXT:    %c = xtensor.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %c dims [] : tensor<f32> -> tensor<4x8xf32>
// CHECK-NEXT:    %y = xtensor.mul %x, %0 : tensor<4x8xf32>
// CHECK-NEXT:    func.return %y : tensor<4x8xf32>
// CHECK-NEXT:  }

// It comes first otherwise.
func.func @two_places(%x : tensor<4xf32>, %y : tensor<4xf32>) -> tensor<4xf32> {
  %z = xtensor.add %x, %y : tensor<4xf32>
  func.return %z : tensor<4xf32>
}
// CHECK-LABEL: func.func @two_places(%x: tensor<8x4xf32>, %y: tensor<4x8xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %0 = xtensor.transpose %y, [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    %z = xtensor.add %x, %0 : tensor<8x4xf32>
// CHECK-NEXT:    func.return %z : tensor<8x4xf32>
// CHECK-NEXT:  }

// What does not depend on the batch is computed once, and repeated where it meets what does.
func.func @shared(%x : tensor<4xf32>, %w : tensor<4xf32>) -> tensor<4xf32> {
  %s = xtensor.sin %w : tensor<4xf32>
  %y = xtensor.mul %x, %s : tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: func.func @shared(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %s = xtensor.sin %w : tensor<4xf32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %s dims [1] : tensor<4xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    %y = xtensor.mul %x, %0 : tensor<8x4xf32>
// CHECK-NEXT:    func.return %y : tensor<8x4xf32>
// CHECK-NEXT:  }

// A scalar predicate or bound is one for each element.
func.func @scalars(%p : tensor<i1>, %low : tensor<f32>, %x : tensor<4xf32>) -> tensor<4xf32> {
  %y = xtensor.clamp %low, %x, %low : tensor<f32>, tensor<4xf32>, tensor<f32>
  %z = xtensor.select_n %p, %x, %y : tensor<i1>, tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  func.return %z : tensor<4xf32>
}
// CHECK-LABEL: func.func @scalars(%p: tensor<8xi1>, %low: tensor<f32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %y = xtensor.clamp %low, %x, %low : tensor<f32>, tensor<8x4xf32>, tensor<f32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %p dims [0] : tensor<8xi1> -> tensor<8x4xi1>
// CHECK-NEXT:    %z = xtensor.select_n %0, %x, %y : tensor<8x4xi1>, tensor<8x4xf32>, tensor<8x4xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    func.return %z : tensor<8x4xf32>
// CHECK-NEXT:  }
