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

A call that was given up, since it took longer than its timeout, may run on. It keeps its operator's
limits until it ends (`give_up`, `ended`), as the server behind it is still at work for it. It gives
back the world lock, which orders what the program still waits for.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MethodType
from typing import Any, Generic, TypeVar


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
    released: bool = False
    given_up: float | None = None
    """When its call was given up, on the monotonic clock."""
    left: bool = False
    """Whether the call that was given up has this back to give when it ends, and nobody else."""
    until: Hold | None = None
    """Where what it has to give back ends."""


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
    """Give back the holds of a lineage from ``hold`` outwards to ``until``, which is kept.

    If the call was given up and runs on, what its operator's limits say remains held until `ended`.
    """
    with _lock:
        kept = hold.given_up is not None
        if kept:
            hold.left, hold.until = True, until
            for inner in _between(hold, until):
                inner.given_up = hold.given_up
        woken = [
            _give_back(inner)
            for inner in _between(hold, until)
            if not (kept and inner.limiter.yields)
        ]
    _wake(woken)


def give_up(hold: Hold) -> None:
    """Note that nobody waits any longer for the call that has this innermost hold."""
    with _lock:
        hold.given_up = time.monotonic()


def ended(hold: Hold) -> None:
    """Note that a call that was given up has ended after all: it counts no longer."""
    with _lock:
        hold.given_up = None
        kept = _between(hold, hold.until) if hold.left else ()
        woken = [_give_back(inner) for inner in kept if not inner.released]
    _wake(woken)


def hopeless(request: Request, patience: float) -> bool:
    """Whether all that a request waits for is held by calls that were given up long ago.

    ``patience`` is in seconds. Such calls may never end, and nobody can end them.
    """
    with _lock:
        holds = request.blocked_on.holds if request.blocked_on is not None else ()
        long_ago = time.monotonic() - patience
        return bool(holds) and all(h.given_up is not None and h.given_up <= long_ago for h in holds)


def no_permit(request: Request, patience: float) -> TimeoutError:
    """The error of a call that gives up waiting because that is `hopeless`."""
    held = max((limiter.capacity for limiter in request.wanted if limiter.yields), default=1)
    return TimeoutError(
        f"no permit after {patience:g} seconds: all calls that max_concurrency={held} allows have "
        "timed out and still run"
    )


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
def held(limits: tuple[Limiter, ...], patience: float | None = None) -> Iterator[Hold | None]:
    """Hold limits in the current thread, waiting for them: how plain code takes part.

    Gives the innermost hold; None without limits. Where waiting is `hopeless`, raises TimeoutError
    after ``patience`` seconds.
    """
    if not limits:
        yield None
        return
    turn = threading.Semaphore(0)
    request = Request(limits, lineage.get(), turn.release)
    while (hold := acquire(request)) is None:
        try:
            while not turn.acquire(timeout=patience):
                _check_hope(request, patience)
        except BaseException:
            _withdraw(request)
            raise
    with _lineage_of(hold, request.lineage):
        yield hold


@asynccontextmanager
async def held_async(
    limits: tuple[Limiter, ...], patience: float | None = None
) -> AsyncIterator[Hold | None]:
    """What `held` does, in a coroutine."""
    if not limits:
        yield None
        return
    import asyncio

    loop, turn = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        try:
            loop.call_soon_threadsafe(turn.set)
        except RuntimeError:  # the loop was closed over the waiting coroutine
            pass_on(limits)

    request = Request(limits, lineage.get(), wake)
    while (hold := acquire(request)) is None:
        try:
            while not turn.is_set():
                try:
                    async with asyncio.timeout(patience):
                        await turn.wait()
                except TimeoutError:
                    _check_hope(request, patience)
            turn.clear()
        except BaseException:
            _withdraw(request)
            raise
    with _lineage_of(hold, request.lineage):
        yield hold


def _check_hope(request: Request, patience: float | None) -> None:
    if patience is not None and hopeless(request, patience):
        raise no_permit(request, patience)


def _withdraw(request: Request) -> None:
    if not cancel(request):
        pass_on(request.wanted)


@contextmanager
def _lineage_of(hold: Hold, outer: Hold | None) -> Iterator[None]:
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


def _give_back(hold: Hold) -> Request | None:
    """Return a hold to whoever lent it and is still there; says whom to wake."""
    holds = hold.limiter.holds
    hold.released = True
    if hold in holds:  # and not with a call further down that was given up and still runs
        holds.remove(hold)
        lender = hold.lender
        while lender is not None and lender.released:
            lender = lender.lender
        if lender is not None:
            holds.add(lender)
    return _next_waiting(hold.limiter)


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


