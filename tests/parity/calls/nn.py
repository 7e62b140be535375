"""Calls of `jax.nn`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from tests.parity.calls.support import Calls

CALLS: Calls = {
    "dot_product_attention": [
        lambda tokens: jax.nn.dot_product_attention(tokens, tokens, tokens),
        lambda tokens: jax.nn.dot_product_attention(tokens, tokens, tokens, is_causal=True),
        lambda tokens: jax.nn.dot_product_attention(
            tokens, tokens[:, :, :1], tokens[:, :, :1], bias=jnp.ones((1, 2, 5, 5)), scale=0.3
        ),
        lambda tokens, k: jax.nn.dot_product_attention(
            tokens, tokens, tokens, key_value_seq_lengths=jnp.stack([k, k + 1])
        ),
        lambda tokens: jax.nn.dot_product_attention(
            tokens, tokens, tokens, local_window_size=(1, 0)
        ),
    ],
    "one_hot": [
        lambda n: jax.nn.one_hot(n, 4),
        lambda n: jax.nn.one_hot(n, 4, axis=0, dtype=jnp.bfloat16),
    ],
    "softmax": [
        lambda x, m: jax.nn.softmax(x, where=m, axis=0),
        lambda x, m: jax.nn.log_softmax(x, where=m),
        lambda x: jax.nn.logsumexp(x, axis=1, return_sign=True, b=2.0),
    ],
    "gelu": [lambda x: jax.nn.gelu(x, approximate=False), lambda brain: jax.nn.gelu(brain)],
    "standardize": [lambda x: jax.nn.standardize(x, axis=0, epsilon=1e-3)],
    "activations": [
        lambda x: [f(4 * x - 2) for f in (jax.nn.relu, jax.nn.relu6, jax.nn.elu, jax.nn.selu)],
        lambda x: [f(4 * x - 2) for f in (jax.nn.silu, jax.nn.mish, jax.nn.softplus)],
        lambda x, p: (
            jax.nn.leaky_relu(x - 0.5, 0.2),
            jax.nn.celu(x - 0.5, p),
            jax.nn.glu(x[:, :2]),
        ),
    ],
    "scaled_dot_general": [
        lambda cube: jax.nn.scaled_dot_general(cube, cube, (((2,), (2,)), ((0,), (0,)))),
    ],
    "initializers": [
        lambda key: jax.nn.initializers.glorot_normal()(key, (4, 3)),
        lambda key: jax.nn.initializers.he_uniform()(key, (4, 3), jnp.bfloat16),
        lambda key: jax.nn.initializers.orthogonal()(key, (4, 3)),
        lambda key: jax.nn.initializers.delta_orthogonal()(key, (3, 3, 4)),
        lambda key: jax.nn.initializers.truncated_normal(0.5)(key, (4, 3)),
        lambda key: jax.nn.initializers.variance_scaling(2.0, "fan_avg", "uniform")(key, (4, 3)),
        lambda key: jax.nn.initializers.constant(2.0)(key, (4, 3)),
    ],
}
