"""64 slow calls at once against the time of one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

CALLS = 64
GOAL = 1.05


@xcs.op(kind="model")
def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@xcs.jit
def all_of(durations: list[float]) -> list[float]:
    return [wait(duration) for duration in durations]


def contests(quick: bool) -> list[Contest]:
    """The ideal is the duration of one call as asked for, not as measured."""
    seconds = 0.005 if quick else 0.050
    durations = [seconds] * CALLS
    pool = ThreadPoolExecutor(CALLS)
    return [
        Contest(
            f"{CALLS} calls of {seconds * 1e3:.0f} ms",
            {
                SUBJECT: timed(lambda: all_of(durations)),
                "one call": lambda: seconds,
                "ThreadPoolExecutor": timed(lambda: list(pool.map(time.sleep, durations))),
            },
            rounds=2 if quick else 15,
            goals={"one call": GOAL},
        )
    ]
