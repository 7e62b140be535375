"""Generators that the program consumes itself: captured where their elements are taken.

Nothing of a generator's body runs before its first element is asked for, and of what follows an
element nothing runs before its consumer asks for the next. So the body is captured in place of the
consumer's loop, and each ``yield`` in it is the body of that loop. What is not consumed whole by
one loop or builtin, or not in a way that can be said so, is a generator of the running program.
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from xdsl.ir import Block

from xcs.frontend.capture.comprehensions import decide_any, put
from xcs.frontend.capture.drawing import Source, source_of
from xcs.frontend.capture.evaluate import class_of, evaluate, length, new_list
from xcs.frontend.capture.execute import run_block, together, variables_of
from xcs.frontend.capture.flow import (
    EXIT,
    NEXT_CODE,
    RESULT,
    RETURN,
    STOPPED,
    Flow,
    contains_yield,
)
from xcs.frontend.capture.functions import (
    Target,
    bind_call,
    bind_closure_call,
    call_specialised,
    holds_closure,
)
from xcs.frontend.capture.glue import peek
from xcs.frontend.capture.names import load_name
from xcs.frontend.capture.regions import Loop, branch, select
from xcs.frontend.capture.state import Capture, object_type
from xcs.frontend.capture.targets import assign, set_variable
from xcs.frontend.capture.values import (
    UNBOUND,
    Closure,
    Dyn,
    Frame,
    Generator,
    Method,
    Pack,
    Static,
    Value,
    View,
)
from xcs.frontend.classification import Classification
from xcs.frontend.facts import SCALARS, TAKES_ALL, TAKES_EACH, is_among, is_user_class
from xcs.frontend.guards import MISSING
from xcs.frontend.interpretation.lookup import class_attribute, context_manager_body
from xcs.frontend.names import body_of
from xcs.frontend.source import function_node, own_nodes
from xcs.frontend.unsupported import Unsupported

_MAX_CAPTURED: Final = 4000
"""Nodes of the syntax of one consumer that are captured for all the ``yield``s that it takes."""
_MAX_ALIKE: Final = 2
"""How many generators of one function may be consumed by one another."""


# --- which generators -----------------------------------------------------------------------------


def is_generator(function: Any) -> bool:
    """Whether calling the object makes a generator."""
    match function:
        case Closure(node=ast.FunctionDef() | ast.Lambda() as node):
            return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own_nodes(node))
        case types.FunctionType():
            return bool(function.__code__.co_flags & 0x20)  # inspect.CO_GENERATOR
    return False


@functools.lru_cache(maxsize=2048)
def check_consumable(node: Any) -> None:
    """Raises Unsupported for a generator function that is not captured."""
    expected = {id(y) for s in own_nodes(node) if (y := _yield_of(s)) is not None}
    for child in own_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom) and id(child) not in expected:
            raise Unsupported("a 'yield' inside an expression", child)
        if isinstance(child, ast.TryStar | ast.With) and contains_yield(child):
            raise Unsupported("a 'yield' inside of 'with'", child)
        if isinstance(child, ast.Try):
            _check_try(child)
        if _may_stop_iteration(child):
            raise Unsupported("a StopIteration, which a generator turns into another error", child)


@functools.lru_cache(maxsize=2048)
def count_yields(node: Any) -> int:
    """How often a generator function says ``yield``."""
    return sum(isinstance(child, ast.Yield | ast.YieldFrom) for child in own_nodes(node))


def _yield_of(statement: ast.AST) -> ast.Yield | ast.YieldFrom | None:
    """The ``yield`` that a statement is, or whose value it assigns or returns."""
    if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return):
        if isinstance(statement.value, ast.Yield | ast.YieldFrom):
            return statement.value
    return None


def _check_try(node: ast.Try) -> None:
    """When its consumer leaves a generator, ``finally`` is run but no ``except`` clause."""
    if not any(map(contains_yield, node.body + node.orelse)) and not any(
        map(contains_yield, node.handlers)
    ):
        return
    if any(not _takes_only_errors(handler.type) for handler in node.handlers):
        raise Unsupported("a 'yield' where GeneratorExit may be handled", node)
    for child in (c for s in node.finalbody for c in ast.walk(s)):
        leaves = ast.Yield | ast.YieldFrom | ast.Return | ast.Break | ast.Continue
        if isinstance(child, leaves):
            raise Unsupported("a 'finally' that a generator leaves otherwise than by its end", node)


def _takes_only_errors(kinds: ast.expr | None) -> bool:
    match kinds:
        case ast.Tuple(elts=several):
            return all(map(_takes_only_errors, several))
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name not in ("BaseException", "GeneratorExit")
    return False


@functools.lru_cache(maxsize=2048)
def has_cleanup(node: Any) -> bool:
    """Whether a generator runs code when its consumer leaves it."""
    return any(isinstance(n, ast.Try | ast.With) and contains_yield(n) for n in own_nodes(node))


def _may_stop_iteration(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="next"), args=[_], keywords=[]):
            return True
        case ast.Raise(exc=exc) if exc is not None:
            return any(isinstance(n, ast.Name) and n.id == "StopIteration" for n in ast.walk(exc))
    return False


@functools.lru_cache(maxsize=4096)
def is_used_once(function: ast.AST, name: str) -> bool:
    """Whether a function reads its variable in one place, and there each value once at most."""
    loads: list[frozenset[ast.AST]] = []
    stores: list[frozenset[ast.AST]] = []

    def visit(node: ast.AST, loops: frozenset[ast.AST]) -> None:
        match node:
            case ast.Name(id=found) if found == name:
                (loads if isinstance(node.ctx, ast.Load) else stores).append(loops)
            case ast.Global(names=names) | ast.Nonlocal(names=names) if name in names:
                loads.extend((loops, loops))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef() if (
                node is not function
            ):
                inside = (n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name)
                loads.extend((loops, loops) if any(inside) else ())
                return
            case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
                visit(iterable, loops)
                for part in (target, *body):
                    visit(part, loops | {node})
                for part in orelse:
                    visit(part, loops)
                return
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                visit(node.generators[0].iter, loops)
                later = [n for g in node.generators for n in (g.target, *g.ifs)]
                later += [g.iter for g in node.generators[1:]]
                parts = (getattr(node, part, None) for part in ("elt", "key", "value"))
                for part in (*later, *filter(None, parts)):
                    visit(part, loops | {node})
                return
            case ast.While() | ast.GeneratorExp():
                loops = loops | {node}
        for child in ast.iter_child_nodes(node):
            visit(child, loops)

    visit(function, frozenset())
    if len(loads) != 1 or len(stores) > 1:
        return False
    return loads[0] <= (stores[0] if stores else frozenset())


# --- how they come about --------------------------------------------------------------------------


def streamed(c: Capture, frame: Frame, node: ast.expr) -> Value:
    """The value of an expression whose elements are all taken at once; it may be a `Generator`."""
    if (lazy := lazy_builtin(c, frame, node)) is not None:
        return lazy
    if isinstance(node, ast.GeneratorExp):
        return _of_expression(c, frame, node, at_once=False)
    if isinstance(node, ast.Call):
        c.streamed.add(id(node))
    if isinstance(node, ast.Name) and isinstance(peek(c, frame, node.id), Generator):
        return load_name(c, frame, node.id)
    return evaluate(c, frame, node)


def elements(c: Capture, frame: Frame, node: ast.expr, *, hints: bool = False) -> Value:
    """What an expression that is iterated over gives the elements of; it may be a `Generator`.

    `hints` if whoever takes them asks for the number of elements first.
    """
    if isinstance(node, ast.GeneratorExp):
        return _of_expression(c, frame, node, at_once=True)
    value = streamed(c, frame, node)
    if not isinstance(value, Dyn) or value.cls is None or not is_user_class(value.cls):
        return value
    found = class_attribute(value.cls, "__iter__")
    has_length = any(class_attribute(value.cls, n) is not MISSING for n in _LENGTHS)
    if not is_generator(found) or (hints and has_length):
        return value
    from xcs.frontend.capture.calls import Args, Call, apply

    definer = next(base for base in value.cls.__mro__ if "__iter__" in base.__dict__)
    c.guards.member(definer, "__iter__", found)
    c.streamed.add(id(node))
    return apply(Call(c, frame, node, Args()), Method(value, found))


_LENGTHS = ("__len__", "__length_hint__")


def _of_expression(c: Capture, frame: Frame, node: ast.GeneratorExp, *, at_once: bool) -> Generator:
    """A generator expression: a function whose argument is what its first loop goes over.

    That it can be gone over shows when the expression is evaluated, which may not be `at_once`.
    """
    first = elements(c, frame, node.generators[0].iter)
    known = isinstance(first, Generator | Pack | View) or class_of(first) in _ITERABLE
    if not (known or at_once):
        raise Unsupported("a generator expression over what may be any object", node)

    def native() -> Value:
        raise Unsupported("a generator expression that is used as a value", node)

    outer = frame.outermost
    target = Target(_as_function(node), outer.function, outer.owner, frame)
    return Generator(target, {_FIRST: first}, native)


_FIRST: Final = ".0"
"""What Python calls the argument of a generator expression."""
_ITERABLE: Final = (list, tuple, dict, set, frozenset, range, str)


@functools.lru_cache(maxsize=1024)
def _as_function(node: ast.GeneratorExp) -> ast.FunctionDef:
    """The generator function that a generator expression stands for."""
    if any(isinstance(n, ast.NamedExpr) for n in ast.walk(node)):
        raise Unsupported("a generator expression that binds a name", node)
    if any(generator.is_async for generator in node.generators):
        raise Unsupported("an asynchronous generator expression", node)
    if any(map(_may_stop_iteration, ast.walk(node))):
        raise Unsupported("a generator expression that may raise StopIteration", node)
    body: ast.stmt = ast.Expr(ast.Yield(node.elt))
    for number, generator in reversed(list(enumerate(node.generators))):
        for test in reversed(generator.ifs):
            body = ast.If(test, [body], [])
        source = generator.iter if number else ast.Name(_FIRST, ast.Load())
        body = ast.For(generator.target, source, [body], [])
    parameters = ast.arguments([], [ast.arg(_FIRST)], None, [], [], None, [])
    function = ast.FunctionDef("<genexpr>", parameters, [body], [])
    return ast.fix_missing_locations(ast.copy_location(function, node))


def make_generator(
    call: Any, function: Any, owner: type | None, what: Classification, native: Callable[[], Value]
) -> Value:
    """What a call of a generator function of the outside world gives."""
    bind = lambda: bind_call(call.c, function, call.args, owner, call.node)
    writes = what.mutates_args or what.writes or not what.touches <= _UNSEEN
    return _made(call, function_node(function), bind, native, is_quiet=not writes)


_UNSEEN = frozenset({("network", "update")})


def make_local_generator(call: Any, closure: Closure, native: Callable[[], Value]) -> Value:
    """What a call of a generator function that the captured code defines gives."""
    bind = lambda: bind_closure_call(call.c, closure, call.args, call.node)
    return _made(call, closure.node, bind, native, is_quiet=False)


def _made(
    call: Any,
    node: Any,
    bind: Callable[[], tuple[Target, dict[str, Value]]],
    native: Callable[[], Value],
    *,
    is_quiet: bool,
) -> Value:
    c = call.c
    attempt = c.begin()
    try:
        if id(call.node) not in c.streamed:
            raise Unsupported("a generator that is not consumed in place", call.node)
        target, env = bind()
        check_consumable(node)
        settle_parameters(c, target.node, env)
    except Unsupported as error:
        c.undo(attempt)
        line = error.line or getattr(call.node, "lineno", None)
        c.remark(call.frame, call.node, f"a generator stays Python's: {error.reason} (line {line})")
        made = c.dyn(native())
        if has_cleanup(node):
            c.closing.add(made.ssa)
        return made
    inner = [value for value in env.values() if isinstance(value, Generator)]
    return Generator(target, env, native, is_quiet and all(g.is_quiet for g in inner))


def settle_parameters(c: Capture, node: Any, env: dict[str, Value]) -> None:
    """Make generators among arguments ones of the running program, but those used up in place."""
    for name, value in env.items():
        if isinstance(value, Pack):
            items = (c.dyn(v) if isinstance(v, Generator) else v for v in value.items)
            env[name] = Pack(tuple(items))
        elif isinstance(value, Generator):
            env[name] = value if is_used_once(node, name) and may_be_held(value) else c.dyn(value)


def may_be_held(value: Generator) -> bool:
    """Whether it makes no difference that a variable holds it after its consumer has left."""
    inner = [v for v in value.env.values() if isinstance(v, Generator)]
    return not has_cleanup(value.target.node) and all(map(may_be_held, inner))


# --- how they are consumed ------------------------------------------------------------------------


def run_generator(c: Capture, generator: Generator, loop: Loop) -> Value | None:
    """Capture a generator's body in place of the loop over it. Gives whether that was stopped."""
    target = generator.target
    if _is_recursive(target.node):
        return _run_as_function(c, generator, loop)
    if sum(frame.node is target.node for frame in c.frames) > _MAX_ALIKE:
        raise Unsupported("a recursive generator", target.node)
    nodes = [frame.node for frame in c.frames if frame.consumer is not None] + [target.node]
    copies = math.prod(map(count_yields, nodes))
    if copies * sum(1 for _ in ast.walk(loop.node)) > _MAX_CAPTURED:
        raise Unsupported("many 'yield's, for each of which the loop is captured", loop.node)
    frame = target.frame(c, generator.env)
    if target.function in _LAZY.values():
        frame.filename = ""  # its ops stand where the builtin is called
    c.frames.append(frame)
    try:
        _run_body(c, frame, loop)
    finally:
        c.frames.pop()
    return frame.env[STOPPED] if loop.stops else None


