"""The arguments of one call, taken apart into what is static and what flows at run time.

Arrays, numbers, strings and other data are dynamic; their kinds, the structure around arrays, and
everything that capture looks into (functions, classes, clients) belong to the cache key.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax
import numpy as np

_STATIC_TYPES = (
    type(None),
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
)
_NUMBERS = (bool, int, float, complex)
_MAX_DEPTH = 24
_MAX_SCAN = 10_000  # leaves looked at to find an array in a container


@dataclass(frozen=True)
class Identity:
    """A static value that is told apart by what it is, not by what it equals."""

    value: Any

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.value is self.value


@dataclass(slots=True, eq=False)  # not frozen, which would double the time to make one
class Leaf:
    """One dynamic value: what is known of it, and the value in the call that is looked at.

    ``kind`` is "array", "number", "key" (a PRNG key, whose dtype has no tensor type) or "object".
    """

    kind: str
    example: Any

    @property
    def spec(self) -> jax.ShapeDtypeStruct | Any | None:
        """The array's shape and dtype, or the number; None for any other object."""
        if self.kind in ("array", "key"):
            return array_spec(self.example)
        return self.example if self.kind == "number" else None


@dataclass(slots=True, eq=False)
class Flat:
    """One argument: its part of the cache key, its leaves, and how to put a value together."""

    key: Hashable
    leaves: list[Leaf]
    rebuild: Callable[[Iterator[Any]], Any]


def flatten(
    value: Any,
    parameter: str,
    *,
    static: bool = False,
    made: list[Any] | None = None,
) -> Flat:
    """Take one argument apart.

    With `made`, every container is taken apart, to its last leaf, as `jax.jit` does; the objects
    that are put together again are added to that list.

    Raises:
        StaticArgumentError: for a static argument that cannot be hashed.
    """
    kind = type(value)
    if static:
        return Flat((kind, static_key(value, parameter)), [], lambda _: value)
    form = _form_of(value)
    if form == "array" or form == "numpy":
        dtype, from_jax = value.dtype, form == "array"
        leaf_kind = "array" if isinstance(dtype, np.dtype) else "key"  # whose dtype is JAX's own
        weak = from_jax and getattr(value, "weak_type", False)  # key arrays have none
        key = ("array", value.shape, dtype, weak, from_jax)
        return Flat(key, [Leaf(leaf_kind, value)], next)
    if form == "number":
        if kind is int and not fits_array(value):
            return Flat((int, "big"), [Leaf("object", value)], next)
        return Flat(kind, [Leaf("number", value)], next)
    if form == "text":
        return Flat(kind, [Leaf("object", value)], next)
    if made is not None and kind is not type(None) and _is_pytree(value):
        return _flatten_parts(value, parameter, made)
    if form == "static":
        return Flat(Identity(value), [], lambda _: value)
    if _has_parts(value):
        return _flatten_parts(value, parameter, made)
    if kind is list:
        return Flat((list, _element_class(value)), [Leaf("object", value)], next)
    return Flat(kind, [Leaf("object", value)], next)


def constant(value: Any) -> Flat:
    """An argument that is part of the program: a default that the caller left out."""
    return Flat(Identity(value), [], lambda _: value)


def _flats(arguments: Mapping[str, Any]) -> Iterator[Flat]:
    for flat in arguments.values():
        if isinstance(flat, list):
            yield from flat
        elif isinstance(flat, dict):
            yield from flat.values()
        else:
            yield flat


def leaves_of(arguments: Mapping[str, Any]) -> list[Leaf]:
    """The dynamic values in flattened arguments, in order."""
    return [leaf for flat in _flats(arguments) for leaf in flat.leaves]


def rebuilt(arguments: Mapping[str, Any], values: Iterable[Any]) -> dict[str, Any]:
    """Each parameter's value, put together with the given leaves in order."""
    left = iter(values)

    def whole(flat: Any) -> Any:
        if isinstance(flat, list):
            return tuple(map(whole, flat))
        if isinstance(flat, dict):
            return {name: whole(part) for name, part in flat.items()}
        return flat.rebuild(left)

    return {name: whole(flat) for name, flat in arguments.items()}


_PLAIN = frozenset((*_NUMBERS, str, bytes, type(None)))
"""Classes whose values are data, and hold nothing else."""

_Form = Literal["array", "numpy", "number", "text", "static", "data"]


def _form_of(value: Any) -> _Form:
    form = _form(type(value))
    if form == "numpy":
        is_text_or_time = value.dtype.kind in "OSUMm" or value.dtype.type is np.void
        return "data" if is_text_or_time else "numpy"
    if form == "data" and isinstance(value, jax.Array):  # a tracer, whose class does not tell
        return "array"
    return form


@functools.lru_cache(maxsize=1024)
def _form(kind: type) -> _Form:
    """What values of a class are to capture, as far as the class tells."""
    if issubclass(kind, jax.Array | AbstractArray):
        return "array"
    if issubclass(kind, np.ndarray | np.generic):
        return "numpy"
    if kind in _NUMBERS:
        return "number"
    if kind in (str, bytes):
        return "text"
    called = any("__call__" in vars(base) for base in kind.__mro__)
    return "static" if called or issubclass(kind, _STATIC_TYPES) else "data"


