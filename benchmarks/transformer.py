"""A transformer encoder in plain JAX: the array function whose capture and compilation is timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Params = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Sizes of an encoder and of the batch it is given."""

    layers: int = 12
    width: int = 64
    heads: int = 4
    hidden: int = 128
    vocabulary: int = 512
    batch: int = 2
    length: int = 16


def make_params(shape: Shape) -> Params:
    """Random parameters. The same for the same shape."""
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> jax.Array:
        return jnp.asarray(random.normal(0, rows**-0.5, (rows, columns)), jnp.float32)

    def linear(rows: int, columns: int) -> Params:
        return {"weight": matrix(rows, columns), "bias": jnp.zeros(columns)}

    def norm() -> Params:
        return {"scale": jnp.ones(shape.width), "bias": jnp.zeros(shape.width)}

    def layer() -> Params:
        return {
            "query": linear(shape.width, shape.width),
            "key": linear(shape.width, shape.width),
            "value": linear(shape.width, shape.width),
            "output": linear(shape.width, shape.width),
            "attention_norm": norm(),
            "up": linear(shape.width, shape.hidden),
            "down": linear(shape.hidden, shape.width),
            "feed_forward_norm": norm(),
        }

    return {
        "tokens": matrix(shape.vocabulary, shape.width),
        "positions": matrix(shape.length, shape.width),
        "norm": norm(),
        "layers": [layer() for _ in range(shape.layers)],
    }


def make_batch(shape: Shape) -> tuple[jax.Array, jax.Array]:
    """Token ids and a mask that is 1 where there is a token, both ``(batch, length)``."""
    random = np.random.default_rng(1)
    ids = random.integers(0, shape.vocabulary, (shape.batch, shape.length), dtype=np.int32)
    mask = np.arange(shape.length) < shape.length - np.arange(shape.batch)[:, None]
    return jnp.asarray(ids), jnp.asarray(mask, jnp.int32)


def linear(params: Params, x: jax.Array) -> jax.Array:
    return x @ params["weight"] + params["bias"]


def layer_norm(params: Params, x: jax.Array) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + 1e-5) * params["scale"] + params["bias"]


def attention(params: Params, x: jax.Array, mask: jax.Array, heads: int) -> jax.Array:
    batch, length, width = x.shape

    def split(name: str) -> jax.Array:
        return linear(params[name], x).reshape(batch, length, heads, width // heads)

    query, key, value = split("query"), split("key"), split("value")
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / (width // heads) ** 0.5
    scores = jnp.where(mask[:, None, None, :] == 1, scores, -1e9)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores, axis=-1), value)
    return linear(params["output"], mixed.reshape(batch, length, width))


def encode(params: Params, ids: jax.Array, mask: jax.Array, heads: int = Shape.heads) -> jax.Array:
    """The mean of the last layer over each text's tokens, ``(batch, width)``."""
    x = layer_norm(params["norm"], params["tokens"][ids] + params["positions"])
    for layer in params["layers"]:
        x = layer_norm(layer["attention_norm"], x + attention(layer, x, mask, heads))
        hidden = jax.nn.gelu(linear(layer["up"], x))
        x = layer_norm(layer["feed_forward_norm"], x + linear(layer["down"], hidden))
    weight = mask[..., None].astype(x.dtype)
    return (x * weight).sum(1) / weight.sum(1)
