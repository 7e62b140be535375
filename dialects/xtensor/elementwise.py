"""Elementwise ops: each element of the result depends on those at its own place."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from xdsl.dialects.builtin import (
    FixedBitwidthType,
    FloatData,
    IntAttr,
    TensorType,
    i1,
)
from xdsl.dialects.utils.enum_attribute import EnumAttribute
from xdsl.ir import (
    Attribute,
    Operation,
    ParametrizedAttribute,
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
)
from xdsl.irdl import (
    AttrConstraint,
    IRDLOperation,
    VarConstraint,
    irdl_attr_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import Commutative, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.xtensor.base import (
    INT,
    TENSOR,
    CompositeOp,
    Elementwise,
    Kind,
    LaxOp,
    MappedType,
    TensorOf,
    boolean,
    complex_of,
    kind_of,
    real_part,
    same,
    tensor_type,
    type_of,
)


class ElementwiseOp(LaxOp, ABC):
    """Base of elementwise ops: operands of one type ``T``, a result of the same shape.

    The class arguments ``kinds`` and ``element`` give the element kinds that the op takes, and the
    function from the operands' element type to the result's.
    """

    traits = traits_def(Pure(), Elementwise())

    @staticmethod
    def kinds() -> Kind:
        """Return the element kinds that the op takes."""
        return Kind.ANY

    @staticmethod
    def result_element(element: Attribute, /) -> Attribute:
        """Return the result's element type for operands of the given element type."""
        return element

    def __init__(self, *operands: SSAValue | Operation, **properties: Attribute) -> None:
        source = type_of(operands[0])
        result = tensor_type(source.get_shape(), self.result_element(source.element_type))
        super().__init__(operands=operands, result_types=[result], properties=properties)


def _element_constraints(
    kinds: Kind, element: Callable[[Attribute], Attribute]
) -> tuple[AttrConstraint, AttrConstraint]:
    """Return the constraints of an elementwise op's operands and result."""
    operand = VarConstraint("T", TensorOf(kinds))
    return operand, operand if element is same else MappedType(element)


class UnaryOp(ElementwiseOp, ABC):
    """An elementwise op of one operand."""

    operand = operand_def(TENSOR)
    result = result_def(TENSOR)

    assembly_format = "$operand attr-dict `:` type($operand)"

    def __init_subclass__(
        cls,
        *,
        kinds: Kind = Kind.ANY,
        element: Callable[[Attribute], Attribute] = same,
        **kwargs: Any,
    ) -> None:
        cls.kinds = staticmethod(lambda: kinds)
        cls.result_element = staticmethod(element)
        operand, result = _element_constraints(kinds, element)
        cls.operand = operand_def(operand)
        cls.result = result_def(result)
        super().__init_subclass__(**kwargs)


@irdl_attr_definition
class AccuracyAttr(ParametrizedAttribute):
    """How far from the exact value a result may be; not at all further than need be by default.

    `<atol = 1e-3>`, `<rtol = 1e-3, ulps = 2>`: what is named is how far. `<highest>` names nothing.
    """

    name = "xtensor.accuracy"

    atol: FloatData
    rtol: FloatData
    ulps: IntAttr

    @classmethod
    def of(cls, atol: float = 0.0, rtol: float = 0.0, ulps: int = 0) -> AccuracyAttr:
        """Return the accuracy with these tolerances; the best one where there are none."""
        return cls(FloatData(atol), FloatData(rtol), IntAttr(ulps))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        given: dict[str, Any] = {"atol": 0.0, "rtol": 0.0, "ulps": 0}

        def parse_tolerance() -> None:
            name = parser.parse_identifier()
            if name not in given:
                parser.raise_error("expected atol, rtol or ulps")
            parser.parse_punctuation("=")
            given[name] = parser.parse_integer() if name == "ulps" else parser.parse_number()

        with parser.in_angle_brackets():
            if parser.parse_optional_keyword("highest") is None:
                parser.parse_comma_separated_list(parser.Delimiter.NONE, parse_tolerance)
        atol, rtol = (FloatData(float(given[name])) for name in ("atol", "rtol"))
        return atol, rtol, IntAttr(given["ulps"])

    def print_parameters(self, printer: Printer) -> None:
        names = ("atol", "rtol", "ulps")
        values = (self.atol.data, self.rtol.data, self.ulps.data)
        given = [
            f"{name} = {_number_text(value)}"
            for name, value in zip(names, values, strict=True)
            if value
        ]
        printer.print_string(f"<{', '.join(given) or 'highest'}>")

    def verify(self) -> None:
        if min(self.atol.data, self.rtol.data, self.ulps.data) < 0:
            raise VerifyException("a tolerance must not be negative")


def _number_text(value: float) -> str:
    """The shortest exact text; MLIR wants a decimal point before an exponent."""
    text = repr(value)
    return text if "." in text else text.replace("e", ".0e")


