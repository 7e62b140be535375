"""What capture assumed of the world outside the function, checked by identity before each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CellType
from typing import Any

MISSING = object()
_OPEN, _CLOSE = object(), object()


@dataclass
class Guards:
    """Globals, closure cells and attributes that were read as static, with the objects found."""

    names: list[tuple[Mapping[str, Any], str, Any]] = field(default_factory=list)
    cells: list[tuple[CellType, Any]] = field(default_factory=list)
    attributes: list[tuple[Any, str, Any]] = field(default_factory=list)
    contents: list[tuple[Any, tuple[Any, ...]]] = field(default_factory=list)
    empty: bool = True  # nothing was assumed
    _seen: set[tuple[Any, ...]] = field(default_factory=set)
    _check: Callable[[], bool] | None = None  # `compiled`, for what is assumed so far

    def name(self, namespace: Mapping[str, Any], name: str, value: Any) -> None:
        """The namespace holds that object under the name; `MISSING` if it holds none."""
        if self._first("name", id(namespace), name):
            self.names.append((namespace, name, value))

    def cell(self, cell: CellType, value: Any) -> None:
        """The closure cell holds that object."""
        if self._first("cell", id(cell)):
            self.cells.append((cell, value))

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """The owner's attribute is that object; one that is made anew at each read is left out."""
        if getattr(owner, name, MISSING) is not value:
            return
        if self._first("attribute", id(owner), name):
            self.attributes.append((owner, name, value))

    def content(self, container: Any) -> None:
        """The list, tuple or dict holds the very objects that it holds now, at any depth."""
        if self._first("content", id(container)):
            self.contents.append((container, flat_contents(container)))

    def update(self, other: Guards) -> None:
        """Assume what the other assumes as well."""
        for namespace, name, value in other.names:
            self.name(namespace, name, value)
        for cell, value in other.cells:
            self.cell(cell, value)
        for owner, name, value in other.attributes:
            self.attribute(owner, name, value)
        for container, _ in other.contents:
            self.content(container)

    def values(self) -> Iterator[Any]:
        """The objects that are checked."""
        for table in (self.names, self.cells, self.attributes, self.contents):
            yield from (entry[-1] for entry in table)

    def _first(self, *key: Any) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        self.empty = False
        self._check = None
        return True

    def compiled(self) -> Callable[[], bool] | None:
        """`hold` as one expression, for calls of microseconds; None if nothing was assumed."""
        if self.empty:
            return None
        known: dict[str, Any] = {"MISSING": MISSING, "cell_holds": _cell_holds, "same": _same}
        tests: list[str] = []

        def test(pattern: str, *values: Any) -> None:
            names = [f"v{len(known) + i}" for i in range(len(values))]
            known.update(zip(names, values, strict=True))
            tests.append(pattern.format(*names))

        for namespace, name, value in self.names:
            test(f"{{0}}.get({name!r}, MISSING) is {{1}}", namespace, value)
        for cell, value in self.cells:
            test("cell_holds({0}, {1})", cell, value)
        for owner, name, value in self.attributes:
            test(f"getattr({{0}}, {name!r}, MISSING) is {{1}}", owner, value)
        for container, items in self.contents:
            test("same({0}, {1})", container, items)
        return eval(f"lambda: {' and '.join(tests)}", known)

    def hold(self) -> bool:
        """Whether everything is still as it was."""
        if self._check is None:
            self._check = self.compiled() or (lambda: True)
        return self._check()


def _cell_holds(cell: CellType, value: Any) -> bool:
    try:
        return cell.cell_contents is value
    except ValueError:  # the cell was emptied
        return False


def _same(container: Any, items: tuple[Any, ...]) -> bool:
    now = flat_contents(container)
    return len(now) == len(items) and all(a is b for a, b in zip(now, items, strict=True))


def flat_contents(container: Any) -> tuple[Any, ...]:
    """Keys and leaves of nested lists, tuples and dicts, with where each begins and ends."""
    if isinstance(container, dict):
        leaves = (leaf for key, value in container.items() for leaf in (key, *flat_contents(value)))
        return (_OPEN, *leaves, _CLOSE)
    if isinstance(container, list | tuple):
        return (_OPEN, *(leaf for value in container for leaf in flat_contents(value)), _CLOSE)
    return (container,)
