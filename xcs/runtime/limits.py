"""What bounds the calls of one process: the world lock, and limits per operator.

All limits are *held along a lineage*. A call that holds one and, further down its own stack, starts
a nested run may have a call of that run take the limit again: the outer call lends its hold and has
it back when the inner call is done. Two calls under one holder exclude one another like strangers.

Holding while waiting could deadlock (``f`` limited to one calls ``g`` limited to one, and elsewhere
``g`` calls ``f``). It does not, because of two rules:

- A call takes all the limits that it needs at once, or none; a waiting call holds only what its
  callers hold.
- When a call starts to wait and that closes a cycle of waiting callers, one waiting call is let
  over its operator's limit. A limit gives way rather than hang the program. The world lock never
  gives way, and need not: whoever holds it may take it again further down.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MethodType
from typing import Any


class Limiter:
    """At most ``capacity`` calls at a time. State is guarded by this module's one lock."""

    __slots__ = ("capacity", "holds", "waiting", "yields")

    def __init__(self, capacity: int, *, yields: bool = True):
        self.capacity = capacity
        self.yields = yields
        """Whether the limit may be exceeded to break a deadlock."""
        self.holds: set[Hold] = set()
        """Holds that are not lent on."""
        self.waiting: deque[Request] = deque()

    def forget(self) -> None:
        """Start anew, with nobody holding or waiting."""
        self.holds.clear()
        self.waiting.clear()


@dataclass(eq=False, slots=True)
class Hold:
    """One unit of a limiter, held by a running call, perhaps lent to it by a call around it."""

    limiter: Limiter
    lender: Hold | None
    outer: Hold | None
    """The hold next up the lineage, of any limiter."""


@dataclass(eq=False, slots=True)
class Request:
    """A call that wants limits; ``wake`` is called, from any thread, when it should try again."""

    wanted: tuple[Limiter, ...]
    lineage: Hold | None
    wake: Callable[[], None]
    blocked_on: Limiter | None = None
    over_limit: Limiter | None = None
    """The limiter that must let this call pass, since otherwise no one would proceed."""


WORLD = Limiter(1, yields=False)
"""Held by each ordered operator while it runs, so that its effects are atomic in this process."""

lineage: ContextVar[Hold | None] = ContextVar("xcs_lineage", default=None)
"""The innermost hold of the calls that the current code runs under."""

_lock = threading.Lock()
_nested: set[Request] = set()
"""Waiting requests whose callers hold something: what a deadlock is made of."""


def acquire(request: Request) -> Hold | None:
    """Take all limits of a request, or none and have it woken later.

    Returns the new innermost hold of the lineage; None if the request must wait.
    """
    woken: list[Request | None] = []
    with _lock:
        blocked = next((limit for limit in request.wanted if not _available(limit, request)), None)
        hold = request.lineage
        if blocked is None:
            for limiter in request.wanted:
                hold = _take(limiter, hold)
        else:
            request.blocked_on = blocked
            blocked.waiting.append(request)
            # This request may have been woken for a limit that it now leaves to another.
            woken += (_next_waiting(limit) for limit in request.wanted if limit is not blocked)
            if request.lineage is not None:
                _nested.add(request)
                woken += _deadlocked()
    _wake(woken)
    return hold if blocked is None else None


def release(hold: Hold, until: Hold | None) -> None:
    """Give back the holds of a lineage from ``hold`` outwards to ``until``, which is kept."""
    woken = []
    with _lock:
        inner: Hold | None = hold
        while inner is not until:
            assert inner is not None
            inner.limiter.holds.discard(inner)
            if inner.lender is not None:
                inner.limiter.holds.add(inner.lender)
            woken.append(_next_waiting(inner.limiter))
            inner = inner.outer
    _wake(woken)


def cancel(request: Request) -> bool:
    """Withdraw a waiting request; False if it was woken before and its owner must see to it."""
    with _lock:
        if request.blocked_on is None:
            return False
        _stop_waiting(request)
        return True


def pass_on(limits: Iterable[Limiter]) -> None:
    """Let the next ones try, after a woken request gave up instead of taking its turn."""
    with _lock:
        woken = [_next_waiting(limiter) for limiter in limits]
    _wake(woken)


@contextmanager
def held(limits: tuple[Limiter, ...]) -> Iterator[None]:
    """Hold limits in the current thread, waiting for them: how plain code takes part."""
    if not limits:
        yield
        return
    outer = lineage.get()
    turn = threading.Semaphore(0)
    request = Request(limits, outer, turn.release)
    while (hold := acquire(request)) is None:
        try:
            turn.acquire()
        except BaseException:
            if not cancel(request):
                pass_on(limits)
            raise
    token = lineage.set(hold)
    try:
        yield
    finally:
        lineage.reset(token)
        release(hold, outer)


def _wake(requests: Iterable[Request | None]) -> None:
    for request in requests:
        if request is not None:
            request.wake()


# The functions below run with `_lock` held.


