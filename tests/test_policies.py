"""Policies, under a clock that moves only when somebody sleeps."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import random
import threading
import time
import types
import warnings
import weakref
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from xcs.runtime import Policy, XCSError, call_with_policy, policies
from xcs.runtime.limits import RateLimiter, held, limits_of, parse_rate
from xcs.runtime.policies import Clock, await_with_policy, retry_after
from xcs.runtime.workers import THREADS

WAIT = 30.0


def workers_end() -> None:
    """Wait until no worker thread is left."""
    for thread in threading.enumerate():
        if thread.name.startswith("xcs-worker"):
            thread.join(WAIT)


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


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "3"}, {"RETRY-AFTER": "3"}, {"rEtry-aFter": 3}, {b"retry-after": b"3"},
        [("x", "1"), ("Retry-after", "3")], {"retry-after-ms": "3000", "retry-after": "9"},
        {"Retry-After-Ms": "3000"}, {"Retry-After": ["3"]},
    ],
    ids=str,
)  # fmt: skip
def test_headers_are_found_in_any_spelling(headers: Any) -> None:
    assert retry_after(http_error(headers)) == 3.0


def test_retry_after_may_be_a_time() -> None:
    error = RuntimeError()
    error.retry_after = timedelta(seconds=4)  # type: ignore[attr-defined]
    assert retry_after(error) == 4.0
    error.retry_after = datetime.now(UTC) - timedelta(days=1)  # type: ignore[attr-defined]
    assert retry_after(error) == 0.0


def test_a_long_retry_after_is_cut() -> None:
    for policy, waited in (
        (Policy(retries=1), 60.0),
        (Policy(retries=1, max_retry_after=5), 5.0),
        (Policy(retries=1, max_retry_after=100_000), 86400.0),
    ):
        virtual = VirtualTime()
        flaky = Flaky(1, http_error({"Retry-After": "86400"}))
        call_with_policy(flaky, policy, clock=virtual.clock)
        assert virtual.sleeps == [waited]


class Closed(RuntimeError):
    """Raises when it is looked at."""

    @property
    def response(self) -> Any:
        raise OSError("closed")

    retry_after = headers = response


def test_an_error_that_cannot_be_looked_at_is_not_lost() -> None:
    assert retry_after(Closed()) is None
    with pytest.raises(Closed, match="429"):
        call_with_policy(Flaky(9, Closed("429")), Policy(retries=1, backoff=0))


# --- Which errors are retried ---


def tries(error: BaseException, **settings: Any) -> int:
    flaky = Flaky(9, error)
    with pytest.raises(type(error)):
        call_with_policy(flaky, Policy(retries=2, backoff=0, **settings))
    return flaky.calls


class Flagged(TypeError):
    transient = True


@pytest.mark.parametrize(
    "error",
    [
        TypeError(), AttributeError(), NameError(), NotImplementedError(), AssertionError(),
        KeyError(), IndexError(), SyntaxError(), ImportError(), ZeroDivisionError(),
        RecursionError(), StopIteration(), XCSError(), ExceptionGroup("g", [OSError(), KeyError()]),
        UserWarning(),
    ],
    ids=repr,
)  # fmt: skip
def test_programming_errors_are_not_retried(error: Exception) -> None:
    assert tries(error) == 1


@pytest.mark.parametrize(
    "error",
    [
        ValueError(), OSError(), TimeoutError(), ConnectionError(), RuntimeError(), EOFError(),
        Exception(), ExceptionGroup("g", [OSError(), ValueError()]),
    ],
    ids=repr,
)  # fmt: skip
def test_other_errors_are_retried(error: Exception) -> None:
    assert tries(error) == 3


def test_retry_on_names_classes() -> None:
    assert tries(KeyError(), retry_on=KeyError) == 3
    assert tries(KeyError(), retry_on=[OSError, KeyError]) == 3
    assert tries(ValueError(), retry_on=(OSError, KeyError)) == 1
    assert tries(ValueError(), retry_on=()) == 1
    assert tries(ExceptionGroup("g", [KeyError()]), retry_on=KeyError) == 3


def test_retry_on_may_be_a_function_of_the_error() -> None:
    transient = lambda error: getattr(error, "transient", False)
    assert tries(Flagged(), retry_on=transient) == 3
    assert tries(OSError(), retry_on=transient) == 1


def test_a_retry_on_that_raises_does_not_hide_the_error() -> None:
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError.*not tried again"):
        assert tries(OSError(), retry_on=lambda error: 1 / 0) == 1
    with warnings.catch_warnings(action="error"):
        assert tries(OSError(), retry_on=lambda error: 1 / 0) == 1


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt()], ids=repr)
def test_only_exceptions_are_retried(error: BaseException) -> None:
    assert tries(error, retry_on=lambda error: True) == 1


@pytest.mark.parametrize("value", ["soon", "", "inf", "nan"])
def test_meaningless_retry_after_is_ignored(value: str) -> None:
    assert retry_after(http_error({"Retry-After": value})) is None
    assert retry_after(ValueError()) is None


def test_timeout_abandons_the_call() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError, match=r"0\.01 seconds"):
        call_with_policy(release.wait, Policy(timeout=0.01))
    release.set()


@pytest.fixture
def slow_threads(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Threads that start their work when the event is set."""
    gate, start = threading.Event(), THREADS.start

    def start_late(job: Any) -> None:
        start(lambda: job() if gate.wait(WAIT) else None)

    monkeypatch.setattr(policies, "THREADS", SimpleNamespace(start=start_late))
    return gate


