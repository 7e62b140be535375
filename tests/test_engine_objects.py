"""What the engine promises of objects, loops that stop, handled errors and captured functions."""

from __future__ import annotations

import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from engine_support import ANY, LIST, TOKEN, declare, parse, plan_of

from xcs.runtime import Program, compile_plan, run
from xcs.runtime.heap import DictRecord, ListRecord, SetRecord
from xcs.runtime.regions import LOOP_WINDOW

WAIT = 30.0
BOOL = '!orch.object<"bool">'
READ = f"{ANY} -> {ANY}, {TOKEN}"
NAMES = {0: "", 1: f"{ANY}", 2: f"{ANY}, {ANY}", 3: f"{ANY}, {ANY}, {ANY}"}


def wait(event: threading.Event) -> None:
    assert event.wait(WAIT), "the event did not come"


def call(result: str, name: str, *operands: str) -> str:
    return (
        f"{result} = orch.call @{name}({', '.join(operands)}) : ({NAMES[len(operands)]}) -> {ANY}"
    )


def host(result: str, source: str, *operands: str, kind: str = ANY) -> str:
    """Pure source of operands that are named as in the source."""
    names = ", ".join(f'"{operand[1:]}"' for operand in operands)
    return (
        f'{result} = orch.host "{source}"({", ".join(operands)}) {{names = [{names}], '
        f"effects = #orch.effects<pure>}} : ({NAMES[len(operands)]}) -> {kind}"
    )


def append(token: str, container: str, value: str, after: str) -> str:
    return f"{token} = orch.append {container}, {value} after({after}) : {ANY}, {ANY} -> {TOKEN}"


def setitem(token: str, container: str, key: str, value: str, after: str) -> str:
    return (
        f"{token} = orch.setitem {container}[{key}] = {value} after({after}) "
        f": {ANY}, {ANY}, {ANY} -> {TOKEN}"
    )


def getitem(result: str, token: str, container: str, key: str, after: str) -> str:
    return (
        f"{result}, {token} = orch.getitem {container}[{key}] after({after}) "
        f": {ANY}, {ANY} -> {ANY}, {TOKEN}"
    )


def length(result: str, token: str, container: str, after: str) -> str:
    return f"{result}, {token} = orch.len {container} after({after}) : {READ}"


def contains(result: str, token: str, key: str, container: str, after: str) -> str:
    return (
        f"{result}, {token} = orch.contains {key} in {container} after({after}) "
        f": {ANY}, {ANY} -> {BOOL}, {TOKEN}"
    )


def getattribute(result: str, token: str, instance: str, name: str, after: str) -> str:
    return f'{result}, {token} = orch.getattr {instance} "{name}" after({after}) : {READ}'


def setattribute(token: str, instance: str, name: str, value: str, after: str) -> str:
    return (
        f'{token} = orch.setattr {instance} "{name}" = {value} after({after}) '
        f": {ANY}, {ANY} -> {TOKEN}"
    )


def method(result: str, token: str, o: str, name: str, *operands: str, after: str) -> str:
    return (
        f'{result}, {token} = orch.method {o} "{name}"({", ".join(operands)}) after({after}) '
        f": {ANY}, ({NAMES[len(operands)]}) -> {ANY}, {TOKEN}"
    )


def snapshot(result: str, token: str, o: str, after: str, more: str = "") -> str:
    return f"{result}, {token} = orch.snapshot {o} after({after}) {more} : {READ}"


def main(arguments: str, lines: str, results: str = "", declared: str = "") -> str:
    """A function ``@main``, whose chain of tokens starts with ``%t``."""
    taken = ", ".join(f"{name}: {ANY}" for name in arguments.split())
    given = results.split()
    types = ", ".join([ANY] * len(given))
    end = f"func.return {', '.join(given)} : {types}" if given else "func.return"
    return (
        f"{declared} func.func @main({taken}) -> ({types}) {{\n%t = orch.join()\n{lines}\n{end} }}"
    )


def loop(
    body: str, last: str, *, over: str = "%xs", token: str = "%t", into: str = "%after"
) -> str:
    """A loop that carries a token, which is ``%in`` in the body."""
    return f"""{into} = orch.for {over} carry({token} : {TOKEN}) : ({ANY}) -> {TOKEN} {{
    ^bb0(%x: {ANY}, %in: {TOKEN}):
      {body}
      orch.yield {last} : {TOKEN} }}"""


def execute(text: str, args: list[Any], /, **operators: Any) -> list[Any]:
    return run(plan_of(text, operators), args)[0]


class Agent:
    """An ordinary class, with state and something computed."""

    kind = "agent"
    n: Any
    data: Any
    seen: Any

    def __init__(self, **state: Any):
        self.__dict__.update(state)

    @property
    def computed(self) -> Any:
        return ("computed", self.__dict__.get("n"))

    def step(self, x: Any) -> Any:
        self.n = x
        return ("native", x)


# --- Pending payloads ---


def test_appending_does_not_wait_for_the_value() -> None:
    """All operators of a loop that appends their results run at once."""
    count = 8
    barrier = threading.Barrier(count, timeout=WAIT)

    def ask(x: int) -> int:
        barrier.wait()
        return x * 10

    body = f"{call('%y', 'ask', '%x')}\n{append('%out', '%r', '%y', '%in')}"
    text = main("%xs %r", loop(body, "%out"), declared=declare("ask"))
    out: list[int] = []
    execute(text, [range(count), out], ask=ask)
    assert out == [x * 10 for x in range(count)]


def test_len_and_membership_do_not_wait_for_values() -> None:
    """What is read of them is on its way to an operator while the values are pending."""
    seen = threading.Event()
    text = main(
        "%r %d %k",
        "\n".join([
            call("%y", "slow", "%k"),
            append("%t1", "%r", "%y", "%t"),
            setitem("%t2", "%d", "%k", "%y", "%t1"),
            length("%n", "%t3", "%r", "%t2"),
            length("%m", "%t4", "%d", "%t3"),
            contains("%in", "%t5", "%k", "%d", "%t4"),
            f'%what = orch.host "(n, m, inside)"(%n, %m, %in) {{names = ["n", "m", "inside"], '
            f"effects = #orch.effects<pure>}} : ({ANY}, {ANY}, {BOOL}) -> {ANY}",
            call("%z", "look", "%what"),
        ]),
        "%z",
        declare("slow") + declare("look"),
    )  # fmt: skip
    looked: list[Any] = []

    def look(what: Any) -> None:
        looked.append(what)
        seen.set()

    out, entries = ["first"], {}
    execute(text, [out, entries, "key"], slow=lambda k: (wait(seen), k)[1], look=look)
    assert looked == [(2, 1, True)]
    assert (out, entries) == (["first", "key"], {"key": "key"})


