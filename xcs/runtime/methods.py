"""What the methods of the tracked containers do, as far as the engine knows: one row for each.

A method that is not listed, or on an object of another type, runs in its turn, on the real object.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from xcs.runtime.plain import MAPPINGS, VIEWS

ITERATED_AT_ONCE = MAPPINGS | VIEWS | {list, tuple, range, str, bytes, deque, set, frozenset}
"""Types whose elements are known without running code of the user's, in an order of their own."""


class Kind(Enum):
    """How a method is evaluated on an object with uncommitted writes."""

    READ = auto()
    """On a version of the object with all its elements. It gives nothing that is tracked."""
    GET = auto()
    """As ``get`` of a dict: by key."""
    WRITE = auto()
    """On what the object will be; it does nothing where it raises."""
    EXTEND = auto()
    """Like `WRITE`, of the elements of an argument, which must be those of a builtin container."""
    MERGE = auto()
    """Like `WRITE`, but it may have done a part where it raises, and then has to do so in turn. The
    arguments must be of builtin types that allow it."""
    COMPARE = auto()
    """Like `MERGE`, on entries that must all be there, and be plain."""


@dataclass(frozen=True, slots=True)
class Method:
    kind: Kind
    payload: int | None = None
    """The position of the argument that may be pending."""
    returns_receiver: bool = False
    accepts: frozenset[type] | None = ITERATED_AT_ONCE
    """MERGE: types of the arguments with which it is as said; None for all."""


_READ, _WRITE, _EXTEND = Method(Kind.READ), Method(Kind.WRITE), Method(Kind.EXTEND)
_MERGE, _COMPARE = Method(Kind.MERGE), Method(Kind.COMPARE)
_PAYLOAD = {n: Method(Kind.WRITE, payload=n) for n in (0, 1)}


def _rows(method: Method, names: str) -> dict[str, Method]:
    return dict.fromkeys(names.split(), method)


_LIST = {
    **_rows(_READ, "copy count index"),
    **_rows(_WRITE, "clear pop reverse"),
    **_rows(_EXTEND, "extend"),
    **_rows(_COMPARE, "remove sort"),
    "__iadd__": Method(Kind.EXTEND, returns_receiver=True),
    "append": _PAYLOAD[0],
    "insert": _PAYLOAD[1],
}
_DICT = {
    **_rows(_READ, "copy items keys values"),
    **_rows(_WRITE, "clear pop popitem"),
    **_rows(_MERGE, "update"),
    "__ior__": Method(Kind.MERGE, returns_receiver=True),
    "get": Method(Kind.GET),
    "setdefault": _PAYLOAD[1],
}
METHODS: dict[type, dict[str, Method]] = {
    list: _LIST,
    dict: _DICT,
    defaultdict: _DICT,
    OrderedDict: {**_DICT, **_rows(_WRITE, "move_to_end")},
    Counter: {
        **{name: method for name, method in _DICT.items() if method.kind is not Kind.MERGE},
        **_rows(_READ, "elements most_common total"),
        **_rows(_COMPARE, "subtract update"),
    },
    set: {
        **_rows(
            _READ,
            "copy difference intersection isdisjoint issubset issuperset union "
            "symmetric_difference",
        ),
        **_rows(_WRITE, "add clear discard remove"),
        **_rows(_MERGE, "difference_update intersection_update symmetric_difference_update update"),
        **_rows(
            Method(Kind.MERGE, returns_receiver=True, accepts=frozenset({set, frozenset})),
            "__iand__ __ior__ __isub__ __ixor__",
        ),
    },
    deque: {
        **_rows(_READ, "copy count index"),
        **_rows(_WRITE, "clear pop popleft reverse rotate"),
        **_rows(_EXTEND, "extend extendleft"),
        "__iadd__": Method(Kind.EXTEND, returns_receiver=True),
        "append": _PAYLOAD[0],
        "appendleft": _PAYLOAD[0],
    },
}

PAYLOADS: dict[str, int] = {
    name: method.payload
    for methods in METHODS.values()
    for name, method in methods.items()
    if method.payload is not None
}
"""By name, where it is the same for all types: the position of the payload."""


def _extend(target: Any, *elements: Any) -> None:
    target.extend(elements)


def _extend_left(target: Any, *elements: Any) -> None:
    target.extendleft(elements)


EXTENDING = {"extend": _extend, "extendleft": _extend_left, "__iadd__": _extend}
"""What does the same as a method of kind `EXTEND`, with the elements as arguments."""
