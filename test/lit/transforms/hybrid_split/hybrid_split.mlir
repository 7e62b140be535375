// RUN: xcs-opt -p hybrid-split --split-input-file %s | filecheck %s

// A function of array code alone is one launch.

func.func @all_array(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %two = xtensor.constant dense<2.0> : tensor<4xf32>
  %scaled = xtensor.mul %x, %two : tensor<4xf32>
  %sum = xtensor.add %scaled, %y : tensor<4xf32>
  func.return %sum : tensor<4xf32>
}

// CHECK:       func.func @all_array(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %sum = orch.launch @all_array_kernel_0(%x, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %sum : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @all_array_kernel_0(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %two = xtensor.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    %scaled = xtensor.mul %x, %two : tensor<4xf32>
// CHECK-NEXT:    %sum = xtensor.add %scaled, %y : tensor<4xf32>
// CHECK-NEXT:    func.return %sum : tensor<4xf32>
// CHECK-NEXT:  }

// -----

// Array code that needs a call's result is a second kernel. What does not need it (%fast) is computed
// before, and constants are copied into each kernel that uses them.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @around_a_call(%x: tensor<4xf32>) -> tensor<4xf32> {
  %two = xtensor.constant dense<2.0> : tensor<4xf32>
  %query = xtensor.mul %x, %two : tensor<4xf32>
  %answer = orch.call @ask(%query) : (tensor<4xf32>) -> tensor<4xf32>
  %late = xtensor.mul %answer, %two : tensor<4xf32>
  %fast = xtensor.exp %x : tensor<4xf32>
  %sum = xtensor.add %late, %fast : tensor<4xf32>
  func.return %sum : tensor<4xf32>
}

// CHECK:       func.func @around_a_call(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %query, %fast = orch.launch @around_a_call_kernel_0(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT:    %answer = orch.call @ask(%query) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %sum = orch.launch @around_a_call_kernel_1(%answer, %fast) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %sum : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @around_a_call_kernel_0(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
// CHECK-NEXT:    %two = xtensor.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    %query = xtensor.mul %x, %two : tensor<4xf32>
// CHECK-NEXT:    %fast = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %query, %fast : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @around_a_call_kernel_1(%answer: tensor<4xf32>, %fast: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %two = xtensor.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    %late = xtensor.mul %answer, %two : tensor<4xf32>
// CHECK-NEXT:    %sum = xtensor.add %late, %fast : tensor<4xf32>
// CHECK-NEXT:    func.return %sum : tensor<4xf32>
// CHECK-NEXT:  }

// -----

// A call is not held up by array work that it does not need: %big is a kernel of its own, although it
// could be computed with %query.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @no_delay(%x: tensor<4xf32>, %w: tensor<512x512xf32>) -> (!orch.object, tensor<512x512xf32>) {
  %query = xtensor.exp %x : tensor<4xf32>
  %big = xtensor.dot_general %w, %w batch [] x [] contract [1] x [0] : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
  %answer = orch.call @ask(%query) : (tensor<4xf32>) -> !orch.object
  func.return %answer, %big : !orch.object, tensor<512x512xf32>
}

// CHECK:       func.func @no_delay(%x: tensor<4xf32>, %w: tensor<512x512xf32>) -> (!orch.object, tensor<512x512xf32>) {
// CHECK-NEXT:    %query = orch.launch @no_delay_kernel_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %big = orch.launch @no_delay_kernel_1(%w) : (tensor<512x512xf32>) -> tensor<512x512xf32>
// CHECK-NEXT:    %answer = orch.call @ask(%query) : (tensor<4xf32>) -> !orch.object
// CHECK-NEXT:    func.return %answer, %big : !orch.object, tensor<512x512xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @no_delay_kernel_0(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %query = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %query : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @no_delay_kernel_1(%w: tensor<512x512xf32>) -> tensor<512x512xf32> {
// CHECK-NEXT:    %big = xtensor.dot_general %w, %w batch [] x [] contract [1] x [0] : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
// CHECK-NEXT:    func.return %big : tensor<512x512xf32>
// CHECK-NEXT:  }

// -----

