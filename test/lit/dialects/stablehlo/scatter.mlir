// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Scatter, with the function that combines an update with what is there.

func.func @scatter(%x: tensor<4x6xf32>, %places: tensor<3x1xi32>, %updates: tensor<3x6xf32>) -> tensor<4x6xf32> {
  // CHECK-LABEL: func.func @scatter
  // CHECK-NEXT: %sum = "stablehlo.scatter"(%x, %places, %updates) <{{{.*}}scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>{{.*}}}> ({
  // CHECK-NEXT: ^bb0(%old: tensor<f32>, %new: tensor<f32>):
  // CHECK-NEXT:   %both = stablehlo.add %old, %new : tensor<f32>
  // CHECK-NEXT:   stablehlo.return %both : tensor<f32>
  // CHECK-NEXT: }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %sum = "stablehlo.scatter"(%x, %places, %updates) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
  ^bb0(%old: tensor<f32>, %new: tensor<f32>):
    %both = stablehlo.add %old, %new : tensor<f32>
    stablehlo.return %both : tensor<f32>
  }) : (tensor<4x6xf32>, tensor<3x1xi32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  func.return %sum : tensor<4x6xf32>
}
