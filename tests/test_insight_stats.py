"""What `get_jit_stats` says is measured. Rows R13 and R29."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import xcs

KEYS = {
    *("status", "calls", "execution_strategy", "parallel_groups", "group_sizes"),
    *("vectorizable_chains", "fused_kernels", "tensor_operations", "orchestration_operations"),
    *("fallback_reason", "partial_optimization", "estimated_speedup", "net_speedup"),
    *("total_time_ms", "optimization_overhead_ms", "parallel_efficiency", "cache_hit_rate"),
    *("slowest_operations", "optimization_opportunities", "performance_trend"),
}


@xcs.op
def ask(question: str) -> str:
    return f"<{question}>"


@xcs.op
def judge(*answers: str) -> int:
    return len("".join(answers))


@xcs.op(effects="ordered")
def save(answer: str) -> None:
    """Puts an answer somewhere."""


def three(q: str) -> int:
    return judge(ask(q), ask(q + "2"), ask(q + "3"))


def mapped(q: str) -> list[str]:
    return [ask(q + str(i)) for i in range(5)]


def chained(q: str) -> list[str]:
    return [ask(ask(q + str(i))) for i in range(5)]


def nested(q: str) -> list[list[str]]:
    return [[ask(f"{q}{i}{j}") for j in range(3)] for i in range(2)]


def appended(q: str) -> int:
    answers = []
    for i in range(4):
        answers.append(ask(q + str(i)))
    return judge(*answers)


def in_rounds(q: str) -> str:
    for _ in range(3):
        q = "".join([ask(q + str(i)) for i in range(2)])
    return q


def counted(q: str) -> list[str]:
    answers, n = [], 0
    while n < 4:
        answers.append(ask(q + str(n)))
        n += 1
    return answers


def tree(q: str, depth: int = 0) -> str:
    if depth == 2:
        return ask(q)
    return ask(tree(q + "l", depth + 1) + tree(q + "r", depth + 1))


def in_order(q: str) -> None:
    save(q)
    save(q + "2")


def one_by_one(q: str) -> str:
    return ask(ask(ask(q)))


def cached(q: str) -> list[str]:
    known: dict[str, str] = {}
    answers = []
    for i in range(6):
        key = q + str(i % 3)
        if key not in known:
            known[key] = ask(key)
        answers.append(known[key])
    return answers


def told(function: Callable[..., Any], *args: Any) -> dict[str, Any]:
    jitted = xcs.jit(function)
    assert jitted(*args) == function(*args)
    return xcs.get_jit_stats(jitted)


@pytest.mark.parametrize(
    ("function", "groups"),
    [
        (three, [3]),
        (mapped, [5]),
        (chained, [5, 5]),
        (nested, [6]),
        (appended, [4]),
        (in_rounds, [2, 2, 2]),
        (counted, [4]),
        (tree, [4, 2]),
        (in_order, []),
        (one_by_one, []),
    ],
)
def test_groups_are_the_calls_of_one_depth(function, groups):  # R13, R29
    stats = told(function, "q")
    assert stats["group_sizes"] == groups
    assert stats["parallel_groups"] == len(groups)


def test_every_key_is_there():  # R29
    assert told(three, "q").keys() >= KEYS


class Meeting:
    """Calls that end when so many of them are running, and no sooner."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size)

    def ask(self, question: str) -> str:
        self.barrier.wait(30)
        return question


def test_a_cache_holds_up_nobody_and_the_clock_shows_it():
    meeting = Meeting(3)
    ask = xcs.op(meeting.ask)

    def program(q: str) -> list[str]:
        known: dict[str, str] = {}
        answers = []
        for i in range(6):
            key = q + str(i % 3)
            if key not in known:
                known[key] = ask(key)
            answers.append(known[key])
        return answers

    jitted = xcs.jit(program)
    assert jitted("q") == ["q0", "q1", "q2", "q0", "q1", "q2"]
    assert xcs.get_jit_stats(jitted)["group_sizes"] == [3]
    assert xcs.get_jit_stats(jitted)["estimated_speedup"] > 1


def test_speedups_are_those_of_calls_that_ran_at_once():  # R29
    @xcs.op
    def slow(question: str) -> str:
        time.sleep(0.02)  # what the call takes
        return question

    jitted = xcs.jit(lambda: [slow(str(i)) for i in range(5)])
    jitted()
    stats = xcs.get_jit_stats(jitted)
    assert 2 < stats["estimated_speedup"] <= 5.001
    assert 1 < stats["net_speedup"] <= 5.001
    assert 0 < stats["parallel_efficiency"] <= 1
    assert stats["critical_path_ms"] <= stats["total_time_ms"]


def test_limits_bound_the_estimate():
    ask = xcs.op(max_concurrency=2)(lambda q: sum(range(2000)))
    limited = xcs.jit(lambda: [ask(i) for i in range(8)])
    limited()
    assert xcs.get_jit_stats(limited)["estimated_speedup"] <= 2.001
    one = xcs.jit(mapped, config=xcs.Config(max_workers=1))
    one("q")
    assert xcs.get_jit_stats(one)["estimated_speedup"] == pytest.approx(1.0)


def test_the_slowest_operations_come_with_their_lines():
    (first, *_) = told(mapped, "q")["slowest_operations"]
    assert first["operation"] == "ask"
    assert first["calls"] == 5
    line = mapped.__code__.co_firstlineno + 1
    assert first["line"] == f"{__file__}:{line}"
    assert 0 < first["slowest_ms"] <= first["ms"]


def test_a_trend_needs_calls():
    jitted = xcs.jit(mapped)
    jitted("q")
    assert xcs.get_jit_stats(jitted)["performance_trend"] == "too_few_calls"
    [jitted("q") for _ in range(6)]
    trend = xcs.get_jit_stats(jitted)["performance_trend"]
    assert trend in ("stable", "improving", "degrading")


def test_a_summary_of_all_functions():
    jitted = xcs.jit(mapped)
    jitted("q")
    stats = xcs.get_jit_stats()
    assert stats["functions"] >= 1
    assert stats["calls"] >= 1
    assert stats["execution_strategies"]["vectorized"] >= 1


@pytest.mark.parametrize(
    ("function", "part"),
    [
        (one_by_one, "each of its calls waits for the one before"),
        (in_order, "save keeps its place"),
    ],
)
def test_a_sequential_program_says_why(function, part):
    stats = told(function, "q")
    assert stats["execution_strategy"] == "sequential"
    assert part in stats["fallback_reason"]


def test_clearing_the_cache_keeps_no_program():
    jitted = xcs.jit(three)
    jitted("q")
    stats = xcs.get_jit_stats(jitted)
    jitted.clear_cache()
    assert xcs.get_jit_stats(jitted)["execution_strategy"] == stats["execution_strategy"]
    assert jitted.__xcs_jit__.last_program is None
    assert jitted.__xcs_jit__.stats.last is None
