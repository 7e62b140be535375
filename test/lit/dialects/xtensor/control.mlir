// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Barriers, loops, branches, and what is defined by a region.

func.func @barrier(%x: tensor<4x6xf32>, %s: tensor<i32>) {
  // CHECK-LABEL: func.func @barrier
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.optimization_barrier %x, %s : (tensor<4x6xf32>, tensor<i32>) -> (tensor<4x6xf32>, tensor<i32>)
  %0, %1 = xtensor.optimization_barrier %x, %s : (tensor<4x6xf32>, tensor<i32>) -> (tensor<4x6xf32>, tensor<i32>)
  func.return
}

// Both regions take the carried values under the same names, and use values from around the loop.
func.func @while(%x: tensor<4xf32>, %n: tensor<i32>) {
  // CHECK-LABEL: func.func @while
  // CHECK-NEXT:    %r0, %r1 = xtensor.while (%i = %n : tensor<i32>, %a = %x : tensor<4xf32>) while {
  // CHECK-NEXT:      %p = xtensor.lt %i, %n : tensor<i32>
  // CHECK-NEXT:      xtensor.yield %p : tensor<i1>
  // CHECK-NEXT:    } do {
  // CHECK-NEXT:      %b = xtensor.add %a, %x : tensor<4xf32>
  // CHECK-NEXT:      xtensor.yield %i, %b : tensor<i32>, tensor<4xf32>
  // CHECK-NEXT:    }
  %r0, %r1 = xtensor.while (%i = %n : tensor<i32>, %a = %x : tensor<4xf32>) while {
    %p = xtensor.lt %i, %n : tensor<i32>
    xtensor.yield %p : tensor<i1>
  } do {
    %b = xtensor.add %a, %x : tensor<4xf32>
    xtensor.yield %i, %b : tensor<i32>, tensor<4xf32>
  }
  // CHECK-NEXT:    xtensor.while () while {
  xtensor.while () while {
    %p = xtensor.ne %n, %n : tensor<i32>
    xtensor.yield %p : tensor<i1>
  } do {
    xtensor.yield
  }
  func.return
}

func.func @cond(%x: tensor<4xf32>, %i: tensor<i32>) {
  // CHECK-LABEL: func.func @cond
  // CHECK-NEXT:    %a = xtensor.cond %i -> tensor<4xf32> {
  // CHECK-NEXT:      xtensor.yield %x : tensor<4xf32>
  // CHECK-NEXT:    } {
  // CHECK-NEXT:      %b = xtensor.neg %x : tensor<4xf32>
  // CHECK-NEXT:      xtensor.yield %b : tensor<4xf32>
  // CHECK-NEXT:    }
  %a = xtensor.cond %i -> tensor<4xf32> {
    xtensor.yield %x : tensor<4xf32>
  } {
    %b = xtensor.neg %x : tensor<4xf32>
    xtensor.yield %b : tensor<4xf32>
  }
  // CHECK-NEXT:    xtensor.cond %i {
  // CHECK-NEXT:      xtensor.yield
  // CHECK-NEXT:    }
  xtensor.cond %i {
    xtensor.yield
  }
  func.return
}

// Carried values, then one element of each scanned tensor; the results are last values and stacks.
func.func @scan(%x: tensor<5x4xf32>, %e: tensor<4xf32>, %i: tensor<i32>) {
  // CHECK-LABEL: func.func @scan
  // CHECK-NEXT:    %last, %stack = xtensor.scan length = 5 reverse unroll = 2 carry (%c = %e : tensor<4xf32>) over (%v = %x : tensor<5x4xf32>) -> tensor<4xf32>, tensor<5xi32> {
  // CHECK-NEXT:      %s = xtensor.add %c, %v : tensor<4xf32>
  // CHECK-NEXT:      xtensor.yield %s, %i : tensor<4xf32>, tensor<i32>
  // CHECK-NEXT:    }
  %last, %stack = xtensor.scan length = 5 reverse unroll = 2 carry (%c = %e : tensor<4xf32>) over (%v = %x : tensor<5x4xf32>) -> tensor<4xf32>, tensor<5xi32> {
    %s = xtensor.add %c, %v : tensor<4xf32>
    xtensor.yield %s, %i : tensor<4xf32>, tensor<i32>
  }
  // CHECK-NEXT:    %doubled = xtensor.scan length = 3 carry (%c_1 = %e : tensor<4xf32>) -> tensor<4xf32> {
  %doubled = xtensor.scan length = 3 carry (%c_1 = %e : tensor<4xf32>) -> tensor<4xf32> {
    %s_1 = xtensor.add %c_1, %c_1 : tensor<4xf32>
    xtensor.yield %s_1 : tensor<4xf32>
  }
  // CHECK: xtensor.scan length = 0 {
  xtensor.scan length = 0 {
    xtensor.yield
  }
  func.return
}

// An op that is defined by a region sees nothing but its operands.
func.func @composites(%x: tensor<4xf32>) {
  // CHECK-LABEL: func.func @composites
  // CHECK-NEXT:    %a = xtensor.composite {name = "double"} (%y = %x : tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT:      %z = xtensor.add %y, %y : tensor<4xf32>
  // CHECK-NEXT:      xtensor.yield %z : tensor<4xf32>
  // CHECK-NEXT:    }
  %a = xtensor.composite {name = "double"} (%y = %x : tensor<4xf32>) -> tensor<4xf32> {
    %z = xtensor.add %y, %y : tensor<4xf32>
    xtensor.yield %z : tensor<4xf32>
  }
  func.return
}
