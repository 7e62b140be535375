"""Reads of containers that are known, and maps that do nothing or too much."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, TensorType, UnitAttr, i64
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from xcs.dialects import orch
from xcs.dialects.canonicalization_patterns.orch.known import (
    at,
    constant_value,
    is_never_changed,
    may_stand_for,
    only_reads,
    replace_read,
)
from xcs.dialects.orch import TOKEN


def _elements(container: SSAValue) -> list[SSAValue] | None:
    """The elements of a tuple, or of a list that nothing changes; None for what is not known."""
    made = container.owner
    if isinstance(made, orch.TupleOp) or (
        isinstance(made, orch.ListOp) and is_never_changed(container)
    ):
        return list(made.elements)
    return None


def _text_keys(container: SSAValue) -> list[str] | None:
    """The keys of a dict that nothing changes, where all are text.

    Other kinds of keys may be equal to one another, as 1 and True are.
    """
    made = container.owner
    if not isinstance(made, orch.DictOp) or not is_never_changed(container):
        return None
    return _texts(made.keys)


def _texts(values: Sequence[SSAValue]) -> list[str] | None:
    """The values, if all are known to be text."""
    texts = [text for value in values if isinstance(text := constant_value(value), str)]
    return texts if len(texts) == len(values) else None


class ReadElement(RewritePattern):
    """``(a, b)[1]`` is ``b``: an item of a tuple, or of a list or dict that nothing changes."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.GetItemOp, rewriter: PatternRewriter):
        element = self._element(op.container, constant_value(op.index))
        if element is not None and may_stand_for(element, op.result):
            replace_read(op, element, rewriter)

    def _element(self, container: SSAValue, index: object) -> SSAValue | None:
        # bool is left alone: it counts as an index, but nobody writes it on purpose.
        if type(index) is int:
            elements = _elements(container) or []
            return elements[index] if -len(elements) <= index < len(elements) else None
        keys = _text_keys(container) or []
        found = [i for i, key in enumerate(keys) if key == index]
        made = container.owner
        return made.elements[found[-1]] if found and isinstance(made, orch.DictOp) else None


class KnownLength(RewritePattern):
    """``len((a, b))`` is 2: of a tuple, or of a list or dict that nothing changes."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.LenOp, rewriter: PatternRewriter):
        length = self._length(op.container)
        if length is not None and isinstance(op.result.type, orch.ObjectType):
            replace_read(op, orch.ConstantOp(IntegerAttr(length, i64), op.result.type), rewriter)

    def _length(self, container: SSAValue) -> int | None:
        made = container.owner
        if isinstance(made, orch.UnstackOp) and is_never_changed(container):
            array = made.value.type
            return array.get_shape()[0] if isinstance(array, TensorType) else None
        elements, keys = _elements(container), _text_keys(container)
        if elements is not None:
            return len(elements)
        return None if keys is None else len(set(keys))


class KnownMembership(RewritePattern):
    """``"a" in ("a", "b")`` is True: text among text, in what nothing changes."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.ContainsOp, rewriter: PatternRewriter):
        item = constant_value(op.item)
        elements = _elements(op.container)
        texts = _text_keys(op.container) if elements is None else _texts(elements)
        if not isinstance(item, str) or texts is None:
            return
        if isinstance(op.result.type, orch.ObjectType):
            known = orch.ConstantOp(BoolAttr.from_bool(item in texts), op.result.type)
            replace_read(op, known, rewriter)


class AppendByName(RewritePattern):
    """``x.append(v)`` of what is known to be a list is the op for it; it gives None."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.MethodOp, rewriter: PatternRewriter):
        is_list = isinstance(op.object.type, orch.ListType)
        named = bool(op.keyword_names() or op.starred_positions())
        if not is_list or op.method.data != "append" or len(op.arguments) != 1 or named:
            return
        if not isinstance(op.result.type, orch.ObjectType):
            return
        token = op.token is not None
        append = at(op, orch.AppendOp(op.object, op.arguments[0], after=op.after, token=token))
        none = at(op, orch.ConstantOp(UnitAttr(), op.result.type))
        rewriter.replace(op, [append, none], [none.result, *append.results])


class ForwardSnapshot(RewritePattern):
    """The version of what never changes is the thing itself; one that nobody uses is not made."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: orch.SnapshotOp, rewriter: PatternRewriter):
        same = orch.is_immutable(op.object.type) and may_stand_for(op.object, op.result)
        if same or not op.result.uses:
            replace_read(op, op.object, rewriter)


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
        if all(map(only_reads, (*op.iterable.uses, *op.outs[0].uses))):
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
        rewriter.replace(ret, at(ret, orch.YieldOp([ret.arguments[i] for i in kept])), ())
        new = orch.MapOp(
            op.iterable,
            rewriter.move_region_contents_to_new_regions(op.body),
            [op.outs[i].type for i in kept],
            after=op.after,
        )
        new.attributes |= op.attributes
        results: list[SSAValue | None] = [None] * len(op.outs)
        for i, out in zip(kept, new.outs, strict=True):
            results[i] = out
        rewriter.replace(op, at(op, new), results)
