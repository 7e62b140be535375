// RUN: xcs-opt %s --allow-unregistered-dialect --split-input-file --parsing-diagnostics -t stablehlo | filecheck %s

// Ops of dialects that are not known are printed by their names.

func.func @unknown(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "foo.bar"(%x) {n = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// CHECK:      func.func @unknown(%arg0: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   %0 = "foo.bar"(%arg0) {n = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   return %0 : tensor<2xf32>

// -----

// Of a dialect that is known, all ops and types are.

// CHECK: 'stablehlo.foobar' is not one of its dialect
func.func @type(%x: !stablehlo.foobar) {
  func.return
}

// -----

func.func @op() {
  // CHECK: Operation stablehlo.foobar is not one of its dialect
  "stablehlo.foobar"() : () -> ()
  func.return
}
