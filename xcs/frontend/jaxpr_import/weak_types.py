"""Arrays whose type gives way to others, as Python's numbers do."""

from __future__ import annotations

from typing import Any

# Private, as nothing public makes an array's type a weak one.
from jax._src.lax.lax import _convert_element_type


def as_weak(array: Any) -> Any:
    """The array with a weak type. Kernels do not know of these: MLIR's types have none."""
    return _convert_element_type(array, array.dtype, weak_type=True)
