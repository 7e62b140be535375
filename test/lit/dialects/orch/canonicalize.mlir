// RUN: xcs-opt -p canonicalize --split-input-file %s | filecheck %s

// An item of a tuple is its element; of a list or dict too, while nothing can have changed it.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @items(%a: !orch.object, %b: !orch.object) -> (!orch.object, !orch.object, !orch.object, !orch.object) {
  %last = orch.constant -1 : i64 : !orch.object<"int">
  %key = orch.constant "k" : !orch.object<"str">
  %tuple = orch.tuple(%a, %b) : (!orch.object, !orch.object) -> !orch.object<"tuple">
  %0 = orch.getitem %tuple[%last] : !orch.object<"tuple">, !orch.object<"int"> -> !orch.object
  %list = orch.list(%a, %b) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
  %1 = orch.getitem %list[%last] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
  %dict = orch.dict(%key) to (%a) : (!orch.object<"str">) to (!orch.object) -> !orch.object<"dict">
  %2 = orch.getitem %dict[%key] : !orch.object<"dict">, !orch.object<"str"> -> !orch.object
  %given = orch.list(%a, %b) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
  %answer = orch.call @ask(%given) : (!orch.list<!orch.object>) -> !orch.object
  %3 = orch.getitem %given[%last] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
  func.return %0, %1, %2, %3 : !orch.object, !orch.object, !orch.object, !orch.object
}

// CHECK:       func.func @items(%a: !orch.object, %b: !orch.object) -> (!orch.object, !orch.object, !orch.object, !orch.object) {
// CHECK-NEXT:    %last = orch.constant -1 : i64 : !orch.object<"int">
// CHECK-NEXT:    %given = orch.list(%a, %b) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %answer = orch.call @ask(%given) : (!orch.list<!orch.object>) -> !orch.object
// CHECK-NEXT:    %0 = orch.getitem %given[%last] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:    func.return %b, %b, %a, %0 : !orch.object, !orch.object, !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// An item that is not there is an error, which stays.

func.func @no_such_item(%a: !orch.object) -> !orch.object {
  %two = orch.constant 2 : i64 : !orch.object<"int">
  %tuple = orch.tuple(%a) : (!orch.object) -> !orch.object<"tuple">
  %0 = orch.getitem %tuple[%two] : !orch.object<"tuple">, !orch.object<"int"> -> !orch.object
  func.return %0 : !orch.object
}

// CHECK:       func.func @no_such_item(%a: !orch.object) -> !orch.object {
// CHECK-NEXT:    %two = orch.constant 2 : i64 : !orch.object<"int">
// CHECK-NEXT:    %tuple = orch.tuple(%a) : (!orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    %0 = orch.getitem %tuple[%two] : !orch.object<"tuple">, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:    func.return %0 : !orch.object
// CHECK-NEXT:  }

// -----

// Lists that a map makes for nobody go, and a map that changes nothing, where nobody can tell.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @maps(%a: !orch.object) -> (!orch.list<!orch.object>, !orch.list<!orch.object>) {
  %list = orch.list(%a, %a) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
  %same = orch.map %list : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    orch.yield %x : !orch.object
  }
  %answers, %unused = orch.map %same : (!orch.list<!orch.object>) -> (!orch.list<!orch.object>, !orch.list<!orch.object>) {
  ^bb0(%x: !orch.object):
    %answer = orch.call @ask(%x) : (!orch.object) -> !orch.object
    orch.yield %answer, %x : !orch.object, !orch.object
  }
  %copy = orch.map %answers : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    orch.yield %x : !orch.object
  }
  func.return %answers, %copy : !orch.list<!orch.object>, !orch.list<!orch.object>
}

// CHECK:       func.func @maps(%a: !orch.object) -> (!orch.list<!orch.object>, !orch.list<!orch.object>) {
// CHECK-NEXT:    %list = orch.list(%a, %a) : (!orch.object, !orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %answers = orch.map %list : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      %answer = orch.call @ask(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:      orch.yield %answer : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %copy = orch.map %answers : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x_1: !orch.object):
// CHECK-NEXT:      orch.yield %x_1 : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %answers, %copy : !orch.list<!orch.object>, !orch.list<!orch.object>
// CHECK-NEXT:  }

// -----

