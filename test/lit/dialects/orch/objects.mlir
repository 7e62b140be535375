// RUN: xcs-opt --split-input-file %s | xcs-opt --split-input-file | filecheck %s
// RUN: xcs-opt --split-input-file --print-op-generic %s | xcs-opt --split-input-file | filecheck %s

// Containers: each op may wait for moments, and may give one.

func.func @containers(%c: !orch.object, %k: !orch.object, %v: !orch.object, %t: !orch.token) -> !orch.object {
  %item, %t0 = orch.getitem %c[%k] after(%t) : !orch.object, !orch.object -> !orch.object, !orch.token
  %t1 = orch.setitem %c[%k] = %v after(%t, %t0) : !orch.object, !orch.object, !orch.object -> !orch.token
  %t2 = orch.delitem %c[%k] after(%t1) : !orch.object, !orch.object -> !orch.token
  %in, %t3 = orch.contains %k in %c after(%t2) : !orch.object, !orch.object -> !orch.object<"bool">, !orch.token
  %n, %t4 = orch.len %c after(%t3) : !orch.object -> !orch.object<"int">, !orch.token
  %t5 = orch.append %c, %item after(%t4) : !orch.object, !orch.object -> !orch.token
  %whole, %t6 = orch.snapshot %c after(%t5) : !orch.object -> !orch.object, !orch.token
  %itself, %t7 = orch.snapshot %c after(%t6) {exact} : !orch.object -> !orch.object, !orch.token
  func.return %whole : !orch.object
}

// CHECK:       func.func @containers(%c: !orch.object, %k: !orch.object, %v: !orch.object, %t: !orch.token) -> !orch.object {
// CHECK-NEXT:    %item, %t0 = orch.getitem %c[%k] after(%t) : !orch.object, !orch.object -> !orch.object, !orch.token
// CHECK-NEXT:    %t1 = orch.setitem %c[%k] = %v after(%t, %t0) : !orch.object, !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    %t2 = orch.delitem %c[%k] after(%t1) : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    %in, %t3 = orch.contains %k in %c after(%t2) : !orch.object, !orch.object -> !orch.object<"bool">, !orch.token
// CHECK-NEXT:    %n, %t4 = orch.len %c after(%t3) : !orch.object -> !orch.object<"int">, !orch.token
// CHECK-NEXT:    %t5 = orch.append %c, %item after(%t4) : !orch.object, !orch.object -> !orch.token
// CHECK-NEXT:    %whole, %t6 = orch.snapshot %c after(%t5) : !orch.object -> !orch.object, !orch.token
// CHECK-NEXT:    %itself, %t7 = orch.snapshot %c after(%t6) {exact} : !orch.object -> !orch.object, !orch.token
// CHECK-NEXT:    func.return %whole : !orch.object
// CHECK-NEXT:  }

// -----

// None of them has to.

func.func @no_tokens(%c: !orch.list<!orch.object>, %k: !orch.object<"int">, %v: !orch.object) -> !orch.object {
  %item = orch.getitem %c[%k] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
  orch.setitem %c[%k] = %v : !orch.list<!orch.object>, !orch.object<"int">, !orch.object
  orch.delitem %c[%k] : !orch.list<!orch.object>, !orch.object<"int">
  %in = orch.contains %v in %c : !orch.object, !orch.list<!orch.object> -> !orch.object<"bool">
  %n = orch.len %c : !orch.list<!orch.object> -> !orch.object<"int">
  orch.append %c, %item : !orch.list<!orch.object>, !orch.object
  %whole = orch.snapshot %c {exact} : !orch.list<!orch.object> -> !orch.list<!orch.object>
  %popped = orch.method %c "pop"() : !orch.list<!orch.object>, () -> !orch.object
  func.return %popped : !orch.object
}

