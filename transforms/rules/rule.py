"""Rules: what one says, and the two ways to say it.

An *equation* is two terms. A *procedure* is a function, for what is a search over many terms (the
order of a chain of products) or needs ops with any number of operands. Both are tried by the same
driver, checked by the same check, and listed in the same reference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import Kind as Elements
from xcs.dialects.xtensor.base import kind_of
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.matcher import Bindings, build, compile_match, evaluate, roots_of
from xcs.transforms.rules.terms import Rewrite
from xcs.transforms.rules.views import Emitter


@dataclass(frozen=True)
class Condition:
    """What has to hold of the variables; the reason is what holds, in words."""

    reason: str
    function: Callable[..., bool]
    arguments: tuple[Any, ...]

    def holds(self, bound: Bindings) -> bool:
        """Whether it holds of what the variables stand for."""
        return self.function(*(evaluate(argument, bound) for argument in self.arguments))


def when(reason: str, function: Callable[..., bool], *arguments: Any) -> Condition:
    """A condition; of a tensor variable the function is given the type."""
    return Condition(reason, function, arguments)


@dataclass(frozen=True)
class Rule(ABC):
    """What every rule says.

    Attributes:
        name: by which it is traced, counted and found in the reference.
        kind: what it promises.
        source: where it comes from, or why it holds.
        ring: whether it holds in every commutative ring. Then it is exact for integers, which wrap
            around, whatever it promises for floats.
        guarded: whether it is only applied where the cost model says that this costs less.
        cleanup: whether XLA does the same by itself. Where a kernel is made, such a rule is tried
            only on what other rules have made, so that all else stays the program that it was.
    """

    name: str
    kind: Kind
    source: str
    ring: bool = field(default=False, kw_only=True)
    guarded: bool = field(default=True, kw_only=True)
    cleanup: bool = field(default=False, kw_only=True)

    @property
    @abstractmethod
    def roots(self) -> Iterable[type[Operation]]:
        """The op classes at which the rule is tried."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """Both sides, as a person reads them."""

    @property
    def conditions(self) -> Sequence[Condition]:
        """What has to hold beside."""
        return ()

    @abstractmethod
    def attempt(self, op: Operation, emit: Emitter) -> SSAValue | str:
        """Make what replaces the op's result; or say why the rule does not apply."""

    def promise(self, op: Operation) -> Kind:
        """What the rule promises for an op."""
        if self.ring and op.results:
            element = getattr(op.results[0].type, "element_type", None)
            if element is not None and kind_of(element) & Elements.INTEGER:
                return Kind.EXACT
        return self.kind


@dataclass(frozen=True)
class Equation(Rule):
    """A rule of two terms."""

    rewrite: Rewrite = field(kw_only=True)
    where: tuple[Condition, ...] = field(default=(), kw_only=True)

    @property
    def roots(self) -> Iterable[type[Operation]]:
        return roots_of(self.rewrite.left)

    @property
    def formula(self) -> str:
        return str(self.rewrite)

    @property
    def conditions(self) -> Sequence[Condition]:
        return self.where

    @cached_property
    def match(self) -> Callable[[Operation, Bindings], str | None]:
        """The matcher, compiled when it is first needed."""
        return compile_match(self.rewrite.left)

    def attempt(self, op: Operation, emit: Emitter) -> SSAValue | str:
        bound: Bindings = {}
        if (reason := self.match(op, bound)) is not None:
            return reason
        for condition in self.where:
            if not condition.holds(bound):
                return f"it does not hold that {condition.reason}"
        try:
            return build(self.rewrite.right, bound, emit)
        except VerifyException as error:
            return f"the right-hand side has no type: {error}"


@dataclass(frozen=True)
class Procedure(Rule):
    """A rule that is a function.

    Attributes:
        shown: the formula.
        at: the op classes at which it is tried.
        function: makes what replaces the op, or says why not.
        where: conditions that the function checks, for the reference.
        examples: is given an `instances.Sampler`, and makes a value whose op is a root of the rule,
            at random, for the check; or the name of a function in `examples` that does.
    """

    shown: str = field(kw_only=True)
    at: tuple[type[Operation], ...] = field(kw_only=True)
    function: Callable[[Any, Emitter], SSAValue | str] = field(kw_only=True)
    where: tuple[Condition, ...] = field(default=(), kw_only=True)
    examples: str | Callable[..., SSAValue] | None = field(default=None, kw_only=True)

    @property
    def roots(self) -> Iterable[type[Operation]]:
        return self.at

    @property
    def formula(self) -> str:
        return self.shown

    @property
    def conditions(self) -> Sequence[Condition]:
        return self.where

    def attempt(self, op: Operation, emit: Emitter) -> SSAValue | str:
        return self.function(op, emit)


def rule(
    name: str,
    rewrite: Rewrite,
    *,
    kind: Kind,
    source: str,
    where: Condition | Sequence[Condition] = (),
    ring: bool = False,
    guarded: bool = True,
    cleanup: bool = False,
) -> Equation:
    """Declare a rule: ``rule("double negation", -(-x) >> x, kind=EXACT, source="IEEE 754")``.

    Raises:
        TypeError: if the left-hand side is a variable, or the right-hand side has variables that
            the left-hand side does not have.
    """
    conditions = (where,) if isinstance(where, Condition) else tuple(where)
    made = Equation(
        name,
        kind,
        source,
        rewrite=rewrite,
        where=conditions,
        ring=ring,
        guarded=guarded,
        cleanup=cleanup,
    )
    _check_variables(made)
    return made


def _check_variables(made: Equation) -> None:
    from xcs.transforms.rules.terms import Variable

    left, right = (
        {term for term in side.subterms() if isinstance(term, Variable)}
        for side in (made.rewrite.left, made.rewrite.right)
    )
    if made.rewrite.left in left:
        raise TypeError(f"rule '{made.name}': the left-hand side matches anything")
    if unbound := right - left:
        names = ", ".join(sorted(map(str, unbound)))
        raise TypeError(f"rule '{made.name}': {names} is on the right-hand side only")
