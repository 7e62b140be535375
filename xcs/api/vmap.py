"""`xcs.vmap`: a function, mapped over axes of its arguments.

A function of arrays is traced for one element of the batch, and the pass `vmap` makes its batched
form from the ops. What the tensor dialect has no ops for is mapped by `jax.vmap`. A function that
calls operators is captured as the loop over the elements, in `mapped_program`.
"""

from __future__ import annotations

import functools
import inspect
import logging
import types
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr

from xcs.api.array_program import RUN_ERRORS, has_tracer
from xcs.api.axes import (
    Arguments,
    AxesError,
    Axis,
    argument_axes,
    check_axes,
    flatten_axes,
    from_front,
)
from xcs.api.batches import Batch
from xcs.api.mapped_kernel import Mapping, line_remarks, mapped_kernel
from xcs.api.mapped_program import MappedPrograms
from xcs.frontend.arguments import Flat, constant, flatten, is_array_tree, leaves_of
from xcs.frontend.array_trace import NotArrays, trace_arrays
from xcs.frontend.classify import classify
from xcs.frontend.guards import Guards, assume
from xcs.frontend.jaxpr_import import UnsupportedJaxpr
from xcs.frontend.source import is_library
from xcs.kernels import bind
from xcs.runtime import XCSError
from xcs.transforms.batching import BatchingError, NeedsOutAxis

_log = logging.getLogger("xcs")

MAX_REMEMBERED = 1024
"""Kinds of arguments of which it is remembered how they are mapped."""


class CallsOperators(XCSError, NotImplementedError):
    """The function calls operators, so that it cannot be mapped while JAX traces it."""


def vmap(
    fun: Callable[..., Any],
    in_axes: int | Sequence[Any] | None = 0,
    out_axes: Any = 0,
    axis_name: Hashable | None = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    *,
    return_exceptions: bool = False,
) -> Callable[..., Any]:
    """Map a function over axes of its arguments, as `jax.vmap` does, compiled.

    A function may call operators, such as models and tools. They are called for all elements at
    once, as far as they have no ordered effects; a call that is the same for all elements is made
    once. The elements' values of an argument that is no array come as a list or tuple, and so do
    those of a result that holds no array.

    Args:
        fun: a function of arrays, and of containers of them, which may call operators.
        in_axes: for each positional argument, the axis of its arrays to map over, or None for
            arguments that all elements share; in containers, for single arrays. Arguments by
            keyword are mapped over axis 0.
        out_axes: where the results have the mapped axis; None for a result that all elements share.
        axis_name: a name of the axis for collectives such as `jax.lax.psum`. With it, the function
            is mapped by `jax.vmap`.
        axis_size: how many elements there are; needed where no argument is mapped.
        spmd_axis_name: names of axes of a mesh that the mapped axis is sharded along, as
            `jax.vmap` takes them, which then maps the function.
        return_exceptions: whether an element that fails has its exception for a result, as
            `asyncio.gather` has it. The results then come as a list. For functions that call
            operators; array code has no errors of single elements.

    Returns:
        A function that takes and gives arrays with one more axis. It nests in `jax.jit`,
        `jax.grad`, `jax.vmap`, `xcs.jit` and itself. Its method `explain` says, by line, what is
        batched, what becomes a map, and what is done once.

    Raises:
        TypeError: if `fun` cannot be called, or the axes are not integers, None, or containers of
            these. A call raises `ValueError` where the axes do not fit the arguments or results,
            and `xcs.XCSError` where the function calls operators while JAX traces it. An error of
            an element has a note that says of which.
    """
    if not callable(fun):
        raise TypeError(f"xcs.vmap expects a callable, but was given {fun!r}")
    function = VmapFunction(
        fun,
        check_axes("in_axes", in_axes),
        check_axes("out_axes", out_axes),
        axis_name,
        axis_size,
        spmd_axis_name,
        return_exceptions,
    )

    # `xcs.jit` captures this function as any other, so its code is plain.
    def mapped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    functools.update_wrapper(mapped, fun, updated=())
    del mapped.__wrapped__  # type: ignore[attr-defined] - its source is not that of this function
    mapped.explain = function.explain  # type: ignore[attr-defined]
    mapped.__xcs_vmap__ = function  # type: ignore[attr-defined]
    return mapped


