"""A planner and an executor: a plan of tool calls with references, run by need, joined, replanned.

Tasks refer to results of others as $1, $2; a task is run when its result is needed first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.programs.world import effect, model, number, pick, tool

# --- The simulated world ---


@model(2.0)
def plan(prompt: str) -> str:
    towns = ["Prague", "Porto", "Venice", "Bath"]
    count = number(prompt, 2, 4)
    lines = [f'{i}. search("{towns[i - 1]}")' for i in range(1, count + 1)]
    lines += [f"{count + i}. measure(${i})" for i in range(1, count + 1)]
    lines.append(
        f"{2 * count + 1}. compare({', '.join(f'${count + i}' for i in range(1, count + 1))})"
    )
    if number(prompt, 0, 1):
        lines.append(f'{2 * count + 2}. fly("{towns[0]}")')
    return "\n".join([*lines, "Thought: that should do.", f"{2 * count + 3}. join()"])


@model()
def joiner(prompt: str) -> str:
    if "again" not in prompt and number(prompt, 0, 1) == 0:
        return "Thought: not enough.\nAction: Replan(look again)"
    return f"Thought: enough.\nAction: Finish({number(prompt, 1, 90)})"


@tool(1.5)
def search(town: str) -> str:
    return f"{town} has a bridge of {number(town, 50, 900)} m"


@tool()
def measure(text: str) -> int:
    return int(re.findall(r"\d+", text)[0]) * pick(text, 1, 1, 2)


@tool(0.5)
def compare(*lengths: int) -> str:
    return f"the longest has {max(lengths)} m of {sum(lengths)} m"


@effect()
def audit(event: str) -> None:
    """Record an event for the auditors."""


# --- The program ---

CALL = re.compile(r"^(\d+)\.\s*(\w+)\((.*)\)\s*$")
REFERENCE = re.compile(r"\$(\d+)")
TOOLS: dict[str, Callable[..., Any]] = {"search": search, "measure": measure, "compare": compare}


@dataclass
class Task:
    """A line of the plan."""

    number: int
    tool: str
    arguments: list[str]

    def needs(self) -> list[int]:
        return [int(n) for argument in self.arguments for n in REFERENCE.findall(argument)]


@dataclass
class Plan:
    """Tasks by number, with the results that are known."""

    tasks: dict[int, Task] = field(default_factory=dict)
    results: dict[int, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> Plan:
        plan = cls()
        for line in text.splitlines():
            match = CALL.match(line.strip())
            if match is None or match[2] == "join":
                continue
            arguments = [a.strip() for a in match[3].split(",")] if match[3] else []
            plan.tasks[int(match[1])] = Task(int(match[1]), match[2], arguments)
        return plan

    def value(self, argument: str) -> Any:
        if argument.startswith("$"):
            return self.result(int(argument[1:]))
        return argument.strip("'\"")

    def result(self, number: int) -> Any:
        """The result of a task, which is run if it was not yet."""
        if number not in self.results:
            task = self.tasks[number]
            values = [self.value(argument) for argument in task.arguments]
            self.results[number] = self.run(task, values)
        return self.results[number]

    def run(self, task: Task, values: list[Any]) -> Any:
        function = TOOLS.get(task.tool)
        if function is None:
            self.unknown.append(task.tool)
            return f"error: no tool {task.tool}"
        return function(*values)

    def execute(self) -> dict[int, Any]:
        """Results of all tasks; those that nobody refers to are asked for from the last."""
        for position in sorted(self.tasks, reverse=True):
            self.result(position)
        return self.results

    def render(self) -> str:
        lines = []
        for position in sorted(self.results):
            task = self.tasks[position]
            lines.append(f"{position}. {task.tool}({', '.join(task.arguments)})")
            lines.append(f"Observation: {self.results[position]}")
        return "\n".join(lines)


def decide(reply: str) -> tuple[str, str]:
    action = reply.partition("Action: ")[2]
    name, _, rest = action.partition("(")
    return name, rest.removesuffix(")")


def answer(question: str, most: int, plans: list[Plan]) -> str:
    context = ""
    for count in range(most):
        current = Plan.parse(plan(f"Plan for: {question}{context}"))
        plans.append(current)
        current.execute()
        name, text = decide(joiner(f"{question}\n{current.render()}{context}"))
        if name == "Finish":
            return text
        print(f"{question} plan {count + 1} was not enough: {text}")
        context += f"\n{text}"
    return "unknown"


def main(questions: list[str], most: int = 2) -> dict[str, Any]:
    plans: list[Plan] = []
    answers = {question: answer(question, most, plans) for question in questions}
    audit(f"{len(plans)} plans for {len(questions)} questions")
    waits = [task.needs() for p in plans for task in p.tasks.values()]
    return {
        "answers": answers,
        "tasks": [len(p.tasks) for p in plans],
        "unknown": [name for p in plans for name in p.unknown],
        "references": sum(map(len, waits)),
        "plans": plans,
    }


def arguments() -> tuple[list[str], int]:
    return ["Which bridge is longest?", "How long are they all?", "Is one half a mile?"], 2
