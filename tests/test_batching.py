"""Operators with a batch form: calls that are ready together are made as one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax.numpy as jnp
import pytest

import xcs
from xcs.runtime.batching import BatchError

BATCHES: list[list[Any]] = []
SINGLES: list[Any] = []
LONG = 30.0
"""Seconds to wait for others: no test waits as long."""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    BATCHES.clear()
    SINGLES.clear()


def one(prompt: Any) -> str:
    SINGLES.append(prompt)
    if "bad" in str(prompt):
        raise ValueError("bad prompt", prompt)
    return f"<{prompt}>"


def many(prompts: list[Any]) -> list[Any]:
    BATCHES.append(list(prompts))
    return [
        ValueError("bad prompt", prompt) if "bad" in str(prompt) else f"<{prompt}>"
        for prompt in prompts
    ]


@xcs.op(kind="model", batch=many, max_batch=8, max_wait=LONG)
def ask(prompt: str) -> str:
    return one(prompt)


def sizes() -> list[int]:
    return sorted(map(len, BATCHES))


def test_a_single_call_is_single() -> None:
    assert xcs.jit(lambda: ask("a"))() == "<a>"
    assert (SINGLES, BATCHES) == (["a"], [])


def test_iterations_make_batches() -> None:
    prompts = [str(n) for n in range(20)]
    function = xcs.jit(lambda prompts: [ask(p) for p in prompts])
    for _ in range(2):
        assert function(prompts) == [f"<{p}>" for p in prompts]
    assert sizes() == [4, 4, 8, 8, 8, 8]
    assert sorted(p for batch in BATCHES for p in batch) == sorted(2 * prompts)


def test_stages_of_a_loop_each_make_a_batch() -> None:
    @xcs.jit
    def function(prompts: list[str]) -> list[str]:
        results = []
        for prompt in prompts:
            first = ask(prompt)
            results.append(ask(first + "!"))
        return results

    assert function(list("abcd")) == [f"<<{p}>!>" for p in "abcd"]
    assert sizes() == [4, 4]


def test_calls_of_different_places_and_functions() -> None:
    def helper(prompt: str) -> str:
        return ask(prompt + "1") if prompt != "b" else ask(prompt + "2")

    @xcs.jit
    def function(x: str) -> tuple[str, str, list[str]]:
        return ask(x), ask(x + x), [helper(p) for p in ("a", "b")]

    assert function("x") == ("<x>", "<xx>", ["<a1>", "<b2>"])
    assert sizes() == [4]


def test_an_error_goes_to_its_call() -> None:
    @xcs.jit
    def function(prompts: list[str]) -> list[str]:
        results = []
        for prompt in prompts:
            try:
                results.append(ask(prompt))
            except ValueError as error:
                results.append(str(error.args[-1]))
        return results

    assert function(["a", "bad", "c", "bad2"]) == ["<a>", "bad", "<c>", "bad2"]
    assert sizes() == [4]
    with pytest.raises(ValueError, match="bad1"):
        xcs.jit(lambda prompts: [ask(p) for p in prompts])(["a", "bad1", "bad2", "d"])


def test_a_batch_that_fails_is_made_call_by_call() -> None:
    def fails(prompts: list[str]) -> list[str]:
        BATCHES.append(prompts)
        raise ConnectionError("too much")

    operator = xcs.op(batch=fails, max_wait=LONG)(one)
    assert xcs.jit(lambda prompts: [operator(p) for p in prompts])(["a", "b"]) == ["<a>", "<b>"]
    assert (sizes(), sorted(SINGLES)) == ([2], ["a", "b"])


@pytest.mark.parametrize("wrong", [["one"], "text", None, {"a": 1, "b": 2}])
def test_a_batch_form_that_is_wrong(wrong: Any) -> None:
    operator = xcs.op(batch=lambda prompts: wrong, max_wait=LONG)(one)
    with pytest.raises(BatchError, match="results"):
        xcs.jit(lambda prompts: [operator(p) for p in prompts])(["a", "b"])


def test_threads_make_a_batch() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, "abcdefgh")) == [f"<{p}>" for p in "abcdefgh"]
    assert sizes() == [8]


def test_a_thread_that_is_alone_does_not_wait() -> None:
    found: list[str] = []
    caller = threading.Thread(target=lambda: found.append(quick("a")))
    caller.start()
    caller.join()
    assert found == ["<a>"]


@xcs.op(batch=many, max_wait=0)
def quick(prompt: str) -> str:
    return one(prompt)


def test_programs_in_threads_and_nested_programs() -> None:
    inner = xcs.jit(lambda name: [ask(name + "1"), ask(name + "2")])

    @xcs.op
    def nested(name: str) -> list[str]:
        return inner(name)

    outer = xcs.jit(lambda names: [nested(name) for name in names])
    assert outer(["a", "b", "c"]) == [[f"<{n}1>", f"<{n}2>"] for n in "abc"]
    assert sizes() == [6]
    BATCHES.clear()
    function = xcs.jit(lambda names: [ask(name) for name in names])
    function("x")
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(function, ["abcd", "efgh"])) == [
            [f"<{p}>" for p in names] for names in ("abcd", "efgh")
        ]
    assert sum(sizes()) == 8


def test_mapped_functions_make_batches() -> None:
    assert xcs.vmap(lambda p: ask(p))(list("abc")) == ["<a>", "<b>", "<c>"]
    assert sizes() == [3]


def test_several_arguments_and_methods() -> None:
    def all_of(calls: list[tuple[Any, ...]]) -> list[str]:
        BATCHES.append(calls)
        return [f"{x}{y}{key}" for x, y, key in calls]

    @xcs.op(batch=all_of, max_wait=LONG)
    def combine(x: str, y: int = 2, *, key: str = "k") -> str:
        return f"{x}{y}{key}"

    found = xcs.jit(lambda: [combine("a"), combine("b", 3), combine(x="c", key="z")])()
    assert found == ["a2k", "b3k", "c2z"]
    assert BATCHES == [[("a", 2, "k"), ("b", 3, "k"), ("c", 2, "z")]]
    BATCHES.clear()
    left, right = Client("l"), Client("r")
    function = xcs.jit(lambda c, d, ps: [(c.ask(p), d.ask(p)) for p in ps])
    assert function(left, right, ["a", "b"]) == [("la", "ra"), ("lb", "rb")]
    assert sorted(BATCHES) == [["l", ["a", "b"]], ["r", ["a", "b"]]]
    assert left.ask("c") == "lc"


class Client:
    """Has an operator for a method."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ask_many(self, prompts: list[str]) -> list[str]:
        BATCHES.append([self.name, prompts])
        return [self.name + prompt for prompt in prompts]

    @xcs.op(batch=ask_many, max_wait=LONG)
    def ask(self, prompt: str) -> str:
        return self.name + prompt