def _flatten_parts(value: Any, parameter: str, made: list[Any] | None) -> Flat:
    """Take a container apart, one level; its structure is part of the key."""
    kind = type(value)
    structure: Any
    build: Callable[[list[Any]], Any]
    if kind in (list, tuple):
        children, structure, build = list(value), len(value), kind
    elif kind is dict:
        keys = tuple(value)
        children, structure = list(value.values()), keys
        build = lambda parts: dict(zip(keys, parts, strict=True))
    else:
        children, structure = jax.tree_util.tree_flatten(value, is_leaf=lambda v: v is not value)
        build = structure.unflatten

    def rebuild(values: Iterator[Any]) -> Any:
        whole = build([part.rebuild(values) for part in parts])
        if made is not None:
            made.append(whole)
        return whole

    parts = [flatten(v, parameter, made=made) for v in children]
    return Flat(
        (kind, structure, tuple(part.key for part in parts)),
        [leaf for part in parts for leaf in part.leaves],
        rebuild,
    )


def is_array_tree(value: Any) -> bool:
    """Whether `jax.jit` takes it as an argument that is not static."""
    try:
        leaves = jax.tree_util.tree_leaves(value)
    except (ValueError, TypeError, RecursionError, SystemError):  # keys of several kinds, a cycle
        return False
    return all(
        (form := _form_of(leaf)) in ("array", "numpy")
        or (form == "number" and (type(leaf) is not int or fits_array(leaf)))
        for leaf in leaves
    )


def fits_array(value: int) -> bool:
    """Whether JAX has an integer type for it, in the present state of its x64 switch."""
    config: Any = jax.config
    bits = 63 if config.jax_enable_x64 else 31
    return -(2**bits) <= value < 2**bits


def _has_parts(value: Any) -> bool:
    """Whether a container holds, at any depth, an array or something that can be called."""
    left = _MAX_SCAN

    def visit(part: Any, depth: int) -> bool:
        nonlocal left
        left -= 1
        if left < 0 or depth > _MAX_DEPTH:
            return False
        form = _form_of(part)
        if form in ("array", "numpy") or (depth and form == "static" and part is not None):
            return True
        if form in ("number", "text"):
            return False
        if isinstance(part, list | tuple):
            # The classes tell: a long list of numbers or texts is not looked through.
            return not _PLAIN.issuperset(map(type, part)) and any(
                visit(child, depth + 1) for child in part
            )
        if type(part) is dict:
            return any(visit(child, depth + 1) for child in part.values())
        if not _is_pytree(part):
            return False
        children = jax.tree_util.tree_leaves(part, is_leaf=lambda v: v is not part)
        return any(visit(child, depth + 1) for child in children)

    return (isinstance(value, list | tuple | dict) or _is_pytree(value)) and visit(value, 0)


def _element_class(values: list[Any]) -> str | None:
    """The builtin class of a list's elements, where they all have the same."""
    if not values:
        return "str"  # of no element, anything is true: take what most lists hold
    kinds = {type(v) for v in values}
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    return kind.__name__ if kind.__module__ == "builtins" else None


class StaticArgumentError(TypeError, ValueError):
    """A static argument has no hash. Python calls that a TypeError, `jax.jit` a ValueError."""


def static_key(value: Any, parameter: str) -> Hashable:
    """What a static argument contributes to the cache key: its value, or its identity."""
    try:
        hash(value)
    except TypeError as error:
        raise StaticArgumentError(
            f"static argument '{parameter}' must be hashable, but {type(value).__name__} "
            f"is not ({error}); pass a hashable value, or leave it out of static_argnames"
        ) from error
    return Identity(value) if type(value).__eq__ is object.__eq__ else value


@dataclass(frozen=True)
class AbstractArray:
    """An array of which no more is given than its type, to capture a function ahead of time."""

    aval: Any

    @classmethod
    def of(cls, spec: jax.ShapeDtypeStruct) -> AbstractArray:
        """The array that `jax.jit` would take such an argument for."""
        return cls(jax.make_jaxpr(lambda x: x)(spec).in_avals[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its dimensions."""
        return self.aval.shape

    @property
    def dtype(self) -> Any:
        """What its elements are."""
        return self.aval.dtype

    @property
    def weak_type(self) -> bool:
        """Whether it gives way to other dtypes, as Python's numbers do."""
        return self.aval.weak_type


def class_of_argument(value: Any) -> type:
    """The class of an argument; that of an array where its type stands for it."""
    return array_class() if type(value) is AbstractArray else type(value)


def classes_of(values: Iterable[Any]) -> frozenset[type]:
    """The classes of all of them."""
    found = frozenset(map(type, values))
    return found - {AbstractArray} | {array_class()} if AbstractArray in found else found


@functools.cache
def array_class() -> type:
    """The class of JAX's arrays."""
    return type(jax.numpy.zeros(0))


def array_spec(value: Any) -> Any:
    """Shape, dtype and weak type of an array, as JAX would trace it."""
    if isinstance(value, AbstractArray):
        return value.aval
    if isinstance(value, jax.Array):
        # The type itself: a ShapeDtypeStruct of 64 bits is one of 32 while x64 is off.
        return jax.typeof(value)
    return jax.ShapeDtypeStruct(value.shape, jax.dtypes.canonicalize_dtype(value.dtype))


def _is_pytree(value: Any) -> bool:
    return not jax.tree_util.all_leaves([value])
