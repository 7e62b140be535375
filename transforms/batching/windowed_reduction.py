"""Batching of windowed reductions: windows hold one element of the batch."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.dialects.xtensor.window import WindowedOp
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, insert

DESCRIPTION = {
    "window": 1,
    "strides": 1,
    "low": 0,
    "high": 0,
    "base_dilation": 1,
    "window_dilation": 1,
}
"""The properties that describe a window, and their values in the dimension of the batch."""


def _window(op: Operation, dim: int) -> dict[str, Attribute]:
    """The description of a window, with one more dimension."""
    given = {name: op.properties[name] for name in DESCRIPTION if name in op.properties}
    return {
        name: dims_attr(insert(dims.get_values(), dim, DESCRIPTION[name]))  # type: ignore[attr-defined]
        for name, dims in given.items()
    }


def batch_window_reduction(
    batch: Batcher, op: xtensor.WindowReductionOp, operand: Batched
) -> Sequence[Batched]:
    """The batch stays where it is."""
    assert operand.dim is not None
    return batch.like(op, [operand.value], [operand.dim], _window(op, operand.dim))


def batch_windowed(batch: Batcher, op: WindowedOp, *operands: Batched) -> Sequence[Batched]:
    """The batch comes first, in the operands that have windows; the others are initial values."""
    windowed = [operand for operand in operands if operand.rank]
    inits = [operand for operand in operands if not operand.rank]
    if any(init.dim is not None for init in inits):
        raise batch.error(op, "it starts from values that differ between the elements of the batch")
    values = [*batch.all_at(windowed, 0), *(init.value for init in inits)]
    return batch.like(op, values, [0] * len(op.results), _window(op, 0))


RULES: dict[type[Operation], Rule] = {
    WindowedOp: batch_windowed,
    xtensor.WindowReductionOp: batch_window_reduction,
}
