// RUN: xcs-opt %s | xcs-opt | filecheck %s

// What makes several calls as one is named by the operator.

// CHECK: orch.operator @embed {path = "app:embed", kind = #orch.kind<model>, effects = #orch.effects<unordered>, ref = #orch.ref<"embed">, batch = #orch.ref<"embed_all_batch">}
orch.operator @embed {path = "app:embed", kind = #orch.kind<model>, effects = #orch.effects<unordered>, ref = #orch.ref<"embed">, batch = #orch.ref<"embed_all_batch">}
func.func @main(%text: !orch.object) -> !orch.object {
  %vector = orch.call @embed(%text) : (!orch.object) -> !orch.object
  func.return %vector : !orch.object
}
