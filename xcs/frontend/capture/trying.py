"""``try`` and ``with``: a region that may fail, and one that then runs on the error.

Variables that the failing region assigns and that are read after the failure are kept in a dict of
the running program as well (a `Box`): what an op before the failure stored there is still there for
the handler, what one after it stored is not, as for any other object.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jax
from xdsl.ir import Block, Region

from xcs.dialects import orch
from xcs.frontend.capture.evaluate import class_of, evaluate, get_item
from xcs.frontend.capture.execute import reraise, run_block
from xcs.frontend.capture.flow import EXIT, NEXT_CODE, RESULT, STOPPED, Flow, contains_yield, joined
from xcs.frontend.capture.liveness import read_outside
from xcs.frontend.capture.order import ELEMENTS, ScopeKind
from xcs.frontend.capture.regions import Loop, Merge, branch, is_unbound, run_region
from xcs.frontend.capture.state import Box, Capture
from xcs.frontend.capture.targets import bind
from xcs.frontend.capture.values import UNBOUND, Dyn, Frame, Group, Static, Value
from xcs.frontend.classify import classify
from xcs.frontend.names import loaded_names, stored_names
from xcs.frontend.unsupported import Unsupported

_MAX_ATTEMPTS = 6


def protect(
    c: Capture,
    kept: dict[Frame, frozenset[str]],
    body: Callable[[], tuple[list[Value], Flow]],
    handler: Callable[[Dyn], tuple[list[Value], Flow]],
) -> tuple[list[Value], Flow]:
    """Run `body`, and `handler` on its error if it fails. Both give equally many values.

    `kept` are the variables whose values at the failure the handler, or what follows it, reads.
    """
    boxes = [_box(c, frame, names) for frame, names in kept.items() if names]
    frames = c.environments()
    handling = len(c.handling)

    def run_body() -> tuple[list[Value], Flow]:
        c.boxes.extend(boxes)
        try:
            return body()
        finally:
            for box in boxes:
                c.boxes.remove(box)

    first = run_region(c, ScopeKind.BRANCH, Block(), run_body)
    block = Block(arg_types=[orch.ANY])

    def run_handler() -> tuple[list[Value], Flow]:
        error = Dyn(block.args[0], None, c.order.fresh("error"))
        for box in boxes:
            for name in box.names:
                _restore(c, box, name)
        c.handling.append(error)
        try:
            return handler(error)
        finally:
            del c.handling[handling:]

    second = run_region(c, ScopeKind.BRANCH, block, run_handler)
    merge = Merge(c, first, second)
    count = max(len(first.values), len(second.values))
    for ending in (first, second):
        if ending.flow is Flow.DEAD and len(ending.values) < count:
            ending.values = [Static(UNBOUND)] * count
    values: list[Value] = [Static(None)] * count
    for index, (one, two) in enumerate(zip(first.values, second.values, strict=True)):
        merge.add(one, two, lambda v, i=index: values.__setitem__(i, v))
    merge.variables(frames)
    merge.finish(
        lambda types: orch.TryOp(Region(first.scope.block), Region(second.scope.block), types)
    )
    return values, joined(first.flow, second.flow)


def _box(c: Capture, frame: Frame, kept: frozenset[str]) -> Box:
    home = c.order.fresh("variables")
    c.order.mark_written(home)
    names = sorted(kept)
    for name in names:
        inner = c.home_of(frame.env.get(name, Static(UNBOUND)))
        if inner is not None:
            c.order.merge(home.field(ELEMENTS), inner)
    keys = [c.constant(name) for name in names]
    values = [c.ssa(frame.env.get(name, Static(UNBOUND))) for name in names]
    made = c.add(orch.DictOp(keys, values)).results[0]
    return Box(frame, kept, Dyn(made, dict, home))


def _restore(c: Capture, box: Box, name: str) -> None:
    frame, found = box.frame, get_item(c, box.value, Static(name))
    assert isinstance(found, Dyn)
    before = frame.env.get(name, Static(UNBOUND))
    unsure = is_unbound(before) or (isinstance(before, Dyn) and before.maybe_unbound)
    frame.env[name] = Dyn(found.ssa, None, found.home, maybe_unbound=unsure)


def _all_kept(
    c: Capture,
    frame: Frame,
    node: ast.AST,
    body: list[ast.stmt],
    targets: Iterable[ast.expr | None] = (),
    *,
    goes_on: bool,
) -> dict[Frame, frozenset[str]]:
    """Variables that the body assigns and that may be read once it has failed, of all frames.

    If a generator's body hands on elements and `goes_on` after its failure, those of its consumers
    are among them.
    """
    kept = {frame: _kept(frame, node, body, targets)}
    loop: Loop | None = frame.consumer
    if loop is None or not any(map(contains_yield, body)):
        return kept
    kept[frame] |= {STOPPED}
    if goes_on:
        for owner, names in loop.assigned().items():
            kept[owner] = kept.get(owner, frozenset()) | names
            if any(isinstance(n, ast.Nonlocal) for n in ast.walk(owner.outermost.node)):
                raise Unsupported("a generator that handles errors, among nonlocal variables", node)
    return kept


def _kept(
    frame: Frame, node: ast.AST, body: list[ast.stmt], targets: Iterable[ast.expr | None] = ()
) -> frozenset[str]:
    """Variables that the body assigns, or `targets`, and that may be read once it has failed."""
    bound = [name for target in targets if target is not None for name in stored_names(target)]
    stored = frozenset([*stored_names(body), *bound])
    if not stored:
        return stored
    read = read_outside(frame.node, node) | frozenset(
        name
        for part in ("handlers", "orelse", "finalbody", "items")
        for child in getattr(node, part, ())
        for name in loaded_names(child)
    )
    if _in_loop(frame, node):
        read |= frozenset(loaded_names(body))
    return frozenset(n for n in stored if n in read and n in frame.local_names)


def _in_loop(frame: Frame, node: ast.AST) -> bool:
    """Whether a loop is around the statement, whose next iteration may read what this one left."""
    return any(
        isinstance(loop, ast.For | ast.While | ast.AsyncFor)
        and any(child is node for child in ast.walk(loop))
        for loop in ast.walk(frame.node)
    )


# --- try ------------------------------------------------------------------------------------------


def run_try(c: Capture, frame: Frame, node: ast.Try) -> Flow:
    """``try`` with all its clauses."""
    if node.finalbody:
        return _run_finally(
            c, frame, node, node.body + node.orelse, lambda: _run_handlers(c, frame, node),
            node.finalbody,
        )  # fmt: skip
    return _run_handlers(c, frame, node)


def _run_handlers(c: Capture, frame: Frame, node: ast.Try) -> Flow:
    if not node.handlers:
        return run_block(c, frame, node.body)

    def body() -> tuple[list[Value], Flow]:
        flow = run_block(c, frame, node.body)
        return [Static(True)], flow

    def handler(error: Dyn) -> tuple[list[Value], Flow]:
        return [Static(False)], _handle(c, frame, node, error)

    kept = _all_kept(c, frame, node, node.body, goes_on=True)
    (done,), flow = protect(c, kept, body, handler)
    if not node.orelse:
        return flow
    return _run_orelse(c, frame, node.orelse, done, flow)


def _run_orelse(c: Capture, frame: Frame, orelse: list[ast.stmt], done: Value, flow: Flow) -> Flow:
    """The ``else`` clause runs if the body came to its end."""
    if flow is Flow.EXIT or flow is Flow.DEAD:
        return flow
    operands = {"done": done, "code": frame.env[EXIT]}
    test = (
        done
        if flow is Flow.NEXT
        else c.host("bool(done and code == 0)", operands, cls=bool, total=True)
    )

    def go_on() -> tuple[list[Value], Flow]:
        frame.env[EXIT] = Static(NEXT_CODE)
        return [], run_block(c, frame, orelse)

    _, after = branch(c, test, go_on, lambda: ([], flow))
    return after


def _handle(c: Capture, frame: Frame, node: ast.Try, error: Dyn) -> Flow:
    """The clauses; an error of the consumer that a generator hands on to is none of its own."""
    clauses = lambda: ([], _clauses(c, frame, node.handlers, error))
    if not _hands_on(frame, node.body):
        return clauses()[1]

    def pass_on() -> tuple[list[Value], Flow]:
        reraise(c, error)
        return [], Flow.DEAD

    return branch(c, frame.env[STOPPED], pass_on, clauses)[1]


def _hands_on(frame: Frame, body: list[ast.stmt]) -> bool:
    """Whether code of a generator's consumer runs inside of statements of the generator."""
    loop: Loop | None = frame.consumer
    return loop is not None and not loop.is_manager and any(map(contains_yield, body))


