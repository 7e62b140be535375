"""Import of contractions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

# Private: the decompositions are JAX's own, so that the results are, too, bit for bit.
from jax._src.lax.lax import _ragged_dot_general_impl
from jax._src.lax.scaled_dot import _scaled_dot_impl
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import (
    Rule,
    Types,
    Values,
    is_sharded,
    rule,
)
from xcs.frontend.jaxpr_import.rules.composites import composite

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

_PRECISIONS = {
    jax.lax.Precision.DEFAULT: xtensor.PrecisionAttr(xtensor.Precision.DEFAULT),
    jax.lax.Precision.HIGH: xtensor.PrecisionAttr(xtensor.Precision.HIGH),
    jax.lax.Precision.HIGHEST: xtensor.PrecisionAttr(xtensor.Precision.HIGHEST),
}


_PRESETS = jax.lax.DotAlgorithmPreset

_ON_CPU = frozenset(
    {
        _PRESETS.DEFAULT,
        _PRESETS.F16_F16_F16,
        _PRESETS.F32_F32_F32,
        _PRESETS.F64_F64_F64,
        _PRESETS.BF16_BF16_F32,
        _PRESETS.BF16_BF16_F32_X3,
        _PRESETS.BF16_BF16_F32_X6,
    }
)
"""The algorithms that a CPU has; JAX raises for all others."""


def precision_properties(precision: Any) -> dict[str, Attribute] | None:
    """Return the properties that a precision is; None for one that no op has.

    Where JAX refuses an algorithm it is left to JAX, which has the words for it.
    """
    if precision is None:
        return {}
    if isinstance(precision, _PRESETS):
        if jax.default_backend() == "cpu" and precision not in _ON_CPU:
            return None
        algorithm = xtensor.DotAlgorithm(precision.name)
        return {"algorithm": xtensor.DotAlgorithmAttr(algorithm)}
    pair = precision if isinstance(precision, tuple) else (precision, precision)
    if len(pair) != 2 or any(value not in _PRECISIONS for value in pair):
        return None
    lhs, rhs = (_PRECISIONS[value] for value in pair)
    return {"lhs_precision": lhs, "rhs_precision": rhs}


@rule("dot_general")
def _dot_general(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    if is_sharded(params["out_sharding"]):
        return None
    properties = precision_properties(params["precision"])
    if properties is None or ("algorithm" in properties and _is_complex(eqn)):
        return None
    properties |= _dot_dimensions(params["dimension_numbers"])
    return importer.emit(xtensor.DotGeneralOp, operands, results, properties)


def _is_complex(eqn: Any) -> bool:
    return any(jnp.iscomplexobj(v.aval) for v in eqn.invars)


def _dot_dimensions(numbers: Any) -> dict[str, Attribute]:
    (lhs_contracting, rhs_contracting), (lhs_batch, rhs_batch) = numbers
    return {
        "lhs_batch": dims_attr(tuple(lhs_batch)),
        "rhs_batch": dims_attr(tuple(rhs_batch)),
        "lhs_contracting": dims_attr(tuple(lhs_contracting)),
        "rhs_contracting": dims_attr(tuple(rhs_contracting)),
    }


# --- Contractions that JAX lowers by tracing Python code ------------------------------------------


def _describe_ragged(eqn: Any) -> dict[str, Attribute]:
    numbers = eqn.params["ragged_dot_dimension_numbers"]
    return {
        **_dot_dimensions(numbers.dot_dimension_numbers),
        "lhs_ragged": dims_attr(tuple(numbers.lhs_ragged_dimensions)),
        "rhs_group": dims_attr(tuple(numbers.rhs_group_dimensions)),
    }


def _on_cpu(imported: Rule) -> Rule:
    """A rule for the CPU alone: other platforms have such a contraction."""

    def rule(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
        if jax.default_backend() != "cpu" or is_sharded(eqn.params.get("out_sharding")):
            return None
        return imported(importer, eqn, operands, results)

    return rule


rule("ragged_dot_general")(
    _on_cpu(
        composite(
            xtensor.RaggedDotGeneralOp,
            lambda avals, **params: partial(_ragged_dot_general_impl, **params),
            _describe_ragged,
        )
    )
)

rule("scaled_dot")(
    _on_cpu(
        composite(
            xtensor.ScaledDotOp,
            lambda avals, **params: partial(_scaled_dot_impl.__wrapped__, **params),
            lambda eqn: _dot_dimensions(eqn.params["dimension_numbers"]),
        )
    )
)
