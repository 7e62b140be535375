// RUN: xcs-opt %s -p 'vmap{function=answers in-axes=0,none size=3},\
// RUN:vmap{function=both in-axes=1,0 size=3},\
// RUN:vmap{function=effects in-axes=0 size=3},\
// RUN:vmap{function=changed in-axes=0,none size=3}' | filecheck %s

// A program that calls operators: the calls become a map over the elements, array ops are batched.

orch.operator @ask {path = "app:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>}
orch.operator @save {path = "app:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>}

// What is the same for all elements is called once.
func.func @answers(%text : !orch.object<"str">, %context : !orch.object<"str">) -> !orch.object {
  %s = orch.call @ask(%context) : (!orch.object<"str">) -> !orch.object
  %p = orch.tuple(%text, %s) : (!orch.object<"str">, !orch.object) -> !orch.object<"tuple">
  %r = orch.call @ask(%p) : (!orch.object<"tuple">) -> !orch.object
  func.return %r : !orch.object
}
// CHECK-LABEL: func.func @answers(%text: !orch.list<!orch.object<"str">>, %context: !orch.object<"str">) -> !orch.list<!orch.object> {
// CHECK-NEXT:      %s = orch.call @ask(%context) : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:      %0 = orch.map %text : (!orch.list<!orch.object<"str">>) -> !orch.list<!orch.object> {
// CHECK-NEXT:      ^bb0(%1: !orch.object<"str">):
// CHECK-NEXT:        %p = orch.tuple(%1, %s) : (!orch.object<"str">, !orch.object) -> !orch.object<"tuple">
// CHECK-NEXT:        %r = orch.call @ask(%p) : (!orch.object<"tuple">) -> !orch.object
// CHECK-NEXT:        orch.yield %r : !orch.object
// CHECK-NEXT:      }
// CHECK-NEXT:      func.return %0 : !orch.list<!orch.object>
// CHECK-NEXT:    }

// An iteration takes what it needs of each: elements of lists, and of stacked arrays.
func.func @both(%x : tensor<4xf32>, %text : !orch.object<"str">) -> !orch.object<"tuple"> {
  %y = xtensor.sin %x : tensor<4xf32>
  %a = orch.call @ask(%text) : (!orch.object<"str">) -> !orch.object
  %r = orch.tuple(%a, %y) : (!orch.object, tensor<4xf32>) -> !orch.object<"tuple">
  func.return %r : !orch.object<"tuple">
}
// CHECK-LABEL: func.func @both(%x: tensor<4x3xf32>, %text: !orch.list<!orch.object<"str">>) -> !orch.list<!orch.object<"tuple">> {
// CHECK-NEXT:      %y = xtensor.sin %x : tensor<4x3xf32>
// CHECK-NEXT:      %0 = xtensor.transpose %y, [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
// CHECK-NEXT:      %1 = orch.unstack %0 : tensor<3x4xf32> -> !orch.list<tensor<4xf32>>
// CHECK-NEXT:      %2 = orch.host "list(zip(a0, a1, strict=True))"(%text, %1) {names = ["a0", "a1"], effects = #orch.effects<pure>} : (!orch.list<!orch.object<"str">>, !orch.list<tensor<4xf32>>) -> !orch.list<!orch.object<"tuple">>
// CHECK-NEXT:      %3 = orch.map %2 : (!orch.list<!orch.object<"tuple">>) -> !orch.list<!orch.object<"tuple">> {
// CHECK-NEXT:      ^bb0(%4: !orch.object<"tuple">):
// CHECK-NEXT:        %5 = orch.constant 0 : i64 : !orch.object<"int">
// CHECK-NEXT:        %6 = orch.getitem %4[%5] : !orch.object<"tuple">, !orch.object<"int"> -> !orch.object<"str">
// CHECK-NEXT:        %7 = orch.constant 1 : i64 : !orch.object<"int">
// CHECK-NEXT:        %8 = orch.getitem %4[%7] : !orch.object<"tuple">, !orch.object<"int"> -> tensor<4xf32>
// CHECK-NEXT:        %a = orch.call @ask(%6) : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:        %r = orch.tuple(%a, %8) : (!orch.object, tensor<4xf32>) -> !orch.object<"tuple">
// CHECK-NEXT:        orch.yield %r : !orch.object<"tuple">
// CHECK-NEXT:      }
// CHECK-NEXT:      func.return %3 : !orch.list<!orch.object<"tuple">>
// CHECK-NEXT:    }

// Ordered effects go from one iteration to the next.
func.func @effects(%text : !orch.object<"str">) -> !orch.object {
  %a = orch.call @ask(%text) : (!orch.object<"str">) -> !orch.object
  %r, %t = orch.call @save(%a) : (!orch.object) -> (!orch.object, !orch.token)
  func.return %r : !orch.object
}
// CHECK-LABEL: func.func @effects(%text: !orch.list<!orch.object<"str">>) -> !orch.list<!orch.object> {
// CHECK-NEXT:      %0 = orch.join()
// CHECK-NEXT:      %1, %2 = orch.map %text after(%0) : (!orch.list<!orch.object<"str">>) -> (!orch.list<!orch.object>, !orch.token) {
// CHECK-NEXT:      ^bb0(%3: !orch.object<"str">, %4: !orch.token):
// CHECK-NEXT:        %a = orch.call @ask(%3) : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:        %r, %t = orch.call @save(%a) after(%4) : (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:        %5 = orch.join(%t)
// CHECK-NEXT:        orch.yield %r, %5 : !orch.object, !orch.token
// CHECK-NEXT:      }
// CHECK-NEXT:      func.return %1 : !orch.list<!orch.object>
// CHECK-NEXT:    }

// What an ordered op may change is not shared by the elements.
func.func @changed(%text : !orch.object<"str">, %context : !orch.object<"str">) -> !orch.object {
  %s = orch.call @ask(%context) : (!orch.object<"str">) -> !orch.object
  %r, %t = orch.call @save(%s) : (!orch.object) -> (!orch.object, !orch.token)
  func.return %r : !orch.object
}
// CHECK-LABEL: func.func @changed(%text: !orch.list<!orch.object<"str">>, %context: !orch.object<"str">) -> !orch.list<!orch.object> {
// CHECK-NEXT:      %0 = orch.join()
// CHECK-NEXT:      %1, %2 = orch.map %text after(%0) : (!orch.list<!orch.object<"str">>) -> (!orch.list<!orch.object>, !orch.token) {
// CHECK-NEXT:      ^bb0(%3: !orch.object<"str">, %4: !orch.token):
// CHECK-NEXT:        %s = orch.call @ask(%context) : (!orch.object<"str">) -> !orch.object
// CHECK-NEXT:        %r, %t = orch.call @save(%s) after(%4) : (!orch.object) -> (!orch.object, !orch.token)
// CHECK-NEXT:        %5 = orch.join(%t)
// CHECK-NEXT:        orch.yield %r, %5 : !orch.object, !orch.token
// CHECK-NEXT:      }
// CHECK-NEXT:      func.return %1 : !orch.list<!orch.object>
// CHECK-NEXT:    }
