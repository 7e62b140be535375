"""Cumulative reductions: each element is what the elements up to it along an axis are folded to."""

from __future__ import annotations

from abc import ABC
from typing import Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import VarConstraint, operand_def, opt_prop_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from xcs.dialects.xtensor.base import (
    INT,
    Kind,
    LaxOp,
    Reduction,
    TensorOf,
    as_int,
    check_axes,
    type_of,
)


class CumulativeOp(LaxOp, ABC):
    """Folds the elements up to each one along ``axis``, or from each one on if ``reverse``."""

    operand = operand_def(VarConstraint("T", TensorOf(Kind.NUMBER)))
    axis = prop_def(INT)
    reverse = opt_prop_def(UnitAttr)
    result = result_def(VarConstraint("T", TensorOf(Kind.NUMBER)))

    traits = traits_def(Pure(), Reduction())

    assembly_format = "$operand `axis` $axis (`reverse` $reverse^)? attr-dict `:` type($operand)"

    def __init_subclass__(cls, *, kinds: Kind = Kind.NUMBER, **kwargs: Any) -> None:
        of_kinds = VarConstraint("T", TensorOf(kinds))
        cls.operand, cls.result = operand_def(of_kinds), result_def(of_kinds)
        super().__init_subclass__(**kwargs)

    def __init__(self, operand: SSAValue | Operation, axis: int, *, reverse: bool = False) -> None:
        super().__init__(
            operands=[operand],
            result_types=[type_of(operand)],
            properties={"axis": as_int(axis), "reverse": UnitAttr() if reverse else None},
        )

    def verify_(self) -> None:
        check_axes("axis", (self.axis.value.data,), type_of(self.operand).get_num_dims())


# fmt: off
class CumlogsumexpOp(CumulativeOp, lax="cumlogsumexp", kinds=Kind.INEXACT): ...
class CummaxOp(CumulativeOp, lax="cummax"): ...
class CumminOp(CumulativeOp, lax="cummin"): ...
class CumprodOp(CumulativeOp, lax="cumprod"): ...
class CumsumOp(CumulativeOp, lax="cumsum"): ...
# fmt: on
