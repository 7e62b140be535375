"""Ten array functions, from elementwise to transformer and convolution, with arguments for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import transformer

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Model:
    """A function, and what makes arguments for it; `quick` asks for tiny ones."""

    name: str
    function: Callable[..., Any]
    make_arguments: Callable[[bool], Arguments]


def _normal(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def elementwise(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.tanh(x) * jnp.exp(-y * y) + jnp.where(x > 0, x, 0.1 * y)


def softmax_cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -jnp.mean(chosen)


def mlp(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    for weight in weights:
        x = jax.nn.gelu(x @ weight)
    return x


def mlp_gradient(weights: list[jax.Array], x: jax.Array) -> list[jax.Array]:
    return jax.grad(lambda ws: jnp.sum(mlp(ws, x) ** 2))(weights)


def convolution_network(filters: list[jax.Array], images: jax.Array) -> jax.Array:
    x = images
    for kernel in filters:
        x = jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = jax.lax.reduce_window(
            jax.nn.relu(x), -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
        )
    return x.mean((1, 2))


def recurrent_network(weight: jax.Array, inputs: jax.Array) -> jax.Array:
    def step(state: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = jnp.tanh(state @ weight + x)
        return state, state.mean()

    return jax.lax.scan(step, jnp.zeros_like(inputs[0]), inputs)[1]


def power_iteration(matrix: jax.Array) -> jax.Array:
    def improve(vector: jax.Array) -> jax.Array:
        return (matrix @ vector) / jnp.linalg.norm(matrix @ vector)

    vector = jax.lax.fori_loop(0, 50, lambda _, v: improve(v), jnp.ones(matrix.shape[0]))
    return vector @ matrix @ vector


def nearest_neighbours(queries: jax.Array, points: jax.Array) -> jax.Array:
    distances = jnp.sum(queries**2, 1)[:, None] - 2 * queries @ points.T + jnp.sum(points**2, 1)
    return jax.lax.top_k(-distances, 5)[1]


def linear_regression(features: jax.Array, targets: jax.Array) -> jax.Array:
    gram = features.T @ features + 1e-3 * jnp.eye(features.shape[1])
    return jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(gram), features.T @ targets)


def _transformer_arguments(quick: bool) -> Arguments:
    shape = transformer.Shape(layers=1 if quick else 4, batch=8, length=64)
    return (transformer.make_params(shape), *transformer.make_batch(shape))


def _mlp_arguments(quick: bool) -> Arguments:
    width = 8 if quick else 256
    return [_normal(width, width, seed=i) / 16 for i in range(3)], _normal(width, width)


def _images(quick: bool) -> Arguments:
    size = 8 if quick else 32
    return [_normal(3, 3, 3, 16), _normal(3, 3, 16, 16)], _normal(4, size, size, 3)


MODELS = [
    Model(
        "elementwise",
        elementwise,
        lambda quick: (_normal(512, 8 if quick else 512), _normal(512, 8 if quick else 512)),
    ),
    Model(
        "softmax cross entropy",
        softmax_cross_entropy,
        lambda quick: (_normal(256, 8 if quick else 1000), jnp.arange(256) % 8),
    ),
    Model("MLP", mlp, _mlp_arguments),
    Model("gradient of an MLP", mlp_gradient, _mlp_arguments),
    Model("convolution network", convolution_network, _images),
    Model(
        "recurrent network",
        recurrent_network,
        lambda quick: (_normal(64, 64) / 16, _normal(4 if quick else 100, 16, 64)),
    ),
    Model(
        "power iteration", power_iteration, lambda quick: (_normal(*(8 if quick else 256,) * 2),)
    ),
    Model(
        "nearest neighbours",
        nearest_neighbours,
        lambda quick: (_normal(16, 32), _normal(8 if quick else 2048, 32, seed=1)),
    ),
    Model(
        "linear regression",
        linear_regression,
        lambda quick: (_normal(16 if quick else 1024, 64), _normal(16 if quick else 1024)),
    ),
    Model("transformer", transformer.encode, _transformer_arguments),
]
