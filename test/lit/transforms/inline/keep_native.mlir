// RUN: xcs-opt -p 'inline{keep-native=true}' %s | filecheck %s

// A function with loops stays, if the engine can call it as the Python function that it is.

func.func private @total(%items: !orch.object) -> !orch.object attributes {orch.native = #orch.native<"total", reads>} {
  %zero = orch.constant 0 : i64 : !orch.object
  %sum = orch.for %items carry(%zero : !orch.object) : (!orch.object) -> !orch.object {
  ^bb0(%item: !orch.object, %before: !orch.object):
    %next = orch.host "a + b"(%before, %item) {names = ["a", "b"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
    orch.yield %next : !orch.object
  }
  func.return %sum : !orch.object
}
func.func private @twice(%x: !orch.object) -> !orch.object attributes {orch.native = #orch.native<"twice", reads>} {
  %y = orch.host "2 * x"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  func.return %y : !orch.object
}
func.func @main(%items: !orch.object) -> !orch.object {
  %sum = func.call @total(%items) : (!orch.object) -> !orch.object
  %double = func.call @twice(%sum) : (!orch.object) -> !orch.object
  func.return %double : !orch.object
}

// CHECK:       func.func private @total(%items: !orch.object) -> !orch.object attributes {orch.native = #orch.native<"total", reads>} {
// CHECK:       func.func @main(%items: !orch.object) -> !orch.object {
// CHECK-NEXT:    %sum = func.call @total(%items) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %y = orch.host "2 * x"(%sum)
// CHECK-NEXT:    func.return %y : !orch.object
