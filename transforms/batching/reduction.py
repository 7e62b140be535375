"""Batching of reductions: the same reduction, of dimensions that have moved."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, shifted


def batch_reduction(batch: Batcher, op: xtensor.ReductionOp, operand: Batched) -> Sequence[Batched]:
    """The batch stays where it is; the result does not have the reduced dimensions before it."""
    assert operand.dim is not None
    axes = op.axes.get_values()
    dim = len(set(range(operand.dim)) - set(axes))
    moved = dims_attr(shifted(axes, operand.dim))
    return batch.like(op, [operand.value], [dim], {"axes": moved})


def batch_reduce(batch: Batcher, op: xtensor.ReduceOp, *operands: Batched) -> Sequence[Batched]:
    """The batch comes first."""
    count = len(op.inputs)
    inputs, init_values = operands[:count], operands[count:]
    if any(init.dim is not None for init in init_values):
        raise batch.error(op, "it starts from values that differ between the elements of the batch")
    values = [*batch.all_at(inputs, 0), *(init.value for init in init_values)]
    axes = dims_attr(shifted(op.axes.get_values(), 0))
    return batch.like(op, values, [0] * count, {"axes": axes})


RULES: dict[type[Operation], Rule] = {
    xtensor.ReduceOp: batch_reduce,
    xtensor.ReductionOp: batch_reduction,
}
