"""What is known of a compiled program and of its runs: `get_jit_stats`."""

from __future__ import annotations

import threading
import weakref
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any, Protocol

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from xcs.api.dependence import Dependence, main_block
from xcs.dialects import orch
from xcs.runtime import Plan
from xcs.runtime.critical_path import Dataflow, dataflow
from xcs.runtime.plan import Operator
from xcs.runtime.report import Called, CallLog


@dataclass(frozen=True)
class Analysis:
    """The shape of one compiled program, in operator calls.

    `depth` is the number of calls on the longest chain of the function's own body.
    """

    strategy: str
    vectorizable_chains: int = 0
    fused_kernels: int = 0
    tensor_operations: int = 0
    orchestration_operations: int = 0
    depth: int = 0
    fallback_reason: str | None = None
    partial: bool = False


ARRAY_ANALYSIS = Analysis("fused", fused_kernels=1, tensor_operations=1)
"""The analysis of a function that is one kernel."""


class HasAnalysis(Protocol):
    """What has run, and can tell its analysis."""

    @property
    def analysis(self) -> Analysis:
        """The shape of what has run."""
        ...


@dataclass(frozen=True)
class Known:
    """An analysis that was made."""

    analysis: Analysis


ARRAY_CODE = Known(ARRAY_ANALYSIS)
"""Stands for a function that is one kernel."""


def analyse(module: ModuleOp, array_runs: int, partial_reason: str | None) -> Analysis:
    """The analysis of a program after the pipeline. `array_runs` are its runs of array code."""
    dependence = Dependence(module)
    kernels = {
        op.kernel.root_reference.data for op in module.walk() if isinstance(op, orch.LaunchOp)
    }
    calls = [op for op in dependence.sites if dependence.calls_operator(op)]
    chains = sum(loop.overlaps for loop in dependence.loops.values())
    chains += sum(map(_maps_kernels, module.walk()))
    levels = dependence.levels(main_block(module))
    depth = max(levels.values(), default=0)
    if array_runs and calls:
        strategy = "hybrid"
    elif array_runs:
        strategy = "fused"
    elif chains:
        strategy = "vectorized"
    elif len(levels) > depth:
        strategy = "parallel"
    elif partial_reason is not None:
        strategy = "partial_optimization"
    else:
        strategy = "sequential"
    return Analysis(
        strategy,
        chains,
        len(kernels),
        array_runs,
        len(calls),
        depth,
        partial_reason,
        partial_reason is not None,
    )


def _maps_kernels(op: Operation) -> bool:
    """Whether iterations launch kernels, and nothing else that takes time."""
    if not isinstance(op, orch.MapOp):
        return False
    inner = list(op.body.walk())
    return any(isinstance(o, orch.LaunchOp) for o in inner) and not any(
        isinstance(o, orch.CallOp | orch.InvokeOp) for o in inner
    )


