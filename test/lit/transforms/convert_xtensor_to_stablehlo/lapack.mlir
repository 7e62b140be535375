// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s
// RUN: xcs-opt -p convert-xtensor-to-stablehlo{platform="tpu"} %s | filecheck %s --check-prefix TPU

// On CPUs, LAPACK does the work on matrices. They are column-major; the first result takes the place
// of the first operand. Where a factorisation fails, which `info` says, the result is NaN.

func.func @cholesky(%a: tensor<2x3x3xf32>) -> tensor<2x3x3xf32> {
  %0 = xtensor.cholesky %a : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  func.return %0 : tensor<2x3x3xf32>
}

// CHECK-LABEL: func.func @cholesky
// CHECK-NEXT:    %[[L:.*]], %[[INFO:.*]] = stablehlo.custom_call @lapack_spotrf_ffi(%a) {mhlo.backend_config = {uplo = 76 : ui8}, mhlo.frontend_attributes = {num_batch_dims = "1"}, sdy.sharding_rule = #sdy.op_sharding_rule<([i, j, k])->([i, l, m], [i]) {i=2, j=3, k=3, l=3, m=3}, custom>, backend_config = "", operand_layouts = [dense<[1, 2, 0]> : tensor<3xindex>], result_layouts = [dense<[1, 2, 0]> : tensor<3xindex>, dense<0> : tensor<1xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>]} : (tensor<2x3x3xf32>) -> (tensor<2x3x3xf32>, tensor<2xi32>)
// CHECK:         %[[OK:.*]] = stablehlo.compare EQ, %[[INFO]], %{{.*}}, SIGNED
// CHECK-NEXT:    %{{.*}} = stablehlo.broadcast_in_dim %[[OK]], dims = [0] : (tensor<2xi1>) -> tensor<2x1x1xi1>
// CHECK-NEXT:    %[[NAN:.*]] = stablehlo.constant dense<0x7FC00000> : tensor<f32>
// CHECK:         stablehlo.select %{{.*}}, %[[L]], %{{.*}}

// TPU-LABEL: func.func @cholesky
// TPU-NEXT:    stablehlo.cholesky %a, lower = true : tensor<2x3x3xf32>

func.func @triangular_solve(%a: tensor<3x3xcomplex<f64>>, %b: tensor<3x1xcomplex<f64>>) -> tensor<3x1xcomplex<f64>> {
  %0 = xtensor.triangular_solve %a, %b {left_side, conjugate_a} : (tensor<3x3xcomplex<f64>>, tensor<3x1xcomplex<f64>>) -> tensor<3x1xcomplex<f64>>
  func.return %0 : tensor<3x1xcomplex<f64>>
}

// CHECK-LABEL: func.func @triangular_solve
// CHECK-NEXT:    %[[C:.*]] = chlo.conj %a
// CHECK-NEXT:    stablehlo.custom_call @lapack_ztrsm_ffi(%[[C]], %b) {mhlo.backend_config = {side = 76 : ui8, uplo = 85 : ui8, trans_x = 78 : ui8, diag = 78 : ui8}{{.*}} output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 1, operand_tuple_indices = []>]

// TPU-LABEL: func.func @triangular_solve
// TPU-NEXT:    %[[C:.*]] = chlo.conj %a
// TPU-NEXT:    "stablehlo.triangular_solve"(%[[C]], %b) <{left_side = true, lower = false, unit_diagonal = false, transpose_a = #stablehlo<transpose NO_TRANSPOSE>}>

// LAPACK has no routine for narrow floats, which StableHLO's own op takes.

func.func @narrow(%a: tensor<3x3xbf16>, %b: tensor<1x3xbf16>) -> tensor<1x3xbf16> {
  %0 = xtensor.triangular_solve %a, %b {lower, transpose_a} : (tensor<3x3xbf16>, tensor<1x3xbf16>) -> tensor<1x3xbf16>
  func.return %0 : tensor<1x3xbf16>
}

// CHECK-LABEL: func.func @narrow
// CHECK-NEXT:    "stablehlo.triangular_solve"(%a, %b) <{left_side = false, lower = true, unit_diagonal = false, transpose_a = #stablehlo<transpose TRANSPOSE>}>
