"""Reindexing ops: data moves, nothing is computed."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Sequence
from math import prod

from xdsl.dialects.builtin import (
    TensorType,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    VarConstraint,
    operand_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import (
    DIMS,
    INT,
    TENSOR,
    InferredOp,
    LaxOp,
    Reindexing,
    as_dims,
    as_int,
    check_axes,
    check_result_types,
    tensor_type,
    type_of,
    without,
)


class ReindexingOp(InferredOp, ABC):
    """Base of the ops that move the elements of a tensor according to their properties.

    A subclass with further operands names ``operand`` again, since xDSL orders the operands that a
    class defines before those that it inherits.
    """

    operand = operand_def(TENSOR)

    traits = traits_def(Pure(), Reindexing())

    def _moved(self, shape: Iterable[int]) -> TensorType:
        return tensor_type(tuple(shape), type_of(self.operand).element_type)


class ReshapeOp(ReindexingOp, lax="reshape"):
    """Arranges the elements, in row-major order, in another shape."""

    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, shape: Iterable[int]) -> None:
        result = tensor_type(tuple(shape), type_of(operand).element_type)
        IRDLOperation.__init__(self, operands=[operand], result_types=[result])

    def infer_type(self) -> TensorType:
        source, target = type_of(self.operand), type_of(self.result)
        if prod(source.get_shape()) != prod(target.get_shape()):
            raise VerifyException(f"{source} and {target} have different numbers of elements")
        return self._moved(target.get_shape())


class TransposeOp(ReindexingOp, lax="transpose"):
    """Permutes dimensions: dimension ``i`` of the result is ``permutation[i]`` of the operand."""

    permutation = prop_def(DIMS)

    assembly_format = "$operand `,` $permutation attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, permutation: Iterable[int]) -> None:
        self._build([operand], {"permutation": as_dims(permutation)}, type_of(operand))

    def infer_type(self) -> TensorType:
        shape, permutation = type_of(self.operand).get_shape(), self.permutation.get_values()
        if sorted(permutation) != list(range(len(shape))):
            raise VerifyException(
                f"{list(permutation)} is not a permutation of the dimensions of {self.operand.type}"
            )
        return self._moved(shape[axis] for axis in permutation)


class BroadcastInDimOp(ReindexingOp, lax="broadcast_in_dim"):
    """Repeats the operand: its dimension ``i`` becomes ``broadcast_dimensions[i]`` of the result.

    A dimension of size 1 is repeated to the size in the result.
    """

    broadcast_dimensions = prop_def(DIMS)

    assembly_format = (
        "$operand `dims` $broadcast_dimensions attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        shape: Iterable[int],
        broadcast_dimensions: Iterable[int] = (),
    ) -> None:
        result = tensor_type(tuple(shape), type_of(operand).element_type)
        IRDLOperation.__init__(
            self,
            operands=[operand],
            result_types=[result],
            properties={"broadcast_dimensions": as_dims(broadcast_dimensions)},
        )

    def infer_type(self) -> TensorType:
        source, target = type_of(self.operand).get_shape(), type_of(self.result).get_shape()
        dims = self.broadcast_dimensions.get_values()
        if len(dims) != len(source):
            raise VerifyException(f"expected {len(source)} broadcast dimensions, got {list(dims)}")
        if list(dims) != sorted(dims):
            raise VerifyException(f"broadcast dimensions {list(dims)} are not ascending")
        check_axes("broadcast dimensions", dims, len(target))
        for size, dim in zip(source, dims, strict=True):
            if size not in (1, target[dim]):
                raise VerifyException(
                    f"size {size} cannot be broadcast to size {target[dim]} of dimension {dim}"
                )
        return self._moved(target)


class SqueezeOp(ReindexingOp, lax="squeeze"):
    """Drops dimensions of size 1."""

    dimensions = prop_def(DIMS)

    assembly_format = "$operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, dimensions: Iterable[int]) -> None:
        self._build([operand], {"dimensions": as_dims(dimensions)}, type_of(operand))

    def infer_type(self) -> TensorType:
        shape, dims = type_of(self.operand).get_shape(), self.dimensions.get_values()
        check_axes("dimensions", dims, len(shape))
        if any(shape[dim] != 1 for dim in dims):
            raise VerifyException(
                f"dimensions {list(dims)} of {self.operand.type} are not all of size 1"
            )
        return self._moved(without(shape, dims))


class SliceOp(ReindexingOp, lax="slice"):
    """Takes elements from ``start_indices[i]`` up to ``limit_indices[i]`` in steps."""

    start_indices = prop_def(DIMS)
    limit_indices = prop_def(DIMS)
    strides = prop_def(DIMS)

    assembly_format = (
        "$operand `from` $start_indices `to` $limit_indices `by` $strides "
        "attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        start_indices: Iterable[int],
        limit_indices: Iterable[int],
        strides: Iterable[int] | None = None,
    ) -> None:
        source = type_of(operand)
        properties: dict[str, Attribute | None] = {
            "start_indices": as_dims(start_indices),
            "limit_indices": as_dims(limit_indices),
            "strides": as_dims(strides or (1,) * source.get_num_dims()),
        }
        self._build([operand], properties, source)

    def infer_type(self) -> TensorType:
        shape = type_of(self.operand).get_shape()
        starts, limits = self.start_indices.get_values(), self.limit_indices.get_values()
        strides = self.strides.get_values()
        if not len(starts) == len(limits) == len(strides) == len(shape):
            raise VerifyException(
                f"expected one start, limit and stride for each dimension of {self.operand.type}"
            )
        for size, start, limit, stride in zip(shape, starts, limits, strides, strict=True):
            if not 0 <= start <= limit <= size or stride < 1:
                raise VerifyException(
                    f"cannot take {start}:{limit}:{stride} of a dimension of size {size}"
                )
        return self._moved(
            -(-(limit - start) // stride)
            for start, limit, stride in zip(starts, limits, strides, strict=True)
        )


class RevOp(ReindexingOp, lax="rev"):
    """Reverses the order of the elements along some dimensions."""

    dimensions = prop_def(DIMS)

    assembly_format = "$operand `dims` $dimensions attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, dimensions: Iterable[int]) -> None:
        self._build([operand], {"dimensions": as_dims(dimensions)}, type_of(operand))

    def infer_type(self) -> TensorType:
        source = type_of(self.operand)
        check_axes("dimensions", self.dimensions.get_values(), source.get_num_dims())
        return source


class PadOp(ReindexingOp, lax="pad"):
    """Puts a scalar before, after and between the elements; negative padding takes elements off."""

    operand = operand_def(TENSOR)
    padding_value = operand_def(TENSOR)
    low = prop_def(DIMS)
    high = prop_def(DIMS)
    interior = prop_def(DIMS)

    assembly_format = (
        "$operand `,` $padding_value `low` $low `high` $high `interior` $interior "
        "attr-dict `:` `(` type($operand) `,` type($padding_value) `)` `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        padding_value: SSAValue | Operation,
        low: Iterable[int],
        high: Iterable[int],
        interior: Iterable[int],
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "low": as_dims(low),
            "high": as_dims(high),
            "interior": as_dims(interior),
        }
        self._build([operand, padding_value], properties, type_of(operand))

    def infer_type(self) -> TensorType:
        source, value = type_of(self.operand), type_of(self.padding_value)
        if value.get_shape() != () or value.element_type != source.element_type:
            raise VerifyException(
                f"the padding value must be a scalar like the elements of {source}, got {value}"
            )
        shape = source.get_shape()
        low, high, interior = (
            self.low.get_values(),
            self.high.get_values(),
            self.interior.get_values(),
        )
        if not len(low) == len(high) == len(interior) == len(shape):
            raise VerifyException(
                f"expected low, high and interior padding for each dimension of {source}"
            )
        if any(inner < 0 for inner in interior):
            raise VerifyException("interior padding must not be negative")
        padded = [
            before + after + (size + (size - 1) * inner if size else 0)
            for size, before, after, inner in zip(shape, low, high, interior, strict=True)
        ]
        if any(size < 0 for size in padded):
            raise VerifyException(f"padding leaves the negative shape {padded}")
        return self._moved(padded)


class ConcatenateOp(InferredOp, lax="concatenate"):
    """Joins tensors along an existing dimension."""

    inputs = var_operand_def(TENSOR)
    dimension = prop_def(INT)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = "$inputs `dim` $dimension attr-dict `:` functional-type(operands, results)"

    def __init__(self, inputs: Sequence[SSAValue | Operation], dimension: int) -> None:
        self._build([inputs], {"dimension": as_int(dimension)}, type_of(inputs[0]))

    def infer_type(self) -> TensorType:
        if not self.inputs:
            raise VerifyException("expected at least one operand")
        first, dim = type_of(self.inputs[0]), self.dimension.value.data
        shape = first.get_shape()
        check_axes("dimension", (dim,), len(shape))
        total = 0
        for value in self.inputs:
            other = type_of(value)
            sizes = other.get_shape()
            if (
                other.element_type != first.element_type
                or len(sizes) != len(shape)
                or without(sizes, (dim,)) != without(shape, (dim,))
            ):
                raise VerifyException(f"{other} cannot be joined to {first} along dimension {dim}")
            total += sizes[dim]
        return tensor_type((*shape[:dim], total, *shape[dim + 1 :]), first.element_type)


class StackOp(InferredOp, lax="stack"):
    """Joins tensors of one type along a new dimension."""

    inputs = var_operand_def(VarConstraint("T", TENSOR))
    axis = prop_def(INT)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)"

    def __init__(self, inputs: Sequence[SSAValue | Operation], axis: int) -> None:
        self._build([inputs], {"axis": as_int(axis)}, type_of(inputs[0]))

    def infer_type(self) -> TensorType:
        if not self.inputs:
            raise VerifyException("expected at least one operand")
        first, axis = type_of(self.inputs[0]), self.axis.value.data
        shape = first.get_shape()
        check_axes("axis", (axis,), len(shape) + 1)
        return tensor_type((*shape[:axis], len(self.inputs), *shape[axis:]), first.element_type)


class TileOp(ReindexingOp, lax="tile"):
    """Repeats the whole operand ``reps[i]`` times along each dimension."""

    reps = prop_def(DIMS)

    assembly_format = "$operand `reps` $reps attr-dict `:` type($operand) `->` type($result)"

    def __init__(self, operand: SSAValue | Operation, reps: Iterable[int]) -> None:
        self._build([operand], {"reps": as_dims(reps)}, type_of(operand))

    def infer_type(self) -> TensorType:
        shape, reps = type_of(self.operand).get_shape(), self.reps.get_values()
        if len(reps) != len(shape) or any(rep < 0 for rep in reps):
            raise VerifyException(
                f"expected a repetition count for each dimension of {self.operand.type}, got "
                f"{list(reps)}"
            )
        return self._moved(size * rep for size, rep in zip(shape, reps, strict=True))


class SplitOp(LaxOp, lax="split"):
    """Cuts a tensor along one axis into consecutive parts of the given sizes."""

    operand = operand_def(TENSOR)
    sizes = prop_def(DIMS)
    axis = prop_def(INT)
    parts = var_result_def(TENSOR)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = (
        "$operand `axis` $axis `sizes` $sizes attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, operand: SSAValue | Operation, sizes: Sequence[int], axis: int) -> None:
        super().__init__(
            operands=[operand],
            result_types=[self.part_types(type_of(operand), sizes, axis)],
            properties={"sizes": as_dims(sizes), "axis": as_int(axis)},
        )

    @staticmethod
    def part_types(source: TensorType, sizes: Sequence[int], axis: int) -> list[TensorType]:
        """Return the types of the parts."""
        shape = source.get_shape()
        return [
            tensor_type((*shape[:axis], size, *shape[axis + 1 :]), source.element_type)
            for size in sizes
        ]

    def verify_(self) -> None:
        source, sizes, axis = type_of(self.operand), self.sizes.get_values(), self.axis.value.data
        check_axes("axis", (axis,), source.get_num_dims())
        if any(size < 0 for size in sizes) or sum(sizes) != source.get_shape()[axis]:
            raise VerifyException(
                f"sizes {list(sizes)} do not add up to dimension {axis} of {source}"
            )
        expected = self.part_types(source, sizes, axis)
        check_result_types(self.parts, expected)


class UnstackOp(LaxOp, lax="unstack"):
    """Takes a tensor apart along one axis, which the parts do not have."""

    operand = operand_def(TENSOR)
    axis = prop_def(INT)
    parts = var_result_def(TENSOR)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = "$operand `axis` $axis attr-dict `:` functional-type(operands, results)"

    def __init__(self, operand: SSAValue | Operation, axis: int) -> None:
        source = type_of(operand)
        part = tensor_type(without(source.get_shape(), (axis,)), source.element_type)
        super().__init__(
            operands=[operand],
            result_types=[[part] * source.get_shape()[axis]],
            properties={"axis": as_int(axis)},
        )

    def verify_(self) -> None:
        source, axis = type_of(self.operand), self.axis.value.data
        shape = source.get_shape()
        check_axes("axis", (axis,), len(shape))
        part = tensor_type(without(shape, (axis,)), source.element_type)
        check_result_types(self.parts, [part] * shape[axis])
