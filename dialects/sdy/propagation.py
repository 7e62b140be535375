"""Along which edges of an op shardings were propagated; Shardy writes it to explain itself."""

from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import ArrayAttr, IntAttr, StringAttr
from xdsl.ir import OpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.utils.exceptions import VerifyException

from .attributes import AxisRefAttr, SdyAttr, read_integer, read_list, read_one, texts

VALUE_KINDS = ("operand", "result")


@irdl_attr_definition
class EdgeValueRefAttr(SdyAttr, OpaqueSyntaxAttribute):
    """A value of an op: `operand-0`, `result-1`."""

    name = "sdy.edge_value_ref"

    kind: StringAttr
    index: IntAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        kind = parser.parse_keyword_in(VALUE_KINDS)
        parser.parse_punctuation("-")
        return cls(StringAttr(kind), IntAttr(read_integer(parser)))

    def text(self) -> str:
        return f"{self.kind.data}-{self.index.data}"


@irdl_attr_definition
class AxisToPropagationDetailsAttr(SdyAttr, OpaqueSyntaxAttribute):
    """From where to where an axis was propagated: `"x" = operand-0 -> [result-0]`."""

    name = "sdy.axis_to_propagation_details"

    axis: AxisRefAttr
    source: EdgeValueRefAttr
    targets: ArrayAttr[EdgeValueRefAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        axis = read_one(parser, AxisRefAttr)
        parser.parse_punctuation("=")
        source = read_one(parser, EdgeValueRefAttr)
        parser.parse_punctuation("->")
        return cls(axis, source, read_list(parser, parser.Delimiter.SQUARE, EdgeValueRefAttr))

    def text(self) -> str:
        return f"{self.axis.text()} = {self.source.text()} -> [{texts(self.targets)}]"


@irdl_attr_definition
class PropagationOneStepAttr(SdyAttr, OpaqueSyntaxAttribute):
    """What was propagated in one step: `{step-1 = [{"x" = operand-0 -> [result-0]}]}`."""

    name = "sdy.propagation_one_step"

    step: IntAttr
    axes: ArrayAttr[AxisToPropagationDetailsAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_braces():
            parser.parse_keyword("step")
            parser.parse_punctuation("-")
            step = read_integer(parser)
            parser.parse_punctuation("=")
            axes = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: _read_details(parser)
            )
        return cls(IntAttr(step), ArrayAttr(axes))

    def text(self) -> str:
        axes = ", ".join(f"{{{axis.text()}}}" for axis in self.axes)
        return f"{{step-{self.step.data} = [{axes}]}}"


def _read_details(parser: AttrParser) -> AxisToPropagationDetailsAttr:
    with parser.in_braces():
        return read_one(parser, AxisToPropagationDetailsAttr)


@irdl_attr_definition
class PropagationEdgesAttr(SdyAttr):
    """The steps of the propagation at one op, in `sdy.propagation_edges`."""

    name = "sdy.propagation_edges"

    steps: ArrayAttr[PropagationOneStepAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_angle_brackets():
            return cls(read_list(parser, parser.Delimiter.SQUARE, PropagationOneStepAttr))

    def text(self) -> str:
        return f"<[{texts(self.steps)}]>"

    def verify(self) -> None:
        numbers = [step.step.data for step in self.steps]
        if len(set(numbers)) != len(numbers) or min(numbers, default=0) < 0:
            raise VerifyException("each step of a propagation has a number of its own")
        for step in self.steps:
            for axis in step.axes:
                values: Sequence[EdgeValueRefAttr] = (axis.source, *axis.targets)
                if len(set(values)) != len(values):
                    raise VerifyException("an axis is propagated from one value to others")


ATTRIBUTES = [
    AxisToPropagationDetailsAttr,
    EdgeValueRefAttr,
    PropagationEdgesAttr,
    PropagationOneStepAttr,
]
