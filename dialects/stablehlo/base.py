"""What the ops of StableHLO share: element types, constraints on types, checks on shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache
from typing import TypeAlias

from typing_extensions import TypeVar
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    I64,
    AnyFloat,
    ComplexType,
    DenseArrayBase,
    DenseIntElementsAttr,
    DenseIntOrFPElementsAttr,
    Float32Type,
    Float64Type,
    Float80Type,
    Float128Type,
    FloatTF32Type,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    Signedness,
    TensorType,
    TupleType,
    UnrankedTensorType,
    i1,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    BaseAttr,
    EqAttrConstraint,
    IntConstraint,
    VerificationContext,
    base,
)
from xdsl.traits import ConstantLike
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.quant import UniformQuantizedType
from xcs.dialects.tensor_types import TensorEncoding

from .attributes import FutureType, TokenType, TypeExtensionsAttr

AnyTensor: TypeAlias = TensorType[Attribute]
I64Array: TypeAlias = DenseArrayBase[I64]


class Element(Flag):
    """What the elements of a tensor are, as the specification of an op tells them apart."""

    BOOL = auto()
    SIGNED_INTEGER = auto()
    UNSIGNED_INTEGER = auto()
    WIDE_FLOAT = auto()
    """Of 32 or 64 bits, which some ops take alone."""
    NARROW_FLOAT = auto()
    COMPLEX = auto()
    INDEX = auto()
    QUANTIZED = auto()
    """With one scale for the whole tensor."""
    QUANTIZED_PER_AXIS = auto()

    FLOAT = WIDE_FLOAT | NARROW_FLOAT
    INTEGER = SIGNED_INTEGER | UNSIGNED_INTEGER
    INTEGRAL = BOOL | INTEGER
    INEXACT = FLOAT | COMPLEX
    SIGNED = SIGNED_INTEGER | INEXACT
    ANY = INTEGRAL | INEXACT | QUANTIZED


NAMES = {
    "boolean": Element.BOOL,
    "signed integer": Element.SIGNED_INTEGER,
    "unsigned integer": Element.UNSIGNED_INTEGER,
    "floating-point": Element.FLOAT,
    "complex": Element.COMPLEX,
    "index": Element.INDEX,
    "quantised": Element.QUANTIZED,
    "quantised per axis": Element.QUANTIZED_PER_AXIS,
    "f32 or f64": Element.WIDE_FLOAT,
}
"""What messages call the kinds."""

WIDTHS = frozenset({2, 4, 8, 16, 32, 64})
"""The integers of StableHLO, by their width in bits; those of width 1 are booleans."""

UNSUPPORTED_FLOATS = (Float80Type, Float128Type, FloatTF32Type)


@cache
def kind_of(element: Attribute) -> Element:
    """The kind of an element type; no kind at all where a tensor cannot hold it."""
    match element:
        case IntegerType() if element == i1:
            return Element.BOOL
        case IntegerType():
            return _integer_kind(element)
        case ComplexType():
            is_known = isinstance(element.element_type, Float32Type | Float64Type)
            return Element.COMPLEX if is_known else Element(0)
        case IndexType():
            return Element.INDEX
        case UniformQuantizedType():
            return _quantized_kind(element)
        case Float32Type() | Float64Type():
            return Element.WIDE_FLOAT
        case _:
            known = isinstance(element, AnyFloat) and not isinstance(element, UNSUPPORTED_FLOATS)
            return Element.NARROW_FLOAT if known else Element(0)


def _integer_kind(element: IntegerType) -> Element:
    if element.width.data not in WIDTHS:
        return Element(0)
    match element.signedness.data:
        case Signedness.UNSIGNED:
            return Element.UNSIGNED_INTEGER
        case Signedness.SIGNLESS:
            return Element.SIGNED_INTEGER
        case Signedness.SIGNED:
            return Element(0)


def _quantized_kind(element: UniformQuantizedType) -> Element:
    low, high = element.storage_min.data, element.storage_max.data
    if not all(low <= point.data <= high for point in element.zero_points):
        return Element(0)
    return Element.QUANTIZED_PER_AXIS if element.is_per_axis else Element.QUANTIZED


@dataclass(frozen=True)
class TensorOf(AttrConstraint[AnyTensor]):
    """A tensor whose elements are of one of the kinds, of this rank if one is given."""

    kinds: Element
    rank: int | None = None
    static: bool = False
    """Whether all sizes must be known."""
    bounded: bool = False
    """Where all sizes must be known: whether the only one that is not may have a bound instead."""
    unranked: bool = False
    """Whether not even the number of dimensions need be known."""

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if isinstance(attr, UnrankedTensorType) and self.unranked:
            self._check_element(attr, attr.element_type)
            return
        if not isinstance(attr, TensorType):
            raise VerifyException(f"expected a tensor, got {attr}")
        self._check_element(attr, attr.element_type)
        if self.rank is not None and attr.get_num_dims() != self.rank:
            raise VerifyException(f"expected a tensor of rank {self.rank}, got {attr}")
        if self.static and DYNAMIC_INDEX in attr.get_shape() and not self._is_bounded(attr):
            raise VerifyException(f"expected a tensor whose sizes are known, got {attr}")
        if isinstance(attr.element_type, UniformQuantizedType):
            _check_quantized_dimension(attr, attr.element_type)
        check_bounds(attr)

    def _check_element(self, type: Attribute, element: Attribute) -> None:
        if kind_of(element) & self.kinds:
            return
        kinds = " or ".join(
            name
            for name, kind in NAMES.items()
            if kind in self.kinds and (name != "f32 or f64" or Element.FLOAT not in self.kinds)
        )
        raise VerifyException(f"expected a tensor of {kinds} elements, got {type}")

    def _is_bounded(self, type: AnyTensor) -> bool:
        return (
            self.bounded
            and sum(bound is not None for bound in bounds_of(type)) == 1
            and type.get_shape().count(DYNAMIC_INDEX) == 1
        )

    def get_bases(self) -> set[type[Attribute]] | None:
        return {TensorType, UnrankedTensorType} if self.unranked else {TensorType}

    def mapping_type_vars(
        self, type_var_mapping: Mapping[TypeVar, AttrConstraint | IntConstraint]
    ) -> AttrConstraint[AnyTensor]:
        return self


def _check_quantized_dimension(type: AnyTensor, element: UniformQuantizedType) -> None:
    if not element.is_per_axis:
        return
    axis, shape = element.axis, type.get_shape()
    if axis >= len(shape) or shape[axis] not in (DYNAMIC_INDEX, len(element.scales)):
        raise VerifyException(f"{type} does not have a slice for each of its scales")


_QUANTIZABLE = Element.ANY | Element.QUANTIZED_PER_AXIS

TENSOR = TensorOf(Element.ANY)
QUANTIZABLE_TENSOR = TensorOf(_QUANTIZABLE)
STATIC_TENSOR = TensorOf(_QUANTIZABLE, static=True)
BOUNDED_TENSOR = TensorOf(_QUANTIZABLE, static=True, bounded=True)
SCALAR = TensorOf(Element.ANY, rank=0)
BOOL_TENSOR = TensorOf(Element.BOOL)
INTEGER_TENSOR = TensorOf(Element.INTEGER)
INTEGRAL_TENSOR = TensorOf(Element.INTEGRAL)
FLOAT_TENSOR = TensorOf(Element.FLOAT)
COMPLEX_TENSOR = TensorOf(Element.COMPLEX)
INEXACT_TENSOR = TensorOf(Element.INEXACT)
SIGNED_TENSOR = TensorOf(Element.SIGNED | Element.QUANTIZED)
NUMBER_TENSOR = TensorOf(Element.INTEGER | Element.INEXACT | Element.QUANTIZED)
QUANTIZABLE_FLOAT_TENSOR = TensorOf(Element.FLOAT | Element.QUANTIZED)
QUANTIZABLE_INEXACT_TENSOR = TensorOf(Element.INEXACT | Element.QUANTIZED)
INDEX_TENSOR = TensorOf(Element.INTEGER)
INDEX_SCALAR = TensorOf(Element.INTEGER, rank=0)
SHAPE = TensorOf(Element.INTEGER | Element.INDEX, rank=1, static=True)
"""A list of sizes or places that is computed, one for each dimension."""

TOKEN = BaseAttr(TokenType)


@dataclass(frozen=True)
class TupleOf(AttrConstraint[TupleType]):
    """A tuple of what a value can be, which may be tuples again."""

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not isinstance(attr, TupleType):
            raise VerifyException(f"expected a tuple, got {attr}")
        for type in attr.types:
            VALUE.verify(type, constraint_context)

    def get_bases(self) -> set[type[Attribute]] | None:
        return {TupleType}

    def mapping_type_vars(
        self, type_var_mapping: Mapping[TypeVar, AttrConstraint | IntConstraint]
    ) -> AttrConstraint[TupleType]:
        return self


TUPLE = TupleOf()
VALUE: AttrConstraint = QUANTIZABLE_TENSOR | TOKEN | TUPLE | BaseAttr(MemRefType)
"""What can flow through control flow."""
ANY_VALUE: AttrConstraint = (
    TensorOf(_QUANTIZABLE, unranked=True)
    | TOKEN
    | TUPLE
    | BaseAttr(MemRefType)
    | BaseAttr(FutureType)
)
"""What can flow into and out of code that is not StableHLO."""


@dataclass(frozen=True)
class Integers(AttrConstraint[DenseIntElementsAttr]):
    """A tensor of 64-bit numbers that the program says."""

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not isinstance(attr, DenseIntOrFPElementsAttr) or attr.get_element_type() != i64:
            raise VerifyException(f"expected 64-bit integers, got {attr}")

    def get_bases(self) -> set[type[Attribute]] | None:
        return {DenseIntOrFPElementsAttr}

    def mapping_type_vars(
        self, type_var_mapping: Mapping[TypeVar, AttrConstraint | IntConstraint]
    ) -> AttrConstraint[DenseIntElementsAttr]:
        return self


INTEGERS = Integers()
DIMS = base(I64Array)
DIM = IntegerAttr.constr(type=EqAttrConstraint(i64))


def dims(values: Sequence[int]) -> I64Array:
    """A list of 64-bit numbers as ops hold them: `array<i64: ...>`."""
    return DenseArrayBase.from_list(i64, values)


def dim(value: int) -> IntegerAttr:
    """A 64-bit number as ops hold it: `0 : i64`."""
    return IntegerAttr(value, i64)


def bounds_of(type: AnyTensor) -> tuple[int | None, ...]:
    """The most that each size of a tensor can be, where it is not known."""
    if isinstance(type.encoding, TypeExtensionsAttr):
        return type.encoding.values
    return (None,) * type.get_num_dims()


def check_bounds(type: AnyTensor) -> None:
    """The tensor's bounds are of sizes that are not known, and its encoding is of its rank."""
    if isinstance(type.encoding, TensorEncoding):
        type.encoding.check_shape(type.get_shape())


