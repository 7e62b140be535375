"""What comes out of what is iterated over: elements, keys, and the tuples of several of them."""

from __future__ import annotations

import collections
from typing import Any

from xdsl.ir import SSAValue

from xcs.dialects import orch
from xcs.frontend.capture.arrays import item_class
from xcs.frontend.capture.names import holding, is_code, store_in
from xcs.frontend.capture.order import ELEMENTS, KEYS, Home, Immutable
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import NOTHING, Dyn, Lazy, Pack, Static, Value, View
from xcs.frontend.capture.views import Views
from xcs.frontend.facts import CONTAINERS

MAPPINGS = (dict, collections.defaultdict, collections.Counter, collections.OrderedDict)
_SEQUENCES = (list, collections.deque, bytearray)
_ELEMENTS: dict[type | None, type] = {range: int, bytes: int, str: str}
_MAX_CHOICES = 12


def element(c: Capture, container: Dyn, ssa: SSAValue, views: Views | None = None) -> Dyn:
    """An element of a container, or a value of a mapping; perhaps as one iteration sees it."""
    if container.home is None:
        return Dyn(ssa, _ELEMENTS.get(container.cls) or item_class(container.cls))
    cls, home = holding(c, c.order.part(container.home, ELEMENTS))
    if views is not None:
        home = views.of_elements(container, home)
    return Dyn(ssa, cls, home, choices=functions_in(c, container))


def iterated(c: Capture, iterable: Value, ssa: SSAValue, views: Views | None = None) -> Value:
    """What a loop takes out of something, which gives it `ssa` when the program runs."""

    def part(index: int) -> SSAValue:
        op = orch.GetItemOp(ssa, c.constant(index))
        c.add(op)
        c.taken.add(op.results[0])
        return op.results[0]

    match iterable:
        case Lazy(function=function, positional=(inner, *rest), keywords=keywords):
            if function is reversed:
                return iterated(c, inner, ssa, views)
            if function is zip:
                several = enumerate((inner, *rest))
                return Pack(tuple(iterated(c, p, part(i), views) for i, p in several))
            start = keywords.get("start", rest[0] if rest else Static(0))
            is_int = type(start.obj) is int if isinstance(start, Static) else False
            if function is enumerate and (is_int or getattr(start, "cls", None) is int):
                return Pack((Dyn(part(0), int), iterated(c, inner, part(1), views)))
        case View(base=base, method="items"):
            key, value = part(0), element(c, base, part(1), views)
            return Pack((_key(c, base, key, views), value))
        case View(base=base, method="keys"):
            return _key(c, base, ssa)
        case View(base=base):
            return element(c, base, ssa, views)
        case Dyn(cls=cls) if cls in MAPPINGS:
            return _key(c, iterable, ssa)
    container = c.dyn(iterable)
    if container.home is not None:
        _join_keys(c, container)
    return element(c, container, ssa, views if container is iterable else None)


def _key(c: Capture, mapping: Dyn, ssa: SSAValue, views: Views | None = None) -> Dyn:
    if mapping.home is None:
        return Dyn(ssa)
    cls, home = holding(c, keys_home(c, mapping.home))
    if views is not None and home is not None:
        home = views.found(home) or home  # where it may be that of a value
    return Dyn(ssa, cls, home)


def keys_home(c: Capture, home: Home) -> Home:
    """Where the keys of a mapping live: with its values, where it is not seen which there are."""
    keys = c.order.part(home, KEYS)
    if home.find().made or not keys.open:
        return keys
    c.order.merge(keys, c.order.part(home, ELEMENTS))
    return keys.find()


def _join_keys(c: Capture, container: Dyn) -> None:
    """What may be a mapping gives keys or elements."""
    assert container.home is not None
    if container.cls is None and any(name == KEYS for name, _ in container.home.fields()):
        c.order.merge(c.order.part(container.home, KEYS), c.order.part(container.home, ELEMENTS))


def store_key(c: Capture, container: Dyn, key: Value) -> None:
    """Something comes to be a key, if the container is a mapping."""
    if container.home is not None and container.cls not in _SEQUENCES:
        store_in(c, container.home.field(KEYS), key)


def join_keys(c: Capture, home: Home) -> None:
    """A mapping has come to have keys that are not seen one by one."""
    c.order.merge(home.field(KEYS), home.field(ELEMENTS))


def elements_home(c: Capture, value: Value) -> Home | None:
    """Where what lives that native code gets when it goes over a value, or takes it apart."""
    homes: list[Home | None]
    match value:
        case View(base=base, method="items") if base.home is not None:
            homes = [keys_home(c, base.home), c.order.part(base.home, ELEMENTS)]
            return _of_tuples(c, homes)
        case View(base=base, method="keys") if base.home is not None:
            return keys_home(c, base.home)
        case View(base=base) if base.home is not None:
            return c.order.part(base.home, ELEMENTS)
        case Lazy(function=function, positional=parts):
            homes = [elements_home(c, part) for part in parts]
            if function is reversed:
                return homes[0]
            return _of_tuples(c, [None, *homes] if function is enumerate else homes)
        case Pack(items=items):
            homes = [c.home_of(item) for item in items]
        case _:
            home = c.home_of(value)
            if home is None:
                return None
            homes = [c.order.part(home, ELEMENTS)]
            if any(name == KEYS for name, _ in home.fields()):
                homes.append(c.order.part(home, KEYS))
    found: Home | None = None
    for home in homes:
        found = c.order.merge(found, home)
    return found


def _of_tuples(c: Capture, homes: list[Home | None]) -> Home | None:
    if not any(home is not None for home in homes):
        return None
    made = c.order.fresh("tuples", tuple)
    for home in homes:
        c.order.merge(made.field(ELEMENTS), home)
        if home is None:
            immutable = frozenset({Immutable})
            c.order.add_classes(made.field(ELEMENTS), frozenset(), immutable, is_open=False)
    return made.find()


def functions_in(c: Capture, container: Dyn) -> tuple[Any, ...]:
    """The functions of which each element is one, where that is certain."""
    if container.home is None:
        return ()
    whole, home = container.home.find(), container.home.find().field(ELEMENTS)
    if whole.made and not home.shared and home.codes and home.only_codes:
        return home.codes[:_MAX_CHOICES] if len(home.codes) <= _MAX_CHOICES else ()
    example, path = container.example, container.path
    if example is NOTHING or path is None or c.order.is_written(whole):
        return ()
    if type(example) not in (*CONTAINERS, tuple) or not 0 < len(example) <= _MAX_CHOICES:
        return ()
    values = tuple(example.values() if isinstance(example, dict) else example)
    if not all(is_code(v) and callable(v) for v in values):
        return ()
    c.paths[path, "items"] = values
    return values
