"""Ops between numbers and quantised numbers, and how quantised operands agree with results."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, TensorType
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation, operand_def, result_def, traits_def
from xdsl.traits import Pure

from xcs.dialects.quant import UniformQuantizedType

from .base import (
    FLOAT_TENSOR,
    AnyTensor,
    Element,
    TensorOf,
    check,
    check_same_shape,
    element_of,
)
from .formats import SameOperandsAndResultType
from .forms import hlo_op

QUANTIZED_TENSOR = TensorOf(Element.QUANTIZED | Element.QUANTIZED_PER_AXIS)


@hlo_op
class UniformQuantizeOp(IRDLOperation):
    """Each number as the nearest one that the result's type can hold."""

    name = "stablehlo.uniform_quantize"
    operand = operand_def(TensorOf(Element.FLOAT | Element.QUANTIZED | Element.QUANTIZED_PER_AXIS))
    result = result_def(QUANTIZED_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (SameOperandsAndResultType,)
    assembly_format = (
        "operands attr-dict `:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_shape(self)
        source, target = element_of(self.operand), element_of(self.result)
        assert isinstance(target, UniformQuantizedType)
        expressed = source.expressed_type if isinstance(source, UniformQuantizedType) else source
        check(
            target.expressed_type == expressed,
            f"the result stands for {target.expressed_type}, but the operand for {expressed}",
        )


@hlo_op
class UniformDequantizeOp(IRDLOperation):
    """The numbers that quantised ones stand for."""

    name = "stablehlo.uniform_dequantize"
    operand = operand_def(QUANTIZED_TENSOR)
    result = result_def(FLOAT_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (SameOperandsAndResultType,)
    assembly_format = (
        "operands attr-dict `:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_shape(self)
        source, target = element_of(self.operand), element_of(self.result)
        assert isinstance(source, UniformQuantizedType)
        check(
            target == source.expressed_type,
            f"the operand stands for {source.expressed_type}, but the result is {target}",
        )


def any_quantized(*types: Attribute) -> bool:
    """Whether one of the tensors holds quantised numbers."""
    return any(isinstance(_element(type), UniformQuantizedType) for type in types)


def _element(type: Attribute) -> Attribute:
    return type.element_type if isinstance(type, TensorType) else type


def check_binary_quantization(lhs: Attribute, rhs: Attribute, result: Attribute) -> None:
    """Three element types agree, as those of an addition do."""
    quantized = [e for e in (lhs, rhs, result) if isinstance(e, UniformQuantizedType)]
    check(len(quantized) == 3, "either all or none of operands and result are quantised")
    check(
        len({(element.storage_type, element.is_signed) for element in quantized}) == 1,
        "operands and result are stored in integers of different types",
    )
    check(
        len({element.expressed_type for element in quantized}) == 1,
        "operands and result stand for numbers of different types",
    )
    *operands, last = quantized
    axes = {element.axis for element in operands if element.is_per_axis}
    check(
        axes == ({last.axis} if last.is_per_axis else set()),
        "scales for each slice of operands and result are along different dimensions",
    )


def check_same_scales(operand: Attribute, result: Attribute) -> None:
    """What moves elements about does not change their scales and zero points."""
    a, b = _element(operand), _element(result)
    if not isinstance(a, UniformQuantizedType) or not isinstance(b, UniformQuantizedType):
        return
    if a.is_per_axis == b.is_per_axis:
        check(
            (a.scales, a.zero_points) == (b.scales, b.zero_points),
            f"{operand} and {result} differ in scales or zero points",
        )


def check_reshape_quantization(operand: AnyTensor, result: AnyTensor) -> None:
    """The slices with scales of their own hold the same elements before and after a reshape."""
    check_same_scales(operand, result)
    a, b = operand.element_type, result.element_type
    if not isinstance(a, UniformQuantizedType) or not isinstance(b, UniformQuantizedType):
        return
    if not (a.is_per_axis and b.is_per_axis):
        return
    source, target = operand.get_shape(), result.get_shape()
    sizes = source[a.axis], target[b.axis]
    check(
        DYNAMIC_INDEX in sizes or sizes[0] == sizes[1],
        f"{operand} and {result} have different numbers of slices with scales",
    )
    if DYNAMIC_INDEX not in source and DYNAMIC_INDEX not in target:
        check(
            _product(source[: a.axis]) == _product(target[: b.axis]),
            f"{operand} and {result} have different elements in the slices with scales",
        )


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def check_broadcast_quantization(
    operand: AnyTensor, result: AnyTensor, places: Sequence[int]
) -> None:
    """The slices with scales of their own go where the operand's dimension goes."""
    a, b = operand.element_type, result.element_type
    if not isinstance(b, UniformQuantizedType) or not b.is_per_axis:
        check_same_scales(operand, result)
        return
    assert isinstance(a, UniformQuantizedType)
    check(
        a.is_per_axis and b.axis == places[a.axis],
        f"the scales of {operand} and {result} are along different dimensions",
    )
    if operand.get_shape()[a.axis] == 1:
        check(
            set(b.scales) == set(a.scales) and set(b.zero_points) == set(a.zero_points),
            f"the slices of {result} differ in scale from the one of {operand}",
        )


def check_contraction_quantization(lhs: Attribute, rhs: Attribute, result: Attribute) -> None:
    """Element types agree, as those of sums of products do."""
    check(
        isinstance(rhs, UniformQuantizedType)
        and isinstance(lhs, UniformQuantizedType) == isinstance(result, UniformQuantizedType),
        "rhs must be quantised, and either both or none of lhs and result",
    )
    assert isinstance(rhs, UniformQuantizedType)
    if not isinstance(lhs, UniformQuantizedType):
        check(
            lhs == result == rhs.expressed_type,
            f"lhs and result must be of the type that rhs stands for, {rhs.expressed_type}",
        )
        return
    assert isinstance(result, UniformQuantizedType)
    check(lhs.storage_type == rhs.storage_type, "lhs and rhs are stored in different integers")
    check(
        lhs.expressed_type == rhs.expressed_type == result.expressed_type,
        "operands and result stand for numbers of different types",
    )
    check(
        rhs.is_per_axis or not result.is_per_axis,
        "the result has scales for each slice, but rhs has one scale",
    )


OPS: list[type[IRDLOperation]] = [UniformDequantizeOp, UniformQuantizeOp]
