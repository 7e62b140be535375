// RUN: xcs-opt %s -p 'vmap{function=sort in-axes=1,none out-axes=1 size=8},\
// RUN:vmap{function=cholesky in-axes=2 size=8},\
// RUN:vmap{function=solve in-axes=none,0 out-axes=-1 size=8},\
// RUN:vmap{function=bits in-axes=0 size=8},\
// RUN:vmap{function=composite in-axes=0 size=8}' | filecheck %s

// Algorithms take batches in front, or along other dimensions than their own.

// A sort stays where it is, along its own dimension.
func.func @sort(%k : tensor<4x6xf32>, %v : tensor<4x6xi32>) -> (tensor<4x6xf32>, tensor<4x6xi32>) {
  %a, %b = xtensor.sort %k, %v along 1 keys 1 stable : (tensor<4x6xf32>, tensor<4x6xi32>) -> (tensor<4x6xf32>, tensor<4x6xi32>)
  func.return %a, %b : tensor<4x6xf32>, tensor<4x6xi32>
}
// CHECK-LABEL: func.func @sort(%k: tensor<4x8x6xf32>, %v: tensor<4x6xi32>) -> (tensor<4x8x6xf32>, tensor<4x8x6xi32>) {
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %v dims [0, 2] : tensor<4x6xi32> -> tensor<4x8x6xi32>
// CHECK-NEXT:    %a, %b = xtensor.sort %k, %0 along 2 keys 1 stable : (tensor<4x8x6xf32>, tensor<4x8x6xi32>) -> (tensor<4x8x6xf32>, tensor<4x8x6xi32>)
// CHECK-NEXT:    func.return %a, %b : tensor<4x8x6xf32>, tensor<4x8x6xi32>
// CHECK-NEXT:  }

// Matrices are in the last dimensions.
func.func @cholesky(%m : tensor<5x5xf32>) -> tensor<5x5xf32> {
  %a = xtensor.cholesky %m : (tensor<5x5xf32>) -> tensor<5x5xf32>
  func.return %a : tensor<5x5xf32>
}
// CHECK-LABEL: func.func @cholesky(%m: tensor<5x5x8xf32>) -> tensor<8x5x5xf32> {
// CHECK-NEXT:    %0 = xtensor.transpose %m, [2, 0, 1] : tensor<5x5x8xf32> -> tensor<8x5x5xf32>
// CHECK-NEXT:    %a = xtensor.cholesky %0 : (tensor<8x5x5xf32>) -> tensor<8x5x5xf32>
// CHECK-NEXT:    func.return %a : tensor<8x5x5xf32>
// CHECK-NEXT:  }

// Right-hand sides of all elements are solved for at once.
func.func @solve(%a : tensor<5x5xf32>, %b : tensor<5x2xf32>) -> tensor<5x2xf32> {
  %x = xtensor.triangular_solve %a, %b {left_side, lower} : (tensor<5x5xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  func.return %x : tensor<5x2xf32>
}
// CHECK-LABEL: func.func @solve(%a: tensor<5x5xf32>, %b: tensor<8x5x2xf32>) -> tensor<5x2x8xf32> {
// CHECK-NEXT:    %0 = xtensor.transpose %b, [1, 2, 0] : tensor<8x5x2xf32> -> tensor<5x2x8xf32>
// CHECK-NEXT:    %1 = xtensor.reshape %0 : tensor<5x2x8xf32> -> tensor<5x16xf32>
// CHECK-NEXT:    %2 = xtensor.triangular_solve %a, %1 {left_side, lower} : (tensor<5x5xf32>, tensor<5x16xf32>) -> tensor<5x16xf32>
// CHECK-NEXT:    %x = xtensor.reshape %2 : tensor<5x16xf32> -> tensor<5x2x8xf32>
// CHECK-NEXT:    func.return %x : tensor<5x2x8xf32>
// CHECK-NEXT:  }

// The states of a generator stay as they are, apart from the first, which gives all bits.
func.func @bits(%s : tensor<4xui32>) -> (tensor<4xui32>, tensor<3xui32>) {
  %n, %b = xtensor.rng_bit_generator %s default : tensor<4xui32> -> tensor<3xui32>
  func.return %n, %b : tensor<4xui32>, tensor<3xui32>
}
// CHECK-LABEL: func.func @bits(%s: tensor<8x4xui32>) -> (tensor<8x4xui32>, tensor<8x3xui32>) {
// CHECK-NEXT:    %0 = xtensor.slice %s from [0, 0] to [1, 4] by [1, 1] : tensor<8x4xui32> -> tensor<1x4xui32>
// CHECK-NEXT:    %1 = xtensor.reshape %0 : tensor<1x4xui32> -> tensor<4xui32>
// CHECK-NEXT:    %2, %b = xtensor.rng_bit_generator %1 default : tensor<4xui32> -> tensor<8x3xui32>
// CHECK-NEXT:    %3 = xtensor.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %4 = xtensor.reshape %2 : tensor<4xui32> -> tensor<1x4xui32>
// CHECK-NEXT:    %n = xtensor.dynamic_update_slice %s, %4 at(%3, %3) : (tensor<8x4xui32>, tensor<1x4xui32>, tensor<i32>, tensor<i32>) -> tensor<8x4xui32>
// CHECK-NEXT:    func.return %n, %b : tensor<8x4xui32>, tensor<8x3xui32>
// CHECK-NEXT:  }

// The definition of a composite op is batched.
func.func @composite(%x : tensor<4xf32>) -> tensor<4xf32> {
  %r = xtensor.bessel_i0e (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %b = xtensor.exp %a : tensor<4xf32>
    xtensor.yield %b : tensor<4xf32>
  }
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func @composite(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %r = xtensor.bessel_i0e (%a = %x : tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:      %b = xtensor.exp %a : tensor<8x4xf32>
// CHECK-NEXT:      xtensor.yield %b : tensor<8x4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : tensor<8x4xf32>
// CHECK-NEXT:  }
