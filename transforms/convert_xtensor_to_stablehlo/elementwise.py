"""Lowering of the elementwise ops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import cast

from xdsl.dialects.builtin import (
    ComplexType,
    IntegerAttr,
    TensorType,
    i1,
    i32,
)
from xdsl.ir import Attribute, Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import (
    chlo,
    elementwise,
)
from xcs.dialects.stablehlo.attributes import (
    ComparisonDirection,
    ResultAccuracyAttr,
    ResultAccuracyMode,
    ResultAccuracyModeAttr,
)
from xcs.dialects.xtensor import Kind, kind_of, tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    TOTAL,
    Emitter,
    Rule,
    Values,
    direct,
    type_of,
)

DIRECT: dict[type[Operation], type[Operation]] = {
    xtensor.AbsOp: elementwise.AbsOp,
    xtensor.AcosOp: chlo.AcosOp,
    xtensor.AcoshOp: chlo.AcoshOp,
    xtensor.AddOp: elementwise.AddOp,
    xtensor.AndOp: elementwise.AndOp,
    xtensor.AsinOp: chlo.AsinOp,
    xtensor.AsinhOp: chlo.AsinhOp,
    xtensor.Atan2Op: elementwise.Atan2Op,
    xtensor.AtanOp: chlo.AtanOp,
    xtensor.AtanhOp: chlo.AtanhOp,
    xtensor.BesselI1eOp: chlo.BesselI1eOp,
    xtensor.BitcastConvertTypeOp: elementwise.BitcastConvertOp,
    xtensor.CeilOp: elementwise.CeilOp,
    xtensor.ClampOp: elementwise.ClampOp,
    xtensor.ClzOp: elementwise.CountLeadingZerosOp,
    xtensor.ComplexOp: elementwise.ComplexOp,
    xtensor.CoshOp: chlo.CoshOp,
    xtensor.DigammaOp: chlo.DigammaOp,
    xtensor.DivOp: elementwise.DivideOp,
    xtensor.ErfInvOp: chlo.ErfInvOp,
    xtensor.ErfOp: chlo.ErfOp,
    xtensor.ErfcOp: chlo.ErfcOp,
    xtensor.FloorOp: elementwise.FloorOp,
    xtensor.ImagOp: elementwise.ImagOp,
    xtensor.IsFiniteOp: elementwise.IsFiniteOp,
    xtensor.LgammaOp: chlo.LgammaOp,
    xtensor.MulOp: elementwise.MultiplyOp,
    xtensor.MulhiOp: chlo.MulhiOp,
    xtensor.NegOp: elementwise.NegateOp,
    xtensor.NextafterOp: chlo.NextAfterOp,
    xtensor.NotOp: elementwise.NotOp,
    xtensor.OrOp: elementwise.OrOp,
    xtensor.PolygammaOp: chlo.PolygammaOp,
    xtensor.PopulationCountOp: elementwise.PopcntOp,
    xtensor.PowOp: elementwise.PowerOp,
    xtensor.RealOp: elementwise.RealOp,
    xtensor.RemOp: elementwise.RemainderOp,
    xtensor.ShiftLeftOp: elementwise.ShiftLeftOp,
    xtensor.ShiftRightArithmeticOp: elementwise.ShiftRightArithmeticOp,
    xtensor.ShiftRightLogicalOp: elementwise.ShiftRightLogicalOp,
    xtensor.SinhOp: chlo.SinhOp,
    xtensor.SubOp: elementwise.SubtractOp,
    xtensor.XorOp: elementwise.XorOp,
    xtensor.ZetaOp: chlo.ZetaOp,
}
"""Ops that are one StableHLO op of the same operands and results, without properties."""

FUNCTIONS: dict[type[Operation], type[Operation]] = {
    xtensor.CbrtOp: elementwise.CbrtOp,
    xtensor.ExpOp: elementwise.ExponentialOp,
    xtensor.Expm1Op: elementwise.ExponentialMinusOneOp,
    xtensor.Log1pOp: elementwise.LogPlusOneOp,
    xtensor.LogOp: elementwise.LogOp,
    xtensor.RsqrtOp: elementwise.RsqrtOp,
    xtensor.SqrtOp: elementwise.SqrtOp,
    xtensor.TanOp: elementwise.TanOp,
    xtensor.TanhOp: elementwise.TanhOp,
}
"""Ops that are one StableHLO op, which may be asked for an accuracy."""


def _function(target: type[Operation]) -> Rule:
    def lower(emit: Emitter, op: xtensor.FunctionOp, x: SSAValue) -> Values:
        return emit.many(target, (x,), op.result_types, _accuracy(op))

    return lower


def _accuracy(op: xtensor.FunctionOp) -> Mapping[str, Attribute]:
    accuracy = op.properties.get("accuracy")
    if not isinstance(accuracy, xtensor.AccuracyAttr):
        return {}
    limits = (accuracy.atol, accuracy.rtol, accuracy.ulps)
    bounded = any(limit.data for limit in limits)
    mode = ResultAccuracyMode.TOLERANCE if bounded else ResultAccuracyMode.HIGHEST
    return {"result_accuracy": ResultAccuracyAttr(*limits, ResultAccuracyModeAttr(mode))}


EXTREMES: dict[type[Operation], tuple[type[Operation], ComparisonDirection]] = {
    xtensor.MaxOp: (elementwise.MaximumOp, ComparisonDirection.GT),
    xtensor.MinOp: (elementwise.MinimumOp, ComparisonDirection.LT),
}
"""Ops that are one StableHLO op, and the order of the real parts where elements are complex."""


def _extreme(target: type[Operation], direction: ComparisonDirection) -> Rule:
    def lower(emit: Emitter, op: xtensor.BinaryOp, lhs: SSAValue, rhs: SSAValue) -> Values:
        """The larger or the smaller element; complex ones are ordered as pairs."""
        if not isinstance(type_of(lhs).element_type, ComplexType):
            return (emit.same(target, lhs, rhs),)
        part = _part(lhs)
        first, second = (emit.one(elementwise.RealOp, (value,), part) for value in (lhs, rhs))
        is_equal = emit.compare(ComparisonDirection.EQ, first, second)
        by_real = emit.compare(direction, first, second)
        first, second = (emit.one(elementwise.ImagOp, (value,), part) for value in (lhs, rhs))
        by_imag = emit.compare(direction, first, second)
        return (emit.select(emit.select(is_equal, by_imag, by_real), lhs, rhs),)

    return lower


COMPARISONS: dict[type[Operation], ComparisonDirection] = {
    xtensor.EqOp: ComparisonDirection.EQ,
    xtensor.GeOp: ComparisonDirection.GE,
    xtensor.GtOp: ComparisonDirection.GT,
    xtensor.LeOp: ComparisonDirection.LE,
    xtensor.LtOp: ComparisonDirection.LT,
    xtensor.NeOp: ComparisonDirection.NE,
}


def _comparison(direction: ComparisonDirection) -> Rule:
    return lambda emit, op, lhs, rhs: (emit.compare(direction, lhs, rhs),)


TOTAL_ORDER: dict[type[Operation], ComparisonDirection] = {
    xtensor.EqToOp: ComparisonDirection.EQ,
    xtensor.LeToOp: ComparisonDirection.LE,
    xtensor.LtToOp: ComparisonDirection.LT,
}
"""Comparisons by which -NaN comes first and NaN last, and -0 before 0."""


def _total_order(direction: ComparisonDirection) -> Rule:
    def lower(emit: Emitter, op: Operation, lhs: SSAValue, rhs: SSAValue) -> Values:
        of_floats = kind_of(type_of(lhs).element_type) & Kind.INEXACT
        return (emit.compare(direction, lhs, rhs, TOTAL if of_floats else None),)

    return lower


def lower_logistic(emit: Emitter, op: xtensor.LogisticOp, x: SSAValue) -> Values:
    """1 / (1 + exp(-x)), which JAX prefers to StableHLO's own op for its precision."""
    one = emit.full_like(1, x)
    exp = emit.same(elementwise.ExponentialOp, emit.same(elementwise.NegateOp, x))
    return (emit.same(elementwise.DivideOp, one, emit.same(elementwise.AddOp, one, exp)),)


