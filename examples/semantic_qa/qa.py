"""Question answering over a folder of text: the whole application, as one function."""

from __future__ import annotations

from email import message_from_string
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp

import xcs
from examples.semantic_qa.answer import Answerer, answer_from_passage, combine_answers
from examples.semantic_qa.minilm import MiniLM, Weights, encode
from examples.semantic_qa.passages import Document, Passage, split_passages
from examples.semantic_qa.wordpiece import Batch


class Answer(NamedTuple):
    """The answer, the passages that it cites as [1], [2], ..., and how many were searched."""

    text: str
    sources: list[Passage]
    searched: int


@xcs.op(kind="tool")
def read_document(path: str) -> Document:
    """The text of a file; of a package's METADATA, the description after its header fields."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    if Path(path).name == "METADATA":
        text = str(message_from_string(text).get_payload())
    return Document(path, text)


def similarities(weights: Weights, batch: Batch, query: jax.Array) -> jax.Array:
    """The cosine of each text of the batch with the query; -inf for rows of padding."""
    vectors = encode(weights, batch.ids, batch.mask)
    return jnp.where(jnp.any(batch.mask, axis=1), vectors @ query, -jnp.inf)


@xcs.jit
def answer_question(
    question: str,
    paths: list[str],
    model: MiniLM,
    answerer: Answerer,
    count: int = 8,
    limit: int = 80,
) -> Answer:
    """Answer from the `count` passages nearest to the question, of at most `limit` in the files."""
    documents = [read_document(path) for path in paths]
    passages = split_passages(documents, limit)
    # Texts of like length share a batch, so that little of it is padding.
    passages = sorted(passages, key=lambda passage: model.length(passage.text))

    [asked] = model.tokenize([question])
    query = encode(model.weights, asked.ids, asked.mask)[0]
    batches = model.tokenize([passage.text for passage in passages])
    scores = jnp.concatenate([similarities(model.weights, batch, query) for batch in batches])
    nearest = jnp.argsort(-scores).tolist()[: min(count, len(passages))]

    sources = [passages[index] for index in nearest]
    answers = [answer_from_passage(answerer, question, passage) for passage in sources]
    return Answer(combine_answers(answerer, question, answers), sources, len(passages))
