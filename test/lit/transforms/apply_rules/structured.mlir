// RUN: xcs-opt -p 'apply-rules{rules=algebraic}' %s | filecheck %s
// RUN: xcs-opt -p 'apply-rules{rules=algebraic},apply-rules{rules=algebraic}' %s | filecheck %s

// Products with matrices that have a structure; where it is not known that the other operand is finite, what is
// multiplied by zero is added up beside.

// The identity: what is multiplied is the result. NaNs and infinities reach the elements that they reached.
func.func @identity(%a: tensor<64x48xf32>) -> tensor<64x48xf32> {
  %i = xtensor.iota dim 0 : tensor<64x64xi32>
  %j = xtensor.iota dim 1 : tensor<64x64xi32>
  %mask = xtensor.eq %i, %j : tensor<64x64xi32>
  %eye = xtensor.convert_element_type %mask : tensor<64x64xi1> -> tensor<64x64xf32>
  %product = xtensor.dot_general %eye, %a batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x48xf32>) -> tensor<64x48xf32>
  func.return %product : tensor<64x48xf32>
}

// CHECK-LABEL: func.func @identity(
// CHECK-NEXT:    %0 = xtensor.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %0 dims [] : tensor<f32> -> tensor<64xf32>
// CHECK-NEXT:    %2 = xtensor.dot_general %a, %1 batch [] x [] contract [0] x [0] : (tensor<64x48xf32>, tensor<64xf32>) -> tensor<48xf32>
// CHECK-NEXT:    %3 = xtensor.broadcast_in_dim %2 dims [1] : tensor<48xf32> -> tensor<64x48xf32>
// CHECK-NEXT:    %product = xtensor.add %a, %3 : tensor<64x48xf32>
// CHECK-NEXT:    func.return %product : tensor<64x48xf32>

// Integers are finite.
func.func @identity_of_integers(%a: tensor<64x48xi32>) -> tensor<64x48xi32> {
  %i = xtensor.iota dim 0 : tensor<48x48xi32>
  %j = xtensor.iota dim 1 : tensor<48x48xi32>
  %mask = xtensor.eq %i, %j : tensor<48x48xi32>
  %eye = xtensor.convert_element_type %mask : tensor<48x48xi1> -> tensor<48x48xi32>
  %product = xtensor.dot_general %a, %eye batch [] x [] contract [1] x [0] : (tensor<64x48xi32>, tensor<48x48xi32>) -> tensor<64x48xi32>
  func.return %product : tensor<64x48xi32>
}

// CHECK-LABEL: func.func @identity_of_integers(
// CHECK-NEXT:    func.return %a : tensor<64x48xi32>

// A diagonal scales rows.
func.func @diagonal(%v: tensor<64xf32>, %a: tensor<64x48xf32>) -> tensor<64x48xf32> {
  %i = xtensor.iota dim 0 : tensor<64x64xi32>
  %j = xtensor.iota dim 1 : tensor<64x64xi32>
  %mask = xtensor.eq %i, %j : tensor<64x64xi32>
  %zero = xtensor.constant dense<0.0> : tensor<f32>
  %zeros = xtensor.broadcast_in_dim %zero dims [] : tensor<f32> -> tensor<64x64xf32>
  %spread = xtensor.broadcast_in_dim %v dims [0] : tensor<64xf32> -> tensor<64x64xf32>
  %diagonal = xtensor.select_n %mask, %zeros, %spread : tensor<64x64xi1>, tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %product = xtensor.dot_general %diagonal, %a batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x48xf32>) -> tensor<64x48xf32>
  func.return %product : tensor<64x48xf32>
}

// CHECK-LABEL: func.func @diagonal(
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %v dims [0] : tensor<64xf32> -> tensor<64x48xf32>
// CHECK-NEXT:    %1 = xtensor.mul %0, %a : tensor<64x48xf32>
// CHECK-NEXT:    %2 = xtensor.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %3 = xtensor.broadcast_in_dim %2 dims [] : tensor<f32> -> tensor<64xf32>
// CHECK-NEXT:    %4 = xtensor.dot_general %a, %3 batch [] x [] contract [0] x [0] : (tensor<64x48xf32>, tensor<64xf32>) -> tensor<48xf32>
// CHECK-NEXT:    %5 = xtensor.broadcast_in_dim %4 dims [1] : tensor<48xf32> -> tensor<64x48xf32>
// CHECK-NEXT:    %product = xtensor.add %1, %5 : tensor<64x48xf32>
// CHECK-NEXT:    func.return %product : tensor<64x48xf32>

