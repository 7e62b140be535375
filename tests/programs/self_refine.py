"""Self-refine: draft, get feedback on several sides, improve, until good enough; over many inputs.

Scores are parsed from replies that do not always have the wanted form.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field, replace
from functools import partial

from tests.programs.world import effect, model, number, pick

# --- The simulated world ---


@model()
def write(prompt: str) -> str:
    return f"Dear all, {pick(prompt, 'thanks', 'news', 'sorry')} {number(prompt, 100, 999)}."


@model()
def criticise(aspect: str, text: str) -> str:
    score = number(text, 4, 10, salt=aspect)
    if number(text, 0, 8, salt=f"odd {aspect}") == 0:
        return f"{aspect}: fine I guess"
    return f"{aspect}: {score}/10. Be {pick(text, 'shorter', 'kinder', 'clearer', salt=aspect)}."


@effect()
def archive(title: str, text: str) -> None:
    """Keep a finished text."""


# --- The program ---


class Aspect(enum.Enum):
    """What feedback is asked for."""

    CLARITY = "clarity"
    TONE = "tone"
    BREVITY = "brevity"

    @classmethod
    def names(cls) -> list[str]:
        return [aspect.value for aspect in cls]


@dataclass(frozen=True)
class Feedback:
    """The opinion on one side of a draft."""

    aspect: Aspect
    score: int
    advice: str

    @staticmethod
    def parse(aspect: Aspect, reply: str) -> Feedback:
        found = re.search(r"(\d+)/10", reply)
        if not found:
            return Feedback(aspect, 5, "say it again")
        _, _, advice = reply.partition(". ")
        return Feedback(aspect, int(found[1]), advice.rstrip("."))


@dataclass(frozen=True)
class Draft:
    """A version of the text, and the versions before it."""

    title: str
    text: str
    version: int = 1
    feedback: tuple[Feedback, ...] = ()
    before: Draft | None = field(default=None, repr=False)

    @property
    def score(self) -> float:
        return sum(f.score for f in self.feedback) / max(1, len(self.feedback))

    def history(self) -> list[str]:
        older = self.before.history() if self.before else []
        return [*older, f"v{self.version} {self.score:.2f}"]


def review(draft: Draft, aspects: list[Aspect]) -> Draft:
    given = tuple(Feedback.parse(aspect, criticise(aspect.value, draft.text)) for aspect in aspects)
    return replace(draft, feedback=given)


def improve(draft: Draft) -> Draft:
    worst = min(draft.feedback, key=lambda f: (f.score, f.aspect.value))
    wishes = "; ".join(sorted({f.advice for f in draft.feedback if f.score < 8}))
    prompt = f"Rewrite: {draft.text}\nWishes: {wishes}\nAbove all mind {worst.aspect.value}."
    return Draft(draft.title, write(prompt), draft.version + 1, before=draft)


def refine(title: str, *, goal: float, most: int, aspects: list[Aspect]) -> Draft:
    draft = review(Draft(title, write(f"Write about {title}.")), aspects)
    best = draft
    while draft.score < goal:
        if draft.version >= most:
            print(f"{title}: stopped at {draft.score:.1f}")
            break
        draft = review(improve(draft), aspects)
        if draft.score > best.score:
            best = draft
    else:
        print(f"{title}: good enough after {draft.version}")
    return best


def main(titles: list[str], goal: float = 7.5, most: int = 3) -> dict[str, object]:
    work = partial(refine, goal=goal, most=most, aspects=list(Aspect))
    best = list(map(work, titles))
    for draft in best:
        archive(draft.title, draft.text)
    scores = {draft.title: round(draft.score, 2) for draft in best}
    order = sorted(scores, key=lambda title: (-scores[title], title))
    return {
        "texts": [draft.text for draft in best],
        "history": {draft.title: draft.history() for draft in best},
        "order": order,
        "aspects": Aspect.names(),
        "versions": sum(draft.version for draft in best),
    }


def arguments() -> tuple[list[str], float, int]:
    return ["the picnic", "the delay", "the new bridge", "the old bridge", "the toll"], 7.5, 4
