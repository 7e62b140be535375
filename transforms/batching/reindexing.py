"""Batching of reindexing ops: the same movement of data, of dimensions that have moved.

Where the batch is in a result is the choice that JAX makes for the primitive.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import i1
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import as_int, dims_attr, tensor_type, type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, insert, shifted


def batch_reshape(batch: Batcher, op: Operation, operand: Batched) -> Sequence[Batched]:
    """The batch comes first, where it keeps elements together whatever the shapes are."""
    return batch.like(op, [batch.at(operand, 0)], [0])


def batch_transpose(batch: Batcher, op: xtensor.TransposeOp, operand: Batched) -> Sequence[Batched]:
    """The transposition brings the batch to the front as well."""
    assert operand.dim is not None
    permutation = (operand.dim, *shifted(op.permutation.get_values(), operand.dim))
    return batch.like(op, [operand.value], [0], {"permutation": dims_attr(permutation)})


def batch_broadcast_in_dim(
    batch: Batcher, op: xtensor.BroadcastInDimOp, operand: Batched
) -> Sequence[Batched]:
    """The batch comes first."""
    dims = (0, *shifted(op.broadcast_dimensions.get_values(), 0))
    return batch.like(op, [batch.at(operand, 0)], [0], {"broadcast_dimensions": dims_attr(dims)})


def batch_squeeze(batch: Batcher, op: xtensor.SqueezeOp, operand: Batched) -> Sequence[Batched]:
    """The batch comes first."""
    dims = shifted(op.dimensions.get_values(), 0)
    return batch.like(op, [batch.at(operand, 0)], [0], {"dimensions": dims_attr(dims)})


def batch_slice(batch: Batcher, op: xtensor.SliceOp, operand: Batched) -> Sequence[Batched]:
    """All of the batch is taken."""
    assert operand.dim is not None
    properties = {
        name: dims_attr(insert(dims.get_values(), operand.dim, whole))
        for name, dims, whole in (
            ("start_indices", op.start_indices, 0),
            ("limit_indices", op.limit_indices, batch.size),
            ("strides", op.strides, 1),
        )
    }
    return batch.like(op, [operand.value], [operand.dim], properties)


def batch_rev(batch: Batcher, op: xtensor.RevOp, operand: Batched) -> Sequence[Batched]:
    """The batch keeps its order and its place."""
    assert operand.dim is not None
    dims = dims_attr(shifted(op.dimensions.get_values(), operand.dim))
    return batch.like(op, [operand.value], [operand.dim], {"dimensions": dims})


def batch_tile(batch: Batcher, op: xtensor.TileOp, operand: Batched) -> Sequence[Batched]:
    """The batch is not repeated."""
    assert operand.dim is not None
    reps = dims_attr(insert(op.reps.get_values(), operand.dim, 1))
    return batch.like(op, [operand.value], [operand.dim], {"reps": reps})


def batch_pad(
    batch: Batcher, op: xtensor.PadOp, operand: Batched, padding: Batched
) -> Sequence[Batched]:
    """The batch is not padded.

    Where its elements are padded with different values, a mask says which places are padding.
    """
    dim = operand.dim or 0
    source = batch.at(operand, dim)
    properties = {
        name: dims_attr(insert(dims.get_values(), dim, 0))
        for name, dims in (("low", op.low), ("high", op.high), ("interior", op.interior))
    }
    if padding.dim is None:
        return batch.like(op, [source, padding.value], [dim], properties)
    shape, element = type_of(source).get_shape(), type_of(source).element_type
    zero = batch.constant(element, 0)
    (padded,) = batch.like(op, [source, zero], [dim], properties)
    inside = batch.broadcast(batch.constant(i1, 1), shape, ())
    result = type_of(padded.value).get_shape()
    (mask,) = batch.emit(
        xtensor.PadOp, (inside, batch.constant(i1, 0)), (tensor_type(result, i1),), properties
    )
    values = batch.broadcast(padding.value, result, (dim,))
    return [Batched(batch.select(mask, padded.value, values), dim)]


def batch_concatenate(
    batch: Batcher, op: xtensor.ConcatenateOp, *operands: Batched
) -> Sequence[Batched]:
    """The batch comes first."""
    dimension = as_int(op.dimension.value.data + 1)
    return batch.like(op, batch.all_at(operands, 0), [0], {"dimension": dimension})


def batch_stack(batch: Batcher, op: xtensor.StackOp, *operands: Batched) -> Sequence[Batched]:
    """The batch stays where it is if all operands have it there; it comes first otherwise."""
    axis, dims = op.axis.value.data, {operand.dim for operand in operands}
    (dim,) = dims if len(dims) == 1 else (0,)
    assert dim is not None
    values: list[SSAValue] = batch.all_at(operands, dim)
    if axis <= dim:
        return batch.like(op, values, [dim + 1])
    return batch.like(op, values, [dim], {"axis": as_int(axis + 1)})


def batch_split(batch: Batcher, op: xtensor.SplitOp, operand: Batched) -> Sequence[Batched]:
    """The batch stays where it is."""
    assert operand.dim is not None
    (axis,) = shifted([op.axis.value.data], operand.dim)
    dims = [operand.dim] * len(op.parts)
    return batch.like(op, [operand.value], dims, {"axis": as_int(axis)})


def batch_unstack(batch: Batcher, op: xtensor.UnstackOp, operand: Batched) -> Sequence[Batched]:
    """The batch stays where it is, in parts that have lost one dimension."""
    assert operand.dim is not None
    axis = op.axis.value.data
    dims = [operand.dim - (axis < operand.dim)] * len(op.parts)
    (axis,) = shifted([axis], operand.dim)
    return batch.like(op, [operand.value], dims, {"axis": as_int(axis)})


RULES: dict[type[Operation], Rule] = {
    xtensor.BroadcastInDimOp: batch_broadcast_in_dim,
    xtensor.ConcatenateOp: batch_concatenate,
    xtensor.PadOp: batch_pad,
    xtensor.ReshapeOp: batch_reshape,
    xtensor.RevOp: batch_rev,
    xtensor.SliceOp: batch_slice,
    xtensor.SplitOp: batch_split,
    xtensor.SqueezeOp: batch_squeeze,
    xtensor.StackOp: batch_stack,
    xtensor.TileOp: batch_tile,
    xtensor.TransposeOp: batch_transpose,
    xtensor.UnstackOp: batch_unstack,
}