// One-hot rows choose rows.
func.func @one_hot(%choice: tensor<500xi32>, %a: tensor<64x48xf32>) -> tensor<500x48xf32> {
  %j = xtensor.iota dim 1 : tensor<500x64xi32>
  %spread = xtensor.broadcast_in_dim %choice dims [0] : tensor<500xi32> -> tensor<500x64xi32>
  %mask = xtensor.eq %spread, %j : tensor<500x64xi32>
  %hot = xtensor.convert_element_type %mask : tensor<500x64xi1> -> tensor<500x64xf32>
  %product = xtensor.dot_general %hot, %a batch [] x [] contract [1] x [0] : (tensor<500x64xf32>, tensor<64x48xf32>) -> tensor<500x48xf32>
  func.return %product : tensor<500x48xf32>
}

// CHECK-LABEL: func.func @one_hot(
// CHECK-NEXT:    %0 = xtensor.reshape %choice : tensor<500xi32> -> tensor<500x1xi32>
// CHECK-NEXT:    %1 = xtensor.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %2 = xtensor.gather %a at %0 mode fill_or_drop %1 sizes [1, 48] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<64x48xf32>, tensor<500x1xi32>, tensor<f32>) -> tensor<500x48xf32>
// CHECK-NEXT:    %3 = xtensor.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT:    %4 = xtensor.broadcast_in_dim %3 dims [] : tensor<f32> -> tensor<64xf32>
// CHECK-NEXT:    %5 = xtensor.dot_general %a, %4 batch [] x [] contract [0] x [0] : (tensor<64x48xf32>, tensor<64xf32>) -> tensor<48xf32>
// CHECK-NEXT:    %6 = xtensor.broadcast_in_dim %5 dims [1] : tensor<48xf32> -> tensor<500x48xf32>
// CHECK-NEXT:    %product = xtensor.add %2, %6 : tensor<500x48xf32>
// CHECK-NEXT:    func.return %product : tensor<500x48xf32>

// Must not fire: the rows of a are added up in the chosen places.
func.func @one_hot_transposed(%choice: tensor<64xi32>, %a: tensor<64x48xf32>) -> tensor<5x48xf32> {
  %j = xtensor.iota dim 1 : tensor<64x5xi32>
  %spread = xtensor.broadcast_in_dim %choice dims [0] : tensor<64xi32> -> tensor<64x5xi32>
  %mask = xtensor.eq %spread, %j : tensor<64x5xi32>
  %hot = xtensor.convert_element_type %mask : tensor<64x5xi1> -> tensor<64x5xf32>
  %product = xtensor.dot_general %hot, %a batch [] x [] contract [0] x [0] : (tensor<64x5xf32>, tensor<64x48xf32>) -> tensor<5x48xf32>
  func.return %product : tensor<5x48xf32>
}

// CHECK-LABEL: func.func @one_hot_transposed(
// CHECK-NEXT:    %j = xtensor.iota dim 1 : tensor<64x5xi32>
// CHECK-NEXT:    %spread = xtensor.broadcast_in_dim %choice dims [0] : tensor<64xi32> -> tensor<64x5xi32>
// CHECK-NEXT:    %mask = xtensor.eq %spread, %j : tensor<64x5xi32>
// CHECK-NEXT:    %hot = xtensor.convert_element_type %mask : tensor<64x5xi1> -> tensor<64x5xf32>
// CHECK-NEXT:    %product = xtensor.dot_general %hot, %a batch [] x [] contract [0] x [0] : (tensor<64x5xf32>, tensor<64x48xf32>) -> tensor<5x48xf32>
// CHECK-NEXT:    func.return %product : tensor<5x48xf32>

// Must not fire: the ones stand beside the diagonal.
func.func @shifted(%a: tensor<64x48xf32>) -> tensor<64x48xf32> {
  %i = xtensor.iota dim 0 : tensor<64x64xi32>
  %j = xtensor.iota dim 1 : tensor<64x64xi32>
  %one = xtensor.constant dense<1> : tensor<i32>
  %ones = xtensor.broadcast_in_dim %one dims [] : tensor<i32> -> tensor<64x64xi32>
  %next = xtensor.add %i, %ones : tensor<64x64xi32>
  %mask = xtensor.eq %next, %j : tensor<64x64xi32>
  %eye = xtensor.convert_element_type %mask : tensor<64x64xi1> -> tensor<64x64xf32>
  %product = xtensor.dot_general %eye, %a batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x48xf32>) -> tensor<64x48xf32>
  func.return %product : tensor<64x48xf32>
}

