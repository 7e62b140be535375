"""Values that nothing can be hidden in: code that only works on them runs no code of the user's."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import fractions
import pathlib
import re
import sys
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable
from enum import Enum
from itertools import chain, islice
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

from xcs.runtime.attributes import is_user_class

MAX_ELEMENTS = 1024
"""How many values within values are looked at. What is in larger ones is taken for plain."""

IMMUTABLE = frozenset({
    type(None), bool, int, float, complex, str, bytes, tuple, range, slice, frozenset, re.Match,
    re.Pattern, type(...), type(NotImplemented),
})  # fmt: skip
"""Builtin types whose methods change nothing, and look at nothing else."""

_SCALARS = (IMMUTABLE - {tuple, frozenset}) | {
    datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone,
    decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePosixPath, pathlib.PosixPath,
    pathlib.PureWindowsPath, type, FunctionType, BuiltinFunctionType, MethodDescriptorType,
    type(re.compile("").search), ModuleType,
}  # fmt: skip
MARK = "__xcs_plain__"
"""What classes of the compiler's own have whose instances stand for something."""
_SEQUENCES = frozenset({tuple, list, set, frozenset, deque})
MAPPINGS = frozenset({dict, defaultdict, Counter, OrderedDict})
VIEWS = frozenset(
    type(view) for of in ({}, OrderedDict()) for view in (of.keys(), of.values(), of.items())
)
"""The types of what ``keys``, ``values`` and ``items`` of mappings give."""
_CONTAINERS = _SEQUENCES | MAPPINGS | VIEWS


def are_plain(values: Iterable[Any]) -> bool:
    """Whether all values are plain data: what Python itself and well-known libraries define.

    Instances of the user's classes are not, unless they are dataclasses, named tuples or exceptions
    without special methods of the user's. Within a container they are: code may hand them on.
    """
    inner: list[Any] = []
    for value in values:
        if not _is_plain(value):
            return False
        if type(value) in _CONTAINERS:
            inner.append(value)
        elif isinstance(value, BaseException):
            inner.append(value.args)
    left = MAX_ELEMENTS
    for container in inner:  # which grows meanwhile
        for element in islice(_elements(container), left):
            left -= 1
            if type(element) in _CONTAINERS:
                inner.append(element)
            elif not _is_plain(element) and not is_user_class(type(element)):
                return False
        if left <= 0:
            break
    return True


def _elements(container: Any) -> Iterable[Any]:
    if type(container) in MAPPINGS:
        return chain(container.keys(), container.values())
    return container


def _is_plain(value: Any) -> bool:
    cls = type(value)
    if cls in _SCALARS or cls in _CONTAINERS:
        return True
    if isinstance(value, type | Enum) or is_array(value) or hasattr(cls, MARK):
        return True
    if cls is MethodType:
        return _is_plain(value.__self__)
    return _is_record(cls)


def _is_record(cls: type) -> bool:
    if issubclass(cls, BaseException):
        made = {"__init__", "__reduce__", "__setstate__"}
        return not any(_own_special_methods(base) - made for base in cls.__mro__)
    if not is_user_class(cls):
        return False
    if dataclasses.is_dataclass(cls):
        made = {"__init__", "__repr__", "__eq__", "__hash__", "__match_args__", "__setattr__",
                "__delattr__", "__lt__", "__le__", "__gt__", "__ge__", "__replace__",
                "__getstate__", "__setstate__"}  # fmt: skip
        return not any(_own_special_methods(base) - made for base in cls.__mro__)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        made = {"__new__", "__repr__", "__getnewargs__", "__match_args__", "__replace__"}
        return not any(_own_special_methods(base) - made for base in cls.__mro__)
    return False


_ALWAYS = frozenset({
    "__module__", "__doc__", "__dict__", "__weakref__", "__slots__", "__annotations__",
    "__qualname__", "__dataclass_fields__", "__dataclass_params__", "__orig_bases__",
    "__parameters__", "__firstlineno__", "__static_attributes__", "__annotate_func__",
    "__annotations_cache__", "__annotate__", "__class_getitem__",
})  # fmt: skip


def _own_special_methods(cls: type) -> set[str]:
    if not is_user_class(cls):
        return set()
    special = {n for n in cls.__dict__ if n.startswith("__") and n.endswith("__")}
    return special - _ALWAYS


def is_array(value: Any) -> bool:
    """Whether a value is an array, or a number, of NumPy or JAX."""
    numpy, jax = sys.modules.get("numpy"), sys.modules.get("jax")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic | numpy.dtype):
        return not getattr(value, "dtype", value).hasobject
    return jax is not None and isinstance(value, jax.Array)


def is_jax_array(value: Any) -> bool:
    """Whether a value is an array that never changes."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.Array)


def is_plain(value: Any) -> bool:
    """Whether a value is plain data, whatever it may hold."""
    return _is_plain(value)


def has_own_operators(cls: type) -> bool:
    """Whether a class says itself what operators and builtins do on its instances."""
    return any(_own_special_methods(base) - {"__init__"} for base in cls.__mro__)
