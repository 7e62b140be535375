"""Lowering of the cumulative reductions, to reductions over windows that reach to one end.

XLA rewrites such a window, which would take quadratic time as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, pi

from xdsl.dialects.builtin import ComplexType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import control, elementwise, reduction
from xcs.dialects.stablehlo.attributes import ComparisonDirection
from xcs.dialects.xtensor import dims_attr, tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.combiner import combine, combining_region
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import Emitter, Rule, Values, type_of
from xcs.transforms.convert_xtensor_to_stablehlo.reduction import greatest, least, one, zero
from xcs.transforms.convert_xtensor_to_stablehlo.window import padding

REDUCTIONS: dict[type[Operation], tuple[type[Operation], Callable[[Attribute], float]]] = {
    xtensor.CummaxOp: (elementwise.MaximumOp, least),
    xtensor.CumminOp: (elementwise.MinimumOp, greatest),
    xtensor.CumprodOp: (elementwise.MultiplyOp, one),
    xtensor.CumsumOp: (elementwise.AddOp, zero),
}
"""What elements are folded with, and the value that stands for those beyond the end."""


def _fold_to_end(
    emit: Emitter, op: xtensor.CumulativeOp, x: SSAValue, beyond: float, body: Region
) -> SSAValue:
    """Fold, for each element, a window of the whole axis that ends (or starts) there."""
    source, axis = type_of(x), op.axis.value.data
    shape = source.get_shape()

    def along(size: int, elsewhere: int) -> tuple[int, ...]:
        return tuple(size if i == axis else elsewhere for i in range(len(shape)))

    size, ones = shape[axis], dims_attr((1,) * len(shape))
    before, after = (0, size - 1) if op.reverse else (size - 1, 0)
    properties = {
        "window_dimensions": dims_attr(along(size, 1)),
        "window_strides": ones,
        "padding": padding(dims_attr(along(before, 0)), dims_attr(along(after, 0)), len(shape)),
        "base_dilations": ones,
        "window_dilations": ones,
    }
    operands = (x, emit.scalar(source.element_type, beyond))
    return emit.one(reduction.ReduceWindowOp, operands, source, properties, (body,))


def _is_empty(op: xtensor.CumulativeOp) -> bool:
    return type_of(op.result).get_shape()[op.axis.value.data] == 0


def _cumulative(combiner: type[Operation], identity: Callable[[Attribute], float]) -> Rule:
    def lower(emit: Emitter, op: xtensor.CumulativeOp, x: SSAValue) -> Values:
        if _is_empty(op):
            return (x,)
        element = type_of(x).element_type
        body = combining_region(emit, combiner, element)
        return (_fold_to_end(emit, op, x, identity(element), body),)

    return lower


def lower_cumlogsumexp(emit: Emitter, op: xtensor.CumlogsumexpOp, x: SSAValue) -> Values:
    """Sums of exponentials, kept as their logarithms throughout."""
    if _is_empty(op):
        return (x,)
    element = type_of(x).element_type
    block = Block(arg_types=(tensor_type((), element),) * 2)
    body = emit.inner()
    add = _logaddexp_complex if isinstance(element, ComplexType) else _logaddexp
    body.many(control.ReturnOp, (add(body, *block.args),), ())
    return (_fold_to_end(emit, op, x, -inf, body.into_region(block)),)


def _logaddexp(emit: Emitter, a: SSAValue, b: SSAValue) -> SSAValue:
    """Max + log1p(exp(-|a - b|)), or a + b where that is no number: for infinities and NaN."""
    greater = emit.same(elementwise.MaximumOp, a, b)
    delta = emit.same(elementwise.SubtractOp, a, b)
    is_nan = emit.compare(ComparisonDirection.NE, delta, delta)
    total = emit.same(elementwise.AddOp, a, b)
    distance = emit.same(elementwise.NegateOp, emit.same(elementwise.AbsOp, delta))
    rest = emit.same(elementwise.LogPlusOneOp, emit.same(elementwise.ExponentialOp, distance))
    return emit.select(is_nan, total, emit.same(elementwise.AddOp, greater, rest))


def _logaddexp_complex(emit: Emitter, a: SSAValue, b: SSAValue) -> SSAValue:
    """Max + log1p(exp(a + b - 2 max)), whose imaginary part is an angle between -pi and pi."""
    element = type_of(a).element_type
    assert isinstance(element, ComplexType)
    greater = combine(emit, elementwise.MaximumOp, a, b, element)
    total = emit.same(elementwise.AddOp, a, b)
    twice = emit.same(elementwise.MultiplyOp, greater, emit.scalar(element, 2))
    delta = emit.same(elementwise.SubtractOp, total, twice)
    rest = emit.same(elementwise.LogPlusOneOp, emit.same(elementwise.ExponentialOp, delta))
    result = emit.same(elementwise.AddOp, greater, rest)
    part = tensor_type((), element.element_type)
    real = emit.one(elementwise.RealOp, (result,), part)
    imag = _wrapped_angle(emit, emit.one(elementwise.ImagOp, (result,), part))
    return emit.one(elementwise.ComplexOp, (real, imag), a.type)


def _wrapped_angle(emit: Emitter, x: SSAValue) -> SSAValue:
    half, full, none = (emit.full_like(value, x) for value in (pi, 2 * pi, 0))
    rest = emit.same(elementwise.RemainderOp, emit.same(elementwise.AddOp, x, half), full)
    is_below = emit.compare(ComparisonDirection.LT, rest, none)
    rest = emit.select(is_below, emit.same(elementwise.AddOp, rest, full), rest)
    return emit.same(elementwise.SubtractOp, rest, half)


RULES: dict[type[Operation], Rule] = {
    **{op: _cumulative(*how) for op, how in REDUCTIONS.items()},
    xtensor.CumlogsumexpOp: lower_cumlogsumexp,
}
