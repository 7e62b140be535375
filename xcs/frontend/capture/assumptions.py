"""What a program takes for granted of the objects that it is given, looked up before each run.

An object is given as an argument, or it is found outside the function: in a global, a closure, an
attribute of a class. `Guards` see to it that the latter are the very objects that they were; what
they lead to is data, and may change from call to call as much as what arguments lead to.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter, is_
from typing import Any

from xcs.frontend.abstract_values import Origin
from xcs.frontend.arguments import class_of_argument, classes_of
from xcs.frontend.capture.order import ELEMENTS, SLOT, Home
from xcs.frontend.capture.values import Path
from xcs.frontend.facts import CONTAINERS, SCALARS, is_immutable_value, is_user_class
from xcs.frontend.guards import MISSING
from xcs.frontend.interpretation.lookup import class_attribute, namespace

MAX_ELEMENTS = 10_000
"""Elements of a container up to which a call looks at their classes."""
_MAX_OBJECTS = 200_000
"""Objects up to which a call looks for one that lives in two homes."""
_MAX_PLACES = 1000


@dataclass(frozen=True)
class Argument:
    """Where a path begins, if at an argument."""

    index: int


@dataclass(eq=False)
class Place:
    """The objects that live in one home, and where what they lead to lives."""

    used: bool = False
    """Whether the program looks at them, or changes them."""
    written: bool = False
    """Whether it changes them."""
    parts: dict[str, Place | None] = field(default_factory=dict)
    """None stands for plain data, and for what nothing is done with."""
    rest: Place | None = None
    """Where all other parts live; None if the program has no way to them."""


_READ = Place(used=True)
_READ.rest = _READ
"""What is read with all that it leads to, rather than part by part."""


class Assumptions:
    """What is assumed along paths, and which homes must have no object in common.

    `roots` says where paths begin: an `Argument`, or the very object.
    """

    def __init__(
        self,
        roots: Mapping[str, Any],
        paths: Mapping[tuple[Path, str], Any],
        homes: Mapping[Path, Home],
    ):
        self._of_arguments: list[tuple[int, Any, Any, Any]] = []
        self._of_others: list[tuple[Any, Any, Any, Any]] = []
        for (path, respect), expected in paths.items():
            root = roots[path.root]
            follow = attrgetter(".".join(path.steps)) if path.steps else None
            if not isinstance(root, Argument):
                self._of_others.append((root, follow, _TESTS[respect], expected))
            elif path.steps or respect != "class":  # programs are kept by the classes of arguments
                self._of_arguments.append((root.index, follow, _TESTS[respect], expected))
        made: list[Place] = []
        found = [(roots[p.root], _place(h, {}, made)) for p, h in homes.items() if not p.steps]
        places = [(root, place) for root, place in found if place is not None]
        several = sum(place.used for place in made) > 1 or any(place.rest for place in made)
        changed = several and any(place.written for place in made)
        self._places = places if changed else []
        self._too_many = changed and len(made) > _MAX_PLACES

    def hold(self, values: list[Any]) -> bool:
        """Whether all is as it was assumed for arguments of these values."""
        try:
            for index, follow, test, expected in self._of_arguments:
                found = values[index]
                if not test(found if follow is None else follow(found), expected):
                    return False
            for root, follow, test, expected in self._of_others:
                root = root.find() if isinstance(root, Origin) else root
                if not test(root if follow is None else follow(root), expected):
                    return False
        except Exception:  # something is gone
            return False
        return not self._places or (not self._too_many and self._apart(values))

    def _apart(self, values: list[Any]) -> bool:
        """Whether nothing that the program changes lives in another home as well."""
        owners: dict[int, Place] = {}
        seen: set[tuple[int, int]] = set()
        pending: list[tuple[Any, Place]] = [
            (_found(root, values), place) for root, place in self._places
        ]
        while pending:
            obj, place = pending.pop()
            key = (id(obj), id(place))
            if key in seen or is_immutable_value(obj):
                continue
            seen.add(key)
            owner = owners.setdefault(id(obj), place)
            if owner is not place and (owner.written or place.written):
                return False
            if len(seen) > _MAX_OBJECTS:
                return False
            pending.extend(_parts(obj, place))
        return True


def _found(root: Any, values: list[Any]) -> Any:
    """The object where a path begins."""
    if isinstance(root, Argument):
        return values[root.index]
    return root.find() if isinstance(root, Origin) else root


def _place(home: Home, around: dict[Home, Place], made: list[Place]) -> Place | None:
    """The place of what lives in a home, with those that it leads to; None if nothing is used.

    Ways that lead to the same home have places of their own, but for those in a circle: they may
    have become the same only after the program relied on their being apart.
    """
    home = home.find()
    if home in around:
        return around[home]
    place = Place(home.used, home.written)
    made.append(place)
    around = {**around, home: place}
    if home.collapsed:
        place.rest = place
    elif home.whole:
        place.rest = _READ
    for name, part in home.fields():
        if len(made) > _MAX_PLACES:
            break
        if name.endswith(SLOT):
            place.used = place.used or part.used
            place.written = place.written or part.written
        elif not part.open and not part.classes and (name != ELEMENTS or part.asked):
            place.parts[name] = None
        else:
            place.parts[name] = _place(part, around, made)
    if not place.used and place.rest is None and not any(place.parts.values()):
        return None
    return place


def _parts(obj: Any, place: Place) -> Iterator[tuple[Any, Place]]:
    """What an object leads to, and where that lives, as far as the program has a way to it."""
    rest = place.rest
    inside = place.parts.get(ELEMENTS, rest)
    if inside is not None:
        for element in _elements(obj):
            yield element, inside
    names = place.parts if rest is None else {*place.parts, *_attributes(obj)}
    for name in names:
        part = place.parts.get(name, rest)
        if part is not None and (value := _attribute(obj, name)) is not MISSING:
            yield value, part


def _elements(obj: Any) -> Iterable[Any]:
    """What is in a container, but for plain data."""
    if isinstance(obj, dict):
        return [*_mutable(obj.keys()), *_mutable(obj.values())]
    if isinstance(obj, list | tuple | set | frozenset) or type(obj) in CONTAINERS:
        return _mutable(obj)
    if isinstance(obj, functools.partial):
        return (obj.func, *obj.args, *obj.keywords.values())
    return (obj.__self__,) if isinstance(obj, types.MethodType) else ()


def _mutable(values: Any) -> Iterable[Any]:
    return () if SCALARS.issuperset(map(type, values)) else list(values)


def _attributes(obj: Any) -> set[str]:
    """The names under which an object, or its class, holds data."""
    cls = type(obj)
    names = {*namespace(obj), *_slots(cls)}
    if is_user_class(cls):
        for base in cls.__mro__[:-1]:
            names.update(n for n, v in base.__dict__.items() if not is_immutable_value(v))
    return {name for name in names if not name.startswith("__")}  # what makes the class up


@functools.lru_cache(maxsize=4096)
def _slots(cls: type) -> tuple[str, ...]:
    found = (base.__dict__.get("__slots__", ()) for base in cls.__mro__)
    return tuple(n for names in found for n in ((names,) if isinstance(names, str) else names))


def _attribute(obj: Any, name: str) -> Any:
    """What an object holds under the name, found without running any code of users."""
    found = namespace(obj).get(name, MISSING)
    if found is not MISSING:
        return found
    stored = class_attribute(type(obj), name)
    if isinstance(stored, types.MemberDescriptorType):
        return getattr(obj, name, MISSING)
    return MISSING if hasattr(type(stored), "__get__") else stored


def _is_of(found: Any, cls: type) -> bool:
    return class_of_argument(found) is cls


def _holds_the_very(found: Any, expected: tuple[Any, ...]) -> bool:
    values = found.values() if isinstance(found, dict) else found
    return len(values) == len(expected) and all(map(is_, values, expected))


def _holds_only(found: Any, classes: frozenset[type]) -> bool:
    values = found.values() if isinstance(found, dict) else found
    return len(values) <= MAX_ELEMENTS and classes_of(values) <= classes


def _has_only_keys(found: Any, classes: frozenset[type]) -> bool:
    return len(found) <= MAX_ELEMENTS and classes_of(found.keys()) <= classes


def _has_none_of(found: Any, names: frozenset[str]) -> bool:
    return names.isdisjoint(getattr(found, "__dict__", ()))


_TESTS = {
    "class": _is_of,
    "is": is_,
    "items": _holds_the_very,
    "elements": _holds_only,
    "keys": _has_only_keys,
    "without": _has_none_of,
}


__all__ = ["MAX_ELEMENTS", "Argument", "Assumptions", "Place"]
