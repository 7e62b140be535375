"""What a call may touch, and how: resources and modes, and which pairs of them keep their order.

An effect is a set of *touches*, pairs of a resource and a mode. `TABLE` is all there is to know of
them; ``docs/effects.md`` prints it, and the functions below only look it up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

EffectClass = Literal["pure", "unordered", "ordered"]

PURE: Final[EffectClass] = "pure"
UNORDERED: Final[EffectClass] = "unordered"
ORDERED: Final[EffectClass] = "ordered"

Resource = Literal[
    "object",
    "console",
    "log",
    "clock",
    "random",
    "files",
    "environment",
    "database",
    "network",
    "world",
]
Mode = Literal["read", "update", "write"]
"""An update commutes with other updates: counting, logging, accumulating."""

Touch = tuple[Resource, Mode]
Touches = frozenset[Touch]

Policy = Literal["direct", "held", "strict"]
"""How output is treated: at once, held back until the call retires, or all in program order."""


class Row(NamedTuple):
    """What one touch makes of a call that does nothing else, under each policy."""

    means: str
    held: EffectClass
    direct: EffectClass
    strict: EffectClass


TABLE: Final[dict[Touch, Row]] = {
    ("object", "read"): Row("looks at shared data", UNORDERED, UNORDERED, UNORDERED),
    ("object", "update"): Row("puts something into a collection", UNORDERED, UNORDERED, ORDERED),
    ("object", "write"): Row("changes an object", ORDERED, ORDERED, ORDERED),
    ("console", "update"): Row("prints", UNORDERED, ORDERED, ORDERED),
    ("console", "write"): Row("asks the user", ORDERED, ORDERED, ORDERED),
    ("log", "update"): Row("writes a log record", UNORDERED, UNORDERED, ORDERED),
    ("clock", "read"): Row("reads the clock", ORDERED, ORDERED, ORDERED),
    ("random", "update"): Row("takes fresh entropy", UNORDERED, UNORDERED, UNORDERED),
    ("random", "write"): Row("draws from a shared random stream", ORDERED, ORDERED, ORDERED),
    ("files", "read"): Row("reads files", UNORDERED, UNORDERED, UNORDERED),
    ("files", "write"): Row("writes files", ORDERED, ORDERED, ORDERED),
    ("environment", "read"): Row("reads the state of the process", ORDERED, ORDERED, ORDERED),
    ("environment", "write"): Row("changes the state of the process", ORDERED, ORDERED, ORDERED),
    ("database", "read"): Row("queries a connection", ORDERED, ORDERED, ORDERED),
    ("database", "write"): Row("uses a connection that has state", ORDERED, ORDERED, ORDERED),
    ("network", "read"): Row("fetches something", UNORDERED, UNORDERED, UNORDERED),
    ("network", "update"): Row("asks a model or a tool", UNORDERED, UNORDERED, UNORDERED),
    ("network", "write"): Row("sends what others see in order", ORDERED, ORDERED, ORDERED),
    ("world", "write"): Row("may do anything", ORDERED, ORDERED, ORDERED),
}

COMMON: Final[dict[EffectClass, Touches]] = {
    PURE: frozenset(),
    UNORDERED: frozenset({("network", "update")}),
    ORDERED: frozenset({("world", "write")}),
}
"""What the three classes stand for where nothing more is said."""

OBJECT_CHANGES: Final[Touches] = frozenset({("object", "update"), ("object", "write")})
"""Changes of objects, and of nothing else."""

VARIABLES: Final[dict[str, Resource]] = {
    "sys.stdout": "console",
    "sys.stderr": "console",
    "sys.stdin": "console",
    "sys.__stdout__": "console",
    "sys.__stderr__": "console",
    "os.environ": "environment",
}
"""Variables whose objects stand for a resource, under whatever name they are found. What other
variables of the standard library hold is the state of the process."""

CONSOLE_METHODS: Final[dict[str, Touch]] = {
    "write": ("console", "update"),
    "writelines": ("console", "update"),
    "flush": ("console", "update"),
    "isatty": ("environment", "read"),
    "fileno": ("environment", "read"),
    "writable": ("environment", "read"),
}
"""What methods of the console's streams touch; any other is a conversation with the user."""

_SEVERITY: Final[dict[EffectClass, int]] = {PURE: 0, UNORDERED: 1, ORDERED: 2}


def join_effects(first: EffectClass, second: EffectClass) -> EffectClass:
    """The weaker promise of the two: what may be assumed of code that does both."""
    return first if _SEVERITY[first] >= _SEVERITY[second] else second


def effect_class(touches: Iterable[Touch], policy: Policy = "direct") -> EffectClass:
    """The class of a call that touches these."""
    found: EffectClass = PURE
    for touch in touches:
        row = TABLE[touch]
        found = join_effects(found, getattr(row, policy))
    return found


def keeps_order(first: Touch, second: Touch, *, strict: bool = False) -> bool:
    """Whether calls that touch these keep their program order, in one frame or in two.

    A read of the clock is a fence in its own frame, which is for capture to see: it orders nothing
    here, unless `strict`.
    """
    resources = {first[0], second[0]}
    if "world" in resources:
        return True
    if len(resources) > 1:
        return False
    if first[0] == "clock":
        return strict
    if first[1] != second[1]:
        return True
    if first[1] == "read":
        return False
    return first[1] == "write" or (strict and TABLE[first].strict == ORDERED)


def conflict(
    first: Touches, second: Touches, *, strict: bool = False
) -> tuple[Touch, Touch] | None:
    """A pair of touches that keeps two calls in order, or None where they may overlap."""
    pairs = ((a, b) for a in sorted(first) for b in sorted(second))
    return next((pair for pair in pairs if keeps_order(*pair, strict=strict)), None)
