"""Calls of an operator that are made as one: who waits for whom, and for how long.

An operator with a batch form has one `Batches` for the process. A call is offered to it, and is
made together with those that are offered meanwhile: by other iterations, frames, runs and threads.
A batch begins

* when it is full;
* when nothing can bring another call: all coordinators wait, for nothing but calls that have been
  offered, and, if threads have offered some themselves, there is no other thread that may;
* `max_wait` seconds after its first call.

A batch runs on a worker of one of the runs that it is for, or on a thread of its own.
"""

from __future__ import annotations

import inspect
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from xcs.runtime.errors import XCSError
from xcs.runtime.limits import held, limits_of
from xcs.runtime.policies import (
    Policy,
    await_with_policy,
    call_with_policy,
    call_with_timeout,
)
from xcs.runtime.workers import THREADS, is_worker

if TYPE_CHECKING:
    import asyncio

DEFAULT_MAX_BATCH = 64
DEFAULT_MAX_WAIT_SECONDS = 0.005

_changed = threading.Condition()
"""Guards what follows, and all batches; told when a batch begins."""
_open: set[Group] = set()
"""Groups with calls that wait."""
_runs: WeakSet[Run] = WeakSet()
"""Runs that may bring calls: those that have, and the runs around them."""
_waiting_threads: set[int] = set()
"""Threads that wait for a batch."""


class Run(Protocol):
    """What is asked of a run of the engine."""

    is_waiting: bool
    """Whether its coordinator has nothing to do."""
    in_flight: int
    """Calls that have not come back."""
    offered: int
    """Those of them that wait for their batch to begin."""
    thread: int
    """Its coordinator's."""

    @property
    def elsewhere(self) -> int:
        """Those of them that an event loop awaits."""
        ...

    @property
    def around(self) -> Run | None:
        """The run in one of whose calls this one runs."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more results."""
        ...


@dataclass(eq=False)
class Call:
    """A call that may become part of a batch, of its `element` and for its `receiver`."""

    receiver: Any
    element: Any
    succeed: Callable[[Any], None]
    fail: Callable[[BaseException], None]
    alone: Callable[[], None]
    """Makes the call by itself, on another thread."""
    run: Run | None = None
    put: Callable[[list[Call]], bool] | None = None
    """Has the run's workers make a batch; False if it has ended."""
    begins: Callable[[], bool] = lambda: True
    """Whether the call is still wanted when its batch begins."""
    context: Context | None = None