def _run_body(c: Capture, frame: Frame, loop: Loop) -> None:
    frame.consumer = loop
    loop.handling = list(c.handling)
    frame.env[STOPPED] = Static(False)
    loop.flow = run_block(c, frame, body_of(frame.node))
    loop.result = _returned(c, frame, loop.flow)


# --- recursive ones -------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2048)
def _is_recursive(node: Any) -> bool:
    """Whether a generator function may call itself, by its name."""
    return any(
        (isinstance(child, ast.Name) and child.id == node.name)
        or (isinstance(child, ast.Attribute) and child.attr == node.name)
        for child in own_nodes(node)
    )


@dataclass(eq=False)
class _Consumed(Target):
    """A generator function with its consumer, as one function.

    It is given the variables of the consumer, and returns those that have changed.
    """

    consumer: Loop
    used: list[Frame]
    changed: list[tuple[Frame, str]]
    classes: list[type | None]
    """Those of the variables that change, before the call."""

    def run(self, c: Capture, frame: Frame) -> Value:
        c.frames[:0] = self.used
        loop = replace(self.consumer)
        _run_body(c, frame, loop)
        changed = [owner.env.get(name, Static(UNBOUND)) for owner, name in self.changed]
        return Pack((*changed, frame.env[STOPPED], loop.result))

    def unknown(self) -> Value:
        unknown = super().unknown

        def of_class(cls: type | None) -> Value:
            # A number that is counted up stays one.
            if cls is None or cls not in SCALARS:
                return unknown()
            return Dyn(Block(arg_types=[object_type(cls)]).args[0], cls)

        return Pack((*map(of_class, self.classes), unknown(), unknown()))


