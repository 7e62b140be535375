"""Whether the elements of containers lead to objects of their own: `orch.disjoint`.

The objects are as the program sees them at that moment, with the writes that are not committed.
Only the ways are followed that the loop has to them.
"""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xcs.dialects import orch
from xcs.runtime import early
from xcs.runtime.attributes import is_user_class
from xcs.runtime.frames import Frame
from xcs.runtime.heap import MISSING, Heap, InstanceRecord, Record, own_attributes
from xcs.runtime.pending import PENDING, Cell, PendingList, settled
from xcs.runtime.plain import IMMUTABLE
from xcs.runtime.plan import OpPlan

if TYPE_CHECKING:
    from xcs.runtime.engine import Run

MAX_STEPS = 200_000
"""Objects to look at. Of more, they are not told to be disjoint."""
_ELEMENTS, _KEYS = "[]", "{}"
_ATOMS = IMMUTABLE - {tuple, frozenset}
_SEVERAL = -1
"""In place of the number of an element: more than one of them leads to an object."""


class _Late(Exception):
    """Something on the way is not there yet. `wait` calls back when it is."""

    def __init__(self, wait: Callable[[Callable[[Any], None]], None]):
        super().__init__()
        self.wait = wait


class _Unknown(Exception):
    """There is no telling what something leads to."""


def disjoint(run: Run, frame: Frame, op: OpPlan) -> None:
    """Tell whether the elements of some containers are apart."""
    assert op.access is not None
    containers = [settled(frame.values[slot]) for slot in op.access.arguments]
    try:
        told = _Walk(run.heap, op.access.places).are_apart(containers, op.access.roots)
    except _Late as late:
        late.wait(lambda _: run.make_ready(frame, op))
    except _Unknown:
        run.done(frame, op, False)
    else:
        run.done(frame, op, told)


class _Walk:
    def __init__(self, heap: Heap, places: Sequence[orch.Place]):
        self.heap = heap
        self.places = places
        self.owners: dict[int, int] = {}
        """The number of the element that leads to an object, by the object's id."""
        self.written: set[int] = set()
        """The ids of the objects that are changed."""
        self.seen: dict[tuple[int, int], int] = {}
        """The element that last led to an object, by the object's id and its place."""
        self.steps = 0

    def are_apart(self, containers: Sequence[Any], roots: Sequence[int]) -> bool:
        number = 0
        for container, root in zip(containers, roots, strict=True):
            elements = [*self._elements(container, _ELEMENTS, strict=True)]
            for element in (*elements, *self._elements(container, _KEYS)):
                if not self._is_apart(element, root, number):
                    return False
                number += 1
        return True

    def _is_apart(self, element: Any, root: int, number: int) -> bool:
        """Whether no object that is changed is one that an earlier element leads to, too."""
        pending = [(element, root)]
        while pending:
            value, place = pending.pop()
            value = _there(value)
            if type(value) in _ATOMS or isinstance(value, early.NAMED):
                continue
            key = id(value.items if type(value) is PendingList and value.is_list else value)
            # What several elements lead to and none changes has been gone through for two of them.
            last = self.seen.get((key, place))
            if last in (number, _SEVERAL):
                continue
            self.seen[key, place] = number if last is None else _SEVERAL
            self.steps += 1
            if self.steps > MAX_STEPS:
                return False
            if self.places[place].written:
                self.written.add(key)
            if self.owners.setdefault(key, number) != number:
                if key in self.written:
                    return False
                self.owners[key] = _SEVERAL
            pending.extend(self._parts(value, self.places[place]))
        return True

    def _parts(self, value: Any, place: orch.Place) -> Iterator[tuple[Any, int]]:
        """What an object leads to, and at which places."""
        named = dict(place.parts)
        for name in (_ELEMENTS, _KEYS):
            number = named.pop(name, place.rest)
            if number is not None:
                yield from ((v, number) for v in self._elements(value, name))
        if type(value) is PendingList:
            return
        if place.rest is not None:
            for name, part in self._attributes(value):
                if name not in named:
                    yield part, place.rest
        for name, number in named.items():
            part = self._attribute(value, name)
            if part is not MISSING:
                yield part, number

    def _elements(self, value: Any, which: str, *, strict: bool = False) -> Iterable[Any]:
        """The elements of a container, or the keys of a mapping."""
        record = self._record(value)
        if type(record) is InstanceRecord:
            record = None
        if type(value) is PendingList and record is None:
            return _items(value) if which == _ELEMENTS else value.keys or ()
        entries = value if record is None else self._entries(record)
        if isinstance(entries, dict):
            return list(dict.values(entries) if which == _ELEMENTS else dict.keys(entries))
        if which == _KEYS:
            return ()
        if isinstance(entries, list):
            return list.__getitem__(entries, slice(None))
        if isinstance(entries, tuple | set | frozenset | deque):
            return list(entries) if not is_user_class(type(entries)) else _checked(entries)
        if isinstance(value, functools.partial):
            return [value.func, *value.args, *value.keywords.values()]
        if isinstance(value, types.MethodType):
            return [value.__self__]
        if strict:
            raise _Unknown
        return ()

    def _record(self, value: Any) -> Record | None:
        if type(value) is PendingList:
            return self.heap.find(value.items) if value.is_list else None
        return self.heap.find(value)

    @staticmethod
    def _entries(record: Record) -> Any:
        try:
            return record.entries()
        except NotImplementedError:
            return record.whole()

    def _attributes(self, value: Any) -> Iterator[tuple[str, Any]]:
        """All that an object holds, and what its class does."""
        record = self.heap.find(value)
        own = record.entries() if type(record) is InstanceRecord else own_attributes(value)
        yield from own.items()
        if is_user_class(type(value)):
            for base in type(value).__mro__[:-1]:
                for name, entry in base.__dict__.items():
                    if not name.startswith("__") and not hasattr(type(entry), "__get__"):
                        yield name, entry

    def _attribute(self, value: Any, name: str) -> Any:
        record = self.heap.find(value)
        if type(record) is InstanceRecord:
            if record.is_deleted(name):
                return MISSING
            found = record.find(name)
            if found is not MISSING:
                return found
        found = own_attributes(value).get(name, MISSING)
        if found is not MISSING:
            return found
        for base in type(value).__mro__:
            if name in base.__dict__:
                entry = base.__dict__[name]
                return MISSING if hasattr(type(entry), "__get__") else entry
        return MISSING


def _checked(entries: Any) -> list[Any]:
    """The elements of a container whose class may have its own way to give them."""
    if isinstance(entries, tuple) and type(entries).__iter__ is tuple.__iter__:
        return list(tuple.__iter__(entries))
    raise _Unknown


def _there(value: Any) -> Any:
    if type(value) is Cell:
        if value.value is PENDING:
            raise _Late(value.when_there)
        value = value.value
    return settled(value)


def _items(pending: PendingList) -> list[Any]:
    for index, item in enumerate(pending.items):
        if item is PENDING:
            raise _Late(functools.partial(pending.when_there, index))
    return pending.items


__all__ = ["disjoint"]
