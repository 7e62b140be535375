// RUN: xcs-opt %s -t dot | filecheck %s

// Functions and regions are clusters, values are edges, and tokens are dashed edges.

orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}

func.func @main(%docs : !orch.list<!orch.object>, %start : !orch.token) -> !orch.list<!orch.object> {
  %parts = orch.map %docs : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {
  ^bb0(%doc : !orch.object):
    %upper = orch.host "doc.upper() + \"!\"" (%doc) {names = ["doc"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object loc("app.py":7:12)
    orch.yield %upper : !orch.object
  }
  %result, %done = orch.call @save(%parts) after(%start) : (!orch.list<!orch.object>) -> (!orch.object, !orch.token)
  func.return %parts : !orch.list<!orch.object>
}

// CHECK:      digraph {
// CHECK:        subgraph cluster_1 {
// CHECK-NEXT:     label="@main"
// CHECK-NEXT:     [[DOCS:n[0-9]+]] [label="docs: !orch.list<!orch.object>", shape=ellipse]
// CHECK-NEXT:     [[START:n[0-9]+]] [label="start: !orch.token", shape=ellipse]
// CHECK-NEXT:     subgraph cluster_{{[0-9]+}} {
// CHECK-NEXT:       label="orch.map"
// CHECK-NEXT:       [[MAP:n[0-9]+]] [label="orch.map\ndot.mlir:8", fillcolor=white]
// CHECK-NEXT:       [[DOC:n[0-9]+]] [label="doc: !orch.object", shape=ellipse]
// CHECK-NEXT:       [[HOST:n[0-9]+]] [label="orch.host\ndoc.upper() + \"!\"\napp.py:7", fillcolor=lightyellow]
// CHECK:          [[SAVE:n[0-9]+]] [label="orch.call\n@save\ndot.mlir:13", fillcolor=lightsalmon]
// CHECK:        [[DOCS]] -> [[MAP]]
// CHECK-NEXT:   [[DOC]] -> [[HOST]]
// CHECK:        [[MAP]] -> [[SAVE]]
// CHECK-NEXT:   [[START]] -> [[SAVE]] [style=dashed]
