"""The tensor dialect: functional, statically shaped array code with the semantics of ``jax.lax``.

Every op is named after the lax primitive it stands for, and belongs to one class, carried as a
trait: elementwise, contraction, reduction, reindexing, generation, control or library. Rules for
lowering, batching and fusion are written per class. There is one base class per op class (or per
arity within it) that holds operands, results, assembly format and verification, so that most ops
are one line: naming the primitive defines and registers the op.

Where lax broadcasts operands of an elementwise op implicitly, this dialect does not: operands have
one shape, and the importer makes the ``broadcast_in_dim`` explicit. Weak types are not in the IR.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache, lru_cache
from math import prod
from typing import Any, ClassVar, cast

from xdsl.dialects.builtin import (
    I64,
    AnyFloat,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    IntegerAttr,
    IntegerType,
    Signedness,
    StringAttr,
    TensorType,
    UnitAttr,
    i1,
    i64,
)
from xdsl.dialects.utils.enum_attribute import EnumAttribute
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, Dialect, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AttrConstraint,
    InferenceContext,
    IRDLOperation,
    ParamAttrConstraint,
    VarConstraint,
    VerificationContext,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Commutative, ConstantLike, OpTrait, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.dense import parse_dense, print_dense

# --- Element kinds and types ----------------------------------------------------------------------


class Kind(Flag):
    """What an element type is to an op: lax states the dtypes that an op takes in these terms."""

    BOOL = auto()
    SIGNED = auto()
    UNSIGNED = auto()
    FLOAT = auto()
    COMPLEX = auto()
    INTEGER = SIGNED | UNSIGNED
    BITS = BOOL | INTEGER
    REAL = INTEGER | FLOAT
    INEXACT = FLOAT | COMPLEX
    NUMBER = REAL | COMPLEX
    ORDERED = BOOL | REAL
    ANY = BOOL | NUMBER


@cache
def kind_of(element: Attribute) -> Kind:
    """Return the kind of an element type; an empty flag for what no tensor here can hold."""
    if isinstance(element, IntegerType):
        if element.width.data == 1:
            return Kind.BOOL
        unsigned = element.signedness.data is Signedness.UNSIGNED
        return Kind.UNSIGNED if unsigned else Kind.SIGNED
    if isinstance(element, AnyFloat):
        return Kind.FLOAT
    if isinstance(element, ComplexType):
        return Kind.COMPLEX
    return Kind(0)


_KIND_NAMES = (
    (Kind.BOOL, "boolean"),
    (Kind.INTEGER, "integer"),
    (Kind.SIGNED, "signed integer"),
    (Kind.UNSIGNED, "unsigned integer"),
    (Kind.FLOAT, "float"),
    (Kind.COMPLEX, "complex"),
)


def _describe(kinds: Kind) -> str:
    """Name the kinds as a person would: ``float or complex``."""
    names: list[str] = []
    for kind, name in _KIND_NAMES:
        if kind in kinds:
            names.append(name)
            kinds &= ~kind
    return " or ".join(names)


@lru_cache(maxsize=4096)
def tensor_type(shape: tuple[int, ...], element: Attribute) -> TensorType:
    """Return the (shared) tensor type of a shape and an element type."""
    return TensorType(element, shape)


@lru_cache(maxsize=4096)
def dims_attr(values: tuple[int, ...]) -> DenseArrayBase[I64]:
    """Return the (shared) attribute that holds dimensions, sizes or axes."""
    return DenseArrayBase.from_list(i64, values)


def _dims(values: Iterable[int] | DenseArrayBase[I64]) -> DenseArrayBase[I64]:
    return values if isinstance(values, DenseArrayBase) else dims_attr(tuple(values))


def _int(value: int | IntegerAttr) -> IntegerAttr:
    return value if isinstance(value, IntegerAttr) else IntegerAttr(value, i64)


def _tensor(value: SSAValue | Operation) -> TensorType:
    return cast(TensorType, SSAValue.get(value).type)


@dataclass(frozen=True)
class TensorOf(AttrConstraint[TensorType]):
    """A statically shaped tensor whose elements are of one of the given kinds."""

    kinds: Kind = Kind.ANY

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not isinstance(attr, TensorType):
            raise VerifyException(f"expected a tensor, got {attr}")
        if any(size.data < 0 for size in attr.shape):
            raise VerifyException(f"expected a statically shaped tensor, got {attr}")
        if not kind_of(attr.element_type) & self.kinds:
            raise VerifyException(f"expected {_describe(self.kinds)} elements, got {attr}")

    def mapping_type_vars(self, type_var_mapping: Any) -> TensorOf:
        return self


@dataclass(frozen=True)
class MappedType(AttrConstraint[TensorType]):
    """The tensor type whose elements are computed from those of the operand type ``T``."""

    element: Callable[[Attribute], Attribute]

    def _expected(self, context: InferenceContext) -> TensorType:
        source = cast(TensorType, context.get_variable("T"))
        return tensor_type(source.get_shape(), self.element(source.element_type))

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if constraint_context.get_variable("T") is None:
            return
        expected = self._expected(constraint_context)
        if attr != expected:
            raise VerifyException(f"expected {expected}, got {attr}")

    def can_infer(self, var_constraint_names: Any) -> bool:
        return "T" in var_constraint_names

    def infer(self, context: InferenceContext) -> TensorType:
        return self._expected(context)

    def mapping_type_vars(self, type_var_mapping: Any) -> MappedType:
        return self


def same(element: Attribute) -> Attribute:
    """The element type of an op that keeps its operands' type."""
    return element


def boolean(element: Attribute) -> Attribute:
    """The element type of a predicate's result."""
    return i1


