"""Policies in runs: limits of calls that were given up, rates of dropped calls, kept errors."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from contextlib import suppress
from typing import Any

import pytest
from engine_support import ANY, LIST, declare, plan_of, run_text

from xcs.runtime import XCSExecutionError, run
from xcs.runtime.limits import limits_of

WAIT = 30.0


def a_map(policy: str, effects: str = "unordered") -> str:
    more = f", policy = #orch.policy<{policy}>" if policy else ""
    return f"""{declare("f", effects, more)}
    func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""


def workers_end() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("xcs-worker"):
            thread.join(WAIT)


# --- Timeouts and limits ---


@pytest.mark.parametrize("effects", ["unordered", "ordered"])
def test_calls_that_time_out_and_still_run_keep_their_permits(effects: str) -> None:
    inside, most, release, lock = [0], [0], threading.Event(), threading.Lock()

    def slow(x: int) -> int:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        release.wait(WAIT)
        with lock:
            inside[0] -= 1
        return x

    policy = "max_concurrency = 2, timeout = 0.05, retries = 20, backoff = 0.0"
    threading.Timer(0.5, release.set).start()
    assert run_text(a_map(policy, effects), [range(6)], f=slow) == list(range(6))
    assert most[0] == 2
    workers_end()
    assert not limits_of(slow, 2, None).limiters[0].holds


def test_a_call_does_not_wait_for_permits_that_may_never_come_back() -> None:
    release = threading.Event()
    text = a_map("max_concurrency = 1, timeout = 0.05, retries = 1, backoff = 0.0")
    with pytest.raises(TimeoutError):
        run_text(text, [range(2)], f=lambda x: release.wait(WAIT))
    release.set()


def test_the_timeout_of_an_inner_call_does_not_keep_the_outer_permit() -> None:
    release = threading.Event()
    inner = plan_of(a_map("timeout = 0.02"), {"f": lambda x: release.wait(WAIT)})

    def outer(x: int) -> str:
        with pytest.raises(TimeoutError):
            run(inner, [[1]])
        return "done"

    assert run_text(a_map("max_concurrency = 1"), [range(3)], f=outer) == ["done"] * 3
    assert not limits_of(outer, 1, None).limiters[0].holds
    release.set()


# --- Rates ---


def test_the_first_failing_call_of_many_under_a_rate_raises_at_once() -> None:
    def f(x: int) -> int:
        if x == 0:
            raise ValueError("first")
        return x

    start = time.monotonic()
    with pytest.raises(ValueError, match="first"):
        # Two workers could book in either order: the first call might get the last start.
        run_text(a_map('rate_limit = "10/min"'), [range(200)], f=f, max_workers=1)
    assert time.monotonic() - start < 15  # of the 20 minutes that were booked


def test_dropped_calls_give_their_starts_back() -> None:
    def f(x: int) -> int:
        if x == 0:
            raise ValueError("first")
        return x

    with pytest.raises(ValueError, match="first"):
        run_text(a_map('rate_limit = "100/h"'), [range(1000)], f=f, max_workers=1)
    rate = limits_of(f, None, "100/h").rate
    assert rate is not None
    now = time.monotonic()
    assert not [start for start in rate._starts if start > now]


# --- Errors ---


def test_errors_beside_the_first_one_are_kept() -> None:
    barrier = threading.Barrier(4, timeout=WAIT)

    def f(x: int) -> int:
        barrier.wait()
        if x:
            raise KeyError(x) if x > 1 else ValueError("first")
        return x

    with pytest.raises(ValueError, match=r"^first$") as caught:
        run_text(a_map(""), [range(4)], f=f)
    error = caught.value
    assert isinstance(error, XCSExecutionError)
    assert [str(other) for other in error.other_errors] == ["2", "3"]
    assert all(isinstance(other, XCSExecutionError) for other in error.other_errors)


def test_secrets_among_positional_inputs_are_hidden() -> None:
    def f(api_key: str) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$") as caught:
        run_text(a_map(""), [["hunter2"]], f=f)
    assert caught.value.inputs == ("api_key=<hidden>",)  # type: ignore[attr-defined]


def test_errors_of_one_run_do_not_keep_its_inputs() -> None:
    class Payload:
        pass

    def f(x: Any) -> None:
        raise ValueError("no")

    def fail() -> weakref.ref[Payload]:
        payload = Payload()
        with suppress(ValueError):
            run_text(a_map(""), [[payload]], f=f)
        return weakref.ref(payload)

    reference = fail()
    workers_end()
    gc.collect()
    assert reference() is None
