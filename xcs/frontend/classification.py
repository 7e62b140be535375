"""What xcs knows about one callable: the terms of detectors, effect analysis and capture.

The three effect classes are those of DESIGN section 1. In short, for two calls of one callable:

* ``pure``: their results depend on their operands only, and nothing else can tell that they ran;
* ``unordered``: each must run exactly once, but they may run in any order, or at once;
* ``ordered``: they must run in program order. Whatever is not understood is ordered.

They are names for common sets of touches, which ``xcs.frontend.analysis.resources`` is about.

A bound method's receiver counts as an operand, like any argument: ``d.get`` is pure although the
dictionary ``d`` is mutable, and ``xs.append`` has ``mutates_args``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from xcs.frontend.abstract_values import Origin
from xcs.frontend.analysis.resources import (
    COMMON,
    ORDERED,
    PURE,
    UNORDERED,
    EffectClass,
    Policy,
    Touches,
    effect_class,
    join_effects,
)

__all__ = [
    "ORDERED",
    "PURE",
    "UNORDERED",
    "Classification",
    "EffectClass",
    "Evidence",
    "Form",
    "Kind",
    "Operand",
    "Touches",
    "higher_order",
    "join_effects",
    "operator",
    "pure",
    "tensor",
    "touching",
    "unknown",
]

Kind = Literal["tensor", "model", "tool", "numpy", "pure", "function", "unknown"]

Evidence = Literal["declared", "table", "source", "name"]
"""Where a decision comes from, best first; a name or a shape counts only without source."""

Operand = tuple[int | None, str]
"""An argument by position, if it has one, and by name. Methods do not count their receiver."""

RECEIVER: Final[Operand] = (-1, "self")

CALLBACK: Final = "what array code calls back"
"""Among the `writes` of what JAX calls Python code with, which it does in its own order."""

_UNSAID: Final[Touches] = frozenset(COMMON[ORDERED])


@dataclass(frozen=True)
class Form:
    """What depends on how a known callable is called."""

    stream: Operand | None = None
    """Where this operand is given, output goes there, which changes it, and nowhere else."""
    opens: Operand | None = None
    """The operand that says how a file is opened; without it, for reading."""
    shares: str = ""
    """The result is no new object, but the shared state that this names."""
    yields: str = ""
    """The class of what its result, an iterator, gives."""
    alike: bool = False
    """Its result is of its receiver's class."""
    maps: bool = False
    """Its result gives what the function that it is given gave."""
    private: bool = False
    """On a receiver that nobody else has, what it touches is the receiver's own."""


PLAIN: Final = Form()


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
    held_effects: EffectClass | None = None
    """The class where console output is held back until a call retires, where it differs."""
    touches: Touches = _UNSAID
    """Resources and modes. Where nothing is said, those that ``effects`` is the name for."""
    changes: tuple[Operand, ...] = ()
    """The operands that are changed in place: as a table says, or with all that they lead to."""
    changed: tuple[Origin, ...] | None = field(default=None, compare=False)
    """Where all the objects are that a call may change, of those that it is not given; None if that
    is not known."""
    links: bool = True
    """What is changed may lead to other objects afterwards than before."""
    form: Form = field(default_factory=lambda: PLAIN)
    evidence: Evidence = "declared"
    """What the decision rests on."""

    def __post_init__(self) -> None:
        if self.touches is _UNSAID:
            object.__setattr__(self, "touches", COMMON[self.effects])

    @property
    def mergeable(self) -> bool:
        """Two calls with equal operands may become one."""
        return self.effects == PURE and not self.fresh_result and not self.mutates_args

    def strict(self) -> Classification:
        """The same callable where accumulating, logging and sleeping keep program order too."""
        return self.under("strict")

    def held(self) -> Classification:
        """The same callable where console output is held back, and so appears in program order."""
        return self.under("held")

    def in_program(self, policy: Policy) -> Classification:
        """The same callable as a captured program calls it.

        What prints and does not wait keeps its place, even where its output could be held back: to
        take its turn holds up nothing else, and it may be looked into.
        """
        return self.under("direct" if policy == "held" and not self.blocking else policy)

    def under(self, policy: Policy) -> Classification:
        """The same callable under a policy. Without one it is what it is under "direct"."""
        by_policy = {"direct": None, "held": self.held_effects, "strict": self.strict_effects}
        effects = by_policy[policy]
        if effects is None:
            return self
        return replace(self, effects=effects, strict_effects=None, held_effects=None)


IMMUTABLE_CLASSES: Final = frozenset(
    {"str", "bytes", "int", "float", "complex", "bool", "NoneType", "range", "slice", "type"}
    | {"jax.Array", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta"}
    | {"decimal.Decimal", "fractions.Fraction", "pathlib.Path", "re.Pattern", "re.Match"}
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
        evidence="table",
    )


def higher_order(reason: str, *, kind: Kind = "pure", returns: str | None = None) -> Classification:
    """A callable that is pure apart from calling the functions that it is given."""
    return Classification(
        kind,
        PURE,
        reason,
        returns=returns,
        blocking=False,
        higher_order=True,
        evidence="table",
    )


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
        evidence="table",
    )


def operator(kind: Kind, reason: str, *, effects: EffectClass = UNORDERED) -> Classification:
    """A model or a tool: slow, kept exactly once, independent of its neighbours by default."""
    sends: Touches = frozenset({("network", "write")})
    touches = sends if effects == ORDERED else COMMON[effects]
    return Classification(
        kind,
        effects,
        reason,
        reaches=frozenset({"operator"}),
        touches=touches,
        evidence="table",
    )


def touching(
    reason: str,
    touches: Touches,
    *,
    blocking: bool = True,
    kind: Kind = "function",
    writes: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
) -> Classification:
    """A callable of which it is known what it touches: its class follows from the table."""
    effects = effect_class(touches)
    strict, held = effect_class(touches, "strict"), effect_class(touches, "held")
    return Classification(
        kind,
        effects,
        reason,
        writes=writes,
        reads=reads,
        blocking=blocking,
        strict_effects=strict if strict != effects else None,
        held_effects=held if held != effects else None,
        touches=touches,
        evidence="table",
    )


def unknown(reason: str) -> Classification:
    """Nothing is known, so nothing is assumed: ordered, possibly slow, may change its arguments."""
    return Classification("unknown", ORDERED, reason, mutates_args=True, evidence="name")
