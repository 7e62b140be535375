"""Errors of a run: which one is raised, what it is, what it says."""

from __future__ import annotations

import asyncio
import pickle
import threading
import traceback
from typing import Any

import pytest
from engine_support import ANY, LIST, declare, plan_of, run_text

from xcs.runtime import XCSError, XCSExecutionError, run

WAIT = 30.0

ONE_CALL = f"""{declare("f")} func.func @main(%x: {ANY}) -> {ANY} {{
  %r = orch.call @f(%x) : ({ANY}) -> {ANY} loc("app.py":12:5)
  func.return %r : {ANY} }}"""


def raise_(error: BaseException) -> Any:
    raise error


def failure(error: BaseException) -> Any:
    """What a run raises when its one operator raises ``error``."""
    with pytest.raises(type(error)) as caught:
        run_text(ONE_CALL, ["input"], f=lambda x: raise_(error))
    return caught.value


# --- R22 ---


def test_the_text_is_pythons_and_the_traceback_names_operator_line_and_inputs() -> None:
    error = failure(ValueError("too long"))
    assert str(error) == "too long"
    place = "".join(traceback.format_tb(error.__traceback__)[-1:])
    assert place == "  File \"app.py\", line 12, in f on ('input')\n"


def test_the_error_carries_what_happened() -> None:
    original = ValueError("too long")
    error = failure(original)
    assert isinstance(error, XCSExecutionError)
    assert error.node == "orch.call @f"
    assert error.operator == "f"
    assert error.source_line == "app.py:12"
    assert error.inputs == ("'input'",)
    assert error.original_error is original
    assert error.__cause__ is original


def test_the_original_traceback_starts_at_the_users_code() -> None:
    error = failure(ValueError())
    frames = traceback.extract_tb(error.original_error.__traceback__)
    assert [frame.name for frame in frames] == ["<lambda>", "raise_"]


def test_host_tracebacks_point_at_the_users_line() -> None:
    text = f"""func.func @main(%x: {ANY}) -> {ANY} {{
      %r = orch.host "y = x\\nz = y / 0"(%x)
        {{names = ["x"], out_names = ["z"], effects = #orch.effects<pure>}} : ({ANY}) -> {ANY}
        loc("app.py":30:1)
      func.return %r : {ANY} }}"""
    with pytest.raises(ZeroDivisionError) as caught:
        run_text(text, [1])
    assert caught.value.__cause__ is not None
    (frame,) = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert (frame.filename, frame.lineno) == ("app.py", 31)
    assert caught.value.inputs == ("x=1",)  # type: ignore[attr-defined]


def test_inputs_are_shortened() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_text(ONE_CALL, ["x" * 10_000], f=lambda x: 1 / 0)
    assert len("".join(traceback.format_exception(caught.value))) < 5000
    (shown,) = caught.value.inputs  # type: ignore[attr-defined]
    assert len(shown) < 100


def test_inputs_that_cannot_be_shown_do_not_hide_the_error() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

        @property
        def shape(self) -> tuple[int, ...]:
            raise RuntimeError("no shape")

        dtype = "float32"

    with pytest.raises(ZeroDivisionError) as caught:
        run_text(ONE_CALL, [Shy()], f=lambda x: 1 / 0)
    assert caught.value.inputs == ("<Shy>",)  # type: ignore[attr-defined]


# --- Errors of all kinds ---


class Slotted(Exception):
    __slots__ = ("code",)

    def __init__(self, code: int):
        self.code = code


class KeywordOnly(Exception):
    def __init__(self, *, response: str):
        super().__init__("bad response")
        self.response = response


class OwnText(Exception):
    def __init__(self, first: int, second: int):
        self.first, self.second = first, second

    def __str__(self) -> str:
        return f"{self.first} is not {self.second}"


class OwnReduce(Exception):
    def __init__(self, a: int, b: int):
        super().__init__(f"{a}-{b}")
        self.a, self.b = a, b

    def __reduce__(self) -> Any:
        return OwnReduce, (self.a, self.b)


class ReadOnly(ValueError):
    @property
    def detail(self) -> str:
        return "derived"

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(name)


class Refusing(LookupError):
    def __new__(cls, *args: Any) -> Refusing:
        if len(args) != 2:
            raise TypeError("two arguments, please")
        return super().__new__(cls, *args)


