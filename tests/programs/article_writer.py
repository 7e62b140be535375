"""A writer of articles: interview experts from several views, outline, write sections, polish.

The knowledge that interviews find is kept in one table with citations numbered in order of use.
"""

from __future__ import annotations

import re
import textwrap
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.programs.world import effect, model, number, pick, tool

# --- The simulated world ---


@model()
def ask(prompt: str) -> str:
    first = prompt.splitlines()[0]
    if first.startswith("List perspectives"):
        return "1. engineer: loads and spans\n2. historian: who built it\n3. poet: how it looks\n"
    if first.startswith("Ask"):
        turns = prompt.count("Expert:")
        if turns >= number(prompt.splitlines()[1], 1, 3):
            return "Thank you so much for your help!"
        return f"What about {pick(prompt, 'arches', 'cables', 'stone', 'tolls')}?"
    if first.startswith("Queries"):
        return "\n".join(f"- {pick(prompt, 'arch', 'cable', 'toll', salt=i)} 18{i}0" for i in "34")
    if first.startswith("Outline"):
        return "# Origins\n## Builders\n# Shape\n# Use\n"
    if first.startswith("Write"):
        words = ["Text"] + ["bridge"] * number(prompt, 3, 20)
        return " ".join(words) + f" [{number(prompt, 1, 4)}]."
    return f"({number(prompt, 1, 1000)}) {first[:30]}"


@tool(1.5)
def search(query: str, top: int = 2) -> list[dict[str, str]]:
    return [
        {"url": f"https://example.org/{query.split()[0]}/{i}", "text": f"{query}: fact {i}"}
        for i in range(number(query, 1, top))
    ]


@effect()
def save(name: str, text: str) -> None:
    """Write a file of the article."""


# --- The program ---


@dataclass
class Turn:
    """A question, its answer and what the answer rests on."""

    question: str
    answer: str
    sources: list[str] = field(default_factory=list)


class Knowledge:
    """Facts by address, in the order in which they were found."""

    def __init__(self) -> None:
        self.facts: OrderedDict[str, list[str]] = OrderedDict()

    def add(self, results: list[dict[str, str]]) -> list[str]:
        urls = []
        for result in results:
            self.facts.setdefault(result["url"], []).append(result["text"])
            urls.append(result["url"])
        return urls

    def merge(self, other: Knowledge) -> None:
        for url, texts in other.facts.items():
            known = self.facts.setdefault(url, [])
            known += [text for text in texts if text not in known]

    def about(self, title: str, most: int = 3) -> list[tuple[int, str]]:
        numbered = [(i, t) for i, texts in enumerate(self.facts.values(), 1) for t in texts]
        ranked = sorted(numbered, key=lambda entry: (-overlap(title, entry[1]), entry[0]))
        return ranked[:most]

    def __len__(self) -> int:
        return len(self.facts)


def overlap(a: str, b: str) -> int:
    return len(set(a.lower()) & set(b.lower()))


def bullets(text: str) -> list[str]:
    return [line.lstrip("-0123456789. ").strip() for line in text.splitlines() if line.strip()]


class Writer:
    """A persona with a focus, who asks until satisfied."""

    def __init__(self, topic: str, persona: str) -> None:
        self.topic = topic
        self.persona = persona

    def next_question(self, turns: list[Turn]) -> str | None:
        talk = "\n".join(f"You: {t.question}\nExpert: {t.answer}" for t in turns)
        reply = ask(f"Ask about {self.topic}\nas {self.persona}\n{talk}")
        return None if reply.startswith("Thank you") else reply


class Expert:
    """Answers from what a search finds."""

    def __init__(self, topic: str, knowledge: Knowledge) -> None:
        self.topic = topic
        self.knowledge = knowledge

    def answer(self, question: str) -> Turn:
        queries = bullets(ask(f"Queries for {question}\n{self.topic}"))
        results = [search(query) for query in queries]
        sources = [url for found in results for url in self.knowledge.add(found)]
        facts = "; ".join(r["text"] for found in results for r in found)
        return Turn(question, ask(f"Answer: {question}\n{facts}"), sources)


def interview(topic: str, persona: str, limit: int = 4) -> tuple[list[Turn], Knowledge]:
    knowledge = Knowledge()
    writer, expert = Writer(topic, persona), Expert(topic, knowledge)
    turns: list[Turn] = []
    for _ in range(limit):
        question = writer.next_question(turns)
        if question is None:
            break
        turns.append(expert.answer(question))
    return turns, knowledge


@dataclass
class Section:
    """A heading of the outline with its text and those below it."""

    title: str
    level: int
    text: str = ""
    children: list[Section] = field(default_factory=list)

    def walk(self) -> Iterator[Section]:
        yield self
        for child in self.children:
            yield from child.walk()

    def render(self) -> str:
        parts = [f"{'#' * self.level} {self.title}", textwrap.fill(self.text, 60)]
        return "\n".join(parts + [child.render() for child in self.children])


def parse_outline(text: str) -> list[Section]:
    top: list[Section] = []
    for line in text.splitlines():
        marks, _, title = line.partition(" ")
        section = Section(title, len(marks))
        if section.level > 1 and top:
            top[-1].children.append(section)
        else:
            top.append(section)
    return top


def write(section: Section, topic: str, knowledge: Knowledge) -> None:
    facts = "\n".join(f"[{i}] {fact}" for i, fact in knowledge.about(section.title))
    section.text = ask(f"Write the section {section.title} of {topic}\n{facts}")
    for child in section.children:
        write(child, topic, knowledge)


def main(topic: str) -> dict[str, object]:
    personas = bullets(ask(f"List perspectives on {topic}"))
    knowledge = Knowledge()
    talks = []
    for persona in ["someone curious", *personas]:
        turns, found = interview(topic, persona)
        print(f"{persona}: {len(turns)} questions, {len(found)} sources")
        talks.append(turns)
        knowledge.merge(found)
    draft = ask(f"Draft an outline of {topic}")
    said = "\n".join(turn.answer for turns in talks for turn in turns)
    sections = parse_outline(ask(f"Outline {topic}\n{draft}\n{said}"))
    for section in sections:
        write(section, topic, knowledge)
    lead = ask(f"Summarise {topic}\n{''.join(s.text for top in sections for s in top.walk())}")
    article = "\n\n".join([lead, *(section.render() for section in sections)])
    used = sorted({int(n) for n in re.findall(r"\[(\d+)\]", article)})
    save("article.txt", article)
    return {"article": article, "cited": used, "sources": dict(knowledge.facts), "talks": talks}


def arguments() -> tuple[str]:
    return ("suspension bridges",)
