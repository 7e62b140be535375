"""Outlines array code whose types are unknown until it runs.

Where a shape appears only at run time, array code is calls of operators of kind ``tensor`` on
objects. A group of such calls becomes a private function of calls, launched as one kernel, which is
specialised at its first launch on the shapes that it is given. What makes one group:

- **Errors keep their order.** Such a call may raise, so a group is a run of calls with nothing
  between them that may raise or has an effect; within it, calls are traced in program order.
- **No call waits for what it does not need.** The same blocking calls depend on all of a group.
- **One piece.** No value leaves the group and comes back into it.

Literals and the containers that only array code uses are copied into the kernel, so that an axis
or a shape is a Python value when the kernel is traced. Arithmetic and indexing of arrays next to
the calls is part of the group, and a group by itself if it is more than one operation.

This goes before `hybrid-split`: array ops of known types may stand between the calls of a group,
but a launch, which may raise, ends it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from xcs.dialects import orch
from xcs.transforms.analysis.block_dependence import (
    BlockDependence,
    declared_operators,
    is_glue,
    is_movable,
)
from xcs.transforms.analysis.used_values import used_values
from xcs.transforms.outlining import (
    KernelOutliner,
    blocks_inner_first,
    orchestration_functions,
)

ARRAY = orch.ObjectType("jax.Array")
"""The type of arrays of unknown shape."""

_ARRAY_ATTRIBUTES = frozenset({"T", "mT", "real", "imag"})

_ARRAY_SYNTAX = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Subscript,
    ast.Slice,
    ast.Tuple,
    ast.Constant,
    ast.Name,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.expr_context,
)


def _is_tensor_call(op: Operation, operators: Mapping[str, orch.OperatorOp]) -> bool:
    if not isinstance(op, orch.CallOp) or op.after or orch.TOKEN in op.result_types:
        return False
    operator = operators.get(op.callee.string_value())
    return operator is not None and operator.kind.data == "tensor" and operator.is_pure


def _is_array_glue(op: Operation) -> bool:
    """Whether the op is arithmetic, indexing or an attribute of values of which one is an array."""
    match op:
        case orch.GetItemOp() | orch.GetAttrOp() if op.after or op.token is not None:
            return False
        case orch.GetItemOp():
            return op.container.type == ARRAY
        case orch.GetAttrOp():
            return op.value.type == ARRAY and op.attribute.data in _ARRAY_ATTRIBUTES
        case orch.HostOp() if op.effects == orch.PURE and not (op.is_block or op.after):
            if ARRAY not in (value.type for value in op.arguments):
                return False
            try:
                tree = ast.parse(op.source.data, mode="eval")
            except SyntaxError:
                return False
            names = set(op.argument_names())
            return all(
                isinstance(node, _ARRAY_SYNTAX)
                and not (isinstance(node, ast.Name) and node.id not in names)
                for node in ast.walk(tree)
            )
        case _:
            return False


def _operations(op: Operation) -> int:
    """About how many operations of arrays the op is; a call counts as several."""
    if not isinstance(op, orch.HostOp):
        return 2 if isinstance(op, orch.CallOp) else 1
    tree = ast.parse(op.source.data, mode="eval")
    return sum(isinstance(n, ast.BinOp | ast.UnaryOp | ast.Subscript) for n in ast.walk(tree))


def _is_copied(op: Operation) -> bool:
    """Whether the op is copied into kernels: a literal, or a container that nothing can change."""
    match op:
        case orch.ConstantOp() | orch.TupleOp():
            return True
        case orch.ListOp() | orch.DictOp():
            return is_glue(op) and all(
                isinstance(use.operation, orch.CallOp | orch.TupleOp) for use in op.result.uses
            )
        case _:
            return False


@dataclass
class Group:
    """A run of array calls and array glue, and what stands between them."""

    feeds: int
    """The blocking calls that depend on each of the calls."""
    members: list[Operation] = field(default_factory=list)
    dependents: list[Operation] = field(default_factory=list)
    """Movable ops since the first member that need the group's results."""
    between: int = 0
    """How many of these stand before the last member."""
    known: set[Operation] = field(default_factory=set)
    """All of these ops."""
    outside: set[Operation] = field(default_factory=set)
    """Those that cannot be copied: what uses their results cannot join the group."""

    def accepts(self, op: Operation, feeds: int) -> bool:
        """Whether the op can be one of the group."""
        return feeds == self.feeds and not any(v.owner in self.outside for v in op.operands)

    def add(self, op: Operation) -> None:
        """Takes in a call, or array glue."""
        self.members.append(op)
        self.known.add(op)
        self.between = len(self.dependents)

    @property
    def is_worth_a_kernel(self) -> bool:
        """Whether it is a call, or more than one operation."""
        return sum(map(_operations, self.members)) > 1

    def pass_by(self, op: Operation) -> None:
        """Notes a movable op that is none of the group."""
        if any(v.owner in self.known for v in used_values(op)):
            self.dependents.append(op)
            self.known.add(op)
            if not _is_copied(op) or any(v.owner in self.outside for v in used_values(op)):
                self.outside.add(op)


class BlockOutliner:
    """Finds the groups of a block, in one walk, and outlines each."""

    def __init__(
        self, block: Block, operators: Mapping[str, orch.OperatorOp], outliner: KernelOutliner
    ):
        self.block = block
        self.operators = operators
        self.outliner = outliner
        self.feeds = BlockDependence(block, operators).feeds
        self.group: Group | None = None

    def run(self) -> None:
        """Walks over the block; the terminator ends the last group."""
        for op in list(self.block.ops):
            feeds = self.feeds[op]
            group = self.group
            if _is_tensor_call(op, self.operators) or _is_array_glue(op):
                if group is None or not group.accepts(op, feeds):
                    self._close()
                    group = self.group = Group(feeds)
                group.add(op)
            elif not is_movable(op):
                self._close()
            elif group is not None:
                group.pass_by(op)

    def _close(self) -> None:
        """Outlines the group; what needs its results and stood inside of it comes after it."""
        group, self.group = self.group, None
        if group is None or not group.is_worth_a_kernel:
            return
        anchor = group.members[-1].next_op
        assert anchor is not None
        launch = self.outliner.outline(group.members, anchor)
        after: Operation = launch
        for op in group.dependents[: group.between]:
            if op.parent is None:
                continue  # it was copied into the kernel, and only the kernel used it
            op.detach()
            self.block.insert_op_after(op, after)
            after = op


@dataclass(frozen=True)
class OutlineDeferred(ModulePass):
    """Outlines array calls on values of unknown types into kernels specialised when they run."""

    name = "outline-deferred"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        operators = declared_operators(op)
        outliner = KernelOutliner(op, _is_copied)
        functions = orchestration_functions(op)
        for function in functions:
            for block in list(blocks_inner_first(function)):
                BlockOutliner(block, operators, outliner).run()
        outliner.finish(functions)