@dataclass(eq=False)
class BatchForm:
    """The batch form of an operator, as it is declared.

    `function` takes a list with an element for each call, and gives a list of their results, in
    which exceptions stand for calls that fail. The element is the call's argument, or a tuple of
    its arguments by the order of the parameters if there are several. Of a method, `function` is a
    method as well.
    """

    operator: Callable[..., Any]
    function: Callable[..., Any]
    max_batch: int
    max_wait: float
    policy: Policy
    methods: set[type] = field(default_factory=set)
    """Classes of which the operator is a method."""

    def __post_init__(self) -> None:
        for name in ("max_batch", "max_wait"):
            value = getattr(self, name)
            low, kind = (1, int) if name == "max_batch" else (0, int | float)
            if isinstance(value, bool) or not isinstance(value, kind) or not low <= value < inf:
                expected = "an integer of at least 1" if low else "seconds, at least 0"
                raise ValueError(f"{name}={value!r}: expected {expected}")

    groups: dict[int, Group] = field(default_factory=dict, init=False)
    """The calls that wait, by the identity of their receiver."""
    waiting: dict[tuple[int, int], AwaitedGroup] = field(default_factory=dict, init=False)
    """Those that coroutines wait for, by the identity of their loop and receiver."""

    @cached_property
    def _signature(self) -> inspect.Signature:
        try:
            return inspect.signature(self.operator)
        except (TypeError, ValueError):
            kind = inspect.Parameter.VAR_POSITIONAL
            return inspect.Signature([inspect.Parameter("args", kind)])

    @cached_property
    def _takes_one(self) -> bool:
        """Whether the operator is a function of one argument."""
        kinds = [parameter.kind for parameter in self._signature.parameters.values()]
        one = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
        return len(kinds) == 1 and kinds[0] in one and not self.methods

    def split(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], receiver: Any = None
    ) -> tuple[Any, Any]:
        """The receiver of a call, None if it has none, and its element. Raises TypeError."""
        if self._takes_one and len(args) == 1 and not kwargs and receiver is None:
            return None, args[0]
        is_method = receiver is not None or bool(self.methods)
        given = args if receiver is None else (receiver, *args)
        bound = self._signature.bind(*given, **kwargs)
        bound.apply_defaults()
        values = tuple(bound.arguments.values())
        if is_method:
            receiver, *rest = values
            values = tuple(rest)
        return receiver, values[0] if len(values) == 1 else values

    def offer(self, call: Call) -> None:
        """Have a call made, alone or with others; returns at once."""
        with _changed:
            group = self.groups.get(id(call.receiver))
            if group is None:
                group = self.groups[id(call.receiver)] = Group(self, call.receiver)
                _open.add(group)
                THREADS.start(group.wait)
            group.calls.append(call)
            if (run := call.run) is not None:
                run.offered += 1
                while run is not None and run not in _runs:
                    _runs.add(run)
                    run = run.around
            batch = group.taken() if len(group.calls) >= self.max_batch else None
        if batch:
            self.dispatch(batch)

    def dispatch(self, calls: list[Call], *, here: bool = False) -> None:
        """Have a batch made by a worker of a run that it is for, or else by another thread."""
        for call in calls:
            if call.put is not None and call.put(calls):
                return
        if here:
            self.make(calls)
        else:
            THREADS.start(lambda: self.make(calls))

    def make(self, calls: list[Call]) -> None:
        """Make a batch, and tell the calls what came of it."""
        calls = [call for call in calls if call.begins()]
        if len(calls) < 2:
            for call in calls:
                call.alone()
            return
        try:
            results = (calls[0].context or copy_context()).run(self._results, calls)
        except BaseException as error:
            one_by_one = isinstance(error, Exception) and not isinstance(
                error, TimeoutError | BatchError
            )
            for call in calls:
                call.alone() if one_by_one else call.fail(error)
            return
        for call, result in zip(calls, results, strict=True):
            if isinstance(result, BaseException):
                call.fail(result)
            else:
                call.succeed(result)

    def _results(self, calls: list[Call]) -> list[Any]:
        policy, receiver = self.policy, calls[0].receiver
        elements = [call.element for call in calls]
        args = (elements,) if receiver is None else (receiver, elements)
        limits = limits_of(self.operator, policy.max_concurrency, policy.rate_limit)
        with held(limits.limiters, policy.timeout) as hold:
            if limits.rate is not None and (wait := limits.rate.reserve(time.monotonic())) > 0:
                time.sleep(wait)
            results = call_with_timeout(self.function, policy.timeout, args, {}, hold)
        return checked(self.function, results, len(calls))


class BatchError(XCSError):
    """A batch form does not do what it has to."""


def _is_for_single_calls(error: BaseException) -> bool:
    """Whether calls are made one by one, as this error of their batch may be only one's."""
    return isinstance(error, Exception) and not isinstance(error, TimeoutError | BatchError)


def checked(function: Any, results: Iterable[Any], count: int) -> list[Any]:
    """The results of a batch, one for each call. Raises XCSError if that is not what they are."""
    name = getattr(function, "__qualname__", repr(function))
    if isinstance(results, str | bytes | dict) or not isinstance(results, Iterable):
        raise BatchError(f"{name} has to give a list of results, but gave {results!r:.80}")
    listed = list(results)
    if len(listed) != count:
        raise BatchError(f"{name} gave {len(listed)} results for {count} calls")
    return listed


