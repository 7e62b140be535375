"""`xcs.jit`: a function that is captured on its first call and runs compiled from then on."""

from __future__ import annotations

import ast
import functools
import inspect
import logging
import operator
import os
import threading
import time
import traceback
import types
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, overload

import jax
import numpy as np

from xcs.api.array_program import (
    RUN_ERRORS,
    ArrayProgram,
    array_program,
    has_tracer,
    jit_is_disabled,
)
from xcs.api.collection import without_collection
from xcs.api.config import Config
from xcs.api.front import USERS_METHODS, Front
from xcs.api.parameters import Chosen, choose, jax_options
from xcs.api.pipeline import ORCHESTRATION, Lowered, lower
from xcs.api.stats import ARRAY_ANALYSIS as _ARRAY_ANALYSIS
from xcs.api.stats import Analysis, Stats, analyse
from xcs.frontend.arguments import (
    Flat,
    Identity,
    StaticArgumentError,
    constant,
    flatten,
    is_array_tree,
    leaves_of,
)
from xcs.frontend.array_trace import NotArrays
from xcs.frontend.capture import Arguments, Captured, capture_program, describe_arguments
from xcs.frontend.classify import classify
from xcs.frontend.guards import Guards
from xcs.frontend.interpretation.lookup import class_attribute
from xcs.frontend.source import function_node, is_library
from xcs.frontend.unsupported import Unsupported
from xcs.kernels import trace_context
from xcs.runtime import run, run_async
from xcs.runtime.errors import XCSError, wrap_error

if TYPE_CHECKING:
    from xcs.api import stages

P = ParamSpec("P")
R = TypeVar("R")

MAX_PROGRAMS = 128
"""Programs kept for one function; the least recently used goes first."""
MAX_VARIANTS = 8
"""Programs kept for arguments of the same kinds that differ in what they lead to."""
_log = logging.getLogger("xcs")


@dataclass
class Program:
    """One compiled form of a function: for arguments of given kinds, while its guards hold."""

    captured: Captured
    lowered: Lowered
    analysis: Analysis

    def fits(self, values: list[Any]) -> bool:
        """Whether what was assumed of the world, and of what arguments lead to, still holds."""
        return self.captured.guards.hold() and self.captured.fits(values)

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


