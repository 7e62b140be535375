# pyright: reportAttributeAccessIssue=false
"""Objects that a program is given, or finds outside: what they lead to, and which may be one.

Each function is called plain and jitted, several times, on objects made anew; between the calls
of some, what globals lead to changes. A key that a call gives is still on its way when the next
statement is looked at, so an engine that took two names of one object for two would not wait.
"""

from __future__ import annotations

import io
import types
from collections.abc import Callable
from typing import Any

import pytest

import xcs


@xcs.op(kind="model")
def key(prompt: str) -> str:
    return f"<{prompt}>"


class Tool:
    def use(self, text: str) -> str:
        return key("tool " + text)


class OtherTool:
    def use(self, text: str) -> str:
        return key("other " + text)


class Holder:
    """Holds whatever it is given."""

    common: dict[str, Any] = {}

    def __init__(self, **held: Any):
        self.__dict__.update(held)


AGENT = Holder(tool=Tool())
TOOLS: list[Any] = [Tool()]
TABLE: dict[str, int] = {}
SAME_TABLE = TABLE
HOLDER = Holder(table={})
TABLES: list[dict[str, int]] = [{}]


def counted() -> None: ...


def put_table_elsewhere() -> None:
    """Does more than capture understands."""
    io.StringIO().close()
    HOLDER.table = TABLE
    TABLES[0] = TABLE


def reset() -> None:
    AGENT.tool = Tool()
    TOOLS[:] = [Tool()]
    TABLE.clear()
    HOLDER.table = {}
    TABLES[:] = [{}]
    Holder.common = {}
    counted.__dict__.clear()


# --- what globals lead to -------------------------------------------------------------------------


def test_an_attribute_of_a_global_comes_to_hold_another_class() -> None:  # R3
    fast = xcs.jit(lambda q: AGENT.tool.use(q))
    reset()
    assert fast("a") == "<tool a>"
    AGENT.tool = OtherTool()
    assert fast("a") == "<other a>"
    AGENT.tool = Tool()
    assert fast("a") == "<tool a>"


def test_the_class_of_a_global_changes() -> None:  # R3
    tool = Tool()
    fast = xcs.jit(lambda q: tool.use(q))
    assert fast("a") == "<tool a>"
    tool.__class__ = OtherTool
    assert fast("a") == "<other a>"


def test_a_global_gets_a_method_of_its_own() -> None:  # R3
    tool = Tool()
    fast = xcs.jit(lambda q: tool.use(q))
    assert fast("a") == "<tool a>"
    tool.use = lambda text: key("own " + text)
    assert fast("a") == "<own a>"


def test_a_global_list_comes_to_hold_another_class() -> None:  # R3
    fast = xcs.jit(lambda q: [tool.use(q) for tool in TOOLS])
    reset()
    assert fast("a") == ["<tool a>"]
    TOOLS.append(OtherTool())
    assert fast("a") == ["<tool a>", "<other a>"]


def test_the_container_of_functions_in_a_global_is_replaced() -> None:  # R3
    table = Holder(steps={"first": lambda q: key("one " + q)})
    fast = xcs.jit(lambda q: table.steps["first"](q))
    assert fast("a") == "<one a>"
    table.steps = {"first": lambda q: key("two " + q)}
    assert fast("a") == "<two a>"


def test_an_attribute_of_a_function_changes() -> None:  # R3
    fast = xcs.jit(lambda q: (key(q), counted.calls))
    reset()
    counted.calls = 1
    assert fast("a") == ("<a>", 1)
    counted.calls = 2
    assert fast("a") == ("<a>", 2)


def test_a_class_method_is_replaced() -> None:  # R3
    class Maker:
        @classmethod
        def make(cls, q: str) -> str:
            return key("first " + q)

    fast = xcs.jit(lambda q: Maker.make(q))
    assert fast("a") == "<first a>"
    Maker.make = classmethod(lambda cls, q: key("second " + q))
    assert fast("a") == "<second a>"


def test_other_values_of_the_same_classes_are_not_captured_again() -> None:  # R3, R5
    fast = xcs.jit(lambda q: (AGENT.tool.use(q), TABLE.get("n")))
    reset()
    fast("a")
    for n in range(5):
        AGENT.tool, TABLE["n"] = Tool(), n
        assert fast("a") == ("<tool a>", n)
    assert xcs.get_jit_stats(fast)["cache_hit_rate"] == 5 / 6


