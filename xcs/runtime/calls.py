"""What a run gives away: calls on workers, coroutines on an event loop, and what these wait for.

The coordinator owns the state here as well; workers and event loops only give back completions,
through a queue. A call may wait for permits of its operator (`limits`), for its rate, or before it
is tried again; meanwhile it takes no worker.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from xcs.runtime import batching, console, spans
from xcs.runtime.adapted import adapted, adapting
from xcs.runtime.attributes import Attributes
from xcs.runtime.batching import BatchForm, settle
from xcs.runtime.console import Console, Output
from xcs.runtime.errors import RunAbandoned
from xcs.runtime.frames import Activation, Frame, Loop
from xcs.runtime.heap import MISSING
from xcs.runtime.limits import (
    Hold,
    Request,
    acquire,
    cancel,
    hopeless,
    lineage,
    no_permit,
    pass_on,
    release,
)
from xcs.runtime.pending import PENDING
from xcs.runtime.plan import Action, OpPlan
from xcs.runtime.policies import call_with_timeout
from xcs.runtime.report import CALL_KINDS, MIN_SECONDS, CallLog, Recorder, RunReport
from xcs.runtime.workers import TaskQueue

if TYPE_CHECKING:
    from xcs.runtime.coroutines import Awaited, CallersLoop, EventLoop
    from xcs.runtime.progress import Progress

HEARTBEAT_SECONDS = 1.0
"""How often a waiting coordinator wakes. A signal wakes it at once, but an exception that another
thread sends it (`_thread.interrupt_main`, as notebooks and debuggers do) only when it runs."""


class Outcome:
    """What a completion says of an op; a plain value means that it succeeded."""

    __slots__ = ("error", "what", "when")

    def __init__(self, what: str, error: BaseException | None = None, when: float = 0.0):
        self.what = what
        self.error = error
        self.when = when


Outcomes = Callable[[Any, BaseException | None], None]
"""Told what a coroutine gave or raised."""

_DROPPED = Outcome("dropped")
_TRY_AGAIN = Outcome("try again")
_INTERRUPT = Outcome("interrupt")
_WROTE = Outcome("wrote")


def place_of(frame: Activation, op: OpPlan) -> tuple[object, int]:
    """What stands for an op that runs: its frame and its index, or its loop and the iteration's."""
    return (frame, op.index) if isinstance(frame, Frame) else (frame.owner, frame.index)


def _give_back(op: OpPlan, booked: float | None) -> None:
    """Return the start that a dropped call had booked at its operator's rate."""
    if booked is not None and op.operator is not None and op.operator.rate is not None:
        op.operator.rate.give_back(booked)


