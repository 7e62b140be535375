"""What an operator's declaration asks for when it is called: retries, timeout, limits."""

from __future__ import annotations

import math
import random
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast

from xcs.runtime.errors import XCSError, XCSExecutionError
from xcs.runtime.limits import (
    Hold,
    RateLimiter,
    ended,
    give_up,
    held,
    held_async,
    limits_of,
    parse_rate,
)
from xcs.runtime.workers import THREADS, Permit, here

DEFAULT_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 60.0
DEFAULT_MAX_RETRY_AFTER = 60.0
"""Seconds."""

PROGRAMMING_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    ReferenceError,
    StopAsyncIteration,
    StopIteration,
    SyntaxError,
    SystemError,
    TypeError,
    Warning,
)
"""Not retried unless ``retry_on`` says so: the same call would fail again, and a bug would hide."""

RetryOn = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]


@dataclass(frozen=True, slots=True)
class Policy:
    """How an operator is called. Raises ValueError for a value that has no meaning.

    A call is tried ``retries`` more times when it raises an error that ``retry_on`` names, by
    exception classes or by a function of the error; by default every Exception that is not one of
    `PROGRAMMING_ERRORS`. Before the n-th retry it waits a random time of up to
    ``backoff * 2 ** (n - 1)`` seconds, a minute at most (exponential backoff with full jitter), or
    as long as the error's ``retry_after`` or its response's headers say, ``max_retry_after``
    seconds at most.

    ``timeout`` is in seconds, for each try, counted from when the operator's own code starts: a try
    that takes longer raises TimeoutError. A thread cannot be stopped; it runs on, its result is
    dropped, and it keeps its place under ``max_concurrency`` until it ends. ``max_concurrency``
    bounds the calls at a time, ``rate_limit`` the starts per unit ("10/s", "500/min", "1000/h"),
    both in the whole process.
    """

    retries: int = 0
    backoff: float = DEFAULT_BACKOFF_SECONDS
    timeout: float | None = None
    max_concurrency: int | None = None
    rate_limit: str | None = None
    retry_on: RetryOn | None = None
    max_retry_after: float = DEFAULT_MAX_RETRY_AFTER

    def __post_init__(self) -> None:
        _check(self, "retries", int, lambda n: n >= 0, "an integer of at least 0")
        _check(self, "backoff", (int, float), _is_duration, "seconds, at least 0")
        _check(self, "max_retry_after", (int, float), _is_duration, "seconds, at least 0")
        if self.timeout is not None:
            _check(self, "timeout", (int, float), lambda s: s > 0, "seconds, more than 0")
        if self.max_concurrency is not None:
            _check(self, "max_concurrency", int, lambda n: n >= 1, "an integer of at least 1")
        if self.rate_limit is not None:
            parse_rate(self.rate_limit)
        object.__setattr__(self, "retry_on", _checked_retry_on(self.retry_on))

    def delay(
        self, attempt: int, error: BaseException, uniform: Callable[[float, float], float]
    ) -> float | None:
        """Seconds to wait after the failed ``attempt`` (from 1), None if it was the last."""
        if attempt > self.retries or not isinstance(error, Exception) or not self.retried(error):
            return None
        asked = retry_after(error)
        if asked is not None:
            return min(asked, self.max_retry_after)
        return uniform(0.0, min(MAX_BACKOFF_SECONDS, self.backoff * 2.0 ** min(attempt - 1, 64)))

    def retried(self, error: Exception) -> bool:
        """Whether a call that raised this error may be tried again. Of a group, every error."""
        retry_on = self.retry_on
        if isinstance(retry_on, type | tuple | None) and isinstance(error, ExceptionGroup):
            return all(self.retried(inner) for inner in error.exceptions)
        if retry_on is None:
            ours = isinstance(error, XCSError) and not isinstance(error, XCSExecutionError)
            return not ours and not isinstance(error, PROGRAMMING_ERRORS)
        if isinstance(retry_on, type | tuple):
            return isinstance(error, retry_on)
        try:
            return bool(retry_on(error))
        except Exception as bug:  # the operator's error must not be lost to this one
            message = f"retry_on={retry_on!r} raised {bug!r}, so the call is not tried again"
            with suppress(Warning):
                warnings.warn(message, RuntimeWarning, stacklevel=2)
            return False


