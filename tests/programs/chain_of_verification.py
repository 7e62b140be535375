"""Chain of verification: a first answer, questions that test it, answers to them, a revision.

Claims that contradict the checks are collected; a lookup that fails is asked for elsewhere.
"""

from __future__ import annotations

import contextlib
import logging
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.programs.world import model, number, pick, tool

# --- The simulated world ---


@model()
def ask(prompt: str) -> str:
    if "checking questions" in prompt:
        count = number(prompt, 2, 5)
        return "\n".join(f"Q{i}: Is claim {i} of {prompt[-8:]} true?" for i in range(count))
    if "Claims" in prompt:
        return " | ".join(f"claim {i} {pick(prompt, 'x', 'y', salt=str(i))}" for i in range(3))
    return f"{pick(prompt, 'yes', 'no', 'perhaps')}, see {number(prompt, 1, 50)}"


@tool(0.5)
def lookup(question: str) -> str | None:
    if number(question, 0, 5) == 0:
        raise LookupError(f"nothing on {question}")
    return pick(question, "yes, in print", "no, in print", None)


# --- The program ---

log = logging.getLogger("programs.chain_of_verification")
DRAFT = string.Template("Answer in a paragraph: $question")
PLAN = string.Template("Write checking questions, one a line, for: $draft")
REVISE = string.Template("Question: $question\nDraft: $draft\n$checks\nCorrect the draft.")


@dataclass
class Check:
    """A question about the draft, and what is known about it."""

    question: str
    answer: str
    source: str

    @property
    def verdict(self) -> str:
        match self.answer.split(","):
            case ["yes", *_]:
                return "confirmed"
            case ["no", *rest] if rest:
                return "refuted"
            case _:
                return "open"


@contextlib.contextmanager
def stage(name: str, stages: list[str]) -> Iterator[None]:
    """Log the begin and the end of a stage."""
    log.info("begin %s", name)
    try:
        yield
    finally:
        stages.append(name)
        log.info("end %s", name)


def check(question: str) -> Check:
    try:
        found = lookup(question)
    except LookupError as error:
        log.warning("%s", error)
        found = None
    if found is None:
        return Check(question, ask(f"In a word: {question}"), "model")
    return Check(question, found, "library")


def questions_in(text: str) -> list[str]:
    lines = (line.partition(":") for line in text.splitlines())
    return [question.strip() for label, _, question in lines if label[:1] == "Q"]


def verify(question: str) -> tuple[str, list[Check], list[str]]:
    stages: list[str] = []
    with stage("draft", stages):
        draft = ask(DRAFT.substitute(question=question))
    with stage("checks", stages):
        questions = questions_in(ask(PLAN.substitute(draft=draft)))
        checks = [check(q) for q in questions]
        claims = ask(f"Claims in: {draft}").split(" | ")
        checks += [check(f"Is it so that {claim}?") for claim in claims]
    with stage("revision", stages):
        refuted = [c for c in checks if c.verdict == "refuted"]
        if not refuted:
            return draft, checks, stages
        listed = "\n".join(f"{c.question} {c.answer}" for c in refuted)
        revised = ask(REVISE.substitute(question=question, draft=draft, checks=listed))
    return revised, checks, stages


def main(questions: list[str]) -> dict[str, object]:
    answers: dict[str, str] = {}
    verdicts: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    stages: list[list[str]] = []
    for question in questions:
        answer, checks, passed = verify(question)
        answers[question] = answer
        verdicts.update(c.verdict for c in checks)
        for c in checks:
            sources[c.source] += 1
        stages.append(passed)
        log.info("%s: %d checks", question, len(checks))
    return {"answers": answers, "verdicts": verdicts, "sources": sources, "stages": stages}


def arguments() -> tuple[list[str]]:
    return (["Who built it?", "When was it opened?", "What did it cost?", "Where is it?"],)
