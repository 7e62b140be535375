// RUN: xcs-opt -p 'apply-rules{rules=algebraic}' %s | filecheck %s
// RUN: xcs-opt -p 'apply-rules{rules=algebraic},apply-rules{rules=algebraic}' %s | filecheck %s

// Common factors are taken out of sums.

// A common factor is multiplied once.
func.func @right(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %ac = xtensor.dot_general %a, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %bc = xtensor.dot_general %b, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %sum = xtensor.add %ac, %bc : tensor<64x64xf32>
  func.return %sum : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @right(
// CHECK-NEXT:    %0 = xtensor.add %a, %b : tensor<64x64xf32>
// CHECK-NEXT:    %sum = xtensor.dot_general %0, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    func.return %sum : tensor<64x64xf32>

func.func @left(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %ca = xtensor.dot_general %c, %a batch [] x [] contract [0] x [1] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %cb = xtensor.dot_general %c, %b batch [] x [] contract [0] x [1] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %difference = xtensor.sub %ca, %cb : tensor<64x64xf32>
  func.return %difference : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @left(
// CHECK-NEXT:    %0 = xtensor.sub %a, %b : tensor<64x64xf32>
// CHECK-NEXT:    %difference = xtensor.dot_general %c, %0 batch [] x [] contract [0] x [1] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    func.return %difference : tensor<64x64xf32>

func.func @right_of_difference(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %ac = xtensor.dot_general %a, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %bc = xtensor.dot_general %b, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %difference = xtensor.sub %ac, %bc : tensor<64x64xf32>
  func.return %difference : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @right_of_difference(
// CHECK-NEXT:    %0 = xtensor.sub %a, %b : tensor<64x64xf32>
// CHECK-NEXT:    %difference = xtensor.dot_general %0, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    func.return %difference : tensor<64x64xf32>

func.func @left_of_sum(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %ca = xtensor.dot_general %c, %a batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %cb = xtensor.dot_general %c, %b batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %sum = xtensor.add %ca, %cb : tensor<64x64xf32>
  func.return %sum : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @left_of_sum(
// CHECK-NEXT:    %0 = xtensor.add %a, %b : tensor<64x64xf32>
// CHECK-NEXT:    %sum = xtensor.dot_general %c, %0 batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    func.return %sum : tensor<64x64xf32>

// Must not fire: the factor is not the same dimension of c.
func.func @other_dimension(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %ac = xtensor.dot_general %a, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %bc = xtensor.dot_general %b, %c batch [] x [] contract [1] x [1] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %sum = xtensor.add %ac, %bc : tensor<64x64xf32>
  func.return %sum : tensor<64x64xf32>
}

// CHECK-LABEL: func.func @other_dimension(
// CHECK-NEXT:    %ac = xtensor.dot_general %a, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %bc = xtensor.dot_general %b, %c batch [] x [] contract [1] x [1] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %sum = xtensor.add %ac, %bc : tensor<64x64xf32>
// CHECK-NEXT:    func.return %sum : tensor<64x64xf32>

// Must not fire: one of the products is wanted by itself.
func.func @used_elsewhere(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %ac = xtensor.dot_general %a, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %bc = xtensor.dot_general %b, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %sum = xtensor.add %ac, %bc : tensor<64x64xf32>
  func.return %sum, %ac : tensor<64x64xf32>, tensor<64x64xf32>
}

// CHECK-LABEL: func.func @used_elsewhere(
// CHECK-NEXT:    %ac = xtensor.dot_general %a, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %bc = xtensor.dot_general %b, %c batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %sum = xtensor.add %ac, %bc : tensor<64x64xf32>
// CHECK-NEXT:    func.return %sum, %ac : tensor<64x64xf32>, tensor<64x64xf32>

// The same of elements.
func.func @elementwise(%a: tensor<64xf32>, %b: tensor<64xf32>, %c: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %ab = xtensor.mul %a, %b : tensor<64xf32>
  %ca = xtensor.mul %c, %a : tensor<64xf32>
  %sum = xtensor.add %ab, %ca : tensor<64xf32>
  %ab2 = xtensor.mul %a, %b : tensor<64xf32>
  %ca2 = xtensor.mul %c, %a : tensor<64xf32>
  %difference = xtensor.sub %ab2, %ca2 : tensor<64xf32>
  func.return %sum, %difference : tensor<64xf32>, tensor<64xf32>
}

// CHECK-LABEL: func.func @elementwise(
// CHECK-NEXT:    %0 = xtensor.add %b, %c : tensor<64xf32>
// CHECK-NEXT:    %sum = xtensor.mul %a, %0 : tensor<64xf32>
// CHECK-NEXT:    %1 = xtensor.sub %b, %c : tensor<64xf32>
// CHECK-NEXT:    %difference = xtensor.mul %a, %1 : tensor<64xf32>
// CHECK-NEXT:    func.return %sum, %difference : tensor<64xf32>, tensor<64xf32>

func.func @sum_of_sum(%a: tensor<4x5x6xf32>) -> tensor<5xf32> {
  %0 = xtensor.reduce_sum %a over [0] : tensor<4x5x6xf32> -> tensor<5x6xf32>
  %1 = xtensor.reduce_sum %0 over [1] : tensor<5x6xf32> -> tensor<5xf32>
  func.return %1 : tensor<5xf32>
}

// CHECK-LABEL: func.func @sum_of_sum(
// CHECK-NEXT:    %0 = xtensor.reduce_sum %a over [0, 2] : tensor<4x5x6xf32> -> tensor<5xf32>
// CHECK-NEXT:    func.return %0 : tensor<5xf32>