def _between(hold: Hold, until: Hold | None) -> Iterator[Hold]:
    inner: Hold | None = hold
    while inner is not until:
        assert inner is not None
        yield inner
        inner = inner.outer


def _outwards(hold: Hold | None) -> Iterator[Hold]:
    while hold is not None:
        yield hold
        hold = hold.outer


# --- Rates ----------------------------------------------------------------------------------------


class RateLimiter:
    """At most ``count`` starts in any ``period`` seconds. Thread-safe."""

    __slots__ = ("_free", "_lock", "_starts", "count", "period")

    def __init__(self, count: int, period: float):
        self.count = count
        self.period = period
        self._lock = threading.Lock()
        self._starts: list[float] = []
        """Of the last period, and those booked for later, in order."""
        self._free: list[float] = []
        """Those of them that were given back, in order."""

    def reserve(self, now: float) -> float:
        """Book the next start and return how many seconds from ``now`` it is."""
        with self._lock:
            starts, free = self._starts, self._free
            del starts[: bisect_right(starts, now - self.period)]
            while free and free[0] < now:
                self._remove(free.pop(0))
            if free:
                return free.pop(0) - now
            full = len(starts) >= self.count
            start = max(now, starts[-self.count] + self.period) if full else now
            insort(starts, start)
        return start - now

    def give_back(self, start: float) -> None:
        """Cancel a start that was booked and will not take place; a time near to it is enough."""
        with self._lock:
            starts, free = self._starts, self._free
            after = bisect_left(starts, start)
            near = min(
                starts[max(0, after - 1) : after + 1], key=lambda s: abs(s - start), default=0
            )
            if not starts or abs(near - start) > _SAME_START:
                return
            insort(free, near)
            while free and free[-1] == starts[-1]:  # nothing is booked after it
                free.pop()
                starts.pop()

    def _remove(self, start: float) -> None:
        position = bisect_left(self._starts, start)
        if self._starts[position : position + 1] == [start]:
            del self._starts[position]


_SAME_START = 1e-3
"""Seconds between a start and what is left of it after adding and subtracting."""


_UNITS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
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


V = TypeVar("V")


class _PerObject(Generic[V]):
    """Values that belong to objects, by identity, and are forgotten with them.

    An object that cannot be referred to weakly shares the value of its class, so that nothing is
    kept alive; a builtin one, of which there are few, is kept.
    """

    def __init__(self, make: Callable[[], V]):
        self._make = make
        self._values: dict[int, tuple[Callable[[], Any], V]] = {}

    def of(self, owner: Any) -> V:
        key, values = id(owner), self._values
        entry = values.get(key)
        if entry is not None and entry[0]() is owner:
            return entry[1]
        try:
            reference: Callable[[], Any] = weakref.ref(owner, lambda _: values.pop(key, None))
        except TypeError:
            if type(owner).__flags__ & _HEAP_TYPE:
                return self.of(type(owner))
            reference = lambda: owner
        values[key] = reference, self._make()
        return values[key][1]

    def __iter__(self) -> Iterator[V]:
        return iter([value for _, value in list(self._values.values())])


_HEAP_TYPE = 1 << 9
"""CPython's Py_TPFLAGS_HEAPTYPE: set for classes that are made by a class statement."""

_Settings = dict[tuple[int | None, str | None], OperatorLimits]
_by_operator: _PerObject[_PerObject[_Settings]] = _PerObject(lambda: _PerObject(dict))
"""By the object that a method is bound to, or else the operator itself; then by the function."""


def limits_of(operator: Any, max_concurrency: int | None, rate_limit: str | None) -> OperatorLimits:
    """The process-wide limits of an operator, made at first use."""
    if max_concurrency is None and rate_limit is None:
        return OperatorLimits()
    # A bound method is a new object at each access; its limits belong to the object it is bound to.
    bound = isinstance(operator, MethodType)
    owner, function = (operator.__self__, operator.__func__) if bound else (operator, _by_operator)
    with _lock:
        settings = _by_operator.of(owner).of(function)
        key = (max_concurrency, rate_limit)
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
    for functions in _by_operator:
        for settings in functions:
            for limits in settings.values():
                for limiter in limits.limiters:
                    limiter.forget()
    WORLD.forget()


os.register_at_fork(after_in_child=_forget_other_threads)
