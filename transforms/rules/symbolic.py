"""What is known of values that are made of constants and counts alone: masks, indices, fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, TypeAlias, cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, type_of


@dataclass(frozen=True)
class Fixed:
    """Every element is this number."""

    value: Any


@dataclass(frozen=True)
class Counting:
    """An element is its index along a dimension of this size, plus ``start``."""

    dim: int
    start: int
    size: int


Known: TypeAlias = "Fixed | Counting | None"

_DEPTH = 12
"""How many ops back is looked: more than JAX makes for an index or a mask."""


def known(value: SSAValue, depth: int = _DEPTH) -> Known:
    """Return what is known of a tensor without running anything."""
    op = value.owner
    if depth == 0 or not isinstance(op, Operation):
        return None
    rule = _RULES.get(type(op))
    return None if rule is None else rule(op, depth - 1)


def known_finite(value: SSAValue, depth: int = _DEPTH) -> bool:
    """Whether no element can be NaN or infinite, whatever the program is given."""
    element = type_of(value).element_type
    if kind_of(element) & (Kind.BITS):
        return True
    op = value.owner
    if depth == 0 or not isinstance(op, Operation):
        return False
    if isinstance(op, xtensor.IotaOp):
        return True
    if isinstance(op, xtensor.ConstantOp):
        return all(isfinite(number) for number in _numbers(op))
    if isinstance(op, xtensor.ConvertElementTypeOp):
        return bool(kind_of(type_of(op.operand).element_type) & Kind.BOOL)
    if isinstance(op, _KEEPS_FINITE):
        operands = op.cases if isinstance(op, xtensor.SelectNOp) else op.operands
        return all(known_finite(operand, depth - 1) for operand in operands)
    return False


def is_mask(value: SSAValue, depth: int = _DEPTH) -> bool:
    """Whether a tensor is booleans as numbers.

    XLA makes a choice of a product of elements with one, so that zero times what is not finite is
    zero: nothing that was another op may become such a product.
    """
    op = value.owner
    if depth == 0 or not isinstance(op, Operation):
        return False
    if isinstance(op, xtensor.ConvertElementTypeOp):
        return bool(kind_of(type_of(op.operand).element_type) & Kind.BOOL)
    moved = isinstance(op, xtensor.ReshapeOp | xtensor.TransposeOp | xtensor.BroadcastInDimOp)
    return moved and is_mask(op.operands[0], depth - 1)


_KEEPS_FINITE = (
    xtensor.AbsOp,
    xtensor.BroadcastInDimOp,
    xtensor.ConcatenateOp,
    xtensor.NegOp,
    xtensor.PadOp,
    xtensor.ReshapeOp,
    xtensor.RevOp,
    xtensor.SelectNOp,
    xtensor.SliceOp,
    xtensor.SqueezeOp,
    xtensor.TransposeOp,
)


def _numbers(op: xtensor.ConstantOp) -> list[float]:
    values = cast(DenseIntOrFPElementsAttr, op.value).get_values()
    return [abs(value) if isinstance(value, int | float) else float("nan") for value in values]


def _constant(op: xtensor.ConstantOp, depth: int) -> Known:
    attribute = cast(DenseIntOrFPElementsAttr, op.value)
    if not attribute.data.data or not attribute.is_splat():
        return None
    (value, *_) = attribute.get_values()
    if kind_of(type_of(op.result).element_type) & Kind.BOOL:
        value = bool(value)
    return Fixed(value if isinstance(value, bool | int | float) else complex(*cast(Any, value)))


def _iota(op: xtensor.IotaOp, depth: int) -> Known:
    if not kind_of(type_of(op.result).element_type) & Kind.INTEGER:
        return None
    return _counting(op.dimension.value.data, 0, type_of(op.result))


def _counting(dim: int, start: int, of: TensorType) -> Known:
    size = of.get_shape()[dim]
    return Fixed(start) if size == 1 else Counting(dim, start, size)


def _broadcast(op: xtensor.BroadcastInDimOp, depth: int) -> Known:
    value = known(op.operand, depth)
    if isinstance(value, Counting):
        return replace(value, dim=op.broadcast_dimensions.get_values()[value.dim])
    return value


def _reshape(op: xtensor.ReshapeOp | xtensor.SqueezeOp, depth: int) -> Known:
    value = known(op.operand, depth)
    if not isinstance(value, Counting):
        return value
    before, after = (
        [(dim, size) for dim, size in enumerate(type_of(v).get_shape()) if size != 1]
        for v in (op.operand, op.result)
    )
    if [size for _, size in before] != [size for _, size in after]:
        return None
    place = [dim for dim, _ in before].index(value.dim)
    return replace(value, dim=after[place][0])


def _add(op: xtensor.AddOp, depth: int) -> Known:
    left, right = known(op.lhs, depth), known(op.rhs, depth)
    if isinstance(left, Fixed) and isinstance(right, Counting):
        left, right = right, left
    if not isinstance(right, Fixed) or not kind_of(type_of(op.result).element_type) & Kind.INTEGER:
        return None
    if isinstance(left, Counting):
        return replace(left, start=left.start + right.value)
    return Fixed(left.value + right.value) if isinstance(left, Fixed) else None


def _convert(op: xtensor.ConvertElementTypeOp, depth: int) -> Known:
    to = kind_of(type_of(op.result).element_type)
    value = known(op.operand, depth)
    if isinstance(value, Counting):
        return value if to & Kind.INTEGER else None
    # Only numbers that every type has keep their value.
    if isinstance(value, Fixed) and value.value in (0, 1):
        return Fixed(int(value.value))
    return None


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Any, int], Known]:
    def rule(op: xtensor.LtOp, depth: int) -> Known:
        left, right = known(op.lhs, depth), known(op.rhs, depth)
        if not isinstance(right, Fixed):
            return None
        if isinstance(left, Fixed):
            return Fixed(holds(left.value, right.value))
        if isinstance(left, Counting) and left.size:
            ends = {holds(left.start + i, right.value) for i in (0, left.size - 1)}
            return Fixed(ends.pop()) if len(ends) == 1 else None
        return None

    return rule


def _select(op: xtensor.SelectNOp, depth: int) -> Known:
    which = known(op.which, depth)
    if isinstance(which, Fixed) and 0 <= int(which.value) < len(op.cases):
        return known(op.cases[int(which.value)], depth)
    return None


_RULES: Mapping[type[Operation], Callable[[Any, int], Known]] = {
    xtensor.AddOp: _add,
    xtensor.BroadcastInDimOp: _broadcast,
    xtensor.ConstantOp: _constant,
    xtensor.ConvertElementTypeOp: _convert,
    xtensor.GeOp: _compare(lambda left, right: left >= right),
    xtensor.IotaOp: _iota,
    xtensor.LtOp: _compare(lambda left, right: left < right),
    xtensor.ReshapeOp: _reshape,
    xtensor.SelectNOp: _select,
    xtensor.SqueezeOp: _reshape,
}
