// RUN: xcs-opt -p 'apply-rules{rules=exact}' %s | filecheck %s
// RUN: xcs-opt -p 'apply-rules{rules=exact},apply-rules{rules=exact}' %s | filecheck %s

// What is taken of a product is taken of its operands. Each element stays the same sum of the same terms.

// A slice of a product is a product of slices.
func.func @slice(%a: tensor<64x32xf32>, %b: tensor<32x48xf32>) -> tensor<1x47xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
  %row = xtensor.slice %ab from [3, 1] to [4, 48] by [1, 1] : tensor<64x48xf32> -> tensor<1x47xf32>
  func.return %row : tensor<1x47xf32>
}

// CHECK-LABEL: func.func @slice(
// CHECK-NEXT:    %0 = xtensor.slice %a from [3, 0] to [4, 32] by [1, 1] : tensor<64x32xf32> -> tensor<1x32xf32>
// CHECK-NEXT:    %1 = xtensor.slice %b from [0, 1] to [32, 48] by [1, 1] : tensor<32x48xf32> -> tensor<32x47xf32>
// CHECK-NEXT:    %row = xtensor.dot_general %0, %1 batch [] x [] contract [1] x [0] : (tensor<1x32xf32>, tensor<32x47xf32>) -> tensor<1x47xf32>
// CHECK-NEXT:    func.return %row : tensor<1x47xf32>

// Of a batch of products, both operands are cut.
func.func @slice_of_batch(%a: tensor<8x64x32xf32>, %b: tensor<8x32x48xf32>) -> tensor<2x64x48xf32> {
  %ab = xtensor.dot_general %a, %b batch [0] x [0] contract [2] x [1] : (tensor<8x64x32xf32>, tensor<8x32x48xf32>) -> tensor<8x64x48xf32>
  %part = xtensor.slice %ab from [1, 0, 0] to [8, 64, 48] by [4, 1, 1] : tensor<8x64x48xf32> -> tensor<2x64x48xf32>
  func.return %part : tensor<2x64x48xf32>
}

// CHECK-LABEL: func.func @slice_of_batch(
// CHECK-NEXT:    %0 = xtensor.slice %a from [1, 0, 0] to [8, 64, 32] by [4, 1, 1] : tensor<8x64x32xf32> -> tensor<2x64x32xf32>
// CHECK-NEXT:    %1 = xtensor.slice %b from [1, 0, 0] to [8, 32, 48] by [4, 1, 1] : tensor<8x32x48xf32> -> tensor<2x32x48xf32>
// CHECK-NEXT:    %part = xtensor.dot_general %0, %1 batch [0] x [0] contract [2] x [1] : (tensor<2x64x32xf32>, tensor<2x32x48xf32>) -> tensor<2x64x48xf32>
// CHECK-NEXT:    func.return %part : tensor<2x64x48xf32>

// Must not fire: the whole product is wanted too.
func.func @slice_and_whole(%a: tensor<64x32xf32>, %b: tensor<32x48xf32>) -> (tensor<64x48xf32>, tensor<1x48xf32>) {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
  %row = xtensor.slice %ab from [3, 0] to [4, 48] by [1, 1] : tensor<64x48xf32> -> tensor<1x48xf32>
  func.return %ab, %row : tensor<64x48xf32>, tensor<1x48xf32>
}

// CHECK-LABEL: func.func @slice_and_whole(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
// CHECK-NEXT:    %row = xtensor.slice %ab from [3, 0] to [4, 48] by [1, 1] : tensor<64x48xf32> -> tensor<1x48xf32>
// CHECK-NEXT:    func.return %ab, %row : tensor<64x48xf32>, tensor<1x48xf32>