def _run_as_function(c: Capture, generator: Generator, loop: Loop) -> Value | None:
    """Call a generator function as one that runs its consumer's code at each ``yield``.

    A generator that hands on the elements of another one of its kind calls the same function.
    """
    consumer, target = loop.root or loop, generator.target
    cleaning = [f for f in c.frames if f.consumer is not None and has_cleanup(f.node)]
    if consumer.reads is None or c.handling or cleaning or has_cleanup(target.node):
        raise Unsupported("a recursive generator where errors are handled", loop.node)
    used = consumer.reads()
    if target.parent is not None:
        used = together(used, variables_of(target.parent, [target.node]))
    changed = [(frame, n) for frame, names in consumer.assigned().items() for n in sorted(names)]
    changed += [(frame, n) for frame in consumer.leaving() for n in (EXIT, RESULT, STOPPED)]
    if any(box.frame is frame and name in box.names for box in c.boxes for frame, name in changed):
        raise Unsupported("a recursive generator whose consumer handles errors", loop.node)
    frames = list(dict.fromkeys([*used, *(frame for frame, _ in changed)]))
    outer, fixed = _variables(c, frames, used, target)
    saved = [(frame, frame.env) for frame in frames]

    def prepare(values: dict[str, Value]) -> None:
        for frame in frames:
            frame.env = dict(fixed.get(frame, {}))
        for key, (frame, name) in outer.items():
            frame.env[name] = values[key]

    consumed = _Consumed(
        target.node,
        target.function,
        target.owner,
        target.parent,
        consumer,
        frames,
        changed,
        [class_of(frame.env.get(name, Static(UNBOUND))) for frame, name in changed],
    )
    env = {**generator.env, **{key: frame.env[name] for key, (frame, name) in outer.items()}}
    identity = ("generator", target.node, consumer.node)
    try:
        result = call_specialised(c, consumed, identity, env, prepare)
    finally:
        for frame, before in saved:
            frame.env = before
    if not isinstance(result, Pack):
        raise Unsupported("a generator that never ends", target.node)
    for (frame, name), value in zip(changed, result.items[:-2], strict=True):
        frame.env[name] = value
    loop.flow, loop.result = Flow.NEXT, result.items[-1]
    return result.items[-2] if loop.stops else None


