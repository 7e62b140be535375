"""Canonicalization patterns of the orch dialect.

What holds for all of them: the values, the order of effects, and which error comes first stay the
same. Python objects have identity, so a container is looked through only where nothing can have
changed it, and two fresh ones are never made one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from xdsl.dialects import func
from xdsl.dialects.builtin import DenseArrayBase, i32
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue, Use
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from xcs.dialects import orch
from xcs.dialects.orch import ANY, PURE, TOKEN, literal_value

# --- What is known of values ----------------------------------------------------------------------

_NOT_KNOWN = object()

_Op = TypeVar("_Op", bound=Operation)
_Call = TypeVar("_Call", orch.CallOp, orch.InvokeOp, orch.HostOp)


def constant_value(value: SSAValue) -> object:
    """The Python literal that the value is; a sentinel equal to no literal if it is not known."""
    owner = value.owner
    if not isinstance(owner, orch.ConstantOp) or isinstance(owner.value, orch.RefAttr):
        return _NOT_KNOWN
    try:
        return literal_value(owner.value)
    except ValueError:
        return _NOT_KNOWN


def _only_reads(use: Use) -> bool:
    """Whether the use neither changes the container nor makes it known elsewhere."""
    match use.operation:
        case orch.MapOp() | orch.ForOp():
            return use.index == 0
        case orch.GetItemOp():
            return use.index == 0
        case orch.StackOp():
            return True
        case _:
            return False


def _is_never_changed(container: SSAValue) -> bool:
    """Whether the container is as it was made, each time that the program reads it.

    A returned container may change, but only once the function that reads it is done.
    """
    return all(
        _only_reads(use) or isinstance(use.operation, func.ReturnOp) for use in container.uses
    )


_TAKES_ANY_TYPE = (
    orch.CallOp,
    orch.InvokeOp,
    orch.HostOp,
    orch.TupleOp,
    orch.ListOp,
    orch.DictOp,
    orch.GetItemOp,
    orch.GetAttrOp,
)


def _may_stand_for(new: SSAValue, old: SSAValue) -> bool:
    """Whether ``new``, the same object, can be used wherever ``old`` is, as far as types go."""
    if new.type == old.type:
        return True
    return old.type == ANY and all(isinstance(use.operation, _TAKES_ANY_TYPE) for use in old.uses)


# --- Containers -----------------------------------------------------------------------------------


class ReadElement(RewritePattern):
    """``(a, b)[1]`` is ``b``: an item of a tuple, or of a list or dict that nothing changes."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.GetItemOp, rewriter: PatternRewriter):
        element = self._element(op.container, constant_value(op.index))
        if element is not None and _may_stand_for(element, op.result):
            rewriter.replace(op, (), (element,))

    def _element(self, container: SSAValue, index: object) -> SSAValue | None:
        made = container.owner
        if isinstance(made, orch.TupleOp) or (
            isinstance(made, orch.ListOp) and _is_never_changed(container)
        ):
            # bool is left alone: it counts as an index, but nobody writes it on purpose.
            if type(index) is int and -len(made.elements) <= index < len(made.elements):
                return made.elements[index]
        elif isinstance(made, orch.DictOp) and isinstance(index, str):
            keys = [constant_value(key) for key in made.keys]
            # Other kinds of keys may be equal to one another, as 1 and True are.
            if all(isinstance(key, str) for key in keys) and _is_never_changed(container):
                found = [i for i, key in enumerate(keys) if key == index]
                return made.elements[found[-1]] if found else None
        return None


