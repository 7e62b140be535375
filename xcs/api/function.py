"""`xcs.jit`: a function that is captured on its first call and runs compiled from then on."""

from __future__ import annotations

import ast
import functools
import inspect
import logging
import threading
import time
import traceback
import types
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

import numpy as np

from xcs.api.array_program import ArrayProgram, array_program, has_tracer
from xcs.api.config import Config
from xcs.api.pipeline import Lowered, lower
from xcs.api.stats import ARRAY_ANALYSIS as _ARRAY_ANALYSIS
from xcs.api.stats import Analysis, Stats, analyse
from xcs.frontend.arguments import Flat, flatten, is_static
from xcs.frontend.capture import (
    Captured,
    NotArrays,
    Promote,
    Unsupported,
    capture,
    leaves_of,
    wholes_of,
)
from xcs.frontend.guards import Guards
from xcs.frontend.source import function_node
from xcs.runtime import run
from xcs.runtime.errors import wrap_error

if TYPE_CHECKING:
    from xcs.api.stages import Traced

P = ParamSpec("P")
R = TypeVar("R")

MAX_PROGRAMS = 128
"""Programs kept for one function; the least recently used goes first."""
_log = logging.getLogger("xcs")


@dataclass
class Program:
    """One compiled form of a function: for arguments of given kinds, while its guards hold."""

    captured: Captured
    lowered: Lowered
    analysis: Analysis

    @property
    def guards(self) -> Guards:
        """What the program assumes of the world."""
        return self.captured.guards


@dataclass
class Fallback:
    """The function runs as plain Python; `reason` says why, with the line."""

    reason: str
    guards: Guards

    @property
    def analysis(self) -> Analysis:
        """The analysis that `get_jit_stats` shows."""
        return Analysis("fallback", fallback_reason=self.reason)


class Jitted(Protocol[P, R]):
    """A jitted function, as users see it. Calling it gives what plain Python gives, sooner."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[P, R]
    __xcs_jit__: JitFunction

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function: compiled where it can be, as plain Python where it cannot."""
        ...

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Jitted[P, R]: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Jitted[..., R]: ...

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """The function, bound to an object where it is its method."""
        ...

    def trace(self, *args: P.args, **kwargs: P.kwargs) -> Traced:
        """Capture for arguments of these kinds without running them; see `xcs.api.stages`."""
        ...

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """What was captured for such arguments, what runs at once, and what holds it back."""
        ...