def test_a_read_waits_for_the_entry_that_it_reads_and_for_no_other() -> None:
    first_read = threading.Event()
    text = main(
        "%r %a %b %i",
        "\n".join([
            call("%y", "slow", "%a"),
            append("%t1", "%r", "%y", "%t"),
            call("%z", "quick", "%b"),
            append("%t2", "%r", "%z", "%t1"),
            getitem("%v", "%t3", "%r", "%i", "%t2"),
            call("%w", "read", "%v"),
        ]),
        "%w",
        declare("slow") + declare("quick") + declare("read"),
    )  # fmt: skip
    out: list[Any] = []
    result = execute(
        text,
        [out, "a", "b", -1],
        slow=lambda a: (wait(first_read), a)[1],
        quick=lambda b: b,
        read=lambda v: (first_read.set(), v)[1],
    )
    assert result == ["b"]
    assert out == ["a", "b"]


def test_two_names_are_one_object() -> None:
    text = main(
        "%a %b %k",
        "\n".join([
            call("%y", "ask", "%k"),
            append("%t1", "%a", "%y", "%t"),
            append("%t2", "%b", "%k", "%t1"),
            length("%n", "%t3", "%a", "%t2"),
            getitem("%v", "%t4", "%b", "%n1", "%t3"),
        ]).replace("%n1", "%k"),
        "%n %v",
        declare("ask"),
    )  # fmt: skip
    shared: list[Any] = []
    assert execute(text, [shared, shared, 1], ask=lambda k: "asked") == [2, 1]
    assert shared == ["asked", 1]


def test_attributes_are_state() -> None:
    """``self.n += 1`` and ``self.last = ask(x)`` in a loop; the operators run at once."""
    count = 6
    barrier = threading.Barrier(count, timeout=WAIT)
    body = "\n".join(
        [
            call("%y", "ask", "%x"),
            setattribute("%t1", "%o", "last", "%y", "%in"),
            getattribute("%n", "%t2", "%o", "n", "%t1"),
            host("%m", "n + 1", "%n"),
            setattribute("%t3", "%o", "n", "%m", "%t2"),
        ]
    )
    text = main("%xs %o", loop(body, "%t3"), declared=declare("ask"))
    agent = Agent(n=0)
    execute(text, [range(count), agent], ask=lambda x: (barrier.wait(), x)[1])
    assert vars(agent) == {"n": count, "last": count - 1}


def test_a_payload_may_be_a_list_with_pending_elements() -> None:
    text = main(
        "%xs %r",
        f"""%m = orch.map %xs : ({ANY}) -> {LIST} {{
        ^bb0(%x: {ANY}):
          %y = orch.call @ask(%x) : ({ANY}) -> {ANY}
          orch.yield %y : {ANY} }}
        %t1 = orch.append %r, %m after(%t) : {ANY}, {LIST} -> {TOKEN}
        %t2 = orch.append %m, %r after(%t1) : {LIST}, {ANY} -> {TOKEN}
        %n, %t3 = orch.len %m after(%t2) : {LIST} -> {ANY}, {TOKEN}""",
        "%n",
        declare("ask"),
    )
    out: list[Any] = []
    assert execute(text, [range(3), out], ask=lambda x: -x) == [4]
    assert out[0][:3] == [0, -1, -2]
    assert out[0][3] is out


# --- Versions ---


def test_a_reader_gets_the_version_of_its_moment_while_writes_go_on() -> None:
    """An operator reads a list; meanwhile the program appends, also to what it has read."""
    appended = threading.Event()
    text = main(
        "%r %a %b",
        "\n".join([
            append("%t1", "%r", "%a", "%t"),
            snapshot("%s", "%t2", "%r", "%t1"),
            call("%y", "read", "%s"),
            append("%t3", "%r", "%b", "%t2"),
            length("%n", "%t4", "%r", "%t3"),
            call("%z", "later", "%n"),
        ]),
        "%y %z",
        declare("read") + declare("later"),
    )  # fmt: skip

    def read(version: list[Any]) -> list[Any]:
        wait(appended)
        return version[:]

    out: list[Any] = []
    results = execute(text, [out, "a", "b"], read=read, later=lambda n: (appended.set(), n)[1])
    assert results == [["a"], 2]
    assert out == ["a", "b"]


def test_a_version_of_pending_entries_is_complete_when_they_are_there() -> None:
    text = main(
        "%r %d %o %a",
        "\n".join([
            call("%y", "ask", "%a"),
            append("%t1", "%r", "%y", "%t"),
            setitem("%t2", "%d", "%a", "%r", "%t1"),
            setattribute("%t3", "%o", "data", "%d", "%t2"),
            snapshot("%s", "%t4", "%o", "%t3"),
            call("%z", "read", "%s"),
            append("%t5", "%r", "%a", "%t4"),
        ]),
        "%z",
        declare("ask") + declare("read"),
    )  # fmt: skip
    out: list[Any] = []
    agent, entries = Agent(), {}
    result = execute(text, [out, entries, agent, "a"], ask=str.upper, read=lambda o: o.data["a"][:])
    assert result == [["A"]]
    assert agent.data is entries
    assert entries == {"a": out}
    assert out == ["A", "a"]


def test_a_version_to_iterate_over_has_the_very_elements() -> None:
    text = main(
        "%r %o",
        "\n".join([
            append("%t1", "%r", "%o", "%t"),
            snapshot("%xs", "%t2", "%r", "%t1", "{structure}"),
            loop(setattribute("%out", "%x", "seen", "%x", "%in"), "%out", token="%t2"),
        ]),
    )  # fmt: skip
    agents, last = [Agent()], Agent()
    execute(text, [agents, last])
    assert agents[1] is last
    assert all(agent.seen is agent for agent in agents)


def test_an_exact_snapshot_is_the_object_itself() -> None:
    text = main(
        "%r %a",
        "\n".join([
            call("%y", "ask", "%a"),
            append("%t1", "%r", "%y", "%t"),
            snapshot("%s", "%t2", "%r", "%t1", "{exact}"),
            call("%z", "read", "%s"),
        ]),
        "%s %z",
        declare("ask") + declare("read"),
    )  # fmt: skip
    out: list[Any] = []
    same, seen = execute(text, [out, "a"], ask=str.upper, read=list)
    assert same is out
    assert seen == ["A"]


# --- Commit and errors ---


def test_after_an_error_objects_are_as_python_would_have_left_them() -> None:
    """The operator of the fourth iteration fails first; all others of the loop succeed."""
    count, failed = 8, threading.Event()
    body = "\n".join(
        [
            append("%t1", "%r", "%x", "%in"),
            call("%y", "ask", "%x"),
            append("%t2", "%r", "%y", "%t1"),
            setitem("%t3", "%d", "%x", "%y", "%t2"),
            setattribute("%t4", "%o", "n", "%x", "%t3"),
        ]
    )
    text = main("%xs %r %d %o", loop(body, "%t4"), declared=declare("ask"))

    def ask(x: int) -> int:
        if x == 3:
            failed.set()
            raise LookupError(x)
        wait(failed)
        return -x

    out: list[int] = []
    entries: dict[int, int] = {}
    agent = Agent()
    with pytest.raises(LookupError):
        execute(text, [range(count), out, entries, agent], ask=ask)
    assert out == [0, 0, 1, -1, 2, -2, 3]
    assert entries == {0: 0, 1: -1, 2: -2}
    assert agent.n == 2


