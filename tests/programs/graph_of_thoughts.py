"""Graph of thoughts: sort a long list by splitting it, sorting parts, scoring and merging them.

Operations form a graph that is built first and executed after, each once its predecessors are done.
"""

from __future__ import annotations

import itertools
import json
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from tests.programs.world import model, number, tool

# --- The simulated world ---


@model()
def complete(prompt: str, sample: int = 0) -> str:
    text = prompt[prompt.rindex("Input:") + 6 :]
    numbers = [n for part in text.split("&") for n in json.loads(part)]
    if number(prompt, 0, 3, salt=f"slip{sample}") == 0 and len(numbers) > 1:
        numbers = numbers[1:]  # models lose some
    if number(prompt, 0, 9, salt=f"words{sample}") == 0:
        return "Sorted as you asked."
    return f"Output: {sorted(numbers)}"


@tool(0.5)
def tokens(text: str) -> int:
    return len(text) // 4 + 1


# --- The program ---

log = logging.getLogger("programs.graph_of_thoughts")


def state() -> int:
    return len(Operation.built)


class Thought:
    """A partial result with its score."""

    def __init__(self, numbers: list[int], origin: list[int]) -> None:
        self.numbers = numbers
        self.origin = origin
        self._score: int | None = None

    @property
    def score(self) -> int:
        assert self._score is not None, "not scored yet"
        return self._score

    @score.setter
    def score(self, value: int) -> None:
        self._score = value

    def __repr__(self) -> str:
        return f"Thought({self.numbers}, {self._score})"


class Operation(ABC):
    """A node of the graph."""

    built: list[str] = []

    def __init__(self) -> None:
        self.predecessors: list[Operation] = []
        self.successors: list[Operation] = []
        self.thoughts: list[Thought] = []
        self.executed = False
        self.built.append(type(self).__name__)

    def after(self, *operations: Operation) -> Operation:
        for operation in operations:
            self.predecessors.append(operation)
            operation.successors.append(self)
        return self

    def inputs(self) -> list[Thought]:
        return [thought for p in self.predecessors for thought in p.thoughts]

    def ready(self) -> bool:
        return all(p.executed for p in self.predecessors)

    def execute(self, usage: Usage) -> None:
        self.thoughts = list(self.run(usage))
        self.executed = True

    @abstractmethod
    def run(self, usage: Usage) -> Iterator[Thought]: ...


class Usage:
    """Counts what was sent."""

    def __init__(self) -> None:
        self.sent = 0
        self.replies: list[str] = []

    def complete(self, prompt: str, sample: int = 0) -> str:
        self.sent += tokens(prompt)
        reply = complete(prompt, sample=sample)
        self.replies.append(reply)
        return reply


class Split(Operation):
    """Cuts the list into parts of a size."""

    def __init__(self, numbers: list[int], size: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.size = size

    def run(self, usage: Usage) -> Iterator[Thought]:
        for start in range(0, len(self.numbers), self.size):
            part = self.numbers[start : start + self.size]
            yield Thought(part, part)


class Select(Operation):
    """Takes one of the predecessor's thoughts."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position

    def run(self, usage: Usage) -> Iterator[Thought]:
        yield self.inputs()[self.position]


class Sort(Operation):
    """Asks for a sorted version, several times."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.samples = samples

    def run(self, usage: Usage) -> Iterator[Thought]:
        for thought in self.inputs():
            prompt = f"Sort these numbers.\nInput: {json.dumps(thought.numbers)}"
            for sample in range(self.samples):
                yield Thought(parse(usage.complete(prompt, sample)), thought.origin)


class Score(Operation):
    """Counts the errors of each thought."""

    def __init__(self, errors: Callable[[Thought], int]) -> None:
        super().__init__()
        self.errors = errors

    def run(self, usage: Usage) -> Iterator[Thought]:
        for thought in self.inputs():
            thought.score = self.errors(thought)
            yield thought


class KeepBest(Operation):
    """Keeps the thoughts with the fewest errors."""

    def __init__(self, keep: int) -> None:
        super().__init__()
        self.keep = keep

    def run(self, usage: Usage) -> Iterator[Thought]:
        yield from sorted(self.inputs(), key=lambda thought: thought.score)[: self.keep]


class Merge(Operation):
    """Asks for one sorted list of two, several times."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.samples = samples

    def run(self, usage: Usage) -> Iterator[Thought]:
        left, right = self.inputs()
        prompt = f"Merge the sorted lists.\nInput: {left.numbers} & {right.numbers}"
        for sample in range(self.samples):
            yield Thought(parse(usage.complete(prompt, sample)), left.origin + right.origin)


def parse(reply: str) -> list[int]:
    start = reply.find("[")
    if start < 0:
        return []
    return json.loads(reply[start:])


def errors(thought: Thought) -> int:
    """Neighbours in the wrong order, and numbers lost or made up."""
    pairs = itertools.pairwise(thought.numbers)
    wrong = sum(1 for a, b in pairs if a > b)
    return wrong + abs(len(thought.origin) - len(thought.numbers))


def best_of(operation: Operation) -> Operation:
    return KeepBest(1).after(Score(errors).after(operation))


def build(numbers: list[int], size: int, samples: int) -> tuple[Operation, Operation]:
    root = Split(numbers, size)
    level: list[Operation] = []
    for position in range(-(-len(numbers) // size)):
        level.append(best_of(Sort(samples).after(Select(position).after(root))))
    while len(level) > 1:
        paired = [
            best_of(Merge(samples).after(a, b))
            for a, b in zip(level[::2], level[1::2], strict=False)
        ]
        level = paired + level[len(paired) * 2 :]
    return root, level[0]


def execute(root: Operation, usage: Usage) -> int:
    queue = deque([root])
    count = 0
    while queue:
        operation = queue.popleft()
        if operation.executed:
            continue
        operation.execute(usage)
        log.info("%s gave %d thoughts", type(operation).__name__, len(operation.thoughts))
        count += 1
        queue.extend(s for s in operation.successors if s.ready())
    return count


def main(numbers: list[int], size: int = 4, samples: int = 3) -> dict[str, Any]:
    usage = Usage()
    root, final = build(numbers, size, samples)
    executed = execute(root, usage)
    (result,) = final.thoughts
    return {
        "numbers": result.numbers,
        "errors": result.score,
        "operations": executed,
        "sent": usage.sent,
        "unread": sum("Output" not in reply for reply in usage.replies),
    }


def arguments() -> tuple[list[int], int, int]:
    return [(n * 37) % 17 for n in range(16)], 4, 3