def real_part(element: Attribute) -> Attribute:
    """The element type of a magnitude, or of a part of a complex number."""
    return element.element_type if isinstance(element, ComplexType) else element


def complex_of(element: Attribute) -> Attribute:
    """The complex type over a real element type."""
    return element if isinstance(element, ComplexType) else ComplexType(cast(AnyFloat, element))


TENSOR = TensorOf()
DIMS = DenseArrayBase.constr(i64)
INT = IntegerAttr.constr(type=i64)

# --- Op classes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpClass(OpTrait):
    """The class of a tensor op; each op carries exactly one of the subclasses as a trait."""


@dataclass(frozen=True)
class Elementwise(OpClass):
    """Each element of the result depends on the elements at the same position of the operands."""


@dataclass(frozen=True)
class Contraction(OpClass):
    """Sums of products over shared dimensions."""


@dataclass(frozen=True)
class Reduction(OpClass):
    """Folds the elements along some dimensions, which the result does not have."""


@dataclass(frozen=True)
class Reindexing(OpClass):
    """Each element of the result is an element of an operand: data moves, nothing is computed."""


@dataclass(frozen=True)
class Generation(OpClass):
    """Makes a tensor from attributes alone."""


@dataclass(frozen=True)
class Control(OpClass):
    """Constrains or directs the evaluation of other ops."""


@dataclass(frozen=True)
class Library(OpClass):
    """An algorithm that is taken as a whole from a library."""


OPERATIONS: list[type[Operation]] = []
"""Every op of the dialect, in order of definition."""


