"""A mapped function that calls a model between its array parts, over a thousand elements.

The rival is what one writes by hand: a thread pool for the calls between two `jax.vmap`s.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

GOAL = 1.03
ELEMENTS = 1000
CALL_SECONDS = 0.02
WORKERS = 128
POOL = ThreadPoolExecutor(WORKERS, thread_name_prefix="benchmark")


def _ask(name: str) -> float:
    time.sleep(CALL_SECONDS)
    return len(name) / 8


ask = xcs.op(kind="model")(_ask)


def _before(w: Any, x: Any) -> Any:
    return jnp.tanh(x @ w)


def _after(hidden: Any, weight: Any) -> Any:
    return jnp.sin(hidden * weight).sum()


def program(w: Any, x: Any, name: str) -> Any:
    return _after(_before(w, x), ask(name))


before = jax.jit(jax.vmap(_before, (None, 0)))
after = jax.jit(jax.vmap(_after))


def by_hand(w: Any, xs: Any, names: list[str]) -> Any:
    hidden = before(w, xs)
    return after(hidden, jnp.asarray(list(POOL.map(_ask, names))))


def contests(quick: bool) -> list[Contest]:
    """One call for all elements."""
    count = 50 if quick else ELEMENTS
    w, xs = jnp.ones((64, 64)) / 64, jnp.ones((count, 64))
    names = [f"name {n}" for n in range(count)]
    mapped = xcs.vmap(program, in_axes=(None, 0, 0))
    assert jnp.allclose(mapped(w, xs, names), by_hand(w, xs, names), rtol=1e-4)
    return [
        Contest(
            "mapping a hybrid function",
            {
                SUBJECT: timed(lambda: jax.block_until_ready(mapped(w, xs, names))),
                "thread pool and jax.vmap": timed(
                    lambda: jax.block_until_ready(by_hand(w, xs, names))
                ),
            },
            rounds=3 if quick else 20,
            goals={"thread pool and jax.vmap": GOAL},
        )
    ]
