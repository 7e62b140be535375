func.func @numbers() {
  %0 = stablehlo.constant dense<[1.0, -0.0, 0x7F, 448.0]> : tensor<4xf8E4M3FN>
  %1 = stablehlo.constant dense<[(1.0, 2.0), (0x7F800000, -0.1)]> : tensor<2xcomplex<f32>>
  %2 = stablehlo.constant dense<[-1, 1, 0]> : tensor<3xi2>
  %3 = stablehlo.constant dense<[255, 0]> : tensor<2xui8>
  %4 = stablehlo.constant dense<[0.1, 1.0e-30, 123456789.0, 0x7FC00001, 0xFF800000]> : tensor<5xf32>
  %5 = stablehlo.constant dense<[0.1, 1.0e300, 3.1415926535897931]> : tensor<3xf64>
  %6 = stablehlo.constant dense<[0.1, 65504.0, 1.0e-3]> : tensor<3xf16>
  %7 = stablehlo.constant dense<[0.1, 0x7F80, 3.1]> : tensor<3xbf16>
  %8 = stablehlo.constant dense<[[true, false], [false, false]]> : tensor<2x2xi1>
  %9 = stablehlo.constant dense<-0.0> : tensor<3x4xf32>
  %10 = stablehlo.constant dense<> : tensor<0x2xf32>
  %11 = stablehlo.constant dense<"0x0000803F00000040"> : tensor<2xf32>
  %12 = stablehlo.constant dense<"0x0000803F"> : tensor<2x3xf32>
  func.return
}