def _clauses(c: Capture, frame: Frame, handlers: list[ast.ExceptHandler], error: Dyn) -> Flow:
    """The first clause that takes the error; if none does, it goes on to whoever is around."""
    if not handlers:
        reraise(c, error)
        return Flow.DEAD
    clause, *others = handlers

    def take() -> tuple[list[Value], Flow]:
        if clause.name is not None:
            bind(c, frame, clause.name, error)
        flow = run_block(c, frame, clause.body)
        if clause.name is not None and flow is not Flow.DEAD:
            frame.env.pop(clause.name, None)
            frame.env[clause.name] = Static(UNBOUND)
        return [], flow

    if clause.type is None:
        return take()[1]
    with c.at(frame, clause):
        kinds = evaluate(c, frame, clause.type)
        test = c.host(
            "matches(error, kinds)",
            {"matches": Static(matches), "error": Dyn(error.ssa), "kinds": kinds},
            cls=bool,
        )
        _, flow = branch(c, test, take, lambda: ([], _clauses(c, frame, others, error)))
    return flow


def matches(error: BaseException, kinds: object) -> bool:
    """Whether ``except kinds`` takes the error, or Python's own complaint about `kinds`."""
    try:
        raise error
    except kinds:  # type: ignore[misc]
        return True
    except BaseException as other:
        if other is not error:
            raise
        return False


