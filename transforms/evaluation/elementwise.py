"""Elementwise ops. What they give at the edges (zero divisors, wide shifts) is what XLA gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import FixedBitwidthType, TensorType
from xdsl.ir import Attribute, Operation

from xcs.dialects import xtensor
from xcs.dialects.dense import PRECISION
from xcs.dialects.xtensor.base import Kind, kind_of, type_of
from xcs.transforms.evaluation.arrays import Array, dtype_of
from xcs.transforms.evaluation.interpreter import Arrays, Interpreter, Rule
from xcs.transforms.op_rules import Key


def _element(op: Operation, place: int = 0) -> Attribute:
    return type_of(op.operands[place]).element_type


def bits_of(element: Attribute) -> int:
    """The width of an element, in bits."""
    return cast(FixedBitwidthType, element).bitwidth


def wide(array: Array, element: Attribute) -> Array:
    """Narrow floats as float32, in which XLA and NumPy's own functions compute with them."""
    return (
        array.astype(np.float32)
        if kind_of(element) & Kind.FLOAT and bits_of(element) < 32
        else array
    )


def ufunc(function: Callable[..., Any]) -> Rule:
    """The rule of an op that is a function of NumPy."""

    def evaluate(_: Interpreter, op: Operation, *operands: Array) -> Arrays:
        return (function(*(wide(x, _element(op, i)) for i, x in enumerate(operands))),)

    return evaluate


def of_kind(rule: Callable[..., Array]) -> Rule:
    """The rule of a function that is given the kind of the elements first."""

    @wraps(rule)
    def evaluate(_: Interpreter, op: Operation, *operands: Array) -> Arrays:
        kind = kind_of(_element(op))
        return (rule(kind, *(wide(x, _element(op, i)) for i, x in enumerate(operands))),)

    return evaluate


def special(name: str, pole: Callable[..., Any] | None = None, at_pole: Any = None) -> Rule:
    """The rule of an op that is a function of SciPy, which is loaded when it is needed.

    At poles, which SciPy takes from one side, the value is what XLA gives.
    """

    def evaluate(_: Interpreter, op: Operation, *operands: Array) -> Arrays:
        from scipy import special as functions

        function = getattr(functions, name)
        # In double precision: SciPy's functions of singles are less exact than XLA's.
        found = function(*(x.astype(np.float64) for x in operands))
        return (found if pole is None else np.where(pole(*operands), at_pole, found),)

    return evaluate


# --- Arithmetic -----------------------------------------------------------------------------------


def _big(x: Array) -> Array:
    """Integers as Python's, which are of any size."""
    made = np.empty(x.shape, object)
    made[...] = x
    return made


