// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Every cumulative reduction, from the first element on or from the last one back.

func.func @cumulative(%x: tensor<4x6xf32>, %i: tensor<4xui8>) {
  // CHECK-LABEL: func.func @cumulative
  // CHECK-NEXT: %{{.*}} = xtensor.cumlogsumexp %x axis 0 : tensor<4x6xf32>
  %0 = xtensor.cumlogsumexp %x axis 0 : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.cummax %x axis 1 reverse : tensor<4x6xf32>
  %1 = xtensor.cummax %x axis 1 reverse : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.cummin %i axis 0 : tensor<4xui8>
  %2 = xtensor.cummin %i axis 0 : tensor<4xui8>
  // CHECK-NEXT: %{{.*}} = xtensor.cumprod %x axis 0 reverse : tensor<4x6xf32>
  %3 = xtensor.cumprod %x axis 0 reverse : tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.cumsum %i axis 0 : tensor<4xui8>
  %4 = xtensor.cumsum %i axis 0 : tensor<4xui8>
  func.return
}
