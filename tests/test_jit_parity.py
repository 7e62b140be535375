"""Array functions under `xcs.jit` behave as under `jax.jit`, point by point."""

import asyncio
import collections
import contextlib
import dataclasses
import functools
import os
import subprocess
import sys
import textwrap
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.core import Tracer
from jax.experimental import io_callback

import xcs

X = jnp.linspace(-1.0, 2.0, 6).reshape(2, 3)


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    return f"<{prompt}>"


def describe(leaf: Any) -> Any:
    """All of a leaf that must agree: class, dtype, shape, weak type and bits."""
    if isinstance(leaf, jax.Array):
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return ("key", str(leaf.dtype), np.asarray(jax.random.key_data(leaf)).tobytes())
        array = np.asarray(leaf)
        return ("array", leaf.dtype, leaf.shape, leaf.weak_type, array.tobytes())
    return leaf


def assert_same(ours: Any, theirs: Any) -> None:
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for mine, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert describe(mine) == describe(other)


def assert_parity(function, *args, fused: bool = True, **kwargs) -> Any:
    """First and later calls give what `jax.jit` gives, from one kernel."""
    ours = xcs.jit(function)
    theirs = jax.jit(function)(*args, **kwargs)
    assert_same(ours(*args, **kwargs), theirs)
    assert_same(ours(*args, **kwargs), theirs)
    if fused:
        assert xcs.get_jit_stats(ours)["execution_strategy"] == "fused"
        assert xcs.get_jit_stats(ours)["calls"] == 2
    return ours


# --- Dtypes and weak types ------------------------------------------------------------------------


def with_constants(x, n):
    return x * 2, n + 1, jnp.asarray(3.0) * x, jnp.full((2,), n), x > n, n * 1j, [1.0, True, 2]


@pytest.mark.parametrize("number", [2, 2.5, True, np.float32(2), np.int8(3)])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.int32])
def test_weak_types(number, dtype):
    assert_parity(with_constants, jnp.ones(2, dtype), number)


def test_omitted_defaults_are_constants():
    def power(x, exponent=2, axis=0, keep=False, scale=1.5):
        return jnp.sum(scale * x**exponent, axis=axis, keepdims=keep)

    ours = assert_parity(power, X)
    assert_same(jax.grad(lambda x: ours(x).sum())(X * 0), jax.grad(lambda x: power(x).sum())(X * 0))
    assert str(jax.make_jaxpr(jax.grad(lambda x: ours(x).sum()))(X)).count(" pow") == 0
    assert_parity(power, X, scale=2)


def test_x64_may_change_during_the_process():
    def double(x, n):
        return x * 2 + n, jnp.arange(3), jnp.zeros(2)

    ours, theirs = xcs.jit(double), jax.jit(double)
    for enabled in (False, True, False):
        with jax.enable_x64(enabled):
            for x in (1.0, np.ones(2), np.arange(2), jnp.ones(2, jnp.float32)):
                assert_same(ours(x, 3), theirs(x, 3))
                assert_same(ours(x, 3), theirs(x, 3))


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype float64")
def test_arrays_of_64_bits_keep_them_while_x64_is_off():
    with jax.enable_x64(True):
        x = jnp.linspace(0, 1, 6)
    assert_parity(lambda x: jnp.sin(x) * 2, x)
    assert_parity(lambda x: [x, x[0]], x)


def test_large_integers_as_under_x64():
    with jax.enable_x64(True):
        assert_parity(lambda x, n: x + n, jnp.arange(2), 2**40)


# --- Pytrees --------------------------------------------------------------------------------------


class Point(NamedTuple):
    x: Any
    y: Any


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Dense:
    weight: jax.Array
    bias: jax.Array | None
    name: str = dataclasses.field(metadata={"static": True}, default="dense")

    def __call__(self, x):
        y = x @ self.weight
        return y if self.bias is None else y + self.bias


