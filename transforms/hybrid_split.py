"""Outlines the array code of orchestration functions into kernels.

Each array region becomes a private function of array ops only, which the orchestration function
launches. What makes one region:

- **Program order.** The ops of a block that are not array code keep their order, and divide it into
  slots; an array op may be computed in any slot between what it needs and what needs it. The slots
  used are the fewest that serve every op (a greedy sweep over the intervals), and an op is computed
  in the first of them that it can be. Slots grow along dependences, so no value leaves a region and
  comes back into it.
- **No call waits for what it does not need.** Within a slot, two ops share a kernel if the same
  blocking calls depend on them. A call then depends on all of the kernel or on none of it: no call
  is held up by array work for another, nor does outlining make one call wait for another.
- **Launches are not free either.** A part whose work is less than the cost of a launch joins the
  part that it continues, unless a call would wait for another call because of it.

Constants and iota are copied into each kernel that uses them; everything else is computed once.
Kernels with the same ops are one function. Regions of orchestration ops (map bodies, branches) are
split like function bodies, and what they use from outside becomes an operand of the launch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from xcs.dialects import orch, xtensor
from xcs.transforms.analysis.block_dependence import (
    BlockDependence,
    declared_operators,
    is_array_op,
)
from xcs.transforms.analysis.used_values import used_values
from xcs.transforms.analysis.work import scalar_operations
from xcs.transforms.outlining import (
    KernelOutliner,
    blocks_inner_first,
    orchestration_functions,
)

LAUNCH_WORK = 1 << 14
"""Scalar operations that take about as long as one launch: some microseconds on one core."""


def is_rematerialisable(op: Operation) -> bool:
    """Whether copying the op into kernels is cheaper than passing its result: constant, iota."""
    return not op.operands and op.has_trait(xtensor.Generation)


# --- Which ops make a kernel ----------------------------------------------------------------------


@dataclass(eq=False)
class Group:
    """Array ops of one slot that are computed together."""

    feeds: int
    """The blocking calls that depend on the ops."""
    needs: int = 0
    """The blocking calls on which the ops depend."""
    work: float = 0
    """About how many scalar operations the ops take."""
    ops: list[Operation] = field(default_factory=list)


def _slots_used(intervals: Iterable[tuple[int, int]]) -> list[int]:
    """The fewest points such that each of the closed intervals holds one, in ascending order."""
    points: list[int] = []
    for first, last in sorted(intervals, key=lambda interval: interval[1]):
        if not points or points[-1] < first:
            points.append(last)
    return points


def _group_by_slot(
    members: Sequence[Operation], dependence: BlockDependence
) -> dict[int, list[Group]]:
    """Groups of the member ops that share a slot and the calls that depend on them."""
    points = _slots_used((dependence.earliest[op], dependence.latest[op]) for op in members)
    groups: dict[int, dict[int, Group]] = {point: {} for point in points}
    for op in members:
        in_slot = groups[points[bisect_left(points, dependence.earliest[op])]]
        feeds = dependence.feeds[op]
        group = in_slot.setdefault(feeds, Group(feeds))
        group.ops.append(op)
        group.needs |= dependence.needs[op]
        group.work += scalar_operations(op)
    return {point: list(in_slot.values()) for point, in_slot in groups.items()}


def _operand_groups(group: Group, group_of: Mapping[Operation, Group]) -> set[Group]:
    """The other groups whose results the group uses."""
    owners = (value.owner for op in group.ops for value in used_values(op))
    found = {
        group_of[owner]
        for owner in owners
        if isinstance(owner, Operation) and owner in group_of and not is_rematerialisable(owner)
    }
    return found - {group}


def _absorb_small(groups: Sequence[Group]) -> list[Group]:
    """Lets each group that is too small for a launch of its own join the group that it continues.

    A small group joins another of its slot only if that one's calls do not come to wait for a call
    that they did not wait for, and if it uses results of no third group (so that no value can leave
    the joint group and come back). Small groups that use no group's results join one another.
    """
    # The calls fed shrink along dependences, so this order has each group after those it uses.
    groups = sorted(groups, key=lambda group: -group.feeds.bit_count())
    group_of = {op: group for group in groups for op in group.ops}
    kept: list[Group] = []
    root: Group | None = None
    for group in groups:
        sources = _operand_groups(group, group_of)
        target = root if not sources else sources.pop() if len(sources) == 1 else None
        if target is None or group.work > LAUNCH_WORK or group.needs & ~target.needs:
            kept.append(group)
            root = root if sources or target is not None else group
            continue
        target.ops += group.ops
        target.feeds |= group.feeds
        group_of.update(dict.fromkeys(group.ops, target))
    order = TopologicalSorter({group: _operand_groups(group, group_of) for group in kept})
    return list(order.static_order())


# --- Blocks ---------------------------------------------------------------------------------------


def _split_block(
    block: Block, outliner: KernelOutliner, operators: Mapping[str, orch.OperatorOp]
) -> None:
    """Outlines the array code that stands in the block itself."""
    members = _separate_constants(block)
    if not members:
        return

    dependence = BlockDependence(block, operators)
    fixed = set(dependence.fixed)
    glue = [op for op in block.ops if not is_array_op(op) and op not in fixed]
    position = {op: index for index, op in enumerate(members)}
    slot_of: dict[Operation, int] = {}
    for slot, groups in sorted(_group_by_slot(members, dependence).items()):
        anchor = dependence.fixed[slot]
        for group in _absorb_small(groups):
            ops = sorted(group.ops, key=position.__getitem__)
            slot_of[outliner.outline(ops, anchor)] = slot
    _sink_glue(glue, slot_of, dependence)


def _separate_constants(block: Block) -> list[Operation]:
    """The array ops to compute, after each constant that other ops use too has a copy for them.

    Constants that only array ops use are none of them: they are copied into the kernels.
    """
    members: list[Operation] = []
    for op in list(block.ops):
        if not is_array_op(op):
            continue
        if is_rematerialisable(op):
            uses = [use for result in op.results for use in result.uses]
            if all(is_array_op(use.operation) for use in uses):
                continue
            copy = op.clone()
            block.insert_op_before(copy, op)
            for old, new in zip(op.results, copy.results, strict=True):
                old.replace_uses_with_if(new, lambda use: not is_array_op(use.operation))
            members.append(copy)
            if not any(result.uses for result in op.results):
                block.erase_op(op)
        else:
            members.append(op)
    return members


def _sink_glue(
    glue: Iterable[Operation], slot_of: dict[Operation, int], dependence: BlockDependence
) -> None:
    """Moves glue that depends on launches to after them; the slots of launches are given."""
    for op in glue:
        sources = [slot_of[o.owner] for o in op.operands if o.owner in slot_of]  # type: ignore[index]
        if not sources:
            continue
        slot_of[op] = max(*sources, dependence.slot[op])
        anchor = dependence.fixed[slot_of[op]]
        op.detach()
        assert anchor.parent is not None
        anchor.parent.insert_op_before(op, anchor)


def _erase_unused_array_ops(block: Block) -> None:
    for op in reversed(list(block.ops)):
        if is_array_op(op) and not any(result.uses for result in op.results):
            block.erase_op(op)


def _holds_array_code_only(function: func.FuncOp) -> bool:
    return all(
        is_array_op(op) or isinstance(op, func.ReturnOp)
        for block in function.body.blocks
        for op in block.ops
    )


@dataclass(frozen=True)
class HybridSplit(ModulePass):
    """Outlines array regions into kernels, launched from the orchestration function."""

    name = "hybrid-split"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        operators = declared_operators(op)
        outliner = KernelOutliner(op, is_rematerialisable)
        orchestration = [
            f
            for f in orchestration_functions(op)
            # A private function of array code is a kernel, whether or not it is launched here.
            if not (f.sym_visibility == StringAttr("private") and _holds_array_code_only(f))
        ]
        for function in orchestration:
            blocks = list(blocks_inner_first(function))
            for block in blocks:
                _erase_unused_array_ops(block)
            for block in blocks:
                _split_block(block, outliner, operators)
        outliner.finish(orchestration)
