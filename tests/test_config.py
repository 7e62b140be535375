"""Presets, environment variables, and bars of progress. Row R31."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

import xcs


@xcs.op
def ask(question: str) -> str:
    return f"<{question}>"


PRESETS = ["DEBUG", "SERIAL", "LIGHTWEIGHT", "SECURE"]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_give_what_python_gives(name: str) -> None:
    program = lambda q: [ask(q + str(i)) for i in range(3)]
    assert xcs.jit(program, config=getattr(xcs.Config, name))("q") == program("q")


def test_presets_mean_what_they_say() -> None:
    assert xcs.Config.DEBUG.max_workers == xcs.Config.SERIAL.max_workers == 1
    assert xcs.Config.DEBUG.effects == xcs.Config.SECURE.effects == "strict"
    assert xcs.Config.DEBUG.console == "direct"
    assert xcs.Config.LIGHTWEIGHT.max_workers == 8
    assert xcs.Config.SECURE.require == "compiled"


def test_environment_variables_give_what_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XCS_MAX_WORKERS", "3")
    monkeypatch.setenv("XCS_EFFECTS", "strict")
    monkeypatch.setenv("XCS_PROFILE", "1")
    config = xcs.Config()
    assert (config.max_workers, config.effects, config.profile) == (3, "strict", True)
    assert xcs.Config(max_workers=5).max_workers == 5


@pytest.mark.parametrize(
    ("variable", "value"),
    [("XCS_MAX_WORKERS", "many"), ("XCS_PROFILE", "yes"), ("XCS_EFFECTS", "none")],
)
def test_environment_variables_are_checked(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(xcs.XCSError, match=value):
        xcs.Config()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, program: Any, *args: Any) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("xcs.runtime.progress.DELAY_SECONDS", 0)
    xcs.jit(program, config=xcs.Config(progress=True))(*args)
    return stream.getvalue()


def outer(qs: list[str]) -> list[list[str]]:
    answers = []
    for q in qs:
        answers.append([ask(q + str(i)) for i in range(3)])
    return answers


def test_a_long_loop_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Terminal(), outer, list("abcdef"))
    line = outer.__code__.co_firstlineno + 2
    assert f"test_config.py:{line}: 100%" in text
    assert "6/6" in text
    assert text.count(":") < 400
    assert f":{line + 1}" not in text  # a loop in another one has none


def test_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = []

    @xcs.op(retries=1, backoff=0.001)
    def flaky(q: str) -> str:
        if q == "b" and not failed:
            failed.append(q)
            raise ConnectionError(q)
        return q

    text = shown(monkeypatch, Terminal(), lambda qs: [flaky(q) for q in qs], list("abc"))
    assert "failures=1" in text


def test_nothing_is_shown_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), outer, list("abc")) == ""
