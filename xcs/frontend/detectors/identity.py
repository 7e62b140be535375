"""Where a callable comes from: the module and dotted name that recognition tables are keyed by."""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from typing import Any, Final

ALIASES: Final = {
    # C accelerators and platform modules, under the names that people import.
    "_abc": "abc",
    "_asyncio": "asyncio",
    "_bisect": "bisect",
    "_bz2": "bz2",
    "_collections": "collections",
    "_codecs": "codecs",
    "_contextvars": "contextvars",
    "_csv": "csv",
    "_ctypes": "ctypes",
    "_curses": "curses",
    "_datetime": "datetime",
    "_pydatetime": "datetime",
    "_decimal": "decimal",
    "_pydecimal": "decimal",
    "_functools": "functools",
    "_hashlib": "hashlib",
    "_heapq": "heapq",
    "_io": "io",
    "_pyio": "io",
    "_imp": "importlib",
    "_json": "json",
    "_locale": "locale",
    "_lzma": "lzma",
    "_operator": "operator",
    "_pickle": "pickle",
    "_opcode": "dis",
    "_queue": "queue",
    "_random": "random",
    "_signal": "signal",
    "_socket": "socket",
    "_sqlite3": "sqlite3",
    "_sre": "re",
    "_ssl": "ssl",
    "_stat": "stat",
    "_statistics": "statistics",
    "_string": "string",
    "_struct": "struct",
    "_thread": "threading",
    "_tracemalloc": "tracemalloc",
    "_uuid": "uuid",
    "_warnings": "warnings",
    "_weakref": "weakref",
    "_strptime": "time",
    "genericpath": "os.path",
    "json.decoder": "json",
    "json.encoder": "json",
    "nt": "os",
    "ntpath": "os.path",
    "pathlib._local": "pathlib",
    "pathlib._abc": "pathlib",
    "posix": "os",
    "posixpath": "os.path",
    "re._compiler": "re",
    "collections.abc": "collections.abc",
}

_MODULE_BOUND: Final = (types.ModuleType, type(None))


@dataclass(frozen=True)
class Identity:
    """A callable's home. For a method, ``name`` starts with the class that defines it."""

    module: str
    name: str
    owners: tuple[type, ...] = ()
    """The receiver's class and its bases (of a constructor: the class and its bases)."""
    code_module: str = ""
    """Where a Python function's code really lives; a decorator may have renamed ``module``."""

    @property
    def root(self) -> str:
        """The top-level package."""
        return self.module.partition(".")[0]

    @property
    def path(self) -> str:
        """Module and name in one, as a person would import it."""
        return f"{self.module}.{self.name}"

    @property
    def method(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def is_constructor(self) -> bool:
        """True for a class that is called to build an instance."""
        return bool(self.owners) and self.name == self.owners[0].__qualname__


def canonical_module(name: str | None) -> str:
    """The public name of a module."""
    name = name or ""
    return ALIASES.get(name, name)


def class_path(cls: type) -> str:
    """``module.QualifiedName`` of a class, with the module's public name."""
    return f"{canonical_module(_text(cls, '__module__'))}.{cls.__qualname__}"


def identify(fn: Any) -> Identity:
    """Module and name of any callable; never runs the callable's own attribute hooks."""
    if isinstance(fn, type):
        return Identity(canonical_module(_text(fn, "__module__")), fn.__qualname__, fn.__mro__)
    if isinstance(fn, types.MethodType):
        return _identify_method(fn.__func__, fn.__self__)
    if isinstance(fn, types.FunctionType):
        return Identity(
            canonical_module(_text(fn, "__module__")),
            fn.__qualname__,
            code_module=str(fn.__globals__.get("__name__", "")),
        )
    if isinstance(fn, types.BuiltinFunctionType):
        return _identify_builtin(fn)
    if isinstance(fn, types.MethodWrapperType):
        return _owned_name(type(fn.__self__), fn.__name__)
    if isinstance(
        fn,
        types.MethodDescriptorType | types.WrapperDescriptorType | types.ClassMethodDescriptorType,
    ):
        return _owned_name(fn.__objclass__, fn.__name__)
    if isinstance(fn, functools.partial):
        return identify(fn.func)
    return _identify_instance(fn)


def _identify_builtin(fn: types.BuiltinFunctionType) -> Identity:
    receiver = fn.__self__
    if isinstance(receiver, _MODULE_BOUND):
        # Cython and nanobind functions keep their module in __module__ only.
        module = _text(fn, "__module__") or getattr(receiver, "__name__", "")
        return Identity(canonical_module(module), fn.__qualname__)
    owner = receiver if isinstance(receiver, type) else type(receiver)
    return _owned_name(owner, fn.__name__)


def _identify_method(func: Any, receiver: Any) -> Identity:
    owner = receiver if isinstance(receiver, type) else type(receiver)
    name = _text(func, "__name__") or type(func).__name__
    identity = _owned_name(owner, name)
    globals_ = getattr(func, "__globals__", None) or {}
    return Identity(
        identity.module, identity.name, identity.owners, str(globals_.get("__name__", ""))
    )


def _identify_instance(fn: Any) -> Identity:
    """Callable instances; native ones (ufuncs, Cython functions) carry a name of their own."""
    if any(
        isinstance(cls.__dict__.get("__call__"), types.FunctionType) for cls in type(fn).__mro__
    ):
        return _owned_name(type(fn), "__call__")
    name, module, receiver = (
        _native_name(fn),
        _text(fn, "__module__"),
        getattr(fn, "__self__", None),
    )
    if name and not isinstance(receiver, _MODULE_BOUND):  # a bound method of a native extension
        return _owned_name(receiver if isinstance(receiver, type) else type(receiver), name)
    if name and module:
        return Identity(canonical_module(module), name)
    return _owned_name(type(fn), "__call__")


def _native_name(fn: Any) -> str:
    """The name of a native callable; nanobind's methods have none but in their class."""
    if name := _text(fn, "__name__"):
        return name
    function, owner = getattr(fn, "__func__", None), type(getattr(fn, "__self__", None))
    names = (name for cls in owner.__mro__ for name in cls.__dict__)
    return next((n for n in names if getattr(owner, n, None) is function), "") if function else ""


def _owned_name(owner: type, name: str) -> Identity:
    """The class along the method resolution order that defines ``name``, and the name in it."""
    definer = next((cls for cls in owner.__mro__ if name in cls.__dict__), owner)
    module = canonical_module(_text(definer, "__module__"))
    return Identity(module, f"{definer.__qualname__}.{name}", owner.__mro__)


def _text(obj: Any, attribute: str) -> str:
    """A string attribute, or "" where it is missing or something else."""
    value = getattr(obj, attribute, None)
    return value if isinstance(value, str) else ""
