"""Simplification of tensor ops, as `canonicalize` does it: exact rules, constants, known branches.

What it does keeps every bit. Rules come from `transforms/rules`: those that clean up. What has
constant operands is evaluated (`transforms/evaluation`) where the value is the same on all
platforms. Ops with regions or with any number of operands have patterns of their own, since no term
has such ops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import cast

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, type_of
from xcs.transforms.evaluation import Array, CannotEvaluate, Interpreter, array_of, attribute_of
from xcs.transforms.evaluation.elementwise import bits_of
from xcs.transforms.rules.cost import LEAST, dying, total
from xcs.transforms.rules.kinds import Kind as Promise
from xcs.transforms.rules.registry import all_rules
from xcs.transforms.rules.rule import Rule
from xcs.transforms.rules.views import Emitter

LARGEST = 256
"""Elements of a constant that is made by folding: it is part of the program's text."""


class ApplyCleanupRules(RewritePattern):
    """Applies the exact rules that clean up, where the cost model says that it pays."""

    def __init__(self) -> None:
        self._rules: dict[type[Operation], list[Rule]] = {}
        for rule in all_rules():
            if rule.cleanup and rule.kind is Promise.EXACT:
                for root in rule.roots:
                    self._rules.setdefault(root, []).append(rule)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        for rule in self._rules.get(type(op), ()):
            emit = Emitter(op)
            found = rule.attempt(op, emit)
            if not isinstance(found, str) and _pays(op, found, emit):
                rewriter.replace(op, emit.ops, (found,))
                return
            emit.discard()


def _pays(op: Operation, found: SSAValue, emit: Emitter) -> bool:
    return found.type == op.results[0].type and total(emit.ops) <= total(dying(op, [found])) - LEAST


# --- Constants ------------------------------------------------------------------------------------

_ROUNDED_ALIKE: tuple[type[Operation], ...] = (
    xtensor.AddOp,
    xtensor.DivOp,
    xtensor.MulOp,
    xtensor.SqrtOp,
    xtensor.SubOp,
)
"""Ops of floats that IEEE 754 rounds correctly, so that they are the same everywhere."""

_OF_ANY_ELEMENTS: tuple[type[Operation], ...] = (
    xtensor.AbsOp,
    xtensor.AndOp,
    xtensor.ArgmaxOp,
    xtensor.ArgminOp,
    xtensor.CeilOp,
    xtensor.ClampOp,
    xtensor.ClzOp,
    xtensor.CummaxOp,
    xtensor.CumminOp,
    xtensor.EqOp,
    xtensor.FloorOp,
    xtensor.GeOp,
    xtensor.GtOp,
    xtensor.IsFiniteOp,
    xtensor.LeOp,
    xtensor.LtOp,
    xtensor.MaxOp,
    xtensor.MinOp,
    xtensor.NeOp,
    xtensor.NegOp,
    xtensor.NotOp,
    xtensor.OrOp,
    xtensor.PopulationCountOp,
    xtensor.ReduceAndOp,
    xtensor.ReduceMaxOp,
    xtensor.ReduceMinOp,
    xtensor.ReduceOrOp,
    xtensor.ReduceXorOp,
    xtensor.RoundOp,
    xtensor.SelectNOp,
    xtensor.ShiftLeftOp,
    xtensor.ShiftRightArithmeticOp,
    xtensor.ShiftRightLogicalOp,
    xtensor.SignOp,
    xtensor.XorOp,
)
"""Ops that choose or compare, or are about bits: nothing is rounded."""

_OF_INTEGERS: tuple[type[Operation], ...] = (
    xtensor.CumprodOp,
    xtensor.CumsumOp,
    xtensor.DotGeneralOp,
    xtensor.IntegerPowOp,
    xtensor.MulhiOp,
    xtensor.ReduceProdOp,
    xtensor.ReduceSumOp,
    xtensor.RemOp,
    xtensor.SquareOp,
    *_ROUNDED_ALIKE,
)
"""Ops that are exact, and wrap around, where elements are integers."""

_SPREADS = (xtensor.BroadcastInDimOp, xtensor.PadOp, xtensor.TileOp)
"""Ops that make large tensors of small ones: they stay as they are."""