// A slice at a computed index.
func.func @dynamic_slice(%a: tensor<64x32xf32>, %b: tensor<32x48xf32>, %i: tensor<i32>, %j: tensor<i32>) -> tensor<1x48xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
  %row = xtensor.dynamic_slice %ab at(%i, %j) sizes [1, 48] : (tensor<64x48xf32>, tensor<i32>, tensor<i32>) -> tensor<1x48xf32>
  func.return %row : tensor<1x48xf32>
}

// CHECK-LABEL: func.func @dynamic_slice(
// CHECK-NEXT:    %0 = xtensor.constant dense<0> : tensor<i32>
// CHECK-NEXT:    %1 = xtensor.dynamic_slice %a at(%i, %0) sizes [1, 32] : (tensor<64x32xf32>, tensor<i32>, tensor<i32>) -> tensor<1x32xf32>
// CHECK-NEXT:    %row = xtensor.dot_general %1, %b batch [] x [] contract [1] x [0] : (tensor<1x32xf32>, tensor<32x48xf32>) -> tensor<1x48xf32>
// CHECK-NEXT:    func.return %row : tensor<1x48xf32>

// Rows that are gathered.
func.func @take_rows(%a: tensor<64x32xf32>, %b: tensor<32x48xf32>, %i: tensor<5x1xi32>) -> tensor<5x48xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
  %rows = xtensor.gather %ab at %i mode clip sizes [1, 48] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<64x48xf32>, tensor<5x1xi32>) -> tensor<5x48xf32>
  func.return %rows : tensor<5x48xf32>
}

// CHECK-LABEL: func.func @take_rows(
// CHECK-NEXT:    %0 = xtensor.gather %a at %i mode clip sizes [1, 32] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<64x32xf32>, tensor<5x1xi32>) -> tensor<5x32xf32>
// CHECK-NEXT:    %rows = xtensor.dot_general %0, %b batch [] x [] contract [1] x [0] : (tensor<5x32xf32>, tensor<32x48xf32>) -> tensor<5x48xf32>
// CHECK-NEXT:    func.return %rows : tensor<5x48xf32>

// Columns are taken of the right operand.
func.func @take_columns(%a: tensor<64x32xf32>, %b: tensor<32x48xf32>, %i: tensor<5x1xi32>) -> tensor<64x5xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
  %columns = xtensor.gather %ab at %i mode clip sizes [64, 1] offset [0] collapsed [1] index [1] batching [] x [] : (tensor<64x48xf32>, tensor<5x1xi32>) -> tensor<64x5xf32>
  func.return %columns : tensor<64x5xf32>
}

// CHECK-LABEL: func.func @take_columns(
// CHECK-NEXT:    %0 = xtensor.gather %b at %i mode clip sizes [32, 1] offset [0] collapsed [1] index [1] batching [] x [] : (tensor<32x48xf32>, tensor<5x1xi32>) -> tensor<32x5xf32>
// CHECK-NEXT:    %columns = xtensor.dot_general %a, %0 batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x5xf32>) -> tensor<64x5xf32>
// CHECK-NEXT:    func.return %columns : tensor<64x5xf32>

// Must not fire: more rows are gathered than there are.
func.func @take_many(%a: tensor<4x32xf32>, %b: tensor<32x48xf32>, %i: tensor<500x1xi32>) -> tensor<500x48xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<4x32xf32>, tensor<32x48xf32>) -> tensor<4x48xf32>
  %rows = xtensor.gather %ab at %i mode clip sizes [1, 48] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x48xf32>, tensor<500x1xi32>) -> tensor<500x48xf32>
  func.return %rows : tensor<500x48xf32>
}

// CHECK-LABEL: func.func @take_many(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<4x32xf32>, tensor<32x48xf32>) -> tensor<4x48xf32>
// CHECK-NEXT:    %rows = xtensor.gather %ab at %i mode clip sizes [1, 48] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<4x48xf32>, tensor<500x1xi32>) -> tensor<500x48xf32>
// CHECK-NEXT:    func.return %rows : tensor<500x48xf32>

