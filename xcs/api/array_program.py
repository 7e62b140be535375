"""Functions of array code alone: one kernel, called through `jax.jit`'s own dispatch."""

from __future__ import annotations

import logging
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
from jax.core import Tracer
from jax.extend.core import jaxpr_as_fun

from xcs.api.collection import without_collection
from xcs.api.parameters import Chosen
from xcs.api.pipeline import kernel_of_jaxpr
from xcs.frontend.capture import leaves_of, trace_arrays
from xcs.frontend.guards import Guards
from xcs.frontend.jaxpr_import import UnsupportedJaxpr, primitives_in
from xcs.kernels import bind, without_unused_inputs

_log = logging.getLogger("xcs")

RUN_ERRORS = (jax.errors.JaxRuntimeError, FloatingPointError)
"""What a kernel raises once it runs: its effects have happened, so it must not run again."""


class Eager(Exception):
    """JAX was told not to compile, by `jax.disable_jit`."""


@dataclass
class ArrayProgram:
    """A compiled array function. `call` is a `jax.jit` function; `guards` say when it is stale.

    `static` are the arguments that are not data. `changed` is called when a trace for arguments of
    new kinds has assumed more.
    """

    call: Callable[..., Any]
    static: Chosen
    guards: Guards = field(default_factory=Guards)
    traces: int = 0
    primitives: Counter[str] = field(default_factory=Counter)
    changed: Callable[[ArrayProgram], None] = lambda _: None


def array_program(
    function: types.FunctionType,
    flatten: Callable[[Any, Any, list[Any]], Mapping[str, Any]],
    static: Chosen,
    options: Mapping[str, Any],
    *,
    strict: bool,
) -> ArrayProgram:
    """The program of a function; `flatten` takes arguments apart. Nothing is traced yet.

    `options` are those of `jax.jit`. The first call for arguments of new kinds raises `NotArrays`
    if the function is more than array code.
    """
    name = function.__name__

    @without_collection()
    def staged(*args: Any, **kwargs: Any) -> Any:
        if jit_is_disabled():
            raise Eager
        made: list[Any] = []
        arguments = flatten(args, kwargs, made)
        jaxpr, structure, assumed = trace_arrays(function, arguments, strict=strict)
        program.traces += 1
        # The function's own code stays as it is, as under `jax.jit`.
        if program.guards.update(assumed, [*made, function]):
            program.changed(program)
        operands = [leaf.example for leaf in leaves_of(arguments)]
        if not options.get("keep_unused"):
            jaxpr, used = without_unused_inputs(jaxpr)
            operands = [operand for operand, kept in zip(operands, used, strict=True) if kept]
        try:
            if placed := _PLACING & primitives_in(jaxpr):
                raise UnsupportedJaxpr(f"{', '.join(sorted(placed))} names devices")
            kernel, constants = kernel_of_jaxpr(jaxpr, name)
        except UnsupportedJaxpr as error:
            # Devices, and effects and types that the tensor dialect does not have, are left to JAX.
            _log.info("%s runs as JAX traced it: %s", name, error)
            results = jaxpr_as_fun(jaxpr)(*operands)
        else:
            program.primitives.update(kernel.primitives)
            results = bind(kernel, *constants, *operands)
        return jax.tree_util.tree_unflatten(structure, results)

    staged.__name__ = staged.__qualname__ = name
    staged.__wrapped__ = function  # type: ignore[attr-defined] - jax.jit reads the signature
    program = ArrayProgram(jax.jit(staged, **options), static)
    return program


_PLACING = frozenset({"device_put", "mesh_cast", "reshard", "shard_map", "sharding_constraint"})
"""Primitives from which `jax.jit` learns the devices of a function: it has to see them."""


def jit_is_disabled() -> bool:
    """Whether `jax.disable_jit` is in force."""
    config: Any = jax.config
    return config.jax_disable_jit


def has_tracer(values: Sequence[Any]) -> bool:
    """Whether the call happens inside a JAX transformation."""
    try:
        leaves = jax.tree_util.tree_leaves(values)
    except (ValueError, RecursionError, SystemError):  # keys of several kinds, or a cycle
        return False
    return any(isinstance(leaf, Tracer) for leaf in leaves)
