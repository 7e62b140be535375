"""Ops that order effects, and that talk to the host or to other devices."""

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    IntegerAttr,
    StringAttr,
    TensorType,
)
from xdsl.ir import SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    ParsePropInAttrDict,
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
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    MemoryReadEffect,
    MemoryWriteEffect,
    Pure,
    RecursiveMemoryEffect,
)

from .attributes import (
    DEVICE_TO_DEVICE,
    DEVICE_TO_HOST,
    HOST_TO_DEVICE,
    ChannelHandleAttr,
    FutureType,
    TokenType,
)
from .base import INTEGERS, QUANTIZABLE_TENSOR, STATIC_TENSOR, TENSOR, TOKEN, check, check_type
from .collectives import (
    AllGatherOp,
    AllReduceOp,
    AllToAllOp,
    CollectiveBroadcastOp,
    CollectivePermuteOp,
    CollectiveReduceOp,
    ReduceScatterOp,
)
from .control import returned
from .forms import hlo_op
from .gathering import FALSE
from .reindexing import DynamicSliceOp, DynamicUpdateSliceOp, SliceOp

EMPTY_TEXT = StringAttr("")


@irdl_op_definition
class AfterAllOp(IRDLOperation):
    """A token that is there once all the others are."""

    name = "stablehlo.after_all"
    inputs = var_operand_def(TOKEN)
    result = result_def(TOKEN)

    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "AfterAllOp":
        inputs = []
        while (operand := parser.parse_optional_unresolved_operand()) is not None:
            inputs.append(operand)
            if parser.parse_optional_punctuation(",") is None:
                break
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        operands = [parser.resolve_operand(operand, type) for operand in inputs]
        return cls.create(operands=operands, result_types=[type], attributes=attributes)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.inputs, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)


@hlo_op
class CreateTokenOp(IRDLOperation):
    """A token that is there at once; `after_all` of no tokens has taken its place."""

    name = "stablehlo.create_token"
    output = result_def(TOKEN)

    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($output)"


@irdl_op_definition
class InfeedOp(IRDLOperation):
    """What the host has put into the infeed, and a token for having taken it."""

    name = "stablehlo.infeed"
    token = operand_def(TOKEN)
    infeed_config = prop_def(StringAttr, default_value=EMPTY_TEXT)
    layout = opt_prop_def(ArrayAttr)
    results_ = var_result_def(STATIC_TENSOR | TOKEN)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    irdl_options = (ParsePropInAttrDict(),)

    def verify_(self) -> None:
        _check_received(self.results_)
        if self.layout is None:
            return
        check(len(self.layout) == len(self.results_) - 1, "each tensor needs a layout")
        for layout in self.layout:
            check(
                isinstance(layout, ArrayAttr)
                and all(isinstance(number, IntegerAttr) for number in layout),
                "a layout is a list of integers",
            )


def _check_received(results: tuple[SSAValue, ...]) -> None:
    """Tensors and then a token."""
    types = [result.type for result in results]
    check(
        bool(types)
        and isinstance(types[-1], TokenType)
        and all(isinstance(type, TensorType) for type in types[:-1]),
        "results must be tensors, and then a token",
    )


@irdl_op_definition
class OutfeedOp(IRDLOperation):
    """Puts tensors where the host takes them, and gives a token for that."""

    name = "stablehlo.outfeed"
    inputs = var_operand_def(QUANTIZABLE_TENSOR)
    token = operand_def(TOKEN)
    outfeed_config = prop_def(StringAttr, default_value=EMPTY_TEXT)
    result = result_def(TOKEN)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())


@irdl_op_definition
class SendOp(IRDLOperation):
    """Sends tensors over a channel, and gives a token for that."""

    name = "stablehlo.send"
    inputs = var_operand_def(QUANTIZABLE_TENSOR)
    token = operand_def(TOKEN)
    channel_handle = prop_def(ChannelHandleAttr)
    is_host_transfer = opt_prop_def(BoolAttr, default_value=FALSE)
    source_target_pairs = opt_prop_def(INTEGERS)
    result = result_def(TOKEN)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def verify_(self) -> None:
        _check_channel_type(self, DEVICE_TO_HOST)


@irdl_op_definition
class RecvOp(IRDLOperation):
    """What was sent over a channel, and a token for having received it."""

    name = "stablehlo.recv"
    token = operand_def(TOKEN)
    channel_handle = prop_def(ChannelHandleAttr)
    is_host_transfer = opt_prop_def(BoolAttr, default_value=FALSE)
    source_target_pairs = opt_prop_def(INTEGERS)
    results_ = var_result_def(STATIC_TENSOR | TOKEN)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def verify_(self) -> None:
        _check_channel_type(self, HOST_TO_DEVICE)
        _check_received(self.results_)


def _check_channel_type(op: SendOp | RecvOp, host: int) -> None:
    is_host = op.is_host_transfer is not None and bool(op.is_host_transfer.value.data)
    expected = host if is_host else DEVICE_TO_DEVICE
    check(
        op.channel_handle.channel_type.data == expected,
        f"the type of the channel must be {expected}",
    )


STARTABLE = (
    AllGatherOp,
    AllReduceOp,
    AllToAllOp,
    CollectiveBroadcastOp,
    CollectivePermuteOp,
    CollectiveReduceOp,
    DynamicSliceOp,
    DynamicUpdateSliceOp,
    ReduceScatterOp,
    SliceOp,
)
"""The ops that can run while others do."""


@irdl_op_definition
class AsyncStartOp(IRDLOperation):
    """Starts an op, whose result `async_done` waits for."""

    name = "stablehlo.async_start"
    operands_ = var_operand_def(TENSOR)
    body = region_def("single_block")
    result = result_def(BaseAttr(FutureType))

    traits = traits_def(IsolatedFromAbove(), RecursiveMemoryEffect())

    def verify_(self) -> None:
        block = self.body.block
        check(
            len(block.ops) == 2 and isinstance(block.first_op, STARTABLE),
            "the body must be one op among replicas, or a slice, and a return",
        )
        check(
            tuple(block.arg_types) == tuple(self.operand_types),
            "the body's arguments differ in type from the operands",
        )
        values = returned("the body", self.body)
        check(len(values) == 1, "the body must return one value")
        assert isinstance(self.result.type, FutureType)
        check(
            list(self.result.type.types) == [values[0].type],
            f"the result must be a future of {values[0].type}",
        )


@irdl_op_definition
class AsyncDoneOp(IRDLOperation):
    """The result of the op that was started."""

    name = "stablehlo.async_done"
    operand = operand_def(BaseAttr(FutureType))
    result = result_def(TENSOR)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def verify_(self) -> None:
        assert isinstance(self.operand.type, FutureType)
        types = self.operand.type.types.data
        check(len(types) == 1, "the future must hold one tensor")
        check_type("result", self.result, types[0])


OPS: list[type[IRDLOperation]] = [
    AfterAllOp,
    AsyncDoneOp,
    AsyncStartOp,
    CreateTokenOp,
    InfeedOp,
    OutfeedOp,
    RecvOp,
    SendOp,
]
