"""Ops that compute each element of the result from the elements at the same place."""

from abc import ABC
from typing import ClassVar, cast

from xdsl.dialects.builtin import I32, ComplexType, IntegerAttr, IntegerType, TensorType, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
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
    TypeDirective,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Commutative, Pure

from .attributes import ComparisonDirectionAttr, ComparisonTypeAttr
from .base import (
    BOOL_TENSOR,
    COMPLEX_TENSOR,
    FLOAT_TENSOR,
    INEXACT_TENSOR,
    INTEGER_TENSOR,
    INTEGRAL_TENSOR,
    SIGNED_TENSOR,
    TENSOR,
    SameOperandsAndResultType,
    SelectTypes,
    check,
    check_same_shape,
    check_same_type,
    element_of,
    shape_of,
    shapes_compatible,
)


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


class Unary(Elementwise, ABC):
    operand = operand_def(TENSOR)


class InexactUnary(Elementwise, ABC):
    """On floating-point and complex numbers."""

    operand = operand_def(INEXACT_TENSOR)
    result_accuracy = opt_prop_def(Attribute)


class FloatUnary(Elementwise, ABC):
    operand = operand_def(FLOAT_TENSOR)


class IntegerUnary(Elementwise, ABC):
    operand = operand_def(INTEGER_TENSOR)


class Binary(Elementwise, ABC):
    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)


class IntegerBinary(Elementwise, ABC):
    lhs = operand_def(INTEGER_TENSOR)
    rhs = operand_def(INTEGER_TENSOR)


class BitwiseBinary(Elementwise, ABC):
    """On integers and booleans."""

    lhs = operand_def(INTEGRAL_TENSOR)
    rhs = operand_def(INTEGRAL_TENSOR)

    traits = traits_def(Commutative())


@irdl_op_definition
class AbsOp(Elementwise):
    """The absolute value; of a complex number, its modulus."""

    name = "stablehlo.abs"
    operand = operand_def(SIGNED_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)
        _check_real_part(element_of(self.operand), element_of(self.result))


@irdl_op_definition
class CbrtOp(InexactUnary):
    name = "stablehlo.cbrt"


@irdl_op_definition
class CeilOp(FloatUnary):
    name = "stablehlo.ceil"


@irdl_op_definition
class CountLeadingZerosOp(IntegerUnary):
    name = "stablehlo.count_leading_zeros"


@irdl_op_definition
class CosineOp(InexactUnary):
    name = "stablehlo.cosine"


@irdl_op_definition
class ExponentialOp(InexactUnary):
    name = "stablehlo.exponential"


@irdl_op_definition
class ExponentialMinusOneOp(InexactUnary):
    name = "stablehlo.exponential_minus_one"


@irdl_op_definition
class FloorOp(FloatUnary):
    name = "stablehlo.floor"


@irdl_op_definition
class LogOp(InexactUnary):
    name = "stablehlo.log"


@irdl_op_definition
class LogPlusOneOp(InexactUnary):
    name = "stablehlo.log_plus_one"


@irdl_op_definition
class LogisticOp(InexactUnary):
    name = "stablehlo.logistic"


@irdl_op_definition
class NegateOp(Unary):
    name = "stablehlo.negate"


@irdl_op_definition
class NotOp(Elementwise):
    name = "stablehlo.not"
    operand = operand_def(INTEGRAL_TENSOR)


@irdl_op_definition
class PopcntOp(IntegerUnary):
    name = "stablehlo.popcnt"


@irdl_op_definition
class RoundNearestAfzOp(FloatUnary):
    """Rounding to the nearest integer, halves away from zero."""

    name = "stablehlo.round_nearest_afz"


@irdl_op_definition
class RoundNearestEvenOp(FloatUnary):
    """Rounding to the nearest integer, halves to the even one."""

    name = "stablehlo.round_nearest_even"


@irdl_op_definition
class RsqrtOp(InexactUnary):
    name = "stablehlo.rsqrt"


@irdl_op_definition
class SignOp(Elementwise):
    name = "stablehlo.sign"
    operand = operand_def(SIGNED_TENSOR)


@irdl_op_definition
class SineOp(InexactUnary):
    name = "stablehlo.sine"


@irdl_op_definition
class SqrtOp(InexactUnary):
    name = "stablehlo.sqrt"


@irdl_op_definition
class TanOp(InexactUnary):
    name = "stablehlo.tan"


@irdl_op_definition
class TanhOp(InexactUnary):
    name = "stablehlo.tanh"


@irdl_op_definition
class AddOp(Binary):
    name = "stablehlo.add"
    traits = traits_def(Commutative())


@irdl_op_definition
class Atan2Op(Elementwise):
    name = "stablehlo.atan2"
    lhs = operand_def(INEXACT_TENSOR)
    rhs = operand_def(INEXACT_TENSOR)


@irdl_op_definition
class DivideOp(Binary):
    name = "stablehlo.divide"


@irdl_op_definition
class MaximumOp(Binary):
    name = "stablehlo.maximum"
    traits = traits_def(Commutative())


@irdl_op_definition
class MinimumOp(Binary):
    name = "stablehlo.minimum"
    traits = traits_def(Commutative())


@irdl_op_definition
class MultiplyOp(Binary):
    name = "stablehlo.multiply"
    traits = traits_def(Commutative())


@irdl_op_definition
class PowerOp(Binary):
    name = "stablehlo.power"


@irdl_op_definition
class RemainderOp(Binary):
    """The remainder of truncating division; its sign is that of the dividend."""

    name = "stablehlo.remainder"


