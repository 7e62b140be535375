"""Batching of indexing ops. With an index for each element, a slice is a gather or a scatter."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import UnitAttr, i1
from xdsl.ir import Attribute, Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import as_int, dims_attr, tensor_type, type_of
from xcs.dialects.xtensor.indexing import IndexMode, IndexModeAttr, ScatterLikeOp
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, shifted

CLIP = IndexModeAttr(IndexMode.CLIP)

# --- Slices at one place --------------------------------------------------------------------------


def batch_dynamic_slice(
    batch: Batcher, op: xtensor.DynamicSliceOp, operand: Batched, *starts: Batched
) -> Sequence[Batched]:
    """A slice of all of the batch at one place, or a gather of one slice for each element."""
    sizes = op.slice_sizes.get_values()
    if all(start.dim is None for start in starts):
        source, indices = batch.at(operand, 0), _with_zero(batch, starts)
        return batch.like(
            op, [source, *indices], [0], {"slice_sizes": dims_attr((batch.size, *sizes))}
        )
    dims = tuple(range(len(sizes)))
    properties: dict[str, Attribute] = {
        "mode": CLIP,
        "offset_dims": dims_attr(dims),
        "collapsed_slice_dims": dims_attr(()),
        "start_index_map": dims_attr(dims),
        "operand_batching_dims": dims_attr(()),
        "start_indices_batching_dims": dims_attr(()),
        "slice_sizes": op.slice_sizes,
        "indices_are_sorted": UnitAttr(),
    }
    properties, result = _gather_dims(batch, properties, operand, index_dim=0)
    source, indices = batch.moved(operand, 0).value, _index_vectors(batch, starts)
    types = [batch.batched_type(type_of(op.result), result)]
    (value,) = batch.emit(xtensor.GatherOp, (source, indices), types, properties)
    return [Batched(value, result)]


def batch_dynamic_update_slice(
    batch: Batcher,
    op: xtensor.DynamicUpdateSliceOp,
    operand: Batched,
    update: Batched,
    *starts: Batched,
) -> Sequence[Batched]:
    """An update of all of the batch at one place, or a scatter of one slice for each element."""
    target, updates = batch.all_at((operand, update), 0)
    if all(start.dim is None for start in starts):
        return batch.like(op, [target, updates, *_with_zero(batch, starts)], [0])
    dims = tuple(range(1, type_of(target).get_num_dims()))
    properties: dict[str, Attribute] = {
        "mode": CLIP,
        "update_window_dims": dims_attr(dims),
        "inserted_window_dims": dims_attr(()),
        "scatter_dims_to_operand_dims": dims_attr(dims),
        "operand_batching_dims": dims_attr((0,)),
        "scatter_indices_batching_dims": dims_attr((0,)),
        "indices_are_sorted": UnitAttr(),
        "unique_indices": UnitAttr(),
    }
    operands = (target, _index_vectors(batch, starts), updates)
    (value,) = batch.emit(xtensor.ScatterOp, operands, (target.type,), properties)
    return [Batched(value, 0)]


def _with_zero(batch: Batcher, starts: Sequence[Batched]) -> list[SSAValue]:
    """The indices of a slice that has all of the batch in front."""
    values = [start.value for start in starts]
    return [batch.constant(type_of(values[0]).element_type, 0), *values] if values else values


def _index_vectors(batch: Batcher, starts: Sequence[Batched]) -> SSAValue:
    """An index vector for each element of the batch."""
    column, element = (batch.size, 1), type_of(starts[0].value).element_type
    columns = [
        batch.broadcast(start.value, column, () if start.dim is None else (0,)) for start in starts
    ]
    if len(columns) == 1:
        return columns[0]
    result = tensor_type((batch.size, len(starts)), element)
    return batch.emit(xtensor.ConcatenateOp, columns, (result,), {"dimension": as_int(1)})[0]


# --- Gather and scatter ---------------------------------------------------------------------------


def batch_gather(
    batch: Batcher,
    op: xtensor.GatherOp,
    operand: Batched,
    indices: Batched,
    fill_value: Batched | None = None,
) -> Sequence[Batched]:
    """The batch is a dimension that slices have whole, or one of the indices, or of both."""
    if fill_value is not None and fill_value.dim is not None:
        return _filled(batch, op, operand, indices, fill_value)
    fill = [] if fill_value is None else [fill_value.value]
    if operand.dim is None and indices.dim is None:
        copies = [value.value for value in (operand, indices)]
        return batch.like(op, [*copies, *fill], [None])
    properties, dim = _gather_dims(batch, op.properties, operand, indices.dim)
    values = [batch.moved(value, 0).value for value in (operand, indices)]
    types = [batch.batched_type(type_of(op.result), dim)]
    (value,) = batch.emit(type(op), [*values, *fill], types, properties)
    return [Batched(value, dim)]


def _gather_dims(
    batch: Batcher, old: dict[str, Attribute], operand: Batched, index_dim: int | None
) -> tuple[dict[str, Attribute], int]:
    """The properties of a gather with the batch in front, and where the result has the batch."""
    properties = dict(old)
    sizes = _dims(old, "slice_sizes")
    _shift(properties, "offset_dims")
    if operand.dim is not None:
        _shift(properties, "collapsed_slice_dims", "start_index_map", "operand_batching_dims")
    if index_dim is not None:
        _shift(properties, "start_indices_batching_dims")
    if index_dim is None:
        properties["offset_dims"] = dims_attr((0, *_dims(properties, "offset_dims")))
        properties["slice_sizes"] = dims_attr((batch.size, *sizes))
    elif operand.dim is None:
        # The indices of different elements are in no order.
        properties.pop("indices_are_sorted", None)
    else:
        properties["slice_sizes"] = dims_attr((min(batch.size, 1), *sizes))
        for name in ("operand_batching_dims", "start_indices_batching_dims"):
            properties[name] = dims_attr((0, *_dims(properties, name)))
    return properties, 0


def _filled(
    batch: Batcher,
    op: xtensor.GatherOp,
    operand: Batched,
    indices: Batched,
    fill_value: Batched,
) -> Sequence[Batched]:
    """A gather that fills with zero, and a selection of fill values for the places it filled."""
    source = type_of(operand.value)
    zero = Batched(batch.constant(source.element_type, 0), None)
    (found,) = batch_gather(batch, op, operand, indices, zero)
    ones = Batched(batch.broadcast(batch.constant(i1, 1), source.get_shape(), ()), operand.dim)
    (mask,) = _mask(batch, op, ones, indices)
    values, known = batch.at(found, 0), batch.at(mask, 0)
    fills = batch.broadcast(fill_value.value, type_of(values).get_shape(), (0,))
    return [Batched(batch.select(known, values, fills), 0)]


def _mask(
    batch: Batcher, op: xtensor.GatherOp, ones: Batched, indices: Batched
) -> Sequence[Batched]:
    """Where a gather finds its index in bounds."""
    result = tensor_type(type_of(op.result).get_shape(), i1)
    properties, dim = dict(op.properties), None
    if ones.dim is not None or indices.dim is not None:
        properties, dim = _gather_dims(batch, op.properties, ones, indices.dim)
    operands = [batch.moved(value, 0).value for value in (ones, indices)]
    outside = batch.constant(i1, 0)
    types = [batch.batched_type(result, dim)]
    (value,) = batch.emit(xtensor.GatherOp, (*operands, outside), types, properties)
    return [Batched(value, dim)]


def batch_scatter(
    batch: Batcher, op: ScatterLikeOp, operand: Batched, indices: Batched, updates: Batched
) -> Sequence[Batched]:
    """The batch is part of each slice if the indices are the same for all elements.

    If not, it is a batching dimension.
    """
    properties = dict(op.properties)
    _shift(properties, "inserted_window_dims", "update_window_dims")
    _shift(properties, "operand_batching_dims", "scatter_dims_to_operand_dims")
    places = indices.value
    if indices.dim is None:
        window = (0, *_dims(properties, "update_window_dims"))
        properties["update_window_dims"] = dims_attr(window)
    else:
        places = batch.at(indices, 0)
        _shift(properties, "scatter_indices_batching_dims")
        for name in ("operand_batching_dims", "scatter_indices_batching_dims"):
            properties[name] = dims_attr((0, *_dims(properties, name)))
    target, parts = batch.all_at((operand, updates), 0)
    return batch.like(op, [target, places, parts], [0], properties)


def _dims(properties: dict[str, Attribute], name: str) -> tuple[int, ...]:
    return tuple(properties[name].get_values())  # type: ignore[attr-defined] - all are dimensions


def _shift(properties: dict[str, Attribute], *names: str) -> None:
    """Make room for the batch in front."""
    for name in names:
        properties[name] = dims_attr(shifted(_dims(properties, name), 0))


RULES: dict[type[Operation], Rule] = {
    xtensor.DynamicSliceOp: batch_dynamic_slice,
    xtensor.DynamicUpdateSliceOp: batch_dynamic_update_slice,
    xtensor.GatherOp: batch_gather,
    ScatterLikeOp: batch_scatter,
}
