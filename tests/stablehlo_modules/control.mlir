func.func @branches(%p: tensor<i1>, %i: tensor<i32>, %x: tensor<2xf32>, %t: !stablehlo.token) -> tensor<2xf32> {
  %0 = "stablehlo.if"(%p) ({
    stablehlo.return %x : tensor<2xf32>
  }, {
    %9 = stablehlo.negate %x : tensor<2xf32>
    stablehlo.return %9 : tensor<2xf32>
  }) : (tensor<i1>) -> tensor<2xf32>
  %1:2 = "stablehlo.case"(%i) ({
    stablehlo.return %t, %x : !stablehlo.token, tensor<2xf32>
  }, {
    stablehlo.return %t, %0 : !stablehlo.token, tensor<2xf32>
  }) {note = 1 : i8} : (tensor<i32>) -> (!stablehlo.token, tensor<2xf32>)
  "stablehlo.case"(%i) ({
    stablehlo.return
  }) : (tensor<i32>) -> ()
  func.return %1#1 : tensor<2xf32>
}
func.func @loops(%x: tensor<2xf32>, %i: tensor<i32>, %t: !stablehlo.token) -> tensor<2xf32> {
  %0:3 = stablehlo.while(%a = %x, %b = %i, %c = %t) : tensor<2xf32>, tensor<i32>, !stablehlo.token attributes {note}
    cond {
      %1 = stablehlo.compare LT, %b, %i : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %1 : tensor<i1>
    } do {
      %1 = func.call @double(%a) : (tensor<2xf32>) -> tensor<2xf32>
      stablehlo.return %1, %b, %c : tensor<2xf32>, tensor<i32>, !stablehlo.token
    }
  stablehlo.while() cond {
    %1 = stablehlo.constant dense<false> : tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    stablehlo.return
  }
  func.return %0#0 : tensor<2xf32>
}
func.func private @double(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.add %x, %x : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
func.func @reductions(%x: tensor<2x3xf32>, %i: tensor<2x3xi32>, %a: tensor<f32>, %b: tensor<i32>, %w: tensor<f64>) {
  %0 = stablehlo.reduce(%x init: %a) applies stablehlo.multiply across dimensions = [1] {note} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = stablehlo.reduce(%x init: %a) applies stablehlo.minimum across dimensions = [] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %2:2 = stablehlo.reduce(%x init: %a), (%i init: %b) across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<2x3xi32>, tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>)
    reducer(%c: tensor<f32>, %d: tensor<f32>) (%e: tensor<i32>, %f: tensor<i32>) {
      %9 = stablehlo.add %c, %d : tensor<f32>
      %10 = stablehlo.add %e, %f : tensor<i32>
      stablehlo.return %9, %10 : tensor<f32>, tensor<i32>
    }
  %3 = "stablehlo.reduce"(%x, %w) <{dimensions = array<i64: 0>}> ({
  ^bb0(%c: tensor<f64>, %d: tensor<f64>):
    %9 = stablehlo.add %c, %d : tensor<f64>
    stablehlo.return %9 : tensor<f64>
  }) : (tensor<2x3xf32>, tensor<f64>) -> tensor<3xf64>
  %4 = "stablehlo.reduce"(%x, %a) <{dimensions = array<i64: 0>}> ({
  ^bb0(%c: tensor<f32>, %d: tensor<f32>):
    %9 = stablehlo.add %d, %c : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<2x3xf32>, tensor<f32>) -> tensor<3xf32>
  func.return
}
