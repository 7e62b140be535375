"""Captured functions: one `func.func` for each kinds of arguments, called like any other.

What a function does to the objects that it is given is known once it is captured: which chains it
takes up and moves on, and which homes become one. A call repeats that for the caller's objects.
"""

from __future__ import annotations

import ast
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from xdsl.dialects import func
from xdsl.ir import Block, Region, SSAValue

from xcs.dialects import orch
from xcs.frontend.capture.binding import bind_parameters
from xcs.frontend.capture.coroutines import check_tasks
from xcs.frontend.capture.evaluate import class_of
from xcs.frontend.capture.execute import run_block
from xcs.frontend.capture.flow import EXIT, NEXT_CODE, RESULT, Flow
from xcs.frontend.capture.order import ELEMENTS, KEYS, Home, Scope, ScopeKind
from xcs.frontend.capture.python_calls import is_quiet, native_of
from xcs.frontend.capture.state import Capture, object_type
from xcs.frontend.capture.values import (
    NOTHING,
    UNBOUND,
    Closure,
    Dyn,
    Frame,
    Generator,
    Keywords,
    Lazy,
    Method,
    Pack,
    Partial,
    Static,
    Value,
    View,
)
from xcs.frontend.capture.views import Links
from xcs.frontend.names import body_of, loaded_names, local_names
from xcs.frontend.source import function_node, own_nodes
from xcs.frontend.unsupported import Unsupported

_MAX_PASSES = 10
_FOLDED_AFTER = 2
"""Captures of a recursive function after which what it gives is taken to be nested at will."""
_MAX_DEPTH = 60
_MAX_RUNNING = 6
"""Captures of one function within one another."""


# --- binding --------------------------------------------------------------------------------------


def _bound(
    c: Capture,
    function: Any,
    args: Any,
    defaults: list[Value],
    kw_defaults: dict[str, Value],
    node: Any,
) -> dict[str, Value]:
    """The parameters' values. A call that Python refuses is left for Python to refuse."""
    if not args.is_plain:
        raise Unsupported("arguments that are unpacked when the program runs", node)
    env = bind_parameters(
        function.args,
        args.positional,
        args.keywords,
        defaults,
        kw_defaults,
        node=node,
    )
    if any(isinstance(value, Generator) for value in args.values()):
        from xcs.frontend.capture.generators import settle_parameters

        settle_parameters(c, function, env)
    return env


def _keyword_dict(c: Capture, values: dict[str, Value]) -> Dyn:
    from xcs.frontend.capture.names import store_in

    home = c.order.fresh("keywords", dict)
    for name, value in values.items():
        store_in(c, home.field(KEYS), Static(name))
        store_in(c, home.field(ELEMENTS), value)
    keys = [c.constant(name) for name in values]
    op = orch.DictOp(keys, [c.ssa(v) for v in values.values()])
    return Dyn(c.add(op).results[0], dict, home, known=dict(values))


def check_capturable(node: Any) -> None:
    """Some functions cannot be looked into."""
    for child in own_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            raise Unsupported("a generator function", child)


# --- what is called -------------------------------------------------------------------------------


@dataclass(eq=False)
class Target:
    """A function with its syntax, as it is to be captured."""

    node: Any
    function: Any
    owner: type | None
    parent: Frame | None
    """The frame around a function that the captured code defines."""

    def frame(self, c: Capture, env: dict[str, Value]) -> Frame:
        """A frame for one activation, which begins here."""
        env = {
            name: _keyword_dict(c, value.items) if isinstance(value, Keywords) else value
            for name, value in env.items()
        }
        return Frame(
            self.function,
            local_names(self.node),
            self.function.__code__.co_filename,
            self.node,
            {**env, EXIT: Static(NEXT_CODE)},
            self.parent,
            self.owner,
        )

    def run(self, c: Capture, frame: Frame) -> Value:
        """Capture the body for one activation; gives what the call returns."""
        return _run_body(c, frame)

    def unknown(self) -> Value:
        """What a recursive call is taken to give until more is known."""
        return Dyn(Block(arg_types=[orch.ANY]).args[0], None, None)

    @property
    def name(self) -> str:
        """What it is called in the IR."""
        if isinstance(self.node, ast.Lambda):
            return "lambda"
        if self.parent is None:
            return self.function.__qualname__.replace("<locals>", "")
        return self.node.name


