func.func @accuracy(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.exponential %x {result_accuracy = #stablehlo.result_accuracy<atol = 1.000000e-05, rtol = 0.0123456789, ulps = 2, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>} : tensor<4xf32>
  %1 = stablehlo.tanh %0 {a.note = 1 : i64, result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<HIGHEST>>} : tensor<4xf32>
  %2 = stablehlo.sqrt %1 {result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<DEFAULT>>} : tensor<4xf32>
  func.return %2 : tensor<4xf32>
}
func.func @mixed(%x: tensor<?xf32>, %y: tensor<4xf32>, %p: tensor<4xi1>) {
  %0 = stablehlo.add %x, %y : (tensor<?xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = stablehlo.select %p, %x, %y : (tensor<4xi1>, tensor<?xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = stablehlo.complex %x, %y : (tensor<?xf32>, tensor<4xf32>) -> tensor<4xcomplex<f32>>
  %3 = stablehlo.compare EQ, %x, %y : (tensor<?xf32>, tensor<4xf32>) -> tensor<4xi1>
  %4 = stablehlo.compare NE, %x, %y, TOTALORDER {note} : (tensor<?xf32>, tensor<4xf32>) -> tensor<4xi1>
  %5 = stablehlo.reduce_precision %y, format = e8m7 : tensor<4xf32>
  func.return
}
func.func @all_types(%a: tensor<f8E3M4>, %b: tensor<f8E4M3>, %c: tensor<f8E4M3B11FNUZ>, %d: tensor<f8E4M3FN>, %e: tensor<f8E4M3FNUZ>, %f: tensor<f8E5M2>, %g: tensor<f8E5M2FNUZ>, %h: tensor<f8E8M0FNU>, %i: tensor<f6E2M3FN>, %j: tensor<f6E3M2FN>, %k: tensor<f4E2M1FN>, %l: tensor<bf16>, %m: tensor<f16>, %n: tensor<complex<f64>>, %o: tensor<ui4>, %p: tensor<i2>, %q: tensor<ui64>) {
  %0 = stablehlo.negate %a : tensor<f8E3M4>
  %1 = stablehlo.convert %j : (tensor<f6E3M2FN>) -> tensor<f4E2M1FN>
  %2 = stablehlo.add %o, %o : tensor<ui4>
  func.return
}
