"""Import of primitives that make arrays, random ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.registry import (
    Types,
    Values,
    int_attr,
    is_sharded,
    rule,
)

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


@rule("iota")
def _iota(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if operands or is_sharded(eqn.params["sharding"]):
        return None
    return importer.emit(
        xtensor.IotaOp, operands, results, {"dimension": int_attr(eqn.params["dimension"])}
    )


@rule("random_wrap", "random_unwrap", takes_keys=True)
def _same_words(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    # A key and its words are one tensor in the IR.
    return operands
