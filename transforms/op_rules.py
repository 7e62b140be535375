"""Tables of rules by op, which other packages add to.

A lowering, a batching rule or an evaluator is looked up by an op's own class, then by its base
classes, nearest first, then by the class of tensor op that it carries as a trait. So an op that
names a class has the rules of that class, whichever package defines it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation

from xcs.dialects.xtensor.base import OpClass

R = TypeVar("R")

Key: TypeAlias = "type[Operation] | type[OpClass]"


class OpRules(Generic[R]):
    """Rules by op class, base class, or trait.

    Args:
        what: what a rule is, for messages: "a lowering".
        rules: the rules to begin with.
    """

    def __init__(self, what: str, rules: Mapping[Any, R]):
        self._what = what
        self._rules: dict[Key, R] = dict(rules)
        self._found: dict[type[Operation], R | None] = {}

    def register(self, key: Key, rule: R) -> None:
        """Add a rule: of an op, of all ops derived from a class, or of all that carry a trait.

        Raises:
            ValueError: if there is one for this very key.
        """
        if key in self._rules:
            raise ValueError(f"{key.__name__} has {self._what} already")
        self._rules[key] = rule
        self._found.clear()

    def of(self, op: type[Operation]) -> R | None:
        """Return the rule of an op; None if it has none."""
        if op not in self._found:
            self._found[op] = self._look_up(op)
        return self._found[op]

    def __contains__(self, op: type[Operation]) -> bool:
        return self.of(op) is not None

    def _look_up(self, op: type[Operation]) -> R | None:
        for base in op.__mro__:
            if (rule := self._rules.get(base)) is not None:
                return rule
        if not issubclass(op, IRDLOperation):
            return None
        for trait in op.get_irdl_definition().traits.traits:
            if isinstance(trait, OpClass) and (rule := self._rules.get(type(trait))) is not None:
                return rule
        return None
