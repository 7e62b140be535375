// RUN: xcs-opt %s -p 'vmap{function=both in-axes=0,1 size=8},\
// RUN:vmap{function=lhs in-axes=0,none size=8},\
// RUN:vmap{function=rhs in-axes=none,0 size=8},\
// RUN:vmap{function=conv in-axes=0,none size=8},\
// RUN:vmap{function=conv_both in-axes=0,0 size=8}' | filecheck %s

// The batch is a batch dimension of both operands, or a free one of one.

// Both operands differ between the elements.
func.func @both(%x : tensor<4x6xf32>, %y : tensor<6x2xf32>) -> tensor<4x2xf32> {
  %r = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  func.return %r : tensor<4x2xf32>
}
// CHECK-LABEL: func.func @both(%x: tensor<8x4x6xf32>, %y: tensor<6x8x2xf32>) -> tensor<8x4x2xf32> {
// CHECK-NEXT:    %r = xtensor.dot_general %x, %y batch [0] x [1] contract [2] x [0] : (tensor<8x4x6xf32>, tensor<6x8x2xf32>) -> tensor<8x4x2xf32>
// CHECK-NEXT:    func.return %r : tensor<8x4x2xf32>
// CHECK-NEXT:  }

// One right-hand side: all rows of all elements are multiplied at once.
func.func @lhs(%x : tensor<4x6xf32>, %y : tensor<6x2xf32>) -> tensor<4x2xf32> {
  %r = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  func.return %r : tensor<4x2xf32>
}
// CHECK-LABEL: func.func @lhs(%x: tensor<8x4x6xf32>, %y: tensor<6x2xf32>) -> tensor<8x4x2xf32> {
// CHECK-NEXT:    %r = xtensor.dot_general %x, %y batch [] x [] contract [2] x [0] : (tensor<8x4x6xf32>, tensor<6x2xf32>) -> tensor<8x4x2xf32>
// CHECK-NEXT:    func.return %r : tensor<8x4x2xf32>
// CHECK-NEXT:  }

// The free dimensions of the right-hand side come last.
func.func @rhs(%x : tensor<3x4x6xf32>, %y : tensor<3x6x2xf32>) -> tensor<3x4x2xf32> {
  %r = xtensor.dot_general %x, %y batch [0] x [0] contract [2] x [1] : (tensor<3x4x6xf32>, tensor<3x6x2xf32>) -> tensor<3x4x2xf32>
  func.return %r : tensor<3x4x2xf32>
}
// CHECK-LABEL: func.func @rhs(%x: tensor<3x4x6xf32>, %y: tensor<8x3x6x2xf32>) -> tensor<8x3x4x2xf32> {
// CHECK-NEXT:    %r = xtensor.dot_general %x, %y batch [0] x [1] contract [2] x [2] : (tensor<3x4x6xf32>, tensor<8x3x6x2xf32>) -> tensor<3x4x8x2xf32>
// CHECK-NEXT:    %0 = xtensor.transpose %r, [2, 0, 1, 3] : tensor<3x4x8x2xf32> -> tensor<8x3x4x2xf32>
// CHECK-NEXT:    func.return %0 : tensor<8x3x4x2xf32>
// CHECK-NEXT:  }

// A convolution has no dimension for the batch: it becomes part of the examples.
func.func @conv(%x : tensor<2x3x9xf32>, %w : tensor<5x3x3xf32>) -> tensor<2x5x7xf32> {
  %r = xtensor.conv_general_dilated %x, %w dims [b, f, 0] x [o, i, 0] -> [b, f, 0] : (tensor<2x3x9xf32>, tensor<5x3x3xf32>) -> tensor<2x5x7xf32>
  func.return %r : tensor<2x5x7xf32>
}
// CHECK-LABEL: func.func @conv(%x: tensor<8x2x3x9xf32>, %w: tensor<5x3x3xf32>) -> tensor<8x2x5x7xf32> {
// CHECK-NEXT:    %0 = xtensor.reshape %x : tensor<8x2x3x9xf32> -> tensor<16x3x9xf32>
// CHECK-NEXT:    %1 = xtensor.conv_general_dilated %0, %w dims [b, f, 0] x [o, i, 0] -> [b, f, 0] : (tensor<16x3x9xf32>, tensor<5x3x3xf32>) -> tensor<16x5x7xf32>
// CHECK-NEXT:    %r = xtensor.reshape %1 : tensor<16x5x7xf32> -> tensor<8x2x5x7xf32>
// CHECK-NEXT:    func.return %r : tensor<8x2x5x7xf32>
// CHECK-NEXT:  }

// Or one more group of features, where each element has a kernel of its own.
func.func @conv_both(%x : tensor<2x3x9xf32>, %w : tensor<5x3x3xf32>) -> tensor<2x5x7xf32> {
  %r = xtensor.conv_general_dilated %x, %w dims [b, f, 0] x [o, i, 0] -> [b, f, 0] : (tensor<2x3x9xf32>, tensor<5x3x3xf32>) -> tensor<2x5x7xf32>
  func.return %r : tensor<2x5x7xf32>
}
// CHECK-LABEL: func.func @conv_both(%x: tensor<8x2x3x9xf32>, %w: tensor<8x5x3x3xf32>) -> tensor<8x2x5x7xf32> {
// CHECK-NEXT:    %0 = xtensor.transpose %x, [1, 0, 2, 3] : tensor<8x2x3x9xf32> -> tensor<2x8x3x9xf32>
// CHECK-NEXT:    %1 = xtensor.reshape %0 : tensor<2x8x3x9xf32> -> tensor<2x24x9xf32>
// CHECK-NEXT:    %2 = xtensor.reshape %w : tensor<8x5x3x3xf32> -> tensor<40x3x3xf32>
// CHECK-NEXT:    %3 = xtensor.conv_general_dilated %1, %2 dims [b, f, 0] x [o, i, 0] -> [b, f, 0] feature_groups 8 : (tensor<2x24x9xf32>, tensor<40x3x3xf32>) -> tensor<2x40x7xf32>
// CHECK-NEXT:    %r = xtensor.reshape %3 : tensor<2x40x7xf32> -> tensor<2x8x5x7xf32>
// CHECK-NEXT:    %4 = xtensor.transpose %r, [1, 0, 2, 3] : tensor<2x8x5x7xf32> -> tensor<8x2x5x7xf32>
// CHECK-NEXT:    func.return %4 : tensor<8x2x5x7xf32>
// CHECK-NEXT:  }