def test_ordered_operators_see_exactly_what_python_shows_them() -> None:
    body = "\n".join(
        [
            call("%y", "ask", "%x"),
            append("%t1", "%r", "%y", "%in"),
            f"%z, %t2 = orch.call @look(%r) after(%t1) : ({ANY}) -> ({ANY}, {TOKEN})",
            append("%t3", "%r", "%z", "%t2"),
        ]
    )
    declared = declare("ask") + declare("look", "ordered")
    text = main("%xs %r", loop(body, "%t3"), declared=declared)
    out: list[Any] = []
    seen: list[list[Any]] = []

    def look(items: list[Any]) -> int:
        assert items is out
        seen.append(items[:])
        return len(items)

    execute(text, [range(3), out], ask=lambda x: x, look=look)
    assert seen == [[0], [0, 1, 1], [0, 1, 1, 3, 2]]
    assert out == [0, 1, 1, 3, 2, 5]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (getitem("%v", "%t3", "%d", "%x", "%t2"), KeyError("x")),
        (getitem("%v", "%t3", "%r", "%i", "%t2"), IndexError("list index out of range")),
        (
            setitem("%t3", "%r", "%i", "%x", "%t2"),
            IndexError("list assignment index out of range"),
        ),
        (
            getattribute("%v", "%t3", "%o", "gone", "%t2"),
            AttributeError("'Agent' object has no attribute 'gone'"),
        ),
        (f"%t3 = orch.delitem %d[%x] after(%t2) : {ANY}, {ANY} -> {TOKEN}", KeyError("x")),
        (
            f'%t3 = orch.delattr %o "gone" after(%t2) : {ANY} -> {TOKEN}',
            AttributeError("'Agent' object has no attribute 'gone'"),
        ),
        (method("%v", "%t3", "%d", "pop", "%x", after="%t2"), KeyError("x")),
        (getitem("%v", "%t3", "%d", "%r", "%t2"), TypeError("unhashable type: 'list'")),
    ],
)
@pytest.mark.parametrize("pending", [False, True])
def test_errors_of_objects_come_at_their_place(line: str, error: Exception, pending: bool) -> None:
    """What was written before is there, what comes after is not; also if all was speculative."""
    text = main(
        "%r %d %o %x %i",
        "\n".join([
            call("%y", "ask", "%x") if pending else host("%y", "x", "%x"),
            append("%t0", "%r", "%y", "%t"),
            setitem("%t1", "%d", "%i", "%y", "%t0"),
            setattribute("%t2", "%o", "n", "%y", "%t1"),
            line,
            append("%t4", "%r", "%x", "%t3"),
        ]),
        declared=declare("ask"),
    )  # fmt: skip
    out: list[Any] = []
    entries: dict[Any, Any] = {}
    agent = Agent()
    with pytest.raises(type(error)) as caught:
        execute(text, [out, entries, agent, "x", 7], ask=lambda x: x)
    assert caught.value.args == error.args
    assert (out, entries, vars(agent)) == (["x"], {7: "x"}, {"n": "x"})


# --- Handled errors ---

ATTEMPT = main(
    "%r %a",
    f"""%v, %u = orch.try : {ANY}, {TOKEN} body {{
      {append("%b0", "%r", "%a", "%t")}
      {call("%y", "ask", "%a")}
      {append("%b1", "%r", "%y", "%b0")}
      {call("%z", "bad", "%a")}
      {append("%b2", "%r", "%z", "%b1")}
      {length("%n", "%b3", "%r", "%b2")}
      orch.yield %n, %b3 : {ANY}, {TOKEN}
    }} handler {{
    ^bb0(%e: {ANY}):
      {append("%h0", "%r", "%e", "%t")}
      {length("%m", "%h1", "%r", "%h0")}
      orch.yield %m, %h1 : {ANY}, {TOKEN}
    }}
    {append("%end", "%r", "%v", "%u")}""",
    "%v",
    declare("ask") + declare("bad"),
)


def test_a_body_that_succeeds_gives_its_values() -> None:
    out: list[Any] = []
    assert execute(ATTEMPT, [out, "a"], ask=str.upper, bad=lambda a: "good") == [3]
    assert out == ["a", "A", "good", 3]


def test_a_handler_finds_what_was_done_before_the_error_and_nothing_after() -> None:
    """The later call has failed before the earlier one has ended."""
    failed = threading.Event()
    original = ValueError("bad")

    def bad(a: str) -> None:
        failed.set()
        raise original

    out: list[Any] = []
    assert execute(ATTEMPT, [out, "a"], ask=lambda a: (wait(failed), "A")[1], bad=bad) == [3]
    assert out == ["a", "A", original, 3]
    assert out[2] is original


def test_the_first_error_in_the_body_is_the_one_that_is_handled() -> None:
    failed = threading.Event()

    def ask(a: str) -> None:
        wait(failed)
        raise KeyError("first")

    def bad(a: str) -> None:
        failed.set()
        raise ValueError("second")

    out: list[Any] = []
    execute(ATTEMPT, [out, "a"], ask=ask, bad=bad)
    assert [type(x) for x in out] == [str, KeyError, int]


def test_a_handler_starts_before_what_precedes_its_try_is_done() -> None:
    """The error of one iteration is handled while an earlier iteration is still at work."""
    handled = threading.Event()
    text = main(
        "%xs",
        f"""%m = orch.map %xs : ({ANY}) -> {LIST} {{
        ^bb0(%x: {ANY}):
          %v = orch.try : {ANY} body {{
            {call("%y", "ask", "%x")}
            orch.yield %y : {ANY}
          }} handler {{
          ^bb1(%e: {ANY}):
            {call("%z", "rescue", "%e")}
            orch.yield %z : {ANY}
          }}
          orch.yield %v : {ANY} }}
        {host("%l", "m", "%m").replace(f"({ANY})", f"({LIST})")}""",
        "%l",
        declare("ask") + declare("rescue"),
    )

    def ask(x: int) -> int:
        if x == 0:
            wait(handled)
        elif x % 2:
            raise ValueError(x)
        return x

    def rescue(error: ValueError) -> str:
        handled.set()
        return f"rescued {error.args[0]}"

    expected = [0, "rescued 1", 2, "rescued 3"]
    assert execute(text, [range(4)], ask=ask, rescue=rescue) == [expected]


