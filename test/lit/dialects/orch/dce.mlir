// RUN: xcs-opt -p dce %s | filecheck %s

// What nobody uses goes if it has no effect: containers, literals, calls of pure operators, array code,
// maps of these. What may raise stays, since its error is part of the result, and so do calls with an
// effect. Functions and operators stay, used or not.

orch.operator @pure {path = "app:pure", kind = #orch.kind<function>, effects = #orch.effects<pure>}
orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @dropped(%a: !orch.object, %docs: !orch.list<!orch.object>, %x: tensor<4xf32>) {
  %l = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
  %t = orch.tuple(%l) : (!orch.list<!orch.object>) -> !orch.object
  %p = orch.call @pure(%t) : (!orch.object) -> !orch.object
  %e = xtensor.exp %x : tensor<4xf32>
  %m = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%doc: !orch.object):
    %p0 = orch.call @pure(%doc) : (!orch.object) -> !orch.object
    orch.yield %p0 : !orch.object
  }
  func.return
}
func.func @kept(%a: !orch.object, %docs: !orch.list<!orch.object>) {
  %h = orch.host "a.name"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %g = orch.getattr %a "name" : !orch.object -> !orch.object
  %m = orch.call @ask(%a) : (!orch.object) -> !orch.object
  %d = orch.dict(%a) to (%a) : (!orch.object) to (!orch.object) -> !orch.object<"dict">
  %r = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%doc: !orch.object):
    %n = orch.call @ask(%doc) : (!orch.object) -> !orch.object
    orch.yield %n : !orch.object
  }
  func.return
}
func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = xtensor.exp %x : tensor<4xf32>
  func.return %y : tensor<4xf32>
}
func.func @launches(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = orch.launch @kernel(%x) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK:       func.func @dropped(%a: !orch.object, %docs: !orch.list<!orch.object>, %x: tensor<4xf32>) {
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @kept(%a: !orch.object, %docs: !orch.list<!orch.object>) {
// CHECK-NEXT:    %h = orch.host "a.name"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %g = orch.getattr %a "name" : !orch.object -> !orch.object
// CHECK-NEXT:    %m = orch.call @ask(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %d = orch.dict(%a) to(%a) : (!orch.object) to(!orch.object) -> !orch.object<"dict">
// CHECK-NEXT:    %r = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%doc: !orch.object):
// CHECK-NEXT:      %n = orch.call @ask(%doc) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %n : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %y = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @launches(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %y = orch.launch @kernel(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// CHECK-NEXT:  }
