"""How the text of ops spells their types, operands and lists of numbers."""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import ComplexType, TensorType, TupleType
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation
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
from xdsl.utils.mlir_lexer import MLIRTokenKind

from xcs.dialects.tensor_types import parse_type

from .base import I64Array, dims


def parse_types(
    parser: Parser, state: ParsingState, operands: TypeDirective, results: TypeDirective
) -> Attribute | None:
    """Parse a function type, or any other type, which is returned."""
    if parser._current_token.kind is not MLIRTokenKind.L_PAREN:
        return parse_type(parser)
    start = parser.pos
    inputs, outputs = parse_signature(parser)
    count = sum(len(group or ()) for group in state.operands)
    if len(inputs) != count or len(outputs) != 1:
        parser.raise_error(f"expected {count} operand types and a result type", start, parser.pos)
    operands.set(state, inputs)
    results.set(state, outputs)
    return None


def parse_signature(parser: Parser) -> tuple[Sequence[Attribute], Sequence[Attribute]]:
    """Parse `(type, type) -> type`, or with a list of types in parentheses at the end."""

    def types() -> Sequence[Attribute]:
        return parser.parse_comma_separated_list(parser.Delimiter.PAREN, lambda: parse_type(parser))

    inputs = types()
    parser.parse_punctuation("->")
    if parser._current_token.kind is MLIRTokenKind.L_PAREN:
        return inputs, types()
    return inputs, [parse_type(parser)]


@irdl_custom_directive
class Signature(CustomDirective):
    """The types of operands and results: `(tensor<4xf32>, tensor<4xi32>) -> tensor<4xf32>`."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        inputs, outputs = parse_signature(parser)
        self.operands.set(state, inputs)
        self.results.set(state, outputs)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_function_type(self.operands.get(op), self.results.get(op))


@irdl_custom_directive
class SameOperandsAndResultType(CustomDirective):
    """One type for all operands and results, or a function type where they differ."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        only = parse_types(parser, state, self.operands, self.results)
        if only is not None:
            self.operands.set(state, [only] * sum(len(group or ()) for group in state.operands))
            self.results.set(state, [only])

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
        predicate = parse_types(parser, state, self.operands, self.results)
        if predicate is None:
            return
        parser.parse_punctuation(",")
        only = parse_type(parser)
        self.operands.set(state, [predicate, only, only])
        self.results.set(state, [only])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        (result,) = self.results.get(op)
        predicate, on_true, on_false = self.operands.get(op)
        if on_true == on_false == result:
            printer.print_list((predicate, result), printer.print_attribute)
        else:
            printer.print_function_type((predicate, on_true, on_false), (result,))


@irdl_custom_directive
class ComplexTypes(CustomDirective):
    """The result's type, from which those of the parts follow, else a function type."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        start = parser.pos
        result = parse_types(parser, state, self.operands, self.results)
        if result is None:
            return
        part = _part_of(result)
        if part is None:
            parser.raise_error("expected a tensor of complex numbers", start, parser.pos)
        self.operands.set(state, [part, part])
        self.results.set(state, [result])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        (result,) = self.results.get(op)
        operands = self.operands.get(op)
        if all(operand == _part_of(result) for operand in operands):
            printer.print_attribute(result)
        else:
            printer.print_function_type(operands, (result,))


def _part_of(type: Attribute) -> Attribute | None:
    """The type of the real parts of a tensor of complex numbers."""
    if not isinstance(type, TensorType) or not isinstance(type.element_type, ComplexType):
        return None
    return TensorType(type.element_type.element_type, type.get_shape(), type.encoding)


@irdl_custom_directive
class TupleTypes(CustomDirective):
    """The result's type, which holds those of the operands."""

    operands: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        start = parser.pos
        result = parser.parse_type()
        if not isinstance(result, TupleType):
            parser.raise_error("expected a tuple type", start, parser.pos)
        self.operands.set(state, result.types.data)
        self.results.set(state, [result])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_attribute(self.results.get(op)[0])


@irdl_custom_directive
class OperandsThenComma(CustomDirective):
    """Operands that are each followed by a comma, before a keyword: `%a, %b, dim = 0`."""

    operands: VariadicOperandVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        operands = []
        while (operand := parser.parse_optional_unresolved_operand()) is not None:
            operands.append(operand)
            parser.parse_punctuation(",")
        if not operands:
            parser.parse_optional_punctuation(",")  # upstream writes one for no operands at all
        self.operands.set(state, operands)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        operands = getattr(op, self.operands.name)
        if not operands:
            return  # upstream writes a comma here, and then cannot read its own text
        state.print_whitespace(printer)
        printer.print_list(operands, printer.print_ssa_value)
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