class FoldConstants(RewritePattern):
    """Evaluates what has constant operands, where no platform would give another value."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not op.operands or isinstance(op, _SPREADS) or not _is_same_everywhere(op):
            return
        if any(_elements(result) > LARGEST for result in op.results):
            return
        operands: list[Array] = []
        for operand in op.operands:
            array = _constant(operand)
            if array is None:
                return
            operands.append(array)
        try:
            found = Interpreter().evaluate(op, operands)
        except CannotEvaluate:
            return
        if any(map(_is_special, (*operands, *found))) and isinstance(op, _ROUNDED_ALIKE):
            return
        constants = [
            xtensor.ConstantOp(attribute_of(array, type_of(result)))
            for array, result in zip(found, op.results, strict=True)
        ]
        for constant in constants:
            constant.location = op.location
        rewriter.replace(op, constants, [constant.result for constant in constants])


def _is_same_everywhere(op: Operation) -> bool:
    kinds = [kind_of(type_of(value).element_type) for value in op.operands]
    if isinstance(op, _OF_ANY_ELEMENTS):
        return not any(kind & Kind.COMPLEX for kind in kinds)
    if isinstance(op, _OF_INTEGERS) and all(kind & Kind.BITS for kind in kinds):
        return True
    if isinstance(op, _ROUNDED_ALIKE):
        return all(kind & Kind.FLOAT for kind in kinds)
    if isinstance(op, xtensor.ConvertElementTypeOp):
        return _is_exact_conversion(op)
    if isinstance(op, xtensor.ScatterLikeOp | xtensor.GatherOp):
        return False  # which of several updates comes last is nobody's promise
    return op.has_trait(xtensor.Reindexing)


def _is_exact_conversion(op: xtensor.ConvertElementTypeOp) -> bool:
    source, target = (type_of(v).element_type for v in (op.operand, op.result))
    if kind_of(source) & Kind.BITS:
        return not kind_of(target) & Kind.COMPLEX
    both_floats = bool(kind_of(source) & kind_of(target) & Kind.FLOAT)
    return both_floats and bits_of(source) <= 32 and bits_of(target) >= 16


def _elements(value: SSAValue) -> int:
    return prod(type_of(value).get_shape())


def _constant(value: SSAValue) -> Array | None:
    """The array that a value is, if that is known and small."""
    op = value.owner
    if isinstance(op, xtensor.ConstantOp) and _elements(value) <= LARGEST:
        return array_of(cast(DenseIntOrFPElementsAttr, op.value))
    if isinstance(op, xtensor.BroadcastInDimOp) and _elements(value) <= LARGEST:
        inner = _constant(op.operand)
        return None if inner is None else Interpreter().evaluate(op, [inner])[0]
    return None


def _is_special(array: Array) -> bool:
    """Whether there are NaNs, whose bits differ, or numbers so small that some take them for 0."""
    if array.dtype.kind not in "fV":
        return False
    wide = np.abs(array.astype(np.float64))
    tiny = 2.0**-1021 if array.dtype.itemsize == 8 else 2.0**-126
    tiny = 2.0**-14 if array.dtype == np.float16 else tiny
    return bool(np.any(np.isnan(wide) | ((wide != 0) & (wide < tiny))))


# --- Any number of operands -----------------------------------------------------------------------


class JoinOfOne(RewritePattern):
    """A concatenation of one tensor is that tensor, and a stack of one a reshape."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: xtensor.ConcatenateOp | xtensor.StackOp, rewriter: PatternRewriter
    ) -> None:
        if len(op.inputs) != 1:
            return
        if isinstance(op, xtensor.ConcatenateOp):
            rewriter.replace(op, (), op.inputs)
        else:
            shape = type_of(op.result).get_shape()
            _replace(op, [xtensor.ReshapeOp(op.inputs[0], shape)], rewriter)


class PartsOfJoin(RewritePattern):
    """What is taken apart as it was put together is what was there before."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: xtensor.SplitOp | xtensor.UnstackOp, rewriter: PatternRewriter
    ) -> None:
        made = op.operand.owner
        if len(op.parts) == 1 and isinstance(op, xtensor.SplitOp):
            rewriter.replace(op, (), (op.operand,))
        elif isinstance(op, xtensor.UnstackOp) and isinstance(made, xtensor.StackOp):
            if made.axis == op.axis:
                rewriter.replace(op, (), made.inputs)
        elif isinstance(op, xtensor.SplitOp) and isinstance(made, xtensor.ConcatenateOp):
            types = [value.type for value in made.inputs]
            if made.dimension == op.axis and types == [part.type for part in op.parts]:
                rewriter.replace(op, (), made.inputs)


class SliceAtConstants(RewritePattern):
    """A dynamic slice at indices that are known is a slice; one of everything is the operand."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: xtensor.DynamicSliceOp, rewriter: PatternRewriter) -> None:
        shape, sizes = type_of(op.operand).get_shape(), op.slice_sizes.get_values()
        if tuple(sizes) == shape:
            rewriter.replace(op, (), (op.operand,))
            return
        starts: list[int] = []
        for index, size, part in zip(op.start_indices, shape, sizes, strict=True):
            array = np.zeros(()) if size == part else _constant(index)
            if array is None:
                return
            starts.append(min(max(int(array), 0), size - part))
        limits = [start + part for start, part in zip(starts, sizes, strict=True)]
        _replace(op, [xtensor.SliceOp(op.operand, starts, limits)], rewriter)


