// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Barriers.

func.func @control(%x: tensor<4x6xf32>, %s: tensor<i32>) {
  // CHECK-LABEL: func.func @control
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.optimization_barrier %x, %s : (tensor<4x6xf32>, tensor<i32>) -> (tensor<4x6xf32>, tensor<i32>)
  %0, %1 = xtensor.optimization_barrier %x, %s : (tensor<4x6xf32>, tensor<i32>) -> (tensor<4x6xf32>, tensor<i32>)
  func.return
}
