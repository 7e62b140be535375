// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Quantised numbers whose types do not go together.

func.func @expressed(%x: tensor<4xf16>) {
  // CHECK: the result stands for f32, but the operand for f16
  %0 = stablehlo.uniform_quantize %x : (tensor<4xf16>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  func.return
}

// -----

func.func @dequantized(%x: tensor<4x!quant.uniform<i8:f32, 0.5:3>>) {
  // CHECK: the operand stands for f32, but the result is f16
  %0 = stablehlo.uniform_dequantize %x : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<4xf16>
  func.return
}

// -----

func.func @storage(%x: tensor<4x!quant.uniform<i8:f32, 0.5:3>>, %y: tensor<4x!quant.uniform<i4:f32, 0.5:3>>) {
  // CHECK: operands and result are stored in integers of different types
  %0 = stablehlo.add %x, %y : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>, tensor<4x!quant.uniform<i4:f32, 0.5:3>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  func.return
}

// -----

func.func @mixed(%x: tensor<4x!quant.uniform<i8:f32, 0.5:3>>, %y: tensor<4xf32>) {
  // CHECK: either all or none of operands and result are quantised
  %0 = stablehlo.add %x, %y : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>, tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  func.return
}

// -----

func.func @slices(%x: tensor<3x!quant.uniform<i8:f32:0, {0.5, 0.25}>>) {
  // CHECK: tensor<3x!quant.uniform<i8:f32:0, {5.000000e-01,2.500000e-01}>> does not have a slice for each of its scales
  %0 = stablehlo.reshape %x : (tensor<3x!quant.uniform<i8:f32:0, {0.5, 0.25}>>) -> tensor<3x!quant.uniform<i8:f32:0, {0.5, 0.25}>>
  func.return
}

// -----

func.func @permuted(%x: tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>) {
  // CHECK: the dimension of the scales is not permuted like the others
  %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>) -> tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>
  func.return
}

// -----

func.func @scales(%x: tensor<4x!quant.uniform<i8:f32, 0.5:3>>) {
  // CHECK: tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>> and tensor<2x2x!quant.uniform<i8:f32, 2.500000e-01:3>> differ in scales or zero points
  %0 = stablehlo.reshape %x : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x2x!quant.uniform<i8:f32, 0.25:3>>
  func.return
}

// -----

func.func @zero_point(%x: tensor<2x3x!quant.uniform<i8:f32, 0.5:3>>, %y: tensor<3x2x!quant.uniform<i8:f32, 0.5:3>>) {
  // CHECK: the zero points of rhs must be 0
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<2x3x!quant.uniform<i8:f32, 0.5:3>>, tensor<3x2x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x2x!quant.uniform<i8:f32, 0.5:3>>
  func.return
}

// -----

func.func @summed(%x: tensor<2x2x!quant.uniform<i8:f32, 0.5:3>>, %y: tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>) {
  // CHECK: rhs has scales along a dimension that is summed over
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<2x2x!quant.uniform<i8:f32, 0.5:3>>, tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>) -> tensor<2x2x!quant.uniform<i8:f32, 0.5:3>>
  func.return
}

// -----

func.func @wide(%x: tensor<4x!quant.uniform<i8:f16, 1.0e6>>) {
  // CHECK: scales must be positive, and of type f16
  %0 = stablehlo.abs %x : tensor<4x!quant.uniform<i8:f16, 1.0e6>>
  func.return
}

// -----

func.func @range(%x: tensor<4x!quant.uniform<i8<-200:10>:f32, 1.0>>) {
  // CHECK: storage is limited to what -128:127 includes
  %0 = stablehlo.abs %x : tensor<4x!quant.uniform<i8<-200:10>:f32, 1.0>>
  func.return
}