def _run_finally(
    c: Capture,
    frame: Frame,
    node: ast.AST,
    body: list[ast.stmt],
    inner: Callable[[], Flow],
    final: list[ast.stmt],
) -> Flow:
    """Run `inner`, then the ``finally`` clause whatever came of it, then go where that said."""

    def run() -> tuple[list[Value], Flow]:
        frame.env[EXIT] = Static(NEXT_CODE)
        flow = inner()
        done: Value = Static(None)
        return [done, frame.env[EXIT], frame.env.get(RESULT, Static(None))], (
            Flow.DEAD if flow is Flow.DEAD else Flow.NEXT
        )

    def failed(error: Dyn) -> tuple[list[Value], Flow]:
        return [error, Static(NEXT_CODE), frame.env.get(RESULT, Static(None))], Flow.NEXT

    whole = [*body, *(s for h in getattr(node, "handlers", ()) for s in h.body)]
    kept = _all_kept(c, frame, node, whole, goes_on=False) if whole else {}
    (error, code, result), flow = protect(c, kept, run, failed)
    frame.env[EXIT] = Static(NEXT_CODE)
    if isinstance(error, Dyn):
        c.handling.append(error)
    try:
        flow = _run_final(c, frame, whole, final)
    finally:
        if isinstance(error, Dyn):
            c.handling.pop()
    if flow is not Flow.NEXT:
        return _after_final(c, frame, error, code, result, flow)
    return _resume(c, frame, error, code, result)


def _run_final(c: Capture, frame: Frame, body: list[ast.stmt], final: list[ast.stmt]) -> Flow:
    """The statements of the clause. Errors of a generator that is closed are told and dropped."""
    plain = lambda: ([], run_block(c, frame, final))
    if not _hands_on(frame, body):
        return plain()[1]

    def told(error: Dyn) -> tuple[list[Value], Flow]:
        report: dict[str, Value] = {"report": Static(report_dropped), "error": Dyn(error.ssa)}
        c.host("report(error)", report, effects="ordered")
        return [], Flow.NEXT

    closing = frame.env[STOPPED]
    _, flow = branch(c, closing, lambda: protect(c, {}, plain, told), plain)
    return flow


