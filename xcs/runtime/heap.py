"""Objects that the program writes: what they will be, before that is true of the real ones.

A write is *issued* as soon as it is known where it goes, and *committed*, done to the real object,
when everything before it in the program has succeeded. In between it is in the *record* of its
object, from which the program reads. An object has a record only as long as there is a write to it
that is not committed; without one, the real object is what the program sees.

A record says what differs from the real object (a new value, in a `Cell` if it is still pending),
so that a write costs the same however large the object is. For what it cannot say so, it makes a
copy, which it then keeps up to date.

Two things must not be confused by whoever changes this file: commits happen in program order, and
nothing else changes a real object that has a record, since code that could is ordered after the
writes in it.
"""

from __future__ import annotations

import operator
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, Union

from xcs.runtime.pending import PENDING, Cell, PendingList, settled

if TYPE_CHECKING:
    from xcs.runtime.console import Output


class _Missing:
    __slots__ = ()


MISSING = _Missing()
"""Stands for an entry that is not there."""


def known(value: Any) -> Any:
    """The value in a cell if it is there, and what a complete list is; anything else as it is."""
    if type(value) is Cell and value.value is not PENDING:
        value = value.value
    return settled(value)


class Write:
    """A write that was issued and is not committed.

    ``method`` is called with the object, its copy while the write is not committed, and ``args``,
    one of which may be the cell of a payload.
    """

    __slots__ = ("args", "keywords", "method", "record")

    def __init__(
        self,
        record: Record,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: Mapping[str, Any],
    ):
        self.record = record
        self.method = method
        self.args = args
        self.keywords = keywords

    def apply(self, target: Any) -> Any:
        """Do it to a copy, with the values that are there."""
        args = [known(argument) for argument in self.args]
        return self.method(target, *args, **self.keywords)

    def commit(self) -> None:
        """Do it to the real object, at last."""
        args = [settled(a.value) if type(a) is Cell else settled(a) for a in self.args]
        self.method(self.record.real, *args, **self.keywords)


Writes = list[Union[Write, "Output", "Writes"]]
"""Writes in program order; lists in it belong to parts of the program that are done.

What an op has written to the console is one of them, which is shown when it is committed.
"""


class Record:
    """What an object will be once the writes in ``log`` are committed."""

    __slots__ = ("copy", "log", "real")

    changes: Mapping[Callable[..., Any], Callable[..., Any]] = {}
    """What can be said without a copy: by the method that does it to the real object. A function
    of the record, and the method's arguments; it returns `MISSING` if it needs a copy after all."""

    def __init__(self, real: Any):
        self.real = real
        self.log: dict[Write, None] = {}
        """Ordered, as they were issued."""
        self.copy: Any = MISSING

    def issue(self, write: Write) -> Any:
        """Take a write into account, and return what its method does. Raises what that raises."""
        if self.copy is MISSING:
            change = self.changes.get(write.method)
            result = MISSING if change is None else change(self, *write.args)
            if result is MISSING:
                result = write.apply(self.whole())
        else:
            result = write.apply(self.copy)
        self.log[write] = None
        return result

    def whole(self) -> Any:
        """A copy of the object with cells in place of what is pending, kept up to date."""
        if self.copy is MISSING:
            self.copy = self.start()
            for write in self.log:
                write.apply(self.copy)
        return self.copy

    def settle(self) -> None:
        """Put values in place of cells in the copy, all of which are set."""
        copied = self.whole()
        entries = list(copied.items() if isinstance(copied, dict) else enumerate(copied))
        for key, value in entries:
            if type(value) is Cell or type(value) is PendingList:
                copied[key] = known(value)

    def start(self) -> Any:
        """A copy of the real object as it is, with cells in place of what is pending."""
        return copy(self.real)

    def rebuild(self) -> None:
        """Forget what was said of writes that are no longer in the log."""
        if self.copy is not MISSING:
            self.copy = MISSING
            self.whole()
            return
        self.reset()
        for write in self.log:
            if self.copy is not MISSING:
                write.apply(self.copy)
            elif self.changes[write.method](self, *write.args) is MISSING:
                write.apply(self.whole())

    def reset(self) -> None:
        """Say that nothing differs from the real object."""

    # What the program reads. Values may be cells, or not complete.

    def length(self) -> int:
        return len(self.whole())

    def get(self, key: Any) -> Any:
        """``object[key]``. Raises what that raises."""
        return self.whole()[key]

    def has(self, key: Any) -> Any:
        """``key in object``, for keys."""
        return key in self.whole()

    def entries(self) -> Any:
        """A fresh list or dict of what is in the object now, by key or name where it has those."""
        raise NotImplementedError


