"""Functions of array code alone: one kernel, called through `jax.jit`'s own dispatch."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.core import Tracer

from xcs.api.pipeline import kernel_of_jaxpr
from xcs.frontend.classify import classify
from xcs.frontend.guards import MISSING, Guards
from xcs.frontend.jaxpr_import import UnsupportedJaxpr
from xcs.kernels import bind

_MAX_GUARDED_FUNCTIONS = 200


@dataclass
class ArrayProgram:
    """A compiled array function. `call` is a `jax.jit` function; `guards` say when it is stale."""

    call: Callable[..., Any]
    guards: Guards
    plain: list[str]  # reasons why a trace was left to JAX as it is

    @classmethod
    def of(cls, function: Callable[..., Any], static_argnames: Iterable[str]) -> ArrayProgram:
        """Stage the function out. Nothing is traced before the first call."""
        plain: list[str] = []
        name = getattr(function, "__name__", "kernel")
        static = tuple(static_argnames)

        def staged(*args: Any, **kwargs: Any) -> Any:
            # The static arguments arrive as they are; what jax.jit traces arrives as tracers.
            leaves, tree = jax.tree_util.tree_flatten((args, kwargs))
            arrays = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tracer)]
            out_tree: list[Any] = []

            def flat(*traced: Any) -> list[Any]:
                values = list(leaves)
                for index, value in zip(arrays, traced, strict=True):
                    values[index] = value
                inner_args, inner_kwargs = jax.tree_util.tree_unflatten(tree, values)
                results, structure = jax.tree_util.tree_flatten(
                    function(*inner_args, **inner_kwargs)
                )
                out_tree[:] = [structure]
                return results

            operands = [leaves[i] for i in arrays]
            jaxpr = jax.make_jaxpr(flat)(*operands)
            try:
                kernel, constants = kernel_of_jaxpr(jaxpr, name)
            except UnsupportedJaxpr as error:
                plain.append(str(error))
                return function(*args, **kwargs)
            return jax.tree_util.tree_unflatten(out_tree[0], bind(kernel, *constants, *operands))

        staged.__name__ = staged.__qualname__ = name
        staged.__wrapped__ = function  # type: ignore[attr-defined] - jax.jit reads the signature
        return cls(jax.jit(staged, static_argnames=static), referenced(function), plain)


def is_array_function(function: types.FunctionType) -> bool:
    """Whether the function reaches array code, no operator, and has no effect."""
    what = classify(function)
    return what.reaches == frozenset({"tensor"}) and what.effects == "pure"


def referenced(function: Any) -> Guards:
    """Guards on the globals and closure cells that a function, and those it calls, can see."""
    guards = Guards()
    pending, seen = [function], set()
    while pending and len(seen) < _MAX_GUARDED_FUNCTIONS:
        current = pending.pop()
        current = getattr(current, "__wrapped__", current)
        if isinstance(current, types.MethodType):
            current = current.__func__
        if not isinstance(current, types.FunctionType) or current in seen:
            continue
        seen.add(current)
        for name in _names_of(current.__code__):
            value = current.__globals__.get(name, MISSING)
            if value is MISSING or isinstance(value, types.ModuleType):
                continue
            guards.name(current.__globals__, name, value)
            _guard_content(guards, value)
            if _is_user_code(value):
                pending.append(value)
        for cell in current.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            guards.cell(cell, value)
            _guard_content(guards, value)
            if _is_user_code(value):
                pending.append(value)
    return guards


def _guard_content(guards: Guards, value: Any) -> None:
    if isinstance(value, list | dict):
        guards.content(value)


def _names_of(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_of(constant)
    return names


def _is_user_code(value: Any) -> bool:
    value = getattr(value, "__wrapped__", value)
    if not isinstance(value, types.FunctionType | types.MethodType):
        return False
    return "site-packages" not in value.__code__.co_filename


def has_tracer(values: Sequence[Any]) -> bool:
    """Whether the call happens inside a JAX transformation."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree_util.tree_leaves(values))
