"""Ops of which only the values say what they do: methods, calls of values, checked host code."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from logging import Logger
from typing import TYPE_CHECKING, Any

from xcs.runtime import containers, objects, regions, snapshots
from xcs.runtime.frames import Frame
from xcs.runtime.heap import MISSING, RECORDS, InstanceRecord
from xcs.runtime.methods import METHODS
from xcs.runtime.pending import PendingList, settled
from xcs.runtime.plain import IMMUTABLE, are_plain, is_array
from xcs.runtime.plan import OpPlan

if TYPE_CHECKING:
    from xcs.runtime.engine import Run


def invoke(run: Run, frame: Frame, op: OpPlan) -> None:
    """Call a value as it is classified."""
    assert op.access is not None
    _call(run, frame, op, frame.values[op.access.target])


def _call(run: Run, frame: Frame, op: OpPlan, callee: Any) -> None:
    """Call a value with what the operands are, which are versions where that is needed."""
    assert op.access is not None
    receiver = getattr(callee, "__self__", None)
    effects = "ordered" if type(receiver) in RECORDS else run.plan.effects_of(callee)
    if effects == "ordered" or (effects == "pure" and op.access.is_shared):
        objects.in_turn(run, frame, op, "what it calls is ordered")
    elif not frame.at_head(op) and snapshots.is_dirty(run.heap, receiver):
        # It would read what the real object is not yet.
        run.await_turn(frame, op, "the object it is called on has been changed just before")
    elif effects == "pure":
        run.evaluate(frame, op)
    else:
        _call_unordered(run, frame, op, callee)


def _call_unordered(run: Run, frame: Frame, op: OpPlan, callee: Any) -> None:
    """Have a worker call what may run at any time, but for what looks at the same objects."""
    assert op.on_worker is not None
    changed = [] if run.plan.changed_by is None else run.plan.changed_by(callee)
    if changed == []:
        run.issued(frame, op)
        run.start(frame, op.on_worker)
    elif frame.at_head(op) or not _are_dirty(run, changed):
        run.start(frame, dataclasses.replace(op.on_worker, tokens=op.tokens))
    else:
        run.await_turn(frame, op, "what it changes has been changed just before")


def _are_dirty(run: Run, values: Iterable[Any] | None) -> bool:
    if values is None:
        return bool(run.heap.records)
    return any(snapshots.is_dirty(run.heap, value) for value in values)


def show(run: Run, frame: Frame, op: OpPlan) -> None:
    """Call what only writes to the console or to logs, if no code of the user's makes the text."""
    if are_plain(value for value in _arguments(frame, op) if type(value) is not Logger):
        assert op.on_worker is not None
        run.issued(frame, op)
        run.start(frame, op.on_worker)
    else:
        objects.in_turn(run, frame, op, "what it shows may run code of the program")


def method(run: Run, frame: Frame, op: OpPlan) -> None:
    """Call a method as the object's class says."""
    assert op.access is not None
    access = op.access
    target = frame.values[access.target] = settled(frame.values[access.target])
    kind = type(target)
    if kind is PendingList:
        if not target.is_list:
            target.when_complete(lambda _: run.make_ready(frame, op))
            return
        kind = list
    known = METHODS.get(kind, {}).get(access.name)
    if known is not None:
        containers.container_method(run, frame, op, target, known)
    elif not _operands_complete(run, frame, op):
        return
    elif kind in RECORDS:
        reason = f"nothing is known of the method '{access.name}' of {kind.__name__} objects"
        objects.in_turn(run, frame, op, reason)
    elif kind in IMMUTABLE and are_plain(frame.values[slot] for slot in access.arguments):
        run.evaluate(frame, op)
    elif not _enter_candidate(run, frame, op, target):
        _call_method(run, frame, op, target)


def _operands_complete(run: Run, frame: Frame, op: OpPlan) -> bool:
    """Whether the object and the payload are there; if not, the op comes back when they are."""
    assert op.access is not None
    slots = (op.access.target, op.access.payload)
    return all(slot < 0 or objects.is_complete(run, frame, op, slot) for slot in slots)


def _call_method(run: Run, frame: Frame, op: OpPlan, target: Any) -> None:
    assert op.access is not None
    name = op.access.name
    if name in objects.IN_PLACE and not hasattr(type(target), name):
        # It cannot be changed in place, so this is an operator that gives a new value.
        if is_array(target) and all(map(_is_plain_or_array, _arguments(frame, op))):
            run.evaluate(frame, op)
        else:
            objects.in_turn(run, frame, op, f"it is an operator of {type(target).__name__} objects")
        return
    own = objects.own_attribute(run, target, name)
    if (
        run.plan.classify is None
        or own is not MISSING
        or not run.attributes.read_is_plain(target, name)
    ):
        reason = f"methods of {type(target).__name__} objects may do anything"
        objects.in_turn(run, frame, op, reason)
        return
    try:
        callee = getattr(target, name)
    except BaseException as error:
        run.inline_failed(frame, op, error)
        return
    _call(run, frame, op, callee)


def _arguments(frame: Frame, op: OpPlan) -> list[Any]:
    assert op.access is not None
    return [frame.values[slot] for slot in op.access.arguments]


def _is_plain_or_array(value: Any) -> bool:
    return is_array(value) or are_plain([value])


def _enter_candidate(run: Run, frame: Frame, op: OpPlan, target: Any) -> bool:
    """Call the captured function that the method is, if it is one."""
    assert op.access is not None
    for candidate in op.access.candidates:
        if type(target) is not candidate.cls:
            continue
        name = op.access.name
        current = getattr(candidate.cls, name, None)
        if current is not candidate.method or _has_own(run, target, name):
            return False
        operands = (op.access.target, *op.access.arguments)
        args = [frame.values[slot] for slot in operands]
        regions.enter_function(run, frame, op, candidate.body, [*args, None])
        return True
    return False


def _has_own(run: Run, target: Any, name: str) -> bool:
    record = run.heap.find(target)
    if type(record) is InstanceRecord:
        return record.has_own(name)
    return name in getattr(target, "__dict__", ())


def checked(run: Run, frame: Frame, op: OpPlan) -> None:
    """Run host code at once if it works on plain data only, or else in its turn."""
    assert op.access is not None
    if are_plain(frame.values[slot] for slot in op.access.arguments):
        run.evaluate(frame, op)
    else:
        objects.in_turn(run, frame, op, "an operand is not plain data")