def sizes_compatible(a: int, b: int) -> bool:
    """Whether two sizes can be equal, taking an unknown one (`?`) for any."""
    return a == b or DYNAMIC_INDEX in (a, b)


def shapes_compatible(*types: Attribute) -> bool:
    """Whether the tensors can have one shape, taking an unknown size (`?`) for any."""
    shapes = [type.get_shape() for type in types if isinstance(type, TensorType)]
    if all(shape == shapes[0] for shape in shapes[1:]):
        return True
    if len({len(shape) for shape in shapes}) > 1:
        return False
    return all(len(set(sizes) - {DYNAMIC_INDEX}) <= 1 for sizes in zip(*shapes, strict=True))


def shape_fits(shape: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether two shapes can be equal, taking an unknown size (`?`) for any."""
    return shape == expected or (
        len(shape) == len(expected) and all(map(sizes_compatible, shape, expected))
    )


def elements_compatible(a: Attribute, b: Attribute) -> bool:
    """Whether two element types are one, up to the scales and zero points of quantised ones."""
    if not isinstance(a, UniformQuantizedType) or not isinstance(b, UniformQuantizedType):
        return a == b
    return (
        a.storage_type == b.storage_type
        and a.is_signed == b.is_signed
        and a.storage_min == b.storage_min
        and a.storage_max == b.storage_max
        and a.expressed_type == b.expressed_type
        and a.is_per_axis == b.is_per_axis
    )


def types_compatible(a: Attribute, b: Attribute) -> bool:
    """Whether a value of one type can be one of the other, for what is known of their shapes."""
    if a == b:
        return True
    if isinstance(a, UnrankedTensorType) or isinstance(b, UnrankedTensorType):
        return (
            isinstance(a, TensorType | UnrankedTensorType)
            and isinstance(b, TensorType | UnrankedTensorType)
            and elements_compatible(a.element_type, b.element_type)
        )
    if not isinstance(a, TensorType) or not isinstance(b, TensorType):
        return False
    return (
        elements_compatible(a.element_type, b.element_type)
        and shapes_compatible(a, b)
        and _within_bounds(a, b)
        and _within_bounds(b, a)
    )


def _within_bounds(a: AnyTensor, b: AnyTensor) -> bool:
    return all(
        bound is None or size == DYNAMIC_INDEX or size <= bound
        for size, bound in zip(a.get_shape(), bounds_of(b), strict=True)
    )


def element_of(value: SSAValue) -> Attribute:
    """The element type of a tensor value."""
    assert isinstance(value.type, TensorType | UnrankedTensorType)
    return value.type.element_type


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The shape of a tensor value."""
    assert isinstance(value.type, TensorType)
    return value.type.get_shape()


def is_static(value: SSAValue) -> bool:
    """Whether all sizes of a tensor value are known."""
    return DYNAMIC_INDEX not in shape_of(value)


def constant_ints(value: SSAValue) -> tuple[int, ...] | None:
    """The elements of a tensor of integers, if the program says what they are."""
    attr = ConstantLike.get_constant_value(value)
    if not isinstance(attr, DenseIntOrFPElementsAttr):
        return None
    if not isinstance(attr.get_element_type(), IntegerType | IndexType):
        return None
    return tuple(attr.get_values())


def check(condition: bool, message: str) -> None:
    """Raise `VerifyException` with the message unless the condition holds."""
    if not condition:
        raise VerifyException(message)


def check_same_shape(op: Operation) -> None:
    """All operands and results of the op have one shape."""
    types = (*op.operand_types, *op.result_types)
    if not shapes_compatible(*types):
        raise VerifyException(f"operands and results differ in shape: {_listed(types)}")


def check_same_type(op: Operation) -> None:
    """All operands and results of the op have one shape and one element type."""
    types = (*op.operand_types, *op.result_types)
    if not all(types_compatible(types[0], type) for type in types[1:]):
        raise VerifyException(f"operands and results differ in type: {_listed(types)}")


def check_same_element(*values: SSAValue) -> None:
    """The tensors have one element type."""
    first = element_of(values[0])
    if not all(elements_compatible(first, element_of(value)) for value in values[1:]):
        types = _listed([value.type for value in values])
        raise VerifyException(f"tensors differ in their element types: {types}")


def check_type(what: str, value: SSAValue, expected: Attribute) -> None:
    """The value has the expected type, for what is known of its shape."""
    if not types_compatible(value.type, expected):
        raise VerifyException(f"{what} is {value.type}, expected {expected}")


def check_types(what: str, values: Sequence[SSAValue], expected: Sequence[Attribute]) -> None:
    """The values have the expected types, for what is known of their shapes."""
    if len(values) != len(expected) or not all(
        types_compatible(value.type, type) for value, type in zip(values, expected, strict=True)
    ):
        given = _listed([value.type for value in values])
        raise VerifyException(f"{what} are of types ({given}), expected ({_listed(expected)})")


def check_shape(what: str, value: SSAValue, expected: Sequence[int]) -> None:
    """The value has the expected shape, where a size unknown on either side passes."""
    shape = shape_of(value)
    if not shape_fits(shape, tuple(expected)):
        raise VerifyException(f"{what} has shape {spelled(shape)}, expected {spelled(expected)}")


def check_shape_operand(what: str, value: SSAValue, result: SSAValue) -> None:
    """The sizes that an operand holds, where the program says them, are those of the result."""
    sizes = constant_ints(value)
    if sizes is not None:
        check(min(sizes, default=0) >= 0, f"{what} holds a negative size")
        check_shape("result", result, sizes)


def spelled(shape: Sequence[int]) -> str:
    """A shape as text, `[?, 6]` where the first size is unknown."""
    return f"[{', '.join('?' if size == DYNAMIC_INDEX else str(size) for size in shape)}]"


def check_dims(what: str, values: Sequence[int], rank: int) -> None:
    """The values are different dimensions of a tensor of this rank."""
    check(
        all(0 <= value < rank for value in values),
        f"{what} {list(values)} are not all dimensions of a tensor of rank {rank}",
    )
    check(len(set(values)) == len(values), f"{what} {list(values)} holds a dimension twice")


def check_dim(what: str, value: int, rank: int) -> None:
    """The value is a dimension of a tensor of this rank."""
    check(0 <= value < rank, f"{what} {value} is not one of a tensor of rank {rank}")


def check_sorted_dims(what: str, values: Sequence[int], rank: int) -> None:
    """The values are different dimensions of a tensor of this rank, in order."""
    check(list(values) == sorted(values), f"{what} {list(values)} must be in order")
    check_dims(what, values, rank)


def _listed(types: Sequence[Attribute]) -> str:
    return ", ".join(str(type) for type in types)
