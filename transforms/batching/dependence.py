"""Which values depend on the batch: what a loop's rule has to know before it makes the loop.

A carried value that depends on the batch after some iteration does so from the start, so a loop's
batched form is known once no more values join. The answer may name too many values, never too few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from xdsl.ir import Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.transforms.batching.batcher import free_values


class Dependence:
    """The values of the old code that depend on the batch, as far as it was walked."""

    def __init__(self, dependent: Iterable[SSAValue]) -> None:
        self.dependent = set(dependent)

    def of(self, values: Iterable[SSAValue]) -> list[bool]:
        """Whether each of the values depends on the batch."""
        return [value in self.dependent for value in values]

    def region(self, region: Region, args: Sequence[bool] = ()) -> list[bool]:
        """Walk a region; say which of the values that it yields depend on the batch."""
        self._set(region.block.args, args)
        *ops, terminator = region.block.ops
        for op in ops:
            self._set(op.results, self._results(op))
        return self.of(terminator.operands)

    def while_carry(self, op: xtensor.WhileOp) -> tuple[list[bool], bool]:
        """The carried values of a loop that depend on the batch, and whether its condition does."""
        carry = self._fixpoint(self.of(op.inits), lambda carry: self.region(op.body, carry))
        (predicate,) = self.region(op.condition, carry)
        return carry, predicate

    def scan_carry(self, op: xtensor.ScanOp) -> tuple[list[bool], list[bool]]:
        """The carried values and the stacked results of a scan that depend on the batch."""
        count, scanned = len(op.inits), self.of(op.scanned)
        carry = self._fixpoint(
            self.of(op.inits), lambda carry: self.region(op.body, [*carry, *scanned])[:count]
        )
        return carry, self.region(op.body, [*carry, *scanned])[count:]

    def cond_outputs(self, op: xtensor.CondOp) -> list[bool]:
        """The results of a choice, by an index of the whole batch, that depend on the batch."""
        branches = [self.region(branch) for branch in op.branches]
        return [any(flags) for flags in zip(*branches, strict=True)]

    def _fixpoint(self, carry: list[bool], step: Callable[[list[bool]], list[bool]]) -> list[bool]:
        while (wider := [a or b for a, b in zip(carry, step(carry), strict=True)]) != carry:
            carry = wider
        return carry

    def _results(self, op: Operation) -> list[bool]:
        match op:
            case xtensor.OptimizationBarrierOp():
                return self.of(op.inputs)
            case xtensor.WhileOp():
                carry, predicate = self.while_carry(op)
                return [predicate or flag for flag in carry]
            case xtensor.ScanOp():
                carry, stacked = self.scan_carry(op)
                return [*carry, *stacked]
            case xtensor.CondOp() if op.index not in self.dependent:
                return self.cond_outputs(op)
            case _:
                used = (*op.operands, *(free_values(op) if op.regions else ()))
                return [any(self.of(used))] * len(op.results)

    def _set(self, values: Iterable[SSAValue], flags: Iterable[bool]) -> None:
        for value, flag in zip(values, flags, strict=True):
            if flag:
                self.dependent.add(value)
            else:
                self.dependent.discard(value)
