// RUN: xcs-opt --split-input-file %s | xcs-opt --split-input-file | filecheck %s
// RUN: xcs-opt --split-input-file --print-op-generic %s | xcs-opt --split-input-file | filecheck %s

// Operators are declared once, with what the optimiser may assume of them and how they are run.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>, policy = #orch.policy<retries = 2, backoff = 0.5, timeout = 30.0, max_concurrency = 8, rate_limit = "500/min">}
orch.operator @embed {path = "app:embed", kind = #orch.kind<tensor>, effects = #orch.effects<pure>, fresh, nonblocking, ref = #orch.ref<"embed">}
orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>, deterministic}

// Calls: named and unpacked arguments, and the moments that they wait for.

func.func @calls(%f: !orch.object, %a: !orch.object<"str">, %rest: !orch.list<!orch.object>) -> !orch.object {
  %start = orch.join()
  %0 = orch.call @ask(%a, %rest, %a) {keywords = ["prompt"], starred = array<i64: 1>} : (!orch.object<"str">, !orch.list<!orch.object>, !orch.object<"str">) -> !orch.object
  %1, %t0 = orch.call @save(%0) after(%start) : (!orch.object) -> (!orch.object, !orch.token)
  %2, %t1 = orch.invoke %f(%1) after(%t0, %start) {keywords = ["**"]} : !orch.object, (!orch.object) -> (!orch.object, !orch.token)
  %3 = orch.join(%t0, %t1)
  %4, %t2 = orch.host "print(x) or limit" (%2) after(%3) {names = ["x"], effects = #orch.effects<ordered>, scope = #orch.ref<"main">} : (!orch.object) -> (!orch.object, !orch.token)
  func.return %4 : !orch.object
}

// CHECK:       orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>, policy = #orch.policy<retries = 2, backoff = 0.5, timeout = 30.0, max_concurrency = 8, rate_limit = "500/min">}
// CHECK-NEXT:  orch.operator @embed {path = "app:embed", kind = #orch.kind<tensor>, effects = #orch.effects<pure>, fresh, nonblocking, ref = #orch.ref<"embed">}
// CHECK-NEXT:  orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>, deterministic}
// CHECK-NEXT:  func.func @calls(%f: !orch.object, %a: !orch.object<"str">, %rest: !orch.list<!orch.object>) -> !orch.object {
// CHECK-NEXT:    %start = orch.join()
// CHECK-NEXT:    %0 = orch.call @ask(%a, %rest, %a) {keywords = ["prompt"], starred = array<i64: 1>} : (!orch.object<"str">, !orch.list<!orch.object>, !orch.object<"str">) -> !orch.object
// CHECK-NEXT:    %1, %t0 = orch.call @save(%0) after(%start) : (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:    %2, %t1 = orch.invoke %f(%1) after(%t0, %start) {keywords = ["**"]} : !orch.object, (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:    %3 = orch.join(%t0, %t1)
// CHECK-NEXT:    %4, %t2 = orch.host "print(x) or limit"(%2) after(%3) {names = ["x"], effects = #orch.effects<ordered>, scope = #orch.ref<"main">} : (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:    func.return %4 : !orch.object
// CHECK-NEXT:  }

// -----

// Native Python: an expression, or statements that give the values of names.

func.func @host(%a: !orch.object<"int">) -> (!orch.object, !orch.object<"int">) {
  %0, %1 = orch.host "x = a\0Ay = x + 1" (%a) {names = ["a"], out_names = ["x", "y"], effects = #orch.effects<pure>} : (!orch.object<"int">) -> (!orch.object, !orch.object)
  %2 = orch.host "abs(a)" (%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"int">
  func.return %1, %2 : !orch.object, !orch.object<"int">
}

// CHECK:       func.func @host(%a: !orch.object<"int">) -> (!orch.object, !orch.object<"int">) {
// CHECK-NEXT:    %0, %1 = orch.host "x = a\0Ay = x + 1"(%a) {names = ["a"], out_names = ["x", "y"], effects = #orch.effects<pure>} : (!orch.object<"int">) -> (!orch.object, !orch.object)
// CHECK-NEXT:    %2 = orch.host "abs(a)"(%a) {names = ["a"], effects = #orch.effects<pure>, total} : (!orch.object<"int">) -> !orch.object<"int">
// CHECK-NEXT:    func.return %1, %2 : !orch.object, !orch.object<"int">
// CHECK-NEXT:  }

// -----

// Literals, references to objects of the process, and containers of what may still be pending.

func.func @values(%x: tensor<2xf32>) -> !orch.object {
  %none = orch.constant unit : !orch.object<"NoneType">
  %yes = orch.constant true : !orch.object<"bool">
  %two = orch.constant 2 : i64 : !orch.object<"int">
  %half = orch.constant 5.000000e-01 : f64 : !orch.object<"float">
  %text = orch.constant "text" : !orch.object<"str">
  %client = orch.constant #orch.ref<"client"> : !orch.object
  %list = orch.list(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> !orch.list<tensor<2xf32>>
  %tuple = orch.tuple(%none, %yes, %half) : (!orch.object<"NoneType">, !orch.object<"bool">, !orch.object<"float">) -> !orch.object<"tuple">
  %dict = orch.dict(%text) to(%tuple) : (!orch.object<"str">) to(!orch.object<"tuple">) -> !orch.object<"dict">
  %item = orch.getitem %list[%two] : !orch.list<tensor<2xf32>>, !orch.object<"int"> -> tensor<2xf32>
  %name = orch.getattr %client "name" : !orch.object -> !orch.object
  %stacked = orch.stack %list : !orch.list<tensor<2xf32>> -> tensor<2x2xf32>
  %rows = orch.unstack %stacked : tensor<2x2xf32> -> !orch.list<tensor<2xf32>>
  func.return %name : !orch.object
}

// CHECK:       func.func @values(%x: tensor<2xf32>) -> !orch.object {
// CHECK-NEXT:    %none = orch.constant unit : !orch.object<"NoneType">
// CHECK-NEXT:    %yes = orch.constant true : !orch.object<"bool">
// CHECK-NEXT:    %two = orch.constant 2 : i64 : !orch.object<"int">
// CHECK-NEXT:    %half = orch.constant 5.000000e-01 : f64 : !orch.object<"float">
// CHECK-NEXT:    %text = orch.constant "text" : !orch.object<"str">
// CHECK-NEXT:    %client = orch.constant #orch.ref<"client"> : !orch.object
// CHECK-NEXT:    %list = orch.list(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> !orch.list<tensor<2xf32>>
// CHECK-NEXT:    %tuple = orch.tuple(%none, %yes, %half) : (!orch.object<"NoneType">, !orch.object<"bool">, !orch.object<"float">) -> !orch.object<"tuple">
// CHECK-NEXT:    %dict = orch.dict(%text) to(%tuple) : (!orch.object<"str">) to(!orch.object<"tuple">) -> !orch.object<"dict">
// CHECK-NEXT:    %item = orch.getitem %list[%two] : !orch.list<tensor<2xf32>>, !orch.object<"int"> -> tensor<2xf32>
// CHECK-NEXT:    %name = orch.getattr %client "name" : !orch.object -> !orch.object
// CHECK-NEXT:    %stacked = orch.stack %list : !orch.list<tensor<2xf32>> -> tensor<2x2xf32>
// CHECK-NEXT:    %rows = orch.unstack %stacked : tensor<2x2xf32> -> !orch.list<tensor<2xf32>>
// CHECK-NEXT:    func.return %name : !orch.object
// CHECK-NEXT:  }

// -----

// Regions: independent iterations, carried values, branches.

func.func @regions(%xs: !orch.list<!orch.object>, %any: !orch.object, %start: !orch.token) -> !orch.object {
  %copies = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%x: !orch.object):
    orch.yield %x : !orch.object
  }
  %saved, %done = orch.map %any after(%start) : (!orch.object) -> (!orch.list<!orch.object>, !orch.token) {
  ^bb1(%y: !orch.object, %before: !orch.token):
    orch.yield %y, %before : !orch.object, !orch.token
  }
  %last = orch.for %xs carry(%any : !orch.object) : (!orch.list<!orch.object>) -> !orch.object {
  ^bb2(%z: !orch.object, %carried: !orch.object):
    orch.yield %z : !orch.object
  }
  %one = orch.if %any : (!orch.object) -> !orch.object {
    orch.yield %last : !orch.object
  } else {
    orch.yield %any : !orch.object
  }
  func.return %one : !orch.object
}

// CHECK:       func.func @regions(%xs: !orch.list<!orch.object>, %any: !orch.object, %start: !orch.token) -> !orch.object {
// CHECK-NEXT:    %copies = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
// CHECK-NEXT:    ^bb0(%x: !orch.object):
// CHECK-NEXT:      orch.yield %x : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %saved, %done = orch.map %any after(%start) : (!orch.object) -> (!orch.list<!orch.object>, !orch.token) {
// CHECK-NEXT:    ^bb0(%y: !orch.object, %before: !orch.token):
// CHECK-NEXT:      orch.yield %y, %before : !orch.object, !orch.token
// CHECK-NEXT:    }
// CHECK-NEXT:    %last = orch.for %xs carry(%any : !orch.object) : (!orch.list<!orch.object>) -> !orch.object {
// CHECK-NEXT:    ^bb0(%z: !orch.object, %carried: !orch.object):
// CHECK-NEXT:      orch.yield %z : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    %one = orch.if %any : (!orch.object) -> !orch.object {
// CHECK-NEXT:      orch.yield %last : !orch.object
// CHECK-NEXT:    } else {
// CHECK-NEXT:      orch.yield %any : !orch.object
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %one : !orch.object
// CHECK-NEXT:  }

// -----

// Kernels are functions that are launched.

func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = xtensor.exp %x : tensor<4xf32>
  func.return %y : tensor<4xf32>
}
func.func @launch(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = orch.launch @kernel(%x) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
func.func @launch_over(%xs: !orch.list<tensor<4xf32>>, %i: !orch.object) -> tensor<4xf32> {
  %ys = orch.launch @kernel(%xs) {over = array<i64: 0>} : (!orch.list<tensor<4xf32>>) -> !orch.list<tensor<4xf32>>
  %y = orch.getitem %ys[%i] {row} : !orch.list<tensor<4xf32>>, !orch.object -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK:       func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %y = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @launch(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %y = orch.launch @kernel(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func @launch_over(%xs: !orch.list<tensor<4xf32>>, %i: !orch.object) -> tensor<4xf32> {
// CHECK-NEXT:    %ys = orch.launch @kernel(%xs) {over = array<i64: 0>} : (!orch.list<tensor<4xf32>>) -> !orch.list<tensor<4xf32>>
// CHECK-NEXT:    %y = orch.getitem %ys[%i] {row} : !orch.list<tensor<4xf32>>, !orch.object -> tensor<4xf32>
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// CHECK-NEXT:  }
