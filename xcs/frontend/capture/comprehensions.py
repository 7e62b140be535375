"""Comprehensions: maps where iterations are independent, else loops that add to a container."""

from __future__ import annotations

import ast
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Block, Region

from xcs.dialects import orch
from xcs.frontend.capture.coroutines import AsyncIteration
from xcs.frontend.capture.drawing import Source, source_of
from xcs.frontend.capture.elements import iterated
from xcs.frontend.capture.evaluate import evaluate, evaluate_test, new_list
from xcs.frontend.capture.execute import together, variables_of
from xcs.frontend.capture.flow import Flow
from xcs.frontend.capture.names import store_in
from xcs.frontend.capture.order import ELEMENTS, ScopeKind
from xcs.frontend.capture.regions import Loop, as_type, branch, run_region
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.targets import assign, set_item
from xcs.frontend.capture.values import NOTHING, Dyn, Frame, Generator, Static, Value
from xcs.frontend.names import stored_names
from xcs.frontend.unsupported import Unsupported

_MAX_ATTEMPTS = 8
_COLLECTED = ".collected"
"""The variable that holds what a comprehension makes."""


@dataclass(frozen=True)
class Fold:
    """What a consumer does to each element, of which only matters here whether it fails."""

    step: Callable[[Any, Any], Any]
    start: Any = None


def add_up(total: Any, value: Any) -> Any:
    """A step of ``sum``."""
    return total + value


def multiply(product: Any, value: Any) -> Any:
    """A step of ``math.prod``."""
    return product * value


def as_float(_: Any, value: Any) -> None:
    """A step of ``math.fsum``."""
    math.fsum([value])


def smaller(least: Any, value: Any) -> Any:
    """A step of ``min``."""
    return value if least is NOTHING or value < least else least


def larger(most: Any, value: Any) -> Any:
    """A step of ``max``."""
    return value if most is NOTHING or value > most else most


def hashed(_: Any, value: Any) -> None:
    """A step of ``set``."""
    hash(value)


def paired(_: Any, value: Any) -> None:
    """A step of ``dict``."""
    dict([value])


FOLDS: Mapping[Any, Fold] = {
    sum: Fold(add_up, 0), min: Fold(smaller, NOTHING), max: Fold(larger, NOTHING),
    set: Fold(hashed), frozenset: Fold(hashed), Counter: Fold(hashed),
    dict.fromkeys: Fold(hashed),
    dict: Fold(paired), OrderedDict: Fold(paired),
    math.prod: Fold(multiply, 1), math.fsum: Fold(as_float),
}  # fmt: skip
"""What those of `facts.TAKES_EACH` do."""


def comprehension(c: Capture, frame: Frame, node: Any, fold: Fold | None = None) -> Value:
    """The container that a comprehension makes; of a generator expression, the list.

    A consumer that may refuse an element does so before the next one is made.
    """
    if isinstance(node, ast.GeneratorExp) and any(map(_waits, ast.iter_child_nodes(node))):
        raise Unsupported("an asynchronous generator expression", node)
    names = frozenset(name for g in node.generators for name in stored_names(g.target))
    inner = Frame(frame.function, names, frame.filename, node, {}, frame, frame.owner)
    is_async = bool(node.generators[0].is_async)
    first = _source(c, frame, node.generators[0])
    if isinstance(node, ast.ListComp | ast.GeneratorExp) and len(node.generators) == 1:
        is_captured = isinstance(first.iterable, Generator)
        if not (node.generators[0].ifs or first.filters or is_async or is_captured):
            result = _as_map(c, inner, node, first)
            if result is not None:
                return result
    return _as_loops(c, inner, node, first, fold)


def _source(c: Capture, frame: Frame, generator: ast.comprehension) -> Source:
    if generator.is_async:
        return Source(evaluate(c, frame, generator.iter))
    return source_of(c, frame, generator.iter)


def _waits(node: ast.AST) -> bool:
    """Whether a part of a generator expression awaits; its first iterable may, before it begins."""
    if isinstance(node, ast.comprehension):
        return bool(node.is_async) or any(map(_awaits, node.ifs))
    return _awaits(node)


def _awaits(node: ast.AST) -> bool:
    return any(isinstance(child, ast.Await) for child in ast.walk(node))


