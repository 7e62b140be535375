"""Which shared variables a source file ever changes: what lets a read of the others be harmless.

The scan is by name, once per file. It sees stores, deletions and calls of changing methods inside
functions. Code at module level is left out: it has run by the time anything is classified.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Final

from xcs.frontend.names import FunctionNode, local_names
from xcs.frontend.source import SourceFile, own_nodes

ACCUMULATING_METHODS: Final = frozenset({"append", "extend", "add", "appendleft", "extendleft"})
"""Method names that put something into a collection and tell nothing about what was there."""

CHANGING_METHODS: Final = ACCUMULATING_METHODS | {
    "__delitem__", "__setattr__", "__setitem__", "clear", "difference_update", "discard", "fill",
    "insert", "intersection_update", "move_to_end", "pop", "popitem", "popleft", "put", "remove",
    "resize", "reverse", "rotate", "setdefault", "sort", "subtract", "symmetric_difference_update",
    "truncate", "update", "write", "writelines",
}  # fmt: skip
"""Method names of builtin collections and files that change their receiver."""

_CONSTRUCTORS: Final = frozenset(
    {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"}
)

Scope = FunctionNode | None
"""The function that binds a variable; None for the module."""


@dataclass
class SharedState:
    """The variables and attributes that some function of a file rebinds, or changes in place."""

    rebound: set[tuple[Scope, str]] = field(default_factory=set)
    changed: set[tuple[Scope, str]] = field(default_factory=set)
    rebound_attributes: set[str] = field(default_factory=set)
    rebound_on_classes: set[str] = field(default_factory=set)
    """Those of them that are stored through something other than a local variable."""
    changed_attributes: set[str] = field(default_factory=set)

    def note_store(self, target: ast.expr, names: _Names, *, constructor: bool) -> None:
        """Record an assignment, augmented assignment or deletion."""
        match target:
            case ast.Name(id=name):
                if name not in names.own:
                    self.rebound.add((names.scope_of(name), name))
            case ast.Attribute(attr=attribute, value=base):
                own = constructor and isinstance(base, ast.Name) and base.id in names.own
                if not own:
                    self.rebound_attributes.add(attribute)
                    if not (isinstance(base, ast.Name) and base.id in names.own - {"cls"}):
                        self.rebound_on_classes.add(attribute)
                    self.note_change(base, names, constructor=constructor)
            case ast.Subscript(value=base):
                self.note_change(base, names, constructor=constructor)
            case ast.Starred(value=inner):
                self.note_store(inner, names, constructor=constructor)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self.note_store(element, names, constructor=constructor)

    def note_change(self, base: ast.expr, names: _Names, *, constructor: bool) -> None:
        """Record that the object named by ``base`` is changed in place."""
        match base:
            case ast.Name(id=name):
                self.changed.add((names.scope_of(name), name))
            case ast.Attribute(attr=attribute):
                if not constructor:
                    self.changed_attributes.add(attribute)
            case ast.Subscript(value=inner):
                self.note_change(inner, names, constructor=constructor)


@dataclass(frozen=True)
class _Names:
    """How one function's names resolve."""

    node: FunctionNode
    file: SourceFile

    @property
    def own(self) -> frozenset[str]:
        return local_names(self.node)

    def scope_of(self, name: str) -> Scope:
        scope: Scope = self.node
        while scope is not None and name not in local_names(scope):
            scope = self.file.enclosing[scope]
        return scope


def shared_state(file: SourceFile) -> SharedState:
    """The scan of one file, made on first use and kept with the file."""
    state = file.facts.get("shared state")
    if not isinstance(state, SharedState):
        state = SharedState()
        for node in file.enclosing:
            _scan(node, file, state)
        file.facts["shared state"] = state
    return state


def _scan(function: FunctionNode, file: SourceFile, state: SharedState) -> None:
    names = _Names(function, file)
    constructor = getattr(function, "name", "") in _CONSTRUCTORS
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                for target in targets:
                    state.note_store(target, names, constructor=constructor)
            case ast.AugAssign(target=target):
                state.note_store(target, names, constructor=constructor)
                if isinstance(target, ast.Attribute) and not constructor:
                    state.changed_attributes.add(target.attr)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                state.note_store(target, names, constructor=constructor)
            case (
                ast.For(target=target) | ast.AsyncFor(target=target) | ast.NamedExpr(target=target)
            ):
                state.note_store(target, names, constructor=constructor)
            case ast.withitem(optional_vars=ast.expr() as target):
                state.note_store(target, names, constructor=constructor)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                state.note_store(ast.Name(name), names, constructor=constructor)
            case ast.Call(func=ast.Attribute(value=base, attr=method)):
                if method in CHANGING_METHODS:
                    state.note_change(base, names, constructor=constructor)
            case ast.Call(func=ast.Name(id="setattr" | "delattr" | "next"), args=[base, *_]):
                state.note_change(base, names, constructor=constructor)
