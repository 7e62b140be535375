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

// Tensors of one shape may be folded together, by a function of what is folded and of their elements.
func.func @by_a_function(%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %f: tensor<f32>, %n: tensor<i32>) {
  // CHECK-LABEL: func.func @by_a_function
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.reduce(%x, %i) from(%f, %n) over [1] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>) {
  // CHECK-NEXT:   ^bb0(%a: tensor<f32>, %m: tensor<i32>, %b: tensor<f32>, %k: tensor<i32>):
  // CHECK-NEXT:     %s = xtensor.mul %a, %b : tensor<f32>
  // CHECK-NEXT:     %t = xtensor.max %m, %k : tensor<i32>
  // CHECK-NEXT:     xtensor.yield %s, %t : tensor<f32>, tensor<i32>
  // CHECK-NEXT:   }
  %0, %1 = xtensor.reduce(%x, %i) from(%f, %n) over [1] : (tensor<4x6xf32>, tensor<4x6xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>) {
  ^bb0(%a: tensor<f32>, %m: tensor<i32>, %b: tensor<f32>, %k: tensor<i32>):
    %s = xtensor.mul %a, %b : tensor<f32>
    %t = xtensor.max %m, %k : tensor<i32>
    xtensor.yield %s, %t : tensor<f32>, tensor<i32>
  }
  func.return
}

// Complex numbers are ordered, too, by the real part first.
func.func @of_complex(%x: tensor<4x6xcomplex<f32>>) {
  // CHECK-LABEL: func.func @of_complex
  // CHECK-NEXT: %{{.*}} = xtensor.reduce_max %x over [0] : tensor<4x6xcomplex<f32>> -> tensor<6xcomplex<f32>>
  %0 = xtensor.reduce_max %x over [0] : tensor<4x6xcomplex<f32>> -> tensor<6xcomplex<f32>>
  func.return
}
