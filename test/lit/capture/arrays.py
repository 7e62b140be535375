# RUN: xcs-opt %s:score --arg 0.5 --arg '"prompt"' | filecheck %s
# RUN: xcs-opt %s:score --arg 0.5 --arg '"prompt"' -p outline-deferred,hybrid-split | filecheck %s --check-prefix SPLIT

# Array code is calls of kind tensor, and arithmetic on what they give. Kernels are compiled for the
# shapes of their first launch; none waits for an operator whose result it does not need.

import jax.numpy as jnp

import xcs


@xcs.op(kind="model")
def embed(text: str):
    return [float(len(text))]


# CHECK:       orch.operator @tanh {path = "jax.numpy:tanh", kind = #orch.kind<tensor>, effects = #orch.effects<pure>
# CHECK:       orch.operator @embed {{.*}}kind = #orch.kind<model>
# CHECK-LABEL: func.func @main(%scale: !orch.object<"float">, %text: !orch.object<"str">)
# CHECK-NEXT:    [[TANH:%.*]] = orch.call @tanh(%scale) {{.*}} -> !orch.object<"jax.Array">
# CHECK-NEXT:    [[VECTOR:%.*]] = orch.call @embed(%text)
# CHECK-NEXT:    [[ARRAY:%.*]] = orch.call @array([[VECTOR]]) {{.*}} -> !orch.object<"jax.Array">
# CHECK-NEXT:    [[SCALED:%.*]] = orch.host "a * b"([[ARRAY]], [[TANH]])
# CHECK-NEXT:    func.return [[SCALED]]


# SPLIT-LABEL: func.func @main
# SPLIT-NEXT:    [[TANH:%.*]] = orch.launch [[FIRST:@[a-z_0-9]+]](%scale)
# SPLIT-NEXT:    [[VECTOR:%.*]] = orch.call @embed(%text)
# SPLIT-NEXT:    [[SCALED:%.*]] = orch.launch [[SECOND:@[a-z_0-9]+]]([[VECTOR]], [[TANH]])
# SPLIT-NEXT:    func.return [[SCALED]]
# SPLIT:       func.func private [[FIRST]](
# SPLIT-NEXT:    orch.call @tanh
# SPLIT:       func.func private [[SECOND]](
# SPLIT-NEXT:    orch.call @array
# SPLIT-NEXT:    orch.host "a * b"
@xcs.jit
def score(scale, text):
    weight = jnp.tanh(scale)
    vector = embed(text)
    return jnp.array(vector) * weight