def test_an_error_in_a_handler_goes_outwards() -> None:
    text = main(
        "%r %a",
        f"""%v, %u = orch.try : {ANY}, {TOKEN} body {{
          %w, %inner = orch.try : {ANY}, {TOKEN} body {{
            {call("%y", "ask", "%a")}
            orch.yield %y, %t : {ANY}, {TOKEN}
          }} handler {{
          ^bb0(%e: {ANY}):
            {append("%h0", "%r", "%e", "%t")}
            {call("%z", "bad", "%a")}
            orch.yield %z, %h0 : {ANY}, {TOKEN}
          }}
          {append("%b1", "%r", "%w", "%inner")}
          orch.yield %w, %b1 : {ANY}, {TOKEN}
        }} handler {{
        ^bb0(%e: {ANY}):
          {append("%h1", "%r", "%e", "%t")}
          orch.yield %e, %h1 : {ANY}, {TOKEN}
        }}""",
        "%v",
        declare("ask") + declare("bad"),
    )

    def ask(a: str) -> None:
        raise KeyError("inner")

    def bad(a: str) -> None:
        raise ValueError("outer")

    out: list[Any] = []
    (error,) = execute(text, [out, "a"], ask=ask, bad=bad)
    assert [type(x) for x in out] == [KeyError, ValueError]
    assert out[1] is error
    assert error.__context__ is out[0]


def test_an_error_that_a_handler_raises_again_keeps_its_place() -> None:
    text = main(
        "%a",
        f"""%v = orch.try : {ANY} body {{
          %y = orch.call @ask(%a) : ({ANY}) -> {ANY} loc("app.py":7:1)
          orch.yield %y : {ANY}
        }} handler {{
        ^bb0(%e: {ANY}):
          %z = orch.host "raise e\\nx = 1"(%e) {{names = ["e"], out_names = ["x"],
            effects = #orch.effects<pure>}} : ({ANY}) -> {ANY} loc("app.py":9:1)
          orch.yield %z : {ANY} }}""",
        "%v",
        declare("ask"),
    )
    with pytest.raises(ZeroDivisionError) as caught:
        execute(text, ["in"], ask=lambda a: 1 / 0)
    assert caught.value.source_line == "app.py:7"  # type: ignore[attr-defined]
    assert caught.value.inputs == ("'in'",)  # type: ignore[attr-defined]


RETRY = main(
    "%xs %r",
    f"""%none = orch.constant unit : {ANY}
    %yes = orch.constant true : {BOOL}
    %no = orch.constant false : {BOOL}
    %stopped, %last, %u = orch.for %xs carry(%none, %t : {ANY}, {TOKEN}) {{stops}}
      : ({ANY}) -> ({BOOL}, {ANY}, {TOKEN}) {{
    ^bb0(%x: {ANY}, %before: {ANY}, %in: {TOKEN}):
      {append("%t0", "%r", "%x", "%in")}
      %stop, %v, %out = orch.try : {BOOL}, {ANY}, {TOKEN} body {{
        {call("%y", "flaky", "%x")}
        {append("%t1", "%r", "%y", "%t0")}
        orch.yield %yes, %y, %t1 : {BOOL}, {ANY}, {TOKEN}
      }} handler {{
      ^bb1(%e: {ANY}):
        {host("%type", "type(e)", "%e")}
        {append("%t2", "%r", "%type", "%t0")}
        orch.yield %no, %e, %t2 : {BOOL}, {ANY}, {TOKEN} }}
      orch.yield %stop, %v, %out : {BOOL}, {ANY}, {TOKEN} }}
    {host("%flag", "stopped", "%stopped").replace(f"({ANY})", f"({BOOL})")}""",
    "%flag %last",
    declare("flaky"),
)


def test_a_retry_loop_tries_until_it_succeeds() -> None:
    def flaky(x: int) -> str:
        if x < 2:
            raise KeyError(x)
        return f"done {x}"

    out: list[Any] = []
    assert execute(RETRY, [range(5), out], flaky=flaky) == [True, "done 2"]
    assert out == [0, KeyError, 1, KeyError, 2, "done 2"]


def test_a_retry_loop_may_run_out_of_tries() -> None:
    def flaky(x: int) -> None:
        raise KeyError(x)

    out: list[Any] = []
    stopped, last = execute(RETRY, [range(2), out], flaky=flaky)
    assert stopped is False
    assert last.args == (1,)
    assert execute(RETRY, [[], []], flaky=flaky) == [False, None]


def test_an_iterator_is_taken_no_further_than_the_loop_goes() -> None:
    for rest in (iter(range(5)), (x for x in range(5)), zip(range(5), strict=True)):
        execute(RETRY, [rest, []], flaky=lambda x: x)
        assert len(list(rest)) == 4


# --- While ---

QUEUE = main(
    "%q %r",
    f"""%stopped, %u = orch.while carry(%t) {{stops}} : ({TOKEN}) -> ({BOOL}, {TOKEN}) test {{
    ^bb0(%c: {TOKEN}):
      {length("%n", "%t1", "%q", "%c")}
      orch.yield %n, %t1 : {ANY}, {TOKEN}
    }} do {{
    ^bb1(%d: {TOKEN}):
      {method("%x", "%t1", "%q", "pop", after="%d")}
      {call("%y", "ask", "%x")}
      {append("%t2", "%r", "%y", "%t1")}
      {host("%stop", "x == 'stop'", "%x", kind=BOOL)}
      orch.yield %stop, %t2 : {BOOL}, {TOKEN} }}
    {length("%m", "%end", "%r", "%u")}""",
    "%m",
    declare("ask"),
)


def test_a_while_loop_runs_ahead_as_far_as_its_tests_are_known() -> None:
    barrier = threading.Barrier(3, timeout=WAIT)
    queue, out = [1, 2, 3], []
    execute(QUEUE, [queue, out], ask=lambda x: (barrier.wait(), x)[1])
    assert (queue, out) == ([], [3, 2, 1])


def test_a_while_loop_stops_where_it_is_told() -> None:
    queue, out = [1, "stop", 3], []
    assert execute(QUEUE, [queue, out], ask=lambda x: x) == [2]
    assert (queue, out) == ([1], [3, "stop"])


def test_a_test_of_a_while_loop_may_fail() -> None:
    class Unclear:
        def __bool__(self) -> bool:
            raise ValueError("neither")

    text = main(
        "%x %r",
        f"""%u = orch.while carry(%t) : ({TOKEN}) -> {TOKEN} test {{
        ^bb0(%c: {TOKEN}):
          {append("%t1", "%r", "%x", "%c")}
          orch.yield %x, %t1 : {ANY}, {TOKEN}
        }} do {{
        ^bb1(%d: {TOKEN}):
          {append("%t1", "%r", "%x", "%d")}
          orch.yield %t1 : {TOKEN} }}""",
    )
    out: list[Any] = []
    with pytest.raises(ValueError, match="neither"):
        execute(text, [Unclear(), out])
    assert len(out) == 1


# --- Captured functions ---

DOWN = f"""{declare("ask")}
func.func @down(%n: {ANY}, %r: {ANY}, %t: {TOKEN}) -> ({ANY}, {TOKEN}) {{
  %v, %u = orch.if %n : ({ANY}) -> ({ANY}, {TOKEN}) {{
    {call("%y", "ask", "%n")}
    {append("%t1", "%r", "%y", "%t")}
    {host("%m", "n - 1", "%n")}
    %s, %t2 = func.call @down(%m, %r, %t1) : ({ANY}, {ANY}, {TOKEN}) -> ({ANY}, {TOKEN})
    {host("%sum", "s + 1", "%s")}
    orch.yield %sum, %t2 : {ANY}, {TOKEN}
  }} else {{
    orch.yield %n, %t : {ANY}, {TOKEN} }}
  func.return %v, %u : {ANY}, {TOKEN} }}
func.func @main(%n: {ANY}, %r: {ANY}) -> {ANY} {{
  %t = orch.join()
  %v, %u = func.call @down(%n, %r, %t) : ({ANY}, {ANY}, {TOKEN}) -> ({ANY}, {TOKEN})
  func.return %v : {ANY} }}"""


