"""Text that is broken at random: read and verified, or an error that points at a place."""

import random
import re
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.universe import Universe

from tests.sweeps import sampled
from xcs.tools.diagnostics import LocatedParseError, LocatedVerifyException
from xcs.tools.source_parser import SourceParser
from xcs.tools.verifier import verify

ROOT = Path(__file__).parents[1]
SOURCES = [
    part
    for folder in ("tests/stablehlo_modules", "test/lit/dialects", "test/lit/transforms")
    for path in sorted((ROOT / folder).rglob("*.mlir"))
    for part in path.read_bytes().split(b"// -----")
]
WORDS = re.compile(rb'[\w.]+|"[^"]*"|[^\s\w]')
JUNK = (
    *(character.encode() for character in '"{}<>()[]#!%@?\0'),
    *(b"\xff", b"->", b"//", b"^bb", b"-1", b"99999999999999999999", b"0x", b"1e999", b"loc("),
    *(b"dense<", b"tensor<", b"i0", b"i99999999", b"complex<i3>", b"none", b"unit", b"{a, a}"),
    *(b"dense<[[1], [2, 3]]>", b"tensor<0x?x*xf32>", b"array<f32: 0x1>", b"!stablehlo.token"),
    b"#sdy.sharding<@m, []>",
)
SEEDS, PER_SEED = 8, 120


@pytest.fixture(scope="module")
def context() -> Context:
    """All dialects that xcs-opt knows."""
    context = Context()
    for name, load in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, load)
    return context


def broken(text: bytes, random_: random.Random) -> bytes:
    """The text cut off, or with a word or a byte changed, moved, removed or added."""
    words = list(WORDS.finditer(text))
    if not words:
        return text
    word, other = random_.choice(words), random_.choice(words)
    before, after = text[: word.start()], text[word.end() :]
    place = random_.randrange(len(text))
    return random_.choice(
        (
            text[:place],
            before + after,
            before + other[0] + after,
            before + random_.choice(JUNK) + after,
            before + random_.choice(JUNK) + b" " + word[0] + after,
            before + word[0] * 2 + after,
            text[:place] + bytes([random_.randrange(256)]) + text[place + 1 :],
        )
    )


@pytest.mark.parametrize("seed", sampled(range(SEEDS), 4))
def test_broken_text_is_reported_with_its_place(seed: int, context: Context) -> None:
    random_ = random.Random(seed)
    for _ in range(PER_SEED):
        text = random_.choice(SOURCES)
        for _ in range(random_.choice((1, 1, 2, 4))):
            text = broken(text, random_)
        try:
            module, spans = SourceParser.parse(context.clone(), text, "input.mlir")
            verify(module, spans)
        except (LocatedParseError, LocatedVerifyException) as error:
            message = str(error)
            assert re.match(r"input\.mlir:\d+:\d+: error: ", message), text
            assert "failed here with" not in message, text
            assert "the verifier of" not in message, text
