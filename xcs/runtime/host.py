"""Source of host ops to functions, with tracebacks that point at the user's file."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence
from typing import Any


def compile_host(
    source: str,
    names: Sequence[str],
    out_names: Sequence[str] | None,
    namespace: dict[str, Any] | None,
    filename: str,
    lines: Sequence[int],
) -> Callable[..., Any]:
    """A function of the operands ``names`` that runs ``source``, found at ``lines`` of the file.

    A line of the source that ``lines`` has no entry for follows the one before it.

    An expression (``out_names`` is None) gives its value, a statement list the tuple of the values
    of ``out_names`` at its end. Free names are looked up in ``namespace`` while running, and in
    Python's builtins; without a namespace, only there. Raises SyntaxError.
    """
    parameters = ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[],
        defaults=[],
    )  # fmt: skip
    if namespace is None:
        namespace = {"__builtins__": builtins}
    if out_names is None:
        body = ast.parse(source.strip(), filename, "eval").body
        tree = ast.Expression(ast.Lambda(parameters, body))
        return eval(_compile(tree, filename, "eval", lines), namespace)
    statements = ast.parse(source, filename, "exec").body
    outs = [ast.Name(name, ast.Load()) for name in out_names]
    statements.append(ast.Return(ast.Tuple(list[ast.expr](outs), ast.Load())))
    function = ast.FunctionDef("host", parameters, statements, [])
    defined: dict[str, Any] = {}
    exec(_compile(ast.Module([function], []), filename, "exec", lines), namespace, defined)
    return defined["host"]


def _compile(
    tree: ast.Expression | ast.Module, filename: str, mode: str, lines: Sequence[int]
) -> Any:
    ast.fix_missing_locations(tree)
    for node in ast.walk(tree):
        for end in ("lineno", "end_lineno"):
            if (number := getattr(node, end, None)) is not None:
                setattr(node, end, _in_file(number, lines))
        if hasattr(node, "lineno"):
            # Code objects hold ranges of lines, and these may have changed places.
            node.end_lineno = max(node.lineno, node.end_lineno or 0)  # type: ignore[attr-defined]
    return compile(tree, filename, mode, dont_inherit=True)


def _in_file(number: int, lines: Sequence[int]) -> int:
    if not lines:
        return number
    known = min(number, len(lines))
    return lines[known - 1] + number - known
