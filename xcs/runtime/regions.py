"""Ops with blocks: loops, branches, calls of captured functions, handled errors.

What is started here ends in `Run.op_done`, by way of `frame_ended` below.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from xcs.runtime.frames import (
    END,
    HANDLER,
    Activation,
    Branch,
    Call,
    Collected,
    Frame,
    Loop,
    Owner,
    Try,
    While,
)
from xcs.runtime.heap import Write, Writes
from xcs.runtime.iterables import is_taken_at_once, runs_no_code
from xcs.runtime.pending import PENDING, PendingList, settled
from xcs.runtime.plan import BlockPlan, OpPlan

if TYPE_CHECKING:
    from xcs.runtime.console import Output
    from xcs.runtime.engine import Run

LOOP_WINDOW = 1024
"""Unfinished iterations of one loop at a time, if no more calls than that may run at once."""
RUN_WINDOW = 4096
"""Unfinished iterations of a run at a time, above which each loop has at least `LOOP_SHARE`."""
LOOP_SHARE = 16
COROUTINE_WINDOW = 1 << 15
"""The same, in a program that awaits coroutines, of which any number may wait at once."""
CALL_WINDOW = 4096
"""Unfinished calls of captured functions at a time, but for those at the head of the program."""


def windows(max_workers: int, *, awaits: bool) -> tuple[int, int]:
    """How many unfinished iterations a loop may have, and a run."""
    most = COROUTINE_WINDOW if awaits else max_workers
    return max(LOOP_WINDOW, most), max(RUN_WINDOW, 2 * most)


# --- Branches -------------------------------------------------------------------------------------


def start_branch(run: Run, frame: Frame, op: OpPlan) -> None:
    condition = frame.values[op.operands[0]]
    if type(condition) is not bool:
        try:
            condition = truth(settled(condition))
        except BaseException as error:
            run.inline_failed(frame, op, error)
            return
    branch = Branch(frame, op, op.blocks[0] if condition else op.blocks[1])
    if run.tracks_order:
        branch.body.head = adopt(frame, op, branch)
    run.enter(branch.body, ())


def truth(value: Any) -> bool:
    """Python's truth of a value. That of a container is known before its elements are.

    The value is a version, or an object that nothing before has changed: later writes do not count.
    """
    return bool(value.items) if type(value) is PendingList else bool(value)


def adopt(frame: Frame, op: OpPlan, owner: Owner) -> bool:
    """Remember what an op has started, and tell whether that is at the head of the program."""
    if frame.children is None:
        frame.children = {}
    frame.children[op.index] = owner
    return frame.head and frame.retire == op.index


# --- Calls of captured functions ------------------------------------------------------------------


def start_function(run: Run, frame: Frame, op: OpPlan) -> None:
    """`func.call`: enter the function on its arguments, any of which may be pending."""
    values = frame.values
    enter_function(run, frame, op, op.blocks[0], [values[slot] for slot in op.operands])


def enter_function(run: Run, frame: Frame, op: OpPlan, body: BlockPlan, args: list[Any]) -> None:
    """Enter a function for an op, whose operands its arguments are."""
    if run.live_calls >= CALL_WINDOW and run.tracks_order and not frame.at_head(op):
        run.deferred.append((frame, op))
        run.await_turn(frame, op, f"there are {CALL_WINDOW} unfinished calls already")
        return
    depth = 1 + next((o.depth for o, _ in frame.owners() if type(o) is Call), 1)
    if depth > sys.getrecursionlimit():
        run.inline_failed(frame, op, RecursionError("maximum recursion depth exceeded"))
        return
    call = Call(frame, op, body, depth)
    run.live_calls += 1
    if run.tracks_order:
        call.body.head = adopt(frame, op, call)
    run.enter(call.body, args)
    for to, (slot, value) in enumerate(zip(op.operands, args, strict=False)):
        if value is PENDING:
            run.when_there(frame, slot, lambda v, to=to: run.set(call.body, to, v))


def _start_deferred(run: Run) -> None:
    """Start calls that the window held back, the latest first: these end soonest."""
    while run.deferred and run.live_calls < CALL_WINDOW:
        frame, op = run.deferred.pop()
        if frame.waiting is not None and op.index in frame.waiting and not frame.dead:
            frame.waiting.discard(op.index)
            run.make_ready(frame, op)
            return


# --- Loops ----------------------------------------------------------------------------------------


def start_loop(run: Run, frame: Frame, op: OpPlan) -> None:
    iterable = settled(frame.values[op.operands[0]])
    try:
        loop = _loop_over(run, frame, op, iterable)
    except BaseException as error:
        run.inline_failed(frame, op, error)
        return
    if loop is None:
        return
    if loop.iterator is None or not op.collected:
        for slot, collected in zip(op.results, loop.lists, strict=False):
            run.set(frame, slot, collected)
    if loop.length == 0:
        _give_results(run, loop, None)
        run.op_done(frame, op.index)
        return
    if run.tracks_order:
        adopt(frame, op, loop)
    advance(run, loop)


def _loop_over(run: Run, frame: Frame, op: OpPlan, iterable: Any) -> Loop | None:
    """The loop over an iterable; None if that is not known yet, and the op comes back.

    As for conditions, that is a version, or what nothing before has changed.
    """
    if isinstance(iterable, PendingList):
        if iterable.keys is not None:
            return Loop(frame, op, list(iterable.keys))
        if not iterable.is_sequence:
            iterable.when_complete(lambda _: run.make_ready(frame, op))
            return None
        return Loop(frame, op, iterable.items, iterable)
    if type(iterable) is list or not run.tracks_order or is_taken_at_once(iterable):
        if op.stops and hasattr(type(iterable), "__next__"):
            # Whoever holds the iterator sees how far it was taken.
            return Loop(frame, op, (), iterator=iter(iterable))
        return Loop(frame, op, list(iterable))
    if runs_no_code(iterable):
        return Loop(frame, op, (), iterator=iter(iterable))
    if not frame.at_head(op):
        reason = f"iterating over {type(iterable).__name__} objects runs code that is not known"
        run.await_turn(frame, op, reason)
        return None
    loop = Loop(frame, op, (), iterator=iter(iterable))
    loop.is_lazy = True
    return loop


def advance(run: Run, loop: Loop) -> None:
    """Create iterations, in order, as far as the window goes."""
    if loop.stepwise:
        _advance_stepwise(run, loop)
        return
    direct = loop.op.direct
    template = None if direct is None else _template(loop)
    loop.advancing = True
    while loop.next < loop.length:
        index = loop.next
        live = index - loop.completed
        if live >= LOOP_SHARE and (
            live >= run.loop_window or run.live_iterations >= run.run_window
        ):
            break
        if run.cuts and run.is_cut(loop.frame, loop.op.index, index):
            break
        loop.next = index + 1
        run.live_iterations += 1
        element = loop.items[index]
        if template is None or element is PENDING or type(element) is PendingList:
            _enter_iteration(run, loop, index, element)
        else:
            values = template[:]
            values[0] = element
            run.start(Activation(loop, index, values), direct)  # type: ignore[arg-type]
    loop.advancing = False


def _has_room(run: Run, loop: Loop) -> bool:
    live = loop.next - loop.completed
    return live < LOOP_SHARE or (live < run.loop_window and run.live_iterations < run.run_window)


def _template(loop: Loop) -> list[Any] | None:
    """The slots of each iteration, but for its element; None if any of it is pending."""
    body, outer = loop.op.blocks[0], loop.frame.values
    values = body.template[:]
    for outer_slot, slot in body.captures:
        value = values[slot] = settled(outer[outer_slot])
        if value is PENDING or type(value) is PendingList:
            return None
    return values


def _enter_iteration(run: Run, loop: Loop, index: int, element: Any) -> None:
    """Create a frame for an iteration, whose element may be pending."""
    op = loop.op
    frame = run.new_frame(op.blocks[0], loop, index)
    if run.tracks_order:
        _take_turn(loop, frame)
    if len(op.operands) > 1:
        _enter_carrying(run, loop, frame, [element])
    else:
        loop.last = frame if op.stops else None
        run.enter(frame, (element,))
    if element is PENDING:
        deliver = lambda value: run.set(frame, 0, value)
        loop.source.when_there(  # type: ignore[union-attr]
            index, lambda value: run.forwards.append((deliver, value))
        )


def _take_turn(loop: Loop, frame: Frame) -> None:
    loop.frames[frame.index] = frame
    outer = loop.frame
    frame.head = outer.head and outer.retire == loop.op.index and loop.retired == frame.index


def _enter_carrying(run: Run, loop: Loop, frame: Frame, given: Sequence[Any]) -> None:
    """Start an iteration on what it is given, and what is carried to it."""
    last = loop.last
    loop.last = frame
    if last is not None:
        last.successor = frame
    source, slots = _carried(loop, last)
    values, args = source.values, [*given]
    for slot in slots:
        args.append(values[slot])
    run.enter(frame, args)
    if last is None:
        for to, slot in enumerate(slots, len(given)):
            if source.values[slot] is PENDING:
                run.when_there(source, slot, lambda value, to=to: run.set(frame, to, value))


def _carried(loop: Loop, last: Frame | None) -> tuple[Frame, Sequence[int]]:
    """Where the values are that the frame after the last one starts on, or the loop ends with."""
    if last is None:
        operands = loop.op.operands
        return loop.frame, operands if type(loop) is While else operands[1:]
    if type(loop) is not While:
        return last, loop.op.carried
    return last, last.plan.yields[_skipped(loop, last.index) :]


def _skipped(loop: Loop, index: int) -> int:
    """How many of the first values that a frame yields are not carried: a flag, or elements."""
    if type(loop) is While and index % 2 == 0:
        return 1
    return 1 if loop.op.stops else loop.op.collected


def yielded(run: Run, loop: Loop, frame: Frame, position: int, value: Any) -> None:
    """A value of an iteration's terminator is there, and not one that is collected."""
    skipped = _skipped(loop, frame.index) if loop.stepwise else loop.op.collected
    if position < skipped:
        # Later, as the same value may also be carried to the iteration that this creates.
        run.forwards.append((lambda v: _decide(run, loop, frame, v), value))
    elif frame.successor is not None:
        target, to = frame.successor, position - skipped + (type(loop) is not While)
        run.forwards.append((lambda v: run.set(target, to, v), value))
    elif not loop.stepwise and frame.index == loop.length - 1:
        target, to = loop.frame, loop.op.results[position]
        run.forwards.append((lambda v: run.set(target, to, v), value))
    # Otherwise the next iteration, when it is created, looks here; or the end of the loop does.