// The diagonal of a product needs no product of matrices.
func.func @diagonal(%a: tensor<64x32xf32>, %b: tensor<32x64xf32>) -> tensor<64xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x64xf32>) -> tensor<64x64xf32>
  %i = xtensor.iota dim 0 : tensor<64x2xi32>
  %diagonal = xtensor.gather %ab at %i mode clip sizes [1, 1] offset [] collapsed [0, 1] index [0, 1] batching [] x [] : (tensor<64x64xf32>, tensor<64x2xi32>) -> tensor<64xf32>
  func.return %diagonal : tensor<64xf32>
}

// CHECK-LABEL: func.func @diagonal(
// CHECK-NEXT:    %0 = xtensor.transpose %b, [1, 0] : tensor<32x64xf32> -> tensor<64x32xf32>
// CHECK-NEXT:    %1 = xtensor.mul %a, %0 : tensor<64x32xf32>
// CHECK-NEXT:    %diagonal = xtensor.reduce_sum %1 over [1] : tensor<64x32xf32> -> tensor<64xf32>
// CHECK-NEXT:    func.return %diagonal : tensor<64xf32>

// Must not fire: it is the secondary diagonal.
func.func @other_diagonal(%a: tensor<64x32xf32>, %b: tensor<32x64xf32>) -> tensor<64xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x64xf32>) -> tensor<64x64xf32>
  %i = xtensor.iota dim 0 : tensor<64x2xi32>
  %back = xtensor.rev %i dims [0] : tensor<64x2xi32> -> tensor<64x2xi32>
  %diagonal = xtensor.gather %ab at %back mode clip sizes [1, 1] offset [] collapsed [0, 1] index [0, 1] batching [] x [] : (tensor<64x64xf32>, tensor<64x2xi32>) -> tensor<64xf32>
  func.return %diagonal : tensor<64xf32>
}

// CHECK-LABEL: func.func @other_diagonal(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %i = xtensor.iota dim 0 : tensor<64x2xi32>
// CHECK-NEXT:    %back = xtensor.rev %i dims [0] : tensor<64x2xi32> -> tensor<64x2xi32>
// CHECK-NEXT:    %diagonal = xtensor.gather %ab at %back mode clip sizes [1, 1] offset [] collapsed [0, 1] index [0, 1] batching [] x [] : (tensor<64x64xf32>, tensor<64x2xi32>) -> tensor<64xf32>
// CHECK-NEXT:    func.return %diagonal : tensor<64xf32>

// The trace, as JAX makes it: a sum of what a mask leaves.
func.func @trace(%a: tensor<64x64xf32>) -> tensor<f32> {
  %i = xtensor.iota dim 0 : tensor<64x64xi32>
  %j = xtensor.iota dim 1 : tensor<64x64xi32>
  %mask = xtensor.eq %i, %j : tensor<64x64xi32>
  %zero = xtensor.constant dense<0.0> : tensor<f32>
  %zeros = xtensor.broadcast_in_dim %zero dims [] : tensor<f32> -> tensor<64x64xf32>
  %masked = xtensor.select_n %mask, %zeros, %a : tensor<64x64xi1>, tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %trace = xtensor.reduce_sum %masked over [0, 1] : tensor<64x64xf32> -> tensor<f32>
  func.return %trace : tensor<f32>
}

// CHECK-LABEL: func.func @trace(
// CHECK-NEXT:    %0 = xtensor.iota dim 0 : tensor<64x2xi32>
// CHECK-NEXT:    %1 = xtensor.gather %a at %0 mode promise_in_bounds sizes [1, 1] offset [] collapsed [0, 1] index [0, 1] batching [] x [] : (tensor<64x64xf32>, tensor<64x2xi32>) -> tensor<64xf32>
// CHECK-NEXT:    %trace = xtensor.reduce_sum %1 over [0] : tensor<64xf32> -> tensor<f32>
// CHECK-NEXT:    func.return %trace : tensor<f32>
