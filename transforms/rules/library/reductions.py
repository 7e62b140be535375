"""Reductions of nothing, and of one element: where nothing is rounded, and no zero is added."""

from __future__ import annotations

from xcs.dialects.xtensor.base import Kind as Elements
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import Rule, rule, when
from xcs.transforms.rules.terms import (
    attributes,
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_sum,
    tensors,
)

(x,), (n,) = tensors("x"), tensors("n", Elements.INTEGER)
(axes,) = attributes("axes")

RULES: list[Rule] = [
    *(
        rule(
            f"{name} over no dimension",
            function(x, axes) >> x,
            where=when("there are no axes", lambda axes: not axes, axes),
            kind=Kind.EXACT,
            source="Definition.",
            cleanup=True,
        )
        for name, function in (
            ("greatest", reduce_max),
            ("least", reduce_min),
            ("conjunction", reduce_and),
            ("disjunction", reduce_or),
            ("product", reduce_prod),
        )
    ),
    rule(
        "sum over no dimension, of integers",
        reduce_sum(n, axes) >> n,
        where=when("there are no axes", lambda axes: not axes, axes),
        kind=Kind.EXACT,
        source="Definition; of floats, a sum that starts from 0 makes 0 of -0.",
        cleanup=True,
    ),
]
