"""Batching of elementwise ops: all operands get the batch at one place."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Rule


def batch_elementwise(batch: Batcher, op: Operation, *operands: Batched) -> Sequence[Batched]:
    """The same op on whole batches.

    An operand of rank 0 that goes with operands of any rank, as the bounds of a `clamp` do, stays
    one if it is the same for all elements, and has the operands' shape otherwise.
    """
    rank = type_of(op.results[0]).get_num_dims()
    dim = meeting_place(operands)
    shape = batch.batched_type(type_of(op.results[0]), dim).get_shape()

    def whole(operand: Batched) -> SSAValue:
        if operand.rank == rank:
            return batch.at(operand, dim)
        if operand.dim is None:
            return operand.value
        return batch.broadcast(operand.value, shape, (dim,))

    return batch.like(op, [whole(operand) for operand in operands], [dim])


def meeting_place(operands: Sequence[Batched]) -> int:
    """Where operands of one shape are to have the batch, by the choice that JAX makes.

    It stays where it is if all have it there; it comes first otherwise. A number that is repeated
    has it anywhere.
    """
    rank = max(operand.rank for operand in operands)
    dims = {
        operand.dim
        for operand in operands
        if operand.rank == rank and not (operand.dim is None and is_repeated_number(operand.value))
    }
    (dim,) = dims if len(dims) == 1 else (None,)
    return dim or 0


def is_repeated_number(value: SSAValue) -> bool:
    """Whether a value is a scalar, or one in all places."""
    if not type_of(value).get_num_dims():
        return True
    source = value.owner
    return (
        isinstance(source, xtensor.BroadcastInDimOp) and not type_of(source.operand).get_num_dims()
    )


def batch_bitcast(
    batch: Batcher, op: xtensor.BitcastConvertTypeOp, operand: Batched
) -> Sequence[Batched]:
    """The batch comes first: the last dimension may hold the parts of one number."""
    return batch.like(op, [batch.at(operand, 0)], [0])


RULES: dict[type[Operation], Rule] = {
    xtensor.BitcastConvertTypeOp: batch_bitcast,
}
