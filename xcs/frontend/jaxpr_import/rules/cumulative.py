"""Import of cumulative reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.dialects.xtensor import Kind, kind_of
from xcs.frontend.jaxpr_import.registry import Types, Values, int_attr, rule

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_REDUCTIONS: dict[str, type[xtensor.CumulativeOp]] = {
    op.name.removeprefix("xtensor."): op
    for op in xtensor.OPERATIONS
    if issubclass(op, xtensor.CumulativeOp)
}


@rule(*_REDUCTIONS)
def _cumulative(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    op = _REDUCTIONS[eqn.primitive.name]
    if op is xtensor.CumlogsumexpOp and not kind_of(results[0].element_type) & Kind.INEXACT:
        return None  # JAX finds out when it lowers it
    properties: dict[str, Attribute] = {"axis": int_attr(eqn.params["axis"])}
    if eqn.params["reverse"]:
        properties["reverse"] = UnitAttr()
    return importer.emit(op, operands, results, properties)
