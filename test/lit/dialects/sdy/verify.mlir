// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// CHECK: there is no mesh @mesh
func.func @no_mesh(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.sharding_constraint %x <@mesh, [{"x"}]> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: the mesh has no axis "z"
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @no_axis(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.sharding_constraint %x <@mesh, [{"z"}]> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: axis "x" is named twice
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @twice(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = stablehlo.negate %x {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {"x"}]>]>} : tensor<8x8xf32>
  func.return %0 : tensor<8x8xf32>
}

// -----

// CHECK: argument 0: the sharding has 1 dimensions, and tensor<8x8xf32> 2
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @rank(%x: tensor<8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) {
  func.return
}

// -----

// CHECK: "x":(2)4 is not a part of an axis of size 4
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @part(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.sharding_constraint %x <@mesh, [{"x":(2)4}]> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: axes "x":(1)2 and "x" overlap
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @overlap(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = sdy.sharding_constraint %x <@mesh, [{"x"}, {"x":(1)2}]> : tensor<8x8xf32>
  func.return %0 : tensor<8x8xf32>
}

// -----

// CHECK: "x":(1)2 and "x":(2)2 are one part
sdy.mesh @mesh = <["x"=8, "y"=2]>
func.func @one_part(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.sharding_constraint %x <@mesh, [{"x":(1)2, "x":(2)2}]> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: replicated axes are not in the order of the mesh
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @order(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.sharding_constraint %x <@mesh, [{}], replicated={"y", "x"}> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: there are 2 shardings for 1 results
sdy.mesh @mesh = <["x"=4]>
func.func @count(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = stablehlo.negate %x {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}]>, <@mesh, [{}]>]>} : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: the body has a tensor<8xf32> of a operand tensor<8xf32>, not tensor<2xf32>
sdy.mesh @mesh = <["x"=4]>
func.func @local(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.manual_computation(%x) in_shardings=[<@mesh, [{"x"}]>] out_shardings=[<@mesh, [{"x"}]>] manual_axes={"x"} (%y: tensor<8xf32>) {
    sdy.return %y : tensor<8xf32>
  } : (tensor<8xf32>) -> tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: axis "x" is handled by the sdy.manual_computation around the op
sdy.mesh @mesh = <["x"=4]>
func.func @manual(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.manual_computation(%x) in_shardings=[<@mesh, [{"x"}]>] out_shardings=[<@mesh, [{"x"}]>] manual_axes={"x"} (%y: tensor<2xf32>) {
    %1 = sdy.sharding_constraint %y <@mesh, [{"x"}]> : tensor<2xf32>
    sdy.return %1 : tensor<2xf32>
  } : (tensor<8xf32>) -> tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: the program does not say how the operand is split
sdy.mesh @mesh = <["x"=4]>
func.func @gather(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.all_gather [{"x"}] %x out_sharding=<@mesh, [{}]> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: dimension 0 of the result is not split as the op leaves it
sdy.mesh @mesh = <["x"=4, "y"=2]>
func.func @slice(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.all_slice [{"x"}] %x out_sharding=<@mesh, [{"y"}]> : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: factor j is not of any dimension
func.func @rule(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = stablehlo.custom_call @f(%x) {sdy.sharding_rule = #sdy.op_sharding_rule<([i])->([i]) {i=8, j=2}, custom>} : (tensor<8xf32>) -> tensor<8xf32>
  func.return %0 : tensor<8xf32>
}

// -----

// CHECK: a barrier that lets shardings pass both ways is none
func.func @barrier(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.propagation_barrier %x allowed_direction=BOTH : tensor<8xf32>
  func.return %0 : tensor<8xf32>
}
