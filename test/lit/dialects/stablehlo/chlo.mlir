// RUN: xcs-opt %s | xcs-opt | filecheck %s
// RUN: xcs-opt --print-op-generic %s | xcs-opt | filecheck %s

// The ops of CHLO that JAX lowers to.

func.func @chlo(%x: tensor<4x6xf32>, %c: tensor<4xcomplex<f32>>) {
  // CHECK-LABEL: func.func @chlo
  // CHECK-NEXT: %acos = chlo.acos %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %acos = chlo.acos %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %acosh = chlo.acosh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %acosh = chlo.acosh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %asin = chlo.asin %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %asin = chlo.asin %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %asinh = chlo.asinh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %asinh = chlo.asinh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %atan = chlo.atan %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %atan = chlo.atan %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %atanh = chlo.atanh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %atanh = chlo.atanh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %bessel_i1e = chlo.bessel_i1e %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %bessel_i1e = chlo.bessel_i1e %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %cosh = chlo.cosh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %cosh = chlo.cosh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %digamma = chlo.digamma %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %digamma = chlo.digamma %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %erf = chlo.erf %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %erf = chlo.erf %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %erf_inv = chlo.erf_inv %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %erf_inv = chlo.erf_inv %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %erfc = chlo.erfc %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %erfc = chlo.erfc %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %lgamma = chlo.lgamma %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %lgamma = chlo.lgamma %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %sinh = chlo.sinh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %sinh = chlo.sinh %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %square = chlo.square %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %square = chlo.square %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %tan = chlo.tan %x : tensor<4x6xf32> -> tensor<4x6xf32>
  %tan = chlo.tan %x : tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %next_after = chlo.next_after %x, %x : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  %next_after = chlo.next_after %x, %x : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %polygamma = chlo.polygamma %x, %x : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  %polygamma = chlo.polygamma %x, %x : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %zeta = chlo.zeta %x, %x : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  %zeta = chlo.zeta %x, %x : tensor<4x6xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
  // CHECK-NEXT: %conj = chlo.conj %c : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>
  %conj = chlo.conj %c : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>
  // CHECK-NEXT: %is_inf = chlo.is_inf %x : tensor<4x6xf32> -> tensor<4x6xi1>
  %is_inf = chlo.is_inf %x : tensor<4x6xf32> -> tensor<4x6xi1>
  // CHECK-NEXT: %values, %indices = chlo.top_k(%x, k = 2) : tensor<4x6xf32> -> (tensor<4x2xf32>, tensor<4x2xi32>)
  %values, %indices = chlo.top_k(%x, k = 2) : tensor<4x6xf32> -> (tensor<4x2xf32>, tensor<4x2xi32>)
  func.return
}
