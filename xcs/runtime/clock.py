"""Virtual time: how long a program takes, computed exactly and at once.

Operators say how long they would take. Their calls take that long on a clock that jumps from one
event to the next, so a test can assert the makespan of a program, and nothing sleeps. Everything
else is the engine's own: order, limits, retries, rates, timeouts, and the bound on calls at a time.
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from xcs.runtime import console
from xcs.runtime.calls import Outcome
from xcs.runtime.engine import DEFAULT_MAX_WORKERS, Run
from xcs.runtime.frames import Activation
from xcs.runtime.limits import Hold, Request, acquire, lineage, release
from xcs.runtime.plan import Action, OpPlan, Plan

Duration = float | Callable[..., float]
"""Seconds, or a function from the arguments of a call to seconds."""


@dataclass(frozen=True, slots=True)
class VirtualCall:
    """One call of an operator, on the virtual clock."""

    name: str
    iterations: tuple[int, ...]
    """The iteration numbers of the loops around, outermost first."""
    start: float
    end: float


@dataclass(slots=True)
class Simulation:
    """What a program gave, and when."""

    results: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    makespan: float = 0.0
    """Seconds from the start until the program ended."""
    calls: list[VirtualCall] = field(default_factory=list)
    """In the order of their ends."""

    def most_at_once(self, name: str | None = None) -> int:
        """How many calls, of one operator or of all, there were at a time at most."""
        chosen = [call for call in self.calls if name in (None, call.name)]
        changes = sorted([(c.start, 1) for c in chosen] + [(c.end, -1) for c in chosen])
        running = most = 0
        for _, change in changes:
            running += change
            most = max(most, running)
        return most


def simulate(
    plan: Plan,
    args: Sequence[Any],
    durations: Mapping[str, Duration],
    *,
    max_workers: int | None = None,
) -> Simulation:
    """Run a plan on a virtual clock.

    ``durations`` gives the seconds of a call by the operator's name in the program; one that is not
    there takes no time. An operator's function is called when its call ends. The program's error is
    in the result, not raised.
    """
    run = _VirtualRun(plan, DEFAULT_MAX_WORKERS if max_workers is None else max_workers, durations)
    simulation = run.simulation
    try:
        simulation.results, _ = run.execute(args)
    except Exception as error:
        simulation.error = error
    simulation.makespan = run.time
    return simulation


class _VirtualRun(Run):
    """A run whose coordinator also does what workers do, one event of the clock after another."""

    def __init__(self, plan: Plan, max_workers: int, durations: Mapping[str, Duration]):
        super().__init__(plan, max_workers)
        self.durations = durations
        self.simulation = Simulation()
        self.time = 0.0
        self.max_calls = max_workers
        self.running = 0
        self.events: list[tuple[float, int, Activation, OpPlan, float, Hold | None]] = []
        """Ends of calls: when, a number, the call, its start, and what it holds."""
        self.event_count = 0

    def now(self) -> float:  # type: ignore[override]
        return self.time

    @staticmethod
    def uniform(low: float, high: float) -> float:  # type: ignore[override]
        """No chance: of the times to wait before a retry, the longest."""
        return high

    def start(self, frame: Activation, op: OpPlan) -> None:
        if op.action in (Action.CALL, Action.AWAIT):
            self.in_flight += 1
            if self.holds_output:
                self.look_after(frame, op)
            self.tasks.append((frame, op, None, None))
        else:
            self.inline.append((frame, op))

    def _await(self, frame: Activation, op: OpPlan, booked: float | None = None) -> None:
        self.in_flight += 1
        self.tasks.append((frame, op, booked, None))

    def _summon(self) -> None:
        """There are no workers."""

    def _wait(self) -> None:
        """Start what can start, and let time go on to the next event."""
        while self.tasks and self.running < self.max_calls:
            self._begin(*self.tasks.popleft())
        if not self.completions.empty() or self.inline:
            return
        if self.timers and (not self.events or self.timers[0][0] <= self.events[0][0]):
            self.time = max(self.time, self.timers[0][0])
        elif self.events:
            self._end(*heapq.heappop(self.events))
        else:
            raise RuntimeError("nothing can go on: calls wait for limits that nobody gives back")

    def _begin(
        self, frame: Activation, op: OpPlan, booked: float | None, request: Request | None
    ) -> None:
        assert op.operator is not None
        if self.cuts and self.is_cut(frame, op.index):
            self.completions.put((frame, op, Outcome("dropped")))
            return
        hold = None
        if op.limiters:
            wanted = Request(op.limiters, self.lineage, lambda: self._retake(frame, op, booked))
            hold = acquire(wanted)
            if hold is None:
                self.requests[wanted] = (frame, op, booked)
                return
        rate = op.operator.rate
        wait = rate.reserve(self.time) if rate is not None and booked is None else 0.0
        if wait > 0:
            self._release(hold)
            self.completions.put((frame, op, Outcome("later", when=self.time + wait)))
            return
        self.running += 1
        self.event_count += 1
        end = self.time + self._seconds(frame, op)
        heapq.heappush(self.events, (end, self.event_count, frame, op, self.time, hold))

    def _retake(self, frame: Activation, op: OpPlan, booked: float | None) -> None:
        """A limit has room again."""
        for request, (waiting, other, _) in list(self.requests.items()):
            if waiting is frame and other is op:
                self.requests.pop(request)
        self.tasks.append((frame, op, booked, None))

    def _release(self, hold: Hold | None) -> None:
        if hold is not None:
            release(hold, self.lineage)

    def _seconds(self, frame: Activation, op: OpPlan) -> float:
        """How long a call takes, as far as anybody waits for it."""
        assert op.operator is not None
        seconds = self._declared(frame, op)
        timeout = op.operator.policy.timeout
        return seconds if timeout is None else min(seconds, timeout)

    def _declared(self, frame: Activation, op: OpPlan) -> float:
        duration = self.durations.get(op.name, 0.0)
        if not callable(duration):
            return duration
        function = duration
        return op.evaluate(lambda _, *args, **keywords: function(*args, **keywords), frame.values)  # type: ignore[misc]

    def _end(
        self, when: float, _: int, frame: Activation, op: OpPlan, start: float, hold: Hold | None
    ) -> None:
        assert op.operator is not None
        self.time = when
        self.running -= 1
        self.simulation.calls.append(VirtualCall(op.name, frame.iterations(), start, when))
        timeout = op.operator.policy.timeout
        if timeout is not None and self._declared(frame, op) > timeout:
            error = TimeoutError(f"no result after {timeout:g} seconds")
            outcome: Any = Outcome("failed", error)
        else:
            outcome = self._call_now(frame, op, hold)
        self._release(hold)
        self.completions.put((frame, op, outcome))

    def _call_now(self, frame: Activation, op: OpPlan, hold: Hold | None) -> Any:
        context: Context = self.context.copy()
        if hold is not None:
            context.run(lineage.set, hold)
        if op.ordered:
            self.contexts[frame, op.index] = context
        elif self.console is not None:
            context.run(console.current.set, self._output_of(frame, op))
        try:
            value = op.evaluate(context.run, frame.values)  # type: ignore[misc]
            return asyncio.run(value) if inspect.iscoroutine(value) else value
        except BaseException as error:
            return Outcome("failed", error)
