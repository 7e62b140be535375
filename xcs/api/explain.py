"""`explain`: what became of a function, by source line."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, NameLoc
from xdsl.ir import Operation
from xdsl.traits import SymbolTable

from xcs.api.function import Fallback, JitFunction, Program
from xcs.api.pipeline import ORCHESTRATION, with_rules
from xcs.api.stages import ArrayCode, CaptureError, capture_for
from xcs.api.stats import ARRAY_ANALYSIS, Analysis, call_levels
from xcs.dialects import orch
from xcs.frontend.guards import Guards


def explain(function: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """A report for such arguments. The function is captured, but not run."""
    lines = [f"{function.name}:"]
    try:
        captured = capture_for(function, args, kwargs)
    except CaptureError as error:
        lines += _uncompiled(function, args, kwargs, Fallback(str(error), Guards()))
        return "\n".join([*lines, "  runs as plain Python", f"  reason: {error}"])
    if isinstance(captured, ArrayCode):
        lines += [f"  {line}" for line in _summary(ARRAY_ANALYSIS)]
        if (array := function.arrays.program) is not None and array.by_jax is not None:
            lines.append(f"  runs as JAX traced it: {array.by_jax}")
        return "\n".join(lines)
    program = function.compile_captured(captured)
    lines += _uncompiled(function, args, kwargs, program)
    if isinstance(program, Fallback):
        return "\n".join([*lines, "  runs as plain Python", f"  reason: {program.reason}"])
    lines += [f"  {line}" for line in _summary(program.analysis)]
    remarks: list[tuple[int, str]] = [*_together(program.lowered.module)]
    remarks += [
        (line or 0, f"stays plain Python: {reason}") for line, reason in captured.native_parts
    ]
    remarks += [(line or 0, text) for line, text in captured.remarks]
    for line, text in sorted(dict.fromkeys(remarks)):
        lines.append(f"  line {line}: {text}" if line else f"  {text}")
    lines.append(f"  passes: {with_rules(ORCHESTRATION, function.config.optimize)}")
    return "\n".join(lines)


def _uncompiled(
    function: JitFunction, args: Any, kwargs: Any, program: Program | Fallback
) -> list[str]:
    """A line on array code that is left to plain Python, if any is."""
    reason = function.left_to_python(function.arrays.describe(args, kwargs), program)
    return [f"  array code is not compiled: {reason}"] if reason is not None else []


def _summary(analysis: Analysis) -> list[str]:
    lines = [f"strategy: {analysis.strategy}"]
    if analysis.orchestration_operations:
        lines.append(
            f"operator calls: {analysis.orchestration_operations}, "
            f"{analysis.depth} deep in the function's own body"
        )
    if analysis.tensor_operations:
        lines.append(
            f"runs of array code: {analysis.tensor_operations}, kernels: {analysis.fused_kernels}"
        )
    return lines


def _together(module: ModuleOp) -> list[tuple[int, str]]:
    """Remarks on what runs at once."""
    found: list[tuple[int, str]] = []
    groups: dict[int, list[Operation]] = defaultdict(list)
    for op, level in call_levels(module).items():
        groups[level].append(op)
    for ops in groups.values():
        if len(ops) > 1:
            places = sorted({_line(op) for op in ops})
            found.append(
                (places[0], f"{len(ops)} calls run at once (lines {', '.join(map(str, places))})")
            )
    for op in module.walk():
        if isinstance(op, orch.MapOp):
            has_order = op.after is not None or _holds_effects(op, set())
            how = "one after another where they have effects" if has_order else "at once"
            found.append((_line(op), f"iterations run {how}"))
    return found


def _holds_effects(op: Operation, seen: set[str]) -> bool:
    """Whether a call inside, or in a function that is called there, keeps its place."""
    for inner in op.walk():
        if isinstance(inner, orch.CallOp):
            operator = inner.operator()
            if operator and operator.effects == orch.ORDERED and operator.local is None:
                return True
        elif isinstance(inner, func.CallOp) and (name := inner.callee.string_value()) not in seen:
            seen.add(name)
            called = SymbolTable.lookup_symbol(inner, name)
            if called is not None and _holds_effects(called, seen):
                return True
    return False


def _line(op: Operation) -> int:
    where = op.location.location if isinstance(op.location, NameLoc) else op.location
    return where.line.data if isinstance(where, FileLineColLoc) else 0
