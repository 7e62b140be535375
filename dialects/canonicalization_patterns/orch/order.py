"""Order: an op waits for what it has to wait for, and for nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from xcs.dialects import orch
from xcs.dialects.canonicalization_patterns.orch.known import TakesTokens, at, with_tokens
from xcs.dialects.orch import PURE, TOKEN


def _flatten(tokens: Sequence[SSAValue]) -> list[SSAValue]:
    """The moments that must have passed, each once; joins are seen through."""
    flat: dict[SSAValue, None] = {}
    for token in tokens:
        if isinstance(token.owner, orch.JoinOp):
            flat.update(dict.fromkeys(_flatten(token.owner.tokens)))
        else:
            flat[token] = None
    return list(flat)


class SimplifyJoin(RewritePattern):
    """A join of one moment is that moment; joins of joins, and repeated moments, are one join."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.JoinOp, rewriter: PatternRewriter):
        tokens = _flatten(op.tokens)
        if len(tokens) == 1:
            rewriter.replace(op, (), tokens)
        elif tokens != list(op.tokens):
            rewriter.replace(op, at(op, orch.JoinOp(tokens)))


class WaitForMoments(RewritePattern):
    """An op waits for the moments themselves, not for joins of them, and for none twice."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TakesTokens, rewriter: PatternRewriter):
        tokens = _flatten(op.after)
        if tokens != list(op.after):
            rewriter.replace(op, with_tokens(op, tokens, op.result_types))


class LeaveChain(RewritePattern):
    """A pure op, or a read, needs no place among effects if its arguments never change.

    With an argument that may change, it still has to run between the changes. One without arguments
    is there to say when something is done.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TakesTokens, rewriter: PatternRewriter):
        has_token = bool(op.results) and op.results[-1].type == TOKEN
        if not (op.after or has_token) or not _is_pure(op):
            return
        arguments = op.operands[: len(op.operands) - len(op.after)]
        if isinstance(op, orch.HostOp) and not arguments:
            return
        if not all(orch.is_immutable(value.type) for value in arguments):
            return
        values = op.results[:-1] if has_token else op.results
        new = with_tokens(op, (), [value.type for value in values])
        moment = [at(op, orch.JoinOp(op.after))] if has_token else []
        rewriter.replace(op, [*moment, new], [*new.results, *(m.result for m in moment)])


def _is_pure(op: TakesTokens) -> bool:
    match op:
        case orch.HostOp():
            # Free names are looked up in the globals of a function, which may change.
            return op.effects == PURE and op.scope is None
        case orch.CallOp():
            operator = op.operator()
            return operator is not None and operator.is_pure
        case orch.GetItemOp() | orch.ContainsOp() | orch.LenOp() | orch.GetAttrOp():
            return True
        case _:
            return False
