"""Control flow in the tensor dialect: what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from xtensor_support import assert_imported_exactly, assert_same_bits, imported, op_names

import xcs
from xcs.frontend.jaxpr_import import UnsupportedEffect

RNG = np.random.default_rng(0)
X = jnp.asarray(RNG.normal(size=7), jnp.float32)
ROWS = jnp.asarray(RNG.random(size=(5, 3)), jnp.float32)
MATRICES = jnp.asarray(RNG.normal(size=(6, 3, 3)), jnp.float32)
TABLE = np.arange(3, dtype=np.float32)
KEY = jax.random.key(0)


def step(c: Any, x: Any) -> tuple[Any, Any]:
    return jnp.sin(c) * x + 1, jnp.cos(c) + x


# --- Scans ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("unroll", [1, 2, 3, 7, 10, True])
def test_scans_run_in_the_order_and_chunks_of_jax(reverse: bool, unroll: int | bool) -> None:
    def scan(c: Any, xs: Any) -> Any:
        return lax.scan(step, c, xs, reverse=reverse, unroll=unroll)

    assert_imported_exactly(scan, 0.3, X)


def nested(c: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: lax.scan(step, c, x), c, x)


def partly_dead(c: Any, xs: Any) -> Any:
    def body(c: Any, x: Any) -> Any:
        return (c[0] * 2, c[1] + x), (jnp.sin(x), jnp.cos(x) + c[0])

    return lax.scan(body, (c, c), xs)[1][0]


def draws(key: Any) -> Any:
    def body(key: Any, _: None) -> Any:
        key, sub = jax.random.split(key)
        return key, (sub, jax.random.normal(sub, (2,)))

    return lax.scan(body, key, None, length=3)


SCANS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "no carry": (lambda xs: lax.map(lambda x: jnp.sin(x) @ x, xs), [ROWS]),
    "in batches": (lambda xs: lax.map(lambda x: jnp.sin(x) @ x, xs, batch_size=2), [ROWS]),
    "nothing scanned": (lambda c: lax.scan(lambda c, _: (c * 2, c), c, None, 5), [1.5]),
    "nothing stacked": (lambda c: lax.scan(lambda c, _: (c * 2, None), c, None, 5), [1.5]),
    "nothing at all": (lambda: lax.scan(lambda c, _: (c, None), (), None, 5), []),
    "no elements": (lambda c, xs: lax.scan(step, c, xs[:0]), [1.0, X]),
    "no elements, unrolled": (lambda c, xs: lax.scan(step, c, xs[:0], unroll=3), [1.0, X]),
    "nested": (nested, [1.0, ROWS]),
    "gradient": (jax.grad(lambda c, x: nested(c, x)[1].sum(), (0, 1)), [1.0, ROWS]),
    "second derivative": (jax.hessian(lambda c: lax.scan(step, c, X)[1].sum()), [0.5]),
    "tangent": (lambda c: jax.jvp(lambda c: lax.scan(step, c, X), (c,), (c,)), [0.5]),
    "batch": (jax.vmap(lambda c, x: lax.scan(step, c, x)), [X[:5], ROWS]),
    "dead results": (partly_dead, [1.0, X]),
    "keys carried": (draws, [KEY]),
    "keys scanned": (
        lambda k: lax.scan(lambda c, k: (c + jax.random.uniform(k), k), 0.0, k),
        [jax.random.split(KEY, 4)],
    ),
    "closed-over array": (lambda xs: lax.scan(lambda c, x: (c + x * TABLE, c), TABLE, xs), [X]),
    "weakly typed carry": (lambda n: lax.fori_loop(0, 4, lambda i, c: c * 2 + n, 1), [3]),
    "booleans": (lambda x: lax.scan(lambda c, v: (c ^ (v > 0), c & (v < 1)), True, x), [X]),
    "narrow floats": (
        lambda x: lax.scan(lambda c, v: (c + v, c), x[0], x),
        [X.astype(jnp.float8_e4m3fn)],
    ),
    "associative": (lambda x: lax.associative_scan(jnp.add, x), [X]),
    "associative, reverse": (
        lambda x: lax.associative_scan(jnp.matmul, x, reverse=True),
        [MATRICES],
    ),
}


@pytest.mark.parametrize("name", SCANS)
def test_scans(name: str) -> None:
    fn, args = SCANS[name]
    assert_imported_exactly(fn, *args)


def test_what_no_result_needs_is_not_scanned() -> None:
    module = imported(partly_dead, 1.0, X)
    assert "xtensor.sin" in op_names(module)
    assert "xtensor.cos" not in op_names(module)


# --- While loops ----------------------------------------------------------------------------------


def doubled(x: Any, n: Any) -> Any:
    return lax.while_loop(lambda c: c.sum() < n, lambda c: c * 1.5 + x, x)


def newton(x: Any) -> Any:
    def solve(f: Any, y: Any) -> Any:
        return lax.while_loop(lambda y: abs(f(y)) > 1e-5, lambda y: y - f(y) / (2 * y), y)

    return lax.custom_root(lambda y: y**2 - x, 1.0, solve, lambda g, y: y / g(1.0))


def folded(key: Any, n: Any) -> Any:
    def body(c: Any) -> Any:
        return jax.random.fold_in(c[0], 1), c[1] + 1

    return lax.while_loop(lambda c: c[1] < n, body, (key, 0))


WHILES: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "while": (doubled, [ROWS, 30.0]),
    "any of several": (
        lambda x: lax.while_loop(lambda c: jnp.any(c < 3), lambda c: c + 1, x),
        [X],
    ),
    "batch": (jax.vmap(doubled), [ROWS, jnp.arange(5.0) * 3]),
    "batch of batches": (
        jax.vmap(jax.vmap(doubled, (0, None))),
        [ROWS, jnp.arange(5.0) * 3],
    ),
    "batch of keys": (jax.vmap(folded), [jax.random.split(KEY, 3), jnp.arange(3)]),
    "counted": (lambda x: lax.fori_loop(0, 5, lambda i, c: c * x + i, x), [1.5]),
    "counted at run time": (lambda x, n: lax.fori_loop(0, n, lambda i, c: c * x, x), [1.5, 4]),
    "gradient": (jax.grad(lambda x: lax.fori_loop(0, 4, lambda i, c: jnp.sin(c) * x, x)), [1.5]),
    "updates in place": (
        lambda x: lax.fori_loop(0, 3, lambda i, c: c.at[i].set(c.sum()), x),
        [ROWS],
    ),
    "constants around": (
        lambda x: lax.while_loop(lambda c: c[0] < 9, lambda c: c + TABLE + 1, x),
        [ROWS[0]],
    ),
    "root": (newton, [2.0]),
    "derivative of a root": (jax.grad(newton), [2.0]),
}


@pytest.mark.parametrize("name", WHILES)
def test_while_loops(name: str) -> None:
    fn, args = WHILES[name]
    assert_imported_exactly(fn, *args)


def test_deep_nesting() -> None:
    def level(depth: int) -> Callable[..., Any]:
        if depth == 0:
            return lambda c, x: (jnp.sin(c) * x, None)
        inner = level(depth - 1)
        return lambda c, x: (lax.scan(inner, c, x * jnp.ones(2))[0], None)

    assert_same_bits(lambda c, x: lax.scan(level(12), c, x), 0.5, jnp.ones(2))


# --- Branches -------------------------------------------------------------------------------------

THREE = [jnp.sin, jnp.cos, jnp.tan]

BRANCHES: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "condition": (lambda p, x: lax.cond(p, jnp.sin, jnp.cos, x), [True, X]),
    "values around": (lambda p, x: lax.cond(p > 0, lambda: (x, -x), lambda: (x * 2, x)), [1.0, X]),
    "switch": (lambda i, x: lax.switch(i, THREE, x), [1, X]),
    "index too large": (lambda i, x: lax.switch(i, THREE, x), [7, X]),
    "one branch": (lambda i, x: lax.switch(i, THREE[:1], x), [1, X]),
    "batch": (jax.vmap(lambda i, x: lax.switch(i, THREE, x)), [jnp.arange(7), X]),
    "gradient": (
        jax.grad(lambda x, p: lax.cond(p > 0, jnp.sin, jnp.exp, x).sum()),
        [X, 1],
    ),
    "keys": (
        lambda p, k: lax.cond(p, lambda k: jax.random.fold_in(k, 3), lambda k: k, k),
        [True, KEY],
    ),
    "closed-over array": (
        lambda p, x: lax.cond(p, lambda: x + TABLE, lambda: x - jnp.asarray(TABLE)),
        [False, ROWS],
    ),
    "by platform": (
        lambda x: lax.platform_dependent(x, cpu=jnp.sin, cuda=jnp.tan, default=jnp.cos),
        [X],
    ),
    "in a loop": (
        lambda x: lax.scan(lambda c, v: (lax.cond(v > 0, jnp.sin, jnp.cos, c), c), x[0], x),
        [X],
    ),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_branches(name: str) -> None:
    fn, args = BRANCHES[name]
    assert_imported_exactly(fn, *args)


# --- Calls and marks ------------------------------------------------------------------------------


def sine_of_sine(x: Any) -> Any:
    return jnp.sin(jnp.sin(x)).sum()


def keeping_products(x: Any) -> Any:
    policy = jax.checkpoint_policies.dots_saveable
    return jax.checkpoint(lambda x: sine_of_sine(jnp.sin(x) @ ROWS[:3]), policy=policy)(x)


custom = jax.custom_batching.custom_vmap(jnp.sin)
custom.def_vmap(lambda size, batched, x: (jnp.cos(x), True))


def solved(a: Any, b: Any) -> Any:
    return lax.custom_linear_solve(
        lambda x: a @ x, b, lambda f, b: b / jnp.diagonal(a), symmetric=True
    )


def with_references(x: Any) -> Any:
    total = jax.new_ref(jnp.zeros(()))
    last = jax.new_ref(x)
    last[0] = 5.0

    def body(c: Any, v: Any) -> Any:
        total[...] += v * last[1]
        return c, total[...]

    return lax.scan(body, 0.0, x)[1], total[...], last[...]


CALLS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "rematerialised": (jax.grad(jax.checkpoint(sine_of_sine)), [X]),
    "rematerialised in a scan": (
        jax.grad(lambda c: lax.scan(jax.checkpoint(step), c, X)[1].sum()),
        [0.3],
    ),
    "some of it kept": (jax.grad(keeping_products), [ROWS]),
    "linear solve": (solved, [jnp.eye(3) * 2, TABLE]),
    "conjugate gradients": (
        lambda a, b: jax.scipy.sparse.linalg.cg(lambda x: a @ x, b)[0],
        [jnp.eye(3) * 2 + 0.1, TABLE],
    ),
    "own batching rule": (custom, [X]),
    "own batching rule, used": (jax.vmap(custom), [X]),
    "linear call": (
        lambda x: jax.custom_derivatives.linear_call(
            lambda r, x: r * x, lambda r, t: r * t, 2.0, x
        ),
        [3.0],
    ),
    "names": (jax.named_call(jax.jit(jnp.sin, inline=True)), [X]),
    "composite": (lax.composite(lambda x: jnp.sin(x) / jnp.cos(x), "my.tangent"), [X]),
    "references": (with_references, [X]),
    "barrier": (lambda k, x: lax.optimization_barrier((k, x + 1)), [KEY, X]),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str) -> None:
    fn, args = CALLS[name]
    assert_imported_exactly(fn, *args)


def test_what_is_computed_anew_is_behind_a_barrier() -> None:
    module = imported(jax.grad(jax.checkpoint(sine_of_sine)), X)
    assert "xtensor.optimization_barrier" in op_names(module)


def test_a_reference_from_outside_is_an_effect() -> None:
    outer = jax.new_ref(X)
    with pytest.raises(UnsupportedEffect):
        imported(lambda x: outer[...] + x, X)


# --- In programs ----------------------------------------------------------------------------------


def test_loops_and_branches_use_values_from_around_them_in_kernels_of_their_own() -> None:
    def shout(text: str) -> str:
        return text.upper()

    def arrays(x: Any) -> Any:
        y = jnp.sin(x)
        z = lax.fori_loop(0, 5, lambda i, c: c * y + x, x)
        last, steps = lax.scan(lambda c, v: (c + v * y.sum(), c), 0.0, z)
        chosen = lax.cond(last > 0, lambda: y * 2 + z, lambda: z)
        return steps, lax.while_loop(lambda c: c.sum() < 50, lambda c: c + abs(chosen) + 1, z)

    @xcs.jit
    def program(x: Any, text: str) -> Any:
        return shout(text), arrays(x)

    text, results = program(X, "hi")
    assert text == "HI"
    for result, expected in zip(results, jax.jit(arrays)(X), strict=True):
        assert np.asarray(result).tobytes() == np.asarray(expected).tobytes()
