"""Which rules there are: ours, and those that other packages contribute."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException

from xcs.transforms.rules.driver import index_by_root
from xcs.transforms.rules.kinds import SETS
from xcs.transforms.rules.rule import Rule

FILES = ("reindexing", "reductions", "products", "structured", "elementwise", "orders")
"""The files of the library, in the order in which their rules are tried."""

ENTRY_POINTS = "xcs.rules"
"""The group of entry points by which other packages contribute: each names a list of rules."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which they are tried.

    Raises:
        ValueError: if two rules have one name, or an entry point is no list of rules.
    """
    rules = [rule for name in FILES for rule in library(name)]
    for entry in entry_points(group=ENTRY_POINTS):
        contributed = entry.load()
        if not all(isinstance(rule, Rule) for rule in contributed):
            raise ValueError(f"entry point {entry.name} of {ENTRY_POINTS} is no list of rules")
        rules.extend(contributed)
    names = [rule.name for rule in rules]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"several rules are called {', '.join(sorted(doubled))}")
    return tuple(rules)


def library(name: str) -> list[Rule]:
    """Return the rules of one file of the library."""
    return import_module(f"xcs.transforms.rules.library.{name}").RULES


@cache
def indexed(chosen: str) -> dict[type[Operation], list[Rule]]:
    """Return the rules that a set may apply, by root.

    Args:
        chosen: the name of the set: exact, algebraic or finite.
    """
    allowed = SETS[chosen]
    return index_by_root(rule for rule in all_rules() if rule.ring or rule.kind <= allowed)


def named(texts: Sequence[str]) -> list[Rule]:
    """Return the rules whose names contain one of the texts, or all if there is none.

    Raises:
        DiagnosticException: if there is no such rule.
    """
    found = [rule for rule in all_rules() if not texts or any(t in rule.name for t in texts)]
    if not found:
        raise DiagnosticException(f"no rule's name contains {' or '.join(map(repr, texts))}")
    return found
