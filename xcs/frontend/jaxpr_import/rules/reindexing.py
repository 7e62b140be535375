"""Import of primitives that move data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import (
    Types,
    Values,
    dims_rule,
    is_sharded,
    rule,
)

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


@rule("reshape")
def _reshape(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if eqn.params["dimensions"] is not None or is_sharded(eqn.params["sharding"]):
        return None
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.ReshapeOp, operands, results)


@rule("broadcast_in_dim")
def _broadcast_in_dim(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    if len(operands) != 1 or is_sharded(eqn.params["sharding"]):
        return None
    if operands[0].type == results[0]:
        return operands
    dims = dims_attr(tuple(eqn.params["broadcast_dimensions"]))
    return importer.emit(
        xtensor.BroadcastInDimOp, operands, results, {"broadcast_dimensions": dims}
    )


dims_rule("transpose", xtensor.TransposeOp, "permutation")
dims_rule("squeeze", xtensor.SqueezeOp, "dimensions")
dims_rule("rev", xtensor.RevOp, "dimensions")
dims_rule("concatenate", xtensor.ConcatenateOp, "dimension")
dims_rule("stack", xtensor.StackOp, "axis")
dims_rule("unstack", xtensor.UnstackOp, "axis")
dims_rule("split", xtensor.SplitOp, "sizes", "axis")
dims_rule("tile", xtensor.TileOp, "reps")
dims_rule("dynamic_slice", xtensor.DynamicSliceOp, "slice_sizes")
dims_rule("dynamic_update_slice", xtensor.DynamicUpdateSliceOp)


@rule("slice")
def _slice(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    starts = tuple(eqn.params["start_indices"])
    return importer.emit(
        xtensor.SliceOp,
        operands,
        results,
        {
            "start_indices": dims_attr(starts),
            "limit_indices": dims_attr(tuple(eqn.params["limit_indices"])),
            "strides": dims_attr(tuple(eqn.params["strides"] or (1,) * len(starts))),
        },
    )


@rule("pad")
def _pad(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    config = eqn.params["padding_config"]
    properties: dict[str, Attribute] = {
        name: dims_attr(tuple(int(padding[i]) for padding in config))
        for i, name in enumerate(("low", "high", "interior"))
    }
    return importer.emit(xtensor.PadOp, operands, results, properties)


@rule("gather")
def _gather(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    # StableHLO clamps indices, which is what CLIP asks for, and what PROMISE_IN_BOUNDS allows.
    modes = jax.lax.GatherScatterMode.CLIP, jax.lax.GatherScatterMode.PROMISE_IN_BOUNDS
    if params["mode"] not in modes or 0 in results[0].get_shape():
        return None
    numbers = params["dimension_numbers"]
    properties: dict[str, Attribute] = {
        name: dims_attr(tuple(getattr(numbers, name)))
        for name in (
            "offset_dims",
            "collapsed_slice_dims",
            "start_index_map",
            "operand_batching_dims",
            "start_indices_batching_dims",
        )
    }
    properties["slice_sizes"] = dims_attr(tuple(params["slice_sizes"]))
    if params["indices_are_sorted"]:
        properties["indices_are_sorted"] = UnitAttr()
    return importer.emit(xtensor.GatherOp, operands, results, properties)
