"""Ops on shapes that are known when the program runs."""

from math import prod

from xdsl.dialects.builtin import DYNAMIC_INDEX, BoolAttr, TensorType, i32
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .attributes import GatherDimensionNumbersAttr, TypeExtensionsAttr
from .base import (
    DIM,
    DIMS,
    INTEGER_TENSOR,
    QUANTIZABLE_TENSOR,
    SCALAR,
    SHAPE,
    TENSOR,
    AnyTensor,
    Element,
    TensorOf,
    bounds_of,
    check,
    check_dim,
    check_dims,
    check_same_element,
    check_shape_operand,
    check_type,
    constant_ints,
    is_static,
    shape_of,
    sizes_compatible,
)
from .formats import Dims
from .forms import hlo_op
from .gathering import FALSE, check_gather
from .quantization import (
    any_quantized,
    check_broadcast_quantization,
    check_reshape_quantization,
)

SIZE = TensorType(i32, ())
"""The type of one size."""


@hlo_op
class DynamicIotaOp(IRDLOperation):
    """0, 1, 2, ... along one dimension of a tensor whose sizes are computed."""

    name = "stablehlo.dynamic_iota"
    output_shape = operand_def(SHAPE)
    iota_dimension = prop_def(DIM)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "$output_shape `,` `dim` `=` $iota_dimension attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        rank = len(shape_of(self.result))
        check_dim("iota_dimension", self.iota_dimension.value.data, rank)
        check_shape_operand("output_shape", self.output_shape, self.result)


@hlo_op
class DynamicReshapeOp(IRDLOperation):
    """The same elements in the same order, in a shape that is computed."""

    name = "stablehlo.dynamic_reshape"
    operand = operand_def(QUANTIZABLE_TENSOR)
    output_shape = operand_def(SHAPE)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` custom<Signature>(type(operands), type(results))"

    def verify_(self) -> None:
        source, target = self.operand.type, self.result.type
        assert isinstance(source, TensorType)
        assert isinstance(target, TensorType)
        if any_quantized(source, target):
            check_reshape_quantization(source, target)
        else:
            check_same_element(self.operand, self.result)
        check(
            shape_of(self.output_shape) == (len(shape_of(self.result)),),
            f"output_shape does not hold the sizes of {target}",
        )
        check_shape_operand("output_shape", self.output_shape, self.result)
        if not is_static(self.operand):
            return
        count, sizes = prod(source.get_shape()), constant_ints(self.output_shape)
        if is_static(self.result):
            sizes = target.get_shape()
        check(sizes is None or prod(sizes) == count, f"{count} elements do not fill {target}")


@hlo_op
class DynamicBroadcastInDimOp(IRDLOperation):
    """Dimension i of the operand is dimension `broadcast_dimensions[i]` of a computed shape."""

    name = "stablehlo.dynamic_broadcast_in_dim"
    operand = operand_def(QUANTIZABLE_TENSOR)
    output_dimensions = operand_def(SHAPE)
    broadcast_dimensions = prop_def(DIMS)
    known_expanding_dimensions = opt_prop_def(DIMS)
    known_nonexpanding_dimensions = opt_prop_def(DIMS)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` $output_dimensions `,` `dims` `=` custom<Dims>($broadcast_dimensions) "
        "attr-dict `:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        source, target = shape_of(self.operand), shape_of(self.result)
        places = self.broadcast_dimensions.get_values()
        check(
            len(places) == len(source) <= len(target),
            f"{len(places)} dimensions of {self.result.type} for those of {self.operand.type}",
        )
        check_dims("broadcast dimensions", places, len(target))
        sizes = constant_ints(self.output_dimensions) or target
        for i, place in enumerate(places):
            for size in (target[place], sizes[place] if place < len(sizes) else target[place]):
                check(
                    source[i] == 1 or sizes_compatible(source[i], size),
                    f"dimension {i} of size {source[i]} does not broadcast to {size}",
                )
        check_shape_operand("output_dimensions", self.output_dimensions, self.result)
        hints = [
            dimension
            for known in (self.known_expanding_dimensions, self.known_nonexpanding_dimensions)
            if known is not None
            for dimension in known.get_values()
        ]
        check_dims("known dimensions", hints, len(source))
        a, b = self.operand.type, self.result.type
        assert isinstance(a, TensorType)
        assert isinstance(b, TensorType)
        if any_quantized(a, b):
            check_broadcast_quantization(a, b, places)
        else:
            check_same_element(self.operand, self.result)


