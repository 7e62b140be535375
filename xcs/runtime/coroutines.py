"""Event loops for operators that are coroutine functions.

A run that blocks its caller has an event loop of its own for what it awaits, in a thread of its
own, as long as it lasts. The loop stays for the next run: clients keep connections that are bound
to it. Runs that overlap, also one within a coroutine of another, have different loops, so none
waits for itself. A run that is itself awaited uses its caller's loop, which it never blocks.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from queue import SimpleQueue
from typing import Any

Outcome = Callable[[Any, BaseException | None], None]
"""Told, in the loop's thread, what a coroutine gave or raised."""


class Awaited:
    """A coroutine that a loop is to await, for ``timeout`` seconds at most."""

    __slots__ = ("_context", "_coroutine", "_outcome", "_task", "_timeout", "cancelled")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        context: Context,
        timeout: float | None,
        outcome: Outcome,
    ):
        self._coroutine = coroutine
        self._context = context
        self._timeout = timeout
        self._outcome = outcome
        self._task: asyncio.Task[Any] | None = None
        self.cancelled = False
        """Whether nobody wants what comes of it."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        coroutine = self._coroutine
        if self._timeout is not None:
            coroutine = _within(coroutine, self._timeout)
        self._task = loop.create_task(coroutine, context=self._context)
        self._task.add_done_callback(self._tell)
        if self.cancelled:
            self._task.cancel()

    def cancel(self) -> None:
        """Stop waiting. In the loop's thread."""
        if self._task is not None:
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until it is over. In the loop's thread."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _tell(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._outcome(None, asyncio.CancelledError())
        else:
            error = task.exception()
            self._outcome(None if error is not None else task.result(), error)


async def _within(coroutine: Coroutine[Any, Any, Any], timeout: float) -> Any:
    deadline = asyncio.timeout(timeout)
    try:
        async with deadline:
            return await coroutine
    except TimeoutError:
        if deadline.expired():
            raise TimeoutError(f"no result after {timeout:g} seconds") from None
        raise


class EventLoop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._new: deque[Awaited] = deque()
        self._called = False
        """Whether the loop was told of what is in `_new`; telling it wakes its thread."""
        threading.Thread(target=self._run, name="xcs-event-loop", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def submit(self, awaited: Awaited) -> None:
        """Have a coroutine awaited."""
        self._new.append(awaited)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._start)

    def _start(self) -> None:
        self._called = False  # before looking, so that nothing is overlooked
        while self._new:
            self._new.popleft().start(self._loop)

    def give_back(self) -> None:
        """Leave the loop to the next run."""
        _idle.append(self)

    def cancel(self, awaited: Awaited) -> None:
        """Drop a coroutine, whose outcome is still told."""
        awaited.cancelled = True
        self._loop.call_soon_threadsafe(awaited.cancel)


class CallersLoop:
    """The event loop that is running already, in whose thread the coordinator is."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def submit(self, awaited: Awaited) -> None:
        """Have a coroutine awaited."""
        awaited.start(self._loop)

    def give_back(self) -> None:
        """The loop is its caller's, as it was."""

    def cancel(self, awaited: Awaited) -> None:
        """Drop a coroutine, whose outcome is still told."""
        awaited.cancelled = True
        awaited.cancel()


class WakingQueue(SimpleQueue[Any]):
    """A queue that a coroutine can wait for, into which any thread may put something."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._filled = asyncio.Event()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item)
        if threading.get_ident() == self._thread:
            self._filled.set()
            return
        try:
            self._loop.call_soon_threadsafe(self._filled.set)
        except RuntimeError:  # the loop was closed over the run
            return

    async def wait(self, seconds: float) -> None:
        """Wait until there is something, but so long at most."""
        self._filled.clear()
        if self.empty():
            timer = self._loop.call_later(seconds, self._filled.set)
            try:
                await self._filled.wait()
            finally:
                timer.cancel()


_idle: list[EventLoop] = []
"""The loops that no run has; the one that was in use last is the first to be used again."""
os.register_at_fork(after_in_child=_idle.clear)  # a child process has none of their threads


def take_event_loop() -> EventLoop:
    """A loop for a run, which gives it back when it ends."""
    try:
        return _idle.pop()
    except IndexError:
        return EventLoop()