def map_over(
    c: Capture, iterable: Value, run: Callable[[Value], Value], *, is_generator: bool = False
) -> Dyn | None:
    """The list of what `run` gives for each element, if no iteration needs another one."""
    start = c.begin()
    source = c.dyn(iterable)
    for _ in range(_MAX_ATTEMPTS):
        attempt = c.begin()
        mark = len(c.order.changes)
        whole = c.read_whole(source, structure=True)
        kind = whole.type.element_type if isinstance(whole.type, orch.ListType) else orch.ANY
        block = Block(arg_types=[kind])
        before = c.environments()
        values: list[Value] = []

        def iteration(block: Block = block, values: list[Value] = values) -> Any:
            c.taken.add(block.args[0])
            value = run(iterated(c, iterable, block.args[0]))
            values.append(value)
            c.add(orch.YieldOp([as_type(c, c.ssa(value), orch.ANY)]))
            return [value], Flow.NEXT

        ending = run_region(c, ScopeKind.LOOP, block, iteration)
        inner = c.home_of(values[0])
        if inner is not None:
            # What an iteration has done to the object that it gives has to be waited for.
            c.order.move_out(inner, c.order.scope)
        after = dict(ending.environments)
        same = all(after.get(f, env).get(n) is v for f, env in before for n, v in env.items())
        settled = not c.order.changed_since(mark, ending.scope)
        if settled and same and not ending.scope.imports and not ending.scope.touched():
            home = c.order.fresh("list", list)
            if inner is not None:
                c.order.merge(home.field(ELEMENTS), inner)
            else:
                store_in(c, home.field(ELEMENTS), values[0])
            op = orch.MapOp(whole, Region(block), [orch.ListType(orch.ANY)])
            if is_generator:
                op.attributes[orch.GENERATOR] = UnitAttr()
            return Dyn(c.add(op).results[0], list, home)
        c.undo(attempt)
        if settled:
            break
    c.undo(start)
    return None


def collect(c: Capture, node: ast.AST, iterable: Value, run: Callable[[Value], Value]) -> Dyn:
    """The list of what `run` gives for each element, one after the other where that is needed."""
    found = map_over(c, iterable, run)
    if found is not None:
        return found
    result = new_list(c, [])

    def body(item: Value | None) -> tuple[Value | None, Flow]:
        assert item is not None
        put(c, result, run(item))
        return None, Flow.NEXT

    Loop(c, node, body, lambda owner, name: True).run(iterable)
    return result


def _as_map(c: Capture, inner: Frame, node: Any, first: Source) -> Value | None:
    def element_of(value: Value) -> Value:
        assign(c, inner, node.generators[0].target, value)
        return evaluate(c, inner, node.elt)

    def run(item: Value) -> Value:
        inner.env.clear()
        return first.draw(item, element_of)

    return map_over(c, first.iterable, run, is_generator=isinstance(node, ast.GeneratorExp))


def _as_loops(
    c: Capture, inner: Frame, node: Any, first: Source, fold: Fold | None = None
) -> Value:
    result = inner.env[_COLLECTED] = _empty(c, node)
    folding = Frame(inner.function, frozenset({_SO_FAR}), inner.filename, None)
    if fold is not None:
        folding.env[_SO_FAR] = Static(fold.start)
    folded = {folding: frozenset(folding.env)}

    def reads(number: int) -> dict[Frame, frozenset[str]]:
        parts = [getattr(node, part) for part in ("elt", "key", "value") if hasattr(node, part)]
        later = [part for g in node.generators[number:] for part in (*g.ifs, g.iter)]
        used = together(variables_of(inner, [*parts, *later]), {inner: frozenset({_COLLECTED})})
        targets = (name for g in node.generators[number:] for name in stored_names(g.target))
        return used | folded | {inner: used[inner].difference(targets)}

    def level(number: int, source: Source) -> None:
        generator = node.generators[number]

        def begin(value: Value) -> Flow:
            assign(c, inner, generator.target, value)
            tests(list(generator.ifs), number)
            return Flow.NEXT

        def body(item: Value | None) -> tuple[Value | None, Flow]:
            assert item is not None
            source.draw(item, begin)
            return None, Flow.NEXT

        needed = lambda owner, name: owner is not inner
        if generator.is_async:
            iteration = AsyncIteration(c, inner, generator.iter, source.iterable)
            step = lambda _: body(iteration.item())
            Loop(c, node, step, needed, test=iteration.more).run(None)
            return
        loop = Loop(c, node, body, needed, assigned=lambda: folded)
        if not source.computes:
            loop.reads = lambda: reads(number)
        loop.is_generator = number == 0 and isinstance(node, ast.GeneratorExp)
        loop.run(source.iterable)

    def tests(conditions: list[ast.expr], number: int) -> None:
        if not conditions:
            inside(number)
            return
        test = evaluate_test(c, inner, conditions[0])

        def take() -> tuple[list[Value], Flow]:
            tests(conditions[1:], number)
            return [], Flow.NEXT

        branch(c, test, take, lambda: ([], Flow.NEXT))

    def inside(number: int) -> None:
        if number + 1 < len(node.generators):
            level(number + 1, _source(c, inner, node.generators[number + 1]))
        elif isinstance(node, ast.DictComp):
            key = evaluate(c, inner, node.key)
            set_item(c, inner.env[_COLLECTED], key, evaluate(c, inner, node.value))
        else:
            value = evaluate(c, inner, node.elt)
            if fold is not None:
                operands = {"step": Static(fold.step), "so_far": folding.env[_SO_FAR]}
                operands["value"] = value
                folding.env[_SO_FAR] = c.host("step(so_far, value)", operands, checked=True)
            put(c, c.dyn(inner.env[_COLLECTED]), value)

    c.frames += [folding, inner]
    try:
        level(0, first)
    finally:
        del c.frames[-2:]
    return result


