"""Functions and methods of Python whose results do not simply wait for all of their arguments.

Each gives a value and its time, or None to be taken as any other library function.
"""

from __future__ import annotations

import bisect
import collections
import functools
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.programs.reference.sources import Source
from tests.programs.reference.times import Timed

if TYPE_CHECKING:
    from tests.programs.reference.interpreter import Interpreter


@dataclass
class Call:
    """A call of a library function. It waits for `gate`."""

    function: Any
    args: list[Timed]
    kwargs: dict[str, Timed]
    gate: float

    @property
    def receiver(self) -> Any:
        """The object whose method it is."""
        return self.function.__self__

    @property
    def values(self) -> list[Any]:
        """The arguments without their times."""
        return [value for value, _ in self.args]


Handler = Callable[["Interpreter", Call], Any]
Pulls = Generator[tuple[Any, float, float], None, float]
"""Elements, their times, and the times at which they are known to be there; then the end."""


def _len(ip: Interpreter, call: Call) -> Timed | None:
    value, time = call.args[0]
    if isinstance(value, list | tuple | dict | set | deque):
        return len(value), max(time, ip.heap.seen(value).structure)
    return None


def _to_list(kind: Any) -> Handler:
    def make(ip: Interpreter, call: Call) -> Any:
        if call.kwargs or len(call.args) > 1 or not call.args:
            return None
        values, times, shape = ip.drain(*call.args[0])
        return ip.sequence_of(kind, list(zip(values, times, strict=True)), max(shape, call.gate))

    return make


def _to_dict(ip: Interpreter, call: Call) -> Any:
    table: dict[Any, Any] = {}
    inside = ip.heap.of(table)
    if len(call.args) > 1:
        return None
    if call.args and isinstance(call.args[0][0], dict):
        ip._merge(table, *call.args[0])
    elif call.args:
        values, times, shape = ip.drain(*call.args[0])
        inside.shape = max(shape, call.gate)
        for pair, time in zip(values, times, strict=True):
            (key, value), parts, _ = ip.drain(pair, time)
            table[key] = value
            inside.shape = max(inside.shape, parts[0])
            inside.items[key] = parts[1]
    for key, (value, time) in call.kwargs.items():
        table[key] = value
        inside.items[key] = time
    return table, 0.0


def _lazily(make: Callable[..., Pulls]) -> Handler:
    def handler(ip: Interpreter, call: Call) -> Any:
        if any(k not in ("start", "strict") for k in call.kwargs):
            return None
        found = Source(iter(()), ip.clock)
        found.pulls = make(ip, call, found)
        return found, 0.0

    return handler


def _enumerate(ip: Interpreter, call: Call, made: Source) -> Pulls:
    source = ip.source(*call.args[0])
    start, at = call.args[1] if len(call.args) > 1 else call.kwargs.get("start", (0, 0.0))
    while (found := source.pull()) is not None:
        pair = (start, found[0])
        ip.heap.sequence(pair, (at, found[1]), 0.0)
        yield pair, 0.0, max(found[2], call.gate)
        start += 1
    return source.end


def _zip(ip: Interpreter, call: Call, made: Source) -> Pulls:
    sources = [ip.source(*arg) for arg in call.args]
    while sources:
        found = []
        for source in sources:
            source.gate = made.gate
            element = source.pull()
            if element is None:
                return max([source.end, *(f[2] for f in found)])
            found.append(element)
        group = tuple(f[0] for f in found)
        ip.heap.sequence(group, (f[1] for f in found), 0.0)
        yield group, 0.0, max([call.gate, *(f[2] for f in found)])
    return call.gate


def _map(ip: Interpreter, call: Call, made: Source) -> Pulls:
    sources = [ip.source(*arg) for arg in call.args[1:]]
    while True:
        found = []
        for source in sources:
            element = source.pull()
            if element is None:
                return max([source.end, *(f[2] for f in found)])
            found.append(element)
        there = max([call.gate, call.args[0][1], made.gate, *(f[2] for f in found)])
        value, time = ip.apply(call.args[0][0], [(f[0], f[1]) for f in found], {}, there)
        yield value, time, there


