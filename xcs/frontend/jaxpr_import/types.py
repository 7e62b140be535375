"""Types of values: abstract values of JAX to tensor types and back."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, cast

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from xdsl.dialects.builtin import (
    ComplexType,
    Float4E2M1FNType,
    Float8E3M4Type,
    Float8E4M3B11FNUZType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E4M3Type,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    IntegerType,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute

from xcs.dialects.xtensor import tensor_type


class UnsupportedJaxpr(NotImplementedError):
    """The jaxpr cannot be expressed in the tensor dialect; the caller runs it through JAX."""


class UnsupportedEffect(UnsupportedJaxpr):
    """The jaxpr has a side effect, such as printing, a callback, or a mutable array."""


class UnsupportedType(UnsupportedJaxpr):
    """A value of the jaxpr has a type that the tensor dialect does not have."""


def _unsigned(width: int) -> IntegerType:
    return IntegerType(width, Signedness.UNSIGNED)


_ELEMENT_TYPES: dict[Any, Attribute] = {
    np.dtype(dtype): element
    for dtype, element in (
        (np.bool_, i1),
        (jnp.int2, IntegerType(2)),
        (jnp.int4, IntegerType(4)),
        (np.int8, IntegerType(8)),
        (np.int16, IntegerType(16)),
        (np.int32, IntegerType(32)),
        (np.int64, i64),
        (jnp.uint2, _unsigned(2)),
        (jnp.uint4, _unsigned(4)),
        (np.uint8, _unsigned(8)),
        (np.uint16, _unsigned(16)),
        (np.uint32, _unsigned(32)),
        (np.uint64, _unsigned(64)),
        (jnp.float4_e2m1fn, Float4E2M1FNType()),
        (jnp.float8_e3m4, Float8E3M4Type()),
        (jnp.float8_e4m3, Float8E4M3Type()),
        (jnp.float8_e4m3b11fnuz, Float8E4M3B11FNUZType()),
        (jnp.float8_e4m3fn, Float8E4M3FNType()),
        (jnp.float8_e4m3fnuz, Float8E4M3FNUZType()),
        (jnp.float8_e5m2, Float8E5M2Type()),
        (jnp.float8_e5m2fnuz, Float8E5M2FNUZType()),
        (jnp.float8_e8m0fnu, Float8E8M0FNUType()),
        (jnp.bfloat16, bf16),
        (np.float16, f16),
        (np.float32, f32),
        (np.float64, f64),
        (np.complex64, ComplexType(f32)),
        (np.complex128, ComplexType(f64)),
    )
}


_DTYPES = {element: dtype for dtype, element in _ELEMENT_TYPES.items()}

WIDE_DTYPES = frozenset(map(np.dtype, (np.int64, np.uint64, np.float64, np.complex128)))
"""The dtypes that exist in JAX's 64-bit mode only."""


def aval_to_type(aval: Any) -> TensorType:
    """Return the tensor type of an abstract value; a random key's is that of its words.

    Raises:
        UnsupportedType: if the value is no array, or of a dtype that the dialect does not have.
    """
    try:
        return array_type(aval.shape, aval.dtype)
    except AttributeError:
        raise UnsupportedType(f"a value of type {aval} is not an array") from None


def type_to_aval(tensor: Attribute) -> ShapedArray:
    """Return the abstract value of a tensor type; a random key's words stay words.

    Raises:
        UnsupportedType: if the type is no tensor, or of elements that JAX does not have.
    """
    if isinstance(tensor, TensorType) and tensor.element_type in _DTYPES:
        return ShapedArray(tensor.get_shape(), _DTYPES[tensor.element_type])
    raise UnsupportedType(f"JAX has no arrays of type {tensor}")


@lru_cache(maxsize=4096)
def array_type(shape: tuple[int, ...], dtype: Any) -> TensorType:
    if (element := _ELEMENT_TYPES.get(dtype)) is None:
        if not jnp.issubdtype(dtype, jax.dtypes.prng_key):
            raise UnsupportedType(f"arrays of dtype {dtype} are not supported")
        words = key_words(shape, dtype)
        return array_type(words.shape, words.dtype)
    if not all(isinstance(size, int) for size in shape):
        raise UnsupportedType(f"shape {shape} is not static")
    return tensor_type(shape, element)


def is_key(aval: Any) -> bool:
    """Whether the value is a random key; numpy has no dtype for one."""
    return not isinstance(aval.dtype, np.dtype)


def key_words(shape: tuple[int, ...], dtype: Any) -> jax.ShapeDtypeStruct:
    """Return the shape and dtype of the words of an array of random keys."""
    return cast(
        jax.ShapeDtypeStruct,
        jax.eval_shape(jax.random.key_data, jax.ShapeDtypeStruct(shape, dtype)),
    )


@cache
def key_impl(dtype: Any) -> Any:
    """Return the generator that a random key's dtype belongs to."""
    found: list[Any] = []
    jax.eval_shape(
        lambda key: found.append(jax.random.key_impl(key)), jax.ShapeDtypeStruct((), dtype)
    )
    return found[0]


def is_literal(atom: Any) -> bool:
    return isinstance(atom, jex.Literal)


def has_keys(eqn: Any) -> bool:
    """Whether an equation takes or gives random keys."""
    return any(map(_holds_key, eqn.invars)) or any(map(_holds_key, eqn.outvars))


def _holds_key(atom: Any) -> bool:
    return is_key(atom.aval)
