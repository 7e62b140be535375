"""What effect analysis finds out about one function, in terms of its parameters."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xcs.frontend.abstract_values import BOTTOM, MISSING, UNKNOWN, Origin, Path, Place, Value
from xcs.frontend.analysis.resources import (
    ORDERED,
    PURE,
    UNORDERED,
    EffectClass,
    Policy,
    Resource,
    Touch,
    Touches,
    effect_class,
    join_effects,
)
from xcs.frontend.classification import Classification

Guard = tuple[Mapping[str, Any] | types.CellType, str, Any]
"""What a result rests on: a namespace or a cell, a name, and the object found there."""


def guard_holds(guard: Guard) -> bool:
    """Whether the name still denotes the same object."""
    space, name, obj = guard
    if isinstance(space, types.CellType):
        try:
            return space.cell_contents is obj
        except ValueError:
            return obj is MISSING
    return space.get(name, MISSING) is obj


@dataclass(frozen=True)
class Mutation:
    """How an object that a parameter leads to is changed: "gets an item set at app.py:3"."""

    accumulates: bool
    how: str


@dataclass(frozen=True)
class CalledParameter:
    """A parameter that the function calls, and what it may give it."""

    reason: str
    given: Value


@dataclass(frozen=True)
class Effect:
    """Something that happens: what it touches, and its class under each policy."""

    touches: Touches
    direct: EffectClass
    held: EffectClass
    strict: EffectClass

    @classmethod
    def touching(cls, *touches: Touch) -> Effect:
        """An effect whose classes are those of the table."""
        given = frozenset(touches)
        return cls(
            given,
            effect_class(given),
            effect_class(given, "held"),
            effect_class(given, "strict"),
        )

    @classmethod
    def of(cls, found: Classification) -> Effect:
        """The effect of calling what was recognised."""
        return cls(
            found.touches,
            found.effects,
            found.held_effects or found.effects,
            found.strict_effects or found.effects,
        )


ANYTHING: Final = Effect.touching(("world", "write"))
ASKS: Final = Effect.touching(("network", "update"))
ACCUMULATES: Final = Effect.touching(("object", "update"))
CHANGES: Final = Effect.touching(("object", "write"))
READS: Final = Effect.touching(("object", "read"))
READS_WHAT_CHANGES: Final = Effect(READS.touches, ORDERED, ORDERED, ORDERED)
"""A read of something that other code changes, so that it matters when it happens."""
READS_CLOCK: Final = Effect(frozenset({("clock", "read")}), UNORDERED, UNORDERED, ORDERED)
"""A read of the clock by a callee, where it is no fence."""


def change_of(place: Place, *, accumulates: bool) -> Effect:
    """What changing the object at a shared place is."""
    if place.resource == "object":
        return ACCUMULATES if accumulates else CHANGES
    return Effect.touching((place.resource, "update" if place.resource == "console" else "write"))


def read_of(resource: Resource) -> Effect:
    """What reading an object that other code changes is."""
    return READS_WHAT_CHANGES if resource == "object" else Effect.touching(("environment", "read"))


@dataclass
class Promise:
    """The class of a function under one policy, and why it is no stronger."""

    effects: EffectClass = PURE
    reason: str = ""
    only_reads: bool = False
    """The reason is about a read; a store, if one is found, makes the better reason."""

    def weaken(self, effects: EffectClass, reason: str, *, only_reads: bool) -> None:
        """Add an effect; the first reason for the weakest promise is the one that is told."""
        joined = join_effects(self.effects, effects)
        stronger = self.only_reads and not only_reads and effects == joined
        if joined != self.effects or stronger:
            self.reason, self.only_reads = reason, only_reads
        self.effects = joined

    def merge(self, other: Promise) -> None:
        if other.effects != PURE:
            self.weaken(other.effects, other.reason, only_reads=other.only_reads)


POLICIES: Final[tuple[Policy, ...]] = ("direct", "held", "strict")


_OBJECTS: Final = frozenset({"object", "world"})


@dataclass
class Summary:
    """The effects of one function in one context."""

    promises: dict[Policy, Promise] = field(
        default_factory=lambda: {policy: Promise() for policy in POLICIES}
    )
    touches: set[Touch] = field(default_factory=set)
    clock: str = ""
    """Where it reads the clock, for somebody who may compare this reading with another."""
    writes: dict[str, None] = field(default_factory=dict)
    reads: dict[str, None] = field(default_factory=dict)
    changed: dict[Origin, None] = field(default_factory=dict)
    """Where the objects are that it changes, of those that it is not given."""
    changes_others: bool = False
    """Whether it may change yet others."""
    mutated: dict[Path, Mutation] = field(default_factory=dict)
    called: dict[Path, CalledParameter] = field(default_factory=dict)
    reaches: set[str] = field(default_factory=set)
    """Of ``operator``, ``tensor``, ``numpy`` and ``unknown``: what its calls lead to."""
    blocking: bool = False
    loops: int = 0
    """How deeply loops nest, callees included."""
    returns: Value = BOTTOM
    heap: dict[Place, dict[str, Value]] = field(default_factory=dict)
    """What the function stored into objects that its caller can reach."""
    lazy: bool = False
    """A generator function: the body runs while the result is consumed."""
    has_source: bool = True
    guards: dict[tuple[int, str], Guard] = field(default_factory=dict)

    @property
    def effects(self) -> EffectClass:
        """The class where output is not held back."""
        return self.promises["direct"].effects

    @property
    def is_pure(self) -> bool:
        """Whether nothing is known so far that it does, even to its arguments."""
        quiet = all(promise.effects == PURE for promise in self.promises.values())
        return quiet and not (self.clock or self.mutated or self.called)

    def record(
        self,
        effect: Effect,
        reason: str,
        *,
        only_reads: bool = False,
        origin: Origin | None = None,
    ) -> None:
        """Add something that happens, to what `origin` leads to if it is given."""
        self.touches |= effect.touches
        if origin is not None:
            self.changed[origin] = None
        elif any(where in _OBJECTS and mode != "read" for where, mode in effect.touches):
            self.changes_others = True
        for policy, promise in self.promises.items():
            promise.weaken(getattr(effect, policy), reason, only_reads=only_reads)

    def merge(self, callee: Summary, loops: int) -> None:
        """Add what a callee does to the world; ``loops`` are those around the call."""
        for policy, promise in self.promises.items():
            promise.merge(callee.promises[policy])
        self.touches |= callee.touches
        if callee.clock and not callee.times_itself:
            self.clock = self.clock or callee.clock
        self.writes |= callee.writes
        self.changed |= callee.changed
        self.changes_others |= callee.changes_others
        self.reads |= callee.reads
        self.reaches |= callee.reaches
        self.blocking |= callee.blocking
        self.loops = max(self.loops, loops + callee.loops)
        self.guards.update(callee.guards)

    def absorb(self, part: Summary) -> None:
        """Add what a part of the same function does."""
        self.merge(part, 0)
        self.clock = self.clock or part.clock
        self.lazy |= part.lazy
        for path, mutation in part.mutated.items():
            self.mutated.setdefault(path, mutation)
        for path, called in part.called.items():
            self.called.setdefault(path, called)

    @property
    def times_itself(self) -> bool:
        """Whether it takes the time of what it waits for, which is nobody else's business."""
        return bool(self.clock) and self.blocking

    def holds(self) -> bool:
        """Whether everything that it rests on is as it was."""
        return all(map(guard_holds, self.guards.values()))

    def facts(self) -> tuple[object, ...]:
        """What callers see, to tell when a recursive function's summary has settled."""
        return (
            tuple(promise.effects for promise in self.promises.values()),
            frozenset(self.touches),
            (self.clock, self.blocking),
            frozenset(self.mutated),
            frozenset((path, call.given) for path, call in self.called.items()),
            frozenset(self.reaches),
            self.returns,
            {place: dict(fields) for place, fields in self.heap.items()},
        )


def unknown_summary(reason: str, names: Iterable[str] = ()) -> Summary:
    """The summary of code that cannot be looked at: it may change all its parameters."""
    summary = Summary(has_source=False, blocking=True, returns=UNKNOWN)
    summary.record(ANYTHING, reason)
    summary.reaches.add("unknown")
    for name in names:
        summary.mutated[name,] = Mutation(False, f"may be changed, because {reason}")
    return summary


@dataclass(frozen=True)
class Arguments:
    """Arguments of one call; ``rest`` is what starred ones may hold."""

    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    rest: Value | None = None

    def all(self) -> list[Value]:
        rest = [] if self.rest is None else [self.rest]
        return [*self.positional, *self.keywords.values(), *rest]

    def prepend(self, *values: Value) -> Arguments:
        return Arguments((*values, *self.positional), self.keywords, self.rest)
