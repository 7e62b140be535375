"""Import of contractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import (
    Types,
    Values,
    is_sharded,
    rule,
)

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_PRECISIONS = {
    jax.lax.Precision.DEFAULT: xtensor.Precision.DEFAULT,
    jax.lax.Precision.HIGH: xtensor.Precision.HIGH,
    jax.lax.Precision.HIGHEST: xtensor.Precision.HIGHEST,
}


@rule("dot_general")
def _dot_general(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    lhs, rhs = (v.aval for v in eqn.invars)
    if is_sharded(params["out_sharding"]) or lhs.dtype != rhs.dtype:
        return None
    (lhs_contracting, rhs_contracting), (lhs_batch, rhs_batch) = params["dimension_numbers"]
    properties: dict[str, Attribute] = {
        "lhs_batch": dims_attr(tuple(lhs_batch)),
        "rhs_batch": dims_attr(tuple(rhs_batch)),
        "lhs_contracting": dims_attr(tuple(lhs_contracting)),
        "rhs_contracting": dims_attr(tuple(rhs_contracting)),
    }
    precision = params["precision"]
    if precision is not None:
        pair = precision if isinstance(precision, tuple) else (precision, precision)
        for name, value in zip(("lhs_precision", "rhs_precision"), pair, strict=True):
            if value not in _PRECISIONS:
                return None
            properties[name] = xtensor.PrecisionAttr(_PRECISIONS[value])
    return importer.emit(xtensor.DotGeneralOp, operands, results, properties)
