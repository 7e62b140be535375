// RUN: xcs-opt -p canonicalize --split-input-file %s | filecheck %s

// A body that cannot fail needs no handler.

func.func @try_total(%a: !orch.object) -> !orch.list<!orch.object> {
  %r = orch.try : !orch.list<!orch.object> body {
    %one = orch.constant 1 : i64 : !orch.object
    %l = orch.list(%a, %one) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
    orch.yield %l : !orch.list<!orch.object>
  } handler {
  ^bb0(%error: !orch.object):
    %l = orch.list(%error) : (!orch.object) -> !orch.list<!orch.object>
    orch.yield %l : !orch.list<!orch.object>
  }
  func.return %r : !orch.list<!orch.object>
}

// CHECK:       func.func @try_total(%a: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %one = orch.constant 1 : i64 : !orch.object
// CHECK-NEXT:    %l = orch.list(%a, %one) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    func.return %l : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// One that reads may fail, and so may an operator that is declared pure.

orch.operator @parse {path = "app:parse", kind = #orch.kind<function>, effects = #orch.effects<pure>}
func.func @try_may_fail(%a: !orch.object) -> (!orch.object, !orch.object) {
  %0 = orch.try : !orch.object body {
    %n = orch.getattr %a "n" : !orch.object -> !orch.object
    orch.yield %n : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %error : !orch.object
  }
  %1 = orch.try : !orch.object body {
    %p = orch.call @parse(%a) : (!orch.object) -> !orch.object
    orch.yield %p : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %error : !orch.object
  }
  func.return %0, %1 : !orch.object, !orch.object
}

// CHECK:       func.func @try_may_fail(%a: !orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %0 = orch.try : !orch.object body {
// CHECK-NEXT:      %n = orch.getattr %a "n" : !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield %n : !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error: !orch.object):
// CHECK-NEXT:      orch.yield %error : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %1 = orch.try : !orch.object body {
// CHECK-NEXT:      %p = orch.call @parse(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %p : !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error_1: !orch.object):
// CHECK-NEXT:      orch.yield %error_1 : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %0, %1 : !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// What both regions hand on from outside is the result; what nobody uses is not yielded.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @handed_on(%a: !orch.object, %b: !orch.object, %t: !orch.token) -> (!orch.object, !orch.object, !orch.token) {
  %0, %1, %t0 = orch.if %a : (!orch.object) -> (!orch.object, !orch.object, !orch.token) {
    %answer = orch.call @ask(%a) : (!orch.object) -> !orch.object
    orch.yield %answer, %b, %t : !orch.object, !orch.object, !orch.token
  } else {
    orch.yield %a, %b, %t : !orch.object, !orch.object, !orch.token
  }
  %2, %unused, %t1 = orch.try : !orch.object, !orch.object, !orch.token body {
    %answer = orch.call @ask(%1) : (!orch.object) -> !orch.object
    orch.yield %answer, %answer, %t0 : !orch.object, !orch.object, !orch.token
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %b, %error, %t0 : !orch.object, !orch.object, !orch.token
  }
  func.return %0, %2, %t1 : !orch.object, !orch.object, !orch.token
}

// CHECK:       func.func @handed_on(%a: !orch.object, %b: !orch.object, %t: !orch.token) -> (!orch.object, !orch.object, !orch.token) {
// CHECK-NEXT:    %0 = orch.if %a : (!orch.object) -> !orch.object {
// CHECK-NEXT:      %answer = orch.call @ask(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %answer : !orch.object
// CHECK-NEXT:    } else {
// CHECK-NEXT:      orch.yield %a : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %1 = orch.try : !orch.object body {
// CHECK-NEXT:      %answer_1 = orch.call @ask(%b) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %answer_1 : !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error: !orch.object):
// CHECK-NEXT:      orch.yield %b : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %0, %1, %t : !orch.object, !orch.object, !orch.token
// CHECK-NEXT:  }

// -----

// What differs between the regions stays.