def test_wrong_arguments_raise_what_python_raises() -> None:
    with pytest.raises(TypeError, match="argument"):
        xcs.jit(lambda: [ask("a"), ask("a", "b", "c")])()  # type: ignore[call-arg]


def test_policies() -> None:
    tries: list[int] = []
    running, most = [0], [0]
    lock = threading.Lock()

    def batch(numbers: list[int]) -> list[Any]:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        tries.extend(numbers)
        with lock:
            running[0] -= 1
        return [ConnectionError("again") if n == 1 else n for n in numbers]

    @xcs.op(batch=batch, max_batch=4, max_wait=LONG, retries=2, backoff=0, max_concurrency=1)
    def number(n: int) -> int:
        tries.append(n)
        return n

    assert xcs.jit(lambda ns: [number(n) for n in ns])(range(12)) == list(range(12))
    assert sorted(tries) == sorted([*range(12), 1])
    assert most == [1]


def test_a_timeout_is_that_of_each_call() -> None:
    never = threading.Event()

    def batch(numbers: list[int]) -> list[int]:
        never.wait()
        return numbers

    operator = xcs.op(batch=batch, timeout=0.02)(lambda n: n)
    with pytest.raises(TimeoutError):
        xcs.jit(lambda: [operator(1), operator(2)])()
    never.set()


def test_coroutines() -> None:
    async def batch(prompts: list[str]) -> list[str]:
        BATCHES.append(prompts)
        return [ValueError(p) if p == "bad" else p + p for p in prompts]  # type: ignore[misc]

    @xcs.op(batch=batch, max_wait=2.0)
    async def twice(prompt: str) -> str:
        SINGLES.append(prompt)
        if prompt == "bad":
            raise ValueError(prompt)
        return prompt + prompt

    async def gathered(prompts: Sequence[str]) -> list[str]:
        return await asyncio.gather(*(twice(p) for p in prompts))

    expected = ["aa", "bb", "cc"]
    assert asyncio.run(gathered("abc")) == expected
    assert asyncio.run(xcs.jit(gathered)("abc")) == expected
    assert sizes() == [3, 3]
    # On an event loop in another thread, a batch may begin before all calls have come to it.
    assert xcs.jit(lambda: asyncio.run(gathered("abc")))() == expected
    SINGLES.clear()
    with pytest.raises(ValueError, match="bad"):
        asyncio.run(xcs.jit(gathered)(["a", "bad"]))
    assert asyncio.run(twice("d")) == "dd"
    assert SINGLES == ["d"]


def test_an_error_elsewhere_does_not_lose_calls() -> None:
    @xcs.op
    def fail(x: int) -> int:
        raise KeyError(x)

    def function(prompts: list[str]) -> Any:
        try:
            return [ask(p) for p in prompts], fail(1)
        except KeyError:
            return [ask(p + "!") for p in prompts]

    assert xcs.jit(function)(["a", "b"]) == ["<a!>", "<b!>"]


def test_output_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    def batch(prompts: list[str]) -> list[str]:
        print("batch", len(prompts))
        return prompts

    operator = xcs.op(batch=batch, max_wait=LONG)(lambda p: p)

    @xcs.jit
    def function(prompts: list[str]) -> list[str]:
        print("before")
        return [operator(p) for p in prompts]

    function(["a", "b"])
    assert capsys.readouterr().out == "before\nbatch 2\n"


def test_arrays() -> None:
    encoder = xcs.op(batch=lambda rows: jnp.stack(rows) * 2, max_wait=LONG)(lambda row: row * 2)
    xs = jnp.arange(6.0).reshape(3, 2)
    assert (xcs.vmap(lambda x: encoder(x) + 1)(xs) == xs * 2 + 1).all()
    gradient = xcs.grad(lambda x: sum((encoder(row) * row).sum() for row in x))(xs)
    assert jnp.allclose(gradient, 2 * xs)


@pytest.mark.parametrize(
    "settings",
    [
        {"batch": 3},
        {"max_batch": 3},
        {"max_wait": 1.0},
        {"batch": many, "max_batch": 0},
        {"batch": many, "max_wait": -1},
        {"batch": many, "effects": "ordered"},
    ],
)
def test_settings_without_meaning(settings: Any) -> None:
    with pytest.raises(ValueError, match=r"xcs\.op"):
        xcs.op(**settings)


def test_coroutine_functions_have_coroutine_functions_for_batches() -> None:
    async def coroutine(prompt: str) -> str:
        return prompt

    with pytest.raises(ValueError, match="coroutine function"):
        xcs.op(batch=many)(coroutine)