class Calls:
    """The calls of a run. Methods are the coordinator's, but those under "On workers"."""

    def __init__(self, max_workers: int, record: bool, log: CallLog | None = None):
        self.log = CallLog() if log is None else log
        self.completions: SimpleQueue[tuple[Activation, OpPlan, Any]] = SimpleQueue()
        self.in_flight = 0
        """Ops given away that have not come back: queued, running, waiting for limits or time."""
        self.queued = False
        """Whether tasks were queued that workers were not called for yet."""
        self.inline: deque[tuple[Activation, OpPlan]] = deque()
        """Ops for the coordinator itself."""
        self.timers: list[tuple[float, int, Activation, OpPlan, float | None]] = []
        self.timer_count = 0
        self.attempts: dict[tuple[Activation, int], int] = {}
        self.cuts = False
        """Whether there has been any error: only then an op may have been cut off."""
        self.lineage = lineage.get()
        self.adapt = adapting.get()
        self.context: Context = copy_context()
        """What calls start with: the caller's, and what ordered ops have changed of it."""
        self.contexts: dict[tuple[Activation, int], Context] = {}
        """Those that ordered calls which are given away run in."""
        self.holds_output = False
        self.console: Console | None = None
        """Where output is held back, once an op has started before its turn."""
        self.outputs: dict[tuple[object, int], Output] = {}
        """What ops that run have written before their turn, by `place_of`."""
        self.due: list[Output] = []
        """Output of ops that may have their turn now."""
        self.attributes = Attributes()
        self.event_loop: EventLoop | CallersLoop | None = None
        self.awaited: dict[tuple[Activation, int], Awaited] = {}
        """Coroutines that have not ended."""
        self.own: deque[tuple[Coroutine[Any, Any, Any], Hold | None, Outcomes]] = deque()
        """Coroutines for the coordinator itself, if it is one, to await where it is."""
        self.is_awaited = False
        self.requests: dict[Request, tuple[Activation, OpPlan, float | None]] = {}
        """Requests for limits that may be waiting; workers add, everyone may remove."""
        self.queue = TaskQueue(self._work, max_workers)
        self.queue.interrupt = lambda: self.completions.put((None, None, _INTERRUPT))  # type: ignore[arg-type]
        self.queue.owner, self.queue.dropped, self.queue.ended = self, self._dropped, settle
        self.tasks = self.queue.tasks
        self.offered = 0
        self.is_waiting = False
        self.thread = threading.get_ident()
        self.tracer = spans.tracer()
        self.progress: Progress | None = None
        """Shows how far loops are, if somebody wants to know."""
        self.report: RunReport | None = None
        """What is evaluated, if that is to be kept."""
        if record or Recorder.active is not None:
            self.report = RunReport(started=time.perf_counter())
            self.report.ops.name = self.log.name
            if (recorder := Recorder.active) is not None:
                self.report.shortest = 0.0 if record else MIN_SECONDS
                recorder.reports.append(self.report)

    now = staticmethod(time.monotonic)
    uniform = staticmethod(random.uniform)

    # What comes of calls is the engine's business.

    def done(self, frame: Activation, op: OpPlan, value: Any) -> None:
        """An op that gives values has succeeded."""
        raise NotImplementedError

    def fail(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        """An op has failed."""
        raise NotImplementedError

    def inline_failed(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        """An op has raised on this thread."""
        raise NotImplementedError

    def start_inline(self, frame: Activation, op: OpPlan) -> None:
        """Do what an op does on this thread."""
        raise NotImplementedError

    def is_cut(self, frame: Activation, index: int, *inner: int) -> bool:
        """Whether an op, or an iteration in it, comes after an error that is known."""
        raise NotImplementedError

    # --- Waiting and completions ---

    def _summon(self) -> None:
        self.queue.summon()

    def _wait(self) -> None:
        """Sleep until a completion, a timer, or the next look at what was thrown at this thread."""
        timeout = HEARTBEAT_SECONDS
        if self.timers:
            timeout = min(timeout, max(0.0, self.timers[0][0] - self.now()))
        self.is_waiting = True
        settle()
        try:
            completion = self.completions.get(timeout=timeout)
        except Empty:
            self._end_hopeless_waiting()
            return
        finally:
            self.is_waiting = False
        self._completed(*completion)

    async def _wait_on_loop(self) -> None:
        """What `_wait` does, in a coroutine."""
        from xcs.runtime.coroutines import WakingQueue

        if self.own:
            await self._await_here(*self.own.popleft())
            return
        assert isinstance(self.completions, WakingQueue)
        timeout = HEARTBEAT_SECONDS
        if self.timers:
            timeout = min(timeout, max(0.0, self.timers[0][0] - self.now()))
        self.is_waiting = True
        settle()
        try:
            await self.completions.wait(timeout)
        finally:
            self.is_waiting = False
        if self.completions.empty():
            self._end_hopeless_waiting()

    async def _await_here(
        self, coroutine: Coroutine[Any, Any, Any], hold: Hold | None, ended: Outcomes
    ) -> None:
        """Await in the caller's own task, which some code depends on: it cancels that, say."""
        token = lineage.set(hold)
        try:
            value = await coroutine
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            ended(None, error)
        else:
            ended(value, None)
        finally:
            lineage.reset(token)
            self.context = copy_context()

    def _cancel_first(self) -> bool:
        """Cancel the coroutine that Python would wait for now; False if there is none."""
        waiting = [(frame.path(index), awaited) for (frame, index), awaited in self.awaited.items()]
        if not waiting:
            return False
        min(waiting, key=lambda pair: pair[0])[1].cancel()
        return True

    def _end_hopeless_waiting(self) -> None:
        """Fail calls whose limits are all held by calls that timed out and may never end."""
        for request, (frame, op, _) in list(self.requests.items()):
            timeout = op.operator.policy.timeout if op.operator is not None else None
            if timeout is not None and hopeless(request, timeout) and cancel(request):
                self.requests.pop(request, None)
                self.in_flight -= 1
                self._attempt_failed(frame, op, no_permit(request, timeout))

    def _start_due(self) -> None:
        """Queue the calls that have waited long enough for a retry or for their rate."""
        now = self.now()
        while self.timers and self.timers[0][0] <= now:
            _, _, frame, op, booked = heapq.heappop(self.timers)
            if op.action is Action.AWAIT:
                self.in_flight -= 1
                self._await(frame, op, booked)
            else:
                self.tasks.append((frame, op, booked, None))
                self.queued = True

    def _completed(self, frame: Activation, op: OpPlan, value: Any) -> None:
        if value is _WROTE:
            self.reached(*place_of(frame, op))
            return
        self.in_flight -= 1
        if self.cuts and value is not _INTERRUPT and frame.dead:
            self.outputs.pop(place_of(frame, op), None)
            if value is _TRY_AGAIN:
                pass_on(op.limiters)
            elif type(value) is Outcome and value.what == "later":
                _give_back(op, value.when)
            return
        if type(value) is not Outcome:
            if op.ordered:
                self._ordered_ended(frame, op)
            if self.outputs:
                self._keep_output(frame, op)
            self.done(frame, op, value)
        elif value is _INTERRUPT:
            raise RunAbandoned("the run around this one was interrupted")
        elif value is _TRY_AGAIN:
            if self.cuts and self.is_cut(frame, op.index):
                pass_on(op.limiters)
            self.start_inline(frame, op)
        elif value.what == "later":
            if self.cuts and self.is_cut(frame, op.index):
                _give_back(op, value.when)
            else:
                self._start_at(value.when, frame, op, booked=value.when)
        elif value.error is not None:
            if op.ordered:
                self._ordered_ended(frame, op)
            self._attempt_failed(frame, op, value.error)

    def _ordered_ended(self, frame: Activation, op: OpPlan) -> None:
        """Take over the context variables that an ordered call has set, as Python would."""
        self.attributes.forget()
        if self.console is not None:
            self.console.look()
        context = self.contexts.pop((frame, op.index), None)
        if context is None:
            return
        for variable, value in context.items():
            if variable is not lineage and self.context.get(variable, MISSING) is not value:
                variable.set(value)
        self.context = copy_context()

    def _attempt_failed(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        if self.progress is not None:
            self.progress.failed(frame)
        policy = op.operator.policy if op.operator is not None else None
        if policy is not None and policy.retries and not self.is_cut(frame, op.index):
            attempt = self.attempts.get((frame, op.index), 1)
            delay = policy.delay(attempt, error, self.uniform)
            if delay is not None:
                self.attempts[frame, op.index] = attempt + 1
                if self.report is not None:
                    reason = f"retry {attempt} after {type(error).__name__}"
                    self.report.is_ready(op, frame, reason)
                self._start_at(self.now() + delay, frame, op, booked=None)
                return
        self.fail(frame, op, error)

    def _start_at(
        self, when: float, frame: Activation, op: OpPlan, *, booked: float | None
    ) -> None:
        self.in_flight += 1
        self.timer_count += 1
        heapq.heappush(self.timers, (when, self.timer_count, frame, op, booked))

    # --- In batches ---

    @property
    def elsewhere(self) -> int:
        """Calls that an event loop awaits."""
        return len(self.awaited)

    @property
    def around(self) -> Calls | None:
        """The run in one of whose calls this one runs."""
        outer = self.queue.outer
        return outer.owner if outer is not None else None

    @property
    def has_ended(self) -> bool:
        """Whether results are of no use any more."""
        return self.queue.closed

    def offer(self, frame: Activation, op: OpPlan) -> None:
        """Have a call made together with others; see `batching`."""
        assert op.operator is not None
        form: BatchForm = op.operator.batch  # type: ignore[assignment]
        self.in_flight += 1
        take = adapted(lambda _, *args, **kwargs: (args, kwargs), self.adapt)
        try:
            receiver, element = form.split(*op.evaluate(take, frame.values))  # type: ignore[misc]
        except Exception:  # the call itself says what is wrong
            self.tasks.append((frame, op, None, None))
            self.queued = True
            return
        context = self.context.copy()
        if self.console is not None:
            context.run(console.current.set, self._output_of(frame, op))
        started = time.perf_counter()

        def end(outcome: Any) -> None:
            ended = time.perf_counter()
            self.log.add(op, frame, started, ended)
            if self.report is not None:
                self.report.ran(op, frame, started, ended)
            self.completions.put((frame, op, outcome))

        def begins() -> bool:
            nonlocal started
            started = time.perf_counter()
            if self.queue.closed:
                return False
            if self.cuts and self.is_cut(frame, op.index):
                self.completions.put((frame, op, _DROPPED))
                return False
            return True

        form.offer(
            batching.Call(
                receiver,
                element,
                succeed=end,
                fail=lambda error: end(Outcome("failed", error)),
                alone=lambda: self.queue.put((frame, op, None, None)),
                run=self,
                put=lambda calls: self._put_batch((frame, op, None, calls)),
                begins=begins,
                context=context,
            )
        )

    def _put_batch(self, task: Any) -> bool:
        if self.queue.closed:
            return False
        self.queue.put(task)
        if self.queue.closed:
            with suppress(ValueError):  # it was taken, or dropped, meanwhile
                self.tasks.remove(task)
                return False
        return True

    def _dropped(self, task: Any) -> None:
        """Of a batch in a run that is given up, the calls of others are made one by one."""
        if type(task[3]) is list:
            for call in task[3]:
                if call.begins():
                    call.alone()

    # --- On this thread, and on the event loop ---

    def evaluate_exclusively(self, frame: Activation, op: OpPlan) -> None:
        """Evaluate an op under the world lock, or come back to it when the lock is free."""
        request = Request(op.limiters, self.lineage, lambda: self._woken(request, frame, op))
        self.requests[request] = (frame, op, None)
        hold = acquire(request)
        if hold is None:
            self.in_flight += 1
            return
        self.requests.pop(request, None)
        self.attributes.forget()
        token = lineage.set(hold)
        start = time.perf_counter()
        try:
            value = op.evaluate(frame.values)  # type: ignore[misc]
        except BaseException as error:
            self._ran(frame, op, start)
            self.inline_failed(frame, op, error)
            return
        finally:
            lineage.reset(token)
            release(hold, self.lineage)
            self.context = copy_context()
            if self.console is not None:
                self.console.look()
        self._ran(frame, op, start)
        self.done(frame, op, value)

    def _await(self, frame: Activation, op: OpPlan, booked: float | None = None) -> None:
        """Have an op's coroutine awaited, under its limits, or come back to it."""
        assert op.operator is not None
        hold = self.lineage
        if op.limiters:
            request = Request(op.limiters, self.lineage, lambda: self._woken(request, frame, op))
            self.requests[request] = (frame, op, booked)
            hold = acquire(request)
            if hold is None:
                if self.report is not None:
                    self.report.is_ready(op, frame, "a limit on calls at a time")
                self.in_flight += 1
                return
            self.requests.pop(request, None)
        try:
            self._start_coroutine(frame, op, hold, booked)
        except BaseException as error:
            if hold is not self.lineage:
                release(hold, self.lineage)  # type: ignore[arg-type]
            self.inline_failed(frame, op, error)

    def _start_coroutine(
        self, frame: Activation, op: OpPlan, hold: Hold | None, booked: float | None
    ) -> None:
        assert op.operator is not None
        rate = op.operator.rate
        if rate is not None and booked is None:
            now = self.now()
            wait = rate.reserve(now)
            if wait > 0:
                if self.report is not None:
                    self.report.is_ready(op, frame, "the rate limit")
                if hold is not self.lineage:
                    release(hold, self.lineage)  # type: ignore[arg-type]
                self._start_at(now + wait, frame, op, booked=now + wait)
                return
        from xcs.runtime.coroutines import Awaited, take_event_loop  # asyncio takes time to import

        call = adapted(lambda f, *args, **kw: f(*args, **kw), self.adapt)
        coroutine = op.evaluate(call, frame.values)  # type: ignore[misc]
        if self.tracer is not None:
            coroutine = spans.awaited(self.tracer, op, coroutine)
        context = self.context.copy()
        if hold is not self.lineage:
            context.run(lineage.set, hold)
        if op.ordered:
            self.contexts[frame, op.index] = context
        elif self.holds_output:
            self.look_after(frame, op)
            if self.console is not None:
                context.run(console.current.set, self._output_of(frame, op))
        if self.event_loop is None:
            self.event_loop = take_event_loop()
        start = time.perf_counter()

        def ended(value: Any, error: BaseException | None) -> None:
            if hold is not self.lineage:
                release(hold, self.lineage)  # type: ignore[arg-type]
            self._ran(frame, op, start)
            awaited = self.awaited.pop((frame, op.index), None)
            outcome = value if error is None else Outcome("failed", error)
            is_dropped = awaited is not None and awaited.cancelled
            self.completions.put((frame, op, _DROPPED if is_dropped else outcome))

        if self.is_awaited and op.ordered and not op.is_local:
            del self.contexts[frame, op.index]  # it has its effects on the one that is there
            self.own.append((coroutine, hold, ended))
            self.in_flight += 1
            return
        awaited = Awaited(coroutine, context, op.operator.policy.timeout, ended)
        self.awaited[frame, op.index] = awaited
        self.in_flight += 1
        self.event_loop.submit(awaited)

    # --- Output ---

    def call_here(self, frame: Activation, op: OpPlan) -> None:
        """Call an op that may write to the console before its turn."""
        token = None
        if self.holds_output and not self.has_turn(frame, op):
            self.look_after(frame, op)
            token = console.current.set(self._output_of(frame, op))
        try:
            value = op.evaluate(frame.values)  # type: ignore[misc]
        except BaseException as error:
            self.inline_failed(frame, op, error)
        else:
            if self.outputs:
                self._keep_output(frame, op)
            self.done(frame, op, value)
        finally:
            if token is not None:
                console.current.reset(token)

    def look_after(self, frame: Activation, op: OpPlan) -> None:
        """Be ready to hold back output if the op, which is about to start, has not its turn."""
        if self.console is None and not self.has_turn(frame, op):
            self.console = Console(self.wrote)

    def _output_of(self, frame: Activation, op: OpPlan) -> Output:
        """What a call writes, after what it has written before it was tried again."""
        assert self.console is not None
        if self.outputs and (known := self.outputs.get(place_of(frame, op))) is not None:
            return known
        return Output(self.console, frame, op)

    def wrote(self, output: Output) -> None:
        """An op has written something that is kept. Called from any thread."""
        self.outputs[place_of(output.frame, output.op)] = output
        self.completions.put((output.frame, output.op, _WROTE))

    def _keep_output(self, frame: Activation, op: OpPlan) -> None:
        """Keep what an op that has succeeded has written until the program has come to it."""
        output = self.outputs.pop(place_of(frame, op), None)
        if output is None:
            return
        if isinstance(frame, Frame):
            frame.keep(op.index, output)
        elif isinstance(frame.owner, Loop):
            frame.owner.keep(frame.index, output)

    def reached(self, owner: object, index: int) -> None:
        """An op may have its turn now, when all that is before it is committed."""
        output = self.outputs.get((owner, index))
        if output is not None:
            self.due.append(output)

    def show_due(self) -> None:
        """Show what ops have written that have their turn. Everything before them is committed."""
        due, self.due = self.due, []
        for output in due:
            if self.has_turn(output.frame, output.op):
                output.show()

    def has_turn(self, frame: Activation, op: OpPlan) -> bool:
        """Whether everything before an op in the program has succeeded."""
        if isinstance(frame, Frame):
            return frame.at_head(op) and not frame.dead
        loop = frame.owner
        assert isinstance(loop, Loop)
        outer = loop.frame
        return outer.at_head(loop.op) and loop.retired == frame.index and not outer.dead

    # --- Giving up ---

    def give_up_cut(self) -> None:
        """Take back what waits for limits or for its time, and comes after an error."""
        for request, (frame, op, booked) in list(self.requests.items()):
            if self.is_cut(frame, op.index) and cancel(request):
                self.requests.pop(request, None)
                self.in_flight -= 1
                _give_back(op, booked)
        timers, self.timers = self.timers, []
        for timer in timers:
            _, _, frame, op, booked = timer
            if self.is_cut(frame, op.index):
                self.in_flight -= 1
                _give_back(op, booked)
            else:
                self.timers.append(timer)
        heapq.heapify(self.timers)
        self._stop_awaiting(self.is_cut)

    def _stop_awaiting(self, is_dropped: Callable[[Activation, int], bool]) -> None:
        """Cancel coroutines that nobody waits for any longer."""
        for (frame, index), awaited in list(self.awaited.items()):
            if self.event_loop is not None and is_dropped(frame, index):
                self.event_loop.cancel(awaited)

    def abandon(self) -> None:
        """Give up everything: workers finish the call they are in and take no other one."""
        booked = [(op, booked) for _, _, _, op, booked in self.timers]
        booked += [(op, start) for _, op, start, _ in self.tasks.copy()]
        self.queue.abandon()
        self._stop_awaiting(lambda frame, index: True)
        for request in list(self.requests):
            if not cancel(request):
                pass_on(request.wanted)
        for op, start in booked:
            _give_back(op, start)

    # --- On workers ---

    def _work(
        self, task: tuple[Activation, OpPlan, float | None, Request | list[batching.Call] | None]
    ) -> None:
        """Run one call, or a batch of calls, and report what came of it.

        A task says for when its start is booked at the operator's rate, and which request for
        limits brought it back, if it has waited for one.
        """
        frame, op, booked, request = task
        if isinstance(request, list):
            op.operator.batch.make(request)  # type: ignore[union-attr]
            return
        if self.cuts and self.is_cut(frame, op.index):
            pass_on(op.limiters)
            _give_back(op, booked)
            outcome: Any = _DROPPED
        elif op.operator.is_limited:  # type: ignore[union-attr]
            outcome = self._call_limited(frame, op, booked, request)
            if outcome is PENDING:
                return
        else:
            outcome = self._call(frame, op, self.context.copy())
        self.completions.put((frame, op, outcome))

    def _call(
        self, frame: Activation, op: OpPlan, context: Context, hold: Hold | None = None
    ) -> Any:
        call = context.run
        timeout = op.operator.policy.timeout  # type: ignore[union-attr]
        if timeout is not None:
            call = lambda function, *args, **kwargs: context.run(
                call_with_timeout, function, timeout, args, kwargs, hold
            )
        if (made := self.tracer) is not None:
            inner = call
            call = lambda function, *args, **kwargs: inner(
                spans.spanned, made, op, function, args, kwargs
            )
        if op.ordered:
            self.contexts[frame, op.index] = context
        elif self.console is not None:
            context.run(console.current.set, self._output_of(frame, op))
        start = time.perf_counter()
        try:
            outcome = op.evaluate(adapted(call, self.adapt), frame.values)  # type: ignore[misc]
        except BaseException as error:
            outcome = Outcome("failed", error)
        end = time.perf_counter()
        self.log.add(op, frame, start, end)
        if self.report is not None:
            self.report.ran(op, frame, start, end)
        return outcome

    def _call_limited(
        self, frame: Activation, op: OpPlan, booked: float | None, request: Request | None
    ) -> Any:
        """Run a call under its limits; PENDING if it will be tried again when one has room."""
        if not op.limiters:
            return self._call_at_rate(frame, op, booked, self.context.copy(), None)
        if request is None:
            request = Request(op.limiters, self.lineage, lambda: None)
            request.wake = lambda: self._woken(request, frame, op, booked)
        self.requests[request] = (frame, op, booked)
        hold = acquire(request)
        if hold is None:
            if self.report is not None:
                self.report.is_ready(op, frame, "a limit on calls at a time")
            # The run may have failed or ended since this task was taken.
            if (self.queue.closed or self.is_cut(frame, op.index)) and cancel(request):
                self.requests.pop(request, None)
                _give_back(op, booked)
                return _DROPPED
            return PENDING
        self.requests.pop(request, None)
        try:
            context = self.context.copy()
            context.run(lineage.set, hold)
            return self._call_at_rate(frame, op, booked, context, hold)
        finally:
            release(hold, self.lineage)

    def _call_at_rate(
        self,
        frame: Activation,
        op: OpPlan,
        booked: float | None,
        context: Context,
        hold: Hold | None,
    ) -> Any:
        rate = op.operator.rate if op.operator is not None else None
        if rate is not None and booked is None:
            now = time.monotonic()
            wait = rate.reserve(now)
            if wait > 0:
                if self.report is not None:
                    self.report.is_ready(op, frame, "the rate limit")
                return Outcome("later", when=now + wait)
        return self._call(frame, op, context, hold)

    def _woken(
        self, request: Request, frame: Activation, op: OpPlan, booked: float | None = None
    ) -> None:
        """A limit has room again. Called from whichever thread made the room."""
        self.requests.pop(request, None)
        if op.action is not Action.CALL:
            self.completions.put((frame, op, _TRY_AGAIN))
        else:
            self.queue.put((frame, op, booked, request))
        if self.queue.closed:
            pass_on(op.limiters)

    def _ran(self, frame: Activation, op: OpPlan, start: float) -> None:
        """Note a call that has ended now, however it did."""
        end = time.perf_counter()
        if op.kind in CALL_KINDS:
            self.log.add(op, frame, start, end)
        if self.report is not None:
            self.report.ran(op, frame, start, end)
