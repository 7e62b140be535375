// RUN: xcs-opt -p hoist{mapped=main} --split-input-file %s | filecheck %s

// In the loop over a batch, a call that is the same for all elements is made once, with what it needs. If it fails, the
// first iteration raises the error, in its place. What no call needs, and may raise, stays.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @main(%xs: !orch.list<!orch.object>, %c: !orch.object<"dict">) -> !orch.list<!orch.object> {
  %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    %key = orch.constant "topic" : !orch.object<"str">
    %topic = orch.getitem %c[%key] : !orch.object<"dict">, !orch.object<"str"> -> !orch.object
    %summary = orch.call @ask(%topic) : (!orch.object) -> !orch.object
    %name = orch.constant "name" : !orch.object<"str">
    %unneeded = orch.getitem %c[%name] : !orch.object<"dict">, !orch.object<"str"> -> !orch.object
    %prompt = orch.tuple(%summary, %x, %unneeded) : (!orch.object, !orch.object, !orch.object) -> !orch.object
    %reply = orch.call @ask(%prompt) : (!orch.object) -> !orch.object
    orch.yield %reply : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func @main(%xs: !orch.list<!orch.object>, %c: !orch.object<"dict">) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %key = orch.constant "topic" : !orch.object<"str">
// CHECK-NEXT:    %0, %1 = orch.try : !orch.object, !orch.object body {
// CHECK-NEXT:      %topic = orch.getitem %c[%key] : !orch.object<"dict">, !orch.object<"str"> -> !orch.object
// CHECK-NEXT:      %2 = orch.tuple(%topic) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %3 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %2, %3 : !orch.object, !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%4: !orch.object):
// CHECK-NEXT:      %5 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %5, %4 : !orch.object, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %6, %7 = orch.try : !orch.object, !orch.object body {
// CHECK-NEXT:      %8 = orch.host "if error is not None:\0A    raise error\0Avalue0 = values[0]"(%0, %1) {names = ["values", "error"], out_names = ["value0"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      %summary = orch.call @ask(%8) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %9 = orch.tuple(%summary) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %10 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %9, %10 : !orch.object, !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%11: !orch.object):
// CHECK-NEXT:      %12 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %12, %11 : !orch.object, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %name = orch.constant "name" : !orch.object<"str">
// CHECK-NEXT:    %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %13 = orch.host "if error is not None:\0A    raise error\0Avalue0 = values[0]"(%0, %1) {names = ["values", "error"], out_names = ["value0"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      %14 = orch.host "if error is not None:\0A    raise error\0Avalue0 = values[0]"(%6, %7) {names = ["values", "error"], out_names = ["value0"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      %unneeded = orch.getitem %c[%name] : !orch.object<"dict">, !orch.object<"str"> -> !orch.object
// CHECK-NEXT:      %prompt = orch.tuple(%14, %x, %unneeded) : (!orch.object, !orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      %reply = orch.call @ask(%prompt) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %reply : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// Several calls of one element are several calls. A loop of one element, which is the same for all, moves as it is.