class FunctionOp(UnaryOp, ABC):
    """A mathematical function, computed to an accuracy that a program may ask for."""

    accuracy = opt_prop_def(AccuracyAttr)

    assembly_format = "$operand (`accuracy` $accuracy^)? attr-dict `:` type($operand)"


class BinaryOp(ElementwiseOp, ABC):
    """An elementwise op of two operands of one type."""

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    result = result_def(TENSOR)

    assembly_format = "$lhs `,` $rhs attr-dict `:` type($lhs)"

    def __init_subclass__(
        cls,
        *,
        kinds: Kind = Kind.ANY,
        element: Callable[[Attribute], Attribute] = same,
        commutative: bool = False,
        **kwargs: Any,
    ) -> None:
        cls.kinds = staticmethod(lambda: kinds)
        cls.result_element = staticmethod(element)
        operand, result = _element_constraints(kinds, element)
        cls.lhs = operand_def(operand)
        cls.rhs = operand_def(operand)
        cls.result = result_def(result)
        if commutative:
            cls.traits = traits_def(Commutative())
        super().__init_subclass__(**kwargs)


# fmt: off
class AbsOp(UnaryOp, lax="abs", kinds=Kind.SIGNED | Kind.INEXACT, element=real_part): ...
class AcosOp(UnaryOp, lax="acos", kinds=Kind.INEXACT): ...
class AcoshOp(UnaryOp, lax="acosh", kinds=Kind.INEXACT): ...
class AsinOp(UnaryOp, lax="asin", kinds=Kind.INEXACT): ...
class AsinhOp(UnaryOp, lax="asinh", kinds=Kind.INEXACT): ...
class AtanOp(UnaryOp, lax="atan", kinds=Kind.INEXACT): ...
class AtanhOp(UnaryOp, lax="atanh", kinds=Kind.INEXACT): ...
class BesselI1eOp(UnaryOp, lax="bessel_i1e", kinds=Kind.FLOAT): ...
class CbrtOp(FunctionOp, lax="cbrt", kinds=Kind.FLOAT): ...
class CeilOp(UnaryOp, lax="ceil", kinds=Kind.FLOAT): ...
class ClzOp(UnaryOp, lax="clz", kinds=Kind.INTEGER): ...
class ConjOp(UnaryOp, lax="conj", kinds=Kind.INEXACT, element=complex_of): ...
class CosOp(FunctionOp, lax="cos", kinds=Kind.INEXACT): ...
class CoshOp(UnaryOp, lax="cosh", kinds=Kind.INEXACT): ...
class DigammaOp(UnaryOp, lax="digamma", kinds=Kind.FLOAT): ...
class ErfOp(UnaryOp, lax="erf", kinds=Kind.FLOAT): ...
class ErfInvOp(UnaryOp, lax="erf_inv", kinds=Kind.FLOAT): ...
class ErfcOp(UnaryOp, lax="erfc", kinds=Kind.FLOAT): ...
class ExpOp(FunctionOp, lax="exp", kinds=Kind.INEXACT): ...
class Exp2Op(FunctionOp, lax="exp2", kinds=Kind.INEXACT): ...
class Expm1Op(FunctionOp, lax="expm1", kinds=Kind.INEXACT): ...
class FloorOp(UnaryOp, lax="floor", kinds=Kind.FLOAT): ...
class ImagOp(UnaryOp, lax="imag", kinds=Kind.COMPLEX, element=real_part): ...
class IsFiniteOp(UnaryOp, lax="is_finite", kinds=Kind.FLOAT, element=boolean): ...
class LgammaOp(UnaryOp, lax="lgamma", kinds=Kind.FLOAT): ...
class LogOp(FunctionOp, lax="log", kinds=Kind.INEXACT): ...
class Log1pOp(FunctionOp, lax="log1p", kinds=Kind.INEXACT): ...
class LogisticOp(FunctionOp, lax="logistic", kinds=Kind.INEXACT): ...
class NegOp(UnaryOp, lax="neg", kinds=Kind.NUMBER): ...
class NotOp(UnaryOp, lax="not", kinds=Kind.BITS): ...
class PopulationCountOp(UnaryOp, lax="population_count", kinds=Kind.INTEGER): ...
class RealOp(UnaryOp, lax="real", kinds=Kind.COMPLEX, element=real_part): ...
class RsqrtOp(FunctionOp, lax="rsqrt", kinds=Kind.INEXACT): ...
class SignOp(UnaryOp, lax="sign", kinds=Kind.NUMBER): ...
class SinOp(FunctionOp, lax="sin", kinds=Kind.INEXACT): ...
class SinhOp(UnaryOp, lax="sinh", kinds=Kind.INEXACT): ...
class SqrtOp(FunctionOp, lax="sqrt", kinds=Kind.INEXACT): ...
class SquareOp(UnaryOp, lax="square", kinds=Kind.NUMBER): ...
class TanOp(FunctionOp, lax="tan", kinds=Kind.INEXACT): ...
class TanhOp(FunctionOp, lax="tanh", kinds=Kind.INEXACT): ...