def iteration_ended(run: Run, loop: Loop, index: int, writes: Writes | None) -> bool:
    """An iteration is done. Tells whether the loop is."""
    loop.completed += 1
    run.live_iterations -= 1
    if run.progress is not None:
        run.progress.ended(loop, index)
    if run.tracks_order:
        _retire_iteration(run, loop, index, writes)
    if loop.completed == loop.length:
        loop.last = None
        if loop.writes:
            _hand_up(loop.frame, loop.op, loop.take_writes(loop.next))
        return True
    if loop.next < loop.length and not loop.advancing:
        advance(run, loop)
    return False


def _retire_iteration(run: Run, loop: Loop, index: int, writes: Writes | None) -> None:
    if writes:
        loop.keep(index, writes)
    if loop.frames:
        loop.frames.pop(index, None)
    if index != loop.retired:
        loop.finished.add(index)
        return
    loop.retired += 1
    while loop.retired in loop.finished:
        loop.finished.discard(loop.retired)
        loop.retired += 1
    if loop.watched is not None:
        run.look_again(loop.watched)
    outer = loop.frame
    if outer.head and outer.retire == loop.op.index:
        run.iteration_retired(loop)


def _hand_up(frame: Frame, op: OpPlan, writes: Writes) -> None:
    """Give uncommitted writes of what is done to the op that it belongs to."""
    if writes:
        frame.keep(op.index, writes)


