"""Makes a module smaller while a command still finds in it what it looks for.

A step takes something away: functions, ops, uses of results, regions, results of functions,
attributes. It is kept if the module is still valid and the command still exits with 0. Many ops are
tried at once before single ones, so that a large module shrinks in few runs of the command.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from xcs.tools.verifier import verify

MOST = 2000
"""Runs of the command, after which what was found so far is the result."""


class NotInteresting(DiagnosticException):
    """The command does not exit with 0 for the module to begin with."""


@dataclass
class Reduced:
    """What came of it: the module, its ops before and after, and how often the command was run."""

    module: ModuleOp
    before: int
    after: int
    runs: int

    def summary(self) -> str:
        """One line."""
        stopped = "; stopped there" if self.runs >= MOST else ""
        return f"{self.before} ops reduced to {self.after} in {self.runs} runs{stopped}"


def reduced(module: ModuleOp, command: str) -> Reduced:
    """Return the smallest module found for which the command exits with 0.

    Args:
        module: a valid module, which is not changed.
        command: is run with the name of a file that holds a module added to it.

    Raises:
        NotInteresting: if it does not exit with 0 for the module itself.
    """
    with tempfile.TemporaryDirectory(prefix="xcs-reduce-") as folder:
        search = _Search(shlex.split(command), Path(folder) / "module.mlir")
        if not search.holds(module):
            raise NotInteresting(f"the command does not exit with 0 for the module: {command}")
        before, smaller = _size(module), True
        while smaller and search.runs < MOST:
            smaller = False
            for step in _STEPS:
                module, changed = search.shrunk(module, step)
                smaller |= changed
        return Reduced(module, before, _size(module), search.runs)


Step = Callable[[ModuleOp, Sequence[int]], bool]
"""Take away the things of these numbers; return whether there was any of them."""


class _Search:
    def __init__(self, command: Sequence[str], path: Path):
        self._command, self._path = command, path
        self.runs = 0

    def holds(self, module: ModuleOp) -> bool:
        """Whether the module is valid, and the command exits with 0 for it."""
        try:
            verify(module, {})
        except (VerifyException, DiagnosticException):
            return False
        self._path.write_text(str(module) + "\n")
        self.runs += 1
        done = subprocess.run([*self._command, str(self._path)], capture_output=True)
        return done.returncode == 0

    def shrunk(self, module: ModuleOp, step: Step) -> tuple[ModuleOp, bool]:
        """Apply a step to ever smaller parts of the module."""
        count, changed = _size(module), False
        part = max(count // 2, 1)
        while part:
            place = 0
            while place < _size(module) and self.runs < MOST:
                smaller = module.clone()
                if step(smaller, range(place, place + part)) and self.holds(smaller):
                    module, changed = smaller, True
                else:
                    place += part
            part //= 2
        return module, changed


def _ops(module: ModuleOp) -> list[Operation]:
    """The ops, inner and later ones first, so that users go before what they use."""
    return [op for op in module.walk(reverse=True) if op is not module]


def _size(module: ModuleOp) -> int:
    return len(_ops(module))


def _chosen(module: ModuleOp, places: Sequence[int]) -> Iterator[Operation]:
    ops = _ops(module)
    for place in places:
        if place < len(ops) and ops[place].parent is not None:
            yield ops[place]


def _erase(module: ModuleOp, places: Sequence[int]) -> bool:
    """Ops that nothing uses."""
    done = False
    for op in _chosen(module, places):
        if not op.has_trait(IsTerminator) and not any(result.uses for result in op.results):
            Rewriter.erase_op(op)
            done = True
    return done


def _bypass(module: ModuleOp, places: Sequence[int]) -> bool:
    """Results in whose place another value of the type can be used."""
    done = False
    for op in _chosen(module, places):
        for result in op.results:
            if result.uses and (other := _value_like(op, result)) is not None:
                result.replace_all_uses_with(other)
                done = True
    return done


def _value_like(op: Operation, result: SSAValue) -> SSAValue | None:
    """An operand of the same type, or an argument of a block around."""
    for operand in op.operands:
        if operand.type == result.type:
            return operand
    block = op.parent
    while block is not None:
        for argument in block.args:
            if argument.type == result.type:
                return argument
        parent = block.parent_op()
        block = parent.parent if parent is not None else None
    return None


def _inline(module: ModuleOp, places: Sequence[int]) -> bool:
    """Regions that take nothing, and yield what their op gives."""
    done = False
    for op in _chosen(module, places):
        for region in op.regions:
            blocks = list(region.blocks)
            if isinstance(op, func.FuncOp) or len(blocks) != 1 or blocks[0].args:
                continue
            end = blocks[0].last_op
            if end is None or [o.type for o in end.operands] != [r.type for r in op.results]:
                continue
            values = list(end.operands)
            Rewriter.inline_block(blocks[0], InsertPoint.before(op))
            Rewriter.erase_op(end)
            Rewriter.replace_op(op, [], values)
            done = True
            break
    return done


def _drop_results(module: ModuleOp, places: Sequence[int]) -> bool:
    """Results of functions that are not called, the last one first."""
    done = False
    for op in _chosen(module, places):
        function = op.parent_op()
        if not isinstance(op, func.ReturnOp) or not op.operands:
            continue
        if not isinstance(function, func.FuncOp) or function.res_attrs is not None:
            continue
        op.operands = op.operands[:-1]
        kinds = function.function_type
        outputs = list(kinds.outputs)[:-1]
        function.properties["function_type"] = FunctionType.from_lists(list(kinds.inputs), outputs)
        done = True
    return done


def _drop_attributes(module: ModuleOp, places: Sequence[int]) -> bool:
    """Attributes that have no meaning to the op itself."""
    done = False
    for op in _chosen(module, places):
        done |= bool(op.attributes)
        op.attributes.clear()
    return done


_STEPS: Sequence[Step] = (_erase, _bypass, _inline, _drop_results, _drop_attributes)
