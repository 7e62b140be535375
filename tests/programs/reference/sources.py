"""Iterators whose elements have times."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.programs.reference.times import Clock

if TYPE_CHECKING:
    from tests.programs.reference.frames import Frame


class Source:
    """An iterator whose elements have times. Library functions may draw from it as from any."""

    def __init__(self, pulls: Iterator[tuple[Any, float, float]], clock: Clock) -> None:
        self.pulls = pulls
        self.clock = clock
        self.gate = 0.0
        """What is evaluated for the next element waits for this."""
        self.frame: Frame | None = None
        """Where a generator expression evaluates its elements."""
        self.end = 0.0
        """When it is known that there are no more elements, once there are none."""

    def pull(self) -> tuple[Any, float, float] | None:
        """The next element, its time, and the time at which it is known to be there."""
        if self.frame is not None:
            self.frame.delay("return", self.gate)
        try:
            return next(self.pulls)
        except StopIteration as stop:
            self.end = max(self.end, stop.value or 0.0)
            return None

    def hurry(self) -> None:
        """Whoever draws may stop after any element."""
        if self.frame is not None:
            self.frame.lazy = True

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> Any:
        found = self.pull()
        if found is None:
            self.clock.at = max(self.clock.at, self.end)
            raise StopIteration
        self.clock.at = max(self.clock.at, found[1], found[2])
        return found[0]


class Generator(Source):
    """A generator of the program. Its body runs on a thread of its own, in turns with the rest."""

    def __init__(self, run: Callable[[Generator], float], clock: Clock) -> None:
        super().__init__(iter(()), clock)
        self._run = run
        self._turn = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._found: tuple[Any, float, float] | None = None
        self._error: BaseException | None = None
        self._sent: Any = None
        self._thrown: BaseException | None = None
        self._over = False

    def pull(self) -> tuple[Any, float, float] | None:
        return self._resume(None)

    def send(self, value: Any) -> Any:
        found = self._resume(value)
        if found is None:
            raise StopIteration
        return found[0]

    def close(self) -> None:
        if self._thread is not None and not self._over:
            self._thrown = GeneratorExit()
            with contextlib.suppress(GeneratorExit, StopIteration):
                self._resume(None)
        self._over = True

    def throw(self, error: Any, value: Any = None, trace: Any = None) -> Any:
        self._thrown = value if value is not None else error
        return self.send(None)

    def _resume(self, value: Any) -> tuple[Any, float, float] | None:
        if self._over:
            return None
        self._sent = value
        if self._thread is None:
            self._thread = threading.Thread(target=self._body, daemon=True)
            self._thread.start()
        else:
            self._turn.release()
        self._back.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._found

    def _body(self) -> None:
        try:
            self.end = max(self.end, self._run(self))
        except BaseException as error:
            self._error = error
            if isinstance(error, StopIteration):
                self._error = RuntimeError("generator raised StopIteration")
        self._over, self._found = True, None
        self._back.release()

    def give(self, value: Any, time: float, there: float) -> Any:
        """Hand an element out; called from the body."""
        self._found = (value, time, there)
        self._back.release()
        self._turn.acquire()
        if self._thrown is not None:
            error, self._thrown = self._thrown, None
            raise error
        return self._sent
