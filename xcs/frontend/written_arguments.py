"""Arguments that array code changes in place.

Modules and optimisers of some libraries are updated in place. A trace changes pytrees that were put
together for it; the leaves that are others afterwards are results of the kernel, and go where the
same path leads in what the caller has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.tree_util import DictKey, GetAttrKey, SequenceKey


class CannotWrite(Exception):
    """What was changed is no place that can be written to; the message says why."""


@dataclass(frozen=True)
class Place:
    """A leaf of an argument: the parameter's name, and the path that leads on from there."""

    parameter: str
    path: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.parameter}{jax.tree_util.keystr(self.path)}"

    def write(self, arguments: Mapping[str, Any], value: Any) -> None:
        """Put the value there."""
        owner = owner_of(self, arguments)
        match self.path[-1]:
            case GetAttrKey(name=name):
                _set(owner, name, value)
            case DictKey(key=key):
                owner[key] = value
            case SequenceKey(idx=index):
                owner[index] = value


def owner_of(place: Place, arguments: Mapping[str, Any]) -> Any:
    """What holds the leaf."""
    owner = arguments[place.parameter]
    for key in place.path[:-1]:
        owner = _part(owner, key)
    return owner


def _part(owner: Any, key: Any) -> Any:
    match key:
        case GetAttrKey(name=name):
            return getattr(owner, name)
        case DictKey(key=name):
            return owner[name]
        case SequenceKey(idx=index):
            return owner[index]
    raise CannotWrite(f"{key} is no place that can be written to")


def _set(owner: Any, name: str, value: Any) -> None:
    """Set an attribute; where that is a property, what holds the object's leaf behind it."""
    is_property = any(isinstance(vars(cls).get(name), property) for cls in type(owner).__mro__)
    behind = _holder_of_leaf(owner) if is_property else None
    if behind is not None:
        object.__setattr__(owner, behind, value)
    else:
        setattr(owner, name, value)


def _holder_of_leaf(owner: Any) -> str | None:
    """The attribute that holds the only leaf of an object."""
    leaves, tree = jax.tree_util.tree_flatten(owner)
    if len(leaves) != 1:
        return None
    mark = object()
    return next((n for n, part in _attributes(tree.unflatten([mark])) if part is mark), None)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that an object has of its own."""
    yield from getattr(value, "__dict__", {}).items()
    for base in type(value).__mro__:
        for name in getattr(base, "__slots__", ()):
            if hasattr(value, name):
                yield name, getattr(value, name)


Leaves = tuple[list[tuple[Any, Any]], Any]
"""The leaves of a pytree with their paths, and its structure."""


def leaves_before(arguments: Mapping[str, Any]) -> dict[str, Leaves]:
    """The leaves of each argument, to be compared with those after the trace."""
    return {name: jax.tree_util.tree_flatten_with_path(v) for name, v in arguments.items()}


def changes(arguments: Mapping[str, Any], before: Mapping[str, Leaves]) -> list[tuple[Place, Any]]:
    """The leaves that are others than they were. Raises `CannotWrite` if there is more to it."""
    found: list[tuple[Place, Any]] = []
    for name, (old, old_tree) in before.items():
        new, tree = jax.tree_util.tree_flatten_with_path(arguments[name])
        if len(new) != len(old) or (tree != old_tree):
            raise CannotWrite(f"changes the structure of its argument '{name}'")
        for (path, was), (_, value) in zip(old, new, strict=True):
            if was is not value:
                found.append((_checked(Place(name, path)), value))
    return found


def _checked(place: Place) -> Place:
    if not place.path or not isinstance(place.path[-1], GetAttrKey | DictKey | SequenceKey):
        raise CannotWrite(f"changes {place}")
    return place


def write(places: Sequence[Place], arguments: Mapping[str, Any], values: Iterable[Any]) -> None:
    """Do to the caller's arguments what the trace did to its own.

    Raises `CannotWrite`, before anything is written, if an object that can change is found in two
    places: the trace had two in its stead.
    """
    seen: set[int] = set()
    for node in _containers(list(arguments.values())):
        if id(node) in seen:
            raise CannotWrite(f"is given a {type(node).__name__} in two places, and changes it")
        seen.add(id(node))
    for place, value in zip(places, values, strict=True):
        place.write(arguments, value)


def _containers(values: list[Any]) -> Iterator[Any]:
    """The containers in pytrees that may change, each as often as it is met."""
    pending = values
    while pending:
        node = pending.pop()
        if type(node) is tuple:
            pending += node
        elif not jax.tree_util.all_leaves([node]):
            yield node
            pending += jax.tree_util.tree_leaves(node, is_leaf=lambda v: v is not node)  # noqa: B023
