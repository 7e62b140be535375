"""Whole programs of array code, as people write them, for a comparison with `jax.jit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Program(NamedTuple):
    """A function, the arguments of one call, and options for `jit`."""

    function: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    options: dict[str, Any]


PROGRAMS: dict[str, Program] = {}


def program(arguments: Callable[[], tuple[Any, ...]], **options: Any) -> Callable[[Any], Any]:
    """Enter a function into the table; `arguments` makes those of one call."""

    def enter(function: Any) -> Any:
        PROGRAMS[function.__name__] = Program(function, arguments, options)
        return function

    return enter


def normal(seed: int, *shape: int, dtype: Any = jnp.float32) -> jax.Array:
    """Numbers of a normal distribution."""
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


from tests.array_programs import idioms, inference, models, numerics  # noqa: E402, F401
