"""Attributes of Shardy: meshes, axes, and how tensors are split along them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from math import prod
from typing import Self, TypeVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    IntAttr,
    NoneAttr,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, OpaqueSyntaxAttribute, ParametrizedAttribute
from xdsl.irdl import (
    irdl_attr_definition,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.mlir_lexer import MLIRTokenKind
from xdsl.utils.str_enum import StrEnum


class SdyAttr(ParametrizedAttribute, ABC):
    """An attribute whose text follows its name, or stands alone inside of another's."""

    @classmethod
    @abstractmethod
    def read(cls, parser: AttrParser) -> Self:
        """Parse the attribute without its name."""

    @abstractmethod
    def text(self) -> str:
        """The attribute without its name."""

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        return cls.read(parser).parameters

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(self.text())


AnySdyAttr = TypeVar("AnySdyAttr", bound=SdyAttr)


def texts(attributes: Iterable[SdyAttr]) -> str:
    return ", ".join(attribute.text() for attribute in attributes)


def read_one(parser: AttrParser, attribute: type[AnySdyAttr]) -> AnySdyAttr:
    """Parse an attribute inside of another, where its name may be left out."""
    if parser._current_token.kind is not MLIRTokenKind.HASH_IDENT:
        return attribute.read(parser)
    start = parser.pos
    given = parser.parse_attribute()
    if not isinstance(given, attribute):
        parser.raise_error(f"expected #{attribute.name}", start, parser.pos)
    return given


def read_list(
    parser: AttrParser, delimiter: AttrParser.Delimiter, element: type[AnySdyAttr]
) -> ArrayAttr[AnySdyAttr]:
    """Parse a list of attributes whose names may be left out."""
    return ArrayAttr(
        parser.parse_comma_separated_list(delimiter, lambda: read_one(parser, element))
    )


def read_integer(parser: AttrParser) -> int:
    """Parse a number of 64 bits."""
    start = parser.pos
    number = parser.parse_integer(allow_boolean=False)
    if not -(1 << 63) <= number < 1 << 63:
        parser.raise_error("expected a number of 64 bits", start, parser.pos)
    return number


@irdl_attr_definition
class MeshAxisAttr(SdyAttr, OpaqueSyntaxAttribute):
    """An axis of a mesh: `"x"=4`."""

    name = "sdy.mesh_axis"

    axis_name: StringAttr
    size: IntAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        name = StringAttr(parser.parse_str_literal())
        parser.parse_punctuation("=")
        return cls(name, IntAttr(read_integer(parser)))

    def text(self) -> str:
        return f'"{self.axis_name.data}"={self.size.data}'

    def verify(self) -> None:
        if self.size.data < 1:
            raise VerifyException(f"an axis has at least one device, not {self.size.data}")


@irdl_attr_definition
class MeshAttr(SdyAttr):
    """Devices along axes, in an order of their own if need be: `<["x"=2], device_ids=[1, 0]>`."""

    name = "sdy.mesh"

    axes: ArrayAttr[MeshAxisAttr]
    device_ids: ArrayAttr[IntAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_angle_brackets():
            axes = read_list(parser, parser.Delimiter.SQUARE, MeshAxisAttr)
            devices: list[int] = []
            if parser.parse_optional_punctuation(",") is not None:
                parser.parse_keyword("device_ids")
                parser.parse_punctuation("=")
                devices = parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, lambda: read_integer(parser)
                )
        if axes and devices == list(range(prod(axis.size.data for axis in axes))):
            devices = []  # which is their order where none is given
        return cls(axes, ArrayAttr(map(IntAttr, devices)))

    def text(self) -> str:
        devices = ", ".join(str(device.data) for device in self.device_ids)
        return f"<[{texts(self.axes)}]{f', device_ids=[{devices}]' if devices else ''}>"

    def verify(self) -> None:
        names = [axis.axis_name for axis in self.axes]
        if len(set(names)) != len(names):
            raise VerifyException("a mesh has two axes of one name")
        devices = sorted(device.data for device in self.device_ids)
        if devices and devices[0] < 0:
            raise VerifyException("a device has a negative number")
        if names and devices:
            size = prod(axis.size.data for axis in self.axes)
            if devices != list(range(size)):
                raise VerifyException(f"device_ids must name each of {size} devices once")
            if devices == [device.data for device in self.device_ids]:
                raise VerifyException("devices that are in order are not listed")
        elif len(devices) > 1:
            raise VerifyException("a mesh without axes has one device")


