"""Looking at live objects and classes without running any of their code."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import enum
import functools
import hashlib
import hmac
import io
import pathlib
import re
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final

from xcs.frontend.abstract_values import Value, is_code, is_constant, is_immutable_class
from xcs.frontend.detectors import registry
from xcs.frontend.detectors.clients import is_client
from xcs.frontend.detectors.generative_objects import is_generative
from xcs.frontend.interpretation.summary import MISSING
from xcs.frontend.source import SourceFile, source_file

_METHODS = (
    types.FunctionType,
    classmethod,
    staticmethod,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.BuiltinFunctionType,
    functools.partialmethod,
    functools._lru_cache_wrapper,
)


@contextlib.contextmanager
def _context_manager() -> Iterator[None]:
    yield


CONTEXT_MANAGER: Final[type] = type(_context_manager())

RESULT_CLASSES: Final[dict[str, type]] = {
    cls.__name__: cls for cls in (str, int, float, bool, bytes, complex, list, dict, set, tuple)
} | {
    "context": CONTEXT_MANAGER,
    "csv.writer": type(csv.writer(io.StringIO())),
    "datetime.date": datetime.date,
    "datetime.datetime": datetime.datetime,
    "hashlib.HASH": type(hashlib.sha256()),
    "hmac.HMAC": hmac.HMAC,
    "iterator": types.GeneratorType,
    "pathlib.Path": pathlib.Path,
    "re.Match": re.Match,
    "re.Pattern": re.Pattern,
}
"""Classes by the names that tables give them."""


def classes(value: Value) -> list[type]:
    """The classes that a value is an instance of, as far as they are known."""
    if value.refs:
        return list(dict.fromkeys(type(ref.obj) for ref in value.refs))
    if value.cls is not None:
        return [value.cls]
    return list(value.hint.classes) if value.hint is not None else []


def class_attribute(cls: type, name: str) -> Any:
    """A class attribute as it is stored, found without running descriptors; or ``MISSING``."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return MISSING


def python_method(cls: type, name: str) -> types.FunctionType | None:
    """A method that is written in Python; None for other classes than users would write."""
    found = class_attribute(cls, name)
    return found if isinstance(found, types.FunctionType) and not is_plain_class(cls) else None


def namespace(obj: Any) -> Mapping[str, Any]:
    """The instance dictionary, or an empty one."""
    try:
        found = object.__getattribute__(obj, "__dict__")
    except (AttributeError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def raises_on_missing(obj: Any) -> bool:
    """Whether an attribute that neither the object nor its class has is an AttributeError."""
    return not isinstance(obj, type) and class_attribute(type(obj), "__getattr__") is MISSING


def is_method(found: Any) -> bool:
    """Whether a class attribute is something that instances call."""
    return isinstance(found, _METHODS) or type(found).__name__ == "cython_function_or_method"


def is_slot(found: Any) -> bool:
    """Whether a class attribute reads a field of a native object."""
    native = isinstance(found, types.MemberDescriptorType | types.GetSetDescriptorType)
    return native or type(found).__name__ == "_tuplegetter"


def is_generated(fn: types.FunctionType) -> bool:
    """Whether a function was compiled from text, as dataclasses and named tuples do."""
    return fn.__code__.co_filename.startswith(("<string>", "<attrs generated"))


def is_mock(obj: Any) -> bool:
    """Mocks answer to every name, so their names mean nothing."""
    return any(cls.__module__ == "unittest.mock" for cls in type(obj).__mro__)


_ARRAY_PACKAGES: Final = frozenset({"jax", "jaxlib", "numpy"})


def is_plain_class(cls: type) -> bool:
    """Values whose operators are known to be pure, although some are written in Python."""
    return is_immutable_class(cls) or cls.__module__.partition(".")[0] in _ARRAY_PACKAGES


def is_service(obj: Any) -> bool:
    """Clients, models and loggers: used through their methods, not looked at as data."""
    return is_client(obj) or is_generative(obj) or type(obj).__module__ == "logging"


def is_harmless(obj: Any) -> bool:
    """Whether reading an object tells nothing that could change."""
    if obj is None or is_constant(obj) or is_code(obj) or is_service(obj):
        return True
    if isinstance(obj, functools.partial | types.MethodType):
        return True
    if dataclasses.is_dataclass(obj) and obj.__dataclass_params__.frozen:  # type: ignore[union-attr]
        return all(is_harmless(getattr(obj, item.name, None)) for item in dataclasses.fields(obj))
    if isinstance(obj, tuple | frozenset | types.MappingProxyType):
        items = obj.values() if isinstance(obj, types.MappingProxyType) else obj
        return len(obj) <= 256 and all(map(is_harmless, items))
    return callable(obj) and registry.recognise(obj) is not None


def wrapped_callable(obj: Any) -> Any | None:
    """The callable inside a native wrapper: ``lru_cache``, ``np.vectorize``."""
    if isinstance(obj, functools._lru_cache_wrapper):
        return obj.__wrapped__
    cls = type(obj)
    if cls.__module__.startswith("numpy") and cls.__name__ == "vectorize":
        return obj.pyfunc
    return None


def remembers(obj: Any) -> bool:
    """Whether it is a function that gives the result of an earlier call again."""
    return isinstance(obj, functools._lru_cache_wrapper)


def guarded_function(fn: types.FunctionType) -> types.FunctionType | None:
    """The function inside a wrapper of the standard library that only guards against recursion."""
    inner = getattr(fn, "__wrapped__", None)
    guard = fn.__globals__.get("__name__") in ("dataclasses", "reprlib")
    return inner if guard and isinstance(inner, types.FunctionType) else None


def context_manager_body(fn: types.FunctionType) -> types.FunctionType | None:
    """The generator function under ``@contextmanager``: its body runs around the ``with`` block."""
    inner = getattr(fn, "__wrapped__", None)
    if fn.__globals__.get("__name__") == "contextlib" and isinstance(inner, types.FunctionType):
        return inner
    return None


_HEAP_TYPE = 1 << 9


@functools.lru_cache(maxsize=4096)
def is_python_class(cls: type) -> bool:
    """Whether the whole state of an instance lies in attributes that Python code sets."""
    return all(
        base.__flags__ & _HEAP_TYPE
        and not isinstance(base.__dict__.get("__new__"), types.BuiltinFunctionType)
        for base in cls.__mro__[:-1]
    ) and not issubclass(cls, enum.Enum)


@functools.lru_cache(maxsize=2048)
def class_files(cls: type) -> tuple[SourceFile | None, ...]:
    """The source files of a class and its bases; None for one that cannot be read."""
    files: dict[str, SourceFile | None] = {}
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] in sys.stdlib_module_names:
            continue  # What the standard library's classes hold stays as it is.
        functions = (f for f in base.__dict__.values() if isinstance(f, types.FunctionType))
        paths = (f.__code__.co_filename for f in functions if not is_generated(f))
        path = next(paths, None)
        if path is not None and path not in files:
            files[path] = source_file(path)
    return tuple(files.values())
