// RUN: xcs-opt --split-input-file %s | xcs-opt --split-input-file | filecheck %s
// RUN: xcs-opt --split-input-file --print-op-generic %s | xcs-opt --split-input-file | filecheck %s

// A loop that may stop yields the flag first, and its first result says whether it was stopped.

func.func @for_stops(%xs: !orch.list<!orch.object>, %a: !orch.object, %t: !orch.token) -> (!orch.object<"bool">, !orch.object) {
  %stopped, %last, %t0 = orch.for %xs carry(%a, %t : !orch.object, !orch.token) {stops} : (!orch.list<!orch.object>) -> (!orch.object<"bool">, !orch.object, !orch.token) {
  ^bb0(%x: !orch.object, %seen: !orch.object, %before: !orch.token):
    %stop, %after = orch.contains %x in %seen after(%before) : !orch.object, !orch.object -> !orch.object<"bool">, !orch.token
    orch.yield %stop, %x, %after : !orch.object<"bool">, !orch.object, !orch.token
  }
  %any = orch.for %xs carry() {stops} : (!orch.list<!orch.object>) -> !orch.object<"bool"> {
  ^bb0(%x: !orch.object):
    %yes = orch.constant true : !orch.object<"bool">
    orch.yield %yes : !orch.object<"bool">
  }
  func.return %any, %last : !orch.object<"bool">, !orch.object
}

// CHECK:       func.func @for_stops(%xs: !orch.list<!orch.object>, %a: !orch.object, %t: !orch.token) -> (!orch.object<"bool">, !orch.object) {
// CHECK-NEXT:    %stopped, %last, %t0 = orch.for %xs carry(%a, %t : !orch.object, !orch.token) {stops} : (!orch.list<!orch.object>) -> (!orch.object<"bool">, !orch.object, !orch.token) {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %seen: !orch.object, %before: !orch.token):
// CHECK-NEXT:      %stop, %after = orch.contains %x in %seen after(%before) : !orch.object, !orch.object -> !orch.object<"bool">, !orch.token
// CHECK-NEXT:      orch.yield %stop, %x, %after : !orch.object<"bool">, !orch.object, !orch.token
// CHECK-NEXT:    }
// CHECK-NEXT:    %any = orch.for %xs carry() {stops} : (!orch.list<!orch.object>) -> !orch.object<"bool"> {
// CHECK-NEXT:    ^bb0(%x_1: !orch.object):
// CHECK-NEXT:      %yes = orch.constant true : !orch.object<"bool">
// CHECK-NEXT:      orch.yield %yes : !orch.object<"bool">
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %any, %last : !orch.object<"bool">, !orch.object
// CHECK-NEXT:  }

// -----

// The test takes the carried values and hands them on, to the body or as results.

