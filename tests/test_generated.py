"""Random programs over all of the language do jitted what they do plain.

The same ones are looked at each time. ``make fuzz`` looks at many more.
"""

from __future__ import annotations

import warnings

import pytest
from fuzz import Finding, reduce
from generated_programs import differs, settings_of, write_program

from tests.sweeps import sampled

# R41

CHUNK = 20
PROGRAMS = 400


@pytest.mark.parametrize("first", sampled(range(0, PROGRAMS, CHUNK), 4))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_generated_programs(first: int) -> None:
    for seed in range(first, first + CHUNK):
        if difference := differs(write_program(seed), **settings_of(seed)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                small = reduce(Finding(seed, difference), 20)
            pytest.fail(f"seed {seed}, {settings_of(seed)}:\n\n{small}", pytrace=False)
