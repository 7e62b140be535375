"""Async code: coroutines, which are calls that begin when they are awaited, and tasks of them.

`await` is the call of an async function. What runs in several tasks is captured as if one ran to
its end after the other, in the order in which they were made: one of the orders that asyncio may
come to, that of awaited calls which need not wait. The engine overlaps them as any calls.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from xcs.dialects import orch
from xcs.frontend.capture.calls import (
    Args,
    Call,
    append,
    apply,
    call_method,
    call_operator,
    coroutine_of,
    is_coroutine_function,
    judged,
)
from xcs.frontend.capture.evaluate import class_of, get_item, new_list
from xcs.frontend.capture.execute import reraise
from xcs.frontend.capture.flow import Flow
from xcs.frontend.capture.names import store_in
from xcs.frontend.capture.order import ELEMENTS, Home, Scope, ScopeKind
from xcs.frontend.capture.regions import branch, select
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import (
    Closure,
    Coroutine,
    Dyn,
    Frame,
    Group,
    Method,
    Pack,
    Partial,
    Static,
    Task,
    Value,
    View,
)
from xcs.frontend.classification import Classification, unknown
from xcs.frontend.names import FUNCTION_NODES, loaded_names, stored_names
from xcs.frontend.unsupported import Inseparable

# --- await ----------------------------------------------------------------------------------------


def evaluate_await(c: Capture, frame: Frame, node: ast.Await) -> Value:
    """``await value``."""
    from xcs.frontend.capture.evaluate import evaluate

    c.consumed.add(id(node.value))
    return awaited(c, frame, node, evaluate(c, frame, node.value))


def awaited(c: Capture, frame: Frame, node: ast.AST, value: Value) -> Value:
    """What comes of a value that is awaited."""
    call = Call(c, frame, node, Args([value]))
    match value:
        case Coroutine():
            _begin(c, value, value.home.find().scope, node)
            if any(coroutine is value for coroutine, _ in c.pending):
                c.check_nothing_pends(node)
            return value.run(replace(call, args=value.args))
        case Task():
            return result_of(call, value)
        case Dyn(home=Home() as home) if home.find().task:
            return result_of(call, _stored_task(c, value))
        case Dyn(home=Home() as home) if home.find().calls:
            _begin_stored(c, value, home.find(), node)
            return _each_kind(call, value, lambda one: one.run(replace(call, args=one.args)))
        case Group():
            raise Inseparable("a task group that is awaited", node)
        case _:
            return _await_unknown(call, value)


def _begin(c: Capture, key: Coroutine | Home, born: Scope, node: ast.AST) -> None:
    """Note that a coroutine, or those of a home, are awaited, which they can be once only."""
    if _is_repeated(c.order.scope, born):
        raise Inseparable("a coroutine that is awaited in a loop, and not made in it", node)
    if key in c.begun or any(isinstance(k, Home) and k.find() is key for k in c.begun):
        raise Inseparable("a coroutine that may be awaited twice", node)
    c.begun[key] = c.order.scope


def _begin_stored(c: Capture, value: Dyn, home: Home, node: ast.AST) -> None:
    """The same for one that was stored. A loop over a container takes each out of it once."""
    if home.classes or home.plain or home.codes or home.open:
        raise Inseparable("a coroutine that is kept among other values", node)
    scope = c.order.scope
    if value.ssa in c.taken:
        while scope.block is not value.ssa.owner and scope.parent is not None:
            if scope.kind is ScopeKind.LOOP:
                raise Inseparable("a coroutine that is awaited in a loop within a loop", node)
            scope = scope.parent
        scope = scope.parent or scope
    if _is_repeated(scope, home.scope):
        raise Inseparable("a coroutine that is awaited in a loop, and not made in it", node)
    _begin(c, home, c.order.scope, node)


def _is_repeated(scope: Scope, born: Scope) -> bool:
    """Whether a region may run more than once while what was born in another is there."""
    current: Scope | None = scope
    while current is not None and not born.inside(current):
        if current.kind is ScopeKind.LOOP:
            return True
        current = current.parent
    return False


async def await_value(value: Any) -> Any:
    """Await something that is known at run time only."""
    return await value


def _await_unknown(call: Call, value: Value) -> Value:
    """Something that code gave which is not captured: it may do anything while it is awaited."""
    if (call.c.kept or call.c.keeps_tasks) and class_of(value) is None:
        raise Inseparable("what is awaited may be a coroutine that was kept", call.node)
    what = unknown("what is awaited is not captured")
    made_by = value.ssa.owner if isinstance(value, Dyn) else None
    if isinstance(made_by, orch.CallOp):
        operator = call.c.operators[made_by.callee.string_value()]
        if operator.effects.data == "unordered":
            what = replace(what, kind="tool", effects="unordered", mutates_args=False)
    return call_operator(call, await_value, what, awaits=True)


# --- coroutines that are kept ---------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What coroutines that were stored are calls of, and the first one of them."""

    shape: Any
    coroutine: Coroutine
    leaves: tuple[Dyn, ...]


