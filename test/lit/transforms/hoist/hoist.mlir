// RUN: xcs-opt -p hoist --split-input-file %s | filecheck %s

// What has no effect but its result, and does not depend on the iteration, moves before the loop. A call
// stays, as each iteration makes its own; so does what may raise, as there may be no iteration.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @constants(%xs: !orch.list<!orch.object>, %c: !orch.object) -> !orch.list<!orch.object> {
  %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    %one = orch.constant 1 : i64 : !orch.object<"int">
    %key = orch.tuple(%c, %one) : (!orch.object, !orch.object<"int">) -> !orch.object
    %item = orch.getitem %c[%one] : !orch.object, !orch.object<"int"> -> !orch.object
    %same = orch.call @ask(%c) : (!orch.object) -> !orch.object
    %own = orch.tuple(%x, %key, %item, %same) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object
    orch.yield %own : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func @constants(%xs: !orch.list<!orch.object>, %c: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %one = orch.constant 1 : i64 : !orch.object<"int">
// CHECK-NEXT:    %key = orch.tuple(%c, %one) : (!orch.object, !orch.object<"int">) -> !orch.object
// CHECK-NEXT:    %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %item = orch.getitem %c[%one] : !orch.object, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:      %same = orch.call @ask(%c) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %own = orch.tuple(%x, %key, %item, %same) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %own : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// Out of two loops, one after the other. A fresh list moves where it is only read.

func.func @nested(%xs: !orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object<"bool">>> {
  %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object<"bool">>> {
  ^bb0(%x: !orch.object):
    %inner = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object<"bool">> {
    ^bb0(%y: !orch.object):
      %a = orch.constant "a" : !orch.object<"str">
      %list = orch.list(%a) : (!orch.object<"str">) -> !orch.list<!orch.object<"str">>
      %in = orch.contains %y in %list : !orch.object, !orch.list<!orch.object<"str">> -> !orch.object<"bool">
      orch.yield %in : !orch.object<"bool">
    }
    orch.yield %inner : !orch.list<!orch.object<"bool">>
  }
  func.return %out : !orch.list<!orch.list<!orch.object<"bool">>>
}

// CHECK:       func.func @nested(%xs: !orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object<"bool">>> {
// CHECK-NEXT:    %a = orch.constant "a" : !orch.object<"str">
// CHECK-NEXT:    %list = orch.list(%a) : (!orch.object<"str">) -> !orch.list<!orch.object<"str">>
// CHECK-NEXT:    %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object<"bool">>> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %inner = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object<"bool">> {
// CHECK-NEXT:      ^bb0(%y: !orch.object):
// CHECK-NEXT:        %in = orch.contains %y in %list : !orch.object, !orch.list<!orch.object<"str">> -> !orch.object<"bool">
// CHECK-NEXT:        orch.yield %in : !orch.object<"bool">
// CHECK-NEXT:      }
// CHECK-NEXT:      orch.yield %inner : !orch.list<!orch.object<"bool">>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.list<!orch.object<"bool">>>
// CHECK-NEXT:  }

// -----

// Not a list of which each iteration gives its own, or that something changes.

func.func @fresh(%xs: !orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object>> {
  %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object>> {
  ^bb0(%x: !orch.object):
    %given = orch.list() : () -> !orch.list<!orch.object>
    %filled = orch.list() : () -> !orch.list<!orch.object>
    %done = orch.append %filled, %x : !orch.list<!orch.object>, !orch.object -> !orch.token
    orch.yield %given : !orch.list<!orch.object>
  }
  func.return %out : !orch.list<!orch.list<!orch.object>>
}

// CHECK:       func.func @fresh(%xs: !orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object>> {
// CHECK-NEXT:    %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.list<!orch.object>> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %given = orch.list() : () -> !orch.list<!orch.object>
// CHECK-NEXT:      %filled = orch.list() : () -> !orch.list<!orch.object>
// CHECK-NEXT:      %done = orch.append %filled, %x : !orch.list<!orch.object>, !orch.object -> !orch.token
// CHECK-NEXT:      orch.yield %given : !orch.list<!orch.object>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.list<!orch.object>>
// CHECK-NEXT:  }
