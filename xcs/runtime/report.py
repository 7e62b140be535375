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


@dataclass(slots=True)
class RunReport:
    """The executions of one run in the order of their completion; ``total`` is in seconds."""

    records: list[OpRecord] = field(default_factory=list)
    total: float = 0.0