def _variables(
    c: Capture, frames: list[Frame], used: dict[Frame, frozenset[str]], target: Target
) -> tuple[dict[str, tuple[Frame, str]], dict[Frame, dict[str, Value]]]:
    """The variables that a generator's consumer uses, by parameter, and what is no data of them."""
    outer: dict[str, tuple[Frame, str]] = {}
    fixed: dict[Frame, dict[str, Value]] = {}
    for number, frame in enumerate(frames):
        for name in sorted(used.get(frame, ())):
            value = frame.env.get(name)
            if isinstance(value, Closure) and value.node is target.node and not value.defaults:
                fixed.setdefault(frame, {})[name] = value
            elif value is not None:
                if isinstance(value, View) or holds_closure(c, value):
                    raise Unsupported(
                        "a recursive generator among functions as values", target.node
                    )
                outer[f"outer {number} {name}"] = (frame, name)
    return outer, fixed


def _returned(c: Capture, frame: Frame, flow: Flow) -> Value:
    """What the generator returned, which only ``yield from`` asks for."""
    if RESULT not in frame.env or flow in (Flow.NEXT, Flow.DEAD):
        return Static(None)
    if flow is Flow.EXIT:
        return frame.env[RESULT]
    left = c.host("code != 0", {"code": frame.env[EXIT]}, cls=bool, total=True)
    return select(c, left, lambda: frame.env[RESULT], lambda: Static(None))


