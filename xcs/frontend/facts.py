"""Facts about Python that several parts of the front end use, each said once."""

from __future__ import annotations

import collections
import contextvars
import functools
import inspect
import re
import sys
import traceback
import types
from typing import Any, Final

from xcs.frontend.abstract_values import is_constant, is_immutable_class
from xcs.frontend.source import is_library

CONTAINERS: Final = (
    list,
    dict,
    set,
    bytearray,
    collections.deque,
    collections.defaultdict,
    collections.Counter,
    collections.OrderedDict,
)
"""Builtin containers, whose methods are known."""

_TEXT: Final = (str, bytes, int, float, complex, tuple, frozenset, range, list, dict, set)


def _public(*kinds: type) -> frozenset[str]:
    return frozenset(
        name
        for kind in kinds
        for name, value in vars(kind).items()
        if not name.startswith("_") and callable(value)
    )


_READS: Final = _public(str, bytes, tuple, frozenset, range) | frozenset(
    {"get", "items", "keys", "values", "copy", "count", "index", "most_common", "elements", "total"}
    | {"group", "groups", "groupdict", "start", "end", "span", "isoformat", "total_seconds"}
)
CHANGING_METHODS: Final = _public(*CONTAINERS) - _READS
"""Methods of builtin containers that change their receiver."""

READING_METHODS: Final = _public(*_TEXT) - CHANGING_METHODS | _READS
"""Methods of builtin data that change nothing."""

CODE_CLASSES: Final = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.ModuleType,
    type,
    functools._lru_cache_wrapper,
    contextvars.ContextVar,
)
"""Classes of code: functions, classes and modules, which are told apart by identity. So are context
variables, whose values are not theirs but the context's."""

SEES_ITS_FRAME: Final = frozenset({"locals", "globals", "vars", "eval", "exec", "dir", "super"})
"""Builtins that depend on the function that calls them, rather than on their arguments."""

READS_FRAMES: Final = (
    sys._getframe,
    inspect.currentframe,
    inspect.stack,
    traceback.extract_stack,
    traceback.format_stack,
    traceback.print_stack,
)
"""Functions that look at the frames of those that call them."""

SCALARS: Final = frozenset({type(None), bool, int, float, complex, str, bytes})


def is_immutable_value(value: Any) -> bool:
    """Whether nothing that the value leads to can change."""
    return type(value) in SCALARS or is_constant(value) or isinstance(value, CODE_CLASSES)


@functools.lru_cache(maxsize=4096)
def is_user_class(cls: type) -> bool:
    """Whether instances are ordinary objects: a class statement's, with attributes in a dict.

    No attribute access of such a class runs code other than properties and other descriptors.
    """
    if not isinstance(cls, type) or cls.__module__ == "builtins":
        return False
    if type(cls) not in (type, _abc()):
        return False
    if any(base is not object and not base.__flags__ & (1 << 9) for base in cls.__mro__):
        return False
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    if path is not None and is_library(path):
        return False
    frozen = getattr(getattr(cls, "__dataclass_params__", None), "frozen", False)
    for name, standard in _ATTRIBUTE_ACCESS.items():
        # A frozen dataclass refuses writes, which is left to it; it is read like any other.
        if getattr(cls, name, None) is not standard and not (frozen and name != "__getattribute__"):
            return False
    return not hasattr(cls, "__getattr__") and cls.__dictoffset__ != 0


def _abc() -> type:
    import abc

    return abc.ABCMeta


_ATTRIBUTE_ACCESS: Final = {
    name: getattr(object, name) for name in ("__getattribute__", "__setattr__", "__delattr__")
}


_DECLARED_PLAIN: Final = frozenset(
    {"str", "int", "float", "bool", "bytes", "complex", "None", "Optional", "Union", "typing"}
)


def returns_plain(function: Any) -> bool:
    """Whether the author of a function declared that it returns text, numbers or None."""
    declared = getattr(function, "__annotations__", None)
    if not isinstance(declared, dict) or "return" not in declared:
        return False
    found = declared["return"]
    if isinstance(found, type):
        return found in SCALARS
    words = re.findall(r"[^\W\d]\w*", found if isinstance(found, str) else repr(found))
    return bool(words) and _DECLARED_PLAIN.issuperset(words)


__all__ = [
    "CHANGING_METHODS",
    "CODE_CLASSES",
    "CONTAINERS",
    "READING_METHODS",
    "READS_FRAMES",
    "SEES_ITS_FRAME",
    "is_immutable_class",
    "is_immutable_value",
    "is_user_class",
    "returns_plain",
]
