"""Spans for OpenTelemetry, in a process that has imported it: one a run, and in it one a call.

The span around a jitted call is the parent of the run's, and the span of a call is the current one
while the operator runs, so that what it starts itself is below it. Without a configured provider
they cost some microseconds and go nowhere; where OpenTelemetry is not imported, there are none.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from xcs.runtime.plan import OpPlan


def tracer() -> Any | None:
    """The tracer to make spans with; None where nobody uses OpenTelemetry."""
    module = sys.modules.get("opentelemetry.trace")
    return module.get_tracer("xcs") if module is not None else None


class _Current:
    """A span that is the current one for a while.

    OpenTelemetry's own is a generator, and `contextlib` sets the traceback of what passes through
    one, which errors of some classes do not let it.
    """

    def __init__(self, made: Any, name: str, attributes: dict[str, Any] | None = None):
        self.span = made.start_span(name, attributes=attributes)
        self.trace = sys.modules["opentelemetry.trace"]
        self.context = sys.modules["opentelemetry.context"]

    def __enter__(self) -> None:
        self.token = self.context.attach(self.trace.set_span_in_context(self.span))

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self.context.detach(self.token)
        if isinstance(error, Exception):
            with suppress(Exception):  # what it says of itself may raise
                self.span.record_exception(error)
                text = f"{type(error).__name__}: {error}"
                status = self.trace.Status(self.trace.StatusCode.ERROR, text)
                self.span.set_status(status)
        self.span.end()


def span_of_run(name: str) -> AbstractContextManager[None]:
    """The span of one run of a jitted function, if there are spans."""
    made = tracer()
    return nullcontext() if made is None else _Current(made, f"xcs {name}")


def spanned(made: Any, op: OpPlan, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function within a span of its own."""
    with _Current(made, op.name, _attributes(op)):
        return function(*args, **kwargs)


async def awaited(made: Any, op: OpPlan, coroutine: Awaitable[Any]) -> Any:
    """Await a coroutine within a span of its own."""
    with _Current(made, op.name, _attributes(op)):
        return await coroutine


def _attributes(op: OpPlan) -> dict[str, Any]:
    file, _, line = op.location.rpartition(":")
    place = {"code.file.path": file, "code.line.number": int(line)} if line.isdigit() else {}
    return {"xcs.operator": op.name, **place}