class AddOp(BinaryOp, lax="add", kinds=Kind.NUMBER, commutative=True): ...
class AndOp(BinaryOp, lax="and", kinds=Kind.BITS, commutative=True): ...
class Atan2Op(BinaryOp, lax="atan2", kinds=Kind.INEXACT): ...
class ComplexOp(BinaryOp, lax="complex", kinds=Kind.FLOAT, element=complex_of): ...
class DivOp(BinaryOp, lax="div", kinds=Kind.NUMBER): ...
class EqOp(BinaryOp, lax="eq", element=boolean, commutative=True): ...
class EqToOp(BinaryOp, lax="eq_to", element=boolean, commutative=True): ...
class GeOp(BinaryOp, lax="ge", kinds=Kind.ORDERED, element=boolean): ...
class GtOp(BinaryOp, lax="gt", kinds=Kind.ORDERED, element=boolean): ...
class LeOp(BinaryOp, lax="le", kinds=Kind.ORDERED, element=boolean): ...
class LeToOp(BinaryOp, lax="le_to", kinds=Kind.ORDERED, element=boolean): ...
class LtOp(BinaryOp, lax="lt", kinds=Kind.ORDERED, element=boolean): ...
class LtToOp(BinaryOp, lax="lt_to", kinds=Kind.ORDERED, element=boolean): ...
class MaxOp(BinaryOp, lax="max"): ...
class MinOp(BinaryOp, lax="min"): ...
class MulOp(BinaryOp, lax="mul", kinds=Kind.NUMBER, commutative=True): ...
class MulhiOp(BinaryOp, lax="mulhi", kinds=Kind.INTEGER, commutative=True): ...
class NeOp(BinaryOp, lax="ne", element=boolean, commutative=True): ...
class NextafterOp(BinaryOp, lax="nextafter", kinds=Kind.FLOAT): ...
class OrOp(BinaryOp, lax="or", kinds=Kind.BITS, commutative=True): ...
class PolygammaOp(BinaryOp, lax="polygamma", kinds=Kind.FLOAT): ...
class PowOp(BinaryOp, lax="pow", kinds=Kind.INEXACT): ...
class RemOp(BinaryOp, lax="rem", kinds=Kind.REAL): ...
class ShiftLeftOp(BinaryOp, lax="shift_left", kinds=Kind.INTEGER): ...
class ShiftRightArithmeticOp(BinaryOp, lax="shift_right_arithmetic", kinds=Kind.INTEGER): ...
class ShiftRightLogicalOp(BinaryOp, lax="shift_right_logical", kinds=Kind.INTEGER): ...
class SubOp(BinaryOp, lax="sub", kinds=Kind.NUMBER): ...
class XorOp(BinaryOp, lax="xor", kinds=Kind.BITS, commutative=True): ...
class ZetaOp(BinaryOp, lax="zeta", kinds=Kind.FLOAT): ...

class BesselI0eOp(CompositeOp, lax="bessel_i0e", op_class=Elementwise): ...
class IgammaOp(CompositeOp, lax="igamma", op_class=Elementwise): ...
class IgammaGradAOp(CompositeOp, lax="igamma_grad_a", op_class=Elementwise): ...
class IgammacOp(CompositeOp, lax="igammac", op_class=Elementwise): ...
class RegularizedIncompleteBetaOp(
    CompositeOp, lax="regularized_incomplete_beta", op_class=Elementwise
): ...
# fmt: on


class RoundingMethod(StrEnum):
    """Where a number half way between two integers goes."""

    AWAY_FROM_ZERO = "away_from_zero"
    TO_NEAREST_EVEN = "to_nearest_even"


