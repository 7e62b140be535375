"""A tree of summaries: cluster text, summarise the clusters, and so on up; then search the tree.

Clusters depend on vectors that a model gives; the number of levels is known only as it goes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from tests.programs.world import effect, model, number

# --- The simulated world ---


@model(0.5)
def embed(text: str) -> list[float]:
    return [number(text, -9, 9, salt=axis) / 10 for axis in "xyz"]


@model(2.0)
def summarize(text: str, limit: int = 100) -> str:
    if number(text, 0, 3) == 0:
        raise TimeoutError("the summary took too long")
    return f"({number(text, 0, 999)}) {text[: limit // 4]}"


@model()
def answer(question: str, context: str) -> str:
    return f"{number(question + context, 1, 500)} metres"


@effect()
def progress(level: int, count: int) -> None:
    """Tell how far the tree is."""


# --- The program ---


@dataclass
class Node:
    """A piece of text, or the summary of its children."""

    index: int
    text: str
    vector: list[float]
    children: list[int] = field(default_factory=list)

    def similarity(self, vector: list[float]) -> float:
        return cosine(self.vector, vector)


def cosine(a: list[float], b: list[float]) -> float:
    length = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(x * x for x in b))
    return 0.0 if length == 0 else sum(x * y for x, y in zip(a, b, strict=True)) / length


class Tree:
    """All nodes by number, and the numbers of each level, leaves first."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.levels: list[list[int]] = []
        self.failed = 0

    def add(self, text: str, children: list[int] | None = None) -> int:
        index = len(self.nodes)
        self.nodes[index] = Node(index, text, embed(text), children or [])
        return index

    def summary(self, texts: list[str]) -> str:
        joined = " ".join(texts)
        try:
            return summarize(joined)
        except TimeoutError:
            self.failed += 1
            return joined[:40]

    def build(self, chunks: list[str], width: int, most_levels: int) -> None:
        self.levels.append([self.add(chunk) for chunk in chunks])
        while len(self.levels[-1]) > width and len(self.levels) <= most_levels:
            clusters = self.cluster(self.levels[-1], width)
            level = []
            for members in clusters:
                text = self.summary([self.nodes[i].text for i in members])
                level.append(self.add(text, members))
            self.levels.append(level)
            progress(len(self.levels), len(level))

    def cluster(self, indices: list[int], width: int) -> list[list[int]]:
        """Groups of at most `width`, by the octant that a vector points into."""
        groups: dict[tuple[bool, ...], list[int]] = defaultdict(list)
        for index in indices:
            groups[tuple(x > 0 for x in self.nodes[index].vector)].append(index)
        ordered = [i for key in sorted(groups) for i in groups[key]]
        return [ordered[i : i + width] for i in range(0, len(ordered), width)]


def chunked(text: str, size: int) -> list[str]:
    """Cut text at sentences, into pieces of about a size."""
    chunks: list[str] = []
    current: list[str] = []
    length = 0
    for sentence in text.split(". "):
        if length + len(sentence) > size and current:
            chunks.append(". ".join(current))
            current, length = [], 0
        current.append(sentence)
        length += len(sentence)
    if current:
        chunks.append(". ".join(current))
    return chunks


class Retriever:
    """Finds nodes for a question, over all levels at once or from the top down."""

    def __init__(self, tree: Tree, budget: int = 120) -> None:
        self.tree = tree
        self.budget = budget

    def collapsed(self, vector: list[float]) -> list[int]:
        nodes = sorted(self.tree.nodes.values(), key=lambda n: (-n.similarity(vector), n.index))
        chosen: list[int] = []
        used = 0
        for node in nodes:
            if used + len(node.text) > self.budget:
                break
            chosen.append(node.index)
            used += len(node.text)
        return chosen

    def descend(self, vector: list[float], level: list[int] | None = None) -> list[int]:
        """The most similar node of a level, and so on among its children."""
        level = self.tree.levels[-1] if level is None else level
        if not level:
            return []
        best = max(level, key=lambda i: (self.tree.nodes[i].similarity(vector), -i))
        return [best, *self.descend(vector, self.tree.nodes[best].children)]


def main(documents: list[str], questions: list[str]) -> dict[str, object]:
    trees = []
    for number_, document in enumerate(documents):
        tree = Tree()
        tree.build(chunked(document, 60), width=3, most_levels=3)
        print(f"document {number_}: levels of {[len(level) for level in tree.levels]}")
        trees.append(tree)
    answers = {}
    for question in questions:
        found = []
        vector = embed(question)
        for tree in trees:
            retriever = Retriever(tree)
            indices = {*retriever.collapsed(vector), *retriever.descend(vector)}
            found.extend(tree.nodes[i].text for i in sorted(indices))
        answers[question] = answer(question, " ".join(found))
    return {"answers": answers, "failed": sum(t.failed for t in trees), "trees": trees}


def arguments() -> tuple[list[str], list[str]]:
    def document(seed: str) -> str:
        return ". ".join(
            f"Span {i} of {seed} is {number(seed, 20, 90, salt=str(i))} metres" for i in range(30)
        )

    return [document("Firth"), document("Tay")], ["How long is it?", "Which span is widest?"]
