"""The rule of each op: its own, that of its base class, or that of its op class."""

from __future__ import annotations

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.transforms.batching import (
    composite,
    contraction,
    control,
    convolution,
    cumulative,
    elementwise,
    generation,
    indexing,
    library,
    linalg,
    reduction,
    reindexing,
    windowed_reduction,
)
from xcs.transforms.batching.batcher import Rule
from xcs.transforms.op_rules import OpRules

BATCHING: OpRules[Rule] = OpRules(
    "a batching rule",
    {
        xtensor.Elementwise: elementwise.batch_elementwise,
        **composite.RULES,
        **contraction.RULES,
        **control.RULES,
        **convolution.RULES,
        **cumulative.RULES,
        **elementwise.RULES,
        **generation.RULES,
        **indexing.RULES,
        **library.RULES,
        **linalg.RULES,
        **reduction.RULES,
        **reindexing.RULES,
        **windowed_reduction.RULES,
    },
)
"""The rules of ops, of their base classes, and of op classes; other packages add to them."""


def rule_of(op: type[Operation]) -> Rule | None:
    """The rule of an op; None if it has none, as it takes no operands or cannot be batched."""
    return BATCHING.of(op)
