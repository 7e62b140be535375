"""Reflexion: write code, test it, reflect on what failed, try again with the reflections in mind.

Tests are written by a model as well; the memory of reflections is bounded.
"""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import dataclass, field

from tests.programs.world import effect, model, number, pick, tool

# --- The simulated world ---


@model(2.0)
def generate_code(prompt: str) -> str:
    body = pick(prompt, "a + b", "a - b", "a * b", "a +", "b + a")
    return f"```python\ndef add(a, b):\n    return {body}\n```"


@model()
def generate_tests(task: str, part: int) -> str:
    a, b = number(task, 0, 9, salt=str(part)), number(task, 1, 9, salt=f"b{part}")
    return f"assert add({a}, {b}) == {a + b}\nassert add(0, {b}) == {b}"


@model()
def reflect(code: str, feedback: str) -> str:
    return f"The mistake was in {feedback[:20]!r}; next time {number(code, 1, 99)} checks."


@tool(0.5)
def run_test(code: str, test: str) -> str:
    scope: dict[str, object] = {}
    try:
        exec(code, scope)
        exec(test, scope)
    except AssertionError:
        return "failed"
    except Exception as error:
        return type(error).__name__
    return "passed"


@effect()
def submit(task: str, code: str) -> int:
    """Hand a solution in, and get a number for it."""
    return len(code)


# --- The program ---


class Unsolved(RuntimeError):
    """No attempt passed its tests."""

    def __init__(self, task: str, attempts: int) -> None:
        super().__init__(task, attempts)
        self.task = task
        self.attempts = attempts

    def __str__(self) -> str:
        return f"{self.task} is unsolved after {self.attempts} attempts"


@dataclass
class Memory:
    """What an agent remembers from its failures, at most so many."""

    notes: deque[str] = field(default_factory=lambda: deque(maxlen=2))
    total: int = 0

    def add(self, note: str) -> None:
        self.notes.append(note)
        self.total += 1

    def __bool__(self) -> bool:
        return bool(self.notes)

    def render(self) -> str:
        return "\n".join(f"- {note}" for note in self.notes)


@dataclass
class Attempt:
    """A solution and what its tests gave."""

    code: str
    results: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return bool(self.results) and set(self.results.values()) == {"passed"}

    def feedback(self) -> str:
        return "; ".join(f"{test}: {r}" for test, r in self.results.items() if r != "passed")


def extract(reply: str) -> str:
    """The code between fences, without them."""
    _, fence, rest = reply.partition("```python\n")
    return rest.partition("```")[0] if fence else reply


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


class Coder:
    """Solves one task after another; each with a memory of its own."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts
        self.log: list[str] = []

    def tests(self, task: str) -> list[str]:
        replies = [generate_tests(task, part) for part in range(3)]
        lines = [line for reply in replies for line in reply.splitlines()]
        return list(dict.fromkeys(line for line in lines if parses(line)))

    def attempt(self, task: str, memory: Memory, tests: list[str]) -> Attempt:
        prompt = f"Write code.\n{task}"
        if memory:
            prompt += f"\nRemember:\n{memory.render()}"
        code = extract(generate_code(prompt))
        if not parses(code):
            return Attempt(code, {"syntax": "invalid"})
        return Attempt(code, {test: run_test(code, test) for test in tests})

    def solve(self, task: str) -> Attempt:
        memory, tests = Memory(), self.tests(task)
        for count in range(self.attempts):
            attempt = self.attempt(task, memory, tests)
            if attempt.passed:
                self.log.append(f"{task}: passed at attempt {count + 1}")
                return attempt
            self.log.append(f"{task}: {attempt.feedback()}")
            memory.add(reflect(attempt.code, attempt.feedback()))
        raise Unsolved(task, self.attempts)


def main(tasks: list[str], attempts: int = 3) -> dict[str, object]:
    coder = Coder(attempts)
    solved: dict[str, str] = {}
    unsolved: list[str] = []
    for task in tasks:
        try:
            solution = coder.solve(task)
        except Unsolved as error:
            print(error)
            unsolved.append(error.task)
        else:
            solved[task] = solution.code
        finally:
            coder.log.append(f"done with {task}")
    receipts = [submit(task, code) for task, code in solved.items()]
    return {"solved": solved, "unsolved": unsolved, "log": coder.log, "receipts": receipts}


def arguments() -> tuple[list[str], int]:
    return [f"Task {name}: add two numbers" for name in ("A", "B", "C", "D", "E")], 3
