func.func @feeds(%t: !stablehlo.token, %x: tensor<2xf32>) -> !stablehlo.token {
  %0:2 = "stablehlo.infeed"(%t) <{infeed_config = "from", layout = [[0]]}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)
  %1 = "stablehlo.infeed"(%0#1) : (!stablehlo.token) -> !stablehlo.token
  %2 = "stablehlo.outfeed"(%x, %0#0, %1) <{outfeed_config = "to"}> : (tensor<2xf32>, tensor<2xf32>, !stablehlo.token) -> !stablehlo.token
  func.return %2 : !stablehlo.token
}
func.func @channels(%t: !stablehlo.token, %x: tensor<2xf32>) -> !stablehlo.token {
  %0 = "stablehlo.send"(%x, %t) <{channel_handle = #stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = true}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token
  %1:2 = "stablehlo.recv"(%0) <{channel_handle = #stablehlo.channel_handle<handle = 5, type = 3>, is_host_transfer = true}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)
  %2 = "stablehlo.send"(%1#0, %1#1) <{channel_handle = #stablehlo.channel_handle<handle = 6, type = 1>, source_target_pairs = dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token
  %3 = "stablehlo.send"(%x, %2) <{channel_handle = #stablehlo.channel_handle<handle = 6, type = 1>, source_target_pairs = dense<> : tensor<0xi64>}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token
  func.return %3 : !stablehlo.token
}
func.func @tokens() -> !stablehlo.token {
  %0 = stablehlo.create_token : !stablehlo.token
  %1 = stablehlo.after_all : !stablehlo.token
  %2 = stablehlo.after_all %0, %1 {note} : !stablehlo.token
  func.return %2 : !stablehlo.token
}
func.func @tuples(%t: !stablehlo.token, %x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.tuple %x : tuple<tensor<2xf32>>
  %1 = stablehlo.tuple %t, %0 {note = 1 : i32} : tuple<!stablehlo.token, tuple<tensor<2xf32>>>
  %2 = stablehlo.get_tuple_element %1[1] : (tuple<!stablehlo.token, tuple<tensor<2xf32>>>) -> tuple<tensor<2xf32>>
  %3 = stablehlo.get_tuple_element %2[0] : (tuple<tensor<2xf32>>) -> tensor<2xf32>
  %4 = stablehlo.tuple : tuple<>
  func.return %3 : tensor<2xf32>
}
func.func @barriers(%t: !stablehlo.token, %x: tensor<2xf32>) {
  %0:2 = stablehlo.optimization_barrier %t, %x : !stablehlo.token, tensor<2xf32>
  stablehlo.optimization_barrier ()
  func.return
}