_NOT_ON_ASYNCIO = Fallback("it is run by no event loop of asyncio", Guards())


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

    # The arguments of the next three may be `jax.ShapeDtypeStruct`s in place of arrays.

    def trace(self, *args: Any, **kwargs: Any) -> stages.Traced:
        """Capture for arguments of these kinds without running them; see `xcs.api.stages`."""
        ...

    def lower(self, *args: Any, **kwargs: Any) -> stages.Lowered:
        """Capture for arguments of these kinds, and run the passes."""
        ...

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The types of what a function of arrays returns, as `jax.eval_shape` gives them."""
        ...

    def clear_cache(self) -> None:
        """Drop all compiled programs."""
        ...

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """What was captured for such arguments, what runs at once, and what holds it back."""
        ...


@dataclass(frozen=True)
class Options:
    """What `jit` is told beside the function.

    `donated` are parameters, and `array` holds options of `jax.jit` that only functions of array
    code can honour.
    """

    config: Config = field(default_factory=Config)
    static_argnums: int | Iterable[int] | None = None
    static_argnames: str | Iterable[str] | None = None
    donate_argnums: int | Iterable[int] | None = None
    donate_argnames: str | Iterable[str] | None = None
    array: Mapping[str, Any] = field(default_factory=dict)


class JitFunction:
    """What stands behind a jitted function: its programs, its options, its statistics."""

    pipeline = ORCHESTRATION
    """The passes over what is captured."""

    def __init__(self, target: Callable[..., Any], options: Options):
        self.name: str = getattr(target, "__qualname__", type(target).__qualname__)
        self.config = options.config
        self.stats = Stats()
        self.python_function: Any = _as_function(target)
        self.is_async = inspect.iscoroutinefunction(self.python_function)
        """Whether a call gives a coroutine."""
        self._parts = _parameters_of(self.python_function)
        self._signature = _signature(self.python_function, wrapped=False)
        self._static = self._choose(
            target, "static", options.static_argnums, options.static_argnames
        )
        self._donated = self._choose(
            target, "donate", options.donate_argnums, options.donate_argnames
        )
        if both := self._static.names & self._donated.names:
            raise ValueError(f"{self.name}: {sorted(both)} cannot be both static and donated")
        self._array_options = options.array
        self._fallbacks: OrderedDict[Hashable, Fallback] = OrderedDict()
        self._orchestrations: OrderedDict[Hashable, tuple[Program, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self.array: ArrayProgram | None = None
        self._mixed = False
        self._array_refused: set[Hashable] = set()
        self.front = Front(target, self._signature, self.call, self._check_error, self.stats)

    def _choose(self, target: Any, option: str, numbers: Any, names: Any) -> Chosen:
        """The parameters that an option names, as those of `python_function`."""
        signature = _signature(target)
        chosen = choose(signature, self.name, option, numbers, names)
        if signature == self._signature:
            return chosen
        by_position = jax_options(signature, option, chosen)[f"{option}_argnums"]
        return Chosen(chosen.names, frozenset(by_position))

    # --- calls ---

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function: compiled where it can be, as plain Python where it cannot."""
        if not isinstance(self.python_function, types.FunctionType):
            return self._run_plain(
                Fallback(_not_a_function(self.python_function), Guards()), args, kwargs
            )
        if jit_is_disabled():
            return self.python_function(*args, **kwargs)
        try:
            described = self.described(args, kwargs)
        except StaticArgumentError:
            raise
        except TypeError:
            return self.python_function(*args, **kwargs)  # Python's own error for a wrong call
        if self.is_async:
            return self._awaited(args, kwargs, described)
        if (known := self.known_program(described)) is not None:
            return self.run_program(known, described.values, hit=True)
        arguments = self.flatten_arguments(args, kwargs)
        key = self._key(arguments)
        inside_jax = has_tracer((args, kwargs))
        if key not in self._array_refused and not self.may_be_array_code(arguments):
            self._array_refused.add(key)
        if key not in self._array_refused:
            try:
                return self._call_array(args, kwargs, arguments)
            except Exception as error:
                self._check_error(error)
                if inside_jax and not isinstance(error, NotArrays | Unsupported):
                    raise
                # Either it is more than array code, or it fails: the program says how.
                _log.debug("%s is not one kernel: %s", self.name, error)
                self._array_refused.add(key)
        if self._array_options:
            raise XCSError(
                f"{self.name}: {', '.join(self._array_options)} cannot be honoured, since it is "
                f"not array code alone; see its explain method"
            )
        if inside_jax:
            return self.python_function(*args, **kwargs)
        program = self.program(described, key)
        if isinstance(program, Fallback) or has_tracer(list(program.guards.values())):
            result = self._run_plain(program, args, kwargs)
        else:
            result = self.run_program(program, described.values, hit=False)
        if self.array is not None and not self._mixed:
            # For some arguments it is one kernel, for others it is not: which, is seen here.
            self._mixed = True
            self.front.install(None)
        return result

    async def _awaited(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], described: Arguments
    ) -> Any:
        """What a call of an async function gives: the program runs on the loop that awaits it."""
        found = self.known_program(described) if _on_asyncio() else None
        hit = found is not None
        if found is None:
            key = self._key(self.flatten_arguments(args, kwargs))
            found = self.program(described, key) if _on_asyncio() else _NOT_ON_ASYNCIO
        program = found if isinstance(found, Program) else None
        analysis = found.analysis
        start = time.perf_counter()
        try:
            if program is None:
                return await self.python_function(*args, **kwargs)
            results, report = await run_async(
                program.lowered.plan,
                described.values,
                max_workers=self.config.max_workers,
                record=self.config.profile,
                holds_output=self.config.console == "held",
            )
        except Exception as error:
            if program is not None:
                raise
            raise self._described(error)  # noqa: B904  whose cause is the error, if it is another
        finally:
            self.stats.ran(analysis, time.perf_counter() - start, hit=hit)
        if report is not None:
            self.stats.records = report.records
        return results[0]

    def run_program(self, program: Program, values: list[Any], *, hit: bool) -> Any:
        """Run a compiled program on the values of its dynamic leaves."""
        start = time.perf_counter()
        try:
            results, report = run(
                program.lowered.plan,
                values,
                max_workers=self.config.max_workers,
                record=self.config.profile,
                holds_output=self.config.console == "held",
            )
        finally:
            self.stats.ran(program.analysis, time.perf_counter() - start, hit=hit)
        if report is not None:
            self.stats.records = report.records
        return results[0]

    def may_be_array_code(self, arguments: Mapping[str, Any]) -> bool:
        """Whether the arguments are such as `jax.jit` takes, and there are arrays at all."""
        if self.is_async:
            return False
        leaves = leaves_of(arguments)
        if self._changes_in_place and any(isinstance(v.example, np.ndarray) for v in leaves):
            return False
        if not all(leaf.kind != "object" or is_array_tree(leaf.example) for leaf in leaves):
            return False
        return _has_arrays(arguments) or self._reaches_arrays

    def _call_array(self, args: Any, kwargs: Any, arguments: Mapping[str, Any]) -> Any:
        """Call the function as one kernel. Raises `NotArrays` where it is more than array code."""
        start = time.perf_counter()
        array, static = self.array, self._array_static(arguments)
        if array is None or not array.guards.hold() or not static <= array.static:
            donated = jax_options(self._signature, "donate", self._donated.without(static.names))
            array = array_program(
                self.python_function,
                self.flatten_arguments,
                static,
                {
                    **jax_options(self._signature, "static", static),
                    **donated,
                    **self._array_options,
                },
                self.config.optimize,
            )
        traces = array.traces
        result = array.run(args, kwargs)
        self._use_array(array)
        seconds, hit = time.perf_counter() - start, array.traces == traces
        if not hit:
            self.stats.compiled(seconds)
        self.stats.ran(_ARRAY_ANALYSIS, seconds, hit=hit)
        return result

    def _array_static(self, arguments: Mapping[str, Any]) -> Chosen:
        """What `jax.jit` must be told is static: as chosen, and what is no data."""
        names, positions = set(self._static.names), set(self._static.positions)
        for name, found in arguments.items():
            if isinstance(found, list):
                first = list(arguments).index(name)
                positions |= {first + i for i, flat in enumerate(found) if _is_no_data(flat)}
            elif isinstance(found, dict):
                names |= {key for key, flat in found.items() if _is_no_data(flat)}
            elif _is_no_data(found):
                names.add(name)
        return Chosen(frozenset(names), frozenset(positions))

    def _use_array(self, array: ArrayProgram) -> None:
        """Let the front call this program from now on."""

        def install(program: ArrayProgram) -> None:
            if self.array is program and not self._mixed:
                self.front.install(program)

        with self._lock:
            if self.array is not array:
                self.array, array.changed = array, install
                install(array)

    def _check_error(self, error: Exception) -> None:
        """Raise the error of a kernel that has run: its effects have happened, so it is the call's.

        Any other may only say that the function is not array code for such arguments.
        """
        if isinstance(error, RUN_ERRORS):
            place = line_of(error, self.python_function)
            raise wrap_error(error, f"kernel {self.name}", self.name, place, ())

    def _run_plain(self, program: Program | Fallback, args: Any, kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return self.python_function(*args, **kwargs)
        except Exception as error:
            raise self._described(error)  # noqa: B904  whose cause is the error, if it is another
        finally:
            self.stats.ran(program.analysis, time.perf_counter() - start, hit=False)

    def _described(self, error: Exception) -> BaseException:
        """An error of the function as plain Python."""
        name, line = self.name, line_of(error, self.python_function)
        return wrap_error(error, f"plain Python function {name}", name, line, ())

    # --- programs ---

    def described(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The arguments of a call, as programs that are no array code take them."""
        names, positions, given = self._static.names, self._static.positions, len(args)
        self._look_at_parameters()

        def is_static(name: str, place: int | None) -> bool:
            if name in names:
                return True
            return place is not None and place < given and bool({place, place - given} & positions)

        if not (names or positions):
            return describe_arguments(self._signature, args, kwargs)
        return describe_arguments(self._signature, args, kwargs, is_static)

    def _look_at_parameters(self) -> None:
        """Take note of defaults and code that the function was given since the last call."""
        parts = _parameters_of(self.python_function)
        known = self._parts
        if len(parts) != len(known) or not all(map(operator.is_, parts, known)):
            self._parts, self._signature = parts, _signature(self.python_function, wrapped=False)

    def known_program(self, described: Arguments) -> Program | None:
        """The program for such arguments, if there is one."""
        for program in self._orchestrations.get((trace_context(), described.key), ()):
            if program.fits(described.values):
                return program
        return None

    def program(self, described: Arguments, key: Hashable) -> Program | Fallback:
        """Capture and compile the function for such arguments, unless it is known to stay plain."""
        kept = self._fallbacks.get(key)
        if kept is not None and kept.guards.hold():
            return kept
        start = time.perf_counter()
        program = self._compile(described)
        self.stats.compiled(time.perf_counter() - start)
        with self._lock:
            if isinstance(program, Fallback):
                _keep(self._fallbacks, key, program)
            else:
                kinds = (trace_context(), described.key)
                variants = self._orchestrations.pop(kinds, ())
                # The newest first; those whose assumptions are past come last and are dropped.
                _keep(self._orchestrations, kinds, (program, *variants)[:MAX_VARIANTS])
        return program

    @without_collection()
    def _compile(self, described: Arguments) -> Program | Fallback:
        try:
            return self.compile_captured(self.captured_for(described))
        except Unsupported as error:
            return Fallback(self.located(error), Guards())
        except RecursionError:
            return Fallback("it is nested too deeply to be captured", Guards())
        except Exception as error:  # a bug in xcs must not take the program down
            _log.warning("xcs could not compile %s: %r", self.name, error, exc_info=True)
            return Fallback(f"compiling failed with {type(error).__name__}: {error}", Guards())

    def captured_for(self, described: Arguments) -> Captured:
        """Capture the function as a program. Raises `Unsupported` where that cannot be done."""
        policy = self.config.policy
        function = self.python_function
        assert isinstance(function, types.FunctionType)
        captured = capture_program(function, described, policy=policy)
        if not captured.fits(described.values):
            captured = capture_program(function, described, policy=policy, coarse=True)
        return captured

    def compile_captured(self, captured: Captured) -> Program | Fallback:
        """Run the pipeline over what was captured; a program with nothing in it stays Python."""
        module = captured.module
        partial = "; ".join(f"line {line}: {reason}" for line, reason in captured.native_parts)
        if _is_plain(module):
            reason = partial or "it calls no operator and no array code"
            return Fallback(reason, captured.guards)
        policy = self.config.policy
        effects = lambda callee: classify(callee).under(policy).effects
        lowered = lower(module, captured.objects, effects, self.pipeline, self.config.optimize)
        return Program(captured, lowered, analyse(module, captured.array_runs, partial or None))

    @property
    def _reaches_arrays(self) -> bool:
        """Whether the function may come to array code. Else numbers are Python's own in it."""
        what = classify(self.python_function)
        return what.kind in ("tensor", "unknown") or "tensor" in what.reaches

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
        orchestrations = sum(map(len, self._orchestrations.values()))
        return len(self._fallbacks) + orchestrations + (self.array is not None)

    def primitives(self) -> Counter[str]:
        """JAX primitives in its kernels that have no op in the tensor dialect, and how often."""
        counted = Counter(self.array.primitives if self.array is not None else {})
        for variants in list(self._orchestrations.values()):
            for program in variants:
                counted.update(program.lowered.primitives())
        return counted

    def located(self, error: Unsupported) -> str:
        """The reason with the place in the source that it is about."""
        code = self.python_function.__code__  # type: ignore[attr-defined]
        return f"{code.co_filename}:{error.line or code.co_firstlineno}: {error.reason}"

    # --- arguments ---

    def flatten_arguments(
        self, args: Any, kwargs: Any, made: list[Any] | None = None
    ) -> dict[str, Any]:
        """Each parameter's argument, taken apart; for `made`, see `flatten`.

        Defaults are arguments too, except to array code, for which they are constants.
        """
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _CannotBind(f"{self.name}() {error}") from None
        given = frozenset(bound.arguments)
        bound.apply_defaults()
        static, positions = self._static.names, self._static.positions
        found: dict[str, Any] = {}

        def one(name: str, value: Any, is_static: bool) -> Flat:
            return flatten(value, name, static=is_static, made=made)

        def is_chosen(name: str, place: int) -> bool:
            at_place = place in positions or place - len(args) in positions
            return name in static or (place < len(args) and at_place)

        for number, (name, value) in enumerate(bound.arguments.items()):
            kind = self._signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                found[name] = [
                    one(name, v, is_chosen(name, i)) for i, v in enumerate(value, start=number)
                ]
            elif kind is inspect.Parameter.VAR_KEYWORD:
                found[name] = {k: one(name, v, k in static) for k, v in value.items()}
            elif made is not None and name not in given:
                found[name] = constant(value)
            else:
                place = len(args) if kind is inspect.Parameter.KEYWORD_ONLY else number
                found[name] = one(name, value, is_chosen(name, place))
        return found

    def program_for(self, args: Any, kwargs: Any) -> Program | None:
        """The program that a call with such arguments would run, if it was compiled already."""
        return self.known_program(self.described(args, kwargs))

    def _key(self, arguments: Mapping[str, Any]) -> Hashable:
        return (trace_context(), *(_keys(flat) for flat in arguments.values()))

    # --- other uses ---

    def trace(self, *args: Any, **kwargs: Any) -> stages.Traced:
        """Capture for arguments of these kinds without running; see `xcs.api.stages`."""
        from xcs.api.stages import Traced

        return Traced(self, args, kwargs)

    def lower(self, *args: Any, **kwargs: Any) -> stages.Lowered:
        """Capture for arguments of these kinds, and run the passes."""
        return self.trace(*args, **kwargs).lower()

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The types of what a function returns. Raises TypeError if it calls operators."""
        if called := self.trace(*args, **kwargs).operators:
            raise TypeError(f"{self.name}() calls {called[0]}, so only a run tells the types")
        return jax.eval_shape(self.front.function, *args, **kwargs)

    def clear_cache(self) -> None:
        """Drop all compiled programs."""
        with self._lock:
            self._fallbacks.clear()
            self._orchestrations.clear()
            self.array = None
            self.front.install(None)

    def explain(self, *args: Any, **kwargs: Any) -> str:
        """What was captured for such arguments, what runs at once, and what holds it back."""
        from xcs.api.explain import explain

        return explain(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<xcs.jit of {self.name}>"


class _CannotBind(TypeError):
    """The arguments do not fit the function's parameters."""


def _keys(flat: Flat | list[Flat] | dict[str, Flat]) -> Hashable:
    if isinstance(flat, list):
        return tuple(part.key for part in flat)
    if isinstance(flat, dict):
        return tuple((name, part.key) for name, part in flat.items())
    return flat.key


def _on_asyncio() -> bool:
    """Whether an event loop of asyncio runs here; a coroutine may be run by another one's."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _keep(kept: OrderedDict[Hashable, Any], key: Hashable, value: Any) -> None:
    """Keep a value; the oldest goes where there are too many."""
    kept[key] = value
    if len(kept) > MAX_PROGRAMS:
        kept.popitem(last=False)


def _has_arrays(arguments: Mapping[str, Any]) -> bool:
    return any(leaf.kind in ("array", "key") for leaf in leaves_of(arguments))


def _is_no_data(flat: Flat) -> bool:
    """Whether the argument is a function, an object or a promoted value: nothing for `jax.jit`."""
    if flat.leaves:
        return False
    value = flat.rebuild(iter(()))
    if not is_array_tree(value):
        return True
    # Objects that can be called are told apart by identity, though they may be pytrees of arrays.
    arrays = (isinstance(v, jax.Array | np.ndarray) for v in jax.tree_util.tree_leaves(value))
    return not (isinstance(flat.key, Identity) or any(arrays))


def line_of(error: BaseException, function: Any) -> str:
    """``"file:line"`` of the last line of the function's own file that the error passed."""
    code = getattr(function, "__code__", None)
    place = f"{code.co_filename}:{code.co_firstlineno}" if code is not None else "?"
    for frame, line in traceback.walk_tb(error.__traceback__):
        if code is not None and frame.f_code.co_filename == code.co_filename:
            place = f"{code.co_filename}:{line}"
    return place


def _signature(function: Callable[..., Any], *, wrapped: bool = True) -> inspect.Signature:
    """A function's signature; for one that stands in for another, that of the `wrapped` one."""
    try:
        return inspect.signature(function, follow_wrapped=wrapped)
    except (TypeError, ValueError):
        return inspect.Signature(_ANYTHING)


def _parameters_of(function: Any) -> tuple[Any, ...]:
    """What a function's parameters and their defaults follow from."""
    if not isinstance(function, types.FunctionType):
        return ()
    named = function.__kwdefaults__
    return function.__code__, function.__defaults__, *(named.values() if named else ())


_ANYTHING = [
    inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
    inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
]


def _as_function(target: Any) -> Any:
    """A Python function that calls what is jitted, where capture can then look inside of it."""
    if isinstance(target, types.FunctionType):
        of_jax = target.__code__.co_filename.startswith(_JAX)  # what jax.grad made
    else:
        of_jax = type(target).__module__.partition(".")[0] in ("jax", "jaxlib")
    calls = class_attribute(type(target), "__call__")
    is_object = isinstance(calls, types.FunctionType) and not is_library(calls.__code__.co_filename)
    if not (of_jax or is_object or isinstance(target, types.MethodType | functools.partial)):
        return target

    def forward(*args: Any, **kwargs: Any) -> Any:
        return target(*args, **kwargs)

    return forward


_JAX = os.path.dirname(jax.__file__) + os.sep


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


class ArrayOptions(TypedDict, total=False):
    """Options of `jax.jit` for functions of array code; see there."""

    in_shardings: Any
    out_shardings: Any
    keep_unused: bool
    inline: bool
    compiler_options: dict[str, Any] | None


@overload
def jit(
    function: Callable[P, R],
    /,
    *,
    config: Config | None = None,
    static_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    **array_options: Unpack[ArrayOptions],
) -> Jitted[P, R]: ...


@overload
def jit(
    *,
    config: Config | None = None,
    static_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    **array_options: Unpack[ArrayOptions],
) -> Callable[[Callable[P, R]], Jitted[P, R]]: ...


def jit(
    function: Callable[P, R] | None = None,
    /,
    *,
    config: Config | None = None,
    static_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    **array_options: Unpack[ArrayOptions],
) -> Any:
    """Compile a function that calls models, tools or array code.

    Args:
        function: what to compile; without it, a decorator is returned.
        config: options of compilation and of running.
        static_argnums: positions of parameters whose values belong to the compiled program.
        static_argnames: names of such parameters. Their arguments must be hashable.
        donate_argnums: positions of parameters whose arrays the function may overwrite, as under
            `jax.jit`: the caller cannot use them afterwards. Ignored where the function is more
            than array code.
        donate_argnames: names of such parameters.
        array_options: `in_shardings`, `out_shardings`, `keep_unused`, `inline`, `compiler_options`,
            as `jax.jit` takes them; for functions of array code alone.

    Returns:
        A function with the same results, errors and order of effects. What it captured, and why
        anything stayed plain Python, is told by `get_jit_stats` and by its `explain` method. Under
        `jax.disable_jit` it runs as plain Python.

    Raises:
        TypeError: if what is decorated cannot be called, `config` is not a `Config`, or an option
            is unknown.
        ValueError: if a static or donated parameter does not exist, or is both.
        XCSError: at a call, if there are `array_options` and the function is more than array code.
    """
    if config is not None and not isinstance(config, Config):
        raise TypeError(f"xcs.jit(config={config!r}): expected an xcs.Config")
    if unknown := array_options.keys() - ArrayOptions.__annotations__.keys():
        raise TypeError(f"xcs.jit got an unexpected option: {', '.join(sorted(unknown))}")
    options = Options(
        config or Config(),
        static_argnums,
        static_argnames,
        donate_argnums,
        donate_argnames,
        dict(array_options),
    )

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
        return _jitted(JitFunction(target, options))

    return decorate if function is None else decorate(function)


def _jitted(function: JitFunction) -> Any:
    """What users call, with what they may ask of it."""
    jitted = function.front.function
    jitted.__xcs_jit__ = function
    for name in USERS_METHODS:
        setattr(jitted, name, getattr(function, name))
    return jitted


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