class UpdateOfEverything(RewritePattern):
    """A tensor all of which is replaced is what replaces it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: xtensor.DynamicUpdateSliceOp, rewriter: PatternRewriter
    ) -> None:
        if op.update.type == op.result.type:
            rewriter.replace(op, (), (op.update,))


class SelectKnownCase(RewritePattern):
    """A choice that is known, and the same for all elements, is the case chosen."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: xtensor.SelectNOp, rewriter: PatternRewriter) -> None:
        if len(op.cases) == 1:
            rewriter.replace(op, (), op.cases)
            return
        which = _known_number(op.which)
        if which is not None:
            rewriter.replace(op, (), (op.cases[min(max(which, 0), len(op.cases) - 1)],))


def _known_number(value: SSAValue) -> int | None:
    """The integer that every element is, if that is known."""
    while isinstance(value.owner, xtensor.BroadcastInDimOp):
        value = value.owner.operand
    if not isinstance(value.owner, xtensor.ConstantOp):
        return None
    attribute = cast(DenseIntOrFPElementsAttr, value.owner.value)
    data = array_of(attribute).ravel()
    return int(data[0]) if data.size and bool((data == data[0]).all()) else None


# --- Regions --------------------------------------------------------------------------------------


class TakeKnownBranch(RewritePattern):
    """A branch at a known index is the branch taken."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: xtensor.CondOp, rewriter: PatternRewriter) -> None:
        last = len(op.branches) - 1
        index = 0 if last == 0 else _known_number(op.index)
        if index is not None:
            _inline(op, op.branches[index if 0 <= index <= last else last], (), rewriter)


class NeverLoops(RewritePattern):
    """A loop whose condition is known to be false gives what it starts with."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: xtensor.WhileOp, rewriter: PatternRewriter) -> None:
        end = op.condition.block.last_op
        if end is not None and _known_number(end.operands[0]) == 0:
            rewriter.replace(op, (), op.inits)


class ScanOfOne(RewritePattern):
    """A scan of one element is its body, once."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: xtensor.ScanOp, rewriter: PatternRewriter) -> None:
        if op.length.value.data != 1:
            return
        taken: list[Operation] = []
        for value in op.scanned:
            taken.append(xtensor.ReshapeOp(value, type_of(value).get_shape()[1:]))
        for made in taken:
            made.location = op.location
            rewriter.insert_op(made, InsertPoint.before(op))
        arguments = [*op.inits, *(made.results[0] for made in taken)]
        _inline(op, op.body, arguments, rewriter)


def _inline(
    op: Operation, region: Region, arguments: Sequence[SSAValue], rewriter: PatternRewriter
) -> None:
    """Put a region's ops in the place of the op; results that stack one element are reshaped."""
    end = region.block.last_op
    assert end is not None
    rewriter.inline_block(region.block, InsertPoint.before(op), arguments)
    values = list(end.operands)
    rewriter.erase(end)
    found: list[SSAValue] = []
    for value, result in zip(values, op.results, strict=True):
        if value.type != result.type:
            made = xtensor.ReshapeOp(value, type_of(result).get_shape())
            made.location = op.location
            rewriter.insert_op(made, InsertPoint.before(op))
            value = made.result
        found.append(value)
    rewriter.replace(op, (), found)


def _replace(op: Operation, made: Sequence[Operation], rewriter: PatternRewriter) -> None:
    for one in made:
        one.location = op.location
    rewriter.replace(op, list(made))


PATTERNS: Mapping[type[Operation], tuple[RewritePattern, ...]] = {
    xtensor.ConcatenateOp: (JoinOfOne(),),
    xtensor.CondOp: (TakeKnownBranch(),),
    xtensor.DynamicSliceOp: (SliceAtConstants(),),
    xtensor.DynamicUpdateSliceOp: (UpdateOfEverything(),),
    xtensor.ScanOp: (ScanOfOne(),),
    xtensor.SelectNOp: (SelectKnownCase(),),
    xtensor.SplitOp: (PartsOfJoin(),),
    xtensor.StackOp: (JoinOfOne(),),
    xtensor.UnstackOp: (PartsOfJoin(),),
    xtensor.WhileOp: (NeverLoops(),),
}
"""The patterns of ops that no term has."""


class SimplifyTensors(RewritePattern):
    """All of it: the op's own patterns, then constants, then rules."""

    def __init__(self) -> None:
        self._fold, self._rules = FoldConstants(), ApplyCleanupRules()

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        for pattern in (*PATTERNS.get(type(op), ()), self._fold, self._rules):
            if rewriter.has_done_action:
                return
            pattern.match_and_rewrite(op, rewriter)


def simplification() -> tuple[RewritePattern, ...]:
    """Return the canonicalization patterns of tensor ops."""
    return (SimplifyTensors(),)