# --- Loops that do not know how often -------------------------------------------------------------


def start_while(run: Run, frame: Frame, op: OpPlan) -> None:
    loop = While(frame, op)
    if run.tracks_order:
        adopt(frame, op, loop)
    advance(run, loop)


def _advance_stepwise(run: Run, loop: Loop) -> None:
    """Create iterations as far as it is known that there are more."""
    loop.advancing = True
    while loop.decided and not loop.ended and _has_room(run, loop):
        if run.cuts and run.is_cut(loop.frame, loop.op.index, loop.next):
            break
        if type(loop) is While:
            _enter_part(run, loop)
        elif loop.is_lazy:
            _take_lazily(run, loop)
            break
        elif not _enter_next(run, loop):
            break
    loop.advancing = False


def _enter_part(run: Run, loop: Loop) -> None:
    """Create the frame of a test, or of the body after it."""
    index = loop.next
    loop.next += 1
    run.live_iterations += 1
    loop.decided = index % 2 == 1 and not loop.op.stops
    frame = run.new_frame(loop.op.blocks[index % 2], loop, index)
    if run.tracks_order:
        _take_turn(loop, frame)
    _enter_carrying(run, loop, frame, ())


def _enter_next(run: Run, loop: Loop) -> bool:
    """Create the next iteration, if there is another element."""
    index = loop.next
    if loop.iterator is not None:
        try:
            element = next(loop.iterator, END)
        except BaseException as error:
            run.inline_failed(Activation(loop, index, []), _step_of(loop), error)
            return False
    else:
        element = loop.items[index] if index < len(loop.items) else END
    if element is END:
        end(run, loop, stopped=False)
        return False
    _create(run, loop, element)
    return True


