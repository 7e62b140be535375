// RUN: xcs-opt -p convert-xtensor-to-stablehlo %s | filecheck %s
// RUN: xcs-opt -p convert-xtensor-to-stablehlo -t stablehlo %s | filecheck %s --check-prefix TEXT

// A primitive that comes with its own StableHLO becomes a call of a function that stands for the text,
// one function for each different text.

func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = xtensor.primitive "helper" (%x) stablehlo = "module @m {\0A  func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {\0A    %0 = call @helper(%a) : (tensor<4xf32>) -> tensor<4xf32>\0A    return %0 : tensor<4xf32>\0A  }\0A  func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32> {\0A    %0 = stablehlo.custom_call @helper(%a) {backend_config = \22@helper\22} : (tensor<4xf32>) -> tensor<4xf32>\0A    return %0 : tensor<4xf32>\0A  }\0A}\0A" : (tensor<4xf32>) -> tensor<4xf32>
  %b = xtensor.primitive "helper" (%a) stablehlo = "module @m {\0A  func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {\0A    %0 = call @helper(%a) : (tensor<4xf32>) -> tensor<4xf32>\0A    return %0 : tensor<4xf32>\0A  }\0A  func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32> {\0A    %0 = stablehlo.custom_call @helper(%a) {backend_config = \22@helper\22} : (tensor<4xf32>) -> tensor<4xf32>\0A    return %0 : tensor<4xf32>\0A  }\0A}\0A" : (tensor<4xf32>) -> tensor<4xf32>
  %c = xtensor.primitive "helper" (%b) stablehlo = "module @m {\0A  func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {\0A    %0 = call @helper(%a) : (tensor<4xf32>) -> tensor<4xf32>\0A    return %0 : tensor<4xf32>\0A  }\0A  func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32> {\0A    %0 = stablehlo.custom_call @other(%a) {backend_config = \22@helper\22} : (tensor<4xf32>) -> tensor<4xf32>\0A    return %0 : tensor<4xf32>\0A  }\0A}\0A" : (tensor<4xf32>) -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}

// CHECK-LABEL: func.func private @kernel(%x: tensor<4xf32>)
// CHECK-NEXT:    %a = func.call @primitive.helper(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %b = func.call @primitive.helper(%a) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    %c = func.call @primitive.helper_0(%b) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %c : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @primitive.helper(tensor<4xf32>) -> tensor<4xf32> attributes {stablehlo.text = "module @m
// CHECK-NEXT:  func.func private @primitive.helper_0(tensor<4xf32>) -> tensor<4xf32> attributes {stablehlo.text = "module @m

// In the text of the kernel, the functions have their bodies. What a text defines gets a name of its
// own; the target of a custom call and the inside of a string are not names of functions.

// TEXT-LABEL: module @kernel {
// TEXT-NEXT:    func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
// TEXT-NEXT:      %a = func.call @primitive.helper(%x)
// TEXT-NEXT:      %b = func.call @primitive.helper(%a)
// TEXT-NEXT:      %c = func.call @primitive.helper_0(%b)
// TEXT-NEXT:      func.return %c
// TEXT-NEXT:    }
// TEXT-NEXT:    func.func private @primitive.helper(%a: tensor<4xf32>) -> tensor<4xf32> {
// TEXT-NEXT:      %0 = call @primitive.helper.helper(%a)
// TEXT-NEXT:      return %0
// TEXT-NEXT:    }
// TEXT-NEXT:    func.func private @primitive.helper.helper(%a: tensor<4xf32>) -> tensor<4xf32> {
// TEXT-NEXT:      %0 = stablehlo.custom_call @helper(%a) {backend_config = "@helper"}
// TEXT:         func.func private @primitive.helper_0(%a: tensor<4xf32>) -> tensor<4xf32> {
// TEXT-NEXT:      %0 = call @primitive.helper_0.helper(%a)
// TEXT:         func.func private @primitive.helper_0.helper(%a: tensor<4xf32>) -> tensor<4xf32> {
// TEXT-NEXT:      %0 = stablehlo.custom_call @other(%a)
