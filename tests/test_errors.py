"""`wrap_error`: what arrives is what plain Python would have raised, with more on it."""

from __future__ import annotations

import abc
import asyncio
import copy
import gc
import pickle
import subprocess
import sys
import traceback
import weakref
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from xcs.runtime import XCSError, XCSExecutionError
from xcs.runtime.errors import describe_error, keep_others, wrap_error


def wrapped(error: BaseException, inputs: tuple[str, ...] = ("'q'",)) -> Any:
    return wrap_error(error, "orch.call @ask", "ask", "app.py:12", inputs)


# --- Text ---


def test_the_text_is_the_originals() -> None:
    with pytest.raises(ValueError, match=r"^bad n$"):
        raise wrapped(ValueError("bad n"))


def test_the_class_has_the_originals_name() -> None:
    error = wrapped(KeyError("k"))
    assert (type(error).__name__, type(error).__module__) == ("KeyError", "builtins")
    assert repr(error) == "KeyError('k')"
    assert traceback.format_exception_only(error) == ["KeyError: 'k'\n"]


def test_the_traceback_ends_at_the_line_of_the_call() -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        raise wrapped(ValueError("bad"), ("n=1", "'two\n'"))
    entry = traceback.extract_tb(caught.tb)[-1]
    assert (entry.filename, entry.lineno) == ("app.py", 12)
    assert entry.name == "ask on (n=1, 'two ')"
    assert entry.colno is None


