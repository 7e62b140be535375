// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Calls whose attributes do not fit, and algorithms on what they are not for.

func.func @only_operands(%x: tensor<2xf32>) {
  // CHECK: layouts must be given for both operands and results, or for neither
  %0 = stablehlo.custom_call @f(%x) {operand_layouts = [dense<0> : tensor<1xindex>]} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @number_of_layouts(%x: tensor<2xf32>) {
  // CHECK: 1 values need as many layouts
  %0 = stablehlo.custom_call @f(%x) {operand_layouts = [], result_layouts = [dense<0> : tensor<1xindex>]} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @layout(%x: tensor<2x2xf32>) {
  // CHECK: [0, 0] is no layout of tensor<2x2xf32>
  %0 = stablehlo.custom_call @f(%x) {operand_layouts = [dense<0> : tensor<2xindex>], result_layouts = [dense<[1, 0]> : tensor<2xindex>]} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return
}

// -----

func.func @alias(%x: tensor<2xf32>) {
  // CHECK: an alias names operand 1
  %0 = stablehlo.custom_call @f(%x) {output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 1, operand_tuple_indices = []>]} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @alias_type(%x: tensor<2xf32>) {
  // CHECK: a result tensor<3xf32> cannot be in the place of tensor<2xf32>
  %0 = stablehlo.custom_call @f(%x) {output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 0, operand_tuple_indices = []>]} : (tensor<2xf32>) -> tensor<3xf32>
  func.return
}

// -----

func.func @config(%x: tensor<2xf32>) {
  // CHECK: backend_config is a dictionary for api_version 4, else a string
  %0 = stablehlo.custom_call @f(%x) {backend_config = {a = 1 : i32}} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @typed_config(%x: tensor<2xf32>) {
  // CHECK: backend_config is a dictionary for api_version 4, else a string
  %0 = stablehlo.custom_call @f(%x) {api_version = 4 : i32, backend_config = "text"} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @composite_name(%x: tensor<2xf32>) {
  // CHECK: the decomposition is of type (tensor<2xf32>) -> (), not (tensor<2xf32>) -> tensor<2xf32>
  %0 = stablehlo.composite "add" %x {decomposition = @composite_name} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @decomposition(%x: tensor<2xf32>) {
  // CHECK: @nowhere is not a function
  %0 = stablehlo.composite "a.add" %x {decomposition = @nowhere} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @decomposition_type(%x: tensor<2xf32>) {
  // CHECK: the decomposition is of type (tensor<2xf32>) -> (), not (tensor<2xf32>) -> tensor<2xf32>
  %0 = stablehlo.composite "a.add" %x {decomposition = @decomposition_type} : (tensor<2xf32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @rfft(%x: tensor<8xcomplex<f32>>) {
  // CHECK: RFFT transforms real numbers, not complex<f32>
  %0 = stablehlo.fft %x, type = RFFT, length = [8] : (tensor<8xcomplex<f32>>) -> tensor<5xcomplex<f32>>
  func.return
}

// -----

func.func @fft_length(%x: tensor<9xf32>) {
  // CHECK: tensor<9xf32> is not of these lengths
  %0 = stablehlo.fft %x, type = RFFT, length = [8] : (tensor<9xf32>) -> tensor<5xcomplex<f32>>
  func.return
}

// -----

func.func @irfft(%x: tensor<4xcomplex<f32>>) {
  // CHECK: tensor<4xcomplex<f32>> is not what IRFFT makes these lengths from
  %0 = stablehlo.fft %x, type = IRFFT, length = [8] : (tensor<4xcomplex<f32>>) -> tensor<8xf32>
  func.return
}

// -----

func.func @triangular_solve(%a: tensor<3x3xf32>, %b: tensor<4x2xf32>) {
  // CHECK: tensor<3x3xf32> does not solve for tensor<4x2xf32>
  %0 = "stablehlo.triangular_solve"(%a, %b) <{left_side = true, lower = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : (tensor<3x3xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  func.return
}

// -----

func.func @sort(%x: tensor<4xf32>) {
  // CHECK: dimension 1 is outside a tensor of rank 1
  %0 = "stablehlo.sort"(%x) <{dimension = 1 : i64}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %9 : tensor<i1>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @comparator(%x: tensor<4xf32>) {
  // CHECK: the comparator takes two scalars for each input
  %0 = "stablehlo.sort"(%x) ({
  ^bb0(%a: tensor<f32>):
    %9 = stablehlo.compare LT, %a, %a : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %9 : tensor<i1>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @map(%x: tensor<4xf32>) {
  // CHECK: dimensions must name all dimensions in order
  %0 = "stablehlo.map"(%x) <{dimensions = array<i64: 1>}> ({
  ^bb0(%a: tensor<f32>):
    stablehlo.return %a : tensor<f32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @rng(%a: tensor<i32>, %s: tensor<1xi64>) {
  // CHECK: a normal distribution is one of floating-point numbers
  %0 = stablehlo.rng %a, %a, %s, distribution = NORMAL : (tensor<i32>, tensor<i32>, tensor<1xi64>) -> tensor<?xi32>
  func.return
}

// -----

func.func @rng_bit_generator(%a: tensor<2xui64>) {
  // CHECK: the next state has shape [3], expected [2]
  %0, %1 = stablehlo.rng_bit_generator %a, algorithm = PHILOX : (tensor<2xui64>) -> (tensor<3xui64>, tensor<4xui8>)
  func.return
}

// -----

func.func @batch_norm(%x: tensor<4x6xf32>, %s: tensor<5xf32>) {
  // CHECK: a list of numbers for the features has shape [5], expected [6]
  %0, %1, %2 = "stablehlo.batch_norm_training"(%x, %s, %s) <{epsilon = 1.000000e-03 : f32, feature_index = 1 : i64}> : (tensor<4x6xf32>, tensor<5xf32>, tensor<5xf32>) -> (tensor<4x6xf32>, tensor<5xf32>, tensor<5xf32>)
  func.return
}

// -----

func.func @feature_index(%x: tensor<4x6xf32>, %s: tensor<6xf32>) {
  // CHECK: feature_index 2 is not one of a tensor of rank 2
  %0, %1, %2 = "stablehlo.batch_norm_training"(%x, %s, %s) <{epsilon = 1.000000e-03 : f32, feature_index = 2 : i64}> : (tensor<4x6xf32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<4x6xf32>, tensor<6xf32>, tensor<6xf32>)
  func.return
}

// -----

func.func @algorithm(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) {
  // CHECK: there is no hardware that is known to have this algorithm
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], algorithm = <lhs_precision_type = f32, rhs_precision_type = f32, accumulation_type = f16, lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  func.return
}

// -----

func.func @accuracy(%x: tensor<2xf32>) {
  // CHECK: mode HIGHEST goes with no tolerances
  %0 = stablehlo.tanh %x {result_accuracy = #stablehlo.result_accuracy<ulps = 2, mode = #stablehlo.result_accuracy_mode<HIGHEST>>} : tensor<2xf32>
  func.return
}

// -----

func.func @tuple_index(%t: tuple<tensor<f32>>) {
  // CHECK: there is no element 1 of tuple<tensor<f32>>
  %0 = stablehlo.get_tuple_element %t[1] : (tuple<tensor<f32>>) -> tensor<f32>
  func.return
}

// -----

func.func @tuple_element(%t: tuple<tensor<f32>>) {
  // CHECK: element 0 is tensor<f32>
  %0 = stablehlo.get_tuple_element %t[0] : (tuple<tensor<f32>>) -> tensor<i32>
  func.return
}

// -----

func.func @broadcast(%x: tensor<2xf32>) {
  // CHECK: result has shape [2, 3], expected [3, 2]
  %0 = stablehlo.broadcast %x, sizes = [3] : (tensor<2xf32>) -> tensor<2x3xf32>
  func.return
}
