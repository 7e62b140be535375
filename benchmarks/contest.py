"""Ways of doing one thing, timed in turns, so that whatever slows the machine slows them all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SUBJECT = "xcs.jit"
"""The contender that the others are rivals of."""


@dataclass(frozen=True)
class Contest:
    """One measurement to make.

    Attributes:
        name: what is done, in a few words.
        contenders: by name; one call takes one sample and returns it. `SUBJECT` is among them.
        goals: the greatest ratio of the subject's time to the rival's that we want, by rival.
        rounds: samples to take of each contender.
        unit: of the samples, "seconds" or "bytes".
    """

    name: str
    contenders: Mapping[str, Callable[[], float]]
    rounds: int
    goals: Mapping[str, float] = field(default_factory=dict)
    unit: str = "seconds"

    @property
    def subject(self) -> Callable[[], float]:
        """Takes one sample of xcs."""
        return self.contenders[SUBJECT]


@dataclass(frozen=True)
class Result:
    """The samples of a contest, by contender, in the order they were taken."""

    contest: Contest
    samples: Mapping[str, list[float]]

    @property
    def rivals(self) -> list[str]:
        """Every contender but the subject."""
        return [name for name in self.samples if name != SUBJECT]

    def median(self, contender: str) -> float:
        """The median sample."""
        return statistics.median(self.samples[contender])

    def ratios(self, rival: str) -> list[float]:
        """The subject's sample over the rival's, round by round."""
        pairs = zip(self.samples[SUBJECT], self.samples[rival], strict=True)
        return [mine / other for mine, other in pairs]

    def ratio(self, rival: str) -> float:
        """The median of the ratios: below 1, the subject is faster."""
        return statistics.median(self.ratios(rival))

    def best_ratio(self, rival: str) -> float:
        """The ratio of the fastest samples: the least disturbed comparison, of two rounds only."""
        return min(self.samples[SUBJECT]) / min(self.samples[rival])

    def met(self, rival: str) -> bool | None:
        """Whether the goal against a rival is reached; None where there is none."""
        goal = self.contest.goals.get(rival)
        return None if goal is None else self.ratio(rival) <= goal


def hold(contest: Contest) -> Result:
    """Take the samples, after one of each that does not count.

    Every other round goes through the contenders backwards, so that being first is nobody's
    advantage. Many short samples are better than a few long ones: on a busy machine most of them
    are then undisturbed, and the median is one of those.
    """
    for sample in contest.contenders.values():
        sample()
    samples: dict[str, list[float]] = {name: [] for name in contest.contenders}
    order = list(samples)
    gc.collect()
    gc.freeze()  # what is there by now need not be looked at in each round
    for _ in range(contest.rounds):
        gc.collect()
        for name in order:
            samples[name].append(contest.contenders[name]())
        order.reverse()
    gc.unfreeze()
    return Result(contest, samples)


def timed(function: Callable[[], Any], *, repeat: int = 1) -> Callable[[], float]:
    """A contender: the mean seconds of a call, over so many calls in a row."""

    def sample() -> float:
        start = time.perf_counter()
        for _ in range(repeat):
            function()
        return (time.perf_counter() - start) / repeat

    return sample