_SO_FAR = ".so far"


def _empty(c: Capture, node: Any) -> Dyn:
    if isinstance(node, ast.DictComp):
        home = c.order.fresh("dict", dict)
        return Dyn(c.add(orch.DictOp([], [])).results[0], dict, home)
    if isinstance(node, ast.SetComp):
        home = c.order.fresh("set", set)
        op = orch.NewOp(c.constant(set), [], orch.ObjectType("set"))
        return Dyn(c.add(op).results[0], set, home)
    return new_list(c, [])


def put(c: Capture, container: Dyn, value: Value) -> None:
    """Add a value to a list or set."""
    home = c.home_of(container)
    assert home is not None
    store_in(c, home.field(ELEMENTS), value)
    after, linked = c.chain(home, write=True)
    if container.cls is set:
        op: Any = orch.MethodOp(
            container.ssa, "add", [c.read_whole(value)], after=after, token=linked
        )
    else:
        op = orch.AppendOp(container.ssa, c.ssa(value), after=after, token=linked)
    c.add(op)
    c.place(home, op, linked, write=True)


def any_or_all(c: Capture, frame: Frame, node: ast.GeneratorExp, *, stop_at: bool) -> Value | None:
    """``any`` or ``all`` of a generator expression: stops at the first that decides it."""
    if len(node.generators) != 1 or node.generators[0].is_async:
        return None
    generator = node.generators[0]
    names = frozenset(stored_names(generator.target))
    inner = Frame(frame.function, names, frame.filename, node, {}, frame, frame.owner)
    source = source_of(c, frame, generator.iter)
    if source.filters:
        raise Unsupported("any() or all() of what is filtered", node)

    def decide() -> Value:
        return _decides(c, evaluate(c, inner, node.elt), stop_at=stop_at)

    def begin(value: Value) -> Value:
        assign(c, inner, generator.target, value)
        return _guarded(c, inner, list(generator.ifs), decide)

    def body(item: Value | None) -> tuple[Value | None, Flow]:
        assert item is not None
        return source.draw(item, begin), Flow.NEXT

    reads = lambda: {
        owner: used - names if owner is inner else used
        for owner, used in variables_of(inner, [*generator.ifs, node.elt]).items()
    }
    loop = Loop(c, node, body, lambda owner, name: owner is not inner, stops=True)
    loop.reads = None if source.computes else reads
    loop.is_generator = True
    c.frames.append(inner)
    try:
        stopped = loop.run(source.iterable)
    finally:
        c.frames.pop()
    assert stopped is not None
    return stopped if stop_at else c.host("not v", {"v": stopped}, cls=bool, total=True)


def _decides(c: Capture, value: Value, *, stop_at: bool) -> Value:
    """Whether an element makes ``any`` or ``all`` stop."""
    source = "bool(v)" if stop_at else "not v"
    return c.host(source, {"v": value}, cls=bool, checked=True)


def decide_any(c: Capture, node: ast.AST, iterable: Value, *, stop_at: bool) -> Value:
    """``any`` or ``all`` of an iterable: stops at the first element that decides it."""

    def body(item: Value | None) -> tuple[Value | None, Flow]:
        assert item is not None
        return _decides(c, item, stop_at=stop_at), Flow.NEXT

    loop = Loop(c, node, body, lambda owner, name: True, stops=True, reads=dict)
    stopped = loop.run(iterable)
    assert stopped is not None
    return stopped if stop_at else c.host("not v", {"v": stopped}, cls=bool, total=True)


def _guarded(
    c: Capture, frame: Frame, conditions: list[ast.expr], decide: Callable[[], Value]
) -> Value:
    from xcs.frontend.capture.regions import select

    if not conditions:
        return decide()
    test = evaluate_test(c, frame, conditions[0])
    return select(
        c, test, lambda: _guarded(c, frame, conditions[1:], decide), lambda: Static(False)
    )
