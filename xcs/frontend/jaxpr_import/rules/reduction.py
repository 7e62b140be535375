"""Import of reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from xdsl.dialects.builtin import TensorType

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import (
    RULES,
    Types,
    Values,
    is_sharded,
    rule,
    takes,
)
from xcs.frontend.jaxpr_import.rules.combiner import combiner

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_REDUCTIONS: dict[str, type[xtensor.ReductionOp]] = {
    op.name.removeprefix("xtensor."): op
    for op in xtensor.OPERATIONS
    if issubclass(op, xtensor.ReductionOp)
}


def _import_reduction(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    op = _REDUCTIONS[eqn.primitive.name]
    if is_sharded(eqn.params.get("out_sharding")):
        return None
    if not takes(op, cast(TensorType, operands[0].type).element_type):
        return None
    return importer.emit(op, operands, results, {"axes": dims_attr(tuple(eqn.params["axes"]))})


for _name in _REDUCTIONS:
    RULES[_name] = _import_reduction


@rule("reduce")
def _reduce(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    if is_sharded(params.get("out_sharding")):
        return None
    body = combiner(importer, params["jaxpr"])
    axes = dims_attr(tuple(params["dimensions"]))
    return importer.emit(xtensor.ReduceOp, operands, results, {"axes": axes}, [body])
