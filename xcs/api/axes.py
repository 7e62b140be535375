"""The axes that a function is mapped over: trees of integers and None beside trees of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

Axis = int | None


class AxesError(ValueError):
    """The axes do not fit the values that they are for."""


def check_axes(name: str, axes: Any) -> Any:
    """Return the axes as they were given; a list of those of arguments stands for a tuple.

    Raises:
        TypeError: if they are more than integers and None in containers.
    """
    if name == "in_axes" and isinstance(axes, list):
        axes = tuple(axes)
    wrong = [leaf for leaf in jax.tree_util.tree_leaves(axes) if type(leaf) is not int]
    if wrong or (name == "in_axes" and not (axes is None or type(axes) in (int, tuple))):
        allowed = "an int, None, or a tuple of these" if name == "in_axes" else "an int or None"
        raise TypeError(
            f"xcs.vmap: {name} must be {allowed}, or containers of these as a prefix of the "
            f"values' own, but is {axes!r}"
        )
    return axes


def argument_axes(in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Axis]:
    """Return an axis for each array in the arguments; those given by keyword have the first.

    Raises:
        AxesError: if the axes are not a prefix of the arguments.
    """
    check_count(in_axes, args)
    return [*flatten_axes("in_axes", in_axes, args), *flatten_axes("in_axes", 0, kwargs)]


def check_count(in_axes: Any, args: tuple[Any, ...]) -> None:
    """Check that there is an entry for each positional argument, if there is one for any.

    Raises:
        AxesError: if there is not.
    """
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise AxesError(
            f"xcs.vmap: in_axes has an entry for each of {len(in_axes)} positional arguments, but "
            f"the function was called with {len(args)}"
        )


def flatten_axes(name: str, axes: Any, values: Any) -> list[Axis]:
    """Return an axis for each leaf of a tree of values, of which the axes are a prefix.

    Raises:
        AxesError: if the axes are not one.
    """
    found: list[Axis] = []

    def repeat(axis: Axis, part: Any) -> None:
        found.extend([axis] * len(jax.tree_util.tree_leaves(part)))

    try:
        jax.tree_util.tree_map(repeat, axes, values, is_leaf=lambda axis: axis is None)
    except ValueError:
        structure = jax.tree_util.tree_structure(values)
        raise AxesError(
            f"xcs.vmap: {name}={axes!r} is not a prefix of the tree of values {structure}: give "
            "containers as they are there, or one axis for all that is in a container"
        ) from None
    return found


def from_front(what: str, axis: Axis, rank: int) -> Axis:
    """Return an axis of a tensor of some rank, counted from the front.

    Raises:
        AxesError: if the tensor does not have the axis.
    """
    if axis is None or -rank <= axis < rank:
        return None if axis is None else axis % rank
    raise AxesError(f"xcs.vmap: {what} has rank {rank}, so it cannot be mapped over axis {axis}")


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call, and the names of the parameters that take them, as far as known."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    parameters: Sequence[str] = ()

    def names(self) -> list[str]:
        """What to call each array, in the order of the tree's leaves."""
        names: list[str] = []
        for number, value in enumerate(self.args):
            known = number < len(self.parameters)
            argument = f"'{self.parameters[number]}'" if known else f"{number}"
            names += [f"argument {argument}{path}" for path in _paths(value)]
        for name in sorted(self.kwargs):
            names += [f"argument '{name}'{path}" for path in _paths(self.kwargs[name])]
        return names

    def mapped_size(self, axes: Sequence[Axis], axis_size: int | None) -> tuple[list[Axis], int]:
        """Return the axes counted from the front, and the size that all mapped axes have.

        Raises:
            AxesError: if no axis is mapped and no size is given, or if sizes differ.
        """
        shapes = [np.shape(leaf) for leaf in jax.tree_util.tree_leaves((self.args, self.kwargs))]
        names = self.names()
        found = [
            from_front(name, axis, len(shape))
            for name, axis, shape in zip(names, axes, shapes, strict=True)
        ]
        sizes: dict[int, str] = {} if axis_size is None else {axis_size: "axis_size"}
        for name, axis, shape in zip(names, found, shapes, strict=True):
            if axis is not None:
                sizes.setdefault(shape[axis], f"axis {axis} of {name}")
        if not sizes:
            raise AxesError("xcs.vmap: map over an axis of at least one array, or give axis_size")
        if len(sizes) > 1:
            listed = ", ".join(f"{what} is {size}" for size, what in sizes.items())
            raise AxesError(f"xcs.vmap: mapped axes must have one size, but {listed}")
        return found, next(iter(sizes))


def _paths(value: Any) -> list[str]:
    """Where each array is in an argument."""
    leaves = jax.tree_util.tree_leaves_with_path(value)
    return [jax.tree_util.keystr(path) for path, _ in leaves]
