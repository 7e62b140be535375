"""Mixture of agents: layers of different models see all answers of the layer before.

Every model has a limit of its own on context; long answers are shortened by a helper model first.
A decorator tries flaky calls again.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.programs.world import model, number, pick

# --- The simulated world ---


class Overloaded(Exception):
    """The service asks to come back."""

    def __init__(self, name: str, attempt: int) -> None:
        super().__init__(f"{name} is overloaded (attempt {attempt})")
        self.name = name
        self.attempt = attempt


@model()
def generate(name: str, prompt: str, temperature: float = 0.7, attempt: int = 0) -> str:
    if number(f"{name} {attempt} {prompt}", 0, 2) == 0:
        raise Overloaded(name, attempt)
    claim = pick(prompt, "stone", "iron", "wood", "rope", salt=name)
    words = " ".join(["It is", claim] + ["indeed"] * number(prompt, 1, 9, salt=name))
    return f"[{name} {temperature}] {words}."


@model(0.5)
def shorten(text: str) -> str:
    return re.sub(r"( indeed)+", " indeed", text)


# --- The program ---

LIMIT = 60
USAGE: dict[str, int] = defaultdict(int)


def state() -> dict[str, int]:
    return dict(USAGE)


def reset() -> None:
    USAGE.clear()


class Member(NamedTuple):
    """A model of a layer and how it is asked."""

    name: str
    temperature: float = 0.7


class Reply(NamedTuple):
    """What a member said; failed ones count as silence."""

    member: Member
    text: str
    attempts: int

    @property
    def silent(self) -> bool:
        return not self.text


def again(times: int) -> Callable[[Callable[..., str]], Callable[..., tuple[str, int]]]:
    """Try a call again while the service is overloaded; give the reply and the attempts."""

    def decorate(function: Callable[..., str]) -> Callable[..., tuple[str, int]]:
        @functools.wraps(function)
        def attempt_it(*args: Any, **kwargs: Any) -> tuple[str, int]:
            for attempt in range(times):
                try:
                    return function(*args, attempt=attempt, **kwargs), attempt + 1
                except Overloaded as error:
                    if error.attempt == times - 1:
                        raise
            raise AssertionError("never here")

        return attempt_it

    return decorate


@again(times=2)
def consult(member: Member, prompt: str, attempt: int = 0) -> str:
    return generate(member.name, prompt, temperature=member.temperature, attempt=attempt)


def ask_member(member: Member, prompt: str) -> Reply:
    try:
        text, attempts = consult(member, prompt)
    except Overloaded as error:
        print(f"  {error}")
        return Reply(member, "", 2)
    USAGE[member.name] += attempts
    if len(text) > LIMIT:
        text = shorten(text)
    return Reply(member, text, attempts)


def aggregate_prompt(question: str, replies: list[Reply]) -> str:
    if not replies:
        return question
    listed = "\n".join(f"{i}. {r.text}" for i, r in enumerate(replies, 1) if not r.silent)
    return f"Earlier answers:\n{listed}\nImprove on them. {question}"


def layer(members: list[Member], question: str, before: list[Reply]) -> list[Reply]:
    prompt = aggregate_prompt(question, before)
    return [ask_member(member, prompt) for member in members]


def vote(replies: list[Reply]) -> str:
    claims = Counter(
        found.group(1) for r in replies if (found := re.search(r"It is (\w+)", r.text)) is not None
    )
    return max(sorted(claims), key=claims.__getitem__, default="nothing")


def main(question: str, layers: list[list[Member]], judge: Member) -> dict[str, Any]:
    replies: list[Reply] = []
    votes = []
    silent = 0
    for depth, members in enumerate(layers):
        print(f"layer {depth}: {len(members)} members")
        replies = layer(members, question, replies)
        silent += sum(reply.silent for reply in replies)
        votes.append(vote(replies))
    final = ask_member(judge, aggregate_prompt(question, replies))
    attempts = {reply.member.name: reply.attempts for reply in replies}
    return {"final": final, "votes": votes, "silent": silent, "attempts": attempts}


def arguments() -> tuple[str, list[list[Member]], Member]:
    names = ["oak", "elm", "fir", "ash", "yew"]
    layers = [[Member(n, 0.5 + 0.1 * depth) for n in names] for depth in range(3)]
    return "What should the bridge be made of?", layers, Member("sage", 0.0)
