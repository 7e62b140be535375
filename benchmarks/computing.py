"""Helpers that only compute, in programs that call a model: what they cost beside plain Python.

All that the helpers work on is there. Each changes something or reads what was changed before, so
that none of them can be called without regard to the order of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

GOAL = 1.2
WORDS = ("the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "goes", "on")


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    return prompt.upper()


# --- An index of texts ---


@dataclass
class Index:
    """Which texts a word is in, and how often."""

    postings: dict[str, dict[int, int]] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)

    def add(self, text: str) -> None:
        number, words = len(self.lengths), tokenized(text)
        self.lengths.append(len(words))
        for word in words:
            found = self.postings.setdefault(word, {})
            found[number] = found.get(number, 0) + 1

    def search(self, query: str) -> list[int]:
        scores: dict[int, float] = {}
        for word in tokenized(query):
            for number, count in self.postings.get(word, {}).items():
                scores[number] = scores.get(number, 0.0) + count / self.lengths[number]
        return sorted(scores, key=lambda number: (-scores[number], number))


def tokenized(text: str) -> list[str]:
    words = []
    for part in text.lower().split():
        word = part.strip(".,;:")
        if word:
            words.append(word)
    return words


def index_and_search(texts: list[str], queries: list[str]) -> tuple[list[int], str]:
    index = Index()
    for text in texts:
        index.add(text)
    best = [index.search(query)[0] for query in queries]
    return best, ask(texts[best[0]])


# --- A parser that goes down into expressions ---


@dataclass
class Parser:
    text: str
    position: int = 0
    seen: list[str] = field(default_factory=list)

    def peek(self) -> str:
        return self.text[self.position] if self.position < len(self.text) else ""

    def expression(self) -> int:
        value = self.term()
        while self.peek() and self.peek() in "+-":
            sign = self.peek()
            self.position += 1
            value = value + self.term() if sign == "+" else value - self.term()
        return value

    def term(self) -> int:
        if self.peek() == "(":
            self.position += 1
            value = self.expression()
            self.position += 1
            return value
        start = self.position
        while self.peek().isdigit():
            self.position += 1
        self.seen.append(self.text[start : self.position])
        return int(self.seen[-1])


def parse_all(texts: list[str]) -> tuple[list[int], str]:
    values = []
    for text in texts:
        parser = Parser(text)
        values.append(parser.expression())
    return values, ask(str(sum(values)))


# --- Words that are counted, and looked up ---


def without_doubles(words: list[str], seen: dict[str, int]) -> list[str]:
    kept = []
    for word in words:
        if word not in seen:
            kept.append(word)
        seen[word] = seen.get(word, 0) + 1
    return kept


def overlap(words: list[str], seen: dict[str, int]) -> int:
    total = 0
    for word in words:
        total += seen.get(word, 0) * len(word)
    return total


def count_and_score(texts: list[str]) -> tuple[int, int, str]:
    seen: dict[str, int] = {}
    first = without_doubles(" ".join(texts).split(), seen)
    total = overlap(first, seen)
    return len(first), total, ask(first[0])


def contests(quick: bool) -> list[Contest]:
    """The same function, jitted and plain."""
    count = 20 if quick else 400
    texts = [_text(number) for number in range(count)]
    sums = ["+".join(f"({i}-({n}+{i}))" for i in range(25)) for n in range(count)]
    return [
        _contest("an index of texts", index_and_search, texts, quick, texts[:: count // 10]),
        _contest("a parser of sums", parse_all, sums, quick),
        _contest("words, counted", count_and_score, texts, quick),
    ]


def _text(number: int) -> str:
    return " ".join(f"{word}{number % (i + 2)}" for i, word in enumerate(WORDS * 6))


def _contest(name: str, plain: Callable[..., Any], given: Any, quick: bool, *more: Any) -> Contest:
    jitted = xcs.jit(plain)
    assert jitted(given, *more) == plain(given, *more)
    return Contest(
        name,
        {
            SUBJECT: timed(lambda: jitted(given, *more)),
            "plain Python": timed(lambda: plain(given, *more)),
        },
        rounds=3 if quick else 15,
        goals={"plain Python": GOAL},
    )
