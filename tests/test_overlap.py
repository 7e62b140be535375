"""Idioms of programs around slow calls: how long each takes that runs as soon as its data allow.

Every call of `ask` takes one unit of a virtual clock. Each program is also checked to do what it
does as plain Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import xcs
from tests.programs import harness
from tests.programs.world import World, entered, model


class Refused(ValueError):
    """An answer that is not what was asked for."""

    def __init__(self, prompt: str, reason: str = "refused"):
        super().__init__(f"{reason}: {prompt}")
        self.prompt = prompt


@model()
def ask(prompt: str, tries: int = 0) -> str:
    if "refuse" in prompt and tries == 0:
        raise Refused(prompt)
    return f"<{prompt}{tries or ''}>"


NUMBER = re.compile(r"(\d+)>")
PROGRAMS: dict[str, tuple[Callable[[], Any], float]] = {}


def takes(units: float) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A program with the time that its critical path takes."""

    def keep(function: Callable[[], Any]) -> Callable[[], Any]:
        PROGRAMS[function.__name__] = function, units
        return function

    return keep


@takes(2)
def methods_of_compiled_patterns():
    return [ask(NUMBER.findall(ask(f"{number}"))[0]) for number in range(4)]


@takes(2)
def errors_as_text():
    found = []
    for number in range(4):
        try:
            found.append(ask(f"refuse {number}"))
        except Refused as error:
            found.append(ask(f"{error} ({error.prompt})", tries=1))
    return found


class Agent:
    """Asks until it is done; others may hold its notes."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes
        self.left = 3

    def run(self) -> int:
        while self.left > 0:
            reply = ask(self.name + "".join(self.notes))
            self.notes.append(reply)
            self.left -= 1 if len(reply) % 2 else 2
        return len(self.notes)


@takes(2)
def agents_of_a_list():
    agents = [Agent(f"agent {number}", []) for number in range(4)]
    return [agent.run() for agent in agents], [agent.notes for agent in agents]


@takes(8)
def agents_that_share_their_notes():
    notes = []
    agents = [Agent(f"agent {number}", notes) for number in range(4)]
    return [agent.run() for agent in agents], notes


@takes(2)
def conversations_by_name():
    conversations = {name: [{"role": "user", "content": name}] for name in ("a", "b", "c")}
    for name, messages in conversations.items():
        for _ in range(3):
            reply = ask("".join(message["content"] for message in messages))
            messages.append({"role": "assistant", "content": reply})
            if name in reply[2:]:
                break
    return conversations


@takes(2)
def what_is_kept_of_a_list():
    agents = [Agent(f"agent {number}", []) for number in range(4)]
    kept, best = [], None
    for agent in agents:
        agent.left = int(ask(agent.name)[7])
        if agent.left > 1:
            kept.append(agent)
            best = agent
        elif agent.left == 0:
            agent.notes.append(ask("none left"))
    return [agent.name for agent in kept], best and best.name, [a.notes for a in agents]


@takes(2)
def agents_that_are_noted_down_first():
    def begin(name: str) -> int:
        agent = Agent(name, [])
        everybody.append(agent)
        return agent.run()

    everybody: list[Agent] = []
    counts = [begin(f"agent {number}") for number in range(4)]
    return counts, [agent.notes for agent in everybody]


class Node:
    """A node of a tree, which a call gives its children."""

    def __init__(self, text: str, parent: Any = None) -> None:
        self.text = text
        self.parent = parent
        self.score = 0
        self.children: list[Node] = []


def grow(node: Node, depth: int) -> int:
    node.score = len(ask(node.text))
    if depth == 0:
        return node.score
    for number in range(2):
        node.children.append(Node(f"{node.text}{number}", node))
    return node.score + sum(grow(child, depth - 1) for child in node.children)


@takes(1)
def a_tree_that_grows():
    return grow(Node("root"), 2)


@dataclass(slots=True)
class Ticket:
    text: str
    answer: str = ""
    open: bool = True

    def work(self) -> None:
        while self.open:
            self.answer = ask(self.text + self.answer)
            self.open = len(self.answer) < 20


@takes(2)
def attributes_in_slots():
    tickets = [Ticket(f"ticket {number}") for number in range(3)]
    for ticket in tickets:
        ticket.work()
    return [ticket.answer for ticket in tickets]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_takes_its_critical_path(name: str) -> None:  # R4, R7
    program, units = PROGRAMS[name]
    jitted = xcs.jit(program, config=xcs.Config(max_workers=64))
    with entered(World()):
        assert jitted() == program()
    found = [harness.measure(program, jitted).jitted]
    if found[0] > units:  # a pause of the machine can make it longer, never shorter
        found.append(harness.measure(program, jitted).jitted)
    assert min(found) == units


def test_keyword_arguments_that_are_handed_on_are_known() -> None:  # R7
    def careful(prompt: str, tries: int = 0) -> str:
        return ask(prompt, tries)

    def again(*args: Any, **kwargs: Any) -> str:
        return careful(*args, tries=1, **kwargs)

    @xcs.jit
    def program(q: str) -> str:
        return again(prompt=q)

    lowered = program.trace("a").as_text()
    assert "merge_keywords" not in lowered
    with entered(World()):
        assert program("a") == "<a1>"