// A branch on a literal is the branch taken.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @branch(%a: !orch.object) -> !orch.object {
  %no = orch.constant "" : !orch.object<"str">
  %r = orch.if %no : (!orch.object<"str">) -> !orch.object {
    %answer = orch.call @ask(%a) : (!orch.object) -> !orch.object
    orch.yield %answer : !orch.object
  } else {
    orch.yield %a : !orch.object
  }
  func.return %r : !orch.object
}

// CHECK:       func.func @branch(%a: !orch.object) -> !orch.object {
// CHECK-NEXT:    func.return %a : !orch.object
// CHECK-NEXT:  }

// -----

// Ops wait for the moments themselves, each once; the start of the run needs no waiting for.

orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}
func.func @tokens(%a: !orch.object) {
  %start = orch.join()
  %t0 = orch.call @save(%a) after(%start) : (!orch.object) -> !orch.token
  %t1 = orch.call @save(%a) after(%start) : (!orch.object) -> !orch.token
  %one = orch.join(%t0)
  %both = orch.join(%one, %t1, %start)
  %all = orch.join(%both, %t1)
  %t2 = orch.call @save(%a) after(%all) : (!orch.object) -> !orch.token
  func.return
}

// CHECK:       func.func @tokens(%a: !orch.object) {
// CHECK-NEXT:    %t0 = orch.call @save(%a) : (!orch.object) -> !orch.token
// CHECK-NEXT:    %t1 = orch.call @save(%a) : (!orch.object) -> !orch.token
// CHECK-NEXT:    %t2 = orch.call @save(%a) after(%t0, %t1) : (!orch.object) -> !orch.token
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }

// -----

// A pure op leaves its chain, unless an argument of it may change.

orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}
orch.operator @parse {path = "app:parse", kind = #orch.kind<function>, effects = #orch.effects<pure>, fresh}
func.func @leaves_chain(%text: !orch.object<"str">, %list: !orch.object<"list">) -> (!orch.object, !orch.object) {
  %t0 = orch.call @save(%text) : (!orch.object<"str">) -> !orch.token
  %a, %t1 = orch.call @parse(%text) after(%t0) : (!orch.object<"str">) -> (!orch.object, !orch.token)
  %t2 = orch.call @save(%text) after(%t1) : (!orch.object<"str">) -> !orch.token
  %b, %t3 = orch.call @parse(%list) after(%t2) : (!orch.object<"list">) -> (!orch.object, !orch.token)
  %t4 = orch.call @save(%text) after(%t3) : (!orch.object<"str">) -> !orch.token
  func.return %a, %b : !orch.object, !orch.object
}

// CHECK:       func.func @leaves_chain(%text: !orch.object<"str">, %list: !orch.object<"list">) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %t0 = orch.call @save(%text) : (!orch.object<"str">) -> !orch.token
// CHECK-NEXT:    %a = orch.call @parse(%text) : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:    %t2 = orch.call @save(%text) after(%t0) : (!orch.object<"str">) -> !orch.token
// CHECK-NEXT:    %b, %t3 = orch.call @parse(%list) after(%t2) : (!orch.object<"list">) -> (!orch.object, !orch.token)
// CHECK-NEXT:    %t4 = orch.call @save(%text) after(%t3) : (!orch.object<"str">) -> !orch.token
// CHECK-NEXT:    func.return %a, %b : !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// What has no arguments may be there to say when something is done.

orch.operator @time {path = "time:time", kind = #orch.kind<function>, effects = #orch.effects<ordered>, nonblocking, local}
func.func @comes_late() -> !orch.object<"bool"> {
  %t0 = orch.call @time() : () -> !orch.token
  %late = orch.host "True"() after(%t0) {names = [], effects = #orch.effects<pure>, total} : () -> !orch.object<"bool">
  func.return %late : !orch.object<"bool">
}

// CHECK:       func.func @comes_late() -> !orch.object<"bool"> {
// CHECK-NEXT:    %t0 = orch.call @time() : () -> !orch.token
// CHECK-NEXT:    %late = orch.host "True"() after(%t0) {names = [], effects = #orch.effects<pure>, total} : () -> !orch.object<"bool">
// CHECK-NEXT:    func.return %late : !orch.object<"bool">
// CHECK-NEXT:  }
