"""The engine: an out-of-order processor for Python calls.

The calling thread is the *coordinator* of its run. It alone owns the run's state (frames, slots,
counts), so that state needs no locks. It evaluates cheap ops itself; calls that may block go to
workers, which give back completions through a queue.

- An op is *ready* when its operands are there. Nothing else delays a pure or unordered op.
- Each frame (an activation of a block) has a *retire pointer*: everything before it in the block is
  done. The frame at the pointer of its own parent's pointer, and so on up, is at the *head* of the
  program. An ordered op starts when it is ready and the head's pointer is at it, which is to say:
  when everything before it in the program has succeeded.
- A write to an object that has not its turn yet goes to the object's record (`heap`), from which
  the program reads, and is *committed* to the real object when the head's pointer passes the op.
  What is done but not at the head hands its writes to the op that it belongs to.
- When an op fails, ops after it in program order are no longer started (the cutoff). Those before
  it need no value from it or from anything after it, so they all complete; if one of them fails, it
  becomes the cutoff. When nothing moves any more, the cutoff is the first error in program order.
- Within the body of an `orch.try` the same holds of the body. When the body's pointer reaches the
  failed op, what came after it is given up (its frames are *dead*), and the handler runs.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal, get_args

from xdsl.dialects.builtin import ModuleOp

from xcs.runtime import native, regions
from xcs.runtime.calls import Calls, place_of
from xcs.runtime.compiler import compile_plan
from xcs.runtime.console import NotShown, Output
from xcs.runtime.describe import describe_inputs, parameter_names
from xcs.runtime.errors import (
    MAX_OTHERS,
    RunAbandoned,
    XCSError,
    keep_others,
    line_reached,
    line_within,
    without_own_frames,
    wrap_error,
)
from xcs.runtime.frames import (
    BODY,
    HANDLER,
    Activation,
    Branch,
    Failure,
    Frame,
    Loop,
    Owner,
    Try,
    UntrackedFrame,
)
from xcs.runtime.heap import Heap
from xcs.runtime.iterables import may_run_code
from xcs.runtime.pending import PENDING, Cell, PendingList, settled
from xcs.runtime.plan import Action, OpPlan, Plan, Program
from xcs.runtime.regions import LOOP_WINDOW as LOOP_WINDOW
from xcs.runtime.report import CALL_KINDS, CallLog, OpWait, RunReport

DEFAULT_MAX_WORKERS = 128
"""Calls of one run at a time, with those of runs nested in it: calls mostly wait for a network."""

INLINE, CALL = Action.INLINE, Action.CALL

OnError = Literal["first-in-program", "first-in-time"]


def _raise(error: BaseException) -> None:
    raise error


def _out_of_generator(error: StopIteration) -> RuntimeError:
    made = RuntimeError("generator raised StopIteration")
    made.__cause__ = made.__context__ = error
    return made


def _place(other: tuple[tuple[int, ...], BaseException]) -> tuple[int, ...]:
    return other[0]


def run(
    plan: Plan,
    args: Sequence[Any],
    *,
    max_workers: int | None = None,
    record: bool = False,
    on_error: OnError = "first-in-program",
    holds_output: bool = True,
    log: CallLog | None = None,
    progress: bool = False,
) -> tuple[list[Any], RunReport | None]:
    """Run a plan on the calling thread and workers; returns the results of the entry function.

    ``max_workers`` bounds the calls at a time of this run and the runs nested in it, which cannot
    exceed it either; coroutines that are awaited do not count. Raises the first error in program
    order, as an `XCSExecutionError`, when everything before it is done. With ``on_error =
    "first-in-time"``, raises the error that comes first on the clock, at once: calls that run then
    run on, and what comes of them is dropped. With ``holds_output``, what calls write to the
    console and to logs appears in program order (see `console`). The calls of operators are added
    to the `log`. With ``progress``, bars show how far loops are.
    """
    if on_error not in get_args(OnError):
        listed = " or ".join(repr(choice) for choice in get_args(OnError))
        raise ValueError(f"on_error={on_error!r}: expected {listed}")
    limit = DEFAULT_MAX_WORKERS if max_workers is None else max_workers
    if limit < 1:
        raise ValueError(f"max_workers={max_workers!r}: expected an integer of at least 1")
    if len(args) != plan.body.arguments:
        raise XCSError(f"the program takes {plan.body.arguments} arguments, {len(args)} were given")
    run = Run(plan, limit, record, on_error, holds_output, log)
    if progress:
        run.show_progress()
    return run.execute(args)


async def run_async(
    plan: Plan,
    args: Sequence[Any],
    *,
    max_workers: int | None = None,
    record: bool = False,
    holds_output: bool = True,
    log: CallLog | None = None,
    progress: bool = False,
) -> tuple[list[Any], RunReport | None]:
    """What `run` does, in a coroutine: the caller's event loop awaits what the plan awaits.

    If it is cancelled, so is what the program would be waiting for as plain Python; the error goes
    its way from there, through handlers.
    """
    limit = DEFAULT_MAX_WORKERS if max_workers is None else max_workers
    run = Run(plan, limit, record, holds_output=holds_output, log=log)
    if progress:
        run.show_progress()
    return await run.execute_async(args)


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


class Run(Calls):
    """The state of one run: frames, values, order, errors. All methods are the coordinator's."""

    def __init__(
        self,
        plan: Plan,
        max_workers: int,
        record: bool = False,
        on_error: OnError = "first-in-program",
        holds_output: bool = True,
        log: CallLog | None = None,
    ):
        super().__init__(max_workers, record, log)
        self.plan = plan
        if self.report is not None:
            self.report.plan = plan
        self.on_error = on_error
        self.loop_window, self.run_window = regions.windows(max_workers, awaits=plan.awaits)
        self.holds_output = holds_output and plan.overlaps
        """Whether output is held back. From when on, `Calls.console` says."""
        self.tracks_order = plan.tracks_order or self.holds_output
        self.new_frame: type[Frame] = Frame
        self.results: list[Any] = [PENDING] * len(plan.body.yields)
        self.heap = Heap()
        self.forwards: deque[tuple[Callable[[Any], None], Any]] = deque()
        """Values on their way to other frames. Queued, so that long chains need no deep stack."""
        self.afterwards: deque[tuple[Callable[[Any], None], Any]] = deque()
        """What needs all the values of ops that are done to have arrived."""
        self.live_iterations = 0
        self.live_calls = 0
        """Unfinished calls of captured functions."""
        self.deferred: list[tuple[Frame, OpPlan]] = []
        """Calls of captured functions that wait for others to end, or for their turn."""
        self.postponed: dict[tuple[Frame, int], OpPlan] = {}
        """Calls of captured functions that may come to run as Python functions yet."""
        self.suspended: dict[tuple[Frame, int], list[tuple[Any, Cell]]] = {}
        """By op: parts of a version that have to wait until the op has its turn."""
        self.handling = 0
        """Errors in bodies of `orch.try` that wait for what is before them."""
        self.cutoff: tuple[int, ...] | None = None
        self.error: BaseException | None = None
        self.last_output: Output | None = None
        """What the op with the error has written."""
        self.others: list[tuple[tuple[int, ...], BaseException]] = []
        """Errors of ops behind the cutoff that had started before it, with their places."""

    def execute(self, args: Sequence[Any]) -> tuple[list[Any], RunReport | None]:
        """Run on the calling thread until the program has ended."""
        with self.queue:
            try:
                root = self._enter_root(args)
                for _ in self._coordinate():
                    self._wait()
                if self.last_output is not None:
                    self.last_output.show()
            except NotShown as failed:
                self.abandon()
                raise self._not_shown(failed) from None
            except BaseException:
                self.abandon()
                raise
            finally:
                if self.event_loop is not None:
                    self.event_loop.give_back()
                if self.console is not None:
                    self.console.close()
                if self.progress is not None:
                    self.progress.close()
        return self._ended(root)

    async def execute_async(self, args: Sequence[Any]) -> tuple[list[Any], RunReport | None]:
        """The same as a coroutine."""
        import asyncio

        from xcs.runtime.coroutines import CallersLoop, WakingQueue

        self.completions, self.event_loop, self.is_awaited = WakingQueue(), CallersLoop(), True
        with self.queue:
            try:
                root = self._enter_root(args)
                for _ in self._coordinate():
                    try:
                        with self.queue.left():
                            await self._wait_on_loop()
                    except asyncio.CancelledError:
                        if not self._cancel_first():
                            raise
                if self.last_output is not None:
                    self.last_output.show()
            except BaseException as error:
                left = list(self.awaited.values())
                self.abandon()
                for coroutine, _, _ in self.own:
                    coroutine.close()
                for awaited in left:
                    await awaited.ended()
                if isinstance(error, NotShown):
                    raise self._not_shown(error) from None
                raise
            finally:
                if self.console is not None:
                    self.console.close()
                if self.progress is not None:
                    self.progress.close()
        return self._ended(root)

    def show_progress(self) -> None:
        """Have bars show how far loops are. Raises XCSError if tqdm is not installed."""
        from xcs.runtime.progress import Progress

        self.progress = Progress()

    def _enter_root(self, args: Sequence[Any]) -> Frame:
        if self.plan.iterates and not self.tracks_order:
            self.tracks_order = any(map(may_run_code, args))
        self.new_frame = Frame if self.tracks_order else UntrackedFrame
        root = self.new_frame(self.plan.body, None, 0)
        if self.tracks_order:
            root.head = True
        self.enter(root, args)
        return root

    def _not_shown(self, failed: NotShown) -> BaseException:
        output = failed.output
        return self._described(Failure(failed.error, output.frame, output.op, ()))

    def _ended(self, root: Frame) -> tuple[list[Any], RunReport | None]:
        root.let_go(root.plan.held)
        if root.left and self.error is None:
            is_done = root.done if self.tracks_order else bytearray(len(root.plan.ops))
            waiting = [op for op in root.plan.ops if not is_done[op.index]]
            raise XCSError(
                "the program came to a halt before its end, which is a bug in xcs; waiting: "
                + ", ".join(f"{op.name} at {op.location}" for op in waiting)
            )
        if self.report is not None:
            self.report.close()
        if self.error is not None:
            keep_others(self.error, [error for _, error in sorted(self.others, key=_place)])
            try:
                raise self.error
            finally:
                del self.error, self.others  # the traceback refers to this frame
        return [settled(value) for value in self.results], self.report

    # --- The coordinator's loop ---

    def _coordinate(self) -> Iterator[None]:
        """Go on until there is nothing but waiting, again and again; ends when the program does."""
        completions, inline, forwards = self.completions, self.inline, self.forwards
        afterwards = self.afterwards
        while True:
            while forwards:
                deliver, value = forwards.popleft()
                deliver(value)
            if afterwards:
                act, argument = afterwards.popleft()
                act(argument)
                continue
            if self.timers:
                self._start_due()
            if self.queued:
                # Before anything is evaluated here, so that waiting starts as early as it can.
                self.queued = False
                self._summon()
            if self.due:
                self.show_due()
            if not completions.empty():
                for _ in range(completions.qsize()):
                    self._completed(*completions.get())
            elif inline:
                frame, op = inline.popleft()
                self.start_inline(frame, op)
            elif self.postponed:
                native.give_up_one(self)
            elif self.in_flight:
                yield
            else:
                break

    # --- Frames and slots ---

    def enter(self, frame: Frame, args: Sequence[Any]) -> None:
        """Start a frame on its arguments and what it captures, any of which may be pending."""
        plan, values = frame.plan, frame.values
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
            if plan.probing:
                frame.probing = plan.entry_probing[:]
                for index in plan.entry_probes:
                    self._look_early(frame, plan.ops[index])
            for position, slot in plan.entry_yields:
                self._yielded(frame, position, values[slot])
            ops = plan.ops
            for index in plan.entry_ready:
                self.make_ready(frame, ops[index])
        else:
            self._enter_pending(frame)
        if frame.left == 0:
            self._frame_done(frame)

    def _enter_pending(self, frame: Frame) -> None:
        plan = frame.plan
        frame.missing = plan.missing[:]
        if plan.probing:
            frame.probing = plan.probing[:]
            for index in plan.probes:
                self._look_early(frame, plan.ops[index])
        for index in plan.sources:
            self.make_ready(frame, plan.ops[index])
        for slot in range(plan.arguments):
            value = frame.values[slot]
            if value is not PENDING:
                self.set(frame, slot, value)
        for outer_slot, slot in plan.captures:
            value = frame.values[slot]
            if value is PENDING:
                self.when_there(
                    frame.owner.frame,  # type: ignore[union-attr]
                    outer_slot,
                    lambda value, slot=slot: self.set(frame, slot, value),
                )
            else:
                self.set(frame, slot, value)

    def when_there(self, frame: Frame, slot: int, deliver: Callable[[Any], None]) -> None:
        """Deliver a slot's value, or list with pending elements, soon or once it is set."""
        value = frame.values[slot]
        if value is not PENDING:
            self.forwards.append((deliver, value))
        elif frame.waiters is None:
            frame.waiters = {slot: [deliver]}
        else:
            frame.waiters.setdefault(slot, []).append(deliver)

    def set(self, frame: Frame, slot: int, value: Any) -> None:
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
                        self.make_ready(frame, frame.plan.ops[index])
        for index in uses.lax:
            missing[index] -= 1
            if missing[index] == 0:
                self.make_ready(frame, frame.plan.ops[index])
        for position in uses.yields:
            self._yielded(frame, position, value)
        if frame.waiters is not None:
            for deliver in frame.waiters.pop(slot, ()):
                self.forwards.append((deliver, value))
        if uses.probes and not pending:
            self._probe(frame, uses.probes)

    def _complete(self, frame: Frame, slot: int, result: Any) -> None:
        """The list in a slot has all its elements: serve those who need the Python object."""
        frame.values[slot] = result
        for index in frame.plan.uses[slot].strict:
            frame.missing[index] -= 1
            if frame.missing[index] == 0:
                self.make_ready(frame, frame.plan.ops[index])
        if frame.plan.uses[slot].probes:
            self._probe(frame, frame.plan.uses[slot].probes)

    def _probe(self, frame: Frame, indices: Sequence[int]) -> None:
        """A value is there on which those of ops depend that may be given early."""
        probing = frame.probing
        for index in indices:
            probing[index] -= 1
            if probing[index] == 0 and frame.missing[index]:
                self._look_early(frame, frame.plan.ops[index])

    def _look_early(self, frame: Frame, op: OpPlan) -> None:
        """Give the value of an op that waits for its place in the order, if that can be done."""
        if op.is_early(op.access, frame.values):  # type: ignore[misc, arg-type]
            self.make_ready(frame, op.early)  # type: ignore[arg-type]

    def was_given(self, frame: Frame, op: OpPlan) -> bool:
        """Whether an op has given its value before it was issued."""
        return frame.given is not None and op.index in frame.given

    def give_early(self, frame: Frame, op: OpPlan, value: Any) -> None:
        """Give the value of an op that is not issued yet."""
        if frame.given is None:
            frame.given = set()
        if len(op.results) == 1:
            self.set(frame, op.results[0], value)
        elif op.results and not self._give_several(frame, op, value):
            return
        frame.given.add(op.index)

    def _yielded(self, frame: Frame, position: int, value: Any) -> None:
        """A value of the frame's terminator is there."""
        owner = frame.owner
        if type(owner) is Branch:
            slot = owner.op.results[position]
            self.forwards.append((lambda v: self.set(owner.frame, slot, v), value))
        elif owner is None:
            self.results[position] = value
        elif isinstance(owner, Loop):
            if position < owner.op.collected:
                owner.lists[position].set(frame.index, value)
            else:
                regions.yielded(self, owner, frame, position, value)
        elif frame.index == HANDLER or type(owner) is not Try:
            results = owner.op.results
            if position >= len(results):  # the token of a captured method
                results += owner.op.tokens
                if position >= len(results):
                    return
            slot = results[position]
            self.forwards.append((lambda v: self.set(owner.frame, slot, v), value))
        # What a body yields is given when it cannot fail any more.

    # --- Ops ---

    def make_ready(self, frame: Frame, op: OpPlan) -> None:
        """The operands of an op are there."""
        if self.cuts and self.is_cut(frame, op.index):
            return
        if op.ordered and not (frame.retire == op.index and (frame.head or op.is_local)):
            self.await_turn(frame, op, "it is ordered")
        else:
            self.start(frame, op)

    def await_turn(self, frame: Frame, op: OpPlan, reason: str) -> None:
        """Have an op made ready again when everything before it has succeeded."""
        frame.await_head(op)
        if self.report is not None:
            self.report.waits.append(OpWait(op.name, op.kind, op.location, reason))
            self.report.is_ready(op, frame, f"its turn: {reason}")

    def start(self, frame: Activation, op: OpPlan) -> None:
        """Have an op run, here or on a worker."""
        if op.action is CALL:
            if self.holds_output and self.console is None:
                self.look_after(frame, op)
            if self.report is not None:
                self.report.is_ready(op, frame, "a worker")
            if op.operator.batch is not None and not op.ordered:  # type: ignore[union-attr]
                self.offer(frame, op)
                return
            self.tasks.append((frame, op, None, None))
            self.in_flight += 1
            self.queued = True
        else:
            self.inline.append((frame, op))

    def start_inline(self, frame: Activation, op: OpPlan) -> None:
        if self.cuts and self.is_cut(frame, op.index):
            return
        if op.action is INLINE:
            if op.limiters:
                self.evaluate_exclusively(frame, op)
                return
            if self.report is None:
                try:
                    value = op.evaluate(frame.values)  # type: ignore[misc]
                except BaseException as error:
                    self.inline_failed(frame, op, error)
                else:
                    self.done(frame, op, value)
                return
        if self.report is not None:
            start = time.perf_counter()
            ACTIONS[op.action](self, frame, op)
            if op.kind not in CALL_KINDS or op.action in (INLINE, Action.HERE):
                self.report.ran(op, frame, start, time.perf_counter())  # others have only begun
        else:
            ACTIONS[op.action](self, frame, op)

    def evaluate(self, frame: Activation, op: OpPlan) -> None:
        """Evaluate an op on the values of its frame."""
        try:
            value = op.evaluate(frame.values)  # type: ignore[misc]
        except BaseException as error:
            self.inline_failed(frame, op, error)
        else:
            self.done(frame, op, value)

    def _issue(self, frame: Frame, op: OpPlan) -> None:
        if frame.given is not None and op.index in frame.given and op.early is not None:
            self.issued(frame, op)
            self.op_done(frame, op.index)
        else:
            op.issue(self, frame, op)  # type: ignore[misc]

    def inline_failed(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        """An op has raised on this thread."""
        if isinstance(error, KeyboardInterrupt | RunAbandoned):
            raise error  # it came to this thread from outside, not from the op
        self.fail(frame, op, error)

    def done(self, frame: Activation, op: OpPlan, value: Any) -> None:
        """An op that gives values has succeeded."""
        if not isinstance(frame, Frame):
            self._activation_done(frame, op, value)
            return
        results = op.results
        if len(results) == 1:
            self.set(frame, results[0], value)
        elif results and not self._give_several(frame, op, value):
            return
        for slot in op.tokens:
            self.set(frame, slot, None)
        self.op_done(frame, op.index)

    def _give_several(self, frame: Frame, op: OpPlan, value: Any) -> bool:
        try:
            values = tuple(value)
            if len(values) != len(op.results):
                expected = len(op.results)
                raise XCSError(f"{op.name} gave {len(values)} values, expected {expected}")
        except BaseException as error:
            self.fail(frame, op, error)
            return False
        for slot, item in zip(op.results, values, strict=True):
            self.set(frame, slot, item)
        return True

    def issued(self, frame: Frame, op: OpPlan) -> None:
        """An op has its place in the order of its object: who comes after it may go on."""
        for slot in op.tokens:
            self.set(frame, slot, None)

    def give(self, frame: Frame, op: OpPlan, value: Any) -> None:
        """Give the one result of an op that was issued."""
        for slot in op.results:
            self.set(frame, slot, value)

    def late(self, frame: Frame, op: OpPlan, value: Any) -> None:
        """The value of an op that was issued is there."""
        if not frame.dead:
            self.give(frame, op, value)
            self.op_done(frame, op.index)

    def _activation_done(self, activation: Activation, op: OpPlan, value: Any) -> None:
        """The op that is a whole iteration has succeeded, or the one that starts an iteration."""
        loop = activation.owner
        assert isinstance(loop, Loop)
        if op is loop.op.step:
            regions.element_taken(self, loop, value)
            return
        loop.lists[0].set(activation.index, value)
        if regions.iteration_ended(self, loop, activation.index, None):
            self.op_done(loop.frame, loop.op.index)

    def op_done(self, frame: Frame, index: int) -> None:
        """An op is done; so may be its frame, then the op that this belongs to, and so on."""
        while True:
            frame.left -= 1
            if self.tracks_order:
                frame.done[index] = 1
                if index in frame.plan.released:
                    frame.release(frame.plan.released[index])
                if index == frame.retire:
                    self._retire(frame)
            owner = frame.owner
            if frame.left or owner is None:
                return
            if type(owner) is Loop and not self.tracks_order:
                if not regions.iteration_ended(self, owner, frame.index, None):
                    return
            elif type(owner) is not Branch or self.tracks_order:
                if not regions.frame_ended(self, frame):
                    return
            frame, index = owner.frame, owner.op.index

    def _frame_done(self, frame: Frame) -> None:
        owner = frame.owner
        if owner is not None and regions.frame_ended(self, frame):
            self.op_done(owner.frame, owner.op.index)

    def _make_container(self, frame: Frame, op: OpPlan) -> None:
        container = PendingList(len(op.operands), op.make)
        for position, slot in enumerate(op.operands):
            value = frame.values[slot]
            if value is PENDING:
                self.when_there(frame, slot, lambda v, i=position: container.set(i, v))
            else:
                container.set(position, value)
        self.done(frame, op, container)

    def _get_item(self, frame: Frame, op: OpPlan) -> None:
        container, index = (settled(frame.values[slot]) for slot in op.operands)
        frame.values[op.operands[0]] = container
        if type(container) is not PendingList:
            self.evaluate(frame, op)
            return
        position = container.position(index)
        if position is None:
            container.when_complete(lambda _: self.make_ready(frame, op))
        elif container.items[position] is PENDING:
            container.when_there(position, lambda value: self.done(frame, op, value))
        else:
            self.done(frame, op, container.items[position])

    # --- Order ---

    def _retire(self, frame: Frame) -> None:
        """Move the frame's pointer over what is done."""
        done, start = frame.done, frame.retire
        index = start
        while index < len(done) and done[index]:
            index += 1
        frame.retire = index
        if frame.children:
            for passed in range(start, index):
                frame.children.pop(passed, None)
        if frame.watched is not None:
            self.look_again(frame.watched)
        if frame.head:
            self._head_moved(frame)
        elif frame.waiting is not None and index in frame.waiting:
            op = frame.plan.ops[index]
            if op.is_local:
                frame.waiting.discard(index)
                self.make_ready(frame, op)

    def _head_moved(self, frame: Frame) -> None:
        """Commit what the head's pointer has passed, and go on with the op that it is at."""
        if frame.writes or self.afterwards:
            self.afterwards.append((self._commit, frame))
        else:
            self._head_at(frame)

    def _commit(self, frame: Frame) -> None:
        """Commit what a frame at the head has passed. All values that are there have arrived."""
        if not frame.dead:
            self.heap.commit(frame.take_writes(frame.retire))
            self._head_at(frame)

    def _head_at(self, frame: Frame) -> None:
        """Everything in the program before the op at a frame's pointer has succeeded."""
        while frame.retire < len(frame.plan.ops):
            index = frame.retire
            if frame.waiting is not None and index in frame.waiting:
                frame.waiting.discard(index)
                self.make_ready(frame, frame.plan.ops[index])
                return
            if self.outputs:
                self.reached(frame, index)
            child = None if frame.children is None else frame.children.get(index)
            inner = None if child is None else self._inner_at_head(child)
            if inner is None:
                return
            inner.head = True
            if inner.writes:
                self.afterwards.append((self._commit, inner))
                return
            frame = inner

    def _inner_at_head(self, owner: Owner) -> Frame | None:
        """Which frame of what an op has started is at the head, when that op is."""
        if isinstance(owner, Branch):
            return owner.body
        if isinstance(owner, Loop):
            if owner.writes and owner.taken < owner.retired:
                self.afterwards.append((self._commit_loop, owner))
                return None
            if self.outputs:
                self.reached(owner, owner.retired)
            if owner.is_lazy and not owner.advancing:
                regions.advance(self, owner)
            return owner.frames.get(owner.retired)
        assert isinstance(owner, Try)
        if owner.kept:
            self.afterwards.append((self._commit_kept, owner))
            return None
        return owner.handler or owner.body

    def _commit_loop(self, loop: Loop) -> None:
        if not loop.frame.dead:
            self.heap.commit(loop.take_writes(loop.retired))
            self._commit(loop.frame)

    def _commit_kept(self, attempt: Try) -> None:
        if not attempt.frame.dead:
            regions.commit_kept(self, attempt)
            self._commit(attempt.frame)

    def iteration_retired(self, loop: Loop) -> None:
        """All iterations of a loop at the head have succeeded but those from `Loop.retired` on."""
        if loop.writes or self.afterwards:
            self.afterwards.append((self._commit_loop, loop))
            return
        if self.outputs:
            self.reached(loop, loop.retired)
        inner = loop.frames.get(loop.retired)
        if inner is not None:
            inner.head = True
            self._head_moved(inner)
        # A lazy loop goes on by itself.

    def look_again(self, attempt: Try) -> None:
        """See, when all values have arrived, whether it is time to handle an error."""
        self.afterwards.append((lambda a: regions.handle(self, a), attempt))

    # --- Errors ---

    def is_cut(self, frame: Activation, index: int, *inner: int) -> bool:
        """Whether an op, or an iteration in it, comes after an error that is known."""
        if frame.dead:
            return True
        if self.cutoff is None and not self.handling:
            return False
        path = (*frame.path(index), *inner)
        if self.cutoff is not None and path > self.cutoff:
            return True
        return self.handling > 0 and any(
            type(owner) is Try
            and at == BODY
            and owner.failure is not None
            and path > owner.failure.path
            for owner, at in frame.owners()
        )

    def fail(self, frame: Activation, op: OpPlan, error: BaseException) -> None:
        """Note an error, and give up what comes after it; what comes before it goes on."""
        BaseException.with_traceback(error, without_own_frames(error))
        output = self.outputs.pop(place_of(frame, op), None) if self.outputs else None
        failure = Failure(error, frame, op, frame.path(op.index), output)
        if self.cuts and self.is_cut(frame, op.index):
            self._keep_other(failure)
            return
        self.cuts = True
        for owner, at in frame.owners():
            if type(owner) is not Try:
                if owner.op.is_generator and isinstance(failure.error, StopIteration):
                    failure.error = _out_of_generator(failure.error)
                continue
            if at == BODY:
                self.handling += owner.failure is None
                owner.failure = failure
                regions.watch(owner)
                self.look_again(owner)
                self.give_up_cut()
                return
            self._note_handled(owner, failure)
        if self.error is not None and self.cutoff is not None:
            self.others.append((self.cutoff, self.error))
        self.cutoff = failure.path
        self.error = self._described(failure)
        self.last_output = failure.output
        if self.on_error == "first-in-time":
            self.forwards.appendleft((_raise, self.error))
        self.give_up_cut()

    def _keep_other(self, failure: Failure) -> None:
        """Keep an error that comes after the one of the program, if it is not in a body."""
        in_body = any(type(owner) is Try and at == BODY for owner, at in failure.frame.owners())
        if self.cutoff is not None and not in_body and len(self.others) < MAX_OTHERS:
            self.others.append((failure.path, self._described(failure)))

    def _note_handled(self, attempt: Try, failure: Failure) -> None:
        """Note of a failure in a handler what it has handled, which it may have raised again."""
        handled = attempt.failure
        assert handled is not None
        if handled.error is failure.error:
            failure.origin = handled.origin
        elif failure.error.__context__ is None:
            failure.error.__context__ = handled.error

    def _described(self, failure: Failure) -> BaseException:
        error, (frame, op) = failure.error, failure.origin
        values = [settled(frame.values[slot]) for slot in op.operands]
        shown, parameters = values[: len(op.operands) - op.hidden], ()
        node = f"{op.kind} @{op.name}" if op.kind == "orch.call" else op.kind
        if op.operator is not None and op.kind == "orch.call" and not op.starred:
            parameters = parameter_names(op.operator.function)
        inputs = describe_inputs(op.argument_names, shown, parameters)
        if op.native is not None:
            place = line_within(error, op.native.files, op.location)
        else:
            place = line_reached(error, op.location) if op.kind == "orch.host" else op.location
        wrapped = wrap_error(error, node, op.name, place, inputs)
        if isinstance(wrapped, Exception):  # what is none stays as it is
            with suppress(TypeError):  # an error without attributes
                vars(wrapped).setdefault("iterations", frame.iterations())
        return wrapped


ACTIONS: dict[Action, Callable[[Run, Any, OpPlan], None]] = {
    Action.INLINE: Run.evaluate,
    Action.HERE: Run.call_here,
    Action.AWAIT: Run._await,
    Action.CONTAINER: Run._make_container,
    Action.GETITEM: Run._get_item,
    Action.LOOP: regions.start_loop,
    Action.BRANCH: regions.start_branch,
    Action.ISSUE: Run._issue,
}
