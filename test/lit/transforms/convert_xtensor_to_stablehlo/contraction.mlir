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

// Operands of different types are converted to that of the result,
func.func private @mixed(%x: tensor<4x6xbf16>, %y: tensor<6x2xf32>) -> tensor<4x2xf32> {
  %r = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xbf16>, tensor<6x2xf32>) -> tensor<4x2xf32>
  func.return %r : tensor<4x2xf32>
}
// CHECK-LABEL: func.func private @mixed(%x: tensor<4x6xbf16>, %y: tensor<6x2xf32>) -> tensor<4x2xf32> {
// CHECK-NEXT:    %0 = stablehlo.convert %x : (tensor<4x6xbf16>) -> tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.dot_general %0, %y, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
// CHECK-NEXT:    func.return %r : tensor<4x2xf32>
// CHECK-NEXT:  }

// but not the formats of which XLA takes different ones.
func.func private @mixed_narrow(%x: tensor<4x6xf8E4M3FN>, %y: tensor<6x2xf8E5M2>) -> tensor<4x2xf32> {
  %r = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] : (tensor<4x6xf8E4M3FN>, tensor<6x2xf8E5M2>) -> tensor<4x2xf32>
  func.return %r : tensor<4x2xf32>
}
// CHECK-LABEL: func.func private @mixed_narrow(%x: tensor<4x6xf8E4M3FN>, %y: tensor<6x2xf8E5M2>) -> tensor<4x2xf32> {
// CHECK-NEXT:    %r = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<4x6xf8E4M3FN>, tensor<6x2xf8E5M2>) -> tensor<4x2xf32>
// CHECK-NEXT:    func.return %r : tensor<4x2xf32>
// CHECK-NEXT:  }

// An algorithm has types of its own for the operands and for the sums.
func.func private @algorithm(%x: tensor<4x6xf16>, %y: tensor<6x2xf32>) -> tensor<4x2xf16> {
  %r = xtensor.dot_general %x, %y batch [] x [] contract [1] x [0] algorithm BF16_BF16_F32 : (tensor<4x6xf16>, tensor<6x2xf32>) -> tensor<4x2xf16>
  func.return %r : tensor<4x2xf16>
}
// CHECK-LABEL: func.func private @algorithm(%x: tensor<4x6xf16>, %y: tensor<6x2xf32>) -> tensor<4x2xf16> {
// CHECK-NEXT:    %0 = stablehlo.convert %x : (tensor<4x6xf16>) -> tensor<4x6xbf16>
// CHECK-NEXT:    %1 = stablehlo.dot_general %0, %y, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT], algorithm = <lhs_precision_type = bf16, rhs_precision_type = bf16, accumulation_type = f32, lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> : (tensor<4x6xbf16>, tensor<6x2xf32>) -> tensor<4x2xf32>
// CHECK-NEXT:    %r = stablehlo.convert %1 : (tensor<4x2xf32>) -> tensor<4x2xf16>
// CHECK-NEXT:    func.return %r : tensor<4x2xf16>
// CHECK-NEXT:  }
