"""What every test asks for beyond its own assertions."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


class _Collect(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture(autouse=True)
def _no_internal_error() -> Iterator[None]:
    """Fail a test in which xcs fell back because of an error of its own, which it only logs."""
    handler = _Collect()
    logger = logging.getLogger("xcs")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    assert not handler.messages, "xcs logged warnings: " + "; ".join(handler.messages)
