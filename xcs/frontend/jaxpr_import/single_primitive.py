"""One equation through JAX: the StableHLO that JAX lowers it to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.extend.core as jex
import numpy as np

from xcs.frontend.jaxpr_import.settings import enough_bits, lowering_settings
from xcs.frontend.jaxpr_import.types import (
    is_key,
    is_literal,
    key_impl,
    key_words,
)


def stablehlo_of(eqn: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    """Return the StableHLO module of one equation, as a function from ``inputs`` to ``outputs``."""
    try:
        key = EquationKey(eqn, inputs, outputs)
    except TypeError:  # a param is not hashable
        return _lower_equation(eqn, inputs, outputs)
    return _cached_stablehlo(key)


class EquationKey:
    """An equation up to the names of its variables, in the settings under which it is lowered."""

    __slots__ = ("_hash", "eqn", "inputs", "key", "outputs")

    def __init__(self, eqn: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.eqn, self.inputs, self.outputs = eqn, inputs, outputs
        self.key = (
            eqn.primitive,
            tuple(eqn.params.items()),
            tuple(
                (v.aval.shape, v.aval.dtype, np.asarray(v.val).tobytes())
                if is_literal(v)
                else (inputs.index(v), v.aval.shape, v.aval.dtype)
                for v in eqn.invars
            ),
            tuple(v in outputs for v in eqn.outvars),
            lowering_settings(),
        )
        self._hash = hash(self.key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EquationKey) and self.key == other.key


@lru_cache(maxsize=512)
def _cached_stablehlo(key: EquationKey) -> str:
    return _lower_equation(key.eqn, key.inputs, key.outputs)


def _lower_equation(eqn: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    body = jex.jaxpr_as_fun(
        jex.ClosedJaxpr(
            jex.Jaxpr(
                constvars=(),
                invars=inputs,
                outvars=outputs,
                eqns=[eqn],
                debug_info=jex.DebugInfo(
                    "xtensor.primitive",
                    eqn.primitive.name,
                    arg_names=None,
                    result_paths=None,
                ),
            ),
            (),
        )
    )
    impls = [key_impl(v.aval.dtype) if is_key(v.aval) else None for v in inputs]

    def equation(*words: jax.Array) -> list[jax.Array]:
        args = [
            word if impl is None else jax.random.wrap_key_data(word, impl=impl)
            for word, impl in zip(words, impls, strict=True)
        ]
        return [jax.random.key_data(value) if is_key(value) else value for value in body(*args)]

    operands = [
        key_words(v.aval.shape, v.aval.dtype)
        if is_key(v.aval)
        else jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype)
        for v in inputs
    ]
    with enough_bits(v.aval for v in (*inputs, *outputs)):
        return jax.jit(equation, keep_unused=True).lower(*operands).as_text()
