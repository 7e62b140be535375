// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Every elementwise op. Broadcasts are explicit: operands have one shape.

func.func @elementwise(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %c: tensor<4xcomplex<f32>>, %b: tensor<4x6xi1>, %u: tensor<ui8>, %s: tensor<i32>, %f: tensor<f32>) {
  // CHECK-LABEL: func.func @elementwise
  // Operands and result have one type.
  // CHECK-NEXT: %{{.*}} = xtensor.abs %x : tensor<4x6xf32>
  %u1 = xtensor.abs %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.acos %x : tensor<4x6xf32>
  %u2 = xtensor.acos %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.acosh %x : tensor<4x6xf32>
  %u3 = xtensor.acosh %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.asin %x : tensor<4x6xf32>
  %u4 = xtensor.asin %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.asinh %x : tensor<4x6xf32>
  %u5 = xtensor.asinh %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.atan %x : tensor<4x6xf32>
  %u6 = xtensor.atan %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.atanh %x : tensor<4x6xf32>
  %u7 = xtensor.atanh %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.bessel_i1e %x : tensor<4x6xf32>
  %u8 = xtensor.bessel_i1e %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.cbrt %x : tensor<4x6xf32>
  %u9 = xtensor.cbrt %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.ceil %x : tensor<4x6xf32>
  %u10 = xtensor.ceil %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.clz %i : tensor<4x6xi32>
  %u11 = xtensor.clz %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.conj %x : tensor<4x6xf32>
  %u12 = xtensor.conj %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.cos %x : tensor<4x6xf32>
  %u13 = xtensor.cos %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.cosh %x : tensor<4x6xf32>
  %u14 = xtensor.cosh %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.digamma %x : tensor<4x6xf32>
  %u15 = xtensor.digamma %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.erf %x : tensor<4x6xf32>
  %u16 = xtensor.erf %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.erf_inv %x : tensor<4x6xf32>
  %u17 = xtensor.erf_inv %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.erfc %x : tensor<4x6xf32>
  %u18 = xtensor.erfc %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.exp %x : tensor<4x6xf32>
  %u19 = xtensor.exp %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.exp2 %x : tensor<4x6xf32>
  %u20 = xtensor.exp2 %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.expm1 %x : tensor<4x6xf32>
  %u21 = xtensor.expm1 %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.floor %x : tensor<4x6xf32>
  %u22 = xtensor.floor %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.imag %c : tensor<4xcomplex<f32>>
  %u23 = xtensor.imag %c : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.is_finite %x : tensor<4x6xf32>
  %u24 = xtensor.is_finite %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.lgamma %x : tensor<4x6xf32>
  %u25 = xtensor.lgamma %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.log %x : tensor<4x6xf32>
  %u26 = xtensor.log %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.log1p %x : tensor<4x6xf32>
  %u27 = xtensor.log1p %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.logistic %x : tensor<4x6xf32>
  %u28 = xtensor.logistic %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.neg %x : tensor<4x6xf32>
  %u29 = xtensor.neg %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.not %i : tensor<4x6xi32>
  %u30 = xtensor.not %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.population_count %i : tensor<4x6xi32>
  %u31 = xtensor.population_count %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.real %c : tensor<4xcomplex<f32>>
  %u32 = xtensor.real %c : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.rsqrt %x : tensor<4x6xf32>
  %u33 = xtensor.rsqrt %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.sign %x : tensor<4x6xf32>
  %u34 = xtensor.sign %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.sin %x : tensor<4x6xf32>
  %u35 = xtensor.sin %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.sinh %x : tensor<4x6xf32>
  %u36 = xtensor.sinh %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.sqrt %x : tensor<4x6xf32>
  %u37 = xtensor.sqrt %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.square %x : tensor<4x6xf32>
  %u38 = xtensor.square %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.tan %x : tensor<4x6xf32>
  %u39 = xtensor.tan %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.tanh %x : tensor<4x6xf32>
  %u40 = xtensor.tanh %x : tensor<4x6xf32>

  // CHECK-NEXT: %{{.*}} = xtensor.add %x, %x : tensor<4x6xf32>
  %u41 = xtensor.add %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.and %i, %i : tensor<4x6xi32>
  %u42 = xtensor.and %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.atan2 %x, %x : tensor<4x6xf32>
  %u43 = xtensor.atan2 %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.complex %x, %x : tensor<4x6xf32>
  %u44 = xtensor.complex %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.div %x, %x : tensor<4x6xf32>
  %u45 = xtensor.div %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.eq %x, %x : tensor<4x6xf32>
  %u46 = xtensor.eq %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.ge %x, %x : tensor<4x6xf32>
  %u47 = xtensor.ge %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.gt %x, %x : tensor<4x6xf32>
  %u48 = xtensor.gt %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.le %x, %x : tensor<4x6xf32>
  %u49 = xtensor.le %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.lt %x, %x : tensor<4x6xf32>
  %u50 = xtensor.lt %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.max %x, %x : tensor<4x6xf32>
  %u51 = xtensor.max %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.min %x, %x : tensor<4x6xf32>
  %u52 = xtensor.min %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.mul %x, %x : tensor<4x6xf32>
  %u53 = xtensor.mul %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.ne %x, %x : tensor<4x6xf32>
  %u54 = xtensor.ne %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.nextafter %x, %x : tensor<4x6xf32>
  %u55 = xtensor.nextafter %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.or %i, %i : tensor<4x6xi32>
  %u56 = xtensor.or %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.pow %x, %x : tensor<4x6xf32>
  %u57 = xtensor.pow %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.rem %x, %x : tensor<4x6xf32>
  %u58 = xtensor.rem %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.shift_left %i, %i : tensor<4x6xi32>
  %u59 = xtensor.shift_left %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.shift_right_arithmetic %i, %i : tensor<4x6xi32>
  %u60 = xtensor.shift_right_arithmetic %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.shift_right_logical %i, %i : tensor<4x6xi32>
  %u61 = xtensor.shift_right_logical %i, %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.sub %x, %x : tensor<4x6xf32>
  %u62 = xtensor.sub %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.xor %i, %i : tensor<4x6xi32>
  %u63 = xtensor.xor %i, %i : tensor<4x6xi32>

  // Other element kinds, and results of another element type.
  // CHECK-NEXT: %{{.*}} = xtensor.abs %c : tensor<4xcomplex<f32>>
  %k1 = xtensor.abs %c : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.abs %i : tensor<4x6xi32>
  %k2 = xtensor.abs %i : tensor<4x6xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.exp %c : tensor<4xcomplex<f32>>
  %k3 = xtensor.exp %c : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.and %b, %b : tensor<4x6xi1>
  %k4 = xtensor.and %b, %b : tensor<4x6xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.eq %c, %c : tensor<4xcomplex<f32>>
  %k5 = xtensor.eq %c, %c : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.lt %u, %u : tensor<ui8>
  %k6 = xtensor.lt %u, %u : tensor<ui8>
  // CHECK-NEXT: %{{.*}} = xtensor.max %b, %b : tensor<4x6xi1>
  %k7 = xtensor.max %b, %b : tensor<4x6xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.max %c, %c : tensor<4xcomplex<f32>>
  %k8 = xtensor.max %c, %c : tensor<4xcomplex<f32>>
  // CHECK-NEXT: %{{.*}} = xtensor.lt_to %x, %x : tensor<4x6xf32>
  %k9 = xtensor.lt_to %x, %x : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.mulhi %i, %i : tensor<4x6xi32>
  %k10 = xtensor.mulhi %i, %i : tensor<4x6xi32>

  // Properties.
  // CHECK-NEXT: %{{.*}} = xtensor.round %x to_nearest_even : tensor<4x6xf32>
  %p1 = xtensor.round %x to_nearest_even : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.round %x away_from_zero : tensor<4x6xf32>
  %p2 = xtensor.round %x away_from_zero : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.integer_pow %x, -3 : tensor<4x6xf32>
  %p3 = xtensor.integer_pow %x, -3 : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_precision %x exponent_bits = 5 mantissa_bits = 10 : tensor<4x6xf32>
  %p4 = xtensor.reduce_precision %x exponent_bits = 5 mantissa_bits = 10 : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.exp %x accuracy <highest> : tensor<4x6xf32>
  %p5 = xtensor.exp %x accuracy <highest> : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.tanh %x accuracy <atol = 0.5> : tensor<4x6xf32>
  %p6 = xtensor.tanh %x accuracy <atol = 0.5> : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.sin %x accuracy <rtol = 1.0e-05, ulps = 3> : tensor<4x6xf32>
  %p7 = xtensor.sin %x accuracy <rtol = 1.0e-05, ulps = 3> : tensor<4x6xf32>

  // Defined by a region.
  // CHECK-NEXT: %{{.*}} = xtensor.igamma (%d = %x : tensor<4x6xf32>, %e = %x : tensor<4x6xf32>) -> tensor<4x6xf32> {
  // CHECK-NEXT:   xtensor.yield %e : tensor<4x6xf32>
  // CHECK-NEXT: }
  %q1 = xtensor.igamma (%d = %x : tensor<4x6xf32>, %e = %x : tensor<4x6xf32>) -> tensor<4x6xf32> {
    xtensor.yield %e : tensor<4x6xf32>
  }

  // Types that differ.
  // CHECK-NEXT: %{{.*}} = xtensor.convert_element_type %x : tensor<4x6xf32> -> tensor<4x6xi1>
  %t1 = xtensor.convert_element_type %x : tensor<4x6xf32> -> tensor<4x6xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.bitcast_convert_type %x : tensor<4x6xf32> -> tensor<4x6x4xui8>
  %t2 = xtensor.bitcast_convert_type %x : tensor<4x6xf32> -> tensor<4x6x4xui8>
  // CHECK-NEXT: %{{.*}} = xtensor.bitcast_convert_type %t2 : tensor<4x6x4xui8> -> tensor<4x6xf32>
  %t3 = xtensor.bitcast_convert_type %t2 : tensor<4x6x4xui8> -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.select_n %b, %x, %x : tensor<4x6xi1>, tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  %t4 = xtensor.select_n %b, %x, %x : tensor<4x6xi1>, tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.select_n %s, %x, %x, %x : tensor<i32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  %t5 = xtensor.select_n %s, %x, %x, %x : tensor<i32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.clamp %f, %x, %x : tensor<f32>, tensor<4x6xf32>, tensor<4x6xf32>
  %t6 = xtensor.clamp %f, %x, %x : tensor<f32>, tensor<4x6xf32>, tensor<4x6xf32>
  func.return
}