def store(c: Capture, coroutine: Coroutine) -> SSAValue:
    """The coroutine as a value of the running program: a number and the arguments of the call."""
    shape, leaves = _taken_apart(c, coroutine)
    number = next((i for i, kept in enumerate(c.kept) if kept.shape == shape), len(c.kept))
    if number == len(c.kept):
        c.kept.append(Kept(shape, coroutine, tuple(leaves)))
    home = coroutine.home.find()
    home.calls |= {number}
    for index, leaf in enumerate(leaves):
        if leaf.home is not None:
            c.order.merge(home.field(f"{number}.{index}"), leaf.home)
    parts = [c.constant(number), *(leaf.ssa for leaf in leaves)]
    return c.add(orch.TupleOp(parts)).results[0]


def _taken_apart(c: Capture, value: Value) -> tuple[Any, list[Dyn]]:
    """What of a value belongs to the program, and what flows when it runs."""
    match value:
        case Static(obj=obj) if type(obj) in _DATA:
            return _taken_apart(c, Dyn(c.constant(obj), type(obj)))
        case Static(obj=obj):
            return ("static", id(obj)), []
        case Dyn():
            return ("dyn", value.cls, value.path, value.home is None), [value]
        case Closure():
            _check_kept(c, value)
            return ("closure", id(value)), []
    if isinstance(value, Coroutine) and isinstance(value.kind, Closure):
        _check_kept(c, value.kind)
    name, parts = _parts(value)
    apart = [_taken_apart(c, part) for part in parts]
    return (name, *(shape for shape, _ in apart)), [leaf for _, leaves in apart for leaf in leaves]


def _check_kept(c: Capture, closure: Closure) -> None:
    """Refuse a function whose variables may be gone, or others, when it is called later."""
    frame, node = closure.frame, closure.node
    loops = (
        loop
        for loop in ast.walk(frame.node)
        if isinstance(loop, ast.For | ast.AsyncFor | ast.While)
        and any(child is node for child in ast.walk(loop))
    )
    bound = {name for loop in loops for name in stored_names(loop)}
    around = {id(outer) for inner in c.frames for outer in inner.chain()}
    is_there = id(frame) in around and isinstance(frame.node, FUNCTION_NODES)
    if not is_there or bound & set(loaded_names(node)):
        raise Inseparable(f"a coroutine that is kept with '{closure.name}'", node)


_DATA = (int, float, str, bytes, complex)


def _parts(value: Value) -> tuple[Any, list[Value]]:
    match value:
        case Pack(items=items):
            return "pack", list(items)
        case Method(receiver=receiver, function=function):
            return ("method", id(function)), [receiver]
        case Partial(function=function, positional=positional, keywords=keywords):
            parts = [function, *positional, *keywords.values()]
            return ("partial", len(positional), tuple(keywords)), parts
        case Coroutine(args=args):
            return (value.kind, tuple(args.starred), tuple(args.keywords)), args.values()
        case _:
            raise Inseparable("a coroutine that is kept with such arguments")


def _put_together(c: Capture, value: Value, leaves: Iterator[Dyn]) -> Value:
    """The same as a value that was taken apart, with other leaves."""
    again = lambda part: _put_together(c, part, leaves)
    match value:
        case Static(obj=obj) if type(obj) in _DATA:
            return next(leaves)
        case Dyn():
            return next(leaves)
        case Pack(items=items):
            return Pack(tuple(map(again, items)))
        case Method(receiver=receiver, function=function):
            return Method(again(receiver), function)
        case Partial(function=function, positional=positional, keywords=keywords):
            function, first = again(function), tuple(map(again, positional))
            return Partial(function, first, {k: again(part) for k, part in keywords.items()})
        case Closure():
            _check_kept(c, value)
            return value
        case Coroutine(args=args):
            if isinstance(value.kind, Closure):
                _check_kept(c, value.kind)
            first = list(map(again, args.positional))
            keywords = {k: again(part) for k, part in args.keywords.items()}
            again_with = Args(first, keywords, list(args.starred))
            return replace(value, args=again_with, home=c.order.neutral("coroutine"))
        case _:
            return value