def run_yield(c: Capture, frame: Frame, node: Any) -> Flow:
    """A statement that is a ``yield``, or that assigns or returns the value of one."""
    found = _yield_of(node)
    if frame.consumer is None or found is None:
        raise Unsupported("a 'yield' that nothing in the program consumes", node)
    if isinstance(found, ast.YieldFrom):
        flow, value = _delegate(c, frame, found, is_used=not isinstance(node, ast.Expr))
    else:
        element = Static(None) if found.value is None else evaluate(c, frame, found.value)
        flow, value = _pass_on(c, frame, element), Static(None)
    if flow is Flow.DEAD or flow is Flow.EXIT or isinstance(node, ast.Expr):
        return flow
    return _after_yield(c, frame, node, value, flow)


def _pass_on(c: Capture, frame: Frame, element: Value) -> Flow:
    """Let the consumer run on an element. Where it stops, the generator's code ends."""
    stop, flow = _run_consumer(c, frame, element)
    return flow if flow is Flow.DEAD else _leave(c, frame, stop)


def _run_consumer(c: Capture, frame: Frame, element: Value | None) -> tuple[Value | None, Flow]:
    """Run the consumer's code. If it fails, the generator is one that nothing more is asked of."""
    loop: Loop = frame.consumer
    handling, c.handling = c.handling, list(loop.handling)
    if not loop.is_manager:
        set_variable(c, frame, STOPPED, Static(True))
    try:
        stop, flow = loop.body(element)
    finally:
        c.handling = handling
    set_variable(c, frame, STOPPED, stop or Static(False))
    return stop, flow


