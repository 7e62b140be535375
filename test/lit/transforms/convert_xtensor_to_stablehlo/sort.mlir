// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s

// Elements are ordered by their keys: floats by the total order of their bits, with one zero and one
// NaN; of several keys, and of the parts of a complex number, a later one decides where the earlier
// ones are equal.

func.func @integers(%x: tensor<4xui8>, %y: tensor<4xf32>) -> (tensor<4xui8>, tensor<4xf32>) {
  %0, %1 = xtensor.sort %x, %y along 0 keys 1 stable : (tensor<4xui8>, tensor<4xf32>) -> (tensor<4xui8>, tensor<4xf32>)
  func.return %0, %1 : tensor<4xui8>, tensor<4xf32>
}

// CHECK-LABEL: func.func @integers
// CHECK-NEXT:    "stablehlo.sort"(%x, %y) <{dimension = 0 : i64, is_stable = true}> ({
// CHECK-NEXT:    {{.*}}(%[[A:[0-9]+]]: tensor<ui8>, %[[B:[0-9]+]]: tensor<ui8>, %{{.*}}: tensor<f32>, %{{.*}}: tensor<f32>):
// CHECK-NEXT:      %[[LT:.*]] = stablehlo.compare LT, %[[A]], %[[B]], UNSIGNED
// CHECK-NEXT:      stablehlo.return %[[LT]] : tensor<i1>

func.func @floats(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = xtensor.sort %x along 0 keys 1 : (tensor<4xf32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @floats
// CHECK-NEXT:    "stablehlo.sort"(%x) <{dimension = 0 : i64, is_stable = false}> ({
// CHECK-NEXT:    {{.*}}(%[[A:[0-9]+]]: tensor<f32>, %[[B:[0-9]+]]: tensor<f32>):
// CHECK-NEXT:      %{{.*}} = stablehlo.constant dense<0.000000e+00>
// CHECK-NEXT:      %[[ZERO:.*]] = stablehlo.compare EQ, %[[A]], %{{.*}}, FLOAT
// CHECK-NEXT:      %[[POSITIVE:.*]] = stablehlo.constant dense<0.000000e+00>
// CHECK-NEXT:      %[[ONE_ZERO:.*]] = stablehlo.select %[[ZERO]], %[[POSITIVE]], %[[A]]
// CHECK-NEXT:      %[[NAN:.*]] = stablehlo.compare NE, %[[A]], %[[A]], FLOAT
// CHECK-NEXT:      %[[QUIET:.*]] = stablehlo.constant dense<0x7FC00000>
// CHECK-NEXT:      %[[X:.*]] = stablehlo.select %[[NAN]], %[[QUIET]], %[[ONE_ZERO]]
// CHECK:           %[[LT:.*]] = stablehlo.compare LT, %[[X]], %{{.*}}, TOTALORDER
// CHECK-NEXT:      stablehlo.return %[[LT]] : tensor<i1>

func.func @two_keys(%x: tensor<4xi32>, %y: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) {
  %0, %1 = xtensor.sort %x, %y along 0 keys 2 stable : (tensor<4xi32>, tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>)
  func.return %0, %1 : tensor<4xi32>, tensor<4xi32>
}

// CHECK-LABEL: func.func @two_keys
// CHECK:         {{.*}}(%[[A:[0-9]+]]: tensor<i32>, %[[B:[0-9]+]]: tensor<i32>, %[[C:[0-9]+]]: tensor<i32>, %[[D:[0-9]+]]: tensor<i32>):
// CHECK-NEXT:      %[[SECOND:.*]] = stablehlo.compare LT, %[[C]], %[[D]], SIGNED
// CHECK-NEXT:      %[[FIRST:.*]] = stablehlo.compare LT, %[[A]], %[[B]], SIGNED
// CHECK-NEXT:      %[[EQUAL:.*]] = stablehlo.compare EQ, %[[A]], %[[B]], SIGNED
// CHECK-NEXT:      %[[DECIDES:.*]] = stablehlo.and %[[EQUAL]], %[[SECOND]]
// CHECK-NEXT:      %[[LESS:.*]] = stablehlo.or %[[FIRST]], %[[DECIDES]]
// CHECK-NEXT:      stablehlo.return %[[LESS]]

// The largest elements are found along the last dimension, with which another one changes places.

func.func @top_k(%x: tensor<2x4x3xf32>) -> (tensor<2x2x3xf32>, tensor<2x2x3xi32>) {
  %0, %1 = xtensor.top_k %x k 2 along 1 : (tensor<2x4x3xf32>) -> (tensor<2x2x3xf32>, tensor<2x2x3xi32>)
  func.return %0, %1 : tensor<2x2x3xf32>, tensor<2x2x3xi32>
}

// CHECK-LABEL: func.func @top_k
// CHECK-NEXT:    %[[T:.*]] = stablehlo.transpose %x, dims = [0, 2, 1] : (tensor<2x4x3xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT:    %[[V:.*]], %[[I:.*]] = chlo.top_k(%[[T]], k = 2) : tensor<2x3x4xf32> -> (tensor<2x3x2xf32>, tensor<2x3x2xi32>)
// CHECK-NEXT:    %{{.*}} = stablehlo.transpose %[[V]], dims = [0, 2, 1]
// CHECK-NEXT:    %{{.*}} = stablehlo.transpose %[[I]], dims = [0, 2, 1]

// An approximate answer is exact: where one element is asked for a reduction, otherwise a sort.

func.func @approximately(%x: tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  %0, %1 = xtensor.approx_top_k %x k 3 along 1 {recall_target = 0.5 : f32, is_max_k, reduction_input_size_override = -1 : i64, aggregate_to_topk} : (tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  %2, %3 = xtensor.approx_top_k %x k 1 along 1 {recall_target = 0.5 : f32, reduction_input_size_override = -1 : i64, aggregate_to_topk} : (tensor<2x4xf32>) -> (tensor<2x1xf32>, tensor<2x1xi32>)
  func.return %0, %1 : tensor<2x3xf32>, tensor<2x3xi32>
}

// CHECK-LABEL: func.func @approximately
// CHECK-NEXT:    %[[I:.*]] = stablehlo.iota dim = 1 : tensor<2x4xi32>
// CHECK-NEXT:    %[[V:.*]], %[[P:.*]] = "stablehlo.sort"(%x, %[[I]]) <{dimension = 1 : i64, is_stable = false}>
// CHECK:           stablehlo.compare GT
// CHECK:         stablehlo.slice %[[V]] [0:2, 0:3]
// CHECK-NEXT:    stablehlo.slice %[[P]] [0:2, 0:3]
// CHECK-NEXT:    %[[J:.*]] = stablehlo.iota dim = 1 : tensor<2x4xi32>
// CHECK-NEXT:    %{{.*}} = stablehlo.constant dense<0x7F800000> : tensor<f32>
// CHECK-NEXT:    %{{.*}} = stablehlo.constant dense<-1> : tensor<i32>
// CHECK-NEXT:    stablehlo.reduce(%x init: %{{.*}}), (%[[J]] init: %{{.*}}) across dimensions = [1]

func.func @transform(%x: tensor<2x4xf32>) -> tensor<2x3xcomplex<f32>> {
  %0 = xtensor.fft %x rfft lengths [4] : tensor<2x4xf32> -> tensor<2x3xcomplex<f32>>
  func.return %0 : tensor<2x3xcomplex<f32>>
}

// CHECK-LABEL: func.func @transform
// CHECK-NEXT:    stablehlo.fft %x, type = RFFT, length = [4] : (tensor<2x4xf32>) -> tensor<2x3xcomplex<f32>>
