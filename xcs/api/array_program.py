"""Functions of array code alone: one kernel, called through `jax.jit`'s own dispatch."""

from __future__ import annotations

import logging
import types
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.core import Tracer
from jax.extend.core import jaxpr_as_fun

from xcs.api.pipeline import kernel_of_jaxpr
from xcs.frontend.capture import leaves_of, trace_arrays
from xcs.frontend.guards import Guards
from xcs.frontend.jaxpr_import import UnsupportedJaxpr
from xcs.kernels import bind

_log = logging.getLogger("xcs")


@dataclass
class ArrayProgram:
    """A compiled array function. `call` is a `jax.jit` function; `guards` say when it is stale."""

    call: Callable[..., Any]
    guards: Guards
    primitives: Counter[str]
    fresh: Callable[[], bool] | None = None

    def refresh(self) -> None:
        """Take up what tracing for new kinds of arguments has assumed since."""
        self.fresh = self.guards.compiled()


def array_program(
    function: types.FunctionType,
    flatten: Callable[[Any, Any], Mapping[str, Any]],
    static_argnames: Iterable[str],
    *,
    strict: bool,
) -> ArrayProgram:
    """The program of a function; `flatten` takes arguments apart. Nothing is traced yet.

    Its first call for arguments of new kinds raises `NotArrays` if the function is more than array
    code.
    """
    name = function.__name__

    def staged(*args: Any, **kwargs: Any) -> Any:
        arguments = flatten(args, kwargs)
        jaxpr, structure, assumed = trace_arrays(function, arguments, strict=strict)
        program.guards.update(assumed)
        program.refresh()
        operands = [leaf.example for leaf in leaves_of(arguments)]
        try:
            kernel, constants = kernel_of_jaxpr(jaxpr, name)
        except UnsupportedJaxpr as error:
            # Effects and types that the tensor dialect does not have are left to JAX.
            _log.info("%s runs as JAX traced it: %s", name, error)
            results = jaxpr_as_fun(jaxpr)(*operands)
        else:
            program.primitives.update(kernel.primitives)
            results = bind(kernel, *constants, *operands)
        return jax.tree_util.tree_unflatten(structure, results)

    staged.__name__ = staged.__qualname__ = name
    staged.__wrapped__ = function  # type: ignore[attr-defined] - jax.jit reads the signature
    call = jax.jit(staged, static_argnames=tuple(static_argnames))
    program = ArrayProgram(call, Guards(), Counter())
    return program


def has_tracer(values: Sequence[Any]) -> bool:
    """Whether the call happens inside a JAX transformation."""
    try:
        leaves = jax.tree_util.tree_leaves(values)
    except (ValueError, RecursionError, SystemError):  # keys of several kinds, or a cycle
        return False
    return any(isinstance(leaf, Tracer) for leaf in leaves)
