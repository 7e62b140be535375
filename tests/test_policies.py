"""Policies, under a clock that moves only when somebody sleeps."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from xcs.runtime import Policy, call_with_policy
from xcs.runtime.limits import RateLimiter, parse_rate
from xcs.runtime.policies import Clock, retry_after


class VirtualTime:
    """A clock whose sleeps take no time and are written down; jitter is the whole interval."""

    def __init__(self) -> None:
        self.time = 0.0
        self.sleeps: list[float] = []
        self.clock = Clock(now=lambda: self.time, sleep=self.sleep, uniform=lambda low, high: high)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds


class Flaky:
    """Fails a number of times with the given error, then succeeds."""

    def __init__(self, failures: int, error: BaseException):
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "done"


def test_retries_until_success() -> None:  # R25
    flaky, virtual = Flaky(2, ValueError("busy")), VirtualTime()
    assert call_with_policy(flaky, Policy(retries=3, backoff=1.0), clock=virtual.clock) == "done"
    assert flaky.calls == 3


def test_raises_the_last_error_when_retries_are_used_up() -> None:
    flaky, virtual = Flaky(9, ValueError("busy")), VirtualTime()
    with pytest.raises(ValueError, match="busy"):
        call_with_policy(flaky, Policy(retries=2), clock=virtual.clock)
    assert flaky.calls == 3


def test_without_retries_the_error_surfaces_at_once() -> None:  # R25
    flaky = Flaky(1, OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        call_with_policy(flaky, Policy())
    assert flaky.calls == 1


def test_backoff_doubles_up_to_a_minute() -> None:
    flaky, virtual = Flaky(9, ValueError()), VirtualTime()
    call_with_policy(flaky, Policy(retries=9, backoff=1.0), clock=virtual.clock)
    assert virtual.sleeps == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_backoff_is_drawn_from_the_whole_interval() -> None:
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    policy = Policy(retries=2, backoff=0.5)
    call_with_policy(
        Flaky(2, ValueError()), policy, clock=Clock(sleep=lambda s: None, uniform=uniform)
    )
    assert drawn == [(0.0, 0.5), (0.0, 1.0)]


@pytest.mark.parametrize("error_type", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_exits_are_not_retried(error_type: type[BaseException]) -> None:
    flaky = Flaky(1, error_type())
    with pytest.raises(error_type):
        call_with_policy(flaky, Policy(retries=5))
    assert flaky.calls == 1


def http_error(headers: dict[str, str]) -> Exception:
    error = RuntimeError("429")
    error.response = SimpleNamespace(headers=headers)  # type: ignore[attr-defined]
    return error


def test_retry_after_replaces_the_backoff() -> None:
    virtual = VirtualTime()
    flaky = Flaky(1, http_error({"Retry-After": "7"}))
    call_with_policy(flaky, Policy(retries=1), clock=virtual.clock)
    assert virtual.sleeps == [7.0]


def test_retry_after_as_attribute_header_and_date() -> None:
    error = RuntimeError()
    error.retry_after = 2.5  # type: ignore[attr-defined]
    assert retry_after(error) == 2.5
    assert retry_after(http_error({"retry-after": "3"})) == 3.0
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after(http_error({"Retry-After": soon})) or 0) <= 100


@pytest.mark.parametrize("value", ["soon", "", "inf", "nan"])
def test_meaningless_retry_after_is_ignored(value: str) -> None:
    assert retry_after(http_error({"Retry-After": value})) is None
    assert retry_after(ValueError()) is None


def test_timeout_abandons_the_call() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError, match=r"0\.01 seconds"):
        call_with_policy(release.wait, Policy(timeout=0.01))
    release.set()


def test_timeout_passes_results_and_errors_through() -> None:
    assert call_with_policy(lambda x: x + 1, Policy(timeout=60), [1]) == 2
    with pytest.raises(ZeroDivisionError):
        call_with_policy(lambda: 1 / 0, Policy(timeout=60))


def test_timed_out_tries_are_retried() -> None:
    release, calls = threading.Event(), []

    def slow_once() -> str:
        calls.append(None)
        if len(calls) == 1:
            release.wait()
        return "done"

    assert call_with_policy(slow_once, Policy(timeout=0.05, retries=1, backoff=0)) == "done"
    release.set()


def test_arguments_are_passed() -> None:
    assert call_with_policy(dict, Policy(), [[("a", 1)]], {"b": 2}) == {"a": 1, "b": 2}


def test_rate_limit_spaces_windows_of_calls() -> None:
    virtual, starts = VirtualTime(), []

    def call() -> None:
        starts.append(virtual.time)

    for _ in range(5):
        call_with_policy(call, Policy(rate_limit="2/s"), clock=virtual.clock)
    assert starts == [0.0, 0.0, 1.0, 1.0, 2.0]


def test_rate_limiter_never_exceeds_its_count_in_any_period() -> None:
    limiter = RateLimiter(3, 10.0)
    starts = [now + limiter.reserve(now) for now in (0.0, 4.0, 5.0, 6.0, 6.0, 30.0)]
    assert starts == [0.0, 4.0, 5.0, 10.0, 14.0, 30.0]


@pytest.mark.parametrize(
    ("text", "expected"), [("10/s", (10, 1.0)), ("500/min", (500, 60.0)), ("7 / h", (7, 3600.0))]
)
def test_rates(text: str, expected: tuple[int, float]) -> None:
    assert parse_rate(text) == expected


def test_max_concurrency_holds_between_threads() -> None:
    entered, leave = threading.Semaphore(0), threading.Semaphore(0)
    inside: list[int] = []

    def call() -> None:
        inside.append(1)
        entered.release()
        leave.acquire()
        inside.pop()

    policy = Policy(max_concurrency=2)
    threads = [threading.Thread(target=call_with_policy, args=(call, policy)) for _ in range(5)]
    for thread in threads:
        thread.start()
    seen = []
    for _ in threads:
        entered.acquire()
        seen.append(len(inside))
        leave.release()
    for thread in threads:
        thread.join()
    assert max(seen) <= 2


def test_a_limited_function_may_call_itself() -> None:
    policy = Policy(max_concurrency=1)

    def countdown(n: int) -> int:
        return n if n == 0 else call_with_policy(countdown, policy, [n - 1])

    assert call_with_policy(countdown, policy, [5]) == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"retries": -1}, {"retries": 1.5}, {"retries": True}, {"backoff": -0.1},
        {"backoff": float("nan")}, {"timeout": 0}, {"timeout": "5"}, {"max_concurrency": 0},
        {"rate_limit": "fast"}, {"rate_limit": "0/s"}, {"rate_limit": "5/week"}, {"rate_limit": 5},
    ],
)  # fmt: skip
def test_values_without_meaning_are_refused(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(ValueError, match=f"{name}="):
        Policy(**settings)
