"""The order of products: one rule over the whole tree of contractions, in place of many shapes."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from xcs.transforms.rules.cost import dying, total
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.network import ROOTS, collect, is_maximal
from xcs.transforms.rules.planning import Contractor, Planner
from xcs.transforms.rules.rule import Procedure, Rule, when
from xcs.transforms.rules.views import Emitter

GAIN = 0.95
"""A new order has to take less than this part of the old one's time: estimates are estimates."""


def _reorder(op: Operation, emit: Emitter) -> SSAValue | str:
    if not is_maximal(op):
        return "it is a part of a larger product"
    network = collect(op)
    if network is None:
        return "it is no product"
    if 0 in network.sizes.values():
        return "a dimension is empty"
    planner = Planner(network)
    plan = planner.plan()
    if plan is None:
        return "it has too many parts to look at"
    before = total(dying(op, [factor.value for factor in network.factors]))
    if plan.cost > GAIN * before and not emit.at_any_cost:
        return _too_dear(plan.cost, before)
    result = Contractor(network, emit).result(planner, plan)
    after = total(emit.ops)
    if after > GAIN * before and not emit.at_any_cost:
        return _too_dear(after, before)
    return result


def _too_dear(after: float, before: float) -> str:
    return f"the best order would take {after:.0f} ns in place of {before:.0f} ns"


RULES: list[Rule] = [
    Procedure(
        "order of products",
        Kind.REASSOCIATES,
        "The matrix chain problem: Godbole, 'On efficient computation of matrix chain products', "
        "1973; products of tensors: Lam, Sadayappan and Wenger, 'On optimizing a class of "
        "multi-dimensional loops with reductions', 1997.",
        ring=True,
        shown="sum over k, l, ... of a[..k..] * b[..k..l..] * c[..l..] * ...  ->  "
        "the same sum in its cheapest order",
        at=ROOTS,
        function=_reorder,
        examples="network",
        where=(
            when("all factors have one element type and precision", lambda: True),
            when("no dimension is empty", lambda: True),
        ),
    ),
]