@jax.tree_util.register_pytree_node_class
class Scaled:
    def __init__(self, value, unit):
        self.value, self.unit = value, unit

    def tree_flatten(self):
        return (self.value,), self.unit

    @classmethod
    def tree_unflatten(cls, unit, children):
        return cls(children[0], unit)


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Model:
    layers: list[Dense]

    def __call__(self, x):
        for layer in self.layers:
            x = jnp.tanh(layer(x))
        return x

    @xcs.jit
    def score(self, x):
        return self(x).sum()


def model(seed: int = 0) -> Model:
    keys = jax.random.split(jax.random.key(seed), 2)
    return Model([Dense(jax.random.normal(k, (3, 3)), jnp.ones(3) if i else None)
                  for i, k in enumerate(keys)])  # fmt: skip


TREES = {
    "namedtuple": Point(X, {"b": [X, None], "a": 1.0}),
    "ordered": collections.OrderedDict(b=X, a=X),
    "default dict": collections.defaultdict(list, {"b": X}),
    "dataclass": Dense(X, None),
    "node": Scaled(X, "m"),
    "nested": [Scaled((X, Point(1, None)), "s"), {"k": Dense(X, X)}, (), None],
    "empty": (X, [], {}, None),
}


@pytest.mark.parametrize("name", TREES)
def test_pytrees_of_any_registered_type(name):
    def twice(tree, extra):
        return jax.tree.map(lambda leaf: leaf * 2, tree), extra

    assert_parity(twice, TREES[name], X)


def test_static_parts_of_a_pytree_are_part_of_the_key():
    def by_unit(value):
        return value.value * (1000 if value.unit == "km" else 1)

    ours, theirs = xcs.jit(by_unit), jax.jit(by_unit)
    for unit in ("m", "km", "m"):
        assert_same(ours(Scaled(X, unit)), theirs(Scaled(X, unit)))


def test_a_module_that_can_be_called_is_data():
    def apply(net, x):
        return net(x)

    ours = assert_parity(apply, model(), X)
    with no_tracing():
        assert_same(ours(model(1), X), jax.jit(apply)(model(1), X))
    gradient = jax.grad(lambda m: ours(m, X).sum())(model())
    assert_same(gradient, jax.grad(lambda m: jax.jit(apply)(m, X).sum())(model()))


def test_a_method_of_a_pytree_is_compiled_once_for_all_instances():
    net = model()
    plain = jax.jit(lambda m, x: m(x).sum())
    assert_same(net.score(X), plain(net, X))
    with no_tracing():
        for seed in range(3):
            fresh = model(seed)
            assert_same(fresh.score(X), plain(fresh, X))


@contextlib.contextmanager
def no_tracing():
    """Nothing is traced or captured inside."""
    with jax.no_tracing(True):
        yield


# --- Keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [jax.random.key, jax.random.PRNGKey])
def test_keys_as_arguments_results_and_closures(make):
    outer = make(3)

    def draw(key):
        first, second = jax.random.split(key)
        return first, jax.random.normal(second, (3,)), jax.random.fold_in(outer, 1), outer

    assert_parity(draw, make(7))
    assert_parity(lambda keys: jax.vmap(jax.random.uniform)(keys), jax.random.split(make(1), 3))


# --- Static arguments -----------------------------------------------------------------------------


def reduced(x, how, axis=0, *, keep=False):
    return (jnp.sum if how == "sum" else jnp.max)(x, axis=axis, keepdims=keep)


@pytest.mark.parametrize(
    "options",
    [
        {"static_argnums": (1, 2), "static_argnames": "keep"},
        {"static_argnums": (-2, -1), "static_argnames": ["keep"]},
        {"static_argnames": ["how", "axis", "keep"]},
    ],
)
def test_static_arguments(options):
    ours, theirs = xcs.jit(reduced, **options), jax.jit(reduced, **options)
    for axis in (0, 1, 0):
        assert_same(ours(X, "sum", axis), theirs(X, "sum", axis))
        assert_same(ours(X, "max", axis, keep=True), theirs(X, "max", axis, keep=True))


def test_static_arguments_in_star_parameters():
    def pick(x, *rest, **named):
        return x[rest[0]] * named["scale"] + rest[1]

    options: dict[str, Any] = {"static_argnums": 1, "static_argnames": "scale"}
    ours, theirs = xcs.jit(pick, **options), jax.jit(pick, **options)
    for row in (0, 1):
        assert_same(ours(X, row, 2.0, scale=3), theirs(X, row, 2.0, scale=3))


