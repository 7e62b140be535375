"""JAX's public functions under `xcs.jit` do what they do under `jax.jit`.

Two questions are asked of each case. Is it the same StableHLO, up to order and sharing? If not, are
the results the same bits? Some are run in any case, on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parity.batches import (
    PER_FUNCTION,
    RUN_EVERY,
    assert_same_bits,
    assert_same_program_in_one_kernel,
    batches,
)
from tests.parity.case import Case
from tests.parity.found import MODULES, cases
from tests.sweeps import sampled


def found() -> Iterator[Case]:
    for module in MODULES:
        yield from cases(module, per_function=PER_FUNCTION)


@pytest.mark.parametrize("batch", sampled(batches(found()), 3))
def test_same_program(batch: list[Case]) -> None:
    assert_same_program_in_one_kernel(batch)


@pytest.mark.parametrize("batch", batches(list(found())[::RUN_EVERY]))
def test_same_results(batch: list[Case]) -> None:
    assert_same_bits(batch)
