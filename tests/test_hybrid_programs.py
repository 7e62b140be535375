"""Programs that mix array code with slow calls give what plain Python and eager JAX give.

Dtypes and weak types of all that crosses from one to the other are the same too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import xcs
from tests.array_programs import normal


@xcs.op(kind="model")
def embed(text: str):
    return jnp.arange(4.0) * len(text)


@xcs.op(kind="model")
def score(text: str) -> float:
    return len(text) / 2


@xcs.op(kind="tool")
def number(text: str) -> int:
    return len(text)


@xcs.op(kind="tool")
def np_vector(text: str):
    return np.arange(3) * len(text)


@xcs.op(kind="model")
def half(text: str):
    return jnp.ones(2, jnp.bfloat16) * len(text)


@xcs.op(kind="model")
def judge(values) -> str:
    return f"<{np.asarray(values).sum():.3f}>"


@xcs.op(kind="model")
def types_of(tree) -> list:
    return [kind_of(leaf) for leaf in jax.tree.leaves(tree)]


class State(NamedTuple):
    w: Any
    step: Any


PROGRAMS = {}


def program(*args, x64=False):
    def reg(f):
        PROGRAMS[f.__name__] = (f, args, x64)
        return f

    return reg


@program("abc", normal(0, 3))
def weak_types_across(text, x):
    s = score(text)
    n = number(text)
    weak = jnp.asarray(2.0) * s
    tree = {
        "operator results": [x * s, x * n, s * n, x * np_vector(text), x**n, x > s],
        "arrays": [jnp.asarray(s), jnp.asarray(n), jnp.array([s, n]), jnp.zeros(n)],
        "filled": [jnp.full((2,), n), jnp.linspace(0, s, 3), jnp.where(x > 0, s, n)],
        "narrow": [x.astype(jnp.bfloat16) * s, jnp.int8(3) * n, jnp.float32(s)],
        "weak": [weak, jnp.maximum(s, x), (x > s) & (x < n)],
        "python": [s, n, max(s, n)],
    }
    return types_of(tree), tree


@program("abc", normal(0, 3))
def weak_types_between_kernels(text, x):
    a = jnp.sin(2.0)
    b = jnp.exp(1) * 3
    c = lax.full((), 2.0)
    t1 = judge(x * a)
    y = a * jnp.int8(1), b * jnp.bfloat16(1.5), c
    t2 = judge(y[0] + len(t1))
    return t1, t2, y, a * 2, a.astype(jnp.float16) * b, (a + b) * jnp.ones(2, jnp.float16)


@program(["x", "yy"], State(normal(0, 4, 2), 0))
def training_on_answers(texts, state):
    xs = jnp.stack([embed(t) for t in texts])
    ys = jnp.asarray([score(t) for t in texts])

    def loss(w):
        return jnp.mean((xs @ w).sum(-1) - ys) ** 2

    value, grad = jax.value_and_grad(loss)(state.w)
    new = state._replace(w=state.w - 0.1 * grad, step=state.step + 1)
    return new, value, judge(grad)


@program("abcd", normal(1, 4, 4))
def scan_with_answers(text, w):
    v = embed(text)
    out, hist = lax.scan(lambda c, r: (jnp.tanh(c @ w + r), c.sum()), v, jnp.eye(4))
    first = lax.fori_loop(0, 3, lambda i, c: c * 0.5, out)
    verdict = judge(first)
    return lax.cond(jnp.sum(first) > 0, lambda: first, lambda: -first), hist, verdict


@program("abcd", jax.random.key(3))
def keys_across(text, key):
    k1, k2 = jax.random.split(key)
    noise = jax.random.normal(k1, (4,))
    v = embed(text) + noise
    verdict = judge(v)
    k3 = jax.random.fold_in(k2, number(text))
    return (
        jax.random.categorical(k3, v),
        k2,
        jax.random.uniform(k3, (2,)),
        verdict,
        jax.random.key_data(k3),
    )


mesh = Mesh(np.array(jax.devices()[:1]), ("d",))


@program("abcd", normal(0, 4))
def sharding_across(text, x):
    x = lax.with_sharding_constraint(x, NamedSharding(mesh, P("d")))
    y = embed(text) * x
    z = jax.device_put(y, NamedSharding(mesh, P("d")))
    r = judge(z)
    return lax.with_sharding_constraint(z * number(r), NamedSharding(mesh, P()))


BIG = normal(3, 64, 4)
TAB = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
PARAMS = {"a": normal(4, 4), "b": [normal(5, 4, 4)]}


@program("abc")
def closures_across(text):
    i = number(text)
    row = BIG[i]
    h = embed(text) @ PARAMS["b"][0] + PARAMS["a"] + TAB
    return (
        judge(h),
        BIG.mean(0) + row,
        jax.vmap(lambda r: r * TAB + PARAMS["a"])(BIG[:2]),
        h[: number("ab")],
    )


@program("abc", 2.0, 3, x64=True)
def x64_across(text, f, n):
    v = embed(text) * f
    with jax.named_scope("k"):
        w = v.astype(jnp.float64) * n
    return (
        judge(w),
        w,
        jnp.arange(number(text)),
        jnp.asarray(score(text)),
        jnp.array([1, 2]) * n,
        jnp.float32(1) * f,
    )


@program("abc", normal(0, 3))
def contexts_across(text, x):
    with jax.default_matmul_precision("highest"):
        a = x @ x
        b = embed(text) @ embed(text)
    with jax.named_scope("n"):
        c = embed(text) * 2
    with jax.enable_x64(True):
        d = jnp.asarray(score(text)) * np.float64(2)
    return a, b, c, d, judge(b)


@program("abc", normal(0, 3))
def pytrees_across(text, x):
    state = State({"k": x, "l": [x * 2, None]}, jnp.int32(1))
    state = jax.tree.map(lambda v: v * 2, state)
    r = judge(state.w["k"])
    t = jax.tree.map(lambda v: v + number(r), state)
    flat, tree = jax.tree.flatten(t)
    return t, tree == jax.tree.structure(state), [f.dtype.name for f in flat], types_of(state.w)


@program("abc")
def weak_type_of_a_later_operand(text):
    factor = jnp.sin(2.0)
    return (
        judge(factor),
        half(text) * factor,
        lax.scan(lambda c, x: (c + x, c), factor, jnp.ones(2)),
    )


@program("abcd", normal(0, 4, 4))
def transformed_function_over_an_array_is_kept(text, w):
    gradient = jax.grad(lambda v, k: (v @ w).sum() * k)
    return gradient(embed(text), number(text)), judge(w)


def kind_of(leaf: Any) -> Any:
    """What must agree beside the values."""
    if isinstance(leaf, jax.Array):
        return ("jax", str(leaf.dtype), leaf.shape, bool(jax.typeof(leaf).weak_type), leaf.sharding)
    if isinstance(leaf, np.ndarray):
        return ("numpy", str(leaf.dtype), leaf.shape)
    return type(leaf)


def assert_alike(ours: Any, theirs: Any) -> None:
    assert kind_of(ours) == kind_of(theirs)
    if isinstance(ours, str | bool | type(None)):
        assert ours == theirs
    elif isinstance(ours, jax.Array) and jnp.issubdtype(ours.dtype, jax.dtypes.prng_key):
        assert_alike(jax.random.key_data(ours), jax.random.key_data(theirs))
    elif isinstance(ours, jax.Array | np.ndarray | int | float):
        first, second = (np.asarray(value, np.float64) for value in (ours, theirs))
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_what_python_gives(name):
    function, args, x64 = PROGRAMS[name]
    with jax.enable_x64(x64):
        theirs = function(*args)
        jitted = xcs.jit(function)
        for _ in range(2):
            ours = jitted(*args)

            assert jax.tree.structure(ours) == jax.tree.structure(theirs)
            for pair in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
                assert_alike(*pair)


def test_integers_that_are_shapes_are_specialised_for_until_they_never_settle():
    @xcs.op
    def size(text: str) -> int:
        return len(text)

    @xcs.jit
    def ones(text):
        return jnp.zeros(size(text)) + 1

    texts = ["a" * count for count in range(1, 41)]
    for text in texts:
        assert ones(text).tolist() == [1.0] * len(text)
    shown = ones.trace("a").lower().as_text("stablehlo")
    assert 1 < shown.count("// kernel") < len(texts) / 2


def test_a_part_of_what_jax_gives_changes_nothing():
    encode = jax.jit(lambda x: (x, x + 1))

    def longest(words):
        best = ""
        for word in words:
            if len(word) > len(best):
                best = word
        return best

    def program(x, words):
        first = encode(x)[0]
        return first, embed(longest(words))

    lowered = xcs.jit(program).trace(jnp.ones(3), ["a", "bb"]).as_text()
    assert "orch.while" not in lowered  # the helper is called as a whole
