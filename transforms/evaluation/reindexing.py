"""Reindexing ops: each is an indexing of NumPy, or a walk over the places that are indexed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, type_of, without
from xcs.transforms.evaluation.arrays import Array
from xcs.transforms.evaluation.interpreter import Arrays, Interpreter, Rule
from xcs.transforms.evaluation.windows import pad
from xcs.transforms.op_rules import Key


def _reshape(_: Interpreter, op: xtensor.ReshapeOp | xtensor.SqueezeOp, x: Array) -> Arrays:
    return (x.reshape(type_of(op.result).get_shape()),)


def _transpose(_: Interpreter, op: xtensor.TransposeOp, x: Array) -> Arrays:
    return (x.transpose(op.permutation.get_values()),)


def _broadcast(_: Interpreter, op: xtensor.BroadcastInDimOp, x: Array) -> Arrays:
    shape = type_of(op.result).get_shape()
    sizes = [1] * len(shape)
    for dim, size in zip(op.broadcast_dimensions.get_values(), x.shape, strict=True):
        sizes[dim] = size
    return (np.broadcast_to(x.reshape(sizes), shape),)


def _slice(_: Interpreter, op: xtensor.SliceOp, x: Array) -> Arrays:
    bounds = (op.start_indices, op.limit_indices, op.strides)
    return (x[tuple(slice(*b) for b in zip(*(v.get_values() for v in bounds), strict=True))],)


def _reverse(_: Interpreter, op: xtensor.RevOp, x: Array) -> Arrays:
    return (np.flip(x, tuple(op.dimensions.get_values())),)


def _pad(_: Interpreter, op: xtensor.PadOp, x: Array, value: Array) -> Arrays:
    return (pad(x, value, *(v.get_values() for v in (op.low, op.high, op.interior))),)


def _concatenate(_: Interpreter, op: xtensor.ConcatenateOp, *parts: Array) -> Arrays:
    return (np.concatenate(parts, op.dimension.value.data),)


def _stack(_: Interpreter, op: xtensor.StackOp, *parts: Array) -> Arrays:
    return (np.stack(parts, op.axis.value.data),)


def _tile(_: Interpreter, op: xtensor.TileOp, x: Array) -> Arrays:
    return (np.tile(x, op.reps.get_values()),)


def _split(_: Interpreter, op: xtensor.SplitOp, x: Array) -> Arrays:
    ends = np.cumsum(op.sizes.get_values())[:-1]
    return np.split(x, ends, op.axis.value.data) if len(op.parts) else ()


def _unstack(_: Interpreter, op: xtensor.UnstackOp, x: Array) -> Arrays:
    return list(np.moveaxis(x, op.axis.value.data, 0))


# --- At indices -----------------------------------------------------------------------------------


def _clamped(
    indices: Sequence[Any], shape: Sequence[int], sizes: Sequence[int]
) -> tuple[slice, ...]:
    """The part of these sizes at indices, moved so that it fits."""
    starts = [
        min(max(int(i), 0), whole - part)
        for i, whole, part in zip(indices, shape, sizes, strict=True)
    ]
    return tuple(slice(start, start + part) for start, part in zip(starts, sizes, strict=True))


def _dynamic_slice(_: Interpreter, op: xtensor.DynamicSliceOp, x: Array, *at: Array) -> Arrays:
    return (x[_clamped(at, x.shape, op.slice_sizes.get_values())],)


def _dynamic_update(
    _: Interpreter, op: xtensor.DynamicUpdateSliceOp, x: Array, update: Array, *at: Array
) -> Arrays:
    made = x.copy()
    made[_clamped(at, x.shape, update.shape)] = update
    return (made,)


def _starts(
    index: Array,
    batch: Sequence[int],
    index_map: Sequence[int],
    batching: Mapping[int, int],
    rank: int,
) -> list[int]:
    """Where in the operand the slice of one place of the batch begins.

    Of 64-bit indices 32 bits are taken, which is what JAX makes of them.
    """
    if index.dtype.itemsize > 4:
        index = index.astype(np.int32)
    starts = [0] * rank
    for place, dim in enumerate(index_map):
        starts[dim] = int(index[place])
    for dim, of in batching.items():
        starts[dim] = batch[of]
    return starts


def _gather(_: Interpreter, op: xtensor.GatherOp, x: Array, indices: Array, *fill: Array) -> Arrays:
    sizes, result = op.slice_sizes.get_values(), type_of(op.result)
    dropped = (*op.collapsed_slice_dims.iter_values(), *op.operand_batching_dims.iter_values())
    places = op.offset_dims.get_values()
    batch_dims = without(range(len(result.get_shape())), places)
    batching = dict(
        zip(
            op.operand_batching_dims.get_values(),
            op.start_indices_batching_dims.get_values(),
            strict=True,
        )
    )
    made = np.zeros(result.get_shape(), x.dtype)
    window = without(sizes, dropped)
    for batch in np.ndindex(*indices.shape[:-1]):
        starts = _starts(indices[batch], batch, op.start_index_map.get_values(), batching, x.ndim)
        at: list[Any] = [slice(None)] * made.ndim
        for dim, place in zip(batch_dims, batch, strict=True):
            at[dim] = place
        fits = all(0 <= s <= n - part for s, n, part in zip(starts, x.shape, sizes, strict=True))
        if not fits and op.mode.data is xtensor.IndexMode.FILL_OR_DROP:
            made[tuple(at)] = fill[0]
        else:
            made[tuple(at)] = x[_clamped(starts, x.shape, sizes)].reshape(window)
    return (made,)


Combine = Callable[[Any, Any], Any]


def _scatter(combine: Callable[[Interpreter, xtensor.ScatterLikeOp], Combine]) -> Rule:
    def evaluate(
        run: Interpreter, op: xtensor.ScatterLikeOp, x: Array, indices: Array, updates: Array
    ) -> Arrays:
        function, made = combine(run, op), x.copy()
        window_dims = op.update_window_dims.get_values()
        batch_dims = without(range(updates.ndim), window_dims)
        batching = dict(
            zip(
                op.operand_batching_dims.get_values(),
                op.scatter_indices_batching_dims.get_values(),
                strict=True,
            )
        )
        index_map = op.scatter_dims_to_operand_dims.get_values()
        for batch in np.ndindex(*indices.shape[:-1]):
            starts = _starts(indices[batch], batch, index_map, batching, x.ndim)
            if op.mode.data is xtensor.IndexMode.CLIP:
                limits = zip(starts, x.shape, op.window, strict=True)
                starts = [min(max(s, 0), n - part) for s, n, part in limits]
            at: list[Any] = [slice(None)] * updates.ndim
            for dim, place in zip(batch_dims, batch, strict=True):
                at[dim] = place
            part = updates[tuple(at)].reshape(op.window)
            if not all(0 <= s <= n - p for s, n, p in zip(starts, x.shape, op.window, strict=True)):
                continue  # a slice that does not fit is dropped
            for offset in np.ndindex(*part.shape):
                place = tuple(s + o for s, o in zip(starts, offset, strict=True))
                made[place] = function(made[place], part[offset])
        return (made,)

    return evaluate


def _by(function: Combine, of_bools: Combine | None = None) -> Rule:
    def combine(_: Interpreter, op: xtensor.ScatterLikeOp) -> Combine:
        is_bool = kind_of(type_of(op.operand).element_type) & Kind.BOOL
        return of_bools if is_bool and of_bools is not None else function

    return _scatter(combine)


def _by_region(run: Interpreter, op: xtensor.ScatterLikeOp) -> Combine:
    assert isinstance(op, xtensor.ScatterApplyOp)
    body = op.body
    return lambda old, new: run.region(body, np.asarray(old), np.asarray(new))[0]


RULES: Mapping[Key, Rule] = {
    xtensor.BroadcastInDimOp: _broadcast,
    xtensor.ConcatenateOp: _concatenate,
    xtensor.DynamicSliceOp: _dynamic_slice,
    xtensor.DynamicUpdateSliceOp: _dynamic_update,
    xtensor.GatherOp: _gather,
    xtensor.PadOp: _pad,
    xtensor.ReshapeOp: _reshape,
    xtensor.RevOp: _reverse,
    xtensor.ScatterAddOp: _by(lambda old, new: old + new),
    xtensor.ScatterApplyOp: _scatter(_by_region),
    xtensor.ScatterMaxOp: _by(np.maximum, np.logical_or),
    xtensor.ScatterMinOp: _by(np.minimum, np.logical_and),
    xtensor.ScatterMulOp: _by(lambda old, new: old * new),
    xtensor.ScatterOp: _by(lambda old, new: new),
    xtensor.ScatterSubOp: _by(lambda old, new: old - new),
    xtensor.SliceOp: _slice,
    xtensor.SplitOp: _split,
    xtensor.SqueezeOp: _reshape,
    xtensor.StackOp: _stack,
    xtensor.TileOp: _tile,
    xtensor.TransposeOp: _transpose,
    xtensor.UnstackOp: _unstack,
}
