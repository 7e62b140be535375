"""What stays native Python: single statements, and functions that are used as values."""

from __future__ import annotations
import __future__

import ast
import copy
import types
from typing import Any

from xcs.dialects import orch
from xcs.frontend.capture.glue import is_of_asyncio, peek
from xcs.frontend.capture.names import load_name
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.targets import set_variable
from xcs.frontend.capture.values import (
    UNBOUND,
    Closure,
    Coroutine,
    Dyn,
    Frame,
    Group,
    Static,
    Task,
    Value,
)
from xcs.frontend.deferred_annotations import with_annotations_as_text
from xcs.frontend.facts import READS_FRAMES, SEES_ITS_FRAME
from xcs.frontend.names import FUNCTION_NODES, bound_name, loaded_names, local_names, stored_names
from xcs.frontend.unsupported import SeesFrames, Unsupported

_UNBOUND = "xcs_unbound"
_KEEP = f"try:\n    {{0}}[{{1!r}}] = {{1}}\nexcept NameError:\n    {{0}}[{{1!r}}] = {_UNBOUND}"
_MARK = f"try:\n    {{0}}\nexcept NameError:\n    {{0}} = {_UNBOUND}"


def native_statement(c: Capture, frame: Frame, node: ast.stmt, cause: Unsupported) -> None:
    """Keep a statement as native Python: an op in its place that takes and gives local names."""
    _refuse(c, frame, node, cause)
    if c.own_loop:
        raise cause  # it may depend on the event loop
    stored = stored_names(node)
    if any(frame.owner_of(name) is not frame for name in stored):
        raise cause
    body: list[ast.stmt] = [node]
    if frame.outermost.function.__code__.co_flags & __future__.annotations.compiler_flag:
        body = [with_annotations_as_text(statement) for statement in body]
    operands, prefix = _operands(c, frame, body, stored, cause)
    if stored:
        operands[_UNBOUND] = c.constant(UNBOUND, "unbound")
        body = _keeping(c, frame, body, stored, operands)
    suffix = [s for name in stored for s in ast.parse(_MARK.format(name)).body]
    source = "\n".join(ast.unparse(s) for s in (*prefix, *body, *suffix))
    results = c.host_block(source, operands, stored, frame=frame, effects="ordered", token=True)
    c.change_world(results[-1])
    for name, result in zip(stored, results, strict=False):
        home = c.order.fresh(name)
        c.order.share(home)
        c.order.mark_written(home)
        set_variable(c, frame, name, Dyn(result, None, home, maybe_unbound=True))


def _keeping(
    c: Capture, frame: Frame, body: list[ast.stmt], stored: list[str], operands: dict[str, Any]
) -> list[ast.stmt]:
    """The statements, and what keeps their variables for handlers if they fail half-way."""
    kept: list[str] = []
    for box in c.boxes:
        if box.frame is frame and not box.names.isdisjoint(stored):
            name = f"xcs_box{len(kept)}"
            operands[name] = box.value.ssa
            parts = (_KEEP.format(name, n) for n in stored if n in box.names)
            kept.append("\n".join(parts))
    if not kept:
        return body
    (tried,) = ast.parse("try:\n    pass\nexcept BaseException:\n    raise").body
    assert isinstance(tried, ast.Try)
    tried.body = body
    tried.handlers[0].body[:0] = ast.parse("\n".join(kept)).body
    return [tried]


def _refuse(c: Capture, frame: Frame, node: ast.stmt, cause: Unsupported) -> None:
    """Some statements cannot be taken out of their function."""
    for child in _own_nodes(node):
        if isinstance(
            child,
            ast.Return | ast.Global | ast.Nonlocal | ast.Await | ast.Yield | ast.YieldFrom
            | ast.AsyncFor | ast.AsyncWith,
        ):  # fmt: skip
            raise cause
        if isinstance(child, ast.Break | ast.Continue) and not _in_own_loop(node, child):
            raise cause
        if isinstance(child, FUNCTION_NODES) and _outlives(frame, node, child):
            raise cause
        if isinstance(child, ast.Name | ast.Attribute) and _reads_frames(c, frame, child):
            raise SeesFrames(f"{ast.unparse(child)} looks at the frames of its callers", child)
        if not isinstance(child, ast.Name):
            continue
        found = peek(c, frame, child.id)
        if isinstance(found, Static) and is_of_asyncio(found.obj):
            raise cause  # a task that it makes would begin at another time
        if child.id in SEES_ITS_FRAME:
            if isinstance(found, Static) and child.id != "dir":
                raise cause


def _outlives(frame: Frame, statement: ast.stmt, function: ast.AST) -> bool:
    """Whether a variable that the function holds may get another value after the statement."""
    inner = local_names(function)
    held = (name for name in loaded_names(function) if name not in inner)
    return any(
        _assigned_again(owner, statement, name)
        for name in held
        if (owner := frame.owner_of(name)) is not None
    )


