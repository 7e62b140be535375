"""The engine: an out-of-order processor for Python calls.

The calling thread is the *coordinator* of its run. It alone owns the run's state (frames, slots,
counts), so that state needs no locks. It evaluates cheap ops itself; calls that may block go to
workers, which give back completions through a queue.

- An op is *ready* when its operands are there. Nothing else delays a pure or unordered op.
- Each frame (an activation of a block) has a *retire pointer*: everything before it in the block is
  done. The frame at the pointer of its own parent's pointer, and so on up, is at the *head* of the
  program. An ordered op starts when it is ready and the head's pointer is at it, which is to say:
  when everything before it in the program has succeeded.
- When an op fails, ops after it in program order are no longer started (`_Cutoff`). Those before it
  need no value from it or from anything after it, so they all complete; if one of them fails, it
  becomes the cutoff. When nothing moves any more, the cutoff is the first error in program order.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from xcs.runtime.errors import (
    RunAbandoned,
    XCSError,
    describe_inputs,
    line_reached,
    without_own_frames,
    wrap_error,
)
from xcs.runtime.limits import Request, acquire, cancel, lineage, pass_on, release
from xcs.runtime.pending import PENDING, PendingList, settled
from xcs.runtime.plan import Action, BlockPlan, OpPlan, Plan, Program, compile_plan
from xcs.runtime.policies import call_with_timeout
from xcs.runtime.report import OpRecord, RunReport
from xcs.runtime.workers import TaskQueue

DEFAULT_MAX_WORKERS = 128
"""Calls of one run at a time, with those of runs nested in it: calls mostly wait for a network."""

LOOP_WINDOW = 1024
"""Unfinished iterations of one loop at a time."""
RUN_WINDOW = 4096
"""Unfinished iterations of a run at a time, above which each loop has at least `LOOP_SHARE`."""
LOOP_SHARE = 16

HEARTBEAT_SECONDS = 1.0
"""How often a waiting coordinator wakes. A signal wakes it at once, but an exception that another
thread sends it (`_thread.interrupt_main`, as notebooks and debuggers do) only when it runs."""


class _Outcome:
    """What a completion says of an op; a plain value means that it succeeded."""

    __slots__ = ("error", "what", "when")

    def __init__(self, what: str, error: BaseException | None = None, when: float = 0.0):
        self.what = what
        self.error = error
        self.when = when


_DROPPED = _Outcome("dropped")
_TRY_AGAIN = _Outcome("try again")
_INTERRUPT = _Outcome("interrupt")


class Activation:
    """A block that was entered: its place in the program and its values.

    An iteration whose body is one op (`OpPlan.direct`) is no more than this.
    """

    __slots__ = ("index", "owner", "values")

    def __init__(self, owner: _Loop | _Branch | None, index: int, values: list[Any]):
        self.owner = owner
        self.index = index
        self.values = values

    def path(self, index: int) -> tuple[int, ...]:
        """The op's place in the program: these tuples are ordered as the program is."""
        parts = [index]
        inner: Activation = self
        while inner.owner is not None:
            parts += (inner.index, inner.owner.op.index)
            inner = inner.owner.frame
        return tuple(reversed(parts))

    def iterations(self) -> tuple[int, ...]:
        """The iteration numbers of the loops around, outermost first."""
        numbers = []
        inner: Activation = self
        while inner.owner is not None:
            if type(inner.owner) is _Loop:
                numbers.append(inner.index)
            inner = inner.owner.frame
        return tuple(reversed(numbers))


class Frame(Activation):
    """An activation whose ops wait for one another."""

    __slots__ = (
        "children", "done", "head", "left", "missing", "plan", "retire", "successor", "waiters",
        "waiting",
    )  # fmt: skip

    def __init__(self, plan: BlockPlan, owner: _Loop | _Branch | None, index: int):
        self.plan = plan
        self.owner = owner
        self.index = index
        self.values = plan.template[:]
        self.missing: list[int] = []
        self.left = len(plan.ops)
        self.waiters: dict[int, list[Callable[[Any], None]]] | None = None
        """Who else is told of a slot's value: inner frames, containers, results of regions."""
        self.successor: Frame | None = None
        """The next iteration, if it takes values from this one."""
        # Only where order is tracked:
        self.retire = 0
        self.head = False
        self.done: bytearray | None = None
        self.waiting: set[int] | None = None
        """Ordered ops that are ready."""
        self.children: dict[int, _Loop | _Branch] | None = None


