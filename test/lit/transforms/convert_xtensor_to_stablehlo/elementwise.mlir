// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// What JAX expands is expanded, in the same order of operations.

// Most ops have a counterpart.
func.func private @direct(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %a = xtensor.exp %x : tensor<4x6xf32>
  %b = xtensor.erf %a : tensor<4x6xf32>
  %c = xtensor.add %a, %b : tensor<4x6xf32>
  %r = xtensor.rem %c, %x : tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @direct(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %a = stablehlo.exponential %x : tensor<4x6xf32>
// CHECK-NEXT:    %b = chlo.erf %a : tensor<4x6xf32> -> tensor<4x6xf32>
// CHECK-NEXT:    %c = stablehlo.add %a, %b : tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.remainder %c, %x : tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// The logistic function is made of its parts, for their precision.
func.func private @logistic(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.logistic %x : tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @logistic(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    %2 = stablehlo.negate %x : tensor<4x6xf32>
// CHECK-NEXT:    %3 = stablehlo.exponential %2 : tensor<4x6xf32>
// CHECK-NEXT:    %4 = stablehlo.add %1, %3 : tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.divide %1, %4 : tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// Powers are squared repeatedly.
func.func private @power(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.integer_pow %x, 5 : tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @power(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.multiply %x, %x : tensor<4x6xf32>
// CHECK-NEXT:    %1 = stablehlo.multiply %0, %0 : tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.multiply %x, %1 : tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// A negative power is one division.
func.func private @reciprocal(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.integer_pow %x, -2 : tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @reciprocal(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %0 = stablehlo.multiply %x, %x : tensor<4x6xf32>
// CHECK-NEXT:    %1 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT:    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.divide %2, %0 : tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// Powers of two.
func.func private @exp2(%x: tensor<bf16>) -> tensor<bf16> {
  %r = xtensor.exp2 %x : tensor<bf16>
  func.return %r : tensor<bf16>
}
// CHECK-LABEL: func.func private @exp2(%x: tensor<bf16>) -> tensor<bf16> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<6.914060e-01> : tensor<bf16>
// CHECK-NEXT:    %1 = stablehlo.multiply %0, %x : tensor<bf16>
// CHECK-NEXT:    %r = stablehlo.exponential %1 : tensor<bf16>
// CHECK-NEXT:    func.return %r : tensor<bf16>
// CHECK-NEXT:  }

// The square of an integer, and that of other numbers.
func.func private @square(%i: tensor<i32>, %x: tensor<f32>) -> tensor<f32> {
  %a = xtensor.square %i : tensor<i32>
  %b = xtensor.square %x : tensor<f32>
  %c = xtensor.convert_element_type %a : tensor<i32> -> tensor<f32>
  %r = xtensor.add %b, %c : tensor<f32>
  func.return %r : tensor<f32>
}
// CHECK-LABEL: func.func private @square(%i: tensor<i32>, %x: tensor<f32>) -> tensor<f32> {
// CHECK-NEXT:    %a = stablehlo.multiply %i, %i : tensor<i32>
// CHECK-NEXT:    %b = chlo.square %x : tensor<f32> -> tensor<f32>
// CHECK-NEXT:    %c = stablehlo.convert %a : (tensor<i32>) -> tensor<f32>
// CHECK-NEXT:    %r = stablehlo.add %b, %c : tensor<f32>
// CHECK-NEXT:    func.return %r : tensor<f32>
// CHECK-NEXT:  }

// Unsigned integers have no sign op.
func.func private @sign(%u: tensor<ui8>) -> tensor<ui8> {
  %r = xtensor.sign %u : tensor<ui8>
  func.return %r : tensor<ui8>
}
// CHECK-LABEL: func.func private @sign(%u: tensor<ui8>) -> tensor<ui8> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0> : tensor<ui8>
// CHECK-NEXT:    %1 = stablehlo.compare EQ, %u, %0, UNSIGNED : (tensor<ui8>, tensor<ui8>) -> tensor<i1>
// CHECK-NEXT:    %2 = stablehlo.constant dense<0> : tensor<ui8>
// CHECK-NEXT:    %3 = stablehlo.constant dense<1> : tensor<ui8>
// CHECK-NEXT:    %r = stablehlo.select %1, %2, %3 : tensor<i1>, tensor<ui8>
// CHECK-NEXT:    func.return %r : tensor<ui8>
// CHECK-NEXT:  }

// The order of a comparison is that of the element type.
func.func private @compare(%i: tensor<i32>, %u: tensor<ui32>, %f: tensor<f32>, %b: tensor<i1>) -> tensor<i1> {
  %0 = xtensor.lt %i, %i : tensor<i32>
  %1 = xtensor.ge %u, %u : tensor<ui32>
  %2 = xtensor.ne %f, %f : tensor<f32>
  %3 = xtensor.eq %b, %b : tensor<i1>
  %4 = xtensor.and %0, %1 : tensor<i1>
  %5 = xtensor.and %2, %3 : tensor<i1>
  %r = xtensor.and %4, %5 : tensor<i1>
  func.return %r : tensor<i1>
}
// CHECK-LABEL: func.func private @compare(%i: tensor<i32>, %u: tensor<ui32>, %f: tensor<f32>, %b: tensor<i1>) -> tensor<i1> {
// CHECK-NEXT:    %0 = stablehlo.compare LT, %i, %i, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
// CHECK-NEXT:    %1 = stablehlo.compare GE, %u, %u, UNSIGNED : (tensor<ui32>, tensor<ui32>) -> tensor<i1>
// CHECK-NEXT:    %2 = stablehlo.compare NE, %f, %f, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:    %3 = stablehlo.compare EQ, %b, %b, UNSIGNED : (tensor<i1>, tensor<i1>) -> tensor<i1>
// CHECK-NEXT:    %4 = stablehlo.and %0, %1 : tensor<i1>
// CHECK-NEXT:    %5 = stablehlo.and %2, %3 : tensor<i1>
// CHECK-NEXT:    %r = stablehlo.and %4, %5 : tensor<i1>
// CHECK-NEXT:    func.return %r : tensor<i1>
// CHECK-NEXT:  }

// A number is true unless it is zero.
func.func private @to_bool(%x: tensor<4x6xf32>) -> tensor<4x6xi1> {
  %r = xtensor.convert_element_type %x : tensor<4x6xf32> -> tensor<4x6xi1>
  func.return %r : tensor<4x6xi1>
}
// CHECK-LABEL: func.func private @to_bool(%x: tensor<4x6xf32>) -> tensor<4x6xi1> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    %r = stablehlo.compare NE, %x, %1, FLOAT : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xi1>
// CHECK-NEXT:    func.return %r : tensor<4x6xi1>
// CHECK-NEXT:  }

// A complex number loses its imaginary part.
func.func private @to_real(%c: tensor<2xcomplex<f32>>) -> tensor<2xbf16> {
  %r = xtensor.convert_element_type %c : tensor<2xcomplex<f32>> -> tensor<2xbf16>
  func.return %r : tensor<2xbf16>
}
// CHECK-LABEL: func.func private @to_real(%c: tensor<2xcomplex<f32>>) -> tensor<2xbf16> {
// CHECK-NEXT:    %0 = stablehlo.real %c : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
// CHECK-NEXT:    %r = stablehlo.convert %0 : (tensor<2xf32>) -> tensor<2xbf16>
// CHECK-NEXT:    func.return %r : tensor<2xbf16>
// CHECK-NEXT:  }

// False is the first case.
func.func private @select_bool(%p: tensor<i1>, %x: tensor<4x6xf32>, %y: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = xtensor.select_n %p, %x, %y : tensor<i1>, tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @select_bool(%p: tensor<i1>, %x: tensor<4x6xf32>, %y: tensor<4x6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %r = stablehlo.select %p, %y, %x : tensor<i1>, tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// An integer chooses by a binary tree.
func.func private @select_int(%w: tensor<2xi32>, %x: tensor<2xf32>, %y: tensor<2xf32>, %z: tensor<2xf32>) -> tensor<2xf32> {
  %r = xtensor.select_n %w, %x, %y, %z : tensor<2xi32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}
// CHECK-LABEL: func.func private @select_int(%w: tensor<2xi32>, %x: tensor<2xf32>, %y: tensor<2xf32>, %z: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<i32>) -> tensor<2xi32>
// CHECK-NEXT:    %2 = stablehlo.compare LT, %w, %1, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
// CHECK-NEXT:    %3 = stablehlo.constant dense<2> : tensor<i32>
// CHECK-NEXT:    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<i32>) -> tensor<2xi32>
// CHECK-NEXT:    %5 = stablehlo.compare LT, %w, %4, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
// CHECK-NEXT:    %6 = stablehlo.select %5, %y, %z : tensor<2xi1>, tensor<2xf32>
// CHECK-NEXT:    %r = stablehlo.select %2, %x, %6 : tensor<2xi1>, tensor<2xf32>
// CHECK-NEXT:    func.return %r : tensor<2xf32>
// CHECK-NEXT:  }

// Rounding has two ops.
func.func private @round(%x: tensor<f32>) -> tensor<f32> {
  %a = xtensor.round %x away_from_zero : tensor<f32>
  %r = xtensor.round %a to_nearest_even : tensor<f32>
  func.return %r : tensor<f32>
}
// CHECK-LABEL: func.func private @round(%x: tensor<f32>) -> tensor<f32> {
// CHECK-NEXT:    %a = stablehlo.round_nearest_afz %x : tensor<f32>
// CHECK-NEXT:    %r = stablehlo.round_nearest_even %a : tensor<f32>
// CHECK-NEXT:    func.return %r : tensor<f32>
// CHECK-NEXT:  }

// Bounds may be scalars.
func.func private @clamp(%x: tensor<4x6xf32>, %f: tensor<f32>) -> tensor<4x6xf32> {
  %r = xtensor.clamp %f, %x, %f : tensor<f32>, tensor<4x6xf32>, tensor<f32>
  func.return %r : tensor<4x6xf32>
}
// CHECK-LABEL: func.func private @clamp(%x: tensor<4x6xf32>, %f: tensor<f32>) -> tensor<4x6xf32> {
// CHECK-NEXT:    %r = stablehlo.clamp %f, %x, %f : (tensor<f32>, tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
// CHECK-NEXT:    func.return %r : tensor<4x6xf32>
// CHECK-NEXT:  }

// Of a complex sine, the real part is zero where that of the operand is.
func.func private @sin(%c: tensor<complex<f32>>) -> tensor<complex<f32>> {
  %r = xtensor.sin %c : tensor<complex<f32>>
  func.return %r : tensor<complex<f32>>
}
// CHECK-LABEL: func.func private @sin(%c: tensor<complex<f32>>) -> tensor<complex<f32>> {
// CHECK-NEXT:    %0 = stablehlo.real %c : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.imag %c : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:    %2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %3 = stablehlo.compare EQ, %0, %2, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:    %4 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT:    %5 = stablehlo.sine %0 : tensor<f32>
// CHECK-NEXT:    %6 = stablehlo.cosine %0 : tensor<f32>
// CHECK-NEXT:    %7 = stablehlo.exponential_minus_one %1 : tensor<f32>
// CHECK-NEXT:    %8 = stablehlo.negate %1 : tensor<f32>
// CHECK-NEXT:    %9 = stablehlo.exponential_minus_one %8 : tensor<f32>
// CHECK-NEXT:    %10 = stablehlo.subtract %7, %9 : tensor<f32>
// CHECK-NEXT:    %11 = stablehlo.add %7, %9 : tensor<f32>
// CHECK-NEXT:    %12 = stablehlo.add %11, %4 : tensor<f32>
// CHECK-NEXT:    %13 = stablehlo.divide %10, %4 : tensor<f32>
// CHECK-NEXT:    %14 = stablehlo.divide %12, %4 : tensor<f32>
// CHECK-NEXT:    %15 = stablehlo.multiply %5, %14 : tensor<f32>
// CHECK-NEXT:    %16 = stablehlo.multiply %6, %13 : tensor<f32>
// CHECK-NEXT:    %17 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %18 = stablehlo.complex %17, %16 : tensor<complex<f32>>
// CHECK-NEXT:    %19 = stablehlo.complex %15, %16 : tensor<complex<f32>>
// CHECK-NEXT:    %r = stablehlo.select %3, %18, %19 : tensor<i1>, tensor<complex<f32>>
// CHECK-NEXT:    func.return %r : tensor<complex<f32>>
// CHECK-NEXT:  }

// The conjugate.
func.func private @conj(%c: tensor<complex<f32>>) -> tensor<complex<f32>> {
  %r = xtensor.conj %c : tensor<complex<f32>>
  func.return %r : tensor<complex<f32>>
}
// CHECK-LABEL: func.func private @conj(%c: tensor<complex<f32>>) -> tensor<complex<f32>> {
// CHECK-NEXT:    %0 = stablehlo.imag %c : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.negate %0 : tensor<f32>
// CHECK-NEXT:    %2 = stablehlo.real %c : (tensor<complex<f32>>) -> tensor<f32>
// CHECK-NEXT:    %r = stablehlo.complex %2, %1 : tensor<complex<f32>>
// CHECK-NEXT:    func.return %r : tensor<complex<f32>>
// CHECK-NEXT:  }

// An accuracy that is asked for.
func.func private @accuracy(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = xtensor.exp %x accuracy <highest> : tensor<4xf32>
  %b = xtensor.exp2 %a accuracy <rtol = 0.5, ulps = 3> : tensor<4xf32>
  func.return %b : tensor<4xf32>
}
// CHECK-LABEL: func.func private @accuracy(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %a = stablehlo.exponential %x {result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<HIGHEST>>} : tensor<4xf32>
// CHECK-NEXT:    %0 = stablehlo.constant dense<0.693147182> : tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT:    %2 = stablehlo.multiply %1, %a : tensor<4xf32>
// CHECK-NEXT:    %b = stablehlo.exponential %2 {result_accuracy = #stablehlo.result_accuracy<rtol = 5.000000e-01, ulps = 3, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>} : tensor<4xf32>
// CHECK-NEXT:    func.return %b : tensor<4xf32>
// CHECK-NEXT:  }

// Complex numbers are ordered as pairs.
func.func private @complex_max(%x: tensor<2xcomplex<f32>>, %y: tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>> {
  %a = xtensor.max %x, %y : tensor<2xcomplex<f32>>
  func.return %a : tensor<2xcomplex<f32>>
}
// CHECK-LABEL: func.func private @complex_max(%x: tensor<2xcomplex<f32>>, %y: tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>> {
// CHECK-NEXT:    %0 = stablehlo.real %x : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
// CHECK-NEXT:    %1 = stablehlo.real %y : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
// CHECK-NEXT:    %2 = stablehlo.compare EQ, %0, %1, FLOAT : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
// CHECK-NEXT:    %3 = stablehlo.compare GT, %0, %1, FLOAT : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
// CHECK-NEXT:    %4 = stablehlo.imag %x : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
// CHECK-NEXT:    %5 = stablehlo.imag %y : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
// CHECK-NEXT:    %6 = stablehlo.compare GT, %4, %5, FLOAT : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
// CHECK-NEXT:    %7 = stablehlo.select %2, %6, %3 : tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:    %a = stablehlo.select %7, %x, %y : tensor<2xi1>, tensor<2xcomplex<f32>>
// CHECK-NEXT:    func.return %a : tensor<2xcomplex<f32>>
// CHECK-NEXT:  }

// The total order of floats, in which a NaN is equal to itself.
func.func private @total_order(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xi1>, tensor<4xi1>) {
  %a = xtensor.lt_to %x, %x : tensor<4xf32>
  %b = xtensor.le_to %i, %i : tensor<4xi32>
  func.return %a, %b : tensor<4xi1>, tensor<4xi1>
}
// CHECK-LABEL: func.func private @total_order(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xi1>, tensor<4xi1>) {
// CHECK-NEXT:    %a = stablehlo.compare LT, %x, %x, TOTALORDER : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
// CHECK-NEXT:    %b = stablehlo.compare LE, %i, %i, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
// CHECK-NEXT:    func.return %a, %b : tensor<4xi1>, tensor<4xi1>
// CHECK-NEXT:  }
