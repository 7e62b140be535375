"""Ops that compute each element of the result from the elements at the same place."""

from abc import ABC
from typing import ClassVar, cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, ComplexType, IntegerAttr, IntegerType, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    EqAttrConstraint,
    IRDLOperation,
    ParsePropInAttrDict,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Commutative, Pure

from xcs.dialects.quant import UniformQuantizedType

from .attributes import (
    DEFAULT_ACCURACY,
    ComparisonDirectionAttr,
    ComparisonTypeAttr,
    ResultAccuracyAttr,
)
from .base import (
    BOOL_TENSOR,
    COMPLEX_TENSOR,
    INEXACT_TENSOR,
    INTEGER_TENSOR,
    INTEGRAL_TENSOR,
    NUMBER_TENSOR,
    QUANTIZABLE_FLOAT_TENSOR,
    QUANTIZABLE_INEXACT_TENSOR,
    QUANTIZABLE_TENSOR,
    SIGNED_TENSOR,
    TENSOR,
    Element,
    TensorOf,
    check,
    check_same_element,
    check_same_shape,
    check_same_type,
    check_shape,
    check_type,
    element_of,
    shape_of,
    shapes_compatible,
    sizes_compatible,
)
from .formats import ComplexTypes, SameOperandsAndResultType, SelectTypes
from .forms import hlo_op
from .quantization import check_binary_quantization

PLAIN_TENSOR = TensorOf(Element.INTEGRAL | Element.INEXACT)
WIDE_FLOAT_TENSOR = TensorOf(Element.WIDE_FLOAT)


class Elementwise(IRDLOperation, ABC):
    """All operands and the result have one type, which is written once."""

    result = result_def(TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (SameOperandsAndResultType,)
    assembly_format = (
        "operands attr-dict `:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_type(self)


class InexactUnary(Elementwise, ABC):
    """On floating-point and complex numbers."""

    operand = operand_def(QUANTIZABLE_INEXACT_TENSOR)
    result_accuracy = opt_prop_def(ResultAccuracyAttr, default_value=DEFAULT_ACCURACY)
    result = result_def(QUANTIZABLE_INEXACT_TENSOR)


class FloatUnary(Elementwise, ABC):
    """On floating-point numbers."""

    operand = operand_def(QUANTIZABLE_FLOAT_TENSOR)


class IntegerUnary(Elementwise, ABC):
    """On integers."""

    operand = operand_def(INTEGER_TENSOR)


class Binary(Elementwise, ABC):
    """On elements of all kinds."""

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)


class NumberBinary(Elementwise, ABC):
    """On numbers, which booleans are not."""

    lhs = operand_def(NUMBER_TENSOR)
    rhs = operand_def(NUMBER_TENSOR)


class IntegerBinary(Elementwise, ABC):
    """On integers."""

    lhs = operand_def(INTEGER_TENSOR)
    rhs = operand_def(INTEGER_TENSOR)


class BitwiseBinary(Elementwise, ABC):
    """On integers and booleans."""

    lhs = operand_def(INTEGRAL_TENSOR)
    rhs = operand_def(INTEGRAL_TENSOR)

    traits = traits_def(Commutative())


@hlo_op
class AbsOp(Elementwise):
    """The absolute value; of a complex number, its modulus."""

    name = "stablehlo.abs"
    operand = operand_def(SIGNED_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)
        _check_real_part(element_of(self.operand), element_of(self.result))


@hlo_op
class CbrtOp(InexactUnary):
    """The cube root."""

    name = "stablehlo.cbrt"


@hlo_op
class CeilOp(FloatUnary):
    """The least integer that is not less."""

    name = "stablehlo.ceil"


@hlo_op
class CountLeadingZerosOp(IntegerUnary):
    """The number of zero bits before the first one."""

    name = "stablehlo.count_leading_zeros"


@hlo_op
class CosineOp(InexactUnary):
    """The cosine."""

    name = "stablehlo.cosine"


@hlo_op
class ExponentialOp(InexactUnary):
    """e to the power of each element."""

    name = "stablehlo.exponential"


@hlo_op
class ExponentialMinusOneOp(InexactUnary):
    """e to the power of each element, minus 1, exact near 0."""

    name = "stablehlo.exponential_minus_one"


@hlo_op
class FloorOp(FloatUnary):
    """The greatest integer that is not greater."""

    name = "stablehlo.floor"


@hlo_op
class LogOp(InexactUnary):
    """The natural logarithm."""

    name = "stablehlo.log"


@hlo_op
class LogPlusOneOp(InexactUnary):
    """The natural logarithm of 1 plus each element, exact near 0."""

    name = "stablehlo.log_plus_one"


@hlo_op
class LogisticOp(InexactUnary):
    """1 / (1 + exp(-x))."""

    name = "stablehlo.logistic"


@hlo_op
class NegateOp(Elementwise):
    """The negative."""

    name = "stablehlo.negate"
    operand = operand_def(NUMBER_TENSOR)


@hlo_op
class NotOp(Elementwise):
    """The bits inverted; of a boolean, its negation."""

    name = "stablehlo.not"
    operand = operand_def(INTEGRAL_TENSOR)


@hlo_op
class PopcntOp(IntegerUnary):
    """The number of bits that are set."""

    name = "stablehlo.popcnt"


@hlo_op
class RoundNearestAfzOp(FloatUnary):
    """Rounding to the nearest integer, halves away from zero."""

    name = "stablehlo.round_nearest_afz"


@hlo_op
class RoundNearestEvenOp(FloatUnary):
    """Rounding to the nearest integer, halves to the even one."""

    name = "stablehlo.round_nearest_even"


@hlo_op
class RsqrtOp(InexactUnary):
    """1 divided by the square root."""

    name = "stablehlo.rsqrt"


@hlo_op
class SignOp(Elementwise):
    """-1, 0 or 1; of a complex number, the number divided by its modulus."""

    name = "stablehlo.sign"
    operand = operand_def(SIGNED_TENSOR)


@hlo_op
class SineOp(InexactUnary):
    """The sine."""

    name = "stablehlo.sine"


@hlo_op
class SqrtOp(InexactUnary):
    """The square root."""

    name = "stablehlo.sqrt"


@hlo_op
class TanOp(InexactUnary):
    """The tangent."""

    name = "stablehlo.tan"


@hlo_op
class TanhOp(InexactUnary):
    """The hyperbolic tangent."""

    name = "stablehlo.tanh"


@hlo_op
class AddOp(Elementwise):
    """The sum."""

    name = "stablehlo.add"
    lhs = operand_def(QUANTIZABLE_TENSOR)
    rhs = operand_def(QUANTIZABLE_TENSOR)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Commutative())

    def verify_(self) -> None:
        elements = element_of(self.lhs), element_of(self.rhs), element_of(self.result)
        if any(isinstance(element, UniformQuantizedType) for element in elements):
            check_same_shape(self)
            check_binary_quantization(*elements)
        else:
            check_same_type(self)


