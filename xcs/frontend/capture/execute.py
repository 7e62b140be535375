"""Statements: each kind has one small executor; what none can express stays native, one by one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from xcs.dialects import orch
from xcs.frontend.capture.evaluate import class_of, evaluate, evaluate_test, make_closure
from xcs.frontend.capture.flow import (
    BREAK,
    CONTINUE,
    EXIT,
    NEXT_CODE,
    RESULT,
    RETURN,
    STOPPED,
    Flow,
    contains_yield,
    leaves_loop,
)
from xcs.frontend.capture.liveness import read_before_written, read_outside
from xcs.frontend.capture.regions import Loop, branch
from xcs.frontend.capture.state import Capture, Remark
from xcs.frontend.capture.statements import note_statement
from xcs.frontend.capture.targets import assign, augment, bind, delete
from xcs.frontend.capture.values import Dyn, Frame, Generator, Static, Value
from xcs.frontend.names import loaded_names, stored_names
from xcs.frontend.unsupported import Inseparable, SeesFrames, Unsupported


def run_block(c: Capture, frame: Frame, body: list[ast.stmt]) -> Flow:
    """Run statements. What follows one that may leave the block runs if it has not."""
    for position, statement in enumerate(body):
        rest = body[position + 1 :]
        if rest and isinstance(statement, ast.If) and (whole := _with_rest(statement, rest)):
            return run_statement(c, frame, whole)
        flow = run_statement(c, frame, statement)
        if flow is Flow.NEXT and rest and (c.fence is not None or c.pause is not None):
            return _behind(c, frame, statement, lambda rest=rest: run_block(c, frame, rest))
        c.fence = None
        if flow is Flow.NEXT and c.pause is not None:
            _note_pause(c, frame, statement)
            flow = Flow.MAYBE
        if flow is Flow.NEXT:
            continue
        if flow is Flow.MAYBE and rest:
            return _if_not_left(c, frame, lambda rest=rest: run_block(c, frame, rest))
        return flow
    return Flow.NEXT


def _with_rest(node: ast.If, rest: list[ast.stmt]) -> ast.If | None:
    """The statement with what follows it inside, if one of its ways never goes on to that."""
    if _leaves(node.body):
        whole = ast.If(node.test, node.body, [*node.orelse, *rest])
    elif _leaves(node.orelse):
        whole = ast.If(node.test, [*node.body, *rest], node.orelse)
    else:
        return None
    return ast.copy_location(whole, node)


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether control never goes from some statements to what follows them."""
    match body:
        case [*_, ast.Return() | ast.Raise() | ast.Break() | ast.Continue()]:
            return True
        case [*_, ast.If(body=one, orelse=other)]:
            return _leaves(one) and _leaves(other)
    return False


def _behind(c: Capture, frame: Frame, node: ast.stmt, run: Callable[[], Flow]) -> Flow:
    """Run what may not begin before the clock was read, or the function has slept."""
    fence, c.fence = c.fence, None
    if c.pause is not None:
        _note_pause(c, frame, node)
        return _if_not_left(c, frame, run)
    if fence is None:
        return run()
    op = orch.HostOp("True", {}, [orch.BOOL], after=[fence], total=True)
    c.add(op)
    passed = Dyn(op.results[0], bool)
    _, flow = branch(c, passed, lambda: ([], run()), lambda: ([], Flow.DEAD))
    return flow


def _note_pause(c: Capture, frame: Frame, node: ast.stmt) -> None:
    """Let what follows wait until the function has slept enough."""
    pause, c.pause = c.pause, None
    assert pause is not None
    c.check_nothing_pends(node)
    frame.outermost.pauses = frame.pauses = True
    frame.env[EXIT] = pause


def _if_not_left(c: Capture, frame: Frame, run: Callable[[], Flow]) -> Flow:
    """Run what follows if the exit variable says that control goes on to it."""
    left = c.host("code != 0", {"code": frame.env[EXIT]}, cls=bool, total=True)

    def go_on() -> tuple[list[Value], Flow]:
        frame.env[EXIT] = Static(NEXT_CODE)
        return [], run()

    _, flow = branch(c, left, lambda: ([], Flow.EXIT), go_on)
    return flow