// Nor does outlining make one call wait for another: %first and %second are not one kernel, since
// @tell(%first) would wait for the slower @ask.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
orch.operator @tell {path = "app:tell", kind = #orch.kind<tool>, effects = #orch.effects<unordered>}
func.func @calls_stay_independent(%x: tensor<4xf32>) -> (!orch.object, !orch.object) {
  %a = orch.call @ask(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %b = orch.call @tell(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %first = xtensor.exp %b : tensor<4xf32>
  %second = xtensor.exp %a : tensor<4xf32>
  %c = orch.call @tell(%first) : (tensor<4xf32>) -> !orch.object
  %d = orch.call @ask(%second) : (tensor<4xf32>) -> !orch.object
  func.return %c, %d : !orch.object, !orch.object
}

// CHECK:       func.func @calls_stay_independent(%x: tensor<4xf32>) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %a = orch.call @ask(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %b = orch.call @tell(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %first = orch.launch @calls_stay_independent_kernel_0(%b) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %second = orch.launch @calls_stay_independent_kernel_0(%a) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %c = orch.call @tell(%first) : (tensor<4xf32>) -> !orch.object
// CHECK-NEXT:    %d = orch.call @ask(%second) : (tensor<4xf32>) -> !orch.object
// CHECK-NEXT:    func.return %c, %d : !orch.object, !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @calls_stay_independent_kernel_0(%b: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %first = xtensor.exp %b : tensor<4xf32>
// CHECK-NEXT:    func.return %first : tensor<4xf32>
// CHECK-NEXT:  }

// -----

// What takes less than a launch joins the kernel that it continues: slices for many calls are results
// of one kernel.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @small_parts(%x: tensor<2x4xf32>) -> (!orch.object, !orch.object) {
  %all = xtensor.exp %x : tensor<2x4xf32>
  %first = xtensor.slice %all from [0, 0] to [1, 4] by [1, 1] : tensor<2x4xf32> -> tensor<1x4xf32>
  %second = xtensor.slice %all from [1, 0] to [2, 4] by [1, 1] : tensor<2x4xf32> -> tensor<1x4xf32>
  %a = orch.call @ask(%first) : (tensor<1x4xf32>) -> !orch.object
  %b = orch.call @ask(%second) : (tensor<1x4xf32>) -> !orch.object
  func.return %a, %b : !orch.object, !orch.object
}

// CHECK:       func.func @small_parts(%x: tensor<2x4xf32>) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %first, %second = orch.launch @small_parts_kernel_0(%x) : (tensor<2x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>)
// CHECK-NEXT:    %a = orch.call @ask(%first) : (tensor<1x4xf32>) -> !orch.object
// CHECK-NEXT:    %b = orch.call @ask(%second) : (tensor<1x4xf32>) -> !orch.object
// CHECK-NEXT:    func.return %a, %b : !orch.object, !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @small_parts_kernel_0(%x: tensor<2x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
// CHECK-NEXT:    %all = xtensor.exp %x : tensor<2x4xf32>
// CHECK-NEXT:    %first = xtensor.slice %all from [0, 0] to [1, 4] by [1, 1] : tensor<2x4xf32> -> tensor<1x4xf32>
// CHECK-NEXT:    %second = xtensor.slice %all from [1, 0] to [2, 4] by [1, 1] : tensor<2x4xf32> -> tensor<1x4xf32>
// CHECK-NEXT:    func.return %first, %second : tensor<1x4xf32>, tensor<1x4xf32>
// CHECK-NEXT:  }

// -----

// A region is convex: the value goes out through a host op and comes back, so there are two kernels.
// %side needs neither, and is computed with the first.

func.func @no_cycle(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = xtensor.exp %x : tensor<4xf32>
  %b = orch.host "a.round()"(%a) {names = ["a"], effects = #orch.effects<pure>} : (tensor<4xf32>) -> tensor<4xf32>
  %side = xtensor.log %x : tensor<4xf32>
  %c = xtensor.add %a, %b : tensor<4xf32>
  %d = xtensor.add %c, %side : tensor<4xf32>
  func.return %d : tensor<4xf32>
}

// CHECK:       func.func @no_cycle(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %a, %side = orch.launch @no_cycle_kernel_0(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT:    %b = orch.host "a.round()"(%a) {names = ["a"], effects = #orch.effects<pure>} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %d = orch.launch @no_cycle_kernel_1(%a, %b, %side) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %d : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @no_cycle_kernel_0(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
// CHECK-NEXT:    %a = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    %side = xtensor.log %x : tensor<4xf32>
// CHECK-NEXT:    func.return %a, %side : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @no_cycle_kernel_1(%a: tensor<4xf32>, %b: tensor<4xf32>, %side: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %c = xtensor.add %a, %b : tensor<4xf32>
// CHECK-NEXT:    %d = xtensor.add %c, %side : tensor<4xf32>
// CHECK-NEXT:    func.return %d : tensor<4xf32>
// CHECK-NEXT:  }

// -----

// Ops that cannot be array code and may raise keep their order; containers follow the launch.

func.func @order(%x: tensor<4xf32>, %y: !orch.object) -> (!orch.object, !orch.object) {
  %a = xtensor.exp %x : tensor<4xf32>
  %pair = orch.tuple(%a, %y) : (tensor<4xf32>, !orch.object) -> !orch.object
  %h = orch.host "f(y)"(%y) {names = ["y"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  %b = xtensor.log %x : tensor<4xf32>
  %all = orch.tuple(%pair, %b) : (!orch.object, tensor<4xf32>) -> !orch.object
  func.return %all, %h : !orch.object, !orch.object
}

// CHECK:       func.func @order(%x: tensor<4xf32>, %y: !orch.object) -> (!orch.object, !orch.object) {
// CHECK-NEXT:    %h = orch.host "f(y)"(%y) {names = ["y"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
// CHECK-NEXT:    %a, %b = orch.launch @order_kernel_0(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT:    %pair = orch.tuple(%a, %y) : (tensor<4xf32>, !orch.object) -> !orch.object
// CHECK-NEXT:    %all = orch.tuple(%pair, %b) : (!orch.object, tensor<4xf32>) -> !orch.object
// CHECK-NEXT:    func.return %all, %h : !orch.object, !orch.object
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @order_kernel_0(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
// CHECK-NEXT:    %a = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    %b = xtensor.log %x : tensor<4xf32>
// CHECK-NEXT:    func.return %a, %b : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT:  }

// -----

// Inside a map body, values from outside are operands of the launch.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
func.func @in_a_map(%x: tensor<4xf32>, %docs: !orch.list<!orch.object>) -> !orch.list<tensor<4xf32>> {
  %half = xtensor.constant dense<0.5> : tensor<4xf32>
  %query = xtensor.exp %x : tensor<4xf32>
  %scores = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<tensor<4xf32>> {
  ^bb0(%doc: !orch.object):
    %embedded = orch.call @ask(%doc) : (!orch.object) -> tensor<4xf32>
    %scaled = xtensor.mul %embedded, %half : tensor<4xf32>
    %score = xtensor.mul %scaled, %query : tensor<4xf32>
    orch.yield %score : tensor<4xf32>
  }
  func.return %scores : !orch.list<tensor<4xf32>>
}

// CHECK:       func.func @in_a_map(%x: tensor<4xf32>, %docs: !orch.list<!orch.object>) -> !orch.list<tensor<4xf32>> {
// CHECK-NEXT:    %query = orch.launch @in_a_map_kernel_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %scores = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<tensor<4xf32>> {
// CHECK-NEXT:    ^bb0(%doc: !orch.object):
// CHECK-NEXT:      %embedded = orch.call @ask(%doc) : (!orch.object) -> tensor<4xf32>
// CHECK-NEXT:      %score = orch.launch @in_a_map_kernel_1(%embedded, %query) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:      orch.yield %score : tensor<4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %scores : !orch.list<tensor<4xf32>>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @in_a_map_kernel_0(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %query = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %query : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @in_a_map_kernel_1(%embedded: tensor<4xf32>, %query: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %half = xtensor.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK-NEXT:    %scaled = xtensor.mul %embedded, %half : tensor<4xf32>
// CHECK-NEXT:    %score = xtensor.mul %scaled, %query : tensor<4xf32>
// CHECK-NEXT:    func.return %score : tensor<4xf32>
// CHECK-NEXT:  }

// -----

// Both branches, with the same array code: one kernel, launched twice. A constant that is a result is
// computed by a kernel too.

func.func @in_branches(%flag: !orch.object, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = xtensor.constant dense<0.0> : tensor<4xf32>
  %r = orch.if %flag : (!orch.object) -> tensor<4xf32> {
    %a = xtensor.exp %x : tensor<4xf32>
    orch.yield %a : tensor<4xf32>
  } else {
    %b = xtensor.exp %y : tensor<4xf32>
    orch.yield %b : tensor<4xf32>
  }
  func.return %r, %zero : tensor<4xf32>, tensor<4xf32>
}

// CHECK:       func.func @in_branches(%flag: !orch.object, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
// CHECK-NEXT:    %r = orch.if %flag : (!orch.object) -> tensor<4xf32> {
// CHECK-NEXT:      %a = orch.launch @in_branches_kernel_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:      orch.yield %a : tensor<4xf32>
// CHECK-NEXT:    } else {
// CHECK-NEXT:      %b = orch.launch @in_branches_kernel_0(%y) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:      orch.yield %b : tensor<4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    %zero = orch.launch @in_branches_kernel_1() : () -> tensor<4xf32>
// CHECK-NEXT:    func.return %r, %zero : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @in_branches_kernel_0(%x: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %a = xtensor.exp %x : tensor<4xf32>
// CHECK-NEXT:    func.return %a : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @in_branches_kernel_1() -> tensor<4xf32> {
// CHECK-NEXT:    %zero = xtensor.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    func.return %zero : tensor<4xf32>
// CHECK-NEXT:  }
