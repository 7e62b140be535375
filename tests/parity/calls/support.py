"""Calls written by hand: lambdas whose parameters are named after arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.parity.case import Case

Calls = dict[str, list[Callable[..., Any]]]
"""By function, or by what is called in common."""

RNG = np.random.default_rng(11)


def _uniform(*shape: int) -> np.ndarray:
    return RNG.uniform(0.1, 0.9, shape).astype(np.float32)


def _normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def _places(high: int, *shape: int) -> np.ndarray:
    return RNG.integers(0, high, shape).astype(np.int32)


_FACTOR = _normal(3, 3)

ARRAYS: dict[str, Any] = {
    "x": _uniform(2, 3),
    "y": _uniform(2, 3),
    "z": _uniform(2, 3),
    "u": _uniform(4),
    "v": _uniform(4),
    "p": np.float32(0.4),
    "q": np.float32(1.7),
    "signal": _normal(32),
    "grid": np.array([0.0, 1.0, 2.5, 4.0], np.float32),
    "simplex": np.array([0.2, 0.3, 0.5], np.float32),
    "cube": _normal(2, 3, 4),
    "square": _normal(3, 3) + 2 * np.eye(3, dtype=np.float32),
    "spd": _FACTOR @ _FACTOR.T + np.eye(3, dtype=np.float32),
    "rhs": _normal(3),
    "tall": _normal(5, 3),
    "n": _places(5, 2, 3),
    "counts": _places(6, 4),
    "distinct": np.array([4, 1, 3, 2], np.int32),
    "i": np.array([2, 0, 1], np.int32),
    "k": np.int32(2),
    "bits": np.array([1, 2**31, 77, 5], np.uint32),
    "m": np.array([[True, False, True], [False, True, True]]),
    "flag": np.bool_(True),
    "c": (_normal(2, 3) + 1j * _normal(2, 3)).astype(np.complex64),
    "half": _uniform(2, 3).astype(np.float16),
    "brain": jnp.asarray(_uniform(2, 3), jnp.bfloat16),
    "small": _places(7, 2, 3).astype(np.int8),
    "image": _normal(2, 6, 6, 3),
    "filters": _normal(3, 3, 3, 4),
    "tokens": _normal(2, 5, 2, 4),
    "key": jax.random.key(3),
    "words": jax.random.PRNGKey(4),
    "keys": jax.random.split(jax.random.key(5), 3),
    "rbg": jax.random.key(6, impl="rbg"),
}


def written(module: str, calls: Calls, *, per_function: int) -> Iterator[Case]:
    """The cases of a module, up to so many for each function."""
    for name, functions in calls.items():
        for i, function in enumerate(functions[:per_function]):
            arrays = tuple(ARRAYS[parameter] for parameter in signature(function).parameters)
            yield Case(f"{module}: {name}[{i}]", function, arrays)
