"""`xcs.jit`: a function that is captured on its first call and runs compiled from then on."""

from __future__ import annotations

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

from xcs.api.array_program import RUN_ERRORS, ArrayProgram, has_tracer, jit_is_disabled
from xcs.api.array_route import ArrayCall, ArrayRoute
from xcs.api.collection import without_collection
from xcs.api.config import Config
from xcs.api.deferred import DeferredKernel
from xcs.api.front import USERS_METHODS, Front
from xcs.api.notices import Notices
from xcs.api.parameters import Chosen, choose, jax_options
from xcs.api.pipeline import ORCHESTRATION, Lowered, lower
from xcs.api.stats import ARRAY_CODE, Analysis, LastRun, Stats, analyse
from xcs.api.taped import are_known_tracers, run_on_views
from xcs.frontend.arguments import Flat, StaticArgumentError, constant, flatten
from xcs.frontend.array_trace import NotArrays
from xcs.frontend.capture import Arguments, Captured, capture_program, describe_arguments
from xcs.frontend.classify import classify, objects_changed
from xcs.frontend.guards import Guards
from xcs.frontend.interpretation.lookup import class_attribute
from xcs.frontend.source import is_library
from xcs.frontend.unsupported import Unsupported
from xcs.kernels import trace_context
from xcs.runtime import DEFAULT_MAX_WORKERS, run, run_async
from xcs.runtime.errors import XCSError, wrap_error
from xcs.runtime.report import CallLog
from xcs.runtime.spans import span_of_run

