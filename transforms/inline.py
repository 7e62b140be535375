"""Private functions that are called once become part of their callers.

Then passes see what a loop does in one block, and a call costs no frame. A function that has an op
of its own activation (``local``, such as a reading of the clock) stays one, and so do one that
calls itself, and one that opens something which is closed when its variables are let go of. A token
that a function which stays gives back as it was passed is the caller's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, BlockArgument, Operation
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from xcs.dialects import orch


def _symbols(attribute: Attribute) -> Iterator[str]:
    """The symbols that an attribute names."""
    match attribute:
        case SymbolRefAttr():
            yield attribute.root_reference.data
        case ArrayAttr():
            for part in attribute.data:
                yield from _symbols(part)


def _users(module: ModuleOp) -> dict[str, list[Operation]]:
    """For each symbol, the ops that name it."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for op in module.walk():
        for attribute in (*op.properties.values(), *op.attributes.values()):
            for symbol in _symbols(attribute):
                found[symbol].append(op)
    return found


def _is_of_its_activation(op: Operation) -> bool:
    operator = op.operator() if isinstance(op, orch.CallOp) else None
    if operator is None:
        return False
    return operator.local is not None or (
        operator.effects == orch.ORDERED and _is_held_by_a_variable(op)
    )


def _is_held_by_a_variable(op: Operation) -> bool:
    """Whether the op gives an object that is let go of when the function ends: an open file."""
    if orch.TEMPORARY in op.attributes or not op.results:
        return False
    given = op.results[0]
    is_object = isinstance(given.type, orch.ObjectType) and not orch.is_plain(given.type)
    return is_object and not any(isinstance(use.operation, func.ReturnOp) for use in given.uses)


def _can_be_part_of_its_caller(function: func.FuncOp) -> bool:
    is_private = function.sym_visibility == StringAttr("private")
    if not is_private or len(function.body.blocks) != 1:
        return False
    return not any(map(_is_of_its_activation, function.walk()))


def _inline(function: func.FuncOp, call: func.CallOp) -> None:
    """Put the function's body in the place of its only call."""
    block = function.body.block
    ret = block.last_op
    assert isinstance(ret, func.ReturnOp)
    returned = list(ret.arguments)
    block.erase_op(ret)
    # An argument that is returned as it is stands for what the call passes.
    given = dict(zip(block.args, call.arguments, strict=True))
    for result, value in zip(call.results, returned, strict=True):
        result.replace_all_uses_with(given.get(value, value))  # type: ignore[arg-type]
    Rewriter.inline_block(block, InsertPoint.before(call), call.arguments)
    Rewriter.erase_op(call)
    Rewriter.erase_op(function)


def _is_worth_a_call(function: func.FuncOp) -> bool:
    """Whether it is much cheaper as a Python function: it has loops, or calls one that stays."""
    return orch.NATIVE in function.attributes and any(
        isinstance(op, orch.ForOp | orch.WhileOp | orch.MapOp | func.CallOp)
        for op in function.walk()
    )


def _pass_by(function: func.FuncOp, call: func.CallOp) -> None:
    """Use the tokens that a call is passed for those that it gives back as they are."""
    returned = function.body.block.last_op
    assert isinstance(returned, func.ReturnOp)
    for result, value in zip(call.results, returned.arguments, strict=True):
        if isinstance(value, BlockArgument) and isinstance(value.type, orch.TokenType):
            result.replace_all_uses_with(call.arguments[value.index])


@dataclass(frozen=True)
class Inline(ModulePass):
    """Makes private functions that are called once part of their callers.

    With ``keep_native``, those stay that are known as Python functions and have loops, so that the
    engine can call them as such.
    """

    name = "inline"

    keep_native: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        users = _users(op)
        for function in [f for f in op.ops if isinstance(f, func.FuncOp)]:
            calls = users[function.sym_name.data]
            match calls:
                case [func.CallOp() as call] if not function.is_ancestor(call):
                    is_kept = self.keep_native and _is_worth_a_call(function)
                    if not is_kept and _can_be_part_of_its_caller(function):
                        _inline(function, call)
                        continue
            if len(function.body.blocks) == 1:
                for call in calls:
                    if isinstance(call, func.CallOp):
                        _pass_by(function, call)
