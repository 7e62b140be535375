"""Monte Carlo tree search over an agent's actions: select, expand, evaluate, simulate, back up.

Several root problems are searched one after another; within one, every rollout needs the last.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tests.programs.world import model, number, pick, tool

# --- The simulated world ---


@model()
def suggest(state: str, sample: int) -> str:
    return f"{pick(state, 'open', 'look', 'push', 'pull', salt=str(sample))} {'door'}"


@model()
def judge(state: str) -> str:
    return f"Reasonable. Score: {number(state, 1, 10)}"


@model()
def reflect(state: str) -> str:
    return f"I should not {state.split(',')[-1].strip()} again."


@tool(0.5)
def step(state: str, action: str) -> tuple[str, float, bool]:
    reached = f"{state}, {action}"
    reward = number(reached, 0, 10) / 10
    return reached, reward, reward >= 1.0 or reached.count(",") >= 4


# --- The program ---


class Node:
    """A state of the environment, with what the search knows about it."""

    exploration: ClassVar[float] = 1.4
    __slots__ = ("children", "depth", "done", "parent", "reward", "state", "value", "visits")

    def __init__(self, state: str, parent: Node | None = None) -> None:
        self.state = state
        self.parent = parent
        self.children: list[Node] = []
        self.visits = 0
        self.value = 0.0
        self.reward = 0.0
        self.done = False
        self.depth = 0 if parent is None else parent.depth + 1

    def bound(self) -> float:
        """The upper confidence bound of the value; infinite before the first visit."""
        if self.visits == 0:
            return math.inf
        assert self.parent is not None
        explore = math.sqrt(math.log(self.parent.visits) / self.visits)
        return self.value / self.visits + self.exploration * explore

    def best_child(self) -> Node | None:
        open_children = [child for child in self.children if not child.done]
        return max(open_children, key=Node.bound, default=None)

    def back_up(self, reward: float) -> None:
        node: Node | None = self
        while node is not None:
            node.visits += 1
            node.value += reward
            node = node.parent

    def __repr__(self) -> str:
        return f"Node({self.state!r}, {self.value:.2f}/{self.visits})"


class TreeSearch:
    """Searches from one start until something works or the rollouts are used up."""

    def __init__(self, start: str, width: int = 3) -> None:
        self.root = Node(start)
        self.width = width
        self.reflections: list[str] = []
        self.best = self.root

    def select(self) -> Node | None:
        node: Node | None = self.root
        while node is not None and node.children:
            node = node.best_child()
        return node

    def expand(self, node: Node) -> None:
        hints = "".join(f" ({hint})" for hint in self.reflections[-2:])
        actions = {suggest(node.state + hints, sample) for sample in range(self.width)}
        for action in sorted(actions):
            state, reward, done = step(node.state, action)
            child = Node(state, node)
            child.reward, child.done = reward, done
            node.children.append(child)

    def evaluate(self, nodes: list[Node]) -> list[float]:
        scores = []
        for node in nodes:
            if node.done:
                scores.append(node.reward)
            else:
                text = judge(node.state)
                scores.append(int(text.rsplit(":", 1)[1]) / 10)
        return scores

    def simulate(self, node: Node, limit: int = 2) -> float:
        """Follow the first suggestion for a few steps."""
        state, reward, done = node.state, node.reward, node.done
        for _ in range(limit):
            if done:
                break
            state, reward, done = step(state, suggest(state, 0))
        if reward < 0.3:
            self.reflections.append(reflect(state))
        return reward

    def rollout(self) -> bool:
        leaf = self.select()
        if leaf is None:
            return True
        self.expand(leaf)
        if not leaf.children:
            leaf.done = True
            return False
        scores = self.evaluate(leaf.children)
        position = scores.index(max(scores))
        chosen = leaf.children[position]
        reward = 0.5 * scores[position] + 0.5 * self.simulate(chosen)
        chosen.back_up(reward)
        if chosen.reward > self.best.reward:
            self.best = chosen
        return any(child.done and child.reward >= 1.0 for child in leaf.children)

    def run(self, rollouts: int) -> int:
        for count in range(rollouts):
            if self.rollout():
                return count + 1
        return rollouts


def path(node: Node | None) -> list[str]:
    if node is None:
        return []
    return [*path(node.parent), node.state]


def main(starts: list[str], rollouts: int = 3) -> dict[str, Any]:
    outcomes: dict[str, Any] = {}
    for start in starts:
        search = TreeSearch(start)
        used = search.run(rollouts)
        print(f"{start}: best {search.best.reward} after {used} rollouts")
        outcomes[start] = (path(search.best), search.best, used, tuple(search.reflections))
    solved = [start for start, (_, best, _, _) in outcomes.items() if best.reward >= 0.9]
    return {"outcomes": outcomes, "solved": solved}


def arguments() -> tuple[list[str], int]:
    return ["hall", "attic", "cellar", "garden"], 3
