"""Functions that are array code through and through, whose capture is JAX's own trace.

Other functions are instrumented to find operators in them, and to guard what they read from
outside. Where every name in a function leads to JAX, to a pure builtin, to an immutable value or to
another such function, there is nothing to find, and what it reads is known from its source. Such a
function is traced as it stands, at JAX's own speed.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

import jax
from jax.core import Tracer

from xcs.frontend.abstract_values import is_constant
from xcs.frontend.classification import CALLBACK
from xcs.frontend.classify import Classification, classify, classify_with
from xcs.frontend.guards import MISSING, Guards, is_small_array
from xcs.frontend.interpretation.lookup import remembers
from xcs.frontend.names import loaded_names, local_names
from xcs.frontend.source import function_node, is_library, own_nodes
from xcs.frontend.unsupported import Unsupported

SEES_ITS_FRAME = (locals, globals, vars, eval, exec, super, dir)
"""Builtins that depend on the function that calls them, rather than on their arguments."""

_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, range, type(Ellipsis))
_NUMERIC = frozenset({"builtins", "jax", "jaxlib", "math", "ml_dtypes", "numpy", "operator"})
"""Packages whose classes are types of numbers, arrays and errors."""


def array_code_guards(
    function: types.FunctionType, arguments: Mapping[str, Any] | None = None
) -> Guards | None:
    """What a function of array code alone assumes of the world; None for every other function.

    `arguments` are what it is called with, by parameter: traced arrays, and static values.
    """
    if not _is_array_code(classify(function, strict=True)):
        if arguments is None or not _is_array_code(classify_with(function, arguments)):
            return None
    survey = Survey()
    taken = arguments is None or survey.takes_arguments(arguments)
    return survey.guards if taken and survey.takes(function) else None


def _is_array_code(what: Classification) -> bool:
    if what.effects != "pure" or what.mutates_args or what.reads:
        return False
    return "operator" not in what.reaches


def is_array_data(values: Any) -> bool:
    """Whether arguments hold traced arrays and constants only, and at least one array."""
    leaves = jax.tree_util.tree_leaves(values)
    return any(isinstance(leaf, Tracer) for leaf in leaves) and all(
        isinstance(leaf, (Tracer, *_CONSTANTS)) for leaf in leaves
    )


class Survey:
    """A walk over a function and those that it names, which notes what they read from outside.

    It goes on where something is not array code, so that `guards` have all that can be known.
    """

    def __init__(self) -> None:
        self.guards = Guards()
        self._seen: set[types.FunctionType | type] = set()

    def takes_arguments(self, arguments: Mapping[str, Any]) -> bool:
        """Whether arguments are traced arrays and array code, in containers of any kind."""
        leaves, tree = jax.tree_util.tree_flatten(arguments)
        values = [leaf for leaf in leaves if not isinstance(leaf, Tracer)]
        values += [part for value in arguments.values() for part in _static_functions(value)]
        taken = _every(map(self._takes_value, values))
        return _every(map(self._takes_class, _classes_in(tree))) and taken

    def takes(self, function: types.FunctionType) -> bool:
        """Whether the function, and all that it names, is array code."""
        if function in self._seen:
            return True
        self._seen.add(function)
        try:
            tree = function_node(function)
        except Unsupported:
            return False
        uses = _outside_uses(tree)
        if uses is None or not self._takes_defaults(function):
            return False
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            self.guards.attribute(function, part, getattr(function, part))
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        return _every(self._takes_use(use, function.__globals__, cells) for use in uses)

    def _takes_defaults(self, function: types.FunctionType) -> bool:
        defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
        return _every(map(self._takes_value, defaults))

    def _takes_use(
        self, use: tuple[str, ...], namespace: dict[str, Any], cells: dict[str, types.CellType]
    ) -> bool:
        """Whether a name, or an attribute of a module, is array code; guards what it is."""
        name, *attributes = use
        if (cell := cells.get(name)) is not None:
            try:
                value = cell.cell_contents
            except ValueError:
                return False
            self.guards.cell(cell, value)
        else:
            value = namespace.get(name, MISSING)
            self.guards.name(namespace, name, value)
            if value is MISSING:
                value = getattr(builtins, name, MISSING)
        for attribute in attributes:
            if not isinstance(value, types.ModuleType):
                break  # a part of a value that is immutable, or of a class of a numeric package
            owner, value = value, getattr(value, attribute, MISSING)
            if not is_library_module(owner):
                self.guards.attribute(owner, attribute, value)
        return self._takes_value(value)

    def _takes_value(self, value: Any) -> bool:
        if isinstance(value, _CONSTANTS) or is_constant(value):
            return True
        if isinstance(value, tuple | frozenset):
            return _every(map(self._takes_value, value))
        if is_small_array(value):
            self.guards.content(value)
            return True
        if isinstance(value, types.ModuleType | Tracer):
            return False  # a module as a value; a trace that is not this one
        if isinstance(value, types.SimpleNamespace):
            return value is jax.checkpoint_policies
        if isinstance(value, type):
            return value is partial or is_numeric(value) or self._takes_class(value)
        if isinstance(value, types.FunctionType):
            value = _without_jit(value)
            if not is_library(value.__code__.co_filename):
                return self.takes(value)
            if isinstance(inner := getattr(value, "__wrapped__", None), types.FunctionType):
                self.takes(inner)  # a function that JAX has transformed
        if not callable(value) or any(value is function for function in SEES_ITS_FRAME):
            return False
        if remembers(value):
            return False  # it would keep traced arrays
        if isinstance(value, types.BuiltinMethodType) and _may_change(value.__self__):
            return False  # a method of a list, say, which is read when it is called
        what = classify(value, strict=True)
        if CALLBACK in what.writes:
            return True  # JAX keeps its effects
        return what.effects == "pure" and not what.mutates_args and not what.reads

    def _takes_class(self, cls: type) -> bool:
        """Whether all that a class and those that it derives from define is array code.

        Data in a class is left to `classify`, which knows whether it may change.
        """
        if cls in self._seen:
            return True
        self._seen.add(cls)
        own = [base for base in cls.__mro__ if not is_library_class(base)]
        parts = [(base, name, part) for base in own for name, part in vars(base).items()]
        return _every(self._takes_method(*part) for part in parts)

    def _takes_method(self, cls: type, name: str, part: Any) -> bool:
        self.guards.attribute(cls, name, part)
        function = part.fget if isinstance(part, property) else getattr(part, "__func__", part)
        if isinstance(function, types.FunctionType):
            function = _without_jit(function)
            return is_library(function.__code__.co_filename) or self.takes(function)
        return not callable(function) or isinstance(function, type) or self._takes_value(function)


def _every(taken: Iterable[bool]) -> bool:
    """Whether all are true. Unlike `all`, it looks at each, for what is guarded on the way."""
    return all(list(taken))


def _classes_in(tree: Any) -> Iterator[type]:
    """The classes of the containers in a pytree."""
    if (node := tree.node_data()) is not None:
        yield node[0]
    for child in tree.children():
        yield from _classes_in(child)


def _static_functions(value: Any) -> Iterator[Any]:
    """The functions that a dataclass holds beside its data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, item.name, None) for item in dataclasses.fields(value)]
        yield from (part for part in parts if isinstance(part, types.FunctionType))
        for part in parts:
            yield from _static_functions(part)


