"""Control ops: they constrain or direct the evaluation of other ops."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure

from xcs.dialects.xtensor.base import (
    TENSOR,
    Control,
    LaxOp,
    check_result_types,
    type_of,
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
