"""What is known of a compiled program and of its runs: `get_jit_stats`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from xcs.dialects import orch


@dataclass(frozen=True)
class Analysis:
    """The shape of one compiled program, in operator calls.

    `group_sizes` are the sizes of the sets of calls that may run at once in the function's own
    body, in program order; `depth` is the number of calls on its longest chain.
    """

    strategy: str
    group_sizes: tuple[int, ...] = ()
    vectorizable_chains: int = 0
    fused_kernels: int = 0
    tensor_operations: int = 0
    orchestration_operations: int = 0
    calls: int = 0
    depth: int = 0
    fallback_reason: str | None = None
    partial: bool = False

    @property
    def estimated_speedup(self) -> float:
        """Calls in the function's body over those on its longest chain, all taken as equal."""
        return self.calls / self.depth if self.depth else 1.0


ARRAY_ANALYSIS = Analysis("fused", fused_kernels=1, tensor_operations=1)
"""The analysis of a function that is one kernel."""


def analyse(module: ModuleOp, array_runs: int, partial_reason: str | None) -> Analysis:
    """The analysis of a program after the pipeline. `array_runs` are its runs of array code."""
    operators = _declared(module)
    main = _main_block(module)
    reached = _Reached(module, operators)
    ops = [inner for op in main.ops for inner in op.walk()]
    ops += [inner for function in reached.functions.values() for inner in function.walk()]
    calls = [op for op in ops if _is_operator_call(op, operators)]
    maps = [op for op in ops if reached.is_overlapping_loop(op)]
    kernels = {op.kernel.root_reference.data for op in ops if isinstance(op, orch.LaunchOp)}
    levels = _levels(main, operators, reached)
    depth = max(levels.values(), default=0)
    sizes = [sum(1 for level in levels.values() if level == n) for n in range(1, depth + 1)]
    groups = tuple(size for size in sizes if size > 1)
    if array_runs and calls:
        strategy = "hybrid"
    elif array_runs:
        strategy = "fused"
    elif maps:
        strategy = "vectorized"
    elif groups:
        strategy = "parallel"
    elif partial_reason is not None:
        strategy = "partial_optimization"
    else:
        strategy = "sequential"
    return Analysis(
        strategy,
        groups,
        len(maps),
        len(kernels),
        array_runs,
        len(calls),
        len(levels),
        depth,
        partial_reason,
        partial_reason is not None,
    )


class _Reached:
    """The captured functions of a module that call operators, and what their calls are."""

    def __init__(self, module: ModuleOp, operators: Mapping[str, orch.OperatorOp]):
        self.operators = operators
        known = {
            op.sym_name.data: op
            for op in module.body.block.ops
            if isinstance(op, func.FuncOp) and op.sym_name.data != "main"
        }
        self.functions: dict[str, func.FuncOp] = {}
        found = True
        while found:
            found = False
            for name, function in known.items():
                if name not in self.functions and any(map(self.calls, function.walk())):
                    self.functions[name] = function
                    found = True

    def calls(self, op: Operation) -> bool:
        """Whether the op, itself, calls an operator, or a function that does."""
        if isinstance(op, func.CallOp):
            return op.callee.string_value() in self.functions
        return _is_operator_call(op, self.operators)

    def overlaps(self, op: Operation) -> bool:
        """Whether iterations can do the op at once."""
        if isinstance(op, func.CallOp):
            return self.calls(op)
        return _overlaps(op, self.operators)

    def is_overlapping_loop(self, op: Operation) -> bool:
        """Whether iterations of a loop call operators without waiting for one another."""
        if isinstance(op, orch.MapOp):
            return any(map(self.overlaps, op.body.walk()))
        if not isinstance(op, orch.ForOp) or op.stops is not None:
            return False
        block = op.body.block
        carried: set[SSAValue] = {
            a for a in block.args[1:] if not isinstance(a.type, orch.TokenType)
        }
        for inner in block.walk():
            if any(v in carried for v in inner.operands) and not isinstance(inner, orch.YieldOp):
                carried.update(r for r in inner.results if not isinstance(r.type, orch.TokenType))
            elif self.overlaps(inner):
                return True
        return False


def call_levels(module: ModuleOp) -> dict[Operation, int]:
    """The ops of ``@main``'s body that call operators, with their place on a chain of calls."""
    operators = _declared(module)
    return _levels(_main_block(module), operators, _Reached(module, operators))