class _Branch:
    """A running `orch.if`."""

    __slots__ = ("body", "frame", "op")

    def __init__(self, frame: Frame, op: OpPlan):
        self.frame = frame
        self.op = op
        self.body: Frame | None = None


class _Loop:
    """A running `orch.map` or `orch.for`: creates its iterations in order, within a window."""

    __slots__ = (
        "advancing", "completed", "finished", "frame", "frames", "items", "last", "length", "lists",
        "next", "op", "retired", "source",
    )  # fmt: skip

    def __init__(self, frame: Frame, op: OpPlan, items: Sequence[Any], source: PendingList | None):
        self.frame = frame
        self.op = op
        self.items = items
        self.source = source
        """Where items that are still pending come from."""
        self.length = len(items)
        self.lists = [PendingList(self.length) for _ in range(op.collected)]
        self.next = 0
        self.completed = 0
        self.advancing = False
        """Whether `_advance` is at work, which then sees by itself what completes meanwhile."""
        self.last: Frame | None = None
        """The iteration created last, from which the next one takes what is carried."""
        # Only where order is tracked:
        self.retired = 0
        self.finished: set[int] = set()
        self.frames: dict[int, Frame] = {}


def run(
    plan: Plan,
    args: Sequence[Any],
    *,
    max_workers: int | None = None,
    record: bool = False,
) -> tuple[list[Any], RunReport | None]:
    """Run a plan on the calling thread and workers; returns the results of the entry function.

    ``max_workers`` bounds the calls at a time of this run and the runs nested in it, which cannot
    exceed it either. Raises the first error in program order, as an `XCSExecutionError`.
    """
    limit = DEFAULT_MAX_WORKERS if max_workers is None else max_workers
    if limit < 1:
        raise ValueError(f"max_workers={max_workers!r}: expected an integer of at least 1")
    if len(args) != plan.body.arguments:
        raise XCSError(f"the program takes {plan.body.arguments} arguments, {len(args)} were given")
    return _Run(plan, limit, record).execute(args)


def run_module(
    module: ModuleOp,
    entry: str,
    args: Sequence[Any],
    resolve: Callable[[str], Any],
    kernels: dict[str, Callable[..., Sequence[Any]]] | None = None,
) -> Any:
    """Run a function of a module that is not attached to a process, as ``xcs-run`` does.

    Returns None, the one result, or the tuple of results.
    """
    plan = compile_plan(Program(module, entry), kernels or {}, resolve)
    results, _ = run(plan, args)
    if not results:
        return None
    return results[0] if len(results) == 1 else tuple(results)


