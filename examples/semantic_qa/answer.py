"""The answering model: any OpenAI-compatible endpoint, or an extractive one that is built in."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import xcs
from examples.semantic_qa.passages import Passage

REQUEST_SECONDS = 60.0
NO_ANSWER = "NONE"
# The final answer quotes so many passages' answers: none much less relevant than the best, and none
# much like one it already has.
QUOTED_ANSWERS = 3
LEAST_OF_BEST = 0.5
MOST_SHARED_WORDS = 0.6

WORD = re.compile(r"[a-z0-9]+")
SUFFIXES = ("ations", "ation", "ions", "ing", "ion", "ies", "ed", "es", "er", "s", "e", "y")
SHORTEST_STEM = 3
STOP_WORDS = frozenset(
    """
    a an and any are as at be by can do does for from has have how i if in is it its may must my
    not of on or our should such than that the their them then there these they this to under
    was we what when where which who why will with you your
    """.split()  # noqa: SIM905 (a list literal would take a line per word)
)


class PassageAnswer(NamedTuple):
    """What one passage says, and how much of the question that covers, from 0 to 1."""

    text: str
    relevance: float


class Answerer(Protocol):
    """A model that answers from one passage, and that joins such answers into one."""

    def answer(self, question: str, passage: Passage) -> PassageAnswer: ...

    def combine(self, question: str, answers: Sequence[PassageAnswer]) -> str: ...


@xcs.op(kind="model", retries=2, timeout=REQUEST_SECONDS, max_concurrency=8)
def answer_from_passage(answerer: Answerer, question: str, passage: Passage) -> PassageAnswer:
    """One model call: the answer that this passage alone gives."""
    return answerer.answer(question, passage)


@xcs.op(kind="model", retries=2, timeout=REQUEST_SECONDS, max_concurrency=8)
def combine_answers(answerer: Answerer, question: str, answers: Sequence[PassageAnswer]) -> str:
    """One model call: the final answer, with [1], [2], ... for the passages it rests on."""
    return answerer.combine(question, answers)


@dataclass(frozen=True)
class ExtractiveAnswerer:
    """Answers with the sentences that share most words with the question.

    It needs neither network nor key and takes microseconds, so that a call may be given a
    `latency` (seconds) to stand in for the network and the model it replaces.
    """

    latency: float = 0.0

    def answer(self, question: str, passage: Passage) -> PassageAnswer:
        """The sentence of the passage that covers most of the question; the first of equals."""
        self._wait()
        wanted = stems(question)
        candidates = [
            PassageAnswer(sentence, coverage(wanted, sentence))
            for sentence in passage.text.splitlines()
        ]
        return max(candidates, key=lambda candidate: candidate.relevance)

    def combine(self, question: str, answers: Sequence[PassageAnswer]) -> str:
        """The most relevant answers without near duplicates, in the order of the passages."""
        self._wait()
        ranked = sorted(enumerate(answers, 1), key=lambda item: -item[1].relevance)
        if not ranked or ranked[0][1].relevance == 0:
            return "The passages do not answer this question."
        least = LEAST_OF_BEST * ranked[0][1].relevance
        quoted: list[tuple[int, str]] = []
        for number, answer in ranked:
            novel = all(likeness(answer.text, text) < MOST_SHARED_WORDS for _, text in quoted)
            if answer.relevance >= least and novel and len(quoted) < QUOTED_ANSWERS:
                quoted.append((number, answer.text))
        return " ".join(f"{text} [{number}]" for number, text in sorted(quoted))

    def _wait(self) -> None:
        if self.latency > 0:
            time.sleep(self.latency)


@dataclass(frozen=True)
class ChatAnswerer:
    """Answers with a language model behind an OpenAI-compatible `chat/completions` endpoint."""

    base_url: str
    api_key: str = field(repr=False)
    model: str

    def __str__(self) -> str:
        return f"{self.model} at {self.base_url}"

    def answer(self, question: str, passage: Passage) -> PassageAnswer:
        """The model's answer from the passage; relevance 0 where it says that there is none."""
        reply = self._complete(
            "Answer the question in one or two sentences, from the passage only. "
            f"If the passage does not answer it, reply {NO_ANSWER}.",
            f"Question: {question}\n\nPassage:\n{passage.text}",
        )
        return PassageAnswer(reply, 0.0 if reply.strip(" .") == NO_ANSWER else 1.0)

    def combine(self, question: str, answers: Sequence[PassageAnswer]) -> str:
        """The model's answer from the passages' answers, asked to cite them by number."""
        found = [
            f"[{number}] {answer.text}"
            for number, answer in enumerate(answers, 1)
            if answer.relevance > 0
        ]
        return self._complete(
            "Join the numbered notes into one short answer to the question and cite the notes that "
            "you use, like [1]. If there are no notes, say that the passages do not answer it.",
            f"Question: {question}\n\nNotes:\n" + "\n".join(found),
        )

    def _complete(self, instructions: str, content: str) -> str:
        """One request; HTTP errors are raised as they come, for the operator's retries to see."""
        messages = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": content},
        ]
        request = urllib.request.Request(
            f"{self.base_url.rstrip('/')}/chat/completions",
            data=json.dumps({"model": self.model, "messages": messages}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.api_key}",
            },
        )
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
            reply = json.load(response)
        try:
            return str(reply["choices"][0]["message"]["content"]).strip()
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(
                f"{self.base_url}: expected a chat completion, got {str(reply)[:200]}"
            ) from error


def configured_answerer(environment: Mapping[str, str], latency: float) -> Answerer:
    """The endpoint that the environment names, or else the extractive answerer.

    Raises `ValueError` if a model is named but no key or endpoint.
    """
    model = environment.get("XCS_DEMO_MODEL")
    base_url = environment.get("OPENAI_BASE_URL")
    api_key = environment.get("OPENAI_API_KEY")
    if not model:
        return ExtractiveAnswerer(latency)
    if not (base_url or api_key):
        raise ValueError(
            "XCS_DEMO_MODEL is set, but neither OPENAI_BASE_URL (a server of your own) "
            "nor OPENAI_API_KEY (api.openai.com)"
        )
    return ChatAnswerer(base_url or "https://api.openai.com/v1", api_key or "", model)


def stems(text: str) -> frozenset[str]:
    """The words of `text` that carry meaning, without the endings that inflect them."""
    return frozenset(_stem(word) for word in WORD.findall(text.lower()) if word not in STOP_WORDS)


def coverage(wanted: frozenset[str], text: str) -> float:
    """The share of the `wanted` stems that occur in `text`."""
    return len(wanted & stems(text)) / max(len(wanted), 1)


def likeness(left: str, right: str) -> float:
    """The share of stems that two texts have in common (Jaccard index)."""
    one, other = stems(left), stems(right)
    return len(one & other) / max(len(one | other), 1)


def _stem(word: str) -> str:
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
            return word.removesuffix(suffix)
    return word
