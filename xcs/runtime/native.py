"""Calls of captured functions that only compute: as Python functions, where all is there for that.

An op costs the engine a hundred times what it costs Python. That is little where a call is waited
for, and much where there is none. So a function from which no operator can be reached is called as
it is, on the very objects, when these are what plain Python would see: when the call has its turn,
or, if the function changes nothing, when nothing that it can reach has uncommitted writes.

A call that might still come to that waits as long as there is anything else to evaluate. When all
that is left is to wait for other calls, its body is entered: what is there of its operands is then
enough for some of its ops.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable
from itertools import chain, islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from xdsl.dialects import func
from xdsl.ir import Operation
from xdsl.traits import SymbolTable

from xcs.dialects import orch
from xcs.runtime import regions
from xcs.runtime.attributes import is_state, is_user_class
from xcs.runtime.errors import location_of
from xcs.runtime.frames import Frame
from xcs.runtime.heap import own_attributes
from xcs.runtime.pending import PENDING, PendingList, settled
from xcs.runtime.plain import MAPPINGS, VIEWS, has_own_operators, is_plain
from xcs.runtime.plan import Native, OpPlan, Program

if TYPE_CHECKING:
    from xcs.runtime.engine import Run

_ATOMS = frozenset({
    type(None), bool, int, float, complex, str, bytes, range, slice, type, object, re.Pattern,
    FunctionType, BuiltinFunctionType, ModuleType,
})  # fmt: skip
_ELEMENTS = (list, tuple, set, frozenset, deque, *VIEWS)
_ATTRIBUTE = re.compile(r"\.\s*([^\W\d]\w*)")
"""A look-up in Python source; also what looks like one in text."""

FEW, MANY = 256, 8192
"""How many values are looked at, of those that a call can reach, if the function has no loops, and
if it has."""


# --- What is known before the run -----------------------------------------------------------------


def native_of(program: Program, function: func.FuncOp) -> Native | None:
    """A captured function as a Python function, if it is known as one and the process has that."""
    attribute = function.attributes.get(orch.NATIVE)
    if not isinstance(attribute, orch.NativeAttr) or attribute.key.data not in program.objects:
        return None
    functions, repeats = _reached(program, function)
    ops = [op for reached in functions for op in reached.walk()]
    objects = [
        program.objects.get(op.value.key.data)
        for op in ops
        if isinstance(op, orch.ConstantOp) and isinstance(op.value, orch.RefAttr)
    ]
    return Native(
        program.objects[attribute.key.data],
        attribute.effects.data == "writes",
        repeats or any(isinstance(op, orch.ForOp | orch.WhileOp | orch.MapOp) for op in ops),
        tuple(value for value in objects if type(value) not in _ATOMS and _has_state(value)),
        frozenset(name for op in ops for name in _names_looked_up(op)),
        frozenset(location_of(op).rpartition(":")[0] for op in ops) - {""},
    )


def _reached(program: Program, function: func.FuncOp) -> tuple[list[func.FuncOp], bool]:
    """The functions that are called from one, itself included, and whether any may call itself."""
    found: dict[func.FuncOp, None] = {}
    is_recursive = False

    def visit(current: func.FuncOp, around: tuple[func.FuncOp, ...]) -> None:
        nonlocal is_recursive
        is_recursive = is_recursive or current in around
        if current in found:
            return
        found[current] = None
        for op in current.walk():
            if isinstance(op, func.CallOp):
                callee = SymbolTable.lookup_symbol(program.module, op.callee)
                if isinstance(callee, func.FuncOp):
                    visit(callee, (*around, current))

    visit(function, ())
    return list(found), is_recursive


def _has_state(value: Any) -> bool:
    """Whether an object may change; one of a class, without attributes, only stands for itself."""
    cls = type(value)
    is_instance = is_user_class(cls) and cls.__new__ is object.__new__
    return not is_instance or bool(own_attributes(value))


def _names_looked_up(op: Operation) -> Iterable[str]:
    match op:
        case orch.MethodOp():
            return [op.method.data]
        case orch.GetAttrOp():
            return [op.attribute.data]
        case orch.HostOp():
            return _ATTRIBUTE.findall(op.source.data)
        case _:
            return []


# --- When a call is issued ------------------------------------------------------------------------


def issue(run: Run, frame: Frame, op: OpPlan) -> None:
    """`func.call` of a function that is known as a Python function."""
    late = [slot for slot in op.operands if frame.values[slot] is PENDING]
    for slot in late:
        run.when_there(frame, slot, lambda _: _look_again(run, frame, op))
    if late or not _called(run, frame, op):
        run.postponed[frame, op.index] = op


def _called(run: Run, frame: Frame, op: OpPlan) -> bool:
    """Call the Python function if that can be done now. All operands are there."""
    assert op.native is not None
    assert op.whole is not None
    values, is_complete = frame.values, True
    for slot in op.operands:
        if type(values[slot]) is PendingList:
            values[slot] = settled(values[slot])
            is_complete = is_complete and type(values[slot]) is not PendingList
    if is_complete and frame.at_head(op):
        run.postponed.pop((frame, op.index), None)
        run.evaluate_exclusively(frame, op.whole)
        return True
    if is_complete and not op.native.writes and _sees_what_python_would(run, frame, op.whole):
        _evaluate(run, frame, op)
        return True
    frame.await_head(op)
    return False


def _look_again(run: Run, frame: Frame, op: OpPlan) -> None:
    """An operand has come: if it was the last, see what becomes of the call."""
    if (frame, op.index) in run.postponed and not any(
        frame.values[slot] is PENDING for slot in op.operands
    ):
        del run.postponed[frame, op.index]
        run.make_ready(frame, op)


def give_up_one(run: Run) -> None:
    """Of the calls that wait, enter the body of the one that has waited longest."""
    (frame, index), op = next(iter(run.postponed.items()))
    del run.postponed[frame, index]
    if run.cuts and run.is_cut(frame, index):
        return
    is_late = any(frame.values[slot] is PENDING for slot in op.operands)
    if is_late or not _called(run, frame, op):
        if frame.waiting is not None:
            frame.waiting.discard(index)
        regions.start_function(run, frame, op)


def _evaluate(run: Run, frame: Frame, op: OpPlan) -> None:
    """Call a function that changes nothing, before its turn."""
    assert op.whole is not None
    try:
        value = op.whole.evaluate(frame.values)  # type: ignore[misc]
    except RecursionError:
        # The engine's own frames are below it. The body's are counted as Python would.
        regions.start_function(run, frame, op)
    except BaseException as error:
        run.inline_failed(frame, op.whole, error)
    else:
        run.done(frame, op.whole, value)


# --- What a call can reach ------------------------------------------------------------------------


def _sees_what_python_would(run: Run, frame: Frame, op: OpPlan) -> bool:
    """Whether a call before its turn reaches nothing that is still to be changed, and no code.

    Only so many values are looked at. What is beyond them is taken for plain data, but not for
    unchanged.
    """
    native, records = op.native, run.heap.records
    assert native is not None
    left = MANY if native.repeats else FEW
    passed = op.operands[: len(op.operands) - op.hidden]
    pending = [*(frame.values[slot] for slot in passed), *native.objects]
    seen: set[int] = set()
    for value in pending:  # which grows meanwhile
        cls = type(value)
        if cls in _ATOMS or id(value) in seen:
            continue
        if cls is PendingList or id(value) in records or not _is_harmless(native, value, cls):
            return False
        seen.add(id(value))
        for child in islice(_children(value, cls), max(left, 0)):
            left -= 1
            if type(child) not in _ATOMS:
                pending.append(child)
        if left <= 0 and records:
            return False
    return True


def _is_harmless(native: Native, value: Any, cls: type) -> bool:
    """Whether what a function does to the value runs no code but what was captured."""
    if not is_user_class(cls):
        # Reading an entry that is missing may make one.
        return cls is not defaultdict and is_plain(value)
    if cls not in native.harmless:
        native.harmless[cls] = (
            (cls.__new__ is object.__new__ or issubclass(cls, tuple))
            and (is_plain(value) or not has_own_operators(cls))
            and all(is_state(cls, name) for name in native.names)
        )
    own = getattr(value, "__dict__", {})
    return native.harmless[cls] and not any(callable(own.get(name)) for name in native.names)


def _children(value: Any, cls: type) -> Iterable[Any]:
    if cls in MAPPINGS:
        return chain(value.keys(), value.values())
    if isinstance(value, _ELEMENTS):
        return value
    if isinstance(value, BaseException):
        return value.args
    if cls is MethodType:
        return (value.__self__,)
    return own_attributes(value).values() if is_user_class(cls) else ()
