// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Sort and map, whose regions work on scalars.

func.func @sort(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  // CHECK-LABEL: func.func @sort
  // CHECK-NEXT: %sorted = "stablehlo.sort"(%x) <{dimension = 1 : i64, is_stable = true}> ({
  // CHECK-NEXT: ^bb0(%a: tensor<f32>, %b: tensor<f32>):
  // CHECK-NEXT:   %before = stablehlo.compare LT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
  // CHECK-NEXT:   stablehlo.return %before : tensor<i1>
  // CHECK-NEXT: }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %sorted = "stablehlo.sort"(%x) <{dimension = 1 : i64, is_stable = true}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %before = stablehlo.compare LT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %before : tensor<i1>
  }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT: %doubled = "stablehlo.map"(%sorted) <{dimensions = array<i64: 0, 1>}> ({
  // CHECK-NEXT: ^bb0(%element: tensor<f32>):
  // CHECK-NEXT:   %twice = stablehlo.add %element, %element : tensor<f32>
  // CHECK-NEXT:   stablehlo.return %twice : tensor<f32>
  // CHECK-NEXT: }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %doubled = "stablehlo.map"(%sorted) <{dimensions = array<i64: 0, 1>}> ({
  ^bb0(%element: tensor<f32>):
    %twice = stablehlo.add %element, %element : tensor<f32>
    stablehlo.return %twice : tensor<f32>
  }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return %doubled : tensor<4x6xf32>
}