class Group:
    """Calls of one operator and receiver that wait for their batch to begin."""

    def __init__(self, form: BatchForm, receiver: Any) -> None:
        self.form, self.receiver = form, receiver
        self.calls: list[Call] = []
        self.deadline = time.monotonic() + form.max_wait

    def taken(self) -> list[Call]:
        """The calls, which no longer wait. Needs the lock."""
        if self not in _open:
            return []
        _open.discard(self)
        del self.form.groups[id(self.receiver)]
        for call in self.calls:
            if call.run is not None:
                call.run.offered -= 1
        _changed.notify_all()
        return self.calls

    def wait(self) -> None:
        """Begin when the time has come, if nothing else has had it begin before."""
        with _changed:
            while self in _open and (left := self.deadline - time.monotonic()) > 0:
                _changed.wait(left)
            calls = self.taken()
        if calls:
            self.form.dispatch(calls, here=True)


def settle() -> None:
    """Begin all batches if nothing can bring another call to them."""
    if not _open:
        return
    with _changed:
        batches = [
            (group.form, group.taken())
            for group in list(_open)
            if not may_come(any(call.run is None for call in group.calls))
        ]
    for form, calls in batches:
        form.dispatch(calls)


def may_come(from_threads: bool) -> bool:
    """Whether a run, or also a thread of unknown purpose, may bring a call. Needs the lock."""
    runs = [run for run in _runs if not run.has_ended]
    if not all(_is_stuck(run, runs) for run in runs):
        return True
    if not from_threads:
        return False
    known = {run.thread for run in runs} | _waiting_threads
    return any(
        thread.ident not in known and not is_worker(thread) for thread in threading.enumerate()
    )


def _is_stuck(run: Run, runs: Sequence[Run]) -> bool:
    """Whether a run waits for nothing but calls that are offered, and runs that do."""
    if not run.is_waiting:
        return False
    within = sum(other.around is run and _is_stuck(other, runs) for other in runs)
    return run.in_flight <= run.offered + run.elsewhere + within


def call_in_batch(form: BatchForm, receiver: Any, element: Any, alone: Callable[[], Any]) -> Any:
    """What a thread of its own does: wait for the result of a call. `alone` makes it by itself."""
    done = threading.Event()
    outcome: list[Any] = []

    def end(kind: str, value: Any = None) -> None:
        outcome[:] = kind, value
        done.set()

    call = Call(
        receiver,
        element,
        lambda value: end("value", value),
        lambda error: end("error", error),
        lambda: end("alone"),
        context=copy_context(),
    )
    ident = threading.get_ident()
    with _changed:
        _waiting_threads.add(ident)
    try:
        form.offer(call)
        settle()
        done.wait()
    finally:
        with _changed:
            _waiting_threads.discard(ident)
    kind, value = outcome
    if kind == "alone":
        return alone()
    if kind == "error":
        raise value
    return value


# --- coroutines -----------------------------------------------------------------------------------

_POLL_SECONDS = 0.001


