"""Indexing ops: they read or write a tensor at places that are computed when the program runs."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Sequence
from typing import Any

from xdsl.dialects.builtin import I64, DenseArrayBase, TensorType, UnitAttr
from xdsl.dialects.utils.enum_attribute import EnumAttribute
from xdsl.ir import Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    irdl_attr_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import IsolatedFromAbove, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.xtensor.base import (
    DIMS,
    TENSOR,
    InferredOp,
    Kind,
    Reindexing,
    TensorOf,
    as_dims,
    check_axes,
    check_region,
    tensor_type,
    type_of,
    without,
)
from xcs.dialects.xtensor.reindexing import ReindexingOp

INDICES = TensorOf(Kind.INTEGER)


class DynamicSliceOp(ReindexingOp, lax="dynamic_slice"):
    """Takes a slice of static size at scalar indices, which are clamped so that it fits."""

    operand = operand_def(TENSOR)
    start_indices = var_operand_def(INDICES)
    slice_sizes = prop_def(DIMS)

    assembly_format = (
        "$operand `at` `(` $start_indices `)` `sizes` $slice_sizes "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        start_indices: Sequence[SSAValue | Operation],
        slice_sizes: Iterable[int],
    ) -> None:
        self._build(
            [operand, start_indices], {"slice_sizes": as_dims(slice_sizes)}, type_of(operand)
        )

    def infer_type(self) -> TensorType:
        shape, sizes = type_of(self.operand).get_shape(), self.slice_sizes.get_values()
        _check_start_indices(self.start_indices, len(shape))
        if len(sizes) != len(shape) or any(
            not 0 <= part <= size for part, size in zip(sizes, shape, strict=True)
        ):
            raise VerifyException(
                f"a slice of sizes {list(sizes)} does not fit in {self.operand.type}"
            )
        return self._moved(sizes)


class DynamicUpdateSliceOp(ReindexingOp, lax="dynamic_update_slice"):
    """Replaces a slice at scalar indices, which are clamped so that it fits."""

    operand = operand_def(TENSOR)
    update = operand_def(TENSOR)
    start_indices = var_operand_def(INDICES)

    assembly_format = (
        "$operand `,` $update `at` `(` $start_indices `)` "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        operand: SSAValue | Operation,
        update: SSAValue | Operation,
        start_indices: Sequence[SSAValue | Operation],
    ) -> None:
        self._build([operand, update, start_indices], {}, type_of(operand))

    def infer_type(self) -> TensorType:
        source, update = type_of(self.operand), type_of(self.update)
        _check_start_indices(self.start_indices, source.get_num_dims())
        if (
            update.element_type != source.element_type
            or update.get_num_dims() != source.get_num_dims()
            or any(p > s for p, s in zip(update.get_shape(), source.get_shape(), strict=True))
        ):
            raise VerifyException(f"an update of type {update} does not fit in {source}")
        return source


def _check_start_indices(indices: Sequence[SSAValue], rank: int) -> None:
    """Require one scalar index of one integer type for each dimension."""
    types = {type_of(index) for index in indices}
    if len(indices) != rank:
        raise VerifyException(f"expected {rank} start indices, got {len(indices)}")
    if len(types) > 1 or any(index.get_shape() for index in types):
        raise VerifyException("start indices must be scalars of one type")


# --- Gather and scatter ---------------------------------------------------------------------------


class IndexMode(StrEnum):
    """What happens at an index at which a slice does not fit."""

    CLIP = "clip"
    """The index is clamped so that the slice fits."""

    FILL_OR_DROP = "fill_or_drop"
    """A slice that is read is full of the fill value; one that is written is dropped."""

    PROMISE_IN_BOUNDS = "promise_in_bounds"
    """The program promises that there is no such index."""


@irdl_attr_definition
class IndexModeAttr(EnumAttribute[IndexMode], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.index_mode"


def _check_index_vectors(
    indices: Sequence[int], index_map: Sequence[int], batching: Sequence[int], rank: int
) -> None:
    """Require that index vectors select places in the dimensions that are not batching ones."""
    check_axes("indexed and batching dimensions", (*index_map, *batching), rank)
    if not indices or indices[-1] != len(index_map):
        raise VerifyException(
            f"expected index vectors of {len(index_map)} elements, got indices of shape "
            f"{list(indices)}"
        )


def _check_batching(
    source: Sequence[int],
    batching: Sequence[int],
    indices: Sequence[int],
    index_batching: Sequence[int],
) -> None:
    """Require that batching dimensions of operand and indices correspond."""
    check_axes("batching dimensions of the indices", index_batching, len(indices) - 1)
    if [source[dim] for dim in batching] != [indices[dim] for dim in index_batching]:
        raise VerifyException("batching dimensions of operand and indices must have equal sizes")


def _check_ascending(what: str, dims: DenseArrayBase[I64]) -> None:
    values = dims.get_values()
    if list(values) != sorted(values):
        raise VerifyException(f"{what} {list(values)} are not ascending")


class GatherOp(ReindexingOp, lax="gather"):
    """Takes slices of static size at many indices.

    The last dimension of ``indices`` holds one index vector. The dimension attributes are those of
    ``jax.lax.GatherDimensionNumbers``. ``fill_value`` is what a slice consists of whose index is
    out of bounds; it is there in the mode ``fill_or_drop`` alone.
    """

    operand = operand_def(TENSOR)
    indices = operand_def(INDICES)
    fill_value = opt_operand_def(TENSOR)
    mode = prop_def(IndexModeAttr)
    offset_dims = prop_def(DIMS)
    collapsed_slice_dims = prop_def(DIMS)
    start_index_map = prop_def(DIMS)
    operand_batching_dims = prop_def(DIMS)
    start_indices_batching_dims = prop_def(DIMS)
    slice_sizes = prop_def(DIMS)
    indices_are_sorted = opt_prop_def(UnitAttr)

    assembly_format = (
        "$operand `at` $indices `mode` $mode ($fill_value^)? `sizes` $slice_sizes "
        "`offset` $offset_dims `collapsed` $collapsed_slice_dims `index` $start_index_map "
        "`batching` $operand_batching_dims `x` $start_indices_batching_dims "
        "(`sorted` $indices_are_sorted^)? attr-dict `:` functional-type(operands, results)"
    )

    def infer_type(self) -> TensorType:
        source, indices = type_of(self.operand).get_shape(), type_of(self.indices).get_shape()
        collapsed = self.collapsed_slice_dims.get_values()
        batching = self.operand_batching_dims.get_values()
        check_axes("collapsed and batching dimensions", (*collapsed, *batching), len(source))
        for what, dims in (
            ("offset dimensions", self.offset_dims),
            ("collapsed dimensions", self.collapsed_slice_dims),
            ("batching dimensions", self.operand_batching_dims),
        ):
            _check_ascending(what, dims)
        _check_index_vectors(indices, self.start_index_map.get_values(), batching, len(source))
        _check_batching(source, batching, indices, self.start_indices_batching_dims.get_values())
        self._check_sizes()
        self._check_fill_value()
        return self._moved(self._result_shape(indices[:-1]))

    def _result_shape(self, batch: Sequence[int]) -> Iterable[int]:
        """Return the sizes of the slices at the offset dimensions, those of the batch elsewhere."""
        dropped = (
            *self.collapsed_slice_dims.iter_values(),
            *self.operand_batching_dims.iter_values(),
        )
        offsets, places = (
            without(self.slice_sizes.get_values(), dropped),
            self.offset_dims.get_values(),
        )
        rank = len(batch) + len(offsets)
        check_axes("offset dimensions", places, rank)
        if len(places) != len(offsets):
            raise VerifyException(f"expected {len(offsets)} offset dimensions, got {list(places)}")
        batch_sizes, offset_sizes = iter(batch), iter(offsets)
        return (next(offset_sizes) if dim in places else next(batch_sizes) for dim in range(rank))

    def _check_sizes(self) -> None:
        source, sizes = type_of(self.operand).get_shape(), self.slice_sizes.get_values()
        reads = 0 not in type_of(self.indices).get_shape()
        if len(sizes) != len(source) or (
            reads and any(not 0 <= part <= size for part, size in zip(sizes, source, strict=True))
        ):
            raise VerifyException(
                f"slices of sizes {list(sizes)} do not fit in {self.operand.type}"
            )
        if any(sizes[dim] != 1 for dim in self.collapsed_slice_dims.iter_values()) or any(
            sizes[dim] > 1 for dim in self.operand_batching_dims.iter_values()
        ):
            raise VerifyException(
                "slices must be of size 1 in collapsed dimensions, 1 or 0 in batching dimensions"
            )

    def _check_fill_value(self) -> None:
        fills = self.mode.data is IndexMode.FILL_OR_DROP
        if fills != (self.fill_value is not None):
            needs = "needs a" if fills else "takes no"
            raise VerifyException(f"the mode {self.mode.data.value} {needs} fill value")
        element = type_of(self.operand).element_type
        if self.fill_value is not None and self.fill_value.type != tensor_type((), element):
            raise VerifyException(
                f"the fill value must be a scalar like the elements of {self.operand.type}, got "
                f"{self.fill_value.type}"
            )


class ScatterLikeOp(InferredOp, ABC):
    """Combines slices of ``updates`` into the operand, at many indices.

    The last dimension of ``indices`` holds one index vector. The dimension attributes are those of
    ``jax.lax.ScatterDimensionNumbers``. Slices that overlap are combined in no particular order;
    with ``unique_indices`` the program promises that none do.
    """

    operand = operand_def(TENSOR)
    indices = operand_def(INDICES)
    updates = operand_def(TENSOR)
    mode = prop_def(IndexModeAttr)
    update_window_dims = prop_def(DIMS)
    inserted_window_dims = prop_def(DIMS)
    scatter_dims_to_operand_dims = prop_def(DIMS)
    operand_batching_dims = prop_def(DIMS)
    scatter_indices_batching_dims = prop_def(DIMS)
    indices_are_sorted = opt_prop_def(UnitAttr)
    unique_indices = opt_prop_def(UnitAttr)

    traits = traits_def(Pure(), Reindexing())

    assembly_format = (
        "$operand `at` $indices `,` $updates `mode` $mode `window` $update_window_dims "
        "`inserted` $inserted_window_dims `index` $scatter_dims_to_operand_dims "
        "`batching` $operand_batching_dims `x` $scatter_indices_batching_dims "
        "(`sorted` $indices_are_sorted^)? (`unique` $unique_indices^)? "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init_subclass__(cls, *, kinds: Kind = Kind.ANY, **kwargs: Any) -> None:
        cls.operand = operand_def(TensorOf(kinds))
        super().__init_subclass__(**kwargs)

    @property
    def single(self) -> frozenset[int]:
        """The dimensions of the operand along which a slice is one element."""
        inserted, batching = self.inserted_window_dims, self.operand_batching_dims
        return frozenset((*inserted.iter_values(), *batching.iter_values()))

    @property
    def window(self) -> tuple[int, ...]:
        """The sizes of one slice of the updates, of the operand's rank."""
        update, single = type_of(self.updates).get_shape(), self.single
        sizes = iter([update[dim] for dim in self.update_window_dims.iter_values()])
        rank = type_of(self.operand).get_num_dims()
        return tuple(1 if dim in single else next(sizes) for dim in range(rank))

    def infer_type(self) -> TensorType:
        source, updates = type_of(self.operand), type_of(self.updates)
        if updates.element_type != source.element_type:
            raise VerifyException(
                f"operand and updates must have one element type, got {source} and {updates}"
            )
        shape, indices = source.get_shape(), type_of(self.indices).get_shape()
        inserted = self.inserted_window_dims.get_values()
        batching = self.operand_batching_dims.get_values()
        check_axes("inserted and batching dimensions", (*inserted, *batching), len(shape))
        for what, dims in (
            ("window dimensions", self.update_window_dims),
            ("inserted dimensions", self.inserted_window_dims),
            ("batching dimensions", self.operand_batching_dims),
        ):
            _check_ascending(what, dims)
        _check_index_vectors(
            indices, self.scatter_dims_to_operand_dims.get_values(), batching, len(shape)
        )
        _check_batching(shape, batching, indices, self.scatter_indices_batching_dims.get_values())
        self._check_updates()
        return source

    def _check_updates(self) -> None:
        """Require one update for each index vector, of slices that fit in the operand."""
        source, updates = type_of(self.operand).get_shape(), type_of(self.updates).get_shape()
        window_dims = self.update_window_dims.get_values()
        check_axes("window dimensions", window_dims, len(updates))
        single = len(self.inserted_window_dims) + len(self.operand_batching_dims)
        if len(window_dims) + single != len(source):
            raise VerifyException(
                f"expected {len(source) - single} window dimensions, got {list(window_dims)}"
            )
        # Where a slice is one element there may be none: a batch may be empty.
        if any(
            part > size
            for dim, (part, size) in enumerate(zip(self.window, source, strict=True))
            if dim not in self.single
        ):
            raise VerifyException(
                f"updates of sizes {list(self.window)} do not fit in {self.operand.type}"
            )
        batch = type_of(self.indices).get_shape()[:-1]
        if without(updates, window_dims) != batch:
            raise VerifyException(
                f"indices of {list(batch)} places do not match updates of type {self.updates.type}"
            )


class ScatterOp(ScatterLikeOp, lax="scatter"):
    """Replaces the operand's elements by the updates."""


# fmt: off
class ScatterAddOp(ScatterLikeOp, lax="scatter_add", kinds=Kind.NUMBER): ...
class ScatterMaxOp(ScatterLikeOp, lax="scatter_max"): ...
class ScatterMinOp(ScatterLikeOp, lax="scatter_min"): ...
class ScatterMulOp(ScatterLikeOp, lax="scatter_mul", kinds=Kind.NUMBER): ...
class ScatterSubOp(ScatterLikeOp, lax="scatter_sub", kinds=Kind.NUMBER): ...
# fmt: on


class ScatterApplyOp(ScatterLikeOp, lax="scatter_apply"):
    """Combines by a function of the operand's element and the update's."""

    body = region_def("single_block")

    traits = traits_def(Pure(), Reindexing(), IsolatedFromAbove())

    assembly_format = f"{ScatterLikeOp.assembly_format} $body"

    def verify_(self) -> None:
        super().verify_()
        scalar = tensor_type((), type_of(self.operand).element_type)
        check_region("the body", self.body, (scalar, scalar), (scalar,))
