"""The arguments of one call, taken apart into what is static and what flows at run time.

Arrays and numbers are dynamic; their kinds, the structure around them, and everything else
(functions, classes, text) belong to the cache key.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CellType, FunctionType
from typing import Any, Literal

import jax
import numpy as np

NUMBERS = (bool, int, float, complex)
"""Classes of numbers that JAX makes arrays of."""
MAX_NUMBERS = 1024
"""Numbers among arguments, up to which these may be those of array code."""


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

    ``kind`` is "array", "number" or "key" (a PRNG key, whose dtype has no tensor type).
    """

    kind: str
    example: Any

    @property
    def spec(self) -> jax.ShapeDtypeStruct | Any:
        """The array's shape and dtype, or the number."""
        return self.example if self.kind == "number" else array_spec(self.example)


@dataclass(slots=True, eq=False)
class Flat:
    """One argument: its part of the cache key, its leaves, and how to put a value together."""

    key: Hashable
    leaves: list[Leaf]
    rebuild: Callable[[Iterator[Any]], Any]
    has_constants: bool = False
    """Whether leaves are part of the program, for which nobody chose them."""


def flatten(
    value: Any, parameter: str, made: list[Any], *, static: bool = False, numbers: bool = True
) -> Flat:
    """Take one argument apart, to its last leaf, as `jax.jit` does.

    Leaves that are no data are constants; so are numbers, unless `numbers`, and numbers beside
    other constants: those of a module are its settings. The containers that are put together again
    are added to `made`.

    Raises:
        StaticArgumentError: for a static argument that cannot be hashed.
    """
    if static:
        return Flat((type(value), static_key(value, parameter)), [], lambda _: value)
    flat = _flatten(value, made, numbers)
    return _flatten(value, made, False) if numbers and flat.has_constants else flat


def _flatten(value: Any, made: list[Any], numbers: bool) -> Flat:
    kind, form = type(value), _form_of(value)
    if form == "array" or form == "numpy":
        dtype, from_jax = value.dtype, form == "array"
        leaf_kind = "array" if isinstance(dtype, np.dtype) else "key"  # whose dtype is JAX's own
        weak = from_jax and getattr(value, "weak_type", False)  # key arrays have none
        key = ("array", value.shape, dtype, weak, from_jax)
        return Flat(key, [Leaf(leaf_kind, value)], next)
    if form == "number" and numbers and (kind is not int or fits_array(value)):
        return Flat(kind, [Leaf("number", value)], next)
    if kind is not type(None) and _is_pytree(value):
        return _flatten_parts(value, made, numbers)
    return Flat(leaf_key(value), [], lambda _: value, has_constants=value is not None)


def constant(value: Any) -> Flat:
    """An argument that is part of the program: a default that the caller left out."""
    return Flat(Identity(value), [], lambda _: value)


def flats_of(arguments: Mapping[str, Any]) -> Iterator[Flat]:
    """The flattened arguments, of which some parameters have several."""
    for flat in arguments.values():
        if isinstance(flat, list):
            yield from flat
        elif isinstance(flat, dict):
            yield from flat.values()
        else:
            yield flat


def leaves_of(arguments: Mapping[str, Any]) -> list[Leaf]:
    """The dynamic values in flattened arguments, in order."""
    return [leaf for flat in flats_of(arguments) for leaf in flat.leaves]


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


_Form = Literal["array", "numpy", "number", "other"]


def _form_of(value: Any) -> _Form:
    form = _form(type(value))
    if form == "numpy":
        is_text_or_time = value.dtype.kind in "OSUMm" or value.dtype.type is np.void
        return "other" if is_text_or_time else "numpy"
    if form == "other" and isinstance(value, jax.Array):  # a tracer, whose class does not tell
        return "array"
    return form


@functools.lru_cache(maxsize=1024)
def _form(kind: type) -> _Form:
    """What values of a class are to capture, as far as the class tells."""
    if issubclass(kind, jax.Array | jax.ShapeDtypeStruct | AbstractArray):
        return "array"
    if issubclass(kind, np.ndarray | np.generic):
        return "numpy"
    return "number" if kind in NUMBERS else "other"


def too_many_numbers(leaves: Sequence[Any]) -> bool:
    """Whether these are the numbers of a long list rather than arguments of array code.

    JAX makes an input of each, and compiling takes more than linearly long in their number.
    """
    return len(leaves) > MAX_NUMBERS and sum(type(v) in NUMBERS for v in leaves) > MAX_NUMBERS


def _flatten_parts(value: Any, made: list[Any], numbers: bool) -> Flat:
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
        made.append(whole)
        return whole

    parts = [_flatten(v, made, numbers) for v in children]
    return Flat(
        (kind, structure, tuple(part.key for part in parts)),
        [leaf for part in parts for leaf in part.leaves],
        rebuild,
        any(part.has_constants for part in parts),
    )


def is_array_tree(value: Any) -> bool:
    """Whether `jax.jit` takes it as an argument that is not static."""
    try:
        leaves = jax.tree_util.tree_leaves(value)
    except (ValueError, TypeError, RecursionError, SystemError):  # keys of several kinds, a cycle
        return False
    return all(map(is_array_leaf, leaves))


def is_array_leaf(leaf: Any) -> bool:
    """Whether `jax.jit` takes it as an array, or as a number that becomes one."""
    form = _form_of(leaf)
    if form == "number":
        return type(leaf) is not int or fits_array(leaf)
    return form in ("array", "numpy")


def leaf_key(value: Any) -> Hashable:
    """What a leaf that is no data contributes to the cache key: its value, or else its identity.

    Functions with the same code that read the very same values do the same.
    """
    if type(value) is FunctionType and not value.__dict__:
        return _function_key(value)
    try:
        return type(value), static_key(value, "")
    except StaticArgumentError:
        return Identity(value)


def _function_key(function: FunctionType) -> Hashable:
    cells = [
        cell.cell_contents if cell != _EMPTY else _EMPTY for cell in function.__closure__ or ()
    ]
    given = (*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    return Function(function.__code__, Identity(function.__globals__), tuple(map(Identity, given)))


@dataclass(frozen=True)
class Function:
    """What tells functions apart: their code, and what they read that is theirs."""

    code: Any
    space: Identity
    held: tuple[Identity, ...]


_EMPTY = CellType()


def fits_array(value: int) -> bool:
    """Whether JAX has an integer type for it, in the present state of its x64 switch."""
    config: Any = jax.config
    bits = 63 if config.jax_enable_x64 else 31
    return -(2**bits) <= value < 2**bits


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