@hlo_op
class DynamicPadOp(IRDLOperation):
    """The operand with padding that is computed."""

    name = "stablehlo.dynamic_pad"
    operand = operand_def(TENSOR)
    padding_value = operand_def(SCALAR)
    edge_padding_low = operand_def(SHAPE)
    edge_padding_high = operand_def(SHAPE)
    interior_padding = operand_def(SHAPE)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` custom<Signature>(type(operands), type(results))"

    def verify_(self) -> None:
        check_same_element(self.operand, self.padding_value, self.result)
        source, target = shape_of(self.operand), shape_of(self.result)
        check(len(source) == len(target), "operand and result differ in rank")
        paddings = self.edge_padding_low, self.edge_padding_high, self.interior_padding
        for padding in paddings:
            check(
                padding.type == paddings[0].type and shape_of(padding) == (len(source),),
                f"padding for {self.operand.type} cannot be {padding.type}",
            )
        low, high, interior = map(constant_ints, paddings)
        check(min(interior or (), default=0) >= 0, "interior padding is never negative")
        if low is None or high is None or interior is None:
            return
        for i, (size, padded) in enumerate(zip(source, target, strict=True)):
            if DYNAMIC_INDEX in (size, padded):
                continue
            expected = low[i] + size + max(size - 1, 0) * interior[i] + high[i]
            check(padded == expected, f"result dimension {i} is {padded}, expected {expected}")


@hlo_op
class RealDynamicSliceOp(IRDLOperation):
    """Elements from a start up to a limit, both computed, as is the distance between them."""

    name = "stablehlo.real_dynamic_slice"
    operand = operand_def(TENSOR)
    start_indices = operand_def(TensorOf(Element.INTEGER | Element.INDEX, rank=1))
    limit_indices = operand_def(TensorOf(Element.INTEGER | Element.INDEX, rank=1))
    strides = operand_def(TensorOf(Element.INTEGER | Element.INDEX, rank=1))
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` custom<Signature>(type(operands), type(results))"

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        rank = len(shape_of(self.operand))
        for bounds in (self.start_indices, self.limit_indices, self.strides):
            check(
                bounds.type == self.start_indices.type and shape_of(bounds) == (rank,),
                f"the bounds of a slice of {self.operand.type} cannot be {bounds.type}",
            )


@irdl_op_definition
class DynamicGatherOp(IRDLOperation):
    """Slices of the operand, of sizes that are computed, at the places in `start_indices`."""

    name = "stablehlo.dynamic_gather"
    operand = operand_def(TENSOR)
    start_indices = operand_def(INTEGER_TENSOR)
    slice_sizes = operand_def(TensorOf(Element.INTEGER, rank=1, static=True))
    dimension_numbers = prop_def(GatherDimensionNumbersAttr)
    indices_are_sorted = opt_prop_def(BoolAttr, default_value=FALSE)
    result = result_def(TENSOR)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        rank = len(shape_of(self.operand))
        check(shape_of(self.slice_sizes) == (rank,), "slice_sizes needs a size for each dimension")
        sizes = constant_ints(self.slice_sizes)
        check_gather(self, (DYNAMIC_INDEX,) * rank if sizes is None else sizes)


@hlo_op
class GetDimensionSizeOp(IRDLOperation):
    """The size of one dimension."""

    name = "stablehlo.get_dimension_size"
    operand = operand_def(QUANTIZABLE_TENSOR)
    dimension = prop_def(DIM)
    result = result_def(SIZE)

    traits = traits_def(Pure())
    assembly_format = (
        "$operand `,` `dim` `=` $dimension attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_dim("dimension", self.dimension.value.data, len(shape_of(self.operand)))


@hlo_op
class SetDimensionSizeOp(IRDLOperation):
    """The operand with only so many of its elements along one dimension taken to be there."""

    name = "stablehlo.set_dimension_size"
    operand = operand_def(TENSOR)
    size = operand_def(SIZE)
    dimension = prop_def(DIM)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "$operand `,` $size `,` `dim` `=` $dimension attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        source, dimension = self.operand.type, self.dimension.value.data
        assert isinstance(source, TensorType)
        check_dim("dimension", dimension, len(shape_of(self.operand)))
        check_type("result", self.result, self._expected(source, dimension))

    def _expected(self, source: AnyTensor, dimension: int) -> AnyTensor:
        shape, bounds = list(source.get_shape()), list(bounds_of(source))
        if shape[dimension] != DYNAMIC_INDEX:
            bounds[dimension] = shape[dimension]
        shape[dimension] = DYNAMIC_INDEX
        known = constant_ints(self.size)
        if known is not None and known[0] == bounds[dimension]:
            shape[dimension], bounds[dimension] = known[0], None
        if all(bound is None for bound in bounds):
            return TensorType(source.element_type, shape)
        return TensorType(source.element_type, shape, TypeExtensionsAttr.of(bounds))


OPS: list[type[IRDLOperation]] = [
    DynamicBroadcastInDimOp,
    DynamicGatherOp,
    DynamicIotaOp,
    DynamicPadOp,
    DynamicReshapeOp,
    GetDimensionSizeOp,
    RealDynamicSliceOp,
    SetDimensionSizeOp,
]
