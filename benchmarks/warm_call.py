"""A warm call of an array function: what xcs adds to `jax.jit`'s own dispatch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

GOAL = 1.1


def scale(x: jax.Array) -> jax.Array:
    return jnp.tanh(x) * 2.0 + 1.0


def mlp(layers: list[dict[str, jax.Array]], x: jax.Array) -> jax.Array:
    for layer in layers:
        x = jnp.tanh(x @ layer["weight"] + layer["bias"])
    return x


def contests(quick: bool) -> list[Contest]:
    """One array as the argument, and a pytree of six."""
    x = jnp.ones(8)
    random = np.random.default_rng(0)
    layers = [
        {
            "weight": jnp.asarray(random.normal(size=(8, 8)), jnp.float32),
            "bias": jnp.zeros(8),
        }
        for _ in range(3)
    ]
    return [
        _contest("warm call, one array", scale, (x,), quick),
        _contest("warm call, 3-layer MLP", mlp, (layers, x), quick),
    ]


def _contest(
    name: str, function: Callable[..., Any], args: tuple[Any, ...], quick: bool
) -> Contest:
    calls = 100 if quick else 200

    def contender(jitted: Callable[..., Any]) -> Callable[[], float]:
        jax.block_until_ready(jitted(*args))
        return timed(lambda: jitted(*args), repeat=calls)

    return Contest(
        name,
        {SUBJECT: contender(xcs.jit(function)), "jax.jit": contender(jax.jit(function))},
        rounds=3 if quick else 201,
        goals={"jax.jit": GOAL},
    )
