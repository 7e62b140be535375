"""Shardy: how the tensors of a program are laid out over a mesh of devices.

JAX writes it next to StableHLO. Programs with shardings are read, checked for what each op and
attribute needs by itself, and written as Shardy writes them; nothing here propagates shardings.
https://openxla.org/shardy
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Self, TypeVar, cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    DenseIntOrFPElementsAttr,
    IntAttr,
    IntegerAttr,
    NoneAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    i32,
    i64,
)
from xdsl.ir import (
    Attribute,
    Dialect,
    OpaqueSyntaxAttribute,
    ParametrizedAttribute,
    Region,
)
from xdsl.irdl import (
    AnyAttr,
    EqAttrConstraint,
    IRDLOperation,
    VarConstraint,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
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
from xdsl.traits import (
    IsolatedFromAbove,
    IsTerminator,
    Pure,
    RecursiveMemoryEffect,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.dense import parse_dense, print_dense


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


def _texts(attributes: Iterable[SdyAttr]) -> str:
    return ", ".join(attribute.text() for attribute in attributes)


def _read_list(
    parser: AttrParser, delimiter: AttrParser.Delimiter, element: type[AnySdyAttr]
) -> ArrayAttr[AnySdyAttr]:
    return ArrayAttr(parser.parse_comma_separated_list(delimiter, lambda: element.read(parser)))


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
        return cls(name, IntAttr(parser.parse_integer()))

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
            axes = _read_list(parser, parser.Delimiter.SQUARE, MeshAxisAttr)
            devices: list[int] = []
            if parser.parse_optional_punctuation(",") is not None:
                parser.parse_keyword("device_ids")
                parser.parse_punctuation("=")
                devices = parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, parser.parse_integer
                )
        return cls(axes, ArrayAttr(map(IntAttr, devices)))

    def text(self) -> str:
        devices = ", ".join(str(device.data) for device in self.device_ids)
        return f"<[{_texts(self.axes)}]{f', device_ids=[{devices}]' if devices else ''}>"

    def verify(self) -> None:
        names = [axis.axis_name for axis in self.axes]
        if len(set(names)) != len(names):
            raise VerifyException("a mesh has two axes of one name")
        devices = sorted(device.data for device in self.device_ids)
        if devices and devices[0] < 0:
            raise VerifyException("a device has a negative number")
        if names and devices:
            size = 1
            for axis in self.axes:
                size *= axis.size.data
            if devices != list(range(size)):
                raise VerifyException(f"device_ids must name each of {size} devices once")
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
            before = parser.parse_integer()
        return cls(name, ArrayAttr((IntAttr(before), IntAttr(parser.parse_integer()))))

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
        return cls(_read_list(parser, parser.Delimiter.BRACES, AxisRefAttr))

    def text(self) -> str:
        return f"{{{_texts(self.axes)}}}"


@irdl_attr_definition
class ListOfAxisRefListsAttr(SdyAttr, OpaqueSyntaxAttribute):
    """Axes for each dimension: `[{"x"}, {}]`."""

    name = "sdy.list_of_axis_ref_lists"

    lists: ArrayAttr[AxisRefListAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        return cls(_read_list(parser, parser.Delimiter.SQUARE, AxisRefListAttr))

    def text(self) -> str:
        return f"[{_texts(self.lists)}]"


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
            axes.append(AxisRefAttr.read(parser))
            parser.parse_optional_punctuation(",")
        start = parser.pos
        priority: Attribute = NoneAttr()
        if (text := parser.parse_optional_identifier()) is not None:
            if text[0] != "p" or not text[1:].isdecimal():
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
            dims = _read_list(parser, parser.Delimiter.SQUARE, DimensionShardingAttr)
            groups: dict[str, ArrayAttr[AxisRefAttr]] = {}
            reduction = ReductionKind.SUM
            while parser.parse_optional_punctuation(",") is not None:
                keyword = parser.parse_keyword_in(("replicated", "unreduced"))
                parser.parse_punctuation("=")
                if keyword == "unreduced":
                    reduction = parser.parse_optional_str_enum(ReductionKind) or reduction
                groups[keyword] = _read_list(parser, parser.Delimiter.BRACES, AxisRefAttr)
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
        text += f", [{_texts(self.dim_shardings)}]"
        if self.replicated_axes:
            text += f", replicated={{{_texts(self.replicated_axes)}}}"
        if self.unreduced_axes:
            kind = self.reduction_op.data
            how = "" if kind == ReductionKind.SUM else kind
            text += f", unreduced={how}{{{_texts(self.unreduced_axes)}}}"
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
        return cls(_read_list(parser, parser.Delimiter.SQUARE, TensorShardingAttr))

    def text(self) -> str:
        return f"<{self.list_text()}>"

    def list_text(self) -> str:
        """What stands between the angle brackets."""
        return f"[{_texts(self.shardings)}]"


FIRST_FACTOR, LAST_FACTOR = ord("i"), ord("z") - ord("i")
"""Factors are called i to z, and z_1, z_2, ... after that."""


def _factor_name(factor: int) -> str:
    if factor <= LAST_FACTOR:
        return chr(FIRST_FACTOR + factor)
    return f"z_{factor - LAST_FACTOR}"


_FACTOR = re.compile(r"([i-y]|z(?!_))|z_([1-9][0-9]*)")


def _factors(parser: AttrParser) -> list[int]:
    """Parse the names of factors, one after the other: `ijz_1`."""
    start = parser.pos
    text = parser.parse_identifier()
    factors = [
        ord(match[1]) - FIRST_FACTOR if match[1] else LAST_FACTOR + int(match[2])
        for match in _FACTOR.finditer(text)
    ]
    if "".join(map(_factor_name, factors)) != text:
        parser.raise_error("expected factors such as i or z_1", start, parser.pos)
    return factors


def _one_factor(parser: AttrParser) -> int:
    return _factors(parser)[0]


FACTOR_GROUPS = ("reduction", "need_replication", "permutation", "blocked_propagation")
"""What a sharding rule says of some of its factors, in the order in which it is written."""


@irdl_attr_definition
class OpShardingRuleAttr(SdyAttr):
    """How the dimensions of operands and results go together: `<([i, k], [k, j])->([i, j]) {...}>`.

    Each dimension is made of factors, whose sizes stand in braces.
    """

    name = "sdy.op_sharding_rule"

    factor_sizes: ArrayAttr[IntAttr]
    operand_mappings: ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]
    result_mappings: ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]
    factor_groups: ArrayAttr[ArrayAttr[IntAttr]]
    """The factors of each of `FACTOR_GROUPS`."""
    is_custom_rule: BoolAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_angle_brackets():
            operands = _read_mappings(parser)
            parser.parse_punctuation("->")
            results = _read_mappings(parser)
            sizes = parser.parse_optional_comma_separated_list(
                parser.Delimiter.BRACES, lambda: _read_factor_size(parser)
            )
            groups: dict[str, Iterable[int]] = {}
            while (keyword := parser.parse_optional_keyword_in(FACTOR_GROUPS)) is not None:
                parser.parse_punctuation("=")
                groups[keyword] = parser.parse_comma_separated_list(
                    parser.Delimiter.BRACES, lambda: _one_factor(parser)
                )
            is_custom = parser.parse_optional_punctuation(",") is not None
            if is_custom:
                parser.parse_keyword("custom")
        return cls(
            _numbers(sizes or ()),
            operands,
            results,
            ArrayAttr(_numbers(groups.get(name, ())) for name in FACTOR_GROUPS),
            BoolAttr.from_bool(is_custom),
        )

    def text(self) -> str:
        text = (
            f"({_mappings_text(self.operand_mappings)})->({_mappings_text(self.result_mappings)})"
        )
        sizes = [f"{_factor_name(i)}={size.data}" for i, size in enumerate(self.factor_sizes)]
        if sizes:
            text += f" {{{', '.join(sizes)}}}"
        for name, factors in zip(FACTOR_GROUPS, self.factor_groups, strict=True):
            if factors:
                text += f" {name}={{{', '.join(_factor_name(f.data) for f in factors)}}}"
        return f"<{text}{', custom' if self.is_custom_rule.value.data else ''}>"


def batch_rule(
    batch: int, operands: Sequence[TensorType], results: Sequence[TensorType]
) -> OpShardingRuleAttr:
    """The rule of an op that does the same to each element of a batch, which may be split.

    Args:
        batch: how many dimensions of each operand and result are the batch's; they come first.
        operands: the types of the operands.
        results: the types of the results.
    """
    sizes = list(operands[0].get_shape()[:batch])

    def mapping(tensor: TensorType) -> ArrayAttr[ArrayAttr[IntAttr]]:
        own = tensor.get_shape()[batch:]
        factors = (*range(batch), *range(len(sizes), len(sizes) + len(own)))
        sizes.extend(own)
        return ArrayAttr(_numbers([factor]) for factor in factors)

    takes, gives = (ArrayAttr(map(mapping, types)) for types in (operands, results))
    none = ArrayAttr(_numbers(()) for _ in FACTOR_GROUPS)
    return OpShardingRuleAttr(_numbers(sizes), takes, gives, none, BoolAttr.from_bool(True))


def _numbers(values: Iterable[int]) -> ArrayAttr[IntAttr]:
    return ArrayAttr(map(IntAttr, values))


def _read_mappings(parser: AttrParser) -> ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]:
    """Parse `([i, jk], [])`: the factors of each dimension of each tensor."""

    def dimension() -> ArrayAttr[IntAttr]:
        return _numbers(_factors(parser))

    return ArrayAttr(
        parser.parse_comma_separated_list(
            parser.Delimiter.PAREN,
            lambda: ArrayAttr(
                parser.parse_comma_separated_list(parser.Delimiter.SQUARE, dimension)
            ),
        )
    )


def _mappings_text(mappings: ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]) -> str:
    tensors = [
        ", ".join("".join(_factor_name(f.data) for f in dimension) for dimension in tensor)
        for tensor in mappings
    ]
    return ", ".join(f"[{tensor}]" for tensor in tensors)


def _read_factor_size(parser: AttrParser) -> int:
    """Parse `i=8`; factors are listed in order."""
    _one_factor(parser)
    parser.parse_punctuation("=")
    return parser.parse_integer()


@irdl_attr_definition
class AllToAllParamAttr(SdyAttr, OpaqueSyntaxAttribute):
    """Axes that move from one dimension to another: `{"x"}: 0->1`."""

    name = "sdy.all_to_all_param"

    axes: ArrayAttr[AxisRefAttr]
    src_dim: IntAttr
    tgt_dim: IntAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        axes = _read_list(parser, parser.Delimiter.BRACES, AxisRefAttr)
        parser.parse_punctuation(":")
        source = parser.parse_integer()
        parser.parse_punctuation("->")
        return cls(axes, IntAttr(source), IntAttr(parser.parse_integer()))

    def text(self) -> str:
        return f"{{{_texts(self.axes)}}}: {self.src_dim.data}->{self.tgt_dim.data}"


@irdl_attr_definition
class AllToAllParamListAttr(SdyAttr, OpaqueSyntaxAttribute):
    """The moves of `sdy.all_to_all`: `[{"x"}: 0->1]`."""

    name = "sdy.all_to_all_param_list"

    params: ArrayAttr[AllToAllParamAttr]

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        return cls(_read_list(parser, parser.Delimiter.SQUARE, AllToAllParamAttr))

    def text(self) -> str:
        return f"[{_texts(self.params)}]"


class PropagationDirection(StrEnum):
    """Which way shardings may pass."""

    NONE = "NONE"
    FORWARD = "FORWARD"
    BACKWARD = "BACKWARD"
    BOTH = "BOTH"


def _number(members: type[StrEnum], member: StrEnum) -> IntegerAttr:
    """A member as ops hold it: its place among the others, `1 : i32`."""
    return IntegerAttr(list(members).index(member), i32)


def _member(members: type[StrEnum], number: Attribute | None) -> StrEnum:
    """The member that a number stands for."""
    place = number.value.data if isinstance(number, IntegerAttr) else 0
    return list(members)[place]


ENUM = IntegerAttr.constr(type=EqAttrConstraint(i32))


@irdl_op_definition
class MeshOp(IRDLOperation):
    """A mesh of devices, which shardings name."""

    name = "sdy.mesh"
    sym_name = prop_def(SymbolNameConstraint())
    mesh = prop_def(MeshAttr)

    traits = traits_def(SymbolOpInterface())

    @classmethod
    def parse(cls, parser: Parser) -> "MeshOp":
        name = parser.parse_symbol_name()
        parser.parse_punctuation("=")
        properties = {"sym_name": name, "mesh": MeshAttr.read(parser)}
        return cls.create(properties=properties, attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string(f" = {self.mesh.text()}")
        printer.print_op_attributes(self.attributes)


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """Ends a region of Shardy's with the region's results."""

    name = "sdy.return"
    values = var_operand_def(AnyAttr())

    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "attr-dict ($values^ `:` type($values))?"


def _read_axes(parser: AttrParser) -> SdyAttr:
    """Parse axes, or a list of axes for each dimension."""
    lists = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, lambda: AxisRefListAttr.read(parser)
    )
    return (
        AxisRefListAttr.read(parser) if lists is None else ListOfAxisRefListsAttr(ArrayAttr(lists))
    )


READERS: dict[str, Callable[[AttrParser], Attribute]] = {
    "axes": _read_axes,
    "gathering_axes": _read_axes,
    "mesh": MeshAttr.read,
    "out_sharding": TensorShardingAttr.read,
    "params": AllToAllParamListAttr.read,
    "reduce_scatter_axes": _read_axes,
    "reduction_axes": _read_axes,
    "sharding": TensorShardingAttr.read,
    "slicing_axes": _read_axes,
}
"""How the properties of ops are read where their names are left out."""


@irdl_custom_directive
class Bare(CustomDirective):
    """An attribute without its name."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        self.value.set(state, READERS[self.value.name](parser))

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
            self.value.set(state, TensorShardingAttr.read(parser))

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
            self.value.set(state, _number(ReductionKind, kind))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        kind = _member(ReductionKind, self.value.get(op))
        if kind is not ReductionKind.SUM:
            state.print_whitespace(printer)
            printer.print_string(kind.value)


