// RUN: xcs-opt -p 'apply-rules{rules=exact}' %s | filecheck %s
// RUN: xcs-opt -p 'apply-rules{rules=exact},apply-rules{rules=exact}' %s | filecheck %s

// Moves of data cancel, merge, or go past what they need not wait for.

func.func @transposes(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>) {
  %0 = xtensor.transpose %x, [1, 0, 2] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
  %1 = xtensor.transpose %0, [2, 1, 0] : tensor<3x2x4xf32> -> tensor<4x2x3xf32>
  %2 = xtensor.transpose %x, [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %3 = xtensor.transpose %2, [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
  func.return %1, %3 : tensor<4x2x3xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @transposes(
// CHECK-NEXT:    %0 = xtensor.transpose %x, [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
// CHECK-NEXT:    func.return %0, %x : tensor<4x2x3xf32>, tensor<2x3x4xf32>

func.func @reshapes(%x: tensor<2x1x6xf32>) -> (tensor<3x4xf32>, tensor<2x1x6xf32>, tensor<12xf32>) {
  %0 = xtensor.reshape %x : tensor<2x1x6xf32> -> tensor<1x12xf32>
  %1 = xtensor.reshape %0 : tensor<1x12xf32> -> tensor<3x4xf32>
  %2 = xtensor.reshape %1 : tensor<3x4xf32> -> tensor<2x1x6xf32>
  %3 = xtensor.squeeze %x dims [1] : tensor<2x1x6xf32> -> tensor<2x6xf32>
  %4 = xtensor.reshape %3 : tensor<2x6xf32> -> tensor<1x12xf32>
  %5 = xtensor.squeeze %4 dims [0] : tensor<1x12xf32> -> tensor<12xf32>
  func.return %1, %2, %5 : tensor<3x4xf32>, tensor<2x1x6xf32>, tensor<12xf32>
}

// CHECK-LABEL: func.func @reshapes(
// CHECK-NEXT:    %0 = xtensor.reshape %x : tensor<2x1x6xf32> -> tensor<3x4xf32>
// CHECK-NEXT:    %1 = xtensor.reshape %0 : tensor<3x4xf32> -> tensor<2x1x6xf32>
// CHECK-NEXT:    %2 = xtensor.reshape %x : tensor<2x1x6xf32> -> tensor<12xf32>
// CHECK-NEXT:    func.return %0, %1, %2 : tensor<3x4xf32>, tensor<2x1x6xf32>, tensor<12xf32>

func.func @reversals(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = xtensor.rev %x dims [0, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  %1 = xtensor.rev %0 dims [1] : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @reversals(
// CHECK-NEXT:    %0 = xtensor.rev %x dims [0] : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK-NEXT:    func.return %0 : tensor<2x3xf32>

func.func @slices(%x: tensor<20xf32>) -> (tensor<3xf32>, tensor<20xf32>) {
  %0 = xtensor.slice %x from [3] to [19] by [2] : tensor<20xf32> -> tensor<8xf32>
  %1 = xtensor.slice %0 from [1] to [7] by [2] : tensor<8xf32> -> tensor<3xf32>
  %2 = xtensor.slice %x from [0] to [20] by [1] : tensor<20xf32> -> tensor<20xf32>
  func.return %1, %2 : tensor<3xf32>, tensor<20xf32>
}

// CHECK-LABEL: func.func @slices(
// CHECK-NEXT:    %0 = xtensor.slice %x from [5] to [17] by [4] : tensor<20xf32> -> tensor<3xf32>
// CHECK-NEXT:    func.return %0, %x : tensor<3xf32>, tensor<20xf32>

func.func @slice_of_transpose(%x: tensor<30x40xf32>) -> tensor<1x30xf32> {
  %0 = xtensor.transpose %x, [1, 0] : tensor<30x40xf32> -> tensor<40x30xf32>
  %1 = xtensor.slice %0 from [7, 0] to [8, 30] by [1, 1] : tensor<40x30xf32> -> tensor<1x30xf32>
  func.return %1 : tensor<1x30xf32>
}

// CHECK-LABEL: func.func @slice_of_transpose(
// CHECK-NEXT:    %0 = xtensor.slice %x from [0, 7] to [30, 8] by [1, 1] : tensor<30x40xf32> -> tensor<30x1xf32>
// CHECK-NEXT:    %1 = xtensor.transpose %0, [1, 0] : tensor<30x1xf32> -> tensor<1x30xf32>
// CHECK-NEXT:    func.return %1 : tensor<1x30xf32>

func.func @slice_of_functions(%x: tensor<30x40xf32>, %y: tensor<30x40xf32>) -> tensor<1x40xf32> {
  %0 = xtensor.add %x, %y : tensor<30x40xf32>
  %1 = xtensor.tanh %0 : tensor<30x40xf32>
  %2 = xtensor.slice %1 from [7, 0] to [8, 40] by [1, 1] : tensor<30x40xf32> -> tensor<1x40xf32>
  func.return %2 : tensor<1x40xf32>
}

// CHECK-LABEL: func.func @slice_of_functions(
// CHECK-NEXT:    %0 = xtensor.slice %x from [7, 0] to [8, 40] by [1, 1] : tensor<30x40xf32> -> tensor<1x40xf32>
// CHECK-NEXT:    %1 = xtensor.slice %y from [7, 0] to [8, 40] by [1, 1] : tensor<30x40xf32> -> tensor<1x40xf32>
// CHECK-NEXT:    %2 = xtensor.add %0, %1 : tensor<1x40xf32>
// CHECK-NEXT:    %3 = xtensor.tanh %2 : tensor<1x40xf32>
// CHECK-NEXT:    func.return %3 : tensor<1x40xf32>

// Must not fire: all of the function is wanted too.
func.func @slice_and_function(%x: tensor<30x40xf32>) -> (tensor<30x40xf32>, tensor<1x40xf32>) {
  %0 = xtensor.tanh %x : tensor<30x40xf32>
  %1 = xtensor.slice %0 from [7, 0] to [8, 40] by [1, 1] : tensor<30x40xf32> -> tensor<1x40xf32>
  func.return %0, %1 : tensor<30x40xf32>, tensor<1x40xf32>
}

// CHECK-LABEL: func.func @slice_and_function(
// CHECK-NEXT:    %0 = xtensor.tanh %x : tensor<30x40xf32>
// CHECK-NEXT:    %1 = xtensor.slice %0 from [7, 0] to [8, 40] by [1, 1] : tensor<30x40xf32> -> tensor<1x40xf32>
// CHECK-NEXT:    func.return %0, %1 : tensor<30x40xf32>, tensor<1x40xf32>

func.func @slice_of_broadcast(%x: tensor<1x40xf32>) -> tensor<2x3x8xf32> {
  %0 = xtensor.broadcast_in_dim %x dims [1, 2] : tensor<1x40xf32> -> tensor<9x5x40xf32>
  %1 = xtensor.slice %0 from [1, 2, 0] to [3, 5, 40] by [1, 1, 5] : tensor<9x5x40xf32> -> tensor<2x3x8xf32>
  func.return %1 : tensor<2x3x8xf32>
}

// CHECK-LABEL: func.func @slice_of_broadcast(
// CHECK-NEXT:    %0 = xtensor.slice %x from [0, 0] to [1, 40] by [1, 5] : tensor<1x40xf32> -> tensor<1x8xf32>
// CHECK-NEXT:    %1 = xtensor.broadcast_in_dim %0 dims [1, 2] : tensor<1x8xf32> -> tensor<2x3x8xf32>
// CHECK-NEXT:    func.return %1 : tensor<2x3x8xf32>

func.func @taken_of_functions(%x: tensor<30x40xf32>, %y: tensor<30x40xf32>, %i: tensor<3x1xi32>) -> tensor<3x40xf32> {
  %0 = xtensor.mul %x, %y : tensor<30x40xf32>
  %1 = xtensor.exp %0 : tensor<30x40xf32>
  %2 = xtensor.gather %1 at %i mode clip sizes [1, 40] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<30x40xf32>, tensor<3x1xi32>) -> tensor<3x40xf32>
  func.return %2 : tensor<3x40xf32>
}

// CHECK-LABEL: func.func @taken_of_functions(
// CHECK-NEXT:    %0 = xtensor.gather %x at %i mode clip sizes [1, 40] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<30x40xf32>, tensor<3x1xi32>) -> tensor<3x40xf32>
// CHECK-NEXT:    %1 = xtensor.gather %y at %i mode clip sizes [1, 40] offset [1] collapsed [0] index [0] batching [] x [] : (tensor<30x40xf32>, tensor<3x1xi32>) -> tensor<3x40xf32>
// CHECK-NEXT:    %2 = xtensor.mul %0, %1 : tensor<3x40xf32>
// CHECK-NEXT:    %3 = xtensor.exp %2 : tensor<3x40xf32>
// CHECK-NEXT:    func.return %3 : tensor<3x40xf32>

func.func @broadcasts(%x: tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<4xf32>) {
  %0 = xtensor.broadcast_in_dim %x dims [1] : tensor<4xf32> -> tensor<3x4xf32>
  %1 = xtensor.broadcast_in_dim %0 dims [1, 2] : tensor<3x4xf32> -> tensor<2x3x4xf32>
  %2 = xtensor.broadcast_in_dim %x dims [0] : tensor<4xf32> -> tensor<4xf32>
  func.return %1, %2 : tensor<2x3x4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @broadcasts(
// CHECK-NEXT:    %0 = xtensor.broadcast_in_dim %x dims [2] : tensor<4xf32> -> tensor<2x3x4xf32>
// CHECK-NEXT:    func.return %0, %x : tensor<2x3x4xf32>, tensor<4xf32>

func.func @conversions(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi16>) {
  %0 = xtensor.convert_element_type %x : tensor<4xi8> -> tensor<4xi8>
  %1 = xtensor.convert_element_type %x : tensor<4xi8> -> tensor<4xi32>
  %2 = xtensor.convert_element_type %1 : tensor<4xi32> -> tensor<4xi16>
  func.return %0, %2 : tensor<4xi8>, tensor<4xi16>
}

// CHECK-LABEL: func.func @conversions(
// CHECK-NEXT:    %0 = xtensor.convert_element_type %x : tensor<4xi8> -> tensor<4xi16>
// CHECK-NEXT:    func.return %x, %0 : tensor<4xi8>, tensor<4xi16>

// Must not fire: the type in the middle does not hold all numbers.
func.func @narrowing(%x: tensor<4xi32>) -> tensor<4xi32> {
  %0 = xtensor.convert_element_type %x : tensor<4xi32> -> tensor<4xi8>
  %1 = xtensor.convert_element_type %0 : tensor<4xi8> -> tensor<4xi32>
  func.return %1 : tensor<4xi32>
}

// CHECK-LABEL: func.func @narrowing(
// CHECK-NEXT:    %0 = xtensor.convert_element_type %x : tensor<4xi32> -> tensor<4xi8>
// CHECK-NEXT:    %1 = xtensor.convert_element_type %0 : tensor<4xi8> -> tensor<4xi32>
// CHECK-NEXT:    func.return %1 : tensor<4xi32>

func.func @function_of_transposes(%x: tensor<30x40xf32>, %y: tensor<30x40xf32>) -> tensor<40x30xf32> {
  %0 = xtensor.transpose %x, [1, 0] : tensor<30x40xf32> -> tensor<40x30xf32>
  %1 = xtensor.transpose %y, [1, 0] : tensor<30x40xf32> -> tensor<40x30xf32>
  %2 = xtensor.sub %0, %1 : tensor<40x30xf32>
  func.return %2 : tensor<40x30xf32>
}

// CHECK-LABEL: func.func @function_of_transposes(
// CHECK-NEXT:    %0 = xtensor.sub %x, %y : tensor<30x40xf32>
// CHECK-NEXT:    %1 = xtensor.transpose %0, [1, 0] : tensor<30x40xf32> -> tensor<40x30xf32>
// CHECK-NEXT:    func.return %1 : tensor<40x30xf32>
