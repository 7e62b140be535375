"""Lowering of the control ops."""

from __future__ import annotations

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import control
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Rule,
    direct,
)

RULES: dict[type[Operation], Rule] = {
    xtensor.OptimizationBarrierOp: direct(control.OptimizationBarrierOp),
}
