"""From a function to its syntax tree, by way of a parsed-once cache of source files."""

from __future__ import annotations

import ast
import functools
import linecache
import sysconfig
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from xcs.frontend.names import FUNCTION_NODES, FunctionNode, local_names, parameter_names
from xcs.frontend.unsupported import Unsupported

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
        while scope is not None and name not in local_names(scope):
            scope = self.file.enclosing[scope]
        return scope


_files: dict[str, SourceFile] = {}
_lock = threading.Lock()


def function_node(function: types.FunctionType) -> FunctionNode:
    """The syntax tree of a function, with the lines of its file. Raises `Unsupported`."""
    return _locate(function.__code__, function.__globals__).node


def function_source(function: types.FunctionType) -> FunctionSource | None:
    """The syntax tree of a function and the file around it, or None where it cannot be told."""
    try:
        return _locate(function.__code__, function.__globals__)
    except Unsupported:
        return None


def _locate(code: types.CodeType, namespace: dict[str, Any]) -> FunctionSource:
    # All that `exec` and `eval` are given goes by one name, and Python 3.13 keeps the text of
    # ``python -c`` under it, which the function's code may not come from.
    unnamed = code.co_filename == "<string>"
    lines = [] if unnamed else linecache.getlines(code.co_filename, namespace)
    if not lines:
        raise Unsupported(f"no source for {code.co_qualname} ({code.co_filename})")
    file = _parsed(code.co_filename, lines)
    candidates = [
        node
        for node in file.functions.get(code.co_firstlineno, ())
        if _name(node) == code.co_name and _same_parameters(node, code)
    ]
    if len(candidates) > 1:
        candidates = [node for node in candidates if _covers(node, code)]
    if len(candidates) != 1:
        raise Unsupported(
            f"the source of {code.co_qualname} was not found at "
            f"{code.co_filename}:{code.co_firstlineno}; has the file changed?"
        )
    return FunctionSource(candidates[0], file)


def source_file(path: str) -> SourceFile | None:
    """A file by its path, parsed once; None if it cannot be read or parsed."""
    lines = linecache.getlines(path)
    try:
        return _parsed(path, lines) if lines else None
    except Unsupported:
        return None


def _parsed(path: str, lines: list[str]) -> SourceFile:
    """The file of these lines. `linecache` gives the same list until the file was read again."""
    known = _files.get(path)
    if known is not None and known.lines is lines:
        return known
    if len(lines) > _MAX_LINES:
        raise Unsupported(f"{path} is too long to be analysed")
    try:
        file = SourceFile(path, lines, ast.parse("".join(lines), path))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unsupported(f"{path} does not parse: {error}") from error
    with _lock:
        if len(_files) >= _MAX_FILES:
            _files.clear()
        _files[path] = file
    return file


def own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes inside it."""
    stack: list[ast.AST] = list(node.body) if isinstance(node.body, list) else [node.body]
    while stack:
        current = stack.pop()
        yield current
        if not isinstance(current, (*FUNCTION_NODES, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(current))


looked_into: set[str] = set()
"""Files of this package whose functions are programs, as those of users are."""


@functools.lru_cache(maxsize=4096)
def is_library(path: str) -> bool:
    """True for the standard library, installed packages and generated code."""
    if path in looked_into:
        return False
    if path.startswith("<") or "site-packages" in path or "dist-packages" in path:
        return True
    roots = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    return any(root and path.startswith(root) for root in roots)


def _name(node: FunctionNode) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _first_line(node: FunctionNode) -> int:
    """As ``co_firstlineno`` counts: from the first decorator."""
    if isinstance(node, ast.Lambda) or not node.decorator_list:
        return node.lineno
    return node.decorator_list[0].lineno


def _same_parameters(node: FunctionNode, code: types.CodeType) -> bool:
    """Private names are mangled in code objects, so compare by ending."""
    names = parameter_names(node.args)
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
