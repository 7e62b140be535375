"""The pass: one walk over a module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NoReturn

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from xcs.transforms.convert_xtensor_to_stablehlo import (
    contraction,
    control,
    convolution,
    cumulative,
    elementwise,
    generation,
    indexing,
    lapack,
    library,
    reduction,
    reindexing,
    scan,
    windowed_reduction,
)
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Conversion,
    Rule,
    TextFunctions,
    lower_regions,
)

_ANYWHERE: dict[type[Operation], Rule] = {
    **elementwise.RULES,
    **contraction.RULES,
    **convolution.RULES,
    **reduction.RULES,
    **windowed_reduction.RULES,
    **cumulative.RULES,
    **reindexing.RULES,
    **indexing.RULES,
    **generation.RULES,
    **control.RULES,
    **scan.RULES,
    **library.RULES,
}

PLATFORM_RULES: dict[str, dict[type[Operation], Rule]] = {"cpu": lapack.RULES}
"""The rules of a platform that add to, or are preferred to, those that hold anywhere."""

RULES: dict[type[Operation], Rule] = {**_ANYWHERE, **lapack.RULES}
"""The rule of each op of the dialect on CPUs; a test checks that none is missing."""


@cache
def rules_for(platform: str) -> Mapping[type[Operation], Rule]:
    """The rule of each op on a platform; where there is none, one that says so."""

    def refuse(emit: object, op: Operation, *operands: object) -> NoReturn:
        raise DiagnosticException(f"{op.name} has no lowering for the platform '{platform}'")

    missing = dict.fromkeys(RULES.keys() - _ANYWHERE.keys(), refuse)
    return {**_ANYWHERE, **missing, **PLATFORM_RULES.get(platform, {})}


@dataclass(frozen=True)
class ConvertXTensorToStableHLO(ModulePass):
    """Replaces every op of the tensor dialect by StableHLO.

    `platform` is where the code is to run, by JAX's name for it. It matters for ops that are calls
    of a library there, such as LAPACK on CPUs.

    Raises:
        DiagnosticException: if an op has no lowering for the platform.
    """

    name = "convert-xtensor-to-stablehlo"

    platform: str = "cpu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        texts = TextFunctions(op)
        lower_regions(op, Conversion(rules_for(self.platform), texts))
        op.body.block.add_ops(texts.functions)
