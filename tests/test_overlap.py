"""Idioms of programs around slow calls: how long each takes that runs as soon as its data allow.

Every call of `ask` takes one unit of a virtual clock. Each program is also checked to do what it
does as plain Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import xcs
from tests.programs import harness
from tests.programs.world import World, entered, model


class Refused(ValueError):
    """An answer that is not what was asked for."""

    def __init__(self, prompt: str, reason: str = "refused"):
        super().__init__(f"{reason}: {prompt}")
        self.prompt = prompt


@model()
def ask(prompt: str, tries: int = 0) -> str:
    if "refuse" in prompt and tries == 0:
        raise Refused(prompt)
    return f"<{prompt}{tries or ''}>"


NUMBER = re.compile(r"(\d+)>")
PROGRAMS: dict[str, tuple[Callable[[], Any], float]] = {}


def takes(units: float) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A program with the time that its critical path takes."""

    def keep(function: Callable[[], Any]) -> Callable[[], Any]:
        PROGRAMS[function.__name__] = function, units
        return function

    return keep


@takes(2)
def methods_of_compiled_patterns():
    return [ask(NUMBER.findall(ask(f"{number}"))[0]) for number in range(4)]


@takes(2)
def errors_as_text():
    found = []
    for number in range(4):
        try:
            found.append(ask(f"refuse {number}"))
        except Refused as error:
            found.append(ask(f"{error} ({error.prompt})", tries=1))
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_takes_its_critical_path(name: str) -> None:  # R4, R7
    program, units = PROGRAMS[name]
    jitted = xcs.jit(program, config=xcs.Config(max_workers=64))
    with entered(World()):
        assert jitted() == program()
    found = [harness.measure(program, jitted).jitted]
    if found[0] > units:  # a pause of the machine can make it longer, never shorter
        found.append(harness.measure(program, jitted).jitted)
    assert min(found) == units


def test_keyword_arguments_that_are_handed_on_are_known() -> None:  # R7
    def careful(prompt: str, tries: int = 0) -> str:
        return ask(prompt, tries)

    def again(*args: Any, **kwargs: Any) -> str:
        return careful(*args, tries=1, **kwargs)

    @xcs.jit
    def program(q: str) -> str:
        return again(prompt=q)

    lowered = program.trace("a").as_text()
    assert "merge_keywords" not in lowered
    with entered(World()):
        assert program("a") == "<a1>"
