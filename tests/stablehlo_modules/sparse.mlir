#CSR = #sparse_tensor.encoding<{ map = (i, j) -> (i : dense, j : compressed), posWidth = 32, crdWidth = 16 }>
#COO = #sparse_tensor.encoding<{ map = (i, j) -> (i : compressed(nonunique), j : singleton(soa)) }>
#CSC = #sparse_tensor.encoding<{map=(i,j)->(j:dense,i:compressed(nonunique, nonordered))}>
#BSR = #sparse_tensor.encoding<{ map = (i, j) -> (i floordiv 2 : dense, j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense) }>
#NV24 = #sparse_tensor.encoding<{ map = (i, j) -> (i : dense, j floordiv 4 : dense, j mod 4 : structured[2, 4]), explicitVal = 1.0 : f32, implicitVal = 0.0 : f32 }>
#BATCH = #sparse_tensor.encoding<{ map = (b, i) -> (b : batch, i : loose_compressed) }>
module @sparse {
  func.func @add(%a: tensor<4x6xf32, #CSR>, %b: tensor<4x6xf32, #COO>) -> tensor<4x6xf32, #CSR> {
    %0 = stablehlo.add %a, %a : tensor<4x6xf32, #CSR>
    %1 = stablehlo.abs %b : tensor<4x6xf32, #COO>
    return %0 : tensor<4x6xf32, #CSR>
  }
  func.func @others(%a: tensor<4x6xf32, #CSC>, %b: tensor<4x6xf32, #BSR>, %c: tensor<4x8xf32, #NV24>, %d: tensor<4x6xf32, #BATCH>) {
    %0 = stablehlo.negate %c : tensor<4x8xf32, #NV24>
    return
  }
}
