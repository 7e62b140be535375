// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Branches, loops and barriers.

func.func @control(%x: tensor<4xf32>, %start: tensor<i32>, %p: tensor<i1>) {
  // CHECK-LABEL: func.func @control
  // Both regions of a loop use the names of its first line.
  // CHECK-NEXT: %last, %sum = stablehlo.while(%n = %start, %total = %x) : tensor<i32>, tensor<4xf32>
  // CHECK-NEXT: cond {
  // CHECK-NEXT:   %limit = stablehlo.constant dense<3> : tensor<i32>
  // CHECK-NEXT:   %more = stablehlo.compare LT, %n, %limit, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  // CHECK-NEXT:   stablehlo.return %more : tensor<i1>
  // CHECK-NEXT: } do {
  // CHECK-NEXT:   %one = stablehlo.constant dense<1> : tensor<i32>
  // CHECK-NEXT:   %next = stablehlo.add %n, %one : tensor<i32>
  // CHECK-NEXT:   %grown = stablehlo.add %total, %x : tensor<4xf32>
  // CHECK-NEXT:   stablehlo.return %next, %grown : tensor<i32>, tensor<4xf32>
  // CHECK-NEXT: }
  %last, %sum = stablehlo.while(%n = %start, %total = %x) : tensor<i32>, tensor<4xf32>
  cond {
    %limit = stablehlo.constant dense<3> : tensor<i32>
    %more = stablehlo.compare LT, %n, %limit, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %next = stablehlo.add %n, %one : tensor<i32>
    %grown = stablehlo.add %total, %x : tensor<4xf32>
    stablehlo.return %next, %grown : tensor<i32>, tensor<4xf32>
  }

  // CHECK-NEXT: %chosen = "stablehlo.case"(%start) ({
  // CHECK-NEXT:   stablehlo.return %x : tensor<4xf32>
  // CHECK-NEXT: }, {
  // CHECK-NEXT:   stablehlo.return %sum : tensor<4xf32>
  // CHECK-NEXT: }) : (tensor<i32>) -> tensor<4xf32>
  %chosen = "stablehlo.case"(%start) ({
    stablehlo.return %x : tensor<4xf32>
  }, {
    stablehlo.return %sum : tensor<4xf32>
  }) : (tensor<i32>) -> tensor<4xf32>

  // CHECK-NEXT: %either = "stablehlo.if"(%p) ({
  %either = "stablehlo.if"(%p) ({
    stablehlo.return %x : tensor<4xf32>
  }, {
    stablehlo.return %chosen : tensor<4xf32>
  }) : (tensor<i1>) -> tensor<4xf32>

  // CHECK: %a, %b = stablehlo.optimization_barrier %x, %start : tensor<4xf32>, tensor<i32>
  %a, %b = stablehlo.optimization_barrier %x, %start : tensor<4xf32>, tensor<i32>
  func.return
}
