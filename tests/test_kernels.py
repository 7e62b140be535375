"""Kernels: array functions lowered to StableHLO text, and that text under JAX's transformations."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.mlir import ir
from jax.interpreters import mlir
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func, FuncOp
from xdsl.parser import Parser
from xdsl.printer import Printer

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import CHLO, StableHLO, kernel_text
from xcs.frontend.jaxpr_import import import_function
from xcs.kernels import Kernel, bind, executable, verify_stablehlo
from xcs.transforms.convert_xtensor_to_stablehlo import RULES, ConvertXTensorToStableHLO

X = jnp.linspace(-2.0, 2.0, 12, dtype=jnp.float32).reshape(3, 4)
I = jnp.arange(-5, 7, dtype=jnp.int32).reshape(3, 4)  # noqa: E741
B = I > 0
C = jax.lax.complex(X, X[::-1])


def lower(function: Callable[..., Any], *args: Any) -> tuple[Kernel, list[Any]]:
    """The function as a kernel, through both tensor dialects, and its array constants."""
    jaxpr = jax.make_jaxpr(lambda *xs: jax.tree.leaves(function(*xs)))(*args)
    kernel_function, consts = import_function(jaxpr, "kernel")
    module = ModuleOp([kernel_function])
    module.verify()
    ConvertXTensorToStableHLO().apply(Context(), module)
    module.verify()
    text = kernel_text(kernel_function)
    verify_stablehlo(text)
    in_avals = (*(jax.typeof(const) for const in consts), *jaxpr.in_avals)
    source = jaxpr if not consts else None
    return Kernel("kernel", text, tuple(in_avals), tuple(jaxpr.out_avals), source), consts


def assert_same_bits(function: Callable[..., Any], *args: Any) -> None:
    """The kernel gives the bits that jax.jit gives."""
    kernel, consts = lower(function, *args)
    results = executable(kernel)(*consts, *args)
    expected = jax.tree.leaves(jax.jit(function)(*args))
    for result, reference in zip(results, expected, strict=True):
        assert (result.dtype, result.weak_type) == (reference.dtype, reference.weak_type)
        assert np.asarray(result).tobytes() == np.asarray(reference).tobytes()


# --- The lowering, against jax.jit ----------------------------------------------------------------


def test_every_tensor_op_has_a_lowering() -> None:
    assert set(RULES) == set(xtensor.OPERATIONS)


ELEMENTWISE: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    **{
        name: (getattr(jax.lax, name), (X,))
        for name in (
            *("abs", "acosh", "asinh", "atan", "bessel_i1e", "cbrt", "ceil", "cos", "cosh"),
            *("digamma", "erf", "erf_inv", "erfc", "exp", "exp2", "expm1", "floor", "is_finite"),
            *("lgamma", "log", "log1p", "logistic", "neg", "rsqrt", "sign", "sin", "sinh"),
            *("sqrt", "square", "tan", "tanh", "acos", "asin", "atanh"),
        )
    },
    **{
        f"complex_{name}": (getattr(jax.lax, name), (C,))
        for name in ("abs", "conj", "cos", "exp", "imag", "logistic", "real", "sin", "square")
    },
    **{
        f"integer_{name}": (getattr(jax.lax, name), (I,))
        for name in ("abs", "clz", "neg", "bitwise_not", "population_count", "sign", "square")
    },
    **{
        name: (getattr(jax.lax, name), (X, X[::-1]))
        for name in (
            *("add", "atan2", "complex", "div", "eq", "ge", "gt", "le", "lt", "max", "min", "mul"),
            *("ne", "nextafter", "pow", "rem", "sub"),
        )
    },
    **{
        f"integer_{name}": (getattr(jax.lax, name), (I, I[::-1]))
        for name in (
            *("bitwise_and", "bitwise_or", "bitwise_xor", "div", "lt", "rem", "shift_left"),
            *("shift_right_arithmetic", "shift_right_logical"),
        )
    },
    "unsigned_sign": (jax.lax.sign, (I.astype(jnp.uint8),)),
    "unsigned_compare": (jax.lax.lt, (I.astype(jnp.uint32), jnp.uint32(2) + I.astype(jnp.uint32))),
    "boolean_compare": (jax.lax.ne, (B, ~B)),
    "logistic_bfloat16": (jax.lax.logistic, (X.astype(jnp.bfloat16),)),
    "exp2_float16": (jax.lax.exp2, (X.astype(jnp.float16),)),
    **{f"power_{y}": (lambda x, y=y: x**y, (X,)) for y in (-7, -2, -1, 0, 1, 2, 3, 4, 6, 11)},
    "round": (lambda x: (jnp.round(x), jax.lax.round(x)), (X * 1.25,)),
    "reduce_precision": (lambda x: jax.lax.reduce_precision(x, 5, 3), (X,)),
    "bitcast": (lambda x: jax.lax.bitcast_convert_type(x, jnp.uint8), (X,)),
    "float_to_bool": (lambda x: x.astype(bool), (X.at[0, 0].set(0).at[0, 1].set(jnp.nan),)),
    "float_to_integer": (lambda x: x.astype(jnp.int8), (X * 100,)),
    "integer_to_bfloat16": (lambda i: i.astype(jnp.bfloat16), (I,)),
    "complex_to_float": (lambda c: jax.lax.convert_element_type(c, jnp.float32), (C,)),
    "select_boolean": (jax.lax.select, (B, X, -X)),
    "select_scalar": (lambda p, x: jax.lax.select_n(p, x, -x), (B[0, 0], X)),
    "select_integer": (
        lambda w, x: jax.lax.select_n(w, x, -x, 2 * x, x * x, x + 1),
        (jnp.abs(I) % 5, X),
    ),
    "clamp": (lambda x: jax.lax.clamp(jnp.float32(-1), x, jnp.float32(1)), (X,)),
    "nan_and_infinity": (
        lambda x: (jnp.sign(x), jnp.maximum(x, 0), jnp.where(x != x, 1, x), -x),
        (jnp.array([jnp.nan, -jnp.nan, jnp.inf, -jnp.inf, 0.0, -0.0], jnp.float32),),
    ),
}

OTHERS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "matmul": (jnp.matmul, (X, X.T)),
    "matmul_precision": (lambda x: jnp.matmul(x, x.T, precision="highest"), (X,)),
    "batched_matmul": (
        lambda x: jnp.einsum("bij,bkj->bik", x, x),
        (X[None] + jnp.ones((5, 1, 1)),),
    ),
    "integer_matmul": (jnp.matmul, (I, I.T)),
    "mixed_matmul": (
        lambda x: jax.lax.dot(x, x.T, preferred_element_type=jnp.float32),
        (X.astype(jnp.bfloat16),),
    ),
    **{
        f"reduce_{name}_{dtype}": (lambda x, f=f, dtype=dtype: f(x.astype(dtype), 1), (X * 3,))
        for name, f in (("max", jnp.max), ("min", jnp.min), ("sum", jnp.sum), ("prod", jnp.prod))
        for dtype in ("int8", "uint8", "int32", "float16", "bfloat16", "float32", "bool")
    },
    "reduce_bits": (
        lambda i: [
            jax.lax.reduce_and_p.bind(i, axes=(0,)),
            jax.lax.reduce_or_p.bind(i, axes=(1,)),
            jax.lax.reduce_xor_p.bind(i, axes=(0, 1)),
        ],
        (I,),
    ),
    "reduce_nothing": (lambda x: (x[:0].sum(0), x[:0].prod(), x[:0].any()), (X,)),
    "argmax": (lambda x, i, b: [f.argmax(1) for f in (x, i, b)], (X * X, I * I, B)),
    "argmin_nan": (lambda x: x.argmin(0), (X.at[1].set(jnp.nan),)),
    "softmax": (jax.nn.softmax, (X,)),
    "shapes": (lambda x: (x.T, x.reshape(2, 6), x[:, None], x[::-1], x[1:, ::2]), (X,)),
    "pad": (lambda x: jax.lax.pad(x, 1.0, ((1, 0, 1), (-1, 2, 0))), (X,)),
    "tile": (lambda x: jnp.tile(x, (2, 3)), (X,)),
    "concatenate": (lambda x: jnp.concatenate([x] * 37, 1), (X,)),
    "stack": (lambda x: jnp.stack([x, -x], 1), (X,)),
    "split": (lambda x: (jnp.split(x, [1, 3], 1), jnp.unstack(x, axis=1)), (X,)),
    "dynamic_slice": (
        lambda x, i: (
            jax.lax.dynamic_slice(x, (i[0, 0], i[1, 1]), (1, 2)),
            jax.lax.dynamic_update_slice(x, x[:1, :1], (i[2, 3], i[0, 3])),
        ),
        (X, I),
    ),
    "gather": (
        lambda x, i: (x[jnp.abs(i) % 3], jnp.take_along_axis(x, jnp.abs(i) % 4, 1), x[i[:0, 0]]),
        (X, I),
    ),
    "iota": (lambda: (jnp.arange(5), jax.lax.broadcasted_iota(jnp.bfloat16, (2, 3), 1)), ()),
    "constants": (
        lambda x: (x + np.array([0.0, -0.0, np.inf, 1 / 3], np.float32), np.array(-0.0) / x),
        (X,),
    ),
    "signed_zeros": (lambda x: jnp.copysign(x, np.array([0.0, -0.0] * 2, np.float32)), (X,)),
    "barrier": (lambda x, i: jax.lax.optimization_barrier((x, i)), (X, I)),
    # What follows goes through primitives without an op of their own.
    "sort": (lambda x: (jnp.sort(x, 0), jnp.argsort(-x)), (X,)),
    "cumsum": (lambda x: (jnp.cumsum(x, 0), jnp.cumsum(x, 1)), (X,)),
    "while": (lambda x: jax.lax.fori_loop(0, 5, lambda _, y: y * 1.5 + x, x), (X,)),
    "cond": (lambda x: jax.lax.cond(x[0, 0] > 0, lambda y: y * 2, lambda y: y - 1, x), (X,)),
    "scan": (lambda x: jax.lax.scan(lambda c, y: (c + y, c * y), x[0], x), (X,)),
    "cholesky": (lambda x: jnp.linalg.cholesky(x @ x.T + jnp.eye(3)), (X,)),
    "random": (lambda key: jax.random.normal(key, (3, 4)), (jax.random.PRNGKey(0),)),
    "grad": (jax.grad(lambda x: jnp.sum(jax.nn.gelu(x @ x.T) ** 2)), (X,)),
    "vmap": (jax.vmap(lambda row: jax.nn.softmax(row) * row.max()), (X,)),
}


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("name", [*ELEMENTWISE, *OTHERS])
def test_kernel_gives_the_bits_of_jax_jit(name: str) -> None:  # R38
    function, args = {**ELEMENTWISE, **OTHERS}[name]
    assert_same_bits(function, *args)


def test_primitive_whose_text_our_dialect_does_not_read() -> None:
    # There is no convolution in it yet: the text of the primitive is linked in, not parsed.
    assert_same_bits(lambda x: jnp.convolve(x[0], x[1], mode="same"), X)


def encoder_layer(x: jax.Array, p: dict[str, jax.Array]) -> jax.Array:
    batch, length, width = x.shape
    q, k, v = ((x @ p[name]).reshape(batch, length, 4, width // 4) for name in "qkv")
    weights = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(width // 4), -1)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(x.shape) @ p["o"]
    hidden = jax.nn.gelu((x + mixed) @ p["up"], approximate=False)
    return jax.nn.standardize(x + hidden @ p["down"])


def encoder_parameters(width: int) -> dict[str, jax.Array]:
    shapes = dict.fromkeys("qkvo", (width, width))
    shapes |= {"up": (width, 2 * width), "down": (2 * width, width)}
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return {
        name: jax.random.normal(key, shape) / np.sqrt(shape[0])
        for key, (name, shape) in zip(keys, shapes.items(), strict=True)
    }


def test_encoder_layer_gives_the_bits_of_jax_jit() -> None:
    parameters = encoder_parameters(16)
    names = sorted(parameters)

    def layer(x: jax.Array, *values: jax.Array) -> jax.Array:
        return encoder_layer(x, dict(zip(names, values, strict=True)))

    x = jax.random.normal(jax.random.key(1), (2, 5, 16))
    assert_same_bits(layer, x, *(parameters[name] for name in names))


def test_64_bit_kernels() -> None:
    with jax.enable_x64(True):
        x = jnp.linspace(-2, 2, 12).reshape(3, 4)
        assert x.dtype == jnp.float64
        assert_same_bits(lambda x: (jax.nn.gelu(x @ x.T), x.argmax(1), x.sum(), x * 2 + 1), x)


# --- Under JAX's transformations ------------------------------------------------------------------


def model(x: jax.Array, w: jax.Array) -> tuple[jax.Array, jax.Array]:
    y = jnp.tanh(x @ w)
    return y, (y > 0).sum()


@pytest.fixture
def kernel() -> Kernel:
    return lower(model, X, X.T)[0]


def test_kernel_runs_on_arrays(kernel: Kernel) -> None:
    result, count = bind(kernel, X, X.T)
    np.testing.assert_array_equal(result, jax.jit(model)(X, X.T)[0])
    assert count == jax.jit(model)(X, X.T)[1]


def test_kernel_is_one_function_of_the_module_that_uses_it_twice(kernel: Kernel) -> None:
    def twice(x: jax.Array) -> jax.Array:
        return bind(kernel, x, x.T)[0] + bind(kernel, x, -x.T)[0]

    text = jax.jit(twice).lower(X).as_text()
    assert text.count("func.func private @kernel") == 1
    assert text.count("call @kernel") == 2
    np.testing.assert_allclose(jax.jit(twice)(X), model(X, X.T)[0] + model(X, -X.T)[0], 1e-6)


def test_kernels_of_one_name_stay_apart(kernel: Kernel) -> None:
    other, _ = lower(lambda x: x - 1, X)
    both = jax.jit(lambda x: bind(kernel, x, x.T)[0].sum() + bind(other, x)[0].sum())
    np.testing.assert_allclose(both(X), model(X, X.T)[0].sum() + (X - 1).sum(), 1e-5)


def test_grad_differentiates_the_source(kernel: Kernel) -> None:
    result = jax.grad(lambda x, w: bind(kernel, x, w)[0].sum(), argnums=(0, 1))(X, X.T)
    expected = jax.grad(lambda x, w: model(x, w)[0].sum(), argnums=(0, 1))(X, X.T)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 1e-6), result, expected)


def test_jvp_of_an_integer_result_is_zero(kernel: Kernel) -> None:
    _, (tangent, of_count) = jax.jvp(lambda x: bind(kernel, x, X.T), (X,), (jnp.ones_like(X),))
    expected = jax.jvp(lambda x: model(x, X.T)[0], (X,), (jnp.ones_like(X),))[1]
    np.testing.assert_allclose(tangent, expected, 1e-6)
    assert of_count.dtype == jax.dtypes.float0


def test_second_derivatives(kernel: Kernel) -> None:
    def total(f: Callable[..., Any]) -> Callable[[jax.Array], jax.Array]:
        return lambda x: f(x, X.T)[0].sum()

    result = jax.hessian(total(lambda *xs: bind(kernel, *xs)))(X)
    np.testing.assert_allclose(result, jax.hessian(total(model))(X), 1e-5, 1e-6)


def test_vmap_batches_the_source(kernel: Kernel) -> None:
    batch = jnp.stack([X, 2 * X, -X], axis=1)
    result = jax.vmap(lambda x: bind(kernel, x, X.T), in_axes=1)(batch)
    expected = jax.vmap(lambda x: model(x, X.T), in_axes=1)(batch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 1e-6), tuple(result), expected)


def test_kernel_inside_scan_and_jaxpr(kernel: Kernel) -> None:
    def step(x: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        y, count = bind(kernel, x, X.T)
        return y @ X, count

    _, counts = jax.lax.scan(step, X, None, length=3)
    assert counts.shape == (3,)
    jaxpr = jax.make_jaxpr(lambda x: bind(kernel, x, X.T))(X)
    assert "xcs_kernel[kernel=Kernel(kernel)]" in str(jaxpr)


def test_kernel_runs_with_jit_disabled(kernel: Kernel) -> None:
    with jax.disable_jit():
        np.testing.assert_array_equal(executable(kernel)(X, X.T)[0], jax.jit(model)(X, X.T)[0])


def test_gradient_of_a_jitted_executable(kernel: Kernel) -> None:
    result = jax.jit(jax.grad(lambda x: executable(kernel)(x, X.T)[0].sum()))(X)
    np.testing.assert_allclose(result, jax.grad(lambda x: model(x, X.T)[0].sum())(X), 1e-6)


def test_weak_types_are_kept() -> None:
    kernel, _ = lower(lambda x: x * 2, 1.0)
    (result,) = executable(kernel)(1.0)
    assert result.weak_type
    assert (result + jnp.bfloat16(1)).dtype == jnp.bfloat16


def test_kernel_of_text_alone_runs_but_has_no_derivative() -> None:
    text = lower(lambda x: x * x, X)[0].text
    kernel = Kernel("square", text, (jax.typeof(X),), (jax.typeof(X),))
    np.testing.assert_array_equal(bind(kernel, X)[0], X * X)
    with pytest.raises(NotImplementedError, match="kernel 'square' was made from StableHLO text"):
        jax.grad(lambda x: bind(kernel, x)[0].sum())(X)


# --- Messages -------------------------------------------------------------------------------------


def test_wrong_arguments_are_named(kernel: Kernel) -> None:
    expected = r"'kernel' takes \(float32\[3,4\], float32\[4,3\]\), but .* \(float32\[3,4\], int32"
    with pytest.raises(TypeError, match=expected):
        bind(kernel, X, I)


def test_text_that_differs_from_its_declaration_is_named(kernel: Kernel) -> None:
    wrong = Kernel("wrong", kernel.text, kernel.in_avals, kernel.out_avals[:1])
    with pytest.raises(ValueError, match=r"kernel 'wrong' declares .* but its text defines @main"):
        bind(wrong, X, X.T)


def test_verifier_points_at_the_line() -> None:
    text = (
        "func.func @main(%a: tensor<3xf32>) -> tensor<4xf32> {\n"
        "  %0 = stablehlo.reshape %a : (tensor<3xf32>) -> tensor<4xf32>\n"
        "  return %0 : tensor<4xf32>\n"
        "}\n"
    )
    with pytest.raises(ValueError, match="line 2, column 8: number of output elements") as error:
        verify_stablehlo(text)
    assert text.splitlines()[1] in str(error.value)


# --- Text that JAX prints -------------------------------------------------------------------------


def read(text: str) -> ModuleOp:
    # JAX annotates some custom calls in the dialect sdy, which is carried and not interpreted.
    context = Context(allow_unregistered=True)
    for dialect in (Builtin, Func, StableHLO, CHLO):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def as_upstream_reads_it(text: str) -> str:
    return str(ir.Module.parse(text, mlir.make_ir_context()))


JAX_PRINTS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "encoder_layer": (encoder_layer, (jnp.ones((2, 5, 16)), encoder_parameters(16))),
    "mlp_gradient": (
        jax.grad(lambda w, x: jnp.sum(jax.nn.relu(x @ w) @ w.T)),
        (jnp.ones((4, 5)), X),
    ),
    "scatter": (lambda x: (x.at[I[0]].add(1.0), x.at[1, 2].set(3.0)), (X,)),
    "triangular_solve": (lambda x: jax.scipy.linalg.solve_triangular(x[:, :3], x), (X,)),
    "eigh": (lambda x: jnp.linalg.eigh(x @ x.T), (X,)),
    "fft": (jnp.fft.rfft, (X,)),
    "sort_two": (lambda x: jax.lax.sort((x, x), num_keys=1), (X,)),
    "pool": (
        lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2, 2), (1, 2), "SAME"),
        (X,),
    ),
    "random_bits": (lambda key: jax.random.bits(key, (3,)), (jax.random.PRNGKey(0),)),
    "accuracy": (lambda x: jax.lax.exp(x, accuracy=jax.lax.Tolerance(1e-5, 0, 0)), (X,)),
    "algorithm": (
        lambda x: jax.lax.dot(x, x.T, precision=jax.lax.DotAlgorithmPreset.F32_F32_F32),
        (X,),
    ),
    "reduce_float8": (lambda x: x.astype(jnp.float8_e4m3fn).max(0).astype(jnp.float32), (X,)),
    "boolean_table": (lambda x: x + np.array(np.arange(300) % 3 == 0), (jnp.ones(300),)),
}


@pytest.mark.parametrize("name", [*JAX_PRINTS, *OTHERS])
def test_what_jax_prints_reads_the_same_after_a_round_trip(name: str) -> None:  # R38
    function, args = {**OTHERS, **JAX_PRINTS}[name]
    text = jax.jit(function).lower(*args).as_text()
    module = read(text)
    printed = StringIO()
    Printer(printed).print_op(module)
    assert as_upstream_reads_it(printed.getvalue()) == as_upstream_reads_it(text)
    (main,) = (op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main")
    verify_stablehlo(kernel_text(main))


FORMS = """
func.func public @main(%x: tensor<4xf32>, %i: tensor<i32>) -> (tensor<4xf32>, tensor<f32>) {
  %0 = stablehlo.add %x, %x : tensor<4xf32>
  %1 = stablehlo.add %x, %0 : tensor<4xf32>
  %named = stablehlo.add %0, %x : tensor<4xf32>
  %2 = stablehlo.constant dense<0.0> : tensor<f32>
  %3 = stablehlo.constant dense<-0.0> : tensor<f32>
  %4 = stablehlo.reduce(%0 init: %2) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  %5 = stablehlo.reduce(%1 init: %3) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  %6 = stablehlo.reduce(%1 init: %5) applies stablehlo.multiply across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  %7:2 = "stablehlo.case"(%i) ({
    %8 = stablehlo.add %4, %6 : tensor<f32>
    "stablehlo.return"(%named, %8) : (tensor<4xf32>, tensor<f32>) -> ()
  }, {
    "stablehlo.return"(%0, %6) : (tensor<4xf32>, tensor<f32>) -> ()
  }) {"100%" = 1 : i32} : (tensor<i32>) -> (tensor<4xf32>, tensor<f32>)
  func.return %7#0, %7#1 : tensor<4xf32>, tensor<f32>
}
"""  # noqa: E501
"""Ops that differ in few of: which values they take, their attributes, their regions."""


def test_a_kernel_prints_as_xdsl_prints_it() -> None:
    (main,) = read(FORMS).ops
    assert isinstance(main, FuncOp)
    printed = StringIO()
    Printer(printed).print_op(main)
    function = kernel_text(main).splitlines()[1:-1]
    assert [line.removeprefix("  ") for line in function] == printed.getvalue().splitlines()


LIT_TESTS = Path(__file__).parents[1] / "test" / "lit" / "dialects" / "stablehlo"


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(LIT_TESTS.glob("*.mlir")) if not p.stem.startswith("verify")],
    ids=lambda p: p.stem,
)
def test_upstream_accepts_the_text_of_our_tests(path: Path) -> None:
    verify_stablehlo(path.read_text())
