"""What capture assumed of the world outside the function, checked by identity before each run."""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from operator import is_
from types import CellType
from typing import Any, TypeGuard

import numpy as np

from xcs.frontend.abstract_values import MISSING


@dataclass
class Guards:
    """Globals, closure cells and attributes that were read as static, with the objects found."""

    names: list[tuple[Mapping[str, Any], str, Any]] = field(default_factory=list)
    cells: list[tuple[CellType, Any]] = field(default_factory=list)
    attributes: list[tuple[Any, str, Any]] = field(default_factory=list)
    contents: list[tuple[Any, tuple[Part, ...], bool]] = field(default_factory=list)
    members: list[tuple[type, str, Any]] = field(default_factory=list)
    _seen: set[tuple[Any, ...]] = field(default_factory=set)
    _check: Callable[[], bool] | None = None  # `condition`, for what is assumed so far

    def name(self, namespace: Mapping[str, Any], name: str, value: Any) -> None:
        """The namespace holds that object under the name; `MISSING` if it holds none."""
        if self._first("name", id(namespace), name):
            self.names.append((namespace, name, value))

    def cell(self, cell: CellType, value: Any) -> None:
        """The closure cell holds that object."""
        if self._first("cell", id(cell)):
            self.cells.append((cell, value))

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """The owner's attribute is that object; one that is made anew at each read is left out.

        So is a function's having no defaults: what it is called with then binds all parameters.
        """
        if getattr(owner, name, MISSING) is not value:
            return
        if value is None and name in ("__defaults__", "__kwdefaults__"):
            return
        if self._first("attribute", id(owner), name):
            self.attributes.append((owner, name, value))

    def member(self, owner: type, name: str, value: Any) -> None:
        """The class itself has that object under the name; `MISSING` if it has none."""
        if self._first("member", id(owner), name):
            self.members.append((owner, name, value))

    def content(self, container: Any, *, deep: bool = True) -> None:
        """The list, tuple or dict holds the very objects that it holds now, if `deep` at any depth.

        Small NumPy arrays hold the same numbers.
        """
        if self._first("content", id(container), deep):
            parts = tuple(_parts(container))
            own = tuple(part for part in parts if part.container is container)
            self.contents.append((container, parts if deep else own, deep))

    def update(self, other: Guards, made: Iterable[Any] = ()) -> bool:
        """Assume what the other assumes as well. Gives whether anything is new.

        The objects in `made` are the other capture's own, so that nobody else changes them.
        """
        known, own = len(self._seen), {id(value) for value in made}
        for namespace, name, value in other.names:
            self.name(namespace, name, value)
        for cell, value in other.cells:
            self.cell(cell, value)
        for owner, name, value in other.attributes:
            if id(owner) not in own:
                self.attribute(owner, name, value)
        for cls, name, value in other.members:
            self.member(cls, name, value)
        for container, _, deep in other.contents:
            if id(container) not in own:
                self.content(container, deep=deep)
        return len(self._seen) > known

    def values(self) -> Iterator[Any]:
        """The objects that are checked."""
        for table in (self.names, self.cells, self.attributes):
            yield from (entry[-1] for entry in table)
        for _, parts, _ in self.contents:
            yield from (value for part in parts for value in part.values)

    def _first(self, *key: Any) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        self._check = None
        return True

    def condition(self, known: dict[str, Any], prefix: str = "v") -> str:
        """A Python expression that is true while everything is as it was.

        What it refers to is added to `known`, under names that begin with the prefix. Where
        something is gone (a deleted global, an emptied cell), evaluating it raises.
        """
        tests: list[str] = []
        numbers = itertools.count()

        def refer(value: Any) -> str:
            name = f"{prefix}{next(numbers)}"
            known[name] = value
            return name

        for namespace, name, value in self.names:
            if value is MISSING:
                tests.append(f"{name!r} not in {refer(namespace)}")
            else:
                tests.append(f"{refer(namespace)}[{name!r}] is {refer(value)}")
        for cell, value in self.cells:
            tests.append(f"{refer(cell)}.cell_contents is {refer(value)}")
        for owner, name, value in self.attributes:
            if value is MISSING:
                tests.append(f"not hasattr({refer(owner)}, {name!r})")
                continue
            read = f"{refer(owner)}.{name}"
            if not name.isidentifier() or keyword.iskeyword(name):
                read = f"getattr({refer(owner)}, {name!r})"
            tests.append(f"{read} is {refer(value)}")
        for cls, name, value in self.members:
            if value is MISSING:
                tests.append(f"{name!r} not in {refer(cls)}.__dict__")
            else:
                tests.append(f"{refer(cls)}.__dict__[{name!r}] is {refer(value)}")
        for _, parts, _ in self.contents:
            for part in parts:
                if part.numbers is not None:
                    array = refer(part.container)
                    tests.append(f"{array}.shape == {refer(part.container.shape)}")
                    tests.append(f"{array}.tobytes() == {refer(part.numbers)}")
                    continue
                container, same = refer(part.container), refer(is_)
                tests.append(f"len({container}) == {len(part.values)}")
                if not part.values:
                    continue
                values = container
                if part.keys is not None:
                    tests.append(f"all(map({same}, {container}, {refer(part.keys)}))")
                    values = f"{container}.values()"
                tests.append(f"all(map({same}, {values}, {refer(part.values)}))")
        return " and ".join(tests) or "True"

    def broken(self) -> str | None:
        """What is no longer as it was, in words."""
        for namespace, name, value in self.names:
            if namespace.get(name, MISSING) is not value:
                return f"the global '{name}' is another object"
        for cell, value in self.cells:
            try:
                if cell.cell_contents is not value:
                    return f"a variable of a closure was {_shown(value)} and is another object"
            except ValueError:
                return f"a variable of a closure was {_shown(value)} and is empty"
        for owner, name, value in self.attributes:
            if getattr(owner, name, MISSING) is not value:
                return f"{_shown(owner)}.{name} was {_shown(value)} and is another object"
        for cls, name, value in self.members:
            if vars(cls).get(name, MISSING) is not value:
                return f"{cls.__qualname__}.{name} is another object"
        return None if self.hold() else "the content of an object that it reads has changed"

    def hold(self) -> bool:
        """Whether everything is still as it was."""
        check = self._check
        if check is None:
            known: dict[str, Any] = {}
            check = self._check = eval(f"lambda: {self.condition(known)}", known)
        try:
            return check()
        except Exception:  # something is gone
            return False


