// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Every reindexing op: elements move, nothing is computed, and all places are known.

func.func @reindexing(%x: tensor<4x6xf32>, %s: tensor<f32>, %o: tensor<4x1xf32>, %p: tensor<1x2xf32>) {
  // CHECK-LABEL: func.func @reindexing
  // CHECK-NEXT: %{{.*}} = xtensor.reshape %x : tensor<4x6xf32> -> tensor<2x12xf32>
  %0 = xtensor.reshape %x : tensor<4x6xf32> -> tensor<2x12xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.transpose %x, [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %1 = xtensor.transpose %x, [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.broadcast_in_dim %s dims [] : tensor<f32> -> tensor<4x6xf32>
  %2 = xtensor.broadcast_in_dim %s dims [] : tensor<f32> -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.broadcast_in_dim %o dims [0, 1] : tensor<4x1xf32> -> tensor<4x6xf32>
  %3 = xtensor.broadcast_in_dim %o dims [0, 1] : tensor<4x1xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.squeeze %o dims [1] : tensor<4x1xf32> -> tensor<4xf32>
  %4 = xtensor.squeeze %o dims [1] : tensor<4x1xf32> -> tensor<4xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.slice %x from [1, 0] to [4, 6] by [2, 1] : tensor<4x6xf32> -> tensor<2x6xf32>
  %5 = xtensor.slice %x from [1, 0] to [4, 6] by [2, 1] : tensor<4x6xf32> -> tensor<2x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.rev %x dims [0] : tensor<4x6xf32> -> tensor<4x6xf32>
  %6 = xtensor.rev %x dims [0] : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.pad %x, %s low [1, 0] high [0, -2] interior [1, 0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<8x4xf32>
  %7 = xtensor.pad %x, %s low [1, 0] high [0, -2] interior [1, 0] : (tensor<4x6xf32>, tensor<f32>) -> tensor<8x4xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.concatenate %x, %o dim 1 : (tensor<4x6xf32>, tensor<4x1xf32>) -> tensor<4x7xf32>
  %8 = xtensor.concatenate %x, %o dim 1 : (tensor<4x6xf32>, tensor<4x1xf32>) -> tensor<4x7xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.stack %x, %x axis 1 : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x2x6xf32>
  %9 = xtensor.stack %x, %x axis 1 : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x2x6xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.tile %x reps [2, 1] : tensor<4x6xf32> -> tensor<8x6xf32>
  %10 = xtensor.tile %x reps [2, 1] : tensor<4x6xf32> -> tensor<8x6xf32>
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.split %x axis 1 sizes [2, 4] : (tensor<4x6xf32>) -> (tensor<4x2xf32>, tensor<4x4xf32>)
  %11, %12 = xtensor.split %x axis 1 sizes [2, 4] : (tensor<4x6xf32>) -> (tensor<4x2xf32>, tensor<4x4xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.unstack %p axis 1 : (tensor<1x2xf32>) -> (tensor<1xf32>, tensor<1xf32>)
  %13, %14 = xtensor.unstack %p axis 1 : (tensor<1x2xf32>) -> (tensor<1xf32>, tensor<1xf32>)
  func.return
}