@pytest.fixture
def recursion_limit() -> Iterator[Callable[[int], None]]:
    previous = sys.getrecursionlimit()
    yield sys.setrecursionlimit
    sys.setrecursionlimit(previous)


def test_calls_of_a_recursive_function_overlap() -> None:
    barrier = threading.Barrier(5, timeout=WAIT)
    out: list[int] = []
    assert execute(DOWN, [5, out], ask=lambda n: (barrier.wait(), n)[1]) == [5]
    assert out == [5, 4, 3, 2, 1]


def test_deep_recursion_takes_neither_threads_nor_stack(
    recursion_limit: Callable[[int], None],
) -> None:
    recursion_limit(6000)
    most = [0]

    def ask(n: int) -> int:
        most[0] = max(most[0], threading.active_count())
        return n

    before = threading.active_count()
    out: list[int] = []
    results, _ = run(plan_of(DOWN, {"ask": ask}), [5000, out], max_workers=4)
    assert results == [5000]
    assert out == list(range(5000, 0, -1))
    assert most[0] <= before + 4


def test_endless_recursion_is_pythons_own_error() -> None:
    out: list[int] = []
    with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
        execute(DOWN, [-1, out], ask=lambda n: n)
    assert out == [-1 - i for i in range(len(out))]


def test_results_of_a_call_flow_as_soon_as_they_are_there() -> None:
    """The caller goes on with one result, on which an operator of the callee waits."""
    went_on = threading.Event()
    text = f"""{declare("slow")} {declare("next")}
    func.func @both(%a: {ANY}) -> ({ANY}, {ANY}) {{
      {call("%y", "slow", "%a")}
      {host("%z", "a + 1", "%a")}
      func.return %y, %z : {ANY}, {ANY} }}
    func.func @main(%a: {ANY}) -> ({ANY}, {ANY}) {{
      %y, %z = func.call @both(%a) : ({ANY}) -> ({ANY}, {ANY})
      {call("%n", "next", "%z")}
      func.return %y, %n : {ANY}, {ANY} }}"""
    result = execute(
        text, [1], slow=lambda a: (wait(went_on), a)[1], next=lambda z: (went_on.set(), z)[1]
    )
    assert result == [1, 2]


def test_a_call_in_a_body_that_fails_is_undone() -> None:
    text = f"""{declare("ask")}
    func.func @add(%r: {ANY}, %a: {ANY}, %t: {TOKEN}) -> ({ANY}, {TOKEN}) {{
      {append("%t0", "%r", "%a", "%t")}
      {call("%y", "ask", "%a")}
      {append("%t1", "%r", "%y", "%t0")}
      func.return %y, %t1 : {ANY}, {TOKEN} }}
    func.func @main(%r: {ANY}, %xs: {ANY}) -> {ANY} {{
      %t = orch.join()
      %u = orch.try : {TOKEN} body {{
        {
        loop(
            f"%y, %out = func.call @add(%r, %x, %in) : ({ANY}, {ANY}, {TOKEN}) -> ({ANY}, {TOKEN})",
            "%out",
            into="%b",
        )
    }
        orch.yield %b : {TOKEN}
      }} handler {{
      ^bb0(%e: {ANY}):
        {append("%h", "%r", "%e", "%t")}
        orch.yield %h : {TOKEN} }}
      {length("%n", "%end", "%r", "%u")}
      func.return %n : {ANY} }}"""
    error = ValueError("third")

    def ask(x: int) -> int:
        if x == 2:
            raise error
        return -x

    out: list[Any] = []
    assert execute(text, [out, range(5)], ask=ask) == [6]
    assert out == [0, 0, 1, -1, 2, error]


# --- What only the values say ---


def classified(text: str, effects: dict[Any, str], args: list[Any], **operators: Any) -> list[Any]:
    program = Program(parse(text))
    resolve = lambda path: operators[path.partition(":")[2]]
    plan = compile_plan(program, {}, resolve, lambda callee: effects.get(callee, "ordered"))
    return run(plan, args)[0]


INVOKE = main(
    "%f %a %b",
    f"""%y, %t1 = orch.invoke %f(%a) after(%t) : {ANY}, ({ANY}) -> ({ANY}, {TOKEN})
    %z, %t2 = orch.invoke %f(%b) after(%t1) : {ANY}, ({ANY}) -> ({ANY}, {TOKEN})""",
    "%y %z",
)


def test_an_invoked_value_that_is_unordered_leaves_the_chain_at_once() -> None:
    barrier = threading.Barrier(2, timeout=WAIT)

    def ask(x: str) -> str:
        barrier.wait()
        return x.upper()

    assert classified(INVOKE, {ask: "unordered"}, [ask, "a", "b"]) == ["A", "B"]


def test_an_invoked_value_that_is_pure_runs_in_place() -> None:
    threads: list[threading.Thread] = []

    def note(x: str) -> None:
        threads.append(threading.current_thread())

    classified(INVOKE, {note: "pure"}, [note, "a", "b"])
    assert threads == [threading.current_thread()] * 2


def test_an_invoked_value_of_which_nothing_is_known_has_its_turn() -> None:
    text = main(
        "%f %r %a",
        f"""{call("%y", "ask", "%a")}
        {append("%t1", "%r", "%y", "%t")}
        %z, %t2 = orch.invoke %f(%r) after(%t1) : {ANY}, ({ANY}) -> ({ANY}, {TOKEN})
        {length("%n", "%t3", "%r", "%t2")}""",
        "%z %n",
        declare("ask"),
    )
    out: list[Any] = []

    def look(items: list[Any]) -> list[Any]:
        seen = items[:]
        items.append("looked")
        return seen

    assert classified(text, {}, [look, out, "a"], ask=str.upper) == [["A"], 2]


def test_an_unordered_method_waits_for_the_state_of_its_object_and_leaves_the_chain() -> None:
    written = threading.Event()

    class Client:
        mode: Any = None

        def generate(self, x: str) -> Any:
            wait(written)
            return (self.mode, x)

    text = main(
        "%o %a",
        "\n".join([
            call("%y", "ask", "%a"),
            setattribute("%t1", "%o", "mode", "%y", "%t"),
            method("%z", "%t2", "%o", "generate", "%a", after="%t1"),
            setattribute("%t3", "%o", "mode", "%a", "%t2"),
            getattribute("%m", "%t4", "%o", "mode", "%t3"),
            call("%w", "later", "%m"),
        ]),
        "%z %w",
        declare("ask") + declare("later"),
    )  # fmt: skip
    client = Client()
    result = classified(
        text,
        {client.generate: "unordered"},
        [client, "a"],
        ask=str.upper,
        later=lambda m: (written.set(), m)[1],
    )
    assert result == [("A", "a"), "a"]
    assert client.mode == "a"


