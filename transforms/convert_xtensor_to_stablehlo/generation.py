"""Lowering of the generation ops."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import generation
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Rule,
    renamed,
)

RENAMED: dict[type[Operation], tuple[type[Operation], Mapping[str, str]]] = {
    xtensor.ConstantOp: (generation.ConstantOp, {"value": "value"}),
    xtensor.IotaOp: (generation.IotaOp, {"dimension": "iota_dimension"}),
}


RULES: dict[type[Operation], Rule] = {
    **{op: renamed(*target) for op, target in RENAMED.items()},
}
