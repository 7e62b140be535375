// RUN: xcs-opt -p canonicalize --split-input-file %s | filecheck %s

// How many elements there are is known of a tuple, and of a list or dict that nothing changes.

func.func @lengths(%a: !orch.object, %x: tensor<3x2xf32>) -> !orch.object<"tuple"> {
  %key = orch.constant "k" : !orch.object<"str">
  %tuple = orch.tuple(%a, %a) : (!orch.object, !orch.object) -> !orch.object<"tuple">
  %0 = orch.len %tuple : !orch.object<"tuple"> -> !orch.object<"int">
  %list = orch.list() : () -> !orch.list<!orch.object>
  %1 = orch.len %list : !orch.list<!orch.object> -> !orch.object<"int">
  %dict = orch.dict(%key, %key) to (%a, %a) : (!orch.object<"str">, !orch.object<"str">) to (!orch.object, !orch.object) -> !orch.object<"dict">
  %2 = orch.len %dict : !orch.object<"dict"> -> !orch.object<"int">
  %rows = orch.unstack %x : tensor<3x2xf32> -> !orch.list<tensor<2xf32>>
  %3 = orch.len %rows : !orch.list<tensor<2xf32>> -> !orch.object
  %all = orch.tuple(%0, %1, %2, %3) : (!orch.object<"int">, !orch.object<"int">, !orch.object<"int">, !orch.object) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @lengths(%a: !orch.object, %x: tensor<3x2xf32>) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %0 = orch.constant 2 : i64 : !orch.object<"int">
// CHECK-NEXT:    %1 = orch.constant 0 : i64 : !orch.object<"int">
// CHECK-NEXT:    %2 = orch.constant 1 : i64 : !orch.object<"int">
// CHECK-NEXT:    %rows = orch.unstack %x : tensor<3x2xf32> -> !orch.list<tensor<2xf32>>
// CHECK-NEXT:    %3 = orch.constant 3 : i64 : !orch.object
// CHECK-NEXT:    %all = orch.tuple(%0, %1, %2, %3) : (!orch.object<"int">, !orch.object<"int">, !orch.object<"int">, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// It is not known of a list that something may change, nor of a dict whose keys may be equal.

func.func @no_length(%a: !orch.object) -> !orch.object<"tuple"> {
  %list = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
  %t = orch.append %list, %a : !orch.list<!orch.object>, !orch.object -> !orch.token
  %0 = orch.len %list after(%t) : !orch.list<!orch.object> -> !orch.object<"int">
  %one = orch.constant 1 : i64 : !orch.object<"int">
  %true = orch.constant true : !orch.object<"bool">
  %dict = orch.dict(%one, %true) to (%a, %a) : (!orch.object<"int">, !orch.object<"bool">) to (!orch.object, !orch.object) -> !orch.object<"dict">
  %1 = orch.len %dict : !orch.object<"dict"> -> !orch.object<"int">
  %all = orch.tuple(%0, %1) : (!orch.object<"int">, !orch.object<"int">) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @no_length(%a: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %list = orch.list(%a) : (!orch.object) -> !orch.list<!orch.object>
// CHECK-NEXT:    %t = orch.append %list, %a : !orch.list<!orch.object>, !orch.object -> !orch.token
// CHECK-NEXT:    %0 = orch.len %list after(%t) : !orch.list<!orch.object> -> !orch.object<"int">
// CHECK-NEXT:    %one = orch.constant 1 : i64 : !orch.object<"int">
// CHECK-NEXT:    %true = orch.constant true : !orch.object<"bool">
// CHECK-NEXT:    %dict = orch.dict(%one, %true) to(%a, %a) : (!orch.object<"int">, !orch.object<"bool">) to(!orch.object, !orch.object) -> !orch.object<"dict">
// CHECK-NEXT:    %1 = orch.len %dict : !orch.object<"dict"> -> !orch.object<"int">
// CHECK-NEXT:    %all = orch.tuple(%0, %1) : (!orch.object<"int">, !orch.object<"int">) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// Text is among texts or not.

func.func @membership() -> !orch.object<"tuple"> {
  %a = orch.constant "a" : !orch.object<"str">
  %b = orch.constant "b" : !orch.object<"str">
  %c = orch.constant "c" : !orch.object<"str">
  %tuple = orch.tuple(%a, %b) : (!orch.object<"str">, !orch.object<"str">) -> !orch.object<"tuple">
  %0 = orch.contains %b in %tuple : !orch.object<"str">, !orch.object<"tuple"> -> !orch.object<"bool">
  %dict = orch.dict(%a) to (%tuple) : (!orch.object<"str">) to (!orch.object<"tuple">) -> !orch.object<"dict">
  %1 = orch.contains %c in %dict : !orch.object<"str">, !orch.object<"dict"> -> !orch.object<"bool">
  %all = orch.tuple(%0, %1) : (!orch.object<"bool">, !orch.object<"bool">) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @membership() -> !orch.object<"tuple"> {
// CHECK-NEXT:    %0 = orch.constant true : !orch.object<"bool">
// CHECK-NEXT:    %1 = orch.constant false : !orch.object<"bool">
// CHECK-NEXT:    %all = orch.tuple(%0, %1) : (!orch.object<"bool">, !orch.object<"bool">) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// Whether two other things are equal is theirs to say.

func.func @no_membership(%x: !orch.object) -> !orch.object<"tuple"> {
  %a = orch.constant "a" : !orch.object<"str">
  %one = orch.constant 1 : i64 : !orch.object<"int">
  %true = orch.constant true : !orch.object<"bool">
  %unknown = orch.tuple(%x) : (!orch.object) -> !orch.object<"tuple">
  %0 = orch.contains %a in %unknown : !orch.object<"str">, !orch.object<"tuple"> -> !orch.object<"bool">
  %numbers = orch.tuple(%one) : (!orch.object<"int">) -> !orch.object<"tuple">
  %1 = orch.contains %true in %numbers : !orch.object<"bool">, !orch.object<"tuple"> -> !orch.object<"bool">
  %all = orch.tuple(%0, %1) : (!orch.object<"bool">, !orch.object<"bool">) -> !orch.object<"tuple">
  func.return %all : !orch.object<"tuple">
}

// CHECK:       func.func @no_membership(%x: !orch.object) -> !orch.object<"tuple"> {
// CHECK-NEXT:    %a = orch.constant "a" : !orch.object<"str">
// CHECK-NEXT:    %one = orch.constant 1 : i64 : !orch.object<"int">
// CHECK-NEXT:    %true = orch.constant true : !orch.object<"bool">
// CHECK-NEXT:    %unknown = orch.tuple(%x) : (!orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    %0 = orch.contains %a in %unknown : !orch.object<"str">, !orch.object<"tuple"> -> !orch.object<"bool">
// CHECK-NEXT:    %numbers = orch.tuple(%one) : (!orch.object<"int">) -> !orch.object<"tuple">
// CHECK-NEXT:    %1 = orch.contains %true in %numbers : !orch.object<"bool">, !orch.object<"tuple"> -> !orch.object<"bool">
// CHECK-NEXT:    %all = orch.tuple(%0, %1) : (!orch.object<"bool">, !orch.object<"bool">) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all : !orch.object<"tuple">
// CHECK-NEXT:  }

// -----

// What is known takes no place in a chain, and what never changes needs none; the chain goes on.

func.func @leaves_chain(%c: !orch.object, %s: !orch.object<"str">, %t: !orch.token) -> (!orch.object<"tuple">, !orch.token) {
  %zero = orch.constant 0 : i64 : !orch.object<"int">
  %pair = orch.tuple(%c, %s) : (!orch.object, !orch.object<"str">) -> !orch.object<"tuple">
  %0, %t0 = orch.getitem %pair[%zero] after(%t) : !orch.object<"tuple">, !orch.object<"int"> -> !orch.object, !orch.token
  %1, %t1 = orch.len %pair after(%t0) : !orch.object<"tuple"> -> !orch.object<"int">, !orch.token
  %2, %t2 = orch.getitem %s[%zero] after(%t1) : !orch.object<"str">, !orch.object<"int"> -> !orch.object, !orch.token
  %3, %t3 = orch.snapshot %s after(%t2) : !orch.object<"str"> -> !orch.object<"str">, !orch.token
  %4, %t4 = orch.len %c after(%t3) : !orch.object -> !orch.object<"int">, !orch.token
  %all = orch.tuple(%0, %1, %2, %3, %4) : (!orch.object, !orch.object<"int">, !orch.object, !orch.object<"str">, !orch.object<"int">) -> !orch.object<"tuple">
  func.return %all, %t4 : !orch.object<"tuple">, !orch.token
}

// CHECK:       func.func @leaves_chain(%c: !orch.object, %s: !orch.object<"str">, %t: !orch.token) -> (!orch.object<"tuple">, !orch.token) {
// CHECK-NEXT:    %zero = orch.constant 0 : i64 : !orch.object<"int">
// CHECK-NEXT:    %0 = orch.constant 2 : i64 : !orch.object<"int">
// CHECK-NEXT:    %1 = orch.getitem %s[%zero] : !orch.object<"str">, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:    %2, %t4 = orch.len %c after(%t) : !orch.object -> !orch.object<"int">, !orch.token
// CHECK-NEXT:    %all = orch.tuple(%c, %0, %1, %s, %2) : (!orch.object, !orch.object<"int">, !orch.object, !orch.object<"str">, !orch.object<"int">) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all, %t4 : !orch.object<"tuple">, !orch.token
// CHECK-NEXT:  }

// -----

// Reading text under a key whose class is not known may run code that is not known.

func.func @stays_in_chain(%s: !orch.object<"str">, %k: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  %0, %t0 = orch.getitem %s[%k] after(%t) : !orch.object<"str">, !orch.object -> !orch.object, !orch.token
  func.return %0, %t0 : !orch.object, !orch.token
}

// CHECK:       func.func @stays_in_chain(%s: !orch.object<"str">, %k: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
// CHECK-NEXT:    %0, %t0 = orch.getitem %s[%k] after(%t) : !orch.object<"str">, !orch.object -> !orch.object, !orch.token
// CHECK-NEXT:    func.return %0, %t0 : !orch.object, !orch.token
// CHECK-NEXT:  }

// -----

// A version that nobody reads is not made.

func.func @snapshots(%c: !orch.object, %v: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  %unused, %t0 = orch.snapshot %c after(%t) : !orch.object -> !orch.object, !orch.token
  %t1 = orch.append %c, %v after(%t0) : !orch.object, !orch.object -> !orch.token
  %used, %t2 = orch.snapshot %c after(%t1) : !orch.object -> !orch.object, !orch.token
  func.return %used, %t2 : !orch.object, !orch.token
}

// CHECK:       func.func @snapshots(%c: !orch.object, %v: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
// CHECK-NEXT:    %t1 = orch.append %c, %v after(%t) : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    %used, %t2 = orch.snapshot %c after(%t1) : !orch.object -> !orch.object, !orch.token
// CHECK-NEXT:    func.return %used, %t2 : !orch.object, !orch.token
// CHECK-NEXT:  }

// -----

// Appending by name to what is a list is appending; to what may be anything it is not.

func.func @append(%list: !orch.list<!orch.object>, %any: !orch.object, %v: !orch.object, %t: !orch.token) -> (!orch.object<"tuple">, !orch.token) {
  %none, %t0 = orch.method %list "append"(%v) after(%t) : !orch.list<!orch.object>, (!orch.object) -> !orch.object, !orch.token
  %r, %t1 = orch.method %any "append"(%v) after(%t0) : !orch.object, (!orch.object) -> !orch.object, !orch.token
  %p, %t2 = orch.method %list "pop"() after(%t1) : !orch.list<!orch.object>, () -> !orch.object, !orch.token
  %e, %t3 = orch.method %list "append"(%v) after(%t2) {keywords = ["x"]} : !orch.list<!orch.object>, (!orch.object) -> !orch.object, !orch.token
  %all = orch.tuple(%none, %r, %p, %e) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
  func.return %all, %t3 : !orch.object<"tuple">, !orch.token
}

// CHECK:       func.func @append(%list: !orch.list<!orch.object>, %any: !orch.object, %v: !orch.object, %t: !orch.token) -> (!orch.object<"tuple">, !orch.token) {
// CHECK-NEXT:    %t0 = orch.append %list, %v after(%t) : !orch.list<!orch.object>, !orch.object -> !orch.token
// CHECK-NEXT:    %none = orch.constant unit : !orch.object
// CHECK-NEXT:    %r, %t1 = orch.method %any "append"(%v) after(%t0) : !orch.object, (!orch.object) -> !orch.object, !orch.token
// CHECK-NEXT:    %p, %t2 = orch.method %list "pop"() after(%t1) : !orch.list<!orch.object>, () -> !orch.object, !orch.token
// CHECK-NEXT:    %e, %t3 = orch.method %list "append"(%v) after(%t2) {keywords = ["x"]} : !orch.list<!orch.object>, (!orch.object) -> !orch.object, !orch.token
// CHECK-NEXT:    %all = orch.tuple(%none, %r, %p, %e) : (!orch.object, !orch.object, !orch.object, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:    func.return %all, %t3 : !orch.object<"tuple">, !orch.token
// CHECK-NEXT:  }

// -----

// Ops on objects wait for the moments themselves, each once.

func.func private @Agent_step(%self: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  func.return %self, %t : !orch.object, !orch.token
}
func.func @tokens(%f: !orch.object, %c: !orch.object, %k: !orch.object, %t0: !orch.token, %t1: !orch.token) -> !orch.token {
  %start = orch.join()
  %both = orch.join(%t0, %t1)
  %t2 = orch.setitem %c[%k] = %k after(%start) : !orch.object, !orch.object, !orch.object -> !orch.token
  %r, %t3 = orch.method %c "step"() after(%both, %t0, %t2) {candidates = [[#orch.ref<"Agent">, @Agent_step, #orch.ref<"Agent.step">]]} : !orch.object, () -> !orch.object, !orch.token
  %s, %t4 = orch.invoke %f(%r) after(%start, %t3) : !orch.object, (!orch.object) -> (!orch.object, !orch.token)
  func.return %t4 : !orch.token
}

// CHECK:       func.func private @Agent_step(%self: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
// CHECK-NEXT:    func.return %self, %t : !orch.object, !orch.token
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @tokens(%f: !orch.object, %c: !orch.object, %k: !orch.object, %t0: !orch.token, %t1: !orch.token) -> !orch.token {
// CHECK-NEXT:    %t2 = orch.setitem %c[%k] = %k : !orch.object, !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    %r, %t3 = orch.method %c "step"() after(%t0, %t1, %t2) {candidates = {{\[\[}}#orch.ref<"Agent">, @Agent_step, #orch.ref<"Agent.step">]]} : !orch.object, () -> !orch.object, !orch.token
// CHECK-NEXT:    %s, %t4 = orch.invoke %f(%r) after(%t3) : !orch.object, (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:    func.return %t4 : !orch.token
// CHECK-NEXT:  }
