"""Lowering of the library ops."""

from __future__ import annotations

from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
)


def lower_primitive(emit: Emitter, op: xtensor.PrimitiveOp, *operands: SSAValue) -> Values:
    """A call of a function that stands for the op's text."""
    function_type = FunctionType.from_lists(op.operand_types, op.result_types)
    # A few of JAX's names, such as scatter-add, are not symbols in MLIR's syntax.
    name = f"primitive.{op.primitive.data.replace('-', '_')}"
    callee = emit.conversion.texts.declare(name, op.stablehlo.data, function_type)
    return emit.many(func.CallOp, operands, op.result_types, {"callee": callee})


RULES: dict[type[Operation], Rule] = {
    xtensor.PrimitiveOp: lower_primitive,
}
