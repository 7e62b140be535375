"""Whether calls do under `xcs.jit` what they do under `jax.jit`: programs and results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import xcs
from tests.parity.numbering import Numbering


@dataclass(frozen=True)
class Case:
    """One call: of a function, with arrays. What is static is part of the function.

    Results may differ by `tolerance`, relative to the largest of them; by default they may not.
    """

    name: str
    function: Callable[..., Any]
    arrays: tuple[Any, ...]
    tolerance: float = 0.0


Together = Callable[[Sequence[Any]], list[Any]]
"""Many calls as one function: it takes the arrays of each case, and gives the result of each."""

Way = Callable[[Sequence[Case]], Together]
"""How cases become one function."""


def plainly(cases: Sequence[Case]) -> Together:
    """All calls as they stand."""
    functions = tuple(case.function for case in cases)

    def call(arrays: Sequence[Any]) -> list[Any]:
        return [function(*arrays[i]) for i, function in enumerate(functions)]

    return call


def assert_same_programs(cases: Sequence[Case], ours: Way, theirs: Way = plainly) -> Together:
    """Require the same StableHLO up to order and sharing; where it is not, the same results.

    Returns:
        Our function of all cases, which has been traced and lowered.
    """
    arrays = _arrays(cases)
    functions = ours(cases), theirs(cases)
    lowered = [jax.jit(function).lower(arrays) for function in functions]
    for case, one, other in zip(cases, *(each.out_info for each in lowered), strict=True):
        assert one == other, case.name
    numbering = Numbering()
    numbers = [_by_case(numbering.results(each), each.out_info) for each in lowered]
    different = [case for case, one, other in zip(cases, *numbers, strict=True) if one != other]
    if different:
        assert_same_results(different, ours, theirs)
    return functions[0]


def _by_case(numbers: Sequence[int], results: Sequence[Any]) -> list[list[int]]:
    remaining = iter(numbers)
    return [[next(remaining) for _ in jax.tree.leaves(result)] for result in results]


def assert_same_results(cases: Sequence[Case], ours: Way, theirs: Way = plainly) -> None:
    """Require the same results from running both."""
    arrays = _arrays(cases)
    actual = jax.jit(ours(cases))(arrays)
    expected = jax.jit(theirs(cases))(arrays)
    for case, one, other in zip(cases, actual, expected, strict=True):
        _assert_same(case, one, other)


def _arrays(cases: Sequence[Case]) -> list[Any]:
    # NumPy arrays are no data of array code alone, as they may be changed in place.
    return jax.tree.map(jnp.asarray, [case.arrays for case in cases])


def _assert_same(case: Case, actual: Any, expected: Any) -> None:
    """Require the same structure, types, weak types and values."""
    assert jax.tree.structure(actual) == jax.tree.structure(expected), case.name
    for one, other in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert jax.typeof(one) == jax.typeof(other), case.name
        one, other = _data(one), _data(other)
        if case.tolerance == 0 or one.dtype.kind in "biu":
            np.testing.assert_array_equal(one, other, err_msg=case.name)
        else:
            scale = np.max(np.abs(other[np.isfinite(other)]), initial=0)
            np.testing.assert_allclose(
                one, other, rtol=case.tolerance, atol=case.tolerance * scale, err_msg=case.name
            )


def _data(array: Any) -> np.ndarray:
    """An array's elements; random keys are their words."""
    is_key = jnp.issubdtype(array.dtype, jax.dtypes.prng_key)
    data = np.asarray(jax.random.key_data(array) if is_key else array)
    # NumPy does not know which elements of JAX's own formats are NaN. All of them fit in float32.
    return data.astype(np.float32) if data.dtype.kind == "V" else data


def assert_one_kernel(jitted: Any, without_an_op: frozenset[str] = frozenset()) -> None:
    """Require that the function was array code alone, and is made of ops of the tensor dialect."""
    stats = xcs.get_jit_stats(jitted)
    assert stats["fallback_reason"] is None
    assert stats["execution_strategy"] == "fused"
    assert set(stats["primitives_without_op"]) <= without_an_op