def _filter(ip: Interpreter, call: Call, made: Source) -> Pulls:
    function, function_time = call.args[0]
    source = ip.source(*call.args[1])
    passed = call.gate
    while (found := source.pull()) is not None:
        value, time, there = found
        gated = max(call.gate, function_time, made.gate, there)
        test: Timed = (value, time)
        if function is not None:
            test = ip.apply(function, [(value, time)], {}, gated)
        passed = max(passed, there, ip.heap.deep(*test))
        if test[0]:
            yield value, time, passed
    return max(passed, source.end)


def _reversed(ip: Interpreter, call: Call, made: Source) -> Pulls:
    values, times, shape = ip.drain(*call.args[0])
    for value, time in zip(reversed(values), reversed(times), strict=True):
        yield value, time, max(shape, call.gate)
    return shape


def _decide(stop: bool) -> Handler:
    """`any` and `all`: the next element is evaluated once those before it are known."""

    def handler(ip: Interpreter, call: Call) -> Any:
        source = ip.source(*call.args[0])
        source.hurry()
        time = call.gate
        while (found := source.pull()) is not None:
            time = max(time, found[1], found[2])
            if bool(found[0]) == stop:
                return stop, time
            source.gate = max(source.gate, time)
        return not stop, max(time, source.end)

    return handler


def _next(ip: Interpreter, call: Call) -> Any:
    source = call.args[0][0]
    if not isinstance(source, Source):
        return None
    source.hurry()
    source.gate = max(source.gate, call.gate)
    found = source.pull()
    if found is not None:
        return found[0], max(found[1], found[2])
    if len(call.args) > 1:
        return call.args[1][0], max(call.args[1][1], source.end)
    raise StopIteration


def _iter(ip: Interpreter, call: Call) -> Any:
    return (ip.source(*call.args[0]), 0.0) if len(call.args) == 1 else None


def _keyed(function: Any) -> Handler:
    """`sorted`, `min` and `max`: keys are computed one by one, and then all are compared."""

    def handler(ip: Interpreter, call: Call) -> Any:
        if len(call.args) != 1:
            return None
        values, times, shape = ip.drain(*call.args[0])
        time = max(
            [shape, call.gate, *(ip.heap.deep(v, t) for v, t in zip(values, times, strict=True))]
        )
        key, _ = call.kwargs.get("key", (None, 0.0))
        keys = values
        if key is not None:
            made = [
                ip.apply(key, [(v, t)], {}, max(call.gate, shape))
                for v, t in zip(values, times, strict=True)
            ]
            keys = [k for k, _ in made]
            time = max([time, *(ip.heap.deep(k, t) for k, t in made)])
        rest = {k: v for k, (v, _) in call.kwargs.items() if k not in ("key", "default")}
        if "default" in call.kwargs and not values:
            return call.kwargs["default"]
        ip.know(time)
        if function is sorted:
            order = sorted(range(len(values)), key=keys.__getitem__, **rest)
            return ip.sequence_of(list, [(values[i], max(times[i], time)) for i in order], shape)
        if not values:
            return function([], **rest)
        position = function(range(len(values)), key=keys.__getitem__, **rest)
        return values[position], time

    return handler


def _sum(ip: Interpreter, call: Call) -> Any:
    values, times, shape = ip.drain(*call.args[0])
    pairs = zip(values, times, strict=True)
    time = max([shape, *(t for _, t in pairs), *(t for _, t in call.args[1:])])
    ip.know(time)
    return sum(values, *(v for v, _ in call.args[1:])), time


def _reduce(ip: Interpreter, call: Call) -> Any:
    values, times, shape = ip.drain(*call.args[1])
    pairs: list[Timed] = list(zip(values, times, strict=True))
    result = call.args[2] if len(call.args) > 2 else pairs.pop(0)
    for pair in pairs:
        result = ip.apply(call.args[0][0], [result, pair], {}, max(call.gate, shape))
    return result[0], max(result[1], shape)


