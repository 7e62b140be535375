"""Attributes that only remember what was computed from their object: filled in on first use.

Filling one in changes nothing that anybody can see, as long as computing the value has no effects:
``if self._key is None: self._key = key_of(self.version)``.
"""

from __future__ import annotations

import ast
from typing import Final

from xcs.frontend.names import FunctionNode, local_names, parameter_names
from xcs.frontend.shared_state import shared_state
from xcs.frontend.source import SourceFile, own_nodes

_CONSTRUCTORS: Final = frozenset({"__init__", "__new__", "__setstate__", "__post_init__"})


def remembered_attributes(file: SourceFile) -> frozenset[str]:
    """The private attributes that a file stores to only where they are found to be None.

    No code of the file looks at one in any other way than to see whether it is there.
    """
    return frozenset(store.attr for store in remembering_stores(file))


def remembering_stores(file: SourceFile) -> frozenset[ast.Attribute]:
    """The targets of the stores that fill in such attributes."""
    found = file.facts.get("remembering stores")
    if not isinstance(found, frozenset):
        found = frozenset(_scan(file))
        file.facts["remembering stores"] = found
    return found


def _scan(file: SourceFile) -> set[ast.Attribute]:
    stores: dict[ast.Attribute, FunctionNode] = {}
    refused: set[str] = set()
    rebound: set[tuple[str, frozenset[str]]] = set()
    """Attributes, and what the function that stores to one forgets."""
    for function in file.enclosing:
        if isinstance(function, ast.Lambda):
            refused |= {n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute)}
            continue
        tested = _tested(function)
        made = getattr(function, "name", "") in _CONSTRUCTORS
        forgotten = _stored_none(function)
        exempt = forgotten | _copied(function)
        reset = frozenset(node.attr for node in forgotten)
        for node in own_nodes(function):
            if not isinstance(node, ast.Attribute):
                continue
            own = _is_first_parameter(node.value, function)
            loaded = isinstance(node.ctx, ast.Load)
            if own and not loaded and not made:
                rebound.add((node.attr, reset))
            if node in exempt:
                continue
            if loaded:
                if node.attr not in tested and not made:
                    refused.add(node.attr)
            elif made and own:
                continue
            elif node.attr in tested and _depends_on_base_alone(node, function):
                stores[node] = function
            else:
                refused.add(node.attr)
    kept = {node for node in stores if node.attr.startswith("_") and node.attr not in refused}
    names = {node.attr for node in kept}
    changed = shared_state(file).changed_attributes
    return {
        node
        for node in kept
        if not _reads(
            file,
            stores[node],
            node.value,
            (changed | {name for name, reset in rebound if node.attr not in reset}) - names,
        )
    }


def _reads(file: SourceFile, function: FunctionNode, base: ast.expr, changing: set[str]) -> bool:
    """Whether the function may look at what changes in the object that it computes from."""
    if not changing:
        return False
    methods = {getattr(other, "name", "") for other in file.enclosing}
    same = base.id if isinstance(base, ast.Name) else ""
    for node in own_nodes(function):
        match node:
            case ast.Attribute(value=ast.Name(id=holder), attr=name, ctx=ast.Load()):
                if holder == same and name in changing | methods:
                    return True
            case ast.Call(args=args, keywords=keywords):
                given = [*args, *(keyword.value for keyword in keywords)]
                if any(isinstance(each, ast.Name) and each.id == same for each in given):
                    return True
    return False


def _tested(function: FunctionNode) -> set[str]:
    """Attributes that the function compares with None, by themselves or under a local name."""
    aliases: dict[str, str] = {}
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=targets, value=ast.Attribute(attr=attribute)):
                aliases |= {t.id: attribute for t in targets if isinstance(t, ast.Name)}
    found: set[str] = set()
    for node in own_nodes(function):
        match node:
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot()], comparators=[other]):
                if not (isinstance(other, ast.Constant) and other.value is None):
                    continue
                left = left.value if isinstance(left, ast.NamedExpr) else left
                if isinstance(left, ast.Attribute):
                    found.add(left.attr)
                elif isinstance(left, ast.Name) and left.id in aliases:
                    found.add(aliases[left.id])
    return found


def _stored_none(function: FunctionNode) -> set[ast.Attribute]:
    """The targets to which the function stores None."""
    return {
        target
        for node in own_nodes(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Attribute) and node.value.value is None
    }


def _copied(function: FunctionNode) -> set[ast.Attribute]:
    """Both sides of ``copy._key = self._key``: a copy knows what its original knows."""
    found: set[ast.Attribute] = set()
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Attribute() as value):
                if target.attr == value.attr:
                    found |= {target, value}
    return found


def _is_first_parameter(base: ast.expr, function: FunctionNode) -> bool:
    names = parameter_names(function.args)
    return isinstance(base, ast.Name) and bool(names) and base.id == names[0]


def _depends_on_base_alone(target: ast.Attribute, function: FunctionNode) -> bool:
    """Whether what is stored is computed from the very object that it is stored to."""
    base = target.value
    if not isinstance(base, ast.Name):
        return False
    names = parameter_names(function.args)
    if names == (base.id,):
        return True
    for node in own_nodes(function):
        if isinstance(node, ast.Assign) and target in node.targets:
            used = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            return not (used & local_names(function)) - {base.id}
    return False
