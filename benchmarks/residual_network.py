"""An array function with as many equations as wanted: the subject of the compile-time benchmark."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def normalise(x: jax.Array, scale: jax.Array) -> jax.Array:
    mean = jnp.mean(x, axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-6) * scale


def block(x: jax.Array, weight: jax.Array, scale: jax.Array) -> jax.Array:
    hidden = jnp.tanh(normalise(x, scale) @ weight)
    return x + hidden * jax.nn.sigmoid(hidden)


def network(x: jax.Array, weight: jax.Array, scale: jax.Array, *, blocks: int) -> jax.Array:
    for _ in range(blocks):
        x = block(x, weight, scale)
    return x


def make_arguments() -> tuple[jax.Array, jax.Array, jax.Array]:
    """Small arrays, so that nearly all of a first call is compilation."""
    return jnp.ones((8, 16)), jnp.eye(16), jnp.ones(16)