def _may_change(receiver: Any) -> bool:
    return not isinstance(receiver, types.ModuleType | type) and not is_constant(receiver)


def is_numeric(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in _NUMERIC


def _without_jit(function: types.FunctionType) -> types.FunctionType:
    """The function behind one that xcs jitted: under a trace it is array code or nothing."""
    inner = getattr(function, "__wrapped__", None)
    jitted = hasattr(function, "__xcs_jit__") and isinstance(inner, types.FunctionType)
    return inner if jitted else function  # type: ignore[return-value]


def is_library_class(cls: type) -> bool:
    module = sys.modules.get(cls.__module__)
    return module is not None and is_library_module(module)


def is_library_module(module: types.ModuleType) -> bool:
    """Whether it is installed code, whose functions nobody replaces while it runs."""
    if (path := getattr(module, "__file__", None)) is not None:
        return is_library(path)
    # It is part of Python, or of an extension: an interactive session has no file either.
    package = module.__name__.partition(".")[0]
    if package in sys.stdlib_module_names or package == module.__name__:
        return package in sys.stdlib_module_names
    return package in sys.modules and is_library_module(sys.modules[package])


@lru_cache(maxsize=4096)
def _outside_uses(tree: Any) -> frozenset[tuple[str, ...]] | None:
    """What a function reads from outside: names, and dotted names as far as they may be modules'.

    None for syntax that rebinds what is outside, or that leaves the function unfinished.
    """
    if isinstance(tree, ast.AsyncFunctionDef):
        return None
    refused = (ast.Global, ast.Nonlocal, ast.Await, ast.ClassDef, ast.Import, ast.ImportFrom)
    if any(isinstance(node, refused) for node in ast.walk(tree)):
        return None
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(tree)):
        return None
    body = tree.body if isinstance(tree.body, list) else [tree.body]
    names = set(loaded_names(body)) - local_names(tree)
    return frozenset(_dotted(body, names))


def _dotted(nodes: Iterable[ast.AST], names: set[str]) -> Iterator[tuple[str, ...]]:
    for node in nodes:
        chain: list[str] = []
        base: ast.AST = node
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            if base.id in names:
                yield (base.id, *reversed(chain))
        else:
            yield from _dotted(ast.iter_child_nodes(base), names)
