"""Lowering of the reductions."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import cast

from xdsl.dialects.builtin import (
    Float4E2M1FNType,
    Float8E4M3B11FNUZType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E5M2FNUZType,
    Float8E8M0FNUType,
    IntegerType,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import (
    control,
    elementwise,
    generation,
    reduction,
)
from xcs.dialects.stablehlo.attributes import ComparisonDirection
from xcs.dialects.xtensor import Kind, kind_of, tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.combiner import combining_region
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    int_attr,
    type_of,
)

LARGEST: dict[type[Attribute], float] = {
    Float4E2M1FNType: 6.0,
    Float8E4M3B11FNUZType: 30.0,
    Float8E4M3FNType: 448.0,
    Float8E4M3FNUZType: 240.0,
    Float8E5M2FNUZType: 57344.0,
}
"""The largest number of the formats that have no infinity."""


def least(element: Attribute) -> float:
    """The identity of the maximum."""
    match kind_of(element):
        case Kind.SIGNED:
            return -(1 << (_width(element) - 1))
        case Kind.FLOAT | Kind.COMPLEX:
            return -LARGEST.get(type(element), inf)
        case _:
            return 0


def greatest(element: Attribute) -> float:
    """The identity of the minimum."""
    match kind_of(element):
        case Kind.SIGNED:
            return (1 << (_width(element) - 1)) - 1
        case Kind.FLOAT | Kind.COMPLEX:
            return LARGEST.get(type(element), inf)
        case _:
            return _all_ones(element)


def _all_ones(element: Attribute) -> float:
    """The identity of the bitwise and."""
    return -1 if kind_of(element) & Kind.SIGNED else (1 << _width(element)) - 1


def _width(element: Attribute) -> int:
    return cast(IntegerType, element).width.data


def zero(element: Attribute) -> float:
    """The identity of the sum; NaN in the one format that has no zero."""
    return nan if isinstance(element, Float8E8M0FNUType) else 0


def one(element: Attribute) -> float:
    return 1


REDUCTIONS: dict[type[Operation], tuple[type[Operation], Callable[[Attribute], float]]] = {
    xtensor.ReduceAndOp: (elementwise.AndOp, _all_ones),
    xtensor.ReduceMaxOp: (elementwise.MaximumOp, least),
    xtensor.ReduceMinOp: (elementwise.MinimumOp, greatest),
    xtensor.ReduceOrOp: (elementwise.OrOp, zero),
    xtensor.ReduceProdOp: (elementwise.MultiplyOp, one),
    xtensor.ReduceSumOp: (elementwise.AddOp, zero),
    xtensor.ReduceXorOp: (elementwise.XorOp, zero),
}
"""What a reduction folds with, and the value it starts from."""

INDEX_REDUCTIONS: dict[
    type[Operation], tuple[ComparisonDirection, Callable[[Attribute], float]]
] = {
    xtensor.ArgmaxOp: (ComparisonDirection.GT, least),
    xtensor.ArgminOp: (ComparisonDirection.LT, greatest),
}
"""The order in which an element is taken before another, and the value that comes last in it."""


def _reduction(combiner: type[Operation], identity: Callable[[Attribute], float]) -> Rule:
    def lower(emit: Emitter, op: xtensor.ReductionOp, x: SSAValue) -> Values:
        element = type_of(x).element_type
        init = emit.scalar(element, identity(element))
        body = combining_region(emit, combiner, element)
        return emit.many(
            reduction.ReduceOp, (x, init), op.result_types, {"dimensions": op.axes}, (body,)
        )

    return lower


def _index_reduction(
    direction: ComparisonDirection, identity: Callable[[Attribute], float]
) -> Rule:
    def lower(emit: Emitter, op: xtensor.IndexReductionOp, x: SSAValue) -> Values:
        source, result = type_of(x), type_of(op.result)
        element, index = source.element_type, result.element_type
        (axis,) = op.axes.get_values()
        indices = emit.one(
            generation.IotaOp,
            (),
            tensor_type(source.get_shape(), index),
            {"iota_dimension": int_attr(axis)},
        )
        inits = (emit.scalar(element, identity(element)), emit.scalar(index, 0))
        body = _first_extreme(emit.inner(), direction, element, index)
        results = emit.many(
            reduction.ReduceOp,
            (x, indices, *inits),
            (tensor_type(result.get_shape(), element), result),
            {"dimensions": op.axes},
            (body,),
        )
        return results[1:]

    return lower


def _first_extreme(
    emit: Emitter, direction: ComparisonDirection, element: Attribute, index: Attribute
) -> Region:
    """Of two (value, index) pairs, the one that comes first; NaN comes first of all values."""
    value_type, index_type = tensor_type((), element), tensor_type((), index)
    block = Block(arg_types=(value_type, index_type, value_type, index_type))
    value, place, other_value, other_place = block.args
    is_beyond = emit.compare(direction, value, other_value)
    is_nan = emit.compare(ComparisonDirection.NE, value, value)
    take_value = emit.same(elementwise.OrOp, is_beyond, is_nan)
    is_equal = emit.compare(ComparisonDirection.EQ, value, other_value)
    is_earlier = emit.compare(ComparisonDirection.LT, place, other_place)
    is_first = emit.same(elementwise.AndOp, is_equal, is_earlier)
    take_place = emit.same(elementwise.OrOp, take_value, is_first)
    values = (
        emit.select(take_value, value, other_value),
        emit.select(take_place, place, other_place),
    )
    emit.many(control.ReturnOp, values, ())
    return emit.into_region(block)


def lower_reduce(emit: Emitter, op: xtensor.ReduceOp, *operands: SSAValue) -> Values:
    """A reduce by the op's own function."""
    body = emit.lower_body(op.body)
    return emit.many(
        reduction.ReduceOp, operands, op.result_types, {"dimensions": op.axes}, (body,)
    )


RULES: dict[type[Operation], Rule] = {
    **{op: _reduction(*how) for op, how in REDUCTIONS.items()},
    **{op: _index_reduction(*how) for op, how in INDEX_REDUCTIONS.items()},
    xtensor.ReduceOp: lower_reduce,
}