def report_dropped(error: BaseException) -> None:
    """What Python does with the error of a generator that is closed since nothing refers to it."""
    report = SimpleNamespace(
        exc_type=type(error), exc_value=error, exc_traceback=error.__traceback__,
        err_msg=None, object=None,
    )  # fmt: skip
    sys.unraisablehook(report)  # type: ignore[arg-type]


def _after_final(
    c: Capture, frame: Frame, error: Value, code: Value, result: Value, flow: Flow
) -> Flow:
    """The clause itself may leave; only if it does not, what came before it goes on."""
    if flow is not Flow.MAYBE:
        return flow
    left = c.host("code != 0", {"code": frame.env[EXIT]}, cls=bool, total=True)
    _, after = branch(
        c, left, lambda: ([], Flow.EXIT), lambda: ([], _resume(c, frame, error, code, result))
    )
    return after


def _resume(c: Capture, frame: Frame, error: Value, code: Value, result: Value) -> Flow:
    if isinstance(error, Dyn):
        failed = c.host("e is not None", {"e": Dyn(error.ssa)}, cls=bool, total=True)

        def again() -> tuple[list[Value], Flow]:
            reraise(c, error)
            return [], Flow.DEAD

        branch(c, failed, again, lambda: ([], Flow.NEXT))
    frame.env[EXIT], frame.env[RESULT] = code, result
    if isinstance(code, Static):
        return Flow.NEXT if code.obj == NEXT_CODE else Flow.EXIT
    return Flow.MAYBE


# --- with -----------------------------------------------------------------------------------------


def run_with(c: Capture, frame: Frame, node: ast.With | ast.AsyncWith) -> Flow:
    """``with``: enters, runs the body, and lets the manager see how it ended."""
    return _with_items(c, frame, node, node.items)


def _with_items(
    c: Capture, frame: Frame, node: ast.With | ast.AsyncWith, items: list[ast.withitem]
) -> Flow:
    from xcs.frontend.capture.coroutines import is_semaphore, run_group, run_limited
    from xcs.frontend.capture.generators import managing_generator, run_managed
    from xcs.frontend.capture.targets import assign

    if not items:
        return run_block(c, frame, node.body)
    item, *others = items
    if _names_array_code(c, frame, item.context_expr) and item.optional_vars is None:
        evaluate(c, frame, item.context_expr)
        return _with_items(c, frame, node, others)
    targets = [i.optional_vars for i in items]
    is_async = isinstance(node, ast.AsyncWith)
    generator = None if is_async else managing_generator(c, frame, item.context_expr)
    if generator is not None:

        def block(entered: Value) -> Flow:
            if item.optional_vars is not None:
                assign(c, frame, item.optional_vars, entered)
            return _with_items(c, frame, node, others)

        return run_managed(c, frame, node, generator, block, _kept(frame, node, node.body, targets))
    kept = _all_kept(c, frame, node, node.body, targets, goes_on=True)
    mark = len(c.order.writes)
    with c.at(frame, item.context_expr):
        manager = evaluate(c, frame, item.context_expr)
        sets = c.order.writes_since(mark, c.order.environment)

    def inner(entered: Value) -> Flow:
        if item.optional_vars is not None:
            assign(c, frame, item.optional_vars, entered)
        return _with_items(c, frame, node, others)

    if is_async and isinstance(manager, Group):
        return run_group(c, frame, item.context_expr, manager, lambda: inner(manager), kept)
    if is_async and is_semaphore(c, manager):
        return run_limited(c, item.context_expr, manager, lambda: inner(Static(None)))
    enter, leave_by = ("__aenter__", "__aexit__") if is_async else ("__enter__", "__exit__")

    def call(name: str, values: list[Value]) -> Value:
        with c.at(frame, item.context_expr):
            result = _call_manager(c, frame, item, manager, name, values)
            if sets:  # what makes such a manager does so because the manager will
                c.change_settings(c.join_shared())
        return result

    if not _is_manager(manager, enter, leave_by):
        check = Static(check_async if is_async else check_manager)
        with c.at(frame, item.context_expr):
            if isinstance(manager, Dyn):  # of which only the class matters
                checked = c.host("check(manager)", {"manager": Dyn(manager.ssa), "check": check})
                manager = replace(manager, ssa=checked.ssa)
            else:
                c.host("check(manager)", {"manager": manager, "check": check})
    entered = call(enter, [])

    def failed(error: Dyn) -> Value:
        details: list[Value] = [
            c.host("type(e)", {"e": Dyn(error.ssa), "type": Static(type)}),
            error,
            c.host("e.__traceback__", {"e": Dyn(error.ssa)}),
        ]
        return call(leave_by, details)

    leave = lambda: call(leave_by, [Static(None)] * 3)
    return with_exit(c, frame, item.context_expr, lambda: inner(entered), failed, leave, kept)