class LaxOp(IRDLOperation, ABC):
    """Base of all ops. A subclass that names its lax primitive is defined and registered by it."""

    def __init_subclass__(cls, *, lax: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if lax is not None:
            cls.name = f"xtensor.{lax}"
            irdl_op_definition(cls)
            OPERATIONS.append(cls)


class InferredOp(LaxOp, ABC):
    """Base of the ops whose single result's type follows from operands and properties."""

    result = result_def(TENSOR)

    @abstractmethod
    def infer_type(self) -> TensorType:
        """Return the result's type; raise VerifyException where operands and properties clash."""

    def verify_(self) -> None:
        expected = self.infer_type()
        if self.result.type != expected:
            raise VerifyException(f"expected result type {expected}, got {self.result.type}")

    def _build(
        self,
        operands: Sequence[SSAValue | Operation | Sequence[SSAValue | Operation]],
        properties: dict[str, Attribute | None],
        placeholder: TensorType,
    ) -> None:
        """Initialise the op, then give the result the type that the op itself infers."""
        super().__init__(operands=operands, properties=properties, result_types=[placeholder])
        self.result._type = self.infer_type()  # pyright: ignore[reportPrivateUsage]


def _check_axes(what: str, axes: Sequence[int], rank: int) -> None:
    """Require distinct axes of a tensor of the given rank."""
    if any(not 0 <= axis < rank for axis in axes):
        raise VerifyException(f"{what} {list(axes)} out of range for rank {rank}")
    if len(set(axes)) != len(axes):
        raise VerifyException(f"{what} {list(axes)} are not distinct")


def _without(shape: Sequence[int], axes: Iterable[int]) -> tuple[int, ...]:
    dropped = frozenset(axes)
    return tuple(size for axis, size in enumerate(shape) if axis not in dropped)


# --- Elementwise ----------------------------------------------------------------------------------


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
        source = _tensor(operands[0])
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
class CbrtOp(UnaryOp, lax="cbrt", kinds=Kind.FLOAT): ...
class CeilOp(UnaryOp, lax="ceil", kinds=Kind.FLOAT): ...
class ClzOp(UnaryOp, lax="clz", kinds=Kind.INTEGER): ...
class ConjOp(UnaryOp, lax="conj", kinds=Kind.INEXACT, element=complex_of): ...
class CosOp(UnaryOp, lax="cos", kinds=Kind.INEXACT): ...
class CoshOp(UnaryOp, lax="cosh", kinds=Kind.INEXACT): ...
class DigammaOp(UnaryOp, lax="digamma", kinds=Kind.FLOAT): ...
class ErfOp(UnaryOp, lax="erf", kinds=Kind.FLOAT): ...
class ErfInvOp(UnaryOp, lax="erf_inv", kinds=Kind.FLOAT): ...
class ErfcOp(UnaryOp, lax="erfc", kinds=Kind.FLOAT): ...
class ExpOp(UnaryOp, lax="exp", kinds=Kind.INEXACT): ...
class Exp2Op(UnaryOp, lax="exp2", kinds=Kind.INEXACT): ...
class Expm1Op(UnaryOp, lax="expm1", kinds=Kind.INEXACT): ...
class FloorOp(UnaryOp, lax="floor", kinds=Kind.FLOAT): ...
class ImagOp(UnaryOp, lax="imag", kinds=Kind.COMPLEX, element=real_part): ...
class IsFiniteOp(UnaryOp, lax="is_finite", kinds=Kind.FLOAT, element=boolean): ...
class LgammaOp(UnaryOp, lax="lgamma", kinds=Kind.FLOAT): ...
class LogOp(UnaryOp, lax="log", kinds=Kind.INEXACT): ...
class Log1pOp(UnaryOp, lax="log1p", kinds=Kind.INEXACT): ...
class LogisticOp(UnaryOp, lax="logistic", kinds=Kind.INEXACT): ...
class NegOp(UnaryOp, lax="neg", kinds=Kind.NUMBER): ...
class NotOp(UnaryOp, lax="not", kinds=Kind.BITS): ...
class PopulationCountOp(UnaryOp, lax="population_count", kinds=Kind.INTEGER): ...
class RealOp(UnaryOp, lax="real", kinds=Kind.COMPLEX, element=real_part): ...
class RsqrtOp(UnaryOp, lax="rsqrt", kinds=Kind.INEXACT): ...
class SignOp(UnaryOp, lax="sign", kinds=Kind.NUMBER): ...
class SinOp(UnaryOp, lax="sin", kinds=Kind.INEXACT): ...
class SinhOp(UnaryOp, lax="sinh", kinds=Kind.INEXACT): ...
class SqrtOp(UnaryOp, lax="sqrt", kinds=Kind.INEXACT): ...
class SquareOp(UnaryOp, lax="square", kinds=Kind.NUMBER): ...
class TanOp(UnaryOp, lax="tan", kinds=Kind.INEXACT): ...
class TanhOp(UnaryOp, lax="tanh", kinds=Kind.INEXACT): ...

class AddOp(BinaryOp, lax="add", kinds=Kind.NUMBER, commutative=True): ...
class AndOp(BinaryOp, lax="and", kinds=Kind.BITS, commutative=True): ...
class Atan2Op(BinaryOp, lax="atan2", kinds=Kind.INEXACT): ...
class ComplexOp(BinaryOp, lax="complex", kinds=Kind.FLOAT, element=complex_of): ...
class DivOp(BinaryOp, lax="div", kinds=Kind.NUMBER): ...
class EqOp(BinaryOp, lax="eq", element=boolean, commutative=True): ...
class GeOp(BinaryOp, lax="ge", kinds=Kind.ORDERED, element=boolean): ...
class GtOp(BinaryOp, lax="gt", kinds=Kind.ORDERED, element=boolean): ...
class LeOp(BinaryOp, lax="le", kinds=Kind.ORDERED, element=boolean): ...
class LtOp(BinaryOp, lax="lt", kinds=Kind.ORDERED, element=boolean): ...
class MaxOp(BinaryOp, lax="max", kinds=Kind.ORDERED): ...
class MinOp(BinaryOp, lax="min", kinds=Kind.ORDERED): ...
class MulOp(BinaryOp, lax="mul", kinds=Kind.NUMBER, commutative=True): ...
class NeOp(BinaryOp, lax="ne", element=boolean, commutative=True): ...
class NextafterOp(BinaryOp, lax="nextafter", kinds=Kind.FLOAT): ...
class OrOp(BinaryOp, lax="or", kinds=Kind.BITS, commutative=True): ...
class PowOp(BinaryOp, lax="pow", kinds=Kind.INEXACT): ...
class RemOp(BinaryOp, lax="rem", kinds=Kind.REAL): ...
class ShiftLeftOp(BinaryOp, lax="shift_left", kinds=Kind.INTEGER): ...
class ShiftRightArithmeticOp(BinaryOp, lax="shift_right_arithmetic", kinds=Kind.INTEGER): ...
class ShiftRightLogicalOp(BinaryOp, lax="shift_right_logical", kinds=Kind.INTEGER): ...
class SubOp(BinaryOp, lax="sub", kinds=Kind.NUMBER): ...
class XorOp(BinaryOp, lax="xor", kinds=Kind.BITS, commutative=True): ...
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
        exact = kind_of(_tensor(self.operand).element_type) & Kind.INTEGER
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
        result = tensor_type(_tensor(operand).get_shape(), element)
        IRDLOperation.__init__(self, operands=[operand], result_types=[result])

    def verify_(self) -> None:
        source, target = _tensor(self.operand), _tensor(self.result)
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
        wide, narrow = _tensor(self.operand), _tensor(self.result)
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
        IRDLOperation.__init__(self, operands=[which, cases], result_types=[_tensor(cases[0])])

    def verify_(self) -> None:
        which, result = _tensor(self.which), _tensor(self.result)
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

    T: ClassVar = VarConstraint("T", TensorOf(Kind.ORDERED))

    min = operand_def(TensorOf(Kind.ORDERED))
    operand = operand_def(T)
    max = operand_def(TensorOf(Kind.ORDERED))
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
        IRDLOperation.__init__(self, operands=[min, operand, max], result_types=[_tensor(operand)])

    def verify_(self) -> None:
        target = _tensor(self.operand)
        for name, bound in (("min", _tensor(self.min)), ("max", _tensor(self.max))):
            if bound.element_type != target.element_type or (
                bool(bound.shape.data) and bound.shape != target.shape
            ):
                raise VerifyException(
                    f"'{name}' must be a scalar or a tensor like {target}, got {bound}"
                )


# --- Contraction ----------------------------------------------------------------------------------


class Precision(StrEnum):
    """How much of the operands' precision a contraction keeps on hardware with narrower units."""

    DEFAULT = "default"
    HIGH = "high"
    HIGHEST = "highest"


@irdl_attr_definition
class PrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.precision"


class DotGeneralOp(LaxOp, lax="dot_general"):
    """Contracts dimensions of two tensors, over batch dimensions that both have.

    The result's dimensions are the batch dimensions, then the free ones of ``lhs``, then those of
    ``rhs``. Its element type may be wider than the operands'.
    """

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    lhs_batch = prop_def(DIMS)
    rhs_batch = prop_def(DIMS)
    lhs_contracting = prop_def(DIMS)
    rhs_contracting = prop_def(DIMS)
    lhs_precision = opt_prop_def(PrecisionAttr)
    rhs_precision = opt_prop_def(PrecisionAttr)
    result = result_def(TENSOR)

    traits = traits_def(Pure(), Contraction())

    assembly_format = (
        "$lhs `,` $rhs `batch` $lhs_batch `x` $rhs_batch "
        "`contract` $lhs_contracting `x` $rhs_contracting "
        "(`precision` $lhs_precision^ `x` $rhs_precision)? "
        "attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)"
    )

    def __init__(
        self,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        *,
        contracting: tuple[Sequence[int], Sequence[int]],
        batch: tuple[Sequence[int], Sequence[int]] = ((), ()),
        element: Attribute | None = None,
        precision: tuple[Precision, Precision] | None = None,
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "lhs_batch": _dims(batch[0]),
            "rhs_batch": _dims(batch[1]),
            "lhs_contracting": _dims(contracting[0]),
            "rhs_contracting": _dims(contracting[1]),
        }
        if precision is not None:
            properties["lhs_precision"] = PrecisionAttr(precision[0])
            properties["rhs_precision"] = PrecisionAttr(precision[1])
        left = _tensor(lhs)
        super().__init__(operands=[lhs, rhs], result_types=[left], properties=properties)
        shape = self.infer_shape()
        self.result._type = tensor_type(  # pyright: ignore[reportPrivateUsage]
            shape, element or left.element_type
        )

    def infer_shape(self) -> tuple[int, ...]:
        """Return the result's shape; raise VerifyException where the dimensions do not match."""
        left, right = _tensor(self.lhs).get_shape(), _tensor(self.rhs).get_shape()
        left_batch, right_batch = self.lhs_batch.get_values(), self.rhs_batch.get_values()
        left_sum, right_sum = self.lhs_contracting.get_values(), self.rhs_contracting.get_values()
        _check_axes("lhs dimensions", [*left_batch, *left_sum], len(left))
        _check_axes("rhs dimensions", [*right_batch, *right_sum], len(right))
        for what, lhs_axes, rhs_axes in (
            ("batch", left_batch, right_batch),
            ("contracting", left_sum, right_sum),
        ):
            lhs_sizes = [left[axis] for axis in lhs_axes]
            rhs_sizes = [right[axis] for axis in rhs_axes]
            if lhs_sizes != rhs_sizes:
                raise VerifyException(
                    f"{what} dimensions must have equal sizes, got {lhs_sizes} and {rhs_sizes}"
                )
        return (
            *(left[axis] for axis in left_batch),
            *_without(left, (*left_batch, *left_sum)),
            *_without(right, (*right_batch, *right_sum)),
        )

    def verify_(self) -> None:
        left, right, result = _tensor(self.lhs), _tensor(self.rhs), _tensor(self.result)
        if left.element_type != right.element_type:
            raise VerifyException(f"operands must have one element type, got {left} and {right}")
        if (self.lhs_precision is None) != (self.rhs_precision is None):
            raise VerifyException("precision must be given for both operands or for none")
        expected = self.infer_shape()
        if result.get_shape() != expected:
            raise VerifyException(f"expected a result of shape {list(expected)}, got {result}")


# --- Reduction ------------------------------------------------------------------------------------


class ReductionOp(InferredOp, ABC):
    """Folds the elements along ``axes``, in no particular order."""

    operand = operand_def(TENSOR)
    axes = prop_def(DIMS)

    traits = traits_def(Pure(), Reduction())

    assembly_format = "$operand `over` $axes attr-dict `:` type($operand) `->` type($result)"

    def __init_subclass__(cls, *, kinds: Kind = Kind.ANY, **kwargs: Any) -> None:
        cls.kinds = staticmethod(lambda: kinds)
        cls.operand = operand_def(TensorOf(kinds))
        super().__init_subclass__(**kwargs)

    @staticmethod
    def kinds() -> Kind:
        """Return the element kinds that the op takes."""
        return Kind.ANY

    def __init__(self, operand: SSAValue | Operation, axes: Iterable[int]) -> None:
        self._build([operand], {"axes": _dims(axes)}, _tensor(operand))

    def reduced_shape(self) -> tuple[int, ...]:
        """Return the operand's shape without the reduced axes."""
        shape, axes = _tensor(self.operand).get_shape(), self.axes.get_values()
        _check_axes("axes", axes, len(shape))
        return _without(shape, axes)

    def infer_type(self) -> TensorType:
        return tensor_type(self.reduced_shape(), _tensor(self.operand).element_type)


# fmt: off
class ReduceAndOp(ReductionOp, lax="reduce_and", kinds=Kind.BITS): ...
class ReduceMaxOp(ReductionOp, lax="reduce_max", kinds=Kind.ORDERED): ...
class ReduceMinOp(ReductionOp, lax="reduce_min", kinds=Kind.ORDERED): ...
class ReduceOrOp(ReductionOp, lax="reduce_or", kinds=Kind.BITS): ...
class ReduceProdOp(ReductionOp, lax="reduce_prod", kinds=Kind.NUMBER): ...
class ReduceSumOp(ReductionOp, lax="reduce_sum", kinds=Kind.NUMBER): ...
class ReduceXorOp(ReductionOp, lax="reduce_xor", kinds=Kind.BITS): ...
# fmt: on


class IndexReductionOp(ReductionOp, ABC):
    """Finds the index of an extreme element along one axis: the first one, or the first NaN."""

    def __init__(self, operand: SSAValue | Operation, axis: int, element: Attribute) -> None:
        source = _tensor(operand).get_shape()
        result = tensor_type(_without(source, (axis,)), element)
        IRDLOperation.__init__(
            self,
            operands=[operand],
            result_types=[result],
            properties={"axes": dims_attr((axis,))},
        )

    def infer_type(self) -> TensorType:
        element = _tensor(self.result).element_type
        if not kind_of(element) & Kind.INTEGER:
            raise VerifyException(f"indices must be integers, got {self.result.type}")
        shape, axes = _tensor(self.operand).get_shape(), self.axes.get_values()
        reduced = self.reduced_shape()
        if len(axes) != 1:
            raise VerifyException(f"expected one axis, got {list(axes)}")
        if shape[axes[0]] == 0:
            raise VerifyException("the reduced dimension must not be empty")
        return tensor_type(reduced, element)


# fmt: off
class ArgmaxOp(IndexReductionOp, lax="argmax", kinds=Kind.ORDERED): ...
class ArgminOp(IndexReductionOp, lax="argmin", kinds=Kind.ORDERED): ...
# fmt: on

# --- Reindexing -----------------------------------------------------------------------------------


class ReindexingOp(InferredOp, ABC):
    """Base of the ops that move the elements of a tensor according to their properties.

    A subclass with further operands names ``operand`` again, since xDSL orders the operands that a
    class defines before those that it inherits.
    """

    operand = operand_def(TENSOR)

    traits = traits_def(Pure(), Reindexing())

    def _moved(self, shape: Iterable[int]) -> TensorType:
        return tensor_type(tuple(shape), _tensor(self.operand).element_type)


class ReshapeOp(ReindexingOp, lax="reshape"):
    """Arranges the elements, in row-major order, in another shape."""

    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, shape: Iterable[int]) -> None:
        result = tensor_type(tuple(shape), _tensor(operand).element_type)
        IRDLOperation.__init__(self, operands=[operand], result_types=[result])

    def infer_type(self) -> TensorType:
        source, target = _tensor(self.operand), _tensor(self.result)
        if prod(source.get_shape()) != prod(target.get_shape()):
            raise VerifyException(f"{source} and {target} have different numbers of elements")
        return self._moved(target.get_shape())


