"""Functions of array code alone: one kernel, called through `jax.jit`'s own dispatch."""

from __future__ import annotations

import functools
import logging
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jax
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from xcs.api.by_leaf import Bind, ByChoice, ByLeaf, Finished, Form
from xcs.api.collection import without_collection
from xcs.api.config import RuleSet
from xcs.api.pipeline import kernel_of_jaxpr
from xcs.frontend.arguments import leaves_of
from xcs.frontend.array_trace import Staged, trace_arrays
from xcs.frontend.guards import Guards
from xcs.frontend.jaxpr_import import UnsupportedJaxpr, array_constants, primitives_in
from xcs.kernels import bind, is_traced, without_unused_inputs

T = TypeVar("T")

_log = logging.getLogger("xcs")

RUN_ERRORS = (jax.errors.JaxRuntimeError, FloatingPointError)
"""What a kernel raises once it runs: its effects have happened, so it must not run again."""


class Eager(Exception):
    """JAX was told not to compile, by `jax.disable_jit`."""


LARGE_BYTES = 2**20
"""Size from which an array that a function closes over is no constant of its executable."""


class ClosesOverLarge(Exception):
    """A function closes over large arrays that were not passed on to it."""

    def __init__(self, arrays: Sequence[jax.Array]) -> None:
        super().__init__(f"{len(arrays)} large arrays are closed over")
        self.arrays = arrays


class ReturnsOthers(Exception):
    """A function returns values that are no arrays, and its program was not made for that."""


