"""What the steps of a loop over arrays or lists are given, and their results together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from xcs.api.batches import is_array
from xcs.frontend.classification import pure


def elements_of(xs: Any, length: int | None, reverse: bool) -> list[Any]:
    """What the steps are given, in the order of the steps."""
    if type(xs) in (list, tuple) and not xs and not length:
        return []
    leaves, tree = jax.tree_util.tree_flatten(xs, is_leaf=_is_list_of_elements)
    columns = [_column(leaf) for leaf in leaves]
    sizes = {len(column) for column in columns}
    if length is not None and sizes - {length}:
        raise ValueError(
            f"scan got `length` argument of {length} which disagrees with leading axis sizes "
            f"{sorted(sizes)}."
        )
    if len(sizes) > 1:
        listed = ", ".join(str(len(column)) for column in columns)
        raise ValueError(f"scan got values with different leading axis sizes: {listed}.")
    if not sizes and length is None:
        raise ValueError("scan got no values to scan over and `length` not provided.")
    size = sizes.pop() if sizes else int(length or 0)
    order = range(size - 1, -1, -1) if reverse else range(size)
    return [tree.unflatten([column[i] for column in columns]) for i in order]


def collected(results: list[Any], reverse: bool) -> Any:
    """The results of all steps together; `reverse`, if they come from the last on."""
    results = results[::-1] if reverse else results
    parts = [jax.tree_util.tree_flatten(result) for result in results]
    if not parts or any(tree != parts[0][1] for _, tree in parts):
        return results
    columns = zip(*(leaves for leaves, _ in parts), strict=True)
    return parts[0][1].unflatten([_stacked(column) for column in columns])


def _is_list_of_elements(value: Any) -> bool:
    if isinstance(value, range):
        return True
    if type(value) not in (list, tuple):
        return False
    leaves = jax.tree_util.tree_leaves(value)
    return bool(value) and not (leaves and all(is_array(leaf) for leaf in leaves))


def _column(leaf: Any) -> Sequence[Any]:
    if is_array(leaf) and np.ndim(leaf):
        return list(leaf)
    if isinstance(leaf, list | tuple | range):
        return leaf
    raise TypeError(
        f"scan got a value with no leading axis to scan over: {type(leaf).__name__}; give an array,"
        " or a list with an element for each step"
    )


def _stacked(column: Sequence[Any]) -> Any:
    kinds = {(value.shape, value.dtype) if is_array(value) else None for value in column}
    if None in kinds or len(kinds) > 1:
        return list(column)
    if any(isinstance(value, jax.Array) for value in column):
        return jnp.stack(column)
    return np.stack(column)


# Capture takes them as a whole.
elements_of.__xcs_classification__ = pure("takes a sequence apart", returns="list")  # type: ignore[attr-defined]
collected.__xcs_classification__ = pure("puts results together")  # type: ignore[attr-defined]