def test_an_unhashable_static_argument_is_a_clear_error():
    ours = xcs.jit(reduced, static_argnames=("how", "axis"))
    for _ in range(2):
        for kind in (TypeError, ValueError):
            with pytest.raises(kind, match=r"static argument 'axis' must be hashable.*list"):
                ours(X, "sum", [0])  # type: ignore[arg-type]
        assert ours(X, "sum", 0).shape == (3,)


def test_static_arguments_of_a_function_that_is_not_one_kernel():
    @functools.partial(xcs.jit, static_argnums=-1)
    def described(x, shape):
        return ask("shape") + str(shape), jnp.broadcast_to(x, shape)

    assert described(1.0, (2,))[0] == "<shape>(2,)"
    assert described(1.0, (2, 2))[1].shape == (2, 2)
    with pytest.raises(TypeError, match="must be hashable"):
        described(1.0, [2])


# --- Donation -------------------------------------------------------------------------------------


def update(params, gradient, rate=0.5):
    return jax.tree.map(lambda p, g: p - rate * g, params, gradient)


@pytest.mark.parametrize(
    "options",
    [
        {"donate_argnums": 0},
        {"donate_argnames": "params"},
    ],
)
def test_donated_buffers_are_deleted_where_jax_deletes_them(options):
    ours, theirs = xcs.jit(update, **options), jax.jit(update, **options)
    for _ in range(3):
        mine = {"w": jnp.ones((4, 4)), "b": jnp.zeros(3)}
        other = jax.tree.map(jnp.copy, mine)
        gradient = jax.tree.map(jnp.ones_like, mine)
        assert_same(ours(mine, gradient, 0.5), theirs(other, gradient, 0.5))
        assert [leaf.is_deleted() for leaf in mine.values()] == [
            leaf.is_deleted() for leaf in other.values()
        ]
        assert all(leaf.is_deleted() for leaf in mine.values())
        assert not any(leaf.is_deleted() for leaf in gradient.values())
        with pytest.raises(RuntimeError, match="deleted"):
            ours(mine, gradient, 0.5)
    assert xcs.get_jit_stats(ours)["execution_strategy"] == "fused"


@pytest.mark.parametrize(
    "options",
    [
        {"donate_argnames": "nobody"},
        {"donate_argnums": 7},
        {"donate_argnums": 0, "static_argnums": 0},
    ],
)
def test_bad_options_are_errors_at_once(options):
    for jit in (jax.jit, xcs.jit):
        with pytest.raises(ValueError, match=r"nobody|7|params|intersect"):
            jit(update, **options)


def test_donation_is_ignored_where_the_function_is_not_one_kernel():
    @functools.partial(xcs.jit, donate_argnums=0)
    def hybrid(x, prompt):
        return x * len(ask(prompt))

    x = jnp.ones(3)
    assert_same(hybrid(x, "a"), x * 3)
    assert not x.is_deleted()


@pytest.mark.parametrize("number", [-1, -2, 0, 2, 7])
def test_static_positions_among_starred_arguments(number):
    def which(x, *rest, scale=1):
        values = (x, *rest, scale)
        return [jnp.multiply(value, 2 if isinstance(value, int) else 3) for value in values]

    for args in ((2,), (2, 3), (2, 3, 4)):
        for kwargs in ({}, {"scale": 5}):
            if -len(args) <= number:
                ours, theirs = (jit(which, static_argnums=number) for jit in (xcs.jit, jax.jit))
                assert_same(ours(*args, **kwargs), theirs(*args, **kwargs))


def test_negative_numbers_donate_nothing():
    def total(*xs):
        return sum(xs)

    x, y = jnp.ones(3), jnp.ones(3)
    xcs.jit(lambda x, y: x + y, donate_argnums=-1)(x, y)
    xcs.jit(total, donate_argnums=-1)(x, y)
    assert not y.is_deleted()


# --- Closures -------------------------------------------------------------------------------------


