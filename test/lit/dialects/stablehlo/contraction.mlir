// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Contractions: dimensions are paired, batching ones are left out where there are none.

func.func @contraction(%x: tensor<4x6xf32>, %y: tensor<6x2xf32>, %q: tensor<2x8x3xbf16>, %k: tensor<5x2x3xbf16>) {
  // CHECK-LABEL: func.func @contraction
  // CHECK-NEXT: %matmul = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], precision = [DEFAULT, HIGHEST] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  %matmul = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], precision = [DEFAULT, HIGHEST] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  // CHECK-NEXT: %batched = stablehlo.dot_general %q, %k, batching_dims = [0] x [1], contracting_dims = [2] x [2] : (tensor<2x8x3xbf16>, tensor<5x2x3xbf16>) -> tensor<2x8x5xf32>
  %batched = stablehlo.dot_general %q, %k, batching_dims = [0] x [1], contracting_dims = [2] x [2] : (tensor<2x8x3xbf16>, tensor<5x2x3xbf16>) -> tensor<2x8x5xf32>
  // CHECK-NEXT: %outer = stablehlo.dot_general %x, %y, contracting_dims = [] x [] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x6x6x2xf32>
  %outer = stablehlo.dot_general %x, %y, contracting_dims = [] x [] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x6x6x2xf32>
  // CHECK-NEXT: %chosen = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT], algorithm = <lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  %chosen = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT], algorithm = <lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  // CHECK-NEXT: %dot = stablehlo.dot %x, %y, precision = [HIGH, HIGH] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  %dot = stablehlo.dot %x, %y, precision = [HIGH, HIGH] : (tensor<4x6xf32>, tensor<6x2xf32>) -> tensor<4x2xf32>
  func.return
}