orch.operator @sample {path = "app:sample", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @main(%xs: !orch.list<!orch.object>, %three: !orch.list<!orch.object>) -> !orch.list<!orch.object> {
  %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    %samples = orch.map %three : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
    ^bb0(%i: !orch.object):
      %sample = orch.call @sample() : () -> !orch.object
      orch.yield %sample : !orch.object
    }
    %own = orch.tuple(%x, %samples) : (!orch.object, !orch.list<!orch.object>) -> !orch.object
    orch.yield %own : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func @main(%xs: !orch.list<!orch.object>, %three: !orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %0, %1 = orch.try : !orch.object, !orch.object body {
// CHECK-NEXT:      %samples = orch.map %three : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:      ^bb0(%i: !orch.object):
// CHECK-NEXT:        %sample = orch.call @sample() : () -> !orch.object
// CHECK-NEXT:        orch.yield %sample : !orch.object
// CHECK-NEXT:      }
// CHECK-NEXT:      %2 = orch.tuple(%samples) : (!orch.list<!orch.object>) -> !orch.object
// CHECK-NEXT:      %3 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %2, %3 : !orch.object, !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%4: !orch.object):
// CHECK-NEXT:      %5 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %5, %4 : !orch.object, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %6 = orch.host "if error is not None:\0A    raise error\0Avalue0 = values[0]"(%0, %1) {names = ["values", "error"], out_names = ["value0"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:      %own = orch.tuple(%x, %6) : (!orch.object, !orch.list<!orch.object>) -> !orch.object
// CHECK-NEXT:      orch.yield %own : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// A call stays if its result may be changed or be kept, as each element has its own. One that gives what cannot
// change moves.

orch.operator @find {path = "app:find", kind = #orch.kind<tool>, effects = #orch.effects<unordered>}
orch.operator @name {path = "app:name", kind = #orch.kind<tool>, effects = #orch.effects<unordered>, immutable}
orch.operator @save {path = "app:save", kind = #orch.kind<function>, effects = #orch.effects<ordered>}
func.func @main(%xs: !orch.list<!orch.object>, %c: !orch.object) -> !orch.list<!orch.object> {
  %out = orch.list() : () -> !orch.list<!orch.object>
  %begin = orch.join()
  %end = orch.for %xs carry(%begin : !orch.token) : (!orch.list<!orch.object>) -> !orch.token {
  ^bb0(%x: !orch.object, %before: !orch.token):
    %changed = orch.call @find(%c) : (!orch.object) -> !orch.object
    %t = orch.append %changed, %x : !orch.object, !orch.object -> !orch.token
    %kept = orch.call @find(%c) : (!orch.object) -> !orch.object
    %name = orch.call @name(%c) : (!orch.object) -> !orch.object
    %n, %u = orch.call @save(%kept, %name) : (!orch.object, !orch.object) -> (!orch.object, !orch.token)
    %given = orch.call @find(%c) : (!orch.object) -> !orch.object
    %after = orch.append %out, %given after(%before) : !orch.list<!orch.object>, !orch.object -> !orch.token
    orch.yield %after : !orch.token
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func @main(%xs: !orch.list<!orch.object>, %c: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %out = orch.list() : () -> !orch.list<!orch.object>
// CHECK-NEXT:    %begin = orch.join()
// CHECK-NEXT:    %0, %1 = orch.try : !orch.object, !orch.object body {
// CHECK-NEXT:      %name = orch.call @name(%c) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %2 = orch.tuple(%name) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %3 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %2, %3 : !orch.object, !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%4: !orch.object):
// CHECK-NEXT:      %5 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %5, %4 : !orch.object, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %6, %7 = orch.try : !orch.object, !orch.object body {
// CHECK-NEXT:      %given = orch.call @find(%c) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %8 = orch.tuple(%given) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %9 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %8, %9 : !orch.object, !orch.object
// CHECK-NEXT:    } handler {
// CHECK-NEXT:    ^bb0(%10: !orch.object):
// CHECK-NEXT:      %11 = orch.constant unit : !orch.object
// CHECK-NEXT:      orch.yield %11, %10 : !orch.object, !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %end = orch.for %xs carry(%begin : !orch.token) : (!orch.list<!orch.object>) -> !orch.token {
// CHECK-NEXT:    ^bb0(%x: !orch.object, %before: !orch.token):
// CHECK-NEXT:      %changed = orch.call @find(%c) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %t = orch.append %changed, %x : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:      %kept = orch.call @find(%c) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %12 = orch.host "if error is not None:\0A    raise error\0Avalue0 = values[0]"(%0, %1) {names = ["values", "error"], out_names = ["value0"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      %n, %u = orch.call @save(%kept, %12) : (!orch.object, !orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:      %13 = orch.host "if error is not None:\0A    raise error\0Avalue0 = values[0]"(%6, %7) {names = ["values", "error"], out_names = ["value0"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      %after = orch.append %out, %13 after(%before) : !orch.list<!orch.object>, !orch.object -> !orch.token
// CHECK-NEXT:      orch.yield %after : !orch.token
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// In other functions calls stay: only the elements of a batch share them.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @other(%xs: !orch.list<!orch.object>, %c: !orch.object) -> !orch.list<!orch.object> {
  %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    %reply = orch.call @ask(%c) : (!orch.object) -> !orch.object
    orch.yield %reply : !orch.object
  }
  func.return %out : !orch.list<!orch.object>
}

// CHECK:       func.func @other(%xs: !orch.list<!orch.object>, %c: !orch.object) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %out = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %reply = orch.call @ask(%c) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %reply : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %out : !orch.list<!orch.object>
// CHECK-NEXT:  }
