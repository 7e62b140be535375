"""Merges equal calls of operators that are declared deterministic.

The generic ``cse`` merges calls of pure operators. A deterministic operator with an effect (a model
at temperature 0, a cached lookup) is less: of equal calls one is enough, but a call that nobody
uses is still made. xDSL's effects have no word for that, so it is a pass of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.traits import IsolatedFromAbove

from xcs.dialects import orch
from xcs.transforms.analysis.block_dependence import declared_operators


def _key(call: orch.CallOp) -> Hashable:
    """What equal calls have in common.

    The moments they wait for are part of it: between two moments an argument may have changed.
    """
    return (
        tuple(call.operands),
        frozenset(call.properties.items()),
        tuple(call.result_types),
    )


def _merge_in_block(
    block: Block, known: Mapping[Hashable, orch.CallOp], operators: Mapping[str, orch.OperatorOp]
) -> None:
    """Replaces calls by equal ones that always precede them; ``known`` holds those from outside."""
    known = dict(known)
    for op in list(block.ops):
        if isinstance(op, orch.CallOp) and _is_deterministic(op, operators):
            first = known.setdefault(_key(op), op)
            if first is not op:
                Rewriter.replace_op(op, (), first.results)
            continue
        outside = {} if op.has_trait(IsolatedFromAbove) else known
        for inner in (b for region in op.regions for b in region.blocks):
            _merge_in_block(inner, outside, operators)


def _is_deterministic(call: orch.CallOp, operators: Mapping[str, orch.OperatorOp]) -> bool:
    operator = operators.get(call.callee.string_value())
    if operator is None or operator.deterministic is None:
        return False
    return operator.effects != orch.ORDERED


@dataclass(frozen=True)
class MergeDeterministicCalls(ModulePass):
    """Merges equal calls of operators that are declared deterministic."""

    name = "merge-deterministic-calls"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        operators = declared_operators(op)
        if any(operator.deterministic is not None for operator in operators.values()):
            _merge_in_block(op.body.block, {}, operators)