class ListRecord(Record):
    """``replaced`` are new values by index; ``tail`` is what comes after ``start`` elements."""

    __slots__ = ("replaced", "size", "source", "tail")

    def __init__(self, real: list[Any], source: PendingList | None = None):
        super().__init__(real)
        self.source = source
        """Where elements of the real list that are still pending come from."""
        self.reset()

    def reset(self) -> None:
        self.size = len(self.real)
        """Of the real list at first. It grows by what is committed, which is in the tail too."""
        self.replaced: dict[int, Any] = {}
        self.tail: list[Any] = []

    def length(self) -> int:
        return self.size + len(self.tail) if self.copy is MISSING else len(self.copy)

    def get(self, key: Any) -> Any:
        if self.copy is not MISSING or type(key) is not int:
            return self.whole()[key]
        length = self.size + len(self.tail)
        index = key + length if key < 0 else key
        if not 0 <= index < length:
            raise IndexError("list index out of range")
        if index >= self.size:
            return self.tail[index - self.size]
        value = self.replaced.get(index, MISSING) if self.replaced else MISSING
        return self.element(index) if value is MISSING else value

    def element(self, index: int) -> Any:
        """An element of the real list; in a cell if it is pending."""
        value = self.real[index]
        if value is PENDING:
            value = Cell()
            self.source.when_there(index, value.set)  # type: ignore[union-attr]
        return value

    def start(self) -> list[Any]:
        if self.source is None or self.source.missing == 0:
            return self.real[:]
        return [self.element(index) for index in range(len(self.real))]

    def entries(self) -> list[Any]:
        if self.copy is not MISSING:
            return self.copy[:]
        values = self.start()[: self.size]
        for index, value in self.replaced.items():
            values[index] = value
        return values + self.tail

    def _append(self, value: Any) -> None:
        self.tail.append(value)

    def _set(self, key: Any, value: Any) -> Any:
        if type(key) is not int:
            return MISSING
        length = self.size + len(self.tail)
        index = key + length if key < 0 else key
        if not 0 <= index < length:
            raise IndexError("list assignment index out of range")
        if index >= self.size:
            self.tail[index - self.size] = value
        else:
            self.replaced[index] = value
        return None

    changes = {list.append: _append, operator.setitem: _set}


class KeyedRecord(Record):
    """``changed`` are new values by key, `MISSING` for what was deleted."""

    __slots__ = ("changed", "growth")

    def __init__(self, real: Any):
        super().__init__(real)
        self.reset()

    def reset(self) -> None:
        self.changed: dict[Any, Any] = {}
        self.growth = 0
        """By how many entries there are more than in the real object without its commits."""


class SizedRecord(KeyedRecord):
    """One of a container, whose length is counted."""

    __slots__ = ("size",)

    def reset(self) -> None:
        super().reset()
        self.size = len(self.real)

    def length(self) -> int:
        return self.size if self.copy is MISSING else len(self.copy)


class DictRecord(SizedRecord):
    """A dict, or an object of a subclass that differs only in what a missing key means."""

    __slots__ = ()

    def has(self, key: Any) -> bool:
        return self.find(key) is not MISSING

    def find(self, key: Any) -> Any:
        """The value of a key, or `MISSING`. Raises TypeError if it cannot be hashed."""
        if self.copy is not MISSING:
            return dict.get(self.copy, key, MISSING)
        if key in self.changed:
            return self.changed[key]
        return dict.get(self.real, key, MISSING)

    def get(self, key: Any) -> Any:
        value = self.find(key)
        if value is not MISSING:
            return value
        if type(self.real) is Counter:
            return 0
        raise KeyError(key)

    def entries(self) -> dict[Any, Any]:
        return dict(self.whole())

    def _set(self, key: Any, value: Any) -> None:
        self.size += self.find(key) is MISSING
        self.changed[key] = value

    def _delete(self, key: Any) -> None:
        if self.find(key) is MISSING:
            if type(self.real) is Counter:
                return
            raise KeyError(key)
        self.size -= 1
        self.changed[key] = MISSING

    def _default(self, key: Any, value: Any = None) -> Any:
        present = self.find(key)
        if present is not MISSING:
            return present
        self._set(key, value)
        return value

    def _pop(self, key: Any, *default: Any) -> Any:
        value = self.find(key)
        if value is not MISSING:
            self._delete(key)
        elif default:
            return default[0]
        else:
            raise KeyError(key)
        return value

    changes = {
        operator.setitem: _set,
        operator.delitem: _delete,
        dict.setdefault: _default,
        dict.pop: _pop,
    }


class SetRecord(SizedRecord):
    """``changed`` says of elements whether they are there."""

    __slots__ = ()

    def has(self, key: Any) -> bool:
        if self.copy is not MISSING:
            return key in self.copy
        present = self.changed.get(key, MISSING)
        return key in self.real if present is MISSING else present

    def _add(self, key: Any) -> None:
        self.size += not self.has(key)
        self.changed[key] = True

    def _discard(self, key: Any) -> None:
        self.size -= self.has(key)
        self.changed[key] = False

    def _remove(self, key: Any) -> None:
        if not self.has(key):
            raise KeyError(key)
        self._discard(key)

    changes = {set.add: _add, set.discard: _discard, set.remove: _remove}