class JitFunction:
    """What stands behind a jitted function: its programs, its options, its statistics."""

    def __init__(
        self,
        function: Callable[..., Any],
        config: Config,
        static_argnums: int | Iterable[int],
        static_argnames: str | Iterable[str],
    ):
        self.name: str = getattr(function, "__qualname__", type(function).__qualname__)
        self.config = config
        self.stats = Stats()
        self.python_function: Any = function
        self._signature = _signature(function)
        self._static = self._static_names(static_argnums, static_argnames)
        self._promoted: frozenset[str] = frozenset()
        self._whole: frozenset[str] = frozenset()
        self._programs: OrderedDict[Hashable, Program | Fallback] = OrderedDict()
        self._lock = threading.Lock()
        self.array: ArrayProgram | None = None
        self._array_refused: set[Hashable] = set()

    # --- calls ---

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function: compiled where it can be, as plain Python where it cannot."""
        if not isinstance(self.python_function, types.FunctionType):
            return self._run_plain(
                Fallback(_not_a_function(self.python_function), Guards()), args, kwargs
            )
        try:
            arguments = self.flatten_arguments(args, kwargs)
        except _CannotBind:
            return self.python_function(*args, **kwargs)  # Python's own error for a wrong call
        key = self._key(arguments)
        inside_jax = has_tracer((args, kwargs))
        if (
            key not in self._array_refused
            and all(leaf.kind != "object" for leaf in leaves_of(arguments))
            and not (self._changes_in_place and _takes_numpy(arguments))
        ):
            try:
                return self._call_array(args, kwargs, arguments)
            except Exception as error:
                if inside_jax and not isinstance(error, NotArrays | Unsupported):
                    raise
                # Either it is more than array code, or it fails: the program says how.
                _log.debug("%s is not one kernel: %s", self.name, error)
                self.array = None
                self._array_refused.add(key)
        if inside_jax:
            return self.python_function(*args, **kwargs)
        try:
            program, hit = self._program(arguments, key)
        except Promote as promotion:
            self.promote(arguments, promotion)
            return self.call(args, kwargs)
        if isinstance(program, Fallback) or has_tracer(list(program.guards.values())):
            return self._run_plain(program, args, kwargs)
        values = [leaf.example for leaf in (*leaves_of(arguments), *wholes_of(arguments))]
        return self.run_program(program, values, hit=hit)

    def run_program(self, program: Program, values: list[Any], *, hit: bool) -> Any:
        """Run a compiled program on the values of its dynamic leaves."""
        start = time.perf_counter()
        try:
            results, report = run(
                program.lowered.plan,
                values,
                max_workers=self.config.max_workers,
                record=self.config.profile,
            )
        finally:
            self.stats.ran(program.analysis, time.perf_counter() - start, hit=hit)
        if report is not None:
            self.stats.records = report.records
        return results[0]

    def _call_array(self, args: Any, kwargs: Any, arguments: Mapping[str, Any]) -> Any:
        """Call the function as one kernel. Raises `NotArrays` where it is more than array code."""
        start = time.perf_counter()
        array = self.array
        if array is None or not array.guards.hold():
            static = self._static | {
                name
                for name, flat in arguments.items()
                if isinstance(flat, Flat) and (name in self._promoted or is_static(flat))
            }
            array = array_program(
                self.python_function,
                self.flatten_arguments,
                sorted(static),
                strict=self.config.effects == "strict",
            )
        result = array.call(*args, **kwargs)
        self.array = array
        seconds = time.perf_counter() - start
        self.stats.compiled(seconds)
        self.stats.ran(_ARRAY_ANALYSIS, seconds, hit=False)
        return result

    def _run_plain(self, program: Program | Fallback, args: Any, kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return self.python_function(*args, **kwargs)
        except Exception as error:
            name, line = self.name, line_of(error, self.python_function)
            raise wrap_error(error, f"plain Python function {name}", name, line, ()) from error
        finally:
            self.stats.ran(program.analysis, time.perf_counter() - start, hit=False)

    # --- programs ---

    def _program(
        self, arguments: Mapping[str, Any], key: Hashable
    ) -> tuple[Program | Fallback, bool]:
        """The program for arguments of these kinds, and whether it was there already."""
        with self._lock:
            found = self._programs.get(key)
            if found is not None:
                self._programs.move_to_end(key)
        if found is not None and found.guards.hold():
            return found, True
        start = time.perf_counter()
        program = self.compile_for(arguments)
        self.stats.compiled(time.perf_counter() - start)
        with self._lock:
            self._programs[key] = program
            if len(self._programs) > MAX_PROGRAMS:
                self._programs.popitem(last=False)
        return program, False

    @functools.cached_property
    def _changes_in_place(self) -> bool:
        """Whether the source has ``x += y``, which changes a NumPy array that the caller holds."""
        try:
            tree = function_node(self.python_function)
        except Unsupported:
            return False
        return any(isinstance(node, ast.AugAssign) for node in ast.walk(tree))

    @property
    def programs(self) -> int:
        """How many compiled forms are kept."""
        return len(self._programs) + (self.array is not None)

    def primitives(self) -> Counter[str]:
        """JAX primitives in its kernels that have no op in the tensor dialect, and how often."""
        counted = Counter(self.array.primitives if self.array is not None else {})
        for program in list(self._programs.values()):
            if isinstance(program, Program):
                counted.update(program.lowered.primitives())
        return counted

    def capture_for(self, arguments: Mapping[str, Any]) -> Captured:
        """Capture for flattened arguments. Raises `Unsupported`, or `Promote`."""
        assert isinstance(self.python_function, types.FunctionType)
        return capture(self.python_function, arguments, strict=self.config.effects == "strict")

    def promote(self, arguments: Mapping[str, Any], promotion: Promote) -> None:
        """Take an argument differently from now on."""
        leaves = [*leaves_of(arguments), *wholes_of(arguments)]
        parameter = leaves[promotion.argument].parameter
        if promotion.whole:
            self._whole |= {parameter}
        else:
            self._promoted |= {parameter}

    def compile_for(self, arguments: Mapping[str, Any]) -> Program | Fallback:
        """Capture and compile for flattened arguments. Raises `Promote`."""
        try:
            return self.compile_captured(self.capture_for(arguments))
        except Unsupported as error:
            return Fallback(self.located(error), Guards())
        except Promote:
            raise
        except RecursionError:
            return Fallback("it is nested too deeply to be captured", Guards())
        except Exception as error:  # a bug in xcs must not take the program down
            _log.warning("xcs could not compile %s: %r", self.name, error, exc_info=True)
            return Fallback(f"compiling failed with {type(error).__name__}: {error}", Guards())

    def compile_captured(self, captured: Captured) -> Program | Fallback:
        """Run the pipeline over what was captured; a program with nothing in it stays Python."""
        partial = "; ".join(f"line {line}: {reason}" for line, reason in captured.native_parts)
        module = captured.module
        if _is_plain(module):
            reason = partial or "it calls no operator and no array code"
            return Fallback(reason, captured.guards)
        lowered = lower(module, captured.objects)
        return Program(captured, lowered, analyse(module, captured.array_runs, partial or None))

    def located(self, error: Unsupported) -> str:
        """The reason with the place in the source that it is about."""
        code = self.python_function.__code__  # type: ignore[attr-defined]
        return f"{code.co_filename}:{error.line or code.co_firstlineno}: {error.reason}"

    # --- arguments ---

    def flatten_arguments(self, args: Any, kwargs: Any) -> dict[str, Any]:
        """Each parameter's argument, taken apart; defaults are arguments too."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _CannotBind(f"{self.name}() {error}") from None
        bound.apply_defaults()
        found: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            kind = self._signature.parameters[name].kind
            one = functools.partial(
                flatten,
                parameter=name,
                static=name in self._static,
                promoted=self._promoted,
                whole=self._whole,
            )
            if kind is inspect.Parameter.VAR_POSITIONAL:
                found[name] = [one(v) for v in value]
            elif kind is inspect.Parameter.VAR_KEYWORD:
                found[name] = {k: one(v) for k, v in value.items()}
            else:
                found[name] = one(value)
        return found

    def key_of(self, args: Any, kwargs: Any) -> Hashable:
        """The cache key of such arguments: what a program is compiled for."""
        return self._key(self.flatten_arguments(args, kwargs))

    def program_for(self, args: Any, kwargs: Any) -> Program | None:
        """The program that a call with such arguments would run, if it was compiled already."""
        found = self._programs.get(self.key_of(args, kwargs))
        return found if isinstance(found, Program) else None

    def values_of(self, args: Any, kwargs: Any) -> list[Any]:
        """The dynamic values in the arguments, in the order that programs take them."""
        return [leaf.example for leaf in leaves_of(self.flatten_arguments(args, kwargs))]

    def _key(self, arguments: Mapping[str, Any]) -> Hashable:
        return tuple(_keys(flat) for flat in arguments.values())

    def _static_names(
        self, numbers: int | Iterable[int], names: str | Iterable[str]
    ) -> frozenset[str]:
        numbers = (numbers,) if isinstance(numbers, int) else tuple(numbers)
        names = (names,) if isinstance(names, str) else tuple(names)
        parameters = list(self._signature.parameters) if self._signature is not None else []
        found = set(names)
        for number in numbers:
            if not -len(parameters) <= number < len(parameters):
                raise ValueError(
                    f"static_argnums={number}: {self.name} has {len(parameters)} parameters"
                )
            found.add(parameters[number])
        if unknown := found - set(parameters):
            raise ValueError(
                f"static_argnames={sorted(unknown)}: {self.name} has no such parameter; "
                f"it has {parameters}"
            )
        return frozenset(found)

    # --- other uses ---

    def trace(self, *args: Any, **kwargs: Any) -> Traced:
        """Capture for arguments of these kinds without running; see `xcs.api.stages`."""
        from xcs.api.stages import Traced

        return Traced(self, args, kwargs)

    def explain(self, *args: Any, **kwargs: Any) -> str:
        """What was captured for such arguments, what runs at once, and what holds it back."""
        from xcs.api.explain import explain

        return explain(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<xcs.jit of {self.name}>"


def _front(function: JitFunction) -> Any:
    """The Python function that users call: the warm path of array functions, and the way in."""

    def jitted(*args: Any, **kwargs: Any) -> Any:
        array = function.array
        if array is not None and ((fresh := array.fresh) is None or fresh()):
            # The whole function is one kernel: little more than jax.jit's own dispatch.
            try:
                result = array.call(*args, **kwargs) if kwargs else array.call(*args)
            except Exception:
                if has_tracer((args, kwargs)):
                    raise
            else:
                # Not timed, since JAX computes after it returns. No lock: CPython does not switch
                # threads within this statement.
                function.stats.warm_calls += 1
                return result
        return function.call(args, kwargs)

    jitted.__name__ = jitted.__qualname__ = function.name
    functools.update_wrapper(jitted, function.python_function)
    jitted.__xcs_jit__ = function  # type: ignore[attr-defined]
    jitted.trace = function.trace  # type: ignore[attr-defined]
    jitted.explain = function.explain  # type: ignore[attr-defined]
    return jitted


class _CannotBind(TypeError):
    """The arguments do not fit the function's parameters."""


def _keys(flat: Flat | list[Flat] | dict[str, Flat]) -> Hashable:
    if isinstance(flat, list):
        return tuple(part.key for part in flat)
    if isinstance(flat, dict):
        return tuple((name, part.key) for name, part in flat.items())
    return flat.key


def _takes_numpy(arguments: Mapping[str, Any]) -> bool:
    return any(isinstance(leaf.example, np.ndarray) for leaf in leaves_of(arguments))


def line_of(error: BaseException, function: Any) -> str:
    """``"file:line"`` of the last line of the function's own file that the error passed."""
    code = getattr(function, "__code__", None)
    place = f"{code.co_filename}:{code.co_firstlineno}" if code is not None else "?"
    for frame, line in traceback.walk_tb(error.__traceback__):
        if code is not None and frame.f_code.co_filename == code.co_filename:
            place = f"{code.co_filename}:{line}"
    return place


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return inspect.Signature()


def _not_a_function(function: Any) -> str:
    return f"{type(function).__name__} objects are not captured, only Python functions"


def _is_plain(module: Any) -> bool:
    """Whether the program has nothing to overlap or compile, so that Python itself runs it best."""
    from xcs.dialects import orch, xtensor

    for op in module.walk():
        if isinstance(op, orch.CallOp | orch.InvokeOp | orch.LaunchOp):
            return False
        if op.get_traits_of_type(xtensor.OpClass):
            return False
    return True


@overload
def jit(
    function: Callable[P, R],
    /,
    *,
    config: Config | None = None,
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Jitted[P, R]: ...


@overload
def jit(
    *,
    config: Config | None = None,
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Callable[[Callable[P, R]], Jitted[P, R]]: ...


def jit(
    function: Callable[P, R] | None = None,
    /,
    *,
    config: Config | None = None,
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Any:
    """Compile a function that calls models, tools or array code.

    Args:
        function: what to compile; without it, a decorator is returned.
        config: options of compilation and of running.
        static_argnums: positions of parameters whose values belong to the compiled program.
        static_argnames: names of such parameters. Their arguments must be hashable.

    Returns:
        A function with the same results, errors and order of effects. What it captured, and why
        anything stayed plain Python, is told by `get_jit_stats` and by its `explain` method.

    Raises:
        TypeError: if what is decorated cannot be called, or `config` is not a `Config`.
        ValueError: if a static parameter does not exist.
    """
    if config is not None and not isinstance(config, Config):
        raise TypeError(f"xcs.jit(config={config!r}): expected an xcs.Config")

    def decorate(target: Any) -> Any:
        if isinstance(getattr(target, "__xcs_jit__", None), JitFunction):
            return target
        if isinstance(target, staticmethod | classmethod):
            return type(target)(decorate(target.__func__))
        if not callable(target):
            target_is_config = isinstance(target, Config)
            hint = "; options go by keyword: xcs.jit(config=...)" if target_is_config else ""
            raise TypeError(
                f"xcs.jit expects a callable, but was given {target!r} "
                f"({type(target).__name__}){hint}"
            )
        return _front(JitFunction(target, config or Config(), static_argnums, static_argnames))

    return decorate if function is None else decorate(function)


def get_jit_stats(function: Any) -> dict[str, Any]:
    """What is known of a jitted function's program and runs.

    Before the first call it is ``{"status": "no_data"}``. Times are in milliseconds.

    Raises:
        TypeError: if the function is not jitted.
    """
    target = getattr(function, "__xcs_jit__", None)
    if not isinstance(target, JitFunction):
        raise TypeError(f"get_jit_stats expects a function made by xcs.jit, got {function!r}")
    stats = target.stats.as_dict()
    if stats["status"] == "no_data":
        return stats
    primitives = dict(target.primitives())
    return {**stats, "programs": target.programs, "primitives_without_op": primitives}