@irdl_op_definition
class ShiftLeftOp(IntegerBinary):
    name = "stablehlo.shift_left"


@irdl_op_definition
class ShiftRightArithmeticOp(IntegerBinary):
    name = "stablehlo.shift_right_arithmetic"


@irdl_op_definition
class ShiftRightLogicalOp(IntegerBinary):
    name = "stablehlo.shift_right_logical"


@irdl_op_definition
class SubtractOp(Binary):
    name = "stablehlo.subtract"


@irdl_op_definition
class AndOp(BitwiseBinary):
    name = "stablehlo.and"


@irdl_op_definition
class OrOp(BitwiseBinary):
    name = "stablehlo.or"


@irdl_op_definition
class XorOp(BitwiseBinary):
    name = "stablehlo.xor"


@irdl_op_definition
class ConvertOp(Unary):
    """Each element as the nearest value of another element type."""

    name = "stablehlo.convert"

    def verify_(self) -> None:
        check_same_shape(self)


@irdl_op_definition
class RealOp(Elementwise):
    name = "stablehlo.real"
    operand = operand_def(INEXACT_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)
        _check_real_part(element_of(self.operand), element_of(self.result))


@irdl_op_definition
class ImagOp(Elementwise):
    name = "stablehlo.imag"
    operand = operand_def(INEXACT_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)
        _check_real_part(element_of(self.operand), element_of(self.result))


def _check_real_part(element: Attribute, result: Attribute) -> None:
    expected = element.element_type if isinstance(element, ComplexType) else element
    check(result == expected, f"result elements are {result}, expected {expected}")


@irdl_op_definition
class ClampOp(Elementwise):
    """The operand, at least `min` and at most `max`, each of which may be a scalar."""

    name = "stablehlo.clamp"
    min = operand_def(TENSOR)
    operand = operand_def(TENSOR)
    max = operand_def(TENSOR)

    def verify_(self) -> None:
        check(self.operand.type == self.result.type, "result differs in type from the operand")
        for what, bound in (("min", self.min), ("max", self.max)):
            check(
                element_of(bound) == element_of(self.operand)
                and (not shape_of(bound) or shapes_compatible(bound.type, self.operand.type)),
                f"{what} is neither a scalar nor of the operand's type",
            )


@irdl_op_definition
class IsFiniteOp(IRDLOperation):
    """Whether each element is neither infinite nor NaN."""

    name = "stablehlo.is_finite"
    operand = operand_def(FLOAT_TENSOR)
    result = result_def(BOOL_TENSOR)

    traits = traits_def(Pure())
    assembly_format = "$operand attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        check_same_shape(self)


@irdl_op_definition
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
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        check_same_shape(self)
        check(
            element_of(self.lhs) == element_of(self.rhs), "operands differ in their element types"
        )


@irdl_op_definition
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
        check(
            self.on_true.type == self.on_false.type == self.result.type,
            "both branches and the result must have one type",
        )
        check(
            not shape_of(self.pred) or shapes_compatible(self.pred.type, self.result.type),
            "the predicate is neither a scalar nor of the result's shape",
        )


@irdl_custom_directive
class ComplexTypes(CustomDirective):
    """The result's type, from which those of the parts follow."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        result = parser.parse_type()
        if not isinstance(result, TensorType) or not isinstance(result.element_type, ComplexType):
            parser.raise_error("expected a tensor of complex numbers")
        part = TensorType(result.element_type.element_type, result.get_shape(), result.encoding)
        self.operands.set(state, [part, part])
        self.results.set(state, [result])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_attribute(self.results.get(op)[0])


@irdl_op_definition
class ComplexOp(IRDLOperation):
    """A complex number from its real and imaginary part."""

    name = "stablehlo.complex"
    lhs = operand_def(FLOAT_TENSOR)
    rhs = operand_def(FLOAT_TENSOR)
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


@irdl_op_definition
class BitcastConvertOp(IRDLOperation):
    """The bits of the operand read as another element type, narrower ones in a last dimension."""

    name = "stablehlo.bitcast_convert"
    operand = operand_def(TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        source, target = _width(element_of(self.operand)), _width(element_of(self.result))
        wide, narrow = self.operand, self.result
        if source < target:
            wide, narrow, source, target = narrow, wide, target, source
        expected = shape_of(wide) if source == target else (*shape_of(wide), source // target)
        check(
            shape_of(narrow) == expected,
            f"{self.operand.type} and {self.result.type} do not hold the same bits",
        )


def _width(element: Attribute) -> int:
    """Size in bits."""
    if isinstance(element, ComplexType):
        return 2 * _width(element.element_type)
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


@irdl_op_definition
class ReducePrecisionOp(IRDLOperation):
    """Rounding to a floating-point format with fewer bits, kept in the operand's own."""

    name = "stablehlo.reduce_precision"

    I32_ATTR: ClassVar = IntegerAttr[I32].constr()  # type: ignore[arg-type]

    operand = operand_def(FLOAT_TENSOR)
    exponent_bits = prop_def(I32_ATTR)
    mantissa_bits = prop_def(I32_ATTR)
    result = result_def(FLOAT_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (FloatFormat, SameOperandsAndResultType)
    assembly_format = (
        "$operand `,` `format` `=` custom<FloatFormat>($exponent_bits, $mantissa_bits) attr-dict "
        "`:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_type(self)
        check(self.exponent_bits.value.data >= 1, "a format needs at least one exponent bit")


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