@dataclass
class ArrayProgram:
    """A compiled array function. `call` is what users' calls become; `guards` say when it is stale.

    `by_leaf` says that arguments may be arrays in part. `changed` is called when a trace for
    arguments of new kinds has assumed more. `large` are the arrays, by identity, that `call` passes
    to the function because it closes over them. `by_jax` is why JAX's own trace is what runs, if it
    is.
    """

    call: Callable[..., Any]
    bind: Bind
    by_leaf: bool = False
    guards: Guards = field(default_factory=Guards)
    traces: int = 0
    primitives: Counter[str] = field(default_factory=Counter)
    changed: Callable[[ArrayProgram], None] = lambda _: None
    traced: Callable[[Mapping[str, Any]], None] = lambda _: None
    """Is told the arguments of each trace."""
    large: Mapping[int, jax.Array] = field(default_factory=dict)
    by_jax: str | None = None

    def run(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call the function; large arrays that it is found to close over are passed on to it."""
        return self._settled(lambda: self.call(*args, **kwargs))

    def trace(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> jax.stages.Traced:
        """What `jax.jit` traces for such arguments, of which arrays may be types of arrays."""

        def trace() -> jax.stages.Traced:
            call, named = self.call, dict(kwargs)
            if isinstance(call, ByLeaf):
                return call.trace(args, kwargs)
            if isinstance(call, Finished):
                call, named = call.jitted, {**call.passed, **named}
            if isinstance(call, functools.partial):
                call, named = call.func, {**call.keywords, **named}
            return call.trace(*args, **named)

        return self._settled(trace)

    def _settled(self, use: Callable[[], T]) -> T:
        """Use `call`, which changes its form as long as it is found to be of the wrong one."""
        while True:
            try:
                return use()
            except ClosesOverLarge as found:
                self.large = {**self.large, **{id(array): array for array in found.arrays}}
                if isinstance(self.call, ByLeaf | Finished):
                    self.call.passed = {"xcs_large": self.large}
                else:
                    self.call = functools.partial(_jitted(self.call), xcs_large=self.large)
            except ReturnsOthers:
                passed = self.call.keywords if isinstance(self.call, functools.partial) else {}
                self.call = Finished(_jitted(self.call), self.bind)
                self.call.passed = passed
            self.changed(self)


def _jitted(call: Callable[..., Any]) -> Callable[..., Any]:
    return call.func if isinstance(call, functools.partial) else call


def _is_plain(call: Callable[..., Any]) -> bool:
    """Whether the program gives what `jax.jit` gives."""
    return not isinstance(call, ByLeaf | Finished)


Flatten = Callable[[Any, Any, list[Any]], Mapping[str, Any]]
"""Takes the arguments of a call apart."""


def array_program(
    function: types.FunctionType,
    flatten: Flatten,
    bind_arguments: Bind,
    options: Mapping[str, Any],
    rules: RuleSet = "exact",
) -> ArrayProgram:
    """The program of a function. Nothing is traced yet.

    `options` are those of `jax.jit`, `rules` those that may rewrite the program. The first call
    for arguments of new kinds raises `NotArrays` if the function is more than array code.
    """
    program = ArrayProgram(_untraced, bind_arguments)
    staged = _staged(function, flatten, program, options, rules)
    program.call = jax.jit(staged, **options)
    return program


def array_program_by_leaf(
    function: types.FunctionType,
    flatten: Flatten,
    bind_arguments: Bind,
    is_static: ByChoice | None,
    is_donated: ByChoice | None,
    options: Mapping[str, Any],
    rules: RuleSet = "exact",
    *,
    static_numbers: bool,
) -> ArrayProgram:
    """The same, for arguments that are arrays in part: what is no array is part of the program."""
    program = ArrayProgram(_untraced, bind_arguments, by_leaf=True)
    staged = _staged(function, flatten, program, options, rules)

    def of_form(
        form: Form, kept: Sequence[Any], donated: Sequence[Any], xcs_large: Mapping[int, Any] = {}
    ) -> Any:
        args, kwargs = form.rebuild(kept, donated)
        return staged(*args, xcs_large=xcs_large, **kwargs)

    of_form.__name__ = of_form.__qualname__ = function.__name__
    jitted = jax.jit(of_form, static_argnums=0, donate_argnums=2, **options)
    program.call = ByLeaf(
        jitted, is_static, is_donated, bind_arguments, static_numbers=static_numbers
    )
    return program


def _untraced(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("the program has no function yet")


def _staged(
    function: types.FunctionType,
    flatten: Flatten,
    program: ArrayProgram,
    options: Mapping[str, Any],
    rules: RuleSet,
) -> Callable[..., Any]:
    """The function as `jax.jit` is to trace it: one kernel, where it can be one."""
    name = function.__name__
    may_pass = "in_shardings" not in options  # with which jax.jit takes no keywords

    @without_collection()
    def staged(*args: Any, xcs_large: Mapping[int, Any] = {}, **kwargs: Any) -> Any:
        if jit_is_disabled():
            raise Eager
        made: list[Any] = []
        arguments = flatten(args, kwargs, made)
        keeps = program.by_leaf
        jaxpr, structure, assumed = trace_arrays(function, arguments, keeps_numbers=keeps)
        program.traces += 1
        program.traced(program.bind(args, kwargs))
        # The function's own code stays as it is, as under `jax.jit`.
        if program.guards.update(assumed, [*made, function]):
            program.changed(program)
        if not structure.are_arrays and _is_plain(program.call):
            raise ReturnsOthers
        operands = [leaf.example for leaf in leaves_of(arguments)]
        if may_pass and (missing := [c for c in _large_in(jaxpr) if id(c) not in xcs_large]):
            raise ClosesOverLarge(missing)
        if not options.get("keep_unused"):
            jaxpr, used = without_unused_inputs(jaxpr)
            operands = [operand for operand, kept in zip(operands, used, strict=True) if kept]
        try:
            if placed := PLACING & primitives_in(jaxpr):
                raise UnsupportedJaxpr(f"{', '.join(sorted(placed))} names devices")
            kernel, constants = kernel_of_jaxpr(jaxpr, name, rules)
        except UnsupportedJaxpr as error:
            # Devices, and effects and types that the tensor dialect does not have, are left to JAX.
            _log.info("%s runs as JAX traced it: %s", name, error)
            program.by_jax = str(error)
            results = jaxpr_as_fun(jaxpr)(*operands)
        else:
            program.by_jax = None
            program.primitives.update(kernel.primitives)
            constants = [xcs_large.get(id(constant), constant) for constant in constants]
            results = bind(kernel, *constants, *operands)
        return structure.unflatten(results) if structure.are_arrays else Staged(structure, results)

    staged.__name__ = staged.__qualname__ = name
    staged.__wrapped__ = function  # type: ignore[attr-defined] - jax.jit reads the signature
    return staged


def _large_in(jaxpr: ClosedJaxpr) -> list[jax.Array]:
    """The large arrays that a jaxpr closes over.

    `jax.jit` copies what a function closes over into the text that XLA compiles, and keeps it in
    the executable. Arrays that are committed to a device stay constants: as arguments they would
    choose where the function runs.
    """
    constants = (c for c in array_constants(jaxpr) if isinstance(c, jax.Array))
    arrays = (c for c in constants if not isinstance(c, Tracer))
    return [c for c in arrays if c.nbytes >= LARGE_BYTES and not c.committed]


PLACING = frozenset({"device_put", "mesh_cast", "reshard", "shard_map", "sharding_constraint"})
"""Primitives from which `jax.jit` learns the devices of a function: it has to see them."""


def jit_is_disabled() -> bool:
    """Whether `jax.disable_jit` is in force."""
    config: Any = jax.config
    return config.jax_disable_jit


def has_tracer(values: Sequence[Any]) -> bool:
    """Whether the call happens inside a JAX transformation, so that Python sees no arrays."""
    try:
        leaves = jax.tree_util.tree_leaves(values)
    except (ValueError, RecursionError, SystemError):  # keys of several kinds, or a cycle
        return False
    return any(map(is_traced, leaves))
