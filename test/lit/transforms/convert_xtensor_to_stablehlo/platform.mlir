// RUN: not xcs-opt -p convert-xtensor-to-stablehlo{platform="tpu"} %s 2>&1 | filecheck %s

// There is no LAPACK but on CPUs.

func.func @eigh(%a: tensor<3x3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>> {
  %0, %1 = xtensor.eigh %a {lower} : (tensor<3x3xcomplex<f32>>) -> (tensor<3x3xcomplex<f32>>, tensor<3xf32>)
  func.return %0 : tensor<3x3xcomplex<f32>>
}

// CHECK: xtensor.eigh has no lowering for the platform 'tpu'
