"""Objects that look like a language model: they have ``generate`` or ``complete``."""

from __future__ import annotations

import inspect
import types
from typing import Any, Final

from xcs.frontend.classification import Classification, operator
from xcs.frontend.detectors.identity import class_path

PRIORITY = -60

VERBS: Final = frozenset({"generate", "complete", "agenerate", "acomplete"})
"""Method names that mean a model call on any object."""


def detect(fn: Any) -> Classification | None:
    """Bound methods with such a name that take an input, and callable objects that have one."""
    if isinstance(fn, types.MethodType):
        if fn.__name__ in VERBS and _takes_input(fn):
            owner = fn.__self__ if isinstance(fn.__self__, type) else type(fn.__self__)
            return operator("model", f"{class_path(owner)}.{fn.__name__} names a model call")
        return None
    if isinstance(fn, type | types.FunctionType | types.BuiltinFunctionType):
        return None
    if is_generative(fn) and callable(fn):
        return operator("model", f"{class_path(type(fn))} has generate or complete, like a model")
    return None


def is_generative(obj: Any) -> bool:
    """True for an object whose class defines such a method (mocks answer to every name)."""
    return any(callable(getattr(type(obj), verb, None)) for verb in VERBS)


def _takes_input(method: types.MethodType) -> bool:
    """A model is given something; ``ids.generate()`` is some other kind of generator."""
    try:
        return bool(inspect.signature(method).parameters)
    except (TypeError, ValueError):
        return True
