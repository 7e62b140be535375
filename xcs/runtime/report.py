"""What ran in a run, and when."""

from __future__ import annotations

from dataclasses import dataclass, field


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