def _step_of(loop: Loop) -> OpPlan:
    assert loop.op.step is not None
    return loop.op.step


def _create(run: Run, loop: Loop, element: Any) -> None:
    index = loop.next
    loop.next += 1
    run.live_iterations += 1
    loop.decided = not loop.op.stops
    _enter_iteration(run, loop, index, element)


def _take_lazily(run: Run, loop: Loop) -> None:
    """Have the next element taken, if all that comes before has succeeded."""
    outer = loop.frame
    if outer.head and outer.retire == loop.op.index and loop.retired == loop.next:
        loop.decided = False  # until the element is there
        run.start(Activation(loop, loop.next, [loop.iterator]), _step_of(loop))


def element_taken(run: Run, loop: Loop, element: Any) -> None:
    """The next element of a lazy loop is there, or there is none."""
    loop.decided = True
    if element is END:
        end(run, loop, stopped=False)
    else:
        _create(run, loop, element)


def _decide(run: Run, loop: Loop, frame: Frame, value: Any) -> None:
    """A frame has said whether the loop goes on."""
    if frame.dead:
        return
    is_test = type(loop) is While and frame.index % 2 == 0
    try:
        goes_on = truth(settled(value)) is is_test
    except BaseException as error:
        # It belongs after the test, whose other ops come before it.
        run.inline_failed(Activation(loop, frame.index + 1, []), _step_of(loop), error)
        return
    if not goes_on:
        end(run, loop, stopped=not is_test)
        return
    loop.decided = True
    if not loop.advancing:
        advance(run, loop)


