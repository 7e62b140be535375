"""A parser that remembers where each operation stands in its source."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
    UnknownLoc,
    UnregisteredAttr,
    UnregisteredOp,
)
from xdsl.ir import Attribute, AttributeInvT, Operation, SSAValue
from xdsl.parser import Span, UnresolvedOperand
from xdsl.utils.exceptions import ParseError, VerifyException
from xdsl.utils.mlir_lexer import MLIRTokenKind

from xcs.dialects.literal_parser import LiteralParser
from xcs.tools.diagnostics import AnySpan, LocatedParseError


class SourceParser(LiteralParser):
    """Parses a module so that later messages can point into its text.

    An operation without a ``loc(...)`` of its own gets its place in the text as its location, as in
    MLIR, so that what passes make of it is traced back to the same line.
    """

    spans: dict[Operation, AnySpan]
    """Where each operation starts in the text."""

    def __init__(self, ctx: Context, source: bytes, name: str, line_offset: int = 0):
        self.spans = {}
        self._line_offset = line_offset
        self._line_starts = [0, *accumulate(len(line) + 1 for line in source.split(b"\n"))]
        self._operation_start: AnySpan | None = None
        self._first_uses: dict[str, Span] = {}
        _check_encoding(source, name, line_offset)
        super().__init__(ctx, source, name)

    @classmethod
    def parse(
        cls,
        ctx: Context,
        source: bytes,
        name: str,
        *,
        line_offset: int = 0,
        implicit_module: bool = True,
    ) -> tuple[ModuleOp, dict[Operation, AnySpan]]:
        """Return the module and the place of each of its operations.

        ``line_offset`` is the number of lines that precede ``source`` in its file.

        Raises:
            LocatedParseError: for any input that is not a module, and for nothing else.
        """
        # The first token is read by the constructor, so there is no parser yet that could say where
        # the text ends being readable.
        try:
            parser = cls(ctx, source, name, line_offset)
        except ParseError as error:
            raise LocatedParseError.of(error, line_offset) from None
        try:
            return parser.parse_module(implicit_module), parser.spans
        except ParseError as error:
            raise LocatedParseError.of(error, line_offset) from None
        except RecursionError:
            span = parser._at_offset(parser._current_token.span)
            message = "regions or attributes are nested too deeply"
            raise LocatedParseError(span, message) from None
        except Exception as error:
            # An attribute whose parameters its verifier rejects, or a parse method that trips over
            # what it did not expect: the operation being parsed is where to look.
            span = parser._operation_start or parser._at_offset(parser._current_token.span)
            message = str(error)
            if not isinstance(error, VerifyException):
                message = f"the parser failed here with {type(error).__name__}: {error}"
            raise LocatedParseError(span, message) from error

    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        if allow_implicit_module and self._current_token.kind == MLIRTokenKind.EOF:
            self.raise_error("there is nothing in the file: expected a module, or operations")
        try:
            return super().parse_module(allow_implicit_module)
        except ParseError as error:
            # xDSL points at the end of the file.
            undefined = [name for name in self.forward_ssa_references if name in self._first_uses]
            if not undefined or not error.msg.startswith("values used but not defined"):
                raise
            first = min(undefined, key=lambda name: self._first_uses[name].start)
            raise ParseError(self._first_uses[first], error.msg) from None

    def resolve_operand(self, operand: UnresolvedOperand, type: AttributeInvT) -> SSAValue[Any]:
        name = operand.operand_name
        if name not in self.ssa_values and name not in self.forward_ssa_references:
            self._first_uses[name] = operand.span
        return super().resolve_operand(operand, type)

    def parse_operation(self) -> Operation:
        start = self._operation_start = self._at_offset(self._current_token.span)
        op = super().parse_operation()
        self.spans[op] = start
        if isinstance(op.location, UnknownLoc):
            op.location = self._location(start)
        return op

    def _parse_dialect_type_or_attribute_body(
        self, attr_name: str, *place: Any, **options: Any
    ) -> Attribute:
        start = self._current_token.span.start
        try:
            found = super()._parse_dialect_type_or_attribute_body(attr_name, *place, **options)
            if isinstance(found, UnregisteredAttr) and self._has_dialect(attr_name):
                self.raise_error(f"'{attr_name}' is not one of its dialect", start, self.pos)
            return found
        except ValueError as error:
            if isinstance(error, ParseError | VerifyException):
                raise
            # xDSL does not count the parameters before it makes an attribute of them.
            self.raise_error(f"these are not the parameters of {attr_name}", start, self.pos)

    def _get_op_by_name(self, name: str) -> type[Operation]:
        try:
            found = super()._get_op_by_name(name)
        except ParseError as error:
            # xDSL points at what follows the name.
            raise ParseError(self._operation_start or error.span, error.msg) from None
        if issubclass(found, UnregisteredOp) and self._has_dialect(name):
            span = self._operation_start or self._current_token.span
            raise ParseError(span, f"Operation {name} is not one of its dialect")
        return found

    def _has_dialect(self, name: str) -> bool:
        """Whether the dialect is known of which this is the name of an op or an attribute."""
        return self.ctx.get_optional_dialect(name.partition(".")[0]) is not None

    def _at_offset(self, span: AnySpan) -> AnySpan:
        return replace(span, line_offset=self._line_offset)

    def _location(self, span: AnySpan) -> FileLineColLoc:
        line = bisect_right(self._line_starts, span.start)
        column = span.start - self._line_starts[line - 1] + 1
        return FileLineColLoc(
            StringAttr(span.input.name), IntAttr(line + self._line_offset), IntAttr(column)
        )


def _check_encoding(source: bytes, name: str, line_offset: int) -> None:
    """Raise at the first byte that is not UTF-8; the lexer reports it only inside some tokens."""
    from xdsl.utils.lexer import Input

    try:
        source.decode()
    except UnicodeDecodeError as error:
        span = Span(error.start, error.start + 1, Input(source, name), line_offset)
        message = f"not UTF-8 text: byte 0x{source[error.start]:02x}"
        raise LocatedParseError(span, message) from None