vmap.__xcs_transformation__ = True  # type: ignore[attr-defined] - for capture, which calls it


@dataclass
class MappedProgram:
    """A compiled mapped function: `call` is a `jax.jit` function, stale when its guards fail."""

    call: Callable[..., Any]
    guards: Guards = field(default_factory=Guards)
    primitives: Counter[str] = field(default_factory=Counter)


class VmapFunction:
    """What stands behind a mapped function: how it is mapped, and its program."""

    __xcs_vmap__ = True
    """For classification: this is array code."""

    def __init__(
        self,
        function: Callable[..., Any],
        in_axes: Any,
        out_axes: Any,
        axis_name: Hashable | None,
        axis_size: int | None,
        spmd_axis_name: Any = None,
        return_exceptions: bool = False,
    ) -> None:
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self.function = function
        self.in_axes, self.out_axes = in_axes, out_axes
        self.axis_name, self.axis_size = axis_name, axis_size
        self.spmd_axis_name = spmd_axis_name
        self.program: MappedProgram | None = None
        self.programs = MappedPrograms(function, out_axes, return_exceptions)
        self._jax = functools.cache(self._make_jax)
        self._refused: set[Hashable] = set()
        self._mixed: set[Hashable] = set()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Map the function over the arguments: by the pass, or by JAX where that cannot."""
        if (batch := self._mixed_batch(args, kwargs)) is not None:
            return self.programs(batch)
        if self._is_for_jax or _jit_is_off():
            return self._jax()(*args, **kwargs)
        if self._refused and _key(args, kwargs) in self._refused:
            return self._jax()(*args, **kwargs)
        program = self.program
        if program is None or not program.guards.hold():
            program = self._compile()
        try:
            result = program.call(*args, **kwargs)
        except CallsOperators:
            if has_tracer((args, kwargs)):
                raise
            _remember(self._mixed, _key(args, kwargs))
            return self(*args, **kwargs)
        except (AxesError, *RUN_ERRORS):
            raise
        except Exception as error:
            if _is_mapped_over_lists(self.in_axes, args, kwargs):
                _remember(self._mixed, _key(args, kwargs))
                return self(*args, **kwargs)
            # What cannot be captured, and what fails: JAX maps it, or says how it fails.
            _log.debug("%s is mapped by jax.vmap: %s: %s", self.name, type(error).__name__, error)
            result = self._jax()(*args, **kwargs)
            _remember(self._refused, _key(args, kwargs))
            return result
        self.program = program
        assume(program.guards)
        return result

    def _mixed_batch(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Batch | None:
        """The batch, if these are arguments for more than array code."""
        is_mixed = bool(self._mixed) and _key(args, kwargs) in self._mixed
        if not is_mixed and not self.calls_operators:
            return None
        batch = Batch(args, kwargs, self.in_axes, self.axis_size)
        if is_mixed or batch.has_lists or not is_array_tree((args, kwargs)):
            return batch
        return None

    @functools.cached_property
    def calls_operators(self) -> bool:
        """Whether the function may call operators, by its source."""
        return "operator" in classify(self.function).reaches

    @property
    def _is_for_jax(self) -> bool:
        """Whether the axis has a name, for collectives or a mesh."""
        return self.axis_name is not None or self.spmd_axis_name is not None

    def _make_jax(self) -> Callable[..., Any]:
        return jax.vmap(
            self.function,
            self.in_axes,
            self.out_axes,
            axis_name=self.axis_name,
            axis_size=self.axis_size,
            spmd_axis_name=self.spmd_axis_name,
        )

    def _compile(self) -> MappedProgram:
        """A program; nothing is traced before its first call for arguments of a kind."""

        def staged(*args: Any, **kwargs: Any) -> Any:
            return self._stage(program, args, kwargs)

        staged.__name__ = staged.__qualname__ = self.name
        program = MappedProgram(jax.jit(staged))
        return program

    def explain(self, *args: Any, **kwargs: Any) -> str:
        """What becomes of the function for such arguments, line by line; it is not run."""
        remarks: list[tuple[int, str]] = []
        if (batch := self._mixed_batch(args, kwargs)) is None:
            explained = MappedProgram(lambda: None)
            try:
                jax.eval_shape(
                    lambda *values: self._stage(explained, *values, remarks=remarks), args, kwargs
                )
            except CallsOperators:
                batch = Batch(args, kwargs, self.in_axes, self.axis_size)
            except NotArrays as error:
                remarks.append((0, f"mapped by jax.vmap: {error}"))
        if batch is not None:
            remarks = self.programs.explain(batch)
        lines = [
            f"  line {line}: {text}" if line else f"  {text}" for line, text in sorted(remarks)
        ]
        return "\n".join([f"{self.name}, mapped:", *dict.fromkeys(lines)])

    def _stage(
        self,
        program: MappedProgram,
        args: Any,
        kwargs: Any,
        remarks: list[tuple[int, str]] | None = None,
    ) -> Any:
        """Trace the mapped function for arguments of one kind, which are tracers.

        What becomes of the lines of the function is added to `remarks`.
        """
        axes = argument_axes(self.in_axes, args, kwargs)
        given = Arguments(args, kwargs, _parameters(self.function))
        axes, size = given.mapped_size(axes, self.axis_size)
        if size == 0:  # there is no element to trace the function for
            return self._jax()(*args, **kwargs)
        leaves, tree = jax.tree_util.tree_flatten((args, kwargs))
        elements = [_element(leaf, axis) for leaf, axis in zip(leaves, axes, strict=True)]
        call = Call.of(self.function, *tree.unflatten(elements))
        jaxpr, structure = self._trace(program, call)
        # Capture takes containers apart in an order of its own.
        places = {id(element): place for place, element in enumerate(elements)}
        order = [places[id(leaf.example)] for leaf in leaves_of(call.arguments)]
        mapping = Mapping(size, [axes[place] for place in order], self._out_axes(jaxpr, structure))
        operands = [leaves[place] for place in order]
        if remarks is not None:
            remarks += line_remarks(jaxpr, self.name, mapping)
        return structure.unflatten(self._results(program, jaxpr, mapping, operands))

    def _trace(self, program: MappedProgram, call: Call) -> tuple[ClosedJaxpr, Any]:
        """The function of one element, and the structure of its result."""
        try:
            jaxpr, structure, assumed = trace_arrays(call.function, call.arguments)
        except Exception as error:
            if self.calls_operators:
                raise CallsOperators(_explain(self.name, error)) from None
            raise
        if not structure.are_arrays:
            raise TypeError(
                f"{self.name} returns values that are no arrays, which cannot be mapped"
            )
        program.guards.update(assumed, call.made)
        return jaxpr, structure

    def _out_axes(self, jaxpr: ClosedJaxpr, structure: Any) -> list[Axis]:
        """An axis for each result, counted from the front."""
        axes = flatten_axes("out_axes", self.out_axes, structure.unflatten(jaxpr.out_avals))
        return [
            from_front(f"result {number}", axis, len(aval.shape) + 1)
            for number, (axis, aval) in enumerate(zip(axes, jaxpr.out_avals, strict=True))
        ]

    def _results(
        self, program: MappedProgram, jaxpr: ClosedJaxpr, mapping: Mapping, operands: list[Any]
    ) -> list[Any]:
        """The results, mapped by the pass if it has rules for all of the function."""
        try:
            kernel, constants = mapped_kernel(jaxpr, self.name, mapping)
        except NeedsOutAxis as error:
            raise AxesError(f"xcs.vmap: {error}") from None
        except (UnsupportedJaxpr, BatchingError) as error:
            _log.info("%s is mapped by jax.vmap: %s", self.name, error)
            return mapping.by_jax(jaxpr, *operands)
        program.primitives.update(kernel.primitives)
        return bind(kernel, *constants, *operands)


def _jit_is_off() -> bool:
    return jax.config.jax_disable_jit  # pyright: ignore[reportAttributeAccessIssue]


def _element(leaf: Any, axis: Axis) -> Any:
    """One element of a mapped array, which only says what elements look like."""
    return leaf if axis is None else jax.lax.index_in_dim(leaf, 0, axis, keepdims=False)


@dataclass
class Call:
    """A call to capture; `made` are the containers among its arguments, which nobody else has."""

    function: Any  # a FunctionType, which type checkers would take for a method
    arguments: dict[str, Any]
    made: list[Any]

    @classmethod
    def of(cls, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """A call of anything that can be called, its arguments taken apart."""
        if jitted := getattr(function, "__xcs_jit__", None):
            function = jitted.python_function
        elif (method := _call_method(type(function))) is not None:
            function = types.MethodType(method, function)
        if not _is_plain(function):
            function, args = _apply, (function, *args)
        assert isinstance(function, types.FunctionType)
        call = cls(function, {}, [])
        signature = inspect.signature(function, follow_wrapped=False)
        bound = signature.bind(*args, **kwargs)
        given = set(bound.arguments)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            kind = signature.parameters[name].kind
            if name not in given or (function is _apply and name == "function"):
                call.arguments[name] = _constant_of(kind, value)
            elif kind is inspect.Parameter.VAR_POSITIONAL:
                call.arguments[name] = [call._flat(part) for part in value]
            elif kind is inspect.Parameter.VAR_KEYWORD:
                call.arguments[name] = {key: call._flat(part) for key, part in value.items()}
            else:
                call.arguments[name] = call._flat(value)
        return call

    def _flat(self, value: Any) -> Flat:
        return flatten(value, "argument", self.made)


def _call_method(kind: type) -> types.FunctionType | None:
    """The method by which objects of a class are called, if it is written in Python."""
    found = next(
        (vars(base)["__call__"] for base in kind.__mro__ if "__call__" in vars(base)), None
    )
    return found if isinstance(found, types.FunctionType) else None


def _is_plain(function: Any) -> bool:
    """Whether it is a user's function as written, and no decorator's, JAX's or ours."""
    return (
        isinstance(function, types.FunctionType)
        and not hasattr(function, "__wrapped__")
        and not hasattr(function, "__xcs_vmap__")
        and not is_library(function.__code__.co_filename)
    )


