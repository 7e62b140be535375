"""Whole programs around language models against their critical paths and against asyncio by hand.

The programs are those of `tests/programs`. Their simulated calls sleep. The critical path is
computed by the reference interpreter; the versions written with asyncio are in `by_hand` there.
``python -m benchmarks.programs`` runs these contests alone.
"""

from __future__ import annotations

import asyncio
import importlib
import time
import types
from collections.abc import Callable
from typing import Any

import xcs
from benchmarks.contest import SUBJECT, Contest, hold
from benchmarks.report import table
from tests.programs import harness
from tests.programs.world import Sleeping, World, call_async, entered

PATH_GOAL = 1.1
HAND_GOAL = 1.03
FIRST_CALL = 0.050
"""Seconds that a first call may take more than the second, where calls of operators take none."""


def contests(quick: bool) -> list[Contest]:
    """For each program: against time as it must be, and its first call against its second."""
    names = harness.NAMES[:2] if quick else harness.NAMES
    unit = 0.001 if quick else 0.020
    rounds = 1 if quick else 5
    return [
        *(_overlapped(name, unit, rounds) for name in names),
        *(_first_call(name, rounds) for name in names),
    ]


def _overlapped(name: str, unit: float, rounds: int) -> Contest:
    program = harness.load(name)
    jitted = xcs.jit(program.main, config=xcs.Config(max_workers=64))
    written = harness.load(name)
    by_hand = importlib.import_module(f"tests.programs.by_hand.{name}")
    path, _ = harness.critical_path(name)
    with entered(World()) as world, harness.console():
        harness.load(name).main(*program.arguments())
        jitted(*program.arguments())  # what is measured finds a warm cache

    def run_by_hand(*arguments: Any) -> None:
        asyncio.run(by_hand.main(written, call_async, *arguments))

    return Contest(
        name.replace("_", " "),
        {
            SUBJECT: _sleeping(program, jitted, unit),
            "critical path": lambda: path * unit,
            "asyncio by hand": _sleeping(written, run_by_hand, unit),
            "one by one": lambda: world.clock.now / 2 * unit,  # it was called twice
        },
        rounds=rounds,
        goals={"critical path": PATH_GOAL, "asyncio by hand": HAND_GOAL},
    )


def _sleeping(
    program: types.ModuleType, function: Callable[..., Any], unit: float
) -> Callable[[], float]:
    """Seconds that a call takes in a world where operators sleep."""

    def sample() -> float:
        _reset(program)
        arguments = program.arguments()
        with entered(World(Sleeping(unit))), harness.console():
            start = time.perf_counter()
            function(*arguments)
            return time.perf_counter() - start

    return sample


def _first_call(name: str, rounds: int) -> Contest:
    """The first call of a program, in seconds, against a later one and what it may take more."""
    later: list[float] = []

    def first() -> float:
        program = harness.load(name)
        jitted = xcs.jit(program.main)
        spent = []
        for _ in range(3):
            _reset(program)
            arguments = program.arguments()
            with entered(World()), harness.console():
                start = time.perf_counter()
                jitted(*arguments)
                spent.append(time.perf_counter() - start)
        later.append(min(spent[1:]))
        return spent[0]

    return Contest(
        f"first call of {name.replace('_', ' ')}",
        {SUBJECT: first, "a later one and 50 ms": lambda: (later or [0.0])[-1] + FIRST_CALL},
        rounds=rounds,
        goals={"a later one and 50 ms": 1.0},
    )


def _reset(program: types.ModuleType) -> None:
    if hasattr(program, "reset"):
        program.reset()


if __name__ == "__main__":
    print(table({"programs": [hold(contest) for contest in contests(quick=False)]}))