ODD_ERRORS = [
    KeyError("key"),
    OSError(2, "No such file", "data.txt"),
    FileNotFoundError(2, "No such file", "data.txt"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    StopIteration("value"),
    StopAsyncIteration(),
    SyntaxError("bad", ("f.py", 3, 1, "x +", 3, 4)),
    ImportError("no module", name="m", path="p"),
    ExceptionGroup("several", [ValueError(1), TypeError(2)]),
    Slotted(7),
    KeywordOnly(response="text"),
    OwnText(1, 2),
    OwnReduce(1, 2),
    ReadOnly("fixed"),
    Refusing(1, 2),
    MemoryError(),
    RecursionError("deep"),
    TimeoutError("late"),
]


@pytest.mark.parametrize("original", ODD_ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_any_type_stays_of_that_type(original: Exception) -> None:
    error = failure(original)
    assert isinstance(error, XCSExecutionError)
    assert error.original_error is original
    assert error.args == original.args
    assert str(error) == str(original)
    assert type(error).__name__ == type(original).__name__


def test_attributes_of_the_original_are_kept() -> None:
    error = failure(FileNotFoundError(2, "No such file", "data.txt"))
    assert (error.errno, error.strerror, error.filename) == (2, "No such file", "data.txt")
    assert failure(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why")).reason == "why"
    assert failure(StopIteration("value")).value == "value"
    assert failure(ImportError("no", name="m")).name == "m"
    assert failure(SystemError("x")).args == ("x",)
    assert failure(Slotted(7)).code == 7
    assert failure(KeywordOnly(response="text")).response == "text"
    assert failure(OwnText(1, 2)).second == 2
    assert failure(ReadOnly("fixed")).detail == "derived"
    group = failure(ExceptionGroup("several", [ValueError(1), TypeError(2)]))
    assert [type(e) for e in group.exceptions] == [ValueError, TypeError]


def test_notes_are_kept() -> None:
    original = ValueError("x")
    original.add_note("look here")
    assert failure(original).__notes__ == ["look here"]


@pytest.mark.parametrize(
    "original", [*ODD_ERRORS[:4], OwnReduce(1, 2)], ids=lambda e: type(e).__name__
)
def test_errors_can_be_pickled_if_the_original_can(original: Exception) -> None:
    error = failure(original)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert copy.args == error.args
    assert str(copy) == str(error)
    assert copy.source_line == "app.py:12"


class Cancelled(BaseException):
    pass


@pytest.mark.parametrize(
    "original",
    [
        SystemExit("stop"), KeyboardInterrupt("stop"), GeneratorExit("stop"), Cancelled("by user"),
        asyncio.CancelledError("by user"), BaseExceptionGroup("g", [ValueError(), SystemExit()]),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_what_is_no_exception_is_not_wrapped(original: BaseException) -> None:
    assert failure(original) is original


def test_one_class_serves_all_errors_of_a_type() -> None:
    assert type(failure(KeyError(1))) is type(failure(KeyError(2)))


def test_errors_of_nested_runs_are_described_once() -> None:
    inner = plan_of(ONE_CALL, {"f": lambda x: 1 / 0})
    with pytest.raises(ZeroDivisionError) as caught:
        run_text(ONE_CALL, ["outer"], f=lambda x: run(inner, ["inner"]))
    assert caught.value.inputs == ("'inner'",)  # type: ignore[attr-defined]
    assert type(caught.value.__cause__) is ZeroDivisionError


def test_a_kernel_that_gives_too_few_values_is_an_error() -> None:
    text = f"""func.func private @k(%x: {ANY}) -> ({ANY}, {ANY})
    func.func @main(%x: {ANY}) -> {ANY} {{
      %a, %b = orch.launch @k(%x) : ({ANY}) -> ({ANY}, {ANY})
      func.return %a : {ANY} }}"""
    with pytest.raises(XCSError, match="k gave 1 values, expected 2"):
        run(plan_of(text, kernels={"k": lambda x: [x]}), [1])


# --- Which error ---


TWO_CALLS = f"""{declare("f")} {declare("g")} func.func @main(%x: {ANY}) -> ({ANY}, {ANY}) {{
  %a = orch.call @f(%x) : ({ANY}) -> {ANY}
  %b = orch.call @g(%x) : ({ANY}) -> {ANY}
  func.return %a, %b : {ANY}, {ANY} }}"""


def test_the_first_error_in_the_program_wins_over_the_first_on_the_clock() -> None:
    later_failed = threading.Event()

    def first(x: Any) -> None:
        assert later_failed.wait(WAIT)
        raise ValueError("first in the program")

    def second(x: Any) -> None:
        later_failed.set()
        raise KeyError("first on the clock")

    with pytest.raises(ValueError, match="first in the program"):
        run_text(TWO_CALLS, [1], f=first, g=second)


def test_a_late_success_before_an_error_changes_nothing() -> None:
    failed = threading.Event()

    def second(x: Any) -> None:
        failed.set()
        raise KeyError("second")

    with pytest.raises(KeyError):
        run_text(TWO_CALLS, [1], f=lambda x: failed.wait(WAIT), g=second)


def test_the_first_failing_iteration_wins() -> None:
    barrier = threading.Barrier(8, timeout=WAIT)

    def f(x: int) -> None:
        barrier.wait()
        if x >= 3:
            raise ValueError(x)

    text = f"""{declare("f")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    with pytest.raises(ValueError, match=r"^3$"):
        run_text(text, [range(8)], f=f)


def test_work_after_an_error_is_not_started() -> None:
    started: list[int] = []

    def f(x: int) -> None:
        started.append(x)
        raise ValueError(x)

    text = f"""{declare("f")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    with pytest.raises(ValueError, match=r"^0$"):
        run_text(text, [range(10_000)], max_workers=1, f=f)
    assert len(started) < 10_000


def test_calls_in_progress_are_awaited() -> None:
    entered, release, left = threading.Event(), threading.Event(), threading.Event()

    def first(x: Any) -> None:
        assert entered.wait(WAIT)
        release.set()
        raise ValueError

    def second(x: Any) -> None:
        entered.set()
        assert release.wait(WAIT)
        left.set()

    with pytest.raises(ValueError):  # noqa: PT011
        run_text(TWO_CALLS, [1], f=first, g=second)
    assert left.is_set()
