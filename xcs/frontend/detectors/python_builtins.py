"""Builtin functions, and the methods of builtin types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xcs.frontend.classification import Classification, pure
from xcs.frontend.detectors.identity import identify
from xcs.frontend.detectors.tables import (
    ACCUMULATOR,
    CONSOLE,
    ENVIRONMENT,
    HIGHER_ORDER,
    ITERATOR,
    MUTATOR,
    PURE_ENTRY,
    UNKNOWN,
    Table,
    changing,
    entries,
    lookup_callable,
    mapping,
    opening,
    returning,
    streaming,
)

PRIORITY = -30

_STR_METHODS: Final = (
    "capitalize casefold center expandtabs format format_map join ljust lower lstrip replace"
    " removeprefix removesuffix rjust rstrip strip swapcase title translate upper zfill"
)
_TESTS: Final = {
    "str bytes bytearray": "isalnum isalpha isascii isdigit islower isspace istitle isupper"
    " startswith endswith",
    "str": "isdecimal isidentifier isnumeric isprintable",
}
_COUNTS: Final = {
    "str bytes bytearray list tuple": "count index",
    "str bytes bytearray": "find rfind rindex",
}


def _methods(names: Mapping[str, str]) -> list[str]:
    """The paths of methods, which are given by classes."""
    return [
        f"builtins.{cls}.{name}"
        for classes, methods in names.items()
        for cls in classes.split()
        for name in methods.split()
    ]


TABLE: Final[Table] = (
    entries(
        "builtins",
        "abs all any ascii bin bool bytes callable chr complex dict divmod enumerate float format"
        " frozenset getattr hasattr hash hex id int isinstance issubclass iter len list max min"
        " object oct ord pow range repr reversed round set slice str sum super tuple type zip"
        " bytearray memoryview property classmethod staticmethod NotImplemented Ellipsis"
        " NoneType function method code cell ellipsis mappingproxy dir vars",
        PURE_ENTRY,
    )
    | returning(
        {
            "bool": [
                "builtins.all",
                "builtins.any",
                "builtins.bool",
                "builtins.callable",
                "builtins.hasattr",
                "builtins.isinstance",
                "builtins.issubclass",
            ],
            "int": ["builtins.hash", "builtins.id", "builtins.len", "builtins.ord", "builtins.int"],
            "float": ["builtins.float"],
            "complex": ["builtins.complex"],
            "bytes": ["builtins.bytes", "builtins.str.encode"],
            "list": [
                "builtins.list",
                "builtins.str.split",
                "builtins.str.rsplit",
                "builtins.str.splitlines",
                "builtins.dir",
                "builtins.list.copy",
            ],
            "str": [
                "builtins.ascii",
                "builtins.bin",
                "builtins.chr",
                "builtins.format",
                "builtins.hex",
                "builtins.oct",
                "builtins.repr",
                "builtins.str",
                "builtins.bytes.decode",
                "builtins.bytes.hex",
            ],
            "dict": ["builtins.dict", "builtins.dict.copy"],
            "set": ["builtins.set"],
            "range": ["builtins.range"],
        }
    )
    | returning({"str": [f"builtins.str.{name}" for name in _STR_METHODS.split()]})
    | returning({"bool": _methods(_TESTS), "int": _methods(_COUNTS)})
    | entries("builtins", "sorted max min sum", HIGHER_ORDER)
    | entries("builtins", "filter zip enumerate reversed iter", ITERATOR)
    | entries("builtins", "map", mapping(ITERATOR))
    | entries("builtins", "list.sort", MUTATOR)
    # `next` advances its operand, and the operand may be a generator with effects of its own.
    | entries("builtins", "next anext aiter", changing((0, "iterator")))
    | entries("builtins", "setattr delattr", changing((0, "object")))
    | entries("builtins", "list.append list.extend set.add set.update", ACCUMULATOR)
    | entries(
        "builtins.list",
        "insert remove pop clear reverse __setitem__ __delitem__ __iadd__ __imul__ __init__",
        MUTATOR,
    )
    | entries(
        "builtins.dict",
        "update pop popitem setdefault clear __setitem__ __delitem__ __ior__ __init__",
        MUTATOR,
    )
    | entries(
        "builtins.set",
        "discard remove pop clear difference_update intersection_update"
        " symmetric_difference_update __iand__ __ior__ __isub__ __ixor__ __init__",
        MUTATOR,
    )
    | entries(
        "builtins.bytearray",
        "append extend insert pop remove clear reverse __setitem__ __delitem__ __iadd__ __imul__",
        MUTATOR,
    )
    | entries("builtins.memoryview", "__setitem__ release", MUTATOR)
    | entries("builtins.generator", "send throw close __next__", UNKNOWN)
    | entries("builtins.coroutine", "send throw close", UNKNOWN)
    | entries("builtins.object", "__setattr__ __delattr__", MUTATOR)
    | entries("builtins", "print", streaming((None, "file")))
    | entries("builtins", "input breakpoint help", CONSOLE)
    | entries("builtins", "exec eval compile __import__ __build_class__", UNKNOWN)
    | entries("builtins", "globals locals exit quit copyright credits license", ENVIRONMENT)
    | entries("", "io.open", opening((1, "mode")))
)

_ITERATORS: Final = frozenset({"__next__", "send", "throw", "close"})


def detect(fn: Any) -> Classification | None:
    """Builtins by table; exception classes and methods of builtin types are pure by default."""
    identity = identify(fn)
    if identity.module != "builtins" and identity.path != "io.open":
        return None
    if isinstance(fn, type) and issubclass(fn, BaseException):
        return pure(f"{identity.path} only builds an exception")
    if any(owner is BaseException for owner in identity.owners):
        changes = identity.method in ("with_traceback", "add_note", "__setstate__")
        return MUTATOR(identity.path) if changes else PURE_ENTRY(identity.path)
    if identity.method in _ITERATORS:
        return MUTATOR(identity.path)
    return lookup_callable(TABLE, identity)
