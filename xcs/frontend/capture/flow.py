"""How control leaves a statement: on to the next, out of a loop or the function, or not at all."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from xcs.frontend.names import FUNCTION_NODES

EXIT: Final = ".exit"
"""The variable that holds how the code that ran last has left its block."""
RESULT: Final = ".result"
"""The variable that holds what the function returns."""

STOPPED: Final = ".stopped"
"""The variable of a generator that says whether its consumer has asked for the last element."""

NEXT_CODE, BREAK, CONTINUE, RETURN = 0, 1, 2, 3
"""Values of the exit variable. The odd ones end a loop."""


class Flow(Enum):
    """Where control goes after some statements."""

    NEXT = auto()
    """To the statement that follows."""
    EXIT = auto()
    """Certainly elsewhere, as the exit variable says."""
    MAYBE = auto()
    """As the exit variable says when the program runs."""
    DEAD = auto()
    """Nowhere: an error is raised."""


def joined(first: Flow, second: Flow) -> Flow:
    """Where control goes after one of two branches."""
    if first is Flow.DEAD:
        return second
    if second is Flow.DEAD or first is second:
        return first
    return Flow.MAYBE


@functools.lru_cache(maxsize=8192)
def leaves_loop(node: ast.For | ast.AsyncFor | ast.While) -> tuple[bool, bool]:
    """Whether the body of a loop may break out of it, and whether it may return."""
    breaks = returns = False
    for child, in_loop in _statements(node.body, False):
        breaks = breaks or (isinstance(child, ast.Break) and not in_loop)
        returns = returns or isinstance(child, ast.Return)
    return breaks, returns


def _statements(body: list[ast.stmt], in_loop: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """All statements inside, and whether they are in a loop of their own."""
    for statement in body:
        yield statement, in_loop
        if isinstance(statement, (*FUNCTION_NODES, ast.ClassDef)):
            continue
        is_loop = isinstance(statement, ast.For | ast.AsyncFor | ast.While)
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list):
                yield from _statements(inner, in_loop or (is_loop and name == "body"))
        for handler in getattr(statement, "handlers", ()):
            yield from _statements(handler.body, in_loop)
        for case in getattr(statement, "cases", ()):
            yield from _statements(case.body, in_loop)


@functools.lru_cache(maxsize=8192)
def contains_yield(node: ast.AST) -> bool:
    """Whether a statement of a generator function has a ``yield`` in it."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(current, (*FUNCTION_NODES, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(current))
    return False