def test_a_method_is_what_the_class_of_the_object_says() -> None:
    text = main(
        "%o %a",
        "\n".join([
            method("%y", "%t1", "%o", "upper", after="%t"),
            host("%l", "[y]", "%y"),
            method("%z", "%t2", "%l", "pop", after="%t1"),
        ]),
        "%z",
    )  # fmt: skip
    assert execute(text, ["text", 1]) == ["TEXT"]


def test_a_method_of_a_class_runs_in_its_turn() -> None:
    text = main(
        "%o %a",
        "\n".join([
            call("%y", "ask", "%a"),
            setattribute("%t1", "%o", "n", "%y", "%t"),
            method("%z", "%t2", "%o", "step", "%a", after="%t1"),
            getattribute("%n", "%t3", "%o", "n", "%t2"),
            getattribute("%c", "%t4", "%o", "computed", "%t3"),
        ]),
        "%z %n %c",
        declare("ask"),
    )  # fmt: skip
    expected = [("native", "a"), "a", ("computed", "a")]
    assert execute(text, [Agent(), "a"], ask=str.upper) == expected


STEP = f"""{declare("ask")}
func.func @step(%self: {ANY}, %x: {ANY}, %t: {TOKEN}) -> ({ANY}, {TOKEN}) {{
  {call("%y", "ask", "%x")}
  {setattribute("%t1", "%self", "n", "%y", "%t")}
  func.return %y, %t1 : {ANY}, {TOKEN} }}
func.func @main(%o: {ANY}, %p: {ANY}, %a: {ANY}) -> ({ANY}, {ANY}) {{
  %t = orch.join()
  %y, %t1 = orch.method %o "step"(%a) after(%t)
    {{candidates = [[#orch.ref<"Agent">, @step, #orch.ref<"Agent.step">]]}}
    : {ANY}, ({ANY}) -> {ANY}, {TOKEN}
  %z, %t2 = orch.method %p "step"(%a) after(%t1)
    {{candidates = [[#orch.ref<"Agent">, @step, #orch.ref<"Agent.step">]]}}
    : {ANY}, ({ANY}) -> {ANY}, {TOKEN}
  func.return %y, %z : {ANY}, {ANY} }}"""


def test_a_method_that_was_captured_is_a_call_of_its_function() -> None:
    """Both calls are at work at once: each waits for the other."""
    barrier = threading.Barrier(2, timeout=WAIT)
    objects = {"Agent": Agent, "Agent.step": Agent.step}
    one, other = Agent(), Agent()
    plan = plan_of(STEP, {"ask": lambda x: (barrier.wait(), x)[1]}, objects)
    assert run(plan, [one, other, 5])[0] == [5, 5]
    assert one.n == other.n == 5


def test_a_method_that_is_not_what_was_captured_runs_natively() -> None:
    class Other(Agent):
        pass

    objects = {"Agent": Agent, "Agent.step": Agent.step}
    plan = plan_of(STEP, {"ask": lambda x: x}, objects)
    shadowed = Agent(step=lambda x: "own")
    assert run(plan, [Other(), shadowed, 5])[0] == [("native", 5), "own"]


def test_checked_source_runs_at_once_on_plain_data_and_else_in_its_turn() -> None:
    text = main(
        "%a %o",
        f"""{call("%y", "slow", "%a")}
        %p, %t1 = orch.host "note(x)"(%a) after(%t) {{names = ["x"], checked,
          effects = #orch.effects<ordered>, scope = #orch.ref<"here">}}
          : ({ANY}) -> ({ANY}, {TOKEN})
        %q, %t2 = orch.host "note(x)"(%o) after(%t1) {{names = ["x"], checked,
          effects = #orch.effects<ordered>, scope = #orch.ref<"here">}}
          : ({ANY}) -> ({ANY}, {TOKEN})""",
        "%y",
        declare("slow"),
    )
    noted, first = [], threading.Event()

    def note(x: Any) -> None:
        noted.append(type(x))
        first.set()

    def slow(a: Any) -> list[Any]:
        wait(first)
        return noted[:]

    plan = plan_of(text, {"slow": slow}, {"here": {"note": note}})
    assert run(plan, [("a", [1, {"b": 2.0}]), Agent()])[0] == [[tuple]]
    assert noted == [tuple, Agent]


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (method("%v", "%t2", "%x", "__add__", "%x", after="%t1"), 1),
        (method("%v", "%t2", "%x", "__iadd__", "%x", after="%t1"), "b"),
        (method("%v", "%t2", "%x", "upper", after="%t1"), "b"),
        (getitem("%v", "%t2", "%x", "%zero", "%t1"), (1, 2)),
        (length("%v", "%t2", "%x", "%t1"), "b"),
        (contains("%v", "%t2", "%zero", "%x", "%t1"), (0, 1)),
        (getattribute("%v", "%t2", "%x", "y", "%t1"), Point(1, 2)),
        (snapshot("%v", "%t2", "%x", "%t1"), ("a", (1, 2.0, None))),
        (snapshot("%v", "%t2", "%x", "%t1", "{exact}"), "text"),
    ],
)
def test_what_never_changes_is_read_before_its_turn(line: str, value: Any) -> None:
    """The op is in a chain, behind one that has its turn only when the value has been used."""
    used = threading.Event()
    kind = BOOL if "orch.contains" in line else ANY
    text = main(
        "%x %zero",
        f"""{call("%y", "slow", "%x")}
        %z, %t1 = orch.call @save(%y) after(%t) : ({ANY}) -> ({ANY}, {TOKEN})
        {line}
        {call("%w", "use", "%v").replace(f"({ANY})", f"({kind})")}
        %q, %t3 = orch.call @save(%w) after(%t2) : ({ANY}) -> ({ANY}, {TOKEN})""",
        "%w",
        declare("slow") + declare("use") + declare("save", "ordered"),
    )
    saved: list[Any] = []
    (result,) = execute(
        text,
        [value, 0],
        slow=lambda x: (wait(used), x)[1],
        use=lambda v: (used.set(), v)[1],
        save=saved.append,
    )
    assert saved == [value, result]


def test_an_early_value_that_fails_is_an_error_at_its_place() -> None:
    text = main(
        "%x %nine %r",
        f"""{call("%y", "slow", "%x")}
        {append("%t0", "%r", "%y", "%t")}
        %z, %t1 = orch.call @save(%y) after(%t0) : ({ANY}) -> ({ANY}, {TOKEN})
        {getitem("%v", "%t2", "%x", "%nine", "%t1")}
        {append("%t3", "%r", "%v", "%t2")}
        {call("%w", "other", "%x")}""",
        "%w",
        declare("slow") + declare("other") + declare("save", "ordered"),
    )
    saved: list[Any] = []
    out: list[Any] = []
    with pytest.raises(IndexError, match="tuple index out of range"):
        execute(text, [(1,), 9, out], slow=lambda x: x, other=lambda x: x, save=saved.append)
    assert saved == out == [(1,)]


