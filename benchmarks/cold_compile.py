"""Cold compilation by number of equations: the time of a first call."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import jaxprs_in_params

import xcs
from benchmarks import residual_network
from benchmarks.contest import SUBJECT, Contest
from benchmarks.fresh import fresh

GOAL = 1.25
ROUNDS = {100: 15, 1_000: 9, 5_000: 5}
"""Equations of the function, and rounds."""
QUICK_ROUNDS = {100: 1}
JITS: dict[str, Callable[..., Any]] = {SUBJECT: xcs.jit, "jax.jit": jax.jit}


def contests(quick: bool) -> list[Contest]:
    """The first call at each size."""
    return [
        Contest(
            f"cold compile, {equations:,} equations",
            {name: functools.partial(seconds, jit, equations) for name, jit in JITS.items()},
            rounds=rounds,
            goals={"jax.jit": GOAL},
        )
        for equations, rounds in (QUICK_ROUNDS if quick else ROUNDS).items()
    ]


def seconds(jit: Callable[..., Any], equations: int) -> float:
    """Seconds that the first call takes of a function with about so many equations."""
    args = residual_network.make_arguments()
    jax.clear_caches()
    network = jit(fresh(residual_network).network, static_argnames="blocks")
    start = time.perf_counter()
    result = network(*args, blocks=max(1, equations // equations_per_block()))
    passed = time.perf_counter() - start
    jax.block_until_ready(result)
    return passed


@functools.cache
def equations_per_block() -> int:
    """Equations of one block, those of the functions it calls included."""
    one_block = functools.partial(residual_network.network, blocks=1)
    return _count(jax.make_jaxpr(one_block)(*residual_network.make_arguments()).jaxpr)


def _count(jaxpr: Any) -> int:
    inner = (part for eqn in jaxpr.eqns for part in jaxprs_in_params(eqn.params))
    return len(jaxpr.eqns) + sum(_count(getattr(part, "jaxpr", part)) for part in inner)