def _is_manager(manager: Value, *names: str) -> bool:
    """Whether a value is known to have a manager's methods: its class, that is, not itself."""
    cls = class_of(manager)
    return cls is not None and all(hasattr(cls, name) for name in names)


def check_manager(manager: Any) -> Any:
    """The value. Raises Python's error if it is no manager, which shows before it is entered."""
    if not (hasattr(type(manager), "__enter__") and hasattr(type(manager), "__exit__")):
        with manager:
            pass
    return manager


def check_async(manager: Any) -> Any:
    """The same for asynchronous ones."""

    async def enter() -> None:
        async with manager:
            pass

    if not (hasattr(type(manager), "__aenter__") and hasattr(type(manager), "__aexit__")):
        enter().send(None)
    return manager


def _call_manager(
    c: Capture, frame: Frame, item: ast.withitem, manager: Value, name: str, values: list[Value]
) -> Value:
    """Call a manager's method, and await what it gives if the manager is asynchronous."""
    from xcs.frontend.capture.calls import call_method
    from xcs.frontend.capture.coroutines import awaited

    found = call_method(c, frame, item.context_expr, manager, name, values)
    return awaited(c, frame, item.context_expr, found) if name.startswith("__a") else found


def with_exit(
    c: Capture,
    frame: Frame,
    node: ast.expr,
    inner: Callable[[], Flow],
    failed: Callable[[Dyn], Value],
    leave: Callable[[], object],
    kept: dict[Frame, frozenset[str]],
) -> Flow:
    """Run `inner`, and then `leave`; on an error `failed`, which says whether to go on after it."""

    def run() -> tuple[list[Value], Flow]:
        frame.env[EXIT] = Static(NEXT_CODE)
        flow = inner()
        return [Static(False), frame.env[EXIT], frame.env.get(RESULT, Static(None))], (
            Flow.DEAD if flow is Flow.DEAD else Flow.NEXT
        )

    def handler(error: Dyn) -> tuple[list[Value], Flow]:
        with c.at(frame, node):
            swallowed = failed(error)

            def again() -> tuple[list[Value], Flow]:
                reraise(c, error)
                return [], Flow.DEAD

            _, flow = branch(c, swallowed, lambda: ([], Flow.NEXT), again)
        return [Static(True), Static(NEXT_CODE), frame.env.get(RESULT, Static(None))], flow

    (swallowed, code, result), flow = protect(c, kept, run, handler)
    if flow is Flow.DEAD:
        return flow

    def end() -> tuple[list[Value], Flow]:
        with c.at(frame, node):
            leave()
        return [], Flow.NEXT

    branch(c, swallowed, lambda: ([], Flow.NEXT), end)
    return _resume(c, frame, Static(None), code, result)


def _names_array_code(c: Capture, frame: Frame, manager: ast.expr) -> bool:
    """Whether the manager only gives what JAX traces in it a name, of which nothing depends.

    Raises Unsupported for JAX's other contexts: array code of a program is traced when it is
    launched, which is not inside of the statement.
    """
    if not isinstance(manager, ast.Call):
        return False
    attempt = c.begin()
    callee = evaluate(c, frame, manager.func)
    c.undo(attempt)
    if not isinstance(callee, Static) or classify(callee.obj).returns != "context":
        return False
    if callee.obj is not jax.named_scope:
        raise Unsupported("a setting of JAX for the code inside", manager)
    return True


__all__ = ["Unsupported", "protect", "run_try", "run_with", "with_exit"]
