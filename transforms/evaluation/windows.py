"""Windows that slide over an array, with padding and dilation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from xdsl.dialects.builtin import I64, DenseArrayBase

from xcs.dialects.xtensor.window import window_counts
from xcs.transforms.evaluation.arrays import Array


def pad(
    array: Array, value: Any, low: Sequence[int], high: Sequence[int], gaps: Sequence[int]
) -> Array:
    """Put a value before, after and between the elements; take off where padding is negative."""
    for axis, (before, after, gap) in enumerate(zip(low, high, gaps, strict=True)):
        size = array.shape[axis]
        spaced = size + max(size - 1, 0) * gap
        total = before + after + spaced
        sizes = [*array.shape[:axis], total, *array.shape[axis + 1 :]]
        made = np.full(sizes, value, array.dtype)
        where = before + np.arange(size) * (gap + 1)
        kept = np.flatnonzero((where >= 0) & (where < total))
        place = (slice(None),) * axis
        made[(*place, where[kept])] = array[(*place, kept)]
        array = made
    return array


class Windows:
    """The windows of an op; what is not given does nothing.

    Args:
        sizes: the size of a window in each dimension along which it slides.
        skipped: leading dimensions of arrays along which it does not.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        strides: DenseArrayBase[I64] | None,
        low: DenseArrayBase[I64] | None,
        high: DenseArrayBase[I64] | None,
        base_dilation: DenseArrayBase[I64] | None = None,
        window_dilation: DenseArrayBase[I64] | None = None,
        skipped: int = 0,
    ):
        self.sizes = tuple(sizes)
        self._given = {
            "strides": strides,
            "low": low,
            "high": high,
            "base_dilation": base_dilation,
            "window_dilation": window_dilation,
        }
        self._skipped = skipped

    def _numbers(self, name: str, default: int) -> tuple[int, ...]:
        given = self._given[name]
        return (default,) * len(self.sizes) if given is None else tuple(given.get_values())

    def counts(self, shape: Sequence[int]) -> tuple[int, ...]:
        """How many windows there are along each dimension of an array of this shape."""
        return window_counts(shape[self._skipped :], self.sizes, **self._given)

    def of(self, array: Array, value: Any) -> Array:
        """All windows: dimensions that are skipped, then places, then those within a window."""
        return array_at(self.padded(array, value), self.places(array.shape), self._skipped)

    def padded(self, array: Array, value: Any) -> Array:
        """The array that windows are taken of, with the value where it has no element."""
        none = (0,) * self._skipped
        gaps = [dilation - 1 for dilation in self._numbers("base_dilation", 1)]
        return pad(
            array,
            value,
            (*none, *self._numbers("low", 0)),
            (*none, *self._numbers("high", 0)),
            (*none, *gaps),
        )

    def places(self, shape: Sequence[int]) -> list[Array]:
        """For each dimension, the index in the padded array, by window and by place in it."""
        strides, spacing = self._numbers("strides", 1), self._numbers("window_dilation", 1)
        return [
            np.arange(count)[:, None] * stride + np.arange(size)[None, :] * space
            for count, size, stride, space in zip(
                self.counts(shape), self.sizes, strides, spacing, strict=True
            )
        ]


def array_at(array: Array, places: Sequence[Array], skipped: int) -> Array:
    """Take an array at a table of indices for each dimension behind those that are skipped."""
    rank = len(places)
    index: list[Any] = [slice(None)] * skipped
    for dim, table in enumerate(places):
        shape = [1] * (2 * rank)
        shape[dim], shape[rank + dim] = table.shape
        index.append(table.reshape(shape))
    return array[tuple(index)] if rank else array


def offsets(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """The places in a window, in order."""
    return list(product(*map(range, sizes)))
