// RUN: xcs-opt -p 'apply-rules{rules=algebraic}' %s | filecheck %s
// RUN: xcs-opt -p 'apply-rules{rules=algebraic},apply-rules{rules=algebraic}' %s | filecheck %s

// Products are computed in the order that costs least.

// A matrix of products with a vector: two products with vectors.
func.func @matrix_vector(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %v: tensor<64xf32>) -> tensor<64xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
  func.return %abv : tensor<64xf32>
}

// CHECK-LABEL: func.func @matrix_vector(
// CHECK-NEXT:    %0 = xtensor.dot_general %b, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %abv = xtensor.dot_general %a, %0 batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    func.return %abv : tensor<64xf32>

// The order of a chain follows from its sizes: here the last product comes first.
func.func @chain(%a: tensor<10x30xf32>, %b: tensor<30x50xf32>, %c: tensor<50x2xf32>) -> tensor<10x2xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<10x30xf32>, tensor<30x50xf32>) -> tensor<10x50xf32>
  %abc = xtensor.dot_general %ab, %c batch [] x [] contract [1] x [0] : (tensor<10x50xf32>, tensor<50x2xf32>) -> tensor<10x2xf32>
  func.return %abc : tensor<10x2xf32>
}

// CHECK-LABEL: func.func @chain(
// CHECK-NEXT:    %0 = xtensor.dot_general %b, %c batch [] x [] contract [1] x [0] : (tensor<30x50xf32>, tensor<50x2xf32>) -> tensor<30x2xf32>
// CHECK-NEXT:    %abc = xtensor.dot_general %a, %0 batch [] x [] contract [1] x [0] : (tensor<10x30xf32>, tensor<30x2xf32>) -> tensor<10x2xf32>
// CHECK-NEXT:    func.return %abc : tensor<10x2xf32>

// Must not fire: the order is the best one already.
func.func @best_order(%a: tensor<10x30xf32>, %b: tensor<30x5xf32>, %c: tensor<5x60xf32>) -> tensor<10x60xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<10x30xf32>, tensor<30x5xf32>) -> tensor<10x5xf32>
  %abc = xtensor.dot_general %ab, %c batch [] x [] contract [1] x [0] : (tensor<10x5xf32>, tensor<5x60xf32>) -> tensor<10x60xf32>
  func.return %abc : tensor<10x60xf32>
}

// CHECK-LABEL: func.func @best_order(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<10x30xf32>, tensor<30x5xf32>) -> tensor<10x5xf32>
// CHECK-NEXT:    %abc = xtensor.dot_general %ab, %c batch [] x [] contract [1] x [0] : (tensor<10x5xf32>, tensor<5x60xf32>) -> tensor<10x60xf32>
// CHECK-NEXT:    func.return %abc : tensor<10x60xf32>

// Batches, transposes and dimensions of size 1 are labels like all others.
func.func @batched(%a: tensor<4x64x32xf32>, %b: tensor<4x64x64xf32>, %v: tensor<4x1x64xf32>) -> tensor<4x32x1xf32> {
  %at = xtensor.transpose %a, [0, 2, 1] : tensor<4x64x32xf32> -> tensor<4x32x64xf32>
  %ab = xtensor.dot_general %at, %b batch [0] x [0] contract [2] x [1] : (tensor<4x32x64xf32>, tensor<4x64x64xf32>) -> tensor<4x32x64xf32>
  %abv = xtensor.dot_general %ab, %v batch [0] x [0] contract [2] x [2] : (tensor<4x32x64xf32>, tensor<4x1x64xf32>) -> tensor<4x32x1xf32>
  func.return %abv : tensor<4x32x1xf32>
}

