// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Contractions: sums of products over shared dimensions.

func.func @contraction(%x: tensor<4x6xf32>, %y: tensor<6x2xf32>, %q: tensor<2x8x3xbf16>, %k: tensor<5x2x3xbf16>) {
  // CHECK-LABEL: func.func @contraction
  // CHECK-NEXT: %{{.*}} = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  %0 = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  // Batch dimensions come first; a wider result accumulates in its own type.
  // CHECK-NEXT: %{{.*}} = xtensor.dot_general %q, %k batch [0] x [1] contract [2] x [2] : (tensor<2x8x3xbf16>, tensor<5x2x3xbf16>) -> tensor<2x8x5xf32>
  %1 = xtensor.dot_general %q, %k batch [0] x [1] contract [2] x [2] : (tensor<2x8x3xbf16>, tensor<5x2x3xbf16>) -> tensor<2x8x5xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] precision highest x default : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  %2 = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] precision highest x default : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  func.return
}

// Operands may be of different types. An algorithm says what to multiply and to sum in.
func.func @arithmetic(%x: tensor<4x6xf32>, %h: tensor<6x2xbf16>) {
  // CHECK-LABEL: func.func @arithmetic
  // CHECK-NEXT: %{{.*}} = xtensor.dot_general %x, %h batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xbf16>) -> tensor<4x2xf32>
  %0 = xtensor.dot_general %x, %h batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xbf16>) -> tensor<4x2xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.dot_general %x, %h batch [] x [] contract [1] x [0] algorithm BF16_BF16_F32_X3 : (tensor<4x6xf32>, tensor<6x2xbf16>) -> tensor<4x2xbf16>
  %1 = xtensor.dot_general %x, %h batch [] x [] contract [1] x [0] algorithm BF16_BF16_F32_X3 : (tensor<4x6xf32>, tensor<6x2xbf16>) -> tensor<4x2xbf16>
  func.return
}

// x

// These say what they compute.
func.func @composites(%x: tensor<2x3x4xf32>, %y: tensor<2x4x5xf32>, %g: tensor<2xi32>) {
  // CHECK-LABEL: func.func @composites
  // CHECK-NEXT: %{{.*}} = xtensor.ragged_dot_general batch [0] x [0] contract [2] x [1] ragged [0] groups [] (%a = %x : tensor<2x3x4xf32>, %b = %y : tensor<2x4x5xf32>, %s = %g : tensor<2xi32>) -> tensor<2x3x5xf32> {
  // CHECK-NEXT:     %p = xtensor.dot_general %a, %b batch [0] x [0] contract [2] x [1] : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // CHECK-NEXT:     xtensor.yield %p : tensor<2x3x5xf32>
  // CHECK-NEXT:   }
  %0 = xtensor.ragged_dot_general batch [0] x [0] contract [2] x [1] ragged [0] groups [] (%a = %x : tensor<2x3x4xf32>, %b = %y : tensor<2x4x5xf32>, %s = %g : tensor<2xi32>) -> tensor<2x3x5xf32> {
    %p = xtensor.dot_general %a, %b batch [0] x [0] contract [2] x [1] : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
    xtensor.yield %p : tensor<2x3x5xf32>
  }
  func.return
}