def _declared(module: ModuleOp) -> dict[str, orch.OperatorOp]:
    return {op.sym_name.data: op for op in module.body.block.ops if isinstance(op, orch.OperatorOp)}


def _main_block(module: ModuleOp) -> Block:
    for op in module.body.block.ops:
        if isinstance(op, func.FuncOp) and op.sym_name.data == "main":
            return op.body.block
    raise ValueError("the module has no function @main")


def _is_operator_call(op: Operation, operators: Mapping[str, orch.OperatorOp]) -> bool:
    if isinstance(op, orch.InvokeOp):
        return True
    if not isinstance(op, orch.CallOp):
        return False
    operator = operators[op.callee.root_reference.data]
    waits = operator.nonblocking is None or operator.effects == orch.ORDERED
    return waits and operator.kind.data != "tensor"


def _overlaps(op: Operation, operators: Mapping[str, orch.OperatorOp]) -> bool:
    """Whether the iterations of a map can do the op at once."""
    if isinstance(op, orch.LaunchOp):
        return True
    return _is_operator_call(op, operators) and not _is_ordered(op, operators)


def _is_ordered(op: Operation, operators: Mapping[str, orch.OperatorOp]) -> bool:
    if isinstance(op, orch.CallOp):
        return operators[op.callee.root_reference.data].effects == orch.ORDERED
    return isinstance(op, orch.InvokeOp)


def _levels(
    block: Block, operators: Mapping[str, orch.OperatorOp], reached: _Reached
) -> dict[Operation, int]:
    """For each op of the block that calls operators, its place on the longest chain of such ops."""
    after: dict[Operation, int] = {}
    found: dict[Operation, int] = {}
    latest = 0
    for op in block.ops:
        inner = list(op.walk())
        values = {
            v.owner for o in inner for v in o.operands if not isinstance(v.type, orch.TokenType)
        }
        level = max(
            (after.get(owner, 0) for owner in values if isinstance(owner, Operation)), default=0
        )
        if any(_is_ordered(o, operators) for o in inner):
            level = max(level, latest)
        if any(map(reached.calls, inner)):
            level += 1
            found[op] = level
            latest = max(latest, level)
        after[op] = level
    return found


@dataclass
class Stats:
    """Counts over all calls of one jitted function; safe to update from many threads."""

    calls: int = 0
    hits: int = 0
    run_seconds: float = 0.0
    compile_seconds: float = 0.0
    analysis: Analysis | None = None
    records: list[Any] = field(default_factory=list)
    warm_calls: int = 0  # of an array program, counted by its fast path and not timed
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ran(self, analysis: Analysis, seconds: float, *, hit: bool) -> None:
        """Count one call."""
        with self._lock:
            self.calls += 1
            self.hits += hit
            self.run_seconds += seconds
            self.analysis = analysis

    def compiled(self, seconds: float) -> None:
        """Count the time of one capture and compilation."""
        with self._lock:
            self.compile_seconds += seconds

    def as_dict(self) -> dict[str, Any]:
        """The public form; times are in milliseconds.

        `total_time_ms` leaves out warm calls of array functions, which return before JAX is done.
        """
        with self._lock:
            analysis = ARRAY_ANALYSIS if self.warm_calls else self.analysis
            calls = self.calls + self.warm_calls
            if analysis is None:
                return {"status": "no_data"}
            return {
                "status": "active",
                "calls": calls,
                "execution_strategy": analysis.strategy,
                "parallel_groups": len(analysis.group_sizes),
                "group_sizes": list(analysis.group_sizes),
                "vectorizable_chains": analysis.vectorizable_chains,
                "fused_kernels": analysis.fused_kernels,
                "tensor_operations": analysis.tensor_operations,
                "orchestration_operations": analysis.orchestration_operations,
                "fallback_reason": analysis.fallback_reason,
                "partial_optimization": analysis.partial,
                "estimated_speedup": analysis.estimated_speedup,
                "total_time_ms": self.run_seconds * 1e3,
                "optimization_overhead_ms": self.compile_seconds * 1e3,
                "cache_hit_rate": (self.hits + self.warm_calls) / calls,
                "slowest_operations": [
                    {"operation": r.name, "line": r.line, "ms": (r.end - r.start) * 1e3}
                    for r in sorted(self.records, key=lambda r: r.start - r.end)[:5]
                ],
            }
