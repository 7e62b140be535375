"""Names in a syntax tree: which ones code binds, and which it reads from outside."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTION_NODES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*FUNCTION_NODES, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def parameter_names(arguments: ast.arguments) -> tuple[str, ...]:
    """Names in the order of a code object's variables: positional, keyword-only, ``*``, ``**``."""
    return tuple(argument.arg for argument in parameters(arguments))


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters, in the order of a code object's variables."""
    extra = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def body_of(node: FunctionNode) -> list[ast.stmt]:
    """The statements of a function; a lambda's is a return."""
    if isinstance(node, ast.Lambda):
        return [ast.copy_location(ast.Return(node.body), node.body)]
    return node.body


def stored_names(nodes: list[ast.stmt] | ast.AST) -> list[str]:
    """Names that the code binds in its own scope, in order of appearance."""
    names: dict[str, None] = {}

    def visit(node: ast.AST) -> None:
        if (name := bound_name(node)) is not None:
            names[name] = None
        for child in _own_scope_children(node):
            visit(child)

    for node in nodes if isinstance(nodes, list) else [nodes]:
        visit(node)
    return list(names)


def bound_name(node: ast.AST) -> str | None:
    """The name that a node itself binds, or unbinds; its children may bind others."""
    match node:
        case (
            ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            return name
        case ast.alias(name=name, asname=alias):
            return alias or name.partition(".")[0]
    return None


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


def _own_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and all inside them that belong to the same scope."""
    for node in nodes:
        yield node
        yield from _own_scope(_own_scope_children(node))


@functools.lru_cache(maxsize=4096)
def local_names(node: FunctionNode) -> frozenset[str]:
    """Parameters and names that the function binds, less those declared global or nonlocal."""
    body = body_of(node)
    declared = {
        name
        for child in _own_scope(body)
        if isinstance(child, ast.Global | ast.Nonlocal)
        for name in child.names
    }
    return frozenset(parameter_names(node.args)) | (frozenset(stored_names(body)) - declared)


def _evaluated_by_definition(node: FunctionNode) -> Iterator[ast.expr]:
    """What is evaluated when the function is defined: decorators, defaults and annotations."""
    yield from (d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None)
    if not isinstance(node, ast.Lambda):
        yield from node.decorator_list
        annotations = (*(p.annotation for p in parameters(node.args)), node.returns)
        yield from (a for a in annotations if a is not None)


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
            for part in _evaluated_by_definition(node):
                visit(part, bound)
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