def _shown(value: Any) -> str:
    try:
        return repr(value)[:60]
    except Exception:  # of a class of the user's
        return f"a {type(value).__name__}"


@dataclass(frozen=True, eq=False)
class Part:
    """One list, tuple or dict, and the very objects that were in it; or an array's numbers."""

    container: Any
    keys: tuple[Any, ...] | None
    values: tuple[Any, ...]
    numbers: bytes | None = None


MAX_COMPARED = 1 << 14
"""Bytes of a NumPy array up to which comparing them costs next to nothing."""


def is_small_array(value: Any) -> TypeGuard[np.ndarray]:
    """Whether it is a NumPy array of numbers whose content can be guarded."""
    is_array = type(value) is np.ndarray and not value.dtype.hasobject
    return is_array and value.nbytes <= MAX_COMPARED


def _parts(container: Any) -> Iterator[Part]:
    """The container and those in it, at any depth."""
    if is_small_array(container):
        yield Part(container, None, (), container.tobytes())
        return
    if isinstance(container, dict):
        part = Part(container, tuple(container), tuple(container.values()))
    elif isinstance(container, list | tuple | set):
        part = Part(container, None, tuple(container))
    else:
        return
    if not isinstance(container, tuple):  # which stays what it is
        yield part
    for value in part.values:
        yield from _parts(value)


_CAPTURE: ContextVar[Guards | None] = ContextVar("xcs_capture", default=None)


@contextmanager
def collecting(guards: Guards) -> Iterator[None]:
    """Add to the guards what compiled functions assume that the code inside calls."""
    token = _CAPTURE.set(guards)
    try:
        yield
    finally:
        _CAPTURE.reset(token)


def assume(guards: Guards) -> None:
    """Say what a compiled function that is being called assumes, to the capture that calls it."""
    if (capture := _CAPTURE.get()) is not None:
        capture.update(guards)
