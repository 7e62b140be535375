"""What a callable is and what its calls may be assumed to do: ``classify(fn)``.

Explicit marks, then detectors (see ``xcs.frontend.detectors``), then the analysis of Python code.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import threading
import types
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from xcs.frontend.abstract_values import (
    Hint,
    Origin,
    Ref,
    Shape,
    Value,
    is_constant,
    is_immutable_class,
)
from xcs.frontend.analysis.resources import Policy
from xcs.frontend.classification import (
    IMMUTABLE_CLASSES,
    ORDERED,
    PURE,
    UNORDERED,
    Classification,
    EffectClass,
    Kind,
    Operand,
    unknown,
)
from xcs.frontend.detectors import Detector, registry
from xcs.frontend.effects import Analysis, TooLarge
from xcs.frontend.interpretation.lookup import (
    class_attribute,
    context_manager_body,
    guarded_function,
    is_mock,
    remembers,
    wrapped_callable,
)
from xcs.frontend.interpretation.summary import POLICIES, Guard, Summary, guard_holds
from xcs.frontend.source import is_library

__all__ = ["Classification", "classify", "classify_given_to_jax", "register_detector"]

_MAX_ENTRIES: Final = 8192
_NO_RECEIVER: Final = (types.ModuleType, type, type(None))


def classify(fn: Any, *, strict: bool = False) -> Classification:
    """Classify any callable; never raises.

    ``strict`` is ``Config(effects="strict")``: accumulating, logging and sleeping keep program
    order. The answer is remembered until a name that it rests on denotes another object.
    """
    found = _cache.get(fn)
    if found is None:
        found = _cache.put(fn, *_classify(fn))
    return found.strict() if strict else found


def classify_given_to_jax(fn: Any, *, array_code: bool = False) -> Classification:
    """Classify a function that JAX calls, with arrays and with containers of its own making.

    Methods of arrays have no effects, whatever their names; and what the function does to such a
    container nobody else sees. In `array_code` alone, calls back into Python are left to JAX.
    """
    found = classify(fn)
    if found.effects != ORDERED or (target := _target(fn)) is None:
        return found
    code = target.function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    shapes = {name: Shape(immutable=True) for name in names}
    return _classify_for(fn, target, shapes, array_code=array_code) or found


def classify_with(fn: types.FunctionType, arguments: Mapping[str, Any]) -> Classification:
    """Classify a function that is called with these arguments, of which arrays are traced ones.

    Calls back into Python are left to JAX.
    """
    shapes = {name: _shape_of(value) for name, value in arguments.items()}
    found = _classify_for(fn, _Target(fn), shapes, array_code=True)
    return (found or unknown(f"{_name(fn)} is too large to analyse")).strict()


def _classify_for(
    fn: Any, target: _Target, shapes: Mapping[str, Shape], *, array_code: bool
) -> Classification | None:
    """The classification for parameters of these shapes; None where the analysis is too large."""
    given = {name: shape for name, shape in shapes.items() if name not in target.bound}
    context = {**given, **target.context}
    try:
        summary = Analysis(array_code=array_code).summarise(target.function, context)
    except (TooLarge, RecursionError):
        return None
    return _from_summary(fn, target, summary)


def _shape_of(value: Any) -> Shape:
    """What is known of an argument in hand. Its contents may be others in the next call."""
    if isinstance(value, types.FunctionType):
        return Shape(frozenset({Ref(value)}), type(value), immutable=True)
    if is_immutable_class(type(value)) or type(value).__name__.endswith("Tracer"):
        return Shape(immutable=True)
    if not dataclasses.is_dataclass(value):
        return Shape(cls=type(value))
    names = [item.name for item in dataclasses.fields(value)]
    fields = frozenset((name, _shape_of(getattr(value, name, None))) for name in names)
    return Shape(cls=type(value), closed=True, fields=fields)


def register_detector(detector: Detector, *, priority: int = 0) -> Detector:
    """Add a detector (see ``xcs.frontend.detectors`` for priorities) and return it."""
    registry.add(detector, priority)
    _cache.clear()
    return detector


def unregister_detector(detector: Detector) -> None:
    """Take a detector back."""
    registry.remove(detector)
    _cache.clear()


def _classify(fn: Any) -> tuple[Classification, tuple[Guard, ...]]:
    try:
        if not callable(fn):
            return unknown(f"a {type(fn).__qualname__} is not callable"), ()
        found = registry.recognise(fn)
        return (found, ()) if found is not None else _analyse(fn)
    except (TooLarge, RecursionError):
        return unknown(f"{_name(fn)} is too large to analyse"), ()
    except Exception as error:  # Foreign objects may raise anything from anywhere.
        return unknown(f"{_name(fn)} could not be analysed: {error!r}"), ()


def _analyse(fn: Any) -> tuple[Classification, tuple[Guard, ...]]:
    target = _target(fn)
    if target is None:
        return unknown(f"{_name(fn)} has no Python code that could be analysed"), ()
    summary = Analysis().summarise(target.function, target.context)
    guards = tuple(summary.guards.values())
    return _from_summary(fn, target, summary), guards


# From a callable of any form to a Python function


@dataclass(frozen=True)
class _Target:
    """The Python function that a callable comes down to, and what is known of its parameters."""

    function: Any  # a FunctionType, which type checkers would take for a method
    context: dict[str, Shape] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    """Parameters that hold an object already, in words: changing those changes shared state."""
    builds: type | None = None
    memoised: bool = False
    """It gives the result of an earlier call again."""

    def bind(self, *values: Any, what: str) -> _Target:
        """Fix the first free positional parameters."""
        code = self.function.__code__
        free = [name for name in code.co_varnames[: code.co_argcount] if name not in self.bound]
        return self.bind_names(dict(zip(free, values, strict=False)), what=what)

    def bind_names(self, values: Mapping[str, Any], *, what: str) -> _Target:
        """Fix parameters by name."""
        shapes = {
            name: Shape(frozenset({Ref(value)}), type(value), immutable=is_constant(value))
            for name, value in values.items()
        }
        words = dict.fromkeys(values, what)
        return replace(self, context=self.context | shapes, bound=self.bound | words)


def _target(fn: Any, depth: int = 0) -> _Target | None:
    if depth > 16 or is_mock(fn):
        return None
    if isinstance(fn, types.FunctionType):
        inner = context_manager_body(fn) or guarded_function(fn)
        return _Target(inner or fn, _own_class(inner or fn))
    if isinstance(fn, types.MethodType):
        target = _target(fn.__func__, depth + 1)
        what = f"the {type(fn.__self__).__name__} object that it is bound to"
        return target and replace(target, context={}).bind(fn.__self__, what=what)
    if isinstance(fn, functools.partial):
        target = _target(fn.func, depth + 1)
        what = "an argument that the partial holds"
        return target and target.bind(*fn.args, what=what).bind_names(fn.keywords, what=what)
    if isinstance(fn, type):
        return _Target(_builder(fn), builds=fn)
    inner = wrapped_callable(fn)
    if inner is not None:
        target = _target(inner, depth + 1)
        return target and replace(target, memoised=target.memoised or remembers(fn))
    call = class_attribute(type(fn), "__call__")
    if isinstance(call, types.FunctionType):
        return _target(types.MethodType(call, fn), depth + 1)
    return None


def _own_class(fn: types.FunctionType) -> dict[str, Shape]:
    """A function that a class defines is taken to be called on an instance of that class."""
    owner, _, name = fn.__qualname__.rpartition(".")
    cls = fn.__globals__.get(owner)
    if isinstance(cls, type) and cls.__dict__.get(name) is fn and fn.__code__.co_argcount:
        return {fn.__code__.co_varnames[0]: Shape(hint=Hint((cls,)))}
    return {}


def _builder(cls: type) -> types.FunctionType:
    """A function that builds an instance, so that constructors are analysed like other calls."""

    def build(*args: Any, **kwargs: Any) -> Any:
        return cls(*args, **kwargs)

    return build


def objects_changed(fn: Any) -> list[Any] | None:
    """The objects that a call now would change beside its arguments; None if they may be any."""
    found = classify(fn)
    if not any(what in ("object", "world") and mode != "read" for what, mode in found.touches):
        return []
    try:
        return None if found.changed is None else [origin.find() for origin in found.changed]
    except (LookupError, ValueError):
        return None


# From a summary to a classification


def _from_summary(fn: Any, target: _Target, summary: Summary) -> Classification:
    verdicts = {policy: _verdict(fn, target, summary, policy) for policy in POLICIES}
    effects, reason = verdicts["direct"]
    touches = set(summary.touches)
    if summary.mutated:
        kept = all(mutation.accumulates for mutation in summary.mutated.values())
        touches.add(("object", "update" if kept else "write"))
    if summary.called:
        touches.add(("world", "write"))
    held = [target.bound[path[0]] for path in summary.mutated if path[0] in target.bound]
    own = not is_library(target.function.__code__.co_filename) and target.builds is None
    reaches = frozenset(summary.reaches & {"operator", "tensor"})
    returns = _result_class(summary, target)
    return Classification(
        _kind(summary, own=own),
        effects,
        reason,
        inline=own and bool(reaches) and summary.has_source,
        mutates_args=bool(summary.mutated or summary.called) or "unknown" in summary.reaches,
        returns=returns,
        blocking=summary.blocking,
        writes=tuple(dict.fromkeys([*summary.writes, *held])),
        reads=tuple(summary.reads),
        reaches=reaches,
        higher_order=bool(summary.called),
        fresh_result=summary.lazy
        or not (returns in IMMUTABLE_CLASSES or _is_immutable(summary.returns)),
        strict_effects=_other(verdicts["strict"][0], effects),
        held_effects=_other(verdicts["held"][0], effects),
        touches=frozenset(touches),
        changes=_changed_operands(target, summary),
        changed=_changed(target, summary),
        links=_links(summary),
        evidence="source" if summary.has_source else "name",
    )


def _changed(target: _Target, summary: Summary) -> tuple[Origin, ...] | None:
    """Where the objects are that a call changes without being given them, if that is known."""
    vague = summary.changes_others or summary.called or summary.lazy or target.memoised
    if vague or "unknown" in summary.reaches or not summary.has_source:
        return None
    changed = dict(summary.changed)
    for name in {path[0] for path in summary.mutated if path[0] in target.bound}:
        for ref in target.context[name].refs:
            changed[Origin(None, target.bound[name], ref.obj)] = None
    return tuple(changed)


def _changed_operands(target: _Target, summary: Summary) -> tuple[Operand, ...]:
    """The parameters that lead to what a call changes."""
    names = dict.fromkeys(path[0] for path in summary.mutated if path[0] not in target.bound)
    return tuple((None, name) for name in names)


def _links(summary: Summary) -> bool:
    """Whether a call may store an object into what it changes."""
    kept = (value for fields in summary.heap.values() for value in fields.values())
    return bool(summary.changed) or any(value.places for value in kept)


def _other(effects: EffectClass, usual: EffectClass) -> EffectClass | None:
    return effects if effects != usual else None


def _verdict(fn: Any, target: _Target, summary: Summary, policy: Policy) -> tuple[EffectClass, str]:
    """The class of calls under one policy, and what makes it that."""
    promise = replace(summary.promises[policy])
    if summary.clock and not summary.times_itself:
        promise.weaken(ORDERED, summary.clock, only_reads=False)
    for path, mutation in summary.mutated.items():
        what = target.bound.get(path[0])
        # The order of two changes to one argument matters to whoever looks at it afterwards.
        kept = mutation.accumulates and what is not None and policy != "strict"
        reason = f"{what or f'argument {path[0]!r}'} {mutation.how}"
        promise.weaken(UNORDERED if kept else ORDERED, reason, only_reads=False)
    for call in summary.called.values():
        promise.weaken(ORDERED, f"{call.reason}, and may do anything", only_reads=False)
    if promise.effects == PURE:
        return PURE, f"{_name(fn)} has no effect outside itself{_defined(target)}"
    if target.memoised:
        why = f"{_name(fn)} remembers results, so that a call depends on those before it"
        promise.weaken(ORDERED, f"{why}: {promise.reason}", only_reads=False)
    if summary.lazy:
        why = f"{_name(fn)} is a generator, whose effects happen while it is consumed"
        return ORDERED, f"{why}: {promise.reason}"
    return promise.effects, promise.reason


def _defined(target: _Target) -> str:
    """Where a function is defined, for a message."""
    code = target.function.__code__
    if target.builds is not None or code.co_filename.startswith("<"):
        return ""
    return f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"


def _kind(summary: Summary, *, own: bool) -> Kind:
    """A user's function is a function; a library's is named after what it leads to."""
    if not summary.has_source and summary.effects == ORDERED:
        return "unknown"
    if own:
        return "function"
    if "operator" in summary.reaches:
        return "tool"
    if summary.effects != PURE or summary.mutated or summary.called:
        return "function"
    if "tensor" in summary.reaches:
        return "tensor"
    return "numpy" if "numpy" in summary.reaches else "pure"


def _result_class(summary: Summary, target: _Target) -> str | None:
    cls = target.builds or summary.returns.cls
    if summary.lazy:
        return "iterator"
    if cls is None:
        return None
    return (
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    )


def _is_immutable(value: Value) -> bool:
    return not value.places or is_immutable_class(value.cls)


def _name(fn: Any) -> str:
    try:
        name = fn.__qualname__
    except Exception:  # Any attribute of a foreign object may raise anything.
        name = None
    return name if isinstance(name, str) else type(fn).__qualname__


# The cache


@dataclass(frozen=True)
class _Entry:
    """An answer, the objects it is about, and the names it rests on."""

    objects: tuple[Any, ...]
    """Weak references where possible; the others are kept alive so that ids stay theirs."""
    found: Classification
    guards: tuple[Guard, ...]

    def is_about(self, parts: tuple[Any, ...]) -> bool:
        return all(
            (held() if isinstance(held, weakref.ref) else held) is part
            for held, part in zip(self.objects, parts, strict=True)
        )


class _Cache:
    """Answers by identity of the callable's parts; bounded, and safe to use from many threads.

    An answer goes with the callable that it is about: its guards hold what closures contain.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[int, ...], _Entry] = {}
        self._lock = threading.Lock()

    def get(self, fn: Any) -> Classification | None:
        parts = _parts(fn)
        entry = self._entries.get(tuple(map(id, parts)))
        if entry is None or not entry.is_about(parts):
            return None
        return entry.found if all(map(guard_holds, entry.guards)) else None

    def put(self, fn: Any, found: Classification, guards: tuple[Guard, ...]) -> Classification:
        parts = _parts(fn)
        key = tuple(map(id, parts))

        def forget(_: Any) -> None:  # at any moment, so without the lock: a dict does that at once
            self._entries.pop(key, None)

        entry = _Entry(tuple(_weakly(part, forget) for part in parts), found, guards)
        with self._lock:
            if len(self._entries) >= _MAX_ENTRIES:
                self._entries.clear()
            self._entries[key] = entry
        return found

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


_cache: Final = _Cache()


def _parts(fn: Any) -> tuple[Any, ...]:
    """What identifies a callable: bound methods are made anew at each look-up."""
    form = type(fn)
    if form is types.MethodType:
        return fn.__func__, fn.__self__
    if form is types.BuiltinMethodType and not isinstance(fn.__self__, _NO_RECEIVER):
        # What a builtin method does depends on its receiver's class only.
        return type(fn.__self__), sys.intern(fn.__name__)
    return (fn,)


def _weakly(part: Any, when_gone: Callable[[Any], None]) -> Any:
    try:
        return weakref.ref(part, when_gone)
    except TypeError:
        return part
