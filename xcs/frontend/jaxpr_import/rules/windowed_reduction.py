"""Import of windowed reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.registry import Types, Values, rule
from xcs.frontend.jaxpr_import.rules.combiner import combiner
from xcs.frontend.jaxpr_import.rules.window import window_properties

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_REDUCTIONS: dict[str, type[xtensor.WindowReductionOp]] = {
    op.name.removeprefix("xtensor."): op
    for op in xtensor.OPERATIONS
    if issubclass(op, xtensor.WindowReductionOp)
}


@rule(*_REDUCTIONS)
def _window_reduction(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    op = _REDUCTIONS[eqn.primitive.name]
    return importer.emit(op, operands, results, window_properties(eqn.params))


@rule("reduce_window")
def _reduce_window(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    body = combiner(importer, eqn.params["jaxpr"], eqn.params["consts"])
    properties = window_properties(eqn.params)
    return importer.emit(xtensor.ReduceWindowOp, operands, results, properties, [body])


_SELECTIONS = {
    "ge": xtensor.SelectionAttr(xtensor.Selection.GE),
    "le": xtensor.SelectionAttr(xtensor.Selection.LE),
}


@rule("select_and_scatter_add")
def _select_and_scatter_add(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    properties = window_properties(eqn.params)
    properties["select"] = _SELECTIONS[eqn.params["select_prim"].name]
    return importer.emit(xtensor.SelectAndScatterAddOp, operands, results, properties)


@rule("select_and_gather_add")
def _select_and_gather_add(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    # On a GPU, JAX packs both values into one number, at the cost of precision where it must.
    if jax.default_backend() == "gpu":
        return None
    properties = window_properties(eqn.params)
    properties["select"] = _SELECTIONS[eqn.params["select_prim"].name]
    return importer.emit(xtensor.SelectAndGatherAddOp, operands, results, properties)


@rule("select_and_scatter")
def _select_and_scatter(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    params = eqn.params
    select = combiner(importer, params["select_jaxpr"], params["select_consts"])
    scatter = combiner(importer, params["scatter_jaxpr"], params["scatter_consts"])
    properties = window_properties(params)
    return importer.emit(
        xtensor.SelectAndScatterOp, operands, results, properties, [select, scatter]
    )
