"""What the ops of StableHLO share: element types, formats of types, checks on shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache
from typing import TypeAlias, cast

from typing_extensions import TypeVar
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    I64,
    AnyFloat,
    ComplexType,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    IntegerType,
    Signedness,
    TensorType,
    TupleType,
    i1,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    BaseAttr,
    EqAttrConstraint,
    IntConstraint,
    IRDLOperation,
    VerificationContext,
    base,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .attributes import TokenType

AnyTensor: TypeAlias = TensorType[Attribute]
I64Array: TypeAlias = DenseArrayBase[I64]


class Element(Flag):
    """What the elements of a tensor are, as the specification of an op tells them apart."""

    BOOL = auto()
    SIGNED_INTEGER = auto()
    UNSIGNED_INTEGER = auto()
    FLOAT = auto()
    COMPLEX = auto()
    INDEX = auto()

    INTEGER = SIGNED_INTEGER | UNSIGNED_INTEGER
    INTEGRAL = BOOL | INTEGER
    INEXACT = FLOAT | COMPLEX
    SIGNED = SIGNED_INTEGER | INEXACT
    ANY = INTEGRAL | INEXACT | INDEX


@cache
def kind_of(element: Attribute) -> Element:
    """The kind of an element type; no kind at all where a tensor cannot hold it."""
    match element:
        case IntegerType() if element == i1:
            return Element.BOOL
        case IntegerType() if element.signedness.data is Signedness.UNSIGNED:
            return Element.UNSIGNED_INTEGER
        case IntegerType():
            return Element.SIGNED_INTEGER
        case ComplexType():
            return Element.COMPLEX
        case IndexType():
            return Element.INDEX
        case _:
            return Element.FLOAT if isinstance(element, AnyFloat) else Element(0)


@dataclass(frozen=True)
class TensorOf(AttrConstraint[AnyTensor]):
    """A tensor whose elements are of one of the kinds."""

    kinds: Element

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not isinstance(attr, TensorType):
            raise VerifyException(f"expected a tensor, got {attr}")
        if not kind_of(attr.element_type) & self.kinds:
            kinds = " or ".join(str(kind.name).lower().replace("_", " ") for kind in self.kinds)
            raise VerifyException(f"expected a tensor of {kinds} elements, got {attr}")

    def get_bases(self) -> set[type[Attribute]] | None:
        return {TensorType}

    def mapping_type_vars(
        self, type_var_mapping: Mapping[TypeVar, AttrConstraint | IntConstraint]
    ) -> AttrConstraint[AnyTensor]:
        return self


TENSOR = TensorOf(Element.ANY)
BOOL_TENSOR = TensorOf(Element.BOOL)
INTEGER_TENSOR = TensorOf(Element.INTEGER)
INTEGRAL_TENSOR = TensorOf(Element.INTEGRAL)
FLOAT_TENSOR = TensorOf(Element.FLOAT)
COMPLEX_TENSOR = TensorOf(Element.COMPLEX)
INEXACT_TENSOR = TensorOf(Element.INEXACT)
SIGNED_TENSOR = TensorOf(Element.SIGNED)
INDEX_TENSOR = TensorOf(Element.INTEGER | Element.INDEX)
VALUE: AttrConstraint = TENSOR | BaseAttr(TokenType) | BaseAttr(TupleType)
"""What can flow through control flow and calls."""

DIMS = base(I64Array)
DIM = IntegerAttr.constr(type=EqAttrConstraint(i64))


def dims(values: Sequence[int]) -> I64Array:
    """A list of 64-bit numbers as ops hold them: `array<i64: ...>`."""
    return DenseArrayBase.from_list(i64, values)


def dim(value: int) -> IntegerAttr:
    """A 64-bit number as ops hold it: `0 : i64`."""
    return IntegerAttr(value, i64)


def shapes_compatible(*types: Attribute) -> bool:
    """Whether the tensors can have one shape, taking an unknown size (`?`) for any."""
    shapes = [type.get_shape() for type in types if isinstance(type, TensorType)]
    first = shapes[0]
    return all(
        len(shape) == len(first)
        and all(a == b or DYNAMIC_INDEX in (a, b) for a, b in zip(shape, first, strict=True))
        for shape in shapes
    )


def element_of(value: SSAValue) -> Attribute:
    """The element type of a tensor value."""
    assert isinstance(value.type, TensorType)
    return value.type.element_type


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The shape of a tensor value."""
    assert isinstance(value.type, TensorType)
    return value.type.get_shape()


def check(condition: bool, message: str) -> None:
    """Raise `VerifyException` with the message unless the condition holds."""
    if not condition:
        raise VerifyException(message)


def check_same_shape(op: Operation) -> None:
    """All operands and results of the op have one shape."""
    types = (*op.operand_types, *op.result_types)
    check(shapes_compatible(*types), f"operands and results differ in shape: {_listed(types)}")


def check_same_type(op: Operation) -> None:
    """All operands and results of the op have one shape and one element type."""
    types = (*op.operand_types, *op.result_types)
    elements = {type.element_type for type in types if isinstance(type, TensorType)}
    check(
        len(elements) == 1 and shapes_compatible(*types),
        f"operands and results differ in type: {_listed(types)}",
    )


