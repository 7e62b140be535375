"""Tree of thoughts: propose next lines, vote on each several times, keep the best, go on from them.

Values of states are remembered, since several thoughts may lead to the same state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.programs.world import effect, model, number, pick

# --- The simulated world ---


@model()
def propose(prompt: str) -> str:
    count = number(prompt, 2, 4)
    lines = [f"{i}. step {pick(prompt, 'a', 'b', 'c', salt=str(i))}" for i in range(1, count + 1)]
    return "Possible next steps:\n" + "\n".join(lines)


@model(1.5)
def vote(prompt: str, sample: int) -> str:
    if pick(prompt, *[False] * 6, True, salt=f"odd{sample}"):
        return "hard to say"
    return pick(prompt, "sure", "likely", "impossible", salt=str(sample))


@effect()
def report(depth: int, line: str) -> None:
    """Send progress to whoever watches."""


# --- The program ---

WEIGHTS = {"sure": 20.0, "likely": 1.0, "impossible": 0.001}
LINE = re.compile(r"^\s*\d+\.\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Node:
    """A chain of thoughts and what it is worth."""

    steps: tuple[str, ...] = ()
    value: float = 0.0

    @property
    def text(self) -> str:
        return " / ".join(self.steps) or "(nothing yet)"

    def extended(self, step: str) -> Node:
        return Node((*self.steps, step))

    def valued(self, value: float) -> Node:
        return Node(self.steps, value)


@dataclass
class Evaluator:
    """Judges nodes by the votes of a model."""

    task: str
    samples: int = 3
    known: dict[str, float] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)

    def value(self, node: Node) -> float:
        if len(node.steps) >= 2 and node.steps[-1] == node.steps[-2]:
            return 0.0  # a repetition needs no votes
        prompt = f"{self.task}\nSo far: {node.text}\nCan it work?"
        votes = [vote(prompt, sample) for sample in range(self.samples)]
        total = 0.0
        for opinion in votes:
            if opinion not in WEIGHTS:
                self.odd.append(node.text)
                continue
            total += WEIGHTS[opinion]
        return round(total, 3)

    def value_all(self, nodes: list[Node]) -> list[Node]:
        """Value each node; equal ones once."""
        valued = []
        local: dict[str, float] = {}
        for node in nodes:
            key = node.text
            if key in local:
                value = 0.0  # the same state again is no gain
            else:
                value = self.value(node)
                local[key] = value
            valued.append(node.valued(value))
        self.known.update(local)
        return valued


@dataclass
class Search:
    """Breadth-first search over chains of thoughts."""

    task: str
    breadth: int
    evaluator: Evaluator
    visited: int = 0

    def expand(self, node: Node) -> list[Node]:
        reply = propose(f"{self.task}\nSo far: {node.text}\nNext steps?")
        return [node.extended(step.strip()) for step in LINE.findall(reply)]

    def run(self, depth: int) -> list[Node]:
        frontier = [Node()]
        for level in range(depth):
            candidates = [child for node in frontier for child in self.expand(node)]
            self.visited += len(candidates)
            if not candidates:
                break
            valued = self.evaluator.value_all(candidates)
            ranked = sorted(valued, key=lambda node: (-node.value, node.steps))
            frontier = ranked[: self.breadth]
            print(f"level {level}: {len(candidates)} candidates, best {frontier[0].value}")
            report(level, frontier[0].text)
        return frontier


def main(tasks: list[str], depth: int = 3, breadth: int = 2) -> list[dict[str, object]]:
    results = []
    for task in tasks:
        evaluator = Evaluator(task)
        search = Search(task, breadth, evaluator)
        best, *rest = search.run(depth)
        results.append(
            {
                "task": task,
                "best": best.text,
                "value": best.value,
                "others": [node.text for node in rest],
                "visited": search.visited,
                "known": len(evaluator.known),
                "odd": sorted(evaluator.odd),
            }
        )
    results.sort(key=lambda result: -float(str(result["value"])))
    return results


def arguments() -> tuple[list[str], int, int]:
    return ["Make 24 of 4 4 6 8", "Cross the river", "Write four lines on rain"], 3, 2
