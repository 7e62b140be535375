// RUN: xcs-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: operand 'after' at position 2 does not verify
func.func @after_is_a_token(%c: !orch.object, %k: !orch.object) {
  %0 = "orch.getitem"(%c, %k, %k) : (!orch.object, !orch.object, !orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: result 'token' at position 1 does not verify
func.func @second_result_is_a_token(%c: !orch.object) {
  %0, %1 = "orch.len"(%c) : (!orch.object) -> (!orch.object, !orch.object)
  func.return
}

// -----

// CHECK: result 'token' at position 0 does not verify
func.func @a_write_gives_no_value(%c: !orch.object, %v: !orch.object) {
  %0 = "orch.append"(%c, %v) : (!orch.object, !orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: a value is not a token
func.func @a_read_gives_a_value(%c: !orch.object) {
  %0 = "orch.len"(%c) : (!orch.object) -> !orch.token
  func.return
}

// -----

// CHECK: a value is not a token
func.func @a_token_is_not_stored(%c: !orch.object, %t: !orch.token) {
  "orch.append"(%c, %t) : (!orch.object, !orch.token) -> ()
  func.return
}

// -----

// CHECK: property 'attribute' expected in operation 'orch.getattr'
func.func @no_name(%c: !orch.object) {
  %0 = "orch.getattr"(%c) : (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: property 'method' expected in operation 'orch.method'
func.func @no_method(%c: !orch.object) {
  %0 = "orch.method"(%c) <{operandSegmentSizes = array<i32: 1, 0, 0>}> : (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: more keywords than arguments
func.func @method_keywords(%c: !orch.object) {
  %0 = orch.method %c "get"(%c) {keywords = ["x", "y"]} : !orch.object, (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: starred positions must be below 0
func.func @new_starred_keyword(%c: !orch.object) {
  %0 = orch.new %c(%c) {keywords = ["x"], starred = array<i64: 0>} : !orch.object, (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: Invalid value 2, expected 3
func.func @candidate_of_two(%c: !orch.object) {
  %0 = orch.method %c "step"() {candidates = [[#orch.ref<"Agent">, @candidate_of_two]]} : !orch.object, () -> !orch.object
  func.return
}

// -----

// CHECK: a candidate is [class reference, function, method reference], got [@f, #orch.ref<"Agent">, #orch.ref<"Agent.step">]
func.func @candidate_order(%c: !orch.object) {
  %0 = orch.method %c "step"() {candidates = [[@f, #orch.ref<"Agent">, #orch.ref<"Agent.step">]]} : !orch.object, () -> !orch.object
  func.return
}

// -----

// CHECK: candidate @missing is not a function
func.func @candidate_is_missing(%c: !orch.object) {
  %0 = orch.method %c "step"() {candidates = [[#orch.ref<"Agent">, @missing, #orch.ref<"Agent.step">]]} : !orch.object, () -> !orch.object
  func.return
}

// -----

func.func private @no_token(%self: !orch.object) -> !orch.object {
  func.return %self : !orch.object
}
// CHECK: candidate @no_token must take (receiver, arguments, token) and give (result, token)
func.func @candidate_without_token(%c: !orch.object) {
  %0 = orch.method %c "step"() {candidates = [[#orch.ref<"Agent">, @no_token, #orch.ref<"Agent.step">]]} : !orch.object, () -> !orch.object
  func.return
}

// -----

// CHECK: only ordered source can be checked
func.func @checked_and_pure(%a: !orch.object) {
  %0 = orch.host "a + 1"(%a) {names = ["a"], effects = #orch.effects<pure>, checked} : (!orch.object) -> !orch.object
  func.return
}

// -----

func.func private @callee(%a: !orch.object, %t: !orch.token) -> !orch.object {
  func.return %a : !orch.object
}
// CHECK: incorrect number of operands for callee
func.func @frame_without_token(%a: !orch.object) {
  %0 = func.call @callee(%a) : (!orch.object) -> !orch.object
  func.return
}

// -----

// CHECK: 1 containers have 2 roots
func.func @disjoint_with_too_many_roots(%c: !orch.object) {
  %0 = orch.disjoint(%c) [0, 0] in <{}> : !orch.object
  func.return
}

// -----

// CHECK: there is no place 1 among 1
func.func @disjoint_without_its_root(%c: !orch.object) {
  %0 = orch.disjoint(%c) [1] in <{}> : !orch.object
  func.return
}