def test_a_large_array_that_is_closed_over_is_not_text():
    table = jnp.arange(1 << 20, dtype=jnp.float32)
    ours = assert_parity(lambda i: table[i] + table.sum(), 3)

    assert len(ours.trace(3).lower().as_text("stablehlo")) < 20_000
    assert len(str(jax.make_jaxpr(ours)(3))) < 20_000


def test_a_large_array_that_is_closed_over_is_not_in_what_xla_compiles(tmp_path):
    table, other = jnp.arange(1 << 19, dtype=jnp.float32), jnp.ones(1 << 18)

    def rows(i, which):
        return table[i] if which == "table" else table[i] + other[i].sum()

    ours, theirs = (jit(rows, static_argnames="which") for jit in (xcs.jit, jax.jit))
    calls = [(i, which) for which in ("table", "both", "table") for i in (3, jnp.arange(4), 5)]
    jax.config.update("jax_dump_ir_to", str(tmp_path))
    try:
        results = [ours(*call) for call in calls]
    finally:
        jax.config.update("jax_dump_ir_to", "")
    for call, result in zip(calls, results, strict=True):
        assert_same(result, theirs(*call))
    assert list(tmp_path.glob("*rows*"))
    assert max(file.stat().st_size for file in tmp_path.iterdir()) < 20_000
    i = jnp.arange(3)
    assert_same(jax.vmap(lambda i: ours(i, "both"))(i), jax.vmap(lambda i: theirs(i, "both"))(i))


def test_changed_cells_and_globals_are_seen(monkeypatch):
    factor = jnp.float32(2)

    def times(x):
        return jnp.tanh(x) * factor * GLOBAL["scale"] * helper(x)  # noqa: F821 - deleted below

    ours = xcs.jit(times)
    np.testing.assert_allclose(ours(X), times(X), rtol=1e-6)
    factor = jnp.float32(3)
    np.testing.assert_allclose(ours(X), times(X), rtol=1e-6)
    monkeypatch.setitem(GLOBAL, "scale", jnp.float32(5))
    np.testing.assert_allclose(ours(X), times(X), rtol=1e-6)
    monkeypatch.setitem(globals(), "helper", lambda x: x + 1)
    np.testing.assert_allclose(ours(X), times(X), rtol=1e-6)
    monkeypatch.delitem(globals(), "helper")
    with pytest.raises(NameError):
        ours(X)
    monkeypatch.undo()
    np.testing.assert_allclose(ours(X), times(X), rtol=1e-6)
    del factor
    with pytest.raises(NameError):
        ours(X)


GLOBAL = {"scale": jnp.float32(1)}


def helper(x):
    return x


# --- Effects --------------------------------------------------------------------------------------


def test_debug_print(capsys):
    def shown(x):
        jax.debug.print("x={x}", x=x)
        return x + 1

    ours = xcs.jit(shown)
    for number in (1, 2):
        ours(jnp.int32(number))
    jax.effects_barrier()
    assert capsys.readouterr().out.splitlines() == ["x=1", "x=2"]


@pytest.mark.parametrize("ordered", [False, True])
def test_io_callback(ordered):
    seen: list[float] = []

    def note(x):
        seen.append(float(x))
        return np.float32(x)

    def noting(x):
        first = io_callback(note, jax.ShapeDtypeStruct((), jnp.float32), x, ordered=ordered)
        io_callback(note, jax.ShapeDtypeStruct((), jnp.float32), x + 1, ordered=ordered)
        return first * 2

    ours = xcs.jit(noting)
    assert_same(ours(jnp.float32(1)), jnp.float32(2))
    assert_same(ours(jnp.float32(5)), jnp.float32(10))
    jax.effects_barrier()
    assert (seen if ordered else sorted(seen)) == [1.0, 2.0, 5.0, 6.0]


def test_pure_callback():
    def host(x):
        return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x) * 2

    assert_parity(host, X)


