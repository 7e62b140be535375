"""A warm call of an array function: what xcs adds to `jax.jit`'s own dispatch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

GOAL = 1.05
JITS: dict[str, Callable[..., Any]] = {SUBJECT: xcs.jit, "jax.jit": jax.jit}


def scale(x: jax.Array) -> jax.Array:
    return jnp.tanh(x) * 2.0 + 1.0


# fmt: off
def ten(a, b, c, d, e, f, g, h, i, j):
    return jnp.tanh(a + b + c + d + e) * (f + g + h + i + j)


def hundred(
    a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9,
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9,
    e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9,
    g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9,
    i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9,
):
    return jnp.tanh(a0) + b1 * c2 + d3 * e4 + f5 * g6 + h7 * i8 + j9
# fmt: on


def leaves(tree: dict[str, jax.Array]) -> jax.Array:
    return jnp.tanh(tree["x0"]) + tree["x50"] * tree["x99"]


def mlp(layers: list[dict[str, jax.Array]], x: jax.Array) -> jax.Array:
    for layer in layers:
        x = jnp.tanh(x @ layer["weight"] + layer["bias"])
    return x


def contests(quick: bool) -> list[Contest]:
    """One, ten and a hundred arrays as arguments, and pytrees of six and of a hundred.

    A Python function around `jax.jit` shows how much of the first is that users call one.
    """
    x = jnp.ones(8)
    random = np.random.default_rng(0)
    layers = [
        {
            "weight": jnp.asarray(random.normal(size=(8, 8)), jnp.float32),
            "bias": jnp.zeros(8),
        }
        for _ in range(3)
    ]
    tree = {f"x{i}": x for i in range(100)}
    return [
        _contest("warm call, one array", scale, (x,), quick, {"Python calling jax.jit": wrapped}),
        _contest("warm call, 10 arrays", ten, (x,) * 10, quick),
        _contest("warm call, 100 arrays", hundred, (x,) * 100, quick),
        _contest("warm call, a pytree of 100 arrays", leaves, (tree,), quick),
        _contest("warm call, 3-layer MLP", mlp, (layers, x), quick),
    ]


def wrapped(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of Python that calls one of `jax.jit`."""
    jitted = jax.jit(function)

    def call(x: Any) -> Any:
        return jitted(x)

    return call


def _contest(
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    quick: bool,
    more: Mapping[str, Callable[..., Any]] = {},
) -> Contest:
    calls = 20

    def contender(jitted: Callable[..., Any]) -> Callable[[], float]:
        jax.block_until_ready(jitted(*args))
        return timed(lambda: jitted(*args), repeat=calls)

    return Contest(
        name,
        {name: contender(jit(function)) for name, jit in ({**JITS, **more}).items()},
        rounds=3 if quick else 1501,
        goals={"jax.jit": GOAL},
    )
