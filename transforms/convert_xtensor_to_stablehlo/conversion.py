"""The pass: one walk over a module."""

from __future__ import annotations

from dataclasses import dataclass
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
from xcs.transforms.op_rules import OpRules

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

LOWERINGS: OpRules[Rule] = OpRules("a lowering", _ANYWHERE)
"""The lowering of each op on any platform; other packages add to them."""

PLATFORM_LOWERINGS: dict[str, OpRules[Rule]] = {"cpu": OpRules("a lowering", lapack.RULES)}
"""The rules of a platform that add to, or are preferred to, those that hold anywhere."""

RULES: dict[type[Operation], Rule] = {**_ANYWHERE, **lapack.RULES}
"""The rule of each op of the dialect on CPUs; a test checks that none is missing."""


@dataclass(frozen=True)
class PlatformRules:
    """The rule of each op on a platform; where other platforms have one alone, one that says so."""

    platform: str

    def get(self, op: type[Operation]) -> Rule | None:
        """Return the rule of an op, if it has one anywhere."""
        own = PLATFORM_LOWERINGS.get(self.platform)
        found = (own.of(op) if own is not None else None) or LOWERINGS.of(op)
        if found is None and any(op in rules for rules in PLATFORM_LOWERINGS.values()):
            return self._refuse
        return found

    def _refuse(self, emit: object, op: Operation, *operands: object) -> NoReturn:
        raise DiagnosticException(f"{op.name} has no lowering for the platform '{self.platform}'")


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
        lower_regions(op, Conversion(PlatformRules(self.platform), texts))
        op.body.block.add_ops(texts.functions)
