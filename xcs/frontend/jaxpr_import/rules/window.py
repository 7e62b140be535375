"""Import of windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.ir import Attribute

from xcs.dialects.xtensor import dims_attr

_NUMBERS = {
    "window_strides": "strides",
    "base_dilation": "base_dilation",
    "window_dilation": "window_dilation",
    "lhs_dilation": "lhs_dilation",
    "rhs_dilation": "rhs_dilation",
}
"""Params that are 1 for each dimension by default, and the properties that they are."""


def window_properties(params: Mapping[str, Any]) -> dict[str, Attribute]:
    """Return the properties that describe a window, without those that say nothing."""
    properties: dict[str, Attribute] = {}
    if "window_dimensions" in params:
        properties["window"] = _dims(params["window_dimensions"])
    for param, name in _NUMBERS.items():
        numbers = params.get(param)
        if numbers is not None and any(number != 1 for number in numbers):
            properties[name] = _dims(numbers)
    for side, name in enumerate(("low", "high")):
        amounts = [pair[side] for pair in params["padding"]]
        if any(amounts):
            properties[name] = _dims(amounts)
    return properties


def _dims(values: Sequence[Any]) -> Attribute:
    return dims_attr(tuple(int(value) for value in values))
