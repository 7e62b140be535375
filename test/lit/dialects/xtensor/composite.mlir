// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt %s --print-op-generic | xcs-opt | filecheck %s

// Ops that say what they compute. What stands in their regions here is not what JAX puts there.

// CHECK-LABEL: @functions
// CHECK: xtensor.polygamma %x, %x : tensor<2xf32>
// CHECK: xtensor.zeta %x, %x : tensor<2xf32>
// CHECK: xtensor.eq_to %x, %x : tensor<2xf32>
// CHECK: xtensor.igamma_grad_a (%a = %x : tensor<2xf32>) -> tensor<2xf32> {
// CHECK: xtensor.igammac (
// CHECK: xtensor.regularized_incomplete_beta (
func.func @functions(%x: tensor<2xf32>) {
  %0 = xtensor.polygamma %x, %x : tensor<2xf32>
  %1 = xtensor.zeta %x, %x : tensor<2xf32>
  %2 = xtensor.eq_to %x, %x : tensor<2xf32>
  %3 = xtensor.igamma_grad_a (%a = %x : tensor<2xf32>) -> tensor<2xf32> {
    xtensor.yield %a : tensor<2xf32>
  }
  %4 = xtensor.igammac (%a = %x : tensor<2xf32>) -> tensor<2xf32> {
    xtensor.yield %a : tensor<2xf32>
  }
  %5 = xtensor.regularized_incomplete_beta (%a = %x : tensor<2xf32>) -> tensor<2xf32> {
    xtensor.yield %a : tensor<2xf32>
  }
  func.return
}

// CHECK-LABEL: @random
// CHECK: xtensor.threefry2x32 (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
// CHECK: xtensor.threefry4x32 (
// CHECK: xtensor.philox2x32 (
// CHECK: xtensor.philox4x32 (
// CHECK: xtensor.random_fold_in {impl = "fry"} (
// CHECK: xtensor.random_seed {impl = "fry"} (
// CHECK: xtensor.random_split {impl = "fry"} (
func.func @random(%k: tensor<2xui32>) {
  %0 = xtensor.threefry2x32 (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  %1 = xtensor.threefry4x32 (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  %2 = xtensor.philox2x32 (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  %3 = xtensor.philox4x32 (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  %4 = xtensor.random_fold_in {impl = "fry"} (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  %5 = xtensor.random_seed {impl = "fry"} (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  %6 = xtensor.random_split {impl = "fry"} (%a = %k : tensor<2xui32>) -> tensor<2xui32> {
    xtensor.yield %a : tensor<2xui32>
  }
  func.return
}

// CHECK-LABEL: @matrices
// CHECK: xtensor.scaled_dot batch [] x [] contract [1] x [0] (
// CHECK: xtensor.cholesky_update (
// CHECK: xtensor.lu_pivots_to_permutation (
// CHECK: xtensor.qr (
func.func @matrices(%m: tensor<2x2xf32>, %p: tensor<2xi32>) {
  %0 = xtensor.scaled_dot batch [] x [] contract [1] x [0] (%a = %m : tensor<2x2xf32>) -> tensor<2x2xf32> {
    xtensor.yield %a : tensor<2x2xf32>
  }
  %1 = xtensor.cholesky_update (%a = %m : tensor<2x2xf32>) -> tensor<2x2xf32> {
    xtensor.yield %a : tensor<2x2xf32>
  }
  %2 = xtensor.lu_pivots_to_permutation (%a = %p : tensor<2xi32>) -> tensor<2xi32> {
    xtensor.yield %a : tensor<2xi32>
  }
  %3, %4 = xtensor.qr (%a = %m : tensor<2x2xf32>) -> tensor<2x2xf32>, tensor<2x2xf32> {
    xtensor.yield %a, %a : tensor<2x2xf32>, tensor<2x2xf32>
  }
  func.return
}
