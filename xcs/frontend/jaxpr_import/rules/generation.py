"""Import of primitives that make arrays, random ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.registry import (
    Types,
    Values,
    int_attr,
    is_sharded,
    rule,
)
from xcs.frontend.jaxpr_import.types import array_type

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


@rule("iota")
def _iota(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if operands or is_sharded(eqn.params["sharding"]):
        return None
    return importer.emit(
        xtensor.IotaOp, operands, results, {"dimension": int_attr(eqn.params["dimension"])}
    )


@rule("empty", "empty2", takes_keys=True)
def _empty(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    # Where JAX leaves the memory as it is, XLA gives other values than zeros.
    if is_sharded(eqn.params.get("out_sharding")) or jax.default_backend() != "cpu":
        return None
    (result,) = results
    return [importer.zeros(result)]


@rule("random_wrap", "random_unwrap", "random_clone", "to_edtype", "from_edtype", takes_keys=True)
def _same_words(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    # A key and its words are one tensor in the IR.
    return operands


@rule("iota_2x32_shape")
def _iota_2x32(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return importer.emit(xtensor.Iota2x32ShapeOp, operands, results)


_ALGORITHMS = {
    jax.lax.RandomAlgorithm.RNG_DEFAULT: xtensor.RngAlgorithm.DEFAULT,
    jax.lax.RandomAlgorithm.RNG_PHILOX: xtensor.RngAlgorithm.PHILOX,
    jax.lax.RandomAlgorithm.RNG_THREE_FRY: xtensor.RngAlgorithm.THREE_FRY,
}


_STATES = (array_type((4,), np.dtype(np.uint32)), array_type((2,), np.dtype(np.uint64)))


@rule("rng_bit_generator")
def _rng_bits(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if is_sharded(eqn.params["out_sharding"]) or operands[0].type not in _STATES:
        return None
    algorithm = _ALGORITHMS[jax.lax.RandomAlgorithm(eqn.params["algorithm"])]
    properties = {"algorithm": xtensor.RngAlgorithmAttr(algorithm)}
    return importer.emit(xtensor.RngBitGeneratorOp, operands, results, properties)


@rule("rng_uniform")
def _rng_uniform(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return importer.emit(xtensor.RngUniformOp, operands, results)
