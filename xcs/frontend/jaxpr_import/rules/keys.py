"""Import of primitives that move random keys: they move the words that the keys are made of.

The words of a key are the last dimensions of an array. Moving keys is moving each of their words in
the same way, which is what `jax.vmap` over these dimensions makes of a primitive.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import jax

from xcs.frontend.jaxpr_import.registry import KEY_RULES, Types, Values
from xcs.frontend.jaxpr_import.rules.composites import definition
from xcs.frontend.jaxpr_import.types import is_key, key_words

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

COMPARISONS: dict[str, Callable[..., Any]] = {"eq": jax.numpy.all, "ne": jax.numpy.any}
"""Comparisons of keys, and how what they give for each word is put together."""


def _move_words(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values:
    avals = tuple(v.aval for v in eqn.invars)
    jaxpr = definition(_on_words(eqn.primitive), avals, eqn.params)
    return importer.run_closed(jaxpr, operands)


@cache
def _on_words(primitive: Any) -> Callable[..., Callable[..., Any]]:
    def decompose(avals: tuple[Any, ...], **params: Any) -> Callable[..., Any]:
        def function(*operands: Any) -> Any:
            return primitive.bind(*operands, **params)

        keys = next(aval for aval in avals if is_key(aval))
        axes = [-1 if is_key(aval) else None for aval in avals]
        dimensions = len(key_words(keys.shape, keys.dtype).shape) - len(keys.shape)
        mapped = function
        for _ in range(dimensions):
            mapped = jax.vmap(mapped, in_axes=axes, out_axes=-1)
        if (combine := COMPARISONS.get(primitive.name)) is None:
            return mapped
        return lambda *operands: combine(mapped(*operands), axis=tuple(range(-dimensions, 0)))

    return decompose


for _name in (
    "broadcast_in_dim",
    "concatenate",
    "dynamic_slice",
    "dynamic_update_slice",
    "gather",
    "reshape",
    "rev",
    "scatter",
    "select_n",
    "slice",
    "split",
    "squeeze",
    "stack",
    "tile",
    "transpose",
    "unstack",
    *COMPARISONS,
):
    KEY_RULES[_name] = _move_words
