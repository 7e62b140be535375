"""Which variables matter outside of a statement, by their names in the source."""

from __future__ import annotations

import ast
import functools

from xcs.frontend.names import loaded_names, stored_names


@functools.lru_cache(maxsize=8192)
def read_outside(function: ast.AST, statement: ast.AST) -> frozenset[str]:
    """Names that a function reads in other places than inside a statement."""
    inside = set(map(id, ast.walk(statement)))
    return frozenset(
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
        and (isinstance(node.ctx, ast.Load | ast.Del) or _augmented(function, node))
        and id(node) not in inside
    )


def _augmented(function: ast.AST, name: ast.Name) -> bool:
    return id(name) in _augmented_names(function)


@functools.lru_cache(maxsize=2048)
def _augmented_names(function: ast.AST) -> frozenset[int]:
    return frozenset(
        id(node.target)
        for node in ast.walk(function)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    )


@functools.lru_cache(maxsize=8192)
def read_before_written(loop: ast.For | ast.AsyncFor | ast.While) -> frozenset[str]:
    """Names whose value at the start of an iteration the iteration may read."""
    assigned: set[str] = set()
    exposed: set[str] = set()
    if isinstance(loop, ast.While):
        exposed.update(loaded_names(loop.test))
        assigned.update(stored_names(loop.test))
    else:
        assigned.update(stored_names(loop.target))
        exposed.update(set(loaded_names(loop.target)) - assigned)
    _scan(loop.body, assigned, exposed)
    return frozenset(exposed)


def _scan(body: list[ast.stmt], assigned: set[str], exposed: set[str]) -> bool:
    """Walk statements in order; adds to both sets. Whether control may pass to what follows."""
    for statement in body:
        match statement:
            case ast.If(test=test, body=then, orelse=orelse):
                _read(test, assigned, exposed)
                one, two = set(assigned), set(assigned)
                first, second = _scan(then, one, exposed), _scan(orelse, two, exposed)
                assigned |= one & two if first and second else (one if first else two)
                if not (first or second):
                    return False
            case ast.Assign() | ast.AnnAssign() | ast.Expr():
                _read(statement, assigned, exposed)
                assigned |= set(stored_names(statement))
            case ast.With(items=items, body=inner):
                for item in items:
                    _read(item.context_expr, assigned, exposed)
                    if item.optional_vars is not None:
                        assigned |= set(stored_names(item.optional_vars))
                _scan(inner, set(assigned), exposed)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                _read(statement, assigned, exposed)
                assigned.add(statement.name)
            case ast.Try(body=inner, handlers=handlers, orelse=orelse, finalbody=final):
                tried = set(assigned)
                _scan(inner, tried, exposed)
                _scan(orelse, tried, exposed)
                ends = [tried]
                for handler in handlers:
                    if handler.type is not None:
                        _read(handler.type, assigned, exposed)
                    caught = assigned | ({handler.name} if handler.name else set())
                    if _scan(handler.body, caught, exposed):
                        ends.append(caught)
                assigned |= set.intersection(*ends)
                _scan(final, assigned, exposed)
            case ast.For(target=target, iter=iterable, body=inner, orelse=orelse):
                _read(iterable, assigned, exposed)
                _scan(inner, assigned | set(stored_names(target)), exposed)
                _scan(orelse, set(assigned), exposed)
            case ast.While(test=test, body=inner, orelse=orelse):
                _read(test, assigned, exposed)
                _scan(inner, set(assigned), exposed)
                _scan(orelse, set(assigned), exposed)
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                _read(statement, assigned, exposed)
                return False
            case _:
                _read(statement, assigned, exposed)
                for child in ast.walk(statement):
                    if isinstance(child, ast.AugAssign) and isinstance(child.target, ast.Name):
                        exposed |= {child.target.id} - assigned
    return True


def _read(node: ast.AST, assigned: set[str], exposed: set[str]) -> None:
    exposed |= set(loaded_names(node)) - assigned
