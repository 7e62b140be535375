"""Tensor types by their text, and what may stand in them beside shape and element type.

A program spells a few types very many times, and reading one takes xDSL longer than creating an op.
"""

import re
from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from xdsl.ir import Attribute
from xdsl.parser import AttrParser


@runtime_checkable
class TensorEncoding(Protocol):
    """The encoding of a tensor type that is not for every shape."""

    @abstractmethod
    def check_shape(self, shape: Sequence[int]) -> None:
        """Raise VerifyException for a shape that it is not for."""


_TENSOR = re.compile(r"tensor<[\w?]*(?:<\w+>)?>")
"""A type that means the same in all programs: without names of dialects and aliases."""

_LIMIT = 4096
_KNOWN: dict[str, Attribute] = {}


def parse_type(parser: AttrParser) -> Attribute:
    """Parse a type, as the parser's own method does."""
    match = _TENSOR.match(parser.lexer.input.content, parser._current_token.span.start)
    if match is None:
        return parser.parse_type()
    known = _KNOWN.get(match[0])
    if known is not None:
        parser._resume_from(match.end())
        return known
    type = parser.parse_type()
    if len(_KNOWN) >= _LIMIT:
        _KNOWN.clear()
    _KNOWN[match[0]] = type
    return type
