"""The derivative of a function that calls models between its array parts, against `jax.vjp` calls.

The rival is what one writes by hand: a thread pool for the calls of a stage, `jax.vjp` of each
jitted array part on the way, and its pullback on the way back.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

GOAL = 1.1
CALL_SECONDS = 0.01
NAMES = tuple("abcdefgh")
POOL = ThreadPoolExecutor(len(NAMES), thread_name_prefix="benchmark")


def _weigh(name: str) -> float:
    time.sleep(CALL_SECONDS)
    return 0.5 + len(name) / 8


weigh = xcs.op(kind="model")(_weigh)


def _embed(x: Any, w: Any) -> Any:
    return jnp.tanh(x @ w)


def _mix(hidden: Any, weight: Any) -> Any:
    return jnp.sin(hidden * weight)


def _loss(parts: list[Any]) -> Any:
    return (jnp.stack(parts) ** 2).sum()


def hybrid(w: Any, x: Any) -> Any:
    hidden = jnp.tanh(x @ w)
    weights = [weigh(name) for name in NAMES]
    parts = [jnp.sin(hidden * weight) for weight in weights]
    again = [weigh(name) for name in NAMES] if weights[0] > 0 else weights
    return (jnp.stack([p * a for p, a in zip(parts, again, strict=True)]) ** 2).sum()


embed, mix, loss = jax.jit(_embed), jax.jit(_mix), jax.jit(_loss)


def by_hand(w: Any, x: Any) -> Any:
    hidden, back_embed = jax.vjp(lambda w: embed(x, w), w)
    first = list(POOL.map(_weigh, NAMES + NAMES))
    weights, again = first[: len(NAMES)], first[len(NAMES) :]
    mixed = [jax.vjp(lambda h, weight=weight: mix(h, weight), hidden) for weight in weights]
    scaled = [
        jax.vjp(lambda p, a=a: p * a, part) for (part, _), a in zip(mixed, again, strict=True)
    ]
    _, back_loss = jax.vjp(loss, [part for part, _ in scaled])
    (parts,) = back_loss(jnp.ones(()))
    total = jnp.zeros_like(hidden)
    for cotangent, (_, back_scale), (_, back_mix) in zip(parts, scaled, mixed, strict=True):
        total = total + back_mix(*back_scale(cotangent))[0]
    return back_embed(total)[0]


def contests(quick: bool) -> list[Contest]:
    """One derivative."""
    w, x = jnp.ones((64, 64)) / 64, jnp.ones((8, 64))
    derivative = xcs.grad(hybrid)
    assert jnp.allclose(derivative(w, x), by_hand(w, x), rtol=1e-4)
    contenders = {
        SUBJECT: timed(lambda: jax.block_until_ready(derivative(w, x))),
        "jax.vjp by hand": timed(lambda: jax.block_until_ready(by_hand(w, x))),
    }
    return [
        Contest(
            "derivative of a hybrid function",
            contenders,
            rounds=3 if quick else 30,
            goals={"jax.vjp by hand": GOAL},
        )
    ]