@irdl_custom_directive
class Direction(CustomDirective):
    """`FORWARD`, `BACKWARD`, `BOTH` or `NONE`."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        direction = parser.parse_str_enum(PropagationDirection)
        self.value.set(state, _number(PropagationDirection, direction))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_string(_member(PropagationDirection, self.value.get(op)).value)


class OneTensorOp(IRDLOperation, ABC):
    """A tensor, or another value, that may be laid out differently after the op than before it."""

    T: ClassVar = VarConstraint("T", AnyAttr())

    custom_directives = (Bare, Direction, OptionalSharding, Reduction)

    tensor = operand_def(T)
    result = result_def(T)


@irdl_op_definition
class ShardingConstraintOp(OneTensorOp):
    """The tensor, which is to be laid out like this here."""

    name = "sdy.sharding_constraint"
    sharding = prop_def(TensorShardingAttr)

    assembly_format = "$tensor custom<Bare>($sharding) attr-dict `:` type($result)"


@irdl_op_definition
class ReshardOp(OneTensorOp):
    """The tensor laid out anew."""

    name = "sdy.reshard"
    sharding = prop_def(TensorShardingAttr)

    traits = traits_def(Pure())
    assembly_format = "$tensor custom<Bare>($sharding) attr-dict `:` type($result)"


@irdl_op_definition
class ShardingGroupOp(IRDLOperation):
    """Puts a tensor into a group of tensors that are all laid out alike."""

    name = "sdy.sharding_group"
    tensor = operand_def(TensorType)
    group_id = prop_def(IntegerAttr.constr(type=EqAttrConstraint(i64)))

    assembly_format = "$tensor `group_id` `` `=` `` $group_id attr-dict `:` type($tensor)"


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A tensor known to the compiler, which is laid out separately for each use."""

    name = "sdy.constant"
    value = prop_def(DenseIntOrFPElementsAttr)
    output = result_def(TensorType)

    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "ConstantOp":
        attributes = parser.parse_optional_attr_dict()
        value = parse_dense(parser)
        return cls.create(
            properties={"value": value}, attributes=attributes, result_types=[value.get_type()]
        )

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, self.value)


