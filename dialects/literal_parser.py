"""A parser that reads every literal and location of MLIR, bit by bit.

xDSL's own takes the bits of an infinity or a NaN, as in ``dense<0x7F800000> : tensor<f32>``, for a
number, and its lexer looks for the end of a string that has none for ever. It wants aliases before
their first use, where MLIR writes those of locations at the end, and knows no ranges of columns.
"""

import re
from functools import cached_property
from math import copysign, inf
from struct import error as StructError
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FileLineColLoc,
    FloatAttr,
    FusedLoc,
    IntegerAttr,
    LocationAttr,
    NoneAttr,
    TensorType,
)
from xdsl.ir import Attribute
from xdsl.parser import AttrParser, Parser
from xdsl.parser.generic_parser import ParserState
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRLexer, MLIRTokenKind

from xcs.dialects.dense import dense_of_bytes, parse_dense_body, parse_scalar
from xcs.dialects.tensor_types import TensorEncoding


class _Lexer(MLIRLexer):
    """xDSL's lexer, which takes exponential time to see that a string does not end."""

    _unescaped_characters_regex = re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"')


_ALIAS = re.compile(r"^(#[\w.$-]+)\s*=\s*(?=loc\b)", re.MULTILINE)
_RESOURCES = re.compile(r"\bbuiltin\s*:\s*\{([^}]*)\}")
_RESOURCE = re.compile(r'([\w.$-]+)\s*:\s*"0x([0-9A-Fa-f]*)"')
_ALIGNMENT = 4
"""The bytes of a resource before its data, which say how that is aligned."""


class LiteralParser(Parser):
    """Parses modules whose literals may be written in any way that MLIR has."""

    def __init__(self, ctx: Context, input: str | bytes, name: str = "<unknown>") -> None:
        super().__init__(ctx, "", name)
        self._text = input.decode() if isinstance(input, bytes) else input
        self._read_ahead: set[str] = set()
        """Aliases of locations that were used before they were defined."""
        AttrParser.__init__(self, ParserState(_Lexer(Input(self._text, name))), ctx)

    # --- Locations ---

    def _parse_location(self) -> LocationAttr:
        if self._current_token.kind is MLIRTokenKind.HASH_IDENT:
            self._find_alias(self._current_token.text)
        if self.parse_optional_keyword("fused") is not None:
            metadata: Attribute = NoneAttr()
            if self.parse_optional_punctuation("<") is not None:
                metadata = self.parse_attribute()
                self.parse_punctuation(">")
            parts = self.parse_comma_separated_list(self.Delimiter.SQUARE, self._parse_location)
            return FusedLoc(tuple(parts), metadata)
        location = super()._parse_location()
        if isinstance(location, FileLineColLoc) and self.parse_optional_keyword("to") is not None:
            # The end of the range: "to :28", "to 8:2".
            self.parse_optional_integer(allow_boolean=False, allow_negative=False)
            self.parse_punctuation(":")
            self.parse_integer(allow_boolean=False, allow_negative=False)
        return location

    def parse_optional_argument(self, expect_type: bool = True) -> Any:
        argument = super().parse_optional_argument(expect_type)
        if isinstance(argument, Parser.Argument):
            argument.location = self.parse_optional_location() or argument.location
        return argument

    def _find_alias(self, name: str) -> None:
        """Define the alias of a location from where it stands further down, if it does."""
        start = self._aliases.get(name)
        if name in self.attribute_aliases or name in self._read_ahead or start is None:
            return
        here = self._current_token.span.start
        self._read_ahead.add(name)  # before it is read, as it may refer to itself
        self._resume_from(start)
        self.attribute_aliases[name] = self.parse_attribute()
        self._resume_from(here)

    @cached_property
    def _aliases(self) -> dict[str, int]:
        """Where the locations start that have names."""
        return {match[1]: match.end() for match in _ALIAS.finditer(self._text)}

    def _parse_alias_def(self) -> None:
        name = self._current_token.text
        if name in self._read_ahead:
            self._read_ahead.discard(name)
            del self.attribute_aliases[name]
        super()._parse_alias_def()

    # --- Types ---

    def _parse_tensor_attrs(self) -> Any:
        start = self.pos
        type = super()._parse_tensor_attrs()
        if isinstance(type, TensorType) and isinstance(type.encoding, TensorEncoding):
            try:
                type.encoding.check_shape(type.get_shape())
            except VerifyException as error:
                self.raise_error(str(error), start, self.pos)
        return type

    # --- Literals ---

    def _parse_builtin_dense_resource_attr(self) -> Any:
        start = self.pos
        self.parse_characters("<", " in dense_resource attribute")
        data = self._resources.get(self._current_token.text)
        if data is None:
            self._resume_from(start)
            return super()._parse_builtin_dense_resource_attr()
        self.parse_identifier()
        self.parse_punctuation(">")
        self.parse_punctuation(":")
        type = self.parse_type()
        try:
            return dense_of_bytes(type, data[_ALIGNMENT:])
        except ValueError as error:
            self.raise_error(str(error), start, self.pos)

    @cached_property
    def _resources(self) -> dict[str, bytes]:
        """The data of the literals that the text holds at its end."""
        _, _, section = self._text.rpartition("{-#")
        listed = _RESOURCES.search(section)
        pairs = _RESOURCE.findall(listed[1]) if listed is not None else ()
        return {name: bytes.fromhex(digits) for name, digits in pairs if len(digits) % 2 == 0}

    def _parse_builtin_dense_attr(self) -> DenseIntOrFPElementsAttr:
        return parse_dense_body(self)

    def _parse_builtin_densearray_attr(self) -> DenseArrayBase | None:
        start = self._current_token.span.start
        self.parse_punctuation("<", " in dense array")
        element = self.parse_type()
        if not isinstance(element, AnyFloat):
            self._resume_from(start)
            return super()._parse_builtin_densearray_attr()
        data = b""
        if self.parse_optional_punctuation(":") is not None:
            data = b"".join(
                self.parse_comma_separated_list(
                    self.Delimiter.NONE, lambda: parse_scalar(self, element)
                )
            )
        self.parse_punctuation(">", " in dense array")
        return DenseArrayBase(element, BytesAttr(data))

    def parse_optional_builtin_int_or_float_attr(self) -> IntegerAttr | FloatAttr | None:
        start = self._current_token.span.start
        try:
            return super().parse_optional_builtin_int_or_float_attr()
        except (OverflowError, StructError):
            # A number that is too large for its type, which MLIR takes for an infinity.
            self._resume_from(start)
            number = self.parse_number()
            self.parse_punctuation(":")
            type = self.parse_type()
            if not isinstance(type, AnyFloat):
                self.raise_error(f"{number} is not a value of type {type}", start, self.pos)
            return FloatAttr(copysign(inf, number), type)
