"""Console and log output of calls that overlap appears in program order, as it does in Python."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from engine_support import ANY, LIST, declare, plan_of

import xcs
from tests.differential import within_time
from xcs.runtime import Plan, run
from xcs.runtime.clock import simulate

log = logging.getLogger("tests.console")


class Turns:
    """Lets calls happen in another order than that of the program: each waits for its turn."""

    def __init__(self, *order: Any):
        self.order = list(order)
        self.moved = threading.Condition()

    @contextlib.contextmanager
    def of(self, name: Any) -> Iterator[None]:
        with self.moved:
            assert self.moved.wait_for(lambda: self.order[0] == name, timeout=20)
        yield
        with self.moved:
            self.order.pop(0)
            self.moved.notify_all()


def backwards(count: int) -> Turns:
    return Turns(*reversed(range(count)))


def shown(function: Callable[..., Any], *args: Any) -> str:
    """What a call writes to both streams."""
    with contextlib.redirect_stdout(io.StringIO()) as stream, contextlib.redirect_stderr(stream):
        within_time(lambda: function(*args))
    return stream.getvalue()


# --- Program order --------------------------------------------------------------------------------


def test_calls_that_overlap_print_in_program_order() -> None:
    turns = backwards(4)

    @xcs.op
    def tell(x: int) -> int:
        with turns.of(x):
            print("tell", x)
        return x

    @xcs.jit
    def main(xs: list[int]) -> list[int]:
        return [tell(x) for x in xs]

    assert shown(main, range(4)) == "tell 0\ntell 1\ntell 2\ntell 3\n"


def test_output_of_calls_and_of_the_program_itself_alternate() -> None:
    turns = backwards(3)

    @xcs.op
    def tell(x: int) -> str:
        with turns.of(x):
            print("tell", x)
        return str(x)

    @xcs.jit
    def main(xs: list[int]) -> list[str]:
        found = []
        for x in xs:
            print("before", x, found)
            found.append(tell(x))
            print("after", found)
        return found

    assert shown(main, range(3)) == (
        "before 0 []\ntell 0\nafter ['0']\n"
        "before 1 ['0']\ntell 1\nafter ['0', '1']\n"
        "before 2 ['0', '1']\ntell 2\nafter ['0', '1', '2']\n"
    )


def test_both_streams_and_all_ways_to_write_are_in_order() -> None:
    turns = backwards(2)

    @xcs.op
    def tell(x: int) -> None:
        with turns.of(x):
            print("print", x, end=";", flush=True)
            print("error", x, end=";", file=sys.stderr)
            sys.stdout.write(f"write {x};")
            sys.stdout.writelines([f"lines {x};", "\n"])

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)

    assert shown(main) == "".join(f"print {x};error {x};write {x};lines {x};\n" for x in range(2))


def test_a_stream_that_was_kept_from_before_is_in_order_too() -> None:
    turns = backwards(2)
    stream = io.StringIO()

    @xcs.op
    def tell(x: int) -> None:
        with turns.of(x):
            print("kept", x, file=stream)
            print("current", x)

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)

    with contextlib.redirect_stdout(stream):
        within_time(main)
    assert stream.getvalue() == "kept 0\ncurrent 0\nkept 1\ncurrent 1\n"


def a_map(ask: Callable[..., Any]) -> Plan:
    """A call of `ask` on each element."""
    text = f"""{declare("ask")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @ask(%x) : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    return plan_of(text, {"ask": ask})


def test_coroutines_print_in_program_order() -> None:
    async def tell(x: int) -> None:
        for _ in range(3 - x):
            await asyncio.sleep(0)
        print("tell", x)

    assert shown(run, a_map(tell), [range(3)]) == "tell 0\ntell 1\ntell 2\n"


def test_a_nested_run_prints_where_its_call_stands() -> None:
    later = ["outer 1", ("inner", 1, 1), ("inner", 1, 0)]
    turns = Turns(*later, "outer 0", ("inner", 0, 1), ("inner", 0, 0))

    @xcs.op
    def inner(x: int, y: int) -> None:
        with turns.of(("inner", x, y)):
            print("inner", x, y)

    @xcs.jit
    def nested(x: int) -> None:
        for y in range(2):
            inner(x, y)
        print("nested", x)

    @xcs.op
    def outer(x: int) -> None:
        with turns.of(f"outer {x}"):
            print("outer", x)
        nested(x)

    @xcs.jit
    def main() -> None:
        outer(0)
        outer(1)

    expected = "outer {0}\ninner {0} 0\ninner {0} 1\nnested {0}\n"
    assert shown(main) == expected.format(0) + expected.format(1)


def test_runs_at_the_same_time_keep_their_outputs_apart() -> None:
    meet = threading.Barrier(2)

    @xcs.op
    def tell(name: str, x: int) -> None:
        if x == 1:
            meet.wait(20)
        print(name, x)

    @xcs.jit
    def main(name: str) -> None:
        for x in range(3):
            tell(name, x)

    def both() -> None:
        threads = [threading.Thread(target=main, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    lines = shown(both).splitlines()
    assert [line for line in lines if line[0] == "a"] == ["a 0", "a 1", "a 2"]
    assert [line for line in lines if line[0] == "b"] == ["b 0", "b 1", "b 2"]


def test_output_can_be_shown_at_once() -> None:
    turns = backwards(2)

    @xcs.op
    def tell(x: int) -> None:
        with turns.of(x):
            print(x)

    @xcs.jit(config=xcs.Config(console="direct"))
    def main() -> None:
        tell(0)
        tell(1)

    assert shown(main) == "1\n0\n"


# --- When it is shown -----------------------------------------------------------------------------


class Watched(io.StringIO):
    """Tells when a text is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, threading.Event] = {}

    def wait_for(self, text: str) -> None:
        assert self.seen.setdefault(text, threading.Event()).wait(20)

    def write(self, text: str) -> int:
        self.seen.setdefault(text, threading.Event()).set()
        return super().write(text)


def test_a_call_that_has_its_turn_writes_at_once() -> None:
    stream = Watched()
    second_wrote = threading.Event()

    @xcs.op
    def first() -> None:
        second_wrote.wait(20)
        print("first")
        stream.wait_for("first")

    @xcs.op
    def second() -> None:
        print("second")
        second_wrote.set()
        stream.wait_for("second")  # which is when the first has ended
        print("third")
        stream.wait_for("third")

    @xcs.jit
    def main() -> None:
        first()
        second()

    with contextlib.redirect_stdout(stream):
        within_time(main)
    assert stream.getvalue() == "first\nsecond\nthird\n"


def test_an_iteration_that_has_its_turn_writes_at_once() -> None:
    stream = Watched()
    wrote = threading.Event()

    @xcs.op
    def tell(x: int) -> int:
        if x == 0:
            wrote.wait(20)
        print("tell", x)
        wrote.set()
        stream.wait_for(str(x))
        return x

    @xcs.jit
    def main(xs: list[int]) -> list[int]:
        return [tell(x) for x in xs]

    with contextlib.redirect_stdout(stream):
        assert within_time(lambda: main([0, 1, 2])) == [0, 1, 2]
    assert stream.getvalue() == "tell 0\ntell 1\ntell 2\n"


def test_asking_for_input_shows_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Watched()
    answered = threading.Event()

    class Person(io.StringIO):
        def readline(self, *_: Any) -> str:
            stream.wait_for("Name? ")
            answered.set()
            return "Ada\n"

    @xcs.op
    def wait() -> None:
        assert answered.wait(20)

    @xcs.op
    def ask() -> str:
        return input("Name? ")

    @xcs.jit
    def main() -> str:
        wait()
        return ask()

    monkeypatch.setattr(sys, "stdin", Person())
    with contextlib.redirect_stdout(stream):
        assert within_time(main) == "Ada"


# --- Errors ---------------------------------------------------------------------------------------


def refusing(turns: Turns) -> Any:
    @xcs.op
    def tell(x: int) -> int:
        with turns.of(x):
            print("tell", x)
        if x == 1:
            raise ValueError(x)
        return x

    return tell


def test_what_comes_after_an_error_is_not_shown() -> None:
    tell = refusing(backwards(3))

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)
        tell(2)
        print("never")

    def caught() -> None:
        with pytest.raises(ValueError, match="1"):
            main()

    assert shown(caught) == "tell 0\ntell 1\n"


def test_a_handled_error_hides_the_rest_of_the_body_only() -> None:
    tell = refusing(Turns(3, 2, 1, 0))

    @xcs.jit
    def main() -> None:
        try:
            tell(0)
            tell(1)
            tell(2)
        except ValueError:
            print("handled")
        tell(3)

    assert shown(main) == "tell 0\ntell 1\nhandled\ntell 3\n"


def test_each_try_of_a_call_shows_its_output() -> None:
    first = threading.Event()
    tries = iter(range(3))

    @xcs.op
    def wait() -> None:
        assert first.wait(20)
        print("waited")

    @xcs.op(retries=2, backoff=0.0001)
    def flaky() -> None:
        number = next(tries)
        print("try", number)
        if number < 2:
            raise ConnectionError
        first.set()

    @xcs.jit
    def main() -> None:
        wait()
        flaky()

    assert shown(main) == "waited\ntry 0\ntry 1\ntry 2\n"


def test_calls_with_a_time_limit_hold_their_output_back() -> None:
    turns = backwards(2)

    @xcs.op(timeout=20)
    def tell(x: int) -> None:
        with turns.of(x):
            print(x)

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)

    assert shown(main) == "0\n1\n"


def test_a_stream_that_breaks_fails_the_call_that_wrote() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError("gone")

    second = threading.Event()

    @xcs.op
    def wait() -> None:
        assert second.wait(20)

    @xcs.op
    def tell() -> None:
        print("tell")
        second.set()

    @xcs.jit
    def main() -> None:
        wait()
        tell()

    stream = Broken()
    with contextlib.redirect_stdout(stream), pytest.raises(BrokenPipeError) as caught:
        within_time(main)
    assert isinstance(caught.value, xcs.XCSExecutionError)
    assert caught.value.node == "orch.call @tell"
    assert "write" not in vars(stream)


def test_what_a_stream_cannot_take_fails_in_the_call() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    done = threading.Event()

    @xcs.op
    def wait() -> None:
        assert done.wait(20)

    @xcs.op
    def tell() -> list[str]:
        failed = []
        for text in ("é", 1):
            try:
                sys.stdout.write(text)  # type: ignore[arg-type]
            except (UnicodeEncodeError, TypeError) as error:
                failed.append(type(error).__name__)
        done.set()
        return failed

    @xcs.jit
    def main() -> list[str]:
        wait()
        return tell()

    with contextlib.redirect_stdout(stream):
        assert within_time(main) == ["UnicodeEncodeError", "TypeError"]


# --- The streams ----------------------------------------------------------------------------------


def test_the_streams_stay_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr, dict(vars(sys.stdout)), logging.Logger.callHandlers
    turns = backwards(2)
    found = []

    @xcs.op
    def tell(x: int) -> None:
        with turns.of(x):
            found.append((sys.stdout, sys.stdout.isatty(), sys.stdout.encoding))
            print(x)

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)

    within_time(main)
    assert found == [(sys.stdout, sys.stdout.isatty(), sys.stdout.encoding)] * 2
    assert capsys.readouterr().out == "0\n1\n"
    after = sys.stdout, sys.stderr, dict(vars(sys.stdout)), logging.Logger.callHandlers
    assert after == before


def test_a_stream_with_a_method_of_its_own_keeps_it() -> None:
    written: list[str] = []
    stream = io.StringIO()
    stream.write = written.append  # type: ignore[assignment, method-assign]
    mine = stream.write
    turns = backwards(2)

    @xcs.op
    def tell(x: int) -> None:
        with turns.of(x):
            print(x, end="")

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)

    with contextlib.redirect_stdout(stream):
        within_time(main)
    assert [text for text in written if text] == ["0", "1"]
    assert stream.write is mine


def test_a_call_can_redirect_its_own_output() -> None:
    done = threading.Event()

    @xcs.op
    def wait() -> None:
        assert done.wait(20)
        print("waited")

    @xcs.op
    def quiet() -> str:
        print("before")
        with contextlib.redirect_stdout(io.StringIO()) as own:
            print("own")
        with contextlib.redirect_stdout(sys.stderr):
            print("to the other")
        print("after")
        done.set()
        return own.getvalue()

    @xcs.jit
    def main() -> str:
        wait()
        return quiet()

    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        assert within_time(main) == "own\n"
    assert out.getvalue() == "waited\nbefore\nafter\n"
    assert err.getvalue() == "to the other\n"


def test_the_program_can_redirect_the_output_of_its_calls() -> None:
    inner = io.StringIO()

    @xcs.op
    def tell(x: int) -> None:
        print("tell", x)

    @xcs.jit
    def main() -> None:
        tell(0)
        with contextlib.redirect_stdout(inner):
            tell(1)
        tell(2)

    assert shown(main) == "tell 0\ntell 2\n"
    assert inner.getvalue() == "tell 1\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_a_child_process_writes_at_once() -> None:
    ended = threading.Event()
    read, write = os.pipe()

    @xcs.op
    def wait() -> None:
        assert ended.wait(20)

    @xcs.op
    def fork() -> None:
        print("kept by the parent")
        child = os.fork()
        if child == 0:
            print("child")
            os.write(write, sys.stdout.getvalue().encode())  # type: ignore[attr-defined]
            os._exit(0)
        os.waitpid(child, 0)
        ended.set()

    @xcs.jit
    def main() -> None:
        wait()
        fork()

    assert shown(main) == "kept by the parent\n"
    assert os.read(read, 100) == b"child\n"
    os.close(read)
    os.close(write)


# --- Logs -----------------------------------------------------------------------------------------


class Records(logging.Handler):
    """Keeps what it is given, and the context that it is given it in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[logging.LogRecord, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append((record, REQUEST.get()))


REQUEST: ContextVar[str] = ContextVar("request", default="none")


@pytest.fixture
def records() -> Iterator[list[tuple[logging.LogRecord, str]]]:
    handler = Records()
    log.addHandler(handler)
    log.setLevel("INFO")
    yield handler.found
    log.removeHandler(handler)


def test_records_reach_handlers_in_program_order(records: list[Any]) -> None:
    turns = backwards(3)
    threads: dict[int, str] = {}

    @xcs.op
    def tell(x: int) -> None:
        REQUEST.set(f"request {x}")
        threads[x] = threading.current_thread().name
        seen: list[Any] = [x]
        with turns.of(x):
            log.info("tell %s %r", x, seen)
            log.debug("not wanted")
        seen.append("later")

    @xcs.jit
    def main() -> None:
        for x in range(3):
            tell(x)
            log.warning("told %d", x)

    within_time(main)
    messages = [record.getMessage() for record, _ in records]
    assert messages == ["tell 0 [0]", "told 0", "tell 1 [1]", "told 1", "tell 2 [2]", "told 2"]
    told = [(record, request) for record, request in records if record.levelname == "INFO"]
    assert [request for _, request in told] == ["request 0", "request 1", "request 2"]
    assert [record.threadName for record, _ in told] == [threads[x] for x in range(3)]
    times = [record.created for record, _ in told]
    assert times == sorted(times, reverse=True)  # when they were made
    plain = [record for record, _ in records if record.levelname == "WARNING"]
    assert [(record.msg, record.args) for record in plain] == [("told %d", (x,)) for x in range(3)]


def test_logs_and_prints_keep_their_order(records: list[Any]) -> None:
    turns = backwards(2)
    handler: logging.StreamHandler[Any] = logging.StreamHandler()

    @xcs.op
    def tell(x: int) -> None:
        with turns.of(x):
            print("print", x)
            log.info("log %s", x)
            print("again", x)

    @xcs.jit
    def main() -> None:
        tell(0)
        tell(1)

    def logged() -> None:
        handler.setStream(sys.stdout)
        log.addHandler(handler)
        main()

    try:
        assert shown(logged) == "".join(f"print {x}\nlog {x}\nagain {x}\n" for x in range(2))
    finally:
        log.removeHandler(handler)


def noted(x: str) -> str:
    log.info("noted %s", x)
    return x.upper()


def test_functions_that_log_do_so_in_program_order(records: list[Any]) -> None:
    turns = Turns("b", "a")

    @xcs.op
    def ask(x: str) -> str:
        with turns.of(x):
            log.info("ask %s", x)
        return x

    @xcs.jit
    def main(xs: list[str]) -> list[str]:
        return [noted(ask(x)) for x in xs]

    assert within_time(lambda: main(["a", "b"])) == ["A", "B"]
    messages = [record.getMessage() for record, _ in records]
    assert messages == ["ask a", "noted a", "ask b", "noted b"]


def test_iterations_that_only_log_wait_for_what_is_before_them(records: list[Any]) -> None:
    turns = Turns("end", "x")

    @xcs.op
    def ask(x: str) -> str:
        with turns.of(x):
            log.info("ask %s", x)
        return x

    @xcs.jit
    def main(x: str, xs: list[str]) -> tuple[str, list[str], str]:
        return ask(x), [noted(each) for each in xs], ask("end")

    expected = "x", ["A", "B"], "end"
    assert within_time(lambda: main("x", ["a", "b"])) == expected
    messages = [record.getMessage() for record, _ in records]
    assert messages == ["ask x", "noted a", "noted b", "ask end"]


# --- What may overlap -----------------------------------------------------------------------------


def slow(x: int) -> int:
    print("start", x)
    time.sleep(0.001 * (3 - x))
    print("end", x)
    return x


@functools.cache
def jitted(console: Any, effects: Any = "default") -> Any:
    @xcs.jit(config=xcs.Config(console=console, effects=effects))
    def main(xs: list[int]) -> list[int]:
        return [slow(x) for x in xs]

    return main


@pytest.mark.parametrize("settings", [("held",), ("direct",), ("held", "strict")])
def test_functions_that_wait_and_print_show_it_in_order(settings: tuple[str, ...]) -> None:
    assert shown(jitted(*settings), [0, 1, 2]) == "".join(f"start {x}\nend {x}\n" for x in range(3))


def test_functions_that_wait_and_print_run_at_once() -> None:
    assert "iterations run at once" in jitted("held").explain([0, 1, 2])
    assert "iterations run at once" not in jitted("direct").explain([0, 1, 2])
    assert "iterations run at once" not in jitted("held", "strict").explain([0, 1, 2])


def test_printing_takes_no_time_from_what_overlaps() -> None:
    def ask(x: int) -> int:
        print(x)
        return x

    with contextlib.redirect_stdout(io.StringIO()) as stream:
        found = simulate(a_map(ask), [[3, 2, 1]], {"ask": float})
    assert found.makespan == 3.0
    assert [call.end for call in found.calls] == [1.0, 2.0, 3.0]
    assert stream.getvalue() == "3\n2\n1\n"