func.func @while(%a: !orch.object) -> (!orch.object<"bool">, !orch.object) {
  %n = orch.while carry(%a) : (!orch.object) -> !orch.object test {
  ^bb0(%i: !orch.object):
    %positive = orch.host "i > 0"(%i) {names = ["i"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
    orch.yield %positive, %i : !orch.object, !orch.object
  } do {
  ^bb0(%j: !orch.object):
    %less = orch.host "j - 1"(%j) {names = ["j"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
    orch.yield %less : !orch.object
  }
  %stopped, %m = orch.while carry(%n) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) test {
  ^bb0(%k: !orch.object):
    orch.yield %k, %k : !orch.object, !orch.object
  } do {
  ^bb0(%l: !orch.object):
    %stop = orch.host "l == 7"(%l) {names = ["l"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object<"bool">
    orch.yield %stop, %l : !orch.object<"bool">, !orch.object
  }
  orch.while carry() : () -> () test {
    orch.yield %m : !orch.object
  } do {
    orch.yield
  }
  func.return %stopped, %m : !orch.object<"bool">, !orch.object
}

// CHECK:       func.func @while(%a: !orch.object) -> (!orch.object<"bool">, !orch.object) {
// CHECK-NEXT:    %n = orch.while carry(%a) : (!orch.object) -> !orch.object test {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %positive = orch.host "i > 0"(%i) {names = ["i"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %positive, %i : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%j: !orch.object):
// CHECK-NEXT:      %less = orch.host "j - 1"(%j) {names = ["j"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %less : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %stopped, %m = orch.while carry(%n) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) test {
// CHECK-NEXT:    ^bb0(%k: !orch.object):
// CHECK-NEXT:      orch.yield %k, %k : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%l: !orch.object):
// CHECK-NEXT:      %stop = orch.host "l == 7"(%l) {names = ["l"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object<"bool">
// CHECK-NEXT:      orch.yield %stop, %l : !orch.object<"bool">, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    orch.while carry() : () -> () test {
// CHECK-NEXT:      orch.yield %m : !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %stopped, %m : !orch.object<"bool">, !orch.object
// CHECK-NEXT:  }

// -----

// The handler takes the exception.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @try(%a: !orch.object, %t: !orch.token) -> !orch.object {
  %answer, %t0 = orch.try : !orch.object, !orch.token body {
    %r = orch.call @ask(%a) : (!orch.object) -> !orch.object
    %t1 = orch.append %a, %r after(%t) : !orch.object, !orch.object -> !orch.token
    orch.yield %r, %t1 : !orch.object, !orch.token
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %error, %t : !orch.object, !orch.token
  }
  orch.try body {
    %r = orch.call @ask(%answer) : (!orch.object) -> !orch.object
    orch.yield
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield
  }
  func.return %answer : !orch.object
}

// CHECK:       orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
// CHECK-NEXT:  func.func @try(%a: !orch.object, %t: !orch.token) -> !orch.object {
// CHECK-NEXT:    %answer, %t0 = orch.try : !orch.object, !orch.token body {
// CHECK-NEXT:      %r = orch.call @ask(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %t1 = orch.append %a, %r after(%t) : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:      orch.yield %r, %t1 : !orch.object, !orch.token
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error: !orch.object):
// CHECK-NEXT:      orch.yield %error, %t : !orch.object, !orch.token
// CHECK-NEXT:    }
// CHECK-NEXT:    orch.try body {
// CHECK-NEXT:      %r_1 = orch.call @ask(%answer) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error_1: !orch.object):
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %answer : !orch.object
// CHECK-NEXT:  }

// -----

// A function calls another, and itself; tokens are arguments like any other.

func.func @frames(%n: !orch.object, %log: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  %t0 = orch.append %log, %n after(%t) : !orch.object, !orch.object -> !orch.token
  %r, %t1 = orch.if %n : (!orch.object) -> (!orch.object, !orch.token) {
    %less = orch.host "n - 1"(%n) {names = ["n"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
    %s, %t2 = func.call @frames(%less, %log, %t0) : (!orch.object, !orch.object, !orch.token) -> (!orch.object, !orch.token)
    orch.yield %s, %t2 : !orch.object, !orch.token
  } else {
    orch.yield %n, %t0 : !orch.object, !orch.token
  }
  func.return %r, %t1 : !orch.object, !orch.token
}

// CHECK:       func.func @frames(%n: !orch.object, %log: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
// CHECK-NEXT:    %t0 = orch.append %log, %n after(%t) : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    %r, %t1 = orch.if %n : (!orch.object) -> (!orch.object, !orch.token) {
// CHECK-NEXT:      %less = orch.host "n - 1"(%n) {names = ["n"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:      %s, %t2 = func.call @frames(%less, %log, %t0) : (!orch.object, !orch.object, !orch.token) -> (!orch.object, !orch.token)
// CHECK-NEXT:      orch.yield %s, %t2 : !orch.object, !orch.token
// CHECK-NEXT:    } else {
// CHECK-NEXT:      orch.yield %n, %t0 : !orch.object, !orch.token
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r, %t1 : !orch.object, !orch.token
// CHECK-NEXT:  }