def _each_kind(call: Call, value: Dyn, run: Callable[[Coroutine], Value]) -> Value:
    """Run a coroutine that was kept: a way for each call that it may be."""
    assert value.home is not None
    home, c = value.home.find(), call.c

    def way(numbers: list[int]) -> Value:
        number, *others = numbers
        if not others:
            return run(_restored(c, value, home, number))
        first = c.add(orch.GetItemOp(value.ssa, c.constant(0))).results[0]
        test = c.host("v == n", {"v": Dyn(first), "n": Static(number)}, cls=bool, total=True)
        one = lambda: run(_restored(c, value, home, number))
        return select(c, test, one, lambda: way(others))

    return way(sorted(home.calls))


def _restored(c: Capture, value: Dyn, home: Home, number: int) -> Coroutine:
    kept = c.kept[number]
    found: list[Dyn] = []
    for index, leaf in enumerate(kept.leaves):
        part = c.add(orch.GetItemOp(value.ssa, c.constant(index + 1))).results[0]
        inner = None if leaf.home is None else home.field(f"{number}.{index}")
        found.append(Dyn(part, leaf.cls, inner, leaf.example, leaf.path))
    restored = _put_together(c, kept.coroutine, iter(found))
    assert isinstance(restored, Coroutine)
    return restored


# --- tasks ----------------------------------------------------------------------------------------


def start(call: Call, value: Value) -> Task | None:
    """Run a coroutine as a task, which holds what comes of it.

    Python begins it when its maker next waits. It is run at once if nobody can tell: if it changes
    nothing, and what it is given is not changed before the function ends. Gives None otherwise.
    """
    from xcs.frontend.capture.trying import protect

    c, node = call.c, call.node
    if not isinstance(value, Coroutine):
        raise Inseparable("a task of what is no coroutine of a captured function", node)
    given = [h for v in value.args.values() if (h := c.home_of(v)) is not None]

    def run() -> tuple[list[Value], Flow]:
        return [Static(None), _settled(c, awaited(c, call.frame, node, value))], Flow.NEXT

    def failed(error: Dyn) -> tuple[list[Value], Flow]:
        return [Dyn(error.ssa), Static(None)], Flow.NEXT

    attempt, written, last = c.begin(), len(c.order.writes), c.block.last_op
    (error, result), _ = protect(c, {}, run, failed)
    if not _is_quiet(c, given, written, last):
        c.undo(attempt)
        return None
    c.started.append((len(c.order.writes), given, node, c.block.last_op))
    task = Task(error, result, c.order.neutral("task"))
    task.home.task = True
    if (inner := c.home_of(result)) is not None:
        c.order.merge(task.home.field("value"), inner)
    return task


def _settled(c: Capture, result: Value) -> Value:
    """A result that is there once all that it was awaited for is done."""
    pause, c.pause = c.pause, None
    if pause is None:
        return result
    op = orch.HostOp("v", {"v": c.ssa(result), "pause": pause.ssa}, [orch.ANY], total=True)
    return Dyn(c.add(op).results[0], class_of(result), c.home_of(result))


def _is_quiet(c: Capture, given: list[Home], written: int, last: Operation | None) -> bool:
    """Whether what was emitted since changes nothing that others see, and has no place of its own.

    What it was given is known by its homes, and what had happened before by the number of writes
    and the last op.
    """
    around = [h for f in c.frames for v in f.env.values() if (h := c.home_of(v)) is not None]
    seen = {part for home in (*given, *around) for part in c.parts_of(home)}
    changed = (home.find() for home in c.order.writes[written:])
    op = c.block.first_op if last is None else last.next_op
    while op is not None:
        if _is_ordered(c, op):
            return False
        op = op.next_op
    return not any(home.shared or home in seen for home in changed)