class DequeRecord(Record):
    __slots__ = ()

    def entries(self) -> list[Any]:
        return list(self.whole())


class InstanceRecord(KeyedRecord):
    """``changed`` are attributes by name. The copy is not used: what is said is always enough."""

    __slots__ = ()

    def find(self, name: str) -> Any:
        """The value that an attribute was given; `MISSING` if the real object has to be asked."""
        return self.changed.get(name, MISSING)

    def is_deleted(self, name: str) -> bool:
        return name in self.changed and self.changed[name] is MISSING

    def has_own(self, name: str) -> bool:
        """Whether the attribute is one of the instance rather than of its class."""
        if name in self.changed:
            return self.changed[name] is not MISSING
        return has_own(self.real, name)

    def entries(self) -> dict[str, Any]:
        values = own_attributes(self.real)
        for name, value in self.changed.items():
            if value is MISSING:
                values.pop(name, None)
            else:
                values[name] = value
        return values

    def _set(self, name: str, value: Any) -> None:
        self.changed[name] = value

    def _delete(self, name: str) -> None:
        if not self.has_own(name):
            cls = type(self.real).__name__
            raise AttributeError(
                f"'{cls}' object has no attribute '{name}'", name=name, obj=self.real
            )
        self.changed[name] = MISSING

    changes = {setattr: _set, delattr: _delete}


def slots_of(cls: type) -> list[str]:
    """The attributes that instances of a class keep in slots."""
    return [
        name
        for base in cls.__mro__
        for name, member in base.__dict__.items()
        if type(member) is MemberDescriptorType
    ]


def has_own(instance: Any, name: str) -> bool:
    """Whether an instance itself, rather than its class, has an attribute."""
    if name in getattr(instance, "__dict__", ()):
        return True
    return name in slots_of(type(instance)) and hasattr(instance, name)


def own_attributes(instance: Any) -> dict[str, Any]:
    """The attributes of an instance itself: of its slots, and of its dict."""
    values = {n: getattr(instance, n) for n in slots_of(type(instance)) if hasattr(instance, n)}
    values.update(getattr(instance, "__dict__", {}))
    return values


RECORDS: dict[type, type[Record]] = {
    list: ListRecord,
    dict: DictRecord,
    defaultdict: DictRecord,
    Counter: DictRecord,
    OrderedDict: DictRecord,
    set: SetRecord,
    deque: DequeRecord,
}
"""The containers that are tracked, of exactly these types."""


class Heap:
    """The records of one run."""

    __slots__ = ("records",)

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        """By the id of the real object, which the record keeps alive."""

    def find(self, real: Any) -> Record | None:
        return self.records.get(id(real)) if self.records else None

    def record(self, real: Any, source: PendingList | None = None) -> Record:
        """The record of an object, made if there is none.

        ``source`` is what completes the object, where that is a list which is not complete.
        """
        record = self.records.get(id(real))
        if record is None:
            if source is not None:
                record = ListRecord(real, source)
            else:
                record = RECORDS.get(type(real), InstanceRecord)(real)
            self.records[id(real)] = record
        return record

    def issue(
        self,
        real: Any,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: Mapping[str, Any] | None = None,
        source: PendingList | None = None,
    ) -> tuple[Write, Any]:
        """Issue a write; it and what its method gives.

        Raises what the method raises, in which case there was no write. Only for methods that do
        nothing where they raise.
        """
        record = self.record(real, source)
        write = Write(record, method, args, keywords or {})
        try:
            return write, record.issue(write)
        except BaseException:
            if not self._drop_if_clean(record):
                record.rebuild()
            raise

    def commit(self, writes: Write | Output | Writes) -> None:
        """Do writes to the real objects, and show output."""
        for write in flattened(writes):
            if type(write) is not Write:
                write.show()  # type: ignore[union-attr]
                continue
            write.commit()
            del write.record.log[write]
            self._drop_if_clean(write.record)

    def drop(self, writes: Writes) -> None:
        """Undo writes that were issued and will not be committed."""
        touched: dict[Record, None] = {}
        for write in flattened(writes):
            if type(write) is Write:
                del write.record.log[write]
                touched[write.record] = None
        for record in touched:
            if not self._drop_if_clean(record):
                record.rebuild()

    def _drop_if_clean(self, record: Record) -> bool:
        if record.log:
            return False
        self.records.pop(id(record.real), None)
        return True


def flattened(writes: Write | Output | Writes) -> Iterable[Write | Output]:
    """The writes one by one, in program order. However deep the lists are nested."""
    pending: list[Write | Output | Writes] = [writes]
    while pending:
        item = pending.pop()
        if type(item) is list:
            pending.extend(reversed(item))
        else:
            yield item  # type: ignore[misc]