// CHECK:       func.func @no_tokens(%c: !orch.list<!orch.object>, %k: !orch.object<"int">, %v: !orch.object) -> !orch.object {
// CHECK-NEXT:    %item = orch.getitem %c[%k] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:    orch.setitem %c[%k] = %v : !orch.list<!orch.object>, !orch.object<"int">, !orch.object
// CHECK-NEXT:    orch.delitem %c[%k] : !orch.list<!orch.object>, !orch.object<"int">
// CHECK-NEXT:    %in = orch.contains %v in %c : !orch.object, !orch.list<!orch.object> -> !orch.object<"bool">
// CHECK-NEXT:    %n = orch.len %c : !orch.list<!orch.object> -> !orch.object<"int">
// CHECK-NEXT:    orch.append %c, %item : !orch.list<!orch.object>, !orch.object
// CHECK-NEXT:    %whole = orch.snapshot %c {exact} : !orch.list<!orch.object> -> !orch.list<!orch.object>
// CHECK-NEXT:    %popped = orch.method %c "pop"() : !orch.list<!orch.object>, () -> !orch.object
// CHECK-NEXT:    func.return %popped : !orch.object
// CHECK-NEXT:  }

// -----

// Instances: made without running code of the class, their attributes read and written.

func.func @instances(%cls: !orch.object, %x: !orch.object<"int">) -> !orch.object {
  %agent, %t0 = orch.new %cls() : !orch.object, () -> !orch.object<"Agent">, !orch.token
  %t1 = orch.setattr %agent "n" = %x after(%t0) : !orch.object<"Agent">, !orch.object<"int"> -> !orch.token
  %n, %t2 = orch.getattr %agent "n" after(%t1) : !orch.object<"Agent"> -> !orch.object, !orch.token
  %t3 = orch.delattr %agent "n" after(%t2) : !orch.object<"Agent"> -> !orch.token
  orch.setattr %agent "m" = %n : !orch.object<"Agent">, !orch.object
  orch.delattr %agent "m" : !orch.object<"Agent">
  func.return %n : !orch.object
}

// CHECK:       func.func @instances(%cls: !orch.object, %x: !orch.object<"int">) -> !orch.object {
// CHECK-NEXT:    %agent, %t0 = orch.new %cls() : !orch.object, () -> !orch.object<"Agent">, !orch.token
// CHECK-NEXT:    %t1 = orch.setattr %agent "n" = %x after(%t0) : !orch.object<"Agent">, !orch.object<"int"> -> !orch.token
// CHECK-NEXT:    %n, %t2 = orch.getattr %agent "n" after(%t1) : !orch.object<"Agent"> -> !orch.object, !orch.token
// CHECK-NEXT:    %t3 = orch.delattr %agent "n" after(%t2) : !orch.object<"Agent"> -> !orch.token
// CHECK-NEXT:    orch.setattr %agent "m" = %n : !orch.object<"Agent">, !orch.object
// CHECK-NEXT:    orch.delattr %agent "m" : !orch.object<"Agent">
// CHECK-NEXT:    func.return %n : !orch.object
// CHECK-NEXT:  }

// -----

// Arguments may be named or unpacked, as those of a call.

func.func @arguments(%cls: !orch.object, %o: !orch.object, %x: !orch.object, %xs: !orch.list<!orch.object>, %t: !orch.token) -> !orch.object {
  %made, %t0 = orch.new %cls(%x, %xs, %x) after(%t) {keywords = ["maxlen"], starred = array<i64: 1>} : !orch.object, (!orch.object, !orch.list<!orch.object>, !orch.object) -> !orch.object, !orch.token
  %r, %t1 = orch.method %o "insert"(%x, %made) after(%t0) {keywords = ["**"], starred = array<i64: 0>} : !orch.object, (!orch.object, !orch.object) -> !orch.object, !orch.token
  func.return %r : !orch.object
}