// CHECK-LABEL: func.func @batched(
// CHECK-NEXT:    %0 = xtensor.reshape %v : tensor<4x1x64xf32> -> tensor<4x64xf32>
// CHECK-NEXT:    %1 = xtensor.dot_general %b, %0 batch [0] x [0] contract [2] x [1] : (tensor<4x64x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>
// CHECK-NEXT:    %2 = xtensor.dot_general %a, %1 batch [0] x [0] contract [1] x [1] : (tensor<4x64x32xf32>, tensor<4x64xf32>) -> tensor<4x32xf32>
// CHECK-NEXT:    %abv = xtensor.reshape %2 : tensor<4x32xf32> -> tensor<4x32x1xf32>
// CHECK-NEXT:    func.return %abv : tensor<4x32x1xf32>

// The sum of a product is a product of sums.
func.func @sum(%a: tensor<64x32xf32>, %b: tensor<32x48xf32>) -> tensor<f32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x32xf32>, tensor<32x48xf32>) -> tensor<64x48xf32>
  %sum = xtensor.reduce_sum %ab over [0, 1] : tensor<64x48xf32> -> tensor<f32>
  func.return %sum : tensor<f32>
}

// CHECK-LABEL: func.func @sum(
// CHECK-NEXT:    %0 = xtensor.reduce_sum %a over [0] : tensor<64x32xf32> -> tensor<32xf32>
// CHECK-NEXT:    %1 = xtensor.reduce_sum %b over [1] : tensor<32x48xf32> -> tensor<32xf32>
// CHECK-NEXT:    %2 = xtensor.mul %0, %1 : tensor<32xf32>
// CHECK-NEXT:    %sum = xtensor.reduce_sum %2 over [0] : tensor<32xf32> -> tensor<f32>
// CHECK-NEXT:    func.return %sum : tensor<f32>

// A scale goes to where it scales the least.
func.func @scaled(%a: tensor<64x64xf32>, %v: tensor<64xf32>, %s: tensor<f32>) -> tensor<64xf32> {
  %spread = xtensor.broadcast_in_dim %s dims [] : tensor<f32> -> tensor<64x64xf32>
  %scaled = xtensor.mul %spread, %a : tensor<64x64xf32>
  %av = xtensor.dot_general %scaled, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
  func.return %av : tensor<64xf32>
}

// CHECK-LABEL: func.func @scaled(
// CHECK-NEXT:    %0 = xtensor.dot_general %a, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %s dims [] : tensor<f32> -> tensor<64xf32>
// CHECK-NEXT:    %av = xtensor.mul %1, %0 : tensor<64xf32>
// CHECK-NEXT:    func.return %av : tensor<64xf32>

// What is broadcast and then added up is multiplied.
func.func @sum_of_broadcast(%v: tensor<64xf32>) -> tensor<64xf32> {
  %spread = xtensor.broadcast_in_dim %v dims [1] : tensor<64xf32> -> tensor<32x64xf32>
  %sum = xtensor.reduce_sum %spread over [0] : tensor<32x64xf32> -> tensor<64xf32>
  func.return %sum : tensor<64xf32>
}

// CHECK-LABEL: func.func @sum_of_broadcast(
// CHECK-NEXT:    %0 = xtensor.constant dense<3.200000e+01> : tensor<f32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %0 dims [] : tensor<f32> -> tensor<64xf32>
// CHECK-NEXT:    %sum = xtensor.mul %1, %v : tensor<64xf32>
// CHECK-NEXT:    func.return %sum : tensor<64xf32>

// Must not fire: the product in the middle is wanted too.
func.func @used_elsewhere(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %v: tensor<64xf32>) -> (tensor<64x64xf32>, tensor<64xf32>) {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
  func.return %ab, %abv : tensor<64x64xf32>, tensor<64xf32>
}

// CHECK-LABEL: func.func @used_elsewhere(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    func.return %ab, %abv : tensor<64x64xf32>, tensor<64xf32>

// Must not fire: the program asks for the precision of each product.
func.func @precisions(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %v: tensor<64xf32>) -> tensor<64xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] precision highest x highest : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
  func.return %abv : tensor<64xf32>
}

// CHECK-LABEL: func.func @precisions(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] precision highest x highest : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK-NEXT:    %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    func.return %abv : tensor<64xf32>

