"""When things are known: a clock, and the times of what is inside of objects."""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Timed = tuple[Any, float]
"""A value and the time at which it is known."""

CONSTANT = (str, bytes, int, float, complex, type(None), type, types.FunctionType, range)
"""Classes of values that have nothing inside which could change."""


@dataclass(frozen=True)
class Operator:
    """What is known of an operator."""

    ordered: bool
    duration: float = 0.0


class Clock:
    """Where a call that is being made stands in time; see `tests.programs.world`."""

    def __init__(self) -> None:
        self.at = 0.0
        self.latest = 0.0

    @property
    def now(self) -> float:
        return self.latest

    def spend(self, duration: float) -> None:
        self.at += duration
        self.latest = max(self.latest, self.at)


@dataclass
class Inside:
    """The times of an object's parts. `base` holds for all of them."""

    base: float = 0.0
    shape: float = 0.0
    items: dict[Any, float] = field(default_factory=dict)

    def item(self, key: Any) -> float:
        return max(self.base, self.items.get(key, 0.0))

    @property
    def structure(self) -> float:
        return max(self.base, self.shape)


class Heap:
    """What is known about objects, by identity."""

    def __init__(self) -> None:
        self._inside: dict[int, Inside] = {}
        self._kept: list[Any] = []  # so that no identity is used twice

    def of(self, value: Any) -> Inside:
        found = self._inside.get(id(value))
        if found is None:
            found = self._inside[id(value)] = Inside()
            self._kept.append(value)
        return found

    def seen(self, value: Any) -> Inside:
        """What is known of an object, without keeping anything new."""
        return self._inside.get(id(value)) or Inside()

    def deep(self, value: Any, time: float = 0.0) -> float:
        """When a value is known with all that is inside."""
        visited: set[int] = set()
        pending = [value]
        while pending:
            value = pending.pop()
            if isinstance(value, CONSTANT) or id(value) in visited:
                continue
            visited.add(id(value))
            if found := self._inside.get(id(value)):
                time = max(time, found.structure, *found.items.values(), 0.0)
            pending += _parts(value)
        return time

    def sequence(self, value: Any, times: Iterable[float], shape: float) -> None:
        """Say when the elements of a list, tuple or deque are known."""
        inside = self.of(value)
        inside.base, inside.shape = 0.0, shape
        inside.items = {i: t for i, t in enumerate(times) if t}

    def times(self, value: Any) -> list[float]:
        """When the elements of a list, tuple or deque are known."""
        inside = self.seen(value)
        return [inside.item(i) for i in range(len(value))]

    def settle(self, value: Any, time: float) -> None:
        """All parts of an object are known at a time, since something unknown has changed it."""
        inside = self.of(value)
        inside.base = max(inside.base, time)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set | frozenset | deque):
        return list(value)
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, types.MethodType):
        return [value.__self__]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, types.ModuleType | Iterator) or callable(value):
        return []
    slots = [n for c in type(value).__mro__ for n in getattr(c, "__slots__", ()) or ()]
    own = list(getattr(value, "__dict__", {}).values())
    return own + [getattr(value, n) for n in slots if isinstance(n, str) and hasattr(value, n)]