def _changing_first(function: Any) -> Handler:
    """A library function that changes its first argument."""

    def handler(ip: Interpreter, call: Call) -> Any:
        result = ip.native(function, call.args, call.kwargs, call.gate)
        ip.heap.settle(call.args[0][0], result[1])
        return result

    return handler


def _isinstance(ip: Interpreter, call: Call) -> Any:
    return isinstance(call.args[0][0], call.args[1][0]), call.args[0][1]


def _print(ip: Interpreter, call: Call) -> Any:
    ip.native(print, call.args, call.kwargs, call.gate)
    return None, 0.0


def _getattr(ip: Interpreter, call: Call) -> Any:
    try:
        value, time = ip.attribute(*call.args[0], call.args[1][0], max(call.gate, call.args[1][1]))
    except AttributeError:
        if len(call.args) < 3:
            raise
        return call.args[2]
    return value, max(time, call.args[1][1])


def _setattr(ip: Interpreter, call: Call) -> Any:
    setattr(call.args[0][0], call.args[1][0], call.args[2][0])
    ip.heap.of(call.args[0][0]).items[call.args[1][0]] = max(
        call.args[2][1], call.args[1][1], call.gate
    )
    return None, 0.0


def _chain(ip: Interpreter, call: Call, made: Source) -> Pulls:
    end = call.gate
    for arg in call.args:
        source = ip.source(*arg)
        while (found := source.pull()) is not None:
            yield found[0], found[1], max(end, found[2])
        end = max(end, source.end)
    return end


FUNCTIONS: dict[Any, Handler] = {
    len: _len,
    list: _to_list(list),
    tuple: _to_list(tuple),
    deque: _to_list(deque),
    dict: _to_dict,
    enumerate: _lazily(_enumerate),
    zip: _lazily(_zip),
    map: _lazily(_map),
    filter: _lazily(_filter),
    reversed: _lazily(_reversed),
    itertools.chain: _lazily(_chain),
    any: _decide(True),
    all: _decide(False),
    next: _next,
    iter: _iter,
    sorted: _keyed(sorted),
    min: _keyed(min),
    max: _keyed(max),
    sum: _sum,
    functools.reduce: _reduce,
    isinstance: _isinstance,
    print: _print,
    getattr: _getattr,
    setattr: _setattr,
    **{
        function: _changing_first(function)
        for function in (heapq.heapify, heapq.heappush, heapq.heappop, bisect.insort)
    },
}


def settling(ip: Interpreter, call: Call) -> Timed:
    """A method that may change anything in the container."""
    result = ip.native(call.function, call.args, call.kwargs, call.gate)
    ip.heap.settle(call.receiver, max(result[1], call.gate))
    return result


def _append(ip: Interpreter, call: Call) -> Timed:
    value, time = call.args[0]
    inside = ip.heap.of(call.receiver)
    if call.function.__name__ == "appendleft" or getattr(call.receiver, "maxlen", None) is not None:
        left = call.function.__name__ == "appendleft"
        times = ip.heap.times(call.receiver)
        times = [max(time, call.gate), *times] if left else [*times, max(time, call.gate)]
        call.function(value)
        kept = times[: len(call.receiver)] if left else times[-len(call.receiver) :]
        ip.heap.sequence(call.receiver, kept, max(inside.structure, call.gate))
        return None, 0.0
    call.function(value)
    inside.items[len(call.receiver) - 1] = max(time, call.gate)
    inside.shape = max(inside.shape, call.gate)
    return None, 0.0


def _extend(ip: Interpreter, call: Call) -> Timed:
    if isinstance(call.receiver, list):
        ip.extend(call.receiver, *call.args[0], call.gate)
        return None, 0.0
    values, times, shape = ip.drain(*call.args[0])
    for value, time in zip(values, times, strict=True):
        _append(ip, Call(call.receiver.append, [(value, time)], {}, max(call.gate, shape)))
    return None, 0.0


def _pop(ip: Interpreter, call: Call) -> Timed:
    inside = ip.heap.of(call.receiver)
    times = ip.heap.times(call.receiver)
    there = max([inside.structure, call.gate, *(t for _, t in call.args)])
    try:
        value = call.function(*call.values)
    except IndexError as error:
        ip.fails(error, there)
        raise
    position = 0 if call.function.__name__ == "popleft" else call.args[0][0] if call.args else -1
    time = times.pop(position)
    ip.heap.sequence(call.receiver, times, there)
    return value, max(time, there)


