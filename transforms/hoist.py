"""Moves what is the same in all iterations of a loop before the loop.

- **Every loop:** ops that have no effect but their results. A fresh object is not moved where the
  iterations, or who gets the results, could tell one from several.
- **A mapped function's own loops,** whose iterations are the elements of a batch: calls that are
  the same for all elements are made once, with what they need. If one fails, each iteration raises
  its error where the call stood, so that the first error is the same, and so is what happens
  before. A call stays where its result may be an object that something changes, or that is given to
  code that may: the elements would share it.

What has a place in a chain of tokens stays there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, TensorType, UnitAttr
from xdsl.ir import Block, Operation, Region, SSAValue, Use
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator, get_effects
from xdsl.transforms.dead_code_elimination import result_only_effects

from xcs.dialects import orch
from xcs.transforms.analysis.block_dependence import declared_operators, may_block
from xcs.transforms.analysis.used_values import (
    is_defined_outside,
    is_entry,
    is_only_filled,
    used_values,
)

Operators = Mapping[str, orch.OperatorOp]

_LOOPS = (orch.MapOp, orch.ForOp, orch.WhileOp)
_READS = (orch.GetItemOp, orch.GetAttrOp, orch.LenOp, orch.ContainsOp)
_MAKES = (orch.ListOp, orch.DictOp, orch.TupleOp, orch.UnstackOp, orch.StackOp, orch.AsTensorOp)
_REGIONS = (orch.IfOp, orch.MapOp, orch.ForOp, orch.WhileOp, orch.TryOp)
_NEITHER = (orch.ConstantOp, orch.YieldOp)


# --- Who may change an object ---------------------------------------------------------------------


class Holders:
    """Where an object may get to from a value of the program."""

    def __init__(self, operators: Operators):
        self.operators = operators

    def is_immutable(self, value: SSAValue) -> bool:
        """Whether the value cannot change, by its type or as its operator's author declared."""
        if isinstance(value.type, TensorType) or orch.is_immutable(value.type):
            return True
        if not isinstance(value.owner, orch.CallOp):
            return False
        operator = self.operators.get(value.owner.callee.string_value())
        return operator is not None and operator.immutable is not None

    def may_tell(self, values: Iterable[SSAValue], *, results: bool) -> bool:
        """Whether the program could tell if the values were the same objects in all iterations.

        It could where something may change them. With `results`, also where they are returned.
        """
        objects = {value for value in values if not self.is_immutable(value)}
        pending, seen = list(objects), set(objects)
        while pending:
            value = pending.pop()
            for use in value.uses:
                found = self._held_by(use, results, is_holder=value not in objects)
                if found is None:
                    return True
                fresh = {value for value in found if not self.is_immutable(value)} - seen
                seen |= fresh
                pending += fresh
        return False

    def _held_by(self, use: Use, results: bool, *, is_holder: bool) -> list[SSAValue] | None:
        """The values that may be, or hold, the one that is used; None where more may happen.

        A holder is a value that may be an object, or hold it, rather than the object as it is made.
        """
        op = use.operation
        match op:
            case orch.GetItemOp() | orch.GetAttrOp():
                return [op.result] if use.index == 0 else []
            case orch.LenOp() | orch.ContainsOp() | orch.LaunchOp() | orch.IfOp():
                return []
            case orch.SnapshotOp():
                return [op.result]
            case orch.AppendOp() if use.index == 1 and is_only_filled(op.container):
                return [op.container]
            case orch.AppendOp() if is_holder and is_only_filled(op.container):
                return []
            case orch.CallOp() | orch.HostOp():
                return list(op.results) if self._only_computes(op) else None
            case orch.YieldOp():
                return _yielded_to(op, use.index)
            case orch.MapOp() | orch.ForOp() if use.index == 0:
                return [op.body.block.args[0]]
            case orch.ForOp() | orch.WhileOp():
                carried = use.index - isinstance(op, orch.ForOp)
                return _carried(op, carried)
            case func.ReturnOp():
                return None if results or not is_entry(op.parent_op()) else []
            case _:
                return list(op.results) if isinstance(op, _MAKES) else None

    def _only_computes(self, op: orch.CallOp | orch.HostOp) -> bool:
        if isinstance(op, orch.HostOp):
            return op.effects == orch.PURE or op.checked is not None
        operator = self.operators.get(op.callee.string_value())
        return operator is not None and operator.effects != orch.ORDERED


