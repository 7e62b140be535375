// RUN: xcs-opt -p cse --split-input-file %s | filecheck %s

// Equal calls of pure operators, equal tuples and literals are one, also where the second is in a region.
// Calls of a model are samples: each is kept. A fresh list is another object, and an op that may raise
// (the call of a pure operator that makes a fresh object, too) is kept where it is.

orch.operator @pure {path = "app:pure", kind = #orch.kind<function>, effects = #orch.effects<pure>}
orch.operator @fresh {path = "app:fresh", kind = #orch.kind<function>, effects = #orch.effects<pure>, fresh}
orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
orch.operator @take {path = "app:take", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}
func.func @merged(%a: !orch.object, %docs: !orch.list<!orch.object>) -> !orch.list<!orch.object> {
  %p0 = orch.call @pure(%a) : (!orch.object) -> !orch.object
  %p1 = orch.call @pure(%a) : (!orch.object) -> !orch.object
  %f0 = orch.call @fresh(%a) : (!orch.object) -> !orch.object
  %f1 = orch.call @fresh(%a) : (!orch.object) -> !orch.object
  %m0 = orch.call @ask(%a) : (!orch.object) -> !orch.object
  %m1 = orch.call @ask(%a) : (!orch.object) -> !orch.object
  %t0 = orch.tuple(%p0, %p0) : (!orch.object, !orch.object) -> !orch.object
  %t1 = orch.tuple(%p1, %p1) : (!orch.object, !orch.object) -> !orch.object
  %l0 = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
  %l1 = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
  %h0 = orch.host "f'{a}'"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object<"str">
  %h1 = orch.host "f'{a}'"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object<"str">
  %token = orch.call @take(%p0, %p1, %f0, %f1, %m0, %m1, %t0, %t1, %l0, %l1, %h0, %h1) : (!orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.list<!orch.object>, !orch.list<!orch.object>, !orch.object<"str">, !orch.object<"str">) -> !orch.token
  %r = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%doc: !orch.object):
    %p2 = orch.call @pure(%a) : (!orch.object) -> !orch.object
    %p3 = orch.tuple(%p2, %doc) : (!orch.object, !orch.object) -> !orch.object
    orch.yield %p3 : !orch.object
  }
  func.return %r : !orch.list<!orch.object>
}

// CHECK:       func.func @merged(%a: !orch.object, %docs: !orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %p0 = orch.call @pure(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %f0 = orch.call @fresh(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %f1 = orch.call @fresh(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %m0 = orch.call @ask(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %m1 = orch.call @ask(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %t0 = orch.tuple(%p0, %p0) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    %l0 = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %l1 = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %h0 = orch.host "f'{a}'"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object<"str">
// CHECK-NEXT:    %h1 = orch.host "f'{a}'"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object<"str">
// CHECK-NEXT:    %token = orch.call @take(%p0, %p0, %f0, %f1, %m0, %m1, %t0, %t0, %l0, %l1, %h0, %h1) : (!orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.object, !orch.list<!orch.object>, !orch.list<!orch.object>, !orch.object<"str">, !orch.object<"str">) -> !orch.token
// CHECK-NEXT:    %r = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%doc: !orch.object):
// CHECK-NEXT:      %p3 = orch.tuple(%p0, %doc) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %p3 : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// What cannot raise and makes nothing that can change is merged; two lists are never one.

orch.operator @take {path = "app:take", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}
func.func @total(%a: !orch.object<"int">) {
  %n0 = orch.host "a + 1"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"int">
  %n1 = orch.host "a + 1"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"int">
  %l0 = orch.host "[a]"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"list">
  %l1 = orch.host "[a]"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"list">
  %token = orch.call @take(%n0, %n1, %l0, %l1) : (!orch.object<"int">, !orch.object<"int">, !orch.object<"list">, !orch.object<"list">) -> !orch.token
  func.return
}

// CHECK:       func.func @total(%a: !orch.object<"int">) {
// CHECK-NEXT:    %n0 = orch.host "a + 1"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"int">
// CHECK-NEXT:    %l0 = orch.host "[a]"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"list">
// CHECK-NEXT:    %l1 = orch.host "[a]"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"list">
// CHECK-NEXT:    %token = orch.call @take(%n0, %n0, %l0, %l1) : (!orch.object<"int">, !orch.object<"int">, !orch.object<"list">, !orch.object<"list">) -> !orch.token
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