@hlo_op
class Atan2Op(Elementwise):
    """The angle of the point (rhs, lhs)."""

    name = "stablehlo.atan2"
    lhs = operand_def(QUANTIZABLE_INEXACT_TENSOR)
    rhs = operand_def(QUANTIZABLE_INEXACT_TENSOR)


@hlo_op
class DivideOp(NumberBinary):
    """The quotient; of integers, rounded towards zero."""

    name = "stablehlo.divide"


@hlo_op
class MaximumOp(Binary):
    """The greater of each pair; NaN if either is."""

    name = "stablehlo.maximum"
    traits = traits_def(Commutative())


@hlo_op
class MinimumOp(Binary):
    """The smaller of each pair; NaN if either is."""

    name = "stablehlo.minimum"
    traits = traits_def(Commutative())


@hlo_op
class MultiplyOp(Binary):
    """The product; of booleans, their conjunction."""

    name = "stablehlo.multiply"
    traits = traits_def(Commutative())


@hlo_op
class PowerOp(NumberBinary):
    """lhs to the power of rhs."""

    name = "stablehlo.power"


@hlo_op
class RemainderOp(NumberBinary):
    """The remainder of truncating division; its sign is that of the dividend."""

    name = "stablehlo.remainder"


@hlo_op
class ShiftLeftOp(IntegerBinary):
    """The bits moved up, with zeros below."""

    name = "stablehlo.shift_left"


@hlo_op
class ShiftRightArithmeticOp(IntegerBinary):
    """The bits moved down, with copies of the sign above."""

    name = "stablehlo.shift_right_arithmetic"


@hlo_op
class ShiftRightLogicalOp(IntegerBinary):
    """The bits moved down, with zeros above."""

    name = "stablehlo.shift_right_logical"


