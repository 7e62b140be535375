"""From a function object to its syntax tree, with the line and column numbers of its file."""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from xcs.frontend.values import Unsupported

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@functools.lru_cache(maxsize=256)
def _parse_file(filename: str, text: str) -> dict[int, list[FunctionNode]]:
    """Functions of a file, by the line that their code object starts at."""
    found: dict[int, list[FunctionNode]] = {}
    for node in ast.walk(ast.parse(text, filename)):
        if isinstance(node, FunctionNode):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            first = min([node.lineno, *(d.lineno for d in decorators)])
            found.setdefault(first, []).append(node)
    return found


def function_node(function: FunctionType) -> FunctionNode:
    """The syntax tree of a function. Raises `Unsupported` where there is no source."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise Unsupported(f"no source for {function.__qualname__} ({code.co_filename})")
    try:
        functions = _parse_file(code.co_filename, "".join(lines))
    except (SyntaxError, ValueError) as error:
        raise Unsupported(f"{code.co_filename} does not parse: {error}") from error
    candidates = [node for node in functions.get(code.co_firstlineno, ()) if _matches(node, code)]
    if len(candidates) > 1:
        candidates = [node for node in candidates if _spans(node, code)]
    if len(candidates) != 1:
        raise Unsupported(
            f"the source of {function.__qualname__} was not found at "
            f"{code.co_filename}:{code.co_firstlineno}; has the file changed?"
        )
    return candidates[0]


def _matches(node: FunctionNode, code: CodeType) -> bool:
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    return (
        name == code.co_name
        and parameter_names(node.args)
        == code.co_varnames[
            : code.co_argcount
            + code.co_kwonlyargcount
            + bool(code.co_flags & 0x04)
            + bool(code.co_flags & 0x08)
        ]
    )


def _spans(node: FunctionNode, code: CodeType) -> bool:
    """Whether the function's instructions lie inside the node: tells lambdas on one line apart."""
    body = node.body if isinstance(node, ast.Lambda) else node
    start = (body.lineno, body.col_offset)
    end = (body.end_lineno or 0, body.end_col_offset or 0)
    positions = [
        (line, column, end_line, end_column)
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, column, end_line, end_column) and (line, column) != (line, 0)
    ]
    widest = [
        ((line, column), (end_line, end_column)) for line, column, end_line, end_column in positions
    ]
    return bool(widest) and all(start <= low and high <= end for low, high in widest)  # type: ignore[operator]


def parameter_names(arguments: ast.arguments) -> tuple[str, ...]:
    """Names in the order of a code object's variables: positional, keyword-only, ``*``, ``**``."""
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    names += [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return tuple(names)


def body_of(node: FunctionNode) -> list[ast.stmt]:
    """The statements of a function; a lambda's is a return."""
    if isinstance(node, ast.Lambda):
        return [ast.copy_location(ast.Return(node.body), node.body)]
    return node.body


def stored_names(nodes: list[ast.stmt] | ast.AST) -> list[str]:
    """Names that the code binds in its own scope, in order of appearance."""
    names: dict[str, None] = {}

    def visit(node: ast.AST) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names[name] = None
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names[name] = None
            case ast.alias(name=name, asname=alias):
                names[alias or name.partition(".")[0]] = None
            case ast.ExceptHandler(name=str(name)):
                names[name] = None
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names[name] = None
            case ast.MatchMapping(rest=str(name)):
                names[name] = None
        for child in _own_scope_children(node):
            visit(child)

    for node in nodes if isinstance(nodes, list) else [nodes]:
        visit(node)
    return list(names)


def _own_scope_children(node: ast.AST) -> Iterator[ast.AST]:
    """Children that belong to the node's own scope; inner functions and comprehensions do not."""
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, _SCOPES):
        yield from getattr(node, "decorator_list", ())
        return
    if isinstance(node, _COMPREHENSIONS):
        # A walrus inside a comprehension binds outside of it; its targets do not.
        for child in ast.walk(node):
            if isinstance(child, ast.NamedExpr):
                yield child.target
        return
    yield from ast.iter_child_nodes(node)


@functools.lru_cache(maxsize=4096)
def local_names(node: FunctionNode) -> frozenset[str]:
    """Parameters and names that the function binds, less those declared global or nonlocal."""
    body = body_of(node)
    declared = {
        name
        for statement in body
        for child in ast.walk(statement)
        if isinstance(child, ast.Global | ast.Nonlocal)
        for name in child.names
    }
    return frozenset(parameter_names(node.args)) | (frozenset(stored_names(body)) - declared)


def loaded_names(nodes: list[ast.stmt] | ast.AST) -> list[str]:
    """Names that the code reads from outside of itself, inner functions included, in order.

    Over-approximates: a name that the code itself binds first is listed too.
    """
    names: dict[str, None] = {}

    def visit(node: ast.AST, bound: frozenset[str]) -> None:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load | ast.Del):
            if node.id not in bound:
                names[node.id] = None
            return
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            if node.target.id not in bound:
                names[node.target.id] = None
        if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    visit(default, bound)
            inner = bound | local_names(node)
            for statement in body_of(node):
                visit(statement, inner)
            return
        if isinstance(node, _COMPREHENSIONS):
            inner = bound
            for generator in node.generators:
                visit(generator.iter, inner)
                inner |= frozenset(stored_names(generator.target))
                for condition in generator.ifs:
                    visit(condition, inner)
            for part in ("elt", "key", "value"):
                if hasattr(node, part):
                    visit(getattr(node, part), inner)
            return
        for child in ast.iter_child_nodes(node):
            visit(child, bound)

    for node in nodes if isinstance(nodes, list) else [nodes]:
        visit(node, frozenset())
    return list(names)


@functools.lru_cache(maxsize=4096)
def caller_at(filename: str, line: int, name: str) -> Callable[..., Any]:
    """A function that calls its first argument, whose frame is the given line of a user's file.

    JAX's source information and tracebacks then show the user's line, not the interpreter's.
    """
    code = compile("\n" * max(line - 1, 0) + "lambda f, a, k: f(*a, **k)", filename, "eval")
    function = eval(code)
    namespace = {"__builtins__": builtins, "__name__": name}
    return FunctionType(function.__code__.replace(co_name=name, co_qualname=name), namespace)