class TransposeOp(ReindexingOp, lax="transpose"):
    """Permutes dimensions: dimension ``i`` of the result is ``permutation[i]`` of the operand."""

    permutation = prop_def(DIMS)

    assembly_format = "$operand `,` $permutation attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, permutation: Iterable[int]) -> None:
        self._build([operand], {"permutation": _dims(permutation)}, _tensor(operand))

    def infer_type(self) -> TensorType:
        shape, permutation = _tensor(self.operand).get_shape(), self.permutation.get_values()
        if sorted(permutation) != list(range(len(shape))):
            raise VerifyException(
                f"{list(permutation)} is not a permutation of the dimensions of {self.operand.type}"
            )
        return self._moved(shape[axis] for axis in permutation)


class BroadcastInDimOp(ReindexingOp, lax="broadcast_in_dim"):
    """Repeats the operand: its dimension ``i`` becomes ``broadcast_dimensions[i]`` of the result.

    A dimension of size 1 is repeated to the size in the result.
    """

    broadcast_dimensions = prop_def(DIMS)

    assembly_format = (
        "$operand `dims` $broadcast_dimensions attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        shape: Iterable[int],
        broadcast_dimensions: Iterable[int] = (),
    ) -> None:
        result = tensor_type(tuple(shape), _tensor(operand).element_type)
        IRDLOperation.__init__(
            self,
            operands=[operand],
            result_types=[result],
            properties={"broadcast_dimensions": _dims(broadcast_dimensions)},
        )

    def infer_type(self) -> TensorType:
        source, target = _tensor(self.operand).get_shape(), _tensor(self.result).get_shape()
        dims = self.broadcast_dimensions.get_values()
        if len(dims) != len(source):
            raise VerifyException(f"expected {len(source)} broadcast dimensions, got {list(dims)}")
        if list(dims) != sorted(dims):
            raise VerifyException(f"broadcast dimensions {list(dims)} are not ascending")
        _check_axes("broadcast dimensions", dims, len(target))
        for size, dim in zip(source, dims, strict=True):
            if size not in (1, target[dim]):
                raise VerifyException(
                    f"size {size} cannot be broadcast to size {target[dim]} of dimension {dim}"
                )
        return self._moved(target)


