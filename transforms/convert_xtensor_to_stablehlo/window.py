"""Lowering of windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from xdsl.dialects.builtin import I64, DenseArrayBase, DenseIntElementsAttr
from xdsl.ir import Attribute

from xcs.dialects.stablehlo.window import padding_attr
from xcs.dialects.xtensor import DilatedWindowedOp, WindowedOp, dims_attr


def numbers(values: DenseArrayBase[I64] | None, rank: int, default: int = 1) -> DenseArrayBase[I64]:
    """Return what is given for each dimension, or the default for all."""
    return dims_attr((default,) * rank) if values is None else values


def padding(
    low: DenseArrayBase[I64] | None, high: DenseArrayBase[I64] | None, rank: int
) -> DenseIntElementsAttr:
    """Return the padding at both ends of each dimension."""
    return _padding(
        tuple(numbers(low, rank, 0).iter_values()), tuple(numbers(high, rank, 0).iter_values())
    )


@lru_cache(maxsize=1024)
def _padding(low: Sequence[int], high: Sequence[int]) -> DenseIntElementsAttr:
    return padding_attr(list(zip(low, high, strict=True)))


def window_properties(op: WindowedOp) -> dict[str, Attribute]:
    """Return the properties of a StableHLO op over windows; all are written out, as JAX does."""
    rank = len(op.window)
    properties: dict[str, Attribute] = {
        "window_dimensions": op.window,
        "window_strides": numbers(op.strides, rank),
        "padding": padding(op.low, op.high, rank),
    }
    if isinstance(op, DilatedWindowedOp):
        properties["base_dilations"] = numbers(op.base_dilation, rank)
        properties["window_dilations"] = numbers(op.window_dilation, rank)
    return properties
