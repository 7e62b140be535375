// RUN: xcs-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: @ask is not a declared orch.operator
func.func @undeclared(%a: !orch.object) {
  %0 = orch.call @ask(%a) : (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: orch.operator belongs at the top level of a module
func.func @nested_operator() {
  orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
  func.return
}

// -----

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
// CHECK: more keywords than arguments
func.func @keywords(%a: !orch.object) {
  %0 = orch.call @ask(%a) {keywords = ["x", "y"]} : (!orch.object) -> !orch.object
  func.return
}

// -----

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
// CHECK: starred positions must be below 1
func.func @starred_keyword(%a: !orch.object) {
  %0 = orch.call @ask(%a, %a) {keywords = ["x"], starred = array<i64: 1>} : (!orch.object, !orch.object) -> !orch.object
  func.return
}

// -----

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
// CHECK: a token must be the last result
func.func @token_first(%a: !orch.object) {
  %t, %0 = orch.call @ask(%a) : (!orch.object) -> (!orch.token, !orch.object)
  func.return
}

// -----

// CHECK: @missing is not a function
func.func @no_kernel(%a: !orch.object) {
  %0 = orch.launch @missing(%a) : (!orch.object) -> !orch.object
  func.return
}

// -----

func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  func.return %x : tensor<4xf32>
}
// CHECK: argument types differ from those of @kernel
func.func @kernel_signature(%x: tensor<5xf32>) {
  %0 = orch.launch @kernel(%x) : (tensor<5xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  func.return %x : tensor<4xf32>
}
// CHECK: what a kernel is launched over, and what it gives then, are lists
func.func @kernel_over_no_list(%x: tensor<4xf32>) {
  %0 = orch.launch @kernel(%x) {over = array<i64: 0>} : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  func.return %x : tensor<4xf32>
}
// CHECK: positions of sequences must be below 1
func.func @kernel_over_nothing(%x: tensor<4xf32>) {
  %0 = orch.launch @kernel(%x) {over = array<i64: 1>} : (tensor<4xf32>) -> !orch.list<tensor<4xf32>>
  func.return
}

// -----

// CHECK: 1 names for 2 operands
func.func @host_names(%a: !orch.object) {
  %0 = orch.host "a" (%a, %a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: operand names must differ from one another
func.func @host_same_names(%a: !orch.object) {
  %0 = orch.host "a" (%a, %a) {names = ["a", "a"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: expected 1 results beside a token, got 2
func.func @host_results(%a: !orch.object) {
  %0, %1 = orch.host "a" (%a) {names = ["a"], effects = #orch.effects<pure>} : (!orch.object) -> (!orch.object, !orch.object)
  func.return
}

// -----

// CHECK: only pure source can be total
func.func @total_effect(%a: !orch.object) {
  %0 = orch.host "print(a)" (%a) {names = ["a"], effects = #orch.effects<ordered>, total} : (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: block arguments: expected (!orch.object), got (tensor<4xf32>)
func.func @map_element(%xs: !orch.list<!orch.object>) {
  %0 = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<tensor<4xf32>> {
  ^bb0(%x: tensor<4xf32>):
    orch.yield %x : tensor<4xf32>
  }
  func.return
}

// -----

// CHECK: yielded values: expected (tensor<4xf32>), got (!orch.object)
func.func @map_yield(%xs: !orch.list<!orch.object>) {
  %0 = orch.map %xs : (!orch.list<!orch.object>) -> !orch.list<tensor<4xf32>> {
  ^bb0(%x: !orch.object):
    orch.yield %x : !orch.object
  }
  func.return
}

// -----

// CHECK: results must be lists, and a token if one enters
func.func @map_token(%xs: !orch.list<!orch.object>) {
  %0 = orch.map %xs : (!orch.list<!orch.object>) -> !orch.token {
  ^bb0(%x: !orch.object):
    %t = orch.join()
    orch.yield %t : !orch.token
  }
  func.return
}

// -----

// CHECK: yielded values: expected (!orch.object), got ()
func.func @branches(%c: !orch.object) {
  %0 = orch.if %c : (!orch.object) -> !orch.object {
    orch.yield %c : !orch.object
  } else {
    orch.yield
  }
  func.return
}

// -----

// CHECK: 1 keys for 2 values
func.func @dict(%a: !orch.object) {
  %0 = orch.dict(%a) to (%a, %a) : (!orch.object) to (!orch.object, !orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: a token is not a constant; use orch.join
func.func @token_constant() {
  %0 = orch.constant unit : !orch.token
  func.return
}

// -----

// CHECK: only a call of an ordered operator can be checked
orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @checked(%a: !orch.object) {
  %0 = orch.call @ask(%a) {checked} : (!orch.object) -> !orch.object
  func.return
}
