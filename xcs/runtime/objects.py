"""Ops on objects: how each is issued.

An op that is issued has its place in the order of the writes and reads of its object, and gives its
token. On an object without uncommitted writes, reads are Python's own; so are writes that have
their turn already. All other writes go through the object's record (see `heap`). What may run code
of the user's waits for its turn.
"""

from __future__ import annotations

import operator
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from xcs.runtime import early, snapshots
from xcs.runtime.attributes import (
    bound_class_entry,
    is_user_class,
)
from xcs.runtime.frames import Frame
from xcs.runtime.heap import MISSING, RECORDS, DictRecord, InstanceRecord, Record, SetRecord
from xcs.runtime.methods import ITERATED_AT_ONCE
from xcs.runtime.pending import PENDING, Cell, PendingList, assemble, settled
from xcs.runtime.plan import OpPlan

if TYPE_CHECKING:
    from xcs.runtime.engine import Run

Issue = Callable[["Run", Frame, OpPlan], None]

_OPERATORS = (
    "iadd", "isub", "imul", "imatmul", "itruediv", "ifloordiv", "imod", "ipow", "ilshift",
    "irshift", "iand", "ior", "ixor",
)  # fmt: skip
IN_PLACE: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    f"__{name}__": partial(partial, getattr(operator, name)) for name in _OPERATORS
}
"""The operators in place, as functions of an object to a function of the other operand."""


def _record(run: Run, op: OpPlan, target: Any) -> Record | None:
    """What is to be read in place of the object.

    An op without a place in a chain reads the object itself: nothing before the op can have changed
    it, and nothing after it is committed yet.
    """
    if op.is_pure:
        return None
    if type(target) is PendingList:
        return run.heap.find(target.items) if target.is_list else None
    return run.heap.find(target)


def in_turn(run: Run, frame: Frame, op: OpPlan, reason: str) -> None:
    """Evaluate an op on the real objects, when everything before it has succeeded."""
    if frame.at_head(op):
        run.evaluate_exclusively(frame, op)
    else:
        run.await_turn(frame, op, reason)


def _own_code(target: Any) -> str:
    return f"the class {type(target).__name__} has code for this, which may do anything"


NOT_COPIED = "the object has been changed just before, and cannot be copied"


def give(run: Run, frame: Frame, op: OpPlan, value: Any) -> None:
    """End a read whose value is known, or in a cell."""
    if type(value) is Cell:
        if value.value is PENDING:
            run.issued(frame, op)
            value.when_there(lambda v: run.late(frame, op, v))
            return
        value = value.value
    run.done(frame, op, value)


def again_when_complete(run: Run, frame: Frame, op: OpPlan, value: PendingList) -> None:
    value.when_complete(lambda _: run.make_ready(frame, op))


def lax(frame: Frame, slot: int) -> Any:
    """The value of a slot, which may be a list that is not complete."""
    value = frame.values[slot]
    if type(value) is PendingList:
        value = frame.values[slot] = settled(value)
    return value


def _natively(run: Run, frame: Frame, op: OpPlan, target: Any) -> None:
    """Read from an object without uncommitted entries, at once if no code of the user's may run."""
    if not is_user_class(type(target)):
        run.evaluate(frame, op)
    else:
        in_turn(run, frame, op, _own_code(target))


# --- Reading --------------------------------------------------------------------------------------


