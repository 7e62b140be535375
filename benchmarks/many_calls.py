"""64 slow calls at once against the time of one.

Threads that only wake and sleep show what part of the difference is the machine's.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

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


class Sleepers:
    """Threads that wait to be told for how many seconds to sleep."""

    def __init__(self, count: int):
        self._orders = [SimpleQueue[float]() for _ in range(count)]
        self._done = SimpleQueue[None]()
        for orders in self._orders:
            threading.Thread(target=self._live, args=(orders,), daemon=True).start()

    def _live(self, orders: SimpleQueue[float]) -> None:
        while True:
            time.sleep(orders.get())
            self._done.put(None)

    def sleep(self, durations: list[float]) -> None:
        """Let each of them sleep, and wait for the last."""
        for orders, duration in zip(self._orders, durations, strict=True):
            orders.put(duration)
        for _ in durations:
            self._done.get()


def contests(quick: bool) -> list[Contest]:
    """The ideal is the duration of one call as asked for, not as measured."""
    seconds = 0.005 if quick else 0.050
    durations = [seconds] * CALLS
    pool, sleepers = ThreadPoolExecutor(CALLS), Sleepers(CALLS)
    return [
        Contest(
            f"{CALLS} calls of {seconds * 1e3:.0f} ms",
            {
                SUBJECT: timed(lambda: all_of(durations)),
                "one call": lambda: seconds,
                "ThreadPoolExecutor": timed(lambda: list(pool.map(time.sleep, durations))),
                "threads that only sleep": timed(lambda: sleepers.sleep(durations)),
            },
            rounds=2 if quick else 15,
            goals={"one call": GOAL},
        )
    ]
