"""Timelines that Perfetto opens. Row R31."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest

import xcs
from xcs.runtime.report import Recorder


@xcs.op
def ask(question: str) -> str:
    return f"<{question}>"


@xcs.op
def judge(answers: list[str]) -> int:
    return len(answers)


def events(path: Path) -> list[dict[str, Any]]:
    data = json.loads(path.read_text())
    assert data.keys() == {"traceEvents", "displayTimeUnit"}
    return data["traceEvents"]


def profiled(tmp_path: Path, run: Any) -> list[dict[str, Any]]:
    path = tmp_path / "run.json"
    with xcs.profile(path):
        run()
    return events(path)


def slices(found: list[dict[str, Any]], category: str) -> list[dict[str, Any]]:
    return [e for e in found if e["ph"] == "X" and e["cat"] == category]


def test_every_call_has_a_slice_with_its_line_and_iteration(tmp_path: Path) -> None:
    def program(q: str) -> int:
        return judge([ask(q + str(i)) for i in range(3)])

    found = profiled(tmp_path, lambda: xcs.jit(program)("q"))
    calls = slices(found, "call")
    line = program.__code__.co_firstlineno + 1
    assert sorted(e["name"] for e in calls) == [
        *[f"ask (test_profile.py:{line})"] * 3,
        f"judge (test_profile.py:{line})",
    ]
    asked = [e for e in calls if e["name"].startswith("ask")]
    assert sorted(e["args"]["iteration"] for e in asked) == [[0], [1], [2]]
    assert asked[0]["args"]["line"] == f"{__file__}:{line}"
    assert all(e["ts"] >= 0 and e["dur"] >= 0 for e in calls)


def test_lanes_are_named_after_threads_and_slices_on_one_do_not_overlap(tmp_path: Path) -> None:
    barrier = threading.Barrier(4)
    meet = xcs.op(lambda q: barrier.wait(30))
    found = profiled(tmp_path, lambda: xcs.jit(lambda: [meet(i) for i in range(4)])())
    names = {e["tid"]: e["args"]["name"] for e in found if e["name"] == "thread_name"}
    calls = slices(found, "call")
    assert len({e["tid"] for e in calls}) == 4
    assert all(names[e["tid"]].startswith("xcs-worker-") for e in calls)


def test_arrows_lead_along_values(tmp_path: Path) -> None:
    def program(q: str) -> int:
        first = ask(q)
        return judge([ask(first), ask(first + "2")])

    found = profiled(tmp_path, lambda: xcs.jit(program)("q"))
    starts = {e["id"]: e for e in found if e["ph"] == "s"}
    ends = {e["id"]: e for e in found if e["ph"] == "f"}
    assert starts.keys() == ends.keys()

    def at(event: dict[str, Any]) -> str:
        (inside,) = [
            e["name"].split()[0]
            for e in slices(found, "call")
            if e["tid"] == event["tid"] and e["ts"] <= event["ts"] <= e["ts"] + e["dur"]
        ]
        return inside

    arrows = sorted((at(starts[i]), at(ends[i])) for i in starts)
    assert arrows == [("ask", "ask"), ("ask", "ask"), ("ask", "judge"), ("ask", "judge")]


def test_arrows_cross_loops_branches_and_functions(tmp_path: Path) -> None:
    def refined(q: str) -> str:
        return ask(q) if q else ask("nothing")

    def program(q: str) -> int:
        answers = []
        for _ in range(3):
            q = refined(q)
            answers.append(q)
        return judge([ask(a) for a in [q]])

    found = profiled(tmp_path, lambda: xcs.jit(program)("q"))
    assert len(slices(found, "call")) == 5
    assert sum(e["ph"] == "s" for e in found) >= 4


def test_waits_say_for_what(tmp_path: Path) -> None:
    tries = []

    @xcs.op(retries=1, backoff=0.001)
    def flaky(q: str) -> str:
        tries.append(q)
        if len(tries) == 1:
            raise ConnectionError(q)
        return q

    started = threading.Event()

    @xcs.op(max_concurrency=1)
    def single(q: str) -> str:
        started.wait(0.01)  # so long does it hold its permit
        return q

    def run() -> None:
        xcs.jit(lambda q: flaky(q))("a")
        xcs.jit(lambda: [single(str(i)) for i in range(3)])()

    found = slices(profiled(tmp_path, run), "wait")
    names = [e["name"] for e in found]
    assert "flaky waits for retry 1 after ConnectionError" in names
    assert names.count("single waits for a limit on calls at a time") >= 1


def test_kernels_are_shown(tmp_path: Path) -> None:
    def program(x: Any) -> Any:
        y = jnp.sin(x) + 1
        return jnp.cos(y) * judge([ask("q")])

    found = profiled(tmp_path, lambda: xcs.jit(program)(jnp.ones(3)))
    assert len(slices(found, "kernel")) >= 1


def test_coroutines_have_lanes(tmp_path: Path) -> None:
    @xcs.op
    async def answer(q: str) -> str:
        await asyncio.sleep(0)
        return q

    @xcs.jit
    async def program() -> list[str]:
        return await asyncio.gather(answer("a"), answer("b"))

    found = profiled(tmp_path, lambda: asyncio.run(program()))
    names = {e["tid"]: e["args"]["name"] for e in found if e["name"] == "thread_name"}
    assert {names[e["tid"]] for e in slices(found, "call")} <= {"coroutine 1", "coroutine 2"}
    assert len(slices(found, "call")) == 2


def test_a_run_that_fails_is_written_as_far_as_it_came(tmp_path: Path) -> None:
    @xcs.op
    def fails(q: str) -> str:
        raise KeyError(q)

    path = tmp_path / "run.json"
    with pytest.raises(KeyError), xcs.profile(path):
        xcs.jit(lambda q: fails(ask(q)))("q")
    assert len(slices(events(path), "call")) == 2
    assert Recorder.active is None


def test_one_timeline_at_a_time(tmp_path: Path) -> None:
    with (
        xcs.profile(tmp_path / "a.json"),
        pytest.raises(xcs.XCSError, match="active already"),
        xcs.profile(tmp_path / "b.json"),
    ):
        pass
    with pytest.raises(OSError, match="No such file"):
        xcs.profile(tmp_path / "no such folder" / "run.json").__enter__()


def test_nothing_is_kept_when_nothing_is_profiled(tmp_path: Path) -> None:
    jitted = xcs.jit(lambda q: ask(q))
    with xcs.profile(tmp_path / "run.json") as recorder:
        jitted("q")
    jitted("q")
    assert len(recorder.reports) == 1
