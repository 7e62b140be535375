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
    line: int,
) -> Callable[..., Any]:
    """A function of the operands ``names`` that runs ``source``, whose first line is ``line``.

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
        return eval(_compile(tree, filename, "eval", line), namespace)
    statements = ast.parse(source, filename, "exec").body
    outs = [ast.Name(name, ast.Load()) for name in out_names]
    statements.append(ast.Return(ast.Tuple(list[ast.expr](outs), ast.Load())))
    function = ast.FunctionDef("host", parameters, statements, [])
    defined: dict[str, Any] = {}
    exec(_compile(ast.Module([function], []), filename, "exec", line), namespace, defined)
    return defined["host"]


def _compile(tree: ast.Expression | ast.Module, filename: str, mode: str, line: int) -> Any:
    ast.fix_missing_locations(tree)
    ast.increment_lineno(tree, line - 1)
    return compile(tree, filename, mode, dont_inherit=True)
