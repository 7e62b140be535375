"""Control ops: they constrain or direct the evaluation of other ops.

The regions of loops and branches may use values from around the op.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    IntegerAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_region_def,
    var_result_def,
)
from xdsl.irdl.declarative_assembly_format import (
    CustomDirective,
    ParsingState,
    PrintingState,
    RegionVariable,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import (
    INT,
    TENSOR,
    Bindings,
    CompositeOp,
    Control,
    LaxOp,
    as_int,
    check_region,
    check_result_types,
    print_bindings,
    tensor_type,
    type_of,
    yielded_types,
)


class OptimizationBarrierOp(LaxOp, lax="optimization_barrier"):
    """Returns its operands, all at once: no computation is moved or merged across it."""

    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Control())

    assembly_format = "$inputs attr-dict `:` functional-type(operands, results)"

    def __init__(self, *inputs: SSAValue | Operation) -> None:
        super().__init__(operands=[inputs], result_types=[[type_of(value) for value in inputs]])

    def verify_(self) -> None:
        check_result_types(self.outputs, [type_of(value) for value in self.inputs])


@irdl_custom_directive
class Loop(CustomDirective):
    """`(%a = %x : type, ...) while { ... } do { ... }`: both regions take the same arguments."""

    operands: VariadicOperandVariable
    operand_types: TypeDirective
    result_types: TypeDirective
    condition: RegionVariable
    body: RegionVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        carried = Bindings.parse(parser)
        self.operands.set(state, carried.operands)
        self.operand_types.set(state, carried.types)
        self.result_types.set(state, carried.types)
        for keyword, region in (("while", self.condition), ("do", self.body)):
            parser.parse_keyword(keyword)
            region.set(state, parser.parse_region(carried.resolve()))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        condition, body = self.condition.get(op), self.body.get(op)
        print_bindings(printer, condition.block.args, self.operands.get(op))
        printer.print_string(" while ")
        printer.print_region(condition, print_entry_block_args=False)
        printer.print_string(" do ")
        # The text names the carried values once, for both regions.
        names = printer._ssa_values  # pyright: ignore[reportPrivateUsage]
        for first, second in zip(condition.block.args, body.block.args, strict=True):
            names[second] = names[first]
        printer.print_region(body, print_entry_block_args=False)


class WhileOp(LaxOp, lax="while"):
    """Runs the body on the carried values as long as the condition holds for them."""

    inits = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)
    condition = region_def("single_block")
    body = region_def("single_block")

    traits = traits_def(Pure(), Control())
    custom_directives = (Loop,)
    assembly_format = (
        "attr-dict-with-keyword "
        "custom<Loop>($inits, type($inits), type($outputs), $condition, $body)"
    )

    def __init__(
        self, inits: Sequence[SSAValue | Operation], condition: Region, body: Region
    ) -> None:
        types = [type_of(value) for value in inits]
        super().__init__(operands=[inits], result_types=[types], regions=[condition, body])

    def verify_(self) -> None:
        carried = [type_of(value) for value in self.inits]
        check_result_types(self.outputs, carried)
        check_region("the condition", self.condition, carried, [tensor_type((), i1)])
        check_region("the body", self.body, carried, carried)


class CondOp(LaxOp, lax="cond"):
    """Runs the branch of this index; the last one if there is none."""

    INDEX: ClassVar = TensorType(i32, ())

    index = operand_def(INDEX)
    outputs = var_result_def(TENSOR)
    branches = var_region_def("single_block")

    traits = traits_def(Pure(), Control())
    assembly_format = "$index attr-dict-with-keyword (`->` type($outputs)^)? $branches"

    def __init__(
        self,
        index: SSAValue | Operation,
        branches: Sequence[Region],
        outputs: Sequence[TensorType],
    ) -> None:
        super().__init__(operands=[index], result_types=[outputs], regions=[branches])

    def verify_(self) -> None:
        if not self.branches:
            raise VerifyException("expected at least one branch")
        for place, branch in enumerate(self.branches):
            check_region(f"branch {place}", branch, (), self.result_types)


@irdl_custom_directive
class Scanned(CustomDirective):
    """`carry (%a = %x : type, ...) over (%b = %y : type, ...) -> types { ... }`.

    An argument that stands for one element of the scanned dimension is of the type without it.
    Each of the three parts is left out where it is empty.
    """

    inits: VariadicOperandVariable
    init_types: TypeDirective
    scanned: VariadicOperandVariable
    scanned_types: TypeDirective
    result_types: TypeDirective
    body: RegionVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        carried, scanned = Bindings(), Bindings()
        if parser.parse_optional_keyword("carry") is not None:
            carried = Bindings.parse(parser)
        position = parser.pos
        if parser.parse_optional_keyword("over") is not None:
            scanned = Bindings.parse(parser)
        try:
            elements = [element_type(type) for type in scanned.types]
        except VerifyException as error:
            parser.raise_error(str(error), position, parser.pos)
        self.inits.set(state, carried.operands)
        self.init_types.set(state, carried.types)
        self.scanned.set(state, scanned.operands)
        self.scanned_types.set(state, scanned.types)
        if parser.parse_optional_punctuation("->") is None:
            self.result_types.set(state, ())
        else:
            self.result_types.parse(parser, state)
        arguments = [*carried.resolve(), *scanned.resolve(elements)]
        self.body.set(state, parser.parse_region(arguments))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        inits, scanned, body = self.inits.get(op), self.scanned.get(op), self.body.get(op)
        if inits:
            printer.print_string(" carry ")
            print_bindings(printer, body.block.args[: len(inits)], inits)
        if scanned:
            printer.print_string(" over ")
            print_bindings(printer, body.block.args[len(inits) :], scanned)
        if types := self.result_types.get(op):
            printer.print_string(" -> ")
            printer.print_list(types, printer.print_attribute)
        printer.print_string(" ")
        printer.print_region(body, print_entry_block_args=False)


def element_type(scanned: Attribute) -> TensorType:
    """Return the type of one element along the first dimension."""
    if not isinstance(scanned, TensorType) or not scanned.get_shape():
        raise VerifyException(f"expected a tensor with a dimension to scan over, got {scanned}")
    return tensor_type(scanned.get_shape()[1:], scanned.element_type)


def stacked_type(element: Attribute, length: int) -> TensorType:
    """Return the type of `length` tensors, stacked along a new first dimension."""
    assert isinstance(element, TensorType)
    return tensor_type((length, *element.get_shape()), element.element_type)


class ScanOp(LaxOp, lax="scan"):
    """Runs the body for each element along the first dimension of the scanned tensors.

    The body takes the carried values, then one element of each scanned tensor. It yields the next
    carried values, then an element of each stacked result. The results are the last carried values,
    then the stacked ones. ``reverse`` goes from the last element to the first. ``unroll`` is how
    many elements one iteration of the loop deals with.
    """

    inits = var_operand_def(TENSOR)
    scanned = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)
    length = prop_def(INT)
    reverse = opt_prop_def(UnitAttr)
    unroll = prop_def(INT, default_value=IntegerAttr(1, i64))
    body = region_def("single_block")

    traits = traits_def(Pure(), Control())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    custom_directives = (Scanned,)
    assembly_format = (
        "`length` `=` $length (`reverse` $reverse^)? (`unroll` `=` $unroll^)? "
        "attr-dict-with-keyword custom<Scanned>($inits, type($inits), $scanned, type($scanned), "
        "type($outputs), $body)"
    )

    def __init__(
        self,
        inits: Sequence[SSAValue | Operation],
        scanned: Sequence[SSAValue | Operation],
        body: Region,
        length: int,
        *,
        reverse: bool = False,
        unroll: int = 1,
    ) -> None:
        elements = yielded_types("the body", body)[len(inits) :]
        super().__init__(
            operands=[inits, scanned],
            result_types=[
                [
                    *(type_of(value) for value in inits),
                    *(stacked_type(element, length) for element in elements),
                ]
            ],
            regions=[body],
            properties={
                "length": as_int(length),
                "reverse": UnitAttr() if reverse else None,
                "unroll": as_int(unroll),
            },
        )

    def verify_(self) -> None:
        length = self.length.value.data
        if length < 0 or self.unroll.value.data < 0:
            raise VerifyException("'length' and 'unroll' must not be negative")
        carried = [type_of(value) for value in self.inits]
        elements = [element_type(value.type) for value in self.scanned]
        for value in self.scanned:
            if type_of(value).get_shape()[0] != length:
                raise VerifyException(f"expected {length} elements to scan over, got {value.type}")
        stacked = yielded_types("the body", self.body)[len(carried) :]
        check_region("the body", self.body, [*carried, *elements], [*carried, *stacked])
        expected = [*carried, *(stacked_type(element, length) for element in stacked)]
        check_result_types(self.outputs, expected)


class NamedCompositeOp(CompositeOp, lax="composite", op_class=Control):
    """A computation under a name, by which a compiler may know a better way to do it."""

    composite_name = prop_def(StringAttr, prop_name="name")
