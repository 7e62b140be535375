// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// A reduction starts from the identity of what it folds with.

// A sum starts from zero.
func.func private @sum_f32(%x: tensor<4x6xf32>) -> tensor<4xf32> {
  %r = xtensor.reduce_sum %x over [1] : tensor<4x6xf32> -> tensor<4xf32>
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func private @sum_f32(%x: tensor<4x6xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.add across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %r : tensor<4xf32>
// CHECK-NEXT:  }

// A product starts from one.
func.func private @prod_i32(%x: tensor<4x6xi32>) -> tensor<4xi32> {
  %r = xtensor.reduce_prod %x over [1] : tensor<4x6xi32> -> tensor<4xi32>
  func.return %r : tensor<4xi32>
}
// CHECK-LABEL: func.func private @prod_i32(%x: tensor<4x6xi32>) -> tensor<4xi32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.multiply across dimensions = [1] : (tensor<4x6xi32>, tensor<i32>) -> tensor<4xi32>
// CHECK-NEXT:    func.return %r : tensor<4xi32>
// CHECK-NEXT:  }

// A maximum starts from minus infinity,
func.func private @max_f32(%x: tensor<4x6xf32>) -> tensor<4xf32> {
  %r = xtensor.reduce_max %x over [1] : tensor<4x6xf32> -> tensor<4xf32>
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func private @max_f32(%x: tensor<4x6xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %r : tensor<4xf32>
// CHECK-NEXT:  }

// or from the least integer;
func.func private @max_i8(%x: tensor<4x6xi8>) -> tensor<4xi8> {
  %r = xtensor.reduce_max %x over [1] : tensor<4x6xi8> -> tensor<4xi8>
  func.return %r : tensor<4xi8>
}
// CHECK-LABEL: func.func private @max_i8(%x: tensor<4x6xi8>) -> tensor<4xi8> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<-128> : tensor<i8>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xi8>, tensor<i8>) -> tensor<4xi8>
// CHECK-NEXT:    func.return %r : tensor<4xi8>
// CHECK-NEXT:  }

// this format has no infinity.
func.func private @max_f8e4m3fn(%x: tensor<4x6xf8E4M3FN>) -> tensor<4xf8E4M3FN> {
  %r = xtensor.reduce_max %x over [1] : tensor<4x6xf8E4M3FN> -> tensor<4xf8E4M3FN>
  func.return %r : tensor<4xf8E4M3FN>
}
// CHECK-LABEL: func.func private @max_f8e4m3fn(%x: tensor<4x6xf8E4M3FN>) -> tensor<4xf8E4M3FN> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<-4.480000e+02> : tensor<f8E4M3FN>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xf8E4M3FN>, tensor<f8E4M3FN>) -> tensor<4xf8E4M3FN>
// CHECK-NEXT:    func.return %r : tensor<4xf8E4M3FN>
// CHECK-NEXT:  }

// A minimum starts from the greatest integer.
func.func private @min_ui8(%x: tensor<4x6xui8>) -> tensor<4xui8> {
  %r = xtensor.reduce_min %x over [1] : tensor<4x6xui8> -> tensor<4xui8>
  func.return %r : tensor<4xui8>
}
// CHECK-LABEL: func.func private @min_ui8(%x: tensor<4x6xui8>) -> tensor<4xui8> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<255> : tensor<ui8>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.minimum across dimensions = [1] : (tensor<4x6xui8>, tensor<ui8>) -> tensor<4xui8>
// CHECK-NEXT:    func.return %r : tensor<4xui8>
// CHECK-NEXT:  }

// All bits are set where an and starts,
func.func private @and_i32(%x: tensor<4x6xi32>) -> tensor<4xi32> {
  %r = xtensor.reduce_and %x over [1] : tensor<4x6xi32> -> tensor<4xi32>
  func.return %r : tensor<4xi32>
}
// CHECK-LABEL: func.func private @and_i32(%x: tensor<4x6xi32>) -> tensor<4xi32> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<-1> : tensor<i32>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.and across dimensions = [1] : (tensor<4x6xi32>, tensor<i32>) -> tensor<4xi32>
// CHECK-NEXT:    func.return %r : tensor<4xi32>
// CHECK-NEXT:  }

// none where an or does.
func.func private @or_i1(%x: tensor<4x6xi1>) -> tensor<4xi1> {
  %r = xtensor.reduce_or %x over [1] : tensor<4x6xi1> -> tensor<4xi1>
  func.return %r : tensor<4xi1>
}
// CHECK-LABEL: func.func private @or_i1(%x: tensor<4x6xi1>) -> tensor<4xi1> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<false> : tensor<i1>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.or across dimensions = [1] : (tensor<4x6xi1>, tensor<i1>) -> tensor<4xi1>
// CHECK-NEXT:    func.return %r : tensor<4xi1>
// CHECK-NEXT:  }

// An exclusive or starts from zero.
func.func private @xor_ui16(%x: tensor<4x6xui16>) -> tensor<4xui16> {
  %r = xtensor.reduce_xor %x over [1] : tensor<4x6xui16> -> tensor<4xui16>
  func.return %r : tensor<4xui16>
}
// CHECK-LABEL: func.func private @xor_ui16(%x: tensor<4x6xui16>) -> tensor<4xui16> {
// CHECK-NEXT:    %0 = stablehlo.constant dense<0> : tensor<ui16>
// CHECK-NEXT:    %r = stablehlo.reduce(%x init: %0) applies stablehlo.xor across dimensions = [1] : (tensor<4x6xui16>, tensor<ui16>) -> tensor<4xui16>
// CHECK-NEXT:    func.return %r : tensor<4xui16>
// CHECK-NEXT:  }

// The place of an extreme: reduced together with the value, the first one, or the first NaN.
func.func private @argmax(%x: tensor<4x6xf32>) -> tensor<4xi32> {
  %r = xtensor.argmax %x over [1] : tensor<4x6xf32> -> tensor<4xi32>
  func.return %r : tensor<4xi32>
}
// CHECK-LABEL: func.func private @argmax(%x: tensor<4x6xf32>) -> tensor<4xi32> {
// CHECK-NEXT:    %0 = stablehlo.iota dim = 1 : tensor<4x6xi32>
// CHECK-NEXT:    %1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT:    %2 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %3, %r = stablehlo.reduce(%x init: %1), (%0 init: %2) across dimensions = [1] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>)
// CHECK-NEXT:     reducer(%4: tensor<f32>, %5: tensor<f32>) (%6: tensor<i32>, %7: tensor<i32>)  {
// CHECK-NEXT:      %8 = stablehlo.compare GT, %4, %5, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %9 = stablehlo.compare NE, %4, %4, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %10 = stablehlo.or %8, %9 : tensor<i1>
// CHECK-NEXT:      %11 = stablehlo.compare EQ, %4, %5, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT:      %12 = stablehlo.compare LT, %6, %7, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
// CHECK-NEXT:      %13 = stablehlo.and %11, %12 : tensor<i1>
// CHECK-NEXT:      %14 = stablehlo.or %10, %13 : tensor<i1>
// CHECK-NEXT:      %15 = stablehlo.select %10, %4, %5 : tensor<i1>, tensor<f32>
// CHECK-NEXT:      %16 = stablehlo.select %14, %6, %7 : tensor<i1>, tensor<i32>
// CHECK-NEXT:      stablehlo.return %15, %16 : tensor<f32>, tensor<i32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : tensor<4xi32>
// CHECK-NEXT:  }

// A reduction by a function starts from what is given.
func.func private @by_a_function(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %f: tensor<f32>, %n: tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %r, %s = xtensor.reduce(%x, %i) from(%f, %n) over [1] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>) {
  ^bb0(%a: tensor<f32>, %m: tensor<i32>, %b: tensor<f32>, %k: tensor<i32>):
    %p = xtensor.square %b : tensor<f32>
    %q = xtensor.add %a, %p : tensor<f32>
    %t = xtensor.max %m, %k : tensor<i32>
    xtensor.yield %q, %t : tensor<f32>, tensor<i32>
  }
  func.return %r, %s : tensor<4xf32>, tensor<4xi32>
}
// CHECK-LABEL: func.func private @by_a_function(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %f: tensor<f32>, %n: tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>) {
// CHECK-NEXT:    %r, %s = stablehlo.reduce(%x init: %f), (%i init: %n) across dimensions = [1] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>)
// CHECK-NEXT:     reducer(%0: tensor<f32>, %1: tensor<f32>) (%2: tensor<i32>, %3: tensor<i32>)  {
// CHECK-NEXT:      %p = chlo.square %1 : tensor<f32> -> tensor<f32>
// CHECK-NEXT:      %q = stablehlo.add %0, %p : tensor<f32>
// CHECK-NEXT:      %t = stablehlo.maximum %2, %3 : tensor<i32>
// CHECK-NEXT:      stablehlo.return %q, %t : tensor<f32>, tensor<i32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r, %s : tensor<4xf32>, tensor<4xi32>
// CHECK-NEXT:  }
