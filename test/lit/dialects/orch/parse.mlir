// RUN: xcs-opt %s --parsing-diagnostics --split-input-file | filecheck %s

// CHECK: 'pretty' is not one of pure, unordered, ordered
orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<pretty>}

// -----

// CHECK: unknown policy 'tries', expected one of retries, backoff, timeout, max_concurrency, rate_limit
orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<pure>, policy = #orch.policy<tries = 2>}

// -----

// CHECK: 'changes' is not one of reads, writes
func.func private @count(%x: !orch.object) -> !orch.object attributes {orch.native = #orch.native<"count", changes>} {
  func.return %x : !orch.object
}

// -----

// CHECK: there is no place 3 among 2
func.func @places_that_are_not_there(%c: !orch.object) {
  %0 = orch.disjoint(%c) [0] in <{"[]" 3}, {}> : !orch.object
  func.return
}

// -----

// CHECK: a place has one part at most that stands for all others
func.func @two_parts_for_all_others(%c: !orch.object) {
  %0 = orch.disjoint(%c) [0] in <{0, 0}> : !orch.object
  func.return
}