def _check(
    policy: Policy, name: str, kind: Any, accepts: Callable[[Any], bool], expected: str
) -> None:
    value = getattr(policy, name)
    if not isinstance(value, kind) or isinstance(value, bool) or not accepts(value):
        raise ValueError(f"{name}={value!r}: expected {expected}")


def _is_duration(seconds: float) -> bool:
    return 0 <= seconds < math.inf


def _checked_retry_on(retry_on: Any) -> RetryOn | None:
    if isinstance(retry_on, list | set | frozenset):
        retry_on = tuple(retry_on)
    if isinstance(retry_on, tuple | type):
        classes: tuple[Any, ...] = retry_on if isinstance(retry_on, tuple) else (retry_on,)
        accepted = all(isinstance(cls, type) and issubclass(cls, Exception) for cls in classes)
    else:
        accepted = retry_on is None or callable(retry_on)
    if not accepted:
        raise ValueError(
            f"retry_on={retry_on!r}: expected classes of Exceptions, or a function of the error"
        )
    return cast("RetryOn | None", retry_on)


# --- Retry-After ----------------------------------------------------------------------------------


def retry_after(error: BaseException) -> float | None:
    """Seconds that a server asked to wait, from the error or the headers of its response.

    Looked at are the error's ``retry_after``, and the headers ``retry-after-ms`` and
    ``Retry-After`` (seconds or an HTTP date, RFC 9110 section 10.2.3) of ``error.response.headers``
    or ``error.headers``. What cannot be read is as good as absent.
    """
    asked = _seconds(_attribute(error, "retry_after"))
    for owner in (_attribute(error, "response"), error):
        headers = _attribute(owner, "headers")
        if asked is None:
            milliseconds = _seconds(_header(headers, "retry-after-ms"))
            asked = None if milliseconds is None else milliseconds / 1000
        if asked is None:
            asked = _seconds(_header(headers, "retry-after"))
    return None if asked is None else max(0.0, asked)


def _attribute(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name, None)
    except Exception:
        return None


def _header(headers: Any, name: str) -> Any:
    """A header's value. Names are compared without case (RFC 9110 section 5.1)."""
    try:
        pairs = headers.items() if hasattr(headers, "items") else headers or ()
        for key, value in pairs:
            if _text(key).lower() == name:
                return value[0] if isinstance(value, list | tuple) else value
    except Exception:
        return None
    return None


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _seconds(asked: Any) -> float | None:
    """A time to wait, or a moment to wait for, in seconds from now."""
    try:
        if isinstance(asked, timedelta):
            seconds = asked.total_seconds()
        elif isinstance(asked, datetime):
            seconds = _until(asked)
        elif isinstance(asked, int | float):
            seconds = float(asked)
        elif isinstance(asked, str | bytes):
            seconds = _parsed(_text(asked).strip())
        else:
            return None
    except Exception:
        return None
    return seconds if math.isfinite(seconds) else None