def call_captured(
    c: Capture, function: Any, args: Any, owner: type | None, node: Any, *, quiet: bool = False
) -> Value:
    """A call of a Python function of the outside world.

    Raises NotQuiet if it is to be `quiet`, and ops that it came to are not known to only compute.
    """
    check_capturable(function_node(function))
    target, env = bind_call(c, function, args, owner, node)
    if c.limits or c.pending or c.groups or any(holds_closure(c, v) for v in env.values()):
        return inline(c, target, env, node)
    identity = ("function", function.__code__, _closure_key(function), bool(c.own_loop))
    attempt = c.begin()
    try:
        return call_specialised(c, target, identity, env, quiet=quiet)
    except GivesCoroutine:
        c.undo(attempt)
        return inline(c, target, env, node)


def bind_call(
    c: Capture, function: Any, args: Any, owner: type | None, node: Any
) -> tuple[Target, dict[str, Value]]:
    """A function of the outside world with the values of its parameters for a call."""
    tree = function_node(function)
    for part in ("__code__", "__defaults__", "__kwdefaults__"):
        c.guards.attribute(function, part, getattr(function, part))
    if function.__kwdefaults__:
        c.guards.content(function.__kwdefaults__, deep=False)
    defaults = [_default(c, v) for v in function.__defaults__ or ()]
    kw_defaults = {k: _default(c, v) for k, v in (function.__kwdefaults__ or {}).items()}
    env = _bound(c, tree, args, defaults, kw_defaults, node)
    return Target(tree, function, owner, None), env


class NotQuiet(Unsupported):
    """A function that only computes, of which capture understands less than that."""

    def __init__(self, result: Dyn | None, node: Any):
        super().__init__("it is not seen that it only computes", node)
        self.result = result
        """Its class and where it lives, if capture understands that at least."""


class GivesCoroutine(Unsupported):
    """A function that returns a coroutine has to be captured in place of each call."""


def _closure_key(function: Any) -> Any:
    return id(function) if function.__closure__ else id(function.__globals__)


def _default(c: Capture, value: Any) -> Value:
    from xcs.frontend.capture.names import outside
    from xcs.frontend.capture.values import Path

    return outside(c, value, Path(f"default {id(value)}"), "default")


def holds_closure(c: Capture, value: Value) -> bool:
    """Whether a value is known in a way that cannot be passed when the program runs."""
    if isinstance(value, Pack):
        return any(holds_closure(c, item) for item in value.items)
    if isinstance(value, Keywords):
        return any(holds_closure(c, item) for item in value.items.values())
    if isinstance(value, Method):
        return holds_closure(c, value.receiver)
    known = Closure | Partial | Generator | Lazy | View
    return isinstance(value, known) or c.holds_coroutines(value)


def inline_closure(c: Capture, closure: Closure, args: Any, node: Any) -> Value:
    """A call of a function that the captured code defines."""
    tree = closure.node
    check_capturable(tree)
    target, env = bind_closure_call(c, closure, args, node)
    if not isinstance(tree, ast.Lambda) and _is_recursive(tree):
        return _call_local(c, closure, target, env)
    return inline(c, target, env, node)


def bind_closure_call(
    c: Capture, closure: Closure, args: Any, node: Any
) -> tuple[Target, dict[str, Value]]:
    """A function that the captured code defines with the values of its parameters for a call."""
    tree = closure.node
    env = _bound(c, tree, args, closure.defaults, closure.kw_defaults, node)
    outer = closure.frame.outermost
    return Target(tree, outer.function, outer.owner, closure.frame), env


