"""Lists whose elements are not all there yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final


class _PendingType:
    """The type of `PENDING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PENDING"


PENDING: Final = _PendingType()
"""Stands in a slot or an element for the value that is still being computed."""


class PendingList:
    """A list or tuple under construction, read element by element or as a whole.

    An element is *there* once it is set, and *complete* once nothing inside it is pending. The list
    is complete when all elements are; `result` is then the Python object that everybody shares.
    Owned by the coordinator of one run, so it needs no lock.
    """

    __slots__ = ("_element_waiters", "_make", "_waiters", "items", "missing", "result")

    def __init__(self, length: int, make: Callable[[list[Any]], Any] | None = None):
        self.items: list[Any] = [PENDING] * length
        self.missing = length
        self.result: Any = PENDING
        self._make = make
        self._element_waiters: dict[int, list[Callable[[Any], None]]] = {}
        self._waiters: list[Callable[[Any], None]] = []
        if length == 0:
            self._complete()

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

    def when_there(self, index: int, waiter: Callable[[Any], None]) -> None:
        """Call ``waiter(element)`` when the element is set, perhaps before it is complete."""
        self._element_waiters.setdefault(index, []).append(waiter)

    def when_complete(self, waiter: Callable[[Any], None]) -> None:
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


def settled(value: Any) -> Any:
    """The Python object behind a complete `PendingList`; any other value as it is."""
    return value.result if type(value) is PendingList and value.missing == 0 else value
