"""Ops that are defined by a rule: one equation says what the op is in terms of other ops.

``define(rule("softplus", softplus(x) >> log1p(exp(x)), ...))`` gives the op ``softplus`` its
lowering and its evaluator. With the class of tensor op that it carries as a trait, it has the
batching rule of that class too. So an op of another package needs nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from xcs.transforms.convert_xtensor_to_stablehlo.conversion import LOWERINGS
from xcs.transforms.evaluation import EVALUATORS, Array, Interpreter
from xcs.transforms.rules.rule import Rule
from xcs.transforms.rules.views import Emitter


def define(rule: Rule) -> None:
    """Make a rule the definition of the ops at its root.

    Raises:
        ValueError: if one of them has a lowering or an evaluator already.
    """

    def lower(emit: Any, op: Operation, *operands: SSAValue) -> Sequence[SSAValue]:
        made, found = _expanded(rule, op)
        for one in made.ops:
            emit.lower(one)
        return (emit.conversion.lowered.get(found, found),)

    def evaluate(run: Interpreter, op: Operation, *operands: Array) -> Sequence[Array]:
        made, found = _expanded(rule, op)
        values = dict(zip(op.operands, operands, strict=True))
        try:
            for one in made.ops:
                results = run.evaluate(one, [values[operand] for operand in one.operands])
                values.update(zip(one.results, results, strict=True))
            return (values[found],)
        finally:
            made.discard()

    for root in rule.roots:
        LOWERINGS.register(root, lower)
        EVALUATORS.register(root, evaluate)


def _expanded(rule: Rule, op: Operation) -> tuple[Emitter, SSAValue]:
    """What the rule makes of an op."""
    made = Emitter(op)
    found = rule.attempt(op, made)
    if isinstance(found, str):
        made.discard()
        raise DiagnosticException(f"{op.name} is not as its definition has it: {found}")
    return made, found
