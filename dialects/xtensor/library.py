"""Library ops: algorithms that are taken as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    StringAttr,
    TensorType,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import (
    TENSOR,
    LaxOp,
    Library,
)


class PrimitiveOp(LaxOp, lax="primitive"):
    """A JAX primitive that has no op of its own yet, as the StableHLO that JAX lowers it to.

    ``stablehlo`` is the text of a module whose public function ``@main`` takes this op's operands
    and returns its results.
    """

    primitive = prop_def(StringAttr, prop_name="name")
    stablehlo = prop_def(StringAttr)
    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Library())

    assembly_format = (
        "$name `(` $inputs `)` `stablehlo` `=` $stablehlo "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        primitive: str,
        stablehlo: str,
        inputs: Sequence[SSAValue | Operation],
        outputs: Sequence[TensorType],
    ) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[outputs],
            properties={"name": StringAttr(primitive), "stablehlo": StringAttr(stablehlo)},
        )

    def verify_(self) -> None:
        if "@main" not in self.stablehlo.data:
            raise VerifyException("expected the text of a StableHLO module with a function @main")
