// RUN: not xcs-opt %s -p 'vmap{function=text size=8}' 2>&1 | filecheck %s

// StableHLO text is of fixed shapes.

func.func @text(%x : tensor<4xf32>) -> tensor<4xf32> {
  %r = xtensor.primitive "thing"(%x) stablehlo = "module { func.func @main() { return } }" : (tensor<4xf32>) -> tensor<4xf32>
  func.return %r : tensor<4xf32>
}
// CHECK: diagnostics.mlir: error: pass 'vmap': 'xtensor.primitive' at {{.*}}diagnostics.mlir:6:3 cannot be batched: the JAX primitive 'thing' has no op in the tensor dialect