def run_statement(c: Capture, frame: Frame, node: ast.stmt) -> Flow:
    """Run one statement; one that cannot be expressed becomes native Python as a whole."""
    attempt = c.begin()
    with c.at(frame, node):
        try:
            value = getattr(node, "value", None)
            yields = isinstance(value, ast.Yield | ast.YieldFrom)
            executor = _yield if yields else _EXECUTORS.get(type(node))
            if executor is None:
                raise Unsupported(f"'{_keyword(node)}' is not captured", node)
            flow = executor(c, frame, node) or Flow.NEXT
            if flow is Flow.NEXT:
                note_statement(c, frame, node, attempt, frame.env)
            elif flow is Flow.EXIT and isinstance(node, ast.Return) and node.value is not None:
                given = {_RETURNED: frame.env[RESULT]}
                note_statement(c, frame, _kept_in_place(frame, node), attempt, given)
            return flow
        except SeesFrames:
            raise
        except Unsupported as error:
            from xcs.frontend.capture.native import native_statement

            if isinstance(error, Inseparable):
                raise
            c.undo(attempt)
            native_statement(c, frame, _kept_in_place(frame, node), error)
            line = error.line or node.lineno
            c.native_parts.append(Remark(frame.filename, line, error.reason))
            if not isinstance(node, ast.Return):
                return Flow.NEXT
            returned = frame.env.pop(_RETURNED)
            assert isinstance(returned, Dyn)
            frame.env[RESULT] = Dyn(returned.ssa, None, returned.home)
            frame.env[EXIT] = Static(RETURN)
            return Flow.EXIT


_RETURNED = "xcs_returned"


def _kept_in_place(frame: Frame, node: ast.stmt) -> ast.stmt:
    """The statement; what it returns is assigned, as it is not native code that returns."""
    if not isinstance(node, ast.Return) or node.value is None:
        return node
    frame.local_names |= {_RETURNED}
    assigned = ast.Assign([ast.Name(_RETURNED, ast.Store())], node.value)
    return ast.fix_missing_locations(ast.copy_location(assigned, node))


def _keyword(node: ast.stmt) -> str:
    words = {"AsyncFunctionDef": "async def", "FunctionDef": "def", "ClassDef": "class"}
    words |= {"TryStar": "except*", "AsyncFor": "async for", "AsyncWith": "async with"}
    name = type(node).__name__
    return words.get(name, name.lower())


# --- simple statements ----------------------------------------------------------------------------


def _expression(c: Capture, frame: Frame, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(c, frame, node.value)


def _assign(c: Capture, frame: Frame, node: ast.Assign) -> None:
    if _takes_a_stream(frame, node):
        from xcs.frontend.capture.generators import streamed

        value = streamed(c, frame, node.value)
    else:
        value = evaluate(c, frame, node.value)
    for target in node.targets:
        assign(c, frame, target, value)


def _takes_a_stream(frame: Frame, node: ast.Assign) -> bool:
    """Whether the value is taken apart, or given a name that is read in one place."""
    from xcs.frontend.capture.generators import is_used_once

    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() | ast.GeneratorExp()):
            is_local = frame.owner_of(name) is frame
            return is_local and is_used_once(_function_node(frame), name)
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return True
    return False


def _yield(c: Capture, frame: Frame, node: Any) -> Flow:
    from xcs.frontend.capture.generators import run_yield

    return run_yield(c, frame, node)


