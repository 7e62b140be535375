// RUN: not xcs-opt -t stablehlo %s 2>&1 | filecheck %s

// A module that was not lowered has no StableHLO text.

func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = xtensor.neg %x : tensor<4xf32>
  func.return %0 : tensor<4xf32>
}

// CHECK: no_kernel.mlir:6:3: error: target 'stablehlo': xtensor.neg is no op of StableHLO; run the pass convert-xtensor-to-stablehlo first
