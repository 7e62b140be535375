"""Ops that move elements without computing."""

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import DYNAMIC_INDEX, BoolAttr, TensorType
from xdsl.ir import SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    SameVariadicOperandSize,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure, RecursiveMemoryEffect

from xcs.dialects.quant import UniformQuantizedType

from .attributes import GatherDimensionNumbersAttr, ScatterDimensionNumbersAttr
from .base import (
    BOUNDED_TENSOR,
    DIM,
    DIMS,
    INDEX_SCALAR,
    INDEX_TENSOR,
    QUANTIZABLE_TENSOR,
    SCALAR,
    TENSOR,
    Element,
    TensorOf,
    bounds_of,
    check,
    check_dim,
    check_dims,
    check_same_element,
    check_same_type,
    check_shape,
    check_type,
    element_of,
    is_static,
    shape_of,
)
from .formats import Dims, OperandsThenComma, SameOperandsAndResultType, SliceRanges
from .forms import hlo_op
from .gathering import FALSE, check_gather, check_scatter
from .quantization import (
    any_quantized,
    check_broadcast_quantization,
    check_reshape_quantization,
    check_same_scales,
)
from .reduction import check_reducer


@hlo_op
class ReshapeOp(IRDLOperation):
    """The same elements in the same order, in another shape."""

    name = "stablehlo.reshape"
    operand = operand_def(QUANTIZABLE_TENSOR)
    result = result_def(BOUNDED_TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` custom<Signature>(type(operands), type(results))"

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        if not (is_static(self.operand) and is_static(self.result)):
            return
        source, target = shape_of(self.operand), shape_of(self.result)
        check(
            prod(source) == prod(target),
            f"{prod(source)} elements do not fill {self.result.type}",
        )
        a, b = self.operand.type, self.result.type
        if any_quantized(a) and isinstance(a, TensorType) and isinstance(b, TensorType):
            check_reshape_quantization(a, b)


@hlo_op
class TransposeOp(IRDLOperation):
    """Dimension i of the result is dimension `permutation[i]` of the operand."""

    name = "stablehlo.transpose"
    operand = operand_def(QUANTIZABLE_TENSOR)
    permutation = prop_def(DIMS)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` `dims` `=` custom<Dims>($permutation) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        check_same_scales(self.operand.type, self.result.type)
        source, permutation = shape_of(self.operand), self.permutation.get_values()
        check(
            sorted(permutation) == list(range(len(source))),
            f"{list(permutation)} does not permute the dimensions of {self.operand.type}",
        )
        check_shape("result", self.result, [source[i] for i in permutation])
        a, b = element_of(self.operand), element_of(self.result)
        if isinstance(a, UniformQuantizedType) and isinstance(b, UniformQuantizedType):
            check(
                not (a.is_per_axis and b.is_per_axis) or a.axis == permutation[b.axis],
                "the dimension of the scales is not permuted like the others",
            )


@hlo_op
class BroadcastInDimOp(IRDLOperation):
    """Dimension i of the operand is dimension `broadcast_dimensions[i]` of the result."""

    name = "stablehlo.broadcast_in_dim"
    operand = operand_def(QUANTIZABLE_TENSOR)
    broadcast_dimensions = prop_def(DIMS)
    result = result_def(BOUNDED_TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` `dims` `=` custom<Dims>($broadcast_dimensions) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        source, target = shape_of(self.operand), shape_of(self.result)
        places = self.broadcast_dimensions.get_values()
        check(
            len(places) == len(source),
            f"{len(places)} broadcast dimensions for an operand of rank {len(source)}",
        )
        check_dims("broadcast dimensions", places, len(target))
        for i, place in enumerate(places):
            check(
                source[i] in (1, target[place], DYNAMIC_INDEX),
                f"dimension {i} of size {source[i]} does not broadcast to {target[place]}",
            )
        a, b = self.operand.type, self.result.type
        if any_quantized(a) and isinstance(a, TensorType) and isinstance(b, TensorType):
            check_broadcast_quantization(a, b, places)


@hlo_op
class SliceOp(IRDLOperation):
    """Every `stride`-th element from `start` up to, but not including, `limit`."""

    name = "stablehlo.slice"
    operand = operand_def(TENSOR)
    start_indices = prop_def(DIMS)
    limit_indices = prop_def(DIMS)
    strides = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (SliceRanges,)
    assembly_format = (
        "$operand custom<SliceRanges>($start_indices, $limit_indices, $strides) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        source = shape_of(self.operand)
        starts, limits, strides = (
            self.start_indices.get_values(),
            self.limit_indices.get_values(),
            self.strides.get_values(),
        )
        check(
            len(starts) == len(limits) == len(strides) == len(source),
            f"a slice of a tensor of rank {len(source)} needs as many ranges",
        )
        assert isinstance(self.operand.type, TensorType)
        known = [
            bound if size == DYNAMIC_INDEX else size
            for size, bound in zip(source, bounds_of(self.operand.type), strict=True)
        ]
        for i, (start, limit, stride) in enumerate(zip(starts, limits, strides, strict=True)):
            check(
                0 <= start <= limit
                and ((most := known[i]) is None or limit <= most)
                and stride > 0,
                f"[{start}:{limit}:{stride}] does not slice dimension {i} of size {source[i]}",
            )
        sizes = [
            -((start - limit) // stride)
            for start, limit, stride in zip(starts, limits, strides, strict=True)
        ]
        check_shape("result", self.result, sizes)


@hlo_op
class DynamicSliceOp(IRDLOperation):
    """A window of constant size, at a place known when the program runs."""

    name = "stablehlo.dynamic_slice"
    operand = operand_def(TENSOR)
    start_indices = var_operand_def(INDEX_SCALAR)
    slice_sizes = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims, OperandsThenComma)
    assembly_format = (
        "$operand `,` custom<OperandsThenComma>($start_indices) "
        "`sizes` `=` custom<Dims>($slice_sizes) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        check_index_types(self.start_indices)
        source, sizes = shape_of(self.operand), self.slice_sizes.get_values()
        check(
            len(self.start_indices) == len(sizes) == len(source),
            f"a slice of a tensor of rank {len(source)} needs as many indices and sizes",
        )
        check(
            all(
                0 <= size <= limit or limit == DYNAMIC_INDEX
                for size, limit in zip(sizes, source, strict=True)
            ),
            f"a slice of size {list(sizes)} is not inside {self.operand.type}",
        )
        check_shape("result", self.result, sizes)


@hlo_op
class DynamicUpdateSliceOp(IRDLOperation):
    """The operand with a window overwritten, at a place known when the program runs."""

    name = "stablehlo.dynamic_update_slice"
    operand = operand_def(TENSOR)
    update = operand_def(TENSOR)
    start_indices = var_operand_def(INDEX_SCALAR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` custom<Signature>(type(operands), type(results))"

    def verify_(self) -> None:
        check_type("result", self.result, self.operand.type)
        check_same_element(self.update, self.operand)
        check_index_types(self.start_indices)
        source, update = shape_of(self.operand), shape_of(self.update)
        check(
            len(self.start_indices) == len(update) == len(source)
            and all(
                size <= limit or DYNAMIC_INDEX in (size, limit)
                for size, limit in zip(update, source, strict=True)
            ),
            f"an update {self.update.type} does not fit into {self.operand.type}",
        )


def check_index_types(indices: Sequence[SSAValue]) -> None:
    """All indices are of one type."""
    check(len({index.type for index in indices}) <= 1, "indices differ in type")


@hlo_op
class ConcatenateOp(IRDLOperation):
    """The operands, one after the other along one dimension."""

    name = "stablehlo.concatenate"
    inputs = var_operand_def(TENSOR)
    dimension = prop_def(DIM)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (OperandsThenComma,)
    assembly_format = (
        "custom<OperandsThenComma>($inputs) `dim` `=` $dimension attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check(len(self.inputs) > 0, "nothing to concatenate")
        check_same_element(*self.inputs, self.result)
        dimension, expected = self.dimension.value.data, list(shape_of(self.inputs[0]))
        check_dim("concatenated dimensions", dimension, len(expected))
        sizes: list[int] = []
        for i, value in enumerate(self.inputs):
            expected[dimension] = DYNAMIC_INDEX
            check_shape(f"operand {i}", value, expected)
            sizes.append(shape_of(value)[dimension])
            expected = [
                size if known == DYNAMIC_INDEX else known
                for known, size in zip(expected, shape_of(value), strict=True)
            ]
        expected[dimension] = DYNAMIC_INDEX if DYNAMIC_INDEX in sizes else sum(sizes)
        check_shape("result", self.result, expected)


@hlo_op
class PadOp(IRDLOperation):
    """The operand with padding around it, or less of it, and between its elements."""

    name = "stablehlo.pad"
    operand = operand_def(TENSOR)
    padding_value = operand_def(SCALAR)
    edge_padding_low = prop_def(DIMS)
    edge_padding_high = prop_def(DIMS)
    interior_padding = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` $padding_value `,` `low` `=` custom<Dims>($edge_padding_low) `,` "
        "`high` `=` custom<Dims>($edge_padding_high) `,` "
        "`interior` `=` custom<Dims>($interior_padding) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.operand, self.padding_value, self.result)
        source = shape_of(self.operand)
        low, high, interior = (
            self.edge_padding_low.get_values(),
            self.edge_padding_high.get_values(),
            self.interior_padding.get_values(),
        )
        check(
            len(low) == len(high) == len(interior) == len(source),
            f"padding for a tensor of rank {len(source)} needs as many numbers",
        )
        check(min(interior, default=0) >= 0, "interior padding is never negative")
        assert isinstance(self.operand.type, TensorType)
        expected = []
        for size, bound, a, b, i in zip(
            source, bounds_of(self.operand.type), low, high, interior, strict=True
        ):
            most = bound if size == DYNAMIC_INDEX else size
            padded = DYNAMIC_INDEX if most is None else a + most + max(most - 1, 0) * i + b
            check(
                padded >= 0 or most is None,
                f"padding takes more from {self.operand.type} than there is",
            )
            expected.append(DYNAMIC_INDEX if size == DYNAMIC_INDEX else padded)
        check_shape("result", self.result, expected)


@hlo_op
class ReverseOp(IRDLOperation):
    """The operand with the order of elements reversed along the dimensions."""

    name = "stablehlo.reverse"
    operand = operand_def(TENSOR)
    dimensions = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims, SameOperandsAndResultType)
    assembly_format = (
        "$operand `,` `dims` `=` custom<Dims>($dimensions) attr-dict "
        "`:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_type(self)
        check_dims("dimensions", self.dimensions.get_values(), len(shape_of(self.operand)))


@irdl_op_definition
class GatherOp(IRDLOperation):
    """Slices of the operand, at the places that `start_indices` holds."""

    name = "stablehlo.gather"
    operand = operand_def(TENSOR)
    start_indices = operand_def(INDEX_TENSOR)
    dimension_numbers = prop_def(GatherDimensionNumbersAttr)
    slice_sizes = prop_def(DIMS)
    indices_are_sorted = opt_prop_def(BoolAttr, default_value=FALSE)
    result = result_def(TENSOR)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        check_gather(self, self.slice_sizes.get_values())


@irdl_op_definition
class ScatterOp(IRDLOperation):
    """The inputs with updates combined in, at the places that `scatter_indices` holds."""

    name = "stablehlo.scatter"
    inputs = var_operand_def(TENSOR)
    scatter_indices = operand_def(TensorOf(Element.INTEGRAL | Element.INDEX))
    updates = var_operand_def(TENSOR)
    scatter_dimension_numbers = prop_def(ScatterDimensionNumbersAttr)
    indices_are_sorted = opt_prop_def(BoolAttr, default_value=FALSE)
    unique_indices = opt_prop_def(BoolAttr, default_value=FALSE)
    update_computation = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())
    irdl_options = (SameVariadicOperandSize(),)

    def verify_(self) -> None:
        check(len(self.inputs) > 0, "nothing to scatter into")
        for i, (value, update) in enumerate(zip(self.inputs, self.updates, strict=True)):
            check_shape(f"input {i}", value, shape_of(self.inputs[0]))
            check_shape(f"updates {i}", update, shape_of(self.updates[0]))
        scalars = [TensorType(element_of(update), ()) for update in self.updates]
        accumulated = check_reducer(self.update_computation, self.inputs, scalars, ())
        check(len(self.results_) == len(self.inputs), "each input has a result")
        for i, (result, value) in enumerate(zip(self.results_, self.inputs, strict=True)):
            check_shape(f"result {i}", result, shape_of(value))
            check(element_of(result) == accumulated[i], f"result {i} must be of {accumulated[i]}")
        check_scatter(
            self.inputs, self.scatter_indices, self.updates, self.scatter_dimension_numbers
        )


OPS: list[type[IRDLOperation]] = [
    BroadcastInDimOp,
    ConcatenateOp,
    DynamicSliceOp,
    DynamicUpdateSliceOp,
    GatherOp,
    PadOp,
    ReshapeOp,
    ReverseOp,
    ScatterOp,
    SliceOp,
    TransposeOp,
]
