// RUN: xcs-opt %s -p canonicalize-orch | filecheck %s
// RUN: xcs-opt %s -p canonicalize | filecheck %s --check-prefix=ALL

// Orchestration is simplified; tensor ops stay, as XLA simplifies them by itself.

// CHECK: xtensor.neg
// CHECK: xtensor.neg
// CHECK-NOT: orch.getitem
// ALL-NOT: xtensor.neg
func.func @main(%x: tensor<4xf32>, %y: !orch.object) -> (tensor<4xf32>, !orch.object) {
  %0 = xtensor.neg %x : tensor<4xf32>
  %1 = xtensor.neg %0 : tensor<4xf32>
  func.return %1, %y : tensor<4xf32>, !orch.object
}
