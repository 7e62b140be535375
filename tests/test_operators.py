"""`xcs.op`: what a declaration may say, and what an operator is outside of compiled programs."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import functools
import inspect
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import xcs
from xcs.runtime import Policy

WAIT = 30.0


def policy(operator: Any) -> Policy:
    return operator.__xcs_operator__.policy


def plain(x: int) -> int:
    return x + 1


# --- Declarations ---


def test_declarations_add_up() -> None:
    inner = xcs.op(retries=2, kind="model", effects="ordered", deterministic=True)(plain)
    outer = xcs.op(timeout=1)(inner)
    assert policy(outer) == Policy(retries=2, timeout=1)
    spec = outer.__xcs_operator__
    assert (spec.kind, spec.effects, spec.deterministic) == ("model", "ordered", True)
    assert spec.function is plain
    assert policy(xcs.op(outer)) == policy(outer)
    assert policy(xcs.op(retries=2)(outer)) == policy(outer)
    assert policy(inner) == Policy(retries=2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"timeout": 1}, {"timeout": 2}),
        ({"kind": "model"}, {"kind": "tool"}),
        ({"retries": 0},) * 2,
    ],
)
def test_declarations_that_contradict_each_other_are_refused(first: Any, second: Any) -> None:
    inner = xcs.op(**first)(plain)
    if first == second:
        xcs.op(**second)(inner)
        return
    with pytest.raises(ValueError, match=r"plain is declared with .* already; say it once, or"):
        xcs.op(**second)(inner)
    assert xcs.op(**second)(inner.__wrapped__)(1) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": -1}, {"timeout": 0}, {"retries": -4}, {"retries": 1.5}, {"rate_limit": "zz"},
        {"max_concurrency": 0}, {"backoff": -1}, {"kind": "robot"}, {"effects": "none"},
        {"deterministic": "yes"}, {"max_retry_after": -1}, {"retry_on": "OSError"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_without_meaning_are_refused_where_they_are_given(settings: Any) -> None:
    (name,) = settings
    with pytest.raises(ValueError, match=rf"xcs\.op.*{name}="):
        xcs.op(**settings)


def test_policies_of_programs_are_those_of_plain_calls() -> None:
    calls: list[int] = []

    @xcs.op(retries=3, backoff=0)
    def buggy(x: int) -> int:
        calls.append(x)
        raise TypeError("a bug")

    @xcs.jit
    def program(x: int) -> int:
        return buggy(x)

    for call in (buggy, program):
        calls.clear()
        with pytest.raises(TypeError, match=r"^a bug$"):
            call(1)
        assert calls == [1]


class Busy(Exception):
    retry_after = 86400


@pytest.mark.parametrize(
    ("error", "settings", "expected"),
    [
        (KeyError("k"), {"retry_on": KeyError}, 3),
        (OSError("o"), {"retry_on": (KeyError, ValueError)}, 1),
        (TypeError("t"), {"retry_on": lambda error: "t" in str(error)}, 3),
        (Busy("b"), {"max_retry_after": 0.001}, 3),
    ],
    ids=["one class", "classes", "function", "how long"],
)
def test_programs_know_what_is_retried_and_when(
    error: Exception, settings: Any, expected: int
) -> None:
    calls: list[int] = []

    @xcs.op(retries=2, backoff=0, **settings)
    def fails(x: int) -> int:
        calls.append(x)
        raise error

    @xcs.jit
    def program(x: int) -> int:
        return fails(x)

    for call in (fails, program):
        calls.clear()
        with pytest.raises(type(error)):
            call(1)
        assert calls == [1] * expected


# --- Objects ---


class Callable_:
    def __call__(self, x: int) -> int:
        return x + 1


class Agent:
    call = xcs.op(Callable_())

    def __init__(self, n: int) -> None:
        self.n = n

    @xcs.op(retries=1)
    def ask(self, x: int) -> int:
        return self.n + x

    @xcs.op
    @staticmethod
    def static(x: int) -> int:
        return x

    @xcs.op(timeout=WAIT)
    async def wait(self, x: int) -> int:
        return self.n + x


@xcs.op(retries=2)
def ask(x: int) -> int:
    return x + 1


renamed = xcs.op(timeout=9)(plain)


def test_operators_of_classes_are_methods() -> None:
    agent = Agent(1)
    assert (agent.ask(2), Agent.ask(agent, 2), agent.static(5), agent.call(1)) == (3, 3, 5, 2)
    assert asyncio.run(agent.wait(2)) == 3


@pytest.mark.parametrize("operator", [ask, Agent.ask, Agent.static], ids=repr)
def test_operators_are_pickled_by_name(operator: Any) -> None:
    assert pickle.loads(pickle.dumps(operator)) is operator
    assert copy.deepcopy(operator) is operator


def test_operators_of_other_names_are_pickled_by_what_they_are_made_of() -> None:
    assert policy(pickle.loads(pickle.dumps(renamed))) == Policy(timeout=9)
    bound = pickle.loads(pickle.dumps(Agent(1).ask))
    assert bound(2) == 3
    assert policy(bound) == Policy(retries=1)
    local = xcs.op(lambda x: x)
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(local)


def test_operators_go_to_another_process(tmp_path: Any) -> None:
    (tmp_path / "tools_of_mine.py").write_text(
        "import xcs\n@xcs.op(retries=1)\ndef double(x):\n    return 2 * x\n"
    )
    program = (
        "import concurrent.futures, multiprocessing, tools_of_mine\n"
        "if __name__ == '__main__':\n"
        "    spawn = multiprocessing.get_context('spawn')\n"
        "    with concurrent.futures.ProcessPoolExecutor(1, spawn) as pool:\n"
        "        print(list(pool.map(tools_of_mine.double, [1, 2])))\n"
    )
    (tmp_path / "main.py").write_text(program)
    command = [sys.executable, str(tmp_path / "main.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[2, 4]\n", done.stderr


# --- Coroutines and generators ---


class Flaky:
    def __init__(self) -> None:
        self.calls = 0

    def fail_once(self) -> None:
        self.calls += 1
        if self.calls == 1:
            raise OSError("busy")


def test_coroutines_follow_their_policy_where_they_are_awaited() -> None:
    flaky = Flaky()

    @xcs.op(retries=1, backoff=0, timeout=WAIT)
    async def ask(x: int) -> int:
        flaky.fail_once()
        await asyncio.sleep(0)
        return x + 1

    async def main() -> list[int]:
        return [await ask(1), *await asyncio.gather(ask(2), ask(3))]

    assert asyncio.run(main()) == [2, 3, 4]
    assert flaky.calls == 4


def test_coroutines_time_out() -> None:
    @xcs.op(timeout=0.01)
    async def ask() -> None:
        await asyncio.sleep(WAIT)

    with pytest.raises(TimeoutError, match="no result after"):
        asyncio.run(ask())


def test_coroutines_without_a_policy_are_the_functions_own() -> None:
    @xcs.op
    async def ask() -> int:
        return 1

    coroutine = ask()
    assert coroutine.cr_code is ask.__wrapped__.__code__  # type: ignore[attr-defined]
    coroutine.close()


def test_coroutines_made_in_a_program_follow_their_policy() -> None:
    flaky = Flaky()

    @xcs.op(retries=1, backoff=0)
    async def ask(x: int) -> int:
        flaky.fail_once()
        return x + 1

    @xcs.jit
    def program(x: int) -> Any:
        return ask(x)

    assert asyncio.run(program(1)) == 2
    assert flaky.calls == 2


def test_coroutine_operators_say_so() -> None:
    @xcs.op(retries=1)
    async def ask() -> None: ...

    @functools.wraps(ask)
    def wrapper() -> None: ...

    assert asyncio.iscoroutinefunction(ask)
    assert asyncio.iscoroutinefunction(Agent(1).wait)
    assert not asyncio.iscoroutinefunction(wrapper)
    assert not asyncio.iscoroutinefunction(renamed)
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(ask)


def items() -> Iterator[int]:
    yield 1


async def later_items() -> AsyncIterator[int]:
    yield 1


class Items:
    def __call__(self) -> Iterator[int]:
        yield 1


@pytest.mark.parametrize("function", [items, later_items, Items(), functools.partial(items)])
def test_policies_of_generators_are_refused(function: Any) -> None:
    with pytest.raises(ValueError, match=r"xcs\.op\(retries=2\) on the generator function"):
        xcs.op(retries=2)(function)
    xcs.op(kind="model")(function)


def test_generators_without_a_policy_are_generators() -> None:
    assert list(xcs.op(items)()) == [1]


# --- Limits ---


def test_limits_of_methods_belong_to_their_object() -> None:
    @dataclasses.dataclass(frozen=True)
    class Client:
        gate: threading.Barrier = dataclasses.field(compare=False)

        @xcs.op(max_concurrency=1)
        def ask(self) -> str:
            self.gate.wait(WAIT)
            return "done"

    gate = threading.Barrier(2)
    one, other = Client(gate), Client(gate)
    assert one == other
    thread = threading.Thread(target=one.ask)
    thread.start()
    assert other.ask() == "done"
    thread.join(WAIT)
