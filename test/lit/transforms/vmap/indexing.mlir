// RUN: xcs-opt %s -p 'vmap{function=same in-axes=0,none size=8},\
// RUN:vmap{function=each in-axes=0,0 size=8},\
// RUN:vmap{function=update in-axes=none,none,0 size=8},\
// RUN:vmap{function=table in-axes=none,0 size=8},\
// RUN:vmap{function=scatter in-axes=0,none,0 size=8}' | filecheck %s

// A slice at one place stays one; slices at places of their own are a gather or a scatter.

// One index for all elements.
func.func @same(%x : tensor<9xf32>, %i : tensor<i32>) -> tensor<2xf32> {
  %r = xtensor.dynamic_slice %x at (%i) sizes [2] : (tensor<9xf32>, tensor<i32>) -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}
// CHECK-LABEL: func.func @same(%x: tensor<8x9xf32>, %i: tensor<i32>) -> tensor<8x2xf32> {
// CHECK-NEXT:    %0 = xtensor.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %r = xtensor.dynamic_slice %x at(%0, %i) sizes [8, 2] : (tensor<8x9xf32>, tensor<i32>, tensor<i32>) -> tensor<8x2xf32>
// CHECK-NEXT:    func.return %r : tensor<8x2xf32>
// CHECK-NEXT:  }

// An index for each.
func.func @each(%x : tensor<9xf32>, %i : tensor<i32>) -> tensor<2xf32> {
  %r = xtensor.dynamic_slice %x at (%i) sizes [2] : (tensor<9xf32>, tensor<i32>) -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}
// CHECK-LABEL: func.func @each(%x: tensor<8x9xf32>, %i: tensor<8xi32>) -> tensor<8x2xf32> {
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %i dims [0] : tensor<8xi32> -> tensor<8x1xi32>
// CHECK-NEXT:    %r = xtensor.gather %x at %0 mode clip sizes [1, 2] offset [1] collapsed [] index [1] batching [0] x [0] sorted : (tensor<8x9xf32>, tensor<8x1xi32>) -> tensor<8x2xf32>
// CHECK-NEXT:    func.return %r : tensor<8x2xf32>
// CHECK-NEXT:  }

// An update at a place for each.
func.func @update(%x : tensor<9xf32>, %u : tensor<2xf32>, %i : tensor<i32>) -> tensor<9xf32> {
  %r = xtensor.dynamic_update_slice %x, %u at (%i) : (tensor<9xf32>, tensor<2xf32>, tensor<i32>) -> tensor<9xf32>
  func.return %r : tensor<9xf32>
}
// CHECK-LABEL: func.func @update(%x: tensor<9xf32>, %u: tensor<2xf32>, %i: tensor<8xi32>) -> tensor<8x9xf32> {
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %x dims [1] : tensor<9xf32> -> tensor<8x9xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %u dims [1] : tensor<2xf32> -> tensor<8x2xf32>
// CHECK-NEXT:    %2 = xtensor.broadcast_in_dim %i dims [0] : tensor<8xi32> -> tensor<8x1xi32>
// CHECK-NEXT:    %r = xtensor.scatter %0 at %2, %1 mode clip window [1] inserted [] index [1] batching [0] x [0] sorted unique : (tensor<8x9xf32>, tensor<8x1xi32>, tensor<8x2xf32>) -> tensor<8x9xf32>
// CHECK-NEXT:    func.return %r : tensor<8x9xf32>
// CHECK-NEXT:  }

// Many places in one table: they are in no order any more.
func.func @table(%x : tensor<9x4xf32>, %i : tensor<3x1xi32>) -> tensor<3x4xf32> {
  %r = xtensor.gather %x at %i mode clip sizes [1, 4] offset [1] collapsed [0] index [0] batching [] x [] sorted : (tensor<9x4xf32>, tensor<3x1xi32>) -> tensor<3x4xf32>
  func.return %r : tensor<3x4xf32>
}
// CHECK-LABEL: func.func @table(%x: tensor<9x4xf32>, %i: tensor<8x3x1xi32>) -> tensor<8x3x4xf32> {
// CHECK-NEXT:    %r = xtensor.gather %x at %i mode clip sizes [1, 4] offset [2] collapsed [0] index [0] batching [] x [] : (tensor<9x4xf32>, tensor<8x3x1xi32>) -> tensor<8x3x4xf32>
// CHECK-NEXT:    func.return %r : tensor<8x3x4xf32>
// CHECK-NEXT:  }

// The same places in all elements: the batch is part of each slice.
func.func @scatter(%x : tensor<9xf32>, %i : tensor<3x1xi32>, %u : tensor<3xf32>) -> tensor<9xf32> {
  %r = xtensor.scatter_add %x at %i, %u mode clip window [] inserted [0] index [0] batching [] x [] : (tensor<9xf32>, tensor<3x1xi32>, tensor<3xf32>) -> tensor<9xf32>
  func.return %r : tensor<9xf32>
}
// CHECK-LABEL: func.func @scatter(%x: tensor<8x9xf32>, %i: tensor<3x1xi32>, %u: tensor<8x3xf32>) -> tensor<8x9xf32> {
// CHECK-NEXT:    %r = xtensor.scatter_add %x at %i, %u mode clip window [0] inserted [1] index [1] batching [] x [] : (tensor<8x9xf32>, tensor<3x1xi32>, tensor<8x3xf32>) -> tensor<8x9xf32>
// CHECK-NEXT:    func.return %r : tensor<8x9xf32>
// CHECK-NEXT:  }