def _parameters(function: Any) -> list[str]:
    """The names of the parameters that take positional arguments, as far as they are known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _constant_of(kind: Any, value: Any) -> Any:
    """An argument that the caller left out, or that is no data."""
    if kind is inspect.Parameter.VAR_POSITIONAL:
        return []
    return {} if kind is inspect.Parameter.VAR_KEYWORD else constant(value)


def _apply(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """What is captured in place of a callable that is not a Python function."""
    return function(*args, **kwargs)


def _explain(name: str, error: Exception) -> str:
    return (
        f"{name} calls operators, which JAX cannot trace ({error}): map it outside of jax.jit, "
        "jax.grad and jax.vmap"
    )


def _is_mapped_over_lists(in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether mapped arguments hold what is no array, so that `jax.vmap` does not take them."""
    if is_array_tree((args, kwargs)):
        return False
    try:
        return Batch(args, kwargs, in_axes, None).has_lists
    except AxesError:
        return False


def _remember(kinds: set[Hashable], kind: Hashable) -> None:
    if len(kinds) >= MAX_REMEMBERED:
        kinds.clear()
    kinds.add(kind)


def _key(args: Any, kwargs: Any) -> Hashable:
    """What tells calls apart for which the function is traced anew."""
    leaves, tree = jax.tree_util.tree_flatten((args, kwargs))
    return tree, tuple(
        (type(v), getattr(v, "shape", None), getattr(v, "dtype", None)) for v in leaves
    )
