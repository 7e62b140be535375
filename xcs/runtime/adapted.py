"""What is done with the functions that a run calls on other threads.

A transformation that is under way on the caller's thread, as `xcs.grad` is, tells here what calls
elsewhere need of it. Contexts are handed on to workers, so runs within calls know it as well.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Adapt = Callable[[Callable[..., Any]], Callable[..., Any]]

adapting: ContextVar[Adapt | None] = ContextVar("adapting", default=None)
"""Gives the function to call in place of one."""


def adapted(call: Callable[..., Any], adapt: Adapt | None) -> Callable[..., Any]:
    """What calls functions, which are adapted first."""
    if adapt is None:
        return call
    return lambda function, *args, **kwargs: call(adapt(function), *args, **kwargs)
