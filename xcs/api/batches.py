"""The arguments of a mapped program: arrays with one more axis, lists of the elements' values.

A list or tuple that is mapped, and holds more than arrays, is a list of what the elements are
given. What comes out is put together in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from xcs.api.axes import AxesError, Axis, check_count, flatten_axes, from_front
from xcs.runtime.stacks import Row, array_of


@dataclass(frozen=True, eq=False)
class Shared:
    """A part of the arguments that all elements share, or of a result, as a single leaf."""

    value: Any


@dataclass(frozen=True, eq=False)
class Listed:
    """The elements' values, where they are no arrays."""

    values: Sequence[Any]


class Batch:
    """The arguments of one call of a mapped function, taken apart.

    `leaves` are arrays, `Shared` and `Listed`, in the structure `tree`; `axes` says where each
    array has the batch.

    Raises:
        AxesError: if the axes do not fit the arguments.
    """

    def __init__(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], in_axes: Any, axis_size: int | None
    ) -> None:
        check_count(in_axes, args)
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        self.axes: list[Axis] = []
        marked = self._marked(axes, args), self._marked(dict.fromkeys(kwargs, 0), kwargs)
        self.leaves, self.tree = jax.tree_util.tree_flatten(marked)
        self.axes = [
            None if isinstance(leaf, Shared) else _axis(leaf, axis)
            for leaf, axis in zip(self.leaves, self.axes, strict=True)
        ]
        self.size = self._common_size(axis_size)

    @property
    def structure(self) -> Hashable:
        """What batches have in common that differ in values only."""
        return self.tree, tuple(_role(leaf) for leaf in self.leaves)

    @property
    def has_lists(self) -> bool:
        """Whether there are values that are no arrays."""
        return any(isinstance(leaf, Listed) for leaf in self.leaves)

    def _marked(self, axes: Any, values: Any) -> Any:
        """The values, with what is shared and what is a list of elements as single leaves."""

        def mark(axis: Axis, part: Any) -> Any:
            if axis is None:
                self.axes.append(None)
                return Shared(part)
            marked = jax.tree_util.tree_map(
                lambda leaf: Listed(leaf) if _is_listed(leaf) else leaf, part, is_leaf=_is_listed
            )
            self.axes += [axis] * len(jax.tree_util.tree_leaves(marked))
            return marked

        try:
            return jax.tree_util.tree_map(mark, axes, values, is_leaf=lambda axis: axis is None)
        except ValueError:
            flatten_axes("in_axes", axes, values)  # says what does not fit
            raise

    def _common_size(self, axis_size: int | None) -> int:
        sizes = set() if axis_size is None else {axis_size}
        for leaf, axis in zip(self.leaves, self.axes, strict=True):
            if axis is not None:
                sizes.add(len(leaf.values) if isinstance(leaf, Listed) else np.shape(leaf)[axis])
        if not sizes:
            raise AxesError("xcs.vmap: map over at least one argument, or give axis_size")
        if len(sizes) > 1:
            listed = " and ".join(map(str, sorted(sizes)))
            raise AxesError(f"xcs.vmap: mapped arguments have {listed} elements, not one number")
        return sizes.pop()


def _role(leaf: Any) -> type | None:
    return type(leaf) if isinstance(leaf, Shared | Listed) else None


def _is_listed(value: Any) -> bool:
    """Whether a mapped part of the arguments is a list of the elements' values."""
    if type(value) not in (list, tuple):
        return False
    leaves = jax.tree_util.tree_leaves(value)
    return not leaves or not all(is_array(leaf) for leaf in leaves)


def is_array(value: Any) -> bool:
    """Whether a value has axes."""
    return isinstance(value, jax.Array | np.ndarray)


