"""Captured functions that only compute: each is known as the Python function that it is as well.

Their ops are for when something that they need is still to come. Where all is there, the engine
calls the Python function itself, which is a hundred times as fast.
"""

from __future__ import annotations

import ast
import keyword
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects import func
from xdsl.ir import Operation

from xcs.dialects import orch
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import UNBOUND, Dyn, Keywords, Method, Pack, Static, Value


@dataclass(frozen=True)
class Native:
    """The Python function of a captured one."""

    call: Callable[..., Any]
    """Takes the values that are passed when the program runs, and gives those that come back."""
    changes: bool
    """Whether it changes more than what it makes itself."""


class NotKnown(Exception):
    """A value that cannot be put together from what is passed when the program runs."""


def native_of(
    node: Any, function: Any, parameters: Mapping[str, Value], result: Value, changes: bool
) -> Native | None:
    """How to call a function that was captured for such parameters, if that can be said."""
    if not isinstance(function, types.FunctionType) or isinstance(node, ast.AsyncFunctionDef):
        return None
    parts = Parts({"call": function})
    try:
        call = f"call({_arguments(node.args, parameters, parts)})"
        given = _taken_apart(result)
    except NotKnown:
        return None
    if isinstance(result, Pack | Method):
        call = f"(lambda given: {given})({call})"
    if any(value.maybe_unbound for value in parts.values):
        return None
    return Native(caller(call, parts, function.__qualname__), changes)


def caller(call: str, parts: Parts, qualname: str) -> Callable[..., Any]:
    """A function of what is passed, from a call in terms of the names of the parts."""
    known = ", ".join(parts.known)
    source = f"lambda {known}: lambda {', '.join(parts.names)}: {call}"
    made = eval(source, {"bound": types.MethodType})(**parts.known)
    made.__name__ = made.__qualname__ = qualname
    return made


@dataclass
class Parts:
    """The names in the source of a call: of what is known, and of what is passed."""

    known: dict[str, Any]
    names: list[str] = field(default_factory=list)
    values: list[Dyn] = field(default_factory=list)

    def know(self, value: Any) -> str:
        name = f"known{len(self.known)}"
        self.known[name] = value
        return name

    def passed(self, name: str, value: Dyn) -> str:
        if not name.isidentifier() or keyword.iskeyword(name):
            name = "argument"
        if name.startswith("known"):
            name = f"a_{name}"  # those are the names of what is known
        while name in ("bound", "call", "given", *self.names):
            name = f"{name}_"
        self.names.append(name)
        self.values.append(value)
        return name


def _arguments(parameters: ast.arguments, values: Mapping[str, Value], parts: Parts) -> str:
    """What stands in the parentheses of the call. Names are given out in the order of values."""
    source = {name: source_of(value, name, parts) for name, value in values.items()}
    listed = [source[a.arg] for a in (*parameters.posonlyargs, *parameters.args)]
    if parameters.vararg is not None:
        listed.append(f"*{source[parameters.vararg.arg]}")
    listed += [f"{a.arg}={source[a.arg]}" for a in parameters.kwonlyargs]
    if parameters.kwarg is not None:
        listed.append(f"**{source[parameters.kwarg.arg]}")
    return ", ".join(listed)


def source_of(value: Value, name: str, parts: Parts) -> str:
    """A value as an expression."""
    match value:
        case Dyn():
            return parts.passed(name, value)
        case Static(obj=obj) if obj is not UNBOUND:
            return parts.know(obj)
        case Pack(items=items):
            listed = [source_of(item, f"{name}_{i}", parts) for i, item in enumerate(items)]
            return f"({''.join(f'{item}, ' for item in listed)})"
        case Keywords(items=named):
            return f"{{{', '.join(f'{n!r}: {source_of(v, n, parts)}' for n, v in named.items())}}}"
        case Method(receiver=receiver, function=types.FunctionType() as function):
            return f"bound({parts.know(function)}, {source_of(receiver, name, parts)})"
        case _:
            raise NotKnown


def _taken_apart(result: Value) -> str:
    """What the caller is given, as an expression of what Python's call gives."""
    return listed([source for leaf, source in leaves_of(result, "given")])


def listed(sources: list[str]) -> str:
    """The expression for the results of a function: one value, or a tuple of several."""
    return sources[0] if len(sources) == 1 else f"({''.join(f'{s}, ' for s in sources)})"


def leaves_of(value: Value, source: str) -> list[tuple[Dyn, str]]:
    """The parts that come back when the program runs, each as an expression."""
    match value:
        case Dyn(maybe_unbound=False):
            return [(value, source)]
        case Static(obj=obj) if obj is not UNBOUND:
            return []
        case Pack(items=items):
            return [
                leaf for i, item in enumerate(items) for leaf in leaves_of(item, f"{source}[{i}]")
            ]
        case Method(receiver=receiver):
            return leaves_of(receiver, f"{source}.__self__")
        case _:
            raise NotKnown


# --- which of them only compute -------------------------------------------------------------------


def quiet_functions(c: Capture, functions: Sequence[func.FuncOp]) -> set[str]:
    """The symbols of the functions from which no operator can be reached."""
    quiet = {f.sym_name.data for f in functions if all(is_quiet(c, op) for op in f.walk())}
    while loud := {f.sym_name.data for f in functions if not _callees(f) <= quiet} & quiet:
        quiet -= loud
    return quiet


def declare_natives(c: Capture, functions: Iterable[func.FuncOp]) -> None:
    """Have functions from which no operator can be reached say which Python functions they are."""
    for function in functions:
        symbol = function.sym_name.data
        native = c.natives.get(symbol)
        if native is not None:
            key = c.key_of(native.call, symbol)
            effects = "writes" if native.changes else "reads"
            function.attributes[orch.NATIVE] = orch.NativeAttr(key, effects)


def _callees(function: func.FuncOp) -> set[str]:
    return {op.callee.root_reference.data for op in function.walk() if isinstance(op, func.CallOp)}


def is_quiet(c: Capture, op: Operation) -> bool:
    """Whether an op only computes, if what it calls does."""
    match op:
        case orch.CallOp():
            operator = c.operators[op.callee.root_reference.data]
            is_tensor = operator.kind.data == "tensor"
            return not is_tensor and None not in (operator.fresh, operator.nonblocking)
        case orch.HostOp():
            return op.effects == orch.PURE or op.checked is not None
        case orch.MethodOp():
            return op not in c.opaque and op.candidates is None
        case func.CallOp():
            return op.callee.root_reference.data not in c.loud
        case _:
            return isinstance(op, _COMPUTES)


_COMPUTES = (
    func.FuncOp, func.CallOp, func.ReturnOp, orch.ConstantOp, orch.ListOp, orch.TupleOp,
    orch.DictOp, orch.GetItemOp, orch.SetItemOp, orch.DelItemOp, orch.ContainsOp, orch.LenOp,
    orch.AppendOp, orch.GetAttrOp, orch.SetAttrOp, orch.DelAttrOp, orch.SnapshotOp, orch.NewOp,
    orch.YieldOp, orch.MapOp, orch.ForOp, orch.WhileOp, orch.IfOp, orch.TryOp, orch.JoinOp,
)  # fmt: skip


__all__ = ["Native", "declare_natives", "native_of", "quiet_functions"]