def _yielded_to(op: orch.YieldOp, index: int) -> list[SSAValue]:
    """What a yielded value becomes: results, and carried values of the next iteration."""
    parent = op.parent_op()
    match parent:
        case orch.WhileOp() if op.parent is parent.test.block:
            return _carried(parent, index - 1) if index else []
        case orch.ForOp() | orch.WhileOp():
            number = index - (parent.stops is not None)
            return _carried(parent, number) if number >= 0 else []
        case _:
            assert parent is not None
            return [parent.results[index]]


def _carried(loop: orch.ForOp | orch.WhileOp, number: int) -> list[SSAValue]:
    """All that a carried value is called."""
    result = loop.outs[number + (loop.stops is not None)]
    if isinstance(loop, orch.ForOp):
        return [loop.body.block.args[number + 1], result]
    return [loop.test.block.args[number], loop.body.block.args[number], result]


@dataclass(frozen=True)
class Held:
    """A result of an op that has run before the loop, or its error."""

    tried: orch.TryOp
    op: Operation
    number: int

    def take(self) -> orch.HostOp:
        """An op that gives the results of the one that has run, or raises its error."""
        names = [f"value{number}" for number in range(len(self.op.results))]
        lines = [f"{name} = values[{number}]" for number, name in enumerate(names)]
        values, error = self.tried.outs
        taken = orch.HostOp(
            "\n".join(["if error is not None:", "    raise error", *lines]),
            {"values": values, "error": error},
            self.op.result_types,
            out_names=names,
        )
        taken.location = self.op.location
        return taken


def _none() -> orch.ConstantOp:
    return orch.ConstantOp(UnitAttr(), orch.ANY)


# --- What is moved --------------------------------------------------------------------------------


def _bodies(loop: Operation) -> list[Block]:
    return [block for region in loop.regions for block in region.blocks]


def _is_loop_of_its_function(loop: Operation, function: str | None) -> bool:
    parent = loop.parent_op()
    return isinstance(parent, func.FuncOp) and parent.sym_name.data == function


