"""Values that are not there yet: places for them, and objects that have such places in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Waiter = Callable[[Any], None]


class _PendingType:
    """The type of `PENDING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PENDING"


PENDING: Final = _PendingType()
"""Stands in a slot or an element for the value that is still being computed."""


class Cell:
    """A value that has been stored somewhere before it is there."""

    __slots__ = ("_waiters", "value")

    def __init__(self) -> None:
        self.value: Any = PENDING
        self._waiters: list[Waiter] = []

    def set(self, value: Any) -> None:
        self.value = value
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter(value)

    def when_there(self, waiter: Waiter) -> None:
        """Call ``waiter(value)`` when the cell is set, at once if it is."""
        if self.value is PENDING:
            self._waiters.append(waiter)
        else:
            waiter(self.value)


class PendingList:
    """A list, or what is made of one, under construction: read by element or as a whole.

    An element is *there* once it is set, and *complete* once nothing inside it is pending. The list
    is complete when all elements are; `result` is then the Python object that everybody shares.
    Owned by the coordinator of one run, so it needs no lock.
    """

    __slots__ = ("_element_waiters", "_make", "_waiters", "items", "keys", "missing", "result")

    def __init__(
        self,
        length: int,
        make: Callable[[list[Any]], Any] | None = None,
        keys: Mapping[Any, int] | None = None,
    ):
        self.items: list[Any] = [PENDING] * length
        self.missing = length
        self.result: Any = PENDING
        self.keys = keys
        """Where the result is a mapping: the position of each key's value in `items`."""
        self._make = make
        self._element_waiters: dict[int, list[Waiter]] = {}
        self._waiters: list[Waiter] = []
        if length == 0:
            self._complete()

    @property
    def is_list(self) -> bool:
        """Whether the result is `items` itself, which so has its identity already."""
        return self._make is None

    @property
    def is_sequence(self) -> bool:
        """Whether element ``i`` of the result is that of `items`."""
        return self._make is None or self._make is tuple

    def position(self, key: Any) -> int | None:
        """Where the element of an index or key is; None if that is not known before the result."""
        if self.keys is not None:
            try:
                return self.keys.get(key)
            except TypeError:  # it cannot be hashed
                return None
        length = len(self.items)
        if self.is_sequence and type(key) is int and -length <= key < length:
            return key % length
        return None

    def set(self, index: int, value: Any) -> None:
        """Give an element its value, which may itself be an incomplete `PendingList`."""
        if type(value) is PendingList:
            value = settled(value)
        self.items[index] = value
        if self._element_waiters:
            for waiter in self._element_waiters.pop(index, ()):
                waiter(value)
        if type(value) is PendingList:
            value.when_complete(lambda result: self._element_complete(index, result))
        else:
            self._element_complete(index, value)

    def when_there(self, index: int, waiter: Waiter) -> None:
        """Call ``waiter(element)`` when the element, which is pending, is set."""
        self._element_waiters.setdefault(index, []).append(waiter)

    def when_complete(self, waiter: Waiter) -> None:
        """Call ``waiter(result)`` when the list is complete."""
        if self.missing == 0:
            waiter(self.result)
        else:
            self._waiters.append(waiter)

    def _element_complete(self, index: int, value: Any) -> None:
        self.items[index] = value
        self.missing -= 1
        if self.missing == 0:
            self._complete()

    def _complete(self) -> None:
        self.result = self.items if self._make is None else self._make(self.items)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter(self.result)


def assemble(
    values: list[Any],
    make: Callable[[list[Any]], Any] | None = None,
    keys: Mapping[Any, int] | None = None,
) -> Any:
    """What is made of values, some of which are in cells, or not complete.

    The Python object if all of them are there, or the `PendingList` that it will be the result of.
    """
    late = [i for i, v in enumerate(values) if type(v) is Cell or type(v) is PendingList]
    waiting: list[int] = []
    for index in late:
        value = values[index]
        if type(value) is Cell:
            value = value.value
        value = settled(value)
        if value is PENDING or type(value) is PendingList:
            waiting.append(index)
        else:
            values[index] = value
    if not waiting:
        return values if make is None else make(values)
    container = PendingList(len(waiting), make, keys)
    sources, container.items = values[:], values
    for index in waiting:
        values[index] = PENDING
    for index in waiting:
        source = sources[index]
        if type(source) is Cell:
            source.when_there(lambda value, index=index: container.set(index, value))
        else:
            container.set(index, source)
    return container


def settled(value: Any) -> Any:
    """The Python object behind a complete `PendingList`; any other value as it is."""
    return value.result if type(value) is PendingList and value.missing == 0 else value
