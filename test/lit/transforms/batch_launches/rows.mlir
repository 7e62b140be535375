// RUN: xcs-opt -p batch-launches{rows=true} --split-input-file %s | filecheck %s

// An element that is only returned stays in its array; one that a call is given does not.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func private @kernel(%x: !orch.object) -> (!orch.object, !orch.object)
func.func @main(%a: !orch.object, %indices: !orch.object) -> !orch.list<!orch.object> {
  %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
  %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
  ^bb0(%i: !orch.object):
    %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
    %y, %z = orch.launch @kernel(%x) : (!orch.object) -> (!orch.object, !orch.object)
    %reply = orch.call @ask(%z) : (!orch.object) -> !orch.object
    %pair = orch.tuple(%y, %reply) : (!orch.object, !orch.object) -> !orch.object
    orch.yield %pair : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func private @kernel(!orch.object) -> (!orch.object, !orch.object)
// CHECK-NEXT:  func.func @main(%a: !orch.object, %indices: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
// CHECK-NEXT:    %y, %z = orch.launch @kernel(%rows) {over = array<i64: 0>} : (!orch.list<!orch.object>) -> (!orch.list<!orch.object>, !orch.list<!orch.object>)
// CHECK-NEXT:    %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %y_1 = orch.getitem %y[%i] {row} : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %z_1 = orch.getitem %z[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %reply = orch.call @ask(%z_1) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %pair = orch.tuple(%y_1, %reply) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %pair : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// Not where the program may look into what it returns.

func.func private @kernel(%x: !orch.object) -> !orch.object
func.func @main(%a: !orch.object, %indices: !orch.object) -> (!orch.list<!orch.object>, !orch.object) {
  %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
  %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
  ^bb0(%i: !orch.object):
    %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
    %y = orch.launch @kernel(%x) : (!orch.object) -> !orch.object
    orch.yield %y : !orch.object
  }
  %zero = orch.constant 0 : i64 : !orch.object<"int">
  %first = orch.getitem %out[%zero] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
  func.return %out, %first : !orch.list<!orch.object>, !orch.object
}

// CHECK:       func.func private @kernel(!orch.object) -> !orch.object
// CHECK-NEXT:  func.func @main(%a: !orch.object, %indices: !orch.object) -> (!orch.list<!orch.object>, !orch.object) {
// CHECK-NEXT:    %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
// CHECK-NEXT:    %y = orch.launch @kernel(%rows) {over = array<i64: 0>} : (!orch.list<!orch.object>) -> !orch.list<!orch.object>
// CHECK-NEXT:    %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %y_1 = orch.getitem %y[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield %y_1 : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %zero = orch.constant 0 : i64 : !orch.object<"int">
// CHECK-NEXT:    %first = orch.getitem %out[%zero] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:    func.return %out, %first : !orch.list<!orch.object>, !orch.object
// CHECK-NEXT:  }
