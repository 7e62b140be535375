"""Import of primitives that read or write at computed places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import Types, Values, dims_rule, rule
from xcs.frontend.jaxpr_import.rules.combiner import combiner

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

dims_rule("dynamic_slice", xtensor.DynamicSliceOp, "slice_sizes")
dims_rule("dynamic_update_slice", xtensor.DynamicUpdateSliceOp)

_MODES = {
    jax.lax.GatherScatterMode.CLIP: xtensor.IndexModeAttr(xtensor.IndexMode.CLIP),
    jax.lax.GatherScatterMode.FILL_OR_DROP: xtensor.IndexModeAttr(xtensor.IndexMode.FILL_OR_DROP),
    jax.lax.GatherScatterMode.PROMISE_IN_BOUNDS: xtensor.IndexModeAttr(
        xtensor.IndexMode.PROMISE_IN_BOUNDS
    ),
}

_GATHER_DIMENSIONS = (
    "offset_dims",
    "collapsed_slice_dims",
    "start_index_map",
    "operand_batching_dims",
    "start_indices_batching_dims",
)

_SCATTER_DIMENSIONS = (
    "update_window_dims",
    "inserted_window_dims",
    "scatter_dims_to_operand_dims",
    "operand_batching_dims",
    "scatter_indices_batching_dims",
)


def _properties(params: dict[str, Any], names: Sequence[str]) -> dict[str, Attribute] | None:
    if (mode := _MODES.get(params["mode"])) is None:
        return None
    numbers = params["dimension_numbers"]
    properties: dict[str, Attribute] = {
        name: dims_attr(tuple(int(dim) for dim in getattr(numbers, name))) for name in names
    }
    properties["mode"] = mode
    if params["indices_are_sorted"]:
        properties["indices_are_sorted"] = UnitAttr()
    return properties


@rule("gather")
def _gather(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    if (properties := _properties(params, _GATHER_DIMENSIONS)) is None:
        return None
    properties["slice_sizes"] = dims_attr(tuple(params["slice_sizes"]))
    if params["mode"] is jax.lax.GatherScatterMode.FILL_OR_DROP:
        fill = np.asarray(params["fill_value"]).astype(eqn.outvars[0].aval.dtype)
        operands = [*operands, importer.constant(fill)]
    return importer.emit(xtensor.GatherOp, operands, results, properties)


_SCATTERS: dict[str, type[xtensor.ScatterLikeOp]] = {
    "scatter-add": xtensor.ScatterAddOp,
    "scatter-max": xtensor.ScatterMaxOp,
    "scatter-min": xtensor.ScatterMinOp,
    "scatter-mul": xtensor.ScatterMulOp,
    "scatter-sub": xtensor.ScatterSubOp,
}


_BY_PARTS = (xtensor.ScatterAddOp, xtensor.ScatterSubOp)


@rule("scatter", *_SCATTERS)
def _scatter(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    if (properties := _properties(params, _SCATTER_DIMENSIONS)) is None:
        return None
    if params["unique_indices"]:
        properties["unique_indices"] = UnitAttr()
    op = _SCATTERS.get(eqn.primitive.name, xtensor.ScatterOp)
    if op in _BY_PARTS and eqn.outvars[0].aval.dtype == np.complex128:
        # GPUs cannot add numbers of 128 bits at once, so JAX takes real and imaginary parts apart.
        if jax.default_backend() == "gpu":
            return None
    if op is not xtensor.ScatterOp or params["update_jaxpr"] is None:
        return importer.emit(op, operands, results, properties)
    body = combiner(importer, params["update_jaxpr"], params["update_consts"])
    return importer.emit(xtensor.ScatterApplyOp, operands, results, properties, [body])