// CHECK:       func.func @arguments(%cls: !orch.object, %o: !orch.object, %x: !orch.object, %xs: !orch.list<!orch.object>, %t: !orch.token) -> !orch.object {
// CHECK-NEXT:    %made, %t0 = orch.new %cls(%x, %xs, %x) after(%t) {keywords = ["maxlen"], starred = array<i64: 1>} : !orch.object, (!orch.object, !orch.list<!orch.object>, !orch.object) -> !orch.object, !orch.token
// CHECK-NEXT:    %r, %t1 = orch.method %o "insert"(%x, %made) after(%t0) {keywords = ["**"], starred = array<i64: 0>} : !orch.object, (!orch.object, !orch.object) -> !orch.object, !orch.token
// CHECK-NEXT:    func.return %r : !orch.object
// CHECK-NEXT:  }

// -----

// A method may be a function of the module, if the object is of a certain class.

func.func private @Agent_step(%self: !orch.object, %x: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  func.return %x, %t : !orch.object, !orch.token
}
func.func @candidates(%o: !orch.object, %x: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
  %r, %t0 = orch.method %o "step"(%x) after(%t) {candidates = [[#orch.ref<"Agent">, @Agent_step, #orch.ref<"Agent.step">]]} : !orch.object, (!orch.object) -> !orch.object, !orch.token
  %s, %t1 = func.call @Agent_step(%o, %r, %t0) : (!orch.object, !orch.object, !orch.token) -> (!orch.object, !orch.token)
  func.return %s, %t1 : !orch.object, !orch.token
}

// CHECK:       func.func private @Agent_step(%self: !orch.object, %x: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
// CHECK-NEXT:    func.return %x, %t : !orch.object, !orch.token
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @candidates(%o: !orch.object, %x: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token) {
// CHECK-NEXT:    %r, %t0 = orch.method %o "step"(%x) after(%t) {candidates = {{\[\[}}#orch.ref<"Agent">, @Agent_step, #orch.ref<"Agent.step">]]} : !orch.object, (!orch.object) -> !orch.object, !orch.token
// CHECK-NEXT:    %s, %t1 = func.call @Agent_step(%o, %r, %t0) : (!orch.object, !orch.object, !orch.token) -> (!orch.object, !orch.token)
// CHECK-NEXT:    func.return %s, %t1 : !orch.object, !orch.token
// CHECK-NEXT:  }

// -----

// Native Python that is ordered unless its operands turn out to be plain data.

func.func @checked(%x: !orch.object, %t: !orch.token) -> !orch.object {
  %r, %t0 = orch.host "x + 1"(%x) after(%t) {names = ["x"], effects = #orch.effects<ordered>, checked} : (!orch.object) -> (!orch.object, !orch.token)
  func.return %r : !orch.object
}

// CHECK:       func.func @checked(%x: !orch.object, %t: !orch.token) -> !orch.object {
// CHECK-NEXT:    %r, %t0 = orch.host "x + 1"(%x) after(%t) {names = ["x"], effects = #orch.effects<ordered>, checked} : (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:    func.return %r : !orch.object
// CHECK-NEXT:  }

// -----

// Whether what iterations come to is their own.

func.func @disjoint(%c: !orch.object, %d: !orch.object<"dict">, %t: !orch.token) -> !orch.object<"bool"> {
  %0 = orch.disjoint(%c) [0] in <{}> : !orch.object
  %1 = orch.disjoint(%c, %d) [0, 2] in <written {"notes" 1, "name" 2}, written {"[]" 2, "{}" 2, 0}, {2}> after(%t) : !orch.object, !orch.object<"dict">
  func.return %1 : !orch.object<"bool">
}

// CHECK:       func.func @disjoint(%c: !orch.object, %d: !orch.object<"dict">, %t: !orch.token) -> !orch.object<"bool"> {
// CHECK-NEXT:    %0 = orch.disjoint(%c) [0] in <{}> : !orch.object
// CHECK-NEXT:    %1 = orch.disjoint(%c, %d) [0, 2] in <written {"notes" 1, "name" 2}, written {"[]" 2, "{}" 2, 0}, {2}> after(%t) : !orch.object, !orch.object<"dict">
// CHECK-NEXT:    func.return %1 : !orch.object<"bool">
// CHECK-NEXT:  }