class ForwardIdentityMap(RewritePattern):
    """``[x for x in xs]`` is ``xs`` where both are only read: then nobody can tell them apart."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.MapOp, rewriter: PatternRewriter):
        body = op.body.block
        if len(op.outs) != 1 or not isinstance(op.iterable.owner, orch.ListOp | orch.MapOp):
            return
        ret = body.last_op
        if body.first_op is not ret or ret is None or ret.operands[0] is not body.args[0]:
            return
        if op.outs[0].type != op.iterable.type:
            return
        if all(map(_only_reads, (*op.iterable.uses, *op.outs[0].uses))):
            rewriter.replace(op, (), (op.iterable,))


class DropUnusedMapResults(RewritePattern):
    """A map makes no list that is not used."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.MapOp, rewriter: PatternRewriter):
        # A token stays, even unused: it is what makes the iterations follow one another.
        kept = [i for i, out in enumerate(op.outs) if out.uses or out.type == TOKEN]
        if len(kept) == len(op.outs) or not op.outs:
            return
        ret = op.body.block.last_op
        assert isinstance(ret, orch.YieldOp)
        rewriter.replace(ret, _at(ret, orch.YieldOp([ret.arguments[i] for i in kept])), ())
        new = orch.MapOp(
            op.iterable,
            rewriter.move_region_contents_to_new_regions(op.body),
            [op.outs[i].type for i in kept],
            after=op.after,
        )
        results: list[SSAValue | None] = [None] * len(op.outs)
        for i, out in zip(kept, new.outs, strict=True):
            results[i] = out
        rewriter.replace(op, _at(op, new), results)


# --- Branches -------------------------------------------------------------------------------------


class TakeConstantBranch(RewritePattern):
    """A branch on a literal is the branch taken."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.IfOp, rewriter: PatternRewriter):
        condition = constant_value(op.condition)
        if condition is _NOT_KNOWN:
            return
        taken: Region = op.then if condition else op.orelse
        block: Block = taken.block
        ret = block.last_op
        assert isinstance(ret, orch.YieldOp)
        values = tuple(ret.arguments)
        rewriter.erase(ret)
        rewriter.inline_block(block, InsertPoint.before(op))
        rewriter.replace(op, (), values)


# --- Order ----------------------------------------------------------------------------------------


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
            rewriter.replace(op, _at(op, orch.JoinOp(tokens)))


class WaitForMoments(RewritePattern):
    """An op waits for the moments themselves, not for joins of them, and for none twice."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: orch.CallOp | orch.InvokeOp | orch.HostOp, rewriter: PatternRewriter
    ):
        tokens = _flatten(op.after)
        if tokens != list(op.after):
            new = _with_tokens(op, tokens, op.result_types)  # type: ignore[type-var]
            rewriter.replace(op, new)


class LeaveChain(RewritePattern):
    """A pure op whose arguments never change needs no place among effects.

    With an argument that may change, it still has to run between the changes.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.CallOp | orch.HostOp, rewriter: PatternRewriter):
        has_token = bool(op.outs) and op.outs[-1].type == TOKEN
        if not op.after and not has_token:
            return
        if not _is_pure(op) or not all(orch.is_immutable(value.type) for value in op.arguments):
            return
        values = op.outs[:-1] if has_token else op.outs
        types = [value.type for value in values]
        new = _with_tokens(op, (), types)  # type: ignore[type-var]
        moment = [_at(op, orch.JoinOp(op.after))] if has_token else []
        rewriter.replace(op, [*moment, new], [*new.results, *(m.result for m in moment)])


def _is_pure(op: orch.CallOp | orch.HostOp) -> bool:
    if isinstance(op, orch.HostOp):
        return op.effects == PURE
    operator = op.operator()
    return operator is not None and operator.is_pure


def _with_tokens(op: _Call, tokens: Sequence[SSAValue], result_types: Sequence[Attribute]) -> _Call:
    """A copy of the op that waits for the given moments instead."""
    callee = [op.callee] if isinstance(op, orch.InvokeOp) else []
    sizes = [len(op.arguments), len(tokens), *(1 for _ in callee)]
    return type(op).create(
        operands=[*op.arguments, *tokens, *callee],
        result_types=result_types,
        properties={**op.properties, "operandSegmentSizes": DenseArrayBase.from_list(i32, sizes)},
        attributes=op.attributes,
        location=op.location,
    )


def _at(old: Operation, new: _Op) -> _Op:
    """The new op, with the source location of the one that it replaces."""
    new.location = old.location
    return new


PATTERNS: dict[type[Operation], tuple[RewritePattern, ...]] = {
    orch.GetItemOp: (ReadElement(),),
    orch.MapOp: (ForwardIdentityMap(), DropUnusedMapResults()),
    orch.IfOp: (TakeConstantBranch(),),
    orch.JoinOp: (SimplifyJoin(),),
    orch.CallOp: (WaitForMoments(), LeaveChain()),
    orch.InvokeOp: (WaitForMoments(),),
    orch.HostOp: (WaitForMoments(), LeaveChain()),
}
"""The patterns of each op."""
