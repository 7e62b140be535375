"""The kernel of a function that is mapped over axes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
from jax.core import ShapedArray
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from xcs.api.axes import Axis
from xcs.api.pipeline import module_text
from xcs.frontend.jaxpr_import import (
    UnsupportedJaxpr,
    draws_by_batch,
    hoist_constants,
    import_module,
    primitive_fallback_count,
    primitives_in,
    with_constant_inputs,
)
from xcs.kernels import Kernel
from xcs.transforms.batching import BatchingError, array_remarks
from xcs.transforms.vmap import Vmap


@dataclass(frozen=True)
class Mapping:
    """How a function is mapped: the size of the batch, and an axis for each array, or None."""

    size: int
    in_axes: Sequence[Axis]
    out_axes: Sequence[Axis]

    def arguments(self, avals: Sequence[ShapedArray]) -> list[ShapedArray]:
        """The abstract values of the mapped function's arguments."""
        return [self._batched(aval, axis) for aval, axis in zip(avals, self.in_axes, strict=True)]

    def results(self, jaxpr: ClosedJaxpr) -> list[ShapedArray]:
        """The abstract values of the mapped function's results."""
        avals = jaxpr.out_avals
        found = [self._batched(aval, axis) for aval, axis in zip(avals, self.out_axes, strict=True)]
        if not any(aval.weak_type for aval in found):
            return found
        # A choice between branches may be weakly typed for one element, and not for the batch.
        by_jax = jax.eval_shape(partial(self.by_jax, jaxpr), *self.arguments(jaxpr.in_avals))
        return [
            aval.update(weak_type=bool(of_jax.weak_type))
            for aval, of_jax in zip(found, by_jax, strict=True)
        ]

    def _batched(self, aval: ShapedArray, axis: Axis) -> ShapedArray:
        if axis is None:
            return aval
        return aval.update(shape=(*aval.shape[:axis], self.size, *aval.shape[axis:]))

    def by_jax(self, jaxpr: ClosedJaxpr, *values: Any) -> list[Any]:
        """What `jax.vmap` makes of the function, applied to arrays."""
        function = jax.vmap(
            jaxpr_as_fun(jaxpr), tuple(self.in_axes), list(self.out_axes), axis_size=self.size
        )
        return function(*values)


@dataclass(frozen=True, eq=False, repr=False)
class MappedKernel(Kernel):
    """A kernel whose text is the batched form of `element`.

    `module` is that form in ops: its first function, and those that it calls.
    """

    element: ClosedJaxpr | None = None
    mapping: Mapping | None = None
    module: ModuleOp | None = None

    @cached_property
    def source(self) -> Callable[..., list[jax.Array]]:
        """What JAX transforms: the function for one element under `jax.vmap`."""
        assert self.element is not None
        assert self.mapping is not None
        return jax.jit(partial(self.mapping.by_jax, self.element))


def mapped_kernel(jaxpr: ClosedJaxpr, name: str, mapping: Mapping) -> tuple[Kernel, list[Any]]:
    """A kernel of a traced function, mapped, and the arrays to pass before its arguments.

    Raises:
        UnsupportedJaxpr: if the trace has effects or types that the tensor dialect does not have.
        BatchingError: if the function has a primitive that the pass cannot batch, or a rule of its
            own, as `jax.custom_batching` makes them; `NeedsOutAxis` if a result differs between the
            elements and has no out axis.
    """
    if "custom_vmap_call" in primitives_in(jaxpr):
        raise BatchingError(f"{name} has a part with a batching rule of its own")
    if draws_by_batch(jaxpr):
        raise BatchingError(f"{name} draws numbers that depend on the batch that they are drawn in")
    opened, constants = hoist_constants(jaxpr)
    module, nested_constants = import_module(opened, name)
    constants = [*nested_constants, *constants]
    whole = Mapping(
        mapping.size, (*(None for _ in constants), *mapping.in_axes), tuple(mapping.out_axes)
    )
    Vmap(name, mapping.size, _option(whole.in_axes), _option(whole.out_axes)).apply(
        Context(), module
    )
    element = with_constant_inputs(opened)
    kernel = MappedKernel(
        name,
        module_text(module),
        tuple(whole.arguments(element.in_avals)),
        tuple(whole.results(element)),
        primitives=primitive_fallback_count(module),
        element=element,
        mapping=whole,
        module=module,
    )
    return kernel, constants


def line_remarks(jaxpr: ClosedJaxpr, name: str, mapping: Mapping) -> list[tuple[int, str]]:
    """What becomes of the lines of a traced function: (line, text), where line 0 is the whole."""
    try:
        mapped_kernel(jaxpr, name, mapping)
        opened, _ = hoist_constants(jaxpr)
        module, _ = import_module(opened, name)
    except (UnsupportedJaxpr, BatchingError) as error:
        return [(0, f"mapped by jax.vmap: {error}")]
    function = module.body.block.first_op
    assert isinstance(function, func.FuncOp)
    count = len(function.body.block.args) - len(mapping.in_axes)
    has_batch = [False] * count + [axis is not None for axis in mapping.in_axes]
    return list(array_remarks(function, has_batch))


def _option(axes: Sequence[Axis]) -> tuple[int | str, ...]:
    """The axes as the pass takes them."""
    return tuple("none" if axis is None else axis for axis in axes)
