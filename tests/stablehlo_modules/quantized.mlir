func.func @quantize(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.uniform_quantize %x : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  %1 = stablehlo.add %0, %0 : tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  %2 = stablehlo.uniform_quantize %1 : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<4x!quant.uniform<i8<-127:127>:f32, 0.0123456789>>
  %3 = stablehlo.uniform_dequantize %2 : (tensor<4x!quant.uniform<i8<-127:127>:f32, 0.0123456789>>) -> tensor<4xf32>
  func.return %3 : tensor<4xf32>
}
func.func @per_axis(%x: tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>, %u: tensor<3x!quant.uniform<u8:f32, 1.0:128>>, %v: tensor<3x!quant.uniform<ui8:f32, 1.0>>) {
  %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>) -> tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25:1}>>
  %1 = stablehlo.reshape %x : (tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>) -> tensor<2x2x2x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>
  %2 = stablehlo.broadcast_in_dim %x, dims = [1, 2] : (tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>) -> tensor<3x2x4x!quant.uniform<i8:f32:1, {0.5, 0.25:1}>>
  %3 = stablehlo.abs %u : tensor<3x!quant.uniform<u8:f32, 1.0:128>>
  func.return
}
func.func @dot(%x: tensor<2x4x!quant.uniform<i8:f32, 1.0:3>>, %y: tensor<4x5x!quant.uniform<i8:f32:1, {1.0, 2.0, 3.0, 4.0, 5.0}>>) -> tensor<2x5x!quant.uniform<i32:f32, 1.0>> {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<2x4x!quant.uniform<i8:f32, 1.0:3>>, tensor<4x5x!quant.uniform<i8:f32:1, {1.0, 2.0, 3.0, 4.0, 5.0}>>) -> tensor<2x5x!quant.uniform<i32:f32, 1.0>>
  func.return %0 : tensor<2x5x!quant.uniform<i32:f32, 1.0>>
}
func.func @constant() -> tensor<2x!quant.uniform<i8:f32, 2.0:15>> {
  %0 = stablehlo.constant() <{value = dense<[1, 2]> : tensor<2xi8>}> : () -> tensor<2x!quant.uniform<i8:f32, 2.0:15>>
  func.return %0 : tensor<2x!quant.uniform<i8:f32, 2.0:15>>
}
