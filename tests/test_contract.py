"""The contract (DESIGN section 1), program by program: jitted, each does what plain Python does."""

from __future__ import annotations

import copy
import functools
import inspect
import random
import threading
import time
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import contract_programs as programs
import jax
import jax.numpy as jnp
import pytest
import xcs
from contract_programs import PROGRAMS, ContractProgram, ask, measure, save
from differential import Outcome, freeze, observe, within_time


@pytest.fixture(autouse=True)
def _fresh_world() -> None:
    programs.reset()


def outcomes(function: Any, tested: ContractProgram) -> tuple[list[Outcome], Counter[Any]]:
    """What the program's calls came to, one after the other, and the unordered calls they made."""
    programs.reset()
    found = []
    for args, kwargs in (copy.deepcopy((c.args, c.kwargs)) for c in tested.calls):
        found.append(observe(function, args, kwargs, state=programs.state))
    return found, Counter(programs.CALLS)


@pytest.mark.parametrize("max_workers", [None, 1], ids=["parallel", "one worker"])
@pytest.mark.parametrize("tested", PROGRAMS, ids=lambda p: p.name)
def test_program(tested: ContractProgram, max_workers: int | None) -> None:  # R1, R7, R8, R22
    expected, expected_calls = outcomes(tested.function, tested)
    fast = xcs.jit(tested.function, config=xcs.Config(max_workers=max_workers))
    actual, actual_calls = within_time(lambda: outcomes(fast, tested))
    assert actual == expected
    if any(outcome.error for outcome in expected):
        assert expected_calls <= actual_calls
    else:
        assert expected_calls == actual_calls
    # From the cache, and in a state that the first calls left.
    again, _ = within_time(lambda: outcomes(fast, tested))
    assert again == expected
