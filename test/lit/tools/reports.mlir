// RUN: xcs-opt %s -p cse,dce --time-passes --print-between-passes 2>&1 >/dev/null | filecheck %s

// Reports go to stderr: stdout is the resulting module and nothing else.

func.func @twice() -> i32 {
  %0 = arith.constant 1 : i32
  %1 = arith.constant 1 : i32
  %2 = arith.addi %0, %1 : i32
  func.return %2 : i32
}

// CHECK:      Pass cse took {{[0-9.]+}} seconds
// CHECK-NEXT: IR after cse:
// CHECK-NEXT: builtin.module {
// CHECK-NEXT:   func.func @twice() -> i32 {
// CHECK-NEXT:     %0 = arith.constant 1 : i32
// CHECK-NEXT:     %1 = arith.addi %0, %0 : i32
// CHECK-NEXT:     func.return %1 : i32
// CHECK:      Pass dce took {{[0-9.]+}} seconds
