// RUN: xcs-opt -p 'apply-rules{rules=exact}' %s | filecheck %s
// RUN: xcs-opt -p 'apply-rules{rules=exact},apply-rules{rules=exact}' %s | filecheck %s

// Neutral elements, what cancels, and broadcasts that are put off.

func.func @neutral(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xf32>) {
  %one = xtensor.constant dense<1.0> : tensor<4xf32>
  %zero = xtensor.constant dense<0.0> : tensor<f32>
  %zeros = xtensor.broadcast_in_dim %zero dims [] : tensor<f32> -> tensor<4xf32>
  %negative = xtensor.constant dense<-0.0> : tensor<4xf32>
  %none = xtensor.constant dense<0> : tensor<4xi32>
  %0 = xtensor.mul %one, %x : tensor<4xf32>
  %1 = xtensor.div %x, %one : tensor<4xf32>
  %2 = xtensor.sub %x, %zeros : tensor<4xf32>
  %3 = xtensor.add %x, %negative : tensor<4xf32>
  %4 = xtensor.add %i, %none : tensor<4xi32>
  %5 = xtensor.integer_pow %x, 1 : tensor<4xf32>
  func.return %0, %1, %2, %3, %4, %5 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @neutral(
// CHECK-NEXT:    func.return %x, %x, %x, %x, %i, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xf32>

// Must not fire: -0 plus 0 is 0, 0 minus x is not -x where x is 0, and 0 times x is NaN where x is infinite.
func.func @not_neutral(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = xtensor.constant dense<0.0> : tensor<4xf32>
  %0 = xtensor.add %x, %zero : tensor<4xf32>
  %1 = xtensor.sub %zero, %x : tensor<4xf32>
  %2 = xtensor.mul %x, %zero : tensor<4xf32>
  func.return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @not_neutral(
// CHECK-NEXT:    %zero = xtensor.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    %0 = xtensor.add %x, %zero : tensor<4xf32>
// CHECK-NEXT:    %1 = xtensor.sub %zero, %x : tensor<4xf32>
// CHECK-NEXT:    %2 = xtensor.mul %x, %zero : tensor<4xf32>
// CHECK-NEXT:    func.return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>

func.func @signs(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %nx = xtensor.neg %x : tensor<4xf32>
  %ny = xtensor.neg %y : tensor<4xf32>
  %0 = xtensor.neg %nx : tensor<4xf32>
  %ny1 = xtensor.neg %y : tensor<4xf32>
  %1 = xtensor.add %x, %ny1 : tensor<4xf32>
  %ny2 = xtensor.neg %y : tensor<4xf32>
  %2 = xtensor.sub %x, %ny2 : tensor<4xf32>
  %3 = xtensor.mul %nx, %ny : tensor<4xf32>
  func.return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @signs(
// CHECK-NEXT:    %0 = xtensor.sub %x, %y : tensor<4xf32>
// CHECK-NEXT:    %1 = xtensor.add %x, %y : tensor<4xf32>
// CHECK-NEXT:    %2 = xtensor.mul %x, %y : tensor<4xf32>
// CHECK-NEXT:    func.return %x, %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>

func.func @same(%x: tensor<4xf32>, %w: tensor<4xi1>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = xtensor.max %x, %x : tensor<4xf32>
  %1 = xtensor.min %x, %x : tensor<4xf32>
  %2 = xtensor.select_n %w, %x, %x : tensor<4xi1>, tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  func.return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @same(
// CHECK-NEXT:    func.return %x, %x, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>

// Broadcasts wait until what is computed of few elements is computed.
func.func @broadcasts(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<30x4xf32> {
  %0 = xtensor.broadcast_in_dim %x dims [1] : tensor<4xf32> -> tensor<30x4xf32>
  %1 = xtensor.broadcast_in_dim %y dims [1] : tensor<4xf32> -> tensor<30x4xf32>
  %2 = xtensor.add %0, %1 : tensor<30x4xf32>
  %3 = xtensor.exp %2 : tensor<30x4xf32>
  func.return %3 : tensor<30x4xf32>
}

// CHECK-LABEL: func.func @broadcasts(
// CHECK-NEXT:    %0 = xtensor.add %x, %y : tensor<4xf32>
// CHECK-NEXT:    %1 = xtensor.exp %0 : tensor<4xf32>
// CHECK-NEXT:    %2 = xtensor.broadcast_in_dim %1 dims [1] : tensor<4xf32> -> tensor<30x4xf32>
// CHECK-NEXT:    func.return %2 : tensor<30x4xf32>

// Must not fire: they are broadcast along other dimensions.
func.func @crossed(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4x4xf32> {
  %0 = xtensor.broadcast_in_dim %x dims [0] : tensor<4xf32> -> tensor<4x4xf32>
  %1 = xtensor.broadcast_in_dim %y dims [1] : tensor<4xf32> -> tensor<4x4xf32>
  %2 = xtensor.add %0, %1 : tensor<4x4xf32>
  func.return %2 : tensor<4x4xf32>
}

// CHECK-LABEL: func.func @crossed(
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %x dims [0] : tensor<4xf32> -> tensor<4x4xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %y dims [1] : tensor<4xf32> -> tensor<4x4xf32>
// CHECK-NEXT:    %2 = xtensor.add %0, %1 : tensor<4x4xf32>
// CHECK-NEXT:    func.return %2 : tensor<4x4xf32>