def _insert(ip: Interpreter, call: Call) -> Timed:
    times = ip.heap.times(call.receiver)
    times.insert(call.args[0][0], max(call.args[1][1], call.gate))
    call.receiver.insert(call.args[0][0], call.args[1][0])
    structure = ip.heap.seen(call.receiver).structure
    ip.heap.sequence(call.receiver, times, max(structure, call.gate, call.args[0][1]))
    return None, 0.0


def _sort(ip: Interpreter, call: Call) -> Timed:
    result = FUNCTIONS[sorted](ip, Call(sorted, [(call.receiver, 0.0)], call.kwargs, call.gate))
    assert result is not None
    times = ip.heap.times(result[0])
    call.receiver[:] = result[0]
    ip.heap.sequence(call.receiver, times, max(ip.heap.seen(call.receiver).structure, call.gate))
    return None, 0.0


def _reverse(ip: Interpreter, call: Call) -> Timed:
    times = ip.heap.times(call.receiver)
    call.receiver.reverse()
    structure = max(ip.heap.seen(call.receiver).structure, call.gate)
    ip.heap.sequence(
        call.receiver, [max(t, call.gate, structure) for t in reversed(times)], structure
    )
    return None, 0.0


def _copy(ip: Interpreter, call: Call) -> Timed:
    value = call.function()
    inside, found = ip.heap.of(value), ip.heap.seen(call.receiver)
    inside.base, inside.shape, inside.items = found.base, found.shape, dict(found.items)
    return value, 0.0


def _view(ip: Interpreter, call: Call) -> Timed:
    view = call.function()
    ip.views[id(view)] = (view, call.receiver, call.function.__name__)
    return view, 0.0


def _get(ip: Interpreter, call: Call) -> Timed:
    """`get`, `setdefault` and `pop` of a dict."""
    key, key_time = call.args[0][0], ip.heap.deep(*call.args[0])
    inside = ip.heap.of(call.receiver)
    there = max(key_time, inside.structure)
    found = key in call.receiver
    time = inside.item(key) if found else call.args[1][1] if len(call.args) > 1 else 0.0
    try:
        value = call.function(*call.values)
    except KeyError as error:
        ip.fails(error, there)
        raise
    if call.function.__name__ == "setdefault" and not found:
        inside.items[key] = max(time, call.gate)
    if call.function.__name__ != "get":
        inside.shape = max(inside.shape, key_time, call.gate)
    return value, max(time, there)


def _update(ip: Interpreter, call: Call) -> Timed:
    if type(call.receiver) is collections.Counter or len(call.args) != 1 or call.kwargs:
        return settling(ip, call)
    other, time = call.args[0]
    if not isinstance(other, dict):
        return settling(ip, call)
    ip._merge(call.receiver, other, max(time, call.gate))
    return None, 0.0


SEQUENCES: dict[str, Handler] = {
    "append": _append,
    "appendleft": _append,
    "extend": _extend,
    "pop": _pop,
    "popleft": _pop,
    "insert": _insert,
    "sort": _sort,
    "reverse": _reverse,
    "copy": _copy,
    "remove": settling,
    "clear": settling,
    "rotate": settling,
    "extendleft": settling,
}
MAPPINGS: dict[str, Handler] = {
    "keys": _view,
    "values": _view,
    "items": _view,
    "get": _get,
    "setdefault": _get,
    "pop": _get,
    "update": _update,
    "copy": _copy,
    "clear": settling,
    "popitem": settling,
    "subtract": settling,
}
SET_WRITES = frozenset(
    {"add", "discard", "remove", "update", "clear", "pop", "difference_update"}
    | {"intersection_update", "symmetric_difference_update"}
)
WRITES = (frozenset(SEQUENCES) | frozenset(MAPPINGS) | SET_WRITES) - {
    "copy",
    "get",
    "keys",
    "values",
    "items",
}
