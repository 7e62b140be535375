"""Spans for OpenTelemetry, in a process that has imported it: one a run, and in it one a call.

The span around a jitted call is the parent of the run's, and the span of a call is the current one
while the operator runs, so that what it starts itself is below it. Without a configured provider
they cost some microseconds and go nowhere; where OpenTelemetry is not imported, there are none.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from xcs.runtime.plan import OpPlan


def tracer() -> Any | None:
    """The tracer to make spans with; None where nobody uses OpenTelemetry."""
    module = sys.modules.get("opentelemetry.trace")
    return module.get_tracer("xcs") if module is not None else None


@contextmanager
def span_of_run(name: str) -> Iterator[None]:
    """The span of one run of a jitted function, if there are spans."""
    made = tracer()
    if made is None:
        yield
        return
    with made.start_as_current_span(f"xcs {name}"):
        yield


def spanned(made: Any, op: OpPlan, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function within a span of its own."""
    with made.start_as_current_span(op.name, attributes=_attributes(op)):
        return function(*args, **kwargs)


async def awaited(made: Any, op: OpPlan, coroutine: Awaitable[Any]) -> Any:
    """Await a coroutine within a span of its own."""
    with made.start_as_current_span(op.name, attributes=_attributes(op)):
        return await coroutine


def _attributes(op: OpPlan) -> dict[str, Any]:
    file, _, line = op.location.rpartition(":")
    place = {"code.file.path": file, "code.line.number": int(line)} if line.isdigit() else {}
    return {"xcs.operator": op.name, **place}
