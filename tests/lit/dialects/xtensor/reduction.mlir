// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Every reduction. The result does not have the reduced axes.

func.func @reduction(%x: tensor<4x6xf32>, %b: tensor<4x6xi1>) {
  // CHECK-LABEL: func.func @reduction
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_and %b over [0] : tensor<4x6xi1> -> tensor<6xi1>
  %0 = xtensor.reduce_and %b over [0] : tensor<4x6xi1> -> tensor<6xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_max %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  %1 = xtensor.reduce_max %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_min %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  %2 = xtensor.reduce_min %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_or %b over [0] : tensor<4x6xi1> -> tensor<6xi1>
  %3 = xtensor.reduce_or %b over [0] : tensor<4x6xi1> -> tensor<6xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_prod %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  %4 = xtensor.reduce_prod %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_sum %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  %5 = xtensor.reduce_sum %x over [0, 1] : tensor<4x6xf32> -> tensor<f32>
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_xor %b over [0] : tensor<4x6xi1> -> tensor<6xi1>
  %6 = xtensor.reduce_xor %b over [0] : tensor<4x6xi1> -> tensor<6xi1>
  // CHECK-NEXT: %{{.*}} = xtensor.argmax %x over [1] : tensor<4x6xf32> -> tensor<4xi32>
  %7 = xtensor.argmax %x over [1] : tensor<4x6xf32> -> tensor<4xi32>
  // CHECK-NEXT: %{{.*}} = xtensor.argmin %x over [1] : tensor<4x6xf32> -> tensor<4xi32>
  %8 = xtensor.argmin %x over [1] : tensor<4x6xf32> -> tensor<4xi32>
  func.return
}
