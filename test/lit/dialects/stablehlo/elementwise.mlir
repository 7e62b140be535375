// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Elementwise ops, in the form that upstream prints.

func.func @elementwise(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %c: tensor<4xcomplex<f32>>, %p: tensor<i1>, %f: tensor<f32>) {
  // CHECK-LABEL: func.func @elementwise
  // The type is written once where operands and result share it.
  // CHECK-NEXT: %cbrt = stablehlo.cbrt %x : tensor<4x6xf32>
  %cbrt = stablehlo.cbrt %x : tensor<4x6xf32>
  // CHECK-NEXT: %ceil = stablehlo.ceil %x : tensor<4x6xf32>
  %ceil = stablehlo.ceil %x : tensor<4x6xf32>
  // CHECK-NEXT: %cosine = stablehlo.cosine %x : tensor<4x6xf32>
  %cosine = stablehlo.cosine %x : tensor<4x6xf32>
  // CHECK-NEXT: %exponential = stablehlo.exponential %x : tensor<4x6xf32>
  %exponential = stablehlo.exponential %x : tensor<4x6xf32>
  // CHECK-NEXT: %exponential_minus_one = stablehlo.exponential_minus_one %x : tensor<4x6xf32>
  %exponential_minus_one = stablehlo.exponential_minus_one %x : tensor<4x6xf32>
  // CHECK-NEXT: %floor = stablehlo.floor %x : tensor<4x6xf32>
  %floor = stablehlo.floor %x : tensor<4x6xf32>
  // CHECK-NEXT: %log = stablehlo.log %x : tensor<4x6xf32>
  %log = stablehlo.log %x : tensor<4x6xf32>
  // CHECK-NEXT: %log_plus_one = stablehlo.log_plus_one %x : tensor<4x6xf32>
  %log_plus_one = stablehlo.log_plus_one %x : tensor<4x6xf32>
  // CHECK-NEXT: %logistic = stablehlo.logistic %x : tensor<4x6xf32>
  %logistic = stablehlo.logistic %x : tensor<4x6xf32>
  // CHECK-NEXT: %negate = stablehlo.negate %x : tensor<4x6xf32>
  %negate = stablehlo.negate %x : tensor<4x6xf32>
  // CHECK-NEXT: %round_nearest_afz = stablehlo.round_nearest_afz %x : tensor<4x6xf32>
  %round_nearest_afz = stablehlo.round_nearest_afz %x : tensor<4x6xf32>
  // CHECK-NEXT: %round_nearest_even = stablehlo.round_nearest_even %x : tensor<4x6xf32>
  %round_nearest_even = stablehlo.round_nearest_even %x : tensor<4x6xf32>
  // CHECK-NEXT: %rsqrt = stablehlo.rsqrt %x : tensor<4x6xf32>
  %rsqrt = stablehlo.rsqrt %x : tensor<4x6xf32>
  // CHECK-NEXT: %sign = stablehlo.sign %x : tensor<4x6xf32>
  %sign = stablehlo.sign %x : tensor<4x6xf32>
  // CHECK-NEXT: %sine = stablehlo.sine %x : tensor<4x6xf32>
  %sine = stablehlo.sine %x : tensor<4x6xf32>
  // CHECK-NEXT: %sqrt = stablehlo.sqrt %x : tensor<4x6xf32>
  %sqrt = stablehlo.sqrt %x : tensor<4x6xf32>
  // CHECK-NEXT: %tan = stablehlo.tan %x : tensor<4x6xf32>
  %tan = stablehlo.tan %x : tensor<4x6xf32>
  // CHECK-NEXT: %tanh = stablehlo.tanh %x : tensor<4x6xf32>
  %tanh = stablehlo.tanh %x : tensor<4x6xf32>
  // CHECK-NEXT: %abs = stablehlo.abs %x : tensor<4x6xf32>
  %abs = stablehlo.abs %x : tensor<4x6xf32>
  // CHECK-NEXT: %count_leading_zeros = stablehlo.count_leading_zeros %i : tensor<4x6xi32>
  %count_leading_zeros = stablehlo.count_leading_zeros %i : tensor<4x6xi32>
  // CHECK-NEXT: %popcnt = stablehlo.popcnt %i : tensor<4x6xi32>
  %popcnt = stablehlo.popcnt %i : tensor<4x6xi32>
  // CHECK-NEXT: %not = stablehlo.not %i : tensor<4x6xi32>
  %not = stablehlo.not %i : tensor<4x6xi32>
  // CHECK-NEXT: %add = stablehlo.add %x, %x : tensor<4x6xf32>
  %add = stablehlo.add %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %atan2 = stablehlo.atan2 %x, %x : tensor<4x6xf32>
  %atan2 = stablehlo.atan2 %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %divide = stablehlo.divide %x, %x : tensor<4x6xf32>
  %divide = stablehlo.divide %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %maximum = stablehlo.maximum %x, %x : tensor<4x6xf32>
  %maximum = stablehlo.maximum %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %minimum = stablehlo.minimum %x, %x : tensor<4x6xf32>
  %minimum = stablehlo.minimum %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %multiply = stablehlo.multiply %x, %x : tensor<4x6xf32>
  %multiply = stablehlo.multiply %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %power = stablehlo.power %x, %x : tensor<4x6xf32>
  %power = stablehlo.power %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %remainder = stablehlo.remainder %x, %x : tensor<4x6xf32>
  %remainder = stablehlo.remainder %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %subtract = stablehlo.subtract %x, %x : tensor<4x6xf32>
  %subtract = stablehlo.subtract %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %and = stablehlo.and %i, %i : tensor<4x6xi32>
  %and = stablehlo.and %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %or = stablehlo.or %i, %i : tensor<4x6xi32>
  %or = stablehlo.or %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %xor = stablehlo.xor %i, %i : tensor<4x6xi32>
  %xor = stablehlo.xor %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %shift_left = stablehlo.shift_left %i, %i : tensor<4x6xi32>
  %shift_left = stablehlo.shift_left %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %shift_right_arithmetic = stablehlo.shift_right_arithmetic %i, %i : tensor<4x6xi32>
  %shift_right_arithmetic = stablehlo.shift_right_arithmetic %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %shift_right_logical = stablehlo.shift_right_logical %i, %i : tensor<4x6xi32>
  %shift_right_logical = stablehlo.shift_right_logical %i, %i : tensor<4x6xi32>
  // Where they differ, it is a function type.
  // CHECK-NEXT: %modulus = stablehlo.abs %c : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %modulus = stablehlo.abs %c : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  // CHECK-NEXT: %real = stablehlo.real %c : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %real = stablehlo.real %c : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  // CHECK-NEXT: %imag = stablehlo.imag %c : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %imag = stablehlo.imag %c : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  // CHECK-NEXT: %convert = stablehlo.convert %x : (tensor<4x6xf32>) -> tensor<4x6xbf16>
  %convert = stablehlo.convert %x : (tensor<4x6xf32>) -> tensor<4x6xbf16>
  // CHECK-NEXT: %same = stablehlo.convert %x : tensor<4x6xf32>
  %same = stablehlo.convert %x : tensor<4x6xf32>
  // CHECK-NEXT: %is_finite = stablehlo.is_finite %x : (tensor<4x6xf32>) -> tensor<4x6xi1>
  %is_finite = stablehlo.is_finite %x : (tensor<4x6xf32>) -> tensor<4x6xi1>
  // CHECK-NEXT: %bitcast = stablehlo.bitcast_convert %x : (tensor<4x6xf32>) -> tensor<4x6x4xi8>
  %bitcast = stablehlo.bitcast_convert %x : (tensor<4x6xf32>) -> tensor<4x6x4xi8>
  // The types of the parts follow from that of the complex number.
  // CHECK-NEXT: %complex = stablehlo.complex %real, %imag : tensor<4xcomplex<f32>>
  %complex = stablehlo.complex %real, %imag : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %compare = stablehlo.compare LT, %x, %x, TOTALORDER : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xi1>
  %compare = stablehlo.compare LT, %x, %x, TOTALORDER : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xi1>
  // CHECK-NEXT: %untyped = stablehlo.compare EQ, %i, %i : (tensor<4x6xi32>, tensor<4x6xi32>) -> tensor<4x6xi1>
  %untyped = stablehlo.compare EQ, %i, %i : (tensor<4x6xi32>, tensor<4x6xi32>) -> tensor<4x6xi1>
  // CHECK-NEXT: %select = stablehlo.select %compare, %x, %x : tensor<4x6xi1>, tensor<4x6xf32>
  %select = stablehlo.select %compare, %x, %x : tensor<4x6xi1>, tensor<4x6xf32>
  // CHECK-NEXT: %scalar = stablehlo.select %p, %x, %x : tensor<i1>, tensor<4x6xf32>
  %scalar = stablehlo.select %p, %x, %x : tensor<i1>, tensor<4x6xf32>
  // CHECK-NEXT: %clamp = stablehlo.clamp %x, %x, %x : tensor<4x6xf32>
  %clamp = stablehlo.clamp %x, %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %bounds = stablehlo.clamp %f, %x, %f : (tensor<f32>, tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %bounds = stablehlo.clamp %f, %x, %f : (tensor<f32>, tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %precision = stablehlo.reduce_precision %x, format = e5m10 : tensor<4x6xf32>
  %precision = stablehlo.reduce_precision %x, format = e5m10 : tensor<4x6xf32>
  func.return
}