class SqueezeOp(ReindexingOp, lax="squeeze"):
    """Drops dimensions of size 1."""

    dimensions = prop_def(DIMS)

    assembly_format = "$operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, dimensions: Iterable[int]) -> None:
        self._build([operand], {"dimensions": _dims(dimensions)}, _tensor(operand))

    def infer_type(self) -> TensorType:
        shape, dims = _tensor(self.operand).get_shape(), self.dimensions.get_values()
        _check_axes("dimensions", dims, len(shape))
        if any(shape[dim] != 1 for dim in dims):
            raise VerifyException(
                f"dimensions {list(dims)} of {self.operand.type} are not all of size 1"
            )
        return self._moved(_without(shape, dims))


class SliceOp(ReindexingOp, lax="slice"):
    """Takes elements from ``start_indices[i]`` up to ``limit_indices[i]`` in steps."""

    start_indices = prop_def(DIMS)
    limit_indices = prop_def(DIMS)
    strides = prop_def(DIMS)

    assembly_format = (
        "$operand `from` $start_indices `to` $limit_indices `by` $strides "
        "attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        start_indices: Iterable[int],
        limit_indices: Iterable[int],
        strides: Iterable[int] | None = None,
    ) -> None:
        source = _tensor(operand)
        properties: dict[str, Attribute | None] = {
            "start_indices": _dims(start_indices),
            "limit_indices": _dims(limit_indices),
            "strides": _dims(strides or (1,) * source.get_num_dims()),
        }
        self._build([operand], properties, source)

    def infer_type(self) -> TensorType:
        shape = _tensor(self.operand).get_shape()
        starts, limits = self.start_indices.get_values(), self.limit_indices.get_values()
        strides = self.strides.get_values()
        if not len(starts) == len(limits) == len(strides) == len(shape):
            raise VerifyException(
                f"expected one start, limit and stride for each dimension of {self.operand.type}"
            )
        for size, start, limit, stride in zip(shape, starts, limits, strides, strict=True):
            if not 0 <= start <= limit <= size or stride < 1:
                raise VerifyException(
                    f"cannot take {start}:{limit}:{stride} of a dimension of size {size}"
                )
        return self._moved(
            -(-(limit - start) // stride)
            for start, limit, stride in zip(starts, limits, strides, strict=True)
        )


class RevOp(ReindexingOp, lax="rev"):
    """Reverses the order of the elements along some dimensions."""

    dimensions = prop_def(DIMS)

    assembly_format = "$operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, dimensions: Iterable[int]) -> None:
        self._build([operand], {"dimensions": _dims(dimensions)}, _tensor(operand))

    def infer_type(self) -> TensorType:
        source = _tensor(self.operand)
        _check_axes("dimensions", self.dimensions.get_values(), source.get_num_dims())
        return source


class PadOp(ReindexingOp, lax="pad"):
    """Puts a scalar before, after and between the elements; negative padding takes elements off."""

    operand = operand_def(TENSOR)
    padding_value = operand_def(TENSOR)
    low = prop_def(DIMS)
    high = prop_def(DIMS)
    interior = prop_def(DIMS)

    assembly_format = (
        "$operand `,` $padding_value `low` $low `high` $high `interior` $interior "
        "attr-dict `:` `(` type($operand) `,` type($padding_value) `)` `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        padding_value: SSAValue | Operation,
        low: Iterable[int],
        high: Iterable[int],
        interior: Iterable[int],
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "low": _dims(low),
            "high": _dims(high),
            "interior": _dims(interior),
        }
        self._build([operand, padding_value], properties, _tensor(operand))

    def infer_type(self) -> TensorType:
        source, value = _tensor(self.operand), _tensor(self.padding_value)
        if value.get_shape() != () or value.element_type != source.element_type:
            raise VerifyException(
                f"the padding value must be a scalar like the elements of {source}, got {value}"
            )
        shape = source.get_shape()
        low, high, interior = (
            self.low.get_values(),
            self.high.get_values(),
            self.interior.get_values(),
        )
        if not len(low) == len(high) == len(interior) == len(shape):
            raise VerifyException(
                f"expected low, high and interior padding for each dimension of {source}"
            )
        if any(inner < 0 for inner in interior):
            raise VerifyException("interior padding must not be negative")
        padded = [
            before + after + (size + (size - 1) * inner if size else 0)
            for size, before, after, inner in zip(shape, low, high, interior, strict=True)
        ]
        if any(size < 0 for size in padded):
            raise VerifyException(f"padding leaves the negative shape {padded}")
        return self._moved(padded)


class DynamicSliceOp(ReindexingOp, lax="dynamic_slice"):
    """Takes a slice of static size at scalar indices, which are clamped so that it fits."""

    operand = operand_def(TENSOR)
    start_indices = var_operand_def(TensorOf(Kind.INTEGER))
    slice_sizes = prop_def(DIMS)

    assembly_format = (
        "$operand `at` `(` $start_indices `)` `sizes` $slice_sizes "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        start_indices: Sequence[SSAValue | Operation],
        slice_sizes: Iterable[int],
    ) -> None:
        self._build([operand, start_indices], {"slice_sizes": _dims(slice_sizes)}, _tensor(operand))

    def infer_type(self) -> TensorType:
        shape, sizes = _tensor(self.operand).get_shape(), self.slice_sizes.get_values()
        _check_indices(self.start_indices, len(shape))
        if len(sizes) != len(shape) or any(
            not 0 <= part <= size for part, size in zip(sizes, shape, strict=True)
        ):
            raise VerifyException(
                f"a slice of sizes {list(sizes)} does not fit in {self.operand.type}"
            )
        return self._moved(sizes)


class DynamicUpdateSliceOp(ReindexingOp, lax="dynamic_update_slice"):
    """Replaces a slice at scalar indices, which are clamped so that it fits."""

    operand = operand_def(TENSOR)
    update = operand_def(TENSOR)
    start_indices = var_operand_def(TensorOf(Kind.INTEGER))

    assembly_format = (
        "$operand `,` $update `at` `(` $start_indices `)` "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        update: SSAValue | Operation,
        start_indices: Sequence[SSAValue | Operation],
    ) -> None:
        self._build([operand, update, start_indices], {}, _tensor(operand))

    def infer_type(self) -> TensorType:
        source, update = _tensor(self.operand), _tensor(self.update)
        _check_indices(self.start_indices, source.get_num_dims())
        if (
            update.element_type != source.element_type
            or update.get_num_dims() != source.get_num_dims()
            or any(p > s for p, s in zip(update.get_shape(), source.get_shape(), strict=True))
        ):
            raise VerifyException(f"an update of type {update} does not fit in {source}")
        return source


def _check_indices(indices: Sequence[SSAValue], rank: int) -> None:
    """Require one scalar index of one integer type for each dimension."""
    types = {_tensor(index) for index in indices}
    if len(indices) != rank:
        raise VerifyException(f"expected {rank} start indices, got {len(indices)}")
    if len(types) > 1 or any(index.get_shape() for index in types):
        raise VerifyException("start indices must be scalars of one type")


class GatherOp(ReindexingOp, lax="gather"):
    """Takes slices of static size at many indices; an index is clamped so that its slice fits.

    The last dimension of ``indices`` holds one index vector. The dimension attributes are those of
    ``jax.lax.GatherDimensionNumbers``.
    """

    operand = operand_def(TENSOR)
    indices = operand_def(TensorOf(Kind.INTEGER))
    offset_dims = prop_def(DIMS)
    collapsed_slice_dims = prop_def(DIMS)
    start_index_map = prop_def(DIMS)
    operand_batching_dims = prop_def(DIMS)
    start_indices_batching_dims = prop_def(DIMS)
    slice_sizes = prop_def(DIMS)
    indices_are_sorted = opt_prop_def(UnitAttr)

    assembly_format = (
        "$operand `at` $indices `sizes` $slice_sizes `offset` $offset_dims "
        "`collapsed` $collapsed_slice_dims `index` $start_index_map "
        "`batching` $operand_batching_dims `x` $start_indices_batching_dims "
        "(`sorted` $indices_are_sorted^)? "
        "attr-dict `:` `(` type($operand) `,` type($indices) `)` `->` type($result)"
    )

    def infer_type(self) -> TensorType:
        source, indices = _tensor(self.operand).get_shape(), _tensor(self.indices).get_shape()
        sizes, offset_dims = self.slice_sizes.get_values(), self.offset_dims.get_values()
        collapsed = self.collapsed_slice_dims.get_values()
        batching = self.operand_batching_dims.get_values()
        index_batching = self.start_indices_batching_dims.get_values()
        index_map = self.start_index_map.get_values()
        _check_axes("collapsed and batching dimensions", (*collapsed, *batching), len(source))
        _check_axes("indexed and batching dimensions", (*index_map, *batching), len(source))
        if len(sizes) != len(source) or any(
            not 0 <= part <= size for part, size in zip(sizes, source, strict=True)
        ):
            raise VerifyException(
                f"slices of sizes {list(sizes)} do not fit in {self.operand.type}"
            )
        if any(sizes[dim] > 1 for dim in (*collapsed, *batching)):
            raise VerifyException(
                "slices must be of size 1 or 0 in collapsed and batching dimensions"
            )
        if not indices or indices[-1] != len(index_map):
            raise VerifyException(
                f"expected index vectors of {len(index_map)} elements, got {self.indices.type}"
            )
        _check_axes("batching dimensions of the indices", index_batching, len(indices) - 1)
        if [source[dim] for dim in batching] != [indices[dim] for dim in index_batching]:
            raise VerifyException(
                "batching dimensions of operand and indices must have equal sizes"
            )
        offsets = _without(sizes, (*collapsed, *batching))
        rank = len(indices) - 1 + len(offsets)
        _check_axes("offset dimensions", offset_dims, rank)
        if len(offset_dims) != len(offsets):
            raise VerifyException(
                f"expected {len(offsets)} offset dimensions, got {list(offset_dims)}"
            )
        batch_sizes, offset_sizes = iter(indices[:-1]), iter(offsets)
        return self._moved(
            next(offset_sizes) if dim in offset_dims else next(batch_sizes) for dim in range(rank)
        )


class ConcatenateOp(InferredOp, lax="concatenate"):
    """Joins tensors along an existing dimension."""

    inputs = var_operand_def(TENSOR)
    dimension = prop_def(INT)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = "$inputs `dim` $dimension attr-dict `:` functional-type(operands, results)"

    def __init__(self, inputs: Sequence[SSAValue | Operation], dimension: int) -> None:
        self._build([inputs], {"dimension": _int(dimension)}, _tensor(inputs[0]))

    def infer_type(self) -> TensorType:
        if not self.inputs:
            raise VerifyException("expected at least one operand")
        first, dim = _tensor(self.inputs[0]), self.dimension.value.data
        shape = first.get_shape()
        _check_axes("dimension", (dim,), len(shape))
        total = 0
        for value in self.inputs:
            other = _tensor(value)
            sizes = other.get_shape()
            if (
                other.element_type != first.element_type
                or len(sizes) != len(shape)
                or _without(sizes, (dim,)) != _without(shape, (dim,))
            ):
                raise VerifyException(f"{other} cannot be joined to {first} along dimension {dim}")
            total += sizes[dim]
        return tensor_type((*shape[:dim], total, *shape[dim + 1 :]), first.element_type)


class StackOp(InferredOp, lax="stack"):
    """Joins tensors of one type along a new dimension."""

    inputs = var_operand_def(VarConstraint("T", TENSOR))
    axis = prop_def(INT)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)"

    def __init__(self, inputs: Sequence[SSAValue | Operation], axis: int) -> None:
        self._build([inputs], {"axis": _int(axis)}, _tensor(inputs[0]))

    def infer_type(self) -> TensorType:
        if not self.inputs:
            raise VerifyException("expected at least one operand")
        first, axis = _tensor(self.inputs[0]), self.axis.value.data
        shape = first.get_shape()
        _check_axes("axis", (axis,), len(shape) + 1)
        return tensor_type((*shape[:axis], len(self.inputs), *shape[axis:]), first.element_type)


