"""Makespans of programs on the virtual clock."""

from __future__ import annotations

import pytest
from engine_support import ANY, LIST, TOKEN, declare, plan_of

from xcs.runtime import Plan
from xcs.runtime.clock import simulate


def a_map(policy: str = "", effects: str = "unordered", **functions: object) -> Plan:
    more = f", policy = #orch.policy<{policy}>" if policy else ""
    text = f"""{declare("ask", effects, more)} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @ask(%x) : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    return plan_of(text, {"ask": lambda x: x, **functions})  # type: ignore[arg-type]


APPENDING = f"""{declare("ask")} {declare("judge")}
func.func @main(%xs: {ANY}, %r: {ANY}) -> {ANY} {{
  %t = orch.join()
  %u = orch.for %xs carry(%t : {TOKEN}) : ({ANY}) -> {TOKEN} {{
  ^bb0(%x: {ANY}, %in: {TOKEN}):
    %y = orch.call @ask(%x) : ({ANY}) -> {ANY}
    %out = orch.append %r, %y after(%in) : {ANY}, {ANY} -> {TOKEN}
    orch.yield %out : {TOKEN} }}
  %s, %v = orch.snapshot %r after(%u) : {ANY} -> {ANY}, {TOKEN}
  %z = orch.call @judge(%s) : ({ANY}) -> {ANY}
  func.return %z : {ANY} }}"""


def test_independent_calls_take_as_long_as_the_longest() -> None:
    simulation = simulate(a_map(), [[3, 1, 2]], {"ask": lambda x: 10.0 * x})
    assert simulation.results == [[3, 1, 2]]
    assert simulation.makespan == 30.0
    assert simulation.most_at_once("ask") == 3


def test_max_workers_bounds_the_calls_at_a_time() -> None:
    simulation = simulate(a_map(), [range(10)], {"ask": 1.0}, max_workers=4)
    assert simulation.makespan == 3.0
    assert simulation.most_at_once() == 4


def test_ordered_calls_follow_one_another() -> None:
    simulation = simulate(a_map(effects="ordered"), [range(5)], {"ask": 2.0})
    assert simulation.makespan == 10.0


def test_a_loop_that_appends_runs_its_operators_at_once_and_its_reader_after_them() -> None:
    plan = plan_of(APPENDING, {"ask": lambda x: x, "judge": sum})
    out: list[int] = []
    simulation = simulate(plan, [range(8), out], {"ask": 5.0, "judge": 1.0})
    assert simulation.results == [28]
    assert out == list(range(8))
    assert simulation.makespan == 6.0


def test_limits_count() -> None:
    simulation = simulate(a_map("max_concurrency = 2"), [range(6)], {"ask": 1.0})
    assert simulation.makespan == 3.0
    assert simulation.most_at_once("ask") == 2


def test_rates_count() -> None:
    simulation = simulate(a_map('rate_limit = "2/s"'), [range(5)], {"ask": 0.0})
    assert simulation.makespan == pytest.approx(2.0)


def test_retries_wait_as_long_as_they_may() -> None:
    failures = iter([True, True, False])

    def flaky(x: int) -> int:
        if next(failures):
            raise ConnectionError("busy")
        return x

    plan = a_map("retries = 2, backoff = 4.0", ask=flaky)
    simulation = simulate(plan, [[7]], {"ask": 1.0})
    assert simulation.results == [[7]]
    assert simulation.makespan == 1.0 + 4.0 + 1.0 + 8.0 + 1.0


def test_timeouts_count() -> None:
    simulation = simulate(a_map("timeout = 3.0"), [[1]], {"ask": 10.0})
    assert isinstance(simulation.error, TimeoutError)
    assert simulation.makespan == 3.0


def test_coroutines_count_as_calls() -> None:
    async def ask(x: int) -> int:
        return x + 1

    simulation = simulate(a_map(ask=ask), [[1, 2]], {"ask": 5.0})
    assert simulation.results == [[2, 3]]
    assert simulation.makespan == 5.0
