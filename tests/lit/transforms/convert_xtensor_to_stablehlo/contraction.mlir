// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// The precision is always written, as JAX does.

// A product of matrices.
func.func private @matmul(%x: tensor<4x6xf32>, %y: tensor<6x2xf32>) -> tensor<4x2xf32> {
  %r = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  func.return %r : tensor<4x2xf32>
}
// CHECK-LABEL: func.func private @matmul(%x: tensor<4x6xf32>, %y: tensor<6x2xf32>) -> tensor<4x2xf32> {
// CHECK-NEXT:    %r = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
// CHECK-NEXT:    func.return %r : tensor<4x2xf32>
// CHECK-NEXT:  }

// Batches of them, summed in a wider type.
func.func private @batched(%q: tensor<2x8x3xbf16>, %k: tensor<5x2x3xbf16>) -> tensor<2x8x5xf32> {
  %r = xtensor.dot_general %q, %k batch [0] x [1] contract [2] x [2] precision highest x default : (tensor<2x8x3xbf16>, tensor<5x2x3xbf16>) -> tensor<2x8x5xf32>
  func.return %r : tensor<2x8x5xf32>
}
// CHECK-LABEL: func.func private @batched(%q: tensor<2x8x3xbf16>, %k: tensor<5x2x3xbf16>) -> tensor<2x8x5xf32> {
// CHECK-NEXT:    %r = stablehlo.dot_general %q, %k, batching_dims = [0] x [1], contracting_dims = [2] x [2], precision = [HIGHEST, DEFAULT] : (tensor<2x8x3xbf16>, tensor<5x2x3xbf16>) -> tensor<2x8x5xf32>
// CHECK-NEXT:    func.return %r : tensor<2x8x5xf32>
// CHECK-NEXT:  }
