"""Reductions, over axes, windows and up to each element: what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from xtensor_support import assert_imported_exactly, imported, op_names

from xcs.frontend.jaxpr_import import primitive_fallback_count

RNG = np.random.default_rng(0)
X = jnp.asarray(RNG.normal(size=(4, 6)), jnp.float32)
IMAGES = jnp.asarray(RNG.normal(size=(2, 6, 7, 3)), jnp.float32)
INTS = jnp.asarray(RNG.integers(-9, 9, size=(4, 6)), jnp.int32)
COMPLEX = jnp.round(X) + 1j * X[::-1]
SPECIAL = jnp.array([[0.0, -0.0, jnp.inf], [-jnp.inf, jnp.nan, 1.0], [jnp.nan, 2.0, 2.0]])

WHOLE = [jnp.int4, jnp.int8, jnp.int32, jnp.uint4, jnp.uint8, jnp.uint32]
NARROW = [
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
]
NUMBERS = [*WHOLE, *NARROW, jnp.float32]


def of(dtype: Any) -> jax.Array:
    return jnp.asarray(RNG.normal(size=(3, 4)) * 2).astype(dtype)


# --- Over axes ------------------------------------------------------------------------------------


def reduced(names: list[str], axes: tuple[tuple[int, ...], ...]) -> Callable[..., list[jax.Array]]:
    return lambda *xs: [getattr(lax, name)(x, ax) for x in xs for name in names for ax in axes]


EVERY = ["reduce_sum", "reduce_prod", "reduce_max", "reduce_min"]
BITWISE = ["reduce_and", "reduce_or", "reduce_xor"]


@pytest.mark.parametrize(
    ("names", "operands"),
    [
        (EVERY, [of(dtype) for dtype in WHOLE]),
        (["reduce_sum", "reduce_max"], [of(dtype) for dtype in NARROW]),
        (["reduce_prod", "reduce_min"], [of(jnp.float8_e4m3fn), of(jnp.bfloat16)]),
        (EVERY, [SPECIAL, COMPLEX]),
        (BITWISE, [of(dtype) for dtype in WHOLE[1:3] + WHOLE[4:]] + [X > 0]),
        (["reduce_max", "reduce_min"], [X > 0]),
    ],
)
def test_reductions_of_all_types(names: list[str], operands: list[jax.Array]) -> None:
    assert_imported_exactly(reduced(names, ((0,),)), *operands)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (reduced(EVERY, ((), (0,), (1,), (0, 1), (1, 0))), [X]),
        (reduced(EVERY, ((0,), (1,), (0, 1))), [X[:0]]),
        (reduced(BITWISE, ((0,), (1,))), [INTS[:, :0]]),
        (
            lambda x, b: (x.mean(), x.std(0), jnp.median(x), b.all(), b.any(0), jnp.ptp(x)),
            [X, X > 0],
        ),
        (lambda c: (c.max(), c.min(0), jnp.sort(c, 0), c.sum(), c.prod(1)), [COMPLEX]),
        (jax.grad(lambda x: x.max(0).sum() * x.prod()), [X]),
        (lambda x: (jnp.nansum(x), jnp.nanmax(x, 0), jnp.nanargmin(x[:, 2])), [SPECIAL]),
    ],
)
def test_reductions(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


@pytest.mark.parametrize("index", [jnp.int8, jnp.uint32])
def test_indices_of_extremes_of_all_types(index: Any) -> None:
    def fn(*xs: jax.Array) -> list[jax.Array]:
        return [arg(x, 1, index) for x in xs for arg in (lax.argmax, lax.argmin)]

    operands = [of(dtype) for dtype in (jnp.int8, jnp.uint32, jnp.bfloat16, jnp.float8_e5m2)]
    assert_imported_exactly(fn, SPECIAL, X > 0, *operands)


# --- By a function --------------------------------------------------------------------------------


def first_greatest(a: Any, b: Any) -> Any:
    """Of two (value, place) pairs, the greater one, or the first."""
    keep = (a[0] > b[0]) | ((a[0] == b[0]) & (a[1] < b[1]))
    return tuple(jnp.where(keep, x, y) for x, y in zip(a, b, strict=True))


FACTOR = np.float32(0.5)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x: lax.reduce(x, 0.0, lambda a, b: a + jnp.sin(b), (0,)), [X]),
        (lambda x: lax.reduce(x, 1.5, lax.add, (1,)), [X]),
        (lambda x: lax.reduce(x, x[0, 0], lax.max, (0, 1)), [X]),
        (lambda x, i: lax.reduce((x, i), (-jnp.inf, 99), first_greatest, (1,)), [X, INTS]),
        (
            lambda x: lax.reduce((x, x), (0.0, 1.0), lambda a, b: (a[0] + b[0], a[1] * b[1]), ()),
            [X],
        ),
        (lambda x: lax.reduce(x[:0], 2.0, lambda a, b: a * b + 1, (0,)), [X]),
        (lambda x: lax.reduce(x, 0.0, lambda a, b: a + b * FACTOR, (0,)), [X]),
        (lambda x: lax.reduce(x, -jnp.inf, jnp.logaddexp, (1,)), [X]),
        (lambda b: lax.reduce(b, False, lambda p, q: p ^ q, (0,)), [X > 0]),
        (lambda c: lax.reduce(c, 1j, lambda a, b: jnp.maximum(a, b), (0,)), [COMPLEX]),
        (jax.vmap(lambda x: lax.reduce(x, 0.0, lambda a, b: a + 2 * b, (0,))), [X]),
        (lambda x: lax.reduce_window(x, 0.0, lambda a, b: a + 2 * b, (2, 3), (1, 2), "SAME"), [X]),
        (
            lambda x, i: lax.reduce_window(
                (x, i), (-jnp.inf, 99), first_greatest, (2, 2), (2, 2), ((1, 0), (0, 1))
            ),
            [X, INTS],
        ),
        (
            lambda x: lax.reduce_window(x, 1.0, lax.mul, (2, 2), (1, 1), "VALID", (2, 1), (1, 3)),
            [X],
        ),
    ],
)
def test_reductions_by_a_function(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


# --- Over windows ---------------------------------------------------------------------------------

WINDOWS: list[dict[str, Any]] = [
    {"window_dimensions": (1, 2, 2, 1), "window_strides": (1, 2, 2, 1), "padding": "VALID"},
    {"window_dimensions": (1, 3, 2, 1), "window_strides": (1, 1, 2, 1), "padding": "SAME"},
    {
        "window_dimensions": (2, 2, 1, 3),
        "window_strides": (1, 2, 1, 1),
        "padding": ((0, 1), (2, 1), (0, 0), (1, 0)),
    },
]
SPACED: dict[str, Any] = {
    "window_dimensions": (1, 3, 2, 1),
    "window_strides": (1, 1, 3, 1),
    "padding": ((0, 0), (-1, 2), (1, -1), (0, 0)),
    "base_dilation": (1, 2, 1, 1),
    "window_dilation": (1, 1, 3, 2),
}


def pooled(init: Any, combine: Any, **window: Any) -> Callable[[jax.Array], jax.Array]:
    return lambda x: lax.reduce_window(x, init, combine, **window)


@pytest.mark.parametrize("window", [*WINDOWS, SPACED])
def test_pooling_and_its_derivatives(window: dict[str, Any]) -> None:
    greatest = pooled(-jnp.inf, lax.max, **window)
    least = pooled(jnp.inf, lax.min, **window)
    total = pooled(0.0, lax.add, **window)

    def fn(x: jax.Array) -> list[Any]:
        results = [pool(x) for pool in (greatest, least, total)]
        results += [jax.jvp(pool, (x,), (x * x,)) for pool in (greatest, least, total)]
        results.append(jax.grad(lambda y: (total(y) ** 2).sum())(x))
        if window is not SPACED:  # which JAX does not transpose
            results += [jax.grad(lambda y, p=p: (p(y) ** 2).sum())(x) for p in (greatest, least)]
        return results

    assert_imported_exactly(fn, IMAGES)


@pytest.mark.parametrize("dtype", [jnp.uint8, jnp.bfloat16, jnp.float8_e4m3fn])
def test_pooling_of_other_types(dtype: Any) -> None:
    window = WINDOWS[0]

    def fn(x: jax.Array) -> list[jax.Array]:
        least, greatest = (x.min(), x.max())
        info = jnp.iinfo if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo
        bounds = (info(dtype).min, info(dtype).max)
        return [
            pooled(np.array(bounds[0], dtype), lax.max, **window)(x),
            pooled(np.array(bounds[1], dtype), lax.min, **window)(x),
            pooled(np.array(0, dtype), lax.add, **window)(x),
            pooled(least, lax.max, **window)(x),
            pooled(greatest, lax.min, **window)(x),
        ]

    assert_imported_exactly(fn, (IMAGES * 5).astype(dtype))


def test_pooling_of_complex_numbers_and_booleans() -> None:
    window = WINDOWS[1]

    def fn(c: jax.Array, b: jax.Array) -> list[jax.Array]:
        return [
            pooled(0j, lax.add, **window)(c),
            pooled(np.complex64(-jnp.inf), lax.max, **window)(c),
            pooled(False, lax.max, **window)(b),
            pooled(True, lax.min, **window)(b),
            pooled(False, lax.bitwise_or, **window)(b),
        ]

    assert_imported_exactly(fn, IMAGES + 1j * IMAGES[::-1], IMAGES > 0)


def test_second_derivatives_of_pooling() -> None:
    pool = pooled(-jnp.inf, lax.max, **WINDOWS[0])
    gradient = jax.grad(lambda x: (pool(x) ** 3).sum())

    def fn(x: jax.Array) -> list[Any]:
        return [
            jax.jvp(gradient, (x,), (jnp.ones_like(x),)),
            jax.grad(lambda y: (gradient(y) ** 2).sum())(x),
            jax.vmap(jax.grad(lambda row: pool(row[None]).sum()))(x),
        ]

    assert_imported_exactly(fn, IMAGES)


def test_elements_are_selected_and_scattered_by_functions() -> None:
    # Private: no public function makes the primitive.
    from jax._src.lax.windowed_reductions import _select_and_scatter

    def fn(x: jax.Array, y: jax.Array) -> jax.Array:
        return _select_and_scatter(
            x,
            lambda a, b: jnp.abs(a) >= jnp.abs(b),
            (2, 3),
            (2, 3),
            ((0, 0), (0, 0)),
            y,
            jnp.float32(1),
            lambda a, b: a + 2 * b,
        )

    assert_imported_exactly(fn, X, X[:2, :2])
    assert "xtensor.select_and_scatter" in op_names(imported(fn, X, X[:2, :2]))


def test_windows_that_say_nothing_are_not_written() -> None:
    module = imported(pooled(0.0, lax.add, **WINDOWS[0]), IMAGES)
    assert "xtensor.reduce_window_sum %0 window [1, 2, 2, 1] strides [1, 2, 2, 1] :" in str(module)


# --- Up to each element ---------------------------------------------------------------------------

CUMULATIVE = ["cumsum", "cumprod", "cummax", "cummin"]


def folded(names: list[str], reverse: tuple[bool, ...] = (False,)) -> Callable[..., list[Any]]:
    return lambda *xs: [
        getattr(lax, name)(x, axis, way)
        for x in xs
        for name in names
        for axis in range(x.ndim)
        for way in reverse
    ]


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (folded([*CUMULATIVE, "cumlogsumexp"]), [X]),
        (folded([*CUMULATIVE, "cumlogsumexp"], (False, True)), [X[0]]),
        (folded([*CUMULATIVE, "cumlogsumexp"], (False, True)), [X[:0], X[0, :1]]),
        (folded([*CUMULATIVE, "cumlogsumexp"], (True,)), [COMPLEX[0], SPECIAL]),
        (folded(CUMULATIVE), [of(dtype)[0] for dtype in (jnp.int4, jnp.int32, jnp.uint8)]),
        (folded([*CUMULATIVE, "cumlogsumexp"]), [of(jnp.bfloat16)[0], of(jnp.float8_e5m2)[0]]),
        (folded(["cumsum", "cummax"]), [of(jnp.float8_e8m0fnu)[0], of(jnp.float8_e4m3fn)[0]]),
        (lambda x: (jnp.cumsum(x), jnp.cumprod(x, 0), jnp.nancumsum(x)), [X]),
        (lambda x: jax.vmap(lambda r: lax.cummax(r, reverse=True))(x), [X]),
        (jax.grad(lambda x: (lax.cumsum(x) * lax.cumlogsumexp(x, 1)).sum()), [X]),
        (jax.grad(lambda x: (lax.cumprod(x) + lax.cummax(x, 1)).sum()), [X]),
        (lambda x: lax.cumsum(jnp.tile(x[0], 100)), [X]),
    ],
)
def test_cumulative_reductions(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


def test_a_sum_of_exponentials_that_jax_refuses_is_left_to_jax() -> None:
    with pytest.raises(OverflowError):
        primitive_fallback_count(imported(lax.cumlogsumexp, INTS))