def test_the_clock_starts_with_the_body(slow_threads: threading.Event) -> None:
    threading.Timer(0.2, slow_threads.set).start()
    assert call_with_policy(lambda: "done", Policy(timeout=0.05)) == "done"


def test_a_call_that_was_given_up_does_not_start(
    slow_threads: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def interrupt(attempt: Any, timeout: float) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(policies._Attempt, "_wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        call_with_policy(lambda: started.append(1), Policy(timeout=1))
    slow_threads.set()
    workers_end()
    assert started == []


def test_a_timed_out_call_that_still_runs_keeps_its_permit() -> None:
    inside, most, release, lock = [0], [0], threading.Event(), threading.Lock()

    def slow() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        release.wait(WAIT)
        with lock:
            inside[0] -= 1

    policy = Policy(max_concurrency=2, timeout=0.02, retries=5, backoff=0)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            call_with_policy(slow, policy)
    assert most[0] == 2
    with pytest.raises(TimeoutError, match=r"all calls that max_concurrency=2 allows have timed"):
        call_with_policy(slow, Policy(max_concurrency=2, timeout=0.02))
    release.set()
    workers_end()
    assert call_with_policy(slow, policy) is None  # the permits are there again


def test_a_permit_comes_back_when_the_call_that_was_given_up_ends() -> None:
    release, calls = threading.Event(), []

    def slow_once() -> str:
        calls.append(None)
        if len(calls) == 1:
            threading.Timer(0.1, release.set).start()
            release.wait(WAIT)
        return "done"

    policy = Policy(max_concurrency=1, timeout=0.05, retries=9, backoff=0)
    assert call_with_policy(slow_once, policy) == "done"
    assert len(calls) == 2


def test_a_permit_lent_to_a_call_that_was_given_up_comes_back_once() -> None:
    release, policy = threading.Event(), Policy(max_concurrency=1)

    def outer(depth: int) -> str:
        if depth == 0:
            return call_with_policy(outer, policy, [1])
        with pytest.raises(TimeoutError):
            call_with_policy(outer_slow, Policy(max_concurrency=1, timeout=0.02))
        return "done"

    def outer_slow() -> None:
        release.wait(WAIT)

    limits = limits_of(outer, 1, None)
    (limiter,) = limits.limiters
    slow = limits_of(outer_slow, 1, None).limiters[0]
    assert call_with_policy(outer, policy, [0]) == "done"
    assert not limiter.holds
    assert len(slow.holds) == 1
    release.set()
    workers_end()
    assert not slow.holds


def test_a_call_that_was_given_up_has_what_its_caller_lent() -> None:
    release, policy = threading.Event(), Policy(max_concurrency=1, timeout=0.05)

    def nested(depth: int) -> None:
        if depth:
            release.wait(WAIT)
        else:
            call_with_policy(nested, policy, [1])

    with pytest.raises(TimeoutError):
        call_with_policy(nested, Policy(max_concurrency=1), [0])
    (limiter,) = limits_of(nested, 1, None).limiters
    assert len(limiter.holds) == 1
    release.set()
    workers_end()
    assert not limiter.holds


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


def test_starts_that_do_not_take_place_are_given_back() -> None:
    limiter = RateLimiter(10, 1.0)
    starts = [limiter.reserve(0.0) for _ in range(200)]
    assert starts[-1] == 19.0
    for start in starts[1:]:
        limiter.give_back(start)
    assert limiter.reserve(0.0) == 0.0
    assert len(limiter._starts) == 2


def test_gaps_between_booked_starts_are_used_first() -> None:
    limiter = RateLimiter(1, 1.0)
    starts = [limiter.reserve(0.0) for _ in range(6)]
    for start in starts[1:3]:
        limiter.give_back(start)
    assert limiter.reserve(0.1) + 0.1 == 1.0
    assert limiter.reserve(1.5) + 1.5 == 2.0
    assert limiter.reserve(1.5) + 1.5 == 6.0


def test_starts_given_back_at_random_never_break_the_limit() -> None:
    chance = random.Random(5)
    limiter, now, booked = RateLimiter(3, 1.0), 0.0, []
    for _ in range(2000):
        now += chance.random() * 0.9
        booked.append(now + limiter.reserve(now))
        if chance.random() < 0.4:
            later = [start for start in booked if start > now]
            if later:
                start = chance.choice(later)
                booked.remove(start)
                limiter.give_back(start + 1e-9)
    booked.sort()
    assert all(b - a >= 1.0 - 1e-6 for a, b in zip(booked, booked[3:], strict=False))
    assert len(limiter._starts) < 20


def test_an_interrupted_wait_gives_its_start_back() -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    def call() -> None: ...

    policy = Policy(rate_limit="1/h")
    call_with_policy(call, policy)
    with pytest.raises(KeyboardInterrupt):
        call_with_policy(call, policy, clock=Clock(sleep=interrupt))
    rate = limits_of(call, None, "1/h").rate
    assert rate is not None
    assert len(rate._starts) == 1


def test_starts_are_booked_by_who_has_a_permit() -> None:
    """Calls that wait for a permit would otherwise start together, later, at the rate's cost."""
    virtual = VirtualTime()
    starts: list[float] = []

    def call() -> None:
        starts.append(virtual.time)

    (limiter,) = limits_of(call, 1, "1/s").limiters
    threads = []
    with held((limiter,)):
        for _ in range(3):
            arguments = (call, Policy(max_concurrency=1, rate_limit="1/s"))
            thread = threading.Thread(
                target=call_with_policy, args=arguments, kwargs={"clock": virtual.clock}
            )
            thread.start()
            threads.append(thread)
        while len(limiter.waiting) < 3:
            time.sleep(0.001)
        virtual.time = 100.0
    for thread in threads:
        thread.join(WAIT)
    assert starts == [100.0, 101.0, 102.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10/s", (10, 1.0)),
        ("500/min", (500, 60.0)),
        ("7 / h", (7, 3600.0)),
        ("9/day", (9, 86400.0)),
    ],
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
        {"timeout": -1}, {"timeout": float("nan")}, {"retries": -4}, {"rate_limit": "zz"},
        {"rate_limit": "-1/s"}, {"max_retry_after": -1}, {"retry_on": KeyboardInterrupt},
        {"retry_on": "OSError"}, {"retry_on": (OSError, "x")}, {"retry_on": int},
        {"rate_limit": "fast"}, {"rate_limit": "0/s"}, {"rate_limit": "5/week"}, {"rate_limit": 5},
    ],
)  # fmt: skip
def test_values_without_meaning_are_refused(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(ValueError, match=f"{name}="):
        Policy(**settings)


# --- Coroutines ---


def run_async(function: Any, policy: Policy, *args: Any, clock: Clock | None = None) -> Any:
    return asyncio.run(
        await_with_policy(function, policy, args, clock=clock or policies.SYSTEM_CLOCK)
    )


def test_coroutines_are_retried() -> None:
    flaky, slept = Flaky(2, OSError("busy")), []

    async def call(x: int) -> tuple[str, int]:
        await asyncio.sleep(0)
        return flaky(), x

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    clock = Clock(sleep_async=sleep, uniform=lambda low, high: high)
    assert run_async(call, Policy(retries=2, backoff=1), 5, clock=clock) == ("done", 5)
    assert slept == [1.0, 2.0]
    flaky.calls, flaky.error = 0, TypeError("bug")
    with pytest.raises(TypeError, match="bug"):
        run_async(call, Policy(retries=2), 5, clock=clock)
    assert flaky.calls == 1


def test_coroutines_that_time_out_are_cancelled() -> None:
    cancelled: list[int] = []

    async def call() -> None:
        try:
            await asyncio.sleep(WAIT)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    with pytest.raises(TimeoutError, match=r"no result after 0\.01 seconds"):
        run_async(call, Policy(timeout=0.01, retries=1, backoff=0))
    assert cancelled == [1, 1]


def test_a_timeout_of_the_coroutines_own_is_its_own() -> None:
    async def call() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        run_async(call, Policy(timeout=WAIT))


def test_coroutines_share_their_limits_with_threads() -> None:
    inside, most = [0], [0]

    async def call() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        await asyncio.sleep(0.001)
        inside[0] -= 1

    policy = Policy(max_concurrency=2)
    (limiter,) = limits_of(call, 2, None).limiters

    async def all_calls() -> None:
        await asyncio.gather(*(await_with_policy(call, policy) for _ in range(10)))

    asyncio.run(all_calls())
    assert most[0] == 2
    with held((limiter,)):
        thread = threading.Thread(target=asyncio.run, args=[all_calls()])
        thread.start()
        while not limiter.waiting:
            time.sleep(0.001)
    thread.join(WAIT)
    assert most[0] == 2
    assert not limiter.holds


def test_a_cancelled_coroutine_waits_no_longer() -> None:
    async def call() -> None: ...

    policy = Policy(max_concurrency=1, rate_limit="1/h")
    limits = limits_of(call, 1, "1/h")
    assert limits.rate is not None

    async def main() -> None:
        await await_with_policy(call, policy)
        waiting = [asyncio.create_task(await_with_policy(call, policy)) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(main())
    assert not limits.limiters[0].holds
    assert not limits.limiters[0].waiting
    assert len(limits.rate._starts) == 1


# --- What is kept ---


@dataclasses.dataclass(slots=True)
class Slotted:
    """Neither hashable nor to be referred to weakly."""

    name: str

    def ask(self) -> None: ...


@dataclasses.dataclass(frozen=True)
class Client:
    name: str

    def ask(self) -> None: ...


def test_limits_belong_to_the_object_not_to_equal_ones() -> None:
    one, other = Client("a"), Client("a")
    assert limits_of(one.ask, 1, None) is limits_of(one.ask, 1, None)
    assert limits_of(one.ask, 1, None) is not limits_of(other.ask, 1, None)
    assert limits_of(one.ask, 1, None) is not limits_of(one.ask, 2, None)


def test_limits_keep_no_object_alive() -> None:
    def use() -> list[weakref.ref[Any]]:
        client = Client("a")

        def method(self: Client) -> Client:
            return client

        def function() -> Any:
            return function

        limits_of(types.MethodType(method, client), 1, None)
        limits_of(function, 1, None)
        return [weakref.ref(x) for x in (client, method, function)]

    gone = use()
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3


def test_objects_without_weak_references_share_the_limits_of_their_class() -> None:
    assert limits_of(Slotted("a").ask, 1, None) is limits_of(Slotted("b").ask, 1, None)