class AwaitedGroup:
    """Calls that coroutines of one loop wait for, before their batch begins."""

    def __init__(
        self, form: BatchForm, receiver: Any, key: tuple[int, int], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.form, self.receiver, self.key, self.loop = form, receiver, key, loop
        self.calls: list[tuple[Any, asyncio.Future[tuple[str, Any]]]] = []
        self.tasks: set[asyncio.Task[Any]] = set()
        self.deadline = loop.time() + form.max_wait

    def look(self) -> None:
        """Begin when nothing else can bring a call, or the time has come."""
        import asyncio

        if self.form.waiting.get(self.key) is not self:
            return
        others = asyncio.all_tasks(self.loop) - self.tasks
        with _changed:
            comes = bool(others) or may_come(False)
        left = self.deadline - self.loop.time()
        if comes and left > 0:
            self.loop.call_later(min(left, _POLL_SECONDS), self.look)
        else:
            self.begin()

    def begin(self) -> None:
        """Make the batch in a task of its own, so that no caller's end ends it."""
        if self.form.waiting.get(self.key) is not self:
            return
        del self.form.waiting[self.key]
        task = self.loop.create_task(self._make())
        _batches.add(task)
        task.add_done_callback(_batches.discard)

    async def _make(self) -> None:
        calls = [(element, future) for element, future in self.calls if not future.done()]
        if len(calls) == 1:
            calls[0][1].set_result(("alone", None))
        if len(calls) < 2:
            return
        form, elements = self.form, [element for element, _ in calls]
        args = (elements,) if self.receiver is None else (self.receiver, elements)
        policy = replace(form.policy, retries=0)
        try:
            found = await await_with_policy(form.function, policy, args, limited_as=form.operator)
            outcomes = [
                ("error" if isinstance(result, BaseException) else "value", result)
                for result in checked(form.function, found, len(calls))
            ]
        except BaseException as error:
            one_by_one = isinstance(error, Exception) and not isinstance(
                error, TimeoutError | BatchError
            )
            outcomes = [("alone" if one_by_one else "error", error)] * len(calls)
        for (_, future), outcome in zip(calls, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)


_batches: set[asyncio.Task[Any]] = set()
"""A loop only keeps a weak reference to a task."""


async def await_in_batch(form: BatchForm, receiver: Any, element: Any) -> tuple[str, Any]:
    """Wait for what comes of a call: "value", "error", or "alone" if it is to be made by itself."""
    import asyncio

    loop = asyncio.get_running_loop()
    key = (id(loop), id(receiver))
    group = form.waiting.get(key)
    if group is None:
        group = form.waiting[key] = AwaitedGroup(form, receiver, key, loop)
        # When all that is ready has run, and once more for what that has made ready.
        loop.call_soon(loop.call_soon, group.look)
    future: asyncio.Future[tuple[str, Any]] = loop.create_future()
    group.calls.append((element, future))
    if (task := asyncio.current_task()) is not None:
        group.tasks.add(task)
    if len(group.calls) >= form.max_batch:
        group.begin()
    return await future


# --- calls, as their policy says ------------------------------------------------------------------


def call_batched(
    form: BatchForm, receiver: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Call an operator in the current thread, in a batch if there is one; retries are alone."""
    alone = form.operator if receiver is None else MethodType(form.operator, receiver)
    policy = form.policy
    try:
        receiver, element = form.split(tuple(args), dict(kwargs), receiver)
    except TypeError:
        return call_with_policy(alone, policy, args, kwargs)
    made_alone = False

    def by_itself() -> Any:
        nonlocal made_alone
        made_alone = True
        return call_with_policy(alone, policy, args, kwargs)

    try:
        return call_in_batch(form, receiver, element, by_itself)
    except Exception as error:
        delay = None if made_alone else policy.delay(1, error, random.uniform)
        if delay is None:
            raise
    time.sleep(delay)
    return call_with_policy(alone, replace(policy, retries=policy.retries - 1), args, kwargs)


async def await_batched(
    form: BatchForm, receiver: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """What `call_batched` does, in a coroutine."""
    import asyncio

    alone = form.operator if receiver is None else MethodType(form.operator, receiver)
    policy = form.policy
    try:
        receiver, element = form.split(tuple(args), dict(kwargs), receiver)
    except TypeError:
        return await await_with_policy(alone, policy, args, kwargs)
    kind, value = await await_in_batch(form, receiver, element)
    if kind == "value":
        return value
    if kind == "error":
        delay = policy.delay(1, value, random.uniform)
        if delay is None:
            raise value
        await asyncio.sleep(delay)
        policy = replace(policy, retries=policy.retries - 1)
    return await await_with_policy(alone, policy, args, kwargs)