@irdl_attr_definition
class RoundingMethodAttr(EnumAttribute[RoundingMethod], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.rounding_method"


class RoundOp(UnaryOp, lax="round", kinds=Kind.FLOAT):
    """Rounds to the nearest integer."""

    rounding_method = prop_def(RoundingMethodAttr)

    assembly_format = "$operand $rounding_method attr-dict `:` type($operand)"


class IntegerPowOp(UnaryOp, lax="integer_pow", kinds=Kind.NUMBER):
    """Raises to a constant integer power ``y``, by repeated multiplication."""

    y = prop_def(INT)

    assembly_format = "$operand `,` $y attr-dict `:` type($operand)"

    def verify_(self) -> None:
        exact = kind_of(type_of(self.operand).element_type) & Kind.INTEGER
        if bool(exact) and self.y.value.data < 0:
            raise VerifyException(
                f"integers cannot be raised to the negative power {self.y.value.data}"
            )


class ReducePrecisionOp(UnaryOp, lax="reduce_precision", kinds=Kind.FLOAT):
    """Rounds to the values of a narrower floating-point format, and keeps the type."""

    exponent_bits = prop_def(INT)
    mantissa_bits = prop_def(INT)

    assembly_format = (
        "$operand `exponent_bits` `=` $exponent_bits `mantissa_bits` `=` $mantissa_bits "
        "attr-dict `:` type($operand)"
    )

    def verify_(self) -> None:
        if self.exponent_bits.value.data < 1:
            raise VerifyException("exponent_bits must be positive")
        if self.mantissa_bits.value.data < 0:
            raise VerifyException("mantissa_bits must not be negative")


class ConvertElementTypeOp(ElementwiseOp, lax="convert_element_type"):
    """Converts each element, as ``lax.convert_element_type`` does, to the result's element type."""

    operand = operand_def(TENSOR)
    result = result_def(TENSOR)

    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, element: Attribute) -> None:
        result = tensor_type(type_of(operand).get_shape(), element)
        IRDLOperation.__init__(self, operands=[operand], result_types=[result])

    def verify_(self) -> None:
        source, target = type_of(self.operand), type_of(self.result)
        if source.shape != target.shape:
            raise VerifyException(f"shapes differ: {source} and {target}")


def _bit_width(element: Attribute) -> int:
    return cast(FixedBitwidthType, element).bitwidth


class BitcastConvertTypeOp(LaxOp, lax="bitcast_convert_type"):
    """Reads the bits of the operand as another element type.

    Where the widths differ, the wide side has one dimension less: the last one of the narrow side
    holds the pieces of one wide element.
    """

    operand = operand_def(TensorOf(Kind.REAL))
    result = result_def(TensorOf(Kind.REAL))

    traits = traits_def(Pure(), Elementwise())

    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, result: TensorType) -> None:
        super().__init__(operands=[operand], result_types=[result])

    def verify_(self) -> None:
        wide, narrow = type_of(self.operand), type_of(self.result)
        if _bit_width(wide.element_type) < _bit_width(narrow.element_type):
            wide, narrow = narrow, wide
        pieces, rest = divmod(_bit_width(wide.element_type), _bit_width(narrow.element_type))
        split = wide.get_shape() if pieces == 1 else (*wide.get_shape(), pieces)
        if rest != 0 or narrow.get_shape() != split:
            raise VerifyException(f"{self.operand.type} cannot be read as {self.result.type}")


class SelectNOp(ElementwiseOp, lax="select_n"):
    """Takes each element from the case that ``which`` names: false is the first case."""

    T: ClassVar = VarConstraint("T", TENSOR)

    which = operand_def(TensorOf(Kind.BITS))
    cases = var_operand_def(T)
    result = result_def(T)

    assembly_format = (
        "$which `,` $cases attr-dict `:` type($which) `,` type($cases) `->` type($result)"
    )

    def __init__(self, which: SSAValue | Operation, *cases: SSAValue | Operation) -> None:
        IRDLOperation.__init__(self, operands=[which, cases], result_types=[type_of(cases[0])])

    def verify_(self) -> None:
        which, result = type_of(self.which), type_of(self.result)
        if not self.cases:
            raise VerifyException("expected at least one case")
        if which.element_type == i1 and len(self.cases) > 2:
            raise VerifyException(f"a boolean selects between two cases, got {len(self.cases)}")
        if bool(which.shape.data) and which.shape != result.shape:
            raise VerifyException(
                f"'which' must be a scalar or have the cases' shape, got {which} and {result}"
            )


class ClampOp(ElementwiseOp, lax="clamp"):
    """Limits each element to the range from ``min`` to ``max``, which may be scalars."""

    T: ClassVar = VarConstraint("T", TENSOR)

    min = operand_def(TENSOR)
    operand = operand_def(T)
    max = operand_def(TENSOR)
    result = result_def(T)

    assembly_format = (
        "$min `,` $operand `,` $max attr-dict `:` type($min) `,` type($operand) `,` type($max)"
    )

    def __init__(
        self,
        min: SSAValue | Operation,
        operand: SSAValue | Operation,
        max: SSAValue | Operation,
    ) -> None:
        IRDLOperation.__init__(self, operands=[min, operand, max], result_types=[type_of(operand)])

    def verify_(self) -> None:
        target = type_of(self.operand)
        for name, bound in (("min", type_of(self.min)), ("max", type_of(self.max))):
            if bound.element_type != target.element_type or (
                bool(bound.shape.data) and bound.shape != target.shape
            ):
                raise VerifyException(
                    f"'{name}' must be a scalar or a tensor like {target}, got {bound}"
                )
