"""Regions: branches, loops and handlers, and what of the variables and chains comes out of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute, Block, BlockArgument, Region, SSAValue

from xcs.dialects import orch
from xcs.frontend.capture.flow import Flow, joined
from xcs.frontend.capture.order import Chain, Home, Scope, ScopeKind
from xcs.frontend.capture.state import Capture, Remark
from xcs.frontend.capture.values import (
    NOTHING,
    UNBOUND,
    Dyn,
    Frame,
    Generator,
    Group,
    Lazy,
    Pack,
    Static,
    Value,
)
from xcs.frontend.capture.views import Links, Views
from xcs.frontend.facts import CONTAINERS
from xcs.frontend.unsupported import Unsupported

_MAX_ATTEMPTS = 12


@dataclass
class Ending:
    """How a region ended: its own values, the variables, and where control goes."""

    scope: Scope
    values: list[Value]
    environments: list[tuple[Frame, dict[str, Value]]]
    flow: Flow = Flow.NEXT


@contextmanager
def reentered(c: Capture, scope: Scope) -> Iterator[None]:
    """Emit at the end of a region again."""
    saved = c.block, c.order.scope
    c.block, c.order.scope = scope.block, scope
    try:
        yield
    finally:
        c.block, c.order.scope = saved


def run_region(
    c: Capture, kind: ScopeKind, block: Block, run: Callable[[], tuple[list[Value], Flow]]
) -> Ending:
    """Capture a region; the variables are afterwards as they were before."""
    before = c.environments()
    with c.region(kind, block) as scope:
        values, flow = run()
        ending = Ending(scope, values, c.environments(), flow)
    c.restore(before)
    return ending


# --- what comes out of alternatives ---------------------------------------------------------------


@dataclass
class Merge:
    """The values that stand for those of two regions, of which one runs."""

    c: Capture
    first: Ending
    second: Ending
    left: list[Value] = field(default_factory=list)
    right: list[Value] = field(default_factory=list)
    places: list[Callable[[Value], None]] = field(default_factory=list)

    def add(self, one: Value, two: Value, place: Callable[[Value], None]) -> None:
        """Let `place` be given the value that stands for either."""
        if isinstance(one, Group) or isinstance(two, Group):
            one = two = one if isinstance(one, Group) else two  # which nothing can be done with
        elif self.first.flow is Flow.DEAD:
            one = two if isinstance(two, Static) else Static(UNBOUND)
        elif self.second.flow is Flow.DEAD:
            two = one if isinstance(one, Static) else Static(UNBOUND)
        if one is two or (isinstance(one, Static) and isinstance(two, Static) and _same(one, two)):
            place(one)
        elif isinstance(one, Pack) and isinstance(two, Pack) and len(one.items) == len(two.items):
            self._add_parts(one, two, place)
        else:
            self.left.append(one)
            self.right.append(two)
            self.places.append(place)

    def _add_parts(self, one: Pack, two: Pack, place: Callable[[Value], None]) -> None:
        parts: list[Value] = [Static(None)] * len(one.items)

        def part(index: int) -> Callable[[Value], None]:
            def put(value: Value) -> None:
                parts[index] = value
                place(Pack(tuple(parts)))

            return put

        for index, (a, b) in enumerate(zip(one.items, two.items, strict=True)):
            self.add(a, b, part(index))

    def variables(self, frames: list[tuple[Frame, dict[str, Value]]]) -> None:
        """Merge the variables of all frames."""
        one, two = dict(_envs(self.first)), dict(_envs(self.second))
        for frame, before in frames:
            left, right = one.get(frame, before), two.get(frame, before)
            for name in dict.fromkeys((*left, *right)):
                a = left.get(name, Static(UNBOUND))
                b = right.get(name, Static(UNBOUND))
                if a is not b:
                    self.add(a, b, lambda v, f=frame, n=name: f.env.__setitem__(n, v))
                elif before.get(name) is not a:
                    frame.env[name] = a

    def chains(self) -> list[Home]:
        """The chains that either region has moved on, after their values were made one."""
        order = self.c.order
        for one, two in zip(self.left, self.right, strict=True):
            for value in (one, two):
                if (home := self.c.home_of(value)) is not None:
                    order.move_out(home, order.scope)
            order.either(self.c.home_of(one), self.c.home_of(two))
        homes = dict.fromkeys((*self.first.scope.touched(), *self.second.scope.touched()))
        return list(dict.fromkeys(home.find() for home in homes))

    def finish(self, make: Callable[[list[Attribute]], Any]) -> None:
        """Emit both terminators and the op, and hand out its results."""
        c, order = self.c, self.c.order
        chains = self.chains()
        world = order.take_shared() if order.world in chains else []
        shared = c._join(world) if len(world) > 1 else None
        yields = []
        for ending, values in ((self.first, self.left), (self.second, self.right)):
            with reentered(c, ending.scope):
                ssa = [c.ssa(v) for v in values]
                tokens = [self._token(ending.scope, home, shared) for home in chains]
                yields.append((ending.scope, ssa, tokens))
        types: list[Attribute] = [
            a.type if a.type == b.type else _wider(a.type, b.type)
            for a, b in zip(yields[0][1], yields[1][1], strict=True)
        ]
        for scope, ssa, tokens in yields:
            with reentered(c, scope):
                ssa = [as_type(c, v, t) for v, t in zip(ssa, types, strict=True)]
                c.add(orch.YieldOp([*ssa, *tokens]))
        results = c.add(make([*types, *(orch.TOKEN for _ in chains)])).results
        for result, one, two, place in zip(
            results, self.left, self.right, self.places, strict=False
        ):
            place(self._either(result, one, two))
        pairs = list(zip(chains, results[len(types) :], strict=True))
        for home, token in sorted(pairs, key=lambda pair: pair[0] is not order.world):
            if home is order.world:
                order.give_world(token)
            else:
                order.give(home, token)

    def _token(self, scope: Scope, home: Home, shared: SSAValue | None) -> SSAValue:
        order = self.c.order
        if home is order.world and not scope.has(home) and shared is not None:
            return shared
        last = order.last_in(scope, home)
        return self.c.start() if last is None else last

    def _either(self, result: SSAValue, one: Value, two: Value) -> Dyn:
        from xcs.frontend.capture.evaluate import class_of

        known = [v for v in (one, two) if not is_unbound(v)]
        classes = {class_of(v) for v in known}
        cls = classes.pop() if len(classes) == 1 else None
        home = None
        for value in known:
            home = self.c.order.either(home, self.c.home_of(value))
        unsure = any(
            is_unbound(v) or (isinstance(v, Dyn) and v.maybe_unbound) for v in (one, two)
        ) and not any(e.flow is Flow.DEAD for e in (self.first, self.second))
        unsure = unsure or any(isinstance(v, Dyn) and v.maybe_unbound for v in known)
        same = [v for v in known if isinstance(v, Dyn)]
        example, path = NOTHING, None
        if len(same) == len(known) and len({v.path for v in same}) == 1 and same:
            example, path = same[0].example, same[0].path
        return Dyn(result, cls, home, example, path, maybe_unbound=unsure)


def is_unbound(value: Value) -> bool:
    """Whether no value was assigned."""
    return isinstance(value, Static) and value.obj is UNBOUND


def _envs(ending: Ending) -> Iterator[tuple[Frame, dict[str, Value]]]:
    yield from ending.environments


def _same(one: Static, two: Static) -> bool:
    if one.obj is two.obj:
        return True
    plain = type(one.obj) in (bool, int, float, str, bytes)
    return plain and type(one.obj) is type(two.obj) and repr(one.obj) == repr(two.obj)


def _wider(one: Attribute, two: Attribute) -> Attribute:
    return orch.ANY


def as_type(c: Capture, value: SSAValue, type_: Attribute) -> SSAValue:
    """The value with a less precise type, so that all ways yield the same types."""
    if value.type == type_:
        return value
    op = orch.HostOp("value", {"value": value}, [type_], total=True)
    return c.add(op).results[0]


# --- branches -------------------------------------------------------------------------------------


def branch(
    c: Capture,
    test: Value,
    then: Callable[[], tuple[list[Value], Flow]],
    orelse: Callable[[], tuple[list[Value], Flow]],
) -> tuple[list[Value], Flow]:
    """Run one of two regions, by the truth of a value."""
    known = truth(test)
    if known is not None:
        return then() if known else orelse()
    if isinstance(test, Dyn) and test.home is not None and test.cls in CONTAINERS:
        from xcs.frontend.capture.evaluate import length

        test = length(c, test)  # which waits for no element
    condition = c.read_whole(test)
    _remark_effect(c, condition)
    frames = c.environments()
    first = run_region(c, ScopeKind.BRANCH, Block(), then)
    second = run_region(c, ScopeKind.BRANCH, Block(), orelse)
    merge = Merge(c, first, second)
    values: list[Value] = [Static(None)] * max(len(first.values), len(second.values))
    if first.flow is Flow.DEAD and not first.values:
        first.values = [Static(UNBOUND)] * len(values)
    if second.flow is Flow.DEAD and not second.values:
        second.values = [Static(UNBOUND)] * len(values)
    for index, (one, two) in enumerate(zip(first.values, second.values, strict=True)):
        merge.add(one, two, lambda v, i=index: values.__setitem__(i, v))
    merge.variables(frames)
    merge.finish(
        lambda types: orch.IfOp(
            condition, Region(first.scope.block), Region(second.scope.block), types
        )
    )
    return values, joined(first.flow, second.flow)


def _remark_effect(c: Capture, condition: SSAValue) -> None:
    """Say so where a branch waits for an effect that keeps its place in the program."""
    owner = condition.owner
    while isinstance(owner, orch.HostOp | orch.SnapshotOp):
        owner = owner.operands[0].owner if owner.operands else None
    if not isinstance(owner, orch.CallOp):
        return
    operator = c.operators[owner.callee.string_value()]
    if operator.effects == orch.ORDERED and not operator.local:
        name = operator.path.data.replace(":", ".").removeprefix("builtins.")
        text = f"the branch depends on {name}, which keeps its place in the program"
        c.native_parts.append(Remark(c.frames[-1].filename, c.line, text))


def truth(test: Value) -> bool | None:
    """The truth of a value that is known while capturing."""
    match test:
        case Pack(items=items):
            return bool(items)
        case Static(obj=obj) if obj is not UNBOUND:
            try:
                return bool(obj)
            except Exception:
                return None
        case Static() | Dyn():
            return None
        case _:
            return True


def select(
    c: Capture, test: Value, then: Callable[[], Value], orelse: Callable[[], Value]
) -> Value:
    """The value of one of two expressions."""
    values, _ = branch(c, test, lambda: ([then()], Flow.NEXT), lambda: ([orelse()], Flow.NEXT))
    return values[0]


def one_by_one(values: Iterable[Any]) -> Iterator[Any]:
    """The elements, of which each is taken when it is asked for."""
    yield from values


# --- loops ----------------------------------------------------------------------------------------


def _containers(c: Capture, iterable: Value) -> Iterator[Home]:
    """Where the containers live that a loop goes over."""
    if isinstance(iterable, Lazy):
        for part in iterable.positional:
            yield from _containers(c, part)
    elif (home := c.home_of(iterable)) is not None:
        yield home


@dataclass(frozen=True)
class Cursor:
    """How something is iterated over by position while it is changed.

    There is an element at a position if all lengths are greater than that.
    """

    lengths: Callable[[], list[Value]]
    get: Callable[[Value], Value]


def cursor_over(c: Capture, iterable: Value) -> Cursor | None:
    """How to go over lists, and over what ``enumerate`` and ``zip`` make of them, by position."""
    from xcs.frontend.capture.evaluate import binary, class_of, get_item, length

    match iterable:
        case Dyn(cls=cls) if cls is list:
            return Cursor(lambda: [length(c, iterable)], lambda i: get_item(c, iterable, i))
        case Lazy(function=function, positional=(first, *rest), keywords=keywords):
            if function is enumerate and (inner := cursor_over(c, first)) is not None:
                start = keywords.get("start", rest[0] if rest else Static(0))
                if class_of(start) is int:
                    number = lambda i: binary(c, ast.Add(), i, start)
                    return Cursor(inner.lengths, lambda i: Pack((number(i), inner.get(i))))
            parts = [cursor_over(c, part) for part in (first, *rest)]
            if function is zip and not keywords and None not in parts:
                found = [part for part in parts if part is not None]
                return Cursor(
                    lambda: [n for part in found for n in part.lengths()],
                    lambda i: Pack(tuple(part.get(i) for part in found)),
                )
    return None


@dataclass
class Loop:
    """A loop that is being captured: what its iterations carry to one another.

    `body` is given the element (None for a while loop) and tells whether the loop stops after the
    iteration, as a value, and where control goes. `needed` says which variables matter outside of
    one iteration.
    """

    c: Capture
    node: ast.AST
    body: Callable[[Value | None], tuple[Value | None, Flow]]
    needed: Callable[[Frame, str], bool]
    stops: bool = False
    test: Callable[[], Value] | None = None
    carried: list[tuple[Frame, str]] = field(default_factory=list)
    loose: set[tuple[Frame, str]] = field(default_factory=set)
    """Carried variables whose class differs from one iteration to the next."""
    unsure: set[tuple[Frame, str]] = field(default_factory=set)
    """Carried variables that an iteration may leave unbound."""
    is_generator: bool = False
    """Whether it is all of a generator expression."""
    containers: list[Home] = field(default_factory=list)
    """Those that the loop goes over."""
    assigned: Callable[[], dict[Frame, frozenset[str]]] = dict
    """The variables that the body may assign and that matter outside of one iteration."""
    reads: Callable[[], dict[Frame, frozenset[str]]] | None = None
    """The variables that the body uses, if it can be captured in a function of its own."""
    leaving: Callable[[], list[Frame]] = list
    """The frames whose exit variables say, after the loop, how it was left."""
    root: Loop | None = None
    """The loop that the body belongs to, where a ``yield from`` only hands on elements."""
    is_manager: bool = False
    """Whether it stands for a ``with`` block, whose manager is a generator: that is resumed however
    the block ends, and given its error."""
    handling: list[Dyn] = field(default_factory=list)
    """The exceptions that are being handled around the loop."""
    flow: Flow = Flow.NEXT
    """Where control goes after a generator that the loop has consumed."""
    result: Value = field(default_factory=lambda: Static(None))
    """What a generator returned that the loop has consumed."""
    iterable: Value | None = None
    """What the loop goes over."""
    is_live: bool = False
    """Whether iterations may change one of them, which the next ones see, then."""
    is_plain: bool = False
    """Whether iterations are known to come to each other's elements, or may do so."""
    views: Views | None = None
    """The elements as an iteration sees them."""

    def run(self, iterable: Value | None) -> Value | None:
        """Capture the loop. Gives whether it was stopped, where it can be."""
        c, start = self.c, self.c.begin()
        if isinstance(iterable, Generator):
            from xcs.frontend.capture.generators import run_generator

            return run_generator(c, iterable, self)
        if iterable is None:
            return self._settle(None)
        self.iterable = iterable
        self.containers = list(_containers(c, iterable))
        done = self._settle(c.dyn(iterable))
        if not self.is_live:
            return done
        c.undo(start)
        if (cursor := cursor_over(c, iterable)) is not None:
            return self._run_indexed(cursor)
        return self._settle(self._one_by_one(iterable))

    def _settle(self, source: Dyn | None) -> Value | None:
        c = self.c
        for _ in range(_MAX_ATTEMPTS):
            attempt = c.begin()
            mark, written = len(c.order.changes), len(c.order.writes)
            done = self._attempt(source, mark)
            if not self.is_live and any(c.order.writes_since(written, h) for h in self.containers):
                self.is_live = True
                return None
            if done is not None:
                return done if self.stops else None
            c.undo(attempt)
        raise Unsupported("the values that a loop carries do not settle", self.node)

    def _one_by_one(self, iterable: Value) -> Dyn:
        """An iterator over the very container, of which each element is taken in its turn."""
        from xcs.frontend.capture.evaluate import derived_home

        c, source, operands = self.c, "values", {"values": iterable}
        home = c.home_of(iterable)
        if isinstance(iterable, Lazy):
            source, operands = iterable.source()
            home = derived_home(c, list(operands.values()))
        operands = {"one_by_one": Static(one_by_one), **operands}
        values = c.host(
            f"one_by_one({source})", operands, home=c.order.fresh("iterator"), checked=True,
            chooses=True,
        )  # fmt: skip
        return Dyn(values.ssa, None, home)

    def _run_indexed(self, cursor: Cursor) -> Value | None:
        """Capture the loop over a list by position: what iterations do to it shows in the next."""
        c, around = self.c, self.c.frames[-1]
        name = ".position"
        frame = Frame(around.function, frozenset({name}), around.filename, None)
        frame.env[name] = Static(0)

        def test() -> Value:
            lengths = {f"n{i}": value for i, value in enumerate(cursor.lengths())}
            source = " and ".join(f"i < {n}" for n in lengths)
            return c.host(source, {"i": frame.env[name], **lengths}, cls=bool, total=True)

        def body(_: Value | None) -> tuple[Value | None, Flow]:
            position = frame.env[name]
            frame.env[name] = c.host("i + 1", {"i": position}, cls=int, total=True)
            return self.body(cursor.get(position))

        carried = [*self.carried, (frame, name)]
        c.frames.insert(0, frame)
        try:
            loop = Loop(c, self.node, body, self.needed, self.stops, test, carried)
            loop.is_generator = self.is_generator
            return loop.run(None)
        finally:
            c.frames.remove(frame)

    def _attempt(self, iterable: Dyn | None, mark: int) -> Value | None:
        c = self.c
        self.views = None
        entry = [self._entry(frame, name) for frame, name in self.carried]
        source = None if iterable is None else self._iterated(iterable)
        before = c.environments()
        types: list[Attribute] = [orch.ANY] * len(entry)
        if source is not None:
            kind = source[0].type
            types.insert(0, kind.element_type if isinstance(kind, orch.ListType) else orch.ANY)
        block = Block(arg_types=types)
        arguments = block.args[source is not None :]
        conditions: list[Value] = []
        inner: list[Ending] = []

        def iteration() -> tuple[list[Value], Flow]:
            self._start(arguments, entry)
            if self.test is not None:
                test = self.test()
                conditions.append(Dyn(c.read_whole(test), bool))
                inner.append(self._while_body())
                return [], Flow.NEXT
            assert source is not None
            stop, flow = self.body(source[1](block.args[0]))
            return [stop or Static(False)], flow

        outer = run_region(c, ScopeKind.LOOP, block, iteration)
        last = inner[0] if inner else outer
        settled = self._settled(before, last, outer, entry)
        if not (self._keeps_apart(outer.scope) and settled):
            return None
        if c.order.changed_since(mark, outer.scope):
            return None
        c.restore(before)
        for scope in dict.fromkeys((outer.scope, last.scope)):
            scope.carry(c.order.world)
        if self.test is None:
            return self._finish_for(source, outer, entry)  # type: ignore[arg-type]
        return self._finish_while(conditions[0], outer, last, entry)

    def _keeps_apart(self, scope: Scope) -> bool:
        """End what was true while the body was captured; whether it may be taken to be true."""
        if scope.links is None:
            return True
        assert scope.parent is not None
        links = Links(self.c.order, scope)
        with reentered(self.c, scope):
            # Both look for ways, before any two homes become one.
            self.is_plain = not links.are_apart()
            if self.views is not None:
                self.is_plain = not self.views.are_apart() or self.is_plain
                self.views.give_back()
            for home, part in links.give_back():
                self.c.order.link(home, part, scope.parent)
        return not self.is_plain

    def _entry(self, frame: Frame, name: str) -> Value:
        return frame.env.get(name, Static(UNBOUND))

    def _iterated(self, value: Dyn) -> tuple[SSAValue, Callable[[SSAValue], Value]]:
        from xcs.frontend.capture.elements import iterated

        ssa = value.ssa if self.is_live else self.c.read_whole(value, structure=True)

        def taken(item: SSAValue) -> Value:
            self.c.taken.add(item)
            if not (self.is_plain or self.is_live or self.c.coarse):
                self.views = Views(self.c.order, self.c.order.scope)
                self.c.order.keep_apart()
            return iterated(self.c, self.iterable or value, item, self.views)

        return ssa, taken

    def _start(self, arguments: Any, entry: list[Value]) -> None:
        """Give the carried variables what an iteration begins with."""
        from xcs.frontend.capture.evaluate import class_of

        for (frame, name), argument, value in zip(self.carried, arguments, entry, strict=True):
            key = (frame, name)
            cls = None if key in self.loose or is_unbound(value) else class_of(value)
            unsure = is_unbound(value) or key in self.unsure
            unsure = unsure or (isinstance(value, Dyn) and value.maybe_unbound)
            home = self.c.home_of(value)
            if home is None and key in self.loose:
                home = self.homes.setdefault(key, self.c.order.neutral(name))
                home.scope = self.outer
            frame.env[name] = Dyn(argument, cls, home, maybe_unbound=unsure)

    homes: dict[tuple[Frame, str], Home] = field(default_factory=dict)

    @property
    def outer(self) -> Scope:
        """The region that the loop is in."""
        scope = self.c.order.scope
        while scope.kind is not ScopeKind.LOOP:
            assert scope.parent is not None
            scope = scope.parent
        return scope.parent or scope

    def _while_body(self) -> Ending:
        c = self.c
        carried = [frame.env[name] for frame, name in self.carried]
        block = Block(arg_types=[orch.ANY] * len(carried))

        def run() -> tuple[list[Value], Flow]:
            for (frame, name), argument, value in zip(
                self.carried, block.args, carried, strict=True
            ):
                dyn = value if isinstance(value, Dyn) else None
                frame.env[name] = Dyn(
                    argument,
                    dyn.cls if dyn else None,
                    c.home_of(value),
                    maybe_unbound=dyn.maybe_unbound if dyn else is_unbound(value),
                )
            stop, flow = self.body(None)
            return [stop or Static(False)], flow

        return run_region(c, ScopeKind.BODY, block, run)

    def _settled(
        self,
        before: list[tuple[Frame, dict[str, Value]]],
        last: Ending,
        outer: Ending,
        entry: list[Value],
    ) -> bool:
        """Whether what the body was captured for is what all iterations find."""
        from xcs.frontend.capture.evaluate import class_of

        c, known = self.c, set(self.carried)
        after, tested = dict(last.environments), dict(outer.environments)
        settled = True
        for frame, env in before:
            for name in dict.fromkeys((*after.get(frame, {}), *tested.get(frame, {}))):
                start = env.get(name)
                ends = [e.get(frame, {}).get(name) for e in (after, tested)]
                if (frame, name) in known or all(e is None or e is start for e in ends):
                    continue
                in_test = self.test is not None and tested.get(frame, {}).get(name) is not start
                if in_test or self.needed(frame, name):  # the body may read what the test binds
                    self.carried.append((frame, name))
                    settled = False
        if not settled or last.flow is Flow.DEAD:
            return settled
        for (frame, name), value in zip(self.carried, entry, strict=True):
            end = after.get(frame, {}).get(name, Static(UNBOUND))
            key = (frame, name)
            if (
                key not in self.loose
                and not is_unbound(value)
                and class_of(end) is not class_of(value)
            ):
                self.loose.add(key)
                settled = False
            unsure = is_unbound(end) or (isinstance(end, Dyn) and end.maybe_unbound)
            start_unsure = is_unbound(value) or (isinstance(value, Dyn) and value.maybe_unbound)
            if unsure and not start_unsure and key not in self.unsure:
                self.unsure.add(key)
                settled = False
            end_home = c.home_of(end)
            if end_home is not None:
                own = self.homes.get(key) or c.home_of(value)
                if own is None and key not in self.loose:
                    self.loose.add(key)
                    settled = False
                elif own is not None:
                    c.order.either(own, end_home)
        return settled

    def _finish_for(
        self, source: tuple[SSAValue, Any], ending: Ending, entry: list[Value]
    ) -> Value:
        c = self.c
        init = [as_type(c, c.ssa(v), orch.ANY) for v in entry]
        envs = dict(ending.environments)
        with reentered(c, ending.scope):
            flags = [self._flag(ending.values)] if self.stops else []
            values = self._ends(envs, ending)
        if self.views is not None:
            self.views.enter()
        tokens = self._tokens_in(ending.scope)  # of all that the ends have needed, too
        with reentered(c, ending.scope):
            ends = [self._token_out(ending.scope, i.home) for i in ending.scope.imports]
            c.add(orch.YieldOp([*flags, *values, *ends]))
        if self.views is not None and (told := self.views.begin(tokens)) is not None:
            c.add(told)
        init += tokens
        op = orch.ForOp(source[0], init, Region(ending.scope.block), stops=self.stops)
        results = self._add(op)
        stopped = Dyn(results.pop(0), bool) if self.stops else Static(False)
        self._give(results, ending.scope, envs, entry)
        return stopped

    def _finish_while(
        self, condition: Value, test: Ending, body: Ending, entry: list[Value]
    ) -> Value:
        c = self.c
        test_envs, body_envs = dict(test.environments), dict(body.environments)
        with reentered(c, body.scope):
            flags = [self._flag(body.values)] if self.stops else []
            ends = self._ends(body_envs, body)
        with reentered(c, test.scope):
            tested = self._ends(test_envs, test)
            self._enter_by_test(test.scope, body.scope)
        init = [as_type(c, c.ssa(v), orch.ANY) for v in entry]
        init += self._tokens_in(test.scope)
        homes = [i.home for i in test.scope.imports]
        self._align(homes, body.scope)
        with reentered(c, test.scope):
            tokens = [self._token_out(test.scope, home) for home in homes]
            c.add(orch.YieldOp([c.ssa(condition), *tested, *tokens]))
        with reentered(c, body.scope):
            tokens = [self._token_out(body.scope, home) for home in homes]
            c.add(orch.YieldOp([*flags, *ends, *tokens]))
        op = orch.WhileOp(
            init, Region(test.scope.block), Region(body.scope.block), stops=self.stops
        )
        results = self._add(op)
        stopped = Dyn(results.pop(0), bool) if self.stops else Static(False)
        self._give(results, test.scope, test_envs, entry)
        return stopped

    def _add(self, op: orch.ForOp | orch.WhileOp) -> list[SSAValue]:
        if self.is_generator:
            op.attributes[orch.GENERATOR] = UnitAttr()
        return list(self.c.add(op).results)

    def _enter_by_test(self, test: Scope, body: Scope) -> None:
        """Let every chain that enters the body come by way of the test."""
        order = self.c.order
        for home in [entered.home.find() for entered in body.imports]:
            last = order.take(home)
            on_world = home.shared and test.imported(order.world) is not None
            if on_world or test.imported(home) is not None:
                continue
            argument = test.enter(home, Chain(home))
            if not last:
                order.give(home, argument)

    def _align(self, homes: list[Home], scope: Scope) -> None:
        """Give the body's block the arguments for tokens in the order of the test's."""
        block, world = scope.block, None
        old: dict[Home, list[SSAValue]] = {}
        for entered in scope.imports:
            old.setdefault(entered.home.find(), []).append(entered.argument)
        for home in homes:
            argument = block.insert_arg(orch.TOKEN, len(block.args))
            if home is self.c.order.world:
                world = argument
            is_behind = home.shared and scope.has(self.c.order.world)
            if not scope.has(home) and not is_behind:
                scope.put(home.find().chain, argument)
            for former in old.pop(home.find(), []):
                self._replace(scope, former, argument)
        for shared in old.values():  # whose chain goes along with the world's in the test
            assert world is not None
            for former in shared:
                self._replace(scope, former, world)

    def _replace(self, scope: Scope, argument: SSAValue, token: SSAValue) -> None:
        """Have another token in place of one that a region's block is given."""
        argument.replace_all_uses_with(token)
        for chain, last in scope.tokens.items():
            if last is argument:
                scope.tokens[chain] = token
        for entered in scope.imports:
            if entered.argument is argument:
                entered.argument = token
        assert isinstance(argument, BlockArgument)
        scope.block.erase_arg(argument)

    def _flag(self, values: list[Value]) -> SSAValue:
        flag = self.c.ssa(values[0] if values else Static(False))
        return as_type(self.c, flag, orch.BOOL)

    def _ends(self, envs: dict[Frame, dict[str, Value]], ending: Ending) -> list[SSAValue]:
        ends = []
        for frame, name in self.carried:
            value = envs.get(frame, {}).get(name, Static(UNBOUND))
            if ending.flow is Flow.DEAD:
                value = Static(UNBOUND)
            ends.append(as_type(self.c, self.c.ssa(value), orch.ANY))
        return ends

    def _tokens_in(self, scope: Scope) -> list[SSAValue]:
        c = self.c
        tokens = []
        for entered in scope.imports:
            if entered.home is c.order.world:
                token = c.join_shared()
            else:
                taken = c.order.take(entered.home)
                token = taken[0] if taken else c.start()
            tokens.append(token)
        return tokens

    def _token_out(self, scope: Scope, home: Home) -> SSAValue:
        order = self.c.order
        if home is order.world:
            # Chains of shared objects may have begun in the region, at the world's token.
            shared = [t for chain, t in scope.tokens.items() if chain.home.find().shared]
            return self.c._join(list(dict.fromkeys(shared)))
        last = order.last_in(scope, home)
        return self.c.start() if last is None else last

    def _give(
        self,
        results: Sequence[SSAValue],
        scope: Scope,
        envs: dict[Frame, dict[str, Value]],
        entry: list[Value],
    ) -> None:
        """Hand out the results of the op."""
        c, order = self.c, self.c.order
        count = len(self.carried)
        for (frame, name), result, value in zip(self.carried, results[:count], entry, strict=True):
            from xcs.frontend.capture.evaluate import class_of

            key = (frame, name)
            end = envs.get(frame, {}).get(name, Static(UNBOUND))
            home = order.either(c.home_of(value), c.home_of(end))
            home = order.either(home, self.homes.get(key))
            unsure = is_unbound(value) or key in self.unsure
            unsure = unsure or (isinstance(value, Dyn) and value.maybe_unbound)
            cls = class_of(end) if is_unbound(value) else class_of(value)
            frame.env[name] = Dyn(
                result, cls if key not in self.loose else None, home, maybe_unbound=unsure
            )
        tokens = list(zip(scope.imports, results[count:], strict=True))
        for entered, token in sorted(tokens, key=lambda pair: pair[0].home is not order.world):
            if entered.home is order.world:
                order.give_world(token)
            else:
                order.give(entered.home, token)
