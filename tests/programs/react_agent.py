"""ReAct: an agent that thinks, uses tools and looks at what they gave, over a list of questions.

The agent counts, keeps what it did, remembers answers by question, tries a garbled reply again,
and prints as it goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.programs.world import model, number, pick, tool

# --- The simulated world ---


@model()
def ask(prompt: str, attempt: int = 0) -> str:
    steps = prompt.count("Observation")
    if pick(prompt, *[False] * 4, True, salt=f"garbled{attempt}"):
        return "I am not sure what to do next."
    if steps >= number(prompt.splitlines()[0], 1, 3):
        return f"Thought: I know enough.\nAction: finish[{number(prompt, 10, 99)} bridges]"
    wanted = pick(prompt, "search[bridges of Prague]", "search[rivers]", "compute[12 * 7 + 4]")
    return f"Thought: I need more facts ({steps}).\nAction: {wanted}"


@tool(2.0)
def search(query: str) -> str:
    if "rivers" in query:
        raise ConnectionError(f"no page for {query}")
    return f"There are {number(query, 2, 40)} results for {query}."


@tool()
def compute(expression: str) -> str:
    left, _, rest = expression.partition("*")
    factor, _, added = rest.partition("+")
    return str(int(left) * int(factor) + int(added))


# --- The program ---

ACTION = re.compile(r"Action: (\w+)\[(.*)\]")
TOOLS = {"search": search, "compute": compute}


class ParseError(ValueError):
    """A reply names no action."""


@dataclass
class Step:
    """One round of thinking and acting."""

    thought: str
    tool: str
    argument: str
    observation: str = ""

    def render(self) -> str:
        call = f"{self.tool}[{self.argument}]"
        return f"{self.thought}\nAction: {call}\nObservation: {self.observation}"


@dataclass
class Agent:
    """Answers questions one by one, and remembers the answers."""

    name: str
    max_steps: int = 4
    retries: int = 2
    answers: dict[str, str] = field(default_factory=dict)
    history: list[Step] = field(default_factory=list)
    asked: int = 0
    failures: int = 0

    def think(self, question: str, steps: list[Step]) -> Step:
        """Ask for the next step, again if the reply cannot be read."""
        prompt = "\n".join([f"Question: {question}", *(step.render() for step in steps)])
        for attempt in range(self.retries + 1):
            self.asked += 1
            reply = ask(prompt, attempt=attempt)
            found = ACTION.search(reply)
            if found is not None:
                thought = reply.splitlines()[0]
                return Step(thought, found.group(1), found.group(2).strip())
            print(f"{self.name}: cannot read the reply (try {attempt + 1})")
        raise ParseError(f"no action after {self.retries + 1} tries: {question}")

    def act(self, step: Step) -> str:
        """Use the tool of a step."""
        if step.tool not in TOOLS:
            return f"There is no tool {step.tool}."
        try:
            return TOOLS[step.tool](step.argument)
        except ConnectionError as error:
            self.failures += 1
            return f"failed: {error}"

    def solve(self, question: str) -> str:
        steps: list[Step] = []
        while len(steps) < self.max_steps:
            step = self.think(question, steps)
            if step.tool == "finish":
                print(f"{self.name}: {question} -> {step.argument}")
                return step.argument
            step.observation = self.act(step)
            steps.append(step)
            self.history.append(step)
        return f"unknown after {len(steps)} steps"

    def answer(self, question: str) -> str:
        key = question.strip().lower()
        if key in self.answers:
            print(f"{self.name}: {key} was asked before")
            return self.answers[key]
        try:
            result = self.solve(question)
        except ParseError as error:
            print(f"{self.name}: gave up, {error}")
            result = "no answer"
        self.answers[key] = result
        return result


def main(agent: Agent, questions: list[str]) -> dict[str, object]:
    results = []
    for position, question in enumerate(questions, start=1):
        print(f"question {position} of {len(questions)}")
        results.append(agent.answer(question))
    known = [r for r in results if r.endswith("bridges")]
    return {"results": results, "known": len(known), "asked": agent.asked, "agent": agent}


def arguments() -> tuple[Agent, list[str]]:
    return Agent("ada"), [
        "How many bridges has Prague?",
        "How many bridges has Porto?",
        "Which town has the oldest bridge?",
        "how many bridges has prague?",
        "Who built the most bridges?",
        "How long is the longest bridge?",
        "Which bridge burnt down?",
    ]
