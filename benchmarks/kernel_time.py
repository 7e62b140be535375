"""The run time of compiled array functions: what XLA makes of our StableHLO and of JAX's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

import xcs
from benchmarks.contest import SUBJECT, Contest, timed
from benchmarks.models import MODELS, Model

GOAL = 1.03


def contests(quick: bool) -> list[Contest]:
    """Each of the ten models, warm, from the call until its result is there."""
    return [_contest(model, quick) for model in MODELS]


def _contest(model: Model, quick: bool) -> Contest:
    args = model.make_arguments(quick)

    def contender(jitted: Callable[..., Any]) -> Callable[[], float]:
        jax.block_until_ready(jitted(*args))
        return timed(lambda: jax.block_until_ready(jitted(*args)))

    return Contest(
        f"run of {model.name}",
        {
            SUBJECT: contender(xcs.jit(model.function)),
            "jax.jit": contender(jax.jit(model.function)),
        },
        rounds=3 if quick else 1001,
        goals={"jax.jit": GOAL},
    )