func.func @not_handed_on(%a: !orch.object, %c: !orch.object, %t: !orch.token) -> !orch.token {
  %t0 = orch.if %a : (!orch.object) -> !orch.token {
    %t1 = orch.append %c, %a after(%t) : !orch.object, !orch.object -> !orch.token
    orch.yield %t1 : !orch.token
  } else {
    orch.yield %t : !orch.token
  }
  func.return %t0 : !orch.token
}

// CHECK:       func.func @not_handed_on(%a: !orch.object, %c: !orch.object, %t: !orch.token) -> !orch.token {
// CHECK-NEXT:    %t0 = orch.if %a : (!orch.object) -> !orch.token {
// CHECK-NEXT:      %t1 = orch.append %c, %a after(%t) : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:      orch.yield %t1 : !orch.token
// CHECK-NEXT:    } else {
// CHECK-NEXT:      orch.yield %t : !orch.token
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %t0 : !orch.token
// CHECK-NEXT:  }

// -----

// A loop over nothing gives what it starts with, and was not stopped.

func.func @for_nothing(%a: !orch.object) -> !orch.object<"tuple"> {
  %none = orch.tuple() : () -> !orch.object<"tuple">
  %stopped, %0 = orch.for %none carry(%a : !orch.object) {stops} : (!orch.object<"tuple">) -> (!orch.object<"bool">, !orch.object) {
  ^bb0(%x: !orch.object, %c: !orch.object):
    %stop = orch.contains %x in %c : !orch.object, !orch.object -> !orch.object<"bool">
    orch.yield %stop, %x : !orch.object<"bool">, !orch.object
  }
  %list = orch.list() : () -> !orch.list<!orch.object>
  %1 = orch.for %list carry(%0 : !orch.object) : (!orch.list<!orch.object>) -> !orch.object {
  ^bb0(%x: !orch.object, %c: !orch.object):
    orch.yield %x : !orch.object
  }
  %all = orch.tuple(%stopped, %1) : (!orch.object<"bool">, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @for_nothing(%a: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %stopped = orch.constant false : !orch.object<"bool">
// CHECK-NEXT:    %all = orch.tuple(%stopped, %a) : (!orch.object<"bool">, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// A list that something fills is not nothing.

func.func @for_filled(%a: !orch.object) -> !orch.object {
  %list = orch.list() : () -> !orch.list<!orch.object>
  orch.append %list, %a : !orch.list<!orch.object>, !orch.object
  %0 = orch.for %list carry(%a : !orch.object) : (!orch.list<!orch.object>) -> !orch.object {
  ^bb0(%x: !orch.object, %c: !orch.object):
    orch.yield %x : !orch.object
  }
  func.return %0 : !orch.object
}

// CHECK:       func.func @for_filled(%a: !orch.object) -> !orch.object {
// CHECK-NEXT:    %list = orch.list() : () -> !orch.list<!orch.object>
// CHECK-NEXT:    orch.append %list, %a : !orch.list<!orch.object>, !orch.object
// CHECK-NEXT:    %0 = orch.for %list carry(%a : !orch.object) : (!orch.list<!orch.object>) -> !orch.object {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %c: !orch.object):
// CHECK-NEXT:      orch.yield %x : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %0 : !orch.object
// CHECK-NEXT:  }

// -----

// A test that is known to fail is done once.

func.func @while_false(%a: !orch.object) -> (!orch.object<"bool">, !orch.object) {
  %stopped, %0 = orch.while carry(%a) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) test {
  ^bb0(%i: !orch.object):
    %n = orch.getattr %i "n" : !orch.object -> !orch.object
    %no = orch.constant unit : !orch.object<"NoneType">
    orch.yield %no, %n : !orch.object<"NoneType">, !orch.object
  } do {
  ^bb0(%i: !orch.object):
    %stop = orch.contains %i in %i : !orch.object, !orch.object -> !orch.object<"bool">
    orch.yield %stop, %i : !orch.object<"bool">, !orch.object
  }
  func.return %stopped, %0 : !orch.object<"bool">, !orch.object
}

// CHECK:       func.func @while_false(%a: !orch.object) -> (!orch.object<"bool">, !orch.object) {
// CHECK-NEXT:    %n = orch.getattr %a "n" : !orch.object -> !orch.object
// CHECK-NEXT:    %stopped = orch.constant false : !orch.object<"bool">
// CHECK-NEXT:    func.return %stopped, %n : !orch.object<"bool">, !orch.object
// CHECK-NEXT:  }

// -----

// A loop that never stops has no flag, so that its iterations need not wait for one.

func.func @never_stops(%xs: !orch.object, %a: !orch.object) -> !orch.object<"tuple"> {
  %no = orch.constant false : !orch.object<"bool">
  %s0, %0 = orch.for %xs carry(%a : !orch.object) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) {
  ^bb0(%x: !orch.object, %c: !orch.object):
    orch.yield %no, %x : !orch.object<"bool">, !orch.object
  }
  %s1, %1 = orch.while carry(%a) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) test {
  ^bb0(%i: !orch.object):
    orch.yield %i, %i : !orch.object, !orch.object
  } do {
  ^bb0(%i: !orch.object):
    %n = orch.getattr %i "n" : !orch.object -> !orch.object
    orch.yield %no, %n : !orch.object<"bool">, !orch.object
  }
  %all = orch.tuple(%s0, %0, %s1, %1) : (!orch.object<"bool">, !orch.object, !orch.object<"bool">, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @never_stops(%xs: !orch.object, %a: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %s0 = orch.constant false : !orch.object<"bool">
// CHECK-NEXT:    %0 = orch.for %xs carry(%a : !orch.object) : (!orch.object) -> !orch.object {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %c: !orch.object):
// CHECK-NEXT:      orch.yield %x : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %s1 = orch.constant false : !orch.object<"bool">
// CHECK-NEXT:    %1 = orch.while carry(%a) : (!orch.object) -> !orch.object test {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      orch.yield %i, %i : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%i_1: !orch.object):
// CHECK-NEXT:      %n = orch.getattr %i_1 "n" : !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield %n : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %all = orch.tuple(%s0, %0, %s1, %1) : (!orch.object<"bool">, !orch.object, !orch.object<"bool">, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// One that stops at its first iteration keeps it.

func.func @stops(%xs: !orch.object, %a: !orch.object) -> (!orch.object<"bool">, !orch.object) {
  %yes = orch.constant true : !orch.object<"bool">
  %s, %0 = orch.for %xs carry(%a : !orch.object) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) {
  ^bb0(%x: !orch.object, %c: !orch.object):
    orch.yield %yes, %x : !orch.object<"bool">, !orch.object
  }
  func.return %s, %0 : !orch.object<"bool">, !orch.object
}

// CHECK:       func.func @stops(%xs: !orch.object, %a: !orch.object) -> (!orch.object<"bool">, !orch.object) {
// CHECK-NEXT:    %yes = orch.constant true : !orch.object<"bool">
// CHECK-NEXT:    %s, %0 = orch.for %xs carry(%a : !orch.object) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %c: !orch.object):
// CHECK-NEXT:      orch.yield %yes, %x : !orch.object<"bool">, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %s, %0 : !orch.object<"bool">, !orch.object
// CHECK-NEXT:  }

// -----

// What each iteration hands on as it is need not be carried: here a token, which the loop never moves on.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @invariant(%xs: !orch.object, %a: !orch.object, %b: !orch.object, %t: !orch.token) -> (!orch.object<"tuple">, !orch.token) {
  %0, %1, %t0 = orch.for %xs carry(%a, %b, %t : !orch.object, !orch.object, !orch.token) : (!orch.object) -> (!orch.object, !orch.object, !orch.token) {
  ^bb0(%x: !orch.object, %c: !orch.object, %d: !orch.object, %before: !orch.token):
    %answer = orch.call @ask(%x, %c, %d) : (!orch.object, !orch.object, !orch.object) -> !orch.object
    orch.yield %answer, %b, %before : !orch.object, !orch.object, !orch.token
  }
  %s, %2, %t1, %3 = orch.while carry(%1, %t0, %0) {stops} : (!orch.object, !orch.token, !orch.object) -> (!orch.object<"bool">, !orch.object, !orch.token, !orch.object) test {
  ^bb0(%i: !orch.object, %before: !orch.token, %j: !orch.object):
    orch.yield %j, %i, %before, %j : !orch.object, !orch.object, !orch.token, !orch.object
  } do {
  ^bb0(%i: !orch.object, %before: !orch.token, %j: !orch.object):
    %stop = orch.contains %i in %j : !orch.object, !orch.object -> !orch.object<"bool">
    orch.yield %stop, %i, %before, %i : !orch.object<"bool">, !orch.object, !orch.token, !orch.object
  }
  %all = orch.tuple(%0, %1, %s, %2, %3) : (!orch.object, !orch.object, !orch.object<"bool">, !orch.object, !orch.object) -> !orch.object<"tuple">
  func.return %all, %t1 : !orch.object<"tuple">, !orch.token
}

// CHECK:       func.func @invariant(%xs: !orch.object, %a: !orch.object, %b: !orch.object, %t: !orch.token) -> (!orch.object<"tuple">, !orch.token) {
// CHECK-NEXT:    %0 = orch.for %xs carry(%a : !orch.object) : (!orch.object) -> !orch.object {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %c: !orch.object):
// CHECK-NEXT:      %answer = orch.call @ask(%x, %c, %b) : (!orch.object, !orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %answer : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %s, %1 = orch.while carry(%0) {stops} : (!orch.object) -> (!orch.object<"bool">, !orch.object) test {
// CHECK-NEXT:    ^bb0(%j: !orch.object):
// CHECK-NEXT:      orch.yield %j, %j : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%j_1: !orch.object):
// CHECK-NEXT:      %stop = orch.contains %b in %j_1 : !orch.object, !orch.object -> !orch.object<"bool">
// CHECK-NEXT:      orch.yield %stop, %b : !orch.object<"bool">, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %all = orch.tuple(%0, %b, %s, %b, %1) : (!orch.object, !orch.object, !orch.object<"bool">, !orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all, %t : !orch.object<"tuple">, !orch.token
// CHECK-NEXT:  }

// -----

// What the test changes, or the loop swaps, is carried.

func.func @variant(%a: !orch.object, %b: !orch.object) -> (!orch.object, !orch.object, !orch.object) {
  %0 = orch.while carry(%a) : (!orch.object) -> !orch.object test {
  ^bb0(%i: !orch.object):
    %n = orch.getattr %i "n" : !orch.object -> !orch.object
    orch.yield %n, %n : !orch.object, !orch.object
  } do {
  ^bb0(%i: !orch.object):
    orch.yield %i : !orch.object
  }
  %1, %2 = orch.for %a carry(%a, %b : !orch.object, !orch.object) : (!orch.object) -> (!orch.object, !orch.object) {
  ^bb0(%x: !orch.object, %c: !orch.object, %d: !orch.object):
    orch.yield %d, %c : !orch.object, !orch.object
  }
  func.return %0, %1, %2 : !orch.object, !orch.object, !orch.object
}

// CHECK:       func.func @variant(%a: !orch.object, %b: !orch.object) -> (!orch.object, !orch.object, !orch.object) {
// CHECK-NEXT:    %0 = orch.while carry(%a) : (!orch.object) -> !orch.object test {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      %n = orch.getattr %i "n" : !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield %n, %n : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%i_1: !orch.object):
// CHECK-NEXT:      orch.yield %i_1 : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %1, %2 = orch.for %a carry(%a, %b : !orch.object, !orch.object) : (!orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %c: !orch.object, %d: !orch.object):
// CHECK-NEXT:      orch.yield %d, %c : !orch.object, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %0, %1, %2 : !orch.object, !orch.object, !orch.object
// CHECK-NEXT:  }
