"""Import of elementwise primitives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import jax
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.registry import (
    RULES,
    Types,
    Values,
    int_attr,
    is_sharded,
    rule,
    takes,
)

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_ELEMENTWISE: dict[str, type[xtensor.UnaryOp | xtensor.BinaryOp]] = {
    op.name.removeprefix("xtensor."): op
    for op in xtensor.OPERATIONS
    if issubclass(op, xtensor.FunctionOp)
    or (
        issubclass(op, xtensor.UnaryOp | xtensor.BinaryOp)
        and not op.get_irdl_definition().properties
    )
} | {"add_any": xtensor.AddOp}


def _import_elementwise(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    op = _ELEMENTWISE[eqn.primitive.name]
    properties: Mapping[str, Attribute] = {}
    shape = eqn.outvars[0].aval.shape
    if len(operands) == 2:
        operands = [
            value if v.aval.shape == shape else importer.broadcast(value, shape)
            for v, value in zip(eqn.invars, operands, strict=True)
        ]
    if params := eqn.params:
        if params.get("out_dtype") is not None:
            operands = [importer.convert(value, results[0].element_type) for value in operands]
        if (accuracy := params.get("accuracy")) is not None:
            properties = _accuracy(accuracy)
    if not takes(op, cast(TensorType, operands[0].type).element_type):
        return None
    return importer.emit(op, operands, results, properties)


def _accuracy(accuracy: Any) -> Mapping[str, Attribute]:
    if accuracy is jax.lax.AccuracyMode.DEFAULT:
        return {}
    if accuracy is jax.lax.AccuracyMode.HIGHEST:
        return {"accuracy": xtensor.AccuracyAttr.of()}
    limits = xtensor.AccuracyAttr.of(accuracy.atol, accuracy.rtol, accuracy.ulps)
    return {"accuracy": limits}


for _name in _ELEMENTWISE:
    RULES[_name] = _import_elementwise


@rule("conj")
def _conj(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return importer.emit(xtensor.ConjOp, operands, results)


@rule("pow")
def _pow(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    base, exponent = operands
    exponent = importer.convert(exponent, results[0].element_type)
    shape = results[0].get_shape()
    return importer.emit(
        xtensor.PowOp,
        [importer.broadcast(base, shape), importer.broadcast(exponent, shape)],
        results,
    )


@rule("round")
def _round(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    even = eqn.params["rounding_method"] is jax.lax.RoundingMethod.TO_NEAREST_EVEN
    method = (
        xtensor.RoundingMethod.TO_NEAREST_EVEN if even else xtensor.RoundingMethod.AWAY_FROM_ZERO
    )
    return importer.emit(
        xtensor.RoundOp,
        operands,
        results,
        {"rounding_method": xtensor.RoundingMethodAttr(method)},
    )


@rule("integer_pow")
def _integer_pow(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return importer.emit(xtensor.IntegerPowOp, operands, results, {"y": int_attr(eqn.params["y"])})


@rule("reduce_precision")
def _reduce_precision(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    properties = {name: int_attr(int(bits)) for name, bits in eqn.params.items()}
    return importer.emit(xtensor.ReducePrecisionOp, operands, results, properties)


@rule("convert_element_type")
def _convert_element_type(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    if is_sharded(eqn.params["sharding"]):
        return None
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.ConvertElementTypeOp, operands, results)


@rule("bitcast_convert_type")
def _bitcast_convert_type(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.BitcastConvertTypeOp, operands, results)


@rule("select_n")
def _select_n(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return importer.emit(xtensor.SelectNOp, operands, results)


@rule("clamp")
def _clamp(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    # StableHLO takes scalar bounds too, but XLA fuses differently then, and the last bit is other.
    shape = results[0].get_shape()
    bounds = [importer.broadcast(operands[i], shape) for i in (0, 2)]
    return importer.emit(xtensor.ClampOp, [bounds[0], operands[1], bounds[1]], results)
