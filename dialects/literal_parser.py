"""A parser that reads every literal of MLIR bit by bit.

xDSL's own takes the bits of an infinity or a NaN, as in ``dense<0x7F800000> : tensor<f32>``, for a
number, and its lexer looks for the end of a string that has none for ever.
"""

import re
from math import copysign, inf
from struct import error as StructError

from xdsl.context import Context
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
)
from xdsl.parser import AttrParser, Parser
from xdsl.parser.generic_parser import ParserState
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRLexer

from xcs.dialects.dense import parse_dense_body, parse_scalar


class _Lexer(MLIRLexer):
    """xDSL's lexer, which takes exponential time to see that a string does not end."""

    _unescaped_characters_regex = re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"')


class LiteralParser(Parser):
    """Parses modules whose literals may be written in any way that MLIR has."""

    def __init__(self, ctx: Context, input: str | bytes, name: str = "<unknown>") -> None:
        super().__init__(ctx, "", name)
        text = input.decode() if isinstance(input, bytes) else input
        AttrParser.__init__(self, ParserState(_Lexer(Input(text, name))), ctx)

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
