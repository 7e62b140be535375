"""Elementwise primitives in the tensor dialect, of all dtypes: what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.scipy import special
from xtensor_support import assert_imported_exactly, imported, op_names

RNG = np.random.default_rng(0)
A = jnp.array([0.5, 1.0, 2.5, 30.0, 0.0, -1.5])
X = jnp.array([0.1, 1.0, 3.0, 20.0, jnp.nan, jnp.inf])

# --- Functions that JAX defines in Python ---------------------------------------------------------

FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "bessel_i0e": lambda a, x: lax.bessel_i0e(x),
    "igamma": lax.igamma,
    "igammac": lax.igammac,
    "igamma_grad_a": lax.igamma_grad_a,
    "regularized_incomplete_beta": lambda a, x: lax.betainc(a, a + 1, x / 30),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_definitions(name: str) -> None:
    assert_imported_exactly(FUNCTIONS[name], A, X)
    assert f"xtensor.{name}" in op_names(imported(FUNCTIONS[name], A, X))


def test_definitions_of_narrow_floats() -> None:
    x = X.astype(jnp.bfloat16)
    assert_imported_exactly(lambda x: (lax.igamma(x, x), lax.bessel_i0e(x)), x)


def test_definitions_of_wide_floats() -> None:
    with jax.enable_x64(True):
        assert_imported_exactly(lax.bessel_i0e, jnp.asarray(X, jnp.float64))


def test_definitions_of_scalars_and_arrays() -> None:
    assert_imported_exactly(lambda x: lax.igammac(jnp.float32(1.5), x), X)


SPECIAL: dict[str, Callable[[Any, Any], Any]] = {
    "bessel": lambda a, x: (special.i0(x), special.i1(x), special.i1e(x)),
    "derivatives of igamma": lambda a, x: jax.grad(
        lambda a, x: special.gammainc(a, x).sum(), (0, 1)
    )(a, x),
    "erf_inv": lambda a, x: (special.erfinv(x / 20), special.ndtri(x / 20)),
    "gamma": lambda a, x: (special.gamma(a), special.gammaln(a), special.digamma(a)),
    "gamma samples": cast(Any, lax.random_gamma_grad),
    "polygamma": lambda a, x: (lax.polygamma(lax.floor(a) + 2, x), special.polygamma(1, x)),
    "spence": lambda a, x: special.spence(x),
    "zeta": lambda a, x: special.zeta(a + 2, x),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions(name: str) -> None:
    assert_imported_exactly(SPECIAL[name], A, X)


# --- Every dtype ----------------------------------------------------------------------------------

SIGNED = [jnp.int2, jnp.int4, jnp.int8, jnp.int16, jnp.int32]
UNSIGNED = [jnp.uint2, jnp.uint4, jnp.uint8, jnp.uint16, jnp.uint32]
FLOATS = [
    jnp.float4_e2m1fn,
    jnp.float8_e3m4,
    jnp.float8_e4m3,
    jnp.float8_e4m3b11fnuz,
    jnp.float8_e4m3fn,
    jnp.float8_e4m3fnuz,
    jnp.float8_e5m2,
    jnp.float8_e5m2fnuz,
    jnp.float8_e8m0fnu,
    jnp.bfloat16,
    jnp.float16,
    jnp.float32,
]
DTYPES = [jnp.bool_, *SIGNED, *UNSIGNED, *FLOATS, jnp.complex64]

BITWISE = "bitwise_and bitwise_or bitwise_xor bitwise_not"
ORDERED = "eq ne lt le gt ge max min"
ARITHMETIC = "add sub mul div neg sign square"
WHOLE = f"{BITWISE} {ORDERED} {ARITHMETIC} rem clz population_count mulhi"
SHIFTS = "shift_left shift_right_logical shift_right_arithmetic"
INEXACT = (
    "exp exp2 expm1 log log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh "
    "sqrt rsqrt logistic"
)
REAL = "rem floor ceil round is_finite nextafter cbrt abs"
NAMES: dict[str, str] = {
    "bool": f"{BITWISE} {ORDERED}",
    "int": f"{WHOLE} {SHIFTS} abs",
    "uint": f"{WHOLE} {SHIFTS}",
    "float": f"{ORDERED} {ARITHMETIC} {REAL} {INEXACT}",
    "long to compile": "add sub mul div neg sign eq max exp sin tanh sqrt logistic",
}


def of(dtype: Any, seed: int) -> jax.Array:
    random = np.random.default_rng(seed)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return jnp.asarray(random.normal(size=5) + 1j * random.normal(size=5)).astype(dtype)
    if jnp.issubdtype(dtype, jnp.floating):
        return jnp.asarray(random.normal(size=5) * 2).astype(dtype)
    low, high = (0, 2) if jnp.dtype(dtype) == jnp.bool_ else (1, 2)
    return jnp.asarray(random.integers(low, high, size=5)).astype(dtype)


def names_for(dtype: Any) -> list[str]:
    name = jnp.dtype(dtype).name
    if name.startswith(("float8", "float4", "float16", "bfloat", "float64", "complex")):
        return NAMES["long to compile"].split()
    names = NAMES["float" if "float" in name else name.rstrip("0123456789")].split()
    if name in ("int2", "int4"):
        names.remove("abs")  # JAX does not compile it
    return names


OTHERS = (jnp.bool_, jnp.int4, jnp.uint8, jnp.float8_e4m3fn, jnp.bfloat16, jnp.float32)

BINARY = frozenset(
    f"{ORDERED} {SHIFTS} add sub mul div rem mulhi atan2 nextafter "
    "bitwise_and bitwise_or bitwise_xor".split()
)


def arithmetic(dtype: Any) -> Callable[..., list[Any]]:
    """All primitives for a dtype in one program, which compiles faster than many."""
    return lambda x, y: [
        getattr(lax, name)(x, y) if name in BINARY else getattr(lax, name)(x)
        for name in names_for(dtype)
    ]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: jnp.dtype(dtype).name)
def test_arithmetic_of_every_dtype(dtype: Any) -> None:
    assert_imported_exactly(arithmetic(dtype), of(dtype, 0), of(dtype, 1))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: jnp.dtype(dtype).name)
def test_conversions_and_choices_of_every_dtype(dtype: Any) -> None:
    def choices(x: Any, y: Any) -> Any:
        return (
            [lax.convert_element_type(x, other) for other in OTHERS],
            lax.select_n(jnp.arange(5) > 2, x, y),
            lax.clamp(x[0], y, x[1]),
            lax.full((2,), 1, dtype),
        )

    assert_imported_exactly(choices, of(dtype, 0), of(dtype, 1))


def test_64_bit_dtypes() -> None:
    with jax.enable_x64(True):
        for dtype in (jnp.int64, jnp.uint64, jnp.float64, jnp.complex128):
            assert_imported_exactly(arithmetic(dtype), of(dtype, 0), of(dtype, 1))


# --- Details --------------------------------------------------------------------------------------

Z = jnp.array([1 + 2j, 1 - 2j, jnp.nan + 0j, -1j, 3.0], jnp.complex64)
UNIT = jnp.linspace(0.1, 0.9, 7)
ACCURATE = (
    *("cbrt", "cos", "exp", "exp2", "expm1", "log", "log1p"),
    *("logistic", "rsqrt", "sin", "sqrt", "tan", "tanh"),
)


@pytest.mark.parametrize(
    "accuracy",
    [
        lax.AccuracyMode.HIGHEST,
        lax.AccuracyMode.DEFAULT,
        lax.Tolerance(atol=1e-3),
        lax.Tolerance(rtol=1e-5, ulps=3),
    ],
    ids=["highest", "default", "atol", "rtol and ulps"],
)
def test_functions_of_an_accuracy(accuracy: Any) -> None:
    assert_imported_exactly(
        lambda x: [getattr(lax, name)(x, accuracy=accuracy) for name in ACCURATE], UNIT
    )


DETAILS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "complex order": (lambda a, b: (lax.max(a, b), lax.min(a, b)), [Z, Z[::-1].conj()]),
    "complex bounds": (lambda z: lax.clamp(z[0], z, z[4]), [Z]),
    "integer powers": (lambda x: [lax.integer_pow(x, y) for y in (-3, -1, 0, 2, 3, 7)], [UNIT]),
    "powers": (lambda x, n: (lax.pow(x, n), lax.pow(x, x)), [UNIT, jnp.arange(7)]),
    "functions of complex numbers": (
        lambda z: [getattr(lax, n)(z) for n in ("cos", "tan", "asin", "atanh", "expm1", "log1p")],
        [Z],
    ),
    "parts of complex numbers": (lambda z: (lax.real(z), lax.imag(z), lax.abs(z), z.conj()), [Z]),
    "powers of complex numbers": (lambda z: (lax.pow(z, z), lax.integer_pow(z, 5)), [Z]),
    "precision": (lambda x: lax.reduce_precision(x, 4, 3), [UNIT]),
    "halves to even": (
        lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
        [jnp.array([0.5, 1.5, 2.5, -0.5])],
    ),
    "scalars and arrays": (lambda x: (x + 1, 2 * x, lax.atan2(x, jnp.float32(2))), [UNIT]),
    "total order": (jnp.sort, [jnp.array([jnp.nan, 1.0, -0.0, 0.0, -jnp.inf])]),
    "bits": (
        lambda x: (
            lax.bitcast_convert_type(x, jnp.int32),
            lax.bitcast_convert_type(x, jnp.uint8),
            lax.bitcast_convert_type(lax.bitcast_convert_type(x, jnp.uint16), jnp.float32),
        ),
        [UNIT],
    ),
    "counts": (
        lambda: [
            lax.broadcasted_iota(dtype, (2, 3), 1)
            for dtype in (jnp.int8, jnp.uint4, jnp.bfloat16, jnp.float32, jnp.complex64)
        ],
        [],
    ),
}


@pytest.mark.parametrize("name", DETAILS)
def test_details(name: str) -> None:
    fn, args = DETAILS[name]
    assert_imported_exactly(fn, *args)
