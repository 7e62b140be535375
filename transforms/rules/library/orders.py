"""The order of products: one rule over the whole tree of contractions, in place of many shapes."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from xcs.transforms.rules.cost import LEAST, dying, total
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.network import ROOTS, collect, root_of, shared_parts
from xcs.transforms.rules.planning import Contractor, Planner
from xcs.transforms.rules.rule import Procedure, Rule, when
from xcs.transforms.rules.symbolic import is_mask
from xcs.transforms.rules.views import Emitter

GAIN = 0.9
"""A new order has to take less than this part of the old one's time: estimates are estimates."""

LEAST_GAIN = 200.0
"""Nanoseconds that a new order has to save: a loop more or less, whatever it loops over."""

GAIN_TOGETHER = 0.7
"""The same where several networks stop to share a part, and compute more instead."""


def _reorder(op: Operation, emit: Emitter) -> SSAValue | str:
    if root_of(op) is not op:
        return "it is a part of a larger product"
    found = _attempt(op, emit, None)
    for part in shared_parts(op) if isinstance(found, str) else ():
        emit.discard()
        found = _attempt(op, emit, part)
        if not isinstance(found, str):
            break
    return found


def _attempt(op: Operation, emit: Emitter, part: Operation | None) -> SSAValue | str:
    """Compute the network in its best order, if that pays.

    Where a part that is shared with other networks is taken apart, it pays too if all of those do
    the same, so that nobody needs the part any more.
    """
    network = collect(op, part)
    if network is None:
        return "it is no product"
    if network.ops == 1:
        return "it is one op"
    if 0 in network.sizes.values():
        return "a dimension is empty"
    if any(is_mask(factor.value) for factor in network.factors):
        return "a factor is a mask"
    if len(network.factors) == 1 and not network.summed():
        return "it is one tensor"
    planner = Planner(network)
    plan = planner.plan()
    if plan is None:
        return "it has too many parts, or odd ones"
    before = total(dying(op, [factor.value for factor in network.factors]))
    together = part is not None and _pays_without(part)
    most = min(GAIN * before, before - LEAST_GAIN)
    if plan.cost > most and not (emit.at_any_cost or together):
        return _too_dear(plan.cost, before)
    result = Contractor(network, emit).result(planner, plan)
    after = total(emit.ops)
    if together:
        emit.credit = max(0.0, after - before) + 2 * LEAST
    elif after > most and not emit.at_any_cost:
        return _too_dear(after, before)
    return result


def _pays_without(part: Operation) -> bool:
    """Whether all networks that share a part are cheaper, together, if none needs it."""
    users = [use.operation for use in part.results[0].uses]
    if not all(len(user.results) == 1 for user in users):
        return False
    after, kept = 0.0, list[SSAValue]()
    roots = list(dict.fromkeys(map(root_of, users)))
    for root in roots:
        network = collect(root, part) if isinstance(root, ROOTS) else None
        if network is None or 0 in network.sizes.values():
            return False
        values = [factor.value for factor in network.factors]
        plan = Planner(network).plan()
        if plan is None or part.results[0] in values:
            return False
        after += plan.cost
        kept += values
    return after <= GAIN_TOGETHER * total(dying(roots, kept))


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
