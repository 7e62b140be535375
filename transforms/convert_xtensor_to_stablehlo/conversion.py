"""The pass: one walk over a module."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from xcs.transforms.convert_xtensor_to_stablehlo import (
    contraction,
    control,
    elementwise,
    generation,
    library,
    reduction,
    reindexing,
)
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Conversion,
    Rule,
    TextFunctions,
    lower_regions,
)

RULES: dict[type[Operation], Rule] = {
    **elementwise.RULES,
    **contraction.RULES,
    **reduction.RULES,
    **reindexing.RULES,
    **generation.RULES,
    **control.RULES,
    **library.RULES,
}
"""The rule of each op of the dialect; a test checks that none is missing."""


class ConvertXTensorToStableHLO(ModulePass):
    """Replaces every op of the tensor dialect by StableHLO."""

    name = "convert-xtensor-to-stablehlo"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        texts = TextFunctions(op)
        lower_regions(op, Conversion(RULES, texts))
        op.body.block.add_ops(texts.functions)
