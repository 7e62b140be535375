// RUN: xcs-opt -p merge-deterministic-calls --split-input-file %s | filecheck %s

// Equal calls of a deterministic operator are one, also where the second is in a region. Neither calls of
// other operators (five samples are five calls) nor calls between which an argument may have changed are.

orch.operator @embed {path = "app:embed", kind = #orch.kind<model>, effects = #orch.effects<unordered>, deterministic}
orch.operator @sample {path = "app:sample", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
orch.operator @change {path = "app:change", kind = #orch.kind<function>, effects = #orch.effects<ordered>}
func.func @merged(%x: !orch.object, %docs: !orch.list<!orch.object>) -> (!orch.object, !orch.object, !orch.object, !orch.object, !orch.object) {
  %a = orch.call @embed(%x) : (!orch.object) -> !orch.object
  %b = orch.call @embed(%x) : (!orch.object) -> !orch.object
  %c = orch.call @sample(%x) : (!orch.object) -> !orch.object
  %d = orch.call @sample(%x) : (!orch.object) -> !orch.object
  %m = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%doc: !orch.object):
    %e = orch.call @embed(%x) : (!orch.object) -> !orch.object
    %f = orch.call @embed(%doc) : (!orch.object) -> !orch.object
    %g = orch.tuple(%e, %f) : (!orch.object, !orch.object) -> !orch.object
    orch.yield %g : !orch.object
  }
  %t = orch.call @change(%x) : (!orch.object) -> !orch.token
  %h = orch.call @embed(%x) after(%t) : (!orch.object) -> !orch.object
  func.return %a, %b, %c, %d, %h : !orch.object, !orch.object, !orch.object, !orch.object, !orch.object
}

// CHECK:       func.func @merged(%x: !orch.object, %docs: !orch.list<!orch.object>) -> (!orch.object, !orch.object, !orch.object, !orch.object, !orch.object) {
// CHECK-NEXT:    %a = orch.call @embed(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %c = orch.call @sample(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %d = orch.call @sample(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %m = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%doc: !orch.object):
// CHECK-NEXT:      %f = orch.call @embed(%doc) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %g = orch.tuple(%a, %f) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %g : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %t = orch.call @change(%x) : (!orch.object) -> !orch.token
// CHECK-NEXT:    %h = orch.call @embed(%x) after(%t) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %a, %a, %c, %d, %h : !orch.object, !orch.object, !orch.object, !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// A call that nobody uses is still made once.

orch.operator @embed {path = "app:embed", kind = #orch.kind<model>, effects = #orch.effects<unordered>, deterministic}
func.func @unused(%x: !orch.object) {
  %a = orch.call @embed(%x) : (!orch.object) -> !orch.object
  %b = orch.call @embed(%x) : (!orch.object) -> !orch.object
  func.return
}

// CHECK:       func.func @unused(%x: !orch.object) {
// CHECK-NEXT:    %a = orch.call @embed(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
