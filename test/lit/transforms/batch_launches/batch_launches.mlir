// RUN: xcs-opt -p batch-launches --split-input-file %s | filecheck %s

// Launches on rows of arrays, on what is there before the loop, and on results of other such launches.

orch.operator @dot {path = "jax.numpy:dot", kind = #orch.kind<tensor>, effects = #orch.effects<pure>, nonblocking}
orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func private @kernel(%x: !orch.object, %w: !orch.object) -> !orch.object {
  %y = orch.call @dot(%x, %w) : (!orch.object, !orch.object) -> !orch.object
  func.return %y : !orch.object
}
func.func @main(%a: !orch.object, %w: !orch.object, %indices: !orch.object) -> !orch.list<!orch.object> {
  %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
  %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
  ^bb0(%i: !orch.object):
    %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
    %y = orch.launch @kernel(%x, %w) : (!orch.object, !orch.object) -> !orch.object
    %z = orch.launch @kernel(%y, %w) : (!orch.object, !orch.object) -> !orch.object
    %reply = orch.call @ask(%z) : (!orch.object) -> !orch.object
    orch.yield %reply : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func private @kernel(%x: !orch.object, %w: !orch.object) -> !orch.object {
// CHECK-NEXT:    %y = orch.call @dot(%x, %w) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    func.return %y : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @main(%a: !orch.object, %w: !orch.object, %indices: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
// CHECK-NEXT:    %y = orch.launch @kernel(%rows, %w) {over = array<i64: 0>} : (!orch.list<!orch.object>, !orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %z = orch.launch @kernel(%y, %w) {over = array<i64: 0>} : (!orch.list<!orch.object>, !orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %z_1 = orch.getitem %z[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %reply = orch.call @ask(%z_1) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %reply : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// In a branch as well; an element that is used otherwise is still taken.

func.func private @kernel(%x: !orch.object) -> !orch.object
func.func @main(%a: !orch.object, %indices: !orch.object) -> !orch.list<!orch.object> {
  %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
  %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
  ^bb0(%i: !orch.object):
    %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
    %z = orch.if %x : (!orch.object) -> !orch.object {
      %y = orch.launch @kernel(%x) : (!orch.object) -> !orch.object
      orch.yield %y : !orch.object
    } else {
      orch.yield %x : !orch.object
    }
    orch.yield %z : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func private @kernel(!orch.object) -> !orch.object
// CHECK-NEXT:  func.func @main(%a: !orch.object, %indices: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
// CHECK-NEXT:    %y = orch.launch @kernel(%rows) {over = array<i64: 0>} : (!orch.list<!orch.object>) -> !orch.list<!orch.object>
// CHECK-NEXT:    %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %z = orch.if %x : (!orch.object) -> !orch.object {
// CHECK-NEXT:        %y_1 = orch.getitem %y[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:        orch.yield %y_1 : !orch.object
// CHECK-NEXT:      } else {
// CHECK-NEXT:        orch.yield %x : !orch.object
// CHECK-NEXT:      }
// CHECK-NEXT:      orch.yield %z : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// Not on what a call gives to each element, on another element, or on an element read in its place in a chain. What is
// the same for all is launched once.

orch.operator @embed {path = "app:embed", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func private @kernel(%x: !orch.object) -> !orch.object
func.func @main(%a: !orch.object, %j: !orch.object, %indices: !orch.object, %t: !orch.token) -> !orch.list<!orch.object> {
  %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
  %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
  ^bb0(%i: !orch.object):
    %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
    %e = orch.call @embed(%x) : (!orch.object) -> !orch.object
    %p = orch.launch @kernel(%e) : (!orch.object) -> !orch.object
    %other = orch.getitem %rows[%j] : !orch.list<!orch.object>, !orch.object -> !orch.object
    %q = orch.launch @kernel(%other) : (!orch.object) -> !orch.object
    %later, %u = orch.getitem %rows[%i] after(%t) : !orch.list<!orch.object>, !orch.object -> !orch.object, !orch.token
    %r = orch.launch @kernel(%later) : (!orch.object) -> !orch.object
    %s = orch.launch @kernel(%a) : (!orch.object) -> !orch.object
    %all = orch.tuple(%p, %q, %r, %s) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object
    orch.yield %all : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func private @kernel(!orch.object) -> !orch.object
// CHECK-NEXT:  func.func @main(%a: !orch.object, %j: !orch.object, %indices: !orch.object, %t: !orch.token) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %rows = orch.unstack %a : !orch.object -> !orch.list<!orch.object>
// CHECK-NEXT:    %s = orch.launch @kernel(%a) {over = array<i64>} : (!orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %out = orch.map %indices : (!orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %x = orch.getitem %rows[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %e = orch.call @embed(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %p = orch.launch @kernel(%e) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %other = orch.getitem %rows[%j] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %q = orch.launch @kernel(%other) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %later, %u = orch.getitem %rows[%i] after(%t) : !orch.list<!orch.object>, !orch.object -> !orch.object, !orch.token
// CHECK-NEXT:      %r = orch.launch @kernel(%later) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %s_1 = orch.getitem %s[%i] : !orch.list<!orch.object>, !orch.object -> !orch.object
// CHECK-NEXT:      %all = orch.tuple(%p, %q, %r, %s_1) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %all : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }
