"""Sweeps over very many cases: `make test` takes a part of them, `make test-all` all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

ALL = os.environ.get("XCS_SWEEPS") == "all"
"""Whether nothing is left out."""


def sampled(cases: Iterable[T], one_in: int) -> list[T]:
    """All cases, or every so many of them: always the same ones."""
    return list(cases) if ALL else list(cases)[::one_in]
