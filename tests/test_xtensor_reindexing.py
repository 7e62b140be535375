"""Ops that move data: what they compute is what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from xtensor_support import assert_imported_exactly, imported, op_names

RNG = np.random.default_rng(0)
X = jnp.asarray(RNG.normal(size=(4, 6)), jnp.float32)
CUBE = jnp.asarray(RNG.normal(size=(3, 4, 5)), jnp.float32)
INTS = jnp.asarray(RNG.integers(-100, 100, size=(4, 6)), jnp.int32)
BYTES = INTS.astype(jnp.uint8)
COMPLEX = X + 1j * X[::-1]
FLAGS = X > 0
WILD = jnp.array([0, 3, -1, -5, 9, 3, 2], jnp.int32)
"""Indices of rows: in bounds, negative, out of bounds, and one twice."""

MODES = ["clip", "fill", "promise_in_bounds"]

# --- Gather ---------------------------------------------------------------------------------------


def gathered(
    operand: jax.Array,
    indices: jax.Array,
    sizes: tuple[int, ...],
    numbers: lax.GatherDimensionNumbers,
    **options: Any,
) -> list[jax.Array]:
    return [lax.gather(operand, indices, numbers, sizes, mode=mode, **options) for mode in MODES]


ROWS = lax.GatherDimensionNumbers((1,), (0,), (0,))
WINDOWS = lax.GatherDimensionNumbers((1, 2), (), (0, 1))
SWAPPED = lax.GatherDimensionNumbers((0, 2), (), (1, 0))
BATCHED = lax.GatherDimensionNumbers((1,), (1,), (1,), (0,), (0,))
PLACES = jnp.array([[0, 0], [3, 5], [2, 3], [-1, 2], [9, -9], [1, 4]], jnp.int32)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, i: gathered(x, i, (1, 6), ROWS), [X, WILD[:, None]]),
        (lambda x, i: gathered(x, i, (2, 3), WINDOWS), [X, PLACES]),
        (lambda x, i: gathered(x, i, (2, 3), SWAPPED), [X, PLACES]),
        (lambda x, i: gathered(x, i, (0, 3), WINDOWS), [X, PLACES]),
        (lambda x, i: gathered(x, i, (1, 6), ROWS), [X, jnp.zeros((0, 1), jnp.int32)]),
        (lambda x, i: gathered(x, i, (1, 1, 5), BATCHED), [CUBE, PLACES[:3, :1]]),
        (
            lambda x, i: gathered(x, i, (1, 6), lax.GatherDimensionNumbers((0,), (0,), (0,))),
            [X, WILD[4][None]],
        ),
        (
            lambda x, i: gathered(x, i, (4, 6), lax.GatherDimensionNumbers((1, 2), (), ())),
            [X, jnp.zeros((2, 0), jnp.int32)],
        ),
        (
            lambda x, i: gathered(x, i, (1, 6), ROWS, indices_are_sorted=True, unique_indices=True),
            [X, jnp.array([[0], [2], [7]], jnp.int32)],
        ),
    ],
    ids=[
        "rows",
        "windows",
        "swapped",
        "empty slices",
        "no indices",
        "batched",
        "one",
        "no places",
        "promises",
    ],
)
def test_gather_in_all_modes(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


def test_indices_of_all_integer_types() -> None:
    numbers = lax.ScatterDimensionNumbers((1,), (0,), (0,))

    def fn(x: jax.Array, u: jax.Array, *indices: jax.Array) -> list[jax.Array]:
        results = []
        for i in indices:
            results += gathered(x, i, (1, 6), ROWS)
            results += [lax.scatter_add(x, i, u, numbers, mode=mode) for mode in MODES[:2]]
        return results

    indices = [WILD.astype(dtype)[:, None] for dtype in (jnp.int8, jnp.uint8, jnp.uint32)]
    assert_imported_exactly(fn, X, jnp.ones((7, 6)), *indices)


def test_gather_at_wide_indices() -> None:
    with jax.enable_x64(True):
        wide = jnp.asarray([[0], [7], [-(2**40)]], jnp.int64)
        assert_imported_exactly(lambda x, i: gathered(x, i, (1, 6), ROWS), X, wide)
        assert_imported_exactly(lambda x, i: x.at[i[:, 0]].set(x[0], mode="clip"), X, wide)


@pytest.mark.parametrize("fill", [None, 0, -0.0, np.inf, 3, np.float32(0.1), True], ids=str)
def test_gather_fills_with_any_value(fill: Any) -> None:
    def taken(*operands: jax.Array) -> list[jax.Array]:
        *arrays, i = operands
        return [jnp.take(x, i, axis=0, mode="fill", fill_value=fill) for x in arrays]

    operands = [X, INTS, COMPLEX, X.astype(jnp.bfloat16), FLAGS, BYTES]
    if fill is None or fill == 0 or isinstance(fill, int):
        assert_imported_exactly(taken, *operands, WILD)
    else:
        assert_imported_exactly(taken, X, COMPLEX, WILD)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, i: (x[i], x[i, 2], x[i % 4, i % 6], x[:, i % 5], x[i, ::2]), [X, WILD]),
        (lambda x, i: (x[i[:, None], i[None]], x[None, i], x[..., i[:2]]), [X, WILD]),
        (
            lambda x, i: (x.at[i].get(mode="clip"), x.at[i].get(mode="fill", fill_value=7.0)),
            [X, WILD],
        ),
        (lambda x, i: jnp.take_along_axis(x, i % 4, axis=0), [X, INTS]),
        (lambda x, i: (x[i[0]], x[i[2], i[1]], x[-1], x[7]), [X, WILD]),
        (lambda x, i: jax.vmap(lambda row, j: row[j])(x, i[:4]), [X, WILD]),
        (jax.grad(lambda x, i: (x[i] ** 2).sum()), [X, WILD]),
        (lambda x: (x[:0][jnp.zeros(0, int)], x[:, :0][jnp.array([1, 2])]), [X]),
        (lambda x: x[np.eye(4, 6, dtype=bool)], [X]),
    ],
)
def test_indexing_expressions(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


# --- Scatter --------------------------------------------------------------------------------------

SCATTERS = [
    lax.scatter,
    lax.scatter_add,
    lax.scatter_sub,
    lax.scatter_mul,
    lax.scatter_min,
    lax.scatter_max,
]
SOME = SCATTERS[:2]
ORDERED = [lax.scatter, lax.scatter_min, lax.scatter_max]
INTO_ROWS = lax.ScatterDimensionNumbers((1,), (0,), (0,))
INTO_WINDOWS = lax.ScatterDimensionNumbers((1, 2), (), (0, 1))
INTO_BATCHES = lax.ScatterDimensionNumbers((1,), (1,), (1,), (0,), (0,))


def scattered(
    operand: jax.Array,
    indices: jax.Array,
    updates: jax.Array,
    numbers: lax.ScatterDimensionNumbers,
    scatters: list[Callable[..., jax.Array]] = SCATTERS,
    modes: tuple[str, ...] = ("clip", "drop", "promise_in_bounds"),
    **options: Any,
) -> list[jax.Array]:
    return [
        scatter(operand, indices, updates, numbers, mode=mode, **options)
        for scatter in scatters
        for mode in modes
    ]


def updates_of(shape: tuple[int, ...], dtype: Any = jnp.float32) -> jax.Array:
    return jnp.asarray(RNG.normal(size=shape) * 9).astype(dtype)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, i, u: scattered(x, i, u, INTO_ROWS), [X, WILD[:, None], updates_of((7, 6))]),
        (
            lambda x, i, u: scattered(x, i, u, INTO_WINDOWS, SOME),
            [X, PLACES, updates_of((6, 2, 3))],
        ),
        (
            lambda x, i, u: scattered(x, i, u, INTO_WINDOWS, SOME),
            [X, PLACES, updates_of((6, 0, 3))],
        ),
        (
            lambda x, i, u: scattered(x, i, u, INTO_ROWS, SOME),
            [X, jnp.zeros((0, 1), jnp.int32), updates_of((0, 6))],
        ),
        (
            lambda x, i, u: scattered(x, i, u, INTO_BATCHES, SOME),
            [CUBE, PLACES[:3, :1], updates_of((3, 5))],
        ),
        (
            lambda x, i, u: scattered(
                x, i, u, INTO_ROWS, SOME, indices_are_sorted=True, unique_indices=True
            ),
            [X, jnp.array([[0], [2], [7]], jnp.int32), updates_of((3, 6))],
        ),
    ],
    ids=["rows", "windows", "empty windows", "no indices", "batched", "promises"],
)
def test_scatter_in_all_modes(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


def test_scatter_of_all_types() -> None:
    def fn(i: jax.Array, *arrays: jax.Array) -> list[list[jax.Array]]:
        operands = zip(arrays[::2], arrays[1::2], strict=True)
        return [
            scattered(x, i, u, INTO_ROWS, SCATTERS if x.dtype != bool else ORDERED, ("drop",))
            for x, u in operands
        ]

    operands = [INTS, BYTES, COMPLEX, X.astype(jnp.bfloat16), X.astype(jnp.float8_e5m2), FLAGS]
    arrays = [a for x in operands for a in (x, updates_of((7, 6), x.dtype))]
    assert_imported_exactly(fn, WILD[:, None], *arrays)


TABLE = np.arange(3, dtype=np.float32)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, i: x.at[i].apply(jnp.sin), [X, WILD]),
        (
            lambda x, i: x.at[i, 1].apply(lambda v: jnp.where(v > 0, v * 2, jax.nn.silu(v))),
            [X, WILD],
        ),
        (lambda x, i: x.at[i].apply(lambda v: v + TABLE[1]), [X, WILD]),
        (lambda x, i: (x.at[i].set(1.0), x.at[i, ::2].add(x[0, ::2]), x.at[::2].mul(3)), [X, WILD]),
        (lambda x, i: (x.at[i].divide(2), x.at[i].power(2), x.at[1, 2].set(0)), [X, WILD]),
        (
            lambda x, i: x.at[i].add(1.0, mode="promise_in_bounds", unique_indices=True),
            [X, WILD[:3]],
        ),
        (lambda x, i: jax.ops.segment_sum(x, i % 4, 4), [X[:, 0], WILD[:4]]),
        (jax.grad(lambda x, i: (x.at[i].multiply(2.0) ** 2).sum()), [X, WILD[:2]]),
        (jax.grad(lambda x, i: (x.at[i].max(0.5) ** 2).sum()), [X, WILD[:2]]),
        (jax.vmap(lambda row, i: row.at[i].add(1.0)), [X, WILD[:4]]),
        (lambda i: jnp.bincount(i % 4, length=5), [WILD]),
        (lambda x: jnp.diag(x[0]).at[jnp.diag_indices(6)].set(2.0), [X]),
    ],
)
def test_updates_at_indices(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


def test_each_scatter_has_an_op() -> None:
    module = imported(
        lambda x, i, u: scattered(x, i, u, INTO_ROWS), X, WILD[:, None], updates_of((7, 6))
    )
    names = {name for name in op_names(module) if "scatter" in name}
    kinds = ["scatter", *(f"scatter_{kind}" for kind in ("add", "sub", "mul", "min", "max"))]
    assert names == {f"xtensor.{kind}" for kind in kinds}
    applied = op_names(imported(lambda x, i: x.at[i].apply(jnp.sin), X, WILD))
    assert applied.index("xtensor.scatter_apply") < applied.index("xtensor.sin")


# --- Slices at computed places --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, n: lax.dynamic_slice(x, (n, n + 1), (2, 3)), [X, jnp.int32(2)]),
        (lambda x, n: lax.dynamic_slice(x, (n, -n), (2, 3)), [X, jnp.int32(-7)]),
        (lambda x, n: lax.dynamic_slice(x, (n, n), (0, 6)), [X, jnp.uint8(250)]),
        (
            lambda x, n: lax.dynamic_slice(x, (n, n), (2, 2), allow_negative_indices=False),
            [X, jnp.int8(3)],
        ),
        (lambda x: lax.dynamic_slice(x[0, 0], (), ()), [X]),
        (lambda x, n: lax.dynamic_update_slice(x, x[:2, :3], (n, n)), [X, jnp.int32(3)]),
        (lambda x, n: lax.dynamic_update_slice(x, x[:0], (n, 0)), [X, jnp.int32(3)]),
        (lambda x, n: lax.dynamic_index_in_dim(x, n, 1), [X, jnp.int32(-1)]),
        (lambda x, n: lax.dynamic_update_index_in_dim(x, x[0], n, 0), [X, jnp.int32(9)]),
        (lambda x, n: (lax.dynamic_slice_in_dim(x, n, 2), x[n], x[1, n]), [X, jnp.int32(1)]),
        (lambda x, n: jax.vmap(lambda r, k: lax.dynamic_slice(r, (k,), (2,)))(x, n), [X, WILD[:4]]),
        (
            lambda x, n: jax.vmap(lambda r, k: lax.dynamic_update_slice(r, r[:2], (k,)))(x, n),
            [X, WILD[:4]],
        ),
        (lambda x, n: jnp.roll(x, n, 1), [X, jnp.int32(2)]),
    ],
)
def test_dynamic_slices(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


# --- Ops whose places are known -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x: lax.reshape(x, (3, 8), dimensions=(1, 0)), [X]),
        (
            lambda x: (
                lax.reshape(x, (24,), (0, 1)),
                lax.reshape(x[0, 0], ()),
                x[:0].reshape(0, 7),
            ),
            [X],
        ),
        (lambda x: (lax.split(x, (1, 0, 3), axis=0), lax.split(x, (6,), axis=1)), [X]),
        (lambda x: (jnp.tile(x, (2, 3)), jnp.tile(x, (0, 2)), jnp.tile(x[0], (2, 1, 2))), [X]),
        (lambda x: (lax.expand_dims(x, (0, 2)), lax.squeeze(x[:1, None], (0, 1))), [X]),
        (lambda x: (lax.rev(x, (0, 1)), lax.rev(x, ()), x[::-1, ::-2]), [X]),
        (
            lambda x: [
                lax.pad(x, 2.0, config)
                for config in (
                    [(-1, -2, 0), (1, 2, 3)],
                    [(0, 0, 0), (-3, -3, 0)],
                    [(-2, 5, 2), (-1, -1, 1)],
                    [(1, -1, 0), (-7, 8, 1)],
                )
            ],
            [X],
        ),
        (lambda x: lax.pad(x[:0], 2.0, [(1, 2, 3), (0, 0, 0)]), [X]),
        (
            lambda x: (
                jnp.stack([x] * 17, 2),
                lax.concatenate([x] * 33, 1),
                lax.concatenate([x], 0),
            ),
            [X],
        ),
        (lambda x: (jnp.unstack(x, axis=1), jnp.split(x, 3, 1), jnp.array_split(x[0], 4)), [X]),
        (lambda x: (lax.transpose(CUBE, (2, 0, 1)), jnp.moveaxis(CUBE, 0, -1), x.T), [X]),
        (lambda x: (lax.broadcast(x, (2, 1)), lax.broadcast_in_dim(x[:1], (5, 6), (0, 1))), [X]),
        (lambda x: (jnp.copy(x), jnp.repeat(x, 3, 1), jnp.flip(x), jnp.rot90(x)), [X]),
        (lambda f: (f[::2], jnp.tile(f, 2), jnp.concatenate([f, f]), f.T), [FLAGS]),
        (lambda c: (c[::2], jnp.tile(c, 2), c[:, ::-1], jnp.pad(c, 1)), [COMPLEX]),
    ],
)
def test_static_reindexing(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


@pytest.mark.parametrize("wide", [jnp.float32, jnp.int32, jnp.uint16, jnp.bfloat16])
def test_bits_are_read_as_other_types(wide: Any) -> None:
    def fn(x: jax.Array) -> list[jax.Array]:
        narrow = lax.bitcast_convert_type(x, jnp.uint8)
        return [narrow, lax.bitcast_convert_type(narrow, wide)]

    assert_imported_exactly(fn, X.astype(wide))
    small = lax.bitcast_convert_type(X.astype(jnp.int8), jnp.int4)
    assert_imported_exactly(lambda x: lax.bitcast_convert_type(x, jnp.uint4), small)


def test_a_reshape_that_jax_refuses_is_left_to_jax() -> None:
    def fn(x: jax.Array) -> jax.Array:
        return lax.reshape(x, (5,))

    with pytest.raises(ValueError, match="reshape") as refused:
        jax.jit(fn)(X)
    with pytest.raises(type(refused.value), match="reshape"):
        imported(fn, X)
