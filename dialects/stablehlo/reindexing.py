"""Ops that move elements without computing."""

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import DYNAMIC_INDEX, BoolAttr, TensorType
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

from .attributes import GatherDimensionNumbersAttr, ScatterDimensionNumbersAttr, ints
from .base import (
    DIM,
    DIMS,
    INDEX_TENSOR,
    TENSOR,
    Dims,
    OperandsThenComma,
    SameOperandsAndResultType,
    SliceRanges,
    check,
    check_dims,
    check_same_type,
    check_shape,
    element_of,
    shape_of,
)


def _check_element(op: IRDLOperation) -> None:
    """The first operand and the first result have one element type."""
    operand, result = element_of(op.operands[0]), element_of(op.results[0])
    check(operand == result, f"a tensor of {operand} is not made into one of {result}")


@irdl_op_definition
class ReshapeOp(IRDLOperation):
    """The same elements in the same order, in another shape."""

    name = "stablehlo.reshape"
    operand = operand_def(TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        _check_element(self)
        source, target = shape_of(self.operand), shape_of(self.result)
        check(
            DYNAMIC_INDEX in source or prod(source) == prod(target),
            f"{prod(source)} elements do not fill {self.result.type}",
        )


@irdl_op_definition
class TransposeOp(IRDLOperation):
    """Dimension i of the result is dimension `permutation[i]` of the operand."""

    name = "stablehlo.transpose"
    operand = operand_def(TENSOR)
    permutation = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` `dims` `=` custom<Dims>($permutation) attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        _check_element(self)
        source, permutation = shape_of(self.operand), self.permutation.get_values()
        check(
            sorted(permutation) == list(range(len(source))),
            f"{list(permutation)} does not permute the dimensions of {self.operand.type}",
        )
        check_shape("result", self.result, [source[i] for i in permutation])


@irdl_op_definition
class BroadcastInDimOp(IRDLOperation):
    """Dimension i of the operand is dimension `broadcast_dimensions[i]` of the result."""

    name = "stablehlo.broadcast_in_dim"
    operand = operand_def(TENSOR)
    broadcast_dimensions = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` `dims` `=` custom<Dims>($broadcast_dimensions) attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        _check_element(self)
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


@irdl_op_definition
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
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        _check_element(self)
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
        for i, (start, limit, stride) in enumerate(zip(starts, limits, strides, strict=True)):
            check(
                0 <= start <= limit
                and (limit <= source[i] or source[i] == DYNAMIC_INDEX)
                and stride > 0,
                f"[{start}:{limit}:{stride}] does not slice dimension {i} of size {source[i]}",
            )
        sizes = [
            -((start - limit) // stride)
            for start, limit, stride in zip(starts, limits, strides, strict=True)
        ]
        check_shape("result", self.result, sizes)


@irdl_op_definition
class DynamicSliceOp(IRDLOperation):
    """A window of constant size, at a place known when the program runs."""

    name = "stablehlo.dynamic_slice"
    operand = operand_def(TENSOR)
    start_indices = var_operand_def(INDEX_TENSOR)
    slice_sizes = prop_def(DIMS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims, OperandsThenComma)
    assembly_format = (
        "$operand `,` custom<OperandsThenComma>($start_indices) "
        "`sizes` `=` custom<Dims>($slice_sizes) attr-dict `:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        _check_element(self)
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


@irdl_op_definition
class DynamicUpdateSliceOp(IRDLOperation):
    """The operand with a window overwritten, at a place known when the program runs."""

    name = "stablehlo.dynamic_update_slice"
    operand = operand_def(TENSOR)
    update = operand_def(TENSOR)
    start_indices = var_operand_def(INDEX_TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        check(self.operand.type == self.result.type, "result differs in type from the operand")
        check(
            element_of(self.update) == element_of(self.operand),
            "the update differs in its element type from the operand",
        )
        source, update = shape_of(self.operand), shape_of(self.update)
        check(
            len(self.start_indices) == len(update) == len(source)
            and all(size <= limit for size, limit in zip(update, source, strict=True)),
            f"an update {self.update.type} does not fit into {self.operand.type}",
        )


@irdl_op_definition
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
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        check(len(self.inputs) > 0, "nothing to concatenate")
        _check_element(self)
        dimension, expected = self.dimension.value.data, list(shape_of(self.inputs[0]))
        check_dims("concatenated dimensions", [dimension], len(expected))
        sizes = [shape_of(value)[dimension] for value in self.inputs]
        expected[dimension] = DYNAMIC_INDEX
        for i, value in enumerate(self.inputs):
            check_shape(f"operand {i}", value, expected)
        expected[dimension] = DYNAMIC_INDEX if DYNAMIC_INDEX in sizes else sum(sizes)
        check_shape("result", self.result, expected)


@irdl_op_definition
class PadOp(IRDLOperation):
    """The operand with padding around it, or less of it, and between its elements."""

    name = "stablehlo.pad"
    operand = operand_def(TENSOR)
    padding_value = operand_def(TENSOR)
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
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        _check_element(self)
        check(
            self.padding_value.type == TensorType(element_of(self.operand), ()),
            "the padding value must be a scalar of the operand's element type",
        )
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
        expected = [
            DYNAMIC_INDEX if size == DYNAMIC_INDEX else a + size + max(size - 1, 0) * i + b
            for size, a, b, i in zip(source, low, high, interior, strict=True)
        ]
        check_shape("result", self.result, expected)


@irdl_op_definition
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
    indices_are_sorted = opt_prop_def(BoolAttr, default_value=BoolAttr.from_bool(False))
    result = result_def(TENSOR)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        _check_element(self)
        numbers, sizes = self.dimension_numbers, self.slice_sizes.get_values()
        source, indices = shape_of(self.operand), shape_of(self.start_indices)
        dropped = ints(numbers.collapsed_slice_dims) + ints(numbers.operand_batching_dims)
        check(len(sizes) == len(source), "slice_sizes needs a size for each operand dimension")
        check_dims("collapsed and batching dimensions", dropped, len(source))
        check_dims("start_index_map", ints(numbers.start_index_map), len(source))
        check(
            all(sizes[dim] <= 1 for dim in dropped),
            "slices have at most size 1 in collapsed and batching dimensions",
        )
        window = [size for dim, size in enumerate(sizes) if dim not in dropped]
        check_shape(
            "result",
            self.result,
            _interleave(
                _without(indices, numbers.index_vector_dim.data), window, ints(numbers.offset_dims)
            ),
        )


def _without(shape: Sequence[int], dim: int) -> list[int]:
    """The sizes of all dimensions but one; a dimension past the last stands for none."""
    return [size for i, size in enumerate(shape) if i != dim]


def _interleave(outer: list[int], window: list[int], places: Sequence[int]) -> list[int]:
    """A shape with the window's sizes at the given places and the outer sizes at the others."""
    rank = len(outer) + len(window)
    check_dims("window dimensions", places, rank)
    check(len(places) == len(window), f"{len(places)} places for {len(window)} window dimensions")
    rest, inside = iter(outer), iter(window)
    return [next(inside) if i in places else next(rest) for i in range(rank)]


@irdl_op_definition
class ScatterOp(IRDLOperation):
    """The inputs with updates combined in, at the places that `scatter_indices` holds."""

    name = "stablehlo.scatter"
    inputs = var_operand_def(TENSOR)
    scatter_indices = operand_def(INDEX_TENSOR)
    updates = var_operand_def(TENSOR)
    scatter_dimension_numbers = prop_def(ScatterDimensionNumbersAttr)
    indices_are_sorted = opt_prop_def(BoolAttr, default_value=BoolAttr.from_bool(False))
    unique_indices = opt_prop_def(BoolAttr, default_value=BoolAttr.from_bool(False))
    update_computation = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())
    irdl_options = (SameVariadicOperandSize(),)

    def verify_(self) -> None:
        numbers = self.scatter_dimension_numbers
        check(
            [value.type for value in self.inputs] == list(self.result_types),
            "results differ in type from the inputs",
        )
        rank = len(shape_of(self.inputs[0]))
        check_dims("scatter_dims_to_operand_dims", ints(numbers.scatter_dims_to_operand_dims), rank)
        inserted = ints(numbers.inserted_window_dims) + ints(numbers.input_batching_dims)
        check_dims("inserted and batching dimensions", inserted, rank)
        check_dims(
            "update_window_dims", ints(numbers.update_window_dims), len(shape_of(self.updates[0]))
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