def end(run: Run, loop: Loop, *, stopped: bool) -> None:
    """There are no more iterations. The loop is done when those there are have ended."""
    loop.ended = True
    loop.length = loop.next
    if loop.op.stops:
        run.set(loop.frame, loop.op.results[0], stopped)
    for slot, collected in zip(loop.op.results, loop.lists, strict=False):
        if type(collected) is Collected:
            run.set(loop.frame, slot, collected.close(loop.length))
    _give_results(run, loop, loop.last)
    if loop.completed == loop.length:
        run.forwards.append((lambda loop: _ended(run, loop), loop))


def _ended(run: Run, loop: Loop) -> None:
    """A loop that had no more iterations to wait for has ended."""
    if not loop.frame.dead:
        loop.last = None
        _hand_up(loop.frame, loop.op, loop.take_writes(loop.next))
        run.op_done(loop.frame, loop.op.index)


def _give_results(run: Run, loop: Loop, last: Frame | None) -> None:
    """Give what is carried out of a loop: by its last iteration, or what it started with."""
    op, frame = loop.op, loop.frame
    source, slots = _carried(loop, last)
    for to, slot in zip(op.results[op.collected + op.stops :], slots, strict=True):
        run.when_there(source, slot, lambda value, to=to: run.set(frame, to, value))


# --- Handled errors -------------------------------------------------------------------------------


def start_try(run: Run, frame: Frame, op: OpPlan) -> None:
    attempt = Try(frame, op)
    attempt.body.head = adopt(frame, op, attempt)
    run.enter(attempt.body, ())


def has_reached(attempt: Try) -> bool:
    """Whether everything before the failed op of a body is done."""
    assert attempt.failure is not None
    activation, index = attempt.failure.frame, attempt.failure.op.index
    if isinstance(activation, Frame) and activation.retire != index:
        return False
    while activation is not attempt.body:
        owner = activation.owner
        assert owner is not None
        if not owner.has_retired(activation.index) or owner.frame.retire != owner.op.index:
            return False
        activation = owner.frame
    return True


def watch(attempt: Try) -> None:
    """Have the run look again when the pointers of what is around the failed op move."""
    assert attempt.failure is not None
    activation = attempt.failure.frame
    if isinstance(activation, Frame):
        activation.watched = attempt
    while activation is not attempt.body:
        owner = activation.owner
        assert owner is not None
        if isinstance(owner, Loop):
            owner.watched = attempt
        owner.frame.watched = attempt
        activation = owner.frame


def handle(run: Run, attempt: Try) -> None:
    """Undo what came after the failed op, and run the handler on the error, if it is time."""
    if attempt.handler is not None or attempt.body.dead or not has_reached(attempt):
        return
    assert attempt.failure is not None
    frame, op = attempt.frame, attempt.op
    attempt.kept, dropped = _split_writes(attempt)
    if attempt.failure.output is not None:
        attempt.kept.append(attempt.failure.output)
    run.heap.drop(dropped)
    bury(run, attempt.body)
    attempt.handler = handler = Frame(op.blocks[HANDLER], attempt, HANDLER)
    run.handling -= 1
    handler.head = frame.at_head(op)
    if handler.head:
        commit_kept(run, attempt)
    run.enter(handler, (attempt.failure.error,))


def commit_kept(run: Run, attempt: Try) -> None:
    """Commit what the body did before it failed, now that everything before it has succeeded."""
    kept, attempt.kept = attempt.kept, []
    run.heap.commit(kept)


def _split_writes(attempt: Try) -> tuple[Writes, Writes]:
    """The uncommitted writes of a body before the failed op, and those after it."""
    assert attempt.failure is not None
    kept: Writes = []
    dropped: Writes = []
    for activation, index in _inwards(attempt):
        owner = activation.owner
        if isinstance(owner, Try) and owner is not attempt:
            kept.extend(owner.kept)  # this is its handler
        elif isinstance(owner, Loop):
            kept.extend(owner.take_writes(activation.index))
            for frame in owner.live_frames():
                if frame.index > activation.index:
                    dropped.extend(_writes_within(frame))
            dropped.extend(owner.take_writes(owner.next))
        if isinstance(activation, Frame):
            kept.extend(activation.take_writes(index))
            dropped.extend(activation.take_writes(len(activation.plan.ops)))
            for child_index, child in (activation.children or {}).items():
                if child_index > index:
                    dropped.extend(_writes_of(child))
    return kept, dropped