def _is_recursive(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.name in loaded_names(list(node.body))


def inline(c: Capture, target: Target, env: dict[str, Value], node: Any) -> Value:
    """Capture a function's body in place of a call."""
    if sum(frame.node is target.node for frame in c.frames) > 2 or len(c.frames) > _MAX_DEPTH:
        raise Unsupported("a recursion of functions that are captured in place", node)
    frame = target.frame(c, env)
    c.frames.append(frame)
    try:
        return _run_body(c, frame)
    finally:
        c.frames.pop()


def _run_body(c: Capture, frame: Frame) -> Value:
    """What a function returns. If it sleeps, `c.pause` says when it is through with that."""
    started, pending = len(c.started), len(c.pending)
    result = _returned(c, frame)
    check_tasks(c, started, pending, frame.node)
    code = frame.env[EXIT]
    if frame.pauses and isinstance(code, Dyn):
        c.pause = c.host("0 * code", {"code": code}, cls=int, total=True)
    return result


def _returned(c: Capture, frame: Frame) -> Value:
    flow = run_block(c, frame, body_of(frame.node))
    if flow is Flow.NEXT:
        return Static(None)
    if flow is Flow.DEAD:
        return Static(UNBOUND)
    if flow is Flow.EXIT:
        return _result(frame)
    from xcs.frontend.capture.regions import select

    returned = c.host("code != 0", {"code": frame.env[EXIT]}, cls=bool, total=True)
    return select(c, returned, lambda: _result(frame), lambda: Static(None))


def _result(frame: Frame) -> Value:
    """What was returned, after the function has returned."""
    result = frame.env.get(RESULT, Static(None))
    return replace(result, maybe_unbound=False) if isinstance(result, Dyn) else result


def _call_local(c: Capture, closure: Closure, target: Target, env: dict[str, Value]) -> Value:
    """A recursive function of the captured code: what it uses from around becomes arguments."""
    node = closure.node
    if any(isinstance(n, ast.Nonlocal) for n in ast.walk(node)):
        raise Unsupported("a recursive function that rebinds variables around it", node)
    outer = closure.frame
    captured: dict[str, Value] = {}
    for name in loaded_names(node):
        owner = outer.owner_of(name)
        if owner is None or name not in owner.env:
            continue
        value = owner.env[name]
        if isinstance(value, Closure) and value.node is node:
            continue
        captured[name] = value
    around = Frame(
        outer.function, frozenset({*captured, closure.name}), outer.filename, outer.node, {},
        None, outer.owner,
    )  # fmt: skip
    target.parent = around

    def prepare(values: dict[str, Value]) -> None:
        around.env = {n: values[f"outer {n}"] for n in captured}
        around.env[closure.name] = Closure(node, around, closure.defaults, closure.kw_defaults)

    everything = {**env, **{f"outer {n}": v for n, v in captured.items()}}
    if c.limits or c.pending or c.groups or any(holds_closure(c, v) for v in everything.values()):
        return inline(c, Target(node, target.function, target.owner, outer), env, node)
    return call_specialised(c, target, ("local", node), everything, prepare)


# --- specialisations ------------------------------------------------------------------------------


@dataclass(eq=False)
class Specialisation:
    """A function captured for arguments of given kinds."""

    symbol: str
    parameters: list[tuple[Home, ...]]
    identity: Any = None
    imports: list[Home] = field(default_factory=list)
    touched: list[Home] = field(default_factory=list)
    writes: list[Home] = field(default_factory=list)
    """Of those that it touched, the ones that it does not only read."""
    result: Value = field(default_factory=lambda: Static(None))
    assumed: list[Home] = field(default_factory=list)
    links: list[tuple[Home, Home]] = field(default_factory=list)
    """Homes that it knows from its callers, each with one for what it has made and put there."""
    is_plain: bool = False
    """Whether it comes to what it has put there by way of its callers' containers as well."""
    is_stale: bool = False
    """Whether more became known of its callers' containers when it ended."""
    in_progress: bool = True
    pauses: bool = False
    """Whether the second part of its result says when it has slept."""
    shape: Any = None
    """What its arguments are, but for where they live."""
    used: bool = False
    """Whether it was called while it was being captured."""
    relies: set[Specialisation] = field(default_factory=set)
    """Others that were still being captured, and whose calls it holds as they were taken to be."""

    def interface(self) -> tuple[Any, ...]:
        """What callers rely on."""
        numbers = self._numbers()

        def place(home: Home) -> Any:
            home = home.find()
            if home.read is not None:
                return ("readers", place(home.read))
            return numbers.get(home, home)

        homes = (self.imports, self.touched, self.writes)
        places = tuple(tuple(map(place, some)) for some in (*homes, *self.links))
        return (*places, _shape(self.result), self.pauses, self._picture(numbers))

    def _numbers(self) -> dict[Home, int]:
        """The homes that parameters and result lead to, in the order in which they are come upon.

        So it is the same for two that only differ in which home stands for others that it was
        merged with, and for what the function makes anew each time that it is captured.
        """
        pending = [home.find() for homes in self.parameters for home in homes]
        pending += [leaf.home.find() for leaf in _leaves(self.result) if leaf.home is not None]
        pending += [home.find() for link in self.links for home in link]
        numbers: dict[Home, int] = {}
        for home in pending:
            numbers.setdefault(home, len(numbers))
        for home in (queue := list(numbers)):
            for _, part in sorted(home.fields(), key=lambda field: field[0]):
                if part not in numbers:
                    numbers[part] = len(numbers)
                    queue.append(part)
        return numbers

    def _picture(self, numbers: dict[Home, int]) -> list[tuple[Any, ...]]:
        """What is known of the homes that parameters and result lead to."""
        leaves = [leaf.home for leaf in _leaves(self.result) if leaf.home is not None]
        homes = [home for some in self.parameters for home in some] + leaves
        picture: list[tuple[Any, ...]] = [tuple(numbers[home.find()] for home in homes)]
        for home in numbers:
            fields = sorted(home.fields(), key=lambda field: field[0])
            parts = tuple((name, numbers[part]) for name, part in fields)
            picture.append((home.facts(), parts))
        return picture


def _shape(value: Value) -> Any:
    """What a value is, but for where it lives."""
    match value:
        case Pack(items=items):
            return tuple(map(_shape, items))
        case Keywords(items=named):
            return tuple((name, _shape(item)) for name, item in named.items())
        case Method(receiver=receiver, function=function):
            return ("method", id(function), _shape(receiver))
        case Dyn():
            path = value.path if value.example is not NOTHING else None
            kind = (value.cls, value.ssa.type, value.home is None, value.maybe_unbound)
            return ("dyn", *kind, path)
        case Static(obj=obj):
            return ("static", id(obj))
        case _:
            return ("other", id(value))


def _leaves(value: Value) -> Iterator[Dyn]:
    """The parts that are passed when the program runs."""
    match value:
        case Dyn():
            yield value
        case Pack(items=items):
            for item in items:
                yield from _leaves(item)
        case Keywords(items=named):
            for item in named.values():
                yield from _leaves(item)
        case Method(receiver=receiver):
            yield from _leaves(receiver)


def _passed(c: Capture, value: Value) -> Value:
    """Plain data is passed; functions, classes, None and flags belong to what is captured."""
    match value:
        case Static(obj=obj) if type(obj) in (int, float, str, bytes, complex):
            return Dyn(c.constant(obj), type(obj))
        case Pack(items=items):
            return Pack(tuple(_passed(c, item) for item in items))
        case Keywords(items=named):
            return Keywords({name: _passed(c, item) for name, item in named.items()})
        case _:
            return value


def call_specialised(
    c: Capture,
    target: Target,
    identity: Any,
    env: dict[str, Value],
    prepare: Callable[[dict[str, Value]], None] | None = None,
    *,
    quiet: bool = False,
) -> Value:
    """Call the function that was captured for such arguments, or capture it now."""
    env = {name: _passed(c, value) for name, value in env.items()}
    running = [s for s in c.capturing if s.identity == identity]
    if running:
        around, shape = running[-1], tuple((name, _shape(v)) for name, v in env.items())
        if len(running) > 1 or around.shape == shape:
            env = {name: _any_depth(value) for name, value in env.items()}
        actual = [leaf for value in env.values() for leaf in _leaves(value)]
        if around.shape == shape:
            _join_calls(c, around, actual)
            return _emit_call(c, around, actual)
        if len(running) > _MAX_RUNNING:
            raise Unsupported("a recursion with arguments of ever other kinds", target.node)
    actual = [leaf for value in env.values() for leaf in _leaves(value)]
    structure = _Structure(c, actual)
    key = (
        identity,
        c.order.world.written,
        tuple((name, structure.of(value)) for name, value in env.items()),
    )
    found = c.specialisations.get(key)
    if found is not None and not found.in_progress and _outdated(c, found):
        found = None
    written = len(c.order.first_writes)
    if found is None:
        found = _capture(c, target, key, env, prepare)
    if quiet and found.symbol in c.loud:
        c.order.forget_writes(written)
        raise NotQuiet(_known_result(c, found, actual), target.node)
    return _emit_call(c, found, actual)


def _known_result(c: Capture, found: Specialisation, actual: list[Dyn]) -> Dyn | None:
    """What a call would give that is not made after all, if it is no object of others."""
    if not isinstance(found.result, Dyn) or found.result.home is None:
        return None
    parts = c.parts_of(found.result.home)
    if c.order.anything.find() in parts:
        return None
    translation = _Translation(c, found, actual)
    return Dyn(found.result.ssa, found.result.cls, translation.of(found.result.home))


def _any_depth(value: Value) -> Value:
    """The argument of a recursive call as one that calls at any depth may have."""
    match value:
        case Pack(items=items):
            return Pack(tuple(map(_any_depth, items)))
        case Keywords(items=named):
            return Keywords({name: _any_depth(item) for name, item in named.items()})
        case Dyn():
            return Dyn(value.ssa, value.cls, value.home, maybe_unbound=value.maybe_unbound)
        case _:
            return value


def _join_calls(c: Capture, around: Specialisation, actual: list[Dyn]) -> None:
    """Take what a recursive call is given to live where that of the call around it does.

    So does what the nodes of a tree lead to, at any depth.
    """
    for homes, leaf in zip(around.parameters, actual, strict=True):
        if homes and leaf.home is not None:
            c.order.merge(homes[0], leaf.home)


def _fold(c: Capture, root: Home) -> None:
    """Take what the same two steps lead to, within one another, to live in one home.

    What a recursive function gives is often nested as deep as the function recurses.
    """
    pending: list[tuple[Home, str, dict[tuple[str, str], Home]]] = [(root.find(), "", {})]
    seen: set[Home] = set()
    while pending:
        home, last, around = pending.pop()
        home = home.find()
        if home in seen:
            continue
        seen.add(home)
        for name, part in home.fields():
            if (last, name) in around:
                c.order.merge(around[last, name], part)
            pending.append((part, name, {**around, (last, name): part}))


def _outdated(c: Capture, found: Specialisation) -> bool:
    return any(not h.find().parameter and c.order.is_written(h) for h in found.assumed)


def _is_own(home: Home) -> bool:
    """Whether a callee sees it as a parameter's, rather than as something that it knows itself."""
    return not home.shared


class _Structure:
    """What of arguments decides which capture of a function serves a call of it.

    That is what they are, where, in relation to one another, what they lead to lives, and what is
    known of it. Homes have the numbers of the order in which they are come across.
    """

    def __init__(self, c: Capture, actual: list[Dyn]):
        self.order = c.order
        self.numbers: dict[Home, int] = {}
        self.ways: Counter[Home] = Counter()
        """How many ways lead to a home: one that many lead to matters for that alone."""
        self.dull: dict[Home, bool] = {}
        for leaf in actual:
            if leaf.home is not None:
                self._count(leaf.home.find())

    def _count(self, root: Home) -> None:
        pending = [root]
        while pending:
            home = pending.pop()
            self.ways[home] += 1
            if self.ways[home] == 1:
                pending.extend(part for _, part in home.fields())

    def of(self, value: Value) -> Any:
        """What matters of one argument, after those before."""
        match value:
            case Static(obj=obj):
                return ("static", id(obj))
            case Pack(items=items):
                return tuple(map(self.of, items))
            case Keywords(items=named):
                return tuple((name, self.of(item)) for name, item in named.items())
            case Method(receiver=receiver, function=function):
                return ("method", id(function), self.of(receiver))
            case Dyn(cls=cls, home=home):
                path = value.path if value.example is not NOTHING else None
                return (
                    cls, value.maybe_unbound, path, None if home is None else self._home(home)
                )  # fmt: skip
            case _:
                return ("other", id(value))

    def _home(self, home: Home) -> Any:
        home = home.find()
        if not _is_own(home):
            return _Place(home)
        if home in self.numbers:
            return self.numbers[home]
        self.numbers[home] = len(self.numbers)
        parts = sorted(home.fields(), key=lambda pair: pair[0])
        described = [(n, self._home(p)) for n, p in parts if not self._is_dull(home, p)]
        return (self._known(home), tuple(described))

    def _known(self, home: Home) -> Any:
        """What is known of a home itself."""
        constant = None if home.constant is None else id(home.constant.obj)
        kinds = None
        if not home.open:
            known = (*home.classes, *home.plain, *home.codes)
            kinds = (frozenset(map(id, known)), home.only_codes)
        flags = (home.made, home.foreign, home.collapsed, self.order.is_written(home))
        return (*flags, constant, kinds)

    def _is_dull(self, around: Home, home: Home) -> bool:
        """Whether it is what any part would be that nothing was asked of."""
        found = self.dull.get(home)
        if found is None:
            as_new = (around.made, around.foreign, False, False, None)
            found = self.dull[home] = (
                self.ways[home] == 1
                and _is_own(home)
                and self._known(home)[:5] == as_new
                and home.open is not home.made
                and not (home.classes or home.plain or home.codes)
                and all(self._is_dull(home, part) for _, part in home.fields())
            )
        return found


@dataclass(frozen=True, eq=False)
class _Place:
    """A home as a part of a key: two are equal once they have become one."""

    home: Home

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and other.home.find() is self.home.find()


def _parameter(
    c: Capture, value: Value, block: Block, homes: dict[Home, Home], callers: Scope
) -> Value:
    """What the callee sees of an argument."""
    match value:
        case Pack(items=items):
            return Pack(tuple(_parameter(c, item, block, homes, callers) for item in items))
        case Keywords(items=named):
            return Keywords(
                {n: _parameter(c, item, block, homes, callers) for n, item in named.items()}
            )
        case Method(receiver=receiver, function=function):
            return Method(_parameter(c, receiver, block, homes, callers), function)
        case Dyn():
            argument = block.insert_arg(value.ssa.type, len(block.args))
            home = None
            if value.home is not None:
                home = _parameter_home(value.home.find(), homes, callers)
            return Dyn(
                argument, value.cls, home, value.example, value.path,
                maybe_unbound=value.maybe_unbound,
            )  # fmt: skip
        case _:
            return value


def _parameter_home(home: Home, homes: dict[Home, Home], callers: Scope) -> Home:
    if not _is_own(home):
        return home
    if home not in homes:
        made = homes[home] = Home(home.name, callers, depth=home.depth, parameter=True)
        made.written, made.constant, made.made = home.written, home.constant, home.made
        made.foreign, made.collapsed = home.foreign, home.collapsed
        made.classes, made.plain, made.open = home.classes, home.plain, home.open
        made.codes, made.only_codes = home.codes, home.only_codes
        for name, part in home.fields():
            made.set_field(name, _parameter_home(part, homes, callers))
    return homes[home]


def _capture(
    c: Capture,
    target: Target,
    key: Any,
    env: dict[str, Value],
    prepare: Callable[[dict[str, Value]], None] | None,
) -> Specialisation:
    symbol = c.new_symbol(target.name)
    homes: dict[Home, Home] = {}
    callers = Scope(ScopeKind.MAIN, Block())  # where all that is passed is born
    shape = tuple((name, _shape(value)) for name, value in env.items())
    found = Specialisation(symbol, [], identity=key[0], shape=shape)
    # Until more is known, it is taken to return plain data, and to touch nothing.
    found.result = target.unknown()
    c.specialisations[key] = found
    c.functions[symbol] = None  # type: ignore[assignment]  # taken
    saved = c.frames, c.boxes, c.handling, c.location, c.started
    c.capturing.append(found)
    try:
        for attempt in range(_MAX_PASSES):
            block = Block()
            found.used = False
            c.frames, c.boxes, c.handling, c.started = [], [], [], []
            values = {n: _parameter(c, v, block, homes, callers) for n, v in env.items()}
            found.parameters = [
                () if leaf.home is None else (leaf.home,)
                for value in values.values()
                for leaf in _leaves(value)
            ]
            if prepare is not None:
                prepare(values)
            before = found.interface()
            given = {n: v for n, v in values.items() if not n.startswith("outer ")}
            function = _capture_body(c, target, given, block, found, callers)
            if found.used and attempt >= _FOLDED_AFTER:
                for leaf in _leaves(found.result):
                    if leaf.home is not None:
                        _fold(c, leaf.home)
            is_new = found.is_stale or (found.used and found.interface() != before)
            if not is_new:
                break
            _forget(c, found)
        else:
            raise Unsupported("a recursion whose effects do not settle", target.node)
    except Unsupported:
        del c.specialisations[key]
        _forget(c, found)
        c.functions.pop(symbol, None)
        raise
    finally:
        c.capturing.pop()
        c.frames, c.boxes, c.handling, c.location, c.started = saved
    found.in_progress = False
    c.functions[symbol] = function
    if not all(is_quiet(c, op) for op in function.walk()):
        c.loud.add(symbol)
    # Of a generator, it is the consumer's code that is in the function.
    if type(target) is Target and target.parent is None and not found.pauses:
        changes = _changes_what_is_there(c, found, _own_parts(c, homes))
        c.natives[symbol] = native_of(target.node, target.function, values, found.result, changes)
    return found


def _forget(c: Capture, found: Specialisation) -> None:
    """Drop captures that hold calls of a function as it was taken to be."""
    kept = {k: s for k, s in c.specialisations.items() if found not in s.relies}
    c.specialisations = kept


def _changes_what_is_there(c: Capture, found: Specialisation, own: set[Home]) -> bool:
    """Whether the function changes more than what it makes itself."""
    written = {home.find() for home in found.writes} - {c.order.readers.find()}
    return any(home.shared or home in own or home is c.order.world for home in written)


def _own_parts(c: Capture, homes: dict[Home, Home]) -> set[Home]:
    """The homes of a function's parameters and of what they lead to."""
    return {part for home in homes.values() for part in c.parts_of(home)}


def _capture_body(
    c: Capture, target: Target, given: dict[str, Value], block: Block, found: Specialisation,
    callers: Scope,
) -> func.FuncOp:  # fmt: skip
    mark = len(c.order.writes)
    with c.region(ScopeKind.FUNCTION, block, callers) as scope:
        frame = target.frame(c, given)
        c.frames.append(frame)
        if not found.is_plain:
            c.order.keep_apart()
        result = target.run(c, frame)
        if isinstance(result, Closure):
            raise Unsupported("a function that returns one of its own functions", frame.node)
        if c.holds_coroutines(result):
            raise GivesCoroutine("a function that returns a coroutine", frame.node)
        found.pauses = c.pause is not None
        if c.pause is not None:
            result = Pack((result, c.pause))
        parts = list(_leaves(result))
        ssa = [leaf.ssa for leaf in parts]
        for leaf in parts:
            if leaf.home is not None:
                c.order.move_out(leaf.home, callers)
        _end_links(c, scope, callers, found)
        touched = scope.touched()
        if c.order.world in touched:
            shared = [h for h in touched if h.shared and h is not c.order.world]
            touched = [h for h in touched if h not in shared] + shared
        tokens = []
        for home in touched:
            last = c.order.last_in(scope, home)
            tokens.append(last if last is not None else c.start())
        c.add(func.ReturnOp(*ssa, *tokens))
        found.imports = [i.home for i in scope.imports]
        found.touched = touched
        written = {home.find() for home in c.order.writes[mark:]}
        found.writes = [home for home in touched if home in written]
        found.assumed = list(scope.assumed)
        found.result = result
    types_in = [a.type for a in block.args]
    types_out = [v.type for v in (*ssa, *tokens)]
    function = func.FuncOp(found.symbol, (types_in, types_out), Region(block), "private")
    if c.location is not None:
        function.location = c.location
    return function


def _end_links(c: Capture, scope: Scope, callers: Scope, found: Specialisation) -> None:
    """End what was true while the body was captured, of what it has put into containers."""
    known = len(c.order.changes)
    links = Links(c.order, scope)
    found.is_stale = not links.are_apart()
    found.is_plain = found.is_plain or found.is_stale
    found.links = links.give_back()
    found.is_stale = found.is_stale or c.order.changed_since(known, scope)
    for _, part in found.links:
        c.order.move_out(part, callers)


def _emit_call(c: Capture, found: Specialisation, actual: list[Dyn]) -> Value:
    order = c.order
    _note_reliance(c, found)
    parts = list(_leaves(found.result))
    translation = _Translation(c, found, actual)
    # All of it first: homes may become one meanwhile.
    imports, touched = [*map(translation.of, found.imports)], [*map(translation.of, found.touched)]
    written = [*map(translation.of, found.writes)]
    links = [(translation.of(home), translation.of(part)) for home, part in found.links]
    for leaf in parts:
        if leaf.home is not None:
            translation.of(leaf.home)
    translation.repeat()
    tokens_in = [
        c.join_shared() if home is order.world else _last_token(c, home) for home in imports
    ]
    for home in found.assumed:
        if not home.find().parameter:
            order.take(home)
            order.assume(home)
    operands = [leaf.ssa for leaf in actual] + tokens_in
    results = [leaf.ssa.type for leaf in parts] + [orch.TOKEN] * len(touched)
    op = func.CallOp(found.symbol, operands, results)
    c.add(op)
    for home in written:
        order.mark_written(home)
    given: dict[Home, list[SSAValue]] = {}
    for home, token in zip(touched, op.results[len(parts) :], strict=True):
        given.setdefault(home.find(), []).append(token)
    for home, tokens in sorted(given.items(), key=lambda pair: pair[0] is not order.world):
        token = tokens[0] if len(tokens) == 1 else c._join(tokens)
        if home is order.world:
            order.give_world(token)
        else:
            order.give(home, token)
    for home, part in links:
        order.link(home, part)
    results_iter = iter(op.results[: len(parts)])
    result = translation.result(found.result, results_iter)
    if found.pauses and isinstance(result, Pack):
        result, pause = result.items
        c.pause = c.dyn(pause)
    return result


def _note_reliance(c: Capture, found: Specialisation) -> None:
    """Note what of a call may turn out otherwise than it is taken to be."""
    unsure = {found, *found.relies} & set(c.capturing)
    found.used = found.used or found.in_progress
    for one in unsure:
        for inner in c.capturing[c.capturing.index(one) + 1 :]:
            inner.relies.add(one)


def _last_token(c: Capture, home: Home) -> SSAValue:
    taken = c.order.take(home)
    return taken[0] if taken else c.start()


class _Translation:
    """From the homes that a captured function knows to those of one call of it."""

    def __init__(self, c: Capture, found: Specialisation, actual: list[Dyn]):
        self.c, self.found = c, found
        outside = (c.order.environment, c.order.files, c.order.readers)
        self.known: dict[Home, Home] = {home: home for home in outside}
        self.pairs = [
            (homes[0], leaf.home)
            for homes, leaf in zip(found.parameters, actual, strict=True)
            if homes and leaf.home is not None
        ]
        for inner, outer in self.pairs:
            self._pair(inner.find(), outer.find(), set())

    def _pair(self, inner: Home, outer: Home, seen: set[Home]) -> None:
        if inner.shared and not inner.parameter:
            self.c.order.merge(outer, inner)  # the function knows it as what it is
            return
        if inner in self.known:
            self.c.order.merge(outer, self.known[inner])
        else:
            self.known[inner] = outer
        if inner in seen:
            return
        seen.add(inner)
        if inner.collapsed:
            self.c.order.collapse(outer)
        for name, part in inner.fields():
            self._pair(part, outer.find().field(name), seen)

    def of(self, home: Home) -> Home:
        """The caller's home for one of the function."""
        home = home.find()
        if home.read is not None:
            return self.of(home.read).readers()
        if home in self.known:
            return self.known[home].find()
        if home is self.c.order.world or (home.shared and not home.parameter):
            return home
        made = self.known[home] = self.c.order.fresh(home.name)
        made.classes, made.open, made.made = home.classes, home.open, home.made
        made.plain, made.codes, made.only_codes = home.plain, home.codes, home.only_codes
        made.depth, made.collapsed, made.foreign = home.depth, home.collapsed, home.foreign
        if home.shared:
            self.c.order.share(made)
        if home.written:
            self.c.order.mark_written(made)
        for name, part in home.fields():
            self.c.order.store(made, name, self.of(part))
        return made.find()

    def repeat(self) -> None:
        """What the function has done to its parameters' homes is done to the caller's."""
        order = self.c.order
        for inner, outer in list(self.known.items()):
            inner = inner.find()
            if inner.shared and not outer.find().shared:
                order.share(outer)
            if inner.written:
                order.mark_written(outer)
            outer.find().note_use(inner)
            order.add_classes(outer, inner.classes, inner.plain, is_open=inner.open)
            order.add_codes(outer, inner.codes, only=inner.only_codes)

    def result(self, value: Value, results: Iterator[SSAValue]) -> Value:
        """What the call gives."""
        match value:
            case Pack(items=items):
                return Pack(tuple(self.result(item, results) for item in items))
            case Method(receiver=receiver, function=function):
                return Method(self.result(receiver, results), function)
            case Dyn():
                home = None if value.home is None else self.of(value.home)
                return Dyn(
                    next(results), value.cls, home, value.example, value.path,
                    maybe_unbound=value.maybe_unbound,
                )  # fmt: skip
            case _:
                return value


__all__ = ["call_captured", "class_of", "inline_closure", "object_type", "types"]
