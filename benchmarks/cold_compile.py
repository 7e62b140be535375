"""Cold compilation by number of equations: the time of a first call, and the memory it takes."""

from __future__ import annotations

import functools
import resource
import subprocess
import sys
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
    """The first call at each size, and the memory for the largest."""
    sizes = QUICK_ROUNDS if quick else ROUNDS
    largest = max(sizes)
    times = [
        Contest(
            f"cold compile, {equations:,} equations",
            {name: functools.partial(seconds, name, equations) for name in JITS},
            rounds=rounds,
            goals={"jax.jit": GOAL},
        )
        for equations, rounds in sizes.items()
    ]
    memory = Contest(
        f"peak memory, {largest:,} equations",
        {name: functools.partial(peak_bytes, name, largest) for name in JITS},
        rounds=1 if quick else 3,
        unit="bytes",
    )
    return [*times, memory]


def seconds(name: str, equations: int) -> float:
    """Seconds that the first call takes of a function with about so many equations."""
    args = residual_network.make_arguments()
    jax.clear_caches()
    network = JITS[name](fresh(residual_network).network, static_argnames="blocks")
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


def peak_bytes(name: str, equations: int) -> float:
    """The peak memory in bytes of a process that does nothing else, Python and imports included."""
    command = [sys.executable, "-m", __name__, name, str(equations)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    seconds(sys.argv[1], int(sys.argv[2]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
