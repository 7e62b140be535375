"""The WordPiece tokenizer of uncased BERT models.

Text is cleaned, lower-cased and stripped of accents, cut into words and single punctuation
characters, and each word into the longest pieces that the vocabulary has.
Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019, and the
`BertNormalizer`, `BertPreTokenizer` and `WordPiece` models that `tokenizer.json` files name.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

UNKNOWN, CLS, SEP, PAD = "[UNK]", "[CLS]", "[SEP]", "[PAD]"
CONTINUATION = "##"
# Longer words become [UNK] whole; they are hashes and base64, and matching is quadratic in length.
MAX_WORD_CHARACTERS = 100

# The blocks that BERT treats as one word per character: CJK ideographs, without kana and hangul.
IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class Batch(NamedTuple):
    """Token ids and the mask of those that are real, both int32 of shape (rows, length)."""

    ids: np.ndarray
    mask: np.ndarray


class WordPiece:
    """Turns text into token ids; built from the vocabulary of the model that will read them."""

    def __init__(self, vocabulary: dict[str, int], max_tokens: int = 256) -> None:
        missing = [token for token in (UNKNOWN, CLS, SEP, PAD) if token not in vocabulary]
        if missing:
            raise ValueError(f"the vocabulary lacks the special tokens {', '.join(missing)}")
        if max_tokens < 2:
            raise ValueError(f"max_tokens is {max_tokens}; {CLS} and {SEP} alone take 2")
        self.vocabulary = vocabulary
        self.max_tokens = max_tokens

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], max_tokens: int = 256) -> WordPiece:
        """A tokenizer from a `vocab.txt`: one token a line, its id the line's number from 0."""
        # Not splitlines: the vocabulary holds characters that it takes for line ends.
        lines = Path(path).read_text(encoding="utf-8").rstrip("\n").split("\n")
        return cls({token: number for number, token in enumerate(lines)}, max_tokens)

    def encode(self, text: str) -> list[int]:
        """The ids of `text` between [CLS] and [SEP], cut to `max_tokens` with [SEP] kept.

        The names of special tokens inside `text` are text like any other.
        """
        ids = [self.vocabulary[CLS]]
        for word in split_words(normalize(text)):
            ids.extend(self._match(word))
            if len(ids) >= self.max_tokens:
                break
        return [*ids[: self.max_tokens - 1], self.vocabulary[SEP]]

    def batches(
        self, texts: Sequence[str], rows: Sequence[int], lengths: Sequence[int]
    ) -> list[Batch]:
        """`texts` in order, as batches whose shapes come from the few given sizes.

        A batch has the largest of `rows`, except that the last one has the smallest that holds what
        is left; its length is the smallest of `lengths` that holds its longest text. A compiled
        function of a batch is so compiled at most len(rows) * len(lengths) times. Rows that only
        fill up the last batch are all padding, with an empty mask.
        """
        if max(lengths) < self.max_tokens:
            raise ValueError(f"texts of {self.max_tokens} tokens do not fit lengths {lengths}")
        size = max(rows)
        encoded = [self.encode(text) for text in texts]
        chunks = [encoded[start : start + size] for start in range(0, len(encoded), size)]
        return [self._pad(chunk, rows, lengths) for chunk in chunks]

    def _pad(self, encoded: list[list[int]], rows: Sequence[int], lengths: Sequence[int]) -> Batch:
        """One batch, padded to the smallest admitted shape."""
        shape = _fit(len(encoded), rows), _fit(max(map(len, encoded)), lengths)
        ids = np.full(shape, self.vocabulary[PAD], np.int32)
        mask = np.zeros(shape, np.int32)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return Batch(ids, mask)

    def _match(self, word: str) -> list[int]:
        """Greedy longest match from the left; a word that cannot be matched to its end is [UNK]."""
        unknown = [self.vocabulary[UNKNOWN]]
        if len(word) > MAX_WORD_CHARACTERS:
            return unknown
        ids: list[int] = []
        start = 0
        while start < len(word):
            prefix = CONTINUATION if start else ""
            for end in range(len(word), start, -1):
                piece = self.vocabulary.get(prefix + word[start:end])
                if piece is not None:
                    ids.append(piece)
                    start = end
                    break
            else:
                return unknown
        return ids


def _fit(size: int, admitted: Sequence[int]) -> int:
    """The smallest admitted size that is at least `size`."""
    return min(candidate for candidate in admitted if candidate >= size)


def normalize(text: str) -> str:
    """`text` without control characters, accents and upper case, with blanks around ideographs."""
    spaced = "".join(map(_clean, text))
    decomposed = unicodedata.normalize("NFD", spaced)
    bare = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    # Character by character, as the model was trained: str.lower knows of a word's final sigma.
    return "".join(map(str.lower, bare))


def _clean(char: str) -> str:
    """What a character of raw text becomes: nothing, a blank, itself, or itself between blanks."""
    if char in "\t\n\r" or (char.isspace() and not _is_control(char)):
        return " "
    if char in "\0\ufffd" or _is_control(char):
        return ""
    return f" {char} " if _is_ideograph(char) else char


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Co")


def _is_ideograph(char: str) -> bool:
    return char >= "\u3400" and any(low <= ord(char) <= high for low, high in IDEOGRAPHS)


def _is_punctuation(char: str) -> bool:
    """Unicode punctuation, and all ASCII symbols: to BERT, `$`, `+` and `^` are punctuation."""
    if char.isascii():
        return char.isprintable() and not char.isalnum() and char != " "
    return unicodedata.category(char).startswith("P")


def split_words(text: str) -> Iterator[str]:
    """The words of normalised text, each punctuation character a word of its own."""
    for word in text.split():
        start = 0
        for position, char in enumerate(word):
            if _is_punctuation(char):
                if start < position:
                    yield word[start:position]
                yield char
                start = position + 1
        if start < len(word):
            yield word[start:]
