"""What loops go over: elements that are there, or are computed when the loop comes to them.

``for x in map(f, xs)`` calls ``f`` between the iterations. So what ``map``, ``filter`` and
generator expressions do to an element becomes a part of the iteration.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xcs.frontend.capture.evaluate import evaluate
from xcs.frontend.capture.flow import Flow
from xcs.frontend.capture.glue import peek
from xcs.frontend.capture.names import load_name
from xcs.frontend.capture.regions import branch
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.targets import assign
from xcs.frontend.capture.values import Dyn, Frame, Generator, Lazy, Pack, Static, Value
from xcs.frontend.names import stored_names
from xcs.frontend.unsupported import Unsupported

Then = Callable[[Value], Any]


@dataclass(frozen=True)
class Source:
    """What a loop goes over, and what an iteration does to get its element from that."""

    iterable: Value
    draw: Callable[[Value, Then], Any] = lambda element, then: then(element)
    """Goes on with the element, if there is one."""
    computes: bool = False
    """Whether `draw` does anything."""
    filters: bool = False
    """Whether there may be no element; what goes on gives a `Flow`, then."""


def source_of(c: Capture, frame: Frame, node: ast.expr) -> Source:
    """What a loop over an expression goes over."""
    from xcs.frontend.capture.generators import elements, lazy_builtin

    if (generator := lazy_builtin(c, frame, node)) is not None:
        return Source(generator)
    if isinstance(node, ast.GeneratorExp) and len(node.generators) == 1:
        attempt = c.begin()
        source = _generated(c, frame, node)
        if not isinstance(source.iterable, Generator):
            return source
        c.undo(attempt)  # over a captured generator it is another one
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        callee = peek(c, frame, node.func.id)
        make = next((m for f, m in _LAZY.items() if _is(callee, f)), None)
        if make is not None and _is_simple(node):
            load_name(c, frame, node.func.id)  # guards that it is not shadowed
            return make(c, frame, node)
    value = elements(c, frame, node)
    if isinstance(value, Static) and not isinstance(value.obj, range | str | bytes | tuple):
        value = c.dyn(value)
    if isinstance(value, Dyn) and value.ssa in c.closing:
        raise Unsupported("a loop over a generator that is closed where the loop is left", node)
    return Source(value)


def _is(callee: Value | None, function: Any) -> bool:
    return isinstance(callee, Static) and callee.obj is function


def _is_simple(node: ast.Call) -> bool:
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    return bool(node.args) and not starred and all(keyword.arg for keyword in node.keywords)


def _generated(c: Capture, frame: Frame, node: ast.GeneratorExp) -> Source:
    (generator,) = node.generators
    if generator.is_async:
        raise Unsupported("a loop over an asynchronous generator expression", node)
    if any(_is_next(child) for child in ast.walk(node)):
        raise Unsupported("a generator expression that may raise StopIteration", node)
    names = frozenset(stored_names(generator.target))
    inner = Frame(frame.function, names, frame.filename, node, {}, frame, frame.owner)
    source = source_of(c, frame, generator.iter)

    def filtered(tests: list[ast.expr], then: Then) -> Any:
        if not tests:
            return then(evaluate(c, inner, node.elt))
        test = evaluate(c, inner, tests[0])
        return _if(c, test, lambda: filtered(tests[1:], then))

    def draw(element: Value, then: Then) -> Any:
        def begin(value: Value) -> Any:
            assign(c, inner, generator.target, value)
            return filtered(generator.ifs, then)

        return source.draw(element, begin)

    return Source(source.iterable, draw, True, source.filters or bool(generator.ifs))


def _is_next(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "next"


def _if(c: Capture, test: Value, then: Callable[[], Flow]) -> Flow:
    return branch(c, test, lambda: ([], then()), lambda: ([], Flow.NEXT))[1]


def _mapped(c: Capture, frame: Frame, node: ast.Call) -> Source:
    source, call = _function_over(c, frame, node)
    draw = lambda element, then: source.draw(element, lambda value: then(call(value)))
    return Source(source.iterable, draw, True, source.filters)


def _filtered(c: Capture, frame: Frame, node: ast.Call) -> Source:
    source, call = _function_over(c, frame, node)

    def draw(element: Value, then: Then) -> Any:
        return source.draw(element, lambda value: _if(c, call(value), lambda: then(value)))

    return Source(source.iterable, draw, True, True)


def _function_over(
    c: Capture, frame: Frame, node: ast.Call
) -> tuple[Source, Callable[[Value], Value]]:
    from xcs.frontend.capture.calls import Args, Call, apply, refuse_ending

    if len(node.args) < 2 or node.keywords:
        raise Unsupported("a call that Python refuses", node)
    function = evaluate(c, frame, node.args[0])
    refuse_ending(Call(c, frame, node, Args()), function)
    source, *others = (source_of(c, frame, argument) for argument in node.args[1:])
    if others and any(s.computes for s in (source, *others)):
        raise Unsupported("map() of several iterables that are computed one by one", node)
    if others:
        source = Source(Lazy(zip, _running(c, (source, *others)), {}))

    def call(value: Value) -> Value:
        if isinstance(function, Static) and function.obj is None:
            return value
        values = _parts(c, frame, value, len(others) + 1) if others else [value]
        return apply(Call(c, frame, node, Args(values)), function)

    return source, call


def _together(c: Capture, frame: Frame, node: ast.Call) -> Source:
    """``enumerate``, ``zip`` or ``reversed``."""
    callee = peek(c, frame, node.func.id)  # type: ignore[attr-defined]
    assert isinstance(callee, Static)
    sources = [source_of(c, frame, argument) for argument in node.args]
    keywords = {str(k.arg): evaluate(c, frame, k.value) for k in node.keywords}
    lazy = Lazy(callee.obj, _running(c, sources), keywords)
    computing = [position for position, s in enumerate(sources) if s.computes]
    if not computing:
        return Source(lazy)
    # Of what comes before the shortest, one element more is computed.
    last = 0 if callee.obj is enumerate else len(sources) - 1
    if callee.obj is reversed or computing != [last] or sources[last].filters:
        raise Unsupported(f"{callee.obj.__name__}() of what is computed one by one", node)
    count = 2 if callee.obj is enumerate else len(sources)

    def draw(element: Value, then: Then) -> Any:
        *before, value = _parts(c, frame, element, count)
        return sources[last].draw(value, lambda drawn: then(Pack((*before, drawn))))

    return Source(lazy, draw, True)


def _running(c: Capture, sources: Sequence[Source]) -> tuple[Value, ...]:
    """What several sources go over in step; of captured generators, those of Python's own."""
    values = (source.iterable for source in sources)
    return tuple(c.dyn(v) if isinstance(v, Generator) else v for v in values)


def _parts(c: Capture, frame: Frame, element: Value, count: int) -> list[Value]:
    """The parts of a tuple that the running program makes."""
    names = [f".part{number}" for number in range(count)]
    inner = Frame(frame.function, frozenset(names), frame.filename, frame.node, {}, frame)
    assign(c, inner, ast.Tuple([ast.Name(name, ast.Store()) for name in names]), element)
    return [inner.env[name] for name in names]


_LAZY: dict[Any, Callable[[Capture, Frame, ast.Call], Source]] = {
    map: _mapped, filter: _filtered, enumerate: _together, zip: _together, reversed: _together,
}  # fmt: skip