class TileOp(ReindexingOp, lax="tile"):
    """Repeats the whole operand ``reps[i]`` times along each dimension."""

    reps = prop_def(DIMS)

    assembly_format = "$operand `reps` $reps attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, reps: Iterable[int]) -> None:
        self._build([operand], {"reps": _dims(reps)}, _tensor(operand))

    def infer_type(self) -> TensorType:
        shape, reps = _tensor(self.operand).get_shape(), self.reps.get_values()
        if len(reps) != len(shape) or any(rep < 0 for rep in reps):
            raise VerifyException(
                f"expected a repetition count for each dimension of {self.operand.type}, got "
                f"{list(reps)}"
            )
        return self._moved(size * rep for size, rep in zip(shape, reps, strict=True))


class SplitOp(LaxOp, lax="split"):
    """Cuts a tensor along one axis into consecutive parts of the given sizes."""

    operand = operand_def(TENSOR)
    sizes = prop_def(DIMS)
    axis = prop_def(INT)
    parts = var_result_def(TENSOR)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = (
        "$operand `axis` $axis `sizes` $sizes attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, operand: SSAValue | Operation, sizes: Sequence[int], axis: int) -> None:
        super().__init__(
            operands=[operand],
            result_types=[self.part_types(_tensor(operand), sizes, axis)],
            properties={"sizes": _dims(sizes), "axis": _int(axis)},
        )

    @staticmethod
    def part_types(source: TensorType, sizes: Sequence[int], axis: int) -> list[TensorType]:
        """Return the types of the parts."""
        shape = source.get_shape()
        return [
            tensor_type((*shape[:axis], size, *shape[axis + 1 :]), source.element_type)
            for size in sizes
        ]

    def verify_(self) -> None:
        source, sizes, axis = _tensor(self.operand), self.sizes.get_values(), self.axis.value.data
        _check_axes("axis", (axis,), source.get_num_dims())
        if any(size < 0 for size in sizes) or sum(sizes) != source.get_shape()[axis]:
            raise VerifyException(
                f"sizes {list(sizes)} do not add up to dimension {axis} of {source}"
            )
        expected = self.part_types(source, sizes, axis)
        _check_result_types(self.parts, expected)


class UnstackOp(LaxOp, lax="unstack"):
    """Takes a tensor apart along one axis, which the parts do not have."""

    operand = operand_def(TENSOR)
    axis = prop_def(INT)
    parts = var_result_def(TENSOR)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = "$operand `axis` $axis attr-dict `:` functional-type(operands, results)"

    def __init__(self, operand: SSAValue | Operation, axis: int) -> None:
        source = _tensor(operand)
        part = tensor_type(_without(source.get_shape(), (axis,)), source.element_type)
        super().__init__(
            operands=[operand],
            result_types=[[part] * source.get_shape()[axis]],
            properties={"axis": _int(axis)},
        )

    def verify_(self) -> None:
        source, axis = _tensor(self.operand), self.axis.value.data
        shape = source.get_shape()
        _check_axes("axis", (axis,), len(shape))
        part = tensor_type(_without(shape, (axis,)), source.element_type)
        _check_result_types(self.parts, [part] * shape[axis])


def _check_result_types(results: Sequence[SSAValue], expected: Sequence[TensorType]) -> None:
    actual = [result.type for result in results]
    if actual != list(expected):
        raise VerifyException(
            f"expected result types ({', '.join(map(str, expected))}), "
            f"got ({', '.join(map(str, actual))})"
        )


# --- Generation -----------------------------------------------------------------------------------


class ConstantOp(LaxOp, HasFolderInterface, lax="constant"):
    """A small tensor that is part of the program; large arrays are arguments of the kernel."""

    T: ClassVar = VarConstraint("T", TENSOR)

    value = prop_def(ParamAttrConstraint(DenseIntOrFPElementsAttr, (T, AnyAttr())))
    result = result_def(T)

    traits = traits_def(Pure(), Generation(), ConstantLike())

    def __init__(self, value: DenseIntOrFPElementsAttr) -> None:
        super().__init__(result_types=[value.get_type()], properties={"value": value})

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        attributes = parser.parse_optional_attr_dict()
        op = cls(parse_dense(parser))
        op.attributes |= attributes
        return op

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, cast(DenseIntOrFPElementsAttr, self.value))

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.value,)


