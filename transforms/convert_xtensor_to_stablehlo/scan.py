"""Lowering of scans to loops, as JAX makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import TensorType, i32
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import elementwise, reindexing
from xcs.dialects.stablehlo.attributes import ComparisonDirection
from xcs.dialects.xtensor import dims_attr, tensor_type
from xcs.transforms.analysis.used_values import captured
from xcs.transforms.convert_xtensor_to_stablehlo.control import inline_with, loop
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    type_of,
)
from xcs.transforms.convert_xtensor_to_stablehlo.reindexing import concatenate

Step = Callable[[Emitter, Values, Values, Values], Values]
"""Emits the body once, for the values from outside, the carried ones, and one element of each."""


@dataclass(frozen=True)
class Schedule:
    """How many iterations the loop makes, of how many elements, and how many are left over.

    What is left over comes after the loop, unrolled: the last elements, or the first ones where the
    scan goes backwards.
    """

    trips: int
    chunk: int
    remainder: int
    reverse: bool

    @classmethod
    def of(cls, op: xtensor.ScanOp) -> Schedule:
        length, chunk = op.length.value.data, op.unroll.value.data
        trips, remainder = divmod(length, chunk) if chunk else (0, length)
        if chunk != 1 and trips == 1 and remainder == 0:
            trips, remainder = 0, length  # one trip is no loop
        return cls(trips, chunk, remainder, op.reverse is not None)

    def order(self, count: int) -> Sequence[int]:
        """The order in which to go through so many elements."""
        return range(count)[::-1] if self.reverse else range(count)


def lower_scan(emit: Emitter, op: xtensor.ScanOp, *operands: SSAValue) -> Values:
    """A loop over the elements, with the stacked results updated in place."""
    schedule = Schedule.of(op)
    carry, scanned = operands[: len(op.inits)], operands[len(op.inits) :]
    elements = [
        tensor_type(type_of(result).get_shape()[1:], type_of(result).element_type)
        for result in op.results[len(carry) :]
    ]
    outer = list(captured(op.regions))
    lowered = emit.conversion.lowered
    invariant = [lowered.get(value, value) for value in outer]
    uses = (schedule.chunk if schedule.trips else 0) + schedule.remainder

    def step(inner: Emitter, local: Values, carried: Values, element: Values) -> Values:
        nonlocal uses
        uses -= 1
        body = op.body.clone() if uses else op.body
        return inline_with(inner, body, outer, local, (*carried, *element))

    rest: Values = ()
    looped = scanned
    if schedule.remainder and schedule.chunk != 1:
        total = schedule.trips * schedule.chunk
        cut = schedule.remainder if schedule.reverse else total
        parts = [_split(emit, value, cut) for value in scanned]
        looped, rest = ([pair[i] for pair in parts] for i in (0, 1))
        if schedule.reverse:
            looped, rest = rest, looped
    stacked: Values
    if schedule.trips:
        carry, stacked = _loop(emit, schedule, step, invariant, carry, looped, elements)
    else:
        stacked = [emit.zeros(_stacked(element, 0)) for element in elements]
    if schedule.remainder:
        carry, last = _unrolled(
            emit, schedule, schedule.remainder, step, invariant, carry, rest, len(elements)
        )
        pairs = zip(*((last, stacked) if schedule.reverse else (stacked, last)), strict=True)
        stacked = [concatenate(emit, pair, 0) for pair in pairs]
    return (*carry, *stacked)


def _stacked(element: TensorType, *sizes: int) -> TensorType:
    return tensor_type((*sizes, *element.get_shape()), element.element_type)


def _split(emit: Emitter, value: SSAValue, cut: int) -> tuple[SSAValue, SSAValue]:
    return (
        _part(emit, value, 0, cut),
        _part(emit, value, cut, type_of(value).get_shape()[0]),
    )


def _part(emit: Emitter, value: SSAValue, start: int, limit: int) -> SSAValue:
    """The elements from start to limit along the first dimension."""
    shape = type_of(value).get_shape()
    part = tensor_type((limit - start, *shape[1:]), type_of(value).element_type)
    return emit.slice(value, (start, *(0 for _ in shape[1:])), (limit, *shape[1:]), part)


def _without_first(emit: Emitter, value: SSAValue) -> SSAValue:
    source = type_of(value)
    return emit.reshape(value, tensor_type(source.get_shape()[1:], source.element_type))


def _loop(
    emit: Emitter,
    schedule: Schedule,
    step: Step,
    invariant: Values,
    carry: Values,
    scanned: Values,
    elements: Sequence[TensorType],
) -> tuple[Values, Values]:
    """The loop; gives the last carried values and the stacked results."""
    trips, chunk = schedule.trips, schedule.chunk
    sizes = (trips,)
    if chunk != 1:
        sizes = (trips, chunk)
        scanned = [
            emit.reshape(
                value,
                tensor_type((*sizes, *type_of(value).get_shape()[1:]), type_of(value).element_type),
            )
            for value in scanned
        ]
    empty = [emit.zeros(_stacked(element, *sizes)) for element in elements]
    ends = 1 + len(carry)

    def condition(inner: Emitter, local: Values, carried: Values) -> SSAValue:
        return inner.compare(ComparisonDirection.LT, carried[0], inner.scalar(i32, trips))

    def body(inner: Emitter, local: Values, carried: Values) -> Values:
        arrays, captured_values = local[: len(scanned)], local[len(scanned) :]
        counter, values, results = carried[0], carried[1:ends], carried[ends:]
        place = counter
        if schedule.reverse:
            left = inner.same(elementwise.SubtractOp, inner.scalar(i32, trips), counter)
            place = inner.same(elementwise.SubtractOp, left, inner.scalar(i32, 1))
        parts = [_element(inner, array, place) for array in arrays]
        if chunk == 1:
            after = step(inner, captured_values, values, parts)
            values, updates = after[: len(values)], after[len(values) :]
        else:
            values, updates = _unrolled(
                inner, schedule, chunk, step, captured_values, values, parts, len(elements)
            )
        results = [
            _update(inner, result, update, place)
            for result, update in zip(results, updates, strict=True)
        ]
        following = inner.same(elementwise.AddOp, counter, inner.scalar(i32, 1))
        return (following, *values, *results)

    start = emit.scalar(i32, 0)
    results = loop(emit, (*scanned, *invariant), (start, *carry, *empty), condition, body)
    stacked = results[ends:]
    if chunk != 1:
        stacked = [
            emit.reshape(value, _stacked(element, trips * chunk))
            for value, element in zip(stacked, elements, strict=True)
        ]
    return results[1:ends], stacked


def _unrolled(
    emit: Emitter,
    schedule: Schedule,
    count: int,
    step: Step,
    invariant: Values,
    carry: Values,
    scanned: Values,
    stacked: int,
) -> tuple[Values, Values]:
    """The body for each of so many elements; gives the carried values and the stacked results."""
    yielded: list[Values] = []
    for place in schedule.order(count):
        parts = [_without_first(emit, _part(emit, value, place, place + 1)) for value in scanned]
        after = step(emit, invariant, carry, parts)
        carry = after[: len(carry)]
        yielded.append(after[len(carry) :])
    if schedule.reverse:
        yielded.reverse()
    columns = [[values[i] for values in yielded] for i in range(stacked)]
    return carry, [_stack(emit, column) for column in columns]


def _stack(emit: Emitter, values: Values) -> SSAValue:
    return concatenate(emit, [_with_first(emit, value) for value in values], 0)


def _with_first(emit: Emitter, value: SSAValue) -> SSAValue:
    """The tensor with a first dimension of size 1."""
    rank = len(type_of(value).get_shape())
    return emit.broadcast(value, _stacked(type_of(value), 1), tuple(range(1, rank + 1)))


def _places(emit: Emitter, array: SSAValue, place: SSAValue) -> Values:
    rest = len(type_of(array).get_shape()) - 1
    if not rest:
        return (place,)
    zero = emit.scalar(i32, 0)
    return (place, *(zero for _ in range(rest)))


def _element(emit: Emitter, array: SSAValue, place: SSAValue) -> SSAValue:
    """The element at this place along the first dimension."""
    sizes = (1, *type_of(array).get_shape()[1:])
    part = emit.one(
        reindexing.DynamicSliceOp,
        (array, *_places(emit, array, place)),
        tensor_type(sizes, type_of(array).element_type),
        {"slice_sizes": dims_attr(sizes)},
    )
    return _without_first(emit, part)


def _update(emit: Emitter, array: SSAValue, value: SSAValue, place: SSAValue) -> SSAValue:
    """The array with another element at this place along the first dimension."""
    update = _with_first(emit, value)
    operands = (array, update, *_places(emit, array, place))
    return emit.one(reindexing.DynamicUpdateSliceOp, operands, array.type)


RULES: dict[type[Operation], Rule] = {xtensor.ScanOp: lower_scan}
