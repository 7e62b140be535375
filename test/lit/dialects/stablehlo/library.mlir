// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Whole algorithms, and calls of what the backend knows by name.

func.func @library(%a: tensor<2x3x3xf32>, %x: tensor<4x8xcomplex<f32>>) {
  // CHECK-LABEL: func.func @library
  // CHECK-NEXT: %cholesky = stablehlo.cholesky %a, lower = true : tensor<2x3x3xf32>
  %cholesky = stablehlo.cholesky %a, lower = true : tensor<2x3x3xf32>
  // CHECK-NEXT: %fft = stablehlo.fft %x, type = FFT, length = [8] : (tensor<4x8xcomplex<f32>>) -> tensor<4x8xcomplex<f32>>
  %fft = stablehlo.fft %x, type = FFT, length = [8] : (tensor<4x8xcomplex<f32>>) -> tensor<4x8xcomplex<f32>>
  // CHECK-NEXT: %solved = "stablehlo.triangular_solve"(%a, %a) <{left_side = true, lower = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : (tensor<2x3x3xf32>, tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %solved = "stablehlo.triangular_solve"(%a, %a) <{left_side = true, lower = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : (tensor<2x3x3xf32>, tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  // CHECK-NEXT: %called = stablehlo.custom_call @lapack(%a) {backend_config = "", api_version = 2 : i32, output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 0, operand_tuple_indices = []>]} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %called = stablehlo.custom_call @lapack(%a) {backend_config = "", api_version = 2 : i32, output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 0, operand_tuple_indices = []>]} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  // CHECK-NEXT: stablehlo.custom_call @notify() {has_side_effect = true} : () -> ()
  stablehlo.custom_call @notify() {has_side_effect = true} : () -> ()
  func.return
}
