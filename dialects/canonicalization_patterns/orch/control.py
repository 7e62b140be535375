"""Regions that are known to be run, or not, and values that regions only hand on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from xdsl.dialects.builtin import BoolAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint
from xdsl.traits import MemoryEffectKind, get_effects

from xcs.dialects import orch
from xcs.dialects.canonicalization_patterns.orch.known import (
    NOT_KNOWN,
    at,
    constant_value,
    is_never_changed,
)
from xcs.dialects.orch import BOOL

_RegionOp = TypeVar("_RegionOp", bound=Operation)


def _yield(region: Region) -> orch.YieldOp:
    terminator = region.block.last_op
    assert isinstance(terminator, orch.YieldOp)
    return terminator


def _yield_instead(region: Region, values: Sequence[SSAValue], rewriter: PatternRewriter) -> None:
    old = _yield(region)
    rewriter.replace(old, at(old, orch.YieldOp(values)), ())


def _inline(
    block: Block, op: Operation, rewriter: PatternRewriter, arguments: Sequence[SSAValue] = ()
) -> tuple[SSAValue, ...]:
    """Put the block's ops before the op, and return what the block yields."""
    terminator = block.last_op
    assert isinstance(terminator, orch.YieldOp)
    # Arguments are replaced in the terminator as well, so it is inlined and erased there.
    rewriter.inline_block(block, InsertPoint.before(op), arguments)
    values = tuple(terminator.arguments)
    rewriter.erase(terminator)
    return values


def _rebuilt(
    op: _RegionOp,
    operands: Sequence[SSAValue],
    results: Sequence[SSAValue],
    rewriter: PatternRewriter,
) -> _RegionOp:
    """The op with its regions, other operands, and only some of the results."""
    return type(op).create(
        operands=operands,
        result_types=[result.type for result in results],
        properties=op.properties,
        attributes=op.attributes,
        regions=[rewriter.move_region_contents_to_new_regions(region) for region in op.regions],
        location=op.location,
    )


# --- Branches -------------------------------------------------------------------------------------


class TakeConstantBranch(RewritePattern):
    """A branch on a literal is the branch taken."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.IfOp, rewriter: PatternRewriter):
        condition = constant_value(op.condition)
        if condition is not NOT_KNOWN:
            taken = op.then if condition else op.orelse
            rewriter.replace(op, (), _inline(taken.block, op, rewriter))


class TryWhatCannotFail(RewritePattern):
    """A body that cannot fail needs no handler."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.TryOp, rewriter: PatternRewriter):
        if all(map(_cannot_fail, op.body.block.ops)):
            rewriter.replace(op, (), _inline(op.body.block, op, rewriter))


def _cannot_fail(op: Operation) -> bool:
    # An operator that is declared pure may raise for all that: only a total one is sure not to.
    if any(isinstance(inner, orch.CallOp) for inner in op.walk()):
        return False
    effects = get_effects(op)
    return effects is not None and all(e.kind == MemoryEffectKind.ALLOC for e in effects)


class ForwardSameResult(RewritePattern):
    """A value from outside that every region yields is the result, whichever region is run."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.IfOp | orch.TryOp, rewriter: PatternRewriter):
        first, second = (_yield(region).arguments for region in op.regions)
        for result, one, other in zip(op.outs, first, second, strict=True):
            # What is made in one region is not seen in the other, so the same comes from outside.
            if one is other and result.uses:
                rewriter.replace_all_uses_with(result, one)
                rewriter.notify_op_modified(op)


class DropUnusedResults(RewritePattern):
    """A region yields nothing that nobody uses."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.IfOp | orch.TryOp, rewriter: PatternRewriter):
        kept = [i for i, out in enumerate(op.outs) if out.uses]
        if len(kept) == len(op.outs):
            return
        for region in op.regions:
            values = _yield(region).arguments
            _yield_instead(region, [values[i] for i in kept], rewriter)
        new = _rebuilt(op, op.operands, [op.outs[i] for i in kept], rewriter)
        results: list[SSAValue | None] = [None] * len(op.outs)
        for i, out in zip(kept, new.results, strict=True):
            results[i] = out
        rewriter.replace(op, new, results)