def _inwards(attempt: Try) -> list[tuple[Activation, int]]:
    """The activations around the failed op with where it is in them, from the body inwards."""
    assert attempt.failure is not None
    activation, index = attempt.failure.frame, attempt.failure.op.index
    path = [(activation, index)]
    while activation is not attempt.body:
        owner = activation.owner
        assert owner is not None
        activation, index = owner.frame, owner.op.index
        path.append((activation, index))
    return list(reversed(path))


def _writes_within(root: Frame) -> Iterable[Write | Output | Writes]:
    """All uncommitted writes in a frame and what it has started."""
    for frame, owner in _descendants(root):
        if frame is not None:
            yield from frame.take_writes(len(frame.plan.ops))
        elif isinstance(owner, Loop):
            yield from owner.take_writes(owner.next)
        elif isinstance(owner, Try):
            yield from owner.kept


def _writes_of(owner: Owner) -> Iterable[Write | Output | Writes]:
    if isinstance(owner, Loop):
        yield from owner.take_writes(owner.next)
    elif isinstance(owner, Try):
        yield from owner.kept
    for frame in owner.live_frames():
        yield from _writes_within(frame)


def _descendants(root: Frame) -> Iterable[tuple[Frame | None, Owner | None]]:
    """The frame, and what it and they have started: each as a pair with None for the other."""
    pending = [root]
    while pending:
        frame = pending.pop()
        yield frame, None
        for owner in (frame.children or {}).values():
            yield None, owner
            pending.extend(owner.live_frames())


def bury(run: Run, root: Frame) -> None:
    """Give up a frame and what it has started: whatever still comes of it is ignored."""
    for frame, owner in _descendants(root):
        if frame is not None:
            frame.dead = True  # type: ignore[misc]
        elif isinstance(owner, Loop):
            if owner.completed < owner.length:
                run.live_iterations -= owner.next - owner.completed
        elif isinstance(owner, Call):
            run.live_calls -= owner.body.left > 0
        elif isinstance(owner, Try) and owner.failure is not None and owner.handler is None:
            run.handling -= 1
    run.cuts = True
    run.give_up_cut()


# --- The ends of frames ---------------------------------------------------------------------------


def frame_ended(run: Run, frame: Frame) -> bool:
    """All ops of a frame are done. Tells whether those of its owner's op are."""
    owner = frame.owner
    assert owner is not None
    if not run.tracks_order:
        if isinstance(owner, Loop):
            return iteration_ended(run, owner, frame.index, None)
        if type(owner) is Call:
            _call_ended(run)
        return True
    if frame.dead:
        return False
    writes = frame.take_writes(len(frame.plan.ops)) if frame.writes else None
    if isinstance(owner, Loop):
        return iteration_ended(run, owner, frame.index, writes)
    if type(owner) is Try:
        _attempt_ended(run, owner, frame, writes)
    elif writes:
        _hand_up(owner.frame, owner.op, writes)
    frame.let_go(frame.plan.held)
    if type(owner) is Call:
        _call_ended(run)
    return True


def _attempt_ended(run: Run, attempt: Try, frame: Frame, writes: Writes | None) -> None:
    """The body has succeeded, or the handler has."""
    _hand_up(attempt.frame, attempt.op, [*attempt.kept, *(writes or ())])
    attempt.kept = []
    if frame is attempt.body:
        for to, slot in zip(attempt.op.results, frame.plan.yields, strict=True):
            run.when_there(frame, slot, lambda v, to=to: run.set(attempt.frame, to, v))


def _call_ended(run: Run) -> None:
    run.live_calls -= 1
    if run.deferred:
        _start_deferred(run)