def _leave(c: Capture, frame: Frame, stop: Value | None) -> Flow:
    if stop is None or (isinstance(stop, Static) and not stop.obj):
        return Flow.NEXT
    set_variable(c, frame, STOPPED, stop)
    frame.env[RESULT] = Static(None)
    if isinstance(stop, Static):
        frame.env[EXIT] = Static(RETURN)
        return Flow.EXIT
    source = f"{RETURN} if stop else {NEXT_CODE}"
    frame.env[EXIT] = c.host(source, {"stop": stop}, cls=int, total=True)
    return Flow.MAYBE


def _delegate(
    c: Capture, frame: Frame, node: ast.YieldFrom, *, is_used: bool
) -> tuple[Flow, Value]:
    """``yield from``: the consumer takes the elements of another iterable."""
    outer: Loop = frame.consumer
    is_expression = isinstance(node.value, ast.GeneratorExp)
    source = Source(elements(c, frame, node.value)) if is_expression else None
    source = source or source_of(c, frame, node.value)
    if source.filters:
        raise Unsupported("'yield from' what is filtered", node)
    iterable = source.iterable
    if is_used and not isinstance(iterable, Generator) and _may_return(c.dyn(iterable)):
        raise Unsupported("'yield from' what may be any iterator", node)

    def body(element: Value | None) -> tuple[Value | None, Flow]:
        assert element is not None
        return source.draw(element, lambda value: _run_consumer(c, frame, value))

    loop = Loop(
        c, node, body, outer.needed, outer.stops,
        assigned=outer.assigned, leaving=outer.leaving,
        reads=None if source.computes else outer.reads,
        root=None if source.computes else outer.root or outer,
    )  # fmt: skip
    stopped = loop.run(iterable)
    if loop.flow is Flow.DEAD:
        return Flow.DEAD, Static(None)
    return _leave(c, frame, stopped), loop.result


def _may_return(iterable: Dyn) -> bool:
    """Whether an iterator over the value may be a generator, which returns something."""
    return iterable.cls not in (list, tuple, dict, set, frozenset, range, str)


def _after_yield(c: Capture, frame: Frame, node: Any, value: Value, flow: Flow) -> Flow:
    """What the statement does with the value of its ``yield``, unless the consumer has stopped."""

    def go_on() -> Flow:
        if isinstance(node, ast.Return):
            frame.env[RESULT], frame.env[EXIT] = value, Static(RETURN)
            return Flow.EXIT
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            assign(c, frame, target, value)
        return Flow.NEXT

    if flow is Flow.NEXT:
        return go_on()
    left = c.host("code != 0", {"code": frame.env[EXIT]}, cls=bool, total=True)
    _, after = branch(c, left, lambda: ([], Flow.EXIT), lambda: ([], go_on()))
    return after


# --- as managers ----------------------------------------------------------------------------------


