"""What is known of arrays: JAX's are data like numbers, and computing on them changes nothing."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from xcs.frontend.arguments import array_class
from xcs.frontend.capture.order import ELEMENTS
from xcs.frontend.capture.values import Dyn, Pack, Static, Value
from xcs.frontend.facts import SCALARS


@functools.lru_cache(maxsize=4096)
def is_array_class(cls: type | None) -> bool:
    """Whether instances are JAX's arrays."""
    return cls is not None and issubclass(cls, jax.Array)


@functools.cache
def _part_classes() -> Mapping[str, type]:
    """The classes of attributes of arrays."""
    array = jax.numpy.zeros((1, 1))
    parts = {name: getattr(array, name) for name in ("T", "mT", "real", "imag", "at")}
    parts |= {name: getattr(array, name) for name in ("shape", "ndim", "size", "nbytes", "dtype")}
    return {name: type(part) for name, part in parts.items()}


@functools.cache
def _jitted_class() -> type:
    return type(jax.jit(lambda: None))


def is_jitted(callee: Any) -> bool:
    """Whether `jax.jit` made it, so that what it returns is new, and nobody else holds it."""
    return is_jax_class(type(callee)) and isinstance(callee, _jitted_class())


def attribute_class(cls: type | None, name: str) -> type | None:
    """The class of an attribute of an array; None if it is not known, or this is no array."""
    return _part_classes().get(name) if is_array_class(cls) else None


def holds_arrays(value: Any) -> bool:
    """Whether elements of a container are arrays, as far as is known."""
    home = value.home if isinstance(value, Dyn) else None
    return home is not None and any(map(is_array_class, home.find().field(ELEMENTS).plain))


@functools.cache
def _update_class() -> type:
    return type(jax.numpy.zeros(1).at[0])


def item_class(cls: type | None) -> type | None:
    """The class of ``array[...]`` and ``array.at[...]``."""
    if is_array_class(cls):
        return array_class()
    return _update_class() if is_jax_class(cls) and cls is _part_classes()["at"] else None


def is_jax_class(cls: type | None) -> bool:
    """Whether JAX defines the class."""
    return cls is not None and cls.__module__.partition(".")[0] in ("jax", "jaxlib")


_METHODS = frozenset({
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "astype", "choose", "clip",
    "compress", "conj", "conjugate", "copy", "cumprod", "cumsum", "diagonal", "dot", "flatten",
    "max", "mean", "min", "prod", "ptp", "ravel", "repeat", "reshape", "round", "searchsorted",
    "sort", "squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var", "view",
})  # fmt: skip
_UPDATES = frozenset({
    "add", "apply", "divide", "get", "max", "min", "mul", "multiply", "power", "set", "subtract",
})  # fmt: skip


def method_of(cls: type | None, name: str) -> Any | None:
    """A method of arrays, or of ``array.at[...]``, that is array code and gives an array."""
    if not is_jax_class(cls):
        return None
    known = _METHODS if is_array_class(cls) else _UPDATES if cls is _update_class() else ()
    return getattr(array_class() if is_array_class(cls) else cls, name) if name in known else None


_WITH_ARRAYS = frozenset({bool, int, float, complex})


def is_of_array(operands: Mapping[str, Value]) -> bool:
    """Whether an arithmetic operator on these, or a comparison, gives an array."""
    classes = [
        v.cls if isinstance(v, Dyn) else type(getattr(v, "obj", None)) for v in operands.values()
    ]
    return any(map(is_array_class, classes)) and all(
        is_array_class(cls) or cls in _WITH_ARRAYS or issubclass(cls or object, np.generic)
        for cls in classes
    )


def is_data(value: Value) -> bool:
    """Whether the value is text, a number or an array, or a tuple or slice of such."""
    match value:
        case Static(obj=obj):
            return _is_index(obj)
        case Dyn(cls=cls):
            return cls in SCALARS or is_array_class(cls)
        case Pack(items=items):
            return all(map(is_data, items))
        case _:
            return False


def _is_index(obj: Any) -> bool:
    if type(obj) is tuple:
        return all(map(_is_index, obj))
    if type(obj) is slice:
        return all(map(_is_index, (obj.start, obj.stop, obj.step)))
    return type(obj) in SCALARS or obj is Ellipsis
