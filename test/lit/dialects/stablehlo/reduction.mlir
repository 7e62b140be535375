// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Reductions: in short where the body is one commutative op, otherwise with the body.

func.func @reduction(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %zero: tensor<f32>, %none: tensor<i32>) {
  // CHECK-LABEL: func.func @reduction
  // CHECK-NEXT: %sum = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
  %sum = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>

  // The body that the short form stands for is written in short.
  // CHECK-NEXT: %all = stablehlo.reduce(%i init: %none) applies stablehlo.and across dimensions = [0, 1] : (tensor<4x6xi32>, tensor<i32>) -> tensor<i32>
  %all = stablehlo.reduce(%i init: %none) across dimensions = [0, 1] : (tensor<4x6xi32>, tensor<i32>) -> tensor<i32>
   reducer(%a: tensor<i32>, %b: tensor<i32>) {
    %both = stablehlo.and %a, %b : tensor<i32>
    stablehlo.return %both : tensor<i32>
  }

  // Order matters to a subtraction.
  // CHECK-NEXT: %difference = stablehlo.reduce(%x init: %zero) across dimensions = [0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32>
  // CHECK-NEXT: reducer(%c: tensor<f32>, %d: tensor<f32>) {
  // CHECK-NEXT:   %less = stablehlo.subtract %c, %d : tensor<f32>
  // CHECK-NEXT:   stablehlo.return %less : tensor<f32>
  // CHECK-NEXT: }
  %difference = stablehlo.reduce(%x init: %zero) across dimensions = [0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<6xf32>
   reducer(%c: tensor<f32>, %d: tensor<f32>) {
    %less = stablehlo.subtract %c, %d : tensor<f32>
    stablehlo.return %less : tensor<f32>
  }

  // Several inputs: the arguments are paired, the accumulated value with the element.
  // CHECK-NEXT: %best, %place = stablehlo.reduce(%x init: %zero), (%i init: %none) across dimensions = [0] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<6xf32>, tensor<6xi32>)
  // CHECK-NEXT: reducer(%v: tensor<f32>, %w: tensor<f32>) (%m: tensor<i32>, %n: tensor<i32>) {
  // CHECK-NEXT:   %beyond = stablehlo.compare GT, %v, %w, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
  // CHECK-NEXT:   %value = stablehlo.select %beyond, %v, %w : tensor<i1>, tensor<f32>
  // CHECK-NEXT:   %index = stablehlo.select %beyond, %m, %n : tensor<i1>, tensor<i32>
  // CHECK-NEXT:   stablehlo.return %value, %index : tensor<f32>, tensor<i32>
  // CHECK-NEXT: }
  %best, %place = stablehlo.reduce(%x init: %zero), (%i init: %none) across dimensions = [0] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<6xf32>, tensor<6xi32>)
   reducer(%v: tensor<f32>, %w: tensor<f32>) (%m: tensor<i32>, %n: tensor<i32>) {
    %beyond = stablehlo.compare GT, %v, %w, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %value = stablehlo.select %beyond, %v, %w : tensor<i1>, tensor<f32>
    %index = stablehlo.select %beyond, %m, %n : tensor<i1>, tensor<i32>
    stablehlo.return %value, %index : tensor<f32>, tensor<i32>
  }

  // CHECK-NEXT: %window = "stablehlo.reduce_window"(%x, %zero) <{{{.*}}window_dimensions = array<i64: 2, 3>{{.*}}}> ({
  %window = "stablehlo.reduce_window"(%x, %zero) <{padding = dense<[[0, 0], [1, 1]]> : tensor<2x2xi64>, window_dimensions = array<i64: 2, 3>, window_strides = array<i64: 2, 1>}> ({
  ^bb0(%e: tensor<f32>, %f: tensor<f32>):
    %larger = stablehlo.maximum %e, %f : tensor<f32>
    stablehlo.return %larger : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<f32>) -> tensor<2x6xf32>
  func.return
}
