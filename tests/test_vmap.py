"""`xcs.vmap` and its pass: results equal to `jax.vmap`'s, for every class of ops."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation
from xdsl.passes import PassPipeline
from xdsl.utils.exceptions import PassFailedException

import xcs
from tests.vmap_cases import CASES, KEYS, V, W, X
from xcs.api.mapped_kernel import Mapping, mapped_kernel
from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import import import_function
from xcs.transforms import get_all_passes
from xcs.transforms.batching import BatchingError, rule_of
from xcs.transforms.vmap import Vmap


@pytest.fixture
def left_to_jax() -> Iterator[list[str]]:
    """Messages about what the pass did not map."""
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "mapped by jax.vmap" in (message := record.getMessage()):
                found.append(message)

    logger, handler = logging.getLogger("xcs"), Collect()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)


def words(value: Any) -> np.ndarray:
    is_key = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(value) if is_key else value)


def assert_equal(results: Any, expected: Any, *, exact: bool = True, what: str = "") -> None:
    """Require equal trees of equal arrays: of the same bits, or the same up to rounding."""
    assert jax.tree.structure(results) == jax.tree.structure(expected), what
    for result, value in zip(jax.tree.leaves(results), jax.tree.leaves(expected), strict=True):
        assert (result.dtype, result.shape) == (value.dtype, value.shape), what
        actual, desired = words(result), words(value)
        if not exact:
            np.testing.assert_allclose(actual, desired, rtol=2e-5, atol=2e-6, err_msg=what)
        elif actual.tobytes() != desired.tobytes():
            pytest.fail(f"{what}: {actual} != {desired}")


@pytest.mark.parametrize("name", CASES)
def test_results_are_those_of_jax_vmap(name: str, left_to_jax: list[str]) -> None:
    cases = CASES[name]

    def all_with(vmap: Callable[..., Any]) -> list[Any]:
        """The results of all cases, compiled at once, which is faster than one by one."""

        def run(arguments: list[tuple[Any, ...]]) -> list[Any]:
            return [
                vmap(case.function, **case.axes)(*args)
                for case, args in zip(cases, arguments, strict=True)
            ]

        return jax.jit(run)([case.args for case in cases])

    for case, results, expected in zip(cases, all_with(xcs.vmap), all_with(jax.vmap), strict=True):
        assert_equal(results, expected, what=case.name)
    assert left_to_jax == []


# --- The pass -------------------------------------------------------------------------------------

UNBATCHED = {
    "xtensor.yield": "ends a region, which its owner's rule makes anew",
    "xtensor.rng_uniform": "gives other numbers each time; JAX has no rule either",
}
"""Ops with operands that have no rule."""


@pytest.mark.parametrize("op", xtensor.OPERATIONS, ids=lambda op: op.name)
def test_every_op_with_operands_has_a_rule(op: type[IRDLOperation]) -> None:
    takes_operands = bool(op.get_irdl_definition().operands)
    assert (rule_of(op) is not None) == (takes_operands and op.name not in UNBATCHED)


def test_a_new_elementwise_op_has_the_rule_of_its_class() -> None:
    class NewOp(xtensor.UnaryOp, lax="new_op"): ...

    xtensor.OPERATIONS.remove(NewOp)
    assert rule_of(NewOp) is rule_of(xtensor.SinOp)


def imported(fn: Callable[..., Any], *args: Any) -> ModuleOp:
    function, _ = import_function(jax.make_jaxpr(fn)(*args), "f")
    return ModuleOp([function])


def ops(module: ModuleOp, kind: type[Operation]) -> list[Operation]:
    return [op for op in module.walk() if isinstance(op, kind)]


def test_work_that_does_not_depend_on_the_batch_is_done_once() -> None:
    module = imported(lambda x, w: x + jnp.sin(w).sum(), V[0], W)
    Vmap("f", 8, (0, "none"), 0).apply(Context(), module)
    module.verify()
    (sin,) = ops(module, xtensor.SinOp)
    assert sin.results[0].type == ops(module, xtensor.ReduceSumOp)[0].operands[0].type
    assert xtensor.type_of(sin.results[0]).get_shape() == W.shape


def test_loop_with_one_count_for_all_keeps_its_scalar_condition() -> None:
    module = imported(lambda x: lax.fori_loop(0, 9, lambda i, c: jnp.sin(c), x), V[0])
    Vmap("f", 3).apply(Context(), module)
    module.verify()
    assert not ops(module, xtensor.SelectNOp)
    assert not ops(module, xtensor.ReduceOrOp)


def test_options_print_and_parse() -> None:
    text = "vmap{function=f size=8 in-axes=0,none,-1 out-axes=1 into=g}"
    (made,) = PassPipeline.parse_spec(get_all_passes(), text).passes
    assert made == Vmap("f", 8, (0, "none", -1), 1, "g")
    assert PassPipeline.parse_spec(get_all_passes(), str(made)).passes == (made,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Vmap("g", 3), "there is no function @g; there is @f"),
        (Vmap("f", 3, (0, 0)), "in-axes: 2 axes for 1 arguments"),
        (Vmap("f", 3, 2), "in-axes: axis 2 out of range"),
        (Vmap("f", 3, "all"), "expected a number or 'none', got 'all'"),
        (Vmap("f", 3, 0, "none"), "result 0 of @f differs between the elements"),
        (Vmap("f", -1), "size must not be negative"),
        (Vmap("f", 3, into="f"), "there is a function @f already"),
    ],
)
def test_wrong_options_are_diagnosed(options: Vmap, message: str) -> None:
    with pytest.raises(PassFailedException, match=message):
        options.apply(Context(), imported(jnp.sin, V[0]))


def test_stablehlo_text_cannot_be_batched() -> None:
    module = imported(jnp.sin, V[0])
    (sin,) = ops(module, xtensor.SinOp)
    text = "module { func.func @main() { return } }"
    primitive = xtensor.PrimitiveOp("thing", text, sin.operands, [xtensor.type_of(sin.results[0])])
    block = sin.parent
    assert block is not None
    block.insert_op_before(primitive, sin)
    with pytest.raises(BatchingError, match="the JAX primitive 'thing' has no op"):
        Vmap("f", 3).apply(Context(), module)


# --- Nesting --------------------------------------------------------------------------------------


def loss(w: jax.Array, x: jax.Array) -> jax.Array:
    return jnp.tanh(x @ w).sum()


NESTED = {
    "jit": (jax.jit(xcs.vmap(jnp.sin)), jax.vmap(jnp.sin), (X,)),
    "vmap of vmap": (
        xcs.vmap(xcs.vmap(loss, (None, 0)), (0, None)),
        jax.vmap(jax.vmap(loss, (None, 0)), (0, None)),
        (jnp.stack([W, -W]), X),
    ),
    "jax.vmap": (
        jax.vmap(xcs.vmap(loss, (None, 0)), (0, None)),
        jax.vmap(jax.vmap(loss, (None, 0)), (0, None)),
        (jnp.stack([W, -W]), X),
    ),
    "grad": (
        jax.grad(lambda w: xcs.vmap(loss, (None, 0))(w, X).sum()),
        jax.grad(lambda w: jax.vmap(loss, (None, 0))(w, X).sum()),
        (W,),
    ),
    "of grad": (
        xcs.vmap(jax.grad(loss), (None, 0)),
        jax.vmap(jax.grad(loss), (None, 0)),
        (W, X),
    ),
    "closure in grad": (
        jax.grad(lambda w: xcs.vmap(lambda x: loss(w, x))(X).sum()),
        jax.grad(lambda w: jax.vmap(lambda x: loss(w, x))(X).sum()),
        (W,),
    ),
    "xcs.jit": (xcs.jit(xcs.vmap(loss, (None, 0))), jax.vmap(loss, (None, 0)), (W, X)),
    "of xcs.jit": (xcs.vmap(xcs.jit(loss), (None, 0)), jax.vmap(loss, (None, 0)), (W, X)),
    "in xcs.jit": (
        xcs.jit(lambda w: xcs.vmap(lambda x: loss(w, x))(X).sum()),
        lambda w: jax.vmap(lambda x: loss(w, x))(X).sum(),
        (W,),
    ),
    "hessian": (
        jax.hessian(lambda x: xcs.vmap(jnp.sin)(x).sum()),
        jax.hessian(lambda x: jax.vmap(jnp.sin)(x).sum()),
        (V,),
    ),
    "keys": (
        xcs.vmap(xcs.vmap(lambda key: jax.random.normal(key, (2,)))),
        jax.vmap(jax.vmap(lambda key: jax.random.normal(key, (2,)))),
        (jax.random.split(KEYS[0], (2, 3)),),
    ),
    "loops": (
        xcs.vmap(xcs.vmap(lambda n, x: lax.fori_loop(0, n, lambda i, c: c * x, x))),
        jax.vmap(jax.vmap(lambda n, x: lax.fori_loop(0, n, lambda i, c: c * x, x))),
        (jnp.asarray([[0, 3], [2, 1]]), V[:2, :2]),
    ),
}


@pytest.mark.parametrize("name", NESTED)
def test_nests(name: str, left_to_jax: list[str]) -> None:
    mapped, by_jax, args = NESTED[name]
    assert_equal(mapped(*args), jax.jit(by_jax)(*args), exact=False)
    assert left_to_jax == []


def test_inside_xcs_jit_it_is_part_of_the_kernel() -> None:
    jitted = xcs.jit(lambda x: xcs.vmap(jnp.sin)(x) + 1)
    jitted(X)
    stats = xcs.get_jit_stats(jitted)
    assert stats["fused_kernels"] == 1
    assert stats["primitives_without_op"] == {}


# --- Calls ----------------------------------------------------------------------------------------

factor = 2.0


def scaled(x: jax.Array) -> jax.Array:
    return x * factor


@pytest.mark.parametrize("wrap", [lambda f: f, xcs.jit, xcs.vmap], ids=["alone", "jit", "vmap"])
def test_changed_globals_are_seen(
    wrap: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = wrap(xcs.vmap(scaled))
    mapped(V)
    monkeypatch.setitem(globals(), "factor", 5.0)
    assert_equal(mapped(V), V * 5.0)


class Model:
    def __call__(self, x: jax.Array) -> jax.Array:
        return jnp.sin(x)

    def twice(self, x: jax.Array) -> jax.Array:
        return 2 * x


@pytest.mark.parametrize(
    ("function", "args", "expected"),
    [
        (functools.partial(lambda a, b: a + b, b=1.0), (V,), lambda: V + 1),
        (Model(), (V,), lambda: jnp.sin(V)),
        (Model().twice, (V,), lambda: 2 * V),
        (lambda x, n=2: x * n, (V,), lambda: 2 * V),
        (lambda *xs: sum(xs), (V, V, V), lambda: 3 * V),
        (lambda x: x + 1, (np.arange(3),), lambda: jnp.arange(3) + 1),
    ],
    ids=["partial", "object", "method", "default", "starred", "numpy"],
)
def test_takes_callables_and_arguments_of_all_forms(
    function: Any, args: Any, expected: Callable[[], Any], left_to_jax: list[str]
) -> None:
    assert_equal(xcs.vmap(function)(*args), expected(), exact=False)
    assert left_to_jax == []


def test_arguments_by_keyword_are_mapped_over_their_first_axis(left_to_jax: list[str]) -> None:
    assert_equal(xcs.vmap(lambda x, *, y: x + y, in_axes=1)(V.T, y=V), V + V)
    assert left_to_jax == []


def weak_in_one_branch(p: jax.Array, x: jax.Array) -> jax.Array:
    return lax.cond(p, lambda x: x.sum(), lambda x: 0.0, x)


@pytest.mark.parametrize(
    "function", [weak_in_one_branch, lambda p, x: 1.0, lambda p, x: x], ids=["branch", "2", "x"]
)
def test_results_are_as_weakly_typed(function: Callable[..., Any]) -> None:
    flags = jnp.asarray([True, False, True])
    result, expected = xcs.vmap(function)(flags, V), jax.vmap(function)(flags, V)
    assert jax.typeof(result) == jax.typeof(expected)


def test_empty_batch() -> None:
    assert_equal(xcs.vmap(lambda x: (x.sum(), x + 1))(V[:0]), (jnp.zeros(0), V[:0]))


@jax.custom_batching.custom_vmap
def has_a_rule(x: jax.Array) -> jax.Array:
    return x + 1


@has_a_rule.def_vmap
def _(axis_size: int, in_batched: Any, x: jax.Array) -> tuple[jax.Array, bool]:
    return x * axis_size, True


LEFT_TO_JAX = {
    "rule of its own": (lambda x: has_a_rule(jnp.sin(x)) * 2, (V,), {}),
    "rule of its own in a loop": (lambda x: lax.map(has_a_rule, x), (V,), {}),
    "collective": (lambda x: x / lax.psum(x, "i"), (V,), {"axis_name": "i"}),
    "static number": (lambda x, n: jnp.zeros(n) + x[0], (V, 2), {"in_axes": (0, None)}),
    "function": (lambda f, x: f(x), (jnp.sin, V), {"in_axes": (None, 0)}),
    "callback": (
        lambda x: jax.pure_callback(np.sin, x, x, vmap_method="sequential"),
        (V,),
        {},
    ),
}


@pytest.mark.parametrize("name", LEFT_TO_JAX)
def test_what_the_pass_cannot_map_is_mapped_by_jax(name: str) -> None:
    function, args, axes = LEFT_TO_JAX[name]
    mapped = xcs.vmap(function, **axes)
    for _ in range(2):
        assert_equal(mapped(*args), jax.vmap(function, **axes)(*args), exact=False)


# --- Errors ---------------------------------------------------------------------------------------

WRONG = {
    "sizes": (
        lambda x, y: x + y,
        (X, W),
        {},
        "axis 0 of argument 'x' is 3, axis 0 of argument 'y' is 6",
    ),
    "count": (lambda x, y: x, (X, X), {"in_axes": (0,)}, "1 positional arguments, but .* with 2"),
    "tree": (lambda x: x, ({"a": X},), {"in_axes": ({"b": 0},)}, "not a prefix of the tree"),
    "rank": (lambda x: x, (X,), {"in_axes": 3}, "argument 'x' has rank 3"),
    "unmapped": (lambda x: x, (X,), {"in_axes": None}, "give axis_size"),
    "no array": (lambda: 1, (), {}, "give axis_size"),
    "size": (lambda x: x, (X,), {"axis_size": 5}, "axis_size is 5, axis 0 of argument 'x' is 3"),
    "out axis": (lambda x: x, (X,), {"out_axes": 3}, "result 0 has rank 3"),
    "no out axis": (lambda x: x, (X,), {"out_axes": None}, "needs an out axis"),
    "out tree": (lambda x: x, (X,), {"out_axes": (0, 0)}, "out_axes=.* not a prefix"),
}


@pytest.mark.parametrize("name", WRONG)
def test_axes_that_do_not_fit_are_value_errors_as_in_jax(name: str) -> None:
    function, args, axes, message = WRONG[name]
    with pytest.raises(ValueError):  # noqa: PT011 - the text is JAX's own
        jax.vmap(function, **axes)(*args)
    with pytest.raises(ValueError, match=message):
        xcs.vmap(function, **axes)(*args)


@pytest.mark.parametrize("axes", [{"in_axes": "a"}, {"in_axes": (1.5,)}, {"out_axes": "a"}])
def test_axes_that_are_none_are_type_errors(axes: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="must be"):
        xcs.vmap(jnp.sin, **axes)


def test_what_cannot_be_called_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="expects a callable"):
        xcs.vmap(3)  # type: ignore[arg-type]


def test_errors_of_the_function_are_its_own() -> None:
    with pytest.raises(TypeError, match="dot_general requires"):
        xcs.vmap(lambda x: x @ jnp.ones(7))(X)


# --- Repeated calls -------------------------------------------------------------------------------


@jax.jit
def layer(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.tanh(x @ w) * 0.5 + x @ w


def layers(x: jax.Array, w: jax.Array) -> jax.Array:
    for _ in range(3):
        x = layer(x, w) + layer(w[0], w)
    return lax.fori_loop(0, 2, lambda i, x: layer(x, w), x)


def test_what_is_called_often_is_batched_once_for_each_kind_of_operands(
    left_to_jax: list[str],
) -> None:
    square = W @ W.T
    jaxpr = jax.make_jaxpr(layers)(V[0], square)
    kernel, _ = mapped_kernel(jaxpr, "layers", Mapping(3, (0, None), (0,)))
    assert kernel.text.count("func.func") == 3  # of one element, of all, and the one that calls
    mapped = xcs.vmap(layers, (0, None))
    expected = jax.jit(jax.vmap(layers, (0, None)))(V, square)
    assert_equal(mapped(V, square), expected)
    nested = xcs.vmap(mapped, (0, None))(V[None], square)
    assert_equal(nested, expected[None], exact=False)
    assert left_to_jax == []