# --- Iterators ---


def test_a_generator_runs_between_the_iterations() -> None:
    """What it does interleaves with ordered ops as in Python."""
    log: list[str] = []

    def numbers() -> Iterator[int]:
        for i in range(3):
            log.append(f"give {i}")
            yield i
        log.append("end")

    body = f"%y, %out = orch.call @save(%x) after(%in) : ({ANY}) -> ({ANY}, {TOKEN})"
    text = main("%xs", loop(body, "%out"), declared=declare("save", "ordered"))
    execute(text, [numbers()], save=lambda x: log.append(f"save {x}"))
    assert log == ["give 0", "save 0", "give 1", "save 1", "give 2", "save 2", "end"]


def test_a_generator_sees_what_the_iterations_before_have_written() -> None:
    out: list[Any] = []

    def lengths() -> Iterator[int]:
        while len(out) < 3:
            yield len(out)

    body = f"{call('%y', 'ask', '%x')}\n{append('%last', '%r', '%y', '%in')}"
    text = main("%xs %r", loop(body, "%last"), declared=declare("ask"))
    execute(text, [lengths(), out], ask=lambda x: x)
    assert out == [0, 1, 2]


def test_a_map_over_a_generator_collects_what_there_was() -> None:
    text = main(
        "%xs",
        f"""%m = orch.map %xs : ({ANY}) -> {LIST} {{
        ^bb0(%x: {ANY}):
          {call("%y", "ask", "%x")}
          orch.yield %y : {ANY} }}
        {host("%l", "m", "%m").replace(f"({ANY})", f"({LIST})")}""",
        "%l",
        declare("ask"),
    )
    assert execute(text, [(x for x in range(3))], ask=lambda x: -x) == [[0, -1, -2]]
    assert execute(text, [iter([])], ask=None.__class__) == [[]]


# --- Containers ---


def written(container: Any, *lines: str, results: str = "", args: tuple[Any, ...] = ()) -> Any:
    """What lines on ``%c`` do to a container, behind a call that is pending all the while."""
    go = threading.Event()
    text = main(
        "%c %a %b %i",
        "\n".join([call("%p", "slow", "%i"), *lines, call("%z", "go", "%i")]),
        results,
        declare("slow") + declare("go"),
    )
    values = [*args, *"ab"[len(args) :], 0][:3]
    return execute(
        text, [container, *values], slow=lambda i: (wait(go), "pending")[1], go=lambda i: go.set()
    )


def test_lists() -> None:
    items = ["x", "y"]
    results = written(
        items,
        method("%r0", "%t0", "%c", "insert", "%i", "%p", after="%t"),
        method("%r1", "%t1", "%c", "pop", after="%t0"),
        method("%r2", "%t2", "%c", "reverse", after="%t1"),
        method("%r3", "%t3", "%c", "extend", "%a", after="%t2"),
        method("%r4", "%t4", "%c", "copy", after="%t3"),
        method("%r5", "%t5", "%c", "index", "%p", after="%t4"),
        setitem("%t6", "%c", "%i", "%b", "%t5"),
        method("%r7", "%t7", "%c", "__iadd__", "%a", after="%t6"),
        results="%r1 %r4 %r5 %r7",
    )
    assert items == ["b", "pending", "a", "a"]
    assert results == ["y", ["x", "pending", "a"], 1, items]
    assert results[3] is items


def test_dicts() -> None:
    entries = {"a": 1}
    results = written(
        entries,
        method("%r0", "%t0", "%c", "setdefault", "%a", "%p", after="%t"),
        method("%r1", "%t1", "%c", "setdefault", "%b", "%p", after="%t0"),
        method("%r2", "%t2", "%c", "get", "%b", after="%t1"),
        method("%r3", "%t3", "%c", "get", "%i", after="%t2"),
        method("%r4", "%t4", "%c", "pop", "%a", after="%t3"),
        method("%r5", "%t5", "%c", "copy", after="%t4"),
        f"%t6 = orch.delitem %c[%b] after(%t5) : {ANY}, {ANY} -> {TOKEN}",
        contains("%r7", "%t7", "%b", "%c", "%t6"),
        setitem("%t8", "%c", "%i", "%r5", "%t7"),
        results="%r0 %r1 %r2 %r3 %r4 %r5",
    )
    assert entries == {0: {"b": "pending"}}
    assert results == [1, "pending", "pending", None, 1, {"b": "pending"}]


def test_subclasses_of_dicts_keep_their_own_ways() -> None:
    counts = Counter("aa")
    increment = [
        getitem("%n", "%t0", "%c", "%b", "%t"),
        host("%m", "n + 1", "%n"),
        setitem("%t1", "%c", "%b", "%m", "%t0"),
        getitem("%k", "%t2", "%c", "%b", "%t1"),
    ]
    assert written(counts, *increment, results="%n %k") == [0, 1]
    assert counts == Counter("aab")

    groups: defaultdict[str, list[Any]] = defaultdict(list)
    grouped = [
        getitem("%l", "%t0", "%c", "%b", "%t"),
        append("%t1", "%l", "%p", "%t0"),
        getitem("%k", "%t2", "%c", "%b", "%t1"),
        length("%n", "%t3", "%k", "%t2"),
    ]
    assert written(groups, *grouped, results="%n") == [1]
    assert groups == {"b": ["pending"]}

    ordered = OrderedDict(a=1, b=2)
    moved = [
        method("%r0", "%t0", "%c", "move_to_end", "%a", after="%t"),
        setitem("%t1", "%c", "%i", "%p", "%t0"),
    ]
    written(ordered, *moved)
    assert list(ordered.items()) == [("b", 2), ("a", 1), (0, "pending")]


def test_sets_and_deques() -> None:
    chosen = {"a"}
    added = [
        method("%r0", "%t0", "%c", "add", "%b", after="%t"),
        method("%r1", "%t1", "%c", "discard", "%a", after="%t0"),
        contains("%r2", "%t2", "%a", "%c", "%t1"),
        length("%r3", "%t3", "%c", "%t2"),
    ]
    assert written(chosen, *added, results="%r3") == [1]
    assert chosen == {"b"}

    queue = deque(["x", "y"], maxlen=3)
    turned = [
        append("%t0", "%c", "%p", "%t"),
        method("%r1", "%t1", "%c", "popleft", after="%t0"),
        method("%r2", "%t2", "%c", "appendleft", "%b", after="%t1"),
        method("%r3", "%t3", "%c", "rotate", after="%t2"),
    ]
    assert written(queue, *turned, results="%r1") == ["x"]
    assert list(queue) == ["pending", "b", "y"]


