"""Import of control flow, and of primitives that only mark a value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.extend.core as jex
import numpy as np
from jax.extend.backend import get_backend
from xdsl.dialects.builtin import I32, DenseArrayBase, TensorType, UnitAttr, i1, i32

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr, tensor_type
from xcs.frontend.jaxpr_import.jaxprs import without_references
from xcs.frontend.jaxpr_import.registry import (
    Types,
    Values,
    int_attr,
    rule,
)
from xcs.frontend.jaxpr_import.types import UnsupportedJaxpr

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


@rule(
    "copy",
    "copy_p",
    "name",
    "preduced",
    "pvary",
    "reduced_vary_cast_p",
    "stage",
    "stop_gradient",
    "vary_unreduced_cast_p",
    takes_keys=True,
)
def _identity(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return operands


@rule("tie", takes_keys=True)
def _tie(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return operands[1:]


@rule("optimization_barrier", takes_keys=True)
def _barrier(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return importer.emit(xtensor.OptimizationBarrierOp, operands, results)


def _types(values: Values) -> list[TensorType]:
    return [cast(TensorType, value.type) for value in values]


@rule("while", takes_keys=True)
def _while(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    condition, body = eqn.params["cond_jaxpr"], eqn.params["body_jaxpr"]
    first, second = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    of_condition, of_body = operands[:first], operands[first : first + second]
    inits = operands[first + second :]
    batch = condition.out_avals[0].shape

    def test(inner: Importer, carried: Values) -> Values:
        (predicate,) = inner.run_closed(condition, [*of_condition, *carried])
        if not batch:
            return [predicate]
        properties = {"axes": dims_attr(tuple(range(len(batch))))}
        return inner.emit(xtensor.ReduceOrOp, [predicate], [tensor_type((), i1)], properties)

    def step(inner: Importer, carried: Values) -> Values:
        after = inner.run_closed(body, [*of_body, *carried])
        if not batch:
            return after
        # Of a batch of loops, one goes on until all are done; the values of the others stay.
        (goes_on,) = inner.run_closed(condition, [*of_condition, *carried])
        return [_select(inner, goes_on, new, old) for new, old in zip(after, carried, strict=True)]

    types = _types(inits)
    regions = [importer.region(types, test), importer.region(types, step)]
    return importer.emit(xtensor.WhileOp, inits, types, regions=regions)


def _select(importer: Importer, which: Any, on_true: Any, on_false: Any) -> Any:
    """Select by a predicate whose dimensions are the first ones of the values."""
    (result,) = importer.emit(
        xtensor.SelectNOp,
        [importer.broadcast(which, on_true.type.get_shape()), on_false, on_true],
        [on_true.type],
    )
    return result


@rule("cond", takes_keys=True)
def _cond(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    index, *arguments = operands
    if (platforms := eqn.params.get("branches_platforms")) is not None:
        # Code for other platforms need not even have a lowering for this one.
        return importer.run_closed(eqn.params["branches"][_platform_index(platforms)], arguments)
    regions = [
        importer.region((), lambda inner, _, branch=branch: inner.run_closed(branch, arguments))
        for branch in eqn.params["branches"]
    ]
    return importer.emit(xtensor.CondOp, [index], results, regions=regions)


@cache
def _segments(*sizes: int) -> DenseArrayBase[I32]:
    return DenseArrayBase.from_list(i32, sizes)


@rule("scan", takes_keys=True)
def _scan(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    constants, values = operands[: params["num_consts"]], operands[params["num_consts"] :]
    inits, scanned = values[: params["num_carry"]], values[params["num_carry"] :]
    arguments = [*_types(inits), *(xtensor.element_type(value.type) for value in scanned)]
    body = importer.region(
        arguments, lambda inner, args: inner.run_closed(params["jaxpr"], [*constants, *args])
    )
    properties: dict[str, Any] = {
        "length": int_attr(params["length"]),
        "unroll": int_attr(params["unroll"]),
        "operandSegmentSizes": _segments(len(inits), len(scanned)),
    }
    if params["reverse"]:
        properties["reverse"] = UnitAttr()
    return importer.emit(xtensor.ScanOp, values, results, properties, [body])


def _platform_index(platforms: Sequence[Sequence[str] | None]) -> int:
    """Return the place of the first group that has the platform that kernels are compiled for."""
    backend = get_backend()
    names = {backend.platform, backend.platform_version.partition(" ")[0].lower()}
    for place, group in enumerate(platforms):
        if group is None or not names.isdisjoint(group):
            return place
    raise UnsupportedJaxpr(f"no code for the platform {backend.platform}")


@rule("platform_index")
def _index_of_platform(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    return [importer.constant(np.asarray(_platform_index(eqn.params["platforms"]), np.int32))]


@rule("remat2", takes_keys=True)
def _checkpoint(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    guarded = eqn.params["prevent_cse"]
    if isinstance(guarded, bool):
        guarded = (guarded,) * len(operands)
    if eqn.params["differentiated"] and any(guarded):
        # The barrier keeps XLA from merging what is computed anew with what was computed before.
        values = [value for value, keep in zip(operands, guarded, strict=True) if keep]
        behind = iter(importer.emit(xtensor.OptimizationBarrierOp, values, _types(values)))
        operands = [
            next(behind) if keep else value for value, keep in zip(operands, guarded, strict=True)
        ]
    return importer.run_closed(eqn.params["jaxpr"], operands)


@rule("custom_linear_solve", takes_keys=True)
def _linear_solve(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    lengths, jaxprs = eqn.params["const_lengths"], eqn.params["jaxprs"]
    before = lengths.matvec + lengths.vecmat
    constants = operands[before : before + lengths.solve]
    return importer.run_closed(jaxprs.solve, [*constants, *operands[sum(lengths) :]])


@rule("device_put", takes_keys=True)
def _device_put(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    # Within one program, all arrays are on its devices.
    places = eqn.params["devices"]
    is_plain = all(place is None or isinstance(place, jax.Device) for place in places)
    return operands if is_plain else None


@rule("run_state")
def _run_state(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if not all(eqn.params["is_initialized"]):
        return None
    pure = without_references(jex.ClosedJaxpr(eqn.params["jaxpr"], ()))
    return importer.run_closed(pure, operands)


_COLLECTIVES: dict[str, type[xtensor.ReductionOp]] = {
    "pmax": xtensor.ReduceMaxOp,
    "pmin": xtensor.ReduceMinOp,
    "psum": xtensor.ReduceSumOp,
}


@rule(*_COLLECTIVES)
def _collective(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    # Over dimensions of the operand itself it is a reduction; over those of a mesh it is JAX's.
    axes = eqn.params["axes"]
    if not all(isinstance(axis, int) for axis in axes):
        return None
    properties = {"axes": dims_attr(tuple(axes))}
    return importer.emit(_COLLECTIVES[eqn.primitive.name], operands, results, properties)
