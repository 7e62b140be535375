sdy.mesh @mesh = <["x"=4, "y"=2]>
sdy.mesh @ordered = <["x"=2], device_ids=[1, 0]> {note = 1 : i64}
sdy.mesh @one = <[], device_ids=[3]>
sdy.mesh @none = <[]>
func.func @shardings(%a: tensor<8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x", ?}, {"y"}p1]>}, %b: tensor<8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{?}, {}], replicated={"y"}, unreduced={"x"}>}) -> (tensor<8x8xf32> {sdy.sharding = #sdy.sharding<mesh<["z"=2]>, [{"z"}, {}]>}) {
  %0 = sdy.sharding_constraint %a <@mesh, [{"x":(1)2}, {"x":(2)2}]> : tensor<8x8xf32>
  %1 = sdy.reshard %0 <@mesh, [{"x", "y"}, {}]> {note} : tensor<8x8xf32>
  sdy.sharding_group %1 group_id=7 : tensor<8x8xf32>
  %2 = sdy.propagation_barrier %1 allowed_direction=FORWARD : tensor<8x8xf32>
  %3 = sdy.constant dense<1.000000e+00> : tensor<8x8xf32>
  %4 = stablehlo.add %2, %3 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>} : tensor<8x8xf32>
  %5 = stablehlo.custom_call @rule(%4) {sdy.sharding_rule = #sdy.op_sharding_rule<([i, jk])->([jk, l]) {i=8, j=2, k=4, l=8} reduction={i} need_replication={l}, custom>} : (tensor<8x8xf32>) -> tensor<8x8xf32>
  func.return %5 : tensor<8x8xf32>
}
func.func @regions(%a: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = sdy.manual_computation(%a) in_shardings=[<@mesh, [{"x"}, {}]>] out_shardings=[<@mesh, [{"x"}, {}]>] manual_axes={"x"} (%b: tensor<2x8xf32>) {
    %3 = stablehlo.negate %b : tensor<2x8xf32>
    sdy.return %3 : tensor<2x8xf32>
  } : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = sdy.named_computation<"part">(%0) in_shardings=[<@mesh, [{"x"}, {}]>] out_shardings=[<@mesh, [{}, {}]>] (%b: tensor<8x8xf32>) {
    sdy.return %b : tensor<8x8xf32>
  } : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = sdy.data_flow_edge %1 sharding=<@mesh, [{}, {}]> : tensor<8x8xf32>
  func.return %2 : tensor<8x8xf32>
}
func.func @collectives(%a: tensor<8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) -> tensor<8x8xf32> {
  %0 = sdy.all_gather [{"x"}, {}] %a out_sharding=<@mesh, [{}, {}]> : tensor<8x8xf32>
  %1 = sdy.all_slice [{}, {"x"}] %0 out_sharding=<@mesh, [{}, {"x"}]> : tensor<8x8xf32>
  %2 = sdy.all_to_all [{"x"}: 1->0] %1 out_sharding=<@mesh, [{"x"}, {}]> : tensor<8x8xf32>
  %3 = sdy.collective_permute %2 out_sharding=<@mesh, [{"x"}, {}]> : tensor<8x8xf32>
  %4 = sdy.all_reduce {"y"} %3 out_sharding=<@mesh, [{"x"}, {}]> : tensor<8x8xf32>
  func.return %4 : tensor<8x8xf32>
}