def test_the_interpreter_prints_the_line_as_well(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text("\n\nanswer = ask(question)\n")
    program = f"""
from xcs.runtime.errors import wrap_error
raise wrap_error(ValueError("bad"), "orch.call @ask", "ask", {f"{app}:3"!r}, ["'q'"])
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = f"""  File "{app}", line 3, in ask on ('q')
    answer = ask(question)
ValueError: bad
"""
    assert done.stderr.endswith(expected), done.stderr


def test_an_error_in_one_line() -> None:
    assert describe_error(wrapped(KeyError("k"))) == (
        "ask on ('q') failed at app.py:12: KeyError: 'k'"
    )
    assert describe_error(XCSError("no such thing")) == "no such thing"


def test_a_line_that_is_not_known_is_not_shown() -> None:
    error = wrap_error(ValueError(), "orch.call @ask", "ask", "?", ())
    assert error.__traceback__ is None


def test_the_original_is_not_changed() -> None:
    original = ValueError("shared")
    original.add_note("mine")
    before = dict(vars(original))
    for _ in range(3):
        error = wrapped(original)
    assert vars(original) == before
    assert error.__notes__ == ["mine"]
    error.add_note("handler's")
    assert original.__notes__ == ["mine"]


class ById(Exception):
    def __str__(self) -> str:
        return f"error {id(self)}"


def test_a_text_that_depends_on_the_object_is_the_originals() -> None:
    original = ById()
    assert str(wrapped(original)) == str(original)


class Code(Exception):
    code = 0

    def __str__(self) -> str:
        return f"code {self.code}"


def test_what_a_handler_changes_shows() -> None:
    error = wrapped(ValueError("bad"))
    error.args = (f"{error.args[0]} in line 3",)
    assert str(error) == "bad in line 3"
    error = wrapped(Code())
    error.code = 7
    assert str(error) == "code 7"
    error = wrapped(OSError(2, "gone", "a"))
    error.filename = "b"
    assert str(error) == "[Errno 2] gone: 'b'"


def test_a_handler_that_makes_an_error_of_the_same_class_gets_the_original_class() -> None:
    class Tool(Exception):
        def __init__(self, text: str, *, code: int):
            super().__init__(text)
            self.code = code

    error = wrapped(Tool("x", code=1))
    again = type(error)("y", code=2)
    assert type(again) is Tool
    assert again.code == 2


# --- Attributes ---


class Claims(Exception):
    """Has attributes of the names that xcs uses."""

    operator = "mine"

    def __init__(self, inputs: list[int]):
        self.inputs = inputs
        self.original_error = "mine too"

    @property
    def node(self) -> str:
        raise RuntimeError("asked")


def test_attributes_of_the_originals_win() -> None:
    error = wrapped(Claims([1]))
    assert isinstance(error, Claims)
    assert (error.inputs, error.operator, error.original_error) == ([1], "mine", "mine too")
    assert error.source_line == "app.py:12"  # type: ignore[attr-defined]
    assert copy.copy(error).inputs == [1]


class Bad(Exception):
    @property
    def response(self) -> Any:
        raise RuntimeError("no response")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


def test_properties_that_raise_are_not_asked() -> None:
    original = Bad("x")
    error = wrapped(original)
    assert isinstance(error, Bad)
    assert error.original_error is original


# --- Which errors ---


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(1), GeneratorExit(),
        BaseExceptionGroup("g", [ValueError(), KeyboardInterrupt()]), BaseException("b"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_what_is_no_exception_arrives_untouched(error: BaseException) -> None:
    assert wrapped(error) is error
    assert not vars(error)


def test_groups_can_be_split() -> None:
    leaves = [ValueError(1), TypeError(2)]
    handled: list[BaseException] = []

    def handle() -> None:
        try:
            raise wrapped(ExceptionGroup("several", leaves))
        except* ValueError as values:
            handled.extend(values.exceptions)

    with pytest.raises(ExceptionGroup) as caught:
        handle()
    assert handled == leaves[:1]
    assert caught.value.exceptions == (leaves[1],)
    error = wrapped(ExceptionGroup("several", leaves))
    assert error.exceptions == tuple(leaves)
    assert error.message == "several"
    assert str(error) == "several (2 sub-exceptions)"


class Errors(ExceptionGroup[Exception]):
    def __new__(cls, errors: list[Exception]) -> Errors:
        return super().__new__(cls, f"{len(errors)} errors", errors)

    def derive(self, excs: Any) -> Errors:  # type: ignore[override]
        return Errors(excs)  # type: ignore[call-arg]


def test_groups_of_other_classes_can_be_split() -> None:
    error = wrapped(Errors([ValueError(1), TypeError(2)]))  # type: ignore[call-arg]
    found, rest = error.split(ValueError)
    assert isinstance(error, Errors)
    assert isinstance(error, XCSExecutionError)
    assert type(found) is type(rest) is Errors
    assert (found.message, rest.message) == ("1 errors", "1 errors")


# --- Classes ---


def test_no_init_subclass_runs() -> None:
    made: list[str] = []

    class Registered(Exception):
        def __init_subclass__(cls, *, code: int) -> None:
            made.append(cls.__name__)

    error = wrapped(Registered("x"))
    assert isinstance(error, Registered)
    assert isinstance(error, XCSExecutionError)
    assert made == []


def test_no_metaclass_runs() -> None:
    made: list[str] = []

    class Meta(type):
        def __new__(mcls, name: str, bases: Any, namespace: Any) -> Any:
            made.append(name)
            return super().__new__(mcls, name, bases, namespace)

        def __init__(cls, *args: Any) -> None:
            made.append("init")

        def __call__(cls, *args: Any) -> Any:
            made.append("call")
            return super().__call__(*args)

        def __setattr__(cls, name: str, value: Any) -> None:
            made.append(f"set {name}")

        def __hash__(cls) -> int:
            made.append("hash")
            return 0

        @property
        def __dict__(cls) -> Any:  # type: ignore[override]
            raise RuntimeError("no dict")

    class Meticulous(Exception, metaclass=Meta):
        pass

    original = Meticulous("x")
    made.clear()
    error = wrapped(original)
    assert made == []
    assert isinstance(error, Meticulous)
    assert isinstance(error, XCSExecutionError)
    assert str(error) == "x"


T = TypeVar("T")


class Abstract(Exception, abc.ABC):
    @abc.abstractmethod
    def explain(self) -> str: ...


class Concrete(Abstract):
    def explain(self) -> str:
        return "because"


class Typed(Exception, Generic[T]):
    pass


class Frozen(Exception):
    __slots__ = ("__code", "note")

    def __init__(self, code: int):
        object.__setattr__(self, "_Frozen__code", code)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("frozen")

    def __str__(self) -> str:
        return f"frozen {self.__code}"


@pytest.mark.parametrize(
    "original", [Concrete("x"), Typed[int]("y"), Frozen(3)], ids=lambda e: type(e).__name__
)
def test_classes_of_all_kinds(original: Exception) -> None:
    error = wrapped(original)
    assert isinstance(error, type(original))
    assert isinstance(error, XCSExecutionError)
    assert (str(error), error.args) == (str(original), original.args)
    assert not isinstance(original, type(error)) or type(original) is Concrete


def test_a_class_that_none_derives_from_arrives_itself() -> None:
    class Final(type):
        def mro(cls) -> Any:
            if cls.__name__ == "Last" and len(cls.__bases__) > 1:
                raise TypeError("final")
            return super().mro()

    class Last(Exception, metaclass=Final):
        pass

    original = Last("x")
    error = wrapped(original)
    assert error is original
    assert (error.operator, error.original_error) == ("ask", original)  # type: ignore[attr-defined]
    assert original.__notes__ == ["xcs: ask on ('q') failed at app.py:12"]
    assert wrap_error(original, "outer", "outer", "b.py:1", ()) is original
    assert original.operator == "ask"  # type: ignore[attr-defined]


def test_classes_and_errors_are_not_kept() -> None:
    class Local(Exception):
        pass

    class Payload:
        pass

    payload = Payload()
    error = wrapped(Local(payload))
    kept = [weakref.ref(Local), weakref.ref(type(error)), weakref.ref(payload)]
    del Local, error, payload
    gc.collect()
    assert [ref() for ref in kept] == [None, None, None]


# --- Copies ---


@pytest.mark.parametrize("original", [KeyError("k"), OSError(2, "gone", "f"), Claims([1])])
def test_copies_are_equal(original: Exception) -> None:
    error = wrapped(original)
    for other in (copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert (str(other), other.args) == (str(error), error.args)
    if not isinstance(original, Claims):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


# --- Several errors ---


def test_other_errors_are_kept() -> None:
    error, others = wrapped(ValueError("first")), [wrapped(KeyError(i)) for i in range(40)]
    assert error.other_errors == ()
    keep_others(error, others)
    assert error.other_errors == tuple(others[:16])
    assert str(error) == "first"
    keep_others(interrupt := KeyboardInterrupt(), others)
    assert not vars(interrupt)
