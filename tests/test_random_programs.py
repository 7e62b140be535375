"""Random Python programs do jitted what they do plain: values, errors, effects, changed arguments.

The same programs are looked at each time. ``XCS_RANDOM_PROGRAMS=1000:6000 pytest
tests/test_random_programs.py`` looks at those with other seeds. A program that shows a difference
is made smaller before it is shown.
"""

from __future__ import annotations

import os
import random
import warnings
from pathlib import Path
from typing import Any

import pytest
from program_reducer import reduce_program
from random_programs import Endless, check, write_program

from tests.sweeps import sampled

# R41

START, _, STOP = os.environ.get("XCS_RANDOM_PROGRAMS", "0:500").partition(":")
CHUNK = 50
ONE_IN = 1 if "XCS_RANDOM_PROGRAMS" in os.environ else 4


def random_call(rng: random.Random) -> tuple[Any, ...]:
    """The arguments of one call of ``main``."""

    def text() -> str:
        return rng.choice(["a", "bb", "xyz", "", "k"])

    def texts(most: int) -> list[str]:
        return [text() for _ in range(rng.randrange(most + 1))]

    items = {text(): text() for _ in range(rng.randrange(3))}
    nested = [texts(2) for _ in range(rng.randrange(3))]
    return text(), rng.randrange(4), texts(3), items, nested, (text(), texts(2))


def differs(program: str, calls: list[tuple[Any, ...]], folder: Path, **settings: Any) -> str:
    """What the jitted program did differently; empty if nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # programs with odd constants
            check(program, calls, folder, **settings)
    except (Endless, SyntaxError, NameError):
        return ""
    except Exception as difference:
        return f"{type(difference).__name__}: {difference}"
    return ""


@pytest.mark.parametrize("first", sampled(range(int(START), int(STOP), CHUNK), ONE_IN))
def test_random_programs(first: int, tmp_path: Path) -> None:
    for seed in range(first, min(first + CHUNK, int(STOP))):
        rng = random.Random(seed)
        program = write_program(rng.randrange, size=rng.choice([10, 20, 30, 60, 90]))
        calls = [random_call(rng) for _ in range(3)]
        settings = {
            "max_workers": rng.choice([None, None, 1, 2]),
            "latency": rng.choice([0.0, 0.0005]),
        }
        if difference := differs(program, calls, tmp_path, **settings):
            kind = difference.partition(":")[0]
            small = reduce_program(
                program,
                lambda text: differs(text, calls, tmp_path, **settings).startswith(kind),  # noqa: B023
            )
            shown = differs(small, calls, tmp_path, **settings) or difference
            pytest.fail(f"seed {seed}, {settings}:\n\n{small}\n\n{shown}", pytrace=False)
