// RUN: xcs-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: results: expected (!orch.object<"bool">, !orch.object), got (!orch.object)
func.func @for_flag_is_a_result(%xs: !orch.list<!orch.object>, %a: !orch.object) {
  %0 = orch.for %xs carry(%a : !orch.object) {stops} : (!orch.list<!orch.object>) -> !orch.object {
  ^bb0(%x: !orch.object, %c: !orch.object):
    %yes = orch.constant true : !orch.object<"bool">
    orch.yield %yes, %c : !orch.object<"bool">, !orch.object
  }
  func.return
}

// -----

// CHECK: yielded values: expected (!orch.object<"bool">, !orch.object), got (!orch.object, !orch.object)
func.func @for_flag_is_a_bool(%xs: !orch.list<!orch.object>, %a: !orch.object) {
  %0, %1 = orch.for %xs carry(%a : !orch.object) {stops} : (!orch.list<!orch.object>) -> (!orch.object<"bool">, !orch.object) {
  ^bb0(%x: !orch.object, %c: !orch.object):
    orch.yield %x, %c : !orch.object, !orch.object
  }
  func.return
}

// -----

// CHECK: block arguments: expected (!orch.object, !orch.object), got (!orch.object, !orch.object<"bool">, !orch.object)
func.func @for_flag_is_not_carried(%xs: !orch.list<!orch.object>, %a: !orch.object) {
  %0, %1 = orch.for %xs carry(%a : !orch.object) {stops} : (!orch.list<!orch.object>) -> (!orch.object<"bool">, !orch.object) {
  ^bb0(%x: !orch.object, %flag: !orch.object<"bool">, %c: !orch.object):
    orch.yield %flag, %c : !orch.object<"bool">, !orch.object
  }
  func.return
}

// -----

// CHECK: results: expected (!orch.object), got ()
func.func @while_results(%a: !orch.object) {
  orch.while carry(%a) : (!orch.object) -> () test {
  ^bb0(%i: !orch.object):
    orch.yield %i, %i : !orch.object, !orch.object
  } do {
  ^bb0(%j: !orch.object):
    orch.yield %j : !orch.object
  }
  func.return
}

// -----

// CHECK: block arguments: expected (!orch.object), got ()
func.func @while_arguments(%a: !orch.object) {
  %0 = orch.while carry(%a) : (!orch.object) -> !orch.object test {
    orch.yield %a, %a : !orch.object, !orch.object
  } do {
  ^bb0(%j: !orch.object):
    orch.yield %j : !orch.object
  }
  func.return
}

// -----

// CHECK: yielded values: expected (!orch.object), got ()
func.func @while_condition() {
  orch.while carry() : () -> () test {
    orch.yield
  } do {
    orch.yield
  }
  func.return
}

// -----

// CHECK: yielded values: expected (!orch.object, !orch.object), got (!orch.object)
func.func @while_test_hands_on(%a: !orch.object) {
  %0 = orch.while carry(%a) : (!orch.object) -> !orch.object test {
  ^bb0(%i: !orch.object):
    orch.yield %i : !orch.object
  } do {
  ^bb0(%j: !orch.object):
    orch.yield %j : !orch.object
  }
  func.return
}

// -----

// CHECK: a value is not a token
func.func @branch_on_a_token(%t: !orch.token) {
  "orch.if"(%t) ({
    orch.yield
  }, {
    orch.yield
  }) : (!orch.token) -> ()
  func.return
}

// -----

// CHECK: yielded values: expected (!orch.object<"bool">, !orch.object), got (!orch.object)
func.func @while_flag(%a: !orch.object) {
  %0, %1 = orch.while carry(%a) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) test {
  ^bb0(%i: !orch.object):
    orch.yield %i, %i : !orch.object, !orch.object
  } do {
  ^bb0(%j: !orch.object):
    orch.yield %j : !orch.object
  }
  func.return
}

// -----

// CHECK:      Region 'body' at position 0 entry arguments do not verify
// CHECK-NEXT: incorrect length for range variable
func.func @try_arguments() {
  orch.try body {
  ^bb0(%x: !orch.object):
    orch.yield
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield
  }
  func.return
}

// -----

// CHECK:      Region 'handler' at position 1 entry arguments do not verify
// CHECK-NEXT: incorrect length for range variable
func.func @handler_without_error() {
  orch.try body {
    orch.yield
  } handler {
    orch.yield
  }
  func.return
}

// -----

// CHECK: Expected attribute !orch.object but got !orch.token
func.func @error_is_an_object() {
  orch.try body {
    orch.yield
  } handler {
  ^bb0(%error: !orch.token):
    orch.yield
  }
  func.return
}

// -----

// CHECK: yielded values: expected (!orch.object), got ()
func.func @try_results(%a: !orch.object) {
  %0 = orch.try : !orch.object body {
    orch.yield %a : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield
  }
  func.return
}

// -----

// CHECK: 'orch.yield' expects parent op to be one of 'orch.map', 'orch.for', 'orch.while', 'orch.if', 'orch.try'
func.func @yield_of_a_function() {
  orch.yield
}

// -----

// CHECK:      Region 'then' at position 0 entry arguments do not verify
// CHECK-NEXT: incorrect length for range variable
func.func @branch_arguments(%a: !orch.object) {
  orch.if %a : (!orch.object) -> () {
  ^bb0(%x: !orch.object):
    orch.yield
  } else {
    orch.yield
  }
  func.return
}
