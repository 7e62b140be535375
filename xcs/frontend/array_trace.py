"""Functions of array code, traced by running them: what they read and call is seen on the way.

A function that is array code through and through is traced as it stands (`array_code`). Of any
other, an instrumented copy runs while JAX traces, and so does one of each function of the user's
that it calls or hands to JAX. The hooks are an `ArrayTrace`: what is read from outside is guarded,
only what the trace has made may be changed, and a call that does more than compute ends it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import operator
import os
import sys
import types
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import jax
import numpy as np
from jax.core import Tracer
from jax.extend import source_info_util
from jax.extend.core import ClosedJaxpr

from xcs.frontend.abstract_values import is_code, is_constant
from xcs.frontend.arguments import NUMBERS, leaves_of, rebuilt
from xcs.frontend.array_code import (
    SEES_ITS_FRAME,
    Survey,
    array_code_guards,
    is_array_data,
    is_library_class,
    is_library_module,
    is_numeric,
)
from xcs.frontend.array_packages import is_of_array_package, takes_function, watching
from xcs.frontend.classification import CALLBACK, Classification
from xcs.frontend.classify import classify, classify_given_to_jax
from xcs.frontend.detectors.marks import own_mark
from xcs.frontend.facts import CHANGING_METHODS
from xcs.frontend.guards import MISSING, Guards, collecting, is_small_array
from xcs.frontend.instrument import (
    ATTRIBUTE,
    BINARY,
    CALL,
    CAUGHT,
    CELL,
    CHANGED,
    CONTEXT,
    DECORATOR,
    GLOBAL,
    IN_PLACE,
    MADE,
    MATCHED,
    SHOWN,
    SLICE,
    UPDATED,
    instrumented_code,
    is_instrumented,
)
from xcs.frontend.interpretation.lookup import class_attribute, remembers
from xcs.frontend.source import is_library
from xcs.frontend.unsupported import Unsupported
from xcs.frontend.written_arguments import (
    CannotWrite,
    Leaves,
    Place,
    changes,
    leaves_before,
    owner_of,
    write,
)

source_info_util.register_exclusion(__file__)


class NotArrays(Exception):
    """The function does more than array code, so it is not one kernel."""


@dataclass(frozen=True)
class Results:
    """The structure of what a function returns: arrays, and other values that are always the same.

    `constants` has each such value in a tuple, and None in the place of an array. After the arrays
    that are returned come those that are written to the places `written`.
    """

    tree: Any
    constants: tuple[tuple[Any] | None, ...]
    written: tuple[Place, ...] = ()

    @property
    def are_arrays(self) -> bool:
        """Whether arrays are returned, and nothing else is done."""
        return not self.written and all(constant is None for constant in self.constants)

    def unflatten(self, arrays: Iterable[Any]) -> Any:
        """What the function returns."""
        rest = iter(arrays)
        leaves = [next(rest) if c is None else c[0] for c in self.constants]
        return jax.tree_util.tree_unflatten(self.tree, leaves)


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Staged:
    """What `jax.jit` returns in place of results that are not all arrays."""

    results: Results
    arrays: Sequence[Any]

    def finished(self, bind: Callable[[], Mapping[str, Any]]) -> Any:
        """What the function returns; arguments, which `bind` gives, are changed as it changes them.

        Raises `NotArrays` where they cannot be.
        """
        if written := self.results.written:
            try:
                write(written, bind(), self.arrays[-len(written) :])
            except CannotWrite as error:
                raise NotArrays(str(error)) from None
        return self.results.unflatten(self.arrays)

    def tree_flatten(self) -> tuple[Sequence[Any], Results]:
        return self.arrays, self.results

    @classmethod
    def tree_unflatten(cls, results: Results, arrays: Sequence[Any]) -> Staged:
        return cls(results, arrays)


def trace_arrays(
    function: types.FunctionType, arguments: Mapping[str, Any], *, keeps_numbers: bool = False
) -> tuple[ClosedJaxpr, Results, Guards]:
    """Trace a function that is array code and nothing else: its jaxpr, its results and guards.

    Numbers that are returned become arrays, as under `jax.jit`, unless `keeps_numbers`. Raises
    `NotArrays` where the function does more, `Unsupported` where it cannot be instrumented.
    """
    guards = Guards()
    trace = ArrayTrace(guards)
    structure: list[Results] = []

    def run(*tracers: Any) -> list[Any]:
        given = rebuilt(arguments, tracers)
        before = leaves_before(given)
        result = trace.run(function, given)
        leaves, tree = jax.tree_util.tree_flatten(result)
        is_data = _is_array if keeps_numbers else _is_numeric
        constants = tuple(None if is_data(v) else (trace.given_back(v),) for v in leaves)
        arrays = [leaf for leaf, c in zip(leaves, constants, strict=True) if c is None]
        trace.check_lists(given, result)
        changed = trace.changes(given, before, result, arrays)
        structure[:] = [Results(tree, constants, tuple(place for place, _ in changed))]
        return [*arrays, *(value for _, value in changed)]

    leaves = leaves_of(arguments)
    with collecting(guards):
        try:
            jaxpr = jax.make_jaxpr(run)(*(leaf.spec for leaf in leaves))
        except Exception:
            if trace.refusal is None:
                raise
        finally:
            trace.close()
    if trace.refusal is not None:
        raise trace.refusal
    if not trace.calls_jax and all(leaf.kind == "number" for leaf in leaves):
        raise NotArrays("numbers without JAX are Python's")
    return jaxpr, structure[0], guards


Rule = Callable[[tuple[Any, ...], dict[str, Any]], Any]
"""How calls of one callable are made, given the arguments."""


class ArrayTrace:
    """One trace: the hooks of instrumented functions, and what they have seen.

    `refusal` is why the function is not array code, once that is known: the code that is traced may
    catch the error. `close` ends it: functions that outlive the trace run as they would without it.
    """

    def __init__(self, guards: Guards) -> None:
        self.guards = guards
        self.calls_jax = False
        self.refusal: NotArrays | Unsupported | None = None
        self._closed = False
        self._implicit = False  # a class of the user's has operators, which run without hooks
        self._own: dict[int, Any] = {}  # objects that the trace has made: these may be changed
        self._given: dict[int, Any] = {}  # containers of the arguments, put together for the trace
        self._outside: dict[int, tuple[Any, Any]] = {}  # objects from outside, and their stand-ins
        self._whole: dict[int, Any] = {}  # objects from outside that are guarded with all they hold
        self._twins: dict[int, tuple[Any, types.FunctionType]] = {}
        self._rules: dict[int, tuple[Any, Rule]] = {}
        self._classes: set[type] = set()
        self._handed_on: dict[int, Any] = {}
        self._readers: dict[int, types.CellType] = {}
        hooks: dict[str, Callable[..., Any]] = {
            CALL: self.call,
            ATTRIBUTE: self.attribute,
            BINARY: self.binary,
            SLICE: self.slice,
            MADE: self.made,
            CHANGED: self.changed,
            UPDATED: self.updated,
            IN_PLACE: self.in_place,
            SHOWN: self.shown,
            CONTEXT: self.context,
            DECORATOR: self.decorator,
            MATCHED: self.matched,
            CAUGHT: self.caught,
        }
        self._hooks = {name: types.CellType(hook) for name, hook in hooks.items()}

    def run(self, function: types.FunctionType, given: Mapping[str, Any]) -> Any:
        """Call the function that is traced, with one argument for each of its parameters."""
        bound = inspect.signature(function).bind_partial()
        if is_array_data(given) and (guards := array_code_guards(function, given)) is not None:
            self.calls_jax = True
            self.guards.update(guards)
            bound.arguments.update(given)
            return function(*bound.args, **bound.kwargs)
        for value in given.values():
            if _holds_tracer(value):  # it was put together for this trace
                self._given.update((id(n), n) for n in _nodes(value) if _is_container(n))
        bound.arguments.update({name: self.outside(value) for name, value in given.items()})
        return self._twin(function)(*bound.args, **bound.kwargs)

    def close(self) -> None:
        """The trace is over: nothing is refused from here on, and nothing is kept."""
        self._closed = True
        for known in (self._own, self._given, self._outside, self._whole):
            known.clear()
        for known in (self._twins, self._rules, self._handed_on):
            known.clear()

    def refuse(self, reason: str) -> None:
        """This is not array code. Raises `NotArrays`, with the line of the user's code."""
        if self._closed:
            return
        if self.refusal is None:
            self.refusal = NotArrays(f"{_place()}: {reason}")
        raise self.refusal

    def check_lists(self, given: Mapping[str, Any], result: Any) -> None:
        """Arguments that hold no arrays, and may change, are not given back as others like them."""
        parts = [part for value in given.values() for part in _whole_arguments(value)]
        lists = {
            id(node): node
            for part in parts
            if not _holds_tracer(part)
            for node in _nodes(part)
            if type(node) in (list, dict)
        }
        if lists and any(id(node) in lists for node in _nodes(result)):
            self.refuse("gives back a list or dict that holds no arrays")

    def changes(
        self, given: Mapping[str, Any], before: Mapping[str, Leaves], result: Any, arrays: list[Any]
    ) -> list[tuple[Place, Any]]:
        """The parts of arguments that were changed, and their values.

        Where a library's objects are changed, and all that is new is returned, this is how the
        caller goes on: as under `jax.jit`, what was passed stays as it was.
        """
        try:
            found = changes(given, before)
        except CannotWrite as error:
            self.refuse(str(error))
            raise
        for place, value in found:
            if not _is_array(value):
                self.refuse(f"changes {place} to a {type(value).__name__}")
        parts, returned = set(map(id, _nodes(result))), set(map(id, arrays))
        is_functional = all(
            id(value) in returned
            and id(given[place.parameter]) not in parts
            and is_of_array_package(owner_of(place, given))
            for place, value in found
        )
        return [] if is_functional else found

    def given_back(self, value: Any) -> Any:
        """A value that is returned and is no array: the same at each call, so it may not change."""
        for original, twin in self._twins.values():
            if value is twin:
                return original
        for original, shown in self._outside.values():
            if value is shown:
                return original
        if isinstance(value, types.FunctionType) and _made_in_trace(value):
            self.refuse(f"returns the function {value.__name__}, which it has made")
        if not (_is_immutable(value) or callable(value)):
            self.refuse(f"returns a new {type(value).__name__}")
        return value

    # --- functions ---

    def _twin(self, function: types.FunctionType) -> types.FunctionType:
        """The instrumented function, which shares the variables of the function."""
        if (known := self._twins.get(id(function))) is not None:
            return known[1]
        try:
            code = instrumented_code(function)
        except Unsupported as error:
            self.refusal = self.refusal or error
            raise self.refusal from None
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            self.guards.attribute(function, part, getattr(function, part))
        own = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        cells = own | self._hooks  # it may have been defined under another trace
        cells[GLOBAL] = self._global_reader(function.__globals__)
        cells[CELL] = types.CellType(functools.partial(self._read_cell, own))
        twin = types.FunctionType(
            code,
            function.__globals__,
            function.__name__,
            tuple(map(self.outside, function.__defaults__ or ())) or None,
            tuple(cells[name] for name in code.co_freevars),
        )
        keywords = function.__kwdefaults__ or {}
        twin.__kwdefaults__ = {name: self.outside(value) for name, value in keywords.items()}
        twin.__dict__.update(function.__dict__)
        twin.__module__, twin.__doc__ = function.__module__, function.__doc__
        self._twins[id(function)] = function, twin
        return twin

    def _global_reader(self, namespace: dict[str, Any]) -> types.CellType:
        if (cell := self._readers.get(id(namespace))) is not None:
            return cell
        known: dict[str, tuple[Any, Any]] = {}

        def read(name: str, value: Any) -> Any:
            found = known.get(name)
            if found is not None and found[0] is value:
                return found[1]
            self.guards.name(namespace, name, value if name in namespace else MISSING)
            shown = self.outside(value)
            known[name] = value, shown
            return shown

        return self._readers.setdefault(id(namespace), types.CellType(read))

    def _read_cell(self, cells: Mapping[str, types.CellType], name: str, value: Any) -> Any:
        self.guards.cell(cells[name], value)
        return self.outside(value)

    # --- what is read ---

    def outside(self, value: Any) -> Any:
        """What stands for a value that was read from outside, whose content is guarded."""
        if _is_fixed(value) or id(value) in self._own or id(value) in self._given:
            return value
        known = self._outside.get(id(value))
        if known is None:
            known = self._outside[id(value)] = value, self._stand_in(value)
        return known[1]

    def _stand_in(self, value: Any) -> Any:
        if isinstance(value, np.ndarray | list | tuple | dict):
            self.guards.content(value)
            return self._copy(value)
        if isinstance(value, bytearray):
            self.refuse("reads a bytearray that may change")
        if isinstance(value, set):
            if not all(map(_is_immutable, value)):
                self.refuse("reads a set that may change")
            self.guards.content(value)
            return value
        if _is_of_user(type(value)):
            self._check_class(type(value))
            if self._implicit:
                self._freeze(value)
        elif is_of_array_package(value):
            self._freeze(value)
        elif hasattr(type(value), "__setitem__"):
            self.refuse(f"reads a {type(value).__name__} that may change")
        return value

    def _copy(self, value: Any) -> Any:
        """A copy where arrays of NumPy are inside.

        JAX remembers what it made of such an array, whatever its content is later.
        """
        if isinstance(value, np.ndarray):
            if not is_small_array(value):
                self.refuse("reads a large NumPy array that may change")
            return value.copy()
        parts = list(value.values()) if isinstance(value, dict) else list(value)
        copies = list(map(self.outside, parts))
        if all(map(operator.is_, parts, copies)):
            return value
        if type(value) is dict:
            return dict(zip(value, copies, strict=True))
        if isinstance(value, tuple) and hasattr(type(value), "_fields"):  # a named tuple
            return tuple.__new__(type(value), copies)
        if type(value) not in (list, tuple):
            self.refuse(f"reads a {type(value).__name__} that holds NumPy arrays")
        return type(value)(copies)

    def _freeze(self, value: Any) -> None:
        """All that the object leads to stays as it is: code that has no hooks reads it."""
        pending, seen = [value], dict[int, Any]()
        while pending and not self._closed:
            current = pending.pop()
            if isinstance(current, types.FunctionType) and not is_instrumented(current.__code__):
                pending += self._closed_over(current)
            if _is_fixed(current) or id(current) in seen or id(current) in self._whole:
                continue
            seen[id(current)] = current
            if len(seen) > _MAX_WHOLE:
                self.refuse("reads an object that holds many others")
            mine = id(current) in self._own or id(current) in self._given
            if not mine:
                self._whole[id(current)] = current
                self.outside(current)
            for name, part in _state(current):
                if name is not None and not mine:
                    self.guards.attribute(current, name, part)
                pending.append(part)

    def _closed_over(self, function: types.FunctionType) -> list[Any]:
        """What a function without hooks reads from its closure."""
        if id(function) in self._whole:
            return []
        self._whole[id(function)] = function
        if _is_users(function):
            self._check_given(function)
        held: list[Any] = []
        for cell in function.__closure__ or ():
            with contextlib.suppress(ValueError):  # an empty cell
                self.guards.cell(cell, cell.cell_contents)
                held.append(cell.cell_contents)
        return held

    def _check_class(self, cls: type) -> None:
        """What Python calls by itself in a class of the user's runs without hooks."""
        if cls in self._classes:
            return
        self._classes.add(cls)
        special = [
            (base, name, part)
            for base in cls.__mro__
            if _is_of_user(base)
            for name, part in vars(base).items()
            if isinstance(part, types.FunctionType)
            and _is_special(name)
            and not is_library(part.__code__.co_filename)
        ]
        for base, name, part in special:
            self.guards.attribute(base, name, part)
            self._check_given(part)
        if special and not self._implicit:
            self._implicit = True
            for value, _ in list(self._outside.values()):
                self._freeze(value)

    def attribute(self, owner: Any, name: str) -> Any:
        """``owner.name``."""
        kind = type(owner)
        if _is_plain(kind):
            return getattr(owner, name)
        if kind is types.ModuleType and is_library_module(owner):
            return getattr(owner, name)
        found = class_attribute(kind, name)
        if not _is_immutable(found) and (getter := self._getter(found)) is not None:
            return getter(owner)
        value = getattr(owner, name)
        if isinstance(value, types.MethodType) and isinstance(found, types.FunctionType):
            if _is_of_user(kind):
                self.guards.attribute(kind, name, found)
            return value
        if id(owner) in self._own:
            return value
        if not (id(owner) in self._given or _is_of_library(owner) or _is_value(type(owner))):
            self.guards.attribute(owner, name, value)
        return self.outside(value)

    def _getter(self, found: Any) -> Callable[[Any], Any] | None:
        """What reads a property of the user's."""
        if isinstance(found, property) and _is_users(found.fget):
            return lambda owner: self.call(found.fget, owner)
        if isinstance(found, functools.cached_property) and _is_users(found.func):
            return lambda owner: self._cached(found, owner)
        if _is_users(getter := class_attribute(type(found), "__get__")):
            return lambda owner: self.call(getter, found, owner, type(owner))
        return None

    def _cached(self, found: Any, owner: Any) -> Any:
        if (name := found.attrname) in vars(owner):
            self.guards.attribute(owner, name, vars(owner)[name])
            return self.outside(vars(owner)[name])
        vars(self.changed(owner))[name] = value = self.call(found.func, owner)
        return value

    def matched(self, value: Any) -> Any:
        """The subject of a pattern that reads attributes."""
        self._freeze(value)
        return value

    # --- what is made and changed ---

    def made(self, value: Any) -> Any:
        """The object is new, so that nobody else sees it change."""
        if not self._closed:
            self._own[id(value)] = value
        return value

    def changed(self, value: Any) -> Any:
        """The object is changed."""
        if id(value) in self._given and type(value) in (list, dict):
            return value  # what the caller has is changed likewise, after the call
        if id(value) not in self._own and not isinstance(value, Tracer | jax.Array):
            self.refuse(f"changes a {type(value).__name__} that it has not made")
        return value

    def updated(self, value: Any) -> Any:
        """A part of the object is changed in place."""
        self.changed(value)
        for _, part in _state(value):
            if not _is_immutable(part) and id(part) not in self._own:
                self.refuse(f"changes a {type(part).__name__} that it has not made")
        return value

    def in_place(self, value: Any, method: str) -> None:
        """``value += ...``, whose method is given."""
        if hasattr(type(value), method) and not isinstance(value, Tracer | jax.Array):
            self.changed(value)

    def binary(self, symbol: str, left: Any, right: Any) -> Any:
        """``left + right``, or another operator that puts containers together or writes text."""
        result = _BINARY[symbol](left, right)
        if type(result) in _CONTAINERS and type(left) in _BUILTIN and type(right) in _BUILTIN:
            return self.made(result)
        if type(result) is str and not isinstance(right, str) and _holds_tracer((left, right)):
            self.refuse("writes an array as text")
        return result

    def slice(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        """``value[start:stop:step]``."""
        result = value[slice(start, stop, step)]
        return self.made(result) if type(value) is list else result

    def shown(self, value: Any) -> Any:
        """The value becomes text."""
        if _holds_tracer(value):
            self.refuse("writes an array as text")
        return value

    def caught(self) -> None:
        """The code goes on after an exception, which has to be one that Python would raise too."""
        error = sys.exception()
        if self._closed or not isinstance(error, _OF_THE_TRACE):
            return
        if self.refusal is None:
            self.refusal = Unsupported(f"{_place()}: a {type(error).__name__} is caught")
        raise self.refusal

    # --- calls ---

    def call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """``function(*args, **kwargs)``."""
        if self.refusal is not None:
            raise self.refusal
        if self._closed:
            return function(*args, **kwargs)
        kind = type(function)
        if kind is types.MethodType:
            return self._call_method(function, args, kwargs)
        if kind is types.BuiltinMethodType and type(function.__self__) in _BUILTIN:
            return self._call_builtin_method(function, args, kwargs)
        known = self._rules.get(id(function))
        if known is None:
            known = self._rules[id(function)] = function, self._rule(function)
        return known[1](args, kwargs)

    def _call_method(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        function, receiver = method.__func__, method.__self__
        if _is_users(function) or own_mark(function, "__xcs_jit__") is not None:
            return self.call(function, receiver, *args, **kwargs)
        if isinstance(receiver, Tracer | jax.Array):  # what such a method does is told by its name
            known = self._rules.get(id(function))
            if known is None:
                known = self._rules[id(function)] = function, self._library_rule(method, function)
            return known[1]((receiver, *args), kwargs)
        return self._library_rule(method)(args, kwargs)

    def _call_builtin_method(
        self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        receiver, name = self.outside(method.__self__), method.__name__
        if receiver is not method.__self__:
            method = getattr(receiver, name)
        if type(receiver) not in _CONTAINERS:
            return self._library_rule(method)(args, kwargs)
        if name in CHANGING_METHODS:
            self.changed(receiver)
        result = method(*args, **{key: self._handed(value) for key, value in kwargs.items()})
        return self.made(result) if name == "copy" else result

    def _rule(self, function: Any) -> Rule:
        """How the callable is called."""
        if getattr(function, "__xcs_operator__", None) is not None:
            self.refuse(f"calls the operator {_name_of(function)}")
        if own_mark(function, "__xcs_jit__") is not None:
            wrapped = function.__wrapped__
            return lambda args, kwargs: self.call(wrapped, *args, **kwargs)
        if (derivative := own_mark(function, "__xcs_grad__")) is not None:
            return self._rule(derivative.by_jax)
        if (control := own_mark(function, "__xcs_control__")) is not None:
            return self._rule(control.by_jax)
        if any(function is one for one in SEES_ITS_FRAME) and function is not super:
            self.refuse(f"{function.__name__}() sees the function's own frame")
        if (special := next((s for f, s in _SPECIAL if f is function), None)) is not None:
            return lambda args, kwargs: special(self, *args, **kwargs)
        if isinstance(function, functools.partial):
            held = tuple(map(self.outside, function.args))
            named = {name: self.outside(value) for name, value in function.keywords.items()}
            return lambda args, kwargs: self.call(
                function.func, *held, *args, **{**named, **kwargs}
            )
        if isinstance(function, types.FunctionType):
            return self._function_rule(function)
        if isinstance(function, type):
            return self._class_rule(function)
        if _is_users(method := class_attribute(type(function), "__call__")):
            return lambda args, kwargs: self.call(method, function, *args, **kwargs)
        return self._library_rule(function)

    def _function_rule(self, function: types.FunctionType) -> Rule:
        inner = getattr(function, "__wrapped__", None)
        if _is_users(inner) and function.__globals__.get("__name__") == "contextlib":
            manager = contextlib.contextmanager(self._twin(inner))
            return lambda args, kwargs: self.made(manager(*args, **kwargs))
        if not _is_users(function):
            return self._library_rule(function)
        twin = function if is_instrumented(function.__code__) else self._twin(function)
        if function.__code__.co_flags & inspect.CO_GENERATOR:
            return lambda args, kwargs: self.made(twin(*args, **kwargs))
        return lambda args, kwargs: twin(*args, **kwargs)

    def _class_rule(self, cls: type) -> Rule:
        """How an instance is made: as `type` does, with the methods of the user's instrumented."""
        if not _is_of_user(cls) or class_attribute(type(cls), "__call__") is not _TYPE_CALL:
            return self._library_rule(cls)
        self._check_class(cls)
        new, initialise = cls.__new__, class_attribute(cls, "__init__")
        for name in ("__new__", "__init__"):
            self.guards.attribute(cls, name, getattr(cls, name))
        if not _is_users(initialise) and not _only_stores(initialise):
            return self._library_rule(cls)

        create = functools.partial(self.call, new) if _is_users(new) else new

        def make(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            made = create(cls, *args, **kwargs)
            if not isinstance(made, cls):
                return made
            self.made(made)
            first = class_attribute(type(made), "__init__")
            if _is_users(first):
                self.call(first, made, *args, **kwargs)
            else:
                first(made, *args, **kwargs)
            return made

        return make

    def _library_rule(self, function: Any, called: Any = None) -> Rule:
        """How a function that has no hooks is called, if it may be at all.

        `function` is what is judged, and `called`, if given, what is called in place of it.
        """
        called = function if called is None else called
        what = classify(function, strict=True)
        changes = _only_changes_arguments(what)
        watched = not (_is_array_code(what) or changes)
        if watched:
            if not (is_of_array_package(function) and _may_be_array_code(what)):
                self.refuse(f"calls {_name_of(function)}: {what.reason}")
            if not _is_of_module(function):
                self._freeze(function)
        self._check_given(getattr(function, "__wrapped__", None))
        is_jax = what.kind == "tensor" or CALLBACK in what.writes or is_of_array_package(function)
        receiver = getattr(function, "__self__", None) if called is function else None
        if receiver is not None and _is_of_user(type(receiver)):
            self._check_methods(type(receiver))

        def make(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            self.calls_jax = self.calls_jax or is_jax
            if changes:
                for value in (receiver, *args, *kwargs.values()):
                    self._check_changed(value)
            elif "out" in kwargs:
                self.changed(kwargs["out"])
            positional = [
                value if _is_data(value) else self._argument(value, called, place)
                for place, value in enumerate(args)
            ]
            named = {name: self._argument(value, called, name) for name, value in kwargs.items()}
            with watching(self.refuse) if watched else contextlib.nullcontext(), _for_good(called):
                result = called(*positional, **named)
            return self._result(result, (*args, *kwargs.values()))

        return make

    def _argument(self, value: Any, function: Any, place: int | str) -> Any:
        """An argument of code that has no hooks, which may call it."""
        wraps = inspect.unwrap(function)  # what passes its arguments on does not call them
        if not _is_users(wraps) and _is_users(class_attribute(type(value), "__call__")):
            if is_called := takes_function(function, place):
                return self._as_function(value)
            if is_called is None and is_of_array_package(function):
                self._check_methods(type(value))
            elif is_called is None and not _is_array_code(classify(value, strict=True)):
                self.refuse(f"hands on a {type(value).__name__}, which may be called")
        return self._handed(value)

    def _as_function(self, value: Any) -> types.FunctionType:
        """A function that calls the object, instrumented."""
        if (known := self._twins.get(id(value))) is not None:
            return known[1]

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.call(value, *args, **kwargs)

        call.__name__ = call.__qualname__ = type(value).__name__
        self._twins[id(value)] = value, call
        return call

    def _check_methods(self, cls: type) -> None:
        """Methods of the user's that a library calls: no effect of theirs may be known."""
        for base in cls.__mro__:
            for name, part in vars(base).items() if _is_of_user(base) else ():
                function = inspect.unwrap(part) if isinstance(part, types.FunctionType) else None
                if not _is_users(function):
                    continue
                self.guards.attribute(base, name, part)
                survey = Survey()
                survey.takes(function)
                self.guards.update(survey.guards)
                what = classify_given_to_jax(function, array_code=True)
                if "operator" in what.reaches or _known_to_touch(what) - {"object"}:
                    self.refuse(f"{cls.__name__} has effects: {what.reason}")

    def _check_changed(self, value: Any) -> None:
        for part in _nodes(value):
            if not (_is_immutable(part) or is_code(part) or callable(part)):
                self.changed(part)

    def _result(self, result: Any, given: Iterable[Any]) -> Any:
        """The result of code that has no hooks, whose containers are new unless they were given."""
        if isinstance(result, Tracer | jax.Array) or _is_immutable(result):
            if type(result) is str and _holds_tracer(list(given)):
                self.refuse("writes an array as text")
            return result
        held = {id(node) for value in given for node in _nodes(value)}
        for node in _nodes(result):
            if id(node) not in held and not _is_immutable(node):
                self.made(node)
        return result

    def _handed(self, value: Any) -> Any:
        """An argument of code that has no hooks: functions of the user's are instrumented."""
        if _is_data(value) or isinstance(value, types.ModuleType):
            return value
        if type(value) in (list, tuple, dict):
            return self._handed_container(value)
        if getattr(value, "__xcs_operator__", None) is not None:
            self.refuse(f"hands on the operator {_name_of(value)}")
        if isinstance(value, types.FunctionType):
            return self._handed_function(value)
        if isinstance(value, types.MethodType):
            function = self._handed(value.__func__)
            if function is not value.__func__:
                return function.__get__(value.__self__)
        if isinstance(value, functools.partial):
            function = self._handed(value.func)
            if function is not value.func:
                named = {name: self.outside(part) for name, part in value.keywords.items()}
                return functools.partial(function, *map(self.outside, value.args), **named)
        if is_code(value):
            self._check_handed(value)
        self._check_given(getattr(value, "__wrapped__", None))
        self._freeze(value)
        return value

    def _handed_container(self, value: Any) -> Any:
        held = value.values() if isinstance(value, dict) else value
        parts = list(map(self._handed, held))
        if all(map(operator.is_, parts, held)):
            return value
        if isinstance(value, dict):
            return dict(zip(value, parts, strict=True))
        return type(value)(parts)

    def _handed_function(self, function: types.FunctionType) -> Any:
        if own_mark(function, "__xcs_jit__") is not None:
            return self._handed(function.__wrapped__)
        if is_instrumented(function.__code__):
            return function
        if _is_users(function):
            return self._twin(function)
        self._check_handed(function)
        self._check_given(getattr(function, "__wrapped__", None))
        return function

    def _check_handed(self, function: Any) -> None:
        """Code of a library, or a class, that is handed on may be called."""
        if id(function) in self._handed_on:
            return
        self._handed_on[id(function)] = function
        what = classify(function, strict=True)
        if _is_array_code(what) or (_may_be_array_code(what) and is_of_array_package(function)):
            return
        receiver = getattr(function, "__self__", None)
        if not (_only_changes_arguments(what) and id(receiver) in self._own):
            self.refuse(f"hands on {_name_of(function)}: {what.reason}")

    def _check_given(self, function: Any) -> None:
        """A function that runs without hooks may have no effects; what it reads is guarded."""
        if not _is_users(function) or is_instrumented(function.__code__):
            return
        what = classify_given_to_jax(function, array_code=True)
        if what.effects == "ordered" or "operator" in what.reaches:
            self.refuse(f"hands on {_name_of(function)}: {what.reason}")
        survey = Survey()
        survey.takes(function)
        self.guards.update(survey.guards)

    def decorator(self, decorate: Any) -> Callable[[Any], Any]:
        """What is called in place of a decorator."""
        return functools.partial(self.call, decorate)

    def context(self, manager: Any) -> Any:
        """The context manager to use in place of one."""
        if isinstance(manager, contextlib.suppress | contextlib.ExitStack):
            self.refuse(f"enters a {type(manager).__name__}")
        if _is_users(class_attribute(type(manager), "__enter__")):
            return _Entered(self, manager)
        if id(manager) not in self._own and not _is_of_jax(type(manager)):
            self.refuse(f"enters a {type(manager).__name__}")
        return manager

    # --- builtins that read and write attributes ---

    def _getattr(self, owner: Any, name: str, *default: Any) -> Any:
        try:
            return self.attribute(owner, name)
        except AttributeError:
            if not default:
                raise
            self._note_absent(owner, name)
            return self.outside(default[0])

    def _hasattr(self, owner: Any, name: str) -> bool:
        return self._getattr(owner, name, MISSING) is not MISSING

    def _note_absent(self, owner: Any, name: str) -> None:
        if id(owner) not in self._own and id(owner) not in self._given:
            self.guards.attribute(owner, name, MISSING)

    def _setattr(self, owner: Any, name: str, value: Any) -> None:
        setattr(self.changed(owner), name, value)

    def _delattr(self, owner: Any, name: str) -> None:
        delattr(self.changed(owner), name)

    def _of_class(self, value: Any, classes: Any) -> bool:
        return isinstance(value, classes)


def _for_good(function: Any) -> contextlib.AbstractContextManager[Any]:
    """Where results that a function remembers are made: outside of the trace, which they outlive.

    Its arguments are hashable, so that none of them is traced.
    """
    return jax.ensure_compile_time_eval() if remembers(function) else contextlib.nullcontext()


class _Entered:
    """A context manager of the user's, whose methods run instrumented."""

    def __init__(self, trace: ArrayTrace, manager: Any) -> None:
        self._trace = trace
        self._manager = manager

    def __enter__(self) -> Any:
        return self._trace.call(type(self._manager).__enter__, self._manager)

    def __exit__(self, *error: Any) -> Any:
        return self._trace.call(type(self._manager).__exit__, self._manager, *error)


_SPECIAL: Final[tuple[tuple[Any, Callable[..., Any]], ...]] = (
    (getattr, ArrayTrace._getattr),
    (hasattr, ArrayTrace._hasattr),
    (setattr, ArrayTrace._setattr),
    (delattr, ArrayTrace._delattr),
    (isinstance, ArrayTrace._of_class),
)
"""Builtins that do what hooks do."""

_OWN_FILES: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep

_BINARY: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "*": operator.mul,
    "|": operator.or_,
    "%": operator.mod,
}
_CONTAINERS: Final = frozenset({list, dict, set, bytearray})
_BUILTIN: Final = _CONTAINERS | {str, bytes, int, float, complex, bool, tuple, frozenset, range}
_MAX_WHOLE: Final = 4096
_TYPE_CALL: Final = vars(type)["__call__"]
_OF_THE_TRACE: Final = (
    *(jax.errors.JAXTypeError, jax.errors.JAXIndexError, jax.errors.UnexpectedTracerError),
    *(TypeError, NameError, AttributeError, RecursionError, NotArrays, Unsupported),
)
"""Errors that a function may meet under a trace, and not without one."""

_HOOKED: Final = frozenset(
    {"__new__", "__init__", "__call__", "__enter__", "__exit__", "__get__", "__init_subclass__"}
    | {"__repr__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__del__"}
    | {"__class_getitem__", "__set_name__", "__dir__", "__sizeof__"}
)
"""Methods that hooks call, and those that array code does not lead to."""


def _is_special(name: str) -> bool:
    """Whether Python calls methods of that name by itself, for operators and protocols."""
    return name.startswith("__") and name.endswith("__") and name not in _HOOKED


def _is_numeric(value: Any) -> bool:
    """Whether `jax.jit` returns it as an array."""
    return type(value) in NUMBERS or _is_array(value)


def _is_array(value: Any) -> bool:
    is_array = isinstance(value, Tracer | jax.Array | np.ndarray | np.generic)
    return is_array or hasattr(type(value), "__jax_array__")


def _made_in_trace(function: types.FunctionType) -> bool:
    """Whether the function can be of this trace alone."""
    held = (cell.cell_contents for cell in function.__closure__ or () if cell != _EMPTY)
    return is_instrumented(function.__code__) or any(map(_holds_tracer, held))


_EMPTY: Final = types.CellType()


def _is_data(value: Any) -> bool:
    """Whether it is an array, or a constant that holds no functions."""
    return isinstance(value, Tracer) or is_constant(value)


def _is_immutable(value: Any) -> bool:
    """Whether nothing in the value changes but what is guarded on its own."""
    return isinstance(value, Tracer) or is_constant(value) or is_code(value)


def _is_fixed(value: Any) -> bool:
    """Whether nothing in the value changes that is not guarded on its own, or is left to JAX."""
    return _is_immutable(value) or _is_value(type(value))


@functools.lru_cache(maxsize=4096)
def _is_value(cls: type) -> bool:
    """Whether a package that is built on JAX says that instances are values: it hashes them so."""
    return all(
        isinstance(method := getattr(cls, name, None), types.FunctionType)
        and is_of_array_package(method)
        for name in ("__hash__", "__eq__")
    )


def _whole_arguments(value: Any) -> Iterable[Any]:
    """The arguments of a parameter, which may collect several."""
    if type(value) is tuple:
        return value
    return (value, *value.values()) if type(value) is dict else (value,)


def _is_of_module(value: Any) -> bool:
    """Whether it is what an installed module defines, which nobody changes while it runs."""
    home = sys.modules.get(str(getattr(value, "__module__", "")))
    if home is None or not is_library_module(home):
        return False
    return getattr(home, str(getattr(value, "__name__", "")), None) is value


def _is_container(value: Any) -> bool:
    return not jax.tree_util.all_leaves([value])


def _holds_tracer(value: Any) -> bool:
    if isinstance(value, Tracer):
        return True
    return not _is_immutable(value) and any(isinstance(part, Tracer) for part in _nodes(value))


def _nodes(value: Any) -> Iterator[Any]:
    """The value and all that is in it, as a pytree."""
    pending = [value]
    while pending:
        current = pending.pop()
        yield current
        if type(current) in (list, tuple):
            pending += current
        elif type(current) is dict:
            pending += current.values()
        elif not _is_immutable(current) and _is_container(current):
            pending += jax.tree_util.tree_leaves(current, is_leaf=lambda v: v is not current)  # noqa: B023


def _state(value: Any) -> Iterator[tuple[str | None, Any]]:
    """What an object holds: items, and attributes with their names."""
    if isinstance(value, dict):
        yield from ((None, part) for part in value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((None, part) for part in value)
    elif isinstance(value, functools.partial):
        yield from ((None, part) for part in (value.func, value.args, value.keywords))
        yield from vars(value).items()
        return  # its slots cannot be written to
    elif isinstance(value, weakref.ReferenceType):
        return
    elif isinstance(value, types.MethodType):
        yield None, value.__self__
    yield from list(getattr(value, "__dict__", {}).items())
    for base in type(value).__mro__:
        for name, slot in vars(base).items():
            if isinstance(slot, types.MemberDescriptorType) and hasattr(value, name):
                yield name, getattr(value, name)


@functools.lru_cache(maxsize=4096)
def _is_plain(kind: type) -> bool:
    """Whether attributes of its instances are no state that somebody else may change."""
    if kind in (types.FunctionType, types.ModuleType) or issubclass(kind, type):
        return False
    return is_numeric(kind)


@functools.lru_cache(maxsize=4096)
def _is_of_user(cls: type) -> bool:
    """Whether the class, or one that it derives from, is the user's."""
    return any(not is_library_class(base) and not _is_own(base) for base in cls.__mro__)


def _is_users(function: Any) -> TypeGuard[types.FunctionType]:
    """Whether it is a Python function of the user's."""
    if not isinstance(function, types.FunctionType):
        return False
    path = function.__code__.co_filename
    return not (is_library(path) or path.startswith(_OWN_FILES))


def _is_own(value: Any) -> bool:
    return str(value.__module__).partition(".")[0] == "xcs"


def _is_of_library(owner: Any) -> bool:
    """Whether it is a class or a function that is installed: nobody changes those as they run."""
    if isinstance(owner, type):
        return not _is_of_user(owner)
    return isinstance(owner, types.FunctionType) and not _is_users(owner)


def _is_of_jax(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).partition(".")[0] in ("jax", "jaxlib")


def _only_stores(initialise: Any) -> bool:
    """Whether `__init__` does no more than to fill in the instance: what dataclasses have does."""
    if not isinstance(initialise, types.FunctionType):
        return True
    return initialise.__code__.co_filename.startswith("<")


def _is_array_code(what: Classification) -> bool:
    """Whether calls may run while the function is traced."""
    if "operator" in what.reaches:
        return False
    if CALLBACK in what.writes:
        return True  # JAX keeps its effects
    if what.effects != "pure" or what.mutates_args:
        return False
    return what.kind == "tensor" or not what.reads


def _may_be_array_code(what: Classification) -> bool:
    """Whether calls of a package's function do nothing that is seen only by looking at its source.

    What it does to files and the rest of the process is seen as it happens.
    """
    unseen = {"console", "clock", "random", "database"}
    return "operator" not in what.reaches and not _known_to_touch(what) & unseen


def _known_to_touch(what: Classification) -> set[str]:
    """The resources that calls are known to touch; what is not understood may touch others."""
    return {resource for resource, _ in what.touches} - {"world"}


def _only_changes_arguments(what: Classification) -> bool:
    """Whether calls have no effect but on what they are given."""
    if "operator" in what.reaches or what.writes or what.reads:
        return False
    return what.mutates_args and all(resource == "object" for resource, _ in what.touches)


def _name_of(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)


def _place() -> str:
    """The file and line of the user's code that the trace is at."""
    frame = sys._getframe(1)
    while frame.f_back is not None and not is_instrumented(frame.f_code):
        frame = frame.f_back
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
