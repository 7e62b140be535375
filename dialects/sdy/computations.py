"""Ops with a body: what each device runs by itself, and parts of a program that have a name."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    StringAttr,
    TensorType,
)
from xdsl.ir import Attribute, Region
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    RecursiveMemoryEffect,
)
from xdsl.utils.exceptions import VerifyException

from .attributes import ManualAxesAttr, TensorShardingAttr, TensorShardingPerValueAttr
from .axes import Axes, total
from .ops import ReturnOp
from .verification import check_shardings, common_mesh, manual_axes_around, mesh_of


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
        manual = {axis.data for axis in self.manual_axes.axes}
        if twice := manual & manual_axes_around(self):
            raise VerifyException(f'axis "{min(twice)}" is manual around the op already')
        end = self.body.block.last_op
        if not isinstance(end, ReturnOp):
            raise VerifyException("the body ends in sdy.return")
        self._check_values(
            "operand", self.in_shardings, self.operand_types, self.body.block.arg_types
        )
        self._check_values("result", self.out_shardings, self.result_types, end.operand_types)
        shardings = (*self.in_shardings.shardings, *self.out_shardings.shardings)
        meshes = [mesh for s in shardings if (mesh := mesh_of(s, self)) is not None]
        if not meshes or not manual:
            return
        mesh = common_mesh(meshes)
        if mesh is None:
            raise VerifyException("the shardings are over different meshes")
        if unknown := [name for name in sorted(manual) if not Axes(mesh).names(name)]:
            raise VerifyException(f'the mesh has no axis "{unknown[0]}"')

    def _check_values(
        self,
        what: str,
        shardings: TensorShardingPerValueAttr,
        whole: Sequence[Attribute],
        local: Sequence[Attribute],
    ) -> None:
        """The body has the part of each value that one device has along the manual axes."""
        if not whole and not local and not shardings.shardings:
            return
        check_shardings(what, shardings, whole, self)
        if len(whole) != len(local):
            raise VerifyException(f"there are {len(whole)} {what}s, and {len(local)} in the body")
        for sharding, type, part in zip(shardings.shardings, whole, local, strict=False):
            expected = self._local_type(sharding, type)
            if expected not in (None, part):
                raise VerifyException(f"the body has a {part} of a {what} {type}, not {expected}")

    def _local_type(self, sharding: TensorShardingAttr, type: Attribute) -> Attribute | None:
        """What a device has of a tensor; None for what is no tensor, or without a mesh."""
        mesh = mesh_of(sharding, self)
        if mesh is None or not isinstance(type, TensorType):
            return None
        manual = {axis.data for axis in self.manual_axes.axes}
        axes, sizes = Axes(mesh), list(type.get_shape())
        for place, dim in enumerate(sharding.dim_shardings):
            is_manual = [axis.axis_name.data in manual for axis in dim.axes]
            if is_manual != sorted(is_manual, reverse=True):
                raise VerifyException(f"dimension {place} has a manual axis after another")
            parts = axes.parts(axis for axis in dim.axes if axis.axis_name.data in manual)
            if sizes[place] == DYNAMIC_INDEX:
                continue
            if sizes[place] % total(parts):
                raise VerifyException(f"a size of {type} cannot be split in {total(parts)} parts")
            sizes[place] //= total(parts)
        return TensorType(type.element_type, sizes)

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
        for what, shardings, types in (
            ("operand", self.in_shardings, self.operand_types),
            ("result", self.out_shardings, self.result_types),
        ):
            if shardings is not None:
                check_shardings(what, shardings, types, self)

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


OPS = [ManualComputationOp, NamedComputationOp]
