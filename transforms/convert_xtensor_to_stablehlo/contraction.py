"""Lowering of the contractions."""

from __future__ import annotations

from functools import cache, lru_cache

from xdsl.dialects.builtin import ArrayAttr
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import contraction
from xcs.dialects.stablehlo.attributes import (
    DotDimensionNumbersAttr,
    Precision,
    PrecisionAttr,
)
from xcs.dialects.stablehlo.attributes import dims_attr as record_dims
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
)

PRECISIONS = {
    xtensor.Precision.DEFAULT: PrecisionAttr(Precision.DEFAULT),
    xtensor.Precision.HIGH: PrecisionAttr(Precision.HIGH),
    xtensor.Precision.HIGHEST: PrecisionAttr(Precision.HIGHEST),
}


@lru_cache(maxsize=4096)
def _dot_dimensions(*dims: tuple[int, ...]) -> DotDimensionNumbersAttr:
    return DotDimensionNumbersAttr(*map(record_dims, dims))


@cache
def _precisions(*precisions: xtensor.Precision) -> ArrayAttr[PrecisionAttr]:
    return ArrayAttr(PRECISIONS[precision] for precision in precisions)


def _precision(attribute: xtensor.PrecisionAttr | None) -> xtensor.Precision:
    return xtensor.Precision.DEFAULT if attribute is None else attribute.data


def lower_dot_general(
    emit: Emitter, op: xtensor.DotGeneralOp, lhs: SSAValue, rhs: SSAValue
) -> Values:
    """A dot_general; the default precision is written out, as JAX does."""
    properties = {
        "dot_dimension_numbers": _dot_dimensions(
            op.lhs_batch.get_values(),
            op.rhs_batch.get_values(),
            op.lhs_contracting.get_values(),
            op.rhs_contracting.get_values(),
        ),
        "precision_config": _precisions(_precision(op.lhs_precision), _precision(op.rhs_precision)),
    }
    return (emit.one(contraction.DotGeneralOp, (lhs, rhs), op.result.type, properties),)


RULES: dict[type[Operation], Rule] = {
    xtensor.DotGeneralOp: lower_dot_general,
}