def lower_exp2(emit: Emitter, op: xtensor.Exp2Op, x: SSAValue) -> Values:
    """exp(log(2) * x)."""
    scaled = emit.same(elementwise.MultiplyOp, emit.full_like(log(2), x), x)
    return (emit.one(elementwise.ExponentialOp, (scaled,), scaled.type, _accuracy(op)),)


def lower_square(emit: Emitter, op: xtensor.SquareOp, x: SSAValue) -> Values:
    """A product, with care for overflow where x is complex."""
    if kind_of(type_of(x).element_type) & Kind.INTEGER:
        return (emit.same(elementwise.MultiplyOp, x, x),)
    return (emit.same(chlo.SquareOp, x),)


def lower_sign(emit: Emitter, op: xtensor.SignOp, x: SSAValue) -> Values:
    """The sign; StableHLO has none for unsigned integers."""
    if not kind_of(type_of(x).element_type) & Kind.UNSIGNED:
        return (emit.same(elementwise.SignOp, x),)
    is_zero = emit.compare(ComparisonDirection.EQ, x, emit.full_like(0, x))
    return (emit.select(is_zero, emit.full_like(0, x), emit.full_like(1, x)),)


def lower_conj(emit: Emitter, op: xtensor.ConjOp, x: SSAValue) -> Values:
    """The conjugate; of a real number, that number as a complex one."""
    if isinstance(type_of(x).element_type, ComplexType):
        part = _part(x)
        imag = emit.same(elementwise.NegateOp, emit.one(elementwise.ImagOp, (x,), part))
        real = emit.one(elementwise.RealOp, (x,), part)
    else:
        real, imag = x, emit.full_like(0, x)
    return (emit.one(elementwise.ComplexOp, (real, imag), op.result.type),)


