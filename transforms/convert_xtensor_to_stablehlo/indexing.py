"""Lowering of the indexing ops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from xdsl.dialects.builtin import (
    BoolAttr,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    IntAttr,
    IntegerType,
    Signedness,
    TensorType,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import control, elementwise, generation, reduction, reindexing
from xcs.dialects.stablehlo.attributes import (
    ComparisonDirection,
    GatherDimensionNumbersAttr,
    ScatterDimensionNumbersAttr,
)
from xcs.dialects.stablehlo.attributes import dims_attr as record_dims
from xcs.dialects.xtensor import IndexMode, dims_attr, tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.combiner import combining_region
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    direct,
    renamed,
    type_of,
)


def _index_vector(emit: Emitter, values: Iterable[int], element: IntegerType) -> SSAValue:
    """A constant of rank 1."""
    numbers = [element.get_normalized_value(value) for value in values]
    tensor = TensorType(element, (len(numbers),))
    constant = DenseIntOrFPElementsAttr(tensor, BytesAttr(element.pack(numbers)))
    return emit.one(generation.ConstantOp, (), tensor, {"value": constant})


def lower_gather(
    emit: Emitter,
    op: xtensor.GatherOp,
    operand: SSAValue,
    indices: SSAValue,
    fill_value: SSAValue | None = None,
) -> Values:
    """A gather, which clamps indices; where they are out of bounds the fill value is selected."""
    if fill_value is None:
        return (_gather(emit, op, operand, indices),)
    result = type_of(op.result)
    shape, sizes = type_of(operand).get_shape(), op.slice_sizes.get_values()
    bounds = [shape[dim] - sizes[dim] for dim in op.start_index_map.iter_values()]
    element = i64 if any(size > _INT32_MAX for size in shape) else i32
    indices = _converted(emit, indices, element)
    fits = _all_between_zero_and(emit, bounds, indices)
    gathered = _gather(emit, op, operand, indices)
    offsets = op.offset_dims.get_values()
    batch = tuple(dim for dim in range(result.get_num_dims()) if dim not in offsets)
    mask = emit.broadcast(fits, tensor_type(result.get_shape(), i1), batch)
    return (emit.select(mask, gathered, emit.broadcast(fill_value, result, ())),)


_INT32_MAX = (1 << 31) - 1


def _converted(emit: Emitter, indices: SSAValue, element: IntegerType) -> SSAValue:
    source = type_of(indices)
    if source.element_type == element:
        return indices
    return emit.one(elementwise.ConvertOp, (indices,), tensor_type(source.get_shape(), element))


def _all_between_zero_and(emit: Emitter, bounds: Sequence[int], indices: SSAValue) -> SSAValue:
    """Whether all elements of an index vector are in bounds, for each of them."""
    tensor = type_of(indices)
    shape, last = tensor.get_shape(), tensor.get_num_dims() - 1
    element = cast(IntegerType, tensor.element_type)
    upper = _index_vector(emit, bounds, element)
    is_positive = emit.compare(ComparisonDirection.GE, indices, emit.full_like(0, indices))
    expanded = tensor_type((*(1 for _ in shape[:-1]), len(bounds)), element)
    upper = emit.broadcast(upper, expanded, (last,))
    upper = emit.broadcast(upper, tensor, tuple(range(last + 1)))
    is_below = emit.compare(ComparisonDirection.LE, indices, upper)
    fits = emit.same(elementwise.AndOp, is_positive, is_below)
    return emit.one(
        reduction.ReduceOp,
        (fits, emit.scalar(i1, 1)),
        tensor_type(shape[:-1], i1),
        {"dimensions": dims_attr((last,))},
        (combining_region(emit, elementwise.AndOp, i1),),
    )


def _gather(emit: Emitter, op: xtensor.GatherOp, operand: SSAValue, indices: SSAValue) -> SSAValue:
    """A gather; nothing is read where the result is empty."""
    result = type_of(op.result)
    if 0 in result.get_shape():
        return emit.full_like(0, op.result)
    properties: dict[str, Attribute] = {
        "dimension_numbers": GatherDimensionNumbersAttr(
            record_dims(op.offset_dims.iter_values()),
            record_dims(op.collapsed_slice_dims.iter_values()),
            record_dims(op.operand_batching_dims.iter_values()),
            record_dims(op.start_indices_batching_dims.iter_values()),
            record_dims(op.start_index_map.iter_values()),
            IntAttr(type_of(indices).get_num_dims() - 1),
        ),
        "slice_sizes": op.slice_sizes,
        "indices_are_sorted": BoolAttr.from_bool(op.indices_are_sorted is not None),
    }
    return emit.one(reindexing.GatherOp, (operand, indices), result, properties)


SCATTERS: dict[type[Operation], type[Operation]] = {
    xtensor.ScatterAddOp: elementwise.AddOp,
    xtensor.ScatterMaxOp: elementwise.MaximumOp,
    xtensor.ScatterMinOp: elementwise.MinimumOp,
    xtensor.ScatterMulOp: elementwise.MultiplyOp,
    xtensor.ScatterSubOp: elementwise.SubtractOp,
}
"""What an element and an update are combined by."""


def _scatter(
    emit: Emitter,
    op: xtensor.ScatterLikeOp,
    operand: SSAValue,
    indices: SSAValue,
    updates: SSAValue,
    body: Region,
) -> Values:
    """A scatter, which drops what does not fit unless indices are clamped before."""
    if op.mode.data is IndexMode.CLIP:
        indices = _clamped(emit, op, indices)
    properties: dict[str, Attribute] = {
        "scatter_dimension_numbers": ScatterDimensionNumbersAttr(
            record_dims(op.update_window_dims.iter_values()),
            record_dims(op.inserted_window_dims.iter_values()),
            record_dims(op.operand_batching_dims.iter_values()),
            record_dims(op.scatter_indices_batching_dims.iter_values()),
            record_dims(op.scatter_dims_to_operand_dims.iter_values()),
            IntAttr(type_of(indices).get_num_dims() - 1),
        ),
        "indices_are_sorted": BoolAttr.from_bool(op.indices_are_sorted is not None),
        "unique_indices": BoolAttr.from_bool(op.unique_indices is not None),
    }
    operands = (operand, indices, updates)
    return emit.many(reindexing.ScatterOp, operands, op.result_types, properties, (body,))


def _clamped(emit: Emitter, op: xtensor.ScatterLikeOp, indices: SSAValue) -> SSAValue:
    """The indices at which the updates fit that are nearest to the given ones."""
    tensor = type_of(indices)
    element = cast(IntegerType, tensor.element_type)
    shape, window = type_of(op.result).get_shape(), op.window
    bounds = [shape[dim] - window[dim] for dim in op.scatter_dims_to_operand_dims.iter_values()]
    # Shapes are signed, of 64 bits where they have to be, as are the bounds that JAX makes of them.
    size = i64 if max(bounds, default=0) > _largest(i32) else i32
    upper = _index_vector(emit, bounds, size)
    largest = emit.full_like(min(_largest(size), _largest(element)), upper)
    upper = emit.same(elementwise.MinimumOp, upper, largest)
    upper = _converted(emit, upper, element)
    upper = emit.broadcast(upper, tensor, (tensor.get_num_dims() - 1,))
    return emit.same(elementwise.ClampOp, emit.full_like(0, indices), indices, upper)


def _largest(element: IntegerType) -> int:
    unsigned = element.signedness.data is Signedness.UNSIGNED
    return (1 << element.width.data - (0 if unsigned else 1)) - 1


def lower_scatter(emit: Emitter, op: xtensor.ScatterOp, *operands: SSAValue) -> Values:
    """A scatter whose function gives the update."""
    element = tensor_type((), type_of(op.result).element_type)
    block = Block(arg_types=(element, element))
    body = emit.inner()
    body.many(control.ReturnOp, (block.args[1],), ())
    return _scatter(emit, op, *operands, body=body.into_region(block))


def _combining_scatter(combiner: type[Operation]) -> Rule:
    def lower(emit: Emitter, op: xtensor.ScatterLikeOp, *operands: SSAValue) -> Values:
        body = combining_region(emit, combiner, type_of(op.result).element_type)
        return _scatter(emit, op, *operands, body=body)

    return lower


def lower_scatter_apply(emit: Emitter, op: xtensor.ScatterApplyOp, *operands: SSAValue) -> Values:
    """A scatter by the op's own function."""
    return _scatter(emit, op, *operands, body=emit.lower_body(op.body))


RULES: dict[type[Operation], Rule] = {
    xtensor.DynamicSliceOp: renamed(reindexing.DynamicSliceOp, {"slice_sizes": "slice_sizes"}),
    xtensor.DynamicUpdateSliceOp: direct(reindexing.DynamicUpdateSliceOp),
    xtensor.GatherOp: lower_gather,
    **{op: _combining_scatter(combiner) for op, combiner in SCATTERS.items()},
    xtensor.ScatterApplyOp: lower_scatter_apply,
    xtensor.ScatterOp: lower_scatter,
}
