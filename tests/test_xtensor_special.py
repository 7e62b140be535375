"""Elementwise primitives in the tensor dialect, of all dtypes: what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
COUNTS = jnp.arange(6)

# --- Functions that JAX defines in Python ---------------------------------------------------------

FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "bessel_i0e": lambda a, x: lax.bessel_i0e(x),
    "igamma": lax.igamma,
    "igammac": lax.igammac,
    "igamma_grad_a": lax.igamma_grad_a,
    "regularized_incomplete_beta": lambda a, x: lax.betainc(a, a + 1, x / 30),
}


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_definitions(name: str, dtype: Any) -> None:
    args = A.astype(dtype), X.astype(dtype)
    assert_imported_exactly(FUNCTIONS[name], *args)
    assert f"xtensor.{name}" in op_names(imported(FUNCTIONS[name], *args))


def test_definitions_of_scalars_and_arrays() -> None:
    assert_imported_exactly(lambda x: lax.igamma(jnp.float32(1.5), x), X)


def test_definitions_in_64_bits() -> None:
    with jax.enable_x64(True):
        a, x = jnp.asarray(A, jnp.float64), jnp.asarray(X, jnp.float64)
        assert_imported_exactly(lambda a, x: (lax.igamma(a, x), lax.bessel_i0e(x)), a, x)


SPECIAL: dict[str, Callable[[Any, Any], Any]] = {
    "bessel": lambda a, x: (special.i0(x), special.i1(x), special.i1e(x)),
    "betaln": special.betaln,
    "derivatives of igamma": lambda a, x: jax.grad(
        lambda a, x: special.gammainc(a, x).sum(), (0, 1)
    )(a, x),
    "entropies": lambda a, x: (special.entr(a), special.rel_entr(a, x), special.kl_div(a, x)),
    "erf_inv": lambda a, x: (special.erfinv(x / 20), special.ndtri(x / 20)),
    "exponential integrals": lambda a, x: (special.exp1(x), special.expi(x)),
    "fresnel": lambda a, x: special.fresnel(x),
    "gamma": lambda a, x: (special.gamma(a), special.gammaln(a), special.digamma(a)),
    "gamma samples": lax.random_gamma_grad,
    "hyp1f1": lambda a, x: special.hyp1f1(a, 2.0, x / 9),
    "polygamma": lambda a, x: special.polygamma(COUNTS, x),
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
WIDE = [jnp.int64, jnp.uint64, jnp.float64, jnp.complex128]

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
    "complex": f"eq ne max min {ARITHMETIC} {INEXACT} abs real imag conj",
}
UNSUPPORTED = frozenset({"mulhi", "nextafter", "population_count", "clz", "abs", "cbrt", "floor"})
"""What the compiler does not have for some narrow types."""


def of(dtype: Any, seed: int) -> jax.Array:
    random = np.random.default_rng(seed)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return jnp.asarray(random.normal(size=5) + 1j * random.normal(size=5)).astype(dtype)
    if jnp.issubdtype(dtype, jnp.floating):
        return jnp.asarray(random.normal(size=5) * 2).astype(dtype)
    low, high = (0, 2) if jnp.dtype(dtype) == jnp.bool_ else (1, 2)
    return jnp.asarray(random.integers(low, high, size=5)).astype(dtype)


def family(dtype: Any) -> str:
    name = jnp.dtype(dtype).name
    return "float" if "float" in name else name.rstrip("0123456789")


def compiles(fn: Callable[..., Any], args: list[jax.Array]) -> bool:
    try:
        jax.jit(fn).lower(*args).compile()
    except Exception:
        return False
    return True


def check_arithmetic(dtype: Any) -> None:
    """All primitives at once: one program is compiled faster than many."""
    args = [of(dtype, 0), of(dtype, 1)]
    binary = {"atan2", "nextafter", "rem", "mulhi", *SHIFTS.split(), *ORDERED.split()}
    binary |= {"add", "sub", "mul", "div", "bitwise_and", "bitwise_or", "bitwise_xor"}
    names = NAMES[family(dtype)].split()

    def all_of(names: list[str]) -> Callable[..., Any]:
        return lambda x, y: [
            getattr(lax, name)(x, y) if name in binary else getattr(lax, name)(x) for name in names
        ]

    if not compiles(all_of(names), args):
        names = [name for name in names if compiles(all_of([name]), args)]
    assert names
    assert_imported_exactly(all_of(names), *args)


@pytest.mark.parametrize(
    "dtype", [d for d in DTYPES if jnp.dtype(d).itemsize > 1 or jnp.dtype(d) == jnp.bool_], ids=str
)
def test_arithmetic_of_every_dtype(dtype: Any) -> None:
    check_arithmetic(dtype)
