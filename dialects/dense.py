"""Dense tensor literals whose text keeps every bit of every element.

MLIR prints infinities and NaNs by their bits, ``dense<0xFF800000> : tensor<f32>``. xDSL reads such
a literal as a number, and prints some elements of narrow float types in a form that MLIR does not
read. Constant ops use these two functions instead.
"""

from __future__ import annotations

from math import isfinite, prod
from typing import Any, TypeAlias, cast

from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    Float32Type,
    Float64Type,
    IntegerType,
    TensorType,
)
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.printer import Printer

Literal: TypeAlias = str | tuple[str, str]
"""The text of one element; of the two parts of a complex one."""


def print_dense(printer: Printer, value: DenseIntOrFPElementsAttr) -> None:
    """Print ``dense<...> : type``, with the raw bytes where decimal text would not be exact."""
    element, data = value.get_element_type(), value.data.data
    size = cast(FixedBitwidthType, element).compile_time_size
    is_splat = data == data[:size] * (len(data) // size)
    # xDSL takes 0.0 and -0.0 for one value, and would write the first for all.
    if _decimal_is_exact(value, element) and (is_splat or not value.is_splat()):
        printer.print_attribute(value)
        return
    if is_splat:
        data = data[:size]
    printer.print_string(f'dense<"0x{data.hex().upper()}"> : ')
    printer.print_attribute(value.get_type())


def _decimal_is_exact(value: DenseIntOrFPElementsAttr, element: Attribute) -> bool:
    if isinstance(element, IntegerType | Float32Type | Float64Type):
        return True
    values: Any = value.get_values()
    if isinstance(element, ComplexType):
        values = [part for parts in values for part in parts]
    # xDSL falls back to repr for narrow floats: MLIR wants a decimal point in it.
    return all(isfinite(v) and "." in repr(v) for v in values)


def parse_dense(parser: Parser) -> DenseIntOrFPElementsAttr:
    """Parse ``dense<...> : type``."""
    start = parser.pos
    parser.parse_keyword("dense", " of a constant")
    parser.parse_punctuation("<")
    raw: str | None = None
    literals: list[Literal] = []
    shape: tuple[int, ...] | None = ()
    if parser.parse_optional_punctuation(">") is not None:
        shape = None
    else:
        raw = parser.parse_optional_str_literal()
        if raw is None:
            shape = _parse_nested(parser, literals)
        parser.parse_punctuation(">")
    parser.parse_punctuation(":")
    tensor = parser.parse_type()
    if not isinstance(tensor, TensorType):
        parser.raise_error("expected a tensor type", start, parser.pos)
    if raw is not None:
        data = _raw_bytes(parser, raw, start)
    else:
        data = b"".join(
            _element_bytes(parser, literal, tensor.element_type, start) for literal in literals
        )
    size = cast(FixedBitwidthType, tensor.element_type).compile_time_size
    count = prod(tensor.get_shape())
    if len(data) == size and not shape:
        data *= count
    elif shape and shape != tensor.get_shape():
        parser.raise_error(f"a literal of shape {list(shape)} for {tensor}", start, parser.pos)
    if len(data) != count * size:
        parser.raise_error(
            f"expected {count} elements for {tensor}, got {len(data) // size}", start, parser.pos
        )
    return DenseIntOrFPElementsAttr(tensor, BytesAttr(data))


def _parse_nested(parser: Parser, literals: list[Literal]) -> tuple[int, ...]:
    """Parse an element or nested lists of elements; append the elements, return the shape."""
    shapes: list[tuple[int, ...]] = []

    def parse_item() -> None:
        shapes.append(_parse_nested(parser, literals))

    start = parser.pos
    if parser.parse_optional_comma_separated_list(parser.Delimiter.SQUARE, parse_item) is not None:
        if len(set(shapes)) > 1:
            parser.raise_error("nested lists have different lengths", start, parser.pos)
        return (len(shapes), *(shapes[0] if shapes else ()))
    literals.append(_parse_element(parser))
    return ()


def _parse_element(parser: Parser) -> Literal:
    if parser.parse_optional_punctuation("(") is None:
        return _parse_number(parser)
    real = _parse_number(parser)
    parser.parse_punctuation(",")
    imaginary = _parse_number(parser)
    parser.parse_punctuation(")")
    return real, imaginary


def _parse_number(parser: Parser) -> str:
    """Parse a boolean or a number; return its text, which says whether it is hexadecimal."""
    if (boolean := parser.parse_optional_boolean()) is not None:
        return str(int(boolean))
    start = parser.pos
    parser.parse_number()
    return parser.lexer.input.content[start : parser.pos].split()[0]


def _raw_bytes(parser: Parser, text: str, start: int) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        parser.raise_error("expected hexadecimal digits", start, parser.pos)


def _element_bytes(parser: Parser, literal: Literal, element: Attribute, start: int) -> bytes:
    """Return the bytes of one element, in the order in which memory holds them."""
    if isinstance(element, ComplexType):
        parts = literal if isinstance(literal, tuple) else (literal, "0")
        return b"".join(_element_bytes(parser, part, element.element_type, start) for part in parts)
    if isinstance(literal, tuple):
        parser.raise_error(f"a complex literal for elements of type {element}", start, parser.pos)
    try:
        return _scalar_bytes(literal, element)
    except (ValueError, OverflowError):
        parser.raise_error(f"{literal} is not a value of type {element}", start, parser.pos)


def _scalar_bytes(literal: str, element: Attribute) -> bytes:
    """Return the bytes of an integer or a float; raise ValueError where the type has no such."""
    if isinstance(element, IntegerType):
        value = element.get_normalized_value(int(literal, 0))
        if value is None:
            raise ValueError(literal)
        return element.pack([value])
    if not isinstance(element, AnyFloat):
        raise ValueError(literal)
    if literal.lower().startswith("0x"):
        return int(literal, 16).to_bytes(element.compile_time_size, "little")
    return element.pack([float(literal)])
