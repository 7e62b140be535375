// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Barriers, loops, branches, definitions.

// Operands and results are paired.
func.func private @barrier(%x: tensor<2xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
  %a, %b = xtensor.optimization_barrier %x, %i : (tensor<2xf32>, tensor<i32>) -> (tensor<2xf32>, tensor<i32>)
  func.return %a, %b : tensor<2xf32>, tensor<i32>
}
// CHECK-LABEL: func.func private @barrier(%x: tensor<2xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
// CHECK-NEXT:    %a, %b = stablehlo.optimization_barrier %x, %i : tensor<2xf32>, tensor<i32>
// CHECK-NEXT:    func.return %a, %b : tensor<2xf32>, tensor<i32>
// CHECK-NEXT:  }

// What the regions of a loop use from outside is carried along; constants are made anew inside.
func.func private @while(%x: tensor<4xf32>, %n: tensor<i32>) -> tensor<4xf32> {
  %one = xtensor.constant dense<1> : tensor<i32>
  %last, %r = xtensor.while (%i = %one : tensor<i32>, %a = %x : tensor<4xf32>) while {
    %p = xtensor.lt %i, %n : tensor<i32>
    xtensor.yield %p : tensor<i1>
  } do {
    %j = xtensor.add %i, %one : tensor<i32>
    %b = xtensor.add %a, %x : tensor<4xf32>
    xtensor.yield %j, %b : tensor<i32>, tensor<4xf32>
  }
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func private @while(%x: tensor<4xf32>, %n: tensor<i32>) -> tensor<4xf32> {
// CHECK-NEXT:    %one = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:    %0, %1, %last, %r = stablehlo.while(%2 = %n, %3 = %x, %4 = %one, %5 = %x) : tensor<i32>, tensor<4xf32>, tensor<i32>, tensor<4xf32>
// CHECK-NEXT:    cond {
// CHECK-NEXT:      %p = stablehlo.compare LT, %4, %2, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
// CHECK-NEXT:      stablehlo.return %p : tensor<i1>
// CHECK-NEXT:    } do {
// CHECK-NEXT:      %6 = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:      %j = stablehlo.add %4, %6 : tensor<i32>
// CHECK-NEXT:      %b = stablehlo.add %5, %3 : tensor<4xf32>
// CHECK-NEXT:      stablehlo.return %2, %3, %j, %b : tensor<i32>, tensor<4xf32>, tensor<i32>, tensor<4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : tensor<4xf32>
// CHECK-NEXT:  }

// Branches use values from outside as they are.
func.func private @cond(%x: tensor<4xf32>, %i: tensor<i32>) -> tensor<4xf32> {
  %a = xtensor.cond %i -> tensor<4xf32> {
    xtensor.yield %x : tensor<4xf32>
  } {
    %b = xtensor.neg %x : tensor<4xf32>
    xtensor.yield %b : tensor<4xf32>
  }
  func.return %a : tensor<4xf32>
}
// CHECK-LABEL: func.func private @cond(%x: tensor<4xf32>, %i: tensor<i32>) -> tensor<4xf32> {
// CHECK-NEXT:    %a = "stablehlo.case"(%i) ({
// CHECK-NEXT:      stablehlo.return %x : tensor<4xf32>
// CHECK-NEXT:    }, {
// CHECK-NEXT:      %b = stablehlo.negate %x : tensor<4xf32>
// CHECK-NEXT:      stablehlo.return %b : tensor<4xf32>
// CHECK-NEXT:    }) : (tensor<i32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %a : tensor<4xf32>
// CHECK-NEXT:  }

// A loop that counts, takes one element of what is scanned, and updates what is stacked.
func.func private @scan(%x: tensor<5x4xf32>, %e: tensor<4xf32>) -> (tensor<4xf32>, tensor<5xf32>) {
  %one = xtensor.constant dense<1.0> : tensor<f32>
  %last, %stack = xtensor.scan length = 5 carry (%c = %e : tensor<4xf32>) over (%v = %x : tensor<5x4xf32>) -> tensor<4xf32>, tensor<5xf32> {
    %s = xtensor.add %c, %v : tensor<4xf32>
    xtensor.yield %s, %one : tensor<4xf32>, tensor<f32>
  }
  func.return %last, %stack : tensor<4xf32>, tensor<5xf32>
}
// CHECK-LABEL: func.func private @scan(%x: tensor<5x4xf32>, %e: tensor<4xf32>) -> (tensor<4xf32>, tensor<5xf32>) {
// CHECK-NEXT:    %one = stablehlo.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT:    %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<5xf32>
// CHECK-NEXT:    %2 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %3, %4, %last, %stack = stablehlo.while(%5 = %x, %6 = %2, %7 = %e, %8 = %1) : tensor<5x4xf32>, tensor<i32>, tensor<4xf32>, tensor<5xf32>
// CHECK-NEXT:    cond {
// CHECK-NEXT:      %9 = stablehlo.constant dense<5> : tensor<i32>
// CHECK-NEXT:      %10 = stablehlo.compare LT, %6, %9, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
// CHECK-NEXT:      stablehlo.return %10 : tensor<i1>
// CHECK-NEXT:    } do {
// CHECK-NEXT:      %11 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT:      %12 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:      %13 = stablehlo.dynamic_slice %5, %6, %12, sizes = [1, 4] : (tensor<5x4xf32>, tensor<i32>, tensor<i32>) -> tensor<1x4xf32>
// CHECK-NEXT:      %14 = stablehlo.reshape %13 : (tensor<1x4xf32>) -> tensor<4xf32>
// CHECK-NEXT:      %s = stablehlo.add %7, %14 : tensor<4xf32>
// CHECK-NEXT:      %15 = stablehlo.broadcast_in_dim %11, dims = [] : (tensor<f32>) -> tensor<1xf32>
// CHECK-NEXT:      %16 = stablehlo.dynamic_update_slice %8, %15, %6 : (tensor<5xf32>, tensor<1xf32>, tensor<i32>) -> tensor<5xf32>
// CHECK-NEXT:      %17 = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:      %18 = stablehlo.add %6, %17 : tensor<i32>
// CHECK-NEXT:      stablehlo.return %5, %18, %s, %16 : tensor<5x4xf32>, tensor<i32>, tensor<4xf32>, tensor<5xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %last, %stack : tensor<4xf32>, tensor<5xf32>
// CHECK-NEXT:  }

// Backwards, two elements at once: the first one is left over, and comes after the loop.
func.func private @unrolled(%x: tensor<5xf32>, %e: tensor<f32>) -> tensor<f32> {
  %last = xtensor.scan length = 5 reverse unroll = 2 carry (%c = %e : tensor<f32>) over (%v = %x : tensor<5xf32>) -> tensor<f32> {
    %s = xtensor.add %c, %v : tensor<f32>
    xtensor.yield %s : tensor<f32>
  }
  func.return %last : tensor<f32>
}
// CHECK-LABEL: func.func private @unrolled(%x: tensor<5xf32>, %e: tensor<f32>) -> tensor<f32> {
// CHECK-NEXT:    %0 = stablehlo.slice %x [0:1] : (tensor<5xf32>) -> tensor<1xf32>
// CHECK-NEXT:    %1 = stablehlo.slice %x [1:5] : (tensor<5xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %2 = stablehlo.reshape %1 : (tensor<4xf32>) -> tensor<2x2xf32>
// CHECK-NEXT:    %3 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %4, %5, %6 = stablehlo.while(%7 = %2, %8 = %3, %9 = %e) : tensor<2x2xf32>, tensor<i32>, tensor<f32>
// CHECK-NEXT:    cond {
// CHECK-NEXT:      %10 = stablehlo.constant dense<2> : tensor<i32>
// CHECK-NEXT:      %11 = stablehlo.compare LT, %8, %10, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
// CHECK-NEXT:      stablehlo.return %11 : tensor<i1>
// CHECK-NEXT:    } do {
// CHECK-NEXT:      %12 = stablehlo.constant dense<2> : tensor<i32>
// CHECK-NEXT:      %13 = stablehlo.subtract %12, %8 : tensor<i32>
// CHECK-NEXT:      %14 = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:      %15 = stablehlo.subtract %13, %14 : tensor<i32>
// CHECK-NEXT:      %16 = stablehlo.constant dense<0> : tensor<i32>
// CHECK-NEXT:      %17 = stablehlo.dynamic_slice %7, %15, %16, sizes = [1, 2] : (tensor<2x2xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
// CHECK-NEXT:      %18 = stablehlo.reshape %17 : (tensor<1x2xf32>) -> tensor<2xf32>
// CHECK-NEXT:      %19 = stablehlo.slice %18 [1:2] : (tensor<2xf32>) -> tensor<1xf32>
// CHECK-NEXT:      %20 = stablehlo.reshape %19 : (tensor<1xf32>) -> tensor<f32>
// CHECK-NEXT:      %s = stablehlo.add %9, %20 : tensor<f32>
// CHECK-NEXT:      %21 = stablehlo.slice %18 [0:1] : (tensor<2xf32>) -> tensor<1xf32>
// CHECK-NEXT:      %22 = stablehlo.reshape %21 : (tensor<1xf32>) -> tensor<f32>
// CHECK-NEXT:      %s_1 = stablehlo.add %s, %22 : tensor<f32>
// CHECK-NEXT:      %23 = stablehlo.constant dense<1> : tensor<i32>
// CHECK-NEXT:      %24 = stablehlo.add %8, %23 : tensor<i32>
// CHECK-NEXT:      stablehlo.return %7, %24, %s_1 : tensor<2x2xf32>, tensor<i32>, tensor<f32>
// CHECK-NEXT:    }
// CHECK-NEXT:    %25 = stablehlo.slice %0 [0:1] : (tensor<1xf32>) -> tensor<1xf32>
// CHECK-NEXT:    %26 = stablehlo.reshape %25 : (tensor<1xf32>) -> tensor<f32>
// CHECK-NEXT:    %s_2 = stablehlo.add %6, %26 : tensor<f32>
// CHECK-NEXT:    func.return %s_2 : tensor<f32>
// CHECK-NEXT:  }

// An op that is defined by a region becomes its definition.
func.func private @composite(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = xtensor.composite {name = "double"} (%y = %x : tensor<4xf32>) -> tensor<4xf32> {
    %z = xtensor.add %y, %y : tensor<4xf32>
    xtensor.yield %z : tensor<4xf32>
  }
  func.return %a : tensor<4xf32>
}
// CHECK-LABEL: func.func private @composite(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %z = stablehlo.add %x, %x : tensor<4xf32>
// CHECK-NEXT:    func.return %z : tensor<4xf32>
// CHECK-NEXT:  }
