"""What the dimension numbers of gathers and scatters have to fulfil."""

from collections.abc import Sequence
from typing import Protocol

from xdsl.dialects.builtin import DYNAMIC_INDEX, BoolAttr
from xdsl.ir import SSAValue

from .attributes import GatherDimensionNumbersAttr, ScatterDimensionNumbersAttr, ints
from .base import (
    check,
    check_dims,
    check_same_element,
    check_shape,
    check_sorted_dims,
    shape_of,
    sizes_compatible,
)

FALSE = BoolAttr.from_bool(False)


class Gather(Protocol):
    """A gather whose slices are of sizes that are known, or that are not."""

    @property
    def operand(self) -> SSAValue: ...
    @property
    def start_indices(self) -> SSAValue: ...
    @property
    def dimension_numbers(self) -> GatherDimensionNumbersAttr: ...
    @property
    def result(self) -> SSAValue: ...


def check_gather(op: Gather, sizes: Sequence[int]) -> None:
    """Slices of these sizes can be gathered, and the result has the shape that follows."""
    check_same_element(op.operand, op.result)
    numbers = op.dimension_numbers
    source, indices = shape_of(op.operand), shape_of(op.start_indices)
    offsets, collapsed = ints(numbers.offset_dims), ints(numbers.collapsed_slice_dims)
    batching, index_dim = ints(numbers.operand_batching_dims), numbers.index_vector_dim.data
    rank = len(source)
    check(
        len(offsets) + len(collapsed) + len(batching) == rank,
        f"offset, collapsed and batching dimensions must be {rank} in number",
    )
    check_sorted_dims("collapsed_slice_dims", collapsed, rank)
    check_sorted_dims("operand_batching_dims", batching, rank)
    check_dims("collapsed and batching dimensions", collapsed + batching, rank)
    _check_indices(
        "start_indices", indices, index_dim, ints(numbers.start_index_map), source, batching
    )
    _check_batching(
        "start_indices",
        indices,
        index_dim,
        ints(numbers.start_indices_batching_dims),
        source,
        batching,
    )
    check(len(sizes) == rank, "slice_sizes needs a size for each operand dimension")
    for dim, size in enumerate(sizes):
        check(
            size == DYNAMIC_INDEX
            or (size >= 0 and (source[dim] == DYNAMIC_INDEX or size <= source[dim])),
            f"a slice of size {size} does not fit into dimension {dim} of {op.operand.type}",
        )
    dropped = collapsed + batching
    check(
        all(sizes[dim] <= 1 for dim in dropped),
        "slices have at most size 1 in collapsed and batching dimensions",
    )
    window = [size for dim, size in enumerate(sizes) if dim not in dropped]
    outer = [size for dim, size in enumerate(indices) if dim != index_dim]
    check_shape("result", op.result, _interleave(outer, window, offsets))


def check_scatter(
    inputs: Sequence[SSAValue],
    scatter_indices: SSAValue,
    updates: Sequence[SSAValue],
    numbers: ScatterDimensionNumbersAttr,
) -> None:
    """Updates of this shape can be scattered into the inputs."""
    source, indices = shape_of(inputs[0]), shape_of(scatter_indices)
    window, inserted = ints(numbers.update_window_dims), ints(numbers.inserted_window_dims)
    batching, index_dim = ints(numbers.input_batching_dims), numbers.index_vector_dim.data
    rank, update = len(source), shape_of(updates[0])
    check(
        len(window) + len(inserted) + len(batching) == rank,
        f"window, inserted and batching dimensions must be {rank} in number",
    )
    check_sorted_dims("update_window_dims", window, len(update))
    check_sorted_dims("inserted_window_dims", inserted, rank)
    check_sorted_dims("input_batching_dims", batching, rank)
    check_dims("inserted and batching dimensions", inserted + batching, rank)
    _check_indices(
        "scatter_indices",
        indices,
        index_dim,
        ints(numbers.scatter_dims_to_operand_dims),
        source,
        batching,
    )
    _check_batching(
        "scatter_indices",
        indices,
        index_dim,
        ints(numbers.scatter_indices_batching_dims),
        source,
        batching,
    )
    room = [size for dim, size in enumerate(source) if dim not in inserted + batching]
    for place, limit in zip(window, room, strict=True):
        check(
            DYNAMIC_INDEX in (update[place], limit) or update[place] <= limit,
            f"an update of size {update[place]} does not fit into a dimension of size {limit}",
        )
    outer = [size for dim, size in enumerate(indices) if dim != index_dim]
    sizes = [update[place] for place in window]
    check_shape("updates", updates[0], _interleave(outer, sizes, window))


def _check_indices(
    what: str,
    indices: Sequence[int],
    index_dim: int,
    mapped: Sequence[int],
    source: Sequence[int],
    batching: Sequence[int],
) -> None:
    """Each index is as long as the list of dimensions that it has a place for."""
    check(
        0 <= index_dim <= len(indices),
        f"index_vector_dim {index_dim} is no dimension of {what}, nor the one after the last",
    )
    length = indices[index_dim] if index_dim < len(indices) else 1
    check(
        sizes_compatible(length, len(mapped)),
        f"{what} holds indices of length {length} for {len(mapped)} dimensions",
    )
    check_dims("indexed and batching dimensions", (*mapped, *batching), len(source))


def _check_batching(
    what: str,
    indices: Sequence[int],
    index_dim: int,
    index_batching: Sequence[int],
    source: Sequence[int],
    batching: Sequence[int],
) -> None:
    """Batching dimensions of indices and operand go together."""
    check_dims(f"batching dimensions of {what}", index_batching, len(indices))
    check(index_dim not in index_batching, f"the dimension {index_dim} of indices is no batch")
    check(len(index_batching) == len(batching), "as many batching dimensions are needed")
    for i, j in zip(batching, index_batching, strict=True):
        check(
            sizes_compatible(source[i], indices[j]),
            f"batching dimension {i} has size {source[i]}, but {indices[j]} in {what}",
        )


def _interleave(outer: list[int], window: list[int], places: Sequence[int]) -> list[int]:
    """A shape with the window's sizes at the given places and the outer sizes at the others."""
    rank = len(outer) + len(window)
    check_sorted_dims("window dimensions", places, rank)
    rest, inside = iter(outer), iter(window)
    return [next(inside) if i in places else next(rest) for i in range(rank)]
