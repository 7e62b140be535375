"""Windows that slide over tensors: their sizes, and the text that describes them."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    DenseIntElementsAttr,
    DenseIntOrFPElementsAttr,
    TensorType,
    i1,
    i64,
)
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer

from .base import I64Array, check, dims


def bool_array(values: Sequence[bool]) -> DenseArrayBase:
    """A list of booleans as ops hold them: `array<i1: false, true>`."""
    # A boolean is stored as all ones, which is how xDSL's parser reads `true`.
    return DenseArrayBase.from_list(i1, [-1 if value else 0 for value in values])


def padding_attr(padding: Sequence[tuple[int, int]]) -> DenseIntElementsAttr:
    """Padding before and after each dimension as ops hold it: `dense<...> : tensor<nx2xi64>`."""
    flat = [amount for pair in padding for amount in pair]
    type = TensorType(i64, [len(padding), 2])
    return DenseIntOrFPElementsAttr.from_list(type, flat)


def or_ones(attr: I64Array | None, rank: int) -> tuple[int, ...]:
    """The numbers of an attribute; without any, a 1 for each dimension."""
    return (attr is not None and attr.get_values()) or (1,) * rank


def padding_pairs(attr: DenseIntElementsAttr | None, rank: int) -> list[tuple[int, int]]:
    """The padding before and after each dimension; without any pairs, there is none."""
    if attr is None or attr.get_shape() == (0, 2):
        return [(0, 0)] * rank
    check(
        attr.get_shape() == (rank, 2),
        f"padding has shape {list(attr.get_shape())}, expected {[rank, 2]}",
    )
    flat: Sequence[int] = attr.get_values()
    return list(zip(flat[::2], flat[1::2], strict=True))


def window_counts(
    source: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    base_dilations: Sequence[int],
    window_dilations: Sequence[int],
) -> list[int]:
    """How many windows fit into each dimension; `DYNAMIC_INDEX` where a size is unknown."""
    rank = len(source)
    for what, values, least in (
        ("window dimensions", window, 1),
        ("window strides", strides, 1),
        ("base dilations", base_dilations, 1),
        ("window dilations", window_dilations, 1),
    ):
        check(len(values) == rank, f"{rank} {what} are needed, not {len(values)}")
        small = [value for value in values if value < least and value != DYNAMIC_INDEX]
        check(not small, f"{what} must be at least {least}, not {list(values)}")
    return [
        _count(*sizes)
        for sizes in zip(
            source, window, strides, padding, base_dilations, window_dilations, strict=True
        )
    ]


def _count(
    size: int, window: int, stride: int, pad: tuple[int, int], dilation: int, spacing: int
) -> int:
    if DYNAMIC_INDEX in (size, window):
        return DYNAMIC_INDEX
    room = sum(pad) + (0 if size == 0 else (size - 1) * dilation + 1)
    reach = 0 if window == 0 else (window - 1) * spacing + 1
    return 0 if room == 0 or reach > room else (room - reach) // stride + 1


@irdl_custom_directive
class WindowAttributes(CustomDirective):
    """`stride = [2, 2], pad = [[0, 1], [0, 1]], reverse = [false, false]`, each if given."""

    window_strides: AttributeVariable
    padding: AttributeVariable
    lhs_dilation: AttributeVariable
    rhs_dilation: AttributeVariable
    window_reversal: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        fields = self._fields()
        while (name := parser.parse_optional_identifier()) is not None:
            if name not in fields:
                parser.raise_error(f"unexpected field '{name}' of a window")
            parser.parse_punctuation("=")
            variable = fields.pop(name)
            if name == "pad":
                pairs = parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, lambda: _parse_pair(parser)
                )
                variable.set(state, padding_attr(pairs))
            elif name == "reverse":
                flags = parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, parser.parse_integer
                )
                variable.set(state, bool_array([bool(flag) for flag in flags]))
            else:
                values = parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, parser.parse_integer
                )
                variable.set(state, dims(values))
            if parser.parse_optional_punctuation(",") is None:
                break

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        fields = [
            f"{name} = [{', '.join(_elements(value))}]"
            for name, variable in self._fields().items()
            if (value := variable.get(op)) is not None
        ]
        printer.print_string(", ".join(fields))
        state.last_was_punctuation, state.should_emit_space = True, False

    def _fields(self) -> dict[str, AttributeVariable]:
        return {
            "stride": self.window_strides,
            "pad": self.padding,
            "lhs_dilate": self.lhs_dilation,
            "rhs_dilate": self.rhs_dilation,
            "reverse": self.window_reversal,
        }


def _elements(value: object) -> list[str]:
    if isinstance(value, DenseIntOrFPElementsAttr):
        flat: Sequence[int] = value.get_values()
        return [f"[{low}, {high}]" for low, high in zip(flat[::2], flat[1::2], strict=True)]
    assert isinstance(value, DenseArrayBase)
    if value.elt_type == i1:
        return [str(bool(flag)).lower() for flag in value.get_values()]
    return [str(number) for number in value.get_values()]


def _parse_pair(parser: Parser) -> tuple[int, int]:
    start = parser.pos
    pair = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
    if len(pair) != 2:
        parser.raise_error("expected the padding before and after", start, parser.pos)
    return pair[0], pair[1]
