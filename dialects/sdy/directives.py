"""How the text of ops spells their attributes, which stand there without their names."""

from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    IntegerAttr,
    i32,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    EqAttrConstraint,
    IRDLOperation,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from .attributes import (
    AllToAllParamListAttr,
    AxisRefListAttr,
    ListOfAxisRefListsAttr,
    MeshAttr,
    ReductionKind,
    SdyAttr,
    TensorShardingAttr,
    read_one,
)


class PropagationDirection(StrEnum):
    """Which way shardings may pass."""

    NONE = "NONE"
    FORWARD = "FORWARD"
    BACKWARD = "BACKWARD"
    BOTH = "BOTH"


def enum_number(members: type[StrEnum], member: StrEnum) -> IntegerAttr:
    """A member as ops hold it: its place among the others, `1 : i32`."""
    return IntegerAttr(list(members).index(member), i32)


def enum_member(members: type[StrEnum], number: Attribute | None) -> StrEnum:
    """The member that a number stands for."""
    place = number.value.data if isinstance(number, IntegerAttr) else 0
    return list(members)[place]


def check_enum(members: type[StrEnum], number: Attribute | None) -> None:
    """The number stands for a member."""
    if isinstance(number, IntegerAttr) and not 0 <= number.value.data < len(members):
        raise VerifyException(f"there is no {members.__name__} of number {number.value.data}")


ENUM = IntegerAttr.constr(type=EqAttrConstraint(i32))


def _read_axes(parser: AttrParser) -> SdyAttr:
    """Parse axes, or a list of axes for each dimension."""
    lists = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, lambda: read_one(parser, AxisRefListAttr)
    )
    return (
        read_one(parser, AxisRefListAttr)
        if lists is None
        else ListOfAxisRefListsAttr(ArrayAttr(lists))
    )


KINDS: dict[str, type[SdyAttr]] = {
    "mesh": MeshAttr,
    "out_sharding": TensorShardingAttr,
    "params": AllToAllParamListAttr,
    "sharding": TensorShardingAttr,
}
"""What the properties of ops are whose names are left out; the others are axes."""


@irdl_custom_directive
class Bare(CustomDirective):
    """An attribute without its name."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        kind = KINDS.get(self.value.name)
        self.value.set(state, _read_axes(parser) if kind is None else read_one(parser, kind))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_string(cast(SdyAttr, self.value.get(op)).text())


@irdl_custom_directive
class OptionalSharding(CustomDirective):
    """`sharding=<...>`, or nothing."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        if parser.parse_optional_keyword("sharding") is not None:
            parser.parse_punctuation("=")
            self.value.set(state, read_one(parser, TensorShardingAttr))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        if (sharding := self.value.get(op)) is not None:
            state.print_whitespace(printer)
            printer.print_string(f"sharding={cast(SdyAttr, sharding).text()}")


@irdl_custom_directive
class Reduction(CustomDirective):
    """`max` or `min`, and nothing for a sum."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        kind = parser.parse_optional_str_enum(ReductionKind)
        if kind is not None:
            self.value.set(state, enum_number(ReductionKind, kind))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        kind = enum_member(ReductionKind, self.value.get(op))
        if kind is not ReductionKind.SUM:
            state.print_whitespace(printer)
            printer.print_string(kind.value)


@irdl_custom_directive
class Direction(CustomDirective):
    """`FORWARD`, `BACKWARD`, `BOTH` or `NONE`."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        direction = parser.parse_str_enum(PropagationDirection)
        self.value.set(state, enum_number(PropagationDirection, direction))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_string(enum_member(PropagationDirection, self.value.get(op)).value)
