// RUN: xcs-opt %s -t dot | filecheck %s

// Constants and joins are no nodes: a joined token leads on from all that gave it, and where a value
// goes, the order has no edge of its own.

orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}

func.func @main() -> !orch.object {
  %text = orch.constant "text" : !orch.object
  %one, %first = orch.call @save(%text) : (!orch.object) -> (!orch.object, !orch.token)
  %two, %second = orch.call @save(%text) : (!orch.object) -> (!orch.object, !orch.token)
  %both = orch.join(%first, %second)
  %three, %third = orch.call @save(%one) after(%both) : (!orch.object) -> (!orch.object, !orch.token)
  func.return %three : !orch.object
}

// CHECK-NOT:  orch.constant
// CHECK-NOT:  orch.join
// CHECK:      [[ONE:n[0-9]+]] [label="orch.call\n@save\ndot_order.mlir:10"
// CHECK-NEXT: [[TWO:n[0-9]+]] [label="orch.call\n@save\ndot_order.mlir:11"
// CHECK-NEXT: [[THREE:n[0-9]+]] [label="orch.call\n@save\ndot_order.mlir:13"
// CHECK:      [[ONE]] -> [[THREE]]
// CHECK-NEXT: [[TWO]] -> [[THREE]] [style=dashed]
// CHECK-NEXT: [[THREE]] ->
