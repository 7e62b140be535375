"""Import of primitives that move random keys: they move the words that the keys are made of.

The words of a key are the last dimensions of an array. For the common primitives, `_WHOLE` says how
whole keys move, as JAX does it. The others move each of the words in the same way, which is what
`jax.vmap` over these dimensions makes of a primitive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax import lax

from xcs.frontend.jaxpr_import.registry import KEY_RULES, Types, Values
from xcs.frontend.jaxpr_import.rules.composites import definition
from xcs.frontend.jaxpr_import.types import is_key, key_words

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

COMPARISONS: dict[str, Callable[..., Any]] = {"eq": jnp.all, "ne": jnp.any}
"""Comparisons of keys, and how what they give for each word is put together."""


Tail = tuple[int, ...]
"""The dimensions of the words of one key."""


def _broadcast_in_dim(tail: Tail, words: Any, **params: Any) -> Any:
    shape, kept = params["shape"], params["broadcast_dimensions"]
    return lax.broadcast_in_dim(words, (*shape, *tail), (*kept, *_after(shape, tail)))


def _dynamic_slice(tail: Tail, words: Any, *starts: Any, slice_sizes: Any) -> Any:
    zeros = (jnp.zeros((), starts[0].dtype) for _ in tail)
    # Bound as it is: `lax.dynamic_slice` also wraps starts that are negative.
    return lax.dynamic_slice_p.bind(words, *starts, *zeros, slice_sizes=(*slice_sizes, *tail))


def _gather(tail: Tail, words: Any, places: Any, **params: Any) -> Any:
    numbers = params["dimension_numbers"]
    results = range(places.ndim - 1 + len(numbers.offset_dims))
    offsets = (*numbers.offset_dims, *_after(results, tail))
    params["dimension_numbers"] = numbers._replace(offset_dims=offsets)
    params["slice_sizes"] = (*params["slice_sizes"], *tail)
    return lax.gather_p.bind(words, places, **params)


def _reshape(tail: Tail, words: Any, *, new_sizes: Any, **_: Any) -> Any:
    return lax.reshape(words, (*new_sizes, *tail))


def _select_n(tail: Tail, which: Any, *cases: Any) -> Any:
    return lax.select_n(lax.broadcast_in_dim(which, cases[0].shape, range(which.ndim)), *cases)


def _slice(tail: Tail, words: Any, *, start_indices: Any, limit_indices: Any, strides: Any) -> Any:
    steps = None if strides is None else (*strides, *(1 for _ in tail))
    return lax.slice(words, (*start_indices, *(0 for _ in tail)), (*limit_indices, *tail), steps)


def _transpose(tail: Tail, words: Any, *, permutation: Any) -> Any:
    return lax.transpose(words, (*permutation, *_after(permutation, tail)))


def _after(dimensions: Sequence[Any], tail: Tail) -> range:
    """The dimensions of the words, which come after as many dimensions of keys."""
    return range(len(dimensions), len(dimensions) + len(tail))


_WHOLE: dict[str, Callable[..., Any]] = {
    "broadcast_in_dim": _broadcast_in_dim,
    "concatenate": lambda tail, *words, dimension: lax.concatenate(words, dimension),
    "dynamic_slice": _dynamic_slice,
    "gather": _gather,
    "reshape": _reshape,
    "rev": lambda tail, words, dimensions: lax.rev(words, dimensions),
    "select_n": _select_n,
    "slice": _slice,
    "squeeze": lambda tail, words, dimensions: lax.squeeze(words, dimensions),
    "transpose": _transpose,
}


def _move_words(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values:
    avals = tuple(v.aval for v in eqn.invars)
    jaxpr = definition(_on_words(eqn.primitive), avals, eqn.params)
    return importer.run_closed(jaxpr, operands)


@cache
def _on_words(primitive: Any) -> Callable[..., Callable[..., Any]]:
    def decompose(avals: tuple[Any, ...], **params: Any) -> Callable[..., Any]:
        keys = next(aval for aval in avals if is_key(aval))
        tail = key_words(keys.shape, keys.dtype).shape[len(keys.shape) :]
        if (whole := _WHOLE.get(primitive.name)) is not None:
            return partial(whole, tail, **params)
        axes = [-1 if is_key(aval) else None for aval in avals]
        mapped = partial(primitive.bind, **params)
        for _ in tail:
            mapped = jax.vmap(mapped, in_axes=axes, out_axes=-1)
        if (combine := COMPARISONS.get(primitive.name)) is None:
            return mapped
        return lambda *operands: combine(mapped(*operands), axis=tuple(range(-len(tail), 0)))

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
