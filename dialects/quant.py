"""The types of quantised numbers: integers that stand for real numbers.

A stored integer ``q`` stands for ``(q - zero_point) * scale``. All elements of a tensor share one
scale and zero point, or each slice along one dimension has its own.
https://mlir.llvm.org/docs/Dialects/QuantDialect
"""

from collections.abc import Sequence
from math import inf

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    BFloat16Type,
    BoolAttr,
    Float16Type,
    Float32Type,
    FloatData,
    IntAttr,
    IntegerType,
    NoneAttr,
    Signedness,
)
from xdsl.ir import Attribute, Dialect, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.dense import float_text

RANGES: dict[type[Attribute], tuple[float, float]] = {
    BFloat16Type: (2.0**-133, 2.0**127 * (2 - 2.0**-7)),
    Float16Type: (2.0**-24, 65504.0),
    Float32Type: (2.0**-149, 2.0**127 * (2 - 2.0**-23)),
}
"""The least and the greatest positive number of the types whose range is less than Python's."""


@irdl_attr_definition
class UniformQuantizedType(ParametrizedAttribute, TypeAttribute):
    """Integers that are spaced evenly: `!quant.uniform<i8:f32, 0.5:3>`.

    One scale and zero point for each slice along a dimension are written
    `!quant.uniform<i8:f32:1, {0.5:3, 0.25}>`; a zero point of 0 is left out. `u8` is an unsigned
    integer, and `i8<-127:127>` one that does not use its whole range.
    """

    name = "quant.uniform"

    storage_type: IntegerType
    """The stored integer: signless, or unsigned."""
    is_signed: BoolAttr
    """Whether a signless stored integer is read as a signed one."""
    storage_min: IntAttr
    storage_max: IntAttr
    expressed_type: AnyFloat
    quantized_dimension: IntAttr | NoneAttr
    """The dimension whose slices have scales of their own, if any."""
    scales: ArrayAttr[FloatData]
    zero_points: ArrayAttr[IntAttr]

    @property
    def is_per_axis(self) -> bool:
        """Whether slices along a dimension have scales of their own."""
        return isinstance(self.quantized_dimension, IntAttr)

    @property
    def axis(self) -> int:
        """The dimension whose slices have scales of their own; there has to be one."""
        assert isinstance(self.quantized_dimension, IntAttr)
        return self.quantized_dimension.data

    def verify(self) -> None:
        low, high = storage_range(self.storage_type, bool(self.is_signed.value.data))
        if not low <= self.storage_min.data < self.storage_max.data <= high:
            raise VerifyException(f"storage is limited to what {low}:{high} includes")
        if len(self.scales) != len(self.zero_points) or not self.scales:
            raise VerifyException("each scale needs a zero point")
        if not self.is_per_axis and len(self.scales) != 1:
            raise VerifyException("one scale serves a whole tensor")
        least, most = RANGES.get(type(self.expressed_type), (0.0, inf))
        if not all(least <= scale.data <= most and scale.data > 0 for scale in self.scales):
            raise VerifyException(f"scales must be positive, and of type {self.expressed_type}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            storage, is_signed = _parse_storage(parser)
            low, high = storage_range(storage, is_signed)
            if parser.parse_optional_punctuation("<") is not None:
                low = parser.parse_integer()
                parser.parse_punctuation(":")
                high = parser.parse_integer()
                parser.parse_punctuation(">")
            parser.parse_punctuation(":")
            expressed = parser.parse_type()
            dimension: Attribute = NoneAttr()
            if parser.parse_optional_punctuation(":") is not None:
                dimension = IntAttr(parser.parse_integer(allow_negative=False))
            parser.parse_punctuation(",")
            if isinstance(dimension, IntAttr):
                pairs = parser.parse_comma_separated_list(
                    parser.Delimiter.BRACES, lambda: _parse_scale(parser)
                )
            else:
                pairs = [_parse_scale(parser)]
        scales = ArrayAttr(FloatData(scale) for scale, _ in pairs)
        zero_points = ArrayAttr(IntAttr(point) for _, point in pairs)
        limits = IntAttr(low), IntAttr(high)
        signed = BoolAttr.from_bool(is_signed)
        return [storage, signed, *limits, expressed, dimension, scales, zero_points]

    def print_parameters(self, printer: Printer) -> None:
        storage, is_signed = self.storage_type, bool(self.is_signed.value.data)
        text = str(storage) if is_signed or _is_unsigned(storage) else f"u{storage.width.data}"
        limits = self.storage_min.data, self.storage_max.data
        if limits != storage_range(storage, is_signed):
            text += f"<{limits[0]}:{limits[1]}>"
        with printer.in_angle_brackets():
            printer.print_string(text + ":")
            printer.print_attribute(self.expressed_type)
            scales = [
                float_text(scale.data) + (f":{point.data}" if point.data else "")
                for scale, point in zip(self.scales, self.zero_points, strict=True)
            ]
            if isinstance(self.quantized_dimension, IntAttr):
                listed = f"{{{','.join(scales)}}}"
                printer.print_string(f":{self.quantized_dimension.data}, {listed}")
            else:
                printer.print_string(f", {scales[0]}")


def storage_range(storage: IntegerType, is_signed: bool) -> tuple[int, int]:
    """The least and the greatest value of a stored integer."""
    width = storage.width.data
    return (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if is_signed else (0, 2**width - 1)


def _is_unsigned(storage: IntegerType) -> bool:
    return storage.signedness.data is Signedness.UNSIGNED


def _parse_storage(parser: AttrParser) -> tuple[IntegerType, bool]:
    """Parse `i8`, `u8` or `ui8`; returns whether it is signed, too."""
    start = parser.pos
    name = parser.parse_identifier()
    letters = name.rstrip("0123456789")
    width = name[len(letters) :]
    if letters not in ("i", "u", "ui") or not width or not 1 <= int(width) <= 32:
        parser.raise_error("expected an integer type such as i8 or u8", start, parser.pos)
    signedness = Signedness.UNSIGNED if letters == "ui" else Signedness.SIGNLESS
    return IntegerType(int(width), signedness), letters == "i"


def _parse_scale(parser: AttrParser) -> tuple[float, int]:
    """Parse `0.5:3`, where the zero point may be left out."""
    scale = float(parser.parse_number())
    if parser.parse_optional_punctuation(":") is None:
        return scale, 0
    return scale, parser.parse_integer()


Quant = Dialect("quant", [], [UniformQuantizedType])
