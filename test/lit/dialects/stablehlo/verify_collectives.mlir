// RUN: xcs-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// Groups that replicas are in twice or not at all, and results of other shapes.

func.func @dimension(%x: tensor<4x6xf32>) {
  // CHECK: dimension 2 is not one of a tensor of rank 2
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 2 : i64, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x12xf32>
  func.return
}

// -----

func.func @twice(%x: tensor<4x6xf32>) {
  // CHECK: replica_groups must hold each of 0 to 1 once
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<[[0, 0]]> : tensor<1x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x12xf32>
  func.return
}

// -----

func.func @left_out(%x: tensor<4x6xf32>) {
  // CHECK: replica_groups must hold each of 0 to 1 once
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<[[0, 2]]> : tensor<1x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x12xf32>
  func.return
}

// -----

func.func @rank(%x: tensor<4x6xf32>) {
  // CHECK: replica_groups must be a table
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<[0, 1]> : tensor<2xi64>}> : (tensor<4x6xf32>) -> tensor<4x12xf32>
  func.return
}

// -----

func.func @multiple(%x: tensor<4x6xf32>) {
  // CHECK: tensor<4x13xf32> is not a number of tensor<4x6xf32>
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x13xf32>
  func.return
}

// -----

func.func @others(%x: tensor<4x6xf32>) {
  // CHECK: the whole has shape [5, 12], expected [4, ?]
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> : (tensor<4x6xf32>) -> tensor<5x12xf32>
  func.return
}

// -----

func.func @uneven(%x: tensor<4x6xf32>) {
  // CHECK: a group has a member -1
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<[[0, 1], [2, -1]]> : tensor<2x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x12xf32>
  func.return
}

// -----

func.func @global(%x: tensor<4x6xf32>) {
  // CHECK: use_global_device_ids needs replica_groups
  %0 = "stablehlo.all_gather"(%x) <{all_gather_dim = 1 : i64, replica_groups = dense<> : tensor<0x0xi64>, use_global_device_ids}> : (tensor<4x6xf32>) -> tensor<4x12xf32>
  func.return
}

// -----

func.func @channel(%x: tensor<4x6xf32>) {
  // CHECK: use_global_device_ids needs a channel handle of at least 1
  %0 = "stablehlo.all_reduce"(%x) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, use_global_device_ids}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @reduced(%x: tensor<4x6xf32>) {
  // CHECK: result has shape [6, 4], expected [4, 6]
  %0 = "stablehlo.all_reduce"(%x) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>) -> tensor<6x4xf32>
  func.return
}

// -----

func.func @scattered(%x: tensor<4x6xf32>) {
  // CHECK: tensor<4x6xf32> is not a number of tensor<3x6xf32>
  %0 = "stablehlo.reduce_scatter"(%x) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, scatter_dimension = 0 : i64}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %9 = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %9 : tensor<f32>
  }) : (tensor<4x6xf32>) -> tensor<3x6xf32>
  func.return
}

// -----

func.func @split(%x: tensor<4x6xf32>) {
  // CHECK: dimension 1 of tensor<4x6xf32> does not split into 4
  %0 = "stablehlo.all_to_all"(%x) <{concat_dimension = 0 : i64, replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>, split_count = 4 : i64, split_dimension = 1 : i64}> : (tensor<4x6xf32>) -> tensor<16x2xf32>
  func.return
}

// -----

func.func @group_size(%x: tensor<4x6xf32>) {
  // CHECK: groups must be of 3 members
  %0 = "stablehlo.all_to_all"(%x) <{concat_dimension = 0 : i64, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, split_count = 3 : i64, split_dimension = 1 : i64}> : (tensor<4x6xf32>) -> tensor<12x2xf32>
  func.return
}

// -----

func.func @sources(%x: tensor<4x6xf32>) {
  // CHECK: a replica is the source in two pairs
  %0 = "stablehlo.collective_permute"(%x) <{source_target_pairs = dense<[[0, 1], [0, 2]]> : tensor<2x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @pairs(%x: tensor<4x6xf32>) {
  // CHECK: source_target_pairs must be a table of pairs
  %0 = "stablehlo.collective_permute"(%x) <{source_target_pairs = dense<[[0, 1, 2]]> : tensor<1x3xi64>}> : (tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @broadcast(%x: tensor<4x6xf32>) {
  // CHECK: a group has a negative member
  %0 = "stablehlo.collective_broadcast"(%x) <{replica_groups = dense<[[0, -1]]> : tensor<1x2xi64>}> : (tensor<4x6xf32>) -> tensor<4x6xf32>
  func.return
}

// -----

func.func @received(%t: !stablehlo.token) {
  // CHECK: results must be tensors, and then a token
  %0 = "stablehlo.recv"(%t) <{channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>}> : (!stablehlo.token) -> tensor<2xf32>
  func.return
}

// -----

func.func @host(%t: !stablehlo.token) {
  // CHECK: the type of the channel must be 3
  %0:2 = "stablehlo.recv"(%t) <{channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>, is_host_transfer = true}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)
  func.return
}

// -----

func.func @infeed(%t: !stablehlo.token) {
  // CHECK: results must be tensors, and then a token
  %0 = "stablehlo.infeed"(%t) : (!stablehlo.token) -> tensor<2xf32>
  func.return
}

// -----

func.func @layouts(%t: !stablehlo.token) {
  // CHECK: each tensor needs a layout
  %0:2 = "stablehlo.infeed"(%t) <{layout = [[0], [0]]}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)
  func.return
}