if TYPE_CHECKING:
    from xcs.api import stages
    from xcs.api.draw import Drawing
    from xcs.api.explain import Explanation

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
    partial: str | None
    """What stays plain Python of it, if anything does."""

    _analysis: Analysis | None = None

    @property
    def analysis(self) -> Analysis:
        """The analysis that `get_jit_stats` shows, made when somebody asks."""
        if self._analysis is None:
            runs = self.captured.array_runs
            self._analysis = analyse(self.lowered.module, runs, self.partial)
        return self._analysis

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

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        """Capture for arguments of these kinds without running them; see `xcs.api.stages`."""
        ...

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Capture for arguments of these kinds, and run the passes."""
        ...

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The types of what a function of arrays returns, as `jax.eval_shape` gives them."""
        ...

    def clear_cache(self) -> None:
        """Drop all compiled programs."""
        ...

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """What was captured for such arguments, what runs at once, and what holds it back.

        It is text, with its data in `as_dict` and `remarks`, and a table in `as_html`. Nothing is
        run. Once the function has been called, it also says what a change would have brought then.
        """
        ...

    def draw(self, *args: Any, **kwargs: Any) -> Drawing:
        """A picture of the program for such arguments, as SVG; it is not run."""
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
        self.config = config = options.config
        self._run_options: dict[str, Any] = {
            "max_workers": config.max_workers,
            "record": config.profile,
            "holds_output": config.console == "held",
            "progress": config.progress,
        }
        self.stats = Stats(self.name)
        self.python_function: Any = _as_function(target)
        self.is_async = inspect.iscoroutinefunction(self.python_function)
        """Whether a call gives a coroutine."""
        self._parts = _parameters_of(self.python_function)
        self.signature = _signature(self.python_function, wrapped=False)
        self.static = self._choose(
            target, "static", options.static_argnums, options.static_argnames
        )
        self.donated = self._choose(
            target, "donate", options.donate_argnums, options.donate_argnames
        )
        if both := self.static.names & self.donated.names:
            raise ValueError(f"{self.name}: {sorted(both)} cannot be both static and donated")
        self.array_options = options.array
        self._fallbacks: OrderedDict[Hashable, Fallback] = OrderedDict()
        self._orchestrations: OrderedDict[Hashable, tuple[Program, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self.place = _place_of(self.python_function)
        """The file and line where the function is defined."""
        self.notices = Notices(
            self.name,
            self.place,
            is_required=options.config.require == "compiled",
        )
        self.arrays = ArrayRoute(self)
        self._mixed = False
        self.last_program: Program | None = None
        """What ran last, unless it was plain Python or array code."""
        self.front = Front(target, self.signature, self.call, self._check_error, self.stats)

    def _choose(self, target: Any, option: str, numbers: Any, names: Any) -> Chosen:
        """The parameters that an option names, as those of `python_function`."""
        signature = _signature(target)
        chosen = choose(signature, self.name, option, numbers, names)
        if signature == self.signature:
            return chosen
        by_position = jax_options(signature, option, chosen)[f"{option}_argnums"]
        return Chosen(chosen.names, frozenset(by_position))

    # --- calls ---

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function: compiled where it can be, as plain Python where it cannot."""
        if reason := self.not_captured():
            return self._run_plain(Fallback(reason, Guards()), args, kwargs)
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
        are_views = are_known_tracers(described.values)
        if (known := self.known_program(described)) is not None:
            if are_views:
                return run_on_views(self.call, args, kwargs)
            return self.run_program(known, described.values, hit=True)
        inside_jax = has_tracer((args, kwargs))
        call = self.arrays.describe(args, kwargs)
        if call is not None and self.arrays.refusal(call) is None:
            try:
                return self._call_array(args, kwargs, call)
            except Exception as error:
                self._check_error(error)
                if inside_jax and not (are_views or isinstance(error, NotArrays | Unsupported)):
                    raise
                # Either it is more than array code, or it fails: the program says how.
                _log.debug("%s is not one kernel: %s", self.name, error)
                self.arrays.refuse(call, str(error))
        if self.array_options:
            raise XCSError(
                f"{self.name}: {', '.join(self.array_options)} cannot be honoured, since it is "
                f"not array code alone; see its explain method"
            )
        if are_views:
            return run_on_views(self.call, args, kwargs)
        if inside_jax:
            return self.python_function(*args, **kwargs)
        if self.donated != Chosen():
            self.notices.not_donated()
        program = self.program(described, described.key if call is None else call.key)
        reason = self.left_to_python(call, program)
        if reason is not None and self.notices.is_required:
            self.notices.left_to_python(reason)
        if isinstance(program, Fallback) or has_tracer(list(program.guards.values())):
            result = self._run_plain(program, args, kwargs)
        else:
            result = self.run_program(program, described.values, hit=False)
        if reason is not None:  # only now, as what fails has an error to say so
            self.notices.left_to_python(reason)
        if self.arrays.program is not None and not self._mixed:
            # For some arguments it is one kernel, for others it is not: which, is seen here.
            self._mixed = True
            self.front.install(None)
        return result

    def left_to_python(self, call: ArrayCall | None, program: Program | Fallback) -> str | None:
        """Where and why array code is not compiled, if it is not."""
        if not self.arrays.holds_arrays(call):
            return None
        refusal = call and self.arrays.refusal(call)
        if isinstance(program, Fallback):
            return refusal or program.reason
        if program.analysis.fused_kernels:
            return None
        return refusal if not self.arrays.calls_operators else None

    async def _awaited(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], described: Arguments
    ) -> Any:
        """What a call of an async function gives: the program runs on the loop that awaits it."""
        found = self.known_program(described) if _on_asyncio() else None
        hit = found is not None
        if found is None:
            found = self.program(described, described.key) if _on_asyncio() else _NOT_ON_ASYNCIO
        program = found if isinstance(found, Program) else None
        start = time.perf_counter()
        log = CallLog(self.name)
        try:
            if program is None:
                return await self.python_function(*args, **kwargs)
            with span_of_run(self.name):
                results, report = await run_async(
                    program.lowered.plan, described.values, log=log, **self._run_options
                )
        except Exception as error:
            if program is not None:
                raise
            raise self._described(error)  # noqa: B904  whose cause is the error, if it is another
        finally:
            self._ran(found, log, time.perf_counter() - start, hit=hit)
        if report is not None:
            self.stats.records = report.records
        return results[0]

    def _ran(self, program: Program | Fallback, log: CallLog, seconds: float, *, hit: bool) -> None:
        """Count a run, with what was measured of it."""
        last = None
        self.last_program = program if isinstance(program, Program) else None
        if isinstance(program, Program):
            workers = self.config.max_workers or DEFAULT_MAX_WORKERS
            last = LastRun(program.lowered.plan, log, seconds, workers)
        self.stats.ran(program, seconds, hit=hit, last=last)

    def run_program(self, program: Program, values: list[Any], *, hit: bool) -> Any:
        """Run a compiled program on the values of its dynamic leaves."""
        start, log = time.perf_counter(), CallLog(self.name)
        try:
            with span_of_run(self.name):
                results, report = run(program.lowered.plan, values, log=log, **self._run_options)
        finally:
            self._ran(program, log, time.perf_counter() - start, hit=hit)
        if report is not None:
            self.stats.records = report.records
        return results[0]

    def _call_array(self, args: Any, kwargs: Any, call: ArrayCall) -> Any:
        """Call the function as one kernel. Raises `NotArrays` where it is more than array code."""

        def run(array: ArrayProgram) -> Any:
            start, traces = time.perf_counter(), array.traces
            result = array.run(args, kwargs)
            seconds, hit = time.perf_counter() - start, array.traces == traces
            if not hit:
                self.stats.compiled(seconds)
            self.stats.ran(ARRAY_CODE, seconds, hit=hit)
            return result

        return self.with_array_program(args, kwargs, call, run)

    def with_array_program(
        self, args: Any, kwargs: Any, call: ArrayCall, use: Callable[[ArrayProgram], R]
    ) -> R:
        """Use the array program for such a call, which later calls use as well."""
        try:
            return self._used(self.arrays.program_for(call), use)
        except (*RUN_ERRORS, NotArrays):
            raise
        except Exception:
            if self.arrays.static_numbers or not call.has_numbers:
                raise
        # Numbers are data, as under `jax.jit`, unless they decide what the function does.
        with self.arrays.with_static_numbers():
            described = self.arrays.describe(args, kwargs)
            assert described is not None
            return self._used(self.arrays.program_for(described), use)

    def _used(self, array: ArrayProgram, use: Callable[[ArrayProgram], R]) -> R:
        result = use(array)

        def install(program: ArrayProgram) -> None:
            if self.arrays.program is program and not self._mixed:
                self.front.install(program)

        with self._lock:
            if self.arrays.program is not array:
                self.arrays.program, array.changed = array, install
                install(array)
        return result

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
            self.stats.ran(program, time.perf_counter() - start, hit=False)

    def _described(self, error: Exception) -> BaseException:
        """An error of the function as plain Python."""
        name, line = self.name, line_of(error, self.python_function)
        return wrap_error(error, f"plain Python function {name}", name, line, ())

    # --- programs ---

    def not_captured(self) -> str | None:
        """Why the function is not even looked at; None if it is."""
        function = self.python_function
        if isinstance(function, types.FunctionType):
            return None
        return f"{type(function).__name__} objects are not captured, only Python functions"

    def described(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The arguments of a call, as programs that are no array code take them."""
        self._look_at_parameters()
        if not (self.static.names or self.static.positions):
            return describe_arguments(self.signature, args, kwargs)
        is_static = lambda name, place: self.static.holds(name, place, len(args))
        return describe_arguments(self.signature, args, kwargs, is_static)

    def _look_at_parameters(self) -> None:
        """Take note of defaults and code that the function was given since the last call."""
        parts = _parameters_of(self.python_function)
        known = self._parts
        if len(parts) != len(known) or not all(map(operator.is_, parts, known)):
            self._parts, self.signature = parts, _signature(self.python_function, wrapped=False)

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
                changed = variants[0].guards.broken() if variants else None
                given = {f"argument {i}": str(k)[:60] for i, k in enumerate(described.key)}
                self.notices.compiled_for(given, changed)
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
        partial = "; ".join(part.shown(self.place[0]) for part in captured.native_parts)
        if _is_plain(module):
            reason = partial or "it calls no operator and no array code"
            return Fallback(reason, captured.guards)
        policy = self.config.policy
        effects = lambda callee: classify(callee).under(policy).effects
        from xcs.api.regions import as_region, with_regions

        objects = with_regions(module, captured.objects)
        lowered = lower(
            module,
            objects,
            effects,
            self.pipeline,
            self.config.optimize,
            prepare=as_region,
            changed_by=objects_changed,
        )
        for kernel in lowered.kernels.values():
            if isinstance(kernel, DeferredKernel):
                kernel.report = self.notices.left_to_python
        return Program(captured, lowered, partial or None)

    @property
    def programs(self) -> int:
        """How many compiled forms are kept."""
        orchestrations = sum(map(len, self._orchestrations.values()))
        return len(self._fallbacks) + orchestrations + (self.arrays.program is not None)

    def primitives(self) -> Counter[str]:
        """JAX primitives in its kernels that have no op in the tensor dialect, and how often."""
        counted = Counter(array.primitives if (array := self.arrays.program) is not None else {})
        for variants in list(self._orchestrations.values()):
            for program in variants:
                counted.update(program.lowered.primitives())
        return counted

    def located(self, error: Unsupported) -> str:
        """The reason with the place in the source that it is about."""
        code = self.python_function.__code__  # type: ignore[attr-defined]
        return f"{code.co_filename}:{error.line or code.co_firstlineno}: {error.reason}"

    # --- arguments ---

    def _bound(self, args: Any, kwargs: Any) -> inspect.BoundArguments:
        try:
            return self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _CannotBind(f"{self.name}() {error}") from None

    def bind(self, args: Any, kwargs: Any) -> Mapping[str, Any]:
        """Each parameter's argument, without defaults."""
        return self._bound(args, kwargs).arguments

    def flatten_arguments(
        self, args: Any, kwargs: Any, made: list[Any], *, numbers: bool = True
    ) -> dict[str, Any]:
        """Each parameter's argument as array code takes it, taken apart; see `flatten`.

        Defaults are constants.
        """
        bound = self._bound(args, kwargs)
        given, count = frozenset(bound.arguments), len(args)
        bound.apply_defaults()
        found: dict[str, Any] = {}

        def one(name: str, place: int | None, value: Any) -> Flat:
            is_static = self.static.holds(name, place, count)
            return flatten(value, name, made, static=is_static, numbers=numbers)

        for number, (name, value) in enumerate(bound.arguments.items()):
            kind = self.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                found[name] = [one(name, i, v) for i, v in enumerate(value, start=number)]
            elif kind is inspect.Parameter.VAR_KEYWORD:
                found[name] = {k: one(k, None, v) for k, v in value.items()}
            elif name not in given:
                found[name] = constant(value)
            else:
                by_name = kind is inspect.Parameter.KEYWORD_ONLY
                found[name] = one(name, None if by_name else number, value)
        return found

    def program_for(self, args: Any, kwargs: Any) -> Program | None:
        """The program that a call with such arguments would run, if it was compiled already."""
        return self.known_program(self.described(args, kwargs))

    # --- other uses ---

    def check_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise TypeError, in plain words, where such a call could not be made."""
        try:
            self.signature.bind(*args, **kwargs)
        except TypeError as error:
            first = next(iter(self.signature.parameters), "")
            hint = ""
            if first == "self":
                hint = "; a method is given its object first, as in Class.method.explain(object)"
            raise TypeError(f"{self.name}() {error}{hint}") from None

    def trace(self, *args: Any, **kwargs: Any) -> stages.Traced:
        """Capture for arguments of these kinds without running; see `xcs.api.stages`."""
        from xcs.api.stages import Traced

        self.check_arguments(args, kwargs)
        return Traced(self, args, kwargs)

    def lower(self, *args: Any, **kwargs: Any) -> stages.Lowered | stages.LoweredArrays:
        """Capture for arguments of these kinds, and run the passes."""
        return self.trace(*args, **kwargs).lower()

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The types of what a function returns. Raises TypeError if it calls operators."""
        traced = self.trace(*args, **kwargs)
        if traced.operators:
            name = traced.operators[0]
            raise TypeError(f"{self.name}() calls {name}, so only a run tells the types")
        if (types := traced.result_types()) is not None:
            return types
        return jax.eval_shape(self.front.function, *args, **kwargs)

    def clear_cache(self) -> None:
        """Drop all compiled programs."""
        with self._lock:
            self._fallbacks.clear()
            self._orchestrations.clear()
            self.arrays.clear()
            self.front.install(None)
            self.last_program = None
        self.stats.forget()

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """What was captured for such arguments, what runs at once, and what holds it back."""
        from xcs.api.explain import explain

        self.check_arguments(args, kwargs)
        return explain(self, args, kwargs)

    def draw(self, *args: Any, **kwargs: Any) -> Drawing:
        """A picture of the program for such arguments, as SVG; it is not run.

        Raises:
            CaptureError: if the function cannot be captured, or is array code alone.
            XCSError: if the package that lays out graphs is not installed.
        """
        from xcs.api.draw import draw_program

        self.check_arguments(args, kwargs)
        return draw_program(self, args, kwargs)

    def _repr_html_(self) -> str:
        """What notebooks show of the function."""
        from xcs.api.jit_stats import get_jit_stats
        from xcs.api.views import table

        return table(get_jit_stats(self.front.function), f"xcs.jit of {self.name}")

    def __repr__(self) -> str:
        return f"<xcs.jit of {self.name}>"


class _CannotBind(TypeError):
    """The arguments do not fit the function's parameters."""


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


def _place_of(function: Any) -> tuple[str, int]:
    """The file and line where a function is defined."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else ("<unknown>", 0)


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
        # What jax.grad or xcs.grad made.
        of_jax = target.__code__.co_filename.startswith(_JAX) or hasattr(target, "__xcs_grad__")
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

    decorate.__xcs_transformation__ = "jit"  # type: ignore[attr-defined] - as below
    return decorate if function is None else decorate(function)


jit.__xcs_transformation__ = "jit"  # type: ignore[attr-defined] - for capture, which calls it


def _jitted(function: JitFunction) -> Any:
    """What users call, with what they may ask of it."""
    jitted = function.front.function
    jitted.__xcs_jit__ = function
    for name in USERS_METHODS:
        setattr(jitted, name, getattr(function, name))
    return jitted
