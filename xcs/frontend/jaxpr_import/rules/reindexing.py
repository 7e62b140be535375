"""Import of primitives that move data."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr, tensor_type
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
    if is_sharded(eqn.params["sharding"]):
        return None
    if prod(eqn.invars[0].aval.shape) != prod(eqn.outvars[0].aval.shape):
        return None  # JAX finds out when it lowers it
    if (order := eqn.params["dimensions"]) is not None:
        operands = _transposed(importer, operands[0], tuple(order))
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.ReshapeOp, operands, results)


def _transposed(importer: Importer, operand: SSAValue, order: tuple[int, ...]) -> Values:
    """Reshaping may read the dimensions in another order than that of the operand."""
    source = cast(TensorType, operand.type)
    result = tensor_type(tuple(source.get_shape()[i] for i in order), source.element_type)
    return importer.emit(
        xtensor.TransposeOp, [operand], [result], {"permutation": dims_attr(order)}
    )


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