def getitem(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target = lax(frame, op.access.target)
    key = frame.values[op.access.key]
    if type(target) is PendingList:
        _get_late_item(run, frame, op, target, key)
        return
    # Reading a missing entry of this makes one, of which there is to be one only.
    makes_entries = type(target) is defaultdict
    record = run.heap.find(target) if makes_entries else _record(run, op, target)
    if makes_entries and not _has(target, record, key):
        _make_default(run, frame, op, target, key)
    elif record is None or type(record) is InstanceRecord:
        _natively(run, frame, op, target)
    else:
        _get_from(run, frame, op, record, key)


def _get_from(run: Run, frame: Frame, op: OpPlan, record: Record, key: Any) -> None:
    try:
        value = record.get(key)
        if type(key) is slice:
            value = assemble(value)
    except BaseException as error:
        run.inline_failed(frame, op, error)
    else:
        give(run, frame, op, value)


def _get_late_item(run: Run, frame: Frame, op: OpPlan, target: PendingList, key: Any) -> None:
    record = _record(run, op, target)
    if record is not None:
        _get_from(run, frame, op, record, key)
        return
    position = target.position(key)
    if position is None:
        again_when_complete(run, frame, op, target)
    elif target.items[position] is PENDING:
        run.issued(frame, op)
        target.when_there(position, lambda v: run.late(frame, op, v))
    else:
        run.done(frame, op, target.items[position])


def _has(target: defaultdict[Any, Any], record: Record | None, key: Any) -> bool:
    try:
        return key in target if record is None else record.has(key)
    except TypeError:
        return True  # it cannot be hashed, as reading it will say


_MADE_AT_ONCE = (list, dict, set, tuple, int, float, str, bool, deque)


def _make_default(
    run: Run, frame: Frame, op: OpPlan, target: defaultdict[Any, Any], key: Any
) -> None:
    factory: Any = target.default_factory
    if factory is None:
        run.inline_failed(frame, op, KeyError(key))
    elif factory in _MADE_AT_ONCE and not frame.at_head(op):
        value = factory()
        if issue_write(run, frame, op, target, operator.setitem, (key, value)) is not None:
            run.done(frame, op, value)
    else:
        in_turn(run, frame, op, "what makes a missing entry may do anything")


def length(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target = lax(frame, op.access.target)
    if type(target) is PendingList:
        record = _record(run, op, target)
        if record is not None:
            run.done(frame, op, record.length())
        elif target.is_sequence or target.keys is not None:
            run.done(frame, op, len(target.items))
        else:
            again_when_complete(run, frame, op, target)
        return
    record = _record(run, op, target)
    if record is None or type(record) is InstanceRecord:
        _natively(run, frame, op, target)
    else:
        run.done(frame, op, record.length())


def contains(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target = lax(frame, op.access.target)
    record = _record(run, op, target)
    key = frame.values[op.access.key]
    if isinstance(record, DictRecord | SetRecord):
        try:
            present = record.has(key)
        except BaseException as error:
            run.inline_failed(frame, op, error)
        else:
            run.done(frame, op, present)
    elif record is not None and type(record) is not InstanceRecord:
        read_version(run, frame, op, lambda version: key in version)
    elif type(target) is PendingList:
        again_when_complete(run, frame, op, target)
    elif type(target) in _SEARCHED and run.heap.records and not is_searchable(run, target, (key,)):
        in_turn(run, frame, op, "comparing the elements may do anything")
    else:
        _natively(run, frame, op, target)


_SEARCHED = (list, tuple, deque)


def is_searchable(run: Run, target: Any, keys: Sequence[Any]) -> bool:
    """Whether asking the elements for equality depends on nothing that is not committed."""
    if _SCALARS.issuperset(map(type, keys)) and _SCALARS.issuperset(map(type, target)):
        return True
    return all(early.is_comparable(run.plan, v) for v in (*keys, *target))


_SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes})


def read_version(run: Run, frame: Frame, op: OpPlan, read: Callable[[Any], Any]) -> None:
    """Read from the version that the object has now, once its elements are there."""
    assert op.access is not None
    target = lax(frame, op.access.target)
    real = target.items if type(target) is PendingList else target
    try:
        record = _record(run, op, target)
        version = target if record is None else snapshots.shallow(run.heap, real)
    except snapshots.NoVersion:
        in_turn(run, frame, op, NOT_COPIED)
        return

    def evaluate(version: Any) -> None:
        if frame.dead:
            return
        try:
            value = read(version)
        except BaseException as error:
            run.inline_failed(frame, op, error)
        else:
            run.late(frame, op, value)

    run.issued(frame, op)
    if type(version) is PendingList:
        version.when_complete(evaluate)
    else:
        evaluate(version)


def getattr_(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target, name = lax(frame, op.access.target), op.access.name
    if type(target) is PendingList:
        again_when_complete(run, frame, op, target)
    elif not run.attributes.read_is_plain(target, name) and not (
        op.is_pure and not is_user_class(type(target))
    ):
        in_turn(run, frame, op, f"reading '{name}' runs code of {type(target).__name__}")
    else:
        value = MISSING if op.is_pure else own_attribute(run, target, name)
        if value is MISSING:
            run.evaluate(frame, op)
        elif value is _DELETED:
            try:
                value = bound_class_entry(target, name)
            except BaseException as error:
                run.inline_failed(frame, op, error)
            else:
                run.done(frame, op, value)
        else:
            give(run, frame, op, value)


class _Deleted:
    __slots__ = ()


_DELETED = _Deleted()


def own_attribute(run: Run, target: Any, name: str) -> Any:
    """What uncommitted writes have made of an attribute: a value, or a cell with one.

    `MISSING` if there are none, so that the real object has it.
    """
    record = run.heap.find(target)
    if type(record) is not InstanceRecord:
        return MISSING
    return _DELETED if record.is_deleted(name) else record.find(name)


# --- Writing --------------------------------------------------------------------------------------


def _is_tracked(target: Any) -> bool:
    return type(target) in RECORDS or (type(target) is PendingList and target.is_list)


def setitem(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target = lax(frame, op.access.target)
    key = frame.values[op.access.key]
    if not _is_tracked(target):
        _write_in_turn(run, frame, op, target)
    elif type(key) is slice:
        _set_slice(run, frame, op, target, key)
    else:
        _write(run, frame, op, target, operator.setitem, (key,))


def _set_slice(run: Run, frame: Frame, op: OpPlan, target: Any, key: slice) -> None:
    """Replace a part of a list. How many elements there will be is structure."""
    assert op.access is not None
    value = lax(frame, op.access.payload)
    if value is PENDING:
        run.when_there(frame, op.access.payload, lambda _: run.make_ready(frame, op))
        return
    elements = None if frame.at_head(op) else elements_of(run, value)
    if elements is None:
        _write_in_turn(run, frame, op, target)
    elif issue_write(run, frame, op, target, _replace, (key, *elements)) is not None:
        run.done(frame, op, None)


def _replace(target: list[Any], key: slice, *elements: Any) -> None:
    target[key] = elements


def delitem(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target = lax(frame, op.access.target)
    key = frame.values[op.access.key]
    if _is_tracked(target):
        _write(run, frame, op, target, operator.delitem, (key,))
    else:
        _write_in_turn(run, frame, op, target)


def append(run: Run, frame: Frame, op: OpPlan) -> None:
    assert op.access is not None
    target = lax(frame, op.access.target)
    if type(target) is list or (type(target) is PendingList and target.is_list):
        _write(run, frame, op, target, list.append, ())
    elif type(target) is deque:
        _write(run, frame, op, target, deque.append, ())
    else:
        _write_in_turn(run, frame, op, target)


def setattr_(run: Run, frame: Frame, op: OpPlan) -> None:
    _change_attribute(run, frame, op, setattr, "__setattr__")


def delattr_(run: Run, frame: Frame, op: OpPlan) -> None:
    _change_attribute(run, frame, op, delattr, "__delattr__")


def _change_attribute(
    run: Run, frame: Frame, op: OpPlan, change: Callable[..., None], method: str
) -> None:
    assert op.access is not None
    target, name = lax(frame, op.access.target), op.access.name
    is_plain = type(target) is not PendingList
    if is_plain and run.attributes.write_is_plain(target, name, method):
        _write(run, frame, op, target, change, (name,))
    else:
        _write_in_turn(run, frame, op, target)


def _write_in_turn(run: Run, frame: Frame, op: OpPlan, target: Any) -> None:
    """Write to an object of which nothing is known, once the value is there."""
    assert op.access is not None
    for slot in (op.access.target, op.access.payload):
        if slot >= 0 and not is_complete(run, frame, op, slot):
            return
    in_turn(run, frame, op, _own_code(frame.values[op.access.target]))


def is_complete(run: Run, frame: Frame, op: OpPlan, slot: int) -> bool:
    """Whether the value of a slot is there as a Python object; if not, the op comes back then."""
    value = lax(frame, slot)
    if value is PENDING:
        run.when_there(frame, slot, lambda _: run.make_ready(frame, op))
    elif type(value) is PendingList:
        again_when_complete(run, frame, op, value)
    else:
        return True
    return False


def _write(
    run: Run,
    frame: Frame,
    op: OpPlan,
    target: Any,
    method: Callable[..., Any],
    args: tuple[Any, ...],
) -> None:
    """Issue a write to a tracked object, of the arguments and the payload, if there is one."""
    assert op.access is not None
    payload = op.access.payload
    value = lax(frame, payload) if payload >= 0 else None
    is_there = value is not PENDING and type(value) is not PendingList
    if is_there and frame.at_head(op) and run.heap.find(target) is None:
        run.evaluate(frame, op)
        return
    if payload >= 0:
        value = payload_of(value)
        args = (*args, value)
    if issue_write(run, frame, op, target, method, args) is not None:
        fill(run, frame, op, value)
        run.done(frame, op, None)


def payload_of(value: Any) -> Any:
    return Cell() if value is PENDING else value


def fill(run: Run, frame: Frame, op: OpPlan, payload: Any) -> None:
    """Have the cell of a payload filled when that is there.

    The op need not wait: what gives the value comes before it, so it is not committed earlier.
    """
    assert op.access is not None
    if type(payload) is Cell:
        run.when_there(frame, op.access.payload, payload.set)


class _Nothing:
    __slots__ = ()


NOTHING = _Nothing()


def issue_write(
    run: Run,
    frame: Frame,
    op: OpPlan,
    target: Any,
    method: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any] | None = None,
) -> Any:
    """Issue a write: what its method gives (`NOTHING` for None), or None if it failed."""
    real, source = target, None
    if type(target) is PendingList:
        real, source = target.items, target
    try:
        write, result = run.heap.issue(real, method, args, keywords, source)
    except BaseException as error:
        run.inline_failed(frame, op, error)
        return None
    frame.keep(op.index, write)
    return NOTHING if result is None else result


# --- Elements of arguments ------------------------------------------------------------------------


def elements_of(run: Run, value: Any) -> list[Any] | None:
    """The elements of a builtin container now; None if they cannot be had without side effects."""
    if type(value) is PendingList:
        real = value.items if value.is_list else None
        if run.heap.find(real) is None:
            return _elements(value) if value.is_sequence or value.keys is not None else None
    elif type(value) not in ITERATED_AT_ONCE:
        return None
    else:
        real = value
    try:
        return _elements(snapshots.shallow(run.heap, real))
    except snapshots.NoVersion:
        return None


def _elements(version: Any) -> list[Any]:
    """The elements of a version; in cells where they are pending."""
    if type(version) is not PendingList:
        return list(version)
    elements: list[Any] = list(version.keys if version.keys is not None else version.items)
    for index, element in enumerate(elements):
        if element is PENDING:
            elements[index] = cell = Cell()
            version.when_there(index, cell.set)
    return elements


# --- Fresh objects --------------------------------------------------------------------------------


def new(run: Run, frame: Frame, op: OpPlan) -> None:
    """Make a fresh object, from versions of the arguments."""
    assert op.access is not None
    records = run.heap.records
    arguments = [frame.values[slot] for slot in op.access.arguments]
    if not records or not any(id(argument) in records for argument in arguments):
        run.evaluate(frame, op)
        return
    try:
        versions = [snapshots.shallow(run.heap, argument) for argument in arguments]
    except snapshots.NoVersion:
        in_turn(run, frame, op, NOT_COPIED)
        return
    values = frame.values[:]
    version = assemble(versions)

    def evaluate(versions: list[Any]) -> None:
        if frame.dead:
            return
        for slot, argument in zip(op.access.arguments, versions, strict=True):  # type: ignore[union-attr]
            values[slot] = argument
        try:
            made = op.evaluate(values)  # type: ignore[misc]
        except BaseException as error:
            run.inline_failed(frame, op, error)
        else:
            run.late(frame, op, made)

    run.issued(frame, op)
    if type(version) is PendingList:
        version.when_complete(evaluate)
    else:
        evaluate(version)


def maker(cls: Any) -> Callable[..., Any]:
    """What makes an object of a class without running code of the user's."""
    if not isinstance(cls, type):
        raise TypeError(f"orch.new needs a class, got {cls!r}")
    if not is_user_class(cls):
        return cls
    make = object.__new__ if cls.__new__ is object.__new__ else cls.__new__
    return lambda *args, **keywords: make(cls, *args, **keywords)


# --- Versions -------------------------------------------------------------------------------------


def snapshot(run: Run, frame: Frame, op: OpPlan) -> None:
    """Give a version with versions of what is in it, for whoever reads it as a whole."""
    _version(run, frame, op, snapshots.deep)


def elements(run: Run, frame: Frame, op: OpPlan) -> None:
    """Give a version with the very elements of the object, for whoever may hand these on."""
    _version(run, frame, op, snapshots.with_elements)


def structure(run: Run, frame: Frame, op: OpPlan) -> None:
    """Give a version with the very elements of the object, for whoever does not look into them."""
    _version(run, frame, op, lambda heap, value, _: snapshots.complete(heap, value))


def _version(run: Run, frame: Frame, op: OpPlan, make: Callable[..., Any]) -> None:
    assert op.access is not None
    late = run.suspended.pop((frame, op.index), None)
    if late is not None:  # the op has its turn: the real objects are right
        for value, cell in late:
            cell.set(value)
        return
    target = lax(frame, op.access.target)
    if frame.at_head(op):
        run.done(frame, op, target)
        return

    def admit(value: Any, cell: Cell) -> None:
        """Take an element into the version if it is as it was at that moment."""
        if frame.dead:
            return
        if frame.at_head(op) or not snapshots.is_dirty(run.heap, value):
            cell.set(value)
        else:
            run.suspended.setdefault((frame, op.index), []).append((value, cell))
            run.await_turn(frame, op, NOT_COPIED)

    try:
        version = make(run.heap, target, admit)
    except snapshots.NoVersion:
        run.await_turn(frame, op, NOT_COPIED)
        return
    if type(version) is not PendingList:
        run.done(frame, op, version)
        return
    run.issued(frame, op)
    run.give(frame, op, version)
    version.when_complete(lambda _: None if frame.dead else run.op_done(frame, op.index))


def exact(run: Run, frame: Frame, op: OpPlan) -> None:
    """Give the very object, when it is what it is to be at this moment."""
    assert op.access is not None
    target = lax(frame, op.access.target)
    if frame.at_head(op) or (
        type(target) is not PendingList and not snapshots.is_dirty(run.heap, target)
    ):
        run.done(frame, op, target)
    else:
        run.await_turn(frame, op, NOT_COPIED)
