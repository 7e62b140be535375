"""What an operator's declaration asks for when it is called: retries, timeout, limits."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from xcs.runtime.limits import held, limits_of, parse_rate
from xcs.runtime.workers import THREADS, Permit, here

DEFAULT_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How an operator is called. Raises ValueError for a value that has no meaning.

    A call is tried ``retries`` more times when it raises an Exception. Before the n-th retry it
    waits a random time of up to ``backoff * 2 ** (n - 1)`` seconds (exponential backoff with full
    jitter), or as long as the error's ``retry_after`` or ``Retry-After`` header says. ``timeout``
    is in seconds, for each try: a try that takes longer raises TimeoutError. Its thread cannot be
    stopped; it runs on, and its result is dropped. ``max_concurrency`` bounds the calls at a time,
    ``rate_limit`` the starts per unit ("10/s", "500/min", "1000/h"), both in the whole process.
    """

    retries: int = 0
    backoff: float = DEFAULT_BACKOFF_SECONDS
    timeout: float | None = None
    max_concurrency: int | None = None
    rate_limit: str | None = None

    def __post_init__(self) -> None:
        _check(self, "retries", int, lambda n: n >= 0, "an integer of at least 0")
        _check(
            self, "backoff", (int, float), lambda s: 0 <= s < float("inf"), "seconds, at least 0"
        )
        if self.timeout is not None:
            _check(self, "timeout", (int, float), lambda s: s > 0, "seconds, more than 0")
        if self.max_concurrency is not None:
            _check(self, "max_concurrency", int, lambda n: n >= 1, "an integer of at least 1")
        if self.rate_limit is not None:
            parse_rate(self.rate_limit)

    def delay(
        self, attempt: int, error: BaseException, uniform: Callable[[float, float], float]
    ) -> float | None:
        """Seconds to wait after the failed ``attempt`` (from 1), None if it was the last."""
        if attempt > self.retries or not isinstance(error, Exception):
            return None
        asked = retry_after(error)
        if asked is not None:
            return asked
        return uniform(0.0, min(MAX_BACKOFF_SECONDS, self.backoff * 2.0 ** min(attempt - 1, 64)))


def _check(
    policy: Policy, name: str, kind: Any, accepts: Callable[[Any], bool], expected: str
) -> None:
    value = getattr(policy, name)
    if not isinstance(value, kind) or isinstance(value, bool) or not accepts(value):
        raise ValueError(f"{name}={value!r}: expected {expected}")


def retry_after(error: BaseException) -> float | None:
    """Seconds that a server asked to wait, from the error or the headers of its response."""
    asked = getattr(error, "retry_after", None)
    if asked is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
        if headers is None:
            headers = getattr(error, "headers", None)
        if headers is None or not hasattr(headers, "get"):
            return None
        asked = headers.get("Retry-After", headers.get("retry-after"))
    try:
        seconds = float(asked)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = _seconds_until(asked)
    return max(0.0, seconds) if seconds is not None and seconds < float("inf") else None


def _seconds_until(date: Any) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, replaceable in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform


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
        if limits.rate is not None and (wait := limits.rate.reserve(clock.now())) > 0:
            clock.sleep(wait)
        try:
            with held(limits.limiters):
                return call_with_timeout(function, policy.timeout, args, kwargs or {})
        except Exception as error:
            delay = policy.delay(attempt, error, clock.uniform)
            if delay is None:
                raise
        if delay > 0:
            clock.sleep(delay)
        attempt += 1


class _Outcome:
    """The result of a call in another thread."""

    __slots__ = ("done", "error", "value")

    def __init__(self) -> None:
        self.done = threading.Lock()
        self.done.acquire()
        self.value: Any = None
        self.error: BaseException | None = None


def call_with_timeout(
    function: Callable[..., Any],
    timeout: float | None,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """Call a function, and raise TimeoutError if it has not returned after ``timeout`` seconds."""
    if timeout is None:
        return function(*args, **kwargs)
    outcome = _Outcome()
    context = copy_context()
    # The call runs on the permit of the thread that waits for it, so a nested run can use that. It
    # is not the same object, since after a timeout the waiting thread goes on without the call.
    queue = here.queue
    permit = None if here.permit is None else Permit()

    def attempt() -> None:
        here.queue, here.permit = queue, permit
        try:
            outcome.value = context.run(function, *args, **kwargs)
        except BaseException as error:
            outcome.error = error
        finally:
            here.queue = here.permit = None
            outcome.done.release()

    try:
        THREADS.start(attempt)
    except RuntimeError:  # no thread can be started: better late than never
        return function(*args, **kwargs)
    if not outcome.done.acquire(timeout=min(timeout, threading.TIMEOUT_MAX)):
        raise TimeoutError(f"no result after {timeout:g} seconds")
    if outcome.error is not None:
        raise outcome.error
    return outcome.value
