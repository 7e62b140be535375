"""Lowering of convolutions."""

from __future__ import annotations

from functools import lru_cache

from xdsl.dialects.builtin import ComplexType, IntAttr, TensorType
from xdsl.ir import Attribute, Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import convolution, elementwise
from xcs.dialects.stablehlo.attributes import ConvDimensionNumbersAttr
from xcs.dialects.stablehlo.attributes import dims_attr as record_dims
from xcs.dialects.stablehlo.window import bool_array
from xcs.dialects.xtensor import tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.contraction import precisions
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    int_attr,
    type_of,
)
from xcs.transforms.convert_xtensor_to_stablehlo.window import numbers, padding


@lru_cache(maxsize=1024)
def _dimension_numbers(
    lhs: tuple[int, ...], rhs: tuple[int, ...], out: tuple[int, ...]
) -> ConvDimensionNumbersAttr:
    return ConvDimensionNumbersAttr(
        IntAttr(lhs[0]),
        IntAttr(lhs[1]),
        record_dims(lhs[2:]),
        IntAttr(rhs[1]),
        IntAttr(rhs[0]),
        record_dims(rhs[2:]),
        IntAttr(out[0]),
        IntAttr(out[1]),
        record_dims(out[2:]),
    )


def lower_conv_general_dilated(
    emit: Emitter, op: xtensor.ConvGeneralDilatedOp, lhs: SSAValue, rhs: SSAValue
) -> Values:
    """A convolution; three real ones where the elements are complex, as XLA is slow on those."""
    rank = len(op.lhs_dimensions) - 2
    properties: dict[str, Attribute] = {
        "window_strides": numbers(op.strides, rank),
        "padding": padding(op.low, op.high, rank),
        "lhs_dilation": numbers(op.lhs_dilation, rank),
        "rhs_dilation": numbers(op.rhs_dilation, rank),
        "window_reversal": bool_array([False] * rank),
        "dimension_numbers": _dimension_numbers(
            op.lhs_dimensions.get_values(),
            op.rhs_dimensions.get_values(),
            op.out_dimensions.get_values(),
        ),
        "feature_group_count": int_attr(op.feature_groups),
        "batch_group_count": int_attr(op.batch_groups),
        "precision_config": precisions(op.lhs_precision, op.rhs_precision),
    }
    result = type_of(op.result)

    def convolve(x: SSAValue, y: SSAValue, result: TensorType) -> SSAValue:
        return emit.one(convolution.ConvolutionOp, (x, y), result, properties)

    if not isinstance(result.element_type, ComplexType):
        return (convolve(lhs, rhs, result),)
    part = tensor_type(result.get_shape(), result.element_type.element_type)
    (a, b), (c, d) = _parts(emit, lhs), _parts(emit, rhs)
    # (a + bi)(c + di) by Gauss's three products.
    first = convolve(emit.same(elementwise.AddOp, a, b), c, part)
    second = convolve(a, emit.same(elementwise.SubtractOp, d, c), part)
    third = convolve(b, emit.same(elementwise.AddOp, c, d), part)
    real = emit.same(elementwise.SubtractOp, first, third)
    imag = emit.same(elementwise.AddOp, first, second)
    return (emit.one(elementwise.ComplexOp, (real, imag), result),)


def _parts(emit: Emitter, value: SSAValue) -> tuple[SSAValue, SSAValue]:
    """The real and the imaginary part."""
    source = type_of(value)
    assert isinstance(source.element_type, ComplexType)
    part = tensor_type(source.get_shape(), source.element_type.element_type)
    real = emit.one(elementwise.RealOp, (value,), part)
    return real, emit.one(elementwise.ImagOp, (value,), part)


RULES: dict[type[Operation], Rule] = {
    xtensor.ConvGeneralDilatedOp: lower_conv_general_dilated,
}