@hlo_op
class SubtractOp(NumberBinary):
    """The difference."""

    name = "stablehlo.subtract"


@hlo_op
class AndOp(BitwiseBinary):
    """The conjunction of booleans, or of the bits of integers."""

    name = "stablehlo.and"


@hlo_op
class OrOp(BitwiseBinary):
    """The disjunction of booleans, or of the bits of integers."""

    name = "stablehlo.or"


@hlo_op
class XorOp(BitwiseBinary):
    """Whether booleans, or the bits of integers, differ."""

    name = "stablehlo.xor"


@hlo_op
class ConvertOp(Elementwise):
    """Each element as the nearest value of another element type."""

    name = "stablehlo.convert"
    operand = operand_def(PLAIN_TENSOR)
    result = result_def(PLAIN_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)


@hlo_op
class RealOp(Elementwise):
    """The real part."""

    name = "stablehlo.real"
    operand = operand_def(INEXACT_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)
        _check_real_part(element_of(self.operand), element_of(self.result))


@hlo_op
class ImagOp(Elementwise):
    """The imaginary part; 0 for a real number."""

    name = "stablehlo.imag"
    operand = operand_def(INEXACT_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)
        _check_real_part(element_of(self.operand), element_of(self.result))


def _check_real_part(element: Attribute, result: Attribute) -> None:
    expected = element.element_type if isinstance(element, ComplexType) else element
    check(result == expected, f"result elements are {result}, expected {expected}")


@hlo_op
class ClampOp(Elementwise):
    """The operand, at least `min` and at most `max`, each of which may be a scalar."""

    name = "stablehlo.clamp"
    min = operand_def(TENSOR)
    operand = operand_def(TENSOR)
    max = operand_def(TENSOR)

    def verify_(self) -> None:
        check_type("result", self.result, self.operand.type)
        check_same_element(self.min, self.operand, self.max)
        for what, bound in (("min", self.min), ("max", self.max)):
            check(
                not shape_of(bound) or shapes_compatible(bound.type, self.operand.type),
                f"{what} is neither a scalar nor of the operand's shape",
            )


@hlo_op
class IsFiniteOp(Elementwise):
    """Whether each element is neither infinite nor NaN."""

    name = "stablehlo.is_finite"
    operand = operand_def(QUANTIZABLE_FLOAT_TENSOR)
    result = result_def(BOOL_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)


