"""A detector: what xcs is to know of calls of this package's clients."""

from typing import Any

from xcs.frontend.classification import Classification, operator


def detect(fn: Any) -> Classification | None:
    """Recognise the methods of acme's clients by the mark on their class."""
    owner = getattr(fn, "__self__", None)
    if getattr(type(owner), "__acme_client__", False):
        return operator("model", "a call of an acme client")
    return None
