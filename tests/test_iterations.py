"""Iterations that come to the objects of other iterations do so in the order of the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xcs


@xcs.op
def ask(prompt: str) -> str:
    return f"<{prompt[-9:]}>"


@dataclass
class Agent:
    name: str
    notes: list[str]
    left: int = 2
    friend: Agent | None = None
    seen: dict[str, int] = field(default_factory=dict)

    def run(self) -> int:
        while self.left > 0:
            reply = ask(self.name + "".join(self.notes))
            self.notes.append(reply)
            self.seen[reply] = len(self.notes)
            self.left -= 1
        return len(self.notes)

    def help(self) -> None:
        if self.friend is not None and len(ask(self.name)) > 3:
            self.friend.notes.append(f"from {self.name}")
            self.friend.left = 1
            self.friend.run()


def each_runs(agents: list[Agent]) -> Any:
    return [agent.run() for agent in agents]


def each_helps(agents: list[Agent]) -> Any:
    for agent in agents:
        agent.help()
    return [agent.seen for agent in agents]


def both_in_turn(agents: list[Agent]) -> Any:
    counts = {}
    for number, agent in enumerate(agents):
        counts[number] = agent.run()
        agent.help()
    return counts


def some_are_kept(agents: list[Agent]) -> Any:
    kept, last = [], None
    for agent in agents:
        if agent.run() % 2:
            kept.append(agent)
            last = agent
        elif last is not None:
            last.left = 1
            last.run()
    return [agent.name for agent in kept]


def noted_down(agents: list[Agent]) -> Any:
    everybody: list[Agent] = []
    for agent in agents:
        twin = Agent(agent.name + "'", agent.notes[:], friend=agent)
        everybody.append(twin)
        twin.run()
        twin.help()
        if len(everybody) > 1 and len(ask(twin.name)) > 3:
            everybody[0].notes.append(twin.name)
    return [(twin.notes, twin.seen) for twin in everybody]


PROGRAMS = [each_runs, each_helps, both_in_turn, some_are_kept, noted_down]
JITTED = {program: xcs.jit(program) for program in PROGRAMS}

AGENT = st.tuples(
    st.integers(0, 3),  # whose notes
    st.one_of(st.none(), st.integers(0, 3)),  # whose friend
    st.integers(0, 2),
)


def agents_of(described: list[tuple[int, int | None, int]], order: list[int]) -> list[Agent]:
    notes: list[list[str]] = [[] for _ in range(4)]
    agents = [
        Agent(f"agent {number}", notes[which], left)
        for number, (which, _, left) in enumerate(described)
    ]
    for agent, (_, friend, _) in zip(agents, described, strict=True):
        agent.friend = None if friend is None else agents[friend % len(agents)]
    return [agents[number % len(agents)] for number in order]


def state(agents: list[Agent]) -> Any:
    return [
        (agent.name, agent.notes, agent.left, agent.seen, [a is agent for a in agents])
        for agent in agents
    ]


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=25, deadline=None)
@given(described=st.lists(AGENT, min_size=1, max_size=4), order=st.lists(st.integers(0, 3)))
def test_iterations_see_one_another_in_order(program: Any, described: Any, order: Any) -> None:
    expected, found = agents_of(described, order), agents_of(described, order)
    results = program(expected), JITTED[program](found)
    assert results[0] == results[1]
    assert state(expected) == state(found)


# --- What is put into a container that others look into ------------------------------------------


def add(agents: list[Agent], name: str) -> None:
    if len(ask(name)) > 2:
        agent = Agent(name, [])
        agents.append(agent)
        if len(ask(name + "2")) > 3:
            agent.left = 5
            agent.notes.append("k")


def from_a_function(names: list[str]) -> Any:
    agents: list[Agent] = []
    for name in names:
        add(agents, name)
    return state(agents)


def add_several(agents: list[Agent], name: str) -> None:
    count = 0
    while count < 2:
        agent = Agent(name, [])
        agents.append(agent)
        count += 1
        if len(ask(name + "2")) > 3:
            agent.left = 5
            agent.notes.append("k")


def from_a_loop_in_a_function(names: list[str]) -> Any:
    agents: list[Agent] = []
    for name in names:
        add_several(agents, name)
    return state(agents)


def reached_by_the_list(names: list[str]) -> Any:
    agents: list[Agent] = []
    for name in names:
        agents.append(Agent(name, []))
        for agent in agents:
            if len(ask(agent.name + name)) > 3:
                agent.notes.append(ask(name))
                agents[0].left += 1
    return state(agents)


def kept_by_name(names: list[str]) -> Any:
    agents: dict[str, Agent] = {}
    for name in names:
        agent = agents.setdefault(name[:1], Agent(name, []))
        if len(ask(name)) > 3:
            agent.notes.append(name)
        else:
            agent.left += 1
    return described(agents.values()), described(reversed(list(agents.values())))


def described(agents: Any) -> Any:
    return [(agent.name, list(agent.notes), agent.left) for agent in agents]


@pytest.mark.parametrize(
    "program", [from_a_function, from_a_loop_in_a_function, reached_by_the_list, kept_by_name]
)
def test_what_is_put_into_a_container_is_as_it_was_left(program: Any) -> None:
    jitted, names = xcs.jit(program), ["aa", "b", "cccc", "ad"]
    for _ in range(20):
        assert jitted(names) == program(names)