// CHECK-LABEL: func.func @shifted(
// CHECK-NEXT:    %i = xtensor.iota dim 0 : tensor<64x64xi32>
// CHECK-NEXT:    %j = xtensor.iota dim 1 : tensor<64x64xi32>
// CHECK-NEXT:    %one = xtensor.constant dense<1> : tensor<i32>
// CHECK-NEXT:    %ones = xtensor.broadcast_in_dim %one dims [] : tensor<i32> -> tensor<64x64xi32>
// CHECK-NEXT:    %next = xtensor.add %i, %ones : tensor<64x64xi32>
// CHECK-NEXT:    %mask = xtensor.eq %next, %j : tensor<64x64xi32>
// CHECK-NEXT:    %eye = xtensor.convert_element_type %mask : tensor<64x64xi1> -> tensor<64x64xf32>
// CHECK-NEXT:    %product = xtensor.dot_general %eye, %a batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x48xf32>) -> tensor<64x48xf32>
// CHECK-NEXT:    func.return %product : tensor<64x48xf32>

// A permutation is rows of the identity.
func.func @permutation(%order: tensor<64x1xi32>, %a: tensor<64x48xi32>) -> tensor<64x48xi32> {
  %i = xtensor.iota dim 0 : tensor<64x64xi32>
  %j = xtensor.iota dim 1 : tensor<64x64xi32>
  %mask = xtensor.eq %i, %j : tensor<64x64xi32>
  %eye = xtensor.convert_element_type %mask : tensor<64x64xi1> -> tensor<64x64xi32>
  %rows = xtensor.gather %eye at %order mode promise_in_bounds sizes [1, 64] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<64x64xi32>, tensor<64x1xi32>) -> tensor<64x64xi32>
  %product = xtensor.dot_general %rows, %a batch [] x [] contract [1] x [0] : (tensor<64x64xi32>, tensor<64x48xi32>) -> tensor<64x48xi32>
  func.return %product : tensor<64x48xi32>
}

// CHECK-LABEL: func.func @permutation(
// CHECK-NEXT:    %0 = xtensor.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %product = xtensor.gather %a at %order mode fill_or_drop %0 sizes [1, 48] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<64x48xi32>, tensor<64x1xi32>, tensor<i32>) -> tensor<64x48xi32>
// CHECK-NEXT:    func.return %product : tensor<64x48xi32>

// Must not fire: XLA itself takes a row of the product with a vector, and what is not finite elsewhere is lost.
func.func @one_hot_vector(%choice: tensor<i32>, %a: tensor<64x48xf32>) -> tensor<48xf32> {
  %j = xtensor.iota dim 0 : tensor<64xi32>
  %spread = xtensor.broadcast_in_dim %choice dims [] : tensor<i32> -> tensor<64xi32>
  %mask = xtensor.eq %spread, %j : tensor<64xi32>
  %hot = xtensor.convert_element_type %mask : tensor<64xi1> -> tensor<64xf32>
  %product = xtensor.dot_general %hot, %a batch [] x [] contract [0] x [0] : (tensor<64xf32>, tensor<64x48xf32>) -> tensor<48xf32>
  func.return %product : tensor<48xf32>
}

// CHECK-LABEL: func.func @one_hot_vector(
// CHECK-NEXT:    %j = xtensor.iota dim 0 : tensor<64xi32>
// CHECK-NEXT:    %spread = xtensor.broadcast_in_dim %choice dims [] : tensor<i32> -> tensor<64xi32>
// CHECK-NEXT:    %mask = xtensor.eq %spread, %j : tensor<64xi32>
// CHECK-NEXT:    %hot = xtensor.convert_element_type %mask : tensor<64xi1> -> tensor<64xf32>
// CHECK-NEXT:    %product = xtensor.dot_general %hot, %a batch [] x [] contract [0] x [0] : (tensor<64xf32>, tensor<64x48xf32>) -> tensor<48xf32>
// CHECK-NEXT:    func.return %product : tensor<48xf32>
