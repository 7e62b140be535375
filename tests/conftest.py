"""What every test asks for beyond its own assertions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from differential import no_internal_error


@pytest.fixture(autouse=True)
def _no_internal_error() -> Iterator[None]:
    """Fail a test in which xcs fell back because of an error of its own, which it only logs."""
    with no_internal_error():
        yield
