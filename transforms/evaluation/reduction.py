"""Reductions, also cumulative ones and those over windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute, Operation, Region

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, type_of, without
from xcs.transforms.evaluation.arrays import Array, dtype_of
from xcs.transforms.evaluation.contraction import summed_in
from xcs.transforms.evaluation.elementwise import bits_of
from xcs.transforms.evaluation.interpreter import Arrays, Interpreter, Rule
from xcs.transforms.evaluation.windows import Windows, offsets
from xcs.transforms.op_rules import Key


def least(element: Attribute) -> Any:
    """What is no greater than any element of a type."""
    kind = kind_of(element)
    if kind & Kind.BOOL:
        return False
    if kind & Kind.INTEGER:
        return -(1 << bits_of(element) - 1) if kind & Kind.SIGNED else 0
    return complex(-np.inf, -np.inf) if kind & Kind.COMPLEX else -np.inf


def greatest(element: Attribute) -> Any:
    """What is no less than any element of a type."""
    kind = kind_of(element)
    if kind & Kind.BOOL:
        return True
    if kind & Kind.INTEGER:
        return (1 << bits_of(element) - bool(kind & Kind.SIGNED)) - 1
    return complex(np.inf, np.inf) if kind & Kind.COMPLEX else np.inf


def _zero(_: Attribute) -> Any:
    return 0


def _comparable(x: Array, element: Attribute) -> Array:
    """Elements as numbers that NumPy itself orders."""
    if x.dtype.kind == "V":
        return x.astype(np.float32 if kind_of(element) & Kind.FLOAT else np.int64)
    return x


def _maximum(x: Array, axes: tuple[int, ...], element: Attribute) -> Any:
    return np.max(_comparable(x, element), axis=axes, initial=least(element))


def _minimum(x: Array, axes: tuple[int, ...], element: Attribute) -> Any:
    return np.min(_comparable(x, element), axis=axes, initial=greatest(element))


def _sum(x: Array, axes: tuple[int, ...], element: Attribute) -> Any:
    return np.sum(x.astype(summed_in(element)), axis=axes, dtype=summed_in(element))


def _product(x: Array, axes: tuple[int, ...], element: Attribute) -> Any:
    return np.prod(x.astype(summed_in(element)), axis=axes, dtype=summed_in(element))


def _bits(function: Any, start: int) -> Callable[..., Any]:
    def fold(x: Array, axes: tuple[int, ...], element: Attribute) -> Any:
        if kind_of(element) & Kind.BOOL:
            return function.reduce(x, axis=axes, initial=bool(start))
        return function.reduce(x.astype(np.int64), axis=axes, initial=start)

    return fold


def _fold(function: Callable[[Array, tuple[int, ...], Attribute], Any]) -> Rule:
    def evaluate(_: Interpreter, op: xtensor.ReductionOp, x: Array) -> Arrays:
        return (function(x, tuple(op.axes.get_values()), type_of(op.operand).element_type),)

    return evaluate


def _index(function: Any) -> Rule:
    def evaluate(_: Interpreter, op: xtensor.IndexReductionOp, x: Array) -> Arrays:
        numbers = _comparable(x, type_of(op.operand).element_type)
        return (function(numbers, axis=op.axes.get_values()[0]),)

    return evaluate


def folded(
    run: Interpreter, body: Region, lists: Sequence[Array], inits: Sequence[Any]
) -> list[list[Any]]:
    """Fold the last dimension of arrays by a region; return what each place comes to."""
    count = lists[0].shape[-1]
    places = int(np.prod(lists[0].shape[:-1]))
    rows = [array.reshape(places, count) for array in lists]
    results = []
    for place in range(places):
        found = list(inits)
        for i in range(count):
            found = run.region(body, *found, *(row[place, i] for row in rows))
        results.append(found)
    return results


def _together(results: list[list[Any]], op: Operation) -> Arrays:
    return [
        np.asarray([found[i] for found in results], dtype_of(type_of(result).element_type)).reshape(
            type_of(result).get_shape()
        )
        for i, result in enumerate(op.results)
    ]


def _reduce(run: Interpreter, op: xtensor.ReduceOp, *operands: Array) -> Arrays:
    half = len(operands) // 2
    inputs, inits = operands[:half], operands[half:]
    axes = tuple(op.axes.get_values())
    kept = without(range(inputs[0].ndim), axes)
    sizes = [inputs[0].shape[dim] for dim in kept]
    count = int(np.prod([inputs[0].shape[dim] for dim in axes]))
    lists = [x.transpose((*kept, *axes)).reshape((*sizes, count)) for x in inputs]
    return _together(folded(run, op.body, lists, inits), op)


# --- Cumulative -----------------------------------------------------------------------------------


def _cumulative(function: Any) -> Rule:
    def evaluate(_: Interpreter, op: xtensor.CumulativeOp, x: Array) -> Arrays:
        axis, element = op.axis.value.data, type_of(op.operand).element_type
        numbers = x.astype(summed_in(element))
        if isinstance(op.reverse, UnitAttr):
            return (np.flip(function(np.flip(numbers, axis), axis), axis),)
        return (function(numbers, axis),)

    return evaluate


def _accumulated(function: Any) -> Callable[[Array, int], Array]:
    return lambda x, axis: function.accumulate(x, axis=axis) if x.size else x


def _logsumexp(x: Array, axis: int) -> Array:
    if x.dtype.kind != "c":
        return np.logaddexp.accumulate(x, axis=axis) if x.size else x
    return np.log(np.cumsum(np.exp(x), axis=axis))


# --- Windows --------------------------------------------------------------------------------------


def _windows(op: Any) -> Windows:
    return Windows(
        op.window.get_values(),
        strides=op.strides,
        low=op.low,
        high=op.high,
        base_dilation=getattr(op, "base_dilation", None),
        window_dilation=getattr(op, "window_dilation", None),
    )


def _window_fold(function: Any, identity: Callable[[Attribute], Any]) -> Rule:
    def evaluate(_: Interpreter, op: xtensor.WindowReductionOp, x: Array) -> Arrays:
        element = type_of(op.operand).element_type
        windows = _windows(op).of(x, identity(element))
        axes = tuple(range(x.ndim, 2 * x.ndim))
        return (function(windows, axes, element),)

    return evaluate


def _reduce_window(run: Interpreter, op: xtensor.ReduceWindowOp, *operands: Array) -> Arrays:
    half = len(operands) // 2
    inputs, inits = operands[:half], operands[half:]
    windows = _windows(op)
    lists = []
    for x, init in zip(inputs, inits, strict=True):
        taken = windows.of(x, init)
        count = int(np.prod(windows.sizes))
        lists.append(taken.reshape((*windows.counts(x.shape), count)))
    # Places that are padding are the initial value, which is neutral for what reductions are.
    return _together(folded(run, op.body, lists, inits), op)


def _selected(op: Any, operand: Array, element: Attribute) -> tuple[Array, Array]:
    """For each window, the padded index of its selected element; whether there is one at all."""
    first = op.select.data is xtensor.Selection.GE
    windows = _windows(op)
    start = (least if first else greatest)(element)
    values = windows.of(_comparable(operand, element), start)
    there = windows.of(np.ones(operand.shape, bool), False)
    count = operand.ndim
    flat = values.reshape((*values.shape[:count], -1))
    real = there.reshape(flat.shape)
    chosen = np.full(flat.shape[:-1], start, flat.dtype)
    place = np.full(flat.shape[:-1], -1)
    for i in range(flat.shape[-1]):
        keeps = chosen >= flat[..., i] if first else chosen <= flat[..., i]
        takes = real[..., i] & (~keeps | (place < 0))
        chosen = np.where(takes, flat[..., i], chosen)
        place = np.where(takes, i, place)
    return place, flat


def _select_and_gather(
    _: Interpreter, op: xtensor.SelectAndGatherAddOp, tangents: Array, operand: Array
) -> Arrays:
    place, flat = _selected(op, operand, type_of(op.operand).element_type)
    taken = _windows(op).of(tangents, 0).reshape(flat.shape)
    found = np.take_along_axis(taken, np.maximum(place, 0)[..., None], -1)[..., 0]
    return (np.where(place < 0, np.zeros_like(found), found),)


def _select_and_scatter_add(
    _: Interpreter, op: xtensor.SelectAndScatterAddOp, source: Array, operand: Array
) -> Arrays:
    element = type_of(op.operand).element_type
    place, _flat = _selected(op, operand, element)
    windows = _windows(op)
    wide = windows.padded(np.zeros(operand.shape, summed_in(element)), 0)
    tables, inner = windows.places(operand.shape), offsets(windows.sizes)
    for window in np.ndindex(*place.shape):
        if place[window] >= 0:
            at = tuple(
                tables[dim][window[dim], offset] for dim, offset in enumerate(inner[place[window]])
            )
            wide[at] = wide[at] + source[window]
    return (_unpadded(wide, op, operand.shape),)


def _unpadded(padded: Array, op: Any, shape: Sequence[int]) -> Array:
    low = [0] * len(shape) if op.low is None else op.low.get_values()
    return padded[tuple(slice(start, start + size) for start, size in zip(low, shape, strict=True))]


def _select_and_scatter(
    run: Interpreter, op: xtensor.SelectAndScatterOp, operand: Array, source: Array, init: Array
) -> Arrays:
    windows = _windows(op)
    values = windows.padded(operand, init)
    there = windows.padded(np.ones(operand.shape, bool), False)
    result = windows.padded(np.full(operand.shape, init), init)
    tables, inner = windows.places(operand.shape), offsets(windows.sizes)
    for window in np.ndindex(*source.shape):
        chosen: tuple[int, ...] | None = None
        for offset in inner:
            at = tuple(tables[dim][window[dim], place] for dim, place in enumerate(offset))
            if not there[at]:
                continue
            if chosen is None or not run.region(op.select, values[chosen], values[at])[0]:
                chosen = at
        if chosen is not None:
            result[chosen] = run.region(op.scatter, result[chosen], source[window])[0]
    return (_unpadded(result, op, operand.shape),)


RULES: Mapping[Key, Rule] = {
    xtensor.ArgmaxOp: _index(np.argmax),
    xtensor.ArgminOp: _index(np.argmin),
    xtensor.CumlogsumexpOp: _cumulative(_logsumexp),
    xtensor.CummaxOp: _cumulative(_accumulated(np.maximum)),
    xtensor.CumminOp: _cumulative(_accumulated(np.minimum)),
    xtensor.CumprodOp: _cumulative(np.cumprod),
    xtensor.CumsumOp: _cumulative(np.cumsum),
    xtensor.ReduceAndOp: _fold(_bits(np.bitwise_and, -1)),
    xtensor.ReduceMaxOp: _fold(_maximum),
    xtensor.ReduceMinOp: _fold(_minimum),
    xtensor.ReduceOp: _reduce,
    xtensor.ReduceOrOp: _fold(_bits(np.bitwise_or, 0)),
    xtensor.ReduceProdOp: _fold(_product),
    xtensor.ReduceSumOp: _fold(_sum),
    xtensor.ReduceWindowMaxOp: _window_fold(_maximum, least),
    xtensor.ReduceWindowMinOp: _window_fold(_minimum, greatest),
    xtensor.ReduceWindowOp: _reduce_window,
    xtensor.ReduceWindowSumOp: _window_fold(_sum, _zero),
    xtensor.ReduceXorOp: _fold(_bits(np.bitwise_xor, 0)),
    xtensor.SelectAndGatherAddOp: _select_and_gather,
    xtensor.SelectAndScatterAddOp: _select_and_scatter_add,
    xtensor.SelectAndScatterOp: _select_and_scatter,
}
