"""The outside world of a program: its slow calls, what they leave behind, and the time they take.

A program declares its calls here, and runs in whatever world the harness has entered: one where
calls take no time, one where they sleep, or one with a virtual clock. The world keeps what a
person outside could see: which calls were made, and the log of the ordered ones.
"""

from __future__ import annotations

import asyncio
import functools
import heapq
import itertools
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import xcs
from tests.programs.reference import Operator


class Clock(Protocol):
    """What the duration of a call means. `now` is in the units of durations."""

    @property
    def now(self) -> float: ...

    def spend(self, duration: float) -> None:
        """Take the time of one call."""


class Instant:
    """Calls take no time. `now` is the sum of all durations: the makespan of one after another."""

    def __init__(self) -> None:
        self.now = 0.0

    def spend(self, duration: float) -> None:
        self.now += duration


class Sleeping:
    """Calls sleep so many seconds for a unit of duration."""

    def __init__(self, unit: float) -> None:
        self.unit = unit
        self._start = time.perf_counter()

    @property
    def now(self) -> float:
        return (time.perf_counter() - self._start) / self.unit

    def spend(self, duration: float) -> None:
        time.sleep(duration * self.unit)


class Virtual:
    """Time passes only while the whole process waits for calls, and then at once to the next end.

    A call is held in its thread until its time has come. Whether the program could still start
    another call before that is told from outside, so that it holds for any engine: a call arrives,
    the process uses its processor, or one of its threads would if it were given one. Once none of
    this has happened for `quiet` seconds, nothing can happen before the earliest end, and time
    moves there. Where the system does not tell what threads wait for (other than Linux), a pause
    of the whole process that is longer than `quiet` makes a makespan too long; never too short.
    """

    def __init__(self, quiet: float = 0.004) -> None:
        self.now = 0.0
        self.most_at_once = 0
        self.quiet = quiet
        self._ends: list[tuple[float, int, threading.Event]] = []
        self._numbers = itertools.count()
        self._lock = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def spend(self, duration: float) -> None:
        over = threading.Event()
        with self._lock:
            heapq.heappush(self._ends, (self.now + duration, next(self._numbers), over))
            self.most_at_once = max(self.most_at_once, len(self._ends))
            self._lock.notify()
        over.wait()

    def close(self) -> None:
        with self._lock:
            self._open = False
            self._lock.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._ends or not self._open)
                if not self._open and not self._ends:
                    return
            self._settle()
            with self._lock:
                self.now = self._ends[0][0]
                while self._ends and self._ends[0][0] <= self.now:
                    heapq.heappop(self._ends)[2].set()

    def _settle(self) -> None:
        """Wait until the process has been idle for a while."""
        idle_since = time.perf_counter()
        seen = len(self._ends), time.process_time()
        while time.perf_counter() - idle_since < self.quiet:
            time.sleep(self.quiet / 8)
            found = len(self._ends), time.process_time()
            # Looking costs some processor time as well.
            if found[0] != seen[0] or found[1] - seen[1] > 0.0005 or _others_runnable():
                idle_since = time.perf_counter()
            seen = found


def _others_runnable() -> bool:
    """Whether another thread of this process runs, or waits for a processor (proc(5), `stat`)."""
    me = threading.get_native_id()
    for task in Path("/proc/self/task").glob("[0-9]*"):
        if int(task.name) != me:
            try:
                state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:  # it has ended meanwhile
                continue
            if state in "RD":
                return True
    return False


@dataclass
class World:
    """What can be seen from outside of a program that runs in it."""

    clock: Clock = field(default_factory=Instant)
    calls: Counter[Any] = field(default_factory=Counter)
    """How often each unordered call was made, by operator and arguments."""
    log: list[Any] = field(default_factory=list)
    """What the ordered calls did, in order."""
    failures: int = 0
    """How many calls raised."""


_current = World()


def current() -> World:
    """The world that programs run in now."""
    return _current


@contextmanager
def entered(world: World) -> Iterator[World]:
    """Programs run in this world for a while; on all threads."""
    global _current
    outer, _current = _current, world
    try:
        yield world
    finally:
        _current = outer


Function = Callable[..., Any]


def _declare(function: Function, duration: float, *, kind: Any, effects: Any) -> Any:
    name = function.__name__

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        world = _current
        key = (name, *map(_shown, args), *((k, _shown(v)) for k, v in sorted(kwargs.items())))
        if effects == "ordered":
            world.log.append(key)
        else:
            world.calls[key] += 1
        world.clock.spend(duration)
        try:
            return function(*args, **kwargs)
        except Exception:
            world.failures += 1
            raise

    operator = xcs.op(kind=kind, effects=effects)(call)
    OPERATORS[operator] = Declared(Operator(ordered=effects == "ordered"), function, duration)
    return operator


@dataclass(frozen=True)
class Declared:
    """An operator that was declared here: what the reference is to know of it, and what it does."""

    kind: Operator
    function: Function
    duration: float


OPERATORS: dict[Any, Declared] = {}


async def call_async(operator: Any, *args: Any, **kwargs: Any) -> Any:
    """Call an operator as programs do that are written with asyncio by hand.

    It sleeps on the event loop, on a world's `Sleeping` clock; on any other it takes no time.
    """
    declared = OPERATORS[operator]
    clock = _current.clock
    unit = clock.unit if isinstance(clock, Sleeping) else 0.0
    await asyncio.sleep(declared.duration * unit)
    return declared.function(*args, **kwargs)


def _shown(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else repr(value)


def model(duration: float = 1.0) -> Callable[[Function], Any]:
    """Declare the call of a language model, which takes so many units of time."""
    return lambda function: _declare(function, duration, kind="model", effects="unordered")


def tool(duration: float = 1.0) -> Callable[[Function], Any]:
    """Declare the call of a tool, which may overlap with others as well."""
    return lambda function: _declare(function, duration, kind="tool", effects="unordered")


def effect(duration: float = 0.0) -> Callable[[Function], Any]:
    """Declare a call whose place in the order of the program matters."""
    return lambda function: _declare(function, duration, kind="tool", effects="ordered")


def pick(prompt: str, *options: Any, salt: str = "") -> Any:
    """One of the options, always the same for the same prompt: how simulated models decide."""
    return options[zlib.crc32(f"{salt}|{prompt}".encode()) % len(options)]


def number(prompt: str, low: int, high: int, salt: str = "") -> int:
    """A number from `low` to `high`, always the same for the same prompt."""
    return low + zlib.crc32(f"{salt}|{prompt}".encode()) % (high - low + 1)
