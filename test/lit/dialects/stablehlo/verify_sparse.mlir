// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// CHECK: an encoding for 1 dimensions
func.func @rank(%x: tensor<4x6xf32, #sparse_tensor.encoding<{ map = (i) -> (i : compressed) }>>) {
  %0 = stablehlo.negate %x : tensor<4x6xf32, #sparse_tensor.encoding<{ map = (i) -> (i : compressed) }>>
  func.return
}

// -----

// CHECK: positions are integers of 8, 16, 32 or 64 bits
func.func @width(%x: tensor<4xf32, #sparse_tensor.encoding<{ map = (i) -> (i : compressed), posWidth = 7 }>>) {
  func.return
}

// -----

// CHECK: each dimension is one level, or its blocks and their places
func.func @map(%x: tensor<4x6xf32, #sparse_tensor.encoding<{ map = (i, j) -> (i : dense) }>>) {
  func.return
}

// -----

// CHECK: batches are the first levels
func.func @batch(%x: tensor<4x6xf32, #sparse_tensor.encoding<{ map = (i, j) -> (i : dense, j : batch) }>>) {
  func.return
}

// -----

// CHECK: what is not stored is zero
func.func @implicit(%x: tensor<4xf32, #sparse_tensor.encoding<{ map = (i) -> (i : compressed), implicitVal = 1.0 : f32 }>>) {
  func.return
}

// -----

// CHECK: expected one of dense, batch, compressed
func.func @format(%x: tensor<4xf32, #sparse_tensor.encoding<{ map = (i) -> (i : packed) }>>) {
  func.return
}
