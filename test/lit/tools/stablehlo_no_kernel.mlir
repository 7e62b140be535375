// RUN: not xcs-opt %s -t stablehlo 2>&1 | filecheck %s

// CHECK: stablehlo_no_kernel.mlir:4:1: error: target 'stablehlo': there is no kernel beside orch.operator
orch.operator @ask {path = "m:ask", kind = #orch.kind<tool>, effects = #orch.effects<pure>}