def _reads_frames(c: Capture, frame: Frame, node: ast.Name | ast.Attribute) -> bool:
    """Whether it is a function that looks at the frames of its callers."""
    name = node.value if isinstance(node, ast.Attribute) else node
    found = peek(c, frame, name.id) if isinstance(name, ast.Name) else None
    if not isinstance(found, Static):
        return False
    obj = found.obj
    if isinstance(node, ast.Attribute):
        obj = getattr(obj, node.attr, None) if isinstance(obj, types.ModuleType) else None
    return any(obj is known for known in READS_FRAMES)


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    pending = [node]
    while pending:
        current = pending.pop()
        found.append(current)
        if current is node or not isinstance(current, (*FUNCTION_NODES, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(current))
    return found


def _in_own_loop(statement: ast.stmt, node: ast.AST) -> bool:
    return any(
        isinstance(loop, ast.For | ast.While) and any(child is node for child in ast.walk(loop))
        for loop in ast.walk(statement)
    )


def _operands(
    c: Capture, frame: Frame, body: list[ast.stmt], stored: list[str], cause: Unsupported
) -> tuple[dict[str, Any], list[ast.stmt]]:
    """The operands of a native block by name, and what it does first to be as in Python."""
    operands: dict[str, Any] = {}
    prefix: list[ast.stmt] = []
    for name in dict.fromkeys([*loaded_names(body), *stored]):
        owner = frame.owner_of(name)
        if owner is None:
            if frame.cell(name) is not None:
                operands[name] = given_away(c, load_name(c, frame, name))
            continue
        value = owner.env.get(name)
        if value is None or (isinstance(value, Static) and value.obj is UNBOUND):
            if name not in stored:
                prefix += ast.parse(f"if False:\n    {name} = None").body
            continue
        if isinstance(value, Dyn) and value.maybe_unbound:
            operands[_UNBOUND] = c.constant(UNBOUND, "unbound")
            prefix += ast.parse(f"if {name} is {_UNBOUND}:\n    del {name}").body
        if isinstance(value, Coroutine | Task | Group):
            raise cause
        operands[name] = given_away(c, value)
    return operands, prefix


def given_away(c: Capture, value: Value) -> Any:
    """The value for code that is not understood, which may keep or change what it leads to."""
    if isinstance(value, Closure):
        return native_function(c, value).ssa
    c.escape(value)
    return c.ssa(value)


def _may_be_unbound(value: Value | None) -> bool:
    """Whether Python might find no value: only when the function is called, and not here."""
    if isinstance(value, Dyn):
        return value.maybe_unbound
    return value is None or (isinstance(value, Static) and value.obj is UNBOUND)


def native_function(c: Capture, function: Closure, *, called_now: bool = False) -> Dyn:
    """A function that the captured code defines, as a Python object of the running program.

    It holds the values that its free variables have now, so these may not change later. One that is
    only `called_now` and computes something holds these as they are now.
    """
    given = given_away
    if called_now:
        given = lambda c, value: c.read_whole(value)
    node, frame = function.node, function.frame
    inner = local_names(node)
    operands: dict[str, Any] = {}
    for name in loaded_names(node):
        owner = frame.owner_of(name)
        if owner is None and frame.cell(name) is None:
            continue
        if name in inner and name != function.name:
            continue
        if name == function.name and not isinstance(node, ast.Lambda):
            continue
        if owner is not None and _assigned_again(owner, node, name):
            raise Unsupported(f"'{function.name}' uses '{name}', which is assigned again", node)
        if owner is not None and _may_be_unbound(owner.env.get(name)):
            raise Unsupported(f"'{function.name}' uses '{name}' before it has a value", node)
        operands[name] = given(c, load_name(c, frame, name))
    if any(isinstance(n, ast.Nonlocal) for n in ast.walk(node)):
        raise Unsupported(f"'{function.name}' rebinds variables around it", node)
    defaults = [given(c, d) for d in function.defaults]
    plain: Any = copy.copy(node)
    plain.args = copy.copy(node.args)
    plain.args.defaults = [ast.Name(f"xcs_default{i}", ast.Load()) for i in range(len(defaults))]
    operands |= {f"xcs_default{i}": d for i, d in enumerate(defaults)}
    kw_defaults: list[ast.expr | None] = []
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is None:
            kw_defaults.append(None)
        else:
            operands[f"xcs_kw_{argument.arg}"] = given(c, function.kw_defaults[argument.arg])
            kw_defaults.append(ast.Name(f"xcs_kw_{argument.arg}", ast.Load()))
    plain.args.kw_defaults = kw_defaults
    if isinstance(node, ast.Lambda):
        ast.copy_location(plain, node)
        ast.fix_missing_locations(plain)
        return c_host(c, frame, ast.unparse(plain), operands)
    plain.decorator_list = []
    source = ast.unparse(ast.fix_missing_locations(plain))
    with c.at(frame, node):
        op = orch.HostOp(
            source, operands, [orch.ANY], effects="pure", out_names=[node.name],
            scope=c.scope_key(frame),
        )  # fmt: skip
        c.add(op)
        c.place_in(frame, op)
    return Dyn(op.results[0])


def c_host(c: Capture, frame: Frame, source: str, operands: dict[str, Any]) -> Dyn:
    """An expression over SSA values, with the globals of the frame's function."""
    op = orch.HostOp(source, operands, [orch.ANY], scope=c.scope_key(frame))
    c.add(op)
    c.place_in(frame, op)
    return Dyn(op.results[0])


def _assigned_again(owner: Frame, node: ast.AST, name: str) -> bool:
    """Whether the variable may get another value after what is made there."""
    if not isinstance(owner.node, FUNCTION_NODES):
        return True  # a comprehension's own variable, which each iteration binds anew
    if any(isinstance(n, ast.Nonlocal) and name in n.names for n in ast.walk(owner.node)):
        return True  # whenever that function is called
    own = set(ast.walk(node))
    stores = {n for n in ast.walk(owner.node) if bound_name(n) == name}
    line = getattr(node, "lineno", 0)
    if any(getattr(store, "lineno", line) > line for store in stores - own):
        return True
    return any(
        isinstance(loop, ast.For | ast.AsyncFor | ast.While)
        and loop not in own
        and node in (inside := set(ast.walk(loop)))
        and not stores.isdisjoint(inside)
        for loop in ast.walk(owner.node)
    )