class LoopHoister:
    """Moves ops out of one loop."""

    def __init__(self, loop: Operation, operators: Operators, *, is_mapped: bool):
        self.loop = loop
        self.operators = operators
        self.holders = Holders(operators)
        self.is_mapped = is_mapped
        self.held: dict[SSAValue, Held] = {}

    def run(self) -> None:
        """Move what can be moved, in program order."""
        for block in _bodies(self.loop):
            once = self._made_once(block) if self.is_mapped else set[Operation]()
            for op in list(block.ops):
                if self._has_only_results(op, is_needed=op in once):
                    op.detach()
                    self._insert(op)
                elif op in once:
                    self._hold(op, block)

    def _insert(self, op: Operation) -> None:
        assert self.loop.parent is not None
        self.loop.parent.insert_op_before(op, self.loop)

    def _has_only_results(self, op: Operation, *, is_needed: bool) -> bool:
        """Whether the op is the same before the loop; what it makes is shared if it is needed."""
        if not all(is_defined_outside(value, self.loop) for value in used_values(op)):
            return False
        if op.regions or op.has_trait(IsTerminator) or isinstance(op, orch.CallOp):
            return False
        if _has_tokens(op) or not result_only_effects(op):
            return False
        return (
            is_needed or not get_effects(op) or not self.holders.may_tell(op.results, results=True)
        )

    # --- a batch ---

    def _made_once(self, block: Block) -> set[Operation]:
        """The calls that are the same for all elements, with all that they need."""
        same: set[Operation] = set()
        for op in block.ops:
            values = used_values(op)
            if self._may_move(op) and all(
                v.owner in same or is_defined_outside(v, self.loop) for v in values
            ):
                same.add(op)
        while True:
            once = _needed(filter(self._does_work, same), same)
            shared = {op for op in once if self._is_told(op, once)}
            if not shared:
                return once
            same -= shared

    def _hold(self, op: Operation, block: Block) -> None:
        """Run an op before the loop. If it fails, each iteration raises that where the op stood."""
        place = op.next_op
        assert place is not None
        op.detach()
        inner: dict[SSAValue, SSAValue] = {}
        body = Block()
        for value in dict.fromkeys(used_values(op)):
            if value in self.held:
                body.add_op(take := self.held[value].take())
                inner[value] = take.results[self.held[value].number]
        for user in op.walk():
            user.operands = [inner.get(value, value) for value in user.operands]
        uses = [list(result.uses) for result in op.results]
        body.add_ops([op, made := orch.TupleOp(op.results, orch.ANY), none := _none()])
        body.add_op(orch.YieldOp([made.result, none.result]))
        handler = Block(arg_types=[orch.ANY])
        handler.add_op(none := _none())
        handler.add_op(orch.YieldOp([none.result, handler.args[0]]))
        tried = orch.TryOp(Region(body), Region(handler), [orch.ANY, orch.ANY])
        self._insert(tried)
        take = Held(tried, op, 0).take()
        block.insert_op_before(take, place)
        for number, (result, users) in enumerate(zip(take.results, uses, strict=True)):
            self.held[result] = Held(tried, op, number)
            for use in users:
                use.operation.operands[use.index] = result

    def _is_told(self, op: Operation, once: set[Operation]) -> bool:
        """Whether the elements could tell that they share what the op makes."""
        if isinstance(op, (*_READS, orch.TupleOp, orch.ConstantOp)):
            return False  # it makes no object that could be changed
        is_fresh = not isinstance(op, (orch.CallOp, orch.LaunchOp, *_REGIONS))
        return self.holders.may_tell(op.results, results=is_fresh) and not all(
            use.operation in once for result in op.results for use in result.uses
        )

    def _does_work(self, op: Operation) -> bool:
        """Whether the op is, or holds, a call that is worth being made once."""
        calls = (inner for inner in op.walk() if isinstance(inner, orch.CallOp))
        return any(may_block(call, self.operators) for call in calls)

    def _may_move(self, op: Operation) -> bool:
        """Whether the op, with all in its regions, has no place in the program's order."""
        if _has_tokens(op):
            return False
        match op:
            case orch.CallOp():
                operator = self.operators.get(op.callee.string_value())
                return operator is not None and operator.effects != orch.ORDERED
            case orch.HostOp():
                return op.effects == orch.PURE
            case _ if isinstance(op, _REGIONS):
                return all(self._may_move(inner) for b in _bodies(op) for inner in b.ops)
            case _:
                return isinstance(op, (*_READS, *_MAKES, *_NEITHER, orch.LaunchOp))


def _has_tokens(op: Operation) -> bool:
    return any(value.type == orch.TOKEN for value in (*op.operands, *op.results))


def _needed(ops: Iterable[Operation], among: set[Operation]) -> set[Operation]:
    """The ops, and those of the others that they need."""
    found: set[Operation] = set()
    pending = list(ops)
    while pending:
        op = pending.pop()
        if op in among and op not in found:
            found.add(op)
            pending += [v.owner for v in used_values(op) if isinstance(v.owner, Operation)]
    return found


def _loops_inner_first(region: Region) -> Iterator[Operation]:
    for block in region.blocks:
        for op in block.ops:
            for inner in op.regions:
                yield from _loops_inner_first(inner)
            if isinstance(op, _LOOPS):
                yield op


@dataclass(frozen=True)
class Hoist(ModulePass):
    """Moves what is the same in all iterations before the loop.

    ``mapped`` names a function whose own loops are over the elements of a batch.
    """

    name = "hoist"

    mapped: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        operators = declared_operators(op)
        for function in [f for f in op.ops if isinstance(f, func.FuncOp)]:
            for loop in list(_loops_inner_first(function.body)):
                is_mapped = _is_loop_of_its_function(loop, self.mapped)
                LoopHoister(loop, operators, is_mapped=is_mapped).run()
