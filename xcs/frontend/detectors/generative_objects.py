"""Objects that look like a language model: they have ``generate`` or ``complete``.

A name counts only where there is no source to read: whatever the source says, the name does not.
"""

from __future__ import annotations

import inspect
import types
from dataclasses import replace
from typing import Any, Final

from xcs.frontend.classification import Classification, operator
from xcs.frontend.detectors.identity import class_path
from xcs.frontend.source import function_source

PRIORITY = -60

VERBS: Final = frozenset({"generate", "complete", "agenerate", "acomplete"})
"""Method names that mean a model call on an object of which nothing else is known."""


def detect(fn: Any) -> Classification | None:
    """Bound methods with such a name that take an input, and callable objects that have one."""
    if isinstance(fn, types.MethodType):
        if fn.__name__ in VERBS and _has_no_source(fn.__func__) and _takes_input(fn):
            owner = fn.__self__ if isinstance(fn.__self__, type) else type(fn.__self__)
            return _model(f"{class_path(owner)}.{fn.__name__} names a model call")
        return None
    if isinstance(fn, type | types.FunctionType | types.BuiltinFunctionType):
        return None
    if callable(fn) and is_generative(fn) and _has_no_source(_call_of(fn)):
        return _model(f"{class_path(type(fn))} has generate or complete, like a model")
    return None


def is_generative(obj: Any) -> bool:
    """True for an object whose class has such a method, without source (mocks have any name)."""
    methods = (getattr(type(obj), verb, None) for verb in VERBS)
    return any(callable(method) and _has_no_source(method) for method in methods)


def _call_of(obj: Any) -> Any:
    return next(
        (vars(cls)["__call__"] for cls in type(obj).__mro__ if "__call__" in vars(cls)), None
    )


def _model(reason: str) -> Classification:
    return replace(operator("model", f"{reason}, and there is no source to read"), evidence="name")


def _has_no_source(method: Any) -> bool:
    return not (isinstance(method, types.FunctionType) and function_source(method) is not None)


def _takes_input(method: types.MethodType) -> bool:
    """A model is given something; ``ids.generate()`` is some other kind of generator."""
    try:
        return bool(inspect.signature(method).parameters)
    except (TypeError, ValueError):
        return True