def _is_ordered(c: Capture, op: Operation, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the op, or one that it leads to, keeps its place in the program."""
    for inner in op.walk():
        if isinstance(inner, orch.CallOp):
            operator = c.operators[inner.callee.string_value()]
            if operator.effects.data == "ordered" and operator.local is None:
                return True
        elif isinstance(inner, func.CallOp):
            symbol = inner.callee.string_value()
            function = c.functions[symbol]
            if function is None:  # pyright: ignore[reportUnnecessaryComparison]  # it is being captured
                return True
            if symbol not in seen and _is_ordered(c, function, seen | {symbol}):
                return True
    return False


def _following(op: Operation) -> Iterator[Operation]:
    """What comes after an op, in its block and those around it."""
    current: Operation | None = op
    while current is not None:
        later = current.next_op
        while later is not None:
            yield later
            later = later.next_op
        current = current.parent_op()


def _check_overlap(c: Capture, last: Operation | None, node: ast.AST, *, starred: bool) -> None:
    """Refuse a task that would wait for those before it, and then await something.

    Its ops come after the last one that was there before; if `starred`, each iteration is a task.
    What keeps its place in the program waits for the tasks before, as does what looks at objects
    within a ``try``, whose effects are not certain before its end. Under asyncio they overlap.
    """
    op = c.block.first_op if last is None else last.next_op
    task = _Waiting(c)
    while op is not None:
        is_loop = isinstance(op, orch.ForOp | orch.MapOp) and starred
        if task.within(op, None, 1) if is_loop else task.await_late(op):
            raise Inseparable("a task with an effect before it awaits a call", node)
        op = op.next_op


@dataclass
class _Waiting:
    """What the ops of a task wait for, gone over in their order."""

    c: Capture
    waits: bool = False
    """Whether what comes next waits for the tasks before."""
    seen: set[tuple[str, bool]] = field(default_factory=set)
    """Functions that were gone over, and whether what came before waits."""

    def await_late(self, op: Operation, body: Operation | None = None) -> bool:
        """Whether the op, or one in it, is a call to be awaited that waits for the tasks before.

        `body` is the ``try`` that it is in, if any.
        """
        if isinstance(op, orch.CallOp):
            operator = self.c.operators[op.callee.string_value()]
            is_ordered = operator.effects.data == "ordered" and operator.local is None
            self.waits = self.waits or is_ordered
            assert operator.ref is not None
            awaits = is_coroutine_function(self.c.objects[operator.ref.key.data])
            return self.waits and (awaits or not (is_ordered or operator.nonblocking is not None))
        if body is not None:
            tokens = (v for v in op.operands if v.type == orch.TOKEN)
            self.waits = self.waits or any(not _is_within(v.owner, body) for v in tokens)
        if isinstance(op, func.CallOp):
            symbol = op.callee.string_value()
            function, key = self.c.functions[symbol], (symbol, self.waits)
            if function is None or key in self.seen:  # pyright: ignore[reportUnnecessaryComparison]
                return False  # one that is being captured is looked at when its own tasks are
            self.seen.add(key)
            return self.within(function, None, 1)
        turns = 2 if isinstance(op, orch.ForOp | orch.WhileOp) else 1
        return self.within(op, op if isinstance(op, orch.TryOp) else body, turns)

    def within(self, op: Operation, body: Operation | None, turns: int) -> bool:
        """The same of what is in the regions of an op, gone over so many times."""
        for _ in range(turns):
            for region in op.regions:
                for block in region.blocks:
                    if any(self.await_late(inner, body) for inner in block.ops):
                        return True
        return False


def _is_within(owner: Operation | Block, op: Operation) -> bool:
    inner = owner if isinstance(owner, Operation) else owner.parent_op()
    while inner is not None and inner is not op:
        inner = inner.parent_op()
    return inner is op


def check_tasks(c: Capture, started: int, pending: int, function: ast.AST) -> None:
    """Raise Inseparable if a task may not begin, or if what it was given was changed afterwards.

    The numbers say how many tasks there were when the function began.
    """
    for coroutine, born in c.pending[pending:]:
        where = c.has_begun(coroutine)
        if where is None or not born.inside(where):
            raise Inseparable("a task that the function does not always wait for", function)
    del c.pending[pending:]
    for mark, given, node, _ in c.started[started:]:
        parts = (part for home in given for part in c.parts_of(home))
        if any(c.order.writes_since(mark, part) for part in parts):
            raise Inseparable("a task that is given what the function changes later", node)
    del c.started[started:]


def result_of(call: Call, task: Task) -> Value:
    """What a task gave; its error is raised."""
    c = call.c
    if c.groups:
        raise Inseparable("a task that is awaited before its group ends", call.node)
    c.check_nothing_pends(call.node)
    for *_, op in c.started:
        if any(_is_ordered(c, later) for later in _following(op)):
            raise Inseparable("an effect that would have to wait for a task", call.node)
    failed = c.host("e is not None", {"e": task.error}, cls=bool, total=True)

    def again() -> tuple[list[Value], Flow]:
        reraise(c, Dyn(c.ssa(task.error)))
        return [], Flow.DEAD

    branch(c, failed, again, lambda: ([], Flow.NEXT))
    return task.value


def _stored_task(c: Capture, value: Dyn) -> Task:
    assert value.home is not None
    home = value.home.find()
    error, result = (get_item(c, Dyn(value.ssa), Static(i)) for i in range(2))
    inner = dict(home.fields()).get("value")
    assert isinstance(error, Dyn)
    assert isinstance(result, Dyn)
    return Task(Dyn(error.ssa), Dyn(result.ssa, None, inner), home)


def store_task(c: Capture, task: Task) -> SSAValue:
    """The task as a value of the running program: its error and its value."""
    c.keeps_tasks = True
    return c.add(orch.TupleOp([c.ssa(task.error), c.ssa(task.value)])).results[0]


def method_of_task(call: Call, task: Task, name: str) -> Value:
    """A method of a task. What it says of one that has not ended depends on the clock."""
    if name == "result" and not call.args.values():
        return result_of(call, task)
    raise Inseparable(f"the method '{name}' of a task", call.node)


def as_task(c: Capture, value: Value) -> Task | None:
    """The value as a task, if it is one."""
    if isinstance(value, Dyn) and value.home is not None and value.home.find().task:
        return _stored_task(c, value)
    return value if isinstance(value, Task) else None


# --- groups ---------------------------------------------------------------------------------------


def raise_group(errors: list[Any]) -> None:
    """Raise what a task group raises for the errors of its tasks."""
    found = [error for error in errors if error is not None]
    if found:
        raise BaseExceptionGroup("unhandled errors in a TaskGroup", found)


def run_group(
    c: Capture,
    frame: Frame,
    node: ast.expr,
    group: Group,
    body: Callable[[], Flow],
    kept: dict[Frame, frozenset[str]],
) -> Flow:
    """``async with asyncio.TaskGroup()``: the body, and then the errors of all tasks as one."""
    from xcs.frontend.capture.trying import with_exit

    def failed(error: Dyn) -> Value:
        if c.groups:
            c.groups.pop()
        operands = {"raise_group": Static(raise_group), "e": Dyn(error.ssa)}
        c.host("raise_group([e])", operands)
        return Static(False)

    def leave() -> None:
        c.check_nothing_pends(node)
        if group.waits:
            _run_waiting(Call(c, frame, node, Args()), group)
        operands = {"raise_group": Static(raise_group), "errors": group.errors}
        c.host("raise_group(errors)", operands)

    def run() -> Flow:
        c.groups.append(group)
        try:
            return body()
        finally:
            c.groups.pop()

    return with_exit(c, frame, node, run, failed, leave, kept)


def method_of_group(call: Call, group: Group, name: str) -> Value:
    """A method of a task group."""
    args = call.args
    if name != "create_task" or len(args.positional) != 1 or not args.is_plain:
        raise Inseparable(f"the method '{name}' of a task group", call.node)
    if group not in call.c.groups:
        raise Inseparable("a task group that has ended", call.node)
    c, value = call.c, args.positional[0]
    task = start(call, value)
    if task is not None:
        append(c, group.errors, Dyn(c.ssa(task.error)))
        return task
    assert isinstance(value, Coroutine)
    append(c, group.waiting, value)
    c.begun[value] = c.order.scope
    group.waits = True
    return value


def _run_waiting(call: Call, group: Group) -> None:
    """Run the tasks of a group that wait for its body to end, until one of them fails."""
    from xcs.frontend.capture.trying import protect

    def run() -> tuple[list[Value], Flow]:
        last = call.c.block.last_op
        _all_of(call, group.waiting, keeps=False)
        _check_overlap(call.c, last, call.node, starred=True)
        return [Static(None)], Flow.NEXT

    def failed(error: Dyn) -> tuple[list[Value], Flow]:
        return [Dyn(error.ssa)], Flow.NEXT

    (error,), _ = protect(call.c, {}, run, failed)
    append(call.c, group.errors, Dyn(call.c.ssa(error)))


# --- what asyncio offers --------------------------------------------------------------------------


def call_asyncio(call: Call, callee: Any) -> Value | None:
    """A function or class of asyncio."""
    name = f"{callee.__module__}.{getattr(callee, '__qualname__', '')}"
    rule = _ASYNCIO.get(name)
    if rule is not None:
        return rule(call, callee)
    if is_async(call.frame):
        raise Inseparable(f"asyncio.{callee.__qualname__} is not captured", call.node)
    return None


def is_async(frame: Frame) -> bool:
    """Whether code of the frame may await."""
    current: Frame | None = frame
    while current is not None and not isinstance(current.node, FUNCTION_NODES):
        current = current.parent
    return current is not None and isinstance(current.node, ast.AsyncFunctionDef)


def _gather(call: Call, callee: Any) -> Value:
    args = call.args
    keep = args.keywords.get("return_exceptions", Static(False))
    if not isinstance(keep, Static) or len(args.keywords) > ("return_exceptions" in args.keywords):
        raise Inseparable("arguments of asyncio.gather that are known at run time", call.node)
    keeps = bool(keep.obj)
    plain = replace(call, args=Args(args.positional, {}, args.starred))
    run = lambda later: _gathered(later, keeps)
    return _begun(call, coroutine_of(plain, ("gather", keeps), run))


def _begun(call: Call, coroutine: Coroutine) -> Value:
    """What runs whether or not it is awaited: a task, unless it is awaited at once."""
    c = call.c
    if id(call.node) in c.consumed:
        return coroutine
    task = start(call, coroutine)
    if task is None:
        c.pending.append((coroutine, c.order.scope))
    return task or coroutine


def _gathered(call: Call, keeps: bool) -> Value:
    """The results of all, in their order. The first error in the program ends it."""
    c, args = call.c, call.args
    found: dict[str, Value] = {}
    shown, pauses = [], []
    for index, value in enumerate(args.positional):
        if index in args.starred:
            _begin_all(c, value, call.node)
        elif isinstance(value, Coroutine):
            _begin(c, value, value.home.find().scope, call.node)
    c.check_nothing_pends(call.node)
    for index, value in enumerate(args.positional):
        starred, last = index in args.starred, c.block.last_op
        name = f"v{index}"
        found[name] = (_all_of if starred else _one_of)(call, value, keeps)
        shown.append(f"*{name}" if starred else name)
        if starred or index:
            _check_overlap(c, last, call.node, starred=starred)
        if c.pause is not None:
            pauses.append(c.pause)
            c.pause = None
    if pauses:
        operands: dict[str, Value] = {f"p{i}": pause for i, pause in enumerate(pauses)}
        c.pause = c.host(" + ".join(operands), operands, cls=int, total=True)
    if not args.starred:
        return new_list(c, list(found.values()))
    if len(found) == 1:
        return found["v0"]
    home = c.order.fresh("list", list)
    for mark, value in zip(shown, found.values(), strict=True):
        inner = c.home_of(value)
        if mark[0] != "*":
            store_in(c, home.field(ELEMENTS), value)
        elif inner is not None:
            c.order.merge(home.field(ELEMENTS), inner.field(ELEMENTS))
    return c.host(f"[{', '.join(shown)}]", found, cls=list, home=home, structure=True)


def _one_of(call: Call, value: Value, keeps: bool) -> Value:
    c = call.c
    if isinstance(value, Coroutine):  # which has begun
        run = lambda: value.run(replace(call, args=value.args))
        return _kept(call, run, keeps)
    is_known = isinstance(value, Task)
    if isinstance(value, Dyn) and value.home is not None:
        is_known = value.home.find().task or bool(value.home.find().calls)
    if not is_known:
        raise Inseparable("asyncio.gather of what is not captured", call.node)
    return _kept(call, lambda: awaited(c, call.frame, call.node, value), keeps)


def _kept(call: Call, run: Callable[[], Value], keeps: bool) -> Value:
    """What comes of one, or else its error, if errors are kept."""
    from xcs.frontend.capture.trying import protect

    if not keeps:
        return run()
    body = lambda: ([run()], Flow.NEXT)
    values, _ = protect(call.c, {}, body, lambda error: ([error], Flow.NEXT))
    return values[0]


def _begin_all(c: Capture, value: Value, node: ast.AST) -> None:
    """Note that all coroutines in a container are awaited."""
    home = c.home_of(value)
    home = None if home is None else home.field(ELEMENTS)
    if home is None or home.task or not home.calls:
        return
    if home.classes or home.plain or home.codes or home.open:
        raise Inseparable("coroutines that are kept among other values", node)
    _begin(c, home, home.scope, node)


def _all_of(call: Call, value: Value, keeps: bool) -> Value:
    from xcs.frontend.capture.comprehensions import collect

    c, node = call.c, call.node
    value = c.dyn(value) if isinstance(value, View) else value
    home = None if not isinstance(value, Dyn) else value.home
    home = None if home is None else home.find().field(ELEMENTS)
    if home is None or not (home.task or home.calls):
        raise Inseparable("asyncio.gather of what is not captured", node)
    if home.task:
        one = lambda item: result_of(call, _stored_task(c, item))
    else:
        settled = lambda coroutine: _settled(c, coroutine.run(replace(call, args=coroutine.args)))
        one = lambda item: _each_kind(call, item, settled)
    return collect(c, node, value, lambda item: _kept(call, lambda: one(item), keeps))


def check_no_loop() -> None:
    """Raise what `asyncio.run` raises where an event loop is running."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("asyncio.run() cannot be called from a running event loop")


def _run(call: Call, callee: Any) -> Value:
    """`asyncio.run` in a function that is not async itself."""
    c, args = call.c, call.args
    main = args.positional[0] if args.positional else None
    if is_async(call.frame) or not isinstance(main, Coroutine) or len(args.values()) != 1:
        raise Inseparable("asyncio.run of what is no call of a captured function", call.node)
    c.host("check()", {"check": Static(check_no_loop)})
    c.own_loop += 1
    try:
        return awaited(c, call.frame, call.node, main)
    finally:
        c.own_loop -= 1


def _sleep(call: Call, callee: Any) -> Value:
    def run(later: Call) -> Value:
        c, args = later.c, later.args
        if not args.is_plain or args.keywords:
            raise Inseparable("arguments of asyncio.sleep by name", later.node)
        delay, *others = args.positional
        what = replace(judged(c, callee), effects="ordered")
        op = orch.CallOp(
            c.operator(callee, what, local=c.policy != "strict"),
            [c.ssa(delay)],
            [orch.ANY, orch.TOKEN],
        )
        c.add(op)
        c.pause = c.host("0", {}, cls=int, total=True, after=[op.results[-1]])
        return others[0] if others else Static(None)

    return coroutine_of(call, "sleep", run, (callee, judged(call.c, callee)))


@functools.cache
def within(function: Any) -> Any:
    """A coroutine function that gives another one so many seconds."""

    @functools.wraps(function)
    async def called(seconds: float | None, *args: Any, **kwargs: Any) -> Any:
        import asyncio

        return await asyncio.wait_for(function(*args, **kwargs), seconds)

    return called


def _wait_for(call: Call, callee: Any) -> Value:
    """A time limit, for one function, which is called as a whole."""
    c, args = call.c, call.args
    names = dict(zip(("fut", "timeout"), args.positional, strict=False)) | args.keywords
    value, seconds = names.get("fut"), names.get("timeout")
    if not args.is_plain or len(names) != 2 or seconds is None:
        raise Inseparable("arguments of asyncio.wait_for", call.node)
    if not isinstance(value, Coroutine) or value.whole is None:
        raise Inseparable("asyncio.wait_for of what is not one function", call.node)
    _begin(c, value, value.home.find().scope, call.node)
    function, what = value.whole
    inner = replace(call, args=value.args.after(seconds))
    run = lambda later: call_operator(later, within(function), what, awaits=True)
    return coroutine_of(inner, ("wait_for", id(function)), run)


def _task(call: Call, callee: Any) -> Value:
    """`create_task`, `ensure_future`."""
    value = call.args.positional[0] if call.args.positional else None
    if len(call.args.positional) != 1 or set(call.args.keywords) - {"name"}:
        raise Inseparable("arguments of a task", call.node)
    if not isinstance(value, Coroutine):
        raise Inseparable("a task of what is no call of a captured function", call.node)
    return _begun(call, value)


def _to_thread(call: Call, callee: Any) -> Value:
    if not call.args.positional or 0 in call.args.starred:
        raise Inseparable("arguments of asyncio.to_thread", call.node)

    def run(later: Call) -> Value:
        c, args = later.c, later.args
        function, *others = args.positional
        what = _what(c, function)
        if what.effects != "ordered" and not c.limits:
            starred = [index - 1 for index in args.starred]
            return apply(replace(later, args=Args(others, args.keywords, starred)), function)
        return call_operator(later, callee, what, awaits=True)

    return coroutine_of(call, "to_thread", run)


def _what(c: Capture, function: Value) -> Classification:
    match function:
        case Static(obj=obj) | Method(function=obj):
            spec = getattr(obj, "__xcs_operator__", None)
            return spec.classification if spec is not None else judged(c, obj)
        case _:
            return unknown("a function that is known at run time")


def _task_group(call: Call, callee: Any) -> Value:
    if call.args.values():
        return coroutine_of(call, "task group", _refuse)
    return Group(new_list(call.c, []), new_list(call.c, []))


def _refuse(call: Call) -> Value:
    raise Inseparable("arguments of asyncio.TaskGroup", call.node)


def _semaphore(call: Call, callee: Any) -> Value:
    c, args = call.c, call.args
    count = args.positional[0] if args.positional else Static(1)
    if len(args.values()) > 1 or args.keywords:
        raise Inseparable("arguments of a semaphore by name", call.node)
    home = c.order.fresh("semaphore", callee)
    if isinstance(count, Static) and isinstance(count.obj, int):
        c.permits.append((home, count.obj))
    return c.host("cls(n)", {"cls": Static(callee), "n": count}, cls=callee, home=home)


_ASYNCIO: dict[str, Callable[[Call, Any], Value]] = {
    "asyncio.tasks.gather": _gather,
    "asyncio.tasks.sleep": _sleep,
    "asyncio.tasks.wait_for": _wait_for,
    "asyncio.tasks.create_task": _task,
    "asyncio.tasks.ensure_future": _task,
    "asyncio.threads.to_thread": _to_thread,
    "asyncio.taskgroups.TaskGroup": _task_group,
    "asyncio.locks.Semaphore": _semaphore,
    "asyncio.locks.BoundedSemaphore": _semaphore,
    "asyncio.runners.run": _run,
}


# --- semaphores -----------------------------------------------------------------------------------


@functools.cache
def limited(function: Any, count: int) -> Any:
    """A coroutine function that calls another one under so many semaphores."""

    @functools.wraps(function)
    async def called(*args: Any, **kwargs: Any) -> Any:
        async with AsyncExitStack() as held:
            for limit in args[:count]:
                await held.enter_async_context(limit)
            return await function(*args[count:], **kwargs)

    return called


def run_limited(c: Capture, node: ast.AST, semaphore: Value, body: Callable[[], Flow]) -> Flow:
    """``async with semaphore``: each call in the body is made under it.

    One that lets in a single task may be there to keep others out between calls as well.
    """
    first, scope = len(c.limited), c.order.scope
    c.limits.append(semaphore)
    try:
        flow = body()
    finally:
        c.limits.pop()
    calls, home = c.limited[first:], c.home_of(semaphore)
    once = len(calls) < 2 and not any(_is_repeated(inner, scope) for inner in calls)
    if not once and not any(n > 1 and known.find() is home for known, n in c.permits):
        raise Inseparable("several calls under a semaphore that may let in a single task", node)
    return flow


def is_semaphore(c: Capture, value: Value) -> bool:
    """Whether it is one of asyncio's semaphores."""
    cls, home = class_of(value), c.home_of(value)
    if cls is None and home is not None and not (home.open or home.plain or home.codes):
        if len(home.classes) == 1 and not (home.shared and c.order.is_written(c.order.world)):
            (cls,) = home.classes
    return cls is not None and cls.__module__ == "asyncio.locks" and "Semaphore" in cls.__name__


# --- async for ------------------------------------------------------------------------------------


@dataclass
class AsyncIteration:
    """An asynchronous iterator of the running program; `more` asks it for the next `item`."""

    c: Capture
    frame: Frame
    node: Any
    iterable: Value

    def __post_init__(self) -> None:
        self.iterator = self._call(self.iterable, "__aiter__")
        self.name = f".item{id(self.node)}"

    def _call(self, base: Value, name: str) -> Value:
        return call_method(self.c, self.frame, self.node, base, name, [])

    def more(self) -> Value:
        """Whether there is another item."""
        from xcs.frontend.capture.trying import matches, protect

        c, frame = self.c, self.frame

        def step() -> tuple[list[Value], Flow]:
            item = awaited(c, frame, self.node, self._call(self.iterator, "__anext__"))
            return [Static(True), item], Flow.NEXT

        def ended(error: Dyn) -> tuple[list[Value], Flow]:
            operands = {
                "matches": Static(matches), "e": Dyn(error.ssa), "end": Static(StopAsyncIteration)
            }  # fmt: skip
            is_end = c.host("matches(e, end)", operands, cls=bool)

            def again() -> tuple[list[Value], Flow]:
                reraise(c, error)
                return [], Flow.DEAD

            branch(c, is_end, lambda: ([], Flow.NEXT), again)
            return [Static(False), Static(None)], Flow.NEXT

        (found, item), _ = protect(c, {}, step, ended)
        frame.env[self.name] = item
        return found

    def item(self) -> Value:
        """The item that was found last."""
        return self.frame.env[self.name]