def check_shape(what: str, value: SSAValue, expected: Sequence[int]) -> None:
    """The value has the expected shape, where a size unknown on either side passes."""
    shape = shape_of(value)
    check(
        len(shape) == len(expected)
        and all(a == b or DYNAMIC_INDEX in (a, b) for a, b in zip(shape, expected, strict=True)),
        f"{what} has shape {_spelled(shape)}, expected {_spelled(expected)}",
    )


def _spelled(shape: Sequence[int]) -> str:
    """A shape as text, `[?, 6]` where the first size is unknown."""
    return f"[{', '.join('?' if size == DYNAMIC_INDEX else str(size) for size in shape)}]"


def check_dims(what: str, values: Sequence[int], rank: int) -> None:
    """The values are different dimensions of a tensor of this rank."""
    check(
        all(0 <= value < rank for value in values),
        f"{what} {list(values)} are not all dimensions of a tensor of rank {rank}",
    )
    check(len(set(values)) == len(values), f"{what} {list(values)} holds a dimension twice")


def _listed(types: Sequence[Attribute]) -> str:
    return ", ".join(str(type) for type in types)


@irdl_custom_directive
class SameOperandsAndResultType(CustomDirective):
    """One type for all operands and results, or a function type where they differ."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        if parser.parse_optional_punctuation("(") is None:
            only = parser.parse_type()
            self.operands.set(state, [only] * sum(len(group or ()) for group in state.operands))
            self.results.set(state, [only])
            return
        self.operands.parse(parser, state)
        parser.parse_punctuation(")")
        parser.parse_punctuation("->")
        self.results.parse(parser, state)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        (result,) = self.results.get(op)
        operands = self.operands.get(op)
        if all(operand == result for operand in operands):
            printer.print_attribute(result)
        else:
            printer.print_function_type(operands, (result,))


@irdl_custom_directive
class SelectTypes(CustomDirective):
    """`predicate, result` where both branches have the result's type, else a function type."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        if parser.parse_optional_punctuation("(") is None:
            predicate = parser.parse_type()
            parser.parse_punctuation(",")
            only = parser.parse_type()
            self.operands.set(state, [predicate, only, only])
            self.results.set(state, [only])
            return
        self.operands.parse(parser, state)
        parser.parse_punctuation(")")
        parser.parse_punctuation("->")
        self.results.parse(parser, state)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        (result,) = self.results.get(op)
        predicate, on_true, on_false = self.operands.get(op)
        if on_true == on_false == result:
            printer.print_list((predicate, result), printer.print_attribute)
        else:
            printer.print_function_type((predicate, on_true, on_false), (result,))


@irdl_custom_directive
class PairwiseTypes(CustomDirective):
    """The types of the operands, which are also those of the results."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        if parser.parse_optional_punctuation("(") is not None:
            types = []
            parser.parse_punctuation(")")
        else:
            types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        self.operands.set(state, types)
        self.results.set(state, types)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        types = self.operands.get(op)
        if types:
            printer.print_list(types, printer.print_attribute)
        else:
            printer.print_string("()")


@irdl_custom_directive
class OperandsThenComma(CustomDirective):
    """Operands that are each followed by a comma, before a keyword: `%a, %b, dim = 0`."""

    operands: VariadicOperandVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        operands = []
        while (operand := parser.parse_optional_unresolved_operand()) is not None:
            operands.append(operand)
            parser.parse_punctuation(",")
        self.operands.set(state, operands)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        for operand in getattr(op, self.operands.name):
            state.print_whitespace(printer)
            printer.print_ssa_value(operand)
            printer.print_string(",")


@irdl_custom_directive
class Dims(CustomDirective):
    """`[0, 1]`; xDSL's own directive for such lists checks types at a cost of 100 us."""

    dims: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        values = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
        self.dims.set(state, dims(values))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        values = cast(I64Array, self.dims.get(op)).get_values()
        printer.print_string(f"[{', '.join(map(str, values))}]")


@irdl_custom_directive
class SliceRanges(CustomDirective):
    """`[start:limit:stride, ...]`, where a stride of 1 is left out."""

    starts: AttributeVariable
    limits: AttributeVariable
    strides: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        ranges = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: _parse_range(parser)
        )
        columns = zip(*ranges, strict=True) if ranges else ((), (), ())
        for variable, values in zip(self._variables, columns, strict=True):
            variable.set(state, dims(values))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        columns = [cast(I64Array, variable.get(op)).get_values() for variable in self._variables]
        with printer.in_square_brackets():
            printer.print_list(
                zip(*columns, strict=True),
                lambda bounds: printer.print_string(
                    ":".join(map(str, bounds[:2] if bounds[2] == 1 else bounds))
                ),
            )

    @property
    def _variables(self) -> tuple[AttributeVariable, AttributeVariable, AttributeVariable]:
        return self.starts, self.limits, self.strides


def _parse_range(parser: Parser) -> tuple[int, int, int]:
    start = parser.parse_integer()
    parser.parse_punctuation(":")
    limit = parser.parse_integer()
    stride = 1
    if parser.parse_optional_punctuation(":") is not None:
        stride = parser.parse_integer()
    return start, limit, stride
