"""Dense tensor literals whose text keeps every bit of every element.

MLIR prints infinities and NaNs by their bits, ``dense<0xFF800000> : tensor<f32>``. xDSL reads such
a literal as a number, and prints some elements of narrow float types in a form that MLIR does not
read. Constant ops use these two functions instead.
"""

from __future__ import annotations

import builtins
from math import copysign, inf, isfinite, prod
from struct import error as StructError
from typing import Any, TypeAlias, TypeGuard, cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    BFloat16Type,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    Float4E2M1FNType,
    Float6E2M3FNType,
    Float6E3M2FNType,
    Float8E3M4Type,
    Float8E4M3B11FNUZType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E4M3Type,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    Float16Type,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
    Signedness,
    TensorType,
    VectorType,
    f64,
    i1,
)
from xdsl.ir import Attribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from xcs.dialects.tensor_types import parse_type

Literal: TypeAlias = str | tuple[str, str]
"""The text of one element; of the two parts of a complex one."""


LARGEST = 1 << 32
"""In bytes, what a literal may take; one element for all places takes as much as all of them."""

HEX_ABOVE = 100
"""More elements than this are written as raw bytes, as MLIR does."""


def print_dense(printer: Printer, value: DenseIntOrFPElementsAttr) -> None:
    """Print ``dense<...> : type`` as MLIR does."""
    printer.print_string(f"dense<{dense_text(value)}> : ")
    printer.print_attribute(value.get_type())


def dense_text(value: DenseIntOrFPElementsAttr) -> str:
    """What MLIR writes between the angle brackets of ``dense<...>``."""
    element, data = value.get_element_type(), value.data.data
    size = cast(FixedBitwidthType, element).compile_time_size
    count = len(data) // size
    if count == 0:
        return ""
    # Bytes, not numbers: 0.0 and -0.0 are one number, and a NaN is not even itself.
    if data == data[:size] * count:
        return _element_texts(data[:size], element)[0]
    if count > HEX_ABOVE:
        return f'"0x{_stored(data, element).hex().upper()}"'
    texts = _element_texts(data, element)
    for extent in reversed(value.get_shape()[1:]):
        texts = [f"[{', '.join(texts[i : i + extent])}]" for i in range(0, len(texts), extent)]
    return f"[{', '.join(texts)}]"


