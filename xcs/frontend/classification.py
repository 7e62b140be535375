"""What xcs knows about one callable: the terms of detectors, effect analysis and capture.

The three effect classes are those of DESIGN section 1. In short, for two calls of one callable:

* ``pure``: their results depend on their operands only, and nothing else can tell that they ran;
* ``unordered``: each must run exactly once, but they may run in any order, or at once;
* ``ordered``: they must run in program order. Whatever is not understood is ordered.

A bound method's receiver counts as an operand, like any argument: ``d.get`` is pure although the
dictionary ``d`` is mutable, and ``xs.append`` has ``mutates_args``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

Kind = Literal["tensor", "model", "tool", "numpy", "pure", "function", "unknown"]
EffectClass = Literal["pure", "unordered", "ordered"]

PURE: Final[EffectClass] = "pure"
UNORDERED: Final[EffectClass] = "unordered"
ORDERED: Final[EffectClass] = "ordered"

_SEVERITY: Final[dict[EffectClass, int]] = {PURE: 0, UNORDERED: 1, ORDERED: 2}


CALLBACK: Final = "what array code calls back"
"""Among the `writes` of what JAX calls Python code with, which it does in its own order."""


def join_effects(first: EffectClass, second: EffectClass) -> EffectClass:
    """The weaker promise of the two: what may be assumed of code that does both."""
    return first if _SEVERITY[first] >= _SEVERITY[second] else second


@dataclass(frozen=True)
class Classification:
    """What the optimiser may assume about calls of one callable, and the reason for a person."""

    kind: Kind
    effects: EffectClass
    reason: str
    inline: bool = False
    """A Python function with source that reaches operators or array code: capture looks inside."""
    mutates_args: bool = False
    """May change one of its arguments, or its receiver, in place."""
    returns: str | None = None
    """The class of the result where it is certain: ``"str"``, ``"jax.Array"``, ...; "iterator" for
    anything that using it uses up, so that the order of its uses matters."""
    blocking: bool = True
    """May wait or run long, so belongs on a worker. False for cheap CPU work."""
    writes: tuple[str, ...] = ()
    """Shared resources that a call may change: ``"global 'counter'"``, ``"files"``, ..."""
    reads: tuple[str, ...] = ()
    """Shared mutable resources that a call may observe."""
    reaches: frozenset[str] = field(default_factory=frozenset)
    """What a call leads to, through any number of callees: of ``"operator"`` and ``"tensor"``."""
    higher_order: bool = False
    """Calls functions that it is given. Where ``effects`` is not ``ordered`` already, the effects
    of those functions come on top."""
    fresh_result: bool = True
    """The result may be a new mutable object or an iterator, so that two equal calls, even pure
    ones, give results that a program can tell apart by changing or consuming one of them."""
    strict_effects: EffectClass | None = None
    """The class under ``Config(effects="strict")`` where it differs from ``effects``."""

    @property
    def mergeable(self) -> bool:
        """Two calls with equal operands may become one."""
        return self.effects == PURE and not self.fresh_result and not self.mutates_args

    def strict(self) -> Classification:
        """The same callable where accumulating, logging and sleeping keep program order too."""
        if self.strict_effects is None:
            return self
        return replace(self, effects=self.strict_effects, strict_effects=None)


IMMUTABLE_CLASSES: Final = frozenset(
    {"str", "bytes", "int", "float", "complex", "bool", "NoneType", "range", "slice", "type"}
    | {"jax.Array", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta"}
    | {"decimal.Decimal", "fractions.Fraction", "re.Pattern", "re.Match"}
)
"""Result classes whose values cannot change, so that equal results are interchangeable."""


def pure(reason: str, *, kind: Kind = "pure", returns: str | None = None) -> Classification:
    """A cheap callable whose result depends on its operands only."""
    return Classification(
        kind,
        PURE,
        reason,
        returns=returns,
        blocking=False,
        fresh_result=returns not in IMMUTABLE_CLASSES,
    )


def higher_order(reason: str, *, kind: Kind = "pure", returns: str | None = None) -> Classification:
    """A callable that is pure apart from calling the functions that it is given."""
    return Classification(kind, PURE, reason, returns=returns, blocking=False, higher_order=True)


def tensor(reason: str, *, returns: str | None = None) -> Classification:
    """JAX array code: pure by JAX's own contract, and its dispatch does not wait."""
    return Classification(
        "tensor",
        PURE,
        reason,
        returns=returns,
        blocking=False,
        reaches=frozenset({"tensor"}),
        fresh_result=returns != "jax.Array",
    )


def operator(kind: Kind, reason: str, *, effects: EffectClass = UNORDERED) -> Classification:
    """A model or a tool: slow, kept exactly once, independent of its neighbours by default."""
    return Classification(kind, effects, reason, reaches=frozenset({"operator"}))


def mutator(reason: str, *, accumulates: bool = False, kind: Kind = "function") -> Classification:
    """A cheap callable that changes its receiver or an argument in place.

    One that only accumulates (``append``, ``add``) is unordered, except in strict mode.
    """
    return Classification(
        kind,
        UNORDERED if accumulates else ORDERED,
        reason,
        mutates_args=True,
        blocking=False,
        strict_effects=ORDERED if accumulates else None,
    )


def world(
    reason: str,
    *,
    effects: EffectClass,
    writes: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    blocking: bool = True,
    lenient: bool = False,
) -> Classification:
    """A callable that touches the world outside its operands: files, clocks, random state, ...

    ``lenient`` marks the unordered effects that strict mode puts in order.
    """
    return Classification(
        "function",
        effects,
        reason,
        writes=writes,
        reads=reads,
        blocking=blocking,
        strict_effects=ORDERED if lenient else None,
    )


def unknown(reason: str) -> Classification:
    """Nothing is known, so nothing is assumed: ordered, possibly slow, may change its arguments."""
    return Classification("unknown", ORDERED, reason, mutates_args=True)
