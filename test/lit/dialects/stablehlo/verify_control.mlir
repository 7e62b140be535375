// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Branches and loops whose values differ in type.

func.func @index(%i: tensor<1xi32>) {
  // CHECK: Expected attribute tensor<i32> but got tensor<1xi32>
  "stablehlo.case"(%i) ({
    stablehlo.return
  }) : (tensor<1xi32>) -> ()
  func.return
}

// -----

func.func @branches(%i: tensor<i32>, %x: tensor<2xf32>, %y: tensor<3xf32>) {
  // CHECK: the values that branch 1 returns are of types (tensor<3xf32>), expected (tensor<2xf32>)
  %0 = "stablehlo.case"(%i) ({
    stablehlo.return %x : tensor<2xf32>
  }, {
    stablehlo.return %y : tensor<3xf32>
  }) : (tensor<i32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @no_branch(%i: tensor<i32>) {
  // CHECK: a case needs at least one branch
  "stablehlo.case"(%i) : (tensor<i32>) -> ()
  func.return
}

// -----

func.func @branch_arguments(%p: tensor<i1>) {
  // CHECK: true_branch takes no arguments
  "stablehlo.if"(%p) ({
  ^bb0(%a: tensor<f32>):
    stablehlo.return
  }, {
    stablehlo.return
  }) : (tensor<i1>) -> ()
  func.return
}

// -----

func.func @condition(%x: tensor<2xf32>) {
  // CHECK: cond must return one boolean
  %0 = stablehlo.while(%a = %x) : tensor<2xf32>
    cond {
      stablehlo.return %a : tensor<2xf32>
    } do {
      stablehlo.return %a : tensor<2xf32>
    }
  func.return
}

// -----

func.func @body(%x: tensor<2xf32>, %y: tensor<3xf32>, %p: tensor<i1>) {
  // CHECK: the values that body returns are of types (tensor<3xf32>), expected (tensor<2xf32>)
  %0 = stablehlo.while(%a = %x) : tensor<2xf32>
    cond {
      stablehlo.return %p : tensor<i1>
    } do {
      stablehlo.return %y : tensor<3xf32>
    }
  func.return
}

// -----

func.func @async(%x: tensor<2xf32>) {
  // CHECK: the body must be one op among replicas, or a slice, and a return
  %0 = "stablehlo.async_start"(%x) ({
  ^bb0(%a: tensor<2xf32>):
    %1 = stablehlo.negate %a : tensor<2xf32>
    stablehlo.return %1 : tensor<2xf32>
  }) : (tensor<2xf32>) -> !stablehlo.future<tensor<2xf32>>
  func.return
}

// -----

func.func @future(%x: tensor<2xf32>) {
  // CHECK: the result must be a future of tensor<2xf32>
  %0 = "stablehlo.async_start"(%x) ({
  ^bb0(%a: tensor<2xf32>):
    %1 = "stablehlo.collective_permute"(%a) <{source_target_pairs = dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<2xf32>) -> tensor<2xf32>
    stablehlo.return %1 : tensor<2xf32>
  }) : (tensor<2xf32>) -> !stablehlo.future<tensor<3xf32>>
  func.return
}
