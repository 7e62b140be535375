"""Lowering of the contractions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    Float8E3M4Type,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E4M3Type,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    FloatTF32Type,
    IntAttr,
    TensorType,
    bf16,
    f16,
    f32,
    f64,
)
from xdsl.ir import Attribute, Operation, SSAValue, TypeAttribute

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import contraction, elementwise
from xcs.dialects.stablehlo.attributes import (
    DotAlgorithmAttr,
    DotDimensionNumbersAttr,
    Precision,
    PrecisionAttr,
)
from xcs.dialects.stablehlo.attributes import dims_attr as record_dims
from xcs.dialects.xtensor import tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    type_of,
)

PRECISIONS = {
    xtensor.Precision.DEFAULT: PrecisionAttr(Precision.DEFAULT),
    xtensor.Precision.HIGH: PrecisionAttr(Precision.HIGH),
    xtensor.Precision.HIGHEST: PrecisionAttr(Precision.HIGHEST),
}


@lru_cache(maxsize=4096)
def _dot_dimensions(*dims: tuple[int, ...]) -> DotDimensionNumbersAttr:
    return DotDimensionNumbersAttr(*map(record_dims, dims))


def precisions(
    lhs: xtensor.PrecisionAttr | None, rhs: xtensor.PrecisionAttr | None
) -> ArrayAttr[PrecisionAttr]:
    """Return the precisions of both operands, which are the default where none is given."""
    return _precisions(*(None if attribute is None else attribute.data for attribute in (lhs, rhs)))


@cache
def _precisions(*precisions: xtensor.Precision | None) -> ArrayAttr[PrecisionAttr]:
    return ArrayAttr(PRECISIONS[precision or xtensor.Precision.DEFAULT] for precision in precisions)


@dataclass(frozen=True)
class Algorithm:
    """What a contraction computes with: it is JAX's table of algorithms, for all platforms.

    Operands that are of none of the types ``stored`` are converted to the first one.
    ``multiplied`` is what their elements are rounded to, or ``None`` where they stay as they are;
    ``summed`` is the type of the sums, or ``None`` for that of the result.
    """

    stored: tuple[Attribute, ...]
    multiplied: TypeAttribute | None
    summed: Attribute | None
    products: int = 1
    imprecise: bool = False

    def operand(self, element: Attribute) -> Attribute:
        """Return the type that an operand is converted to."""
        return element if not self.stored or element in self.stored else self.stored[0]

    def attribute(self, lhs: Attribute, rhs: Attribute) -> DotAlgorithmAttr:
        """Return the algorithm in the terms of StableHLO."""
        return DotAlgorithmAttr(
            self.multiplied or cast(TypeAttribute, lhs),
            self.multiplied or cast(TypeAttribute, rhs),
            cast(TypeAttribute, self.summed or f32),
            IntAttr(1),
            IntAttr(1),
            IntAttr(self.products),
            BoolAttr.from_bool(self.imprecise),
        )


_TF32 = FloatTF32Type()

ALGORITHMS: dict[xtensor.DotAlgorithm, Algorithm] = {
    xtensor.DotAlgorithm.ANY_F8_ANY_F8_F32: Algorithm((), None, f32),
    xtensor.DotAlgorithm.ANY_F8_ANY_F8_F32_FAST_ACCUM: Algorithm((), None, f32, imprecise=True),
    xtensor.DotAlgorithm.ANY_F8_ANY_F8_ANY: Algorithm((), None, None),
    xtensor.DotAlgorithm.ANY_F8_ANY_F8_ANY_FAST_ACCUM: Algorithm((), None, None),
    xtensor.DotAlgorithm.F16_F16_F16: Algorithm((f16,), f16, f16),
    xtensor.DotAlgorithm.F16_F16_F32: Algorithm((f16,), f16, f32),
    xtensor.DotAlgorithm.BF16_BF16_BF16: Algorithm((bf16, f32), bf16, bf16),
    xtensor.DotAlgorithm.BF16_BF16_F32: Algorithm((bf16, f32), bf16, f32),
    xtensor.DotAlgorithm.BF16_BF16_F32_X3: Algorithm((f32,), bf16, f32, 3),
    xtensor.DotAlgorithm.BF16_BF16_F32_X6: Algorithm((f32,), bf16, f32, 6),
    xtensor.DotAlgorithm.BF16_BF16_F32_X9: Algorithm((f32,), bf16, f32, 9),
    xtensor.DotAlgorithm.TF32_TF32_F32: Algorithm((f32,), _TF32, f32),
    xtensor.DotAlgorithm.TF32_TF32_F32_X3: Algorithm((f32,), _TF32, f32, 3),
    xtensor.DotAlgorithm.F32_F32_F32: Algorithm((f32,), f32, f32),
    xtensor.DotAlgorithm.F64_F64_F64: Algorithm((f64,), f64, f64),
}

NARROW_RESULTS: dict[xtensor.DotAlgorithm, Attribute] = {
    xtensor.DotAlgorithm.F16_F16_F32: f16,
    xtensor.DotAlgorithm.BF16_BF16_F32: bf16,
}
"""What the result may be of, other than the type of the sums, if both operands are of it."""

ANY_RESULT = frozenset(
    {
        xtensor.DotAlgorithm.ANY_F8_ANY_F8_F32,
        xtensor.DotAlgorithm.ANY_F8_ANY_F8_F32_FAST_ACCUM,
    }
)
"""Algorithms that give their result in the type that is asked for, whatever they sum in."""

MULTIPLIED_MIXED = (
    Float8E3M4Type,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E4M3Type,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
)
"""The formats of which a contraction takes different ones at once."""


def convert(emit: Emitter, value: SSAValue, element: Attribute) -> SSAValue:
    """Convert to the element type, unless the value is of it."""
    source = type_of(value)
    if source.element_type == element:
        return value
    return emit.one(elementwise.ConvertOp, (value,), tensor_type(source.get_shape(), element))


def lower_dot_general(
    emit: Emitter, op: xtensor.DotGeneralOp, lhs: SSAValue, rhs: SSAValue
) -> Values:
    """A dot_general of operands of one type; the default precision is written out, as JAX does."""
    result = type_of(op.result)
    properties: dict[str, Attribute] = {
        "dot_dimension_numbers": _dot_dimensions(
            op.lhs_batch.get_values(),
            op.rhs_batch.get_values(),
            op.lhs_contracting.get_values(),
            op.rhs_contracting.get_values(),
        ),
        "precision_config": precisions(op.lhs_precision, op.rhs_precision),
    }
    if op.algorithm is not None:
        return _lower_with_algorithm(emit, op.algorithm.data, lhs, rhs, result, properties)
    left, right = type_of(lhs).element_type, type_of(rhs).element_type
    if left != right and not (
        isinstance(left, MULTIPLIED_MIXED) and isinstance(right, MULTIPLIED_MIXED)
    ):
        lhs = convert(emit, lhs, result.element_type)
        rhs = convert(emit, rhs, result.element_type)
    return (emit.one(contraction.DotGeneralOp, (lhs, rhs), result, properties),)


def _lower_with_algorithm(
    emit: Emitter,
    name: xtensor.DotAlgorithm,
    lhs: SSAValue,
    rhs: SSAValue,
    result: TensorType,
    properties: dict[str, Attribute],
) -> Values:
    """Operands are converted to what the algorithm takes, and the sums to the result's type."""
    summed = result
    if (algorithm := ALGORITHMS.get(name)) is not None:
        lhs, rhs = (
            convert(emit, value, algorithm.operand(type_of(value).element_type))
            for value in (lhs, rhs)
        )
        left, right = type_of(lhs).element_type, type_of(rhs).element_type
        properties["algorithm"] = algorithm.attribute(left, right)
        narrow = left == right == result.element_type == NARROW_RESULTS.get(name)
        if algorithm.summed is not None and not narrow and name not in ANY_RESULT:
            summed = tensor_type(result.get_shape(), algorithm.summed)
    value = emit.one(contraction.DotGeneralOp, (lhs, rhs), summed, properties)
    return (convert(emit, value, result.element_type),)


RULES: dict[type[Operation], Rule] = {
    xtensor.DotGeneralOp: lower_dot_general,
}
