"""Statements with loops that only compute, in functions that do more: each as one function.

A function that calls operators cannot be called as a whole. The loops in it that reach none are put
into functions of their own, of the variables that they use, so that they can (see `python_calls`).
"""

from __future__ import annotations
import __future__

import ast
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from xdsl.dialects import func
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue

from xcs.dialects import orch
from xcs.frontend.capture.python_calls import (
    Native,
    NotKnown,
    Parts,
    caller,
    is_quiet,
    leaves_of,
    listed,
    source_of,
)
from xcs.frontend.capture.state import Attempt, Capture
from xcs.frontend.capture.values import UNBOUND, Dyn, Frame, Static, Value
from xcs.frontend.facts import READING_METHODS, SEES_ITS_FRAME
from xcs.frontend.names import loaded_names, stored_names

_LOOPS = (orch.ForOp, orch.WhileOp, orch.MapOp)
_WRITES = (
    orch.SetItemOp, orch.DelItemOp, orch.AppendOp, orch.SetAttrOp, orch.DelAttrOp, orch.MethodOp,
)  # fmt: skip
_MAKERS = (orch.ListOp, orch.DictOp, orch.NewOp)
_UNBOUND = "xcs_unbound"


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement that was captured, as the ops that it came to."""

    node: ast.stmt
    frame: Frame
    ops: list[Operation]
    before: Mapping[Frame, Mapping[str, Value]]
    """The variables that it found."""
    after: Mapping[str, Value]
    """Those of its own frame that it left."""


def note_statement(
    c: Capture, frame: Frame, node: ast.stmt, start: Attempt, after: Mapping[str, Value]
) -> None:
    """Remember a statement that was captured just now, if it has loops, and what it has left."""
    if c.block is not start.block or c.handling or c.limits or c.pending or c.groups:
        return
    first = start.block.first_op if start.last is None else start.last.next_op
    ops = list(_from(first))
    if not any(isinstance(op, _LOOPS) for op in ops):
        return
    kept = {name for box in c.boxes if box.frame is frame for name in box.names}
    if kept.isdisjoint(stored_names(node)):
        c.statements.append(Statement(node, frame, ops, dict(start.environments), dict(after)))


def _from(op: Operation | None) -> Iterator[Operation]:
    while op is not None:
        yield op
        op = op.next_op


def outline_statements(
    c: Capture, functions: Sequence[func.FuncOp], quiet: set[str]
) -> list[func.FuncOp]:
    """Put those that only compute into functions, unless all that is around them is in one."""
    around = {f for f in functions if f.sym_name.data not in quiet}
    found = []
    for statement in reversed(c.statements):  # what is around another one ends after it
        if _is_in(statement.ops, around) and _computes(c, statement.ops, quiet):
            made = _outlined(c, statement)
            if made is not None:
                found.append(made)
    return found


def _is_in(ops: list[Operation], functions: set[func.FuncOp]) -> bool:
    """Whether the ops are still there, next to one another, in one of the functions."""
    if any(op.next_op is not after for op, after in pairwise(ops)):
        return False
    parent = ops[0].parent_op()
    while parent is not None and not isinstance(parent, func.FuncOp):
        parent = parent.parent_op()
    return parent in functions


def _computes(c: Capture, ops: list[Operation], quiet: set[str]) -> bool:
    inner = (inner for op in ops for inner in op.walk())
    return all(
        op.callee.root_reference.data in quiet if isinstance(op, func.CallOp) else is_quiet(c, op)
        for op in inner
    )


def _outlined(c: Capture, statement: Statement) -> func.FuncOp | None:
    ops = statement.ops
    inside = {op for top in ops for op in top.walk()}
    results = [
        result
        for op in ops
        for result in op.results
        if any(use.operation not in inside for use in result.uses)
    ]
    returned = [r for r in results if r.type != orch.TOKEN]
    parts = Parts({})
    try:
        call = _call_of(statement, returned, parts)
    except (NotKnown, SyntaxError):
        return None
    used = dict.fromkeys(v for op in inside for v in op.operands if not _is_within(v, inside))
    passed = [value.ssa for value in parts.values]
    others = [v for v in used if v not in passed and v.type != orch.TOKEN]
    tokens = [v for v in used if v.type == orch.TOKEN]
    parts.names += [f"{orch.UNUSED}{i}" for i in range(len(others))]
    changes = any(_changes(c, op, inside) for op in inside)
    symbol = c.new_symbol(f"{statement.frame.qualname}_line_{statement.node.lineno}")
    c.natives[symbol] = Native(caller(call, parts, statement.frame.qualname), changes)
    c.functions[symbol] = _put_into_function(
        symbol, ops, inside, [*passed, *others, *tokens],
        [*returned, *(r for r in results if r.type == orch.TOKEN)],
    )  # fmt: skip
    return c.functions[symbol]


def _is_within(value: SSAValue, inside: set[Operation]) -> bool:
    owner = value.owner
    return (owner.parent_op() if isinstance(owner, Block) else owner) in inside


def _changes(c: Capture, op: Operation, inside: set[Operation]) -> bool:
    """Whether an op changes more than what is made in the statement."""
    if isinstance(op, func.CallOp):
        native = c.natives.get(op.callee.root_reference.data)
        return native is None or native.changes
    if not isinstance(op, _WRITES) or (
        isinstance(op, orch.MethodOp) and op.method.data in READING_METHODS
    ):
        return False
    target = op.operands[0].owner
    return not (isinstance(target, _MAKERS) and target in inside)


def _put_into_function(
    symbol: str, ops: list[Operation], inside: set[Operation], passed: list[SSAValue],
    returned: list[Any],
) -> func.FuncOp:  # fmt: skip
    """A function of the ops, which is called in their place."""
    call = func.CallOp(symbol, passed, [value.type for value in returned])
    call.location = ops[0].location
    block = ops[0].parent
    assert block is not None
    block.insert_op_before(call, ops[0])
    body = Block(arg_types=[value.type for value in passed])
    given: dict[SSAValue, BlockArgument] = {}
    for value, argument in zip(passed, body.args, strict=True):
        given.setdefault(value, argument)
    for op in ops:
        op.detach()
        body.add_op(op)
    for op in inside:
        for index, operand in enumerate(op.operands):
            if operand in given:
                op.operands[index] = given[operand]
    for value, result in zip(returned, call.results, strict=True):
        for use in list(value.uses):
            if use.operation not in inside:
                use.operation.operands[use.index] = result
    body.add_op(func.ReturnOp(*returned))
    types_in = [value.type for value in passed]
    types_out = [value.type for value in returned]
    function = func.FuncOp(symbol, (types_in, types_out), Region(body), "private")
    function.location = call.location
    return function


# --- the Python function of a statement -----------------------------------------------------------


def _call_of(statement: Statement, returned: list[Any], parts: Parts) -> str:
    """A call of the statement as a function of the variables that it finds.

    Raises NotKnown if it is not to be taken out of its function.
    """
    node, frame = statement.node, statement.frame
    stored = stored_names(node)
    _check_names(node, frame, stored)
    prefix: list[ast.stmt] = []
    passed = {_UNBOUND: parts.know(UNBOUND)}
    free = []
    for name in dict.fromkeys([*loaded_names(node), *stored]):
        owner = frame.owner_of(name)
        if owner is None:
            free += [name] if frame.cell(name) is not None else []
            continue
        value = statement.before.get(owner, {}).get(name)
        if value is None or (isinstance(value, Static) and value.obj is UNBOUND):
            prefix += [] if name in stored else _placed(f"if False: {name} = None", node)
            continue
        if isinstance(value, Dyn) and value.maybe_unbound:
            prefix += _placed(f"if {name} is {_UNBOUND}: del {name}", node)
        passed[name] = source_of(value, name, parts)
    suffix, sources = _given_back(statement, stored, returned)
    suffix += _placed(f"return {listed(sources)}", node)
    function = _compiled(frame, [*prefix, node, *suffix], list(passed), free)
    parts.known["call"] = function
    return f"call({', '.join(passed.values())})"


def _check_names(node: ast.stmt, frame: Frame, stored: list[str]) -> None:
    if any(frame.owner_of(name) is not frame for name in stored):
        raise NotKnown
    for child in ast.walk(node):
        name = getattr(child, "id", getattr(child, "attr", ""))
        is_private = name.startswith("__") and not name.endswith("__")
        sees_frame = name in SEES_ITS_FRAME or name in ("super", "__class__")
        leaves = isinstance(
            child, ast.Return | ast.Yield | ast.YieldFrom | ast.Await | ast.Global | ast.Nonlocal
        )
        if is_private or sees_frame or leaves:
            raise NotKnown


def _given_back(
    statement: Statement, stored: list[str], returned: list[Any]
) -> tuple[list[ast.stmt], list[str]]:
    """What comes after the statement, and an expression for each value that is given back."""
    suffix: list[ast.stmt] = []
    found: dict[SSAValue, str] = {}
    for name in stored:
        value = statement.after.get(name)
        if isinstance(value, Dyn) and value.maybe_unbound:
            mark = f"try: {name}\n except NameError: {name} = {_UNBOUND}"
            suffix += _placed(mark, statement.node)
            found[value.ssa] = name
        elif value is not None:
            try:
                found |= {leaf.ssa: source for leaf, source in leaves_of(value, name)}
            except NotKnown:
                continue
    if any(result not in found for result in returned):
        raise NotKnown
    return suffix, [found[result] for result in returned]


def _compiled(
    frame: Frame, body: list[ast.stmt], parameters: list[str], free: list[str]
) -> types.FunctionType:
    """A function with the globals and the closure of the one that the statement is in."""
    outer = frame.outermost.function
    name = frame.qualname.rpartition(".")[2]
    if not name.isidentifier():
        name = "statement"
    made: Any = ast.parse(f"def {name}({', '.join(parameters)}): pass").body[0]
    made.body = body
    around: Any = ast.parse(f"def around({', '.join(free)}): return {name}").body[0]
    around.body.insert(0, made)
    tree = ast.fix_missing_locations(ast.Module([around], []))
    flags = outer.__code__.co_flags & __future__.annotations.compiler_flag
    code = compile(tree, frame.filename, "exec", flags, dont_inherit=True)
    for level in ("around", name):
        parts = (part for part in code.co_consts if isinstance(part, types.CodeType))
        code = next(part for part in parts if part.co_name == level)
    closure: Any = tuple(frame.cell(name) for name in code.co_freevars)
    code = code.replace(co_qualname=frame.qualname)
    return types.FunctionType(code, outer.__globals__, name, None, closure)


def _placed(source: str, node: ast.stmt) -> list[ast.stmt]:
    """Statements at the line of another one."""
    body = ast.parse(f"def f():\n {source}").body[0].body  # type: ignore[attr-defined]
    for statement in body:
        for part in ast.walk(statement):
            ast.copy_location(part, node)
    return body
