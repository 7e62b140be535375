// RUN: xcs-opt -p fuse-host --split-input-file %s | filecheck %s

// On one source line, where Python evaluates the operand first, the producer's expression takes its place.

func.func @chain(%text: !orch.object) -> !orch.object {
  %a = orch.host "text.strip()"(%text) {names = ["text"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object loc("app.py":7:0)
  %b = orch.host "s.lower()"(%a) {names = ["s"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object loc("app.py":7:0)
  %c = orch.host "s.split(',')"(%b) {names = ["s"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object loc("app.py":7:0)
  func.return %c : !orch.object
}

// CHECK:       func.func @chain(%text: !orch.object) -> !orch.object {
// CHECK-NEXT:    %c = orch.host "text.strip().lower().split(',')"(%text) {names = ["text"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %c : !orch.object
// CHECK-NEXT:  }

// -----

// Otherwise it becomes a statement before the consumer's: here formatting %a may raise, which Python
// does after both strips. Names that would clash are numbered.

func.func @in_order(%p: !orch.object, %q: !orch.object) -> !orch.object<"str"> {
  %a = orch.host "x.strip()"(%p) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %b = orch.host "x.strip()"(%q) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %c = orch.host "f'{a}: {b}'"(%a, %b) {names = ["a", "b"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object<"str">
  func.return %c : !orch.object<"str">
}

// CHECK:       func.func @in_order(%p: !orch.object, %q: !orch.object) -> !orch.object<"str"> {
// CHECK-NEXT:    %c = orch.host "a = x.strip()\0Ab = x_1.strip()\0Avalue = f'{a}: {b}'"(%p, %q) {names = ["x", "x_1"], out_names = ["value"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object<"str">
// CHECK-NEXT:    func.return %c : !orch.object<"str">
// CHECK-NEXT:  }

// -----

// Nothing moves to where it might not be evaluated, or more than once.

func.func @evaluated_once(%x: !orch.object, %y: !orch.object) -> (!orch.object, !orch.object) {
  %a = orch.host "f(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object loc("app.py":7:0)
  %b = orch.host "y and a"(%y, %a) {names = ["y", "a"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object loc("app.py":7:0)
  %c = orch.host "f(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object loc("app.py":7:0)
  %d = orch.host "[a for item in y]"(%y, %c) {names = ["y", "a"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object loc("app.py":7:0)
  func.return %b, %d : !orch.object, !orch.object
}

// CHECK:       func.func @evaluated_once(%x: !orch.object, %y: !orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %b = orch.host "a = f(x)\0Avalue = y and a"(%x, %y) {names = ["x", "y"], out_names = ["value"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    %d = orch.host "a_1 = f(x)\0Avalue_1 = [a_1 for item in y]"(%x, %y) {names = ["x", "y"], out_names = ["value_1"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    func.return %b, %d : !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// A value that something else uses too stays, and so does what may raise before something that may raise.

func.func @not_fused(%x: !orch.object, %y: !orch.object) -> (!orch.object, !orch.object, !orch.object) {
  %a = orch.host "f(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %b = orch.host "g(a)"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %c = orch.host "h(y)"(%y) {names = ["y"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %d = orch.host "b + 1"(%b) {names = ["b"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  func.return %a, %c, %d : !orch.object, !orch.object, !orch.object
}

// CHECK:       func.func @not_fused(%x: !orch.object, %y: !orch.object) -> (!orch.object, !orch.object, !orch.object) {
// CHECK-NEXT:    %a = orch.host "f(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %b = orch.host "g(a)"(%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %c = orch.host "h(y)"(%y) {names = ["y"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %d = orch.host "b + 1"(%b) {names = ["b"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %a, %c, %d : !orch.object, !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// No work is put off until a call that it does not need is done.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @no_delay(%x: !orch.object) -> !orch.object {
  %answer = orch.call @ask(%x) : (!orch.object) -> !orch.object
  %slow = orch.host "sorted(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %both = orch.host "a + b"(%slow, %answer) {names = ["a", "b"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
  func.return %both : !orch.object
}

// CHECK:       func.func @no_delay(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    %answer = orch.call @ask(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %slow = orch.host "sorted(x)"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %both = orch.host "a + b"(%slow, %answer) {names = ["a", "b"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
// CHECK-NEXT:    func.return %both : !orch.object
// CHECK-NEXT:  }

// -----

// Free names keep their function: an expression with none of its own can move to another's.

func.func @scopes(%x: !orch.object) -> (!orch.object, !orch.object) {
  %a = orch.host "helper(x)"(%x) {names = ["x"], effects = #orch.effects<pure>, scope = #orch.ref<"f">} : (!orch.object) -> !orch.object
  %b = orch.host "helper(a)"(%a) {names = ["a"], effects = #orch.effects<pure>, scope = #orch.ref<"g">} : (!orch.object) -> !orch.object
  %c = orch.host "a[1:]"(%b) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %d = orch.host "x + 1"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  func.return %c, %d : !orch.object, !orch.object
}

// CHECK:       func.func @scopes(%x: !orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %a = orch.host "helper(x)"(%x) {names = ["x"], effects = #orch.effects<pure>, scope = #orch.ref<"f">} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %c = orch.host "a_1 = helper(a)\0Avalue = a_1[1:]"(%a) {names = ["a"], out_names = ["value"], effects = #orch.effects<pure>, scope = #orch.ref<"g">} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %d = orch.host "x + 1"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %c, %d : !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// Item and attribute access is glue like any other, on values that are there as a whole. An item of a
// list with pending elements does not wait for the others, so that stays.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @access(%x: !orch.object, %list: !orch.list<!orch.object>) -> (!orch.object, !orch.object) {
  %zero = orch.constant 0 : i64 : !orch.object<"int">
  %answer = orch.call @ask(%x) : (!orch.object) -> !orch.object
  %choice = orch.getitem %answer[%zero] : !orch.object, !orch.object<"int"> -> !orch.object
  %message = orch.getattr %choice "message" : !orch.object -> !orch.object
  %text = orch.host "m.strip()"(%message) {names = ["m"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %item = orch.getitem %list[%zero] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
  %upper = orch.host "m.upper()"(%item) {names = ["m"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  func.return %text, %upper : !orch.object, !orch.object
}

// CHECK:       func.func @access(%x: !orch.object, %list: !orch.list<!orch.object>) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %zero = orch.constant 0 : i64 : !orch.object<"int">
// CHECK-NEXT:    %answer = orch.call @ask(%x) : (!orch.object) -> !orch.object
// CHECK-NEXT:    %text = orch.host "value_1 = value[0]\0Am = value_1.message\0Avalue_2 = m.strip()"(%answer) {names = ["value"], out_names = ["value_2"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %item = orch.getitem %list[%zero] : !orch.list<!orch.object>, !orch.object<"int"> -> !orch.object
// CHECK-NEXT:    %upper = orch.host "m.upper()"(%item) {names = ["m"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %text, %upper : !orch.object, !orch.object
// CHECK-NEXT:  }

// -----

// Statement lists join too. The lines of the result have a source location each.

func.func @blocks(%x: !orch.object) -> !orch.object {
  %n, %s = orch.host "n = 0\0As = []\0Afor item in x:\0A    n += 1\0A    s.append(item)"(%x) {names = ["x"], out_names = ["n", "s"], effects = #orch.effects<pure>} : (!orch.object) -> (!orch.object, !orch.object)
  %r = orch.host "sum(s) / n"(%n, %s) {names = ["n", "s"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
  func.return %r : !orch.object
}

// CHECK:       func.func @blocks(%x: !orch.object) -> !orch.object {
// CHECK-NEXT:    %r = orch.host "n = 0\0As = []\0Afor item in x:\0A    n += 1\0A    s.append(item)\0Avalue = sum(s) / n"(%x) {names = ["x"], out_names = ["value"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    func.return %r : !orch.object
// CHECK-NEXT:  }
