"""Small programs of kinds that xcs once ran differently: each does jitted what it does plain."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
import types
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from differential import Outcome, observe, within_time
from faults_programs import CASES

import xcs
from tests.programs.harness import measure
from tests.programs.world import model


def fresh_module() -> types.ModuleType:
    """The programs, with globals that no other run has changed."""
    name = "faults_programs_fresh"  # always the same, as it shows in the texts of errors
    path = Path(__file__).with_name("faults_programs.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # as for any import: dataclasses and pickling look there
    spec.loader.exec_module(module)
    return module


@dataclass
class Seen:
    """What one call came to."""

    outcome: Outcome
    message: str
    console: str
    calls: Counter[Any]


def run(name: str, jit: Callable[..., Any]) -> list[Seen]:
    """Make the calls of a program, or of a script, and record what a caller sees."""
    module = fresh_module()
    case = module.CASES[name]
    function = case.function if case.is_script else jit(case.function)
    calls = [lambda: (jit,)] if case.is_script else case.calls
    seen = []
    for make in calls:
        del module.CALLS[:]
        message = ""

        def watched(*args: Any) -> Any:
            nonlocal message
            try:
                return function(*args)
            except BaseException as error:
                message = str(error)
                raise

        args = make()
        # The argument of a script is no state of the program.
        given = partial(watched, *args) if case.is_script else watched
        with redirect_stdout(StringIO()) as stream, redirect_stderr(stream):
            outcome = observe(given, () if case.is_script else args, state=module.observed)
        seen.append(Seen(outcome, message, stream.getvalue(), Counter(module.CALLS)))
    return seen


@pytest.mark.parametrize("name", CASES)
def test_fault(name: str) -> None:  # R1, R7, R8, R22
    expected = within_time(lambda: run(name, lambda function, **_: function))
    found = within_time(lambda: run(name, xcs.jit))
    for plain, jitted in zip(expected, found, strict=True):
        assert jitted.outcome == plain.outcome
        assert jitted.message == plain.message
        assert jitted.console == plain.console
        if plain.outcome.error is None:
            assert jitted.calls == plain.calls
        else:
            assert jitted.calls >= plain.calls


# --- What is not a difference, but a loss ---------------------------------------------------------


@model()
def ask(prompt: str) -> str:
    return f"<{prompt}>"


@model()
def moody(prompt: str) -> str:
    if "3" in prompt:
        raise ValueError(prompt)
    return f"<{prompt}>"


def judge(text: str) -> str:
    try:
        return moody(text)
    except ValueError:
        return "none"


def judge_all(texts: list[str]) -> list[str]:
    out = []
    for text in texts:
        out.append(judge(text))
    return out


@dataclass
class Agent:
    name: str
    asked: int = 0

    def answer(self, question: str) -> str:
        self.asked += 1
        return ask(f"{self.name}: {question}")


def run_agent(agent: Agent, questions: list[str]) -> list[str]:
    return [agent.answer(question) for question in questions]


def patient(text: str) -> str:
    for pause in [1, 2, 4]:
        try:
            reply = moody(text)
            break
        except ValueError:
            reply = "none"
            if pause == 0:
                time.sleep(pause)
    return reply


def ask_patiently(texts: list[str]) -> list[str]:
    return [patient(text) for text in texts if text != "3"]


@model()
def respond(prompt: str) -> Any:
    return {"choices": [{"text": f"<{prompt}>"}]}


def respond_patiently(texts: list[str]) -> list[str]:
    out = []
    for text in texts:
        try:
            response = respond(text)
        except ValueError:
            raise
        out.append(response["choices"][0]["text"])
    return out


class Asking:
    def __call__(self, text: str) -> str:
        return ask(text)


def call_all(asking: Asking, texts: list[str]) -> list[str]:
    return [asking(text) for text in texts]


class AgentOfMany(Agent):
    def answer(self, question: str) -> str:
        return super(AgentOfMany, self).answer(f"{question}!")  # noqa: UP008

    def answer_all(self, questions: list[str]) -> list[str]:
        return [super(AgentOfMany, self).answer(question) for question in questions]


def run_agent_of_many(agent: AgentOfMany, questions: list[str]) -> list[str]:
    return agent.answer_all(questions)


def by_method(args: types.SimpleNamespace, texts: list[str]) -> list[str]:
    if args.method == "ask":
        return [ask(text) for text in texts]
    return texts


TEXTS = [str(n) for n in range(5)]


@pytest.mark.parametrize(
    ("function", "make"),
    [
        (judge_all, lambda: (TEXTS,)),
        (run_agent, lambda: (Agent("ada"), TEXTS)),
        (by_method, lambda: (types.SimpleNamespace(method="ask"), TEXTS)),
        (run_agent_of_many, lambda: (AgentOfMany("bob"), TEXTS)),
        (ask_patiently, lambda: ([*TEXTS, "5"],)),
        (respond_patiently, lambda: (TEXTS,)),
        (call_all, lambda: (Asking(), TEXTS)),
    ],
    ids=[
        "try around an operator",
        "agent that counts",
        "branch on configuration",
        "super",
        "a wait in a handler",
        "parts of a response",
        "an instance that is called",
    ],
)
def test_calls_overlap(function: Any, make: Callable[[], tuple[Any, ...]]) -> None:  # R4
    jitted = xcs.jit(function, config=xcs.Config(max_workers=64))
    found = measure(lambda: function(*make()), lambda: jitted(*make()))
    assert (found.sequential, found.jitted) == (5.0, 1.0)


def test_fresh_objects_as_arguments_are_captured_once() -> None:  # R9
    jitted = xcs.jit(run_agent)
    for number in range(5):
        jitted(Agent(f"agent {number}"), TEXTS)
    stats = xcs.get_jit_stats(jitted)
    assert stats["cache_hit_rate"] == 4 / 5


ENDLESS = """
import xcs

@xcs.jit
def f(n):
    return f(n + 1)

try:
    f(0)
except RecursionError:
    print("too deep")
"""


def test_endless_recursion_ends(tmp_path: Path) -> None:  # R22
    program = tmp_path / "endless.py"
    program.write_text(ENDLESS)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "too deep\n"
