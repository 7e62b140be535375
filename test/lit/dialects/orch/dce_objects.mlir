// RUN: xcs-opt -p dce --split-input-file %s | filecheck %s

// What reads may raise, so it stays, used or not; what writes stays.

func.func @objects(%c: !orch.object, %k: !orch.object, %v: !orch.object) {
  %a = orch.getitem %c[%k] : !orch.object, !orch.object -> !orch.object
  %n = orch.len %c : !orch.object -> !orch.object<"int">
  %h = orch.contains %k in %c : !orch.object, !orch.object -> !orch.object<"bool">
  %g = orch.getattr %c "n" : !orch.object -> !orch.object
  %s = orch.snapshot %c : !orch.object -> !orch.object
  %o = orch.new %v() : !orch.object, () -> !orch.object
  %p = orch.method %c "pop"() : !orch.object, () -> !orch.object
  orch.setitem %c[%k] = %v : !orch.object, !orch.object, !orch.object
  orch.delitem %c[%k] : !orch.object, !orch.object
  orch.append %c, %v : !orch.object, !orch.object
  orch.setattr %c "n" = %v : !orch.object, !orch.object
  orch.delattr %c "n" : !orch.object
  %t = orch.setitem %c[%k] = %v : !orch.object, !orch.object, !orch.object -> !orch.token
  func.return
}

// CHECK:       func.func @objects(%c: !orch.object, %k: !orch.object, %v: !orch.object) {
// CHECK-NEXT:    %a = orch.getitem %c[%k] : !orch.object, !orch.object -> !orch.object
// CHECK-NEXT:    %n = orch.len %c : !orch.object -> !orch.object<"int">
// CHECK-NEXT:    %h = orch.contains %k in %c : !orch.object, !orch.object -> !orch.object<"bool">
// CHECK-NEXT:    %g = orch.getattr %c "n" : !orch.object -> !orch.object
// CHECK-NEXT:    %s = orch.snapshot %c : !orch.object -> !orch.object
// CHECK-NEXT:    %o = orch.new %v() : !orch.object, () -> !orch.object
// CHECK-NEXT:    %p = orch.method %c "pop"() : !orch.object, () -> !orch.object
// CHECK-NEXT:    orch.setitem %c[%k] = %v : !orch.object, !orch.object, !orch.object
// CHECK-NEXT:    orch.delitem %c[%k] : !orch.object, !orch.object
// CHECK-NEXT:    orch.append %c, %v : !orch.object, !orch.object
// CHECK-NEXT:    orch.setattr %c "n" = %v : !orch.object, !orch.object
// CHECK-NEXT:    orch.delattr %c "n" : !orch.object
// CHECK-NEXT:    %t = orch.setitem %c[%k] = %v : !orch.object, !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }

// -----

// A handled body goes if nothing in it, or in its handler, has an effect; a loop may never end, so it stays.

orch.operator @pure {path = "app:pure", kind = #orch.kind<function>, effects = #orch.effects<pure>}
func.func @regions(%a: !orch.object, %c: !orch.object) {
  %dropped = orch.try : !orch.object body {
    %p = orch.call @pure(%a) : (!orch.object) -> !orch.object
    orch.yield %p : !orch.object
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield %a : !orch.object
  }
  orch.try body {
    %unused = orch.getattr %a "n" : !orch.object -> !orch.object
    orch.yield
  } handler {
  ^bb0(%error: !orch.object):
    orch.yield
  }
  orch.try body {
    %unused = orch.call @pure(%a) : (!orch.object) -> !orch.object
    orch.yield
  } handler {
  ^bb0(%error: !orch.object):
    orch.append %c, %error : !orch.object, !orch.object
    orch.yield
  }
  orch.while carry() : () -> () test {
    %p = orch.call @pure(%a) : (!orch.object) -> !orch.object
    orch.yield %p : !orch.object
  } do {
    orch.yield
  }
  func.return
}

// CHECK:       func.func @regions(%a: !orch.object, %c: !orch.object) {
// CHECK-NEXT:    orch.try body {
// CHECK-NEXT:      %unused = orch.getattr %a "n" : !orch.object -> !orch.object
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error: !orch.object):
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    orch.try body {
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%error_1: !orch.object):
// CHECK-NEXT:      orch.append %c, %error_1 : !orch.object, !orch.object
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    orch.while carry() : () -> () test {
// CHECK-NEXT:      %p = orch.call @pure(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %p : !orch.object
// CHECK-NEXT:    } do {
// CHECK-NEXT:      orch.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }

// -----

// A frame stays, whatever is in it.

func.func private @callee(%a: !orch.object) -> !orch.object {
  func.return %a : !orch.object
}
func.func @frame(%a: !orch.object) {
  %r = func.call @callee(%a) : (!orch.object) -> !orch.object
  func.return
}

// CHECK:       func.func private @callee(%a: !orch.object) -> !orch.object {
// CHECK-NEXT:    func.return %a : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @frame(%a: !orch.object) {
// CHECK-NEXT:    %r = func.call @callee(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
