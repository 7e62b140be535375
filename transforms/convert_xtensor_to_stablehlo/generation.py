"""Lowering of the generation ops."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IntegerType,
    Signedness,
    TensorType,
    i64,
)
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import elementwise, generation
from xcs.dialects.stablehlo.attributes import (
    RngAlgorithm,
    RngAlgorithmAttr,
    RngDistribution,
    RngDistributionAttr,
)
from xcs.dialects.xtensor import tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    int_attr,
    renamed,
    type_of,
)

RENAMED: dict[type[Operation], tuple[type[Operation], Mapping[str, str]]] = {
    xtensor.ConstantOp: (generation.ConstantOp, {"value": "value"}),
    xtensor.IotaOp: (generation.IotaOp, {"dimension": "iota_dimension"}),
}

U32, U64 = (IntegerType(width, Signedness.UNSIGNED) for width in (32, 64))

ALGORITHMS = {
    xtensor.RngAlgorithm.DEFAULT: RngAlgorithm.DEFAULT,
    xtensor.RngAlgorithm.PHILOX: RngAlgorithm.PHILOX,
    xtensor.RngAlgorithm.THREE_FRY: RngAlgorithm.THREE_FRY,
}


def lower_iota_2x32(emit: Emitter, op: xtensor.Iota2x32ShapeOp) -> Values:
    """The sum of each index times its stride, in 64 bits, taken apart."""
    half = type_of(op.low)
    shape = half.get_shape()
    wide = tensor_type(shape, U64)
    total: SSAValue | None = None
    for axis in range(len(shape)):
        properties = {"iota_dimension": int_attr(axis)}
        index = emit.one(generation.IotaOp, (), wide, properties)
        stride = emit.full_like(prod(shape[axis + 1 :]), index)
        term = emit.same(elementwise.MultiplyOp, stride, index)
        total = term if total is None else emit.same(elementwise.AddOp, total, term)
    assert total is not None
    shift = emit.full_like(32, total)
    high = emit.same(elementwise.ShiftRightLogicalOp, total, shift)
    return [emit.one(elementwise.ConvertOp, (value,), half) for value in (high, total)]


def lower_rng_bits(emit: Emitter, op: xtensor.RngBitGeneratorOp, key: SSAValue) -> Values:
    """XLA's generator, whose state is two words of 64 bits."""
    given, state = type_of(key), tensor_type((2,), U64)
    pairs = tensor_type((2, 2), U32)
    if given != state:
        key = emit.one(elementwise.BitcastConvertOp, (emit.reshape(key, pairs),), state)
    properties = {"rng_algorithm": RngAlgorithmAttr(ALGORITHMS[op.algorithm.data])}
    following, bits = emit.many(
        generation.RngBitGeneratorOp, (key,), (state, op.bits.type), properties
    )
    if given != state:
        words = emit.one(elementwise.BitcastConvertOp, (following,), pairs)
        following = emit.reshape(words, given)
    return following, bits


def lower_rng_uniform(
    emit: Emitter, op: xtensor.RngUniformOp, low: SSAValue, high: SSAValue
) -> Values:
    """XLA's generator with a state of its own."""
    sizes = type_of(op.result).get_shape()
    shape = DenseIntOrFPElementsAttr.from_list(TensorType(i64, [len(sizes)]), sizes)
    operand = emit.one(generation.ConstantOp, (), shape.type, {"value": shape})
    properties = {"rng_distribution": RngDistributionAttr(RngDistribution.UNIFORM)}
    return emit.many(generation.RngOp, (low, high, operand), op.result_types, properties)


RULES: dict[type[Operation], Rule] = {
    **{op: renamed(*target) for op, target in RENAMED.items()},
    xtensor.Iota2x32ShapeOp: lower_iota_2x32,
    xtensor.RngBitGeneratorOp: lower_rng_bits,
    xtensor.RngUniformOp: lower_rng_uniform,
}