def managing_generator(c: Capture, frame: Frame, node: ast.expr) -> Generator | None:
    """The generator of a manager that ``@contextmanager`` made, where it is captured."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        return None
    from xcs.frontend.capture.calls import evaluate_args

    attempt = c.begin()
    callee = evaluate(c, frame, node.func)
    receiver = [callee.receiver] if isinstance(callee, Method) else []
    function = callee.function if isinstance(callee, Method) else getattr(callee, "obj", None)
    body = context_manager_body(function) if isinstance(function, types.FunctionType) else None
    try:
        if body is None or not is_generator(body):
            raise Unsupported("another manager", node)
        check_manager(function_node(body))
        args = evaluate_args(c, frame, node, callee).after(*receiver)
        owner = class_of(receiver[0]) if receiver else None
        target, env = bind_call(c, body, args, owner, node)
    except Unsupported:
        c.undo(attempt)
        return None
    return Generator(target, env, lambda: evaluate(c, frame, node))


@functools.lru_cache(maxsize=1024)
def check_manager(node: Any) -> None:
    """Raises Unsupported for a generator that may yield otherwise than once."""
    if any(map(_may_stop_iteration, own_nodes(node))):
        raise Unsupported("a StopIteration, which a generator turns into another error", node)
    yields = [n for n in own_nodes(node) if isinstance(n, ast.Yield | ast.YieldFrom)]
    statements = list(body_of(node))
    while statements:
        statement = statements.pop(0)
        if _yield_of(statement) in yields and len(yields) == 1:
            if isinstance(yields[0], ast.Yield) and not isinstance(statement, ast.Return):
                return
        elif isinstance(statement, ast.Try | ast.With) and contains_yield(statement):
            statements = list(statement.body)
        elif any(isinstance(n, ast.Return) for n in ast.walk(statement)):
            break
    raise Unsupported("a manager that may yield otherwise than once", node)


def run_managed(
    c: Capture,
    frame: Frame,
    node: ast.With | ast.AsyncWith,
    generator: Generator,
    block: Callable[[Value], Flow],
    kept: frozenset[str],
) -> Flow:
    """Capture a ``with`` block in place of the ``yield`` of its manager."""
    frame.env[EXIT] = Static(NEXT_CODE)

    def body(entered: Value | None) -> tuple[Value | None, Flow]:
        assert entered is not None
        flow = block(entered)
        return None, flow if flow is Flow.DEAD else Flow.NEXT

    loop = Loop(
        c, node, body, lambda owner, name: True, assigned=lambda: {frame: kept}, is_manager=True
    )
    run_generator(c, generator, loop)
    code = frame.env[EXIT]
    if loop.flow is Flow.DEAD:
        return Flow.DEAD
    if isinstance(code, Static):
        return Flow.NEXT if code.obj == NEXT_CODE else Flow.EXIT
    return Flow.MAYBE


# --- as a whole -----------------------------------------------------------------------------------


def whole(c: Capture, node: ast.AST, value: Value, most: int | None = None) -> Value:
    """The list of a generator's elements, of `most` at most; any other value as it is."""
    if not isinstance(value, Generator):
        return value
    result = new_list(c, [])
    if most is None:
        extend(c, node, result, value)
        return result

    def body(element: Value | None) -> tuple[Value | None, Flow]:
        assert element is not None
        put(c, result, element)
        source = f"n >= {most}"
        return c.host(source, {"n": length(c, result)}, cls=bool, total=True), Flow.NEXT

    Loop(c, node, body, lambda owner, name: True, stops=True).run(value)
    return result


# --- builtins -------------------------------------------------------------------------------------


def enumerated(iterable: Any, number: Any) -> Iterator[Any]:
    """As `enumerate`."""
    for element in iterable:
        yield number, element
        number += 1


def mapped(function: Any, iterable: Any) -> Iterator[Any]:
    """As `map` over one iterable."""
    for element in iterable:
        yield function(element)


def filtered(function: Any, iterable: Any) -> Iterator[Any]:
    """As `filter` with a function."""
    for element in iterable:
        if function(element):
            yield element


_LAZY: Final = {enumerate: enumerated, map: mapped, filter: filtered}