def test_a_callback_that_fails_is_called_once():
    calls: list[float] = []

    def fail(x):
        calls.append(float(x))
        raise ValueError("no such row")

    def failing(x):
        return io_callback(fail, jax.ShapeDtypeStruct((), jnp.float32), x, ordered=True) + 1

    ours = xcs.jit(failing)
    for number in (1.0, 2.0):
        with pytest.raises(jax.errors.JaxRuntimeError, match="no such row"):
            jax.block_until_ready(ours(jnp.float32(number)))
        with contextlib.suppress(jax.errors.JaxRuntimeError):
            jax.effects_barrier()
    assert calls == [1.0, 2.0]


# --- Transformations ------------------------------------------------------------------------------


def loss(w, x):
    return (jnp.tanh(x @ w) ** 2).sum()


W = jnp.linspace(-1.0, 1.0, 12).reshape(3, 4)

TRANSFORMS = {
    "grad": lambda f: jax.grad(f, argnums=(0, 1)),
    "value_and_grad": jax.value_and_grad,
    "jvp": lambda f: lambda w, x: jax.jvp(f, (w, x), (w, x)),
    "vjp": lambda f: lambda w, x: jax.vjp(f, w, x)[1](1.0),
    "vmap": lambda f: jax.vmap(f, in_axes=(None, 0)),
    "jit": jax.jit,
    "checkpoint": lambda f: jax.grad(jax.checkpoint(f)),
    "linearize": lambda f: lambda w, x: jax.linearize(f, w, x)[1](w, x),
    "hessian": jax.hessian,
    "jacfwd": jax.jacfwd,
    "jacrev": jax.jacrev,
    "scan": lambda f: lambda w, x: jax.lax.scan(lambda c, r: (c + f(w, r[None]), c), 0.0, x),
    "linear transpose": lambda f: (
        lambda w, x: jax.linear_transpose(lambda y: jax.jvp(lambda z: f(z, x), (w,), (y,))[1], w)(
            1.0
        )
    ),
    "eval_shape": lambda f: (
        lambda w, x: jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(f, w, x))
    ),
    "lower": lambda f: lambda w, x: jax.jit(f).lower(w, x).compile()(w, x),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transformations_of_a_jitted_function(name):
    transform = TRANSFORMS[name]
    ours = transform(xcs.jit(loss))(W, X)
    theirs = transform(jax.jit(loss))(W, X)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), ours, theirs)
    assert jax.tree.map(describe_kind, ours) == jax.tree.map(describe_kind, theirs)


def describe_kind(leaf: Any) -> str:
    return f"{leaf.dtype}{leaf.shape}{leaf.weak_type}"


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"eval_shape", "lower"}))
def test_jitted_functions_made_of_transformations(name):
    transform = TRANSFORMS[name]

    def outer(w, x):
        return transform(loss)(w, x)

    ours, theirs = xcs.jit(outer)(W, X), jax.jit(outer)(W, X)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), ours, theirs)
    direct = xcs.jit(transform(loss))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5), direct(W, X), theirs)


def test_export():
    from jax import export

    exported = export.export(jax.jit(xcs.jit(loss)))(W, X)
    np.testing.assert_allclose(exported.call(W, X), jax.jit(loss)(W, X), rtol=1e-6)


@jax.custom_jvp
def clipped(x):
    return jnp.clip(x, -1, 1)


@clipped.defjvp
def _clipped_jvp(primals, tangents):
    return clipped(*primals), tangents[0] * 7


@jax.custom_vjp
def doubled(x):
    return x * 2


doubled.defvjp(lambda x: (x * 2, x), lambda x, g: (g * 5 * x,))


@pytest.mark.parametrize("custom", [clipped, doubled])
def test_custom_derivatives(custom):
    inside = assert_parity(lambda x: custom(x) + 1, X)
    assert_same(jax.grad(lambda x: inside(x).sum())(X), jax.grad(lambda x: custom(x).sum())(X))
    itself = xcs.jit(custom)
    assert_same(itself(X), jax.jit(custom)(X))
    assert_same(jax.grad(lambda x: itself(x).sum())(X), jax.grad(lambda x: custom(x).sum())(X))


