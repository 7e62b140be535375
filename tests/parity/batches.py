"""Many cases in one trace and one compilation, which is what makes trying thousands fast.

In `make test-all`, all forms of all functions are tried, and all are run.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import pytest

import xcs
from tests.parity.case import (
    Case,
    Together,
    assert_one_kernel,
    assert_same_programs,
    assert_same_results,
    plainly,
)
from tests.parity.forms import needs_x64
from tests.sweeps import ALL

PER_FUNCTION = 99 if ALL else 1
RUN_EVERY = 1 if ALL else 24
TOGETHER = 24


def batches(cases: Iterable[Case]) -> list[Any]:
    """Cases to trace together, as test parameters: those of 64 bits apart, as they need a mode."""
    found = []
    cases = list(cases)
    for x64 in (False, True):
        alike = [case for case in cases if needs_x64(case.arrays) is x64]
        for start in range(0, len(alike), TOGETHER):
            batch = alike[start : start + TOGETHER]
            found.append(pytest.param(batch, id=f"{batch[0].name}...{'x64' * x64}"))
    return found


def assert_same_program_in_one_kernel(batch: Sequence[Case]) -> None:
    with _mode(batch):
        assert_one_kernel(assert_same_programs(batch, _jitted))


def assert_same_bits(batch: Sequence[Case]) -> None:
    with _mode(batch):
        assert_same_results(batch, _jitted)


def _jitted(cases: Sequence[Case]) -> Together:
    return xcs.jit(plainly(cases))


@contextmanager
def _mode(batch: Sequence[Case]) -> Iterator[None]:
    with jax.enable_x64(needs_x64(batch[0].arrays)), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about dtypes that need 64 bits, on both sides
        yield
