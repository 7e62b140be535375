// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt %s --print-op-generic | xcs-opt | filecheck %s

// CHECK: %0 = orch.as_tensor %x : !orch.object<"float"> -> tensor<f32>
func.func @main(%x: !orch.object<"float">) -> tensor<f32> {
  %0 = orch.as_tensor %x : !orch.object<"float"> -> tensor<f32>
  func.return %0 : tensor<f32>
}