def test_lists_are_sorted_and_searched_when_their_elements_are_there() -> None:
    """Then, and not when it is their turn: an operator that uses the result is awaited before."""
    used = threading.Event()
    text = main(
        "%c %a %b",
        "\n".join([
            call("%s", "slow", "%a"),
            call("%p", "ask", "%a"),
            append("%t0", "%c", "%p", "%t"),
            method("%r1", "%t1", "%c", "sort", after="%t0"),
            method("%r2", "%t2", "%c", "remove", "%b", after="%t1"),
            f"%first = orch.constant 0 : i64 : {ANY}",
            getitem("%v", "%t3", "%c", "%first", "%t2"),
            call("%w", "use", "%v"),
        ]),
        "%w",
        declare("slow") + declare("ask") + declare("use"),
    )  # fmt: skip
    items = ["c", "b"]
    result = execute(
        text,
        [items, "a", "b"],
        slow=lambda a: wait(used),
        ask=lambda a: a,
        use=lambda v: (used.set(), v)[1],
    )
    assert result == ["a"]
    assert items == ["a", "c"]


def test_a_slice_is_replaced_before_its_elements_are_there() -> None:
    items = ["x", "y", "z"]
    text = main(
        "%c %a",
        f"""%p = orch.call @ask(%a) : ({ANY}) -> {ANY}
        %l = orch.list(%p, %a) : ({ANY}, {ANY}) -> {LIST}
        {host("%k", "slice(1, 3)", "%a")}
        %t0 = orch.setitem %c[%k] = %l after(%t) : {ANY}, {ANY}, {LIST} -> {TOKEN}
        {length("%n", "%t1", "%c", "%t0")}
        {call("%w", "use", "%n")}""",
        "%w",
        declare("ask") + declare("use"),
    )
    used = threading.Event()
    execute(text, [items, "a"], ask=lambda a: (wait(used), "asked")[1], use=lambda n: used.set())
    assert items == ["x", "asked", "a"]


def test_a_method_of_which_nothing_is_known_has_its_turn() -> None:
    items = [3, 1]
    lines = [
        append("%t0", "%c", "%i", "%t"),
        method("%r1", "%t1", "%c", "__imul__", "%two", after="%t0"),
        append("%t2", "%c", "%i", "%t1"),
    ]
    written(items, f"%two = orch.constant 2 : i64 : {ANY}", *lines)
    assert items == [3, 1, 0, 3, 1, 0, 0]


def test_a_report_says_why_ops_wait_for_their_turn() -> None:
    text = main(
        "%o %a",
        "\n".join([
            call("%y", "ask", "%a"),
            setattribute("%t1", "%o", "n", "%y", "%t"),
            getattribute("%c", "%t2", "%o", "computed", "%t1"),
        ]),
        "%c",
        declare("ask"),
    )  # fmt: skip
    _, report = run(plan_of(text, {"ask": str.upper}), [Agent(), "a"], record=True)
    assert report is not None
    (waited,) = report.waits
    assert (waited.kind, waited.reason) == ("orch.getattr", "reading 'computed' runs code of Agent")


def test_objects_of_unknown_classes_are_written_in_turn() -> None:
    class Table:
        def __init__(self) -> None:
            self.log: list[Any] = []

        def __setitem__(self, key: Any, value: Any) -> None:
            self.log.append((key, value))

        def __getitem__(self, key: Any) -> Any:
            return self.log[-1][1]

        def __contains__(self, key: Any) -> bool:
            return key == self.log[-1][0]

        def __len__(self) -> int:
            return len(self.log)

        def append(self, value: Any) -> None:
            self.log.append(value)

    table = Table()
    lines = [
        setitem("%t0", "%c", "%a", "%p", "%t"),
        getitem("%r1", "%t1", "%c", "%b", "%t0"),
        length("%r2", "%t2", "%c", "%t1"),
        append("%t3", "%c", "%p", "%t2"),
        method("%r4", "%t4", "%c", "append", "%p", after="%t3"),
    ]
    text = main("%c %a %b", "\n".join([call("%p", "ask", "%a"), *lines]), "%r1 %r2", declare("ask"))
    assert execute(text, [table, "a", "b"], ask=str.upper) == ["A", 1]
    assert table.log == [("a", "A"), "A", "A"]


def test_fresh_objects() -> None:
    text = main(
        "%cls %list %r",
        f"""%o, %t0 = orch.new %cls() after(%t) : {ANY}, () -> {ANY}, {TOKEN}
        {call("%y", "ask", "%o")}
        {append("%t1", "%r", "%y", "%t0")}
        %l, %t2 = orch.new %list(%r) after(%t1) : {ANY}, ({ANY}) -> {ANY}, {TOKEN}
        {setattribute("%t3", "%o", "data", "%l", "%t2")}
        {append("%t4", "%l", "%o", "%t3")}""",
        "%o",
        declare("ask"),
    )
    out: list[Any] = ["there"]
    (agent,) = execute(text, [Agent, list, out], ask=lambda o: "asked")
    assert type(agent) is Agent
    assert agent.data == ["there", "asked", agent]
    assert out == ["there", "asked"]


# --- Bounds ---


def test_memory_of_a_loop_is_bounded_by_its_window() -> None:
    alive, most = [0], [0]

    class Private:
        def __init__(self) -> None:
            alive[0] += 1
            most[0] = max(most[0], alive[0])

        def __del__(self) -> None:
            alive[0] -= 1

    body = "\n".join(
        [
            f"%p = orch.call @make(%x) : ({ANY}) -> {ANY}",
            host("%n", "1", "%p"),
            append("%out", "%r", "%n", "%in"),
        ]
    )
    declared = declare("make", more=", nonblocking")
    text = main("%xs %r", loop(body, "%out"), declared=declared)
    out: list[int] = []
    count = 5 * LOOP_WINDOW
    execute(text, [range(count), out], make=lambda x: Private())
    assert out == [1] * count
    assert most[0] <= LOOP_WINDOW + 2


def test_100_000_iterations_on_pending_values_copy_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of a container that grows, in each iteration, would take quadratic time."""

    def refuse(record: Any) -> None:
        raise AssertionError("copied")

    for record in (ListRecord, DictRecord, SetRecord):
        monkeypatch.setattr(record, "start", refuse)
    count = 100_000
    body = "\n".join([
        call("%y", "ask", "%x"),
        append("%t1", "%r", "%y", "%in"),
        length("%n", "%t2", "%r", "%t1"),
        setitem("%t3", "%d", "%n", "%y", "%t2"),
        getitem("%v", "%t4", "%d", "%n", "%t3"),
        getattribute("%m", "%t5", "%o", "n", "%t4"),
        host("%k", "m + v", "%m", "%v"),
        setattribute("%t6", "%o", "n", "%k", "%t5"),
    ])  # fmt: skip
    text = main("%xs %r %d %o", loop(body, "%t6"), declared=declare("ask"))
    out: list[int] = []
    entries: dict[int, int] = {}
    agent = Agent(n=0)
    execute(text, [range(count), out, entries, agent], ask=lambda x: x)
    assert out == list(range(count))
    assert list(entries) == list(range(1, count + 1))
    assert agent.n == sum(range(count))
