"""`xcs.pmap`: a function, mapped over devices; calls of operators run on workers.

Array code is mapped by `jax.pmap`, through a mesh of the devices. A function that calls operators
runs as the loop over the elements, as in `mapped_program`, with each element's arrays on a device
of its own. Its results are sharded over the devices as those of `jax.pmap` are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from xcs.api.array_program import has_tracer, jit_is_disabled
from xcs.api.axes import check_axes, from_front
from xcs.api.batches import Batch, Listed, Shared, joined
from xcs.api.control_flow import calls_operators
from xcs.api.mapped_program import MappedPrograms
from xcs.frontend.arguments import is_array_tree


def pmap(
    fun: Callable[..., Any],
    axis_name: Hashable | None = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: int | Iterable[int] = (),
    devices: Sequence[Any] | None = None,
    backend: str | None = None,
    axis_size: int | None = None,
    donate_argnums: int | Iterable[int] = (),
) -> Callable[..., Any]:
    """Map a function over devices, as `jax.pmap` does: one element of the axis on each.

    A function of array code is mapped by `jax.pmap`, whose arguments these are. One that calls
    operators makes the calls of all elements at once, and computes each element's arrays on a
    device of its own. Elements may then be of any kind, as those of `xcs.vmap`; collectives over
    `axis_name` are for array code.

    Raises:
        TypeError: if `fun` cannot be called or the axes are none. A call raises `ValueError` where
            there are more elements than devices, or where the axes do not fit; an error of an
            element has a note that says of which.
    """
    if not callable(fun):
        raise TypeError(f"xcs.pmap expects a callable, but was given {fun!r}")
    function = PmapFunction(
        fun,
        check_axes("in_axes", in_axes),
        check_axes("out_axes", out_axes),
        (static_broadcasted_argnums,)
        if isinstance(static_broadcasted_argnums, int)
        else tuple(static_broadcasted_argnums),
        devices,
        backend,
        axis_size,
        jax.pmap(
            fun,
            axis_name,
            in_axes=in_axes,
            out_axes=out_axes,
            static_broadcasted_argnums=static_broadcasted_argnums,
            devices=devices,
            backend=backend,
            axis_size=axis_size,
            donate_argnums=donate_argnums,
        ),
    )

    def mapped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    functools.update_wrapper(mapped, fun, updated=())
    del mapped.__wrapped__  # type: ignore[attr-defined] - its source is not that of this function
    mapped.__xcs_vmap__ = function  # type: ignore[attr-defined] - for classification
    return mapped


pmap.__xcs_transformation__ = True  # type: ignore[attr-defined] - for capture, which calls it


class PmapFunction:
    """What stands behind a function that is mapped over devices."""

    __xcs_vmap__ = True
    """For classification: this is array code, unless it `calls_operators`."""

    def __init__(
        self,
        function: Callable[..., Any],
        in_axes: Any,
        out_axes: Any,
        static: tuple[int, ...],
        devices: Sequence[Any] | None,
        backend: str | None,
        axis_size: int | None,
        by_jax: Callable[..., Any],
    ) -> None:
        self.function, self.by_jax = function, by_jax
        self.in_axes, self.out_axes, self.static = in_axes, out_axes, static
        self.axis_size = axis_size
        self._devices, self._backend = devices, backend
        self.programs = MappedPrograms(function, out_axes)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Map the function over the arguments: by JAX if it is array code."""
        dynamic = [arg for i, arg in enumerate(args) if not self._is_static(i, len(args))]
        is_for_jax = has_tracer((dynamic, kwargs)) or not (
            self.calls_operators or not is_array_tree((dynamic, kwargs))
        )
        if is_for_jax or jit_is_disabled():
            return self.by_jax(*args, **kwargs)
        batch = Batch(args, kwargs, self._axes(args), self.axis_size)
        devices = self.devices(batch.size)
        batch.leaves = [
            _on_devices(leaf, axis, devices)
            for leaf, axis in zip(batch.leaves, batch.axes, strict=True)
        ]
        results = self.programs.results(batch)
        sharded = functools.partial(_sharded, devices=devices)
        return joined(results, self.out_axes, sharded)

    @functools.cached_property
    def calls_operators(self) -> bool:
        """Whether the function may call operators, by its source."""
        return calls_operators(self.function)

    def devices(self, count: int) -> list[Any]:
        """The devices of so many elements. Raises ValueError if there are fewer."""
        found = list(self._devices or jax.local_devices(backend=self._backend))
        if count > len(found):
            raise ValueError(
                f"compiling computation that requires {count} logical devices, but only "
                f"{len(found)} XLA devices are available (num_replicas={count})"
            )
        return found[:count]

    def _is_static(self, place: int, count: int) -> bool:
        return place in self.static or place - count in self.static

    def _axes(self, args: Sequence[Any]) -> Any:
        """The axes of the arguments, of which static ones have none."""
        axes = self.in_axes if isinstance(self.in_axes, tuple) else (self.in_axes,) * len(args)
        if not self.static or len(axes) != len(args):
            return axes
        return tuple(
            None if self._is_static(place, len(args)) else axis for place, axis in enumerate(axes)
        )


def _on_devices(leaf: Any, axis: int | None, devices: Sequence[Any]) -> Any:
    """A part of the arguments, for each element on its device."""
    if isinstance(leaf, Listed):
        return Listed([_placed(v, device) for v, device in zip(leaf.values, devices, strict=True)])
    if isinstance(leaf, Shared):
        arrays = [v for v in jax.tree_util.tree_leaves(leaf.value) if isinstance(v, jax.Array)]
        if not arrays:
            return leaf
        return Listed([_placed(leaf.value, device) for device in devices])
    place = axis or 0
    is_of_jax = isinstance(leaf, jax.Array)
    rows = jnp.moveaxis(leaf, place, 0) if is_of_jax else np.moveaxis(leaf, place, 0)
    return Listed([jax.device_put(row, device) for row, device in zip(rows, devices, strict=True)])


def _placed(value: Any, device: Any) -> Any:
    """A value whose arrays are on a device."""
    return jax.tree_util.tree_map(
        lambda leaf: jax.device_put(leaf, device) if isinstance(leaf, jax.Array) else leaf, value
    )


def _sharded(column: Sequence[Any], axis: int, devices: Sequence[Any]) -> jax.Array:
    """Arrays of the elements as one that is sharded along an axis."""
    place = from_front("a result", axis, np.ndim(column[0]) + 1) or 0
    parts = [
        jax.device_put(jnp.expand_dims(value, place), device)
        for value, device in zip(column, devices, strict=True)
    ]
    mesh = Mesh(np.asarray(devices), ("elements",))
    sharding = NamedSharding(mesh, PartitionSpec(*[None] * place, "elements"))
    shape = list(parts[0].shape)
    shape[place] = len(parts)
    return jax.make_array_from_single_device_arrays(tuple(shape), sharding, parts)