def test_functions_that_are_not_plain_functions():
    net = model()
    assert_same(xcs.jit(functools.partial(loss, W))(X), jax.jit(functools.partial(loss, W))(X))
    assert_same(xcs.jit(net.layers[0].__call__)(X), jax.jit(net.layers[0].__call__)(X))
    assert_same(xcs.jit(jnp.tanh)(X), jax.jit(jnp.tanh)(X))
    assert_same(xcs.jit(jax.jit(loss))(W, X), jax.jit(loss)(W, X))


# --- Contexts -------------------------------------------------------------------------------------


def test_contexts_that_change_array_code():
    def product(a, b):
        return a @ b

    ours, theirs = xcs.jit(product), jax.jit(product)
    for precision in (None, "highest", "bfloat16", None):
        with jax.default_matmul_precision(precision):
            assert_same(ours(W.T, X.T), theirs(W.T, X.T))
            text = jax.jit(ours).lower(W.T, X.T).as_text()
            assert ("HIGHEST" in text) == (precision == "highest")
    with jax.numpy_dtype_promotion("strict"):
        for function in (ours, theirs):
            with pytest.raises(ValueError, match="promotion"):
                function(W.T.astype(jnp.bfloat16), X.T)
    assert_same(ours(W.T.astype(jnp.bfloat16), X.T), theirs(W.T.astype(jnp.bfloat16), X.T))
    assert_same(ours(W.T, X.T), theirs(W.T, X.T))


def test_debug_nans():
    ours = xcs.jit(lambda x: jnp.log(x) + 1)
    ours(X)
    with jax.debug_nans(True):
        for _ in range(2):
            with pytest.raises(FloatingPointError, match="nan"):
                ours(-jnp.ones(2))
        assert ours(jnp.ones(2)).shape == (2,)
    assert np.isnan(ours(-jnp.ones(2))).all()


def test_disable_jit():
    seen = []

    def look(x):
        seen.append(isinstance(x, Tracer))
        return x * 2 if x.sum() > 0 else -x

    ours = xcs.jit(look)
    with jax.disable_jit():
        assert_same(ours(X), look(X))
        assert seen == [False, False]


def test_no_tracing_on_a_warm_call():
    ours = xcs.jit(loss)
    ours(W, X)
    with no_tracing():
        ours(W, X)


# --- Errors ---------------------------------------------------------------------------------------


def test_an_error_for_one_shape_leaves_the_others_compiled():
    ours = xcs.jit(lambda a, b: a @ b)
    for _ in range(2):
        assert ours(W.T, X.T).shape == (4, 2)
        with pytest.raises(TypeError, match="dot_general"):
            ours(W, X)
    with no_tracing():
        ours(W.T, X.T)


def test_a_leaked_tracer_is_an_error():
    leaked = []
    ours = xcs.jit(lambda x: leaked.append(x) or x * 2)
    ours(X)
    jax.jit(lambda x: leaked.append(x))(X)
    with pytest.raises(jax.errors.UnexpectedTracerError):
        xcs.jit(lambda x: x + leaked[-1])(X)


# --- One function, several uses -------------------------------------------------------------------


def test_a_function_that_is_one_kernel_for_some_arguments_only():
    @xcs.jit
    def double(value):
        return value * 2 if isinstance(value, str) else jnp.tanh(value) * 2

    for _ in range(3):
        assert double("ab") == "abab"
        assert_same(double(X), jnp.tanh(X) * 2)
    assert xcs.get_jit_stats(double)["calls"] == 6


@pytest.mark.parametrize(
    "function",
    [
        lambda x, numbers: jnp.sum(x) + sum(numbers),
        lambda x, numbers: jnp.sum(x) + len(numbers),
        lambda x, numbers: x + jnp.array(numbers).sum(),
    ],
    ids=["sum", "length", "array"],
)
@pytest.mark.filterwarnings("ignore::xcs.NotCompiledWarning")
def test_a_long_list_of_numbers_is_not_as_many_inputs(function):
    jitted, numbers = xcs.jit(function), list(range(60_000))
    assert jnp.array_equal(jitted(jnp.ones(3), numbers), function(jnp.ones(3), numbers))


def test_containers_of_numbers_are_arrays():
    def step(settings, x):
        return x * settings["rate"], settings

    assert_parity(step, {"rate": 0.5, "steps": [1, 2]}, X)


