"""Source of host ops to functions, with tracebacks that point at the user's file."""

from __future__ import annotations

import ast
import builtins
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any


def compile_host(
    source: str,
    names: Sequence[str],
    out_names: Sequence[str] | None,
    namespace: dict[str, Any] | None,
    filename: str,
    lines: Sequence[int],
    qualname: str = "",
) -> Callable[..., Any]:
    """A function of the operands ``names`` that runs ``source``, found at ``lines`` of the file.

    A line of the source that ``lines`` has no entry for follows the one before it.

    An expression (``out_names`` is None) gives its value, a statement list the tuple of the values
    of ``out_names`` at its end. Free names are looked up in ``namespace`` while running, and in
    Python's builtins; without a namespace, only there. Statements are a part of the function of
    that `qualname`, and so is what they define. Raises SyntaxError.
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
        made = eval(_compile(tree, filename, "eval", lines), namespace)
        if qualname:
            made.__code__ = _renamed(made.__code__, "<lambda>", qualname)
        return made
    statements = ast.parse(source, filename, "exec").body
    outs = [ast.Name(name, ast.Load()) for name in out_names]
    statements.append(ast.Return(ast.Tuple(list[ast.expr](outs), ast.Load())))
    function = ast.FunctionDef(_HOST, parameters, statements, [])
    defined: dict[str, Any] = {}
    exec(_compile(ast.Module([function], []), filename, "exec", lines), namespace, defined)
    made = defined[_HOST]
    if qualname:
        made.__code__ = _renamed(made.__code__, _HOST, qualname)
    return made


_HOST = "xcs_host"


def _renamed(code: types.CodeType, old: str, qualname: str) -> types.CodeType:
    """The code with another qualified name, which shows in those of all that it defines."""

    def renamed(value: Any) -> Any:
        if isinstance(value, types.CodeType):
            constants = tuple(map(renamed, value.co_consts))
            return value.replace(co_qualname=renamed(value.co_qualname), co_consts=constants)
        if isinstance(value, str) and value.startswith(f"{old}.<locals>."):
            return qualname + value.removeprefix(old)
        return value

    name = qualname.rpartition(".")[2]
    constants = tuple(map(renamed, code.co_consts))
    return code.replace(co_name=name, co_qualname=qualname, co_consts=constants)


def placed(source: str, names: dict[str, Any], location: str, function: str) -> Callable[..., Any]:
    """A lambda whose frame is that of a line of the user's function, to those who look at it.

    Logging and warnings say where they come from. `names` are bound as defaults of parameters.
    """
    filename, _, line = location.rpartition(":")
    tree: Any = ast.parse(source, filename, "eval")
    tree.body.args.args += [ast.arg(name) for name in names]
    tree.body.args.defaults = [ast.Constant(None) for _ in names]
    module, _, qualname = function.partition(":")
    made = eval(_compile(tree, filename, "eval", [int(line)]), {})
    code = made.__code__.replace(co_name=qualname.rpartition(".")[2], co_qualname=qualname)
    namespace = getattr(sys.modules.get(module), "__dict__", {})
    return types.FunctionType(code, namespace, argdefs=tuple(names.values()))


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