# --- Loops ----------------------------------------------------------------------------------------


def _flags(op: orch.ForOp | orch.WhileOp) -> int:
    """How many results, and values that the body yields, stand before the carried ones."""
    return 0 if op.stops is None else 1


def _carried(
    op: orch.ForOp | orch.WhileOp,
) -> Iterator[tuple[Region, int, int]]:
    """Each region, and how many arguments and yielded values stand before the carried ones."""
    if isinstance(op, orch.ForOp):
        yield op.body, 1, _flags(op)
    else:
        yield op.test, 0, 1
        yield op.body, 0, _flags(op)


def _not_stopped(op: orch.ForOp | orch.WhileOp) -> list[orch.ConstantOp]:
    """The flag of a loop that ran to its end, if the loop has one."""
    return [at(op, orch.ConstantOp(BoolAttr.from_bool(False), BOOL))] * _flags(op)


class SkipEmptyLoop(RewritePattern):
    """A loop over nothing gives the values that it starts with."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.ForOp, rewriter: PatternRewriter):
        made = op.iterable.owner
        if not isinstance(made, orch.TupleOp | orch.ListOp) or made.elements:
            return
        if isinstance(made, orch.TupleOp) or is_never_changed(op.iterable):
            flags = _not_stopped(op)
            rewriter.replace(op, flags, [*(f.result for f in flags), *op.init])


class NeverLoops(RewritePattern):
    """``while False``: a loop whose test is known to fail tests once."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.WhileOp, rewriter: PatternRewriter):
        condition = constant_value(_yield(op.test).arguments[0])
        if condition is NOT_KNOWN or condition:
            return
        _, *values = _inline(op.test.block, op, rewriter, op.init)
        flags = _not_stopped(op)
        rewriter.replace(op, flags, [*(f.result for f in flags), *values])


class NeverStops(RewritePattern):
    """A loop whose flag is known to be false runs to its end: iterations need not wait for it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.ForOp | orch.WhileOp, rewriter: PatternRewriter):
        if op.stops is None:
            return
        stop, *values = _yield(op.body).arguments
        known = constant_value(stop)
        if known is NOT_KNOWN or known:
            return
        (never,) = _not_stopped(op)
        _yield_instead(op.body, values, rewriter)
        new = _rebuilt(op, op.operands, op.outs[1:], rewriter)
        del new.properties["stops"]
        rewriter.replace(op, [never, new], [never.result, *new.results])


class UncarryInvariant(RewritePattern):
    """A value that each iteration hands on as it is need not be carried."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.ForOp | orch.WhileOp, rewriter: PatternRewriter):
        invariant = {i for i in range(len(op.init)) if self._is_invariant(op, i)}
        if not invariant:
            return
        kept = [i for i in range(len(op.init)) if i not in invariant]
        for region, arguments, values in _carried(op):
            self._uncarry(op, region, arguments, values, invariant, rewriter)
        first, flags = len(op.operands) - len(op.init), _flags(op)
        new = _rebuilt(
            op,
            [*op.operands[:first], *(op.init[i] for i in kept)],
            [*op.outs[:flags], *(op.outs[flags + i] for i in kept)],
            rewriter,
        )
        results: list[SSAValue] = [*new.results[:flags], *op.init]
        for i, out in zip(kept, new.results[flags:], strict=True):
            results[flags + i] = out
        rewriter.replace(op, new, results)

    def _is_invariant(self, op: orch.ForOp | orch.WhileOp, i: int) -> bool:
        return all(
            _yield(region).arguments[values + i] in (region.block.args[arguments + i], op.init[i])
            for region, arguments, values in _carried(op)
        )

    def _uncarry(
        self,
        op: orch.ForOp | orch.WhileOp,
        region: Region,
        arguments: int,
        values: int,
        invariant: Collection[int],
        rewriter: PatternRewriter,
    ) -> None:
        yielded = _yield(region).arguments
        kept = [v for k, v in enumerate(yielded) if k - values not in invariant]
        _yield_instead(region, kept, rewriter)
        for i in sorted(invariant, reverse=True):
            argument = region.block.args[arguments + i]
            rewriter.replace_all_uses_with(argument, op.init[i])
            rewriter.erase_block_argument(argument)
