"""Versions of objects: what they are at one moment, in copies that later writes do not change.

Where nothing that can be reached from an object has uncommitted writes, the object itself is its
version: later writes are committed when whoever reads the version is done. Otherwise what has such
writes is copied, and what leads to it; the rest is shared.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from xcs.runtime.attributes import is_user_class
from xcs.runtime.heap import Heap, Record, SetRecord, own_attributes
from xcs.runtime.pending import PENDING, Cell, PendingList, assemble, settled
from xcs.runtime.plain import MAPPINGS

MAX_NODES = 10_000
"""Objects to look at, of one version. Rather than at more, one looks at the real ones, later."""

Admit = Callable[[Any, Cell], None]
"""What to do with a value that comes late, and the cell in the version that is to have it."""

_ATOMS = frozenset({
    type(None), bool, int, float, complex, str, bytes, type, range, slice, type(len),
    type(lambda: 0),
})  # fmt: skip


class NoVersion(Exception):
    """There is no copying that object; the real one has to be read when its turn comes."""


def shallow(heap: Heap, real: Any) -> Any:
    """The version of an object with the very elements that it has: for iterating over it.

    An object, or the `PendingList` that will be it. Raises NoVersion.
    """
    record = heap.find(real)
    return real if record is None else _Copies(heap, {id(real)}, None).of(real)


def deep(heap: Heap, value: Any, admit: Admit) -> Any:
    """The version of an object with versions of all that is in it: for reading it as a whole.

    An object, or the `PendingList` that will be it. Raises NoVersion.
    """
    if type(value) is PendingList:
        changed = _changed(heap, value)
        return _Copies(heap, changed | {id(value)}, admit).of(value)
    changed = _changed(heap, value) if heap.records else None
    return _Copies(heap, changed, admit).of(value) if changed else value


def with_elements(heap: Heap, value: Any, admit: Admit) -> Any:
    """The version of an object with the very elements that it has, all of which are to be clean.

    An object, or the `PendingList` that will be it. Raises NoVersion where elements are not clean.
    """
    if not heap.records and type(value) is not PendingList:
        return value
    changed = _changed(heap, value) - {id(value)}
    if changed:
        raise NoVersion
    if type(value) is not PendingList and heap.find(value) is None:
        return value
    return _Copies(heap, {id(value)}, admit).of(value)


def complete(heap: Heap, value: Any) -> Any:
    """The version of an object with the very elements that it has, once all are there."""
    if type(value) is not PendingList and heap.find(value) is None:
        return value
    return _Copies(heap, {id(value)}, lambda element, cell: cell.set(element)).of(value)


def is_dirty(heap: Heap, value: Any) -> bool:
    """Whether anything that can be reached from a value has uncommitted writes, or may have."""
    if not heap.records or type(value) in _ATOMS:
        return False
    try:
        return bool(_changed(heap, value))
    except NoVersion:
        return True


def _changed(heap: Heap, root: Any) -> set[int]:
    """The ids of what has uncommitted writes, and of what leads to it."""
    parents: dict[int, list[int]] = {id(root): []}
    dirty: list[int] = []
    kept = [root]  # so that ids stay theirs
    for value in kept:
        record = _record(heap, value)
        if record is not None:
            if type(record) is SetRecord:
                raise NoVersion  # a copy may have another order
            dirty.append(id(value))
        for child in _children(value, record):
            if type(child) in _ATOMS:
                continue
            if id(child) not in parents:
                parents[id(child)] = []
                kept.append(child)
                if len(kept) > MAX_NODES:
                    raise NoVersion
            parents[id(child)].append(id(value))
    changed = set(dirty)
    for node in dirty:
        for parent in parents[node]:
            if parent not in changed:
                changed.add(parent)
                dirty.append(parent)
    return changed


def _record(heap: Heap, value: Any) -> Record | None:
    if type(value) is PendingList:
        return heap.find(value.items) if value.is_list else None
    return heap.find(value)


def _children(value: Any, record: Record | None) -> Iterable[Any]:
    if record is not None:
        entries = record.entries()
        found = entries.values() if isinstance(entries, dict) else entries
        return [settled(v.value) if type(v) is Cell else settled(v) for v in found]
    kind = type(value)
    if kind is PendingList:
        return value.items
    if kind is list or kind is deque or isinstance(value, tuple):
        return value
    if kind in MAPPINGS:
        return value.values()
    return own_attributes(value).values() if _is_plain_instance(kind) else ()


def _is_plain_instance(cls: type) -> bool:
    return is_user_class(cls) and cls.__new__ is object.__new__


class _Copies:
    """Makes the copies of one version, each once."""

    def __init__(self, heap: Heap, changed: set[int], admit: Admit | None):
        self.heap = heap
        self.changed = changed
        self.admit = admit
        self.made: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """The copy of an object that changed, or the `PendingList` for it; others as they are."""
        if id(value) not in self.changed:
            return value
        if id(value) not in self.made:
            try:
                self.made[id(value)] = self._copy(value)
            except RecursionError:
                raise NoVersion from None
        return self.made[id(value)]

    def _copy(self, value: Any) -> Any:
        record = _record(self.heap, value)
        kind = list if type(value) is PendingList else type(value)
        if type(record) is SetRecord:
            raise NoVersion
        if kind is list or kind is deque:
            entries = self._listed(value, record)
            return self._sequence(value, entries, kind)
        if isinstance(value, tuple):
            return assemble([self._element(v) for v in value], _maker(kind))
        if kind in MAPPINGS:
            return self._mapping(value, record)
        if _is_plain_instance(kind):
            attributes = own_attributes(value) if record is None else record.entries()
            return self._instance(value, attributes)
        raise NoVersion

    def _listed(self, value: Any, record: Record | None) -> list[Any]:
        if record is not None:
            return record.entries()
        return list(value) if isinstance(value, list | deque) else _in_cells(value)

    def _element(self, value: Any) -> Any:
        """What stands for an element in the copy; a cell if it is to come."""
        if type(value) is Cell:
            value = value if value.value is PENDING else value.value
        value = settled(value)
        if self.admit is None:
            return value
        late, admit = Cell(), self.admit
        if type(value) is Cell:
            value.when_there(lambda v: _when_complete(v, lambda r: admit(r, late)))
        elif type(value) is PendingList and id(value) not in self.changed:
            value.when_complete(lambda r: admit(r, late))
        else:
            return self.of(value)
        return late

    def _sequence(self, value: Any, entries: list[Any], kind: type) -> Any:
        target = [] if kind is list else deque(maxlen=value.maxlen)
        self.made[id(value)] = target  # for what contains itself
        elements = [self._element(entry) for entry in entries]
        if kind is list:
            target.extend(elements)
            return assemble(target)  # type: ignore[arg-type]

        def make(values: list[Any]) -> Any:
            target.extend(values)
            return target

        return assemble(elements, make)

    def _mapping(self, value: Any, record: Record | None) -> Any:
        entries: dict[Any, Any] = dict(value) if record is None else record.entries()
        target: Any = value.copy()
        target.clear()
        update = dict.update if type(target) is Counter else type(target).update
        update(target, dict.fromkeys(entries))
        self.made[id(value)] = target
        elements = [self._element(entry) for entry in entries.values()]
        keys = {key: position for position, key in enumerate(entries)}

        def make(values: list[Any]) -> Any:
            for key, entry in zip(keys, values, strict=True):
                dict.__setitem__(target, key, entry)
            return target

        return assemble(elements, make, keys)

    def _instance(self, value: Any, attributes: dict[str, Any]) -> Any:
        target = object.__new__(type(value))
        self.made[id(value)] = target
        elements = [self._element(entry) for entry in attributes.values()]

        def make(values: list[Any]) -> Any:
            for name, entry in zip(attributes, values, strict=True):
                object.__setattr__(target, name, entry)
            return target

        return assemble(elements, make)


def _in_cells(pending: PendingList) -> list[Any]:
    """The elements of a list that is not complete, in cells where they are to come."""
    elements = pending.items[:]
    for index, element in enumerate(elements):
        if element is PENDING:
            elements[index] = cell = Cell()
            pending.when_there(index, cell.set)
    return elements


def _when_complete(value: Any, waiter: Callable[[Any], None]) -> None:
    if type(value) is PendingList:
        value.when_complete(waiter)
    else:
        waiter(value)


def _maker(kind: type) -> Callable[[list[Any]], Any]:
    return kind._make if hasattr(kind, "_make") else tuple  # type: ignore[attr-defined]