// Must not fire: sums of wider elements than the factors'.
func.func @wider_sums(%a: tensor<64x64xbf16>, %b: tensor<64x64xbf16>, %v: tensor<64xf32>) -> tensor<64xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x64xbf16>, tensor<64x64xbf16>) -> tensor<64x64xf32>
  %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
  func.return %abv : tensor<64xf32>
}

// CHECK-LABEL: func.func @wider_sums(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x64xbf16>, tensor<64x64xbf16>) -> tensor<64x64xf32>
// CHECK-NEXT:    %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    func.return %abv : tensor<64xf32>

// A product that several others share is not computed if all of them do without it.
func.func @shared(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %v: tensor<64xf32>, %w: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %wab = xtensor.dot_general %w, %ab batch [] x [] contract [0] x [0] : (tensor<64xf32>, tensor<64x64xf32>) -> tensor<64xf32>
  func.return %abv, %wab : tensor<64xf32>, tensor<64xf32>
}

// CHECK-LABEL: func.func @shared(
// CHECK-NEXT:    %0 = xtensor.dot_general %b, %v batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %abv = xtensor.dot_general %a, %0 batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %1 = xtensor.dot_general %a, %w batch [] x [] contract [0] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %wab = xtensor.dot_general %b, %1 batch [] x [] contract [0] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    func.return %abv, %wab : tensor<64xf32>, tensor<64xf32>

// An outer product that several products use is cheap to do without.
func.func @outer(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %v: tensor<64xf32>, %w: tensor<64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %vw = xtensor.dot_general %v, %w batch [] x [] contract [] x [] : (tensor<64xf32>, tensor<64xf32>) -> tensor<64x64xf32>
  %vwa = xtensor.dot_general %vw, %a batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %vwb = xtensor.dot_general %vw, %b batch [] x [] contract [1] x [1] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  func.return %vwa, %vwb : tensor<64x64xf32>, tensor<64x64xf32>
}

// CHECK-LABEL: func.func @outer(
// CHECK-NEXT:    %0 = xtensor.dot_general %a, %w batch [] x [] contract [0] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %v dims [0] : tensor<64xf32> -> tensor<64x64xf32>
// CHECK-NEXT:    %2 = xtensor.broadcast_in_dim %0 dims [1] : tensor<64xf32> -> tensor<64x64xf32>
// CHECK-NEXT:    %vwa = xtensor.mul %1, %2 : tensor<64x64xf32>
// CHECK-NEXT:    %3 = xtensor.dot_general %b, %w batch [] x [] contract [1] x [0] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
// CHECK-NEXT:    %4 = xtensor.broadcast_in_dim %v dims [0] : tensor<64xf32> -> tensor<64x64xf32>
// CHECK-NEXT:    %5 = xtensor.broadcast_in_dim %3 dims [1] : tensor<64xf32> -> tensor<64x64xf32>
// CHECK-NEXT:    %vwb = xtensor.mul %4, %5 : tensor<64x64xf32>
// CHECK-NEXT:    func.return %vwa, %vwb : tensor<64x64xf32>, tensor<64x64xf32>

// Must not fire: a product with an empty sum is zero, whatever is infinite.
func.func @empty(%a: tensor<8x0xf32>, %b: tensor<0x8xf32>, %v: tensor<8xf32>) -> tensor<8xf32> {
  %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<8x0xf32>, tensor<0x8xf32>) -> tensor<8x8xf32>
  %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
  func.return %abv : tensor<8xf32>
}

// CHECK-LABEL: func.func @empty(
// CHECK-NEXT:    %ab = xtensor.dot_general %a, %b batch [] x [] contract [1] x [0] : (tensor<8x0xf32>, tensor<0x8xf32>) -> tensor<8x8xf32>
// CHECK-NEXT:    %abv = xtensor.dot_general %ab, %v batch [] x [] contract [1] x [0] : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
// CHECK-NEXT:    func.return %abv : tensor<8xf32>