@irdl_attr_definition
class AxisRefAttr(SdyAttr, OpaqueSyntaxAttribute):
    """An axis, or a part of it: `"x"`, `"x":(2)4`."""

    name = "sdy.axis_ref"

    axis_name: StringAttr
    sub_axis: ArrayAttr[IntAttr]
    """What comes before the part, and its size; empty for a whole axis."""

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        name = StringAttr(parser.parse_str_literal())
        if parser.parse_optional_punctuation(":") is None:
            return cls(name, ArrayAttr(()))
        with parser.in_parens():
            before = read_integer(parser)
        return cls(name, ArrayAttr((IntAttr(before), IntAttr(read_integer(parser)))))

    def text(self) -> str:
        name = f'"{self.axis_name.data}"'
        if not self.sub_axis:
            return name
        before, size = self.sub_axis
        return f"{name}:({before.data}){size.data}"

    def verify(self) -> None:
        if len(self.sub_axis) not in (0, 2):
            raise VerifyException("a part of an axis has what comes before it, and a size")
        if any(number.data < least for number, least in zip(self.sub_axis, (1, 2), strict=False)):
            raise VerifyException("a part of an axis is at least 2 devices")


@irdl_attr_definition
class AxisRefListAttr(SdyAttr, OpaqueSyntaxAttribute):
    """Axes: `{"x", "y"}`."""

    name = "sdy.axis_ref_list"

    axes: ArrayAttr[AxisRefAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        return cls(read_list(parser, parser.Delimiter.BRACES, AxisRefAttr))

    def text(self) -> str:
        return f"{{{texts(self.axes)}}}"


@irdl_attr_definition
class ListOfAxisRefListsAttr(SdyAttr, OpaqueSyntaxAttribute):
    """Axes for each dimension: `[{"x"}, {}]`."""

    name = "sdy.list_of_axis_ref_lists"

    lists: ArrayAttr[AxisRefListAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        return cls(read_list(parser, parser.Delimiter.SQUARE, AxisRefListAttr))

    def text(self) -> str:
        return f"[{texts(self.lists)}]"


@irdl_attr_definition
class ManualAxesAttr(SdyAttr, OpaqueSyntaxAttribute):
    """The axes that a program handles by itself: `{"x", "y"}`."""

    name = "sdy.manual_axes"

    axes: ArrayAttr[StringAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        names = parser.parse_comma_separated_list(parser.Delimiter.BRACES, parser.parse_str_literal)
        return cls(ArrayAttr(map(StringAttr, names)))

    def text(self) -> str:
        return "{" + ", ".join(f'"{axis.data}"' for axis in self.axes) + "}"


_PRIORITY = re.compile(r"p(0|[1-9][0-9]{0,17})")


@irdl_attr_definition
class DimensionShardingAttr(SdyAttr, OpaqueSyntaxAttribute):
    """The axes that a dimension is split along: `{"x"}`, and `?` if more may follow: `{"x", ?}p1`.

    The number after `p` is a priority.
    """

    name = "sdy.dimension_sharding"

    axes: ArrayAttr[AxisRefAttr]
    is_closed: BoolAttr
    priority: IntAttr | NoneAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        axes: list[AxisRefAttr] = []
        is_closed = True
        parser.parse_punctuation("{")
        while parser.parse_optional_punctuation("}") is None:
            if parser.parse_optional_punctuation("?") is not None:
                is_closed = False
                parser.parse_punctuation("}")
                break
            axes.append(read_one(parser, AxisRefAttr))
            parser.parse_optional_punctuation(",")
        start = parser.pos
        priority: Attribute = NoneAttr()
        if (text := parser.parse_optional_identifier()) is not None:
            if not _PRIORITY.fullmatch(text):
                parser.raise_error("expected a priority such as p1", start, parser.pos)
            priority = IntAttr(int(text[1:]))
        return cls(ArrayAttr(axes), BoolAttr.from_bool(is_closed), priority)

    def text(self) -> str:
        open_ = [] if self.is_closed.value.data else ["?"]
        axes = ", ".join([*(axis.text() for axis in self.axes), *open_])
        priority = f"p{self.priority.data}" if isinstance(self.priority, IntAttr) else ""
        return f"{{{axes}}}{priority}"


class ReductionKind(StrEnum):
    """How the parts of a tensor that are not reduced yet are to be combined."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"


@irdl_attr_definition
class TensorShardingAttr(SdyAttr):
    """How each dimension of a tensor is split over a mesh: `<@mesh, [{"x"}, {}]>`.

    After that come the axes that hold copies, `replicated={"y"}`, and those that hold parts to be
    combined, `unreduced={"z"}` or `unreduced=max{"z"}`.
    """

    name = "sdy.sharding"

    mesh_or_ref: Attribute
    dim_shardings: ArrayAttr[DimensionShardingAttr]
    replicated_axes: ArrayAttr[AxisRefAttr]
    unreduced_axes: ArrayAttr[AxisRefAttr]
    reduction_op: StringAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_angle_brackets():
            mesh: Attribute
            if parser.parse_optional_keyword("mesh") is not None:
                mesh = MeshAttr.read(parser)
            else:
                mesh = SymbolRefAttr(parser.parse_symbol_name())
            parser.parse_punctuation(",")
            dims = read_list(parser, parser.Delimiter.SQUARE, DimensionShardingAttr)
            groups: dict[str, ArrayAttr[AxisRefAttr]] = {}
            reduction = ReductionKind.SUM
            left = ["replicated", "unreduced"]
            while parser.parse_optional_punctuation(",") is not None:
                keyword = parser.parse_keyword_in(left)
                left = left[left.index(keyword) + 1 :]
                parser.parse_punctuation("=")
                if keyword == "unreduced":
                    reduction = parser.parse_optional_str_enum(ReductionKind) or reduction
                groups[keyword] = read_list(parser, parser.Delimiter.BRACES, AxisRefAttr)
        none = ArrayAttr[AxisRefAttr](())
        return cls(
            mesh,
            dims,
            groups.get("replicated", none),
            groups.get("unreduced", none),
            StringAttr(reduction.value),
        )

    def text(self) -> str:
        mesh = self.mesh_or_ref
        text = f"mesh{mesh.text()}" if isinstance(mesh, MeshAttr) else str(mesh)
        text += f", [{texts(self.dim_shardings)}]"
        if self.replicated_axes:
            text += f", replicated={{{texts(self.replicated_axes)}}}"
        if self.unreduced_axes:
            kind = self.reduction_op.data
            how = "" if kind == ReductionKind.SUM else kind
            text += f", unreduced={how}{{{texts(self.unreduced_axes)}}}"
        return f"<{text}>"


@irdl_attr_definition
class TensorShardingPerValueAttr(SdyAttr):
    """A sharding for each of several values: `<[<@mesh, [{"x"}]>, <@mesh, []>]>`."""

    name = "sdy.sharding_per_value"

    shardings: ArrayAttr[TensorShardingAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_angle_brackets():
            return cls.read_list(parser)

    @classmethod
    def read_list(cls, parser: AttrParser) -> Self:
        """Parse what stands between the angle brackets."""
        return cls(read_list(parser, parser.Delimiter.SQUARE, TensorShardingAttr))

    def text(self) -> str:
        return f"<{self.list_text()}>"

    def list_text(self) -> str:
        """What stands between the angle brackets."""
        return f"[{texts(self.shardings)}]"


@irdl_attr_definition
class AllToAllParamAttr(SdyAttr, OpaqueSyntaxAttribute):
    """Axes that move from one dimension to another: `{"x"}: 0->1`."""

    name = "sdy.all_to_all_param"

    axes: ArrayAttr[AxisRefAttr]
    src_dim: IntAttr
    tgt_dim: IntAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        axes = read_list(parser, parser.Delimiter.BRACES, AxisRefAttr)
        parser.parse_punctuation(":")
        source = read_integer(parser)
        parser.parse_punctuation("->")
        return cls(axes, IntAttr(source), IntAttr(read_integer(parser)))

    def text(self) -> str:
        return f"{{{texts(self.axes)}}}: {self.src_dim.data}->{self.tgt_dim.data}"


@irdl_attr_definition
class AllToAllParamListAttr(SdyAttr, OpaqueSyntaxAttribute):
    """The moves of `sdy.all_to_all`: `[{"x"}: 0->1]`."""

    name = "sdy.all_to_all_param_list"

    params: ArrayAttr[AllToAllParamAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        return cls(read_list(parser, parser.Delimiter.SQUARE, AllToAllParamAttr))

    def text(self) -> str:
        return f"[{texts(self.params)}]"


def numbers(values: Iterable[int]) -> ArrayAttr[IntAttr]:
    return ArrayAttr(map(IntAttr, values))


ATTRIBUTES: list[type[Attribute]] = [
    AllToAllParamAttr,
    AllToAllParamListAttr,
    AxisRefAttr,
    AxisRefListAttr,
    DimensionShardingAttr,
    ListOfAxisRefListsAttr,
    ManualAxesAttr,
    MeshAttr,
    MeshAxisAttr,
    TensorShardingAttr,
    TensorShardingPerValueAttr,
]
