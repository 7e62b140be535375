"""What each op of a block may be moved across, and which waiting calls it depends on or feeds.

The ops of a block are either *movable* (they have no observable effect but their results, and
cannot raise) or *fixed*. Fixed ops keep their order for good, because an op's place is its place in
the program: it decides which error comes first and what an ordered op waits for. They divide the
block into slots, slot ``i`` being the gap just before fixed op ``i``. A movable op may stand in any
slot from just after the last fixed op that it needs to just before the first one that needs it.

*Blocking* ops are the fixed ops that may wait for the world: a model, a tool, unknown code. Sets of
them are bit masks, one bit for each blocking op in block order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Block, Operation
from xdsl.traits import IsTerminator
from xdsl.transforms.dead_code_elimination import result_only_effects

from xcs.dialects import orch, xtensor


def declared_operators(module: ModuleOp) -> dict[str, orch.OperatorOp]:
    """The operators that the module declares, by symbol."""
    return {op.sym_name.data: op for op in module.body.block.ops if isinstance(op, orch.OperatorOp)}


def may_block(op: Operation, operators: Mapping[str, orch.OperatorOp]) -> bool:
    """Whether the op, or an op nested in it, may wait for something outside the process."""
    if isinstance(op, orch.CallOp):
        operator = operators.get(op.callee.string_value())
        if operator is None:
            return True
        return operator.nonblocking is None and operator.kind.data != "tensor"
    if isinstance(op, orch.InvokeOp):
        return True
    return any(
        may_block(inner, operators)
        for region in op.regions
        for block in region.blocks
        for inner in block.ops
    )


def is_array_op(op: Operation) -> bool:
    """Whether the op belongs to an array class; all of these are pure and cannot raise."""
    return bool(op.get_traits_of_type(xtensor.OpClass))


def is_movable(op: Operation) -> bool:
    """Whether the op can stand anywhere between its operands and its uses."""
    return is_array_op(op) or is_glue(op)


def is_glue(op: Operation) -> bool:
    """Whether an orchestration op can stand anywhere between its operands and its uses.

    An op that makes an array out of operands stays fixed: array code may go on from it.
    """
    return (
        not op.regions
        and not op.has_trait(IsTerminator)
        and not isinstance(op, orch.CallOp)
        and result_only_effects(op)
        and not (op.operands and any(isinstance(t, TensorType) for t in op.result_types))
    )


def users_in_block(op: Operation, block: Block) -> Iterator[Operation]:
    """The ops of the block that use the op's results, themselves or in a region of theirs."""
    for result in op.results:
        for use in result.uses:
            user = use.operation
            if user.parent is not block:
                user = block.find_ancestor_op_in_block(user)
            if user is not None:
                yield user


class BlockDependence:
    """Slots and call dependences of the ops of one block, in time linear in ops and uses."""

    fixed: list[Operation]
    """The fixed ops in program order; the terminator is the last."""
    slot: dict[Operation, int]
    """The slot in which an op stands; for a fixed op, its own index."""
    earliest: dict[Operation, int]
    """The first slot in which an op may stand."""
    latest: dict[Operation, int]
    """The last slot in which an op may stand."""
    needs: dict[Operation, int]
    """The blocking ops on which an op depends."""
    feeds: dict[Operation, int]
    """The blocking ops that depend on an op."""

    def __init__(self, block: Block, operators: Mapping[str, orch.OperatorOp]):
        ops = list(block.ops)
        self.fixed = []
        self.slot = {}
        bit: dict[Operation, int] = {}
        for op in ops:
            self.slot[op] = len(self.fixed)
            if not is_movable(op):
                self.fixed.append(op)
                if may_block(op, operators):
                    bit[op] = 1 << len(bit)
        fixed = set(self.fixed)
        users = {op: list(users_in_block(op, block)) for op in ops}

        self.earliest = dict.fromkeys(ops, 0)
        self.needs = dict.fromkeys(ops, 0)
        for op in ops:
            if op in fixed:
                self.earliest[op] = self.slot[op]
            reached = self.earliest[op] + (op in fixed)
            needs = self.needs[op] | bit.get(op, 0)
            for user in users[op]:
                self.earliest[user] = max(self.earliest[user], reached)
                self.needs[user] |= needs

        self.latest = {}
        self.feeds = {}
        last = len(self.fixed) - 1
        for op in reversed(ops):
            latest = min((self.latest[user] for user in users[op]), default=last)
            self.latest[op] = self.slot[op] if op in fixed else latest
            feeds = 0
            for user in users[op]:
                feeds |= self.feeds[user] | bit.get(user, 0)
            self.feeds[op] = feeds