class LastRun:
    """What was measured of the last run of a program: its calls of operators."""

    def __init__(self, plan: Plan, log: CallLog, seconds: float, max_workers: int) -> None:
        self.plan, self.log, self.seconds, self.max_workers = plan, log, seconds, max_workers

    @cached_property
    def calls(self) -> list[Called]:
        """The calls, as far as they are kept one by one."""
        return self.log.calls

    @cached_property
    def dataflow(self) -> Dataflow:
        """The calls, put back into the dataflow of the program."""
        return dataflow(self.plan, self.calls)

    @cached_property
    def group_sizes(self) -> list[int]:
        """How many calls there were of each depth, where there was more than one."""
        return [width for width in self.dataflow.widths if width > 1]

    @property
    def net_speedup(self) -> float:
        """The time of all calls over that of the run."""
        return self.log.seconds / self.seconds if self.log.count and self.seconds else 1.0

    @cached_property
    def estimated_speedup(self) -> float:
        """The time of all calls over the least that the run could have taken, limits included."""
        total = self.log.seconds
        if not self.log.count or not total:
            return 1.0
        least = max(self.dataflow.critical_path, total / self.max_workers)
        by_operator: dict[Operator, list[float]] = {}
        for call in self.calls:
            if call.op.operator is not None:
                by_operator.setdefault(call.op.operator, []).append(call.end - call.start)
        for operator, seconds in by_operator.items():
            if permits := operator.policy.max_concurrency:
                least = max(least, sum(seconds) / permits)
            if operator.rate is not None:
                least = max(least, (len(seconds) - 1) // operator.rate.count * operator.rate.period)
        return total / least

    @property
    def parallel_efficiency(self) -> float:
        """The share of the possible speed-up that the run had, from 0 to 1."""
        return min(1.0, self.net_speedup / self.estimated_speedup)

    def slowest(self, count: int = 5) -> list[dict[str, Any]]:
        """The operators, by source line, whose calls took longest together."""
        found: dict[tuple[str, str], list[float]] = {}
        for call in self.calls:
            found.setdefault((call.op.name, call.op.location), []).append(call.end - call.start)
        slowest = sorted(found.items(), key=lambda item: -sum(item[1]))[:count]
        return [
            {
                "operation": name,
                "line": line,
                "calls": len(seconds),
                "ms": sum(seconds) * 1e3,
                "slowest_ms": max(seconds) * 1e3,
            }
            for (name, line), seconds in slowest
        ]


MIN_TREND = 4
"""Calls that a trend is told from, at least."""
TREND_CALLS = 64
"""Calls that a trend is told from, at most: the last ones that found their program compiled."""
TREND_SHARE = 0.1
"""Changes of a smaller share are none."""


@dataclass(eq=False)
class Stats:
    """Counts over all calls of one jitted function; safe to update from many threads."""

    name: str = ""
    calls: int = 0
    hits: int = 0
    run_seconds: float = 0.0
    operator_seconds: float = 0.0
    operated_seconds: float = 0.0
    """Of the runs that called operators, how long they took."""
    compile_seconds: float = 0.0
    what: HasAnalysis | None = None
    """What has run last."""
    last: LastRun | None = None
    records: list[Any] = field(default_factory=list)
    warm_calls: int = 0  # of an array program, counted by its fast path and not timed
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=TREND_CALLS))
    """Seconds of the last calls that found their program compiled."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        _all.add(self)

    def ran(
        self, what: HasAnalysis, seconds: float, *, hit: bool, last: LastRun | None = None
    ) -> None:
        """Count one call, and keep what was measured of it."""
        of_operators = last.log.seconds if last is not None else 0.0
        with self._lock:
            self.calls += 1
            self.hits += hit
            self.run_seconds += seconds
            self.what = what
            self.last = last
            if of_operators:
                self.operator_seconds += of_operators
                self.operated_seconds += seconds
            if hit:
                self.recent.append(seconds)

    def compiled(self, seconds: float) -> None:
        """Count the time of one capture and compilation."""
        with self._lock:
            self.compile_seconds += seconds

    def forget(self) -> None:
        """Keep no program: of what has run last, only the analysis is still known."""
        with self._lock:
            if self.what is not None:
                self.what = Known(self.what.analysis)
            self.last, self.records = None, []

    @property
    def trend(self) -> str:
        """Whether the later half of the recent calls took longer than the earlier one."""
        recent = list(self.recent)
        if len(recent) < MIN_TREND:
            return "too_few_calls"
        half = len(recent) // 2
        change = median(recent[half:]) / max(median(recent[:half]), 1e-9) - 1
        if abs(change) < TREND_SHARE:
            return "stable"
        return "degrading" if change > 0 else "improving"

    def as_dict(self) -> dict[str, Any]:
        """The public form; times are in milliseconds.

        `total_time_ms` leaves out warm calls of array functions, which return before JAX is done.
        """
        with self._lock:
            what = ARRAY_CODE if self.warm_calls else self.what
            calls, last = self.calls + self.warm_calls, self.last
            if what is None:
                return {"status": "no_data"}
            operated, of_operators = self.operated_seconds, self.operator_seconds
        analysis = what.analysis
        groups = last.group_sizes if last is not None else []
        strategy = analysis.strategy
        if groups and strategy == "sequential":
            strategy = "parallel"
        return {
            "status": "active",
            "calls": calls,
            "execution_strategy": strategy,
            "parallel_groups": len(groups),
            "group_sizes": groups,
            "vectorizable_chains": analysis.vectorizable_chains,
            "fused_kernels": analysis.fused_kernels,
            "tensor_operations": analysis.tensor_operations,
            "orchestration_operations": analysis.orchestration_operations,
            "fallback_reason": analysis.fallback_reason,
            "partial_optimization": analysis.partial,
            "estimated_speedup": last.estimated_speedup if last is not None else 1.0,
            "net_speedup": of_operators / operated if operated else 1.0,
            "parallel_efficiency": last.parallel_efficiency if last is not None else 1.0,
            "operator_calls": last.log.count if last is not None else 0,
            "critical_path_ms": last.dataflow.critical_path * 1e3 if last is not None else 0.0,
            "total_time_ms": self.run_seconds * 1e3,
            "optimization_overhead_ms": self.compile_seconds * 1e3,
            "cache_hit_rate": (self.hits + self.warm_calls) / calls,
            "slowest_operations": last.slowest() if last is not None else [],
            "performance_trend": self.trend,
        }


_all: weakref.WeakSet[Stats] = weakref.WeakSet()


def summary() -> dict[str, Any]:
    """All jitted functions of the process that have been called, together."""
    found = [(stats, stats.as_dict()) for stats in list(_all)]
    active = [(stats, told) for stats, told in found if told["status"] == "active"]
    if not active:
        return {"status": "no_data"}
    calls = sum(told["calls"] for _, told in active)
    operated = sum(stats.operated_seconds for stats, _ in active)
    hits = sum(told["cache_hit_rate"] * told["calls"] for _, told in active)
    slowest = sorted(active, key=lambda pair: -pair[1]["total_time_ms"])
    return {
        "status": "active",
        "functions": len(active),
        "calls": calls,
        "execution_strategies": dict(Counter(told["execution_strategy"] for _, told in active)),
        "total_time_ms": sum(told["total_time_ms"] for _, told in active),
        "optimization_overhead_ms": sum(told["optimization_overhead_ms"] for _, told in active),
        "net_speedup": sum(s.operator_seconds for s, _ in active) / operated if operated else 1.0,
        "cache_hit_rate": hits / calls,
        "slowest_functions": [
            {"function": stats.name, "calls": told["calls"], "ms": told["total_time_ms"]}
            for stats, told in slowest[:5]
        ],
    }