def _part(value: SSAValue) -> TensorType:
    """The type of the real and of the imaginary part."""
    tensor = type_of(value)
    return tensor_type(tensor.get_shape(), cast(ComplexType, tensor.element_type).element_type)


def _trigonometric(target: type[Operation], of_complex: Rule) -> Rule:
    def lower(emit: Emitter, op: xtensor.FunctionOp, x: SSAValue) -> Values:
        if isinstance(type_of(x).element_type, ComplexType):
            return of_complex(emit, op, x)
        return emit.many(target, (x,), op.result_types, _accuracy(op))

    return lower


def _complex_parts(emit: Emitter, x: SSAValue) -> tuple[SSAValue, ...]:
    """For x = a + bi: a, whether a is 0, sin a, cos a, sinh b, cosh b.

    The hyperbolic functions come from expm1, which does not cancel where b is small.
    """
    part = _part(x)
    a, b = emit.one(elementwise.RealOp, (x,), part), emit.one(elementwise.ImagOp, (x,), part)
    a_is_zero = emit.compare(ComparisonDirection.EQ, a, emit.full_like(0, a))
    two = emit.full_like(2, a)
    sine, cosine = emit.same(elementwise.SineOp, a), emit.same(elementwise.CosineOp, a)
    grow = emit.same(elementwise.ExponentialMinusOneOp, b)
    shrink = emit.same(elementwise.ExponentialMinusOneOp, emit.same(elementwise.NegateOp, b))
    difference = emit.same(elementwise.SubtractOp, grow, shrink)
    total = emit.same(elementwise.AddOp, emit.same(elementwise.AddOp, grow, shrink), two)
    sinh = emit.same(elementwise.DivideOp, difference, two)
    cosh = emit.same(elementwise.DivideOp, total, two)
    return a, a_is_zero, sine, cosine, sinh, cosh


def lower_complex_sin(emit: Emitter, op: xtensor.SinOp, x: SSAValue) -> Values:
    """sin(a + bi) = sin a cosh b + i cos a sinh b; the real part is 0, not NaN, where a is 0."""
    a, a_is_zero, sine, cosine, sinh, cosh = _complex_parts(emit, x)
    real = emit.same(elementwise.MultiplyOp, sine, cosh)
    imag = emit.same(elementwise.MultiplyOp, cosine, sinh)
    result = op.result.type
    pure = emit.one(elementwise.ComplexOp, (emit.full_like(0, a), imag), result)
    full = emit.one(elementwise.ComplexOp, (real, imag), result)
    return (emit.select(a_is_zero, pure, full),)


def lower_complex_cos(emit: Emitter, op: xtensor.CosOp, x: SSAValue) -> Values:
    """cos(a + bi) = cos a cosh b - i sin a sinh b; the imaginary part is 0 where a is 0."""
    a, a_is_zero, sine, cosine, sinh, cosh = _complex_parts(emit, x)
    real = emit.same(elementwise.MultiplyOp, cosine, cosh)
    imag = emit.same(elementwise.MultiplyOp, emit.same(elementwise.NegateOp, sine), sinh)
    result = op.result.type
    pure = emit.one(elementwise.ComplexOp, (real, emit.full_like(0, a)), result)
    full = emit.one(elementwise.ComplexOp, (real, imag), result)
    return (emit.select(a_is_zero, pure, full),)