def _parsed(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _until(parsedate_to_datetime(text))


def _until(moment: datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


# --- Calls ----------------------------------------------------------------------------------------


async def _sleep_async(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, replaceable in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform
    sleep_async: Callable[[float], Awaitable[None]] = _sleep_async


SYSTEM_CLOCK = Clock()


def call_with_policy(
    function: Callable[..., Any],
    policy: Policy,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> Any:
    """Call a function in the current thread as its policy says. Raises what the last try raised."""
    limits = limits_of(function, policy.max_concurrency, policy.rate_limit)
    attempt = 1
    while True:
        try:
            with held(limits.limiters, policy.timeout) as hold:
                if limits.rate is not None:
                    with _start_booked(limits.rate, clock) as wait:
                        clock.sleep(wait)
                return call_with_timeout(function, policy.timeout, args, kwargs or {}, hold)
        except Exception as error:
            delay = policy.delay(attempt, error, clock.uniform)
            if delay is None:
                raise
        if delay > 0:
            clock.sleep(delay)
        attempt += 1


async def await_with_policy(
    function: Callable[..., Awaitable[Any]],
    policy: Policy,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
    limited_as: Any = None,
) -> Any:
    """Call a coroutine function as its policy says, and await it, on the running asyncio loop.

    A try that takes longer than the timeout is cancelled, so that nothing of it runs on. The limits
    are the function's own, or those of the operator that it is `limited_as`.
    """
    limits = limits_of(limited_as or function, policy.max_concurrency, policy.rate_limit)
    attempt = 1
    while True:
        try:
            async with held_async(limits.limiters, policy.timeout):
                if limits.rate is not None:
                    with _start_booked(limits.rate, clock) as wait:
                        await clock.sleep_async(wait)
                return await _await_with_timeout(function, policy.timeout, args, kwargs or {})
        except Exception as error:
            delay = policy.delay(attempt, error, clock.uniform)
            if delay is None:
                raise
        if delay > 0:
            await clock.sleep_async(delay)
        attempt += 1


@contextmanager
def _start_booked(rate: RateLimiter, clock: Clock) -> Iterator[float]:
    """Book a start, and give the seconds until it; whoever is interrupted meanwhile gives it up."""
    now = clock.now()
    wait = rate.reserve(now)
    try:
        yield wait
    except BaseException:
        rate.give_back(now + wait)
        raise


async def _await_with_timeout(
    function: Callable[..., Awaitable[Any]],
    timeout: float | None,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    if timeout is None:
        return await function(*args, **kwargs)
    import asyncio

    scope = asyncio.timeout(timeout)
    try:
        async with scope:
            return await function(*args, **kwargs)
    except TimeoutError:
        if not scope.expired():
            raise
    raise _timed_out(timeout)


def _timed_out(timeout: float) -> TimeoutError:
    return TimeoutError(f"no result after {timeout:g} seconds")


class _Attempt:
    """A call in another thread, for which the thread that made it waits, but not forever."""

    def __init__(self, call: Callable[[], Any], hold: Hold | None):
        self._call = call
        self._hold = hold
        self._began: float | None = None
        self._begins, self._ends = threading.Lock(), threading.Lock()
        """Taken by the thread that comes first: the one that calls, or the one that gives up."""
        self._done = threading.Lock()
        self._done.acquire()
        self._value: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Make the call, unless it was given up before; what other threads do."""
        if not self._begins.acquire(blocking=False):
            return
        self._began = time.monotonic()
        try:
            self._value = self._call()
        except BaseException as error:
            self._error = error
        if not self._ends.acquire(blocking=False):
            self._value = self._error = None
            if self._hold is not None:
                ended(self._hold)
        self._done.release()

    def result(self, timeout: float) -> Any:
        """What the call gives or raises; TimeoutError ``timeout`` seconds after it began."""
        try:
            in_time = self._wait(timeout)
        except BaseException:
            self._give_up()
            raise
        if not in_time:
            if self._give_up():
                raise _timed_out(timeout)
            self._done.acquire()  # it has ended at this very moment
        if self._error is None:
            return self._value
        try:
            raise self._error
        finally:
            self._error = None  # its traceback refers to this frame

    def _wait(self, timeout: float) -> bool:
        while not self._done.acquire(timeout=min(self._left(timeout), threading.TIMEOUT_MAX)):
            if self._left(timeout) <= 0:
                return False
        return True

    def _left(self, timeout: float) -> float:
        if self._began is None:  # the interpreter may take its time to start a thread
            return timeout
        return max(0.0, self._began + timeout - time.monotonic())

    def _give_up(self) -> bool:
        """Go on without the call; False if it has ended meanwhile. May be asked once."""
        if self._begins.acquire(blocking=False):
            return True
        if self._hold is not None:
            give_up(self._hold)
        if self._ends.acquire(blocking=False):
            return True
        if self._hold is not None:
            ended(self._hold)
        return False


def call_with_timeout(
    function: Callable[..., Any],
    timeout: float | None,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    hold: Hold | None = None,
) -> Any:
    """Call a function, and raise TimeoutError ``timeout`` seconds after its code began to run.

    ``hold`` is the innermost hold that was taken for this very call, which keeps it while it runs.
    """
    if timeout is None:
        return function(*args, **kwargs)
    context = copy_context()
    # The call runs on the permit of the thread that waits for it, so a nested run can use that. It
    # is not the same object, since after a timeout the waiting thread goes on without the call.
    queue = here.queue
    permit = None if here.permit is None else Permit()

    def call() -> Any:
        here.queue, here.permit = queue, permit
        try:
            return context.run(function, *args, **kwargs)
        finally:
            here.queue = here.permit = None

    attempt = _Attempt(call, hold)
    try:
        THREADS.start(attempt.run)
    except RuntimeError:  # no thread can be started: better late than never
        return function(*args, **kwargs)
    return attempt.result(timeout)
