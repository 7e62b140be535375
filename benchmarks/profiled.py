"""What it costs to record a timeline: the same program with `xcs.profile` and without."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import nullcontext

import xcs
from benchmarks.contest import SUBJECT, Contest

CALLS = 100
SECONDS = 0.01
GOAL = 1.05
NOT_PROFILED = "not profiled"


@xcs.op
def model(prompt: str) -> str:
    time.sleep(SECONDS)
    return prompt


def pipeline(count: int) -> list[str]:
    """Three calls for each item, one after another, with some Python in between."""
    answers = []
    for i in range(count):
        draft = model(f"draft {i}")
        review = model(f"review: {draft[:20]}")
        answers.append(model(f"{draft} {review}").upper())
    return answers


def contests(quick: bool) -> list[Contest]:
    """The runs alone; the file is written after them."""
    count = 10 if quick else CALLS
    program = xcs.jit(pipeline)
    program(count)

    def contender(*, profiled: bool) -> Callable[[], float]:
        def seconds() -> float:
            with xcs.profile(os.devnull) if profiled else nullcontext():
                start = time.perf_counter()
                program(count)
                return time.perf_counter() - start

        return seconds

    contenders = {SUBJECT: contender(profiled=True), NOT_PROFILED: contender(profiled=False)}
    rounds = 2 if quick else 15
    return [Contest("profiling 300 calls of 10 ms", contenders, rounds, {NOT_PROFILED: GOAL})]
