"""The cost model: nanoseconds that an op takes, from shapes alone.

It only has to order programs: the figures are those of one core of a current x86 processor. What
XLA fuses into its neighbours (elementwise ops, broadcasts, counts) costs little, what it computes
by a loop of its own or a library call costs its floating-point operations or its bytes, whichever
takes longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import FixedBitwidthType, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.traits import Pure

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import (
    Elementwise,
    Kind,
    Reduction,
    Reindexing,
    kind_of,
    real_part,
)

LEAST = 1.0
"""What a guarded rewrite has to save: costs are sums, which round."""
OP = 20.0
"""Of any op: what it costs to exist."""
FLOP = 0.012
"""Of a floating-point operation in a product of matrices."""
BYTE = 0.06
"""Of a byte read or written once, by a loop of its own."""
FUSED = 0.15
"""Of an element of an elementwise op, which is fused with its neighbours."""
SPREAD = 0.02
"""Of an element of a broadcast, which is fused too, and computes nothing."""
FUNCTION = 1.5
"""The same where it is a transcendental function."""
REDUCED = 0.4
"""Of an element that is reduced."""
MOVED = 0.4
"""Of an element that is copied to another place."""
TRANSPOSED = 0.1
"""Of an element that is transposed, which mostly is read in place."""
GATHERED = 1.0
"""Of an element that is read at a computed index."""

_COUNT: Mapping[bool, float] = {True: 4.0, False: 1.0}
"""Complex elements count as so many real ones."""


def cost(op: Operation) -> float:
    """Return the estimated nanoseconds of an op; regions count once."""
    rule = _COSTS.get(type(op))
    if rule is not None:
        return OP + rule(op)
    if isinstance(op, xtensor.ConstantOp | xtensor.IotaOp | func.ReturnOp | xtensor.YieldOp):
        return OP
    elements = sum(_elements(result.type) for result in op.results)
    if op.has_trait(Elementwise):
        return OP + elements * FUSED
    if op.has_trait(Reduction):
        return OP + sum(_elements(operand.type) for operand in op.operands) * REDUCED
    if op.has_trait(Reindexing):
        return OP + elements * MOVED
    return OP + elements


def total(ops: Iterable[Operation]) -> float:
    """Return the cost of ops together."""
    return sum(map(cost, ops))


def _elements(kind: Any) -> float:
    if not isinstance(kind, TensorType):
        return 1.0
    return prod(kind.get_shape()) * _COUNT[bool(kind_of(kind.element_type) & Kind.COMPLEX)]


def _bytes(kind: Any) -> float:
    width = real_part(kind.element_type)
    bits = width.bitwidth if isinstance(width, FixedBitwidthType) else 32
    return _elements(kind) * bits / 8


def product_cost(batch: float, lhs: float, rhs: float, over: float, width: float) -> float:
    """Return the cost of a product of matrices, or of a batch of them.

    Args:
        batch: how many products.
        lhs: rows of the left operand.
        rhs: columns of the right one.
        over: the length of the sums.
        width: bytes of an element.
    """
    flops = 2 * batch * lhs * rhs * over
    traffic = batch * (lhs * over + over * rhs + lhs * rhs) * width
    return max(flops * FLOP, traffic * BYTE)


def _dot(op: xtensor.DotGeneralOp) -> float:
    left, right, result = op.lhs.type, op.rhs.type, op.result.type
    assert isinstance(left, TensorType)
    over = prod(left.get_shape()[dim] for dim in op.lhs_contracting.get_values())
    if over == 1:  # XLA makes it elementwise
        return _elements(result) * (FUSED + 2 * SPREAD)
    flops = 2 * _elements(result) * over
    traffic = _bytes(left) + _bytes(right) + _bytes(result)
    return max(flops * FLOP, traffic * BYTE)


def _transpose(op: xtensor.TransposeOp) -> float:
    users = [use.operation for use in op.result.uses]
    # A product reads its operands in any order.
    if users and all(isinstance(user, xtensor.DotGeneralOp) for user in users):
        return 0.0
    return _elements(op.result.type) * TRANSPOSED


def _free(op: Operation) -> float:
    return 0.0


def _transcendental(op: Operation) -> float:
    return sum(_elements(result.type) for result in op.results) * FUNCTION


def _gathered(op: Operation) -> float:
    return sum(_elements(result.type) for result in op.results) * GATHERED


def _broadcast(op: Operation) -> float:
    return _elements(op.results[0].type) * SPREAD


_CHEAP = ("abs", "neg", "not", "real", "imag", "conj", "is_finite", "sign", "square", "ceil")
_COSTS: dict[type[Operation], Callable[[Any], float]] = {
    xtensor.DotGeneralOp: _dot,
    xtensor.BroadcastInDimOp: _broadcast,
    xtensor.ReshapeOp: _free,
    xtensor.SqueezeOp: _free,
    xtensor.TransposeOp: _transpose,
    xtensor.GatherOp: _gathered,
    **{
        op: _transcendental
        for op in xtensor.OPERATIONS
        if issubclass(op, xtensor.UnaryOp)
        and op.name.removeprefix("xtensor.") not in (*_CHEAP, "floor", "round")
    },
    **dict.fromkeys((xtensor.PowOp, xtensor.Atan2Op, xtensor.RemOp), _transcendental),
}


def dying(roots: Operation | Iterable[Operation], kept: Iterable[SSAValue]) -> list[Operation]:
    """Return what nobody uses once the roots are replaced: they, and what they alone use.

    Args:
        roots: the op that is to be replaced, or several.
        kept: values that the replacement uses.
    """
    pending = [roots] if isinstance(roots, Operation) else list(roots)
    dead = dict.fromkeys(pending)
    used = {value.owner for value in kept}
    while pending:
        for operand in pending.pop().operands:
            owner = operand.owner
            if not isinstance(owner, Operation) or owner in dead or owner in used:
                continue
            if not owner.has_trait(Pure) or isinstance(owner, func.CallOp):
                continue
            if all(use.operation in dead for result in owner.results for use in result.uses):
                dead[owner] = None
                pending.append(owner)
    return list(dead)