def _lender(limiter: Limiter, hold: Hold | None) -> Hold | None:
    """The nearest hold of this limiter up the lineage, if it is not lent already."""
    while hold is not None:
        if hold.limiter is limiter:
            return hold if hold in limiter.holds else None
        hold = hold.outer
    return None


def _available(limiter: Limiter, request: Request) -> bool:
    return (
        len(limiter.holds) < limiter.capacity
        or request.over_limit is limiter
        or _lender(limiter, request.lineage) is not None
    )


def _take(limiter: Limiter, outer: Hold | None) -> Hold:
    lender = _lender(limiter, outer)
    if lender is not None:
        limiter.holds.discard(lender)
    hold = Hold(limiter, lender, outer)
    limiter.holds.add(hold)
    return hold


def _stop_waiting(request: Request) -> None:
    assert request.blocked_on is not None
    request.blocked_on.waiting.remove(request)
    request.blocked_on = None
    _nested.discard(request)


def _next_waiting(limiter: Limiter) -> Request | None:
    """The first waiting request that could have the limiter now; it waits no longer."""
    for request in limiter.waiting:
        if _available(limiter, request):
            _stop_waiting(request)
            return request
    return None


def _deadlocked() -> list[Request]:
    """Requests to let over their limit, so that the cycle of waiting callers opens.

    A request is stuck if everyone who could give its limit back has a stuck request further down;
    the stuck ones are what is left when all others are taken away, again and again.
    """
    stuck = set(_nested)
    while True:
        blocked = {hold for request in stuck for hold in _outwards(request.lineage)}
        freed = {r for r in stuck if r.blocked_on and not r.blocked_on.holds <= blocked}
        if not freed:
            break
        stuck -= freed
    for request in stuck:
        limiter = request.blocked_on
        if limiter is not None and limiter.yields:
            _stop_waiting(request)
            request.over_limit = limiter
            return [request]
    return []


def _outwards(hold: Hold | None) -> Iterator[Hold]:
    while hold is not None:
        yield hold
        hold = hold.outer


# --- Rates ----------------------------------------------------------------------------------------


class RateLimiter:
    """At most ``count`` starts in any ``period`` seconds. Thread-safe."""

    __slots__ = ("_lock", "_starts", "count", "period")

    def __init__(self, count: int, period: float):
        self.count = count
        self.period = period
        self._lock = threading.Lock()
        self._starts: deque[float] = deque(maxlen=count)

    def reserve(self, now: float) -> float:
        """Book the next start and return how many seconds from ``now`` it is."""
        with self._lock:
            full = len(self._starts) == self.count
            start = max(now, self._starts[0] + self.period) if full else now
            self._starts.append(start)
        return start - now


_UNITS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}


def parse_rate(text: str) -> tuple[int, float]:
    """``"500/min"`` as calls and seconds: (500, 60.0). Raises ValueError for anything else."""
    count, slash, unit = str(text).partition("/")
    if not slash or not count.strip().isdecimal() or unit.strip() not in _UNITS:
        raise ValueError(
            f"rate_limit={text!r}: expected calls per unit, as '10/s', '500/min' or '1000/h'"
        )
    if int(count) == 0:
        raise ValueError(f"rate_limit={text!r}: at least one call per unit is needed")
    return int(count), _UNITS[unit.strip()]


@dataclass(frozen=True, slots=True)
class OperatorLimits:
    """The limits of one operator, shared by everyone in the process who calls it."""

    limiters: tuple[Limiter, ...] = ()
    rate: RateLimiter | None = None


_by_operator: weakref.WeakKeyDictionary[Any, dict[Any, OperatorLimits]] = (
    weakref.WeakKeyDictionary()
)
_without_weakref: dict[int, tuple[Any, dict[Any, OperatorLimits]]] = {}


def limits_of(operator: Any, max_concurrency: int | None, rate_limit: str | None) -> OperatorLimits:
    """The process-wide limits of an operator, made at first use."""
    if max_concurrency is None and rate_limit is None:
        return OperatorLimits()
    # A bound method is a new object at each access; its limits belong to the object it is bound to.
    owner, name = (
        (operator.__self__, operator.__func__)
        if isinstance(operator, MethodType)
        else (operator, None)
    )
    with _lock:
        try:
            settings = _by_operator.setdefault(owner, {})
        except TypeError:  # not hashable, or no weak references: such an operator is kept alive
            settings = _without_weakref.setdefault(id(owner), (owner, {}))[1]
        key = (name, max_concurrency, rate_limit)
        if key not in settings:
            settings[key] = OperatorLimits(
                (Limiter(max_concurrency),) if max_concurrency is not None else (),
                RateLimiter(*parse_rate(rate_limit)) if rate_limit is not None else None,
            )
        return settings[key]


def _forget_other_threads() -> None:
    """In a forked child: the threads that hold limits, or the lock itself, do not exist there."""
    global _lock
    _lock = threading.Lock()
    _nested.clear()
    kept = [settings for _, settings in _without_weakref.values()]
    for settings in (*_by_operator.values(), *kept):
        for limits in settings.values():
            for limiter in limits.limiters:
                limiter.forget()
    WORLD.forget()


os.register_at_fork(after_in_child=_forget_other_threads)
