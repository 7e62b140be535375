// RUN: xcs-opt %s -p 'vmap{function=twice in-axes=0,none size=8},vmap{function=twice in-axes=0,0 out-axes=1 size=3},\
// RUN:vmap{function=constant out-axes=none,0,1 size=2},\
// RUN:vmap{function=caller into=mapped in-axes=0,none size=8}' | filecheck %s

// Functions: which arguments and results have the batch, and what is called.

// Twice: the second batch is around the first.
func.func @twice(%x : tensor<f32>, %y : tensor<f32>) -> tensor<f32> {
  %z = xtensor.sub %x, %y : tensor<f32>
  func.return %z : tensor<f32>
}
// CHECK-LABEL: func.func @twice(%x: tensor<3x8xf32>, %y: tensor<3xf32>) -> tensor<8x3xf32> {
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %y dims [0] : tensor<3xf32> -> tensor<3x8xf32>
// CHECK-NEXT:    %z = xtensor.sub %x, %0 : tensor<3x8xf32>
// CHECK-NEXT:    %1 = xtensor.transpose %z, [1, 0] : tensor<3x8xf32> -> tensor<8x3xf32>
// CHECK-NEXT:    func.return %1 : tensor<8x3xf32>
// CHECK-NEXT:  }

// A result that does not depend on the batch may go without, or is repeated.
func.func @constant(%x : tensor<3xf32>) -> (tensor<f32>, tensor<f32>, tensor<3xf32>) {
  %c = xtensor.constant dense<2.0> : tensor<f32>
  func.return %c, %c, %x : tensor<f32>, tensor<f32>, tensor<3xf32>
}
// CHECK-LABEL: func.func @constant(%x: tensor<2x3xf32>) -> (tensor<f32>, tensor<2xf32>, tensor<3x2xf32>) {
// CHECK-NEXT:    %c = xtensor.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %c dims [] : tensor<f32> -> tensor<2xf32>
// CHECK-NEXT:    %1 = xtensor.transpose %x, [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
// CHECK-NEXT:    func.return %c, %0, %1 : tensor<f32>, tensor<2xf32>, tensor<3x2xf32>
// CHECK-NEXT:  }

// The function stays if its batched form has another name. What it calls is batched too, once for
// each choice of operands that have a batch.
func.func @caller(%x : tensor<4xf32>, %w : tensor<4xf32>) -> tensor<4xf32> {
  %a = func.call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %b = func.call @callee(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %c = func.call @callee(%w) : (tensor<4xf32>) -> tensor<4xf32>
  %d = xtensor.add %b, %c : tensor<4xf32>
  func.return %d : tensor<4xf32>
}
func.func private @callee(%x : tensor<4xf32>) -> tensor<4xf32> {
  %r = xtensor.exp %x : tensor<4xf32>
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func @caller(%x: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %a = func.call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %b = func.call @callee(%a) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %c = func.call @callee(%w) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %d = xtensor.add %b, %c : tensor<4xf32>
// CHECK-NEXT:    func.return %d : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: func.func @mapped(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %a = func.call @callee_batched(%x) : (tensor<8x4xf32>) -> tensor<8x4xf32>
// CHECK-NEXT:    %b = func.call @callee_batched(%a) : (tensor<8x4xf32>) -> tensor<8x4xf32>
// CHECK-NEXT:    %c = func.call @callee(%w) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %c dims [1] : tensor<4xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    %d = xtensor.add %b, %0 : tensor<8x4xf32>
// CHECK-NEXT:    func.return %d : tensor<8x4xf32>
// CHECK-NEXT:  }

// CHECK-LABEL: func.func private @callee(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %r = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %r : tensor<4xf32>
// CHECK-NEXT:  }

// CHECK-LABEL: func.func private @callee_batched(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %r = xtensor.exp %x : tensor<8x4xf32>
// CHECK-NEXT:    func.return %r : tensor<8x4xf32>
// CHECK-NEXT:  }
