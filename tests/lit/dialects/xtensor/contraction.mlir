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
