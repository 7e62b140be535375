"""A rule that fails is a bug, which is logged and does not take the program down."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import xcs
from xcs.transforms.rules.driver import Driver


@pytest.fixture(autouse=True)
def _no_internal_error() -> None:
    """Internal errors are what this is about."""


def test_a_rule_that_fails_leaves_the_program_as_it_was(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("a bug")

    def row(a: Any) -> Any:
        return (a @ a)[3]

    monkeypatch.setattr(Driver, "run", fail)
    a = jnp.arange(16.0).reshape(4, 4)
    np.testing.assert_allclose(xcs.jit(row)(a), row(a))
    assert "row stays as it is: a rule failed: RuntimeError('a bug')" in caplog.text
