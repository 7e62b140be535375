"""Skeleton of thought: a router decides, an outline is made, its points are expanded, then joined.

Points may ask for points below them, so the expansion is recursive with a budget.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from tests.programs.world import model, number, pick

# --- The simulated world ---


@model()
def complete(prompt: str, *, stop: str | None = None, max_tokens: int = 64) -> str:
    task, _, rest = prompt.partition(":")
    if task == "Route":
        return pick(rest, "yes", "yes", "no")
    if task == "Skeleton":
        count = number(rest, 2, 4)
        return "".join(
            f"{i}. {pick(rest, 'Cause', 'Cost', 'Use', salt=str(i))} {i}\n"
            for i in range(1, count + 1)
        )
    if task == "Expand":
        text = f"About{rest[-12:]} there are {number(rest, 2, 99)} things to say."
        return text + (" MORE" if number(rest, 0, 3) == 0 else "")
    return f"{task.lower()} {number(prompt, 1, 99)}" + (stop or "")


# --- The program ---

POINT = re.compile(r"(\d+)\.\s?([^\n]+)\n?")


class Budget:
    """How many expansions may still be made, shared by all answers."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.refused = 0

    def take(self) -> bool:
        if self.left == 0:
            self.refused += 1
            return False
        self.left -= 1
        return True


@dataclass
class Point:
    """A point of the outline with its text."""

    number: str
    title: str
    text: str = ""
    depth: int = 0
    points: tuple[Point, ...] = ()

    def __str__(self) -> str:
        inner = "".join(f"\n{point}" for point in self.points)
        return f"{'  ' * self.depth}{self.number}. {self.title}: {self.text}{inner}"

    def count(self) -> int:
        return 1 + sum(point.count() for point in self.points)


def skeleton(question: str) -> list[tuple[str, str]]:
    reply = complete(f"Skeleton: {question}", stop=None, max_tokens=200)
    return POINT.findall(reply)


def expand(question: str, label: str, title: str, depth: int = 0, most: int = 2) -> Point:
    """Write a point, and the points below it if the text asks for more."""
    text = complete(f"Expand: {question} / {title}")
    if not text.endswith("MORE") or depth + 1 >= most:
        return Point(label, title, text.removesuffix(" MORE"), depth)
    inner = skeleton(f"{question} / {title}")
    points = tuple(expand(f"{question} / {title}", f"{label}.{i}", t, depth + 1) for i, t in inner)
    return Point(label, title, text.removesuffix(" MORE"), depth, points)


def straight(question: str) -> str:
    return complete(f"Answer: {question}", stop=".")


def outlined(question: str, budget: Budget) -> tuple[str, int]:
    points = []
    for label, title in skeleton(question):
        if not budget.take():
            print(f"no budget left for {title}", file=sys.stderr)
            continue
        points.append(expand(question, label, title))
    body = "\n".join(str(point) for point in points)
    closing = complete(f"Close: {body}", stop="!")
    return f"{body}\n{closing}", sum(point.count() for point in points)


def main(questions: list[str], most: int) -> list[dict[str, object]]:
    budget = Budget(most)
    routes = {q: complete(f"Route: {q}").strip().lower() == "yes" for q in questions}
    answers: list[dict[str, object]] = []
    for question, suitable in routes.items():
        if suitable:
            text, points = outlined(question, budget)
        else:
            text, points = straight(question), 0
        answers.append({"question": question, "text": text, "points": points})
    print(f"{budget.left} expansions left, {budget.refused} refused")
    return answers


def arguments() -> tuple[list[str], int]:
    return ["Why bridges?", "Why tolls?", "Why ferries?", "Why tunnels?", "Why fords?"], 9
