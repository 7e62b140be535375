"""Batching of algorithms on matrices, which take batches: dimensions in front of a matrix's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import type_of
from xcs.dialects.xtensor.linalg import LinalgOp
from xcs.transforms.batching.batcher import Batched, Batcher, Rule
from xcs.transforms.batching.library import batch_in_front


@dataclass(frozen=True)
class Sides:
    """Where a batch of right-hand sides goes, and the first of the two dimensions that are joined.

    Both are counted from the end.
    """

    batch: int
    joined: int


def _equations(sides_of: Callable[[Operation], Sides]) -> Rule:
    """A batch of right-hand sides, the last operand, is more of them for the same coefficients.

    Where the coefficients differ between the elements, there is a batch of equations.
    """

    def rule(batch: Batcher, op: Operation, *operands: Batched) -> Sequence[Batched]:
        *coefficients, sides = operands
        if any(operand.dim is not None for operand in coefficients):
            return batch_in_front(batch, op, *operands)
        where, rank = sides_of(op), type_of(sides.value).get_num_dims()
        dim, joined = rank + where.batch, rank + where.joined
        apart = batch.at(sides, dim)
        shape = type_of(apart).get_shape()
        flat = (*shape[:joined], shape[joined] * shape[joined + 1], *shape[joined + 2 :])
        joint = batch.reshape(apart, flat)
        values = (*(operand.value for operand in coefficients), joint)
        (solved,) = batch.emit(type(op), values, (joint.type,), op.properties)
        return [Batched(batch.reshape(solved, shape), dim)]

    return rule


def _triangular_sides(op: Operation) -> Sides:
    on_the_right = "left_side" in op.properties
    return Sides(-1, -2) if on_the_right else Sides(-2, -3)


def _tridiagonal_sides(op: Operation) -> Sides:
    return Sides(-2, -2)


RULES: dict[type[Operation], Rule] = {
    LinalgOp: batch_in_front,
    xtensor.TriangularSolveOp: _equations(_triangular_sides),
    xtensor.TridiagonalSolveOp: _equations(_tridiagonal_sides),
}
