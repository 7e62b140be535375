"""The overhead of an independent operator call: 1,000 calls of something that takes no time."""

from __future__ import annotations

import asyncio
import linecache
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

CALLS = 1000
GOAL = 1.0
"""Below both."""

POOL = ThreadPoolExecutor(thread_name_prefix="benchmark")
LOOP = asyncio.new_event_loop()


def trivial(x: int) -> int:
    return x


async def trivial_coroutine(x: int) -> int:
    return x


operator = xcs.op(trivial)


def each(items: list[int]) -> list[int]:
    return [operator(item) for item in items]


def unrolled(calls: int) -> Callable[[int], list[int]]:
    """A function of so many calls, one after another, whose results go into a list."""
    lines = ["def straight_line(x):"]
    lines += [f"    r{i} = operator(x)" for i in range(calls)]
    lines += ["    return [" + ", ".join(f"r{i}" for i in range(calls)) + "]"]
    source, name = "\n".join(lines) + "\n", f"<{calls} calls>"
    # Where inspect finds the source of code that is in no file.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"operator": operator, "__name__": __name__}
    exec(compile(source, name, "exec"), scope)
    return scope["straight_line"]


def with_threads(items: list[int]) -> list[int]:
    return [future.result() for future in [POOL.submit(trivial, item) for item in items]]


def with_asyncio(items: list[int]) -> list[int]:
    async def gathered() -> list[int]:
        return await asyncio.gather(*(trivial_coroutine(item) for item in items))

    return LOOP.run_until_complete(gathered())


def contests(quick: bool) -> list[Contest]:
    """The calls of a comprehension, and the same number written out. Seconds are for one call.

    The rivals' threads and event loop are there before; only the calls are timed.
    """
    calls = 100 if quick else CALLS
    items = list(range(calls))
    mapped, written_out = xcs.jit(each), xcs.jit(unrolled(calls))
    assert mapped(items) == with_threads(items) == with_asyncio(items)
    assert written_out(7) == [7] * calls
    return [
        _contest("operator call, comprehension", lambda: mapped(items), items, quick),
        _contest("operator call, straight line", lambda: written_out(7), items, quick),
    ]


def _contest(name: str, subject: Callable[[], Any], items: list[int], quick: bool) -> Contest:
    def contender(run: Callable[[], Any]) -> Callable[[], float]:
        seconds = timed(run)
        return lambda: seconds() / len(items)

    return Contest(
        name,
        {
            SUBJECT: contender(subject),
            "ThreadPoolExecutor": contender(lambda: with_threads(items)),
            "asyncio.gather": contender(lambda: with_asyncio(items)),
        },
        rounds=3 if quick else 75,
        goals={"ThreadPoolExecutor": GOAL, "asyncio.gather": GOAL},
    )
