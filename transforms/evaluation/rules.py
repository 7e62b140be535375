"""What each op computes; other packages add to the table."""

from __future__ import annotations

from xcs.transforms.evaluation import (
    contraction,
    control,
    elementwise,
    generation,
    reduction,
    reindexing,
)
from xcs.transforms.evaluation.interpreter import Rule
from xcs.transforms.op_rules import OpRules

EVALUATORS: OpRules[Rule] = OpRules(
    "an evaluator",
    {
        **contraction.RULES,
        **control.RULES,
        **elementwise.RULES,
        **generation.RULES,
        **reduction.RULES,
        **reindexing.RULES,
    },
)
"""The evaluator of each op, by its class or a base class."""
