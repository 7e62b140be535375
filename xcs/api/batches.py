"""The arguments of a mapped program: arrays with one more axis, lists of the elements' values.

A list or tuple that is mapped, and holds more than arrays, is a list of what the elements are
given. What comes out is put together in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from xcs.api.axes import AxesError, Axis, check_count, flatten_axes, from_front


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

    `leaves` are arrays, `Shared` and `Listed`; `axes` says where each array has the batch.

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
        self.leaves, self._tree = jax.tree_util.tree_flatten(marked)
        self.axes = [
            None if isinstance(leaf, Shared) else _axis(leaf, axis)
            for leaf, axis in zip(self.leaves, self.axes, strict=True)
        ]
        self.size = self._common_size(axis_size)
        self.firsts = [self._part(place, 0) for place in range(len(self.leaves))]

    @property
    def has_lists(self) -> bool:
        """Whether elements may be of different kinds."""
        return any(isinstance(leaf, Listed) for leaf in self.leaves)

    def element(self, number: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of one element."""
        if number == 0:
            return self._tree.unflatten(self.firsts)
        return self._tree.unflatten(
            [self._part(place, number) for place in range(len(self.leaves))]
        )

    def alike(self, number: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of one element, but for arrays, which are the first element's."""
        return self._tree.unflatten(
            [
                leaf.values[number] if isinstance(leaf, Listed) else first
                for leaf, first in zip(self.leaves, self.firsts, strict=True)
            ]
        )

    def _part(self, place: int, number: int) -> Any:
        leaf, axis = self.leaves[place], self.axes[place]
        if isinstance(leaf, Shared):
            return leaf.value
        if number >= self.size:
            return None
        if isinstance(leaf, Listed):
            return leaf.values[number]
        return leaf[(slice(None),) * (axis or 0) + (number,)]

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


def joined(results: Sequence[Any], out_axes: Any) -> Any:
    """Put the elements' results together: arrays are stacked, all else comes as a list.

    A part of the result that holds no array is one value. Results of different structure come as
    one list.

    Raises:
        AxesError: if the axes do not fit the results.
    """
    parts = [_parts(result, out_axes) for result in results]
    if not parts or any(part.tree != parts[0].tree for part in parts):
        return list(results)
    columns = zip(*(part.leaves for part in parts), strict=True)
    joint = [_joined(column, axis) for column, axis in zip(columns, parts[0].axes, strict=True)]
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


def _joined(column: Sequence[Any], axis: Axis) -> Any:
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
    place = from_front("a result", axis, first.ndim + 1) or 0
    if isinstance(first, jax.Array):
        return jnp.stack(column, place)
    return np.stack(column, place)


def _holds_array(value: Any) -> bool:
    return any(is_array(leaf) for leaf in jax.tree_util.tree_leaves(value))
