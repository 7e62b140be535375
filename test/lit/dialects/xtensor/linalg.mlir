// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// Algorithms on matrices work on each matrix of a batch, which comes in the leading dimensions.

func.func @symmetric(%a: tensor<2x3x3xcomplex<f32>>) {
  // CHECK-LABEL: func.func @symmetric
  // CHECK-NEXT: %{{.*}} = xtensor.cholesky %a : (tensor<2x3x3xcomplex<f32>>) -> tensor<2x3x3xcomplex<f32>>
  %0 = xtensor.cholesky %a : (tensor<2x3x3xcomplex<f32>>) -> tensor<2x3x3xcomplex<f32>>
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.eigh %a {lower, sort_eigenvalues} : (tensor<2x3x3xcomplex<f32>>) -> (tensor<2x3x3xcomplex<f32>>, tensor<2x3xf32>)
  %1, %2 = xtensor.eigh %a {lower, sort_eigenvalues} : (tensor<2x3x3xcomplex<f32>>) -> (tensor<2x3x3xcomplex<f32>>, tensor<2x3xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = xtensor.tridiagonal %a : (tensor<2x3x3xcomplex<f32>>) -> (tensor<2x3x3xcomplex<f32>>, tensor<2x3xf32>, tensor<2x2xf32>, tensor<2x2xcomplex<f32>>)
  %3, %4, %5, %6 = xtensor.tridiagonal %a : (tensor<2x3x3xcomplex<f32>>) -> (tensor<2x3x3xcomplex<f32>>, tensor<2x3xf32>, tensor<2x2xf32>, tensor<2x2xcomplex<f32>>)
  func.return
}

// What an op gives may depend on its flags.

func.func @general(%a: tensor<3x3xf32>, %t: tensor<5x3xf32>) {
  // CHECK-LABEL: func.func @general
  // CHECK-NEXT: %{{.*}} = xtensor.eig %a : (tensor<3x3xf32>) -> tensor<3xcomplex<f32>>
  %0 = xtensor.eig %a : (tensor<3x3xf32>) -> tensor<3xcomplex<f32>>
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.eig %a {compute_right_eigenvectors} : (tensor<3x3xf32>) -> (tensor<3xcomplex<f32>>, tensor<3x3xcomplex<f32>>)
  %1, %2 = xtensor.eig %a {compute_right_eigenvectors} : (tensor<3x3xf32>) -> (tensor<3xcomplex<f32>>, tensor<3x3xcomplex<f32>>)
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.schur %a {compute_schur_vectors} : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>)
  %3, %4 = xtensor.schur %a {compute_schur_vectors} : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.hessenberg %a : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<2xf32>)
  %5, %6 = xtensor.hessenberg %a : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<2xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.lu %t : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<3xi32>)
  %7, %8 = xtensor.lu %t : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<3xi32>)
  // CHECK-NEXT: %{{.*}} = xtensor.svd %t : (tensor<5x3xf32>) -> tensor<3xf32>
  %9 = xtensor.svd %t : (tensor<5x3xf32>) -> tensor<3xf32>
  // CHECK-NEXT: %{{.*}}, %{{.*}}, %{{.*}} = xtensor.svd %t {compute_uv} : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x3xf32>, tensor<3x3xf32>)
  %10, %11, %12 = xtensor.svd %t {compute_uv} : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x3xf32>, tensor<3x3xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}}, %{{.*}} = xtensor.svd %t {compute_uv, full_matrices, algorithm = #xtensor<svd_algorithm qr>} : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x5xf32>, tensor<3x3xf32>)
  %13, %14, %15 = xtensor.svd %t {compute_uv, full_matrices, algorithm = #xtensor<svd_algorithm qr>} : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x5xf32>, tensor<3x3xf32>)
  func.return
}

func.func @reflectors(%a: tensor<5x3xf32>, %columns: tensor<3xi32>, %taus: tensor<3xf32>, %c: tensor<5x2xf32>) {
  // CHECK-LABEL: func.func @reflectors
  // CHECK-NEXT: %{{.*}}, %{{.*}} = xtensor.geqrf %a : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<3xf32>)
  %0, %1 = xtensor.geqrf %a : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<3xf32>)
  // CHECK-NEXT: %{{.*}}, %{{.*}}, %{{.*}} = xtensor.geqp3 %a, %columns : (tensor<5x3xf32>, tensor<3xi32>) -> (tensor<5x3xf32>, tensor<3xi32>, tensor<3xf32>)
  %2, %3, %4 = xtensor.geqp3 %a, %columns : (tensor<5x3xf32>, tensor<3xi32>) -> (tensor<5x3xf32>, tensor<3xi32>, tensor<3xf32>)
  // CHECK-NEXT: %{{.*}} = xtensor.householder_product %a, %taus : (tensor<5x3xf32>, tensor<3xf32>) -> tensor<5x3xf32>
  %5 = xtensor.householder_product %a, %taus : (tensor<5x3xf32>, tensor<3xf32>) -> tensor<5x3xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.ormqr %a, %taus, %c {left, transpose} : (tensor<5x3xf32>, tensor<3xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  %6 = xtensor.ormqr %a, %taus, %c {left, transpose} : (tensor<5x3xf32>, tensor<3xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  func.return
}

func.func @equations(%a: tensor<3x3xf32>, %b: tensor<3x2xf32>, %d: tensor<3xf32>) {
  // CHECK-LABEL: func.func @equations
  // CHECK-NEXT: %{{.*}} = xtensor.triangular_solve %a, %b {left_side, lower, transpose_a, unit_diagonal} : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %0 = xtensor.triangular_solve %a, %b {left_side, lower, transpose_a, unit_diagonal} : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  // CHECK-NEXT: %{{.*}} = xtensor.tridiagonal_solve %d, %d, %d, %b {perturb_singular} : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %1 = xtensor.tridiagonal_solve %d, %d, %d, %b {perturb_singular} : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  func.return
}

// An algorithm that JAX takes apart holds its parts.

func.func @composite(%a: tensor<3x2xf32>, %c: tensor<3x3xf32>) {
  // CHECK-LABEL: func.func @composite
  // CHECK-NEXT: %{{.*}} = xtensor.symmetric_product {alpha = 1.000000e+00 : f64, beta = 0.000000e+00 : f64} (%{{.*}} = %a : tensor<3x2xf32>, %{{.*}} = %c : tensor<3x3xf32>) -> tensor<3x3xf32> {
  %0 = xtensor.symmetric_product {alpha = 1.0 : f64, beta = 0.0 : f64} (%x = %a : tensor<3x2xf32>, %y = %c : tensor<3x3xf32>) -> tensor<3x3xf32> {
    // CHECK-NEXT: xtensor.transpose
    %t = xtensor.transpose %x, [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
    %p = xtensor.dot_general %x, %t batch [] x [] contract [1] x [0] : (tensor<3x2xf32>, tensor<2x3xf32>) -> tensor<3x3xf32>
    xtensor.yield %p : tensor<3x3xf32>
  }
  func.return
}