def _element_texts(data: bytes, element: Attribute) -> list[str]:
    if isinstance(element, ComplexType):
        parts = _element_texts(data, element.element_type)
        return [f"({a},{b})" for a, b in zip(parts[::2], parts[1::2], strict=True)]
    if element == i1:
        return ["true" if byte else "false" for byte in data]
    assert isinstance(element, IntegerType | IndexType | AnyFloat)
    size = element.compile_time_size
    values: Any = element.unpack(data, len(data) // size)
    if isinstance(element, AnyFloat):
        return [
            _float_text(value, element, data[i * size : (i + 1) * size])
            for i, value in enumerate(values)
        ]
    if isinstance(element, IntegerType) and element.signedness.data is Signedness.UNSIGNED:
        limit = 1 << element.width.data
        return [str(value % limit) for value in values]
    return [str(value) for value in values]


PRECISION: dict[type[Attribute], int] = {
    Float64Type: 53,
    Float32Type: 24,
    Float16Type: 11,
    BFloat16Type: 8,
    Float8E5M2Type: 3,
    Float8E5M2FNUZType: 3,
    Float8E4M3Type: 4,
    Float8E4M3FNType: 4,
    Float8E4M3FNUZType: 4,
    Float8E4M3B11FNUZType: 4,
    Float8E3M4Type: 5,
    Float8E8M0FNUType: 1,
    Float6E2M3FNType: 4,
    Float6E3M2FNType: 3,
    Float4E2M1FNType: 2,
}
"""The bits of the significand, with the hidden one."""


def float_text(value: float, type: AnyFloat = f64) -> str:
    """The text of a number as MLIR writes it: `1.000000e+00`, more digits if that is not exact.

    Infinities and NaNs, and what the digits that MLIR gives cannot tell apart, are written as bits.
    """
    return _float_text(value, type, type.pack([value]))


def _float_text(value: float, type: AnyFloat, data: bytes) -> str:
    """The text of the number that these bytes hold; a NaN has bits that Python's float lacks."""
    if isfinite(value):
        digits, exponent = _decimal(abs(value), 6)
        sign = "-" if copysign(1, value) < 0 else ""
        leading = exponent + len(digits) - 1
        short = f"{sign}{digits[0]}.{digits[1:].ljust(6, '0')}e{leading:+03d}"
        if type.pack([float(short)]) == data:
            return short
        digits, exponent = _decimal(abs(value), 2 + PRECISION[builtins.type(type)] * 59 // 196)
        long = _default_text(digits, exponent, 2 + PRECISION[builtins.type(type)] * 59 // 196)
        if "." in long:
            return sign + long
    return f"0x{int.from_bytes(data, 'little'):X}"


def pack_float(value: float, type: AnyFloat) -> bytes:
    """The bytes of a number; those of an infinity where it is too large for the type."""
    try:
        return type.pack([value])
    except OverflowError:
        return type.pack([copysign(inf, value)])


def _decimal(value: float, precision: int) -> tuple[str, int]:
    """Digits and exponent of `digits * 10 ** exponent`, at most `precision` digits.

    LLVM first cuts off what it takes to be far more digits than needed, and rounds the rest half
    up, so the last digit is not always the nearest one.
    """
    numerator, denominator = value.as_integer_ratio()
    if numerator == 0:
        return "0", 0
    exponent = 1 - denominator.bit_length()
    significand = numerator * 5**-exponent
    excess = significand.bit_length() - (precision * 196 + 58) // 59
    if excess > 0:
        cut = excess * 59 // 196
        significand //= 10**cut
        exponent += cut
    digits = str(significand)
    if len(digits) > precision:
        dropped = len(digits) - precision
        rounded = int(digits[:precision]) + (digits[precision] >= "5")
        digits, exponent = str(rounded), exponent + dropped
    kept = digits.rstrip("0")
    return kept, exponent + len(digits) - len(kept)


def _default_text(digits: str, exponent: int, precision: int) -> str:
    """LLVM's own notation of `digits * 10 ** exponent`: `0.123`, `123.4`, `1.234E-5`."""
    leading = exponent + len(digits) - 1
    if exponent >= 0:
        scientific = exponent > 3 or len(digits) + exponent > precision
    else:
        scientific = leading < -3
    if scientific:
        return f"{digits[0]}.{digits[1:] or '0'}E{leading:+d}"
    if exponent >= 0:
        return digits + "0" * exponent
    if leading >= 0:
        return f"{digits[: leading + 1]}.{digits[leading + 1 :]}"
    return f"0.{'0' * (-leading - 1)}{digits}"


def parse_dense(parser: AttrParser) -> DenseIntOrFPElementsAttr:
    """Parse ``dense<...> : type``, or ``dense_resource<...> : type`` if the text has the data."""
    start = parser.pos
    if parser.parse_optional_keyword("dense_resource") is None:
        parser.parse_keyword("dense", " of a constant")
        return parse_dense_body(parser)
    value = parser._parse_builtin_dense_resource_attr()
    if not isinstance(value, DenseIntOrFPElementsAttr):
        handle = value.resource_handle.data
        parser.raise_error(f"the text does not hold the data of '{handle}'", start, parser.pos)
    return value


def dense_of_bytes(type: Attribute, data: bytes) -> DenseIntOrFPElementsAttr:
    """The literal of these bytes, as memory holds them. Raises ValueError for too few or many."""
    element = type.element_type if isinstance(type, TensorType) else None
    if not isinstance(type, TensorType) or not isinstance(
        element, IntegerType | IndexType | AnyFloat | ComplexType
    ):
        raise ValueError(f"expected a tensor of numbers, not {type}")
    expected = prod(type.get_shape()) * cast(FixedBitwidthType, element).compile_time_size
    if DYNAMIC_INDEX in type.get_shape() or len(data) != expected:
        raise ValueError(f"{len(data)} bytes are not the elements of {type}")
    return DenseIntOrFPElementsAttr(type, BytesAttr(_loaded(data, element)))


def parse_dense_body(parser: AttrParser) -> DenseIntOrFPElementsAttr:
    """Parse ``<...> : type``, which comes after the word ``dense``."""
    start = parser.pos
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
    tensor = parse_type(parser)
    if not isinstance(tensor, TensorType | VectorType) or not isinstance(
        tensor.element_type, IntegerType | IndexType | AnyFloat | ComplexType
    ):
        parser.raise_error("expected a tensor or vector of numbers", start, parser.pos)
    if raw is not None:
        data = _loaded(_raw_bytes(parser, raw, start), tensor.element_type)
    else:
        data = b"".join(
            _element_bytes(parser, literal, tensor.element_type, start) for literal in literals
        )
    size = cast(FixedBitwidthType, tensor.element_type).compile_time_size
    count = prod(tensor.get_shape())
    if DYNAMIC_INDEX in tensor.get_shape() or count * size > LARGEST:
        parser.raise_error(f"a literal cannot be of type {tensor}", start, parser.pos)
    if len(data) == size and not shape:
        data *= count
    elif shape and shape != tensor.get_shape():
        parser.raise_error(f"a literal of shape {list(shape)} for {tensor}", start, parser.pos)
    if len(data) != count * size:
        parser.raise_error(
            f"expected {count} elements for {tensor}, got {len(data) // size}", start, parser.pos
        )
    return DenseIntOrFPElementsAttr(tensor, BytesAttr(data))


def parse_scalar(parser: AttrParser, element: Attribute) -> bytes:
    """Parse a number or a boolean; return its bytes as an element of this type."""
    start = parser.pos
    return _element_bytes(parser, _parse_number(parser), element, start)


def _parse_nested(parser: AttrParser, literals: list[Literal]) -> tuple[int, ...]:
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


def _parse_element(parser: AttrParser) -> Literal:
    if parser.parse_optional_punctuation("(") is None:
        return _parse_number(parser)
    real = _parse_number(parser)
    parser.parse_punctuation(",")
    imaginary = _parse_number(parser)
    parser.parse_punctuation(")")
    return real, imaginary


def _parse_number(parser: AttrParser) -> str:
    """Parse a boolean or a number; return its text, which says whether it is hexadecimal."""
    if (boolean := parser.parse_optional_boolean()) is not None:
        return "true" if boolean else "false"
    start = parser.pos
    parser.parse_number()
    return parser.lexer.input.content[start : parser.pos].split()[0]


def _raw_bytes(parser: AttrParser, text: str, start: int) -> bytes:
    try:
        if not text.startswith("0x"):
            raise ValueError(text)
        return bytes.fromhex(text[2:])
    except ValueError:
        parser.raise_error("expected hexadecimal digits", start, parser.pos)


def _has_byte_parts(element: Attribute) -> TypeGuard[IntegerType]:
    """Whether an integer takes a part of a byte; MLIR and xDSL fill the rest differently."""
    return isinstance(element, IntegerType) and element.width.data < 8


def _stored(data: bytes, element: Attribute) -> bytes:
    """The bytes as MLIR has them, with zeros before an integer of less than 8 bits."""
    if not _has_byte_parts(element):
        return data
    mask = (1 << element.width.data) - 1
    return bytes([byte & mask for byte in data])


def _loaded(data: bytes, element: Attribute) -> bytes:
    """The bytes as xDSL has them, with the sign before an integer of less than 8 bits."""
    if not _has_byte_parts(element) or element.signedness.data is Signedness.UNSIGNED:
        return data
    limit = 1 << element.width.data
    return bytes([256 - limit | byte if byte & limit >> 1 else byte for byte in data])


def _element_bytes(parser: AttrParser, literal: Literal, element: Attribute, start: int) -> bytes:
    """Return the bytes of one element, in the order in which memory holds them."""
    if isinstance(element, ComplexType):
        if not isinstance(literal, tuple):
            parser.raise_error(f"{literal} is not a value of type {element}", start, parser.pos)
        return b"".join(
            _element_bytes(parser, part, element.element_type, start) for part in literal
        )
    if isinstance(literal, tuple):
        parser.raise_error(f"a complex literal for elements of type {element}", start, parser.pos)
    try:
        return _scalar_bytes(literal, element)
    except (ValueError, OverflowError, StructError):
        parser.raise_error(f"{literal} is not a value of type {element}", start, parser.pos)


def _scalar_bytes(literal: str, element: Attribute) -> bytes:
    """Return the bytes of an integer or a float; raise ValueError where the type has no such."""
    if element == i1 and literal in ("true", "false"):
        literal = str(int(literal == "true"))
    if isinstance(element, IntegerType):
        value = element.get_normalized_value(int(literal, 0))
        if value is None:
            raise ValueError(literal)
        return element.pack([value])
    if isinstance(element, IndexType):
        return element.pack([int(literal, 0)])
    if not isinstance(element, AnyFloat):
        raise ValueError(literal)
    if literal.lower().startswith("0x"):
        return int(literal, 16).to_bytes(element.compile_time_size, "little")
    if literal.lstrip("-").isdecimal():
        raise ValueError(literal)  # MLIR takes 1.0 for a float, but not 1
    return pack_float(float(literal), element)
