// RUN: xcs-opt -p cse --split-input-file %s | filecheck %s

// Reads of an object are never merged: a write may stand between them, and each may raise.

func.func @reads(%c: !orch.object, %k: !orch.object, %v: !orch.object) -> !orch.object<"tuple"> {
  %a = orch.getitem %c[%k] : !orch.object, !orch.object -> !orch.object
  %n0 = orch.len %c : !orch.object -> !orch.object<"int">
  %h0 = orch.contains %k in %c : !orch.object, !orch.object -> !orch.object<"bool">
  %g0 = orch.getattr %c "n" : !orch.object -> !orch.object
  %s0 = orch.snapshot %c : !orch.object -> !orch.object
  orch.setitem %c[%k] = %v : !orch.object, !orch.object, !orch.object
  %b = orch.getitem %c[%k] : !orch.object, !orch.object -> !orch.object
  %n1 = orch.len %c : !orch.object -> !orch.object<"int">
  %h1 = orch.contains %k in %c : !orch.object, !orch.object -> !orch.object<"bool">
  %g1 = orch.getattr %c "n" : !orch.object -> !orch.object
  %s1 = orch.snapshot %c : !orch.object -> !orch.object
  %all = orch.tuple(%a, %b, %n0, %n1, %h0, %h1, %g0, %g1, %s0, %s1) : (!orch.object, !orch.object, !orch.object<"int">, !orch.object<"int">, !orch.object<"bool">, !orch.object<"bool">, !orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @reads(%c: !orch.object, %k: !orch.object, %v: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %a = orch.getitem %c[%k] : !orch.object, !orch.object -> !orch.object
// CHECK-NEXT:    %n0 = orch.len %c : !orch.object -> !orch.object<"int">
// CHECK-NEXT:    %h0 = orch.contains %k in %c : !orch.object, !orch.object -> !orch.object<"bool">
// CHECK-NEXT:    %g0 = orch.getattr %c "n" : !orch.object -> !orch.object
// CHECK-NEXT:    %s0 = orch.snapshot %c : !orch.object -> !orch.object
// CHECK-NEXT:    orch.setitem %c[%k] = %v : !orch.object, !orch.object, !orch.object
// CHECK-NEXT:    %b = orch.getitem %c[%k] : !orch.object, !orch.object -> !orch.object
// CHECK-NEXT:    %n1 = orch.len %c : !orch.object -> !orch.object<"int">
// CHECK-NEXT:    %h1 = orch.contains %k in %c : !orch.object, !orch.object -> !orch.object<"bool">
// CHECK-NEXT:    %g1 = orch.getattr %c "n" : !orch.object -> !orch.object
// CHECK-NEXT:    %s1 = orch.snapshot %c : !orch.object -> !orch.object
// CHECK-NEXT:    %all = orch.tuple(%a, %b, %n0, %n1, %h0, %h1, %g0, %g1, %s0, %s1) : (!orch.object, !orch.object, !orch.object<"int">, !orch.object<"int">, !orch.object<"bool">, !orch.object<"bool">, !orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// Nor are writes, methods, or fresh objects.

func.func @writes(%c: !orch.object, %v: !orch.object) -> !orch.object<"tuple"> {
  orch.append %c, %v : !orch.object, !orch.object
  orch.append %c, %v : !orch.object, !orch.object
  orch.setattr %c "n" = %v : !orch.object, !orch.object
  orch.setattr %c "n" = %v : !orch.object, !orch.object
  %p0 = orch.method %c "pop"() : !orch.object, () -> !orch.object
  %p1 = orch.method %c "pop"() : !orch.object, () -> !orch.object
  %o0 = orch.new %v() : !orch.object, () -> !orch.object
  %o1 = orch.new %v() : !orch.object, () -> !orch.object
  %all = orch.tuple(%p0, %p1, %o0, %o1) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @writes(%c: !orch.object, %v: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    orch.append %c, %v : !orch.object, !orch.object
// CHECK-NEXT:    orch.append %c, %v : !orch.object, !orch.object
// CHECK-NEXT:    orch.setattr %c "n" = %v : !orch.object, !orch.object
// CHECK-NEXT:    orch.setattr %c "n" = %v : !orch.object, !orch.object
// CHECK-NEXT:    %p0 = orch.method %c "pop"() : !orch.object, () -> !orch.object
// CHECK-NEXT:    %p1 = orch.method %c "pop"() : !orch.object, () -> !orch.object
// CHECK-NEXT:    %o0 = orch.new %v() : !orch.object, () -> !orch.object
// CHECK-NEXT:    %o1 = orch.new %v() : !orch.object, () -> !orch.object
// CHECK-NEXT:    %all = orch.tuple(%p0, %p1, %o0, %o1) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// What is known before a region is known in it, but not the other way round, and loops are not merged.

orch.operator @pure {path = "app:pure", kind = #orch.kind<function>, effects = #orch.effects<pure>}
func.func @regions(%a: !orch.object) -> !orch.object<"tuple"> {
  %p = orch.call @pure(%a) : (!orch.object) -> !orch.object
  %r = orch.try : !orch.object body {
    %q = orch.call @pure(%a) : (!orch.object) -> !orch.object
    %in_body = orch.call @pure(%q) : (!orch.object) -> !orch.object
    orch.yield %in_body : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    %again = orch.call @pure(%p) : (!orch.object) -> !orch.object
    orch.yield %again : !orch.object
  }
  %after = orch.call @pure(%p) : (!orch.object) -> !orch.object
  %x = orch.while carry(%a) : (!orch.object) -> !orch.object test {
  ^bb0(%i: !orch.object):
    orch.yield %i, %i : !orch.object, !orch.object
  } do {
  ^bb0(%i: !orch.object):
    %next = orch.call @pure(%i) : (!orch.object) -> !orch.object
    orch.yield %next : !orch.object
  }
  %y = orch.while carry(%a) : (!orch.object) -> !orch.object test {
  ^bb0(%i: !orch.object):
    orch.yield %i, %i : !orch.object, !orch.object
  } do {
  ^bb0(%i: !orch.object):
    %next = orch.call @pure(%i) : (!orch.object) -> !orch.object
    orch.yield %next : !orch.object
  }
  %all = orch.tuple(%r, %after, %x, %y) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @regions(%a: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %p = orch.call @pure(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %r = orch.try : !orch.object body {
// CHECK-NEXT:      %in_body = orch.call @pure(%p) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %in_body : !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error: !orch.object):
// CHECK-NEXT:      %again = orch.call @pure(%p) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %again : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %after = orch.call @pure(%p) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %x = orch.while carry(%a) : (!orch.object) -> !orch.object test {
// CHECK-NEXT:    ^bb0(%i: !orch.object):
// CHECK-NEXT:      orch.yield %i, %i : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%i_1: !orch.object):
// CHECK-NEXT:      %next = orch.call @pure(%i_1) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %next : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = orch.while carry(%a) : (!orch.object) -> !orch.object test {
// CHECK-NEXT:    ^bb0(%i_2: !orch.object):
// CHECK-NEXT:      orch.yield %i_2, %i_2 : !orch.object, !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:    ^bb0(%i_3: !orch.object):
// CHECK-NEXT:      %next_1 = orch.call @pure(%i_3) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %next_1 : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %all = orch.tuple(%r, %after, %x, %y) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// Two handled bodies that read are two, each with the reads of its moment.

func.func @tries(%c: !orch.object) -> !orch.object<"tuple"> {
  %x = orch.try : !orch.object body {
    %n = orch.getattr %c "n" : !orch.object -> !orch.object
    orch.yield %n : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %c : !orch.object
  }
  orch.delattr %c "n" : !orch.object
  %y = orch.try : !orch.object body {
    %n = orch.getattr %c "n" : !orch.object -> !orch.object
    orch.yield %n : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %c : !orch.object
  }
  %all = orch.tuple(%x, %y) : (!orch.object, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @tries(%c: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %x = orch.try : !orch.object body {
// CHECK-NEXT:      %n = orch.getattr %c "n" : !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield %n : !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error: !orch.object):
// CHECK-NEXT:      orch.yield %c : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    orch.delattr %c "n" : !orch.object
// CHECK-NEXT:    %y = orch.try : !orch.object body {
// CHECK-NEXT:      %n_1 = orch.getattr %c "n" : !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield %n_1 : !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error_1: !orch.object):
// CHECK-NEXT:      orch.yield %c : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %all = orch.tuple(%x, %y) : (!orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }
