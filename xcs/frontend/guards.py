"""What capture assumed of the world outside the function, checked by identity before each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

    def name(self, namespace: Mapping[str, Any], name: str, value: Any) -> None:
        """The namespace holds that object under the name; `MISSING` if it holds none."""
        if self._first("name", id(namespace), name):
            self.names.append((namespace, name, value))

    def cell(self, cell: CellType, value: Any) -> None:
        """The closure cell holds that object."""
        if self._first("cell", id(cell)):
            self.cells.append((cell, value))

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """The owner's attribute is that object."""
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
        return True

    def hold(self) -> bool:
        """Whether everything is still as it was."""
        for namespace, name, value in self.names:
            if namespace.get(name, MISSING) is not value:
                return False
        for cell, value in self.cells:
            try:
                if cell.cell_contents is not value:
                    return False
            except ValueError:  # the cell was emptied
                return False
        for owner, name, value in self.attributes:
            if getattr(owner, name, MISSING) is not value:
                return False
        for container, items in self.contents:
            now = flat_contents(container)
            if len(now) != len(items) or any(a is not b for a, b in zip(now, items, strict=True)):
                return False
        return True


def flat_contents(container: Any) -> tuple[Any, ...]:
    """Keys and leaves of nested lists, tuples and dicts, with where each begins and ends."""
    if isinstance(container, dict):
        leaves = (leaf for key, value in container.items() for leaf in (key, *flat_contents(value)))
        return (_OPEN, *leaves, _CLOSE)
    if isinstance(container, list | tuple):
        return (_OPEN, *(leaf for value in container for leaf in flat_contents(value)), _CLOSE)
    return (container,)
