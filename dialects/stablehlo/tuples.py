"""Ops that put values together and take them apart."""

from xdsl.dialects.builtin import IntegerAttr, TupleType, i32
from xdsl.irdl import (
    EqAttrConstraint,
    IRDLOperation,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure

from .base import TUPLE, VALUE, check, types_compatible
from .formats import TupleTypes
from .forms import hlo_op


@hlo_op
class TupleOp(IRDLOperation):
    """Values as one."""

    name = "stablehlo.tuple"
    val = var_operand_def(VALUE)
    result = result_def(TUPLE)

    traits = traits_def(Pure())
    custom_directives = (TupleTypes,)
    assembly_format = "$val attr-dict `:` custom<TupleTypes>(type(operands), type(results))"

    def verify_(self) -> None:
        assert isinstance(self.result.type, TupleType)
        check(
            tuple(self.result.type.types) == tuple(self.operand_types),
            "the tuple's types are not those of the operands",
        )


@hlo_op
class GetTupleElementOp(IRDLOperation):
    """One of the values in a tuple."""

    name = "stablehlo.get_tuple_element"
    operand = operand_def(TUPLE)
    index = prop_def(IntegerAttr.constr(type=EqAttrConstraint(i32)))
    result = result_def(VALUE)

    traits = traits_def(Pure())
    assembly_format = (
        "$operand `[` $index `]` attr-dict `:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        assert isinstance(self.operand.type, TupleType)
        types, index = self.operand.type.types.data, self.index.value.data
        check(0 <= index < len(types), f"there is no element {index} of {self.operand.type}")
        is_element = types_compatible(self.result.type, types[index])
        check(is_element, f"element {index} is {types[index]}")


OPS = [GetTupleElementOp, TupleOp]