def _axis(leaf: Any, axis: Axis) -> Axis:
    if isinstance(leaf, Listed):
        return from_front("a list of elements", axis, 1)
    if not is_array(leaf):
        raise AxesError(
            f"xcs.vmap: {type(leaf).__name__} objects have no axis to map over: give a list with "
            f"one for each element, or None in in_axes; got {leaf!r:.80}"
        )
    return from_front("an array", axis, np.ndim(leaf))


# --- results --------------------------------------------------------------------------------------


Stacked = Callable[[Sequence[Any], int], Any]


def joined(results: Sequence[Any], out_axes: Any, stacked: Stacked | None = None) -> Any:
    """Put the elements' results together: arrays are stacked, all else comes as a list.

    A part of the result that holds no array is one value. Results of different structure come as
    one list. `stacked` makes one array of several, along an axis of the result.

    Raises:
        AxesError: if the axes do not fit the results.
    """
    parts = [_parts(result, out_axes) for result in results]
    if not parts or any(part.tree != parts[0].tree for part in parts):
        return [_taken(result) for result in results]
    columns = zip(*(part.leaves for part in parts), strict=True)
    joint = [
        _joined(column, axis, stacked) for column, axis in zip(columns, parts[0].axes, strict=True)
    ]
    return parts[0].tree.unflatten(joint)


@dataclass(frozen=True)
class _Parts:
    """What a result consists of: arrays, and values that hold none."""

    leaves: list[Any]
    axes: list[Axis]
    tree: Any


def _parts(result: Any, out_axes: Any) -> _Parts:
    """Take a result apart: as the out axes are, and further where there are arrays."""
    axes: list[Axis] = []

    def mark(axis: Axis, part: Any) -> Any:
        leaves, tree = jax.tree_util.tree_flatten(part, is_leaf=lambda v: not _holds_array(v))
        axes.extend([axis] * len(leaves))
        return tree.unflatten(map(Shared, leaves))

    try:
        marked = jax.tree_util.tree_map(mark, out_axes, result, is_leaf=lambda axis: axis is None)
    except ValueError:
        flatten_axes("out_axes", out_axes, result)  # says what does not fit
        raise
    leaves, tree = jax.tree_util.tree_flatten(marked)
    return _Parts([leaf.value for leaf in leaves], axes, tree)


def _joined(column: Sequence[Any], axis: Axis, stacked: Stacked | None = None) -> Any:
    if stacked is None and axis is not None and (whole := array_of(column)) is not None:
        return _at_axis(whole, axis)
    column = [value.taken() if isinstance(value, Row) else value for value in column]
    first = column[0]
    if axis is None:
        if any(value is not first for value in column):
            raise AxesError(
                "xcs.vmap: a result differs between the elements of the batch, so it needs an out "
                "axis"
            )
        return first
    shapes = {(type(v), v.shape, v.dtype) if is_array(v) else None for v in column}
    if None in shapes or len(shapes) > 1:
        return list(column)
    if stacked is not None:
        return stacked(column, axis)
    place = from_front("a result", axis, first.ndim + 1) or 0
    if isinstance(first, jax.Array):
        return jnp.stack(column, place)
    return np.stack(column, place)


def _at_axis(array: Any, axis: Axis) -> Any:
    """An array of the elements, with these along an axis of the result."""
    place = from_front("a result", axis, array.ndim) or 0
    return jnp.moveaxis(array, 0, place) if place else array


def _taken(value: Any) -> Any:
    """A part of a result, with the elements in place of those that are still in a stack."""
    if isinstance(value, Row):
        return value.taken()
    leaves, tree = jax.tree_util.tree_flatten(value, is_leaf=lambda v: not _holds_row(v))
    return value if not _holds_row(value) else tree.unflatten(map(_taken, leaves))


def _holds_row(value: Any) -> bool:
    return any(isinstance(leaf, Row) for leaf in jax.tree_util.tree_leaves(value))


def _holds_array(value: Any) -> bool:
    leaves = jax.tree_util.tree_leaves(value)
    return any(is_array(leaf) or isinstance(leaf, Row) for leaf in leaves)
