"""Facts about Python that several parts of the front end use, each said once."""

from __future__ import annotations

import collections
import contextvars
import functools
import inspect
import math
import re
import sys
import traceback
import types
import typing
from collections.abc import Container
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

TAKES_ALL: Final = (list, tuple, sorted, collections.deque)
"""Builtins that take all elements of what they are given before they look at any."""
TAKES_EACH: Final = (
    *(set, frozenset, dict, sum, min, max, collections.Counter, collections.OrderedDict),
    *(dict.fromkeys, math.fsum, math.prod),
)
"""Builtins that look at each element before they take the next, and take all."""


def is_among(callee: Any, builtins: Container[Any]) -> bool:
    """Whether it is one of some builtins."""
    # Of a class's method there is a new object each time, which equals the others.
    return isinstance(callee, type | types.BuiltinFunctionType) and callee in builtins


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


def reads_only(cls: type | None, method: str) -> bool:
    """Whether a method of a builtin container changes nothing."""
    makes_what_it_lacks = cls is collections.defaultdict
    return method in READING_METHODS or (method == "__getitem__" and not makes_what_it_lacks)


BUILTIN_METHODS: Final = (types.MethodDescriptorType, types.WrapperDescriptorType)
"""Classes of what builtin classes have for methods."""

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


_NEW_MODULES: Final = frozenset({
    "base64", "binascii", "cmath", "datetime", "decimal", "fractions", "hashlib", "html", "json",
    "math", "posixpath", "ntpath", "re", "shlex", "string", "struct", "textwrap", "time",
    "unicodedata", "urllib.parse", "uuid", "zlib",
})  # fmt: skip
_NEW: Final = (
    *(abs, ascii, bin, bool, bytes, callable, chr, complex, divmod, float, format, hash, hex, int),
    *(isinstance, issubclass, len, oct, ord, pow, range, repr, round, str),
)


def makes_new(callee: Any) -> bool:
    """Whether what a function gives for plain data holds nothing of that."""
    if any(callee is known for known in _NEW):
        return True
    return not isinstance(callee, type) and getattr(callee, "__module__", "") in _NEW_MODULES


_IMMUTABLE_MODULES: Final = frozenset({"cmath", "math", "unicodedata"})


def makes_immutable(callee: Any) -> bool:
    """Whether a function gives text, numbers or other immutable values for plain data."""
    if any(callee is known for known in _NEW):
        return True
    return getattr(callee, "__module__", "") in _IMMUTABLE_MODULES


TEXT_METHODS: Final = _public(str, bytes) - _public(
    *(cls for cls in CONTAINERS if cls is not bytearray), tuple, frozenset, range
)
"""Methods of text, which no container has: what they give holds nothing of what they are given."""
CHANGEABLE_TEXT_METHODS: Final = _public(bytearray)
"""Methods that may be those of text which can be changed, and so may what they give."""
LISTING_TEXT_METHODS: Final = frozenset({"split", "rsplit", "splitlines", "maketrans"})
"""Those of them that give a list or dict."""


def is_immutable_value(value: Any) -> bool:
    """Whether nothing that the value leads to can change."""
    return type(value) in SCALARS or is_constant(value) or isinstance(value, CODE_CLASSES)


@functools.lru_cache(maxsize=4096)
def is_user_class(cls: type) -> bool:
    """Whether instances are ordinary objects: with attributes in a dict or in slots.

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
    return not hasattr(cls, "__getattr__")


@functools.lru_cache(maxsize=4096)
def has_python_methods(cls: type) -> bool:
    """Whether what the class has for methods and properties is Python code that is captured.

    Beside ordinary classes, those of named tuples are such.
    """
    if is_user_class(cls):
        return True
    path = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return is_named_tuple(cls) and (path is None or not is_library(path))


def makes_own_instances(cls: type) -> bool:
    """Whether what calling a class gives is certainly an instance of it, and of no other."""
    made = cls.__new__
    made_by = getattr(made, "__self__", None)
    return type(cls) is type and made_by is not None and not issubclass(made_by, type)


def is_named_tuple(cls: Any) -> bool:
    """Whether it is a class of named tuples, which are made and read as these are."""
    if not isinstance(cls, type) or not issubclass(cls, tuple) or not hasattr(cls, "_fields"):
        return False
    made = getattr(cls.__new__, "__code__", None)
    alike = all(getattr(cls, n) is getattr(tuple, n) for n in ("__getattribute__", "__getitem__"))
    return alike and made is not None and made.co_filename.startswith("<")


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
    if not isinstance(found, str):
        return is_declared_plain(found)
    words = re.findall(r"[^\W\d]\w*", found)
    return bool(words) and _DECLARED_PLAIN.issuperset(words)


def is_declared_plain(declared: Any) -> bool:
    """Whether an annotation stands for text, numbers or None."""
    if typing.get_origin(declared) in (typing.Union, types.UnionType):
        return all(map(is_declared_plain, typing.get_args(declared)))
    if typing.get_origin(declared) is typing.Literal:
        return all(type(value) in SCALARS for value in typing.get_args(declared))
    return declared is None or (isinstance(declared, type) and declared in SCALARS)


@functools.lru_cache(maxsize=4096)
def declared_result(function: Any) -> Any:
    """The annotation of what a function returns; None if there is none, or it says nothing."""
    try:
        return typing.get_type_hints(inspect.unwrap(function)).get("return")
    except Exception:
        return None


__all__ = [
    "BUILTIN_METHODS",
    "CHANGEABLE_TEXT_METHODS",
    "CHANGING_METHODS",
    "CODE_CLASSES",
    "CONTAINERS",
    "LISTING_TEXT_METHODS",
    "READING_METHODS",
    "READS_FRAMES",
    "SEES_ITS_FRAME",
    "TAKES_ALL",
    "TAKES_EACH",
    "TEXT_METHODS",
    "declared_result",
    "has_python_methods",
    "is_among",
    "is_declared_plain",
    "is_immutable_class",
    "is_immutable_value",
    "is_named_tuple",
    "is_user_class",
    "makes_immutable",
    "makes_new",
    "reads_only",
    "returns_plain",
]
