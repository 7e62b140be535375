// RUN: xcs-opt %s --parsing-diagnostics --split-input-file | filecheck %s

// CHECK: parsing_diagnostics.mlir:[[# @LINE + 4]]:3: error: Operation orch.nonsense is not registered
// CHECK-NEXT: %0 = orch.nonsense
// CHECK-NEXT: ^^
func.func @unknown_operation() {
  %0 = orch.nonsense
}

// -----

// CHECK: parsing_diagnostics.mlir:[[# @LINE + 4]]:3: error: SSA value %0 is already defined
func.func @defined_twice() {
  %0 = arith.constant 1 : i32
  %1 = arith.constant 1 : i32
  %0 = arith.constant 2 : i32
}
