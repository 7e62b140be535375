// RUN: xcs-opt %s -p 'vmap{function=in_step in-axes=0 size=8},\
// RUN:vmap{function=of_each in-axes=0 size=8},\
// RUN:vmap{function=scan in-axes=none,0 size=8},\
// RUN:vmap{function=choice in-axes=none,0 size=8},\
// RUN:vmap{function=choices in-axes=0,none size=8}' | filecheck %s

// One loop for all elements, and selections where they part ways.

// The count is the same for all: the condition stays a scalar.
func.func @in_step(%x : tensor<4xf32>) -> tensor<4xf32> {
  %zero = xtensor.constant dense<0> : tensor<i32>
  %one = xtensor.constant dense<1> : tensor<i32>
  %n = xtensor.constant dense<9> : tensor<i32>
  %i, %r = xtensor.while (%k = %zero : tensor<i32>, %c = %x : tensor<4xf32>) while {
    %p = xtensor.lt %k, %n : tensor<i32>
    xtensor.yield %p : tensor<i1>
  } do {
    %m = xtensor.add %k, %one : tensor<i32>
    %s = xtensor.sin %c : tensor<4xf32>
    xtensor.yield %m, %s : tensor<i32>, tensor<4xf32>
  }
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func @in_step(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %zero = xtensor.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %one = xtensor.constant dense<1> : tensor<i32>
// CHECK-NEXT:    %n = xtensor.constant dense<9> : tensor<i32>
// CHECK-NEXT:    %i, %r = xtensor.while (%k = %zero : tensor<i32>, %c = %x : tensor<8x4xf32>) while {
// CHECK-NEXT:      %p = xtensor.lt %k, %n : tensor<i32>
// CHECK-NEXT:      xtensor.yield %p : tensor<i1>
// CHECK-NEXT:    } do {
// CHECK-NEXT:      %m = xtensor.add %k, %one : tensor<i32>
// CHECK-NEXT:      %s = xtensor.sin %c : tensor<8x4xf32>
// CHECK-NEXT:      xtensor.yield %m, %s : tensor<i32>, tensor<8x4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : tensor<8x4xf32>
// CHECK-NEXT:  }

// The loop runs while any element is to go on; the others stay as they are.
func.func @of_each(%n : tensor<i32>) -> tensor<i32> {
  %one = xtensor.constant dense<1> : tensor<i32>
  %r = xtensor.while (%k = %one : tensor<i32>) while {
    %p = xtensor.lt %k, %n : tensor<i32>
    xtensor.yield %p : tensor<i1>
  } do {
    %m = xtensor.add %k, %k : tensor<i32>
    xtensor.yield %m : tensor<i32>
  }
  func.return %r : tensor<i32>
}
// CHECK-LABEL: func.func @of_each(%n: tensor<8xi32>) -> tensor<8xi32> {
// CHECK-NEXT:    %one = xtensor.constant dense<1> : tensor<i32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %one dims [] : tensor<i32> -> tensor<8xi32>
// CHECK-NEXT:    %r = xtensor.while (%k = %0 : tensor<8xi32>) while {
// CHECK-NEXT:      %p = xtensor.lt %k, %n : tensor<8xi32>
// CHECK-NEXT:      %1 = xtensor.reduce_or %p over [0] : tensor<8xi1> -> tensor<i1>
// CHECK-NEXT:      xtensor.yield %1 : tensor<i1>
// CHECK-NEXT:    } do {
// CHECK-NEXT:      %m = xtensor.add %k, %k : tensor<8xi32>
// CHECK-NEXT:      %p_1 = xtensor.lt %k, %n : tensor<8xi32>
// CHECK-NEXT:      %2 = xtensor.select_n %p_1, %k, %m : tensor<8xi1>, tensor<8xi32>, tensor<8xi32> -> tensor<8xi32>
// CHECK-NEXT:      xtensor.yield %2 : tensor<8xi32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : tensor<8xi32>
// CHECK-NEXT:  }

// A carried value that comes to depend on the batch has it from the start. The batch of a scanned
// tensor is after the dimension of the scan.
func.func @scan(%c : tensor<f32>, %xs : tensor<5xf32>) -> (tensor<f32>, tensor<5xf32>) {
  %r, %ys = xtensor.scan length = 5 carry (%a = %c : tensor<f32>) over (%x = %xs : tensor<5xf32>) -> tensor<f32>, tensor<5xf32> {
    %s = xtensor.add %a, %x : tensor<f32>
    xtensor.yield %s, %a : tensor<f32>, tensor<f32>
  }
  func.return %r, %ys : tensor<f32>, tensor<5xf32>
}
// CHECK-LABEL: func.func @scan(%c: tensor<f32>, %xs: tensor<8x5xf32>) -> (tensor<8xf32>, tensor<8x5xf32>) {
// CHECK-NEXT:    %0 = xtensor.transpose %xs, [1, 0] : tensor<8x5xf32> -> tensor<5x8xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %c dims [] : tensor<f32> -> tensor<8xf32>
// CHECK-NEXT:    %r, %ys = xtensor.scan length = 5 carry (%a = %1 : tensor<8xf32>) over (%x = %0 : tensor<5x8xf32>) -> tensor<8xf32>, tensor<5x8xf32> {
// CHECK-NEXT:      %s = xtensor.add %a, %x : tensor<8xf32>
// CHECK-NEXT:      xtensor.yield %s, %a : tensor<8xf32>, tensor<8xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    %2 = xtensor.transpose %ys, [1, 0] : tensor<5x8xf32> -> tensor<8x5xf32>
// CHECK-NEXT:    func.return %r, %2 : tensor<8xf32>, tensor<8x5xf32>
// CHECK-NEXT:  }

// One index for all: one branch runs.
func.func @choice(%i : tensor<i32>, %x : tensor<4xf32>) -> tensor<4xf32> {
  %r = xtensor.cond %i -> tensor<4xf32> {
    %s = xtensor.sin %x : tensor<4xf32>
    xtensor.yield %s : tensor<4xf32>
  } {
    xtensor.yield %x : tensor<4xf32>
  }
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func @choice(%i: tensor<i32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %r = xtensor.cond %i -> tensor<8x4xf32> {
// CHECK-NEXT:      %s = xtensor.sin %x : tensor<8x4xf32>
// CHECK-NEXT:      xtensor.yield %s : tensor<8x4xf32>
// CHECK-NEXT:    } {
// CHECK-NEXT:      xtensor.yield %x : tensor<8x4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : tensor<8x4xf32>
// CHECK-NEXT:  }

// An index for each element: all branches run, and results are selected.
func.func @choices(%p : tensor<i1>, %x : tensor<4xf32>) -> tensor<4xf32> {
  %i = xtensor.convert_element_type %p : tensor<i1> -> tensor<i32>
  %r = xtensor.cond %i -> tensor<4xf32> {
    %s = xtensor.sin %x : tensor<4xf32>
    xtensor.yield %s : tensor<4xf32>
  } {
    xtensor.yield %x : tensor<4xf32>
  }
  func.return %r : tensor<4xf32>
}
// CHECK-LABEL: func.func @choices(%p: tensor<8xi1>, %x: tensor<4xf32>) -> tensor<8x4xf32> {
// CHECK-NEXT:    %i = xtensor.convert_element_type %p : tensor<8xi1> -> tensor<8xi32>
// CHECK-NEXT:    %s = xtensor.sin %x : tensor<4xf32>
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %s dims [1] : tensor<4xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %x dims [1] : tensor<4xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    %2 = xtensor.broadcast_in_dim %i dims [0] : tensor<8xi32> -> tensor<8x4xi32>
// CHECK-NEXT:    %r = xtensor.select_n %2, %0, %1 : tensor<8x4xi32>, tensor<8x4xf32>, tensor<8x4xf32> -> tensor<8x4xf32>
// CHECK-NEXT:    func.return %r : tensor<8x4xf32>
// CHECK-NEXT:  }
