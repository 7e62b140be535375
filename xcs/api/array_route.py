"""Whether calls of a function are one kernel each, and the program that then runs them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.core import Tracer

from xcs.api.array_program import ArrayProgram, array_program, array_program_by_leaf
from xcs.api.notices import described_arguments
from xcs.api.parameters import jax_options
from xcs.frontend.arguments import AbstractArray, Flat, flats_of, leaves_of, too_many_numbers
from xcs.frontend.classify import classify
from xcs.frontend.source import function_node
from xcs.frontend.unsupported import Unsupported
from xcs.kernels import trace_context

if TYPE_CHECKING:
    from xcs.api.function import JitFunction

MAX_TEXTS = 64
"""Texts among the arguments, up to which these may be those of array code."""
MAX_REFUSED = 1024
"""Kinds of arguments of which it is remembered that they are not those of array code."""


_ARRAYS = (jax.Array, Tracer, jax.ShapeDtypeStruct, np.ndarray, np.generic, AbstractArray)


@dataclass(frozen=True)
class ArrayCall:
    """A call that may be array code, its arguments taken apart.

    Calls with equal keys are alike. With `by_leaf`, some leaves are no arrays.
    """

    key: Hashable
    arguments: Mapping[str, Any]
    by_leaf: bool

    @property
    def has_arrays(self) -> bool:
        """Whether there are arrays among the data."""
        return any(leaf.kind != "number" for leaf in leaves_of(self.arguments))

    @property
    def has_numbers(self) -> bool:
        """Whether there are numbers among the data."""
        return any(leaf.kind == "number" for leaf in leaves_of(self.arguments))


class ArrayRoute:
    """The array program of one jitted function, and which calls are known to be more than that."""

    def __init__(self, function: JitFunction) -> None:
        self._function = function
        self.program: ArrayProgram | None = None
        self.static_numbers = False
        """Whether numbers decide what the function does, so that they are part of the program."""
        self._refused: dict[Hashable, str] = {}

    def clear(self) -> None:
        """Drop the program."""
        self.program, self.static_numbers = None, False
        self._refused.clear()

    def refuse(self, call: ArrayCall, reason: str) -> None:
        """Remember why such a call is not one kernel."""
        if len(self._refused) >= MAX_REFUSED:
            self._refused.clear()
        self._refused[call.key] = reason

    def refusal(self, call: ArrayCall) -> str | None:
        """Why such a call is not one kernel, if that is known."""
        return self._refused.get(call.key)

    def describe(self, args: Any, kwargs: Any) -> ArrayCall | None:
        """The call, if its arguments are such as array code takes."""
        function = self._function
        if function.is_async or not self._may_be_arrays(args, kwargs):
            return None
        try:
            numbers = not self.static_numbers
            arguments = function.flatten_arguments(args, kwargs, [], numbers=numbers)
        except (ValueError, RecursionError, SystemError):  # keys of several kinds, or a cycle
            return None
        leaves = leaves_of(arguments)
        if self._changes_in_place and any(isinstance(v.example, np.ndarray) for v in leaves):
            return None
        if not (any(leaf.kind != "number" for leaf in leaves) or self._reaches_arrays):
            return None
        key = (trace_context(), *map(_key, arguments.values()))
        by_leaf = not numbers or any(flat.has_constants for flat in flats_of(arguments))
        return ArrayCall(key, arguments, by_leaf)

    @contextmanager
    def with_static_numbers(self) -> Iterator[None]:
        """Take numbers for part of the program from now on, unless what is done inside fails."""
        self.static_numbers, program, self.program = True, self.program, None
        try:
            yield
        except BaseException:
            self.static_numbers, self.program = False, program
            raise

    def _may_be_arrays(self, args: Any, kwargs: Any) -> bool:
        """A first look: at how much there is, and whether there is text for a model."""
        try:
            leaves = jax.tree_util.tree_leaves((args, kwargs))
        except (ValueError, TypeError, RecursionError, SystemError):  # as above
            return False
        kinds = set(map(type, leaves))
        if too_many_numbers(leaves):
            return False
        if not (any(issubclass(kind, _ARRAYS) for kind in kinds) or self._reaches_arrays):
            return False
        if kinds.isdisjoint((str, bytes)):
            return True
        texts = sum(kind is str or kind is bytes for kind in map(type, leaves))
        return texts <= MAX_TEXTS and not self.calls_operators

    def program_for(self, call: ArrayCall) -> ArrayProgram:
        """The program that such a call runs, which is known or made."""
        known, changed = self.program, None
        if known is not None:
            changed = known.guards.broken()
            if changed is None and known.by_leaf >= call.by_leaf:
                return known
        program = self._made(call, known)
        program.traced = functools.partial(self._traced, [changed])
        return program

    def _traced(self, changed: list[str | None], arguments: Mapping[str, Any]) -> None:
        """Count a trace; only the first of a program is due to what the one before assumed."""
        why = changed.pop() if changed else None
        self._function.notices.compiled_for(described_arguments(arguments), why)

    def _made(self, call: ArrayCall, known: ArrayProgram | None) -> ArrayProgram:
        function = self._function
        python, options = function.python_function, function.array_options
        traced = functools.partial(function.flatten_arguments, numbers=False)  # they are no tracers
        signature, static, donated = function.signature, function.static, function.donated
        if call.by_leaf or (known is not None and known.by_leaf):
            chosen = static.by_place(signature), donated.by_place(signature)
            return array_program_by_leaf(
                python, traced, function.bind, *chosen, options, function.config.optimize,
                static_numbers=self.static_numbers,
            )  # fmt: skip
        numbered = {
            **jax_options(signature, "static", static),
            **jax_options(signature, "donate", donated),
        }
        options = {**numbered, **options}
        return array_program(python, traced, function.bind, options, function.config.optimize)

    @property
    def _reaches_arrays(self) -> bool:
        """Whether the function may come to array code. Else numbers are Python's own in it."""
        what = classify(self._function.python_function)
        return what.kind in ("tensor", "unknown") or "tensor" in what.reaches

    def holds_arrays(self, call: ArrayCall | None) -> bool:
        """Whether JAX's arrays are among the arguments, or the function comes to array code."""
        what = classify(self._function.python_function)
        leaves = leaves_of(call.arguments) if call is not None else ()
        return "tensor" in what.reaches or any(isinstance(v.example, jax.Array) for v in leaves)

    @property
    def calls_operators(self) -> bool:
        """Whether the function may call operators, by its source."""
        return "operator" in classify(self._function.python_function).reaches

    @functools.cached_property
    def _changes_in_place(self) -> bool:
        """Whether the source has ``x += y``, which changes a NumPy array that the caller holds."""
        try:
            tree = function_node(self._function.python_function)
        except Unsupported:
            return False
        return any(isinstance(node, ast.AugAssign) for node in ast.walk(tree))


def _key(flat: Flat | list[Flat] | dict[str, Flat]) -> Hashable:
    if isinstance(flat, list):
        return tuple(part.key for part in flat)
    if isinstance(flat, dict):
        return tuple((name, part.key) for name, part in flat.items())
    return flat.key
