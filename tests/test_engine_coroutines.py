"""Operators that are coroutine functions, context variables, and errors that come at once."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from engine_support import ANY, LIST, TOKEN, declare, plan_of, run_text

from xcs.runtime import run

WAIT = 30.0
CALL = f"({ANY}) -> {ANY}"


def a_map(policy: str = "", effects: str = "unordered") -> str:
    more = f", policy = #orch.policy<{policy}>" if policy else ""
    return f"""{declare("f", effects, more)} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""


class Meeting:
    """A point at which coroutines wait until so many of them are there."""

    def __init__(self, count: int):
        self.count = count
        self.event = asyncio.Event()

    async def join(self) -> None:
        self.count -= 1
        if self.count == 0:
            self.event.set()
        await asyncio.wait_for(self.event.wait(), WAIT)


def test_any_number_of_coroutines_wait_at_once_on_one_thread() -> None:
    count = 10_000
    meeting: list[Meeting] = []
    threads = set()

    async def f(x: int) -> int:
        if not meeting:
            meeting.append(Meeting(count))
        threads.add(threading.current_thread())
        await meeting[0].join()
        return -x

    before = threading.active_count()
    assert run_text(a_map(), [range(count)], f=f) == [-x for x in range(count)]
    assert len(threads) == 1
    assert threading.active_count() <= before + 1


def test_a_coroutine_does_not_count_as_a_worker() -> None:
    async def f(x: int) -> int:
        await asyncio.sleep(0)
        return x

    assert run_text(a_map(), [range(5)], max_workers=1, f=f) == list(range(5))


def test_runs_one_after_another_use_the_same_loop() -> None:
    loops = []

    async def f(x: int) -> None:
        loops.append(asyncio.get_running_loop())

    for _ in range(3):
        run_text(a_map(), [[1]], f=f)
    assert len(set(loops)) == 1


def test_a_run_in_a_coroutine_has_a_loop_of_its_own() -> None:
    async def inner(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    nested = plan_of(a_map(), {"f": inner})

    async def outer(x: int) -> int:
        return sum(run(nested, [range(x)])[0][0])

    assert run_text(a_map(), [range(4)], f=outer) == [0, 1, 3, 6]


def test_ordered_coroutines_keep_their_order() -> None:
    log: list[int] = []

    async def f(x: int) -> None:
        log.append(x)
        await asyncio.sleep(0)
        log.append(x)

    run_text(a_map(effects="ordered"), [range(4)], f=f)
    assert log == [0, 0, 1, 1, 2, 2, 3, 3]


def test_limits_hold_for_coroutines() -> None:
    inside, most = [0], [0]
    meeting: list[Meeting] = []

    async def f(x: int) -> int:
        if not meeting:
            meeting.append(Meeting(3))
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        await meeting[0].join()
        inside[0] -= 1
        return x

    assert run_text(a_map("max_concurrency = 3"), [range(20)], f=f) == list(range(20))
    assert most[0] == 3


def test_coroutines_are_tried_again() -> None:
    attempts: list[int] = []

    async def f(x: int) -> int:
        attempts.append(x)
        if attempts.count(x) < 3:
            raise ConnectionError("busy")
        return x

    assert run_text(a_map("retries = 2, backoff = 0.0"), [[1, 2]], f=f) == [1, 2]
    assert sorted(attempts) == [1, 1, 1, 2, 2, 2]


def test_a_coroutine_that_takes_too_long_is_cancelled() -> None:
    cancelled: list[int] = []

    async def f(x: int) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(x)
            raise

    with pytest.raises(TimeoutError, match=r"no result after 0\.05 seconds"):
        run_text(a_map("timeout = 0.05"), [[1]], f=f)
    assert cancelled == [1]


def test_after_an_error_coroutines_behind_it_are_cancelled() -> None:
    waiting, cancelled = asyncio.Event, []
    started: list[int] = []

    async def f(x: int) -> None:
        started.append(x)
        if x == 0:
            while len(started) < 3:
                await asyncio.sleep(0)
            raise LookupError(x)
        try:
            await waiting().wait()
        except asyncio.CancelledError:
            cancelled.append(x)
            raise

    with pytest.raises(LookupError):
        run_text(a_map(), [range(3)], f=f)
    assert sorted(cancelled) == [1, 2]


def test_programs_without_coroutines_do_not_load_event_loops() -> None:
    code = (
        "import sys, xcs.runtime; from xcs.runtime import engine; "
        "sys.exit('xcs.runtime.coroutines' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- Context variables ---

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
SETTING = f"""{declare("set", "ordered")} {declare("get")}
func.func @main(%x: {ANY}) -> {ANY} {{
  %t = orch.join()
  %a, %u = orch.call @set(%x) after(%t) : ({ANY}) -> ({ANY}, {TOKEN})
  %y = orch.call @get(%a) : {CALL}
  func.return %y : {ANY} }}"""


def in_own_context(function: Callable[[], Any]) -> Any:
    return contextvars.copy_context().run(function)


async def set_in_coroutine(x: str) -> None:
    VARIABLE.set(x)


@pytest.mark.parametrize("setter", [VARIABLE.set, set_in_coroutine])
def test_what_an_ordered_operator_sets_is_seen_by_what_follows(setter: Any) -> None:
    def program() -> tuple[str, str]:
        seen = run_text(SETTING, ["new"], set=setter, get=lambda _: VARIABLE.get())
        return seen, VARIABLE.get()

    assert in_own_context(program) == ("new", "new")
    assert VARIABLE.get() == "unset"


def test_what_ordered_host_code_sets_is_seen_by_what_follows() -> None:
    text = f"""{declare("get")} func.func @main(%x: {ANY}) -> {ANY} {{
      %t = orch.join()
      %a, %u = orch.host "variable.set(x)"(%x) after(%t)
        {{names = ["x"], effects = #orch.effects<ordered>, scope = #orch.ref<"here">}}
        : ({ANY}) -> ({ANY}, {TOKEN})
      %y = orch.call @get(%a) : {CALL}
      func.return %y : {ANY} }}"""
    plan = plan_of(text, {"get": lambda _: VARIABLE.get()}, {"here": {"variable": VARIABLE}})
    assert in_own_context(lambda: run(plan, ["new"])[0]) == ["new"]


# --- Errors ---

TWO_CALLS = f"""{declare("slow")} {declare("bad")} func.func @main(%x: {ANY}) -> {ANY} {{
  %a = orch.call @slow(%x) : {CALL}
  %b = orch.call @bad(%x) : {CALL}
  func.return %a : {ANY} }}"""


def test_the_first_error_in_time_is_raised_at_once_if_that_is_wanted() -> None:
    """The call before it is still at work, and what comes of it is dropped."""
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(x: Any) -> None:
        started.set()
        assert release.wait(WAIT)
        ended.set()
        raise KeyError("first in the program")

    def bad(x: Any) -> None:
        assert started.wait(WAIT)
        raise ValueError("first in time")

    plan = plan_of(TWO_CALLS, {"slow": slow, "bad": bad})
    with pytest.raises(ValueError, match="first in time"):
        run(plan, [1], on_error="first-in-time")
    release.set()
    assert ended.wait(WAIT)


def test_how_to_take_errors_is_checked() -> None:
    with pytest.raises(ValueError, match="on_error='never'"):
        run(plan_of(TWO_CALLS, {"slow": id, "bad": id}), [1], on_error="never")  # type: ignore[arg-type]