def _annotated(c: Capture, frame: Frame, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(c, frame, node.target, evaluate(c, frame, node.value))


def _augmented(c: Capture, frame: Frame, node: ast.AugAssign) -> None:
    augment(c, frame, node)


def _delete(c: Capture, frame: Frame, node: ast.Delete) -> None:
    for target in node.targets:
        delete(c, frame, target)


def _pass(c: Capture, frame: Frame, node: ast.stmt) -> None:
    """Nothing to do; for ``global`` and ``nonlocal`` the names were sorted out before."""


def _return(c: Capture, frame: Frame, node: ast.Return) -> Flow:
    value = Static(None) if node.value is None else evaluate(c, frame, node.value)
    frame.env[RESULT] = value
    frame.env[EXIT] = Static(RETURN)
    return Flow.EXIT


def _break(c: Capture, frame: Frame, node: ast.Break) -> Flow:
    frame.env[EXIT] = Static(BREAK)
    return Flow.EXIT


def _continue(c: Capture, frame: Frame, node: ast.Continue) -> Flow:
    frame.env[EXIT] = Static(CONTINUE)
    return Flow.EXIT


def raise_error(error: Any, cause: Any, has_cause: bool, handled: Any) -> None:
    """``raise error from cause`` while an exception is being handled, as Python does it."""
    if isinstance(error, type) and issubclass(error, BaseException):
        error = error()
    if handled is not None and isinstance(error, BaseException) and error is not handled:
        try:
            raise handled
        except BaseException:
            if has_cause:
                raise error from cause
            raise error  # noqa: B904
    if has_cause:
        raise error from cause  # pyright: ignore[reportGeneralTypeIssues]
    raise error  # pyright: ignore[reportGeneralTypeIssues]


def _raise(c: Capture, frame: Frame, node: ast.Raise) -> Flow:
    if node.exc is None:
        if not c.handling:
            raise Unsupported("'raise' of the error that callers handle", node)
        reraise(c, c.handling[-1])
        return Flow.DEAD
    error = evaluate(c, frame, node.exc)
    cause = Static(None) if node.cause is None else evaluate(c, frame, node.cause)
    throw(c, error, cause, node.cause is not None)
    return Flow.DEAD


def throw(c: Capture, error: Value, cause: Value, has_cause: bool) -> None:
    """Emit an op that raises."""
    handled: Value = c.handling[-1] if c.handling else Static(None)
    operands = {
        "raise_error": Static(raise_error),
        "error": error,
        "cause": cause,
        "handled": Dyn(c.ssa(handled)),
    }
    c.host(f"raise_error(error, cause, {has_cause}, handled)", operands)


def reraise(c: Capture, error: Dyn) -> None:
    """Emit an op that raises an exception again."""
    operands = {"raise_error": Static(raise_error), "error": Dyn(error.ssa)}
    c.host("raise_error(error, None, False, None)", operands)


def _assert(c: Capture, frame: Frame, node: ast.Assert) -> Flow:
    if not __debug__:
        return Flow.NEXT
    test = evaluate_test(c, frame, node.test)

    def fail() -> tuple[list[Value], Flow]:
        operands: dict[str, Value] = {"error": Static(AssertionError)}
        if node.msg is not None:
            operands["text"] = evaluate(c, frame, node.msg)
        source = "error(text)" if node.msg is not None else "error()"
        throw(c, c.host(source, operands), Static(None), False)
        return [], Flow.DEAD

    _, flow = branch(c, test, lambda: ([], Flow.NEXT), fail)
    return flow


def _import(c: Capture, frame: Frame, node: ast.Import | ast.ImportFrom) -> None:
    """Importing twice is importing once, so it is done while capturing where it has been done."""
    import sys

    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
    if any(name not in sys.modules for name in names) or (
        isinstance(node, ast.ImportFrom) and (node.level or node.names[0].name == "*")
    ):
        raise Unsupported("an import that has effects", node)
    from xcs.frontend.capture.names import load_attribute

    for alias in node.names:
        if isinstance(node, ast.Import):
            top = alias.name if alias.asname else alias.name.partition(".")[0]
            bind(c, frame, alias.asname or top, Static(sys.modules[top]))
        else:
            module = Static(sys.modules[str(node.module)])
            if not hasattr(module.obj, alias.name):
                raise Unsupported("an import that has effects", node)
            value = load_attribute(c, frame, module, alias.name)
            bind(c, frame, alias.asname or alias.name, value)


def _function(c: Capture, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    if node.decorator_list:
        raise Unsupported("a decorated function", node)
    bind(c, frame, node.name, make_closure(c, frame, node))


# --- branches and loops ---------------------------------------------------------------------------


def _if(c: Capture, frame: Frame, node: ast.If) -> Flow:
    test = evaluate_test(c, frame, node.test)
    then = lambda: ([], run_block(c, frame, node.body))
    orelse = lambda: ([], run_block(c, frame, node.orelse))
    return _behind(c, frame, node, lambda: branch(c, test, then, orelse)[1])


def _for(c: Capture, frame: Frame, node: ast.For) -> Flow:
    from xcs.frontend.capture.drawing import source_of

    source = source_of(c, frame, node.iter)

    def enter(element: Value | None, run: Callable[[], Flow]) -> Flow:
        def begin(value: Value) -> Flow:
            assign(c, frame, node.target, value)
            return run()

        assert element is not None
        return source.draw(element, begin)

    return _loop(c, frame, node, source.iterable, enter, None, computes=source.computes)


def _while(c: Capture, frame: Frame, node: ast.While) -> Flow:
    test = lambda: evaluate_test(c, frame, node.test)
    return _loop(c, frame, node, None, lambda _, run: run(), test)


def _loop(
    c: Capture,
    frame: Frame,
    node: ast.For | ast.AsyncFor | ast.While,
    iterable: Value | None,
    enter: Callable[[Value | None, Callable[[], Flow]], Flow],
    test: Callable[[], Value] | None,
    *,
    computes: bool = False,
) -> Flow:
    breaks, returns = leaves_loop(node)
    returns = returns or _ends_generator(frame, node)
    frame.env[EXIT] = Static(NEXT_CODE)
    exposed = read_before_written(node)
    outside = read_outside(_function_node(frame), node) | frozenset(loaded_names(node.orelse))

    def needed(owner: Frame, name: str) -> bool:
        if owner is not frame:
            around = frame.consumer
            return not name.startswith(".") if around is None else around.needed(owner, name)
        if name.startswith("."):
            return returns and name in (EXIT, RESULT, STOPPED)
        return name in exposed or name in outside

    def body(element: Value | None) -> tuple[Value | None, Flow]:
        frame.env[EXIT] = Static(NEXT_CODE)
        flow = enter(element, lambda: run_block(c, frame, node.body))
        code = frame.env[EXIT]
        if flow is Flow.NEXT or flow is Flow.DEAD:
            return None, flow
        if isinstance(code, Dyn) and not loop.stops:
            if isinstance(iterable, Generator):
                raise Unsupported("a loop over a generator that sleeps", node)
            loop.stops = True  # if only to find out when the iteration has slept enough
        if isinstance(code, Static):
            return Static(bool(code.obj & 1)), Flow.NEXT
        return c.host("bool(code & 1)", {"code": code}, cls=bool, total=True), Flow.NEXT

    def assigned() -> dict[Frame, frozenset[str]]:
        kept = {frame: frozenset(n for n in stored_names(node) if needed(frame, n))}
        if frame.consumer is not None and contains_yield(node):
            kept = together(kept, frame.consumer.assigned())
        return kept

    def reads() -> dict[Frame, frozenset[str]]:
        target = [] if isinstance(node, ast.While) else [node.target]
        used = variables_of(frame, [*target, *node.body])
        passing = frozenset(n for n in stored_names(node) if not needed(frame, n))
        used[frame] = used.get(frame, frozenset()) - passing
        if frame.consumer is not None and contains_yield(node):
            used = together(used, frame.consumer.reads())
        return used

    def leaving() -> list[Frame]:
        own = [frame] if returns else []
        if frame.consumer is not None and contains_yield(node):
            own += frame.consumer.leaving()
        return own

    loop = Loop(
        c, node, body, needed, breaks or returns, test, assigned=assigned, leaving=leaving
    )  # fmt: skip
    if not computes and (frame.consumer is None or frame.consumer.reads is not None):
        loop.reads = reads
    if returns:
        loop.carried += [(frame, EXIT), (frame, RESULT)]
        frame.env.setdefault(RESULT, Static(None))
    stopped = loop.run(iterable)
    if loop.flow is Flow.DEAD:
        return Flow.DEAD
    flow = _after_loop(c, frame, returns)
    if node.orelse and stopped is not None:
        return _run_else(c, frame, node.orelse, stopped, flow)
    if frame.pauses and isinstance(stopped, Dyn) and flow is Flow.NEXT:
        c.pause = c.host("0 * s", {"s": stopped}, cls=int, total=True)
    if node.orelse and flow is Flow.NEXT:
        return run_block(c, frame, node.orelse)
    return flow


def variables_of(frame: Frame, nodes: list[Any]) -> dict[Frame, frozenset[str]]:
    """The variables of a frame, and of those around it, that some code uses."""
    found: dict[Frame, frozenset[str]] = {}
    for name in (*loaded_names(nodes), *stored_names(nodes)):
        owner = frame.owner_of(name)
        if owner is not None:
            found[owner] = found.get(owner, frozenset()) | {name}
    return found


def together(
    one: dict[Frame, frozenset[str]], two: dict[Frame, frozenset[str]]
) -> dict[Frame, frozenset[str]]:
    """The variables of both."""
    none = frozenset[str]()
    return {frame: one.get(frame, none) | two.get(frame, none) for frame in (one | two)}


def _ends_generator(frame: Frame, node: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Whether the consumer of a generator may end it from inside of one of its loops."""
    return frame.consumer is not None and frame.consumer.stops and contains_yield(node)


def _function_node(frame: Frame) -> ast.AST:
    current = frame
    while current.parent is not None and current.node is current.parent.node:
        current = current.parent
    return current.node


def _after_loop(c: Capture, frame: Frame, returns: bool) -> Flow:
    if not returns:
        frame.env[EXIT] = Static(NEXT_CODE)
        return Flow.NEXT
    code = frame.env[EXIT]
    if isinstance(code, Static):
        frame.env[EXIT] = Static(RETURN if code.obj == RETURN else NEXT_CODE)
        return Flow.EXIT if code.obj == RETURN else Flow.NEXT
    source = f"{RETURN} if code == {RETURN} else {NEXT_CODE}"
    frame.env[EXIT] = c.host(source, {"code": code}, cls=int, total=True)
    return Flow.MAYBE


def _run_else(c: Capture, frame: Frame, body: list[ast.stmt], stopped: Value, flow: Flow) -> Flow:
    def go_on() -> tuple[list[Value], Flow]:
        frame.env[EXIT] = Static(NEXT_CODE)
        return [], run_block(c, frame, body)

    _, after = branch(c, stopped, lambda: ([], flow), go_on)
    return after


# --- the rest -------------------------------------------------------------------------------------


def _try(c: Capture, frame: Frame, node: ast.Try) -> Flow:
    from xcs.frontend.capture.trying import run_try

    return run_try(c, frame, node)


def _async_for(c: Capture, frame: Frame, node: ast.AsyncFor) -> Flow:
    """``async for``: a loop that asks its iterator before each iteration."""
    from xcs.frontend.capture.coroutines import AsyncIteration

    iteration = AsyncIteration(c, frame, node, evaluate(c, frame, node.iter))

    def enter(_: Value | None, run: Callable[[], Flow]) -> Flow:
        assign(c, frame, node.target, iteration.item())
        return run()

    return _loop(c, frame, node, None, enter, iteration.more)


def _with(c: Capture, frame: Frame, node: ast.With | ast.AsyncWith) -> Flow:
    from xcs.frontend.capture.trying import run_with

    return run_with(c, frame, node)


def _match(c: Capture, frame: Frame, node: ast.Match) -> Flow:
    from xcs.frontend.capture.matching import run_match

    return run_match(c, frame, node)


_EXECUTORS: dict[type[ast.stmt], Callable[[Capture, Frame, Any], Flow | None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.Pass: _pass,
    ast.Global: _pass,
    ast.Nonlocal: _pass,
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _async_for,
    ast.While: _while,
    ast.Try: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
}

__all__ = ["class_of", "orch", "run_block", "run_statement"]
