"""Random programs on shared objects, with random faults, do what the sequential reference does."""

from __future__ import annotations

import copy
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from engine_support import ANY, LIST, TOKEN, Reference, declare, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_engine_random import EFFECTS, Fault, outcome

from xcs.runtime import Program, compile_plan, run

BOOL = '!orch.object<"bool">'
OBJECTS = ("%xs", "%d", "%o")
"""A list, a dict and an instance, each with a chain of its own; ordered calls have another one."""
CHAINS = ("order", *OBJECTS)
TYPES = ", ".join([TOKEN] * len(CHAINS))
SLICE = f"""%slice = orch.host "slice(1, 2)"()
  {{names = [], effects = #orch.effects<pure>}} : () -> {ANY}"""


class State:
    """An instance whose attributes are written."""

    def __init__(self) -> None:
        self.n: Any = 0


class World:
    """Operators whose results and faults depend on their arguments only, and the objects."""

    def __init__(self, fault_rate: int):
        self.fault_rate = fault_rate
        self.objects: list[Any] = [[1, (2, 3)], {1: "one", "a": 2}, State()]
        self.ordered_log: list[Any] = []
        self.calls: Counter[str] = Counter()

    def operators(self) -> dict[str, Any]:
        return {effects: self._operator(effects) for effects in EFFECTS}

    def state(self) -> Any:
        """The objects, in a form that can be compared and does not change."""
        items, entries, instance = self.objects
        return copy.deepcopy((items, list(entries.items()), vars(instance)))

    def _operator(self, effects: str) -> Any:
        def call(*args: Any) -> Any:
            shown = repr([vars(a) if type(a) is State else a for a in args])
            digest = zlib.crc32(f"{effects}{shown}".encode())
            if digest % 3 == 0:
                time.sleep(0)  # gives the processor to another thread, to shuffle completions
            if effects == "ordered":
                self.ordered_log.append((shown, self.state()))
            if effects == "unordered":
                self.calls[shown] += 1
            if digest % 100 < self.fault_rate:
                raise Fault(effects, digest)
            return digest % 7

        return call


@dataclass
class Scope:
    """What a line of the program may use."""

    values: list[str]
    tokens: dict[str, str]
    lines: list[str] = field(default_factory=list)

    def chain(self) -> str:
        return ", ".join(self.tokens[chain] for chain in CHAINS)


