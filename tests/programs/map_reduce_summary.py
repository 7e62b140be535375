"""Map and reduce: summarise every part of long documents, then summaries of summaries until short.

Equal parts are summarised once: a cache outside the function remembers them between calls.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tests.programs.world import effect, model, number

# --- The simulated world ---


@model()
def summarise(text: str, focus: str = "facts") -> str:
    if "corrupt" in text:
        raise ValueError(f"cannot read {text[:16]!r}")
    keep = max(12, len(text) // 4)
    return f"{number(text, 10, 99)} {focus}: {text[:keep]}"


@model(0.5)
def language(text: str) -> str:
    return "de" if "ü" in text else "en"


@model()
def translate(text: str) -> str:
    return text.replace("ü", "ue")


@effect()
def deliver(name: str, summary: str) -> None:
    """Send a summary to its reader."""


# --- The program ---

T = TypeVar("T")
CACHE: dict[str, str] = {}
HITS = 0
_lock = threading.Lock()


def state() -> Any:
    return sorted(CACHE.items()), HITS


def reset() -> None:
    global HITS
    CACHE.clear()
    HITS = 0


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def cached_summary(text: str) -> str:
    """The summary of a text, from the cache if the same was summarised before.

    What cannot be read is remembered as well, as the empty text.
    """
    global HITS
    key = key_of(text)
    with _lock:
        if key in CACHE:
            HITS += 1
            return CACHE[key]
    try:
        summary = summarise(text)
    except ValueError:
        summary = ""
    CACHE[key] = summary
    return summary


def in_english(text: str) -> str:
    return translate(text) if language(text) != "en" else text


class Document:
    """A text with a name; its parts are paragraphs."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text

    @property
    def parts(self) -> list[str]:
        return [part for part in self._text.split("\n\n") if part.strip()]

    def __len__(self) -> int:
        return len(self.parts)


class Report(dict[str, str]):
    """Summaries by document, with what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def worst(self) -> str | None:
        return max(self, key=lambda name: len(self[name]), default=None)


def map_parts(document: Document, report: Report) -> list[str]:
    summaries = []
    for position, part in enumerate(document.parts):
        summary = cached_summary(in_english(part))
        if not summary:
            report.problems.append(f"{document.name}[{position}] cannot be read")
            continue
        summaries.append(summary)
    return summaries


def reduce_parts(summaries: list[str], limit: int, level: int = 0) -> tuple[str, int]:
    """One summary of many, through as many levels as it takes."""
    joined = " ".join(summaries)
    if len(summaries) <= 1 or len(joined) <= limit:
        return joined, level
    shorter = [summarise("; ".join(batch), focus="gist") for batch in batched(summaries, 3)]
    return reduce_parts(shorter, limit, level + 1)


def main(documents: list[Document], limit: int = 40) -> tuple[Report, dict[str, Any]]:
    report = Report()
    levels: dict[str, int] = {}
    for document in documents:
        summaries = map_parts(document, report)
        if not summaries:
            print(f"{document.name}: nothing to read")
            continue
        report[document.name], levels[document.name] = reduce_parts(summaries, limit)
        print(f"{document.name}: {len(document)} parts, {levels[document.name]} levels")
    total, _ = reduce_parts(list(report.values()), limit)
    for name, summary in report.items():
        deliver(name, summary)
    details = {"levels": levels, "total": total, "hits": HITS, "longest": report.worst()}
    return report, details


def arguments() -> tuple[list[Document], int]:
    def text(town: str, parts: int) -> str:
        head = "This chapter is about bridges.\n\n"
        return head + "\n\n".join(
            f"Part {i} tells how {town} crossed its river in {1500 + number(town, 0, 300, str(i))}"
            for i in range(parts)
        )

    return [
        Document("prague", text("Prague", 8)),
        Document("empty", "\n\n"),
        Document("bath", text("Bath", 6) + "\n\ncorrupt bytes at the end\n\n" + text("Bath", 2)),
        Document("zürich", text("Zürich", 5)),
    ], 40
