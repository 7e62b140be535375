"""Ranking with sliding windows: a model permutes passages window by window, from the end upward.

Several queries are ranked, each a few times from different shuffles; positions are averaged.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.programs.world import effect, model, number

# --- The simulated world ---


@model()
def permute(messages: list[dict[str, str]]) -> str:
    query = messages[1]["content"]
    passages = messages[2:]
    order = sorted(
        range(len(passages)), key=lambda i: number(passages[i]["content"][4:], 0, 99, query)
    )
    shown = [f"[{i + 1}]" for i in order]
    if number("".join(m["content"] for m in messages), 0, 3) == 0:
        shown[0] = shown[-1]  # one twice, one missing
    return " > ".join(shown)


@effect()
def store(query: str, best: str) -> None:
    """Write a result into the index."""


# --- The program ---


@dataclass(order=True)
class Hit:
    """A passage and its place in the first retrieval."""

    rank: int
    text: str


def windows(count: int, size: int, step: int) -> Iterator[tuple[int, int]]:
    """Positions of windows, the last one first."""
    end = count
    start = end - size
    while start > 0:
        yield start, end
        start, end = start - step, end - step
    yield 0, max(end, min(size, count))


def messages_for(query: str, hits: list[Hit]) -> list[dict[str, str]]:
    messages = [
        {"role": "system", "content": "You rank passages."},
        {"role": "user", "content": f"Query: {query}"},
    ]
    messages += [{"role": "user", "content": f"[{i}] {h.text}"} for i, h in enumerate(hits, 1)]
    return messages


def read_permutation(reply: str, count: int) -> list[int]:
    """Zero-based positions; doubles are dropped and missing ones come last, in order."""
    found = [int(n) - 1 for n in re.findall(r"\d+", reply)]
    order: list[int] = []
    for position in found:
        if position in order or not 0 <= position < count:
            continue
        order.append(position)
    return order + [i for i in range(count) if i not in order]


def rank(query: str, hits: list[Hit], size: int, step: int, stats: dict[str, int]) -> list[Hit]:
    ranked = list(hits)
    for start, end in windows(len(ranked), size, step):
        window = ranked[start:end]
        reply = permute(messages_for(query, window))
        order = read_permutation(reply, len(window))
        stats["windows"] += 1
        if len(set(re.findall(r"\d+", reply))) != len(window):
            stats["repaired"] += 1
        ranked[start:end] = [window[i] for i in order]
    return ranked


def shuffled(hits: list[Hit], seed: int) -> list[Hit]:
    """A permutation that depends on the seed alone."""
    generator = random.Random(seed)
    result = hits[:]
    generator.shuffle(result)
    return result


def consensus(rankings: list[list[Hit]]) -> list[tuple[float, Hit]]:
    places: dict[str, list[int]] = defaultdict(list)
    by_text: dict[str, Hit] = {}
    for ranking in rankings:
        for place, hit in enumerate(ranking):
            places[hit.text].append(place)
            by_text[hit.text] = hit
    means = [(sum(p) / len(p), by_text[text]) for text, p in places.items()]
    return sorted(means)


def main(index: dict[str, list[Hit]], size: int, step: int, runs: int) -> dict[str, Any]:
    stats = {"windows": 0, "repaired": 0}
    results: dict[str, Any] = {}
    for query, hits in index.items():
        rankings = [rank(query, shuffled(hits, seed), size, step, stats) for seed in range(runs)]
        merged = consensus(rankings)
        results[query] = [(round(mean, 2), hit) for mean, hit in merged[:3]]
        agreed = all(ranking[0] is rankings[0][0] for ranking in rankings[1:])
        print(f"{query}: {'agreed' if agreed else 'different winners'}")
    for query, top in results.items():
        store(query, top[0][1].text)
    return {"results": results, "stats": stats}


def arguments() -> tuple[dict[str, list[Hit]], int, int, int]:
    def hits(query: str) -> list[Hit]:
        return [Hit(i, f"{query} passage {i}") for i in range(9)]

    return {q: hits(q) for q in ("oldest bridge", "longest span", "lowest toll")}, 4, 2, 3