class Writer:
    """Writes a random program; hypothesis makes the choices."""

    def __init__(self, draw: Any):
        self.draw = draw
        self.count = 0
        self.functions: list[str] = []

    def name(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def choose(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def program(self) -> str:
        declared = "".join(declare(effects, effects) for effects in EFFECTS)
        functions = [self.function(f"f{i}") for i in range(self.number(0, 2))]
        scope = self.scope(["%a", "%b"], dict.fromkeys(CHAINS, "%t"))
        self.statements(scope, 0)
        result = self.choose(scope.values)
        body = "\n".join(scope.lines)
        objects = ", ".join(f"{o}: {ANY}" for o in OBJECTS)
        return (
            declared
            + "\n".join(functions)
            + f"func.func @main({objects}, %a: {ANY}, %b: {ANY}, %l: {ANY}) -> {ANY} {{\n"
            + f"%t = orch.join()\n{SLICE}\n{body}\nfunc.return {result} : {ANY}\n}}"
        )

    def function(self, name: str) -> str:
        scope = self.scope(["%a", "%b"], {c: f"%t{i}" for i, c in enumerate(CHAINS)})
        self.statements(scope, 2)
        tokens = ", ".join(f"%t{i}: {TOKEN}" for i in range(len(CHAINS)))
        objects = ", ".join(f"{o}: {ANY}" for o in OBJECTS)
        self.functions.append(name)
        body = "\n".join(scope.lines)
        return (
            f"func.func @{name}({objects}, %a: {ANY}, %b: {ANY}, %l: {ANY}, {tokens}) "
            f"-> ({ANY}, {TYPES}) {{\n{SLICE}\n{body}\n"
            f"func.return {self.choose(scope.values)}, {scope.chain()} : {ANY}, {TYPES}\n}}\n"
        )

    def scope(self, values: list[str], tokens: dict[str, str]) -> Scope:
        return Scope(list(values), dict(tokens))

    def statements(self, scope: Scope, depth: int) -> None:
        kinds = ["call", "ordered", "host", "list", "dict", "instance", "snapshot"] * 2
        kinds += ["immutable"]
        if depth < 3:
            kinds += ["map", "for", "for", "if", "try", "try", "stops", "while"]
        if self.functions and depth < 3:
            kinds += ["function"]
        for _ in range(self.number(1, 4 if depth else 7)):
            getattr(self, f"write_{self.choose(kinds)}")(scope, depth)

    def inner(self, outer: Scope, depth: int, values: list[str], tokens: dict[str, str]) -> Scope:
        inner = self.scope([*outer.values, *values], tokens)
        self.statements(inner, depth + 1)
        return inner

    def take(self, scope: Scope, names: list[str]) -> None:
        scope.tokens.update(zip(CHAINS, names, strict=True))

    # --- Calls and values ---

    def write_call(self, scope: Scope, depth: int) -> None:
        result, x, y = self.name(), self.choose(scope.values), self.choose(scope.values)
        callee = self.choose(["pure", "unordered"])
        scope.lines.append(f"{result} = orch.call @{callee}({x}, {y}) : ({ANY}, {ANY}) -> {ANY}")
        scope.values.append(result)

    def write_ordered(self, scope: Scope, depth: int) -> None:
        result, token, x = self.name(), self.name(), self.choose(scope.values)
        scope.lines.append(
            f"{result}, {token} = orch.call @ordered({x}) after({scope.tokens['order']}) "
            f": ({ANY}) -> ({ANY}, {TOKEN})"
        )
        scope.values.append(result)
        scope.tokens["order"] = token

    def host(self, scope: Scope, source: str, kind: str = ANY) -> str:
        result, x, y = self.name(), self.choose(scope.values), self.choose(scope.values)
        scope.lines.append(
            f'{result} = orch.host "{source}"({x}, {y}) {{names = ["x", "y"], '
            f"effects = #orch.effects<pure>}} : ({ANY}, {ANY}) -> {kind}"
        )
        return result

    def write_host(self, scope: Scope, depth: int) -> None:
        source = self.choose(["(x, y)", "x + y", "x % 7", "[x][0]"])
        scope.values.append(self.host(scope, source))

    # --- Objects ---

    def object_op(self, scope: Scope, chain: str, text: str, types: str, *, gives: bool) -> None:
        """A line ``text``, in which ``$`` stands for where its tokens are taken."""
        result, token = self.name(), self.name()
        given = f"{result}, {token}" if gives else token
        arrow = f"-> {ANY}, {TOKEN}" if gives else f"-> {TOKEN}"
        after = f"after({scope.tokens[chain]})"
        scope.lines.append(f"{given} = {text.replace('$', after)} : {types} {arrow}")
        scope.tokens[chain] = token
        if gives:
            scope.values.append(result)

    def constant(self, scope: Scope, value: int) -> str:
        result = self.name()
        scope.lines.append(f"{result} = orch.constant {value} : i64 : {ANY}")
        return result

    def write_list(self, scope: Scope, depth: int) -> None:
        one, two, three = ANY, f"{ANY}, {ANY}", f"{ANY}, {ANY}, {ANY}"
        value, index = self.choose(scope.values), self.constant(scope, self.number(-3, 3))
        text, types, gives = self.choose([
            (f"orch.append %xs, {value} $", two, False),
            (f"orch.append %xs, {value} $", two, False),
            (f"orch.setitem %xs[{index}] = {value} $", three, False),
            (f"orch.getitem %xs[{index}] $", two, True),
            ("orch.len %xs $", one, True),
            (f"orch.contains {value} in %xs $", two, True),
            (f'orch.method %xs "insert"({index}, {value}) $', f"{one}, ({two})", True),
            ('orch.method %xs "pop"() $', f"{one}, ()", True),
            ('orch.method %xs "reverse"() $', f"{one}, ()", True),
            (f'orch.method %xs "count"({value}) $', f"{one}, ({one})", True),
            ('orch.method %xs "extend"(%l) $', f"{one}, ({one})", True),
            ('orch.method %xs "sort"() $', f"{one}, ()", True),
            (f'orch.method %xs "remove"({value}) $', f"{one}, ({one})", True),
            (f"orch.setitem %xs[%slice] = {value} $", three, False),
            ("orch.setitem %xs[%slice] = %l $", three, False),
            (f"orch.delitem %xs[{index}] $", two, False),
        ])  # fmt: skip
        self.object_op(scope, "%xs", text, types, gives=gives)

    def write_dict(self, scope: Scope, depth: int) -> None:
        one, two, three = ANY, f"{ANY}, {ANY}", f"{ANY}, {ANY}, {ANY}"
        value, key = self.choose(scope.values), self.constant(scope, self.number(0, 2))
        text, types, gives = self.choose([
            (f"orch.setitem %d[{key}] = {value} $", three, False),
            (f"orch.setitem %d[{key}] = {value} $", three, False),
            (f"orch.getitem %d[{key}] $", two, True),
            ("orch.len %d $", one, True),
            (f"orch.contains {key} in %d $", two, True),
            (f'orch.method %d "get"({key}) $', f"{one}, ({one})", True),
            (f'orch.method %d "setdefault"({key}, {value}) $', f"{one}, ({two})", True),
            (f'orch.method %d "pop"({key}, {value}) $', f"{one}, ({two})", True),
            (f"orch.delitem %d[{key}] $", two, False),
            ('orch.method %d "popitem"() $', f"{one}, ()", True),
            ('orch.method %d "update"(%d) $', f"{one}, ({one})", True),
        ])  # fmt: skip
        self.object_op(scope, "%d", text, types, gives=gives)

    def write_immutable(self, scope: Scope, depth: int) -> None:
        """A read of a value that never changes, in the chain of an object that does."""
        one, two = ANY, f"{ANY}, {ANY}"
        value, other, zero = (*(self.choose(scope.values) for _ in "ab"), self.constant(scope, 0))
        text, types, gives = self.choose([
            (f'orch.method {value} "__mul__"({other}) $', f"{one}, ({one})", True),
            (f"orch.getitem {value}[{zero}] $", two, True),
            (f"orch.len {value} $", one, True),
            (f"orch.snapshot {value} $", one, True),
        ])  # fmt: skip
        self.object_op(scope, self.choose(OBJECTS), text, types, gives=gives)

    def write_instance(self, scope: Scope, depth: int) -> None:
        value, name = self.choose(scope.values), self.choose(["n", "m"])
        text, types, gives = self.choose([
            (f'orch.setattr %o "{name}" = {value} $', f"{ANY}, {ANY}", False),
            (f'orch.setattr %o "{name}" = {value} $', f"{ANY}, {ANY}", False),
            (f'orch.getattr %o "{name}" $', ANY, True),
            (f'orch.delattr %o "{name}" $', ANY, False),
        ])  # fmt: skip
        self.object_op(scope, "%o", text, types, gives=gives)

    def write_snapshot(self, scope: Scope, depth: int) -> None:
        chain = self.choose(OBJECTS)
        more = self.choose(["", "", "{exact}"])
        version, token, result = self.name(), self.name(), self.name()
        scope.lines += [
            f"{version}, {token} = orch.snapshot {chain} after({scope.tokens[chain]}) {more} "
            f": {ANY} -> {ANY}, {TOKEN}",
            f"{result} = orch.call @unordered({version}) : ({ANY}) -> {ANY}",
        ]
        scope.tokens[chain] = token
        scope.values.append(result)

    # --- Regions ---

    def write_map(self, scope: Scope, depth: int) -> None:
        result, token, x, t = (self.name() for _ in range(4))
        inner = Writer.inner_without_objects(self, scope, depth, x, t)
        read = self.name()
        scope.lines += [
            f"{result}, {token} = orch.map %l after({scope.tokens['order']}) "
            f": ({ANY}) -> ({LIST}, {TOKEN}) {{",
            f"^bb0({x}: {ANY}, {t}: {TOKEN}):",
            *inner.lines,
            f"orch.yield {self.choose(inner.values)}, {inner.tokens['order']} : {ANY}, {TOKEN}\n}}",
            f"{read} = orch.call @unordered({result}) : ({LIST}) -> {ANY}",
        ]
        scope.tokens["order"] = token
        scope.values.append(read)

    def inner_without_objects(self, scope: Scope, depth: int, x: str, token: str) -> Scope:
        inner = self.scope([*scope.values, x], {"order": token})
        for _ in range(self.number(1, 3)):
            getattr(self, f"write_{self.choose(['call', 'ordered', 'host'])}")(inner, depth)
        return inner

    def write_for(self, scope: Scope, depth: int) -> None:
        names = [self.name() for _ in CHAINS]
        within = [self.name() for _ in CHAINS]
        result, x, p = (self.name() for _ in range(3))
        init = f"{self.choose(scope.values)}, {scope.chain()}"
        inner = self.inner(scope, depth, [x, p], dict(zip(CHAINS, within, strict=True)))
        scope.lines += [
            f"{result}, {', '.join(names)} = orch.for %l carry ({init} : {ANY}, {TYPES}) "
            f": ({ANY}) -> ({ANY}, {TYPES}) {{",
            f"^bb0({x}: {ANY}, {p}: {ANY}, {', '.join(f'{t}: {TOKEN}' for t in within)}):",
            *inner.lines,
            f"orch.yield {self.choose(inner.values)}, {inner.chain()} : {ANY}, {TYPES}\n}}",
        ]
        scope.values.append(result)
        self.take(scope, names)

    def write_stops(self, scope: Scope, depth: int) -> None:
        names = [self.name() for _ in CHAINS]
        within = [self.name() for _ in CHAINS]
        flag, result, x, p = (self.name() for _ in range(4))
        init = f"{self.choose(scope.values)}, {scope.chain()}"
        inner = self.inner(scope, depth, [x, p], dict(zip(CHAINS, within, strict=True)))
        stop = self.host(inner, self.choose(["x == y", "bool(x)", "False", "x != y"]), BOOL)
        scope.lines += [
            f"{flag}, {result}, {', '.join(names)} = orch.for %l "
            f"carry ({init} : {ANY}, {TYPES}) {{stops}} : ({ANY}) -> ({BOOL}, {ANY}, {TYPES}) {{",
            f"^bb0({x}: {ANY}, {p}: {ANY}, {', '.join(f'{t}: {TOKEN}' for t in within)}):",
            *inner.lines,
            f"orch.yield {stop}, {self.choose(inner.values)}, {inner.chain()} "
            f": {BOOL}, {ANY}, {TYPES}\n}}",
        ]
        scope.values.append(result)
        self.take(scope, names)

    def write_while(self, scope: Scope, depth: int) -> None:
        """A loop that counts down, with ops on objects in its test as well."""
        names = [self.name() for _ in CHAINS]
        tested, within = [self.name() for _ in CHAINS], [self.name() for _ in CHAINS]
        result, left, right, less = (self.name() for _ in range(4))
        start = self.constant(scope, self.number(0, 3))
        init = f"{start}, {scope.chain()}"
        test = self.scope([*scope.values, left], dict(zip(CHAINS, tested, strict=True)))
        self.write_list(test, 3)
        inner = self.inner(scope, depth, [right], dict(zip(CHAINS, within, strict=True)))
        inner.lines.append(
            f'{less} = orch.host "n - 1"({right}) {{names = ["n"], '
            f"effects = #orch.effects<pure>}} : ({ANY}) -> {ANY}"
        )
        scope.lines += [
            f"{result}, {', '.join(names)} = orch.while carry({init}) "
            f": ({ANY}, {TYPES}) -> ({ANY}, {TYPES}) test {{",
            f"^bb0({left}: {ANY}, {', '.join(f'{t}: {TOKEN}' for t in tested)}):",
            *test.lines,
            f"orch.yield {left}, {left}, {test.chain()} : {ANY}, {ANY}, {TYPES}\n}} do {{",
            f"^bb1({right}: {ANY}, {', '.join(f'{t}: {TOKEN}' for t in within)}):",
            *inner.lines,
            f"orch.yield {less}, {inner.chain()} : {ANY}, {TYPES}\n}}",
        ]
        self.take(scope, names)

    def write_if(self, scope: Scope, depth: int) -> None:
        names, value = [self.name() for _ in CHAINS], self.name()
        lines = [
            f"{value}, {', '.join(names)} = orch.if {self.choose(scope.values)} "
            f": ({ANY}) -> ({ANY}, {TYPES}) {{",
        ]
        for end in ("} else {", "}"):
            inner = self.inner(scope, depth, [], scope.tokens)
            lines += [
                *inner.lines,
                f"orch.yield {self.choose(inner.values)}, {inner.chain()} : {ANY}, {TYPES}",
                end,
            ]
        scope.lines += lines
        scope.values.append(value)
        self.take(scope, names)

    def write_try(self, scope: Scope, depth: int) -> None:
        names, value, error, shown = [self.name() for _ in CHAINS], *(self.name() for _ in "abc")
        body = self.inner(scope, depth, [], scope.tokens)
        handler = self.scope([*scope.values, shown], scope.tokens)
        handler.lines.append(
            f'{shown} = orch.host "(type(e).__name__, e.args)"({error}) {{names = ["e"], '
            f"effects = #orch.effects<pure>}} : ({ANY}) -> {ANY}"
        )
        self.statements(handler, depth + 1)
        scope.lines += [
            f"{value}, {', '.join(names)} = orch.try : {ANY}, {TYPES} body {{",
            *body.lines,
            f"orch.yield {self.choose(body.values)}, {body.chain()} : {ANY}, {TYPES}",
            f"}} handler {{\n^bb0({error}: {ANY}):",
            *handler.lines,
            f"orch.yield {self.choose(handler.values)}, {handler.chain()} : {ANY}, {TYPES}\n}}",
        ]
        scope.values.append(value)
        self.take(scope, names)

    def write_function(self, scope: Scope, depth: int) -> None:
        names, value = [self.name() for _ in CHAINS], self.name()
        values = ", ".join([*OBJECTS, *(self.choose(scope.values) for _ in "ab"), "%l"])
        types = ", ".join([ANY] * 6)
        scope.lines.append(
            f"{value}, {', '.join(names)} = func.call @{self.choose(self.functions)}"
            f"({values}, {scope.chain()}) : ({types}, {TYPES}) -> ({ANY}, {TYPES})"
        )
        scope.values.append(value)
        self.take(scope, names)


@st.composite
def programs(draw: Any) -> str:
    return Writer(draw).program()


@pytest.mark.parametrize("fault_rate", [0, 3, 15])
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(text=programs(), workers=st.sampled_from([1, 2, 8]), length=st.integers(0, 4))
def test_same_value_same_objects_and_same_error_as_python(
    fault_rate: int, text: str, workers: int, length: int
) -> None:
    module = parse(text)
    expected_world, world = World(fault_rate), World(fault_rate)
    args = [2, (2, 3), list(range(length))]
    reference = Reference(module, expected_world.operators())
    expected = outcome(lambda: reference.run([*expected_world.objects, *args]))
    operators = world.operators()
    plan = compile_plan(Program(module), {}, lambda path: operators[path.partition(":")[2]])

    actual = outcome(lambda: run(plan, [*world.objects, *args], max_workers=workers)[0])

    assert actual == expected
    assert world.state() == expected_world.state()
    assert world.ordered_log == expected_world.ordered_log
    missing = expected_world.calls - world.calls
    assert not missing
    if expected[0] == "value" and "orch.try" not in text:
        assert world.calls == expected_world.calls
