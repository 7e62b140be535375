"""Async functions do jitted what they do plain, sooner."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import async_programs as programs
import pytest
from async_programs import CALLS, PROGRAMS, AsyncProgram
from differential import freeze, within_time

import xcs
from xcs.runtime.clock import simulate

CAPTURED = [p for p in PROGRAMS if p.makespan is not None]
NATIVE = [p for p in PROGRAMS if p.makespan is None]


def outcome(function: Any, tested: AsyncProgram) -> Any:
    """What a call came to: the value or the error, the effects, and the calls that were made."""
    programs.reset()
    try:
        value = freeze(function(*tested.args))
        error = None
    except Exception as raised:
        raised = getattr(raised, "original_error", raised)
        value, error = None, (type(raised).__name__, str(raised))
    return value, error, list(programs.LOG), Counter(CALLS)


def awaited(function: Any) -> Any:
    return lambda *args: asyncio.run(function(*args))


def blocking(function: Any) -> Any:
    """A function that is not async, and runs the program to its end."""

    def main(*args: Any) -> Any:
        return asyncio.run(function(*args))

    return main


def name(tested: AsyncProgram) -> str:
    return tested.function.__name__


def agree(expected: Any, found: Any) -> None:
    assert found[:3] == expected[:3]
    if expected[1] is None:  # what comes after an error may begin, or be dropped
        assert found[3] == expected[3]


@pytest.mark.parametrize("max_workers", [None, 1], ids=["parallel", "one worker"])
@pytest.mark.parametrize("tested", PROGRAMS, ids=name)
def test_async_function(tested: AsyncProgram, max_workers: int | None) -> None:
    expected = outcome(awaited(tested.function), tested)
    jitted = xcs.jit(tested.function, config=xcs.Config(max_workers=max_workers))
    for _ in range(2):
        agree(expected, within_time(lambda: outcome(awaited(jitted), tested)))


@pytest.mark.parametrize("tested", PROGRAMS, ids=name)
def test_function_that_runs_an_async_one(tested: AsyncProgram) -> None:
    expected = outcome(blocking(tested.function), tested)
    jitted = xcs.jit(blocking(tested.function))
    for _ in range(2):
        agree(expected, within_time(lambda: outcome(jitted, tested)))


@pytest.mark.parametrize("tested", CAPTURED, ids=name)
def test_makespan(tested: AsyncProgram) -> None:
    jitted = xcs.jit(tested.function)
    outcome(awaited(jitted), tested)
    stats = xcs.get_jit_stats(jitted)
    assert stats["execution_strategy"] != "fallback", stats["fallback_reason"]
    stage = jitted.__xcs_jit__
    program = stage.program_for(tested.args, {})
    assert program is not None
    seconds = dict.fromkeys(("ask", "flaky", "look_up"), 1.0)
    durations: Any = {**seconds, "sleep": lambda delay: delay / programs.UNIT}
    found = simulate(program.lowered.plan, stage.described(tested.args, {}).values, durations)
    assert found.makespan == tested.makespan


@pytest.mark.parametrize("tested", NATIVE, ids=name)
def test_what_is_not_captured_says_why(tested: AsyncProgram) -> None:
    jitted = xcs.jit(tested.function)
    outcome(awaited(jitted), tested)
    stats = xcs.get_jit_stats(jitted)
    assert stats["execution_strategy"] == "fallback"
    assert "async_programs.py:" in stats["fallback_reason"]
