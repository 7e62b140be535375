"""Text cut into passages of whole sentences, each with the place it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

# In words and punctuation marks, which are somewhat fewer than WordPiece tokens. The encoder was
# trained on 128 tokens; longer passages are embedded less well and cost more.
PASSAGE_WORDS = 85
# Shorter passages are headings and links; they match many questions and answer none.
MINIMUM_WORDS = 12

WORD = re.compile(r"\w+|[^\w\s]")
# Consecutive lines that are not blank.
PARAGRAPH = re.compile(r"\S.*(?:\n.*\S.*)*")
# The end of a sentence, before a capital or a digit and so not in "e.g. this", and not after an
# initial or the number of a list item; or the start of a list item.
SENTENCE_END = re.compile(
    r"""(?<=[.!?;:])(?<!\b\w\.)(?<!\b\d\d\.)["')\]]?\s+(?=["'(\[]*[A-Z0-9])"""
    r"""|\n\s*(?=(?:[-*•+]|\(?[0-9a-z]{1,2}[.)])\s)"""
)


class Document(NamedTuple):
    """The text of one file."""

    source: str
    text: str


class Passage(NamedTuple):
    """A few sentences of one file, one a line.

    `number` counts the file's passages from 1; `line` is where its first paragraph starts.
    """

    source: str
    number: int
    line: int
    text: str


def split_passages(documents: Iterable[Document], limit: int) -> list[Passage]:
    """At most `limit` passages of different text: the first ones of every document, then the next.

    A limit thus shortens long documents before it leaves out any.
    """
    different: dict[str, Passage] = {}
    for passages in zip_longest(*map(_passages, documents)):
        for passage in filter(None, passages):
            different.setdefault(passage.text.casefold(), passage)
    return list(different.values())[:limit]


def split_sentences(paragraph: str) -> list[str]:
    """The sentences and list items of a paragraph, each on one line."""
    lines = (" ".join(piece.split()) for piece in SENTENCE_END.split(paragraph))
    return [line for line in lines if line]


@dataclass
class _Pack:
    """Consecutive sentences that will be one passage."""

    line: int
    words: int = 0
    sentences: list[str] = field(default_factory=list)


def _passages(document: Document) -> Iterator[Passage]:
    """Consecutive sentences, packed up to `PASSAGE_WORDS`."""
    packs: list[_Pack] = []
    for line, sentence, words in _sentences(document.text):
        if not packs or packs[-1].words + words > PASSAGE_WORDS:
            packs.append(_Pack(line))
        packs[-1].sentences.append(sentence)
        packs[-1].words += words
    useful = (pack for pack in packs if pack.words >= MINIMUM_WORDS)
    for number, pack in enumerate(useful, 1):
        yield Passage(document.source, number, pack.line, "\n".join(pack.sentences))


def _sentences(text: str) -> Iterator[tuple[int, str, int]]:
    """Each sentence with its paragraph's line and its number of words; cut if too long."""
    line, counted = 1, 0
    for paragraph in PARAGRAPH.finditer(text):
        line += text.count("\n", counted, paragraph.start())
        counted = paragraph.start()
        for sentence in split_sentences(paragraph.group()):
            ends = [match.end() for match in WORD.finditer(sentence)]
            begin = 0
            for first in range(0, len(ends), PASSAGE_WORDS):
                some = ends[first : first + PASSAGE_WORDS]
                yield line, sentence[begin : some[-1]].strip(), len(some)
                begin = some[-1]
