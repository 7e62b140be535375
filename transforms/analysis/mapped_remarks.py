"""What became of a mapped function, by line, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from xdsl.dialects import func
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, NameLoc
from xdsl.ir import Operation

from xcs.dialects import orch
from xcs.transforms.analysis.block_dependence import declared_operators

_LOOPS = (orch.MapOp, orch.ForOp)


def mapped_remarks(module: ModuleOp) -> Iterator[tuple[int, str]]:
    """What becomes of calls and array code after the passes: (line, text), line 0 if unknown."""
    operators = declared_operators(module)
    kernels = {f.sym_name.data: f for f in module.ops if isinstance(f, func.FuncOp)}
    launched = {op.kernel.string_value() for op in module.walk() if isinstance(op, orch.LaunchOp)}
    for function in kernels.values():
        if function.sym_name.data in launched:
            continue
        for op in function.walk():
            match op:
                case orch.LaunchOp():
                    yield from _array_code(kernels[op.kernel.string_value()], _launched(op))
                case orch.CallOp():
                    ordered = operators[op.callee.string_value()].effects == orch.ORDERED
                    yield _line(op), f"{_how(op, 'called', ordered=ordered)}: {_name(op)}"
                case orch.InvokeOp():
                    yield _line(op), f"{_how(op, 'called', ordered=True)}: a value"


def _launched(op: orch.LaunchOp) -> str:
    return "batched" if op.over_positions() else _how(op, "computed", ordered=False)


def _how(op: Operation, done: str, *, ordered: bool) -> str:
    """How often, and when, an op of an orchestration function is done."""
    if not _is_in_a_loop(op):
        return f"the same for all elements, {done} once"
    return f"a map over the elements, {'one after another' if ordered else 'at once'}"


def _array_code(kernel: func.FuncOp, how: str) -> Iterator[tuple[int, str]]:
    names: dict[int, dict[str, None]] = defaultdict(dict)
    for op in kernel.body.block.ops:
        if isinstance(op, orch.CallOp):
            names[_line(op)][_name(op)] = None
        elif isinstance(op, orch.HostOp):
            names[_line(op)][op.source.data] = None
    for line, found in names.items():
        yield line, f"{how}: {', '.join(found)}"


def _is_in_a_loop(op: Operation) -> bool:
    """Whether the op is in a loop, or in a function, which loops call."""
    parent = op.parent_op()
    if isinstance(parent, func.FuncOp):
        return parent.sym_visibility is not None
    return parent is not None and (isinstance(parent, _LOOPS) or _is_in_a_loop(parent))


def _name(op: orch.CallOp) -> str:
    return op.callee.string_value()


def _line(op: Operation) -> int:
    where = op.location.location if isinstance(op.location, NameLoc) else op.location
    return where.line.data if isinstance(where, FileLineColLoc) else 0
