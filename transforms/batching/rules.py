"""The rule of each op: its own, that of its base class, or that of its op class."""

from __future__ import annotations

from functools import cache

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

CLASS_RULES: dict[type[xtensor.OpClass], Rule] = {
    xtensor.Elementwise: elementwise.batch_elementwise,
}
"""The rule of all ops of a class that have no other."""

RULES: dict[type[Operation], Rule] = {
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
}
"""The rules of ops, and of their base classes: that of the nearest class is an op's."""


@cache
def rule_of(op: type[Operation]) -> Rule | None:
    """The rule of an op; None if it has none, as it takes no operands or cannot be batched."""
    for base in op.__mro__:
        if (rule := RULES.get(base)) is not None:
            return rule
    if not issubclass(op, xtensor.LaxOp):
        return None
    traits = [t for t in op.get_irdl_definition().traits.traits if isinstance(t, xtensor.OpClass)]
    return CLASS_RULES.get(type(traits[0]))