def test_a_list_that_the_function_changes_is_the_callers():
    @xcs.jit
    def grow(rows, x):
        rows.append(x * 2)
        return jnp.sin(x)

    rows: list[jax.Array] = []
    for _ in range(2):
        grow(rows, X)
    assert len(rows) == 2


def test_unused_arguments_are_not_passed_to_the_kernel():
    ours = xcs.jit(lambda used, unused: jnp.sin(used) + 1)
    equation = jax.make_jaxpr(ours)(X, X).eqns[0]
    assert len(equation.params["jaxpr"].eqns[0].invars) == 1


# --- Coroutines -----------------------------------------------------------------------------------


def test_a_coroutine_function_stays_one():
    @xcs.jit
    async def later(x):
        return x * 2

    assert asyncio.iscoroutinefunction(later)
    assert not asyncio.iscoroutinefunction(xcs.jit(loss))
    assert asyncio.run(later(4)) == 8


# --- Devices --------------------------------------------------------------------------------------

FOUR_DEVICES = """
import functools
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
import xcs

devices = jax.devices()
assert len(devices) == 4
mesh = Mesh(np.array(devices), ("d",))
rows, cols = NamedSharding(mesh, P("d")), NamedSharding(mesh, P(None, "d"))

def same(ours, theirs):
    assert ours.sharding == theirs.sharding, (ours.sharding, theirs.sharding)
    assert ours.committed == theirs.committed
    np.testing.assert_array_equal(ours, theirs)

def f(x, y):
    return jnp.tanh(x) @ y.T + 1
def g(x, y):
    return jax.lax.with_sharding_constraint(jnp.tanh(x) + y, cols) * 2
def h(x, y):
    sharded = jax.shard_map(
        lambda a: a - jax.lax.pmean(a, "d"), mesh=mesh, in_specs=P("d"), out_specs=P("d"))
    return sharded(x) + y
def pair(x, y):
    return x, y

x = jnp.arange(32.0).reshape(8, 4)
for function in (f, g, h):
    ours, theirs = xcs.jit(function), jax.jit(function)
    for place in (devices[0], devices[2], rows, cols, None):
        if function is not f and place is not None and place not in (rows, cols):
            continue
        a = x if place is None else jax.device_put(x, place)
        for _ in range(2):
            same(ours(a, a), theirs(a, a))
    assert xcs.get_jit_stats(ours)["execution_strategy"] == "fused"

with jax.default_device(devices[3]):
    fresh = jnp.ones((4, 4))
    same(xcs.jit(f)(fresh, fresh), jax.jit(f)(fresh, fresh))

for options in ({"out_shardings": rows}, {"in_shardings": (rows, None)},
                {"in_shardings": (rows, cols), "out_shardings": cols}):
    same(xcs.jit(f, **options)(x, x), jax.jit(f, **options)(x, x))

inner = xcs.jit(lambda a: jnp.sin(a) * 2)
def local(a):
    return inner(a)
mapped = functools.partial(jax.shard_map, mesh=mesh, in_specs=P("d"), out_specs=P("d"))
same(jax.jit(mapped(local))(x), jax.jit(mapped(lambda a: jnp.sin(a) * 2))(x))

for call in (xcs.jit(f), jax.jit(f)):
    try:
        call(jax.device_put(x, devices[1]), jax.device_put(x, devices[2]))
    except ValueError as error:
        assert "incompatible devices" in str(error), error
    else:
        raise AssertionError("arguments on two devices")
print("ok")
"""


def test_devices_and_shardings():
    """In a process of its own, since the number of devices is fixed when JAX starts."""
    flags = "--xla_force_host_platform_device_count=4"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    source = textwrap.dedent(FOUR_DEVICES)
    # From a file, as capture reads the source of the functions.
    done = run_file(source, environment)
    assert done.stdout.strip().endswith("ok"), done.stdout + done.stderr


def run_file(source: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.py")
        with open(path, "w") as file:
            file.write(source)
        return subprocess.run(
            [sys.executable, path], env=environment, capture_output=True, text=True, check=False
        )