def lazy_builtin(c: Capture, frame: Frame, node: ast.expr) -> Generator | None:
    """``enumerate``, ``map`` or ``filter`` of a generator, as a generator itself."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    if node.keywords or not 0 < len(node.args) <= 2:
        return None
    callee = peek(c, frame, node.func.id)
    helper = _LAZY.get(callee.obj) if isinstance(callee, Static) and _hashable(callee) else None
    if helper is None:
        return None
    position = 0 if helper is enumerated else 1
    if len(node.args) <= position or not _may_be_generator(c, frame, node.args[position]):
        return None
    from xcs.frontend.capture.calls import Args, Call, apply, refuse_ending

    attempt = c.begin()
    values = [
        streamed(c, frame, argument) if number == position else evaluate(c, frame, argument)
        for number, argument in enumerate(node.args)
    ]
    source = values[position]
    no_function = position == 1 and isinstance(values[0], Static) and values[0].obj is None
    if not isinstance(source, Generator) or no_function:
        c.undo(attempt)
        return None
    load_name(c, frame, node.func.id)  # guards that it is the builtin
    if position == 1:
        refuse_ending(Call(c, frame, node, Args()), values[0])
    if helper is enumerated and len(values) == 1:
        values.append(Static(0))
    parameters = helper.__code__.co_varnames[: helper.__code__.co_argcount]
    target = Target(function_node(helper), helper, None, None)
    env = dict(zip(parameters, values, strict=True))

    def native() -> Value:
        assert isinstance(callee, Static)
        held: list[Value] = [c.dyn(v) if isinstance(v, Generator) else v for v in values]
        return apply(Call(c, frame, node, Args(held)), callee)

    is_quiet = source.is_quiet and (helper is enumerated or _is_pure(c, frame, node, values[0]))
    return Generator(target, env, native, is_quiet)


def _is_pure(c: Capture, frame: Frame, node: ast.Call, function: Value) -> bool:
    from xcs.frontend.capture.calls import Args, Call, function_value

    return function_value(Call(c, frame, node, Args()), function) is not None


def _hashable(value: Static) -> bool:
    return isinstance(value.obj, type)


def _may_be_generator(c: Capture, frame: Frame, node: ast.expr) -> bool:
    """Whether the value of an expression may turn out to be a generator that is captured."""
    match node:
        case ast.Name(id=name):
            return isinstance(peek(c, frame, name), Generator)
        case ast.Call(func=ast.Name(id=name)):
            callee = peek(c, frame, name)
            if isinstance(callee, Static):
                return is_generator(callee.obj) or (_hashable(callee) and callee.obj in _LAZY)
            return is_generator(callee)
        case ast.Call(func=ast.Attribute()):
            return True
    return False


def takes_elements(callee: Value | None) -> bool:
    """Whether it is a builtin that uses up what it is given."""
    known = (*TAKES_ALL, *TAKES_EACH, any, all)
    return isinstance(callee, Static) and is_among(callee.obj, known)


def takes_generators(callee: Value | None) -> bool:
    """Whether it may be given a `Generator`: its code is captured as well."""
    match callee:
        case Method(is_builtin=True):
            return False
        case Static(obj=types.FunctionType() as function) | Method(function=function):
            return not inspect.iscoroutinefunction(function)
        case Closure(node=node):
            return not isinstance(node, ast.AsyncFunctionDef)
    return False


def extend(c: Capture, node: ast.AST, container: Dyn, source: Generator) -> Value:
    """``container.extend(source)``: a generator sees the list grow."""
    name = ".container"
    holder = Frame(None, frozenset({name}), "", None, {name: container})

    def body(element: Value | None) -> tuple[Value | None, Flow]:
        assert element is not None
        put(c, c.dyn(holder.env[name]), element)
        return None, Flow.NEXT

    reads = lambda: {holder: holder.local_names}
    Loop(c, node, body, lambda owner, name: True, reads=reads).run(source)
    return Static(None)


def consume_arguments(call: Any, callee: Any) -> Value | None:
    """A builtin that uses up generators which are among its arguments."""
    from xcs.frontend.capture.calls import apply, function_value, is_callable

    c, args = call.c, call.args
    if not any(isinstance(v, Generator) for v in args.values()):
        return None
    if callee in (any, all) and len(args.values()) == 1 and args.is_plain:
        return decide_any(c, call.node, args.positional[0], stop_at=callee is any)
    in_turn = is_among(callee, TAKES_ALL)
    others = [v for v in args.values() if not isinstance(v, Generator)]
    others_compute = all(not is_callable(v) or function_value(call, v) is not None for v in others)

    def taken(value: Value) -> Value:
        if not isinstance(value, Generator):
            return value
        fits = in_turn or (value.is_quiet and others_compute)
        if not (fits or others_compute):
            raise Unsupported("effects of a generator and of a key that alternate", call.node)
        return whole(c, call.node, value) if fits else c.dyn(value)

    positional = [taken(value) for value in args.positional]
    keywords = {name: taken(value) for name, value in args.keywords.items()}
    args = replace(args, positional=positional, keywords=keywords)
    return apply(replace(call, args=args), Static(callee))


__all__ = [
    "check_consumable",
    "consume_arguments",
    "elements",
    "extend",
    "is_generator",
    "is_used_once",
    "lazy_builtin",
    "make_generator",
    "make_local_generator",
    "run_generator",
    "run_yield",
    "settle_parameters",
    "streamed",
    "takes_elements",
    "takes_generators",
    "whole",
]
