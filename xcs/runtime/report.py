"""What ran in a run, and when."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xcs.runtime.frames import Activation, Owner
    from xcs.runtime.plan import BlockPlan, OpPlan, Plan

MAX_CALLS = 20_000
"""Calls of one run that are kept one by one; of those after them, only the sum is kept."""

MIN_SECONDS = 20e-6
"""Of ops that are neither calls nor kernels, a timeline shows those that take longer."""

CALL_KINDS = frozenset({"orch.call", "orch.invoke", "orch.method"})
"""The ops that call what a program only knows by its effects."""


def is_call_or_kernel(op: OpPlan) -> bool:
    """Whether an op is of those that timelines always show."""
    return op.kind in CALL_KINDS or op.kind == "orch.launch"


class Step(NamedTuple):
    """One level of a place in a program in progress: an op, and which of its blocks it has entered.

    ``inner`` is the number of the iteration, or of the block; ``plan`` is the block, and None for
    an iteration that is no more than one op.
    """

    index: int
    kind: str
    """The op's name in the IR."""
    inner: int
    plan: BlockPlan | None

    @property
    def iteration(self) -> int | None:
        """The number of the iteration, if the op is a loop."""
        if self.kind == "orch.while":  # whose tests have numbers of their own
            return self.inner // 2
        return self.inner if self.kind in ("orch.for", "orch.map") else None


Place = tuple[Step, ...]
"""What is around an op, outermost first."""


class Called(NamedTuple):
    """One op that was evaluated. Times are those of `time.perf_counter`, in seconds."""

    op: OpPlan
    place: Place
    start: float
    end: float
    thread: int
    """What `threading.get_ident` gave."""

    @property
    def path(self) -> tuple[int, ...]:
        """Its place in the program: these tuples are ordered as the program is."""
        return (*(n for step in self.place for n in (step.index, step.inner)), self.op.index)

    @property
    def iterations(self) -> tuple[int, ...]:
        """The numbers of the iterations around it, outermost first."""
        return tuple(n for step in self.place if (n := step.iteration) is not None)


class CallLog:
    """Ops of one run, in the order in which they ended. Any thread may add.

    The calls of operators of every run are kept in one, so adding costs a fraction of a
    microsecond. Nothing of it refers to the values of the run.
    """

    __slots__ = ("_entries", "_limit", "_lock", "more", "name", "seconds_of_more")

    def __init__(self, name: str = "", limit: float = MAX_CALLS) -> None:
        self.name = name
        """Of the function that runs."""
        self._limit = limit
        self._entries: list[tuple[OpPlan, Place, int, BlockPlan | None, float, float, int]] = []
        self.more = 0
        """Those beyond the limit."""
        self.seconds_of_more = 0.0
        self._lock = threading.Lock()

    def add(self, op: OpPlan, frame: Activation, start: float, end: float, thread: int = 0) -> None:
        """Note an op that has ended."""
        owner = frame.owner
        try:
            around: Place = () if owner is None else owner.place
        except AttributeError:
            around = _place_of(owner)  # type: ignore[arg-type]
        if len(self._entries) < self._limit:
            self._entries.append((op, around, frame.index, frame.plan, start, end, thread))
            return
        with self._lock:
            self.more += 1
            self.seconds_of_more += end - start

    @property
    def calls(self) -> list[Called]:
        """The ops, as far as they are kept one by one."""
        return [
            Called(op, _within(around, inner, plan), start, end, thread)
            for op, around, inner, plan, start, end, thread in list(self._entries)
        ]

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self._entries) + self.more

    @property
    def seconds(self) -> float:
        """How long they took together."""
        return sum([entry[5] - entry[4] for entry in list(self._entries)]) + self.seconds_of_more


def _place_of(owner: Owner) -> Place:
    """What is around the blocks of an owner, which keeps it; its own step lacks the block."""
    frame = owner.frame
    outer: Place = ()
    if frame.owner is not None:
        try:
            outer = frame.owner.place
        except AttributeError:
            outer = _place_of(frame.owner)
    owner.place = (
        *_within(outer, frame.index, frame.plan),
        Step(owner.op.index, owner.op.kind, -1, None),
    )
    return owner.place


def _within(around: Place, inner: int, plan: BlockPlan | None) -> Place:
    if not around:
        return ()
    last = around[-1]
    return (*around[:-1], Step(last.index, last.kind, inner, plan))


@dataclass(frozen=True, slots=True)
class OpRecord:
    """One execution of one op. Times are seconds since the start of the run."""

    name: str
    """The operator's name for a call, the op's name otherwise."""
    kind: str
    line: str
    """``"file:line"`` of the op."""
    iterations: tuple[int, ...]
    """The iteration numbers of the maps and loops around the op, outermost first."""
    start: float
    end: float
    worker: str
    """The name of the thread that ran it."""


@dataclass(frozen=True, slots=True)
class OpWait:
    """An op that was ready, and had to wait until everything before it had succeeded."""

    name: str
    kind: str
    line: str
    """``"file:line"`` of the op."""
    reason: str


class Waited(NamedTuple):
    """A call that was ready, and had to wait. Times are those of `time.perf_counter`."""

    op: OpPlan
    begin: float
    end: float
    reason: str


@dataclass(slots=True)
class RunReport:
    """All that was evaluated in one run, in the order of completion; ``total`` is in seconds."""

    plan: Plan | None = None
    started: float = 0.0
    """When the run started, by `time.perf_counter`."""
    ops: CallLog = field(default_factory=lambda: CallLog(limit=float("inf")))
    threads: dict[int, str] = field(default_factory=dict)
    """The names of the threads that evaluated anything."""
    waits: list[OpWait] = field(default_factory=list)
    """Why ops waited for their turn. Those that had it when they were ready are not here."""
    waited: list[Waited] = field(default_factory=list)
    """How long calls waited, and for what."""
    total: float = 0.0
    shortest: float = 0.0
    """Seconds: what is neither a call nor a kernel is kept if it takes longer."""
    _ready: dict[tuple[Activation, int], tuple[float, str]] = field(default_factory=dict)
    """Calls that wait: since when, and for what."""

    def ran(self, op: OpPlan, frame: Activation, start: float, end: float) -> None:
        """Note an op that has been evaluated."""
        if end - start < self.shortest and not is_call_or_kernel(op):
            return
        thread = threading.get_ident()
        if thread not in self.threads:
            self.threads[thread] = threading.current_thread().name
        self.ops.add(op, frame, start, end, thread)
        ready = self._ready.pop((frame, op.index), None)
        if ready is not None:
            self.waited.append(Waited(op, ready[0], start, ready[1]))

    def is_ready(self, op: OpPlan, frame: Activation, reason: str) -> None:
        """A call could start now, but for a reason to wait; the last one that is given counts."""
        since = self._ready.get((frame, op.index))
        self._ready[frame, op.index] = (time.perf_counter() if since is None else since[0], reason)

    def close(self) -> None:
        """The run has ended."""
        self.total = time.perf_counter() - self.started
        self._ready.clear()

    @property
    def records(self) -> list[OpRecord]:
        """The executions, in the order of their completion."""
        return [
            OpRecord(
                name=called.op.name,
                kind=called.op.kind,
                line=called.op.location,
                iterations=called.iterations,
                start=called.start - self.started,
                end=called.end - self.started,
                worker=self.threads.get(called.thread, "?"),
            )
            for called in self.ops.calls
        ]


class Recorder:
    """Takes the reports of all runs of the process while it is active."""

    active: Recorder | None = None

    def __init__(self) -> None:
        self.reports: list[RunReport] = []
        self.begin = time.perf_counter()
