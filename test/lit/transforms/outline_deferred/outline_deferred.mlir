// RUN: xcs-opt -p outline-deferred --split-input-file %s | filecheck %s

// Array calls on values of unknown types become one kernel. Literals are copied into it, since an axis
// must be a Python value when the kernel is traced; arithmetic and indexing between calls are part of it.

orch.operator @sum {path = "jax.numpy:sum", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
orch.operator @dot {path = "jax.numpy:dot", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
func.func @one_group(%x: !orch.object) -> !orch.object<"jax.Array"> {
  %axis = orch.constant 0 : i64 : !orch.object<"int">
  %total = orch.call @sum(%x, %axis) : (!orch.object, !orch.object<"int">) -> !orch.object<"jax.Array">
  %first = orch.getitem %total[%axis] : !orch.object<"jax.Array">, !orch.object<"int"> -> !orch.object<"jax.Array">
  %twice = orch.host "a * 2 + b"(%total, %first) {names = ["a", "b"], effects = #orch.effects<pure>} : (!orch.object<"jax.Array">, !orch.object<"jax.Array">) -> !orch.object<"jax.Array">
  %result = orch.call @dot(%twice, %total) : (!orch.object<"jax.Array">, !orch.object<"jax.Array">) -> !orch.object<"jax.Array">
  func.return %result : !orch.object<"jax.Array">
}

// CHECK:       func.func @one_group(%x: !orch.object) -> !orch.object<"jax.Array"> {
// CHECK-NEXT:    %result = orch.launch @one_group_kernel_0(%x) : (!orch.object) -> !orch.object<"jax.Array">
// CHECK-NEXT:    func.return %result : !orch.object<"jax.Array">
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @one_group_kernel_0(%x: !orch.object) -> !orch.object<"jax.Array"> {
// CHECK-NEXT:    %axis = orch.constant 0 : i64 : !orch.object<"int">
// CHECK-NEXT:    %total = orch.call @sum(%x, %axis) : (!orch.object, !orch.object<"int">) -> !orch.object<"jax.Array">
// CHECK-NEXT:    %first = orch.getitem %total[%axis] : !orch.object<"jax.Array">, !orch.object<"int"> -> !orch.object<"jax.Array">
// CHECK-NEXT:    %twice = orch.host "a * 2 + b"(%total, %first) {names = ["a", "b"], effects = #orch.effects<pure>} : (!orch.object<"jax.Array">, !orch.object<"jax.Array">) -> !orch.object<"jax.Array">
// CHECK-NEXT:    %result = orch.call @dot(%twice, %total) : (!orch.object<"jax.Array">, !orch.object<"jax.Array">) -> !orch.object<"jax.Array">
// CHECK-NEXT:    func.return %result : !orch.object<"jax.Array">
// CHECK-NEXT:  }

// -----

// A group ends at what is no array code and may raise: its error must come between theirs.

orch.operator @sum {path = "jax.numpy:sum", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
func.func @errors_keep_their_order(%x: !orch.object) -> (!orch.object, !orch.object, !orch.object) {
  %a = orch.call @sum(%x) : (!orch.object) -> !orch.object
  %h = orch.host "check(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %b = orch.call @sum(%a) : (!orch.object) -> !orch.object
  func.return %a, %h, %b : !orch.object, !orch.object, !orch.object
}

// CHECK:       func.func @errors_keep_their_order(%x: !orch.object) -> (!orch.object, !orch.object, !orch.object) {
// CHECK-NEXT:    %a = orch.launch @errors_keep_their_order_kernel_0(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %h = orch.host "check(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %b = orch.launch @errors_keep_their_order_kernel_0(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %a, %h, %b : !orch.object, !orch.object, !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @errors_keep_their_order_kernel_0(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    %a = orch.call @sum(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %a : !orch.object
// CHECK-NEXT:  }

// -----

// A call is not held up by array work that it does not need.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
orch.operator @dot {path = "jax.numpy:dot", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
func.func @no_delay(%x: !orch.object, %y: !orch.object) -> (!orch.object, !orch.object) {
  %query = orch.call @dot(%x, %x) : (!orch.object, !orch.object) -> !orch.object
  %other = orch.call @dot(%y, %y) : (!orch.object, !orch.object) -> !orch.object
  %more = orch.call @dot(%other, %other) : (!orch.object, !orch.object) -> !orch.object
  %answer = orch.call @ask(%query) : (!orch.object) -> !orch.object
  func.return %answer, %more : !orch.object, !orch.object
}

// CHECK:       func.func @no_delay(%x: !orch.object, %y: !orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %query = orch.launch @no_delay_kernel_0(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %more = orch.launch @no_delay_kernel_1(%y) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %answer = orch.call @ask(%query) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %answer, %more : !orch.object, !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @no_delay_kernel_0(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    %query = orch.call @dot(%x, %x) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    func.return %query : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @no_delay_kernel_1(%y: !orch.object) -> !orch.object {
// CHECK-NEXT:    %other = orch.call @dot(%y, %y) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    %more = orch.call @dot(%other, %other) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    func.return %more : !orch.object
// CHECK-NEXT:  }

// -----

// A container of a group's values is copied into the group, and stays for those outside who use it.

orch.operator @stack {path = "jax.numpy:stack", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
func.func @containers(%x: !orch.object) -> (!orch.object<"tuple">, !orch.object) {
  %a = orch.call @stack(%x) : (!orch.object) -> !orch.object
  %pair = orch.tuple(%a, %x) : (!orch.object, !orch.object) -> !orch.object<"tuple">
  %inner = orch.tuple(%a, %a) : (!orch.object, !orch.object) -> !orch.object<"tuple">
  %b = orch.call @stack(%pair, %inner) : (!orch.object<"tuple">, !orch.object<"tuple">) -> !orch.object
  func.return %pair, %b : !orch.object<"tuple">, !orch.object
}

// CHECK:       func.func @containers(%x: !orch.object) -> (!orch.object<"tuple">, !orch.object) {
// CHECK-NEXT:    %a, %b = orch.launch @containers_kernel_0(%x) : (!orch.object) -> (!orch.object, !orch.object)
// CHECK-NEXT:    %pair = orch.tuple(%a, %x) : (!orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %pair, %b : !orch.object<"tuple">, !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @containers_kernel_0(%x: !orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %a = orch.call @stack(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %pair = orch.tuple(%a, %x) : (!orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    %inner = orch.tuple(%a, %a) : (!orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    %b = orch.call @stack(%pair, %inner) : (!orch.object<"tuple">, !orch.object<"tuple">) -> !orch.object
// CHECK-NEXT:    func.return %a, %b : !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// A group of one call, for each item of a list.

orch.operator @embed {path = "app:embed", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
func.func @in_a_map(%docs: !orch.list<!orch.object>, %weights: !orch.object) -> !orch.list<!orch.object> {
  %embedded = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%doc: !orch.object):
    %e = orch.call @embed(%doc, %weights) : (!orch.object, !orch.object) -> !orch.object
    orch.yield %e : !orch.object
  }
  func.return %embedded : !orch.list<!orch.object>
}

// CHECK:       func.func @in_a_map(%docs: !orch.list<!orch.object>, %weights: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %embedded = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%doc: !orch.object):
// CHECK-NEXT:      %e = orch.launch @in_a_map_kernel_0(%doc, %weights) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %e : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %embedded : !orch.list<!orch.object>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @in_a_map_kernel_0(%doc: !orch.object, %weights: !orch.object) -> !orch.object {
// CHECK-NEXT:    %e = orch.call @embed(%doc, %weights) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    func.return %e : !orch.object
// CHECK-NEXT:  }

// -----

// What uses the results and stands after the group stays where it is, behind what else it uses.

orch.operator @embed {path = "app:embed", kind = #orch.kind<tensor>, effects = #orch.effects<pure>}
func.func @user_behind(%x: !orch.object) -> !orch.object<"tuple"> {
  %e = orch.call @embed(%x) : (!orch.object) -> !orch.object
  %inner = orch.tuple(%x) : (!orch.object) -> !orch.object<"tuple">
  %pair = orch.tuple(%e, %inner) : (!orch.object, !orch.object<"tuple">) -> !orch.object<"tuple">
  func.return %pair : !orch.object<"tuple">
}

// CHECK:       func.func @user_behind(%x: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %e = orch.launch @user_behind_kernel_0(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %inner = orch.tuple(%x) : (!orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    %pair = orch.tuple(%e, %inner) : (!orch.object, !orch.object<"tuple">) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %pair : !orch.object<"tuple">
// CHECK-NEXT:  }
