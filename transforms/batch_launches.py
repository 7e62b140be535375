"""Kernels that a loop launches on elements of lists are launched over the lists, before the loop.

All that differs between the iterations must be elements of lists that are there before the loop, at
the loop's own index: the rows of an array, or what such a launch gives. Then one launch computes
all elements at once, and the iterations take their elements from its results. What does not differ
at all is launched once. The launch itself does not fail, so it may come early: if a kernel fails
for an element, that shows where the element is taken.

This goes after `outline-deferred`, which makes the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import BlockArgument, Operation, SSAValue, Use
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from xcs.dialects import orch
from xcs.transforms.analysis.used_values import (
    is_defined_outside,
    is_entry,
    is_only_filled,
)
from xcs.transforms.outlining import orchestration_functions


def _list_of(value: SSAValue, loop: Operation, index: SSAValue) -> SSAValue | None:
    """The list from before the loop that the value is an element of, at the index."""
    take = value.owner
    if not isinstance(take, orch.GetItemOp) or take.index is not index:
        return None
    if take.after or take.token is not None:
        return None
    made = take.container.owner
    is_launched = isinstance(made, orch.LaunchOp) and made.over is not None
    if not (is_launched or isinstance(made, orch.UnstackOp)):
        return None
    has_type = take.container.type == orch.ListType(value.type)
    return take.container if has_type and is_defined_outside(take.container, loop) else None


def _batch(launch: orch.LaunchOp, loop: Operation, index: SSAValue) -> None:
    """Launch the kernel over lists before the loop, if that is how its arguments are made."""
    elements = [_list_of(value, loop, index) for value in launch.arguments]
    over = [position for position, found in enumerate(elements) if found is not None]
    pairs = list(zip(launch.arguments, elements, strict=True))
    if not all(found or is_defined_outside(value, loop) for value, found in pairs):
        return
    whole = orch.LaunchOp(
        launch.kernel.string_value(),
        [found or value for value, found in pairs],
        [orch.ListType(type) for type in launch.result_types],
        over=over,
    )
    takes = [
        orch.GetItemOp(made, index, old.type)
        for made, old in zip(whole.results, launch.results, strict=True)
    ]
    for made, old in zip(whole.results, launch.results, strict=True):
        made.name_hint = old.name_hint
    for op in (whole, *takes):
        op.location = launch.location
    assert loop.parent is not None
    loop.parent.insert_op_before(whole, loop)
    Rewriter.replace_op(launch, takes, [take.result for take in takes])
    for value, found in pairs:
        take = value.owner
        if found is not None and isinstance(take, orch.GetItemOp) and not value.uses:
            Rewriter.erase_op(take)


# --- Elements that are only returned --------------------------------------------------------------


def _is_element(take: orch.GetItemOp) -> bool:
    """Whether it takes the element that belongs to an iteration."""
    loop = take.index.block.parent_op() if isinstance(take.index, BlockArgument) else None
    return loop is not None and _list_of(take.result, loop, take.index) is not None


def _is_only_returned(value: SSAValue) -> bool:
    """Whether a value goes to the program's caller, perhaps in containers, and nowhere else."""
    pending, seen = [value], {value}
    while pending:
        for use in pending.pop().uses:
            holder = _holder(use)
            if holder is None:
                return False
            if holder not in seen:
                seen.add(holder)
                pending.append(holder)
    return True


def _holder(use: Use) -> SSAValue | None:
    """What is, or holds, the used value, if nothing looks into that; None if something may."""
    op = use.operation
    parent = op.parent_op()
    match op:
        case orch.TupleOp() | orch.ListOp():
            return op.result
        case orch.DictOp() if use.index >= len(op.keys):
            return op.result
        case orch.HostOp() if op.source.data in op.argument_names():
            return op.outs[0]  # it gives the value as it is
        case orch.YieldOp() if isinstance(parent, orch.MapOp | orch.IfOp):
            return parent.results[use.index]
        case orch.AppendOp() if is_only_filled(op.container):
            return op.container
        case func.ReturnOp() if is_entry(parent):
            return op.arguments[use.index]
        case _:
            return None


@dataclass(frozen=True)
class BatchLaunches(ModulePass):
    """Launches kernels once over lists, rather than in each iteration on their elements.

    With ``rows``, elements that are only returned stay in their arrays: who calls the program takes
    them from there.
    """

    name = "batch-launches"

    rows: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in orchestration_functions(op):
            self._in_function(function)

    def _in_function(self, function: func.FuncOp) -> None:
        for loop in list(function.walk()):
            if isinstance(loop, orch.MapOp | orch.ForOp):
                index = loop.body.block.args[0]
                for launch in list(loop.body.walk()):
                    if isinstance(launch, orch.LaunchOp) and launch.over is None:
                        _batch(launch, loop, index)
        if self.rows:
            for take in function.walk():
                if isinstance(take, orch.GetItemOp) and _is_element(take):
                    take.row = UnitAttr() if _is_only_returned(take.result) else None
