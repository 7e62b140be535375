"""Arrays and literals: the dtype of an element type, and the bytes of a constant."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias, cast

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import (
    BFloat16Type,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    Float4E2M1FNType,
    Float6E2M3FNType,
    Float6E3M2FNType,
    Float8E3M4Type,
    Float8E4M3B11FNUZType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E4M3Type,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerType,
    Signedness,
    TensorType,
)
from xdsl.ir import Attribute
from xdsl.utils.exceptions import DiagnosticException

from xcs.dialects.xtensor.base import Kind, kind_of

Array: TypeAlias = "np.ndarray[Any, Any]"

_FLOATS: dict[type[Attribute], Any] = {
    BFloat16Type: ml_dtypes.bfloat16,
    Float16Type: np.float16,
    Float32Type: np.float32,
    Float64Type: np.float64,
    Float4E2M1FNType: ml_dtypes.float4_e2m1fn,
    Float6E2M3FNType: ml_dtypes.float6_e2m3fn,
    Float6E3M2FNType: ml_dtypes.float6_e3m2fn,
    Float8E3M4Type: ml_dtypes.float8_e3m4,
    Float8E4M3Type: ml_dtypes.float8_e4m3,
    Float8E4M3B11FNUZType: ml_dtypes.float8_e4m3b11fnuz,
    Float8E4M3FNType: ml_dtypes.float8_e4m3fn,
    Float8E4M3FNUZType: ml_dtypes.float8_e4m3fnuz,
    Float8E5M2Type: ml_dtypes.float8_e5m2,
    Float8E5M2FNUZType: ml_dtypes.float8_e5m2fnuz,
    Float8E8M0FNUType: ml_dtypes.float8_e8m0fnu,
}
_NARROW = {
    (2, True): ml_dtypes.int2,
    (4, True): ml_dtypes.int4,
    (2, False): ml_dtypes.uint2,
    (4, False): ml_dtypes.uint4,
}


@cache
def dtype_of(element: Attribute) -> np.dtype[Any]:
    """Return NumPy's name for an element type.

    Raises:
        DiagnosticException: if NumPy has no such numbers, as it has no i17.
    """
    if isinstance(element, ComplexType):
        part = dtype_of(cast(Attribute, element.element_type))
        return np.dtype(np.complex64 if part == np.float32 else np.complex128)
    if isinstance(element, IntegerType):
        width, signed = element.width.data, element.signedness.data is not Signedness.UNSIGNED
        if width == 1:
            return np.dtype(np.bool_)
        if (narrow := _NARROW.get((width, signed))) is not None:
            return np.dtype(narrow)
        if width in (8, 16, 32, 64):
            return np.dtype(f"{'' if signed else 'u'}int{width}")
    if (found := _FLOATS.get(type(element))) is not None:
        return np.dtype(found)
    raise DiagnosticException(f"NumPy has no numbers of type {element}")


def _is_narrow(element: Attribute) -> bool:
    return isinstance(element, IntegerType) and 1 < element.width.data < 8


def array_of(value: DenseIntOrFPElementsAttr) -> Array:
    """Return the array of a literal."""
    tensor = cast(TensorType, value.get_type())
    element, data = tensor.element_type, value.data.data
    dtype = dtype_of(element)
    if kind_of(element) & Kind.BOOL:
        array = np.frombuffer(data, np.uint8) != 0
    elif _is_narrow(element):
        array = np.frombuffer(data, np.int8).astype(dtype)
    else:
        array = np.frombuffer(data, dtype)
    return array.reshape(tensor.get_shape())


def attribute_of(array: Array, tensor: TensorType) -> DenseIntOrFPElementsAttr:
    """Return the literal of an array, which has the type's shape and elements."""
    element = tensor.element_type
    if kind_of(element) & Kind.BOOL:
        data = np.where(array, 0xFF, 0).astype(np.uint8).tobytes()  # as xDSL has them: all ones
    elif _is_narrow(element):
        data = array.astype(np.int8).tobytes()
    else:
        data = np.ascontiguousarray(array, dtype_of(element)).tobytes()
    return DenseIntOrFPElementsAttr(cast(Any, tensor), BytesAttr(data))