# --- two names of one object ----------------------------------------------------------------------


def argument_and_global(table: dict[str, int]) -> int:
    table[key("a")] = 1
    return len(TABLE)


def global_and_argument(table: dict[str, int]) -> int:
    TABLE[key("a")] = 1
    return len(table)


def two_globals(table: dict[str, int]) -> int:
    TABLE[key("a")] = 1
    return len(SAME_TABLE)


def part_of_a_global(table: dict[str, int]) -> int:
    HOLDER.table[key("a")] = 1
    return len(table)


def element_of_a_global(table: dict[str, int]) -> int:
    TABLES[0][key("a")] = 1
    return len(table)


def attribute_of_a_function(table: dict[str, int]) -> int:
    counted.table = table
    counted.table[key("a")] = 1
    return len(TABLE)


def attribute_of_a_class(table: dict[str, int]) -> int:
    HOLDER.common[key("a")] = 1
    return len(Holder.common)


def attribute_and_argument(table: dict[str, int], holder: Holder) -> int:
    holder.table[key("a")] = 1
    return len(table)


def two_attributes(table: dict[str, int], holder: Holder) -> int:
    holder.table[key("a")] = 1
    return len(holder.other)


def two_attributes_of_an_element(table: dict[str, int], holder: Holder) -> int:
    [inner] = [holder]
    inner.holders[0].table[key("a")] = 1
    return len(inner.holders[0].other)


def element_and_argument(table: dict[str, int], holder: Holder) -> int:
    holder.tables[0][key("a")] = 1
    return len(table)


def one_name_for_both_later(table: dict[str, int], holder: Holder) -> int:
    table[key("a")] = 1
    size = len(holder.table)
    either = table if size else holder.table
    either["b"] = 2
    return size


def put_elsewhere_meanwhile(table: dict[str, int]) -> int:
    holder = HOLDER
    put_table_elsewhere()
    holder.table[key("a")] = 1
    return len(table)


def put_into_a_list_meanwhile(table: dict[str, int]) -> int:
    tables, mine = TABLES, [table]
    put_table_elsewhere()
    tables[0][key("a")] = 1
    return len(mine[0])


def given_back_in_a_list(table: dict[str, int]) -> int:
    def wrap() -> list[dict[str, int]]:
        io.StringIO().close()
        return [TABLE]

    wrap()[0][key("a")] = 1
    return len(table)


def _with_global_table() -> tuple[Any, ...]:
    HOLDER.table = TABLES[0] = TABLE
    return (TABLE,)


def _with_holder() -> tuple[Any, ...]:
    held = Holder(table=TABLE, other=TABLE, tables=[TABLE])
    held.holders = [held]
    return TABLE, held


def _with_table_alone() -> tuple[Any, ...]:
    return (TABLE,)


@pytest.mark.parametrize("max_workers", [None, 1], ids=["parallel", "one worker"])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (argument_and_global, _with_table_alone),
        (global_and_argument, _with_table_alone),
        (two_globals, _with_table_alone),
        (part_of_a_global, _with_global_table),
        (element_of_a_global, _with_global_table),
        (attribute_of_a_function, _with_table_alone),
        (attribute_of_a_class, _with_table_alone),
        (attribute_and_argument, _with_holder),
        (two_attributes, _with_holder),
        (two_attributes_of_an_element, _with_holder),
        (element_and_argument, _with_holder),
        (one_name_for_both_later, _with_holder),
        (put_elsewhere_meanwhile, _with_table_alone),
        (put_into_a_list_meanwhile, _with_table_alone),
        (given_back_in_a_list, _with_table_alone),
    ],
    ids=lambda value: value.__name__ if isinstance(value, types.FunctionType) else None,
)
def test_two_names_of_one_object(
    function: Callable[..., Any], arguments: Callable[[], tuple[Any, ...]], max_workers: int | None
) -> None:  # R1, R3
    def outcome(called: Callable[..., Any]) -> Any:
        reset()
        given = arguments()
        return called(*given), dict(TABLE)

    expected = outcome(function)
    fast = xcs.jit(function, config=xcs.Config(max_workers=max_workers))
    assert [outcome(fast) for _ in range(3)] == [expected] * 3


def test_apart_at_first_and_one_object_later() -> None:  # R3
    fast = xcs.jit(argument_and_global)
    reset()
    assert fast({}) == 0
    assert fast(TABLE) == 1
    assert fast({}) == 1
