"""Ops that say how tensors are laid out."""

from abc import ABC
from typing import ClassVar

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    ShapedType,
    SymbolNameConstraint,
    TensorType,
    UnrankedTensorType,
    VectorType,
    i64,
)
from xdsl.ir import Block, Operation
from xdsl.irdl import (
    AnyAttr,
    BaseAttr,
    EqAttrConstraint,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsTerminator,
    Pure,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.dense import parse_dense, print_dense

from .attributes import MeshAttr, TensorShardingAttr, read_one
from .directives import (
    ENUM,
    Bare,
    Direction,
    OptionalSharding,
    PropagationDirection,
    Reduction,
    check_enum,
    enum_member,
)
from .verification import check


@irdl_op_definition
class MeshOp(IRDLOperation):
    """A mesh of devices, which shardings name."""

    name = "sdy.mesh"
    sym_name = prop_def(SymbolNameConstraint())
    mesh = prop_def(MeshAttr)

    traits = traits_def(SymbolOpInterface(), HasParent(ModuleOp))

    @classmethod
    def parse(cls, parser: Parser) -> "MeshOp":
        name = parser.parse_symbol_name()
        parser.parse_punctuation("=")
        properties = {"sym_name": name, "mesh": read_one(parser, MeshAttr)}
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


SHAPED = (
    BaseAttr(TensorType)
    | BaseAttr(UnrankedTensorType)
    | BaseAttr(MemRefType)
    | BaseAttr(VectorType)
)
"""What has elements."""


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

    def verify_(self) -> None:
        check(self.sharding, self.result.type, self)


@irdl_op_definition
class ReshardOp(OneTensorOp):
    """The tensor laid out anew."""

    name = "sdy.reshard"
    sharding = prop_def(TensorShardingAttr)

    traits = traits_def(Pure())
    assembly_format = "$tensor custom<Bare>($sharding) attr-dict `:` type($result)"

    def verify_(self) -> None:
        check(self.sharding, self.result.type, self)


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

    def verify_(self) -> None:
        if self.output.type != self.value.get_type():
            raise VerifyException(f"the result is {self.output.type}, unlike the value")

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
    T: ClassVar = VarConstraint("T", SHAPED)
    tensor = operand_def(T)
    sharding = opt_prop_def(TensorShardingAttr)
    result = result_def(T)

    assembly_format = "$tensor custom<OptionalSharding>($sharding) attr-dict `:` type($result)"

    def verify_(self) -> None:
        _check_edge(self)
        owner = self.tensor.owner
        if isinstance(owner, Operation) and owner.dialect_name() == "sdy":
            allowed = "sdy.manual_computation", "sdy.named_computation", self.name
            if owner.name not in allowed:
                raise VerifyException(f"an edge does not start at {owner.name}")
        if self.sharding is not None:
            check(self.sharding, self.result.type, self)


@irdl_op_definition
class FuncDataFlowEdgeOp(OneTensorOp):
    """A value that passes between a function and its callers."""

    name = "sdy.func_data_flow_edge"
    T: ClassVar = VarConstraint("T", SHAPED)
    tensor = operand_def(T)
    result = result_def(T)

    assembly_format = "$tensor attr-dict `:` type($result)"

    def verify_(self) -> None:
        _check_edge(self)
        owner = self.tensor.owner
        source = owner.parent_op() if isinstance(owner, Block) else owner
        if not isinstance(source, func.FuncOp if isinstance(owner, Block) else func.CallOp):
            raise VerifyException("an edge starts at an argument of a function, or at a call")


def _check_edge(edge: OneTensorOp) -> None:
    type = edge.result.type
    if not isinstance(type, ShapedType) or not type.has_static_shape():
        raise VerifyException(f"an edge is of a tensor whose sizes are known, not {type}")
    if not edge.tensor.has_one_use():
        raise VerifyException("the value of an edge has no other users")


@irdl_op_definition
class PropagationBarrierOp(OneTensorOp):
    """The tensor, past which shardings are propagated in some directions only."""

    name = "sdy.propagation_barrier"
    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))
    tensor = operand_def(T)
    allowed_direction = prop_def(ENUM)
    result = result_def(T)

    traits = traits_def(Pure())
    assembly_format = (
        "$tensor `allowed_direction` `` `=` `` custom<Direction>($allowed_direction) attr-dict "
        "`:` type($result)"
    )

    def verify_(self) -> None:
        check_enum(PropagationDirection, self.allowed_direction)
        if enum_member(PropagationDirection, self.allowed_direction) is PropagationDirection.BOTH:
            raise VerifyException("a barrier that lets shardings pass both ways is none")


OPS = [
    ConstantOp,
    DataFlowEdgeOp,
    FuncDataFlowEdgeOp,
    MeshOp,
    PropagationBarrierOp,
    ReshardOp,
    ReturnOp,
    ShardingConstraintOp,
    ShardingGroupOp,
]
