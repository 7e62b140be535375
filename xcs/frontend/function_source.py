"""From a code object to its syntax tree, by way of a parsed-once cache of source files."""

from __future__ import annotations

import ast
import functools
import linecache
import sysconfig
import threading
import types
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTION_NODES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

_MAX_LINES: Final = 30_000
_MAX_FILES: Final = 512


@dataclass
class SourceFile:
    """One parsed file: its functions by first line, and the function around each function."""

    path: str
    lines: list[str]
    tree: ast.Module
    functions: dict[int, list[FunctionNode]] = field(default_factory=dict)
    enclosing: dict[FunctionNode, FunctionNode | None] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    """What later analyses have found out about the file, by analysis."""

    def __post_init__(self) -> None:
        self._index(self.tree, None)

    def _index(self, node: ast.AST, around: FunctionNode | None) -> None:
        for child in ast.iter_child_nodes(node):
            inner = around
            if isinstance(child, FUNCTION_NODES):
                self.functions.setdefault(_first_line(child), []).append(child)
                self.enclosing[child] = around
                inner = child
            self._index(child, inner)


@dataclass(frozen=True)
class FunctionSource:
    """A function's syntax tree and the file that holds it."""

    node: FunctionNode
    file: SourceFile

    def scope_binding(self, name: str) -> FunctionNode | None:
        """The enclosing function that binds a free variable; None for the module."""
        scope = self.file.enclosing[self.node]
        while scope is not None and name not in bound_names(scope):
            scope = self.file.enclosing[scope]
        return scope


_files: dict[str, SourceFile | None] = {}
_lock = threading.Lock()
_bound: weakref.WeakKeyDictionary[FunctionNode, frozenset[str]] = weakref.WeakKeyDictionary()


def function_source(code: types.CodeType) -> FunctionSource | None:
    """The syntax tree that ``code`` was compiled from, or None where it cannot be told."""
    file = source_file(code.co_filename)
    if file is None:
        return None
    candidates = [
        node
        for node in file.functions.get(code.co_firstlineno, ())
        if _name(node) == code.co_name and _same_parameters(node, code)
    ]
    if len(candidates) > 1:
        candidates = [node for node in candidates if _covers(node, code)]
    return FunctionSource(candidates[0], file) if len(candidates) == 1 else None


def source_file(path: str) -> SourceFile | None:
    """Parse a file once; files that changed since are read as they were when first seen."""
    if path in _files:
        return _files[path]
    lines = linecache.getlines(path)
    file = None
    if lines and len(lines) <= _MAX_LINES:
        try:
            file = SourceFile(path, lines, ast.parse("".join(lines)))
        except (SyntaxError, ValueError, RecursionError):
            file = None
    # A file that could not be read now may appear later (a notebook cell, a test's temporary).
    if file is not None:
        with _lock:
            if len(_files) >= _MAX_FILES:
                _files.clear()
            _files[path] = file
    return file


def bound_names(node: FunctionNode) -> frozenset[str]:
    """The local variables of a function: parameters, and whatever its own statements bind."""
    found = _bound.get(node)
    if found is None:
        found = _bound[node] = _bound_names(node)
    return found


def parameters(node: FunctionNode) -> list[ast.arg]:
    """All parameters, in the order of a code object's ``co_varnames``."""
    args = node.args
    extra = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


def own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes inside it."""
    stack: list[ast.AST] = list(node.body) if isinstance(node.body, list) else [node.body]
    while stack:
        current = stack.pop()
        yield current
        if not isinstance(current, (*FUNCTION_NODES, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(current))


@functools.lru_cache(maxsize=4096)
def is_library(path: str) -> bool:
    """True for the standard library, installed packages and generated code."""
    if path.startswith("<") or "site-packages" in path or "dist-packages" in path:
        return True
    roots = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    return any(root and path.startswith(root) for root in roots)


def _bound_names(node: FunctionNode) -> frozenset[str]:
    names = {arg.arg for arg in parameters(node)}
    outer: set[str] = set()
    for inner in own_nodes(node):
        match inner:
            case ast.Global(names=declared) | ast.Nonlocal(names=declared):
                outer.update(declared)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
            case ast.MatchMapping(rest=str(name)):
                names.add(name)
    return frozenset(names - outer)


def _name(node: FunctionNode) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _first_line(node: FunctionNode) -> int:
    """As ``co_firstlineno`` counts: from the first decorator."""
    if isinstance(node, ast.Lambda) or not node.decorator_list:
        return node.lineno
    return node.decorator_list[0].lineno


def _same_parameters(node: FunctionNode, code: types.CodeType) -> bool:
    """Private names are mangled in code objects, so compare by ending."""
    names = [arg.arg for arg in parameters(node)]
    compiled = code.co_varnames[: len(names)]
    return len(compiled) == len(names) and all(
        own == name or (name.startswith("__") and own.endswith(name))
        for own, name in zip(compiled, names, strict=True)
    )


def _covers(node: FunctionNode, code: types.CodeType) -> bool:
    """Whether the code's instructions all come from the node's body (for lambdas on one line)."""
    body = node.body[0] if isinstance(node.body, list) else node.body
    last = node.body[-1] if isinstance(node.body, list) else node.body
    start, end = (body.lineno, body.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)
    positions = [
        (line, column, end_line, end_column)
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, column, end_line, end_column) and end_column
    ]
    if not positions:
        return False
    inside = all(
        start <= (line, column) and (end_line, end_column) <= end
        for line, column, end_line, end_column in positions
    )
    # Of two lambdas, one inside the other, the code of the inner one reaches neither end.
    return inside and any((line, column) == start for line, column, _, _ in positions)
