"""Forms of calls: arrays of many shapes and dtypes, and what is static, in groups of one kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Form(NamedTuple):
    """Arrays, and the arguments that follow them and are static."""

    arrays: tuple[Any, ...]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}


def _float(*shape: int, dtype: Any = np.float32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape).astype(dtype)


def _int(*shape: int, dtype: Any = np.int32) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 3, shape).astype(dtype)


def _complex(*shape: int) -> np.ndarray:
    return (_float(*shape) + 1j * _float(*shape, seed=2)).astype(np.complex64)


def _square(dtype: Any = np.float32) -> np.ndarray:
    """A positive definite matrix."""
    factor = np.random.default_rng(3).normal(size=(3, 3)).astype(dtype)
    return (factor @ factor.T + 3 * np.eye(3)).astype(dtype)


def _two(dtype: Any) -> tuple[Any, Any]:
    if jnp.issubdtype(dtype, jnp.integer):
        return _int(2, 3, dtype=dtype), _int(2, 3, dtype=dtype) + np.ones((), dtype)
    return _float(2, 3, dtype=dtype), _float(2, 3, dtype=dtype, seed=5)


MATRIX, VECTOR, CUBE, COUNTS = _float(2, 3), _float(4), _float(2, 3, 4), _int(2, 3)
OTHER, BOOLS = _float(2, 3, seed=5), COUNTS.astype(bool)

ONE_ARRAY: dict[str, Any] = {
    "f32": MATRIX,
    "vector": VECTOR,
    "square": _square(),
    "i32": COUNTS,
    "bool": BOOLS,
    "c64": _complex(2, 3),
    "bf16": _float(2, 3, dtype=jnp.bfloat16),
    "u8": _int(2, 3, dtype=np.uint8),
    "scalar": np.float32(0.5),
    "empty": _float(0, 3),
    "3d": CUBE,
    "f16": _float(2, 3, dtype=np.float16),
    "c64 square": _square(np.complex64),
}

SEVERAL_ARRAYS: dict[str, tuple[Any, ...]] = {
    "two f32": (MATRIX, OTHER),
    "two i32": (COUNTS, COUNTS + 1),
    "two bool": (BOOLS, ~BOOLS),
    "two vectors": (VECTOR, _float(4, seed=5)),
    "two squares": (_square(), _float(3, 3)),
    "matrix and vector": (_square(), _float(3)),
    "broadcast": (MATRIX, _float(3)),
    "f32 and i32": (MATRIX, COUNTS),
    "vector and indices": (VECTOR, _int(3)),
    "two u32": (_int(3, dtype=np.uint32), _int(3, dtype=np.uint32) + 1),
    "two c64": (_complex(2, 3), _complex(2, 3)),
    "three f32": (MATRIX, OTHER, _float(2, 3, seed=6)),
    "bool and two": (BOOLS, MATRIX, OTHER),
    "four f32": (MATRIX,) * 4,
    "list": ([MATRIX, MATRIX],),
}

LESS_COMMON: dict[str, tuple[Any, ...]] = {
    "f64": (_float(2, 3, dtype=np.float64),),
    "two f64": _two(np.float64),
    "f64 square": (_square(np.float64),),
    "two i64": _two(np.int64),
    "c128": (_complex(2, 3).astype(np.complex128),),
    "c128 square": (_square(np.complex128),),
    "two u64": _two(np.uint64),
    "two bf16": _two(jnp.bfloat16),
    "two f16": _two(np.float16),
    "two i8": _two(np.int8),
    "i16": (_int(2, 3, dtype=np.int16),),
    "two u16": _two(np.uint16),
    "f8": (_float(2, 3, dtype=jnp.float8_e4m3fn),),
    "two f8": _two(jnp.float8_e5m2),
    "i4": (_int(2, 3, dtype=jnp.int4),),
    "float": (0.5,),
    "int": (2,),
    "f32 and float": (MATRIX, 0.75),
    "i32 and float": (COUNTS, 1.5),
    "bf16 and int": (_float(2, 3, dtype=jnp.bfloat16), 2),
    "u8 and int": (_int(2, 3, dtype=np.uint8), 2),
    "scalars": (np.float32(0.5), np.float32(0.75)),
    "two empty": (_float(0, 3), _float(0, 3)),
    "f16 and f32": (_float(2, 3, dtype=np.float16), MATRIX),
}
"""Dtypes, weak types and shapes, of which each function has some."""

STATIC: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "axis 0": ((0,), {}),
    "axis 1": ((1,), {}),
    "last axis": ((), {"axis": -1}),
    "two axes": ((0, 1), {}),
    "axes": (((0, 1),), {}),
    "2": ((2,), {}),
    "dtype": ((np.int32,), {}),
    "shape": (((3, 2),), {}),
    "shape and dtype": (((3, 2), np.float32), {}),
    "keepdims": ((), {"axis": 0, "keepdims": True}),
}


def _with_static() -> Iterator[tuple[str, Form]]:
    arrays = {name: ONE_ARRAY[name] for name in ("f32", "i32", "3d", "vector")}
    for option, name in itertools.product(STATIC, arrays):
        yield f"{name}, {option}", Form((arrays[name],), *STATIC[option])


def _random() -> Iterator[tuple[str, Form]]:
    for kind, key in (("key", jax.random.key(7)), ("words", jax.random.PRNGKey(7))):
        yield kind, Form((key,))
        yield f"{kind}, shape", Form((key,), ((2, 3),))
        yield f"{kind}, 3", Form((key,), (3,))
        yield f"{kind}, f32", Form((key, _float(3)))
        yield f"{kind}, two f32", Form((key, _float(3), _float(3, seed=2)))
        yield f"{kind}, f32, shape", Form((key, _float(3)), ((2, 3),))
        yield f"{kind}, bounds", Form((key, np.int32(1), np.int32(9)), (), {"shape": (2, 3)})
        yield f"{kind}, mean, covariance", Form((key, _float(3), _square()))


GROUPS: list[dict[str, Form]] = [
    {name: Form((array,)) for name, array in ONE_ARRAY.items()},
    {name: Form(arrays) for name, arrays in SEVERAL_ARRAYS.items()},
    dict(_with_static()),
    {name: Form(arrays) for name, arrays in LESS_COMMON.items()},
    dict(_random()),
]
FORMS: dict[str, Form] = {name: form for group in GROUPS for name, form in group.items()}
assert len(FORMS) == sum(map(len, GROUPS))


def needs_x64(arrays: Any) -> bool:
    """Whether a call has arrays of 64 bits."""
    dtypes = (leaf.dtype for leaf in jax.tree.leaves(arrays) if isinstance(leaf, np.ndarray))
    return any(dtype.itemsize == (16 if dtype.kind == "c" else 8) for dtype in dtypes)