@hlo_op
class CompareOp(IRDLOperation):
    """Whether the relation holds between each pair of elements."""

    name = "stablehlo.compare"
    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    comparison_direction = prop_def(ComparisonDirectionAttr)
    compare_type = opt_prop_def(ComparisonTypeAttr)
    result = result_def(BOOL_TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "$comparison_direction `,` $lhs `,` $rhs (`,` $compare_type^)? attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_shape(self)
        check_same_element(self.lhs, self.rhs)


@hlo_op
class SelectOp(IRDLOperation):
    """Each element from `on_true` or `on_false`; the predicate may be a scalar."""

    name = "stablehlo.select"
    pred = operand_def(BOOL_TENSOR)
    on_true = operand_def(TENSOR)
    on_false = operand_def(TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (SelectTypes,)
    assembly_format = "operands attr-dict `:` custom<SelectTypes>(type(operands), type(results))"

    def verify_(self) -> None:
        check_type("on_false", self.on_false, self.on_true.type)
        check_type("result", self.result, self.on_true.type)
        check_type("result", self.result, self.on_false.type)
        check(
            not shape_of(self.pred) or shapes_compatible(self.pred.type, self.on_true.type),
            "the predicate is neither a scalar nor of the result's shape",
        )


@hlo_op
class ComplexOp(IRDLOperation):
    """A complex number from its real and imaginary part."""

    name = "stablehlo.complex"
    lhs = operand_def(WIDE_FLOAT_TENSOR)
    rhs = operand_def(WIDE_FLOAT_TENSOR)
    result = result_def(COMPLEX_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (ComplexTypes,)
    assembly_format = "operands attr-dict `:` custom<ComplexTypes>(type(operands), type(results))"

    def verify_(self) -> None:
        check_same_shape(self)
        part = cast(ComplexType, element_of(self.result)).element_type
        check(
            element_of(self.lhs) == element_of(self.rhs) == part,
            f"the parts of the result are {part}, and so must be the operands' elements",
        )


@hlo_op
class BitcastConvertOp(IRDLOperation):
    """The bits of the operand read as another element type, narrower ones in a last dimension."""

    name = "stablehlo.bitcast_convert"
    operand = operand_def(QUANTIZABLE_TENSOR)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` custom<Signature>(type(operands), type(results))"

    def verify_(self) -> None:
        elements = element_of(self.operand), element_of(self.result)
        check(
            isinstance(elements[0], ComplexType) == isinstance(elements[1], ComplexType),
            "no conversion between real and complex numbers",
        )
        source, target = map(_width, elements)
        wide, narrow = self.operand, self.result
        if source < target:
            wide, narrow, source, target = narrow, wide, target, source
        if source == target:
            check_shape("result", narrow, shape_of(wide))
            return
        shape = shape_of(narrow)
        check(
            bool(shape)
            and (shape[-1] == DYNAMIC_INDEX or shape[-1] * target == source)
            and len(shape) == len(shape_of(wide)) + 1
            and all(map(sizes_compatible, shape, shape_of(wide))),
            f"{self.operand.type} and {self.result.type} do not hold the same bits",
        )


def _width(element: Attribute) -> int:
    """Size in bits."""
    if isinstance(element, ComplexType):
        return 2 * _width(element.element_type)
    if isinstance(element, UniformQuantizedType):
        return element.storage_type.width.data
    if isinstance(element, IntegerType):
        return element.width.data
    return element.bitwidth  # pyright: ignore[reportAttributeAccessIssue]


@irdl_custom_directive
class FloatFormat(CustomDirective):
    """`e5m10`: the sizes of exponent and mantissa in bits."""

    exponent: AttributeVariable
    mantissa: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        start = parser.pos
        spelling = parser.parse_identifier()
        exponent, _, mantissa = spelling.removeprefix("e").partition("m")
        if not (exponent.isdecimal() and mantissa.isdecimal()):
            parser.raise_error("expected a format such as e5m10", start, parser.pos)
        self.exponent.set(state, IntegerAttr(int(exponent), i32))
        self.mantissa.set(state, IntegerAttr(int(mantissa), i32))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        exponent = cast(IntegerAttr, self.exponent.get(op)).value.data
        mantissa = cast(IntegerAttr, self.mantissa.get(op)).value.data
        printer.print_string(f"e{exponent}m{mantissa}")


@hlo_op
class ReducePrecisionOp(IRDLOperation):
    """Rounding to a floating-point format with fewer bits, kept in the operand's own."""

    name = "stablehlo.reduce_precision"

    I32_ATTR: ClassVar = IntegerAttr.constr(type=EqAttrConstraint(i32))

    operand = operand_def(QUANTIZABLE_FLOAT_TENSOR)
    exponent_bits = prop_def(I32_ATTR)
    mantissa_bits = prop_def(I32_ATTR)
    output = result_def(QUANTIZABLE_FLOAT_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (FloatFormat, SameOperandsAndResultType)
    assembly_format = (
        "$operand `,` `format` `=` custom<FloatFormat>($exponent_bits, $mantissa_bits) attr-dict "
        "`:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_type(self)
        check(self.exponent_bits.value.data >= 1, "a format needs at least one exponent bit")
        check(self.mantissa_bits.value.data >= 0, "mantissa bits are never negative")


OPS: list[type[IRDLOperation]] = [
    AbsOp,
    AddOp,
    AndOp,
    Atan2Op,
    BitcastConvertOp,
    CbrtOp,
    CeilOp,
    ClampOp,
    CompareOp,
    ComplexOp,
    ConvertOp,
    CosineOp,
    CountLeadingZerosOp,
    DivideOp,
    ExponentialMinusOneOp,
    ExponentialOp,
    FloorOp,
    ImagOp,
    IsFiniteOp,
    LogOp,
    LogPlusOneOp,
    LogisticOp,
    MaximumOp,
    MinimumOp,
    MultiplyOp,
    NegateOp,
    NotOp,
    OrOp,
    PopcntOp,
    PowerOp,
    RealOp,
    ReducePrecisionOp,
    RemainderOp,
    RoundNearestAfzOp,
    RoundNearestEvenOp,
    RsqrtOp,
    SelectOp,
    ShiftLeftOp,
    ShiftRightArithmeticOp,
    ShiftRightLogicalOp,
    SignOp,
    SineOp,
    SqrtOp,
    SubtractOp,
    TanOp,
    TanhOp,
    XorOp,
]
