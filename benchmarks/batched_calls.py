"""An operator with a batch form against the same operator without: the demo's sentence encoder.

Each call embeds one text. With the batch form, the encoder reads sixteen texts at a time. Seconds
are for one text. Without the model's package there is nothing to measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import xcs
from benchmarks.contest import SUBJECT, Contest, timed
from examples.semantic_qa import minilm
from examples.semantic_qa.minilm import BATCH_ROWS

TEXTS = 64
GOAL = 1.0
"""Below it; cores gain less from large batches than an accelerator does."""

WORDS = tuple(f"word{n}" for n in range(16))


def contests(quick: bool) -> list[Contest]:
    """Embedding texts that come from a loop, one call for each."""
    if minilm.installed_model() is None:
        return []
    model = minilm.load()

    def embed_many(texts: Sequence[str]) -> list[np.ndarray]:
        return list(model.embed(texts))

    def embed(text: str) -> np.ndarray:
        return model.embed([text])[0]

    batched = xcs.op(kind="model", batch=embed_many, max_batch=max(BATCH_ROWS))(embed)
    single = xcs.op(kind="model")(embed)
    count = 8 if quick else TEXTS
    texts = [" ".join(WORDS[i % 7 : i % 7 + 6 + i % 5]) for i in range(count)]

    def program(operator: Any) -> Callable[[], Any]:
        function = xcs.jit(lambda texts: [operator(text) for text in texts])
        return lambda: function(texts)

    with_batches, without = program(batched), program(single)
    np.testing.assert_allclose(with_batches(), without(), atol=1e-5)
    return [
        Contest(
            "embedding a text, in batches of 16",
            {SUBJECT: _per_text(with_batches, count), "single calls": _per_text(without, count)},
            rounds=3 if quick else 15,
            goals={"single calls": GOAL},
        )
    ]


def _per_text(run: Callable[[], Any], count: int) -> Callable[[], float]:
    seconds = timed(run)
    return lambda: seconds() / count
