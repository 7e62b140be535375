"""`scan`, `map`, `fori_loop`, `while_loop` and `cond`: JAX's, and with operators inside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import xcs

XS = jnp.arange(6.0).reshape(3, 2)


@xcs.op(kind="model")
def ask(prompt: Any) -> str:
    return f"<{prompt}>"


@xcs.op
def weigh(value: Any) -> float:
    return float(np.sum(np.asarray(value))) + 1.0


def same(found: Any, expected: Any) -> None:
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert jnp.result_type(one) == jnp.result_type(other)
        np.testing.assert_array_equal(one, other)


def step(carry: Any, x: Any) -> Any:
    return {"sum": carry["sum"] + x.sum(), "n": carry["n"] + 1}, (carry["sum"] * x, None)


INIT = {"sum": jnp.zeros(()), "n": 0}

PAIR = {"a": XS, "b": XS[:, 0]}
ARRAY_CODE: list[Callable[[Any], Any]] = [
    lambda lib: lib.scan(step, INIT, XS),
    lambda lib: lib.scan(step, INIT, XS, reverse=True),
    lambda lib: lib.scan(step, INIT, XS, unroll=2),
    lambda lib: lib.scan(step, INIT, XS, 3, unroll=True),
    lambda lib: lib.scan(lambda c, _: (c * 2, c), 1.0, None, length=4),
    lambda lib: lib.scan(lambda c, x: (c + x["a"].sum() * x["b"], None), 0.0, PAIR),
    lambda lib: lib.map(lambda x: x**2, XS),
    lambda lib: lib.map(lambda x: (x[0].sum(), x[1]), (XS, XS[:, 1]), batch_size=2),
    lambda lib: lib.fori_loop(0, 5, lambda i, v: v * 2 + i, 1.0),
    lambda lib: lib.fori_loop(1, 4, lambda i, v: v + i, XS, unroll=3),
    lambda lib: lib.while_loop(lambda v: v[0] < 9, lambda v: (v[0] + 2, v[1] * 2), (0, XS)),
    lambda lib: lib.cond(XS.sum() > 3, lambda x: x + 1, lambda x: x - 1, XS),
    lambda lib: lib.cond(False, jnp.sin, jnp.cos, 0.5),
]  # fmt: skip


@pytest.mark.parametrize("program", ARRAY_CODE)
def test_array_code_is_that_of_jax(program: Callable[[Any], Any]) -> None:
    expected = program(jax.lax)
    same(program(xcs), expected)
    same(jax.jit(lambda: program(xcs))(), expected)
    same(xcs.jit(lambda: program(xcs))(), expected)


def test_a_scan_of_array_code_is_one_kernel() -> None:
    function = xcs.jit(lambda xs: xcs.scan(step, INIT, xs)[0]["sum"])
    assert function(XS) == XS.sum()
    assert xcs.get_jit_stats(function)["execution_strategy"] == "fused"
    same(xcs.grad(function)(XS), jnp.ones_like(XS))
    same(jax.vmap(function)(jnp.stack([XS, XS])), jnp.stack([XS.sum()] * 2))


@pytest.mark.parametrize(
    "program",
    [
        lambda lib: lib.scan(step, INIT, (XS, XS[:2])),
        lambda lib: lib.scan(step, INIT, XS, 4),
        lambda lib: lib.scan(step, INIT, None),
        lambda lib: lib.scan(lambda c, x: (c.astype(int), x), jnp.zeros(()), XS),
        lambda lib: lib.scan(lambda c, x: c, jnp.zeros(()), XS),
        lambda lib: lib.cond(True, lambda x: x, lambda x: (x, x), 1.0),
        lambda lib: lib.while_loop(lambda v: v, lambda v: v, XS),
    ],
)
def test_errors_are_those_of_jax(program: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as expected:
        program(jax.lax)
    with pytest.raises(type(expected.value)) as found:
        program(xcs)
    assert str(found.value)[:60] == str(expected.value)[:60]


# --- with operators -------------------------------------------------------------------------------


def count(state: dict[str, int], word: str) -> tuple[dict[str, int], str]:
    return {**state, word: state.get(word, 0) + 1}, ask(word) + str(state.get(word, 0))


def test_scan_with_state_of_any_kind() -> None:
    words = ["a", "b", "a", "c"]
    expected = ({"a": 2, "b": 1, "c": 1}, ["<a>0", "<b>0", "<a>1", "<c>0"])
    assert xcs.scan(count, {}, words) == expected
    assert xcs.jit(lambda words: xcs.scan(count, {}, words))(words) == expected
    last, results = xcs.scan(count, {}, words, reverse=True)
    assert (last, results) == ({"a": 2, "b": 1, "c": 1}, ["<a>1", "<b>0", "<a>0", "<c>0"])
    assert xcs.scan(lambda n, _: (n + 1, ask(n)), 0, length=3) == (3, ["<0>", "<1>", "<2>"])
    assert xcs.scan(count, {}, []) == ({}, [])


def test_scan_with_arrays_and_operators() -> None:
    def hybrid(carry: Any, x: Any) -> Any:
        return carry + x * weigh(x), {"carry": carry.sum(), "text": ask(float(x[0])), "no": None}

    last, results = xcs.scan(hybrid, jnp.zeros(2), XS)
    carry, sums = jnp.zeros(2), []
    for x in XS:
        sums.append(carry.sum())
        carry = carry + x * (float(x.sum()) + 1)
    np.testing.assert_allclose(last, carry)
    np.testing.assert_allclose(results["carry"], jnp.stack(sums))
    assert results["text"] == ["<0.0>", "<2.0>", "<4.0>"]
    assert results["no"] is None
    gradient = xcs.grad(lambda xs: xcs.scan(hybrid, jnp.zeros(2), xs)[0].sum())(XS)
    np.testing.assert_allclose(gradient, jnp.stack([jnp.full(2, x.sum() + 1) for x in XS]))


def test_steps_overlap() -> None:
    def programs(meet: Any) -> list[Callable[[], Any]]:
        counting = lambda n, x: (n + 1, meet(x))
        return [
            lambda: xcs.scan(counting, 0, [1, 2, 3]),
            xcs.jit(lambda: xcs.scan(counting, 0, [1, 2, 3])),
            lambda: xcs.map(lambda x: meet(x), [1, 2, 3]),
            xcs.jit(lambda: xcs.map(meet, jnp.arange(3))),
            lambda: xcs.fori_loop(0, 3, lambda i, values: [*values, meet(i)], []),
            xcs.jit(lambda: xcs.fori_loop(0, 3, lambda i, values: [*values, meet(i)], [])),
        ]

    for number in range(6):
        meeting = threading.Barrier(3, timeout=20)

        @xcs.op
        def meet(x: Any, meeting: threading.Barrier = meeting) -> float:
            meeting.wait()
            return float(x)

        programs(meet)[number]()


def test_map() -> None:
    assert xcs.map(ask, ["a", "b"]) == ["<a>", "<b>"]
    assert xcs.map(lambda v: ask(v["n"]), {"n": range(2)}) == ["<0>", "<1>"]
    same(xcs.map(lambda x: x * weigh(x), XS), jax.vmap(lambda x: x * (x.sum() + 1))(XS))


def test_loops() -> None:
    ask_for = lambda i, text: ask(text + str(i))
    assert xcs.fori_loop(0, 2, ask_for, "") == "<<0>1>"
    assert xcs.jit(lambda n: xcs.fori_loop(0, n, ask_for, ""))(2) == "<<0>1>"
    longer = lambda text: len(text) < 6
    assert xcs.while_loop(longer, ask, "") == "<<<>>>"
    assert xcs.jit(lambda t: xcs.while_loop(longer, ask, t))("ab") == "<<ab>>"
    assert xcs.while_loop(lambda v: weigh(v) < 9, lambda v: v * 2, jnp.asarray(1.0)) == 8.0


def test_cond() -> None:
    branch = lambda flag, x: xcs.cond(flag, ask, lambda x: x, x)
    for function in (branch, xcs.jit(branch)):
        assert function(True, "a") == "<a>"
        assert function(False, "a") == "a"
        assert function(jnp.asarray(True), 1) == "<1>"
    assert xcs.cond(False, lambda: ask("a"), lambda: None) is None


def test_wrong_sequences() -> None:
    with pytest.raises(ValueError, match="different leading axis sizes: 2, 3"):
        xcs.scan(lambda c, x: (c, ask(x)), 0, {"a": ["x", "y"], "b": XS})
    with pytest.raises(ValueError, match="`length` argument of 5"):
        xcs.scan(count, {}, ["a"], 5)
    with pytest.raises(ValueError, match="no values to scan over"):
        xcs.scan(lambda c, x: (c, ask(x)), 0)
    with pytest.raises(TypeError, match="no leading axis"):
        xcs.map(ask, 3)


def test_errors_of_steps() -> None:
    def fails(c: int, x: int) -> tuple[int, str]:
        if x == 1:
            raise KeyError(x)
        return c, ask(x)

    with pytest.raises(KeyError):
        xcs.scan(fails, 0, [0, 1, 2])


def test_array_code_of_several_functions_is_compiled(caplog: pytest.LogCaptureFixture) -> None:
    def sums(one: Callable[[Any], Any], other: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda v: one(v) + other(v)

    def scaled(factor: float) -> Callable[[Any], Any]:
        return lambda v: jnp.sin(v) * factor

    both = sums(scaled(0.5), scaled(0.25))
    with caplog.at_level("WARNING"):
        found = xcs.map(lambda v: both(v) * weigh(v), jnp.arange(3.0))
    np.testing.assert_allclose(found, 0.75 * jnp.sin(jnp.arange(3.0)) * (jnp.arange(3.0) + 1))
    assert not caplog.records