@irdl_op_definition
class DataFlowEdgeOp(OneTensorOp):
    """A value that passes between an op and its region, and how it is laid out on the way."""

    name = "sdy.data_flow_edge"
    sharding = opt_prop_def(TensorShardingAttr)

    assembly_format = "$tensor custom<OptionalSharding>($sharding) attr-dict `:` type($result)"


@irdl_op_definition
class FuncDataFlowEdgeOp(OneTensorOp):
    """A value that passes between a function and its callers."""

    name = "sdy.func_data_flow_edge"
    assembly_format = "$tensor attr-dict `:` type($result)"


@irdl_op_definition
class PropagationBarrierOp(OneTensorOp):
    """The tensor, past which shardings are propagated in some directions only."""

    name = "sdy.propagation_barrier"
    allowed_direction = prop_def(ENUM)

    traits = traits_def(Pure())
    assembly_format = (
        "$tensor `allowed_direction` `` `=` `` custom<Direction>($allowed_direction) attr-dict "
        "`:` type($result)"
    )


class CollectiveOp(OneTensorOp, ABC):
    """Communication that makes a layout out of another."""

    out_sharding = prop_def(TensorShardingAttr)


@irdl_op_definition
class AllGatherOp(CollectiveOp):
    """Gathers the parts along axes, so that dimensions are split along fewer of them."""

    name = "sdy.all_gather"
    gathering_axes = prop_def(ListOfAxisRefListsAttr)

    assembly_format = (
        "custom<Bare>($gathering_axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class AllSliceOp(CollectiveOp):
    """Keeps one part along axes, so that dimensions are split along more of them."""

    name = "sdy.all_slice"
    slicing_axes = prop_def(ListOfAxisRefListsAttr)

    assembly_format = (
        "custom<Bare>($slicing_axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class AllToAllOp(CollectiveOp):
    """Moves axes from one dimension to another."""

    name = "sdy.all_to_all"
    params = prop_def(AllToAllParamListAttr)

    assembly_format = (
        "custom<Bare>($params) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class CollectivePermuteOp(CollectiveOp):
    """Replaces axes by others of the same size."""

    name = "sdy.collective_permute"

    assembly_format = (
        "$tensor `out_sharding` `` `=` `` custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class AllReduceOp(CollectiveOp):
    """Combines the parts along axes."""

    name = "sdy.all_reduce"
    reduction_axes = prop_def(AxisRefListAttr)
    reduction_op = opt_prop_def(ENUM, default_value=IntegerAttr(0, i32))

    assembly_format = (
        "custom<Reduction>($reduction_op) custom<Bare>($reduction_axes) $tensor "
        "`out_sharding` `` `=` `` custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class ReduceScatterOp(CollectiveOp):
    """Combines the parts along axes, and keeps one part of the result along them."""

    name = "sdy.reduce_scatter"
    reduce_scatter_axes = prop_def(ListOfAxisRefListsAttr)
    reduction_op = opt_prop_def(ENUM, default_value=IntegerAttr(0, i32))

    assembly_format = (
        "custom<Reduction>($reduction_op) custom<Bare>($reduce_scatter_axes) $tensor "
        "`out_sharding` `` `=` `` custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class ShardedToUnreducedOp(CollectiveOp):
    """Takes the axes of split dimensions for axes whose parts are still to be combined."""

    name = "sdy.sharded_to_unreduced"
    axes = prop_def(ListOfAxisRefListsAttr)

    assembly_format = (
        "custom<Bare>($axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


@irdl_op_definition
class ReplicatedToUnreducedOp(CollectiveOp):
    """Takes the axes of copies for axes whose parts are still to be combined."""

    name = "sdy.replicated_to_unreduced"
    axes = prop_def(AxisRefListAttr)

    assembly_format = (
        "custom<Bare>($axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )


def _parse_body(parser: Parser) -> Region:
    """Parse `(%x: type) { ... }`."""
    arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
    return parser.parse_region(arguments)


def _print_body(printer: Printer, body: Region) -> None:
    printer.print_string(" ")
    with printer.in_parens():
        printer.print_list(body.block.args, printer.print_block_argument)
    printer.print_string(" ")
    printer.print_region(body, print_entry_block_args=False)


def _parse_shardings(parser: Parser, keyword: str) -> TensorShardingPerValueAttr:
    """Parse `in_shardings=[...]` after its keyword."""
    parser.parse_punctuation("=", f" after {keyword}")
    return TensorShardingPerValueAttr.read_list(parser)


@irdl_op_definition
class ManualComputationOp(IRDLOperation):
    """Runs the body on each device's part of the operands; it communicates by itself along axes."""

    name = "sdy.manual_computation"
    tensors = var_operand_def(AnyAttr())
    in_shardings = prop_def(TensorShardingPerValueAttr)
    out_shardings = prop_def(TensorShardingPerValueAttr)
    manual_axes = prop_def(ManualAxesAttr)
    body = region_def("single_block")
    results_ = var_result_def(AnyAttr())

    traits = traits_def(IsolatedFromAbove(), RecursiveMemoryEffect())

    def verify_(self) -> None:
        for what, shardings, values in (
            ("operands", self.in_shardings, self.tensors),
            ("results", self.out_shardings, self.results_),
        ):
            if len(shardings.shardings) != len(values):
                raise VerifyException(f"there are {len(values)} {what}, with other shardings")
        if len(self.body.block.args) != len(self.tensors):
            raise VerifyException("the body needs an argument for each operand")
        end = self.body.block.last_op
        if not isinstance(end, ReturnOp) or len(end.values) != len(self.results_):
            raise VerifyException("the body must return a value for each result")

    @classmethod
    def parse(cls, parser: Parser) -> "ManualComputationOp":
        operands = parser.parse_op_args_list()
        properties: dict[str, Attribute] = {}
        for keyword in ("in_shardings", "out_shardings"):
            parser.parse_keyword(keyword)
            properties[keyword] = _parse_shardings(parser, keyword)
        parser.parse_keyword("manual_axes")
        parser.parse_punctuation("=")
        properties["manual_axes"] = ManualAxesAttr.read(parser)
        body = _parse_body(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        type = parser.parse_function_type()
        return cls.create(
            operands=parser.resolve_operands(operands, type.inputs.data, position),
            result_types=type.outputs.data,
            properties=properties,
            attributes=attributes,
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        printer.print_operands(self.operands)
        printer.print_string(f" in_shardings={self.in_shardings.list_text()}")
        printer.print_string(f" out_shardings={self.out_shardings.list_text()}")
        printer.print_string(f" manual_axes={self.manual_axes.text()}")
        _print_body(printer, self.body)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_operation_type(self)


@irdl_op_definition
class NamedComputationOp(IRDLOperation):
    """A part of a program that has a name, and layouts of its own."""

    name = "sdy.named_computation"
    computation_name = prop_def(StringAttr, prop_name="name")
    operands_ = var_operand_def(AnyAttr())
    in_shardings = opt_prop_def(TensorShardingPerValueAttr)
    out_shardings = opt_prop_def(TensorShardingPerValueAttr)
    body = region_def("single_block")
    results_ = var_result_def(AnyAttr())

    traits = traits_def(IsolatedFromAbove(), RecursiveMemoryEffect())

    def verify_(self) -> None:
        if tuple(self.body.block.arg_types) != tuple(self.operand_types):
            raise VerifyException("the body's arguments differ in type from the operands")
        end = self.body.block.last_op
        if not isinstance(end, ReturnOp) or tuple(end.operand_types) != tuple(self.result_types):
            raise VerifyException("the body does not return the types of the results")

    @classmethod
    def parse(cls, parser: Parser) -> "NamedComputationOp":
        with parser.in_angle_brackets():
            properties: dict[str, Attribute] = {"name": StringAttr(parser.parse_str_literal())}
        operands = parser.parse_op_args_list()
        for keyword in ("in_shardings", "out_shardings"):
            if parser.parse_optional_keyword(keyword) is not None:
                properties[keyword] = _parse_shardings(parser, keyword)
        body = _parse_body(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        type = parser.parse_function_type()
        return cls.create(
            operands=parser.resolve_operands(operands, type.inputs.data, position),
            result_types=type.outputs.data,
            properties=properties,
            attributes=attributes,
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_attribute(self.computation_name)
        printer.print_operands(self.operands)
        for keyword in ("in_shardings", "out_shardings"):
            shardings = self.properties.get(keyword)
            if isinstance(shardings, TensorShardingPerValueAttr):
                printer.print_string(f" {keyword}={shardings.list_text()}")
        _print_body(printer, self.body)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_operation_type(self)


Sdy = Dialect(
    "sdy",
    [
        AllGatherOp,
        AllReduceOp,
        AllSliceOp,
        AllToAllOp,
        CollectivePermuteOp,
        ConstantOp,
        DataFlowEdgeOp,
        FuncDataFlowEdgeOp,
        ManualComputationOp,
        MeshOp,
        NamedComputationOp,
        PropagationBarrierOp,
        ReduceScatterOp,
        ReplicatedToUnreducedOp,
        ReshardOp,
        ReturnOp,
        ShardedToUnreducedOp,
        ShardingConstraintOp,
        ShardingGroupOp,
    ],
    [
        AllToAllParamAttr,
        AllToAllParamListAttr,
        AxisRefAttr,
        AxisRefListAttr,
        DimensionShardingAttr,
        ListOfAxisRefListsAttr,
        ManualAxesAttr,
        MeshAttr,
        MeshAxisAttr,
        OpShardingRuleAttr,
        TensorShardingAttr,
        TensorShardingPerValueAttr,
    ],
)
