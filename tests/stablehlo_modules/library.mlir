module @library attributes {mhlo.num_partitions = 1 : i32} {
  func.func public @main(%x: tensor<2x3xf32> {jax.buffer_donor = true, mhlo.sharding = "{replicated}"}, %v: tensor<4x8xf32>, %t: tuple<tensor<2x3xf32>, tensor<i32>> {tf.aliasing_output = 0 : i32}) -> (tensor<2x3xf32> {jax.result_info = "result"}) attributes {a.note = "b"} {
    %0 = stablehlo.custom_call @"a name"(%x) {api_version = 4 : i32, backend_config = {mode = 1 : i32, names = ["a", "b"]}, call, has_side_effect = true} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1:2 = stablehlo.custom_call @layouts(%x) {backend_config = "text", called_computations = [@add], operand_layouts = [dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[1, 0]> : tensor<2xindex>, dense<> : tensor<0xindex>]} : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<i32>)
    stablehlo.custom_call @nothing() : () -> ()
    %2 = stablehlo.custom_call @tuple(%t) {api_version = 2 : i32, output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 0, operand_tuple_indices = [1]>]} : (tuple<tensor<2x3xf32>, tensor<i32>>) -> tensor<i32>
    %3 = stablehlo.composite "xcs.add" %x, %x {composite_attributes = {n = 1 : i64}, decomposition = @add, version = 2 : i32} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %4 = "stablehlo.map"(%x, %3) <{dimensions = array<i64: 0, 1>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %9 = stablehlo.multiply %a, %b : tensor<f32>
      stablehlo.return %9 : tensor<f32>
    }) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.fft %v, type = RFFT, length = [8] : (tensor<4x8xf32>) -> tensor<4x5xcomplex<f32>>
    %6 = stablehlo.fft %5, type = IRFFT, length = [8] : (tensor<4x5xcomplex<f32>>) -> tensor<4x8xf32>
    %a = stablehlo.constant dense<0.0> : tensor<f32>
    %s = stablehlo.constant dense<[2, 3]> : tensor<2xi64>
    %7 = stablehlo.rng %a, %a, %s, distribution = NORMAL : (tensor<f32>, tensor<f32>, tensor<2xi64>) -> tensor<2x3xf32>
    %k = stablehlo.constant dense<[1, 2]> : tensor<2xui64>
    %8, %9 = stablehlo.rng_bit_generator %k, algorithm = PHILOX : (tensor<2xui64>) -> (tensor<2xui64>, tensor<3xui8>)
    %m = stablehlo.constant dense<1.0> : tensor<5x3x3xf32>
    %10 = stablehlo.cholesky %m, lower = true : tensor<5x3x3xf32>
    %11 = stablehlo.cholesky %m : tensor<5x3x3xf32>
    %12 = "stablehlo.triangular_solve"(%10, %m) <{left_side = true, lower = true, transpose_a = #stablehlo<transpose ADJOINT>, unit_diagonal = false}> : (tensor<5x3x3xf32>, tensor<5x3x3xf32>) -> tensor<5x3x3xf32>
    %13 = stablehlo.logistic %12 : tensor<5x3x3xf32>
    func.return %7 : tensor<2x3xf32>
  }
  func.func private @add(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.add %x, %y : tensor<2x3xf32>
    func.return %0 : tensor<2x3xf32>
  }
  func.func private @elsewhere(tensor<2xf32>, i32) -> tensor<2xf32>
}