class _Run:
    """The state of one run. Methods are the coordinator's, but those under "On workers"."""

    def __init__(self, plan: Plan, max_workers: int, record: bool):
        self.plan = plan
        self.tracks_order = plan.tracks_order
        self.results: list[Any] = [PENDING] * len(plan.body.yields)
        self.completions: SimpleQueue[tuple[Activation, OpPlan, Any]] = SimpleQueue()
        self.ready: deque[tuple[Activation, OpPlan]] = deque()
        """Ops for the coordinator itself."""
        self.forwards: deque[tuple[Callable[[Any], None], Any]] = deque()
        """Values on their way to other frames. Queued, so that long chains need no deep stack."""
        self.in_flight = 0
        """Ops given away that have not come back: queued, running, waiting for limits or time."""
        self.queued = False
        """Whether tasks were queued that workers were not called for yet."""
        self.live_iterations = 0
        self.timers: list[tuple[float, int, Activation, OpPlan, bool]] = []
        self.timer_count = 0
        self.attempts: dict[tuple[Activation, int], int] = {}
        self.cutoff: tuple[int, ...] | None = None
        self.error: BaseException | None = None
        self.lineage = lineage.get()
        self.context: Context = copy_context()
        self.requests: dict[Request, tuple[Activation, OpPlan]] = {}
        """Requests for limits that may be waiting; workers add, everyone may remove."""
        self.queue = TaskQueue(self._work, max_workers)
        self.tasks = self.queue.tasks
        self.report = RunReport() if record else None
        self.started = time.perf_counter() if record else 0.0
        self.action: dict[Action, Callable[[Any, OpPlan], None]] = {
            Action.INLINE: self._evaluate,
            Action.CONTAINER: self._make_container,
            Action.GETITEM: self._get_item,
            Action.LOOP: self._start_loop,
            Action.BRANCH: self._start_branch,
        }

    def execute(self, args: Sequence[Any]) -> tuple[list[Any], RunReport | None]:
        self.queue.interrupt = lambda: self.completions.put((None, None, _INTERRUPT))  # type: ignore[arg-type]
        with self.queue:
            try:
                root = Frame(self.plan.body, None, 0)
                root.head = True
                self._enter(root, args)
                self._coordinate()
            except BaseException:
                # Interrupted. Workers finish the call they are in and take no other one.
                self.queue.abandon()
                for request in list(self.requests):
                    if not cancel(request):
                        pass_on(request.wanted)
                raise
            if root.left and self.error is None:
                waiting = [op for op in root.plan.ops if root.missing[op.index] > 0]
                raise XCSError(
                    "the program came to a halt before its end, which is a bug in xcs; waiting: "
                    + ", ".join(f"{op.name} at {op.location}" for op in waiting)
                )
        if self.report is not None:
            self.report.total = time.perf_counter() - self.started
        if self.error is not None:
            try:
                raise self.error
            finally:
                del self.error  # the traceback refers to this frame
        return [settled(value) for value in self.results], self.report

    # --- The coordinator's loop ---

    def _coordinate(self) -> None:
        completions, ready, forwards = self.completions, self.ready, self.forwards
        while True:
            while forwards:
                deliver, value = forwards.popleft()
                deliver(value)
            if self.timers:
                self._start_due()
            if self.queued:
                # Before anything is evaluated here, so that waiting starts as early as it can.
                self.queued = False
                self.queue.summon()
            if not completions.empty():
                for _ in range(completions.qsize()):
                    self._completed(*completions.get())
            elif ready:
                frame, op = ready.popleft()
                self._start_inline(frame, op)
            elif self.in_flight:
                self._wait()
            else:
                break

    def _wait(self) -> None:
        """Sleep until a completion, a timer, or the next look at what was thrown at this thread."""
        timeout = HEARTBEAT_SECONDS
        if self.timers:
            timeout = min(timeout, max(0.0, self.timers[0][0] - time.monotonic()))
        try:
            completion = self.completions.get(timeout=timeout)
        except Empty:
            return
        self._completed(*completion)

    def _start_due(self) -> None:
        """Queue the calls that have waited long enough for a retry or for their rate."""
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, _, frame, op, reserved = heapq.heappop(self.timers)
            self.tasks.append((frame, op, reserved, None))
            self.queued = True

    def _completed(self, frame: Activation, op: OpPlan, value: Any) -> None:
        self.in_flight -= 1
        if type(value) is not _Outcome:
            self._done(frame, op, value)
        elif value is _INTERRUPT:
            raise RunAbandoned("the run around this one was interrupted")
        elif value is _TRY_AGAIN:
            self._start_inline(frame, op)
        elif value.what == "later":
            self._start_at(value.when, frame, op, reserved=True)
        elif value.error is not None:
            self._attempt_failed(frame, op, value.error)

    def _attempt_failed(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        if op.operator is not None and op.operator.policy.retries and not self._is_cut(frame, op):
            attempt = self.attempts.get((frame, op.index), 1)
            delay = op.operator.policy.delay(attempt, error, random.uniform)
            if delay is not None:
                self.attempts[frame, op.index] = attempt + 1
                self._start_at(time.monotonic() + delay, frame, op, reserved=False)
                return
        self._fail(frame, op, error)

    def _start_at(self, when: float, frame: Activation, op: OpPlan, *, reserved: bool) -> None:
        self.in_flight += 1
        self.timer_count += 1
        heapq.heappush(self.timers, (when, self.timer_count, frame, op, reserved))

    # --- Frames and slots ---

    def _enter(self, frame: Frame, args: Sequence[Any]) -> None:
        """Start a frame on its arguments and what it captures, any of which may be pending."""
        plan, values = frame.plan, frame.values
        if self.tracks_order:
            frame.done = bytearray(len(plan.ops))
        all_there = True
        for slot, value in enumerate(args):
            values[slot] = value
            if value is PENDING or type(value) is PendingList:
                all_there = False
        if plan.captures:
            outer = frame.owner.frame  # type: ignore[union-attr]
            for outer_slot, slot in plan.captures:
                value = values[slot] = outer.values[outer_slot]
                if value is PENDING or type(value) is PendingList:
                    all_there = False
        for position, slot in plan.constant_yields:
            self._yielded(frame, position, values[slot])
        if all_there:
            frame.missing = plan.entry_missing[:]
            for position, slot in plan.entry_yields:
                self._yielded(frame, position, values[slot])
            ops = plan.ops
            for index in plan.entry_ready:
                self._ready(frame, ops[index])
        else:
            self._enter_pending(frame)
        if frame.left == 0:
            self._frame_done(frame)

    def _enter_pending(self, frame: Frame) -> None:
        plan = frame.plan
        frame.missing = plan.missing[:]
        for index in plan.sources:
            self._ready(frame, plan.ops[index])
        for slot in range(plan.arguments):
            value = frame.values[slot]
            if value is not PENDING:
                self._set(frame, slot, value)
        for outer_slot, slot in plan.captures:
            value = frame.values[slot]
            if value is PENDING:
                self._when_there(
                    frame.owner.frame,  # type: ignore[union-attr]
                    outer_slot,
                    lambda value, slot=slot: self._set(frame, slot, value),
                )
            else:
                self._set(frame, slot, value)

    def _when_there(self, frame: Frame, slot: int, deliver: Callable[[Any], None]) -> None:
        """Deliver a slot's value, or list with pending elements, soon or once it is set."""
        value = frame.values[slot]
        if value is not PENDING:
            self.forwards.append((deliver, value))
        elif frame.waiters is None:
            frame.waiters = {slot: [deliver]}
        else:
            frame.waiters.setdefault(slot, []).append(deliver)

    def _set(self, frame: Frame, slot: int, value: Any) -> None:
        """Give a slot its value and serve those who wait for it."""
        pending = False
        if type(value) is PendingList:
            value = settled(value)
            pending = type(value) is PendingList
        frame.values[slot] = value
        uses = frame.plan.uses[slot]
        missing = frame.missing
        if uses.strict:
            if pending:
                value.when_complete(lambda result: self._complete(frame, slot, result))
            else:
                for index in uses.strict:
                    missing[index] -= 1
                    if missing[index] == 0:
                        self._ready(frame, frame.plan.ops[index])
        for index in uses.lax:
            missing[index] -= 1
            if missing[index] == 0:
                self._ready(frame, frame.plan.ops[index])
        for position in uses.yields:
            self._yielded(frame, position, value)
        if frame.waiters is not None:
            for deliver in frame.waiters.pop(slot, ()):
                self.forwards.append((deliver, value))

    def _complete(self, frame: Frame, slot: int, result: Any) -> None:
        """The list in a slot has all its elements: serve those who need the Python object."""
        frame.values[slot] = result
        for index in frame.plan.uses[slot].strict:
            frame.missing[index] -= 1
            if frame.missing[index] == 0:
                self._ready(frame, frame.plan.ops[index])

    def _yielded(self, frame: Frame, position: int, value: Any) -> None:
        """A value of the frame's terminator is there."""
        owner = frame.owner
        if owner is None:
            self.results[position] = value
        elif isinstance(owner, _Branch):
            slot = owner.op.results[position]
            self.forwards.append((lambda v: self._set(owner.frame, slot, v), value))
        elif position < owner.op.collected:
            owner.lists[position].set(frame.index, value)
        else:
            self._carry(owner, frame, position, value)

    def _carry(self, loop: _Loop, frame: Frame, position: int, value: Any) -> None:
        """Pass a carried value to the next iteration, or out of the loop after the last."""
        if frame.index == loop.length - 1:
            target, slot = loop.frame, loop.op.results[position]
        elif frame.successor is not None:
            target, slot = frame.successor, 1 + position - loop.op.collected
        else:
            return  # the next iteration, when it is created, looks here
        self.forwards.append((lambda v: self._set(target, slot, v), value))

    # --- Ops ---

    def _ready(self, frame: Frame, op: OpPlan) -> None:
        """The operands of an op are there."""
        if self.cutoff is not None and frame.path(op.index) > self.cutoff:
            return
        if op.ordered and not (frame.head and frame.retire == op.index):
            if frame.waiting is None:
                frame.waiting = set()
            frame.waiting.add(op.index)
        else:
            self._start(frame, op)

    def _start(self, frame: Activation, op: OpPlan) -> None:
        if op.action is Action.CALL:
            self.tasks.append((frame, op, False, None))
            self.in_flight += 1
            self.queued = True
        else:
            self.ready.append((frame, op))

    def _start_inline(self, frame: Activation, op: OpPlan) -> None:
        if self.cutoff is not None and self._is_cut(frame, op):
            return
        if op.action is Action.INLINE and op.limiters:
            self._evaluate_limited(frame, op)
        elif self.report is not None:
            start = time.perf_counter()
            self.action[op.action](frame, op)
            self._record(frame, op, start, time.perf_counter())
        else:
            self.action[op.action](frame, op)

    def _evaluate(self, frame: Activation, op: OpPlan) -> None:
        try:
            value = op.evaluate(frame.values)  # type: ignore[misc]
        except BaseException as error:
            self._inline_failed(frame, op, error)
        else:
            self._done(frame, op, value)

    def _inline_failed(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt | RunAbandoned):
            raise error  # it came to this thread from outside, not from the op
        self._fail(frame, op, error)

    def _evaluate_limited(self, frame: Activation, op: OpPlan) -> None:
        """Evaluate an op under the world lock, or come back to it when the lock is free."""
        request = Request(op.limiters, self.lineage, lambda: self._woken(request, frame, op))
        self.requests[request] = (frame, op)
        hold = acquire(request)
        if hold is None:
            self.in_flight += 1
            return
        self.requests.pop(request, None)
        token = lineage.set(hold)
        start = time.perf_counter()
        try:
            value = op.evaluate(frame.values)  # type: ignore[misc]
        except BaseException as error:
            self._inline_failed(frame, op, error)
            return
        finally:
            lineage.reset(token)
            release(hold, self.lineage)
        if self.report is not None:
            self._record(frame, op, start, time.perf_counter())
        self._done(frame, op, value)

    def _done(self, frame: Activation, op: OpPlan, value: Any) -> None:
        """An op that gives values has succeeded."""
        if not isinstance(frame, Frame):
            self._direct_done(frame.owner, frame.index, value)  # type: ignore[arg-type]
            return
        results = op.results
        if len(results) == 1:
            self._set(frame, results[0], value)
        elif results:
            try:
                values = tuple(value)
                if len(values) != len(results):
                    raise XCSError(f"{op.name} gave {len(values)} values, expected {len(results)}")
            except BaseException as error:
                self._fail(frame, op, error)
                return
            for slot, item in zip(results, values, strict=True):
                self._set(frame, slot, item)
        for slot in op.tokens:
            self._set(frame, slot, None)
        self._op_done(frame, op.index)

    def _direct_done(self, loop: _Loop, index: int, value: Any) -> None:
        """The op that is a whole iteration has succeeded."""
        loop.lists[0].set(index, value)
        self._iteration_done(loop, index)

    def _op_done(self, frame: Frame, index: int) -> None:
        frame.left -= 1
        if frame.done is not None:
            frame.done[index] = 1
            if index == frame.retire:
                self._retire(frame)
        if frame.left == 0:
            self._frame_done(frame)

    def _frame_done(self, frame: Frame) -> None:
        owner = frame.owner
        if type(owner) is _Branch:
            self._op_done(owner.frame, owner.op.index)
        elif owner is not None:
            self._iteration_done(owner, frame.index)  # type: ignore[arg-type]

    def _make_container(self, frame: Frame, op: OpPlan) -> None:
        container = PendingList(len(op.operands), op.make)
        for position, slot in enumerate(op.operands):
            value = frame.values[slot]
            if value is PENDING:
                self._when_there(frame, slot, lambda v, i=position: container.set(i, v))
            else:
                container.set(position, value)
        self._done(frame, op, container)

    def _get_item(self, frame: Frame, op: OpPlan) -> None:
        container, index = (settled(frame.values[slot]) for slot in op.operands)
        frame.values[op.operands[0]] = container
        if type(container) is not PendingList:
            self._evaluate(frame, op)
            return
        length = len(container.items)
        if type(index) is int and -length <= index < length:
            position = index % length
            element = container.items[position]
            if element is PENDING:
                container.when_there(position, lambda value: self._done(frame, op, value))
            else:
                self._done(frame, op, element)
        else:
            container.when_complete(lambda _: self._ready(frame, op))

    def _start_branch(self, frame: Frame, op: OpPlan) -> None:
        condition = settled(frame.values[op.operands[0]])
        try:
            # The length of a list with pending elements is known, and so is its truth.
            holds = bool(condition.items if type(condition) is PendingList else condition)
        except BaseException as error:
            self._inline_failed(frame, op, error)
            return
        branch = _Branch(frame, op)
        body = Frame(op.blocks[0] if holds else op.blocks[1], branch, 0)
        if self.tracks_order:
            branch.body = body
            body.head = self._adopt(frame, op, branch)
        self._enter(body, ())

    def _start_loop(self, frame: Frame, op: OpPlan) -> None:
        iterable = settled(frame.values[op.operands[0]])
        if type(iterable) is PendingList:
            loop = _Loop(frame, op, iterable.items, iterable)
        else:
            try:
                items = list(iterable)
            except BaseException as error:
                self._inline_failed(frame, op, error)
                return
            loop = _Loop(frame, op, items, None)
        for slot, collected in zip(op.results, loop.lists, strict=False):
            self._set(frame, slot, collected)
        if loop.length == 0:
            for slot, source in zip(op.results[op.collected :], op.operands[1:], strict=True):
                self._when_there(frame, source, lambda v, slot=slot: self._set(frame, slot, v))
            self._op_done(frame, op.index)
            return
        if self.tracks_order:
            self._adopt(frame, op, loop)
        self._advance(loop)

    def _advance(self, loop: _Loop) -> None:
        """Create iterations, in order, as far as the window goes."""
        direct = loop.op.direct
        template = None if direct is None else self._template(loop)
        loop.advancing = True
        while loop.next < loop.length:
            live = loop.next - loop.completed
            if live >= LOOP_SHARE and (live >= LOOP_WINDOW or self.live_iterations >= RUN_WINDOW):
                break
            index = loop.next
            if self.cutoff is not None and self._iteration_is_cut(loop, index):
                break
            loop.next += 1
            self.live_iterations += 1
            element = loop.items[index]
            if template is None or element is PENDING or type(element) is PendingList:
                self._enter_iteration(loop, index, element)
            else:
                values = template[:]
                values[0] = element
                self._start(Activation(loop, index, values), direct)  # type: ignore[arg-type]
        loop.advancing = False

    def _template(self, loop: _Loop) -> list[Any] | None:
        """The slots of each iteration, but for its element; None if any of it is pending."""
        body, outer = loop.op.blocks[0], loop.frame.values
        values = body.template[:]
        for outer_slot, slot in body.captures:
            value = values[slot] = settled(outer[outer_slot])
            if value is PENDING or type(value) is PendingList:
                return None
        return values

    def _enter_iteration(self, loop: _Loop, index: int, element: Any) -> None:
        """Create a frame for an iteration, whose element may be pending."""
        op = loop.op
        frame = Frame(op.blocks[0], loop, index)
        if self.tracks_order:
            loop.frames[index] = frame
            outer = loop.frame
            frame.head = outer.head and outer.retire == op.index and loop.retired == index
        if len(op.operands) > 1:
            self._enter_carrying(loop, frame, element)
        else:
            self._enter(frame, (element,))
        if element is PENDING:
            deliver = lambda value: self._set(frame, 0, value)
            loop.source.when_there(  # type: ignore[union-attr]
                index, lambda value: self.forwards.append((deliver, value))
            )

    def _enter_carrying(self, loop: _Loop, frame: Frame, element: Any) -> None:
        """Start an iteration on what the one before it, or the loop's operands, carry to it."""
        op, last = loop.op, loop.last
        loop.last = frame
        if last is None:
            source, slots = loop.frame, op.operands[1:]
        else:
            source, slots = last, last.plan.yields[op.collected :]
            last.successor = frame
        carried = [source.values[slot] for slot in slots]
        self._enter(frame, [element, *carried])
        if last is None:
            for position, slot in enumerate(slots):
                if carried[position] is PENDING:
                    self._when_there(
                        source, slot, lambda value, to=1 + position: self._set(frame, to, value)
                    )

    def _iteration_done(self, loop: _Loop, index: int) -> None:
        loop.completed += 1
        self.live_iterations -= 1
        outer, op = loop.frame, loop.op
        if self.tracks_order:
            loop.frames.pop(index, None)
            loop.finished.add(index)
            while loop.retired in loop.finished:
                loop.finished.discard(loop.retired)
                loop.retired += 1
            following = loop.frames.get(loop.retired)
            if following is not None and outer.head and outer.retire == op.index:
                self._become_head(following)
        if loop.completed == loop.length:
            loop.last = None
            self._op_done(outer, op.index)
        elif loop.next < loop.length and not loop.advancing:
            self._advance(loop)

    # --- Order ---

    def _adopt(self, frame: Frame, op: OpPlan, child: _Loop | _Branch) -> bool:
        """Remember what an op has started, and tell whether that is at the head of the program."""
        if frame.children is None:
            frame.children = {}
        frame.children[op.index] = child
        return frame.head and frame.retire == op.index

    def _retire(self, frame: Frame) -> None:
        """Move the frame's pointer over what is done."""
        done, index = frame.done, frame.retire
        assert done is not None
        if frame.children is not None:
            frame.children.pop(index, None)
        while index < len(done) and done[index]:
            index += 1
        frame.retire = index
        if frame.head and index < len(done):
            self._head_at(frame, index)

    def _head_at(self, frame: Frame, index: int) -> None:
        """Everything in the program before this op has succeeded."""
        if frame.waiting is not None and index in frame.waiting:
            frame.waiting.discard(index)
            self._ready(frame, frame.plan.ops[index])
        elif frame.children is not None:
            child = frame.children.get(index)
            inner = child.frames.get(child.retired) if type(child) is _Loop else None
            inner = child.body if type(child) is _Branch else inner
            if inner is not None:
                self._become_head(inner)

    def _become_head(self, frame: Frame) -> None:
        frame.head = True
        if frame.retire < len(frame.plan.ops):
            self._head_at(frame, frame.retire)

    # --- Errors ---

    def _is_cut(self, frame: Activation, op: OpPlan) -> bool:
        """Whether an op comes after an error that is known."""
        return self.cutoff is not None and frame.path(op.index) > self.cutoff

    def _iteration_is_cut(self, loop: _Loop, index: int) -> bool:
        return self.cutoff is not None and ((*loop.frame.path(loop.op.index), index) > self.cutoff)

    def _fail(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        """Note an error, and give up what comes after it; what comes before it goes on."""
        path = frame.path(op.index)
        if self.cutoff is not None and path > self.cutoff:
            return
        self.cutoff = path
        BaseException.with_traceback(error, without_own_frames(error))
        values = [settled(frame.values[slot]) for slot in op.operands]
        node = f"{op.kind} @{op.name}" if op.operator is not None else op.kind
        inputs = describe_inputs(op.argument_names, values[: len(op.operands) - op.hidden])
        place = line_reached(error, op.location) if op.kind == "orch.host" else op.location
        self.error = wrap_error(error, node, op.name, place, inputs)
        for request, (waiting_frame, waiting_op) in list(self.requests.items()):
            if self._is_cut(waiting_frame, waiting_op) and cancel(request):
                self.requests.pop(request, None)
                self.in_flight -= 1
        kept = [timer for timer in self.timers if not self._is_cut(timer[2], timer[3])]
        self.in_flight -= len(self.timers) - len(kept)
        self.timers = kept
        heapq.heapify(self.timers)

    # --- On workers ---

    def _work(self, task: tuple[Activation, OpPlan, bool, Request | None]) -> None:
        """Run one call and report what came of it.

        A task says whether its start is booked at the operator's rate, and which request for limits
        brought it back, if it has waited for one.
        """
        frame, op, reserved, request = task
        if self.cutoff is not None and self._is_cut(frame, op):
            pass_on(op.limiters)
            outcome: Any = _DROPPED
        elif op.operator.is_limited:  # type: ignore[union-attr]
            outcome = self._call_limited(frame, op, reserved, request)
            if outcome is PENDING:
                return
        else:
            outcome = self._call(frame, op, self.context.copy())
        self.completions.put((frame, op, outcome))

    def _call(self, frame: Activation, op: OpPlan, context: Context) -> Any:
        call = context.run
        timeout = op.operator.policy.timeout  # type: ignore[union-attr]
        if timeout is not None:
            call = lambda function, *args, **kwargs: context.run(
                call_with_timeout, function, timeout, args, kwargs
            )
        start = time.perf_counter() if self.report is not None else 0.0
        try:
            outcome = op.evaluate(call, frame.values)  # type: ignore[misc]
        except BaseException as error:
            outcome = _Outcome("failed", error)
        if self.report is not None:
            self._record(frame, op, start, time.perf_counter())
        return outcome

    def _call_limited(
        self, frame: Activation, op: OpPlan, reserved: bool, request: Request | None
    ) -> Any:
        """Run a call under its limits; PENDING if it will be tried again when one has room."""
        if not op.limiters:
            return self._call_at_rate(frame, op, reserved, self.context.copy())
        if request is None:
            request = Request(op.limiters, self.lineage, lambda: None)
            request.wake = lambda: self._woken(request, frame, op, reserved)
        self.requests[request] = (frame, op)
        hold = acquire(request)
        if hold is None:
            # The run may have failed or ended since this task was taken.
            if (self.queue.closed or self._is_cut(frame, op)) and cancel(request):
                self.requests.pop(request, None)
                return _DROPPED
            return PENDING
        self.requests.pop(request, None)
        try:
            context = self.context.copy()
            context.run(lineage.set, hold)
            return self._call_at_rate(frame, op, reserved, context)
        finally:
            release(hold, self.lineage)

    def _call_at_rate(self, frame: Activation, op: OpPlan, reserved: bool, context: Context) -> Any:
        rate = op.operator.rate if op.operator is not None else None
        if rate is not None and not reserved:
            now = time.monotonic()
            wait = rate.reserve(now)
            if wait > 0:
                return _Outcome("later", when=now + wait)
        return self._call(frame, op, context)

    def _woken(
        self, request: Request, frame: Activation, op: OpPlan, reserved: bool = False
    ) -> None:
        """A limit has room again. Called from whichever thread made the room."""
        self.requests.pop(request, None)
        if op.action is not Action.CALL:
            self.completions.put((frame, op, _TRY_AGAIN))
        else:
            self.queue.put((frame, op, reserved, request))
        if self.queue.closed:
            pass_on(op.limiters)

    def _record(self, frame: Activation, op: OpPlan, start: float, end: float) -> None:
        assert self.report is not None
        self.report.records.append(
            OpRecord(
                name=op.name,
                kind=op.kind,
                line=op.location,
                iterations=frame.iterations(),
                start=start - self.started,
                end=end - self.started,
                worker=threading.current_thread().name,
            )
        )
