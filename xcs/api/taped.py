"""Programs that run on arrays which record how they are computed, as `xcs.grad` has them do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
from jax.extend.core import set_current_trace

from xcs.api.operators import is_operator
from xcs.kernels import TapeArray, TapeTrace, constants, is_traced, taping
from xcs.runtime.adapted import adapting


@contextmanager
def adapting_to(trace: TapeTrace) -> Iterator[None]:
    """Have calls on other threads take part in the record, and operators see arrays."""

    def adapt(function: Callable[..., Any]) -> Callable[..., Any]:
        is_constant = is_operator(function)

        def call(*args: Any, **kwargs: Any) -> Any:
            with set_current_trace(trace):
                if not is_constant:
                    return function(*args, **kwargs)
                trace.met_operators = True
                args, kwargs = constants((args, kwargs))
                return constants(function(*args, **kwargs))

        return call

    token = adapting.set(adapt)
    try:
        yield
    finally:
        adapting.reset(token)


def are_known_tracers(leaves: Iterable[Any]) -> bool:
    """Whether there are tracers, of which Python may know the values: JAX differentiates."""
    tracers = list(filter(is_traced, leaves))
    return bool(tracers) and all(t.to_concrete_value() is not None for t in tracers)


def run_on_views(
    call: Callable[[tuple[Any, ...], dict[str, Any]], Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Run a program while JAX differentiates it, so that Python sees arrays in it."""
    with taping() as trace:
        args, kwargs = jax.tree_util.tree_map(trace.view, (args, kwargs))
        with adapting_to(trace):
            result = call(args, kwargs)
        try:
            return jax.tree_util.tree_map(_viewed, result)
        except (ValueError, TypeError):  # keys of several kinds
            return result


def _viewed(value: Any) -> Any:
    return value.primal if isinstance(value, TapeArray) and value.level == 0 else value
