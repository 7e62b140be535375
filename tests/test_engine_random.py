"""Random programs with random faults do what the sequential reference does."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from engine_support import ANY, LIST, TOKEN, Reference, declare, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xcs.runtime import Program, XCSExecutionError, compile_plan, run

EFFECTS = ("pure", "unordered", "ordered")


class Fault(Exception):
    """Raised by a call that the program was told to have fail."""


class World:
    """Operators whose results, faults and effects depend on their arguments only."""

    def __init__(self, fault_rate: int):
        self.fault_rate = fault_rate
        self.ordered_log: list[Any] = []
        self.calls: Counter[Any] = Counter()

    def operators(self) -> dict[str, Any]:
        return {effects: self._operator(effects) for effects in EFFECTS}

    def _operator(self, effects: str) -> Any:
        def call(*args: Any) -> Any:
            digest = zlib.crc32(repr((effects, args)).encode())
            if digest % 3 == 0:
                time.sleep(0)  # gives the processor to another thread, to shuffle completions
            if effects == "ordered":
                self.ordered_log.append(args)
            if effects == "unordered":
                self.calls[args] += 1
            if digest % 100 < self.fault_rate:
                raise Fault(effects, args)
            return digest % 1000 if digest % 5 else (digest % 7, digest % 11)

        return call


@dataclass
class Scope:
    """The values that a line of the program may use."""

    values: list[str]
    lists: list[str]
    token: str
    lines: list[str] = field(default_factory=list)


class Writer:
    """Writes a random program; hypothesis makes the choices."""

    def __init__(self, draw: Any):
        self.draw = draw
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def choose(self, options: list[str]) -> str:
        return self.draw(st.sampled_from(options))

    def program(self) -> str:
        scope = Scope(["%a", "%b"], ["%xs"], "%t0")
        self.statements(scope, depth=0)
        results = [self.choose(scope.values), self.choose(scope.lists)]
        body = "\n".join(scope.lines)
        return (
            "".join(declare(effects, effects) for effects in EFFECTS)
            + f"func.func @main(%a: {ANY}, %b: {ANY}, %xs: {LIST}) -> ({ANY}, {LIST}) {{\n"
            + f"%t0 = orch.join()\n{body}\nfunc.return {', '.join(results)} : {ANY}, {LIST}\n}}"
        )

    def statements(self, scope: Scope, depth: int) -> None:
        kinds = ["call", "call", "call", "ordered", "host", "list", "item"]
        if depth < 3:
            kinds += ["map", "map", "for", "if"]
        for _ in range(self.draw(st.integers(1, 5 if depth else 8))):
            getattr(self, f"write_{self.choose(kinds)}")(scope, depth)

    def inner(self, scope: Scope, depth: int, values: list[str], token: str) -> Scope:
        inner = Scope([*scope.values, *values], list(scope.lists), token)
        self.statements(inner, depth + 1)
        return inner

    def write_call(self, scope: Scope, depth: int) -> None:
        result, x, y = self.name(), self.choose(scope.values), self.choose(scope.values)
        callee = self.choose(["pure", "unordered"])
        scope.lines.append(f"{result} = orch.call @{callee}({x}, {y}) : ({ANY}, {ANY}) -> {ANY}")
        scope.values.append(result)

    def write_ordered(self, scope: Scope, depth: int) -> None:
        result, token, x = self.name(), self.name(), self.choose(scope.values)
        scope.lines.append(
            f"{result}, {token} = orch.call @ordered({x}) after({scope.token}) "
            f": ({ANY}) -> ({ANY}, {TOKEN})"
        )
        scope.values.append(result)
        scope.token = token

    def write_host(self, scope: Scope, depth: int) -> None:
        result, x, y = self.name(), self.choose(scope.values), self.choose(scope.values)
        source = self.choose(["(x, y)", "x + y", "[x][0]", "x % 1000"])
        scope.lines.append(
            f'{result} = orch.host "{source}"({x}, {y}) '
            f'{{names = ["x", "y"], effects = #orch.effects<pure>}} : ({ANY}, {ANY}) -> {ANY}'
        )
        scope.values.append(result)

    def write_list(self, scope: Scope, depth: int) -> None:
        result = self.name()
        elements = [self.choose(scope.values) for _ in range(self.draw(st.integers(0, 3)))]
        types = ", ".join([ANY] * len(elements))
        scope.lines.append(f"{result} = orch.list({', '.join(elements)}) : ({types}) -> {LIST}")
        scope.lists.append(result)

    def write_item(self, scope: Scope, depth: int) -> None:
        result, index = self.name(), self.name()
        scope.lines += [
            f"{index} = orch.constant {self.draw(st.integers(-2, 2))} : i64 : {ANY}",
            f"{result} = orch.getitem {self.choose(scope.lists)}[{index}] : {LIST}, {ANY} -> {ANY}",
        ]
        scope.values.append(result)

    def write_map(self, scope: Scope, depth: int) -> None:
        result, more, token, x, t = (self.name() for _ in range(5))
        source = self.choose(scope.lists)
        inner = self.inner(scope, depth, [x], t)
        yielded = [self.choose([x, *inner.values]), self.choose(inner.values), inner.token]
        scope.lines += [
            f"{result}, {more}, {token} = orch.map {source} after({scope.token}) "
            f": ({LIST}) -> ({LIST}, {LIST}, {TOKEN}) {{",
            f"^bb0({x}: {ANY}, {t}: {TOKEN}):",
            *inner.lines,
            f"orch.yield {', '.join(yielded)} : {ANY}, {ANY}, {TOKEN}\n}}",
        ]
        scope.lists += [result, more]
        scope.token = token

    def write_for(self, scope: Scope, depth: int) -> None:
        first, second, token, x, p, q, t = (self.name() for _ in range(7))
        init = f"{self.choose(scope.values)}, {self.choose(scope.values)}, {scope.token}"
        source = self.choose(scope.lists)
        inner = self.inner(scope, depth, [x, p, q], t)
        yielded = [self.choose(inner.values), self.choose([p, q, x]), inner.token]
        scope.lines += [
            f"{first}, {second}, {token} = orch.for {source} "
            f"carry ({init} : {ANY}, {ANY}, {TOKEN}) : ({LIST}) -> ({ANY}, {ANY}, {TOKEN}) {{",
            f"^bb0({x}: {ANY}, {p}: {ANY}, {q}: {ANY}, {t}: {TOKEN}):",
            *inner.lines,
            f"orch.yield {', '.join(yielded)} : {ANY}, {ANY}, {TOKEN}\n}}",
        ]
        scope.values += [first, second]
        scope.token = token

    def write_if(self, scope: Scope, depth: int) -> None:
        value, items, token = self.name(), self.name(), self.name()
        condition, kind = self.draw(
            st.sampled_from([*((v, ANY) for v in scope.values), *((v, LIST) for v in scope.lists)])
        )
        lines = [
            f"{value}, {items}, {token} = orch.if {condition} "
            f": ({kind}) -> ({ANY}, {LIST}, {TOKEN}) {{",
        ]
        for end in ("} else {", "}"):
            inner = self.inner(scope, depth, [], scope.token)
            yielded = [self.choose(inner.values), self.choose(inner.lists), inner.token]
            lines += [
                *inner.lines,
                f"orch.yield {', '.join(yielded)} : {ANY}, {LIST}, {TOKEN}",
                end,
            ]
        scope.lines += lines
        scope.values.append(value)
        scope.lists.append(items)
        scope.token = token


@st.composite
def programs(draw: Any) -> str:
    return Writer(draw).program()


def outcome(execute: Any) -> tuple[str, Any]:
    """The value, or the original error by type and arguments."""
    try:
        return "value", execute()
    except XCSExecutionError as error:
        original = error.original_error
        return type(original).__name__, original.args
    except Exception as error:
        return type(error).__name__, error.args


@pytest.mark.parametrize("fault_rate", [0, 5, 30])
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(text=programs(), workers=st.sampled_from([1, 2, 8]), length=st.integers(0, 5))
def test_same_value_first_error_and_order_as_python(
    fault_rate: int, text: str, workers: int, length: int
) -> None:
    module = parse(text)
    args = [1, (2, 3), list(range(length))]
    expected_world, world = World(fault_rate), World(fault_rate)
    expected = outcome(lambda: Reference(module, expected_world.operators()).run(args))
    operators = world.operators()
    plan = compile_plan(Program(module), {}, lambda path: operators[path.partition(":")[2]])

    actual = outcome(lambda: run(plan, args, max_workers=workers)[0])

    assert actual == expected
    assert world.ordered_log == expected_world.ordered_log
    missing = expected_world.calls - world.calls
    assert not missing
    if expected[0] == "value":
        assert world.calls == expected_world.calls
