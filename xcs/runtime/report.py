"""What ran in a run, and when."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xcs.runtime.frames import Activation, Owner
    from xcs.runtime.plan import BlockPlan, OpPlan

MAX_CALLS = 20_000
"""Calls of one run that are kept one by one; of those after them, only the sum is kept."""

CALL_KINDS = frozenset({"orch.call", "orch.invoke", "orch.method"})
"""The ops that call what a program only knows by its effects."""


class Step(NamedTuple):
    """One level of a place in a program in progress: an op, and which of its blocks it has entered.

    ``inner`` is the number of the iteration, or of the block; ``plan`` is the block, and None for
    an iteration that is no more than one op.
    """

    index: int
    inner: int
    plan: BlockPlan | None


Place = tuple[Step, ...]
"""What is around an op, outermost first."""


class Called(NamedTuple):
    """One call of an operator. Times are those of `time.perf_counter`, in seconds."""

    op: OpPlan
    place: Place
    start: float
    end: float

    @property
    def path(self) -> tuple[int, ...]:
        """The call's place in the program: these tuples are ordered as the program is."""
        return (*(n for step in self.place for n in (step.index, step.inner)), self.op.index)


class CallLog:
    """The calls of operators of one run, in the order in which they ended. Any thread may add.

    It is kept of every run, so adding costs a fraction of a microsecond. Nothing of it refers to
    the values of the run once `close` was called.
    """

    __slots__ = ("_entries", "_is_closed", "_lock", "_owners", "more", "seconds_of_more")

    def __init__(self) -> None:
        self._entries: list[tuple[OpPlan, Place, int, BlockPlan | None, float, float]] = []
        self._owners: dict[Owner | None, Place] = {None: ()}
        """The places of what has entered blocks."""
        self.more = 0
        """Calls beyond `MAX_CALLS`."""
        self.seconds_of_more = 0.0
        self._lock = threading.Lock()
        self._is_closed = False

    def add(self, op: OpPlan, frame: Activation, start: float, end: float) -> None:
        """Note a call that has ended."""
        owner = frame.owner
        around = self._owners.get(owner)
        if around is None:
            if owner is None or self._is_closed:  # a call that was given up has ended
                return
            around = self._owners[owner] = self.place_of(owner)
        if len(self._entries) < MAX_CALLS:
            plan = getattr(frame, "plan", None)
            self._entries.append((op, around, frame.index, plan, start, end))
            return
        with self._lock:
            self.more += 1
            self.seconds_of_more += end - start

    def place_of(self, owner: Owner) -> Place:
        """What is around the blocks of an owner; its own step lacks the block."""
        steps = [Step(owner.op.index, -1, None)]
        inner: Activation = owner.frame
        while inner.owner is not None:
            steps.append(Step(inner.owner.op.index, inner.index, getattr(inner, "plan", None)))
            inner = inner.owner.frame
        return tuple(reversed(steps))

    def close(self) -> None:
        """The run has ended."""
        self._is_closed = True
        self._owners = {None: ()}

    @property
    def calls(self) -> list[Called]:
        """The calls, as far as they are kept one by one."""
        return [
            Called(op, (*around[:-1], Step(around[-1].index, inner, plan)) if around else (), *when)
            for op, around, inner, plan, *when in list(self._entries)
        ]

    @property
    def count(self) -> int:
        """How many calls there were."""
        return len(self._entries) + self.more

    @property
    def seconds(self) -> float:
        """How long they took together."""
        return sum([entry[5] - entry[4] for entry in list(self._entries)]) + self.seconds_of_more


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


@dataclass(slots=True)
class RunReport:
    """The executions of one run in the order of their completion; ``total`` is in seconds."""

    records: list[OpRecord] = field(default_factory=list)
    waits: list[OpWait] = field(default_factory=list)
    """Why ops waited for their turn. Those that had it when they were ready are not here."""
    total: float = 0.0
