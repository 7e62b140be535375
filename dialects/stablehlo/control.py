"""Ops that decide what runs: branches, loops, barriers."""

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType, i1, i32
from xdsl.ir import BlockArgument, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    region_def,
    traits_def,
    var_operand_def,
    var_region_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, Pure, RecursiveMemoryEffect

from xcs.dialects.tensor_types import parse_type

from .base import TENSOR, TOKEN, VALUE, check, check_types
from .forms import hlo_op


@hlo_op
class ReturnOp(IRDLOperation):
    """Ends a region of a StableHLO op with the region's results."""

    name = "stablehlo.return"
    values = var_operand_def(VALUE)

    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "$values attr-dict (`:` type($values)^)?"


@irdl_op_definition
class CaseOp(IRDLOperation):
    """Runs the branch of this index, or the last one if there is none."""

    name = "stablehlo.case"
    index = operand_def(TensorType(i32, ()))
    branches = var_region_def("single_block")
    results_ = var_result_def(VALUE)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        check(len(self.branches) > 0, "a case needs at least one branch")
        for i, branch in enumerate(self.branches):
            _check_branch(f"branch {i}", branch, self)


@irdl_op_definition
class IfOp(IRDLOperation):
    """Runs one of two branches."""

    name = "stablehlo.if"
    pred = operand_def(TensorType(i1, ()))
    true_branch = region_def("single_block")
    false_branch = region_def("single_block")
    results_ = var_result_def(VALUE)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        _check_branch("true_branch", self.true_branch, self)
        _check_branch("false_branch", self.false_branch, self)


def _check_branch(what: str, branch: Region, op: IRDLOperation) -> None:
    check(not branch.block.args, f"{what} takes no arguments")
    _check_returns(what, branch, op)


def _check_returns(what: str, region: Region, op: IRDLOperation) -> None:
    check_types(f"the values that {what} returns", returned(what, region), op.result_types)


def returned(what: str, region: Region) -> Sequence[SSAValue]:
    """The values that a region gives, which has to end in `stablehlo.return`."""
    end = region.block.last_op
    check(isinstance(end, ReturnOp), f"{what} must end in stablehlo.return")
    assert end is not None
    return end.operands


@irdl_op_definition
class WhileOp(IRDLOperation):
    """Runs the body on the carried values as long as the condition holds for them."""

    name = "stablehlo.while"
    operand = var_operand_def(VALUE)
    cond = region_def("single_block")
    body = region_def("single_block")
    results_ = var_result_def(VALUE)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        carried = self.operand_types
        check_types("results", self.results_, carried)
        for what, region in (("cond", self.cond), ("body", self.body)):
            check_types(f"the arguments of {what}", region.block.args, carried)
        check_types("the values that body returns", returned("body", self.body), carried)
        check(
            [value.type for value in returned("cond", self.cond)] == [TensorType(i1, ())],
            "cond must return one boolean",
        )

    @classmethod
    def parse(cls, parser: Parser) -> "WhileOp":
        with parser.in_parens():
            pairs = []
            while (name := parser.parse_optional_argument(expect_type=False)) is not None:
                parser.parse_punctuation("=")
                pairs.append((name, parser.parse_unresolved_operand()))
                if parser.parse_optional_punctuation(",") is None:
                    break
        position = parser.pos
        types = []
        if pairs:
            parser.parse_punctuation(":")
            types = parser.parse_comma_separated_list(
                parser.Delimiter.NONE, lambda: parse_type(parser)
            )
        operands = parser.resolve_operands([operand for _, operand in pairs], types, position)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        arguments = [name.resolve(type) for (name, _), type in zip(pairs, types, strict=True)]
        parser.parse_keyword("cond")
        cond = parser.parse_region(arguments)
        parser.parse_keyword("do")
        body = parser.parse_region(arguments)
        return cls.create(
            operands=operands,
            result_types=types,
            attributes=attributes.data if attributes is not None else {},
            regions=[cond, body],
        )

    def print(self, printer: Printer) -> None:
        with printer.in_parens():
            printer.print_list(
                zip(self.cond.block.args, self.operand, strict=True),
                lambda pair: _print_carried(printer, *pair),
            )
        if self.operand:
            printer.print_string(" : ")
            printer.print_list(self.operand_types, printer.print_attribute)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string("\n")
        printer.print_string("cond ")
        printer.print_region(self.cond, print_entry_block_args=False)
        printer.print_string(" do ")
        # The text names the carried values once, for both regions.
        names = printer._ssa_values
        for cond_arg, body_arg in zip(self.cond.block.args, self.body.block.args, strict=True):
            names[body_arg] = names[cond_arg]
        printer.print_region(self.body, print_entry_block_args=False)


def _print_carried(printer: Printer, arg: BlockArgument, operand: SSAValue) -> None:
    printer.print_ssa_value(arg)
    printer.print_string(" = ")
    printer.print_ssa_value(operand)


@irdl_op_definition
class OptimizationBarrierOp(IRDLOperation):
    """Gives its operands on, all of them computed before any use of a result."""

    name = "stablehlo.optimization_barrier"
    operand = var_operand_def(TENSOR | TOKEN)
    results_ = var_result_def(TENSOR | TOKEN)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        check(
            tuple(self.operand_types) == tuple(self.result_types),
            "results differ in type from the operands",
        )

    @classmethod
    def parse(cls, parser: Parser) -> "OptimizationBarrierOp":
        attributes = parser.parse_optional_attr_dict()
        if parser.parse_optional_punctuation("(") is not None:
            parser.parse_punctuation(")")
            return cls.create(attributes=attributes)
        position = parser.pos
        names = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, lambda: parse_type(parser))
        operands = parser.resolve_operands(names, types, position)
        return cls.create(operands=operands, result_types=types, attributes=attributes)

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        if not self.operand:
            printer.print_string("()")
            return
        printer.print_string(" ")
        printer.print_list(self.operand, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)


OPS: list[type[IRDLOperation]] = [CaseOp, IfOp, OptimizationBarrierOp, ReturnOp, WhileOp]
