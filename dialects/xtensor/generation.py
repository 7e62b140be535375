"""Generation ops: tensors made from attributes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    TensorType,
)
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AnyAttr,
    ParamAttrConstraint,
    VarConstraint,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure

from xcs.dialects.dense import parse_dense, print_dense
from xcs.dialects.xtensor.base import (
    INT,
    TENSOR,
    Generation,
    Kind,
    LaxOp,
    TensorOf,
    as_int,
    check_axes,
    type_of,
)


class ConstantOp(LaxOp, HasFolderInterface, lax="constant"):
    """A small tensor that is part of the program; large arrays are arguments of the kernel."""

    T: ClassVar = VarConstraint("T", TENSOR)

    value = prop_def(ParamAttrConstraint(DenseIntOrFPElementsAttr, (T, AnyAttr())))
    result = result_def(T)

    traits = traits_def(Pure(), Generation(), ConstantLike())

    def __init__(self, value: DenseIntOrFPElementsAttr) -> None:
        super().__init__(result_types=[value.get_type()], properties={"value": value})

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        attributes = parser.parse_optional_attr_dict()
        op = cls(parse_dense(parser))
        op.attributes |= attributes
        return op

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, cast(DenseIntOrFPElementsAttr, self.value))

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.value,)


class IotaOp(LaxOp, lax="iota"):
    """Counts from zero along one dimension."""

    dimension = prop_def(INT)
    result = result_def(TensorOf(Kind.NUMBER))

    traits = traits_def(Pure(), Generation())

    assembly_format = "`dim` $dimension attr-dict `:` type($result)"

    def __init__(self, result: TensorType, dimension: int = 0) -> None:
        super().__init__(result_types=[result], properties={"dimension": as_int(dimension)})

    def verify_(self) -> None:
        rank = type_of(self.result).get_num_dims()
        check_axes("dimension", (self.dimension.value.data,), rank)
