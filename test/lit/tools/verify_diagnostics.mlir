// RUN: xcs-opt %s --verify-diagnostics --split-input-file | filecheck %s

// A verifier's message points at the operation at fault, with its line in the whole file.

// CHECK: verify_diagnostics.mlir:[[# @LINE + 2]]:3: error: Operation does not verify: Expected arguments to have the same types as the function output types
func.func @wrong_type(%a : i32) -> i64 {
  func.return %a : i32
}

// -----

// Definitions come before uses on every path. xDSL does not check this by itself.

// CHECK: verify_diagnostics.mlir:[[# @LINE + 2]]:3: error: Operation does not verify: operand #1 does not dominate this use
func.func @use_before_definition(%a : i32) {
  %0 = arith.addi %a, %1 : i32
  %1 = arith.constant 1 : i32
  func.return
}

// -----

// CHECK: verify_diagnostics.mlir:[[# @LINE + 7]]:3: error: Operation does not verify: operand #0 does not dominate this use
func.func @defined_on_one_path(%c : i1) -> i32 {
  cf.cond_br %c, ^bb1, ^bb2
^bb1:
  %0 = arith.constant 1 : i32
  cf.br ^bb2
^bb2:
  func.return %0 : i32
}

// -----

// A block that is never reached has no path on which a definition could be missing.

// CHECK: func.func @unreachable
func.func @unreachable() -> i32 {
  %0 = arith.constant 1 : i32
  func.return %0 : i32
^bb1:
  func.return %0 : i32
}
