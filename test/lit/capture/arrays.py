# RUN: xcs-opt %s:score --arg 0.5 --arg '"prompt"' | filecheck %s
# RUN: xcs-opt %s:score --arg 0.5 --arg '"prompt"' -p outline-deferred,hybrid-split | filecheck %s --check-prefix SPLIT

# Array code on the function's own arguments is imported as it was traced; array code on what an
# operator returns waits for the shapes, as calls of kind tensor. A weak type, as an array that was
# made of a Python number has, is given back where the array leaves its kernel.

import jax.numpy as jnp

import xcs


@xcs.op(kind="model")
def embed(text: str):
    return [float(len(text))]


# CHECK:       orch.operator @embed {{.*}}kind = #orch.kind<model>
# CHECK:       orch.operator @array {path = "jax.numpy:array", kind = #orch.kind<tensor>, effects = #orch.effects<pure>
# CHECK-LABEL: func.func @main(%scale: !orch.object<"float">, %text: !orch.object<"str">)
# CHECK-NEXT:    [[SCALE:%.*]] = orch.as_tensor %scale : !orch.object<"float"> -> tensor<f32>
# CHECK-NEXT:    [[TANH:%.*]] = xtensor.tanh [[SCALE]] : tensor<f32>
# CHECK-NEXT:    [[VECTOR:%.*]] = orch.call @embed(%text)
# CHECK-NEXT:    [[ARRAY:%.*]] = orch.call @array([[VECTOR]]) {{.*}} -> !orch.object<"jax.Array">
# CHECK:         [[WEAK:%.*]] = orch.host "as_weak(array)"({{%.*}}, [[TANH]])
# CHECK-NEXT:    [[SCALED:%.*]] = orch.call @mul([[ARRAY]], [[WEAK]])
# CHECK-NEXT:    func.return [[SCALED]]


# SPLIT-LABEL: func.func @main
# SPLIT:         [[VECTOR:%.*]] = orch.call @embed(%text)
# SPLIT:         [[TANH:%.*]] = orch.launch [[TYPED:@[a-z_0-9]+]](
# SPLIT-NEXT:    [[WEAK:%.*]] = orch.host "as_weak(array)"({{%.*}}, [[TANH]])
# SPLIT-NEXT:    [[SCALED:%.*]] = orch.launch [[DEFERRED:@[a-z_0-9]+]]([[VECTOR]], [[WEAK]])
# SPLIT-NEXT:    func.return [[SCALED]]
# SPLIT:       func.func private [[DEFERRED]](
# SPLIT:         orch.call @array
# SPLIT:         orch.call @mul
# SPLIT:       func.func private [[TYPED]]({{.*}}: tensor<f32>) -> tensor<f32>
# SPLIT-NEXT:    xtensor.tanh
@xcs.jit
def score(scale, text):
    weight = jnp.tanh(scale)
    vector = embed(text)
    return jnp.array(vector) * weight
