"""Import of jaxprs into the tensor dialect, and what the imported code computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import mlir
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, TensorType
from xdsl.ir import Block, Operation
from xdsl.irdl import IRDLOperation
from xdsl.parser import Parser
from xdsl.rewriter import InsertPoint

from tests.xtensor_support import assert_same_bits, imported, op_names
from xcs.dialects import xtensor
from xcs.dialects.stablehlo.print import kernel_text
from xcs.frontend.jaxpr_import import (
    UnsupportedEffect,
    UnsupportedJaxpr,
    UnsupportedType,
    array_constants,
    aval_to_type,
    import_function,
    inline_jaxpr,
    primitive_fallback_count,
    type_to_aval,
    with_constant_inputs,
)
from xcs.kernels import Kernel, executable
from xcs.transforms.convert_xtensor_to_stablehlo import ConvertXTensorToStableHLO

RNG = np.random.default_rng(0)
X = jnp.asarray(RNG.normal(size=(4, 6)), jnp.float32)
Y = jnp.asarray(RNG.normal(size=(4, 6)), jnp.float32)
UNIT = jnp.tanh(X)
POSITIVE = jnp.abs(X) + 0.1
INTS = jnp.asarray(RNG.integers(-5, 5, size=(4, 6)), jnp.int32)
BYTES = jnp.asarray(RNG.integers(0, 250, size=(4, 6)), jnp.uint8)
COMPLEX = X + 1j * Y
SPECIAL = jnp.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3.5, -2.5, 2.5], jnp.float32)
TABLE = np.arange(6, dtype=np.float32)
KEY = jax.random.key(0)


# --- The dialect ----------------------------------------------------------------------------------


@pytest.mark.parametrize("op", xtensor.OPERATIONS, ids=lambda op: op.name)
def test_every_op_carries_one_class_and_is_pure(op: type[IRDLOperation]) -> None:
    traits = op.get_irdl_definition().traits.traits
    assert len([t for t in traits if isinstance(t, xtensor.OpClass)]) == 1
    # The generator of the device gives other numbers each time, so calls of it are not merged.
    is_pure = any(isinstance(t, xtensor.Pure) for t in traits)
    assert is_pure is not (op is xtensor.RngUniformOp)


def test_constructors_infer_the_result_type() -> None:
    block = Block(arg_types=[aval_to_type(X.aval), aval_to_type(INTS.aval)])
    x, i = block.args
    ops: list[tuple[Operation, tuple[int, ...]]] = [
        (xtensor.AddOp(x, x), (4, 6)),
        (xtensor.DotGeneralOp(x, x, contracting=((1,), (1,))), (4, 4)),
        (xtensor.ReduceSumOp(x, [0]), (6,)),
        (xtensor.ArgmaxOp(x, 1, xtensor.i64), (4,)),
        (xtensor.TransposeOp(x, [1, 0]), (6, 4)),
        (xtensor.ReshapeOp(i, [24]), (24,)),
        (xtensor.SliceOp(x, [1, 0], [4, 6], [2, 1]), (2, 6)),
        (xtensor.ConcatenateOp([x, x], 1), (4, 12)),
        (xtensor.StackOp([x, x], 0), (2, 4, 6)),
        (xtensor.TileOp(x, [2, 1]), (8, 6)),
        (xtensor.RevOp(x, [0]), (4, 6)),
    ]
    for op, shape in ops:
        op.verify()
        result = op.results[0].type
        assert isinstance(result, TensorType)
        assert result.get_shape() == shape


# --- Types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "element"),
    [
        (jnp.bool_, "i1"),
        (jnp.int4, "i4"),
        (jnp.int8, "i8"),
        (jnp.int32, "i32"),
        (jnp.uint8, "ui8"),
        (jnp.uint32, "ui32"),
        (jnp.bfloat16, "bf16"),
        (jnp.float16, "f16"),
        (jnp.float32, "f32"),
        (jnp.complex64, "complex<f32>"),
    ],
)
def test_types_correspond(dtype: Any, element: str) -> None:
    aval = jax.eval_shape(lambda: jnp.zeros((2, 3), dtype))
    tensor = aval_to_type(aval)
    assert str(tensor) == f"tensor<2x3x{element}>"
    assert type_to_aval(tensor).dtype == aval.dtype


def test_a_random_key_is_its_words() -> None:
    assert str(aval_to_type(jax.typeof(jax.random.split(KEY, 3)))) == "tensor<3x2xui32>"


def test_unknown_element_types_are_refused() -> None:
    with pytest.raises(UnsupportedType, match="float0"):
        aval_to_type(ShapedArray((3,), jax.dtypes.float0))


# --- Structure ------------------------------------------------------------------------------------


def test_nested_calls_are_inlined() -> None:
    def f(x: jax.Array) -> jax.Array:
        return jax.checkpoint(jnp.sin)(jax.nn.relu(jax.jit(jnp.cos)(x)))

    assert op_names(imported(f, X)) == [
        "xtensor.cos",
        "xtensor.constant",
        "xtensor.broadcast_in_dim",
        "xtensor.max",
        "xtensor.sin",
    ]


def test_implicit_broadcasts_become_explicit() -> None:
    assert op_names(imported(lambda x: (x + 2.0) * 2.0, X)) == [
        "xtensor.constant",
        "xtensor.broadcast_in_dim",
        "xtensor.add",
        "xtensor.broadcast_in_dim",
        "xtensor.mul",
    ]


def test_dead_equations_are_dropped() -> None:
    def f(x: jax.Array) -> jax.Array:
        jax.jit(lambda y: (jnp.sort(y), y))(x)
        return jax.jit(lambda y: (jnp.sort(y), jnp.sin(y)))(x)[1]

    assert op_names(imported(f, X)) == ["xtensor.sin"]


def test_identities_leave_no_op() -> None:
    def f(x: jax.Array) -> jax.Array:
        return lax.stop_gradient(x).astype(jnp.float32).reshape(x.shape)

    assert op_names(imported(f, X)) == []


def test_arrays_closed_over_become_leading_arguments() -> None:
    table, first = jnp.asarray(TABLE), jnp.asarray(TABLE[:1])
    jaxpr = jax.make_jaxpr(lambda x: jax.jit(lambda y: y * table)(x) + first)(X)
    function, constants = import_function(jaxpr, "f")
    assert sorted(c.shape for c in constants) == [(1,), (6,)]
    assert [str(t) for t in function.function_type.inputs] == [
        *(f"tensor<{c.size}xf32>" for c in constants),
        "tensor<4x6xf32>",
    ]
    assert all(a is b for a, b in zip(constants, array_constants(jaxpr), strict=True))


def test_small_numpy_arrays_are_literals_as_in_jax() -> None:
    large = np.ones((4096, 4, 6), np.float32)
    jaxpr = jax.make_jaxpr(lambda x: jax.jit(lambda y: y * TABLE)(x) + large)(X)
    function, constants = import_function(jaxpr, "f")
    assert [c.shape for c in constants] == [large.shape]
    (literal,) = [op for op in function.walk() if isinstance(op, xtensor.ConstantOp)]
    assert literal.value.get_values() == tuple(TABLE)


twice_p = Primitive("twice_as_much")
twice_p.def_abstract_eval(lambda x: x)
mlir.register_lowering(twice_p, mlir.lower_fun(lambda x: x * 2, multiple_results=False))


def test_a_primitive_without_an_op_carries_its_stablehlo_and_is_counted() -> None:
    module = imported(lambda x: twice_p.bind(twice_p.bind(x)), X)
    assert primitive_fallback_count(module) == {"twice_as_much": 2}
    op = next(op for op in module.walk() if isinstance(op, xtensor.PrimitiveOp))
    assert "stablehlo.multiply" in op.stablehlo.data


@pytest.mark.parametrize(
    "value",
    [
        np.float32("inf"),
        np.float32("-0.0"),
        np.uint32(0x7FC00001).view(np.float32),
        np.float32(1) / np.float32(3),
        np.float32(123456789),
        np.float64(0.1),
        np.float16(6e-08),
        jnp.bfloat16(1.1),
        jnp.bfloat16(3e38),
        np.int8(-128),
        np.uint8(255),
        np.uint32(2**32 - 1),
        np.int64(-(2**63)),
        np.complex64(complex(-0.0, np.nan)),
    ],
    ids=repr,
)
def test_constants_keep_every_bit_in_the_ir_and_in_its_text(value: Any) -> None:
    with jax.enable_x64(True):
        module = imported(lambda x: lax.concatenate([x, lax.full((1,), value)], 0), value[None])
    reparsed = Parser(_context(), str(module)).parse_module()
    for text in (module, reparsed):
        op = next(op for op in text.walk() if isinstance(op, xtensor.ConstantOp))
        assert op.properties["value"].data.data == value.tobytes()  # pyright: ignore[reportAttributeAccessIssue]


def test_boolean_constants_are_as_their_text_reads() -> None:
    module = imported(lambda x: x & True, X > 0)
    assert "dense<true>" in str(module)
    reparsed = Parser(_context(), str(module)).parse_module()
    assert module.is_structurally_equivalent(reparsed)


def _context() -> Context:
    from xdsl.dialects import builtin, func

    context = Context()
    for dialect in (builtin.Builtin, func.Func, xtensor.XTensor):
        context.load_dialect(dialect)
    return context


def test_ops_are_located_at_the_users_line() -> None:
    def f(x: jax.Array) -> jax.Array:
        y = jnp.sin(x)
        return jax.nn.softmax(y)

    first = f.__code__.co_firstlineno
    locations = {
        op.name: op.location
        for op in imported(f, X).walk()
        if isinstance(op.location, FileLineColLoc)
    }
    sine, exponential = locations["xtensor.sin"], locations["xtensor.exp"]
    assert sine.filename.data == __file__
    assert (sine.line.data, sine.column.data) == (first + 1, 13)
    assert exponential.line.data == first + 2


def test_ops_go_to_the_insertion_point() -> None:
    jaxpr = jax.make_jaxpr(jnp.sin)(X)
    block = Block(arg_types=[aval_to_type(X.aval)])
    (result,) = inline_jaxpr(jaxpr, Builder(InsertPoint.at_end(block)), block.args, [])
    assert result.owner is block.last_op


# --- What is refused ------------------------------------------------------------------------------


def prints(x: jax.Array) -> jax.Array:
    jax.debug.print("{}", x)
    return x


def calls_back(x: jax.Array) -> jax.Array:
    from jax.experimental import io_callback

    return io_callback(lambda y: y, x, x, ordered=True)


@pytest.mark.parametrize(
    "fn",
    [prints, calls_back, lambda x: jax.jit(prints)(jnp.sin(x)), lambda x: lax.map(prints, x)],
    ids=["print", "callback", "nested", "in a loop"],
)
def test_effects_are_refused(fn: Callable[..., Any]) -> None:
    with pytest.raises(UnsupportedEffect, match="side effects"):
        imported(fn, X)


def test_a_refused_jaxpr_leaves_no_uses_behind() -> None:
    nothing_p = Primitive("nothing")
    nothing_p.def_abstract_eval(lambda x: ShapedArray(x.shape, jax.dtypes.float0))
    jaxpr = jax.make_jaxpr(lambda x: nothing_p.bind(jnp.sin(x)))(X)
    block = Block(arg_types=[aval_to_type(X.aval)])
    with pytest.raises(UnsupportedJaxpr):
        inline_jaxpr(jaxpr, Builder(InsertPoint.at_end(block)), block.args, [])
    assert block.is_empty
    assert not block.args[0].uses


# --- Numbers: what jax.jit gives, bit for bit -----------------------------------------------------

# fmt: off
FLOAT_UNARY = [
    "neg", "sign", "floor", "ceil", "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
    "sqrt", "rsqrt", "cbrt", "abs", "is_finite", "square", "erf", "erfc", "erf_inv", "lgamma",
    "digamma", "bessel_i1e",
]
NARROW_UNARY = ["exp", "tanh", "logistic", "sin", "rsqrt", "erf", "erf_inv", "square", "tan"]
COMPLEX_UNARY = [
    "neg", "sign", "exp2", "log", "log1p", "tanh", "logistic", "sin", "cos", "sqrt", "rsqrt", "abs",
    "square", "real", "imag", "conj",
]
FLOAT_BINARY = [
    "add", "sub", "mul", "div", "rem", "max", "min", "pow", "atan2", "nextafter", "eq", "ne",
    "lt", "le", "gt", "ge", "complex",
]
INTEGER_BINARY = [
    "add", "sub", "mul", "div", "rem", "max", "min", "eq", "lt", "shift_left",
    "shift_right_logical", "shift_right_arithmetic", "bitwise_and", "bitwise_or", "bitwise_xor",
]
# fmt: on


def all_of(names: list[str]) -> Callable[..., list[Any]]:
    return lambda *args: [getattr(lax, name)(*args) for name in names]


@pytest.mark.parametrize(
    ("names", "args"),
    [
        (FLOAT_UNARY, [jnp.concatenate([UNIT.ravel(), SPECIAL])]),
        (NARROW_UNARY, [UNIT.astype(jnp.bfloat16)]),
        (COMPLEX_UNARY, [COMPLEX[0]]),
        (["neg", "sign", "abs", "square", "bitwise_not", "population_count", "clz"], [INTS]),
        (["sign", "square", "bitwise_not", "population_count"], [BYTES]),
        (FLOAT_BINARY, [POSITIVE, Y]),
        (FLOAT_BINARY, [jnp.repeat(SPECIAL, 9), jnp.tile(SPECIAL, 9)]),
        (["add", "sub", "mul", "div", "pow", "eq", "ne", "max"], [COMPLEX, COMPLEX[::-1]]),
        (INTEGER_BINARY, [INTS, INTS[::-1] | 1]),
        (INTEGER_BINARY, [BYTES, BYTES[::-1] | 1]),
        (["max", "min", "eq", "lt", "bitwise_and", "bitwise_xor"], [X > 0, Y > 0]),
    ],
)
def test_elementwise_ops_compute_what_jax_does(names: list[str], args: list[Any]) -> None:
    assert_same_bits(all_of(names), *args)


def converted(x: jax.Array) -> list[jax.Array]:
    names = ["float32", "bfloat16", "float16", "int32", "int8", "uint8", "uint32", "bool"]
    return [lax.convert_element_type(x, name) for name in names]


@pytest.mark.parametrize("x", [X * 3, INTS, BYTES, X > 0, X.astype(jnp.bfloat16)], ids=str)
def test_conversions_compute_what_jax_does(x: jax.Array) -> None:
    assert_same_bits(converted, x)


def encoder_layer(x: jax.Array, weights: list[jax.Array], mask: jax.Array) -> jax.Array:
    def normalized(y: jax.Array) -> jax.Array:
        centred = y - y.mean(-1, keepdims=True)
        return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-6)

    q, k, v, o, up, down = weights
    batch, length, width = x.shape
    heads = [(x @ w).reshape(batch, length, 2, width // 2) for w in (q, k, v)]
    scores = jnp.einsum("bqhd,bkhd->bhqk", heads[0], heads[1]) / np.sqrt(width // 2)
    weights_of = jax.nn.softmax(jnp.where(mask[:, None, None, :], scores, -1e9))
    mixed = jnp.einsum("bhqk,bkhd->bqhd", weights_of, heads[2]).reshape(x.shape)
    x = normalized(x + mixed @ o)
    return normalized(x + jax.nn.gelu(x @ up, approximate=False) @ down)


def weights_of_layer(width: int, hidden: int) -> list[jax.Array]:
    shapes = [*[(width, width)] * 4, (width, hidden), (hidden, width)]
    return [jnp.asarray(RNG.normal(size=shape) * 0.1, jnp.float32) for shape in shapes]


LAYER = weights_of_layer(8, 16)
TOKENS = jnp.asarray(RNG.normal(size=(2, 5, 8)), jnp.float32)
MASK = jnp.arange(5)[None] < jnp.array([[5], [3]])


def encoder(x: jax.Array, mask: jax.Array, *weights: jax.Array) -> jax.Array:
    for _ in range(2):
        x = encoder_layer(x, list(weights), mask)
    return x


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, w: jax.nn.relu(x @ w.T + 1) @ w, [X, Y]),
        (lambda x: (jax.nn.gelu(x), jax.nn.silu(x), jax.nn.softplus(x), jax.nn.elu(x)), [X]),
        (lambda x: (jax.nn.softmax(x), jax.nn.log_softmax(x), jax.nn.logsumexp(x, 1)), [X]),
        (encoder, [TOKENS, MASK, *LAYER]),
        (jax.grad(lambda x, m, *w: encoder_layer(x, list(w), m).sum()), [TOKENS, MASK, *LAYER]),
        (jax.vmap(jax.jacfwd(lambda v: jnp.outer(v, v) @ v)), [X]),
        (jax.hessian(lambda x: (jnp.sin(x) ** 3).sum()), [X[0]]),
    ],
    ids=["mlp", "activations", "softmax", "encoder", "gradient", "jacobian", "hessian"],
)
def test_models_compute_what_jax_does(fn: Callable[..., Any], args: list[Any]) -> None:
    module = imported(fn, *args)
    assert primitive_fallback_count(module) == {}
    assert_same_bits(fn, *args)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x: [lax.integer_pow(x, n) for n in (-3, -1, 0, 1, 2, 5, 7)], [X]),
        (lambda x, i: (lax.pow(x, i), i**3), [X, INTS]),
        (lambda s: [lax.round(s, method) for method in lax.RoundingMethod], [SPECIAL]),
        (lambda x: lax.reduce_precision(x, 5, 10), [X]),
        (
            lambda x, i: (lax.clamp(-0.5, x, 0.5), lax.clamp(x - 1, x, x), lax.clamp(-1, i, 2)),
            [X, INTS],
        ),
        (lambda x, y: (jnp.where(x > 0, x, y), lax.select_n(x[0, 0] > 0, x, y)), [X, Y]),
        (lambda x, i: lax.select_n(jnp.abs(i) % 4, x, x * 2, x * 3, x * 4), [X, INTS]),
        (
            lambda x: lax.bitcast_convert_type(lax.bitcast_convert_type(x, jnp.uint8), jnp.int32),
            [X],
        ),
        (lambda x: (x @ x.T, jnp.dot(x, x.T, precision="highest")), [X]),
        (lambda h: jnp.dot(h, h.T, preferred_element_type=jnp.float32), [X.astype(jnp.bfloat16)]),
        (lambda i, c: (i @ i.T, c @ c.T), [INTS, COMPLEX]),
        (lambda x, i, c: (x.sum(), x.prod(1), i.sum(0), c.sum(1)), [X, INTS, COMPLEX]),
        (
            lambda x, i, s: (x.max(1), i.min(0), s.max(), (i > 0).all(0), (i > 3).any()),
            [X, INTS, SPECIAL],
        ),
        (
            lambda x, s, u: (x.argmax(1), s.argmax(), s[:4].argmin(), u.argmin(0)),
            [X, SPECIAL, BYTES],
        ),
        (lambda x: (x.reshape(3, 8), x.T, x[1:3, ::2], x[::-1], x[:1].squeeze(0), x[:, None]), [X]),
        (lambda x, y: (jnp.concatenate([x, y]), jnp.stack([x, y], 1), jnp.tile(x, (2, 3))), [X, Y]),
        (lambda x: (jnp.split(x, [1, 3], 1), jnp.unstack(x)), [X]),
        (lambda x: lax.pad(x, 1.0, [(-1, 1, 2), (0, -2, 1)]), [X]),
        (lambda x, n: (lax.dynamic_slice(x, (n, n + 1), (2, 3)), x[n]), [X, jnp.int32(2)]),
        (lambda x, n: lax.dynamic_update_slice(x, x[:1], (n, 0)), [X, jnp.int32(9)]),
        (
            lambda x, i: (x[i[0]], x[i[0] % 4, i[1] % 6], jnp.take(x, i[0], 0, mode="clip")),
            [X, INTS],
        ),
        (lambda: (jnp.arange(5), lax.broadcasted_iota(jnp.bfloat16, (2, 3), 1), jnp.eye(3)), []),
        (lambda x, i: lax.optimization_barrier((x, i)), [X, INTS]),
        (lambda x: (x, x, 1.0, x[:0].sum(0)), [X]),
    ],
)
def test_ops_compute_what_jax_does(fn: Callable[..., Any], args: list[Any]) -> None:
    assert primitive_fallback_count(imported(fn, *args)) == {}
    assert_same_bits(fn, *args)


def rotated(x: jax.Array) -> jax.Array:
    return lax.fori_loop(0, 3, lambda i, a: jnp.roll(a, i, 1) + TABLE, x)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x: lax.scan(lambda c, a: (c + a, c * 2), x[0], x), [X]),
        (lambda x: lax.while_loop(lambda a: a.sum() < 9, lambda a: a + TABLE, x), [X]),
        (lambda x: lax.cond(x[0, 0] > 0, lambda: x, lambda: -x), [X]),
        (rotated, [X]),
        (lambda x: (jnp.sort(x), jnp.argsort(x, 0), lax.top_k(x, 2)), [X]),
        (lambda x: (jnp.cumsum(x, 0), lax.cummax(x)), [X]),
        (lambda x: jnp.linalg.cholesky(x @ x.T + jnp.eye(4)), [X]),
        (jnp.fft.fft, [X]),
        (lambda x, i: x.at[i[0] % 4].add(1.0), [X, INTS]),
        (lambda x, i: jnp.take(x, i, axis=1), [X, INTS]),
        (lambda c: (jnp.maximum(c, c[::-1]), lax.mulhi(INTS, INTS)), [COMPLEX]),
        (
            lambda x, h: lax.dot_general(x, h, (((1,), (1,)), ((), ()))),
            [X, X.astype(jnp.bfloat16)],
        ),
        (lambda k: jax.random.normal(k, (3,)), [KEY]),
        (lambda k: jax.random.normal(k, (3,)), [jax.random.PRNGKey(1)]),
        (lambda k: jax.random.split(k, 3)[1:], [KEY]),
        (lambda k, n: jax.random.fold_in(k, n), [KEY, jnp.int32(7)]),
        (
            lambda n: jax.random.bits(jax.random.key(n)),
            [jnp.int32(3)],
        ),
        (
            lambda k: jnp.where(k == k, k, jax.random.fold_in(k, 1)),
            [KEY],
        ),
        (lambda k: lax.scan(lambda c, _: (jax.random.split(c)[0], c), k, None, 3), [KEY]),
        (lambda k: jax.random.uniform(k, (2,)), [jax.random.key(1, impl="rbg")]),
    ],
)
def test_larger_primitives_compute_what_jax_does(fn: Callable[..., Any], args: list[Any]) -> None:
    assert primitive_fallback_count(imported(fn, *args)) == {}
    assert_same_bits(fn, *args)


def test_closed_over_arrays_are_passed_and_differentiated_through() -> None:
    @jax.custom_vjp
    def scaled(x: jax.Array) -> jax.Array:
        return jnp.sin(x) * TABLE

    scaled.defvjp(lambda x: (scaled(x), x), lambda x, t: (t * 2,))

    def f(x: jax.Array) -> jax.Array:
        return jax.jit(lambda y: y + TABLE)(scaled(x))

    assert_same_bits(f, X)
    jaxpr = with_constant_inputs(jax.make_jaxpr(f)(X))
    function, constants = import_function(jax.make_jaxpr(f)(X), "f")
    assert [str(t) for t in function.function_type.inputs] == [
        str(aval_to_type(aval)) for aval in jaxpr.in_avals
    ]
    module = ModuleOp([function])
    ConvertXTensorToStableHLO().apply(Context(), module)
    kernel = Kernel(
        "f", kernel_text(function), tuple(jaxpr.in_avals), tuple(jaxpr.out_avals), jaxpr
    )
    gradient = jax.grad(lambda x: executable(kernel)(*constants, x)[0].sum())(X)
    np.testing.assert_array_equal(gradient, jax.grad(lambda x: f(x).sum())(X))


def test_64_bit_jaxprs_import_outside_64_bit_mode() -> None:
    def f(x: jax.Array) -> Any:
        return twice_p.bind(jnp.sort(x * np.float64(0.1)))[::-1], jnp.arange(3), x.argmax()

    with jax.enable_x64(True):
        x = jnp.asarray(RNG.normal(size=5))
        jaxpr = jax.make_jaxpr(f)(x)
    function, _ = import_function(jaxpr, "f")
    module = ModuleOp([function])
    module.verify()
    assert any(str(op.result_types[0]) == "tensor<5xf64>" for op in module.walk() if op.results)
    with jax.enable_x64(True):
        assert_same_bits(f, x)
