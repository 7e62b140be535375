"""Makes a program that shows a difference smaller, for as long as it still shows one.

A hypothesis strategy would shrink the choices that wrote the program; taking the program's own
syntax apart needs fewer attempts and ends at smaller programs.
"""

from __future__ import annotations

import ast
import copy
import time
import warnings
from collections.abc import Callable, Iterator

_LEAVES = (ast.Constant, ast.Name)
_SMALL = ("'a'", "1", "[]", "s", "xs")


def reduce_program(text: str, still: Callable[[str], bool], *, seconds: float = 60.0) -> str:
    """The smallest program found by taking parts away, for which ``still`` is true.

    `seconds` bounds the search; the best program until then is the answer.
    """
    deadline = time.monotonic() + seconds
    tried = {text}
    best = ast.unparse(ast.parse(text))
    progress = True
    while progress:
        progress = False
        for candidate in _smaller(best):
            if time.monotonic() > deadline:
                return best
            if candidate in tried or len(candidate) >= len(best):
                continue
            tried.add(candidate)
            if _compiles(candidate) and still(candidate):
                best, progress = candidate, True
                break
    return best


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "candidate.py", "exec")
        except (SyntaxError, ValueError):
            return False
    return True


def _smaller(text: str) -> Iterator[str]:
    """Programs with one part less, large parts first."""
    tree = ast.parse(text)
    for change in (*_statement_changes(tree), *_expression_changes(tree)):
        undo = change()
        yield ast.unparse(ast.fix_missing_locations(tree))
        undo()


Change = Callable[[], Callable[[], None]]
"""Changes the tree in place, and gives what takes the change back."""


def _replace(items: list, start: int, stop: int, new: list) -> Change:
    def change() -> Callable[[], None]:
        old = items[:]
        items[start:stop] = copy.deepcopy(new)

        def undo() -> None:
            items[:] = old

        return undo

    return change


def _set(node: ast.AST, name: str, new: ast.AST) -> Change:
    def change() -> Callable[[], None]:
        old = getattr(node, name)
        setattr(node, name, copy.deepcopy(new))
        return lambda: setattr(node, name, old)

    return change


def _statement_changes(tree: ast.Module) -> Iterator[Change]:
    """Leave a statement out, or put what it holds in its place."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody", "handlers"):
            body = getattr(node, name, None)
            if not isinstance(body, list):
                continue
            needed = name == "body" and not isinstance(node, ast.Module) and len(body) == 1
            for position in reversed(range(len(body))):
                if not needed:
                    yield _replace(body, position, position + 1, [])
                statement = body[position]
                if isinstance(statement, ast.FunctionDef | ast.ExceptHandler):
                    continue
                for inner in ("body", "orelse", "finalbody"):
                    if held := getattr(statement, inner, None):
                        yield _replace(body, position, position + 1, held)


def _expression_changes(tree: ast.Module) -> Iterator[Change]:
    """Put a part of an expression, or a constant, in its place; leave an element out."""
    constants = [ast.parse(text, mode="eval").body for text in _SMALL]
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if name in ("func", "ctx", "args") and not isinstance(value, list):
                continue
            parts = value if isinstance(value, list) else [value]
            for position, part in enumerate(parts):
                if not _is_read(part):
                    continue
                inner = [p for p in ast.walk(part) if p is not part and _is_read(p)]
                inner.sort(key=lambda p: len(ast.unparse(p)))
                for new in [*([] if isinstance(part, _LEAVES) else constants), *inner]:
                    if isinstance(value, list):
                        yield _replace(value, position, position + 1, [new])
                    else:
                        yield _set(node, name, new)
            least = 1 if name == "generators" else 0
            if isinstance(value, list) and name in ("elts", "ifs", "generators"):
                for position in range(len(value) if len(value) > least else 0):
                    yield _replace(value, position, position + 1, [])


def _is_read(node: object) -> bool:
    return isinstance(node, ast.expr) and not isinstance(
        getattr(node, "ctx", None), ast.Store | ast.Del
    )
