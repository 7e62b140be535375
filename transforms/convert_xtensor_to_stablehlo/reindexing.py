"""Lowering of the reindexing ops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import reindexing
from xcs.dialects.xtensor import tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    direct,
    int_attr,
    renamed,
    type_of,
)

DIRECT: dict[type[Operation], type[Operation]] = {
    xtensor.ReshapeOp: reindexing.ReshapeOp,
    xtensor.SqueezeOp: reindexing.ReshapeOp,
}
"""Ops that are one StableHLO op of the same operands and results, without properties."""

RENAMED: dict[type[Operation], tuple[type[Operation], Mapping[str, str]]] = {
    xtensor.BroadcastInDimOp: (
        reindexing.BroadcastInDimOp,
        {"broadcast_dimensions": "broadcast_dimensions"},
    ),
    xtensor.PadOp: (
        reindexing.PadOp,
        {"low": "edge_padding_low", "high": "edge_padding_high", "interior": "interior_padding"},
    ),
    xtensor.RevOp: (reindexing.ReverseOp, {"dimensions": "dimensions"}),
    xtensor.SliceOp: (
        reindexing.SliceOp,
        {
            "start_indices": "start_indices",
            "limit_indices": "limit_indices",
            "strides": "strides",
        },
    ),
    xtensor.TransposeOp: (reindexing.TransposeOp, {"permutation": "permutation"}),
}
"""Ops that are one StableHLO op of the same operands, with their properties by its names."""

CONCATENATED_AT_ONCE = 16
"""JAX concatenates more operands than this in a tree, since XLA is slow on wide ones."""


def concatenate(emit: Emitter, values: Sequence[SSAValue], dim: int) -> SSAValue:
    while len(values) > 1:
        values = [
            _concatenate_few(emit, values[i : i + CONCATENATED_AT_ONCE], dim)
            for i in range(0, len(values), CONCATENATED_AT_ONCE)
        ]
    return values[0]


def _concatenate_few(emit: Emitter, values: Sequence[SSAValue], dim: int) -> SSAValue:
    first = type_of(values[0])
    shape = list(first.get_shape())
    shape[dim] = sum(type_of(value).get_shape()[dim] for value in values)
    result = tensor_type(tuple(shape), first.element_type)
    return emit.one(reindexing.ConcatenateOp, values, result, {"dimension": int_attr(dim)})


def lower_concatenate(emit: Emitter, op: xtensor.ConcatenateOp, *inputs: SSAValue) -> Values:
    """A concatenate, or a tree of them."""
    return (concatenate(emit, inputs, op.dimension.value.data),)


def lower_stack(emit: Emitter, op: xtensor.StackOp, *inputs: SSAValue) -> Values:
    """Each operand gets the new dimension, then they are concatenated."""
    axis, source = op.axis.value.data, type_of(inputs[0])
    shape = source.get_shape()
    part = tensor_type((*shape[:axis], 1, *shape[axis:]), source.element_type)
    places = tuple(i for i in range(len(shape) + 1) if i != axis)
    parts = [emit.broadcast(value, part, places) for value in inputs]
    return (concatenate(emit, parts, axis),)


def lower_split(emit: Emitter, op: xtensor.SplitOp, x: SSAValue) -> Values:
    """A slice for each part."""
    return _cut(emit, x, op.axis.value.data, op.sizes.get_values())


def lower_unstack(emit: Emitter, op: xtensor.UnstackOp, x: SSAValue) -> Values:
    """A slice for each part, without the dimension."""
    axis = op.axis.value.data
    sizes = (1,) * type_of(x).get_shape()[axis]
    slices = _cut(emit, x, axis, sizes)
    return [
        emit.reshape(value, type_of(part)) for value, part in zip(slices, op.parts, strict=True)
    ]


def _cut(emit: Emitter, operand: SSAValue, axis: int, sizes: Iterable[int]) -> Values:
    source = type_of(operand)
    starts, limits = [0] * len(source.shape), list(source.get_shape())
    parts = []
    for size in sizes:
        limits[axis] = starts[axis] + size
        shape = (*limits[:axis], size, *limits[axis + 1 :])
        part = tensor_type(shape, source.element_type)
        parts.append(emit.slice(operand, starts, limits, part))
        starts[axis] = limits[axis]
    return parts


def lower_tile(emit: Emitter, op: xtensor.TileOp, x: SSAValue) -> Values:
    """A dimension of the number of copies in front of each dimension, then both become one."""
    source, element = type_of(x).get_shape(), type_of(x).element_type
    single = tuple(size for pair in ((1, size) for size in source) for size in pair)
    repeated = tuple(
        size for pair in zip(op.reps.iter_values(), source, strict=True) for size in pair
    )
    apart = emit.reshape(x, tensor_type(single, element))
    copies = emit.broadcast(apart, tensor_type(repeated, element), tuple(range(len(single))))
    return (emit.reshape(copies, type_of(op.result)),)


RULES: dict[type[Operation], Rule] = {
    **{op: direct(target) for op, target in DIRECT.items()},
    **{op: renamed(*target) for op, target in RENAMED.items()},
    xtensor.ConcatenateOp: lower_concatenate,
    xtensor.SplitOp: lower_split,
    xtensor.StackOp: lower_stack,
    xtensor.TileOp: lower_tile,
    xtensor.UnstackOp: lower_unstack,
}
