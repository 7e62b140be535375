"""Import of convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from xdsl.dialects.builtin import ComplexType

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import Types, Values, int_attr, is_sharded, rule
from xcs.frontend.jaxpr_import.rules.contraction import precision_properties
from xcs.frontend.jaxpr_import.rules.window import window_properties

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_DIMENSIONS = {
    "lhs_dimensions": "lhs_spec",
    "rhs_dimensions": "rhs_spec",
    "out_dimensions": "out_spec",
}

_GROUPS = ("feature_group_count", "batch_group_count")


@rule("conv_general_dilated")
def _conv_general_dilated(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    params = eqn.params
    if is_sharded(params["out_sharding"]):
        return None
    if isinstance(results[0].element_type, ComplexType) and jax.default_backend() == "tpu":
        return None  # TPUs have complex convolutions
    numbers = params["dimension_numbers"]
    kernel = eqn.invars[1].aval.shape
    if any(kernel[place] == 0 for place in numbers.rhs_spec[2:]):
        return None  # JAX finds out when it lowers it
    precision = precision_properties(params["precision"])
    if precision is None or "algorithm" in precision:
        return None
    properties = window_properties(params) | precision
    for name, spec in _DIMENSIONS.items():
        properties[name] = dims_attr(tuple(getattr(numbers, spec)))
    for name in _GROUPS:
        if params[name] != 1:
            properties[name] = int_attr(params[name])
    return importer.emit(xtensor.ConvGeneralDilatedOp, operands, results, properties)
