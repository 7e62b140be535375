// RUN: xcs-opt -p inline --split-input-file %s | filecheck %s

// A private function that is called once becomes part of its caller, and so do those that it calls.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func private @prompt(%topic: !orch.object) -> (!orch.object, !orch.object) {
  %reply = func.call @answer(%topic) : (!orch.object) -> !orch.object
  func.return %reply, %topic : !orch.object, !orch.object
}
func.func private @answer(%question: !orch.object) -> !orch.object {
  %text = orch.call @ask(%question) : (!orch.object) -> !orch.object
  func.return %text : !orch.object
}
func.func @main(%topics: !orch.list<!orch.object>) -> !orch.list<!orch.object> {
  %replies = orch.map %topics : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%topic: !orch.object):
    %reply, %same = func.call @prompt(%topic) : (!orch.object) -> (!orch.object, !orch.object)
    %pair = orch.tuple(%same, %reply) : (!orch.object, !orch.object) -> !orch.object
    orch.yield %pair : !orch.object
  }
  func.return %replies : !orch.list<!orch.object>
}

// CHECK:       func.func @main(%topics: !orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    %replies = orch.map %topics : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%topic: !orch.object):
// CHECK-NEXT:      %text = orch.call @ask(%topic) : (!orch.object) -> !orch.object
// CHECK-NEXT:      %pair = orch.tuple(%topic, %text) : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %pair : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %replies : !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// Not a function that is called twice, nor one that calls itself, nor one that others may call.

func.func private @twice(%x: !orch.object) -> !orch.object {
  func.return %x : !orch.object
}
func.func private @itself(%x: !orch.object) -> !orch.object {
  %y = func.call @itself(%x) : (!orch.object) -> !orch.object
  func.return %y : !orch.object
}
func.func @public(%x: !orch.object) -> !orch.object {
  func.return %x : !orch.object
}
func.func @main(%x: !orch.object) -> !orch.object {
  %a = func.call @twice(%x) : (!orch.object) -> !orch.object
  %b = func.call @twice(%a) : (!orch.object) -> !orch.object
  %c = func.call @public(%b) : (!orch.object) -> !orch.object
  func.return %c : !orch.object
}

// CHECK:       func.func private @twice(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    func.return %x : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @itself(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    %y = func.call @itself(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %y : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @public(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    func.return %x : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @main(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    %a = func.call @twice(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %b = func.call @twice(%a) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %c = func.call @public(%b) : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %c : !orch.object
// CHECK-NEXT:  }

// -----

// Not one that reads the clock, which is ordered among the ops of its own activation.

orch.operator @time {path = "time:time", kind = #orch.kind<function>, effects = #orch.effects<ordered>, nonblocking, local}
func.func private @now() -> !orch.object {
  %t, %done = orch.call @time() : () -> (!orch.object, !orch.token)
  func.return %t : !orch.object
}
func.func @main() -> !orch.object {
  %t = func.call @now() : () -> !orch.object
  func.return %t : !orch.object
}

// CHECK:       func.func private @now() -> !orch.object {
// CHECK-NEXT:    %t, %done = orch.call @time() : () -> (!orch.object, !orch.token)
// CHECK-NEXT:    func.return %t : !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @main() -> !orch.object {
// CHECK-NEXT:    %t = func.call @now() : () -> !orch.object
// CHECK-NEXT:    func.return %t : !orch.object
// CHECK-NEXT:  }

// -----

// A token that a function gives back as it was passed is the caller's own.

func.func private @size(%x: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  %n, %u = orch.len %x after(%t) : !orch.object -> !orch.object, !orch.token
  func.return %n, %t : !orch.object, !orch.token
}
func.func @main(%x: !orch.object, %t: !orch.token) -> !orch.token {
  %a, %u = func.call @size(%x, %t) : (!orch.object, !orch.token) -> (!orch.object, !orch.token)
  %b, %v = func.call @size(%a, %u) : (!orch.object, !orch.token) -> (!orch.object, !orch.token)
  func.return %v : !orch.token
}

// CHECK:       func.func @main(%x: !orch.object, %t: !orch.token) -> !orch.token {
// CHECK-NEXT:    %a, %u = func.call @size(%x, %t)
// CHECK-NEXT:    %b, %v = func.call @size(%a, %t)
// CHECK-NEXT:    func.return %t : !orch.token

// -----

// Not one with a variable that holds an open file, say: that is closed when the function ends.

orch.operator @open {path = "io:open", kind = #orch.kind<function>, effects = #orch.effects<ordered>, nonblocking}
func.func private @keeps(%path: !orch.object<"str">) {
  %file = orch.call @open(%path) : (!orch.object<"str">) -> !orch.object
  func.return
}
func.func private @drops(%path: !orch.object<"str">) {
  %file = orch.call @open(%path) {temporary} : (!orch.object<"str">) -> !orch.object
  func.return
}
func.func @main(%path: !orch.object<"str">) {
  func.call @keeps(%path) : (!orch.object<"str">) -> ()
  func.call @drops(%path) : (!orch.object<"str">) -> ()
  func.return
}

// CHECK:       func.func private @keeps(%path: !orch.object<"str">) {
// CHECK-NEXT:    %file = orch.call @open(%path) : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @main(%path: !orch.object<"str">) {
// CHECK-NEXT:    func.call @keeps(%path) : (!orch.object<"str">) -> ()
// CHECK-NEXT:    %file = orch.call @open(%path) {temporary} : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
