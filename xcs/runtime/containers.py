"""Methods of the tracked containers, as the table in `methods` says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xcs.runtime.early import is_comparable
from xcs.runtime.frames import Frame
from xcs.runtime.heap import MISSING, DictRecord
from xcs.runtime.methods import EXTENDING, Kind, Method
from xcs.runtime.objects import (
    NOTHING,
    again_when_complete,
    elements_of,
    fill,
    give,
    in_turn,
    is_searchable,
    issue_write,
    lax,
    payload_of,
    read_version,
)
from xcs.runtime.pending import PENDING, Cell, PendingList, assemble
from xcs.runtime.plan import OpPlan

if TYPE_CHECKING:
    from xcs.runtime.engine import Run


def container_method(run: Run, frame: Frame, op: OpPlan, target: Any, method: Method) -> None:
    """A method of a tracked container, whose row in the table of methods is given."""
    assert op.access is not None
    assert op.access.collect is not None
    real = target.items if type(target) is PendingList else target
    reads_committed = op.is_pure and method.kind in (Kind.READ, Kind.GET)
    clean = reads_committed or run.heap.find(real) is None
    clean = clean and type(target) is not PendingList
    args, keywords = op.access.collect(frame.values)
    asks = op.access.name in _ASKING and run.heap.records
    match method.kind:
        case Kind.READ if clean and asks and not is_searchable(run, real, args[:1]):
            in_turn(run, frame, op, "comparing the elements may do anything")
        case Kind.READ if clean:
            run.evaluate(frame, op)
        case Kind.READ:
            name = op.access.name
            read_version(run, frame, op, lambda v: getattr(v, name)(*args, **keywords))
        case Kind.GET if clean:
            run.evaluate(frame, op)
        case Kind.GET:
            _get(run, frame, op, real, *args, **keywords)
        case Kind.WRITE:
            _write_by_method(run, frame, op, target, method, args, keywords, clean)
        case Kind.EXTEND:
            _extend(run, frame, op, target, method, args, clean)
        case Kind.MERGE:
            _merge(run, frame, op, target, method, args, keywords)
        case Kind.COMPARE:
            _compare(run, frame, op, target, args, keywords)


_ASKING = frozenset({"index", "count"})
"""Methods that ask elements whether they are equal to something, and change nothing."""


def _get(
    run: Run, frame: Frame, op: OpPlan, real: Any, key: Any = MISSING, default: Any = None, /,
    **keywords: Any,
) -> None:  # fmt: skip
    record = run.heap.find(real)
    if key is MISSING or keywords or not isinstance(record, DictRecord):
        in_turn(run, frame, op, "it is called with unusual arguments")
        return
    try:
        value = record.find(key)
    except BaseException as error:
        run.inline_failed(frame, op, error)
    else:
        give(run, frame, op, default if value is MISSING else value)


def _write_by_method(
    run: Run, frame: Frame, op: OpPlan, target: Any, method: Method, args: tuple[Any, ...],
    keywords: dict[str, Any], clean: bool,
) -> None:  # fmt: skip
    assert op.access is not None
    position = method.payload
    payload = args[position] if position is not None and position < len(args) else None
    if op.access.payload >= 0:
        payload = lax(frame, op.access.payload)
    is_there = payload is not PENDING and type(payload) is not PendingList
    if clean and frame.at_head(op) and is_there:
        run.evaluate(frame, op)
        return
    if position is not None and position < len(args):
        payload = payload_of(payload)
        args = (*args[:position], payload, *args[position + 1 :])
    kind = list if type(target) is PendingList else type(target)
    function = getattr(kind, op.access.name)
    result = issue_write(run, frame, op, target, function, args, keywords)
    if result is None:
        return
    fill(run, frame, op, payload)
    run.issued(frame, op)
    result = None if result is NOTHING else result
    if op.access.name == "popitem" and type(result) is tuple:  # its value may be in a cell
        result = assemble(list(result), tuple)
    if type(result) is Cell:
        result.when_there(lambda v: None if frame.dead else run.give(frame, op, v))
    else:
        run.give(frame, op, result)
    run.op_done(frame, op.index)


def _extend(
    run: Run, frame: Frame, op: OpPlan, target: Any, method: Method, args: tuple[Any, ...],
    clean: bool,
) -> None:  # fmt: skip
    assert op.access is not None
    elements = None
    if not frame.at_head(op) and len(args) == 1:
        elements = elements_of(run, args[0])
    if elements is None:
        in_turn(run, frame, op, "iterating over the argument may do anything")
        return
    function = EXTENDING[op.access.name]
    if issue_write(run, frame, op, target, function, tuple(elements)) is None:
        return
    real = target.items if type(target) is PendingList else target
    run.done(frame, op, real if method.returns_receiver else None)


_ANY_ARGUMENTS = Method(Kind.MERGE, accepts=None)


def _merge(
    run: Run, frame: Frame, op: OpPlan, target: Any, method: Method, args: tuple[Any, ...],
    keywords: dict[str, Any],
) -> None:  # fmt: skip
    assert op.access is not None
    in_time = type(target) is not PendingList and not frame.at_head(op)
    accepts = method.accepts
    if not in_time or not (accepts is None or all(type(arg) in accepts for arg in args)):
        in_turn(run, frame, op, "iterating over the arguments may do anything")
        return
    try:
        write, _ = run.heap.issue(target, getattr(type(target), op.access.name), args, keywords)
    except Exception:
        in_turn(run, frame, op, "it fails")
        return
    frame.keep(op.index, write)
    run.done(frame, op, target if method.returns_receiver else None)


def _compare(
    run: Run, frame: Frame, op: OpPlan, target: Any, args: tuple[Any, ...],
    keywords: dict[str, Any],
) -> None:  # fmt: skip
    """A write that depends on all that is in the object, as soon as that is there."""
    assert op.access is not None
    if type(target) is PendingList:
        again_when_complete(run, frame, op, target)
        return
    if frame.at_head(op):
        in_turn(run, frame, op, "")
        return
    entries = assemble(_entries(run, target))
    if type(entries) is PendingList:
        again_when_complete(run, frame, op, entries)
    elif not all(is_comparable(run.plan, v) for v in (*entries, *args, *keywords.values())):
        in_turn(run, frame, op, "comparing the elements may do anything")
    else:
        run.heap.record(target).settle()
        _merge(run, frame, op, target, _ANY_ARGUMENTS, args, keywords)


def _entries(run: Run, target: Any) -> list[Any]:
    record = run.heap.find(target)
    entries = target if record is None else record.entries()
    return list(entries.values() if isinstance(entries, dict) else entries)
