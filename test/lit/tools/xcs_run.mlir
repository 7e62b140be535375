// RUN: xcs-run %s --entry shout --allow builtins --args '["a", ["x", "y"]]' | filecheck %s
// RUN: not xcs-run %s --entry shout --args '["a", ["x", "y"]]' 2>&1 | filecheck %s --check-prefix REFUSED

func.func @shout(%prefix : !orch.object, %words : !orch.list<!orch.object>) -> !orch.list<!orch.object> {
  %shouted = orch.map %words : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%word : !orch.object):
    // REFUSED: xcs_run.mlir:[[# @LINE + 1]]:5: error: this runs native Python; to permit it, add --allow builtins
    %0 = orch.host "prefix + word.upper()"(%prefix, %word) {names = ["prefix", "word"], effects = #orch.effects<pure>} : (!orch.object, !orch.object) -> !orch.object
    orch.yield %0 : !orch.object
  }
  func.return %shouted : !orch.list<!orch.object>
}

// CHECK: ["aX", "aY"]
