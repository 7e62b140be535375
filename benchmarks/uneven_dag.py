"""A program of uneven slow calls against its critical path, and against running it wave by wave.

A wave holds the calls whose inputs the waves before it gave; it ends with its slowest call. The
program has a slow call in each wave, but never two of them on one path.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import xcs
from benchmarks.contest import SUBJECT, Contest, timed

GOAL = 1.03

Step = Callable[..., Any]
"""A call that takes so many units of time, once the results it is given are there."""


def program(step: Step) -> Any:
    """A report that is researched along four ways of different pace."""
    papers = step(10)
    paper_notes = step(2, papers)
    paper_summary = step(2, paper_notes)
    interview = step(2)
    transcript = step(10, interview)
    quotes = step(2, transcript)
    figures = step(1)
    table = step(3, figures)
    charts = step(10, table)
    caption = step(1, charts)
    search = step(2)
    pages = step(2, search, figures)
    page_summary = step(1, pages)
    rebuttal = step(10, page_summary, table)
    evidence = step(1, paper_summary, quotes)
    return step(1, evidence, caption, rebuttal)


@dataclass(frozen=True)
class Node:
    """One call of the program: how long it takes, in units, and what it waits for."""

    units: int
    after: tuple[Node, ...]

    @property
    def wave(self) -> int:
        """How many calls are on the longest chain that ends with this one."""
        return 1 + max((node.wave for node in self.after), default=0)

    @property
    def path(self) -> list[Node]:
        """The calls that it must wait for the longest, in order, and itself."""
        return [*max((node.path for node in self.after), key=length, default=[]), self]


def length(path: Iterable[Node]) -> int:
    """How long calls take one after another, in units."""
    return sum(node.units for node in path)


def graph() -> list[Node]:
    """The program's calls, in its own order."""
    nodes: list[Node] = []

    def note(units: int, *after: Node) -> Node:
        nodes.append(Node(units, after))
        return nodes[-1]

    program(note)
    return nodes


def critical_path(nodes: list[Node]) -> list[Node]:
    """The chain of calls that takes longest: no order of running takes less."""
    return max((node.path for node in nodes), key=length)


def waves(nodes: list[Node]) -> list[list[Node]]:
    """The calls by wave."""
    return [[n for n in nodes if n.wave == wave] for wave in sorted({n.wave for n in nodes})]


def contests(quick: bool) -> list[Contest]:
    """xcs, waves on a pool of threads that are there before, and the critical path.

    The path's duration as computed is what the goal is about; its calls run one after another in
    plain Python show what of the difference is the machine's.
    """
    unit = 0.001 if quick else 0.020
    nodes = graph()
    by_wave = waves(nodes)
    critical = critical_path(nodes)
    pool = ThreadPoolExecutor(len(nodes))
    jitted = xcs.jit(program)

    @xcs.op(kind="model")
    def wait(units: int, *after: Any) -> int:
        time.sleep(units * unit)
        return units

    def wave_by_wave() -> None:
        for wave in by_wave:
            list(pool.map(lambda node: wait(node.units), wave))

    return [
        Contest(
            f"uneven DAG of {len(nodes)} calls",
            {
                SUBJECT: timed(lambda: jitted(wait)),
                "critical path": lambda: length(critical) * unit,
                "critical path in Python": timed(lambda: [wait(node.units) for node in critical]),
                "wave by wave": timed(wave_by_wave),
            },
            rounds=2 if quick else 9,
            goals={"critical path": GOAL},
        )
    ]