class IotaOp(LaxOp, lax="iota"):
    """Counts from zero along one dimension."""

    dimension = prop_def(INT)
    result = result_def(TensorOf(Kind.NUMBER))

    traits = traits_def(Pure(), Generation())

    assembly_format = "`dim` $dimension attr-dict `:` type($result)"

    def __init__(self, result: TensorType, dimension: int = 0) -> None:
        super().__init__(result_types=[result], properties={"dimension": _int(dimension)})

    def verify_(self) -> None:
        rank = _tensor(self.result).get_num_dims()
        _check_axes("dimension", (self.dimension.value.data,), rank)


# --- Control --------------------------------------------------------------------------------------


class OptimizationBarrierOp(LaxOp, lax="optimization_barrier"):
    """Returns its operands, all at once: no computation is moved or merged across it."""

    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Control())

    assembly_format = "$inputs attr-dict `:` functional-type(operands, results)"

    def __init__(self, *inputs: SSAValue | Operation) -> None:
        super().__init__(operands=[inputs], result_types=[[_tensor(value) for value in inputs]])

    def verify_(self) -> None:
        _check_result_types(self.outputs, [_tensor(value) for value in self.inputs])


# --- Library --------------------------------------------------------------------------------------


class PrimitiveOp(LaxOp, lax="primitive"):
    """A JAX primitive that has no op of its own yet, as the StableHLO that JAX lowers it to.

    ``stablehlo`` is the text of a module whose public function ``@main`` takes this op's operands
    and returns its results.
    """

    primitive = prop_def(StringAttr, prop_name="name")
    stablehlo = prop_def(StringAttr)
    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Library())

    assembly_format = (
        "$name `(` $inputs `)` `stablehlo` `=` $stablehlo "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        primitive: str,
        stablehlo: str,
        inputs: Sequence[SSAValue | Operation],
        outputs: Sequence[TensorType],
    ) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[outputs],
            properties={"name": StringAttr(primitive), "stablehlo": StringAttr(stablehlo)},
        )

    def verify_(self) -> None:
        if "@main" not in self.stablehlo.data:
            raise VerifyException("expected the text of a StableHLO module with a function @main")


XTensor = Dialect("xtensor", OPERATIONS, [PrecisionAttr, RoundingMethodAttr])