def lower_round(emit: Emitter, op: xtensor.RoundOp, x: SSAValue) -> Values:
    """Rounding, with halves away from zero or to the even integer."""
    away = op.rounding_method.data is xtensor.RoundingMethod.AWAY_FROM_ZERO
    target = elementwise.RoundNearestAfzOp if away else elementwise.RoundNearestEvenOp
    return (emit.same(target, x),)


def lower_integer_pow(emit: Emitter, op: xtensor.IntegerPowOp, x: SSAValue) -> Values:
    """Repeated squaring, in JAX's order of multiplications; negative powers by one division."""
    exponent = op.y.value.data
    if exponent == 0:
        return (emit.full_like(1, x),)
    if exponent == 3:
        square = emit.same(elementwise.MultiplyOp, x, x)
        return (emit.same(elementwise.MultiplyOp, square, x),)
    power, rest = None, abs(exponent)
    while rest > 0:
        if rest & 1:
            power = x if power is None else emit.same(elementwise.MultiplyOp, power, x)
        rest >>= 1
        if rest > 0:
            x = emit.same(elementwise.MultiplyOp, x, x)
    assert power is not None
    if exponent < 0:
        power = emit.same(elementwise.DivideOp, emit.full_like(1, power), power)
    return (power,)


def lower_reduce_precision(emit: Emitter, op: xtensor.ReducePrecisionOp, x: SSAValue) -> Values:
    """Rounding to a narrower format."""
    properties = {
        "exponent_bits": IntegerAttr(op.exponent_bits.value.data, i32),
        "mantissa_bits": IntegerAttr(op.mantissa_bits.value.data, i32),
    }
    target = elementwise.ReducePrecisionOp
    return (emit.one(target, (x,), op.result.type, properties),)


def lower_convert(emit: Emitter, op: xtensor.ConvertElementTypeOp, x: SSAValue) -> Values:
    """Conversion; complex numbers lose their imaginary part, and a boolean is `x != 0`."""
    result = type_of(op.result)
    if isinstance(type_of(x).element_type, ComplexType) and not isinstance(
        result.element_type, ComplexType
    ):
        x = emit.one(elementwise.RealOp, (x,), _part(x))
    if x.type == result:
        return (x,)
    if result.element_type == i1:
        return (emit.compare(ComparisonDirection.NE, x, emit.full_like(0, x)),)
    return (emit.one(elementwise.ConvertOp, (x,), result),)


def lower_select_n(
    emit: Emitter, op: xtensor.SelectNOp, which: SSAValue, *cases: SSAValue
) -> Values:
    """A select; a binary tree of them where an integer chooses between cases."""
    if len(cases) == 1:
        return (cases[0],)
    if type_of(which).element_type == i1:
        return (emit.select(which, cases[1], cases[0]),)

    def choose(offset: int, among: Sequence[SSAValue]) -> SSAValue:
        if len(among) == 1:
            return among[0]
        middle = len(among) // 2
        pivot = emit.full_like(offset + middle, which)
        is_before = emit.compare(ComparisonDirection.LT, which, pivot)
        before = choose(offset, among[:middle])
        return emit.select(is_before, before, choose(offset + middle, among[middle:]))

    return (choose(0, cases),)


RULES: dict[type[Operation], Rule] = {
    **{op: direct(target) for op, target in DIRECT.items()},
    **{op: _function(target) for op, target in FUNCTIONS.items()},
    **{op: _extreme(*how) for op, how in EXTREMES.items()},
    **{op: _comparison(direction) for op, direction in COMPARISONS.items()},
    **{op: _total_order(direction) for op, direction in TOTAL_ORDER.items()},
    xtensor.ConjOp: lower_conj,
    xtensor.ConvertElementTypeOp: lower_convert,
    xtensor.CosOp: _trigonometric(elementwise.CosineOp, lower_complex_cos),
    xtensor.Exp2Op: lower_exp2,
    xtensor.IntegerPowOp: lower_integer_pow,
    xtensor.LogisticOp: lower_logistic,
    xtensor.ReducePrecisionOp: lower_reduce_precision,
    xtensor.RoundOp: lower_round,
    xtensor.SelectNOp: lower_select_n,
    xtensor.SignOp: lower_sign,
    xtensor.SinOp: _trigonometric(elementwise.SineOp, lower_complex_sin),
    xtensor.SquareOp: lower_square,
}
