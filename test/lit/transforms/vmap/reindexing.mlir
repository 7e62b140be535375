// RUN: xcs-opt %s -p 'vmap{function=in_place in-axes=1 out-axes=1 size=8},\
// RUN:vmap{function=first in-axes=1 size=8},\
// RUN:vmap{function=joined in-axes=0,none size=8},\
// RUN:vmap{function=padded in-axes=0,0 size=8}' | filecheck %s

// The same movement of data, of dimensions that have moved.

// The batch stays in place where the op has a number for each dimension.
func.func @in_place(%x : tensor<4x6xf32>) -> tensor<2x6xf32> {
  %a = xtensor.slice %x from [0, 0] to [4, 6] by [2, 1] : tensor<4x6xf32> -> tensor<2x6xf32>
  %b = xtensor.rev %a dims [1] : tensor<2x6xf32> -> tensor<2x6xf32>
  func.return %b : tensor<2x6xf32>
}
// CHECK-LABEL: func.func @in_place(%x: tensor<4x8x6xf32>) -> tensor<2x8x6xf32> {
// CHECK-NEXT:    %a = xtensor.slice %x from [0, 0, 0] to [4, 8, 6] by [2, 1, 1] : tensor<4x8x6xf32> -> tensor<2x8x6xf32>
// CHECK-NEXT:    %b = xtensor.rev %a dims [2] : tensor<2x8x6xf32> -> tensor<2x8x6xf32>
// CHECK-NEXT:    func.return %b : tensor<2x8x6xf32>
// CHECK-NEXT:  }

// It comes first where elements are put in another order.
func.func @first(%x : tensor<4x6xf32>) -> tensor<6x4x1xf32> {
  %a = xtensor.transpose %x, [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %b = xtensor.reshape %a : tensor<6x4xf32> -> tensor<24xf32>
  %c = xtensor.reshape %b : tensor<24xf32> -> tensor<6x4xf32>
  %d = xtensor.broadcast_in_dim %c dims [0, 1] : tensor<6x4xf32> -> tensor<6x4x1xf32>
  func.return %d : tensor<6x4x1xf32>
}
// CHECK-LABEL: func.func @first(%x: tensor<4x8x6xf32>) -> tensor<8x6x4x1xf32> {
// CHECK-NEXT:    %a = xtensor.transpose %x, [1, 2, 0] : tensor<4x8x6xf32> -> tensor<8x6x4xf32>
// CHECK-NEXT:    %b = xtensor.reshape %a : tensor<8x6x4xf32> -> tensor<8x24xf32>
// CHECK-NEXT:    %c = xtensor.reshape %b : tensor<8x24xf32> -> tensor<8x6x4xf32>
// CHECK-NEXT:    %d = xtensor.broadcast_in_dim %c dims [0, 1, 2] : tensor<8x6x4xf32> -> tensor<8x6x4x1xf32>
// CHECK-NEXT:    func.return %d : tensor<8x6x4x1xf32>
// CHECK-NEXT:  }

// What is joined to something of the batch is repeated.
func.func @joined(%x : tensor<4xf32>, %y : tensor<2xf32>) -> tensor<6xf32> {
  %a = xtensor.concatenate %x, %y dim 0 : (tensor<4xf32>, tensor<2xf32>) -> tensor<6xf32>
  func.return %a : tensor<6xf32>
}
// CHECK-LABEL: func.func @joined(%x: tensor<8x4xf32>, %y: tensor<2xf32>) -> tensor<8x6xf32> {
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %y dims [1] : tensor<2xf32> -> tensor<8x2xf32>
// CHECK-NEXT:    %a = xtensor.concatenate %x, %0 dim 1 : (tensor<8x4xf32>, tensor<8x2xf32>) -> tensor<8x6xf32>
// CHECK-NEXT:    func.return %a : tensor<8x6xf32>
// CHECK-NEXT:  }

// Each element is padded with a value of its own: a mask says where.
func.func @padded(%x : tensor<4xf32>, %v : tensor<f32>) -> tensor<5xf32> {
  %a = xtensor.pad %x, %v low [1] high [0] interior [0] : (tensor<4xf32>, tensor<f32>) -> tensor<5xf32>
  func.return %a : tensor<5xf32>
}
// CHECK-LABEL: func.func @padded(%x: tensor<8x4xf32>, %v: tensor<8xf32>) -> tensor<8x5xf32> {
// CHECK-NEXT:    %0 = xtensor.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %1 = xtensor.pad %x, %0 low [0, 1] high [0, 0] interior [0, 0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x5xf32>
// CHECK-NEXT:    %2 = xtensor.constant dense<true> : tensor<i1>
// CHECK-NEXT:    %3 = xtensor.broadcast_in_dim %2 dims [] : tensor<i1> -> tensor<8x4xi1>
// CHECK-NEXT:    %4 = xtensor.constant dense<false> : tensor<i1>
// CHECK-NEXT:    %5 = xtensor.pad %3, %4 low [0, 1] high [0, 0] interior [0, 0] : (tensor<8x4xi1>, tensor<i1>) -> tensor<8x5xi1>
// CHECK-NEXT:    %6 = xtensor.broadcast_in_dim %v dims [0] : tensor<8xf32> -> tensor<8x5xf32>
// CHECK-NEXT:    %a = xtensor.select_n %5, %6, %1 : tensor<8x5xi1>, tensor<8x5xf32>, tensor<8x5xf32> -> tensor<8x5xf32>
// CHECK-NEXT:    func.return %a : tensor<8x5xf32>
// CHECK-NEXT:  }
