"""A coarse estimate of how much computing an array op is."""

from __future__ import annotations

from math import inf, prod

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor


def _elements(values: tuple[SSAValue, ...]) -> int:
    return sum(prod(v.type.get_shape()) for v in values if isinstance(v.type, TensorType))


def scalar_operations(op: Operation) -> float:
    """About how many scalar operations the array op takes; infinity where nothing is known.

    A contraction makes one multiply-add for each result element and contracted index; a reduction
    reads its operands once; elementwise, reindexing and generation ops write their results once.
    """
    if isinstance(op, xtensor.DotGeneralOp):
        shape = op.lhs.type.get_shape() if isinstance(op.lhs.type, TensorType) else ()
        contracted = prod(shape[axis] for axis in op.lhs_contracting.get_values())
        return _elements(tuple(op.results)) * contracted
    if op.has_trait(xtensor.Reduction):
        return _elements(tuple(op.operands))
    if any(
        op.has_trait(cheap)
        for cheap in (xtensor.Elementwise, xtensor.Reindexing, xtensor.Generation)
    ):
        return _elements(tuple(op.results))
    return inf
