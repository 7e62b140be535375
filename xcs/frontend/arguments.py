"""The arguments of one call, taken apart into what is static and what flows at run time.

Arrays, numbers, strings and other data are dynamic; their kinds, the structure around arrays, and
everything that capture looks into (functions, classes, clients) belong to the cache key.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
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
_ARRAYS = (jax.Array, np.ndarray, np.generic)
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


@dataclass(frozen=True)
class Leaf:
    """One dynamic value: what capture knows of it, and the value in the call being captured.

    ``kind`` is "array", "number", "key" (a PRNG key, whose dtype has no tensor type), "object", or
    "whole" (a container whose arrays are leaves of their own);
    ``spec`` is the array's shape and dtype, the number, or the class of a list's elements.
    """

    kind: str
    class_name: str | None
    spec: jax.ShapeDtypeStruct | Any | None
    example: Any
    parameter: str


@dataclass(frozen=True)
class Flat:
    """One argument: its part of the cache key, its leaves, and how to put a value together."""

    key: Hashable
    leaves: list[Leaf]
    rebuild: Callable[[Iterator[Any]], Any]
    whole: Leaf | None = None  # the list or dict itself, where its leaves are taken apart


def flatten(
    value: Any,
    parameter: str,
    *,
    static: bool = False,
    promoted: frozenset[str] = frozenset(),
    whole: frozenset[str] = frozenset(),
) -> Flat:
    """Take one argument apart. Raises `TypeError` for a static argument that cannot be hashed.

    A parameter that capture promoted is static too, by identity where it has no hash. The arrays in
    a `whole` parameter's container are not taken apart.
    """
    kind = type(value)
    if static:
        return Flat((kind, static_key(value, parameter)), [], lambda _: value)
    if parameter in promoted and not isinstance(value, _ARRAYS):
        key = value if kind in (*_NUMBERS, str, bytes) else Identity(value)
        return Flat((kind, key), [], lambda _: value)
    if isinstance(value, _STATIC_TYPES) or (callable(value) and not isinstance(value, _ARRAYS)):
        return Flat(Identity(value), [], lambda _: value)
    if isinstance(value, _ARRAYS):
        spec = array_spec(value)
        weak = getattr(value, "weak_type", False)
        key = ("array", spec.shape, spec.dtype, weak, isinstance(value, jax.Array))
        kind_of_leaf = "key" if _is_key_array(value) else "array"
        return Flat(key, [Leaf(kind_of_leaf, None, spec, value, parameter)], next)
    if kind is int and not -(2**31) <= value < 2**31:  # more than JAX takes for an array
        return Flat((int, "big"), [Leaf("object", "int", None, value, parameter)], next)
    if kind in _NUMBERS:
        return Flat(kind, [Leaf("number", kind.__name__, value, value, parameter)], next)
    if kind in (str, bytes):
        return Flat(kind, [Leaf("object", kind.__name__, None, value, parameter)], next)
    if parameter not in whole and _has_parts(value):
        return _flatten_parts(value, parameter, promoted, whole)
    name = kind.__name__ if kind.__module__ == "builtins" else None
    if kind is list:
        element = _element_class(value)
        return Flat((list, element), [Leaf("object", "list", element, value, parameter)], next)
    return Flat(kind, [Leaf("object", name, None, value, parameter)], next)


def _flatten_parts(
    value: Any, parameter: str, promoted: frozenset[str], whole: frozenset[str]
) -> Flat:
    """Take a container apart, one level; its structure is part of the key."""
    kind = type(value)
    structure: Hashable
    rebuild: Callable[[list[Any]], Any]
    if kind in (list, tuple):
        children, structure, rebuild = list(value), len(value), kind
    elif kind is dict:
        keys = tuple(value)
        children, structure = list(value.values()), keys
        rebuild = lambda parts: dict(zip(keys, parts, strict=True))
    else:
        children, tree = jax.tree_util.tree_flatten(value, is_leaf=lambda v: v is not value)
        structure, rebuild = tree, tree.unflatten
    parts = [flatten(child, parameter, promoted=promoted, whole=whole) for child in children]
    return Flat(
        (kind, structure, tuple(part.key for part in parts)),
        [leaf for part in parts for leaf in part.leaves],
        lambda values: rebuild([part.rebuild(values) for part in parts]),
        Leaf("whole", kind.__name__, None, value, parameter) if kind in (list, dict) else None,
    )


def _has_parts(value: Any) -> bool:
    """Whether a container holds, at any depth, an array or something that can be called."""
    left = _MAX_SCAN

    def visit(part: Any, depth: int) -> bool:
        nonlocal left
        left -= 1
        if left < 0 or depth > _MAX_DEPTH:
            return False
        if isinstance(part, _ARRAYS) or (depth and callable(part)):
            return True
        if isinstance(part, list | tuple):
            return any(visit(child, depth + 1) for child in part)
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


def is_static(flat: Flat) -> bool:
    """Whether the argument is an object that is told apart by identity."""
    return isinstance(flat.key, Identity) and flat.key.value is not None


def static_key(value: Any, parameter: str) -> Hashable:
    """What a static argument contributes to the cache key: its value, or its identity."""
    if isinstance(value, (*_NUMBERS, str, bytes, tuple, frozenset)) or _has_own_equality(value):
        try:
            hash(value)
        except TypeError as error:
            raise TypeError(
                f"static argument '{parameter}' must be hashable, but {type(value).__name__} "
                f"is not ({error}); pass a hashable value, or leave it out of static_argnames"
            ) from error
        return value
    if type(value).__hash__ is None:
        raise TypeError(
            f"static argument '{parameter}' must be hashable, but {type(value).__name__} is not; "
            f"pass a hashable value, or leave it out of static_argnames"
        )
    return Identity(value)


def _has_own_equality(value: Any) -> bool:
    return type(value).__eq__ is not object.__eq__ and type(value).__hash__ is not None


def array_spec(value: Any) -> jax.ShapeDtypeStruct:
    """Shape, dtype and weak type of an array, as JAX would trace it."""
    if isinstance(value, jax.Array):
        weak = getattr(value, "weak_type", False)  # key arrays have none
        return jax.ShapeDtypeStruct(value.shape, value.dtype, weak_type=weak)
    return jax.ShapeDtypeStruct(value.shape, jax.dtypes.canonicalize_dtype(value.dtype))


def _is_key_array(value: Any) -> bool:
    """Whether the array holds PRNG keys."""
    return jnp.issubdtype(value.dtype, jax.dtypes.extended)


def _is_pytree(value: Any) -> bool:
    return not jax.tree_util.all_leaves([value])
