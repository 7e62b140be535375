"""What effect analysis finds out about one function, in terms of its parameters."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xcs.frontend.abstract_values import BOTTOM, UNKNOWN, Path, Place, Value
from xcs.frontend.classification import ORDERED, PURE, EffectClass, join_effects

MISSING: Final = object()

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


@dataclass
class Summary:
    """The effects of one function in one context."""

    effects: EffectClass = PURE
    strict_effects: EffectClass = PURE
    reason: str = ""
    only_reads: bool = False
    """The reason is about a read; a store, if one is found, makes the better reason."""
    clock: str = ""
    """Where it reads the clock, for somebody who may compare this reading with another."""
    writes: dict[str, None] = field(default_factory=dict)
    reads: dict[str, None] = field(default_factory=dict)
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

    def record(
        self,
        effects: EffectClass,
        reason: str,
        strict_effects: EffectClass | None = None,
        *,
        only_reads: bool = False,
    ) -> None:
        """Add one effect; the first reason for the weakest promise is the one that is told."""
        joined = join_effects(self.effects, effects)
        stronger = self.only_reads and not only_reads and effects == joined
        if joined != self.effects or stronger:
            self.reason, self.only_reads = reason, only_reads
        self.effects = joined
        self.strict_effects = join_effects(self.strict_effects, strict_effects or effects)

    def merge(self, callee: Summary, loops: int) -> None:
        """Add what a callee does to the world; ``loops`` are those around the call."""
        if PURE not in (callee.effects, callee.strict_effects):
            self.record(
                callee.effects,
                callee.reason,
                callee.strict_effects,
                only_reads=callee.only_reads,
            )
        if callee.clock and not callee.times_itself:
            self.clock = self.clock or callee.clock
        self.writes |= callee.writes
        self.reads |= callee.reads
        self.reaches |= callee.reaches
        self.blocking |= callee.blocking
        self.loops = max(self.loops, loops + callee.loops)
        self.guards.update(callee.guards)

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
            self.effects,
            self.strict_effects,
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
    summary.record(ORDERED, reason)
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
