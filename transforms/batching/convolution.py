"""Batching of convolutions: the batch becomes part of a dimension that they have.

It joins the dimension that counts examples, or the one of new features, where only one operand has
it. Where both have it, it is one more group, of features that have kernels of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Attribute, Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import as_int, tensor_type, type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, insert, remaining

BATCH, FEATURE = 0, 1
"""Which of the dimensions' places is that of the examples, and that of the features."""

MADE = 0
"""Which of the kernel's is that of the features that it makes."""


def batch_convolution(
    batch: Batcher, op: xtensor.ConvGeneralDilatedOp, lhs: Batched, rhs: Batched
) -> Sequence[Batched]:
    """One convolution, and the batch taken out of the dimension that it was made part of."""
    if batch.size == 0:  # no dimension can hold it
        result = batch.batched_type(type_of(op.result), 0)
        zero = batch.constant(result.element_type, 0)
        return [Batched(batch.broadcast(zero, result.get_shape(), ()), 0)]
    if lhs.dim is not None and rhs.dim is not None:
        return _of_both(batch, op, lhs.value, lhs.dim, rhs.value, rhs.dim)
    if lhs.dim is not None:
        return _of_lhs(batch, op, lhs.value, lhs.dim, rhs.value)
    assert rhs.dim is not None
    return _of_rhs(batch, op, lhs.value, rhs.value, rhs.dim)


def _of_both(
    batch: Batcher,
    op: xtensor.ConvGeneralDilatedOp,
    lhs: SSAValue,
    lhs_dim: int,
    rhs: SSAValue,
    rhs_dim: int,
) -> Sequence[Batched]:
    """The batch multiplies the number of groups."""
    by_examples = op.batch_groups > 1
    name = "batch_group_count" if by_examples else "feature_group_count"
    groups = (op.batch_groups if by_examples else op.feature_groups) * batch.size
    grouped = op.lhs_dimensions.get_values()[BATCH if by_examples else FEATURE]
    lhs = _join(batch, lhs, lhs_dim, grouped)
    rhs = _join(batch, rhs, rhs_dim, op.rhs_dimensions.get_values()[MADE])
    return _convolve(batch, op, lhs, rhs, FEATURE, {name: as_int(groups)})


def _of_lhs(
    batch: Batcher, op: xtensor.ConvGeneralDilatedOp, lhs: SSAValue, dim: int, rhs: SSAValue
) -> Sequence[Batched]:
    """The batch multiplies the examples, in each of their groups if they have any."""
    place = op.lhs_dimensions.get_values()[BATCH]
    lhs = _join_in_groups(batch, lhs, dim, place, op.batch_groups)
    return _convolve(batch, op, lhs, rhs, BATCH)


def _of_rhs(
    batch: Batcher, op: xtensor.ConvGeneralDilatedOp, lhs: SSAValue, rhs: SSAValue, dim: int
) -> Sequence[Batched]:
    """The batch multiplies the new features, in each of their groups."""
    groups = max(op.feature_groups, op.batch_groups)
    rhs = _join_in_groups(batch, rhs, dim, op.rhs_dimensions.get_values()[MADE], groups)
    if groups == 1:
        return _convolve(batch, op, lhs, rhs, FEATURE)
    place = op.out_dimensions.get_values()[FEATURE]
    out = _split(batch, _joined_result(batch, op, lhs, rhs, FEATURE, {}), place, groups)
    out = _split(batch, out, place + 1, batch.size)
    return [Batched(_join(batch, out, place, place + 1), place)]


def _convolve(
    batch: Batcher,
    op: xtensor.ConvGeneralDilatedOp,
    lhs: SSAValue,
    rhs: SSAValue,
    joined: int,
    properties: Mapping[str, Attribute] = {},
) -> Sequence[Batched]:
    """The convolution, and the batch taken out of the dimension of the result that has it."""
    place = op.out_dimensions.get_values()[joined]
    out = _joined_result(batch, op, lhs, rhs, joined, properties)
    return [Batched(_split(batch, out, place, batch.size), place)]


def _joined_result(
    batch: Batcher,
    op: xtensor.ConvGeneralDilatedOp,
    lhs: SSAValue,
    rhs: SSAValue,
    joined: int,
    properties: Mapping[str, Attribute],
) -> SSAValue:
    old = type_of(op.result)
    shape = list(old.get_shape())
    shape[op.out_dimensions.get_values()[joined]] *= batch.size
    result = tensor_type(tuple(shape), old.element_type)
    return batch.emit(type(op), (lhs, rhs), (result,), {**op.properties, **properties})[0]


def _join_in_groups(batch: Batcher, value: SSAValue, dim: int, place: int, groups: int) -> SSAValue:
    """Make the batch part of each group of another dimension, whose groups stay outermost."""
    if groups == 1:
        return _join(batch, value, dim, place)
    value = _split(batch, value, place + (dim <= place), groups)
    value = _join(batch, value, dim + (place < dim), place + 1)
    return _join(batch, value, place, place)


def _join(batch: Batcher, value: SSAValue, dim: int, place: int) -> SSAValue:
    """Make a dimension the outer part of another, whose place is that without the first."""
    rank = type_of(value).get_num_dims()
    permutation = insert(remaining(rank, dim), place, dim)
    if permutation != tuple(range(rank)):
        value = batch.transpose(value, permutation)
    shape = type_of(value).get_shape()
    return batch.reshape(
        value, (*shape[:place], shape[place] * shape[place + 1], *shape[place + 2 :])
    )


def _split(batch: Batcher, value: SSAValue, place: int, outer: int) -> SSAValue:
    """Take a dimension apart into an outer one of the given size, and the rest."""
    shape = type_of(value).get_shape()
    parts = (outer, shape[place] // outer)
    return batch.reshape(value, (*shape[:place], *parts, *shape[place + 1 :]))


RULES: dict[type[Operation], Rule] = {
    xtensor.ConvGeneralDilatedOp: batch_convolution,
}