def _divide(kind: Kind, x: Array, y: Array) -> Array:
    """Towards zero; XLA makes -1 of what is divided by zero."""
    if not kind & Kind.INTEGER:
        return x / y
    left, right = _big(x), np.where(y == 0, 1, _big(y))
    quotient = np.asarray(left // right, object)
    down = (quotient < 0) & (quotient * right != left)
    truncated = _wrapped(quotient + np.asarray(down, bool), x.dtype)
    return np.where(y == 0, _wrapped(-1, x.dtype), truncated)


def _remainder(kind: Kind, x: Array, y: Array) -> Array:
    """With the sign of the dividend; of zero, XLA makes the dividend."""
    if not kind & Kind.INTEGER:
        return np.fmod(x, y)
    left, right = _big(x), np.where(y == 0, 1, _big(y))
    rest = np.asarray(np.abs(left) % np.abs(right), object)
    return np.where(y == 0, x, _wrapped(np.where(left < 0, -rest, rest), x.dtype))


def _wrapped(numbers: Any, dtype: np.dtype[Any]) -> Array:
    """Python integers as those of a type, which wrap around."""
    limited = np.asarray(np.asarray(numbers, object) & ((1 << 64) - 1), object)
    return limited.astype(np.uint64).astype(np.int64).astype(dtype)


def _nextafter(_: Interpreter, op: Operation, x: Array, y: Array) -> Arrays:
    return (np.nextafter(x, y),)


def _high_product(_: Interpreter, op: Operation, x: Array, y: Array) -> Arrays:
    product = _big(x) * _big(y)
    return (_wrapped(product >> bits_of(_element(op)), x.dtype),)


def _sign(kind: Kind, x: Array) -> Array:
    if kind & Kind.INTEGER:
        return np.sign(x.astype(np.int64)) if kind & Kind.SIGNED else x != 0
    return np.where(x == 0, x, np.sign(x))  # keeps the sign of zero


def _square(kind: Kind, x: Array) -> Array:
    return x * x


def _integer_pow(_: Interpreter, op: xtensor.IntegerPowOp, x: Array) -> Arrays:
    """In the order of multiplications in which JAX does it."""
    exponent, element = op.y.value.data, _element(op)
    x = wide(x, element)
    if exponent == 3:
        return (x * x * x,)
    power, rest = np.ones_like(x), abs(exponent)
    while rest:
        if rest & 1:
            power = power * x
        rest >>= 1
        x = x * x if rest else x
    return (1 / power if exponent < 0 else power,)


def _round(_: Interpreter, op: xtensor.RoundOp, x: Array) -> Arrays:
    x = wide(x, _element(op))
    if op.rounding_method.data is xtensor.RoundingMethod.TO_NEAREST_EVEN:
        return (np.rint(x),)
    whole = np.trunc(x)
    return (np.copysign(np.where(np.abs(x - whole) >= 0.5, whole + np.copysign(1, x), whole), x),)


def _extreme(function: Any, logical: Any, is_first: Callable[[Any, Any], Any]) -> Rule:
    def extreme(kind: Kind, x: Array, y: Array) -> Array:
        if kind & Kind.BOOL:
            return logical(x, y)
        if not kind & Kind.COMPLEX:
            # NumPy takes either zero; the zeros are ordered here as XLA orders them.
            ordered = is_first(np.signbit(y), np.signbit(x)) if kind & Kind.FLOAT else False
            return np.where((x == y) & ordered, x, np.where(x == y, y, function(x, y)))
        by_real, by_imag = is_first(x.real, y.real), is_first(x.imag, y.imag)
        return np.where(np.where(x.real == y.real, by_imag, by_real), x, y)

    return of_kind(extreme)


def _atan2(kind: Kind, y: Array, x: Array) -> Array:
    if not kind & Kind.COMPLEX:
        return np.arctan2(y, x)
    return -1j * np.log((x + 1j * y) / np.sqrt(x * x + y * y))


# --- Bits -----------------------------------------------------------------------------------------


def _unsigned(x: Array, element: Attribute) -> Array:
    """The bits of integers, as 64-bit numbers."""
    return x.astype(np.int64).astype(np.uint64) & np.uint64((1 << bits_of(element)) - 1)


def _leading_zeros(_: Interpreter, op: Operation, x: Array) -> Arrays:
    bits = bits_of(_element(op))
    rest, found = _unsigned(x, _element(op)), np.zeros(x.shape, np.int64)
    for place in range(bits):
        found += (rest >> np.uint64(place)) == 0
    return (found,)


def _population(_: Interpreter, op: Operation, x: Array) -> Arrays:
    return (np.bitwise_count(_unsigned(x, _element(op))),)


def _not(_: Interpreter, op: Operation, x: Array) -> Arrays:
    if kind_of(_element(op)) & Kind.BOOL:
        return (~x,)
    return (~_unsigned(x, _element(op)),)


def _bitwise(function: Any) -> Rule:
    def evaluate(_: Interpreter, op: Operation, x: Array, y: Array) -> Arrays:
        if kind_of(_element(op)) & Kind.BOOL:
            return (function(x, y),)
        return (function(_unsigned(x, _element(op)), _unsigned(y, _element(op))),)

    return evaluate


def _shift(shift: Callable[[Array, Array, int], Array], beyond: Callable[[Array], Any]) -> Rule:
    def evaluate(_: Interpreter, op: Operation, x: Array, y: Array) -> Arrays:
        bits = bits_of(_element(op))
        amount = _unsigned(y, _element(op))
        near = np.minimum(amount, np.uint64(bits - 1))
        return (np.where(amount >= bits, beyond(x), shift(x, near, bits)),)

    return evaluate


def _shift_logical(x: Array, amount: Array, bits: int) -> Array:
    return ((x.astype(np.int64).astype(np.uint64) & np.uint64((1 << bits) - 1)) >> amount).astype(
        x.dtype
    )


def _shift_arithmetic(x: Array, amount: Array, bits: int) -> Array:
    """The sign bit is what comes in, of unsigned numbers too."""
    high = np.uint64(64 - bits)
    signed = (x.astype(np.int64).astype(np.uint64) << high).astype(np.int64)
    return (signed >> (amount + high).astype(np.int64)).astype(x.dtype)


def _shift_left(x: Array, amount: Array, bits: int) -> Array:
    return (x.astype(np.int64).astype(np.uint64) << amount).astype(np.int64).astype(x.dtype)


def _signs(x: Array) -> Array:
    bits = np.dtype(x.dtype).itemsize * 8
    if x.dtype.kind == "V":
        bits = int(np.dtype(x.dtype).name.removeprefix("u").removeprefix("int"))
    return _shift_arithmetic(x, np.full(x.shape, bits - 1, np.uint64), bits)


def _none(x: Array) -> Array:
    return np.zeros_like(x)


# --- Comparisons ----------------------------------------------------------------------------------


def _total_order(compare: Any) -> Rule:
    """-NaN comes first and NaN last, -0 before 0: the order of the bits, the sign set apart."""

    def evaluate(_: Interpreter, op: Operation, x: Array, y: Array) -> Arrays:
        element = _element(op)
        if not kind_of(element) & Kind.FLOAT:
            return (compare(x, y),)
        signed = np.dtype(f"int{8 * x.dtype.itemsize}")
        keys = []
        for value in (x, y):
            bits = np.ascontiguousarray(value).view(signed).reshape(value.shape)
            keys.append(np.where(bits < 0, bits ^ np.iinfo(signed).max, bits))
        return (compare(*keys),)

    return evaluate


# --- Types ----------------------------------------------------------------------------------------


def converted(x: Array, source: Attribute, target: Attribute) -> Array:
    """Conversion as XLA does it: floats go to the nearest integer that is there, NaN to 0."""
    dtype, kinds = dtype_of(target), (kind_of(source), kind_of(target))
    if kinds[1] & Kind.BOOL:
        return x != 0
    if kinds[0] & Kind.COMPLEX and not kinds[1] & Kind.COMPLEX:
        return converted(x.real, xtensor.real_part(source), target)
    if kinds[0] & Kind.FLOAT and kinds[1] & Kind.INTEGER:
        bits, signed = bits_of(target), bool(kinds[1] & Kind.SIGNED)
        least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        number = np.trunc(
            np.nan_to_num(x.astype(np.float64), nan=0, posinf=2.0**80, neginf=-(2.0**80))
        )
        exact = np.asarray([int(one) for one in number.ravel()], object).reshape(number.shape)
        return np.clip(exact, least, most).astype(np.int64 if signed else np.uint64).astype(dtype)
    if kinds[0] & Kind.INTEGER and kinds[1] & Kind.FLOAT and bits_of(target) < 32:
        return x.astype(np.float32).astype(dtype)
    if x.dtype.kind == "V":  # NumPy cannot convert between types that it does not know
        x = x.astype(np.int64 if kinds[0] & Kind.INTEGER else np.float32)
    return x.astype(dtype)


def _convert(_: Interpreter, op: xtensor.ConvertElementTypeOp, x: Array) -> Arrays:
    return (converted(x, _element(op), type_of(op.result).element_type),)


def _bitcast(_: Interpreter, op: xtensor.BitcastConvertTypeOp, x: Array) -> Arrays:
    result = cast(TensorType, op.result.type)
    if min(bits_of(_element(op)), bits_of(result.element_type)) < 8:
        from xcs.transforms.evaluation.interpreter import CannotEvaluate

        raise CannotEvaluate("how parts of bytes lie in memory is the platform's")
    data = np.ascontiguousarray(x)
    return (
        np.frombuffer(data.tobytes(), dtype_of(result.element_type)).reshape(result.get_shape()),
    )


def _reduce_precision(_: Interpreter, op: xtensor.ReducePrecisionOp, x: Array) -> Arrays:
    """Rounds the significand to even, and what is out of the exponent's range to 0 or infinity."""
    element = _element(op)
    mantissa, exponent = op.mantissa_bits.value.data, op.exponent_bits.value.data
    own = PRECISION[type(element)] - 1
    fraction, power = np.frexp(x.astype(np.float64))
    kept = min(mantissa, own)
    rounded = np.ldexp(np.rint(np.ldexp(fraction, kept + 1)), power - kept - 1)
    bias = (1 << (exponent - 1)) - 1
    power = np.frexp(rounded)[1]
    rounded = np.where(power - 1 > bias, np.copysign(np.inf, x.astype(np.float64)), rounded)
    rounded = np.where(power - 1 < 1 - bias, np.copysign(0.0, rounded), rounded)
    same = ~np.isfinite(x.astype(np.float64)) | (x == 0)
    return (np.where(same, x.astype(np.float64), rounded),)


def _complex(_: Interpreter, op: Operation, real: Array, imag: Array) -> Arrays:
    made = np.empty(real.shape, dtype_of(type_of(op.results[0]).element_type))
    made.real, made.imag = real, imag
    return (made,)


def _conjugate(_: Interpreter, op: Operation, x: Array) -> Arrays:
    return (np.conj(x),)


# --- Choices --------------------------------------------------------------------------------------


def _select(_: Interpreter, op: xtensor.SelectNOp, which: Array, *cases: Array) -> Arrays:
    if len(cases) == 1:
        return (cases[0],)
    chosen = np.clip(which.astype(np.int64), 0, len(cases) - 1)
    result = cases[0]
    for place, case in enumerate(cases[1:], 1):
        result = np.where(chosen >= place, case, result)
    return (result,)


def _comes_after(x: Array, y: Array) -> Array:
    """The order of complex numbers: by real part, then by imaginary part."""
    return np.where(x.real == y.real, x.imag > y.imag, x.real > y.real)


def _clamp(_: Interpreter, op: xtensor.ClampOp, low: Array, x: Array, high: Array) -> Arrays:
    if kind_of(_element(op)) & Kind.COMPLEX:
        bounded = np.where(_comes_after(low, x), low, x)
        return (np.where(_comes_after(high, bounded), bounded, high),)
    least = np.where(np.isnan(x) if x.dtype.kind in "f" else x != x, x, np.where(x < low, low, x))
    return (np.where(least != least, least, np.where(least > high, high, least)),)


_GREATER, _LESS = (lambda x, y: x > y), (lambda x, y: x < y)

# Each line names what an op is, as in the dialect's own file.
RULES: Mapping[Key, Rule] = {
    xtensor.AbsOp: ufunc(np.abs),
    xtensor.AcosOp: ufunc(np.arccos),
    xtensor.AcoshOp: ufunc(np.arccosh),
    xtensor.AddOp: ufunc(np.add),
    xtensor.AndOp: _bitwise(np.bitwise_and),
    xtensor.AsinOp: ufunc(np.arcsin),
    xtensor.AsinhOp: ufunc(np.arcsinh),
    xtensor.Atan2Op: of_kind(_atan2),
    xtensor.AtanOp: ufunc(np.arctan),
    xtensor.AtanhOp: ufunc(np.arctanh),
    xtensor.BesselI1eOp: special("i1e"),
    xtensor.BitcastConvertTypeOp: _bitcast,
    xtensor.CbrtOp: ufunc(np.cbrt),
    xtensor.CeilOp: ufunc(np.ceil),
    xtensor.ClampOp: _clamp,
    xtensor.ClzOp: _leading_zeros,
    xtensor.ComplexOp: _complex,
    xtensor.ConjOp: _conjugate,
    xtensor.ConvertElementTypeOp: _convert,
    xtensor.CosOp: ufunc(np.cos),
    xtensor.CoshOp: ufunc(np.cosh),
    xtensor.DigammaOp: special("digamma", lambda x: (x == 0) | (x == -np.inf), np.nan),
    xtensor.DivOp: of_kind(_divide),
    xtensor.EqOp: ufunc(np.equal),
    xtensor.EqToOp: _total_order(np.equal),
    xtensor.ErfInvOp: special("erfinv"),
    xtensor.ErfOp: special("erf"),
    xtensor.ErfcOp: special("erfc"),
    xtensor.Exp2Op: ufunc(np.exp2),
    xtensor.ExpOp: ufunc(np.exp),
    xtensor.Expm1Op: ufunc(np.expm1),
    xtensor.FloorOp: ufunc(np.floor),
    xtensor.GeOp: ufunc(np.greater_equal),
    xtensor.GtOp: ufunc(np.greater),
    xtensor.ImagOp: ufunc(np.imag),
    xtensor.IntegerPowOp: _integer_pow,
    xtensor.IsFiniteOp: ufunc(np.isfinite),
    xtensor.LeOp: ufunc(np.less_equal),
    xtensor.LeToOp: _total_order(np.less_equal),
    xtensor.LgammaOp: special("gammaln", lambda x: x == -np.inf, np.inf),
    xtensor.Log1pOp: ufunc(np.log1p),
    xtensor.LogOp: ufunc(np.log),
    xtensor.LogisticOp: ufunc(lambda x: 1 / (1 + np.exp(-x))),
    xtensor.LtOp: ufunc(np.less),
    xtensor.LtToOp: _total_order(np.less),
    xtensor.MaxOp: _extreme(np.maximum, np.logical_or, _GREATER),
    xtensor.MinOp: _extreme(np.minimum, np.logical_and, _LESS),
    xtensor.MulOp: ufunc(np.multiply),
    xtensor.MulhiOp: _high_product,
    xtensor.NeOp: ufunc(np.not_equal),
    xtensor.NegOp: ufunc(np.negative),
    xtensor.NextafterOp: _nextafter,
    xtensor.NotOp: _not,
    xtensor.OrOp: _bitwise(np.bitwise_or),
    xtensor.PolygammaOp: special("polygamma", lambda n, x: (n == 1) & (x == np.inf), np.nan),
    xtensor.PopulationCountOp: _population,
    xtensor.PowOp: ufunc(np.power),
    xtensor.RealOp: ufunc(np.real),
    xtensor.ReducePrecisionOp: _reduce_precision,
    xtensor.RemOp: of_kind(_remainder),
    xtensor.RoundOp: _round,
    xtensor.RsqrtOp: ufunc(lambda x: 1 / np.sqrt(x)),
    xtensor.SelectNOp: _select,
    xtensor.ShiftLeftOp: _shift(_shift_left, _none),
    xtensor.ShiftRightArithmeticOp: _shift(_shift_arithmetic, _signs),
    xtensor.ShiftRightLogicalOp: _shift(_shift_logical, _none),
    xtensor.SignOp: of_kind(_sign),
    xtensor.SinOp: ufunc(np.sin),
    xtensor.SinhOp: ufunc(np.sinh),
    xtensor.SqrtOp: ufunc(np.sqrt),
    xtensor.SquareOp: of_kind(_square),
    xtensor.SubOp: ufunc(np.subtract),
    xtensor.TanOp: ufunc(np.tan),
    xtensor.TanhOp: ufunc(np.tanh),
    xtensor.XorOp: _bitwise(np.bitwise_xor),
    xtensor.ZetaOp: special("zeta"),
}
