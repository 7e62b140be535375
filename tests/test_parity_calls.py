"""What `test_parity.py` asks, of calls that are written by hand."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np
import pytest

import xcs
from tests.parity.batches import (
    PER_FUNCTION,
    RUN_EVERY,
    assert_same_bits,
    assert_same_program_in_one_kernel,
    batches,
)
from tests.parity.calls import CALLS
from tests.parity.calls.lax import cube_root
from tests.parity.calls.support import written
from tests.parity.case import Case, assert_same_results, plainly
from tests.sweeps import sampled


def by_hand() -> Iterator[Case]:
    for module, calls in CALLS.items():
        yield from written(module, calls, per_function=PER_FUNCTION)


@pytest.mark.parametrize("batch", sampled(batches(by_hand()), 2))
def test_same_program(batch: list[Case]) -> None:
    assert_same_program_in_one_kernel(batch)


@pytest.mark.parametrize("batch", batches(list(by_hand())[::RUN_EVERY]))
def test_same_results(batch: list[Case]) -> None:
    assert_same_bits(batch)


def test_functions_that_call_what_jax_gives_them() -> None:
    # Such a function runs as plain JAX code: what it calls might have effects.
    cases = [Case("root", f, (np.float32(1.7),)) for f in (cube_root, jax.grad(cube_root))]
    assert_same_results(cases, lambda cases: xcs.jit(plainly(cases)))
