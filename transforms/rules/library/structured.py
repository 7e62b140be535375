"""Products with structured matrices: the identity, a diagonal, a choice of rows, zeros.

``0 * a`` is zero only where ``a`` is finite. So each structure has two rules. One leaves out what
is multiplied by zero; it is in the set ``finite``, and exact for integers. The other one is in the
set ``algebraic``: it adds ``sum(0 * a)`` over the dimension that the product sums over, which is
zero if all of it is finite and NaN if not. So each element still depends on the same elements of
the operands, at the cost of reading ``a`` once more in place of a product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import type_of, without
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.labels import Dims, Ints, result_shape
from xcs.transforms.rules.rule import Procedure, Rule, when
from xcs.transforms.rules.symbolic import Fixed, known, known_finite
from xcs.transforms.rules.views import Emitter, gather, splat, view


@dataclass(frozen=True)
class Sided:
    """A product whose one operand has a structure.

    Attributes:
        structured: that operand.
        other: the other one.
        summed: the dimension that is summed over, of the structured operand and of the other.
        first: whether the structured operand is the left one.
        result: the product's shape.
    """

    structured: SSAValue
    other: SSAValue
    summed: tuple[int, int]
    first: bool
    result: Ints

    def placed(self, value: SSAValue, dims: int, emit: Emitter) -> SSAValue:
        """Move dimensions that stand where the summed one stood to where the result has them.

        Args:
            value: what is like the other operand, with other dimensions in the summed one's place.
            dims: how many of them.
            emit: makes the ops.
        """
        rank, place = type_of(value).get_num_dims(), self.summed[1]
        moved = list(range(place, place + dims))
        rest = [dim for dim in range(rank) if dim not in moved]
        order = [*moved, *rest] if self.first else [*rest, *moved]
        return value if order == list(range(rank)) else emit(xtensor.TransposeOp(value, order))

    def guard(self, emit: Emitter) -> SSAValue | None:
        """Zero, or NaN where what the product sums over is not finite; None if it must be."""
        if known_finite(self.other):
            return None
        source, place = type_of(self.other), self.summed[1]
        scalar = emit(xtensor.ConstantOp(splat(xtensor.tensor_type((), source.element_type), 0)))
        zeros = emit(xtensor.BroadcastInDimOp(scalar, (source.get_shape()[place],)))
        nothing = emit(xtensor.DotGeneralOp(self.other, zeros, contracting=((place,), (0,))))
        free, rank = type_of(nothing).get_num_dims(), len(self.result)
        dims = range(rank - free, rank) if self.first else range(free)
        return emit(xtensor.BroadcastInDimOp(nothing, self.result, dims))


Structured = Callable[[Sided, Emitter], "SSAValue | str"]


def _sides(op: xtensor.DotGeneralOp) -> list[Sided]:
    dims = Dims.of(op)
    if dims.lhs_batch or len(dims.lhs_contracting) != 1 or dims.algorithm is not None:
        return []
    if not (type_of(op.lhs).element_type == type_of(op.rhs).element_type == dims.element):
        return []
    (left,), (right,) = dims.lhs_contracting, dims.rhs_contracting
    shape = result_shape(dims, type_of(op.lhs).get_shape(), type_of(op.rhs).get_shape())
    return [
        Sided(op.lhs, op.rhs, (left, right), True, shape),
        Sided(op.rhs, op.lhs, (right, left), False, shape),
    ]


def _seen(name: str, value: SSAValue) -> Any:
    """How the op that makes a value is seen; None if it cannot be."""
    owner, looked = value.owner, view(name)
    return looked.see(owner) if type(owner) in looked.roots else None


def _is_square(value: SSAValue) -> bool:
    shape = type_of(value).get_shape()
    return len(shape) == 2 and shape[0] == shape[1]


def _identity(side: Sided, emit: Emitter) -> SSAValue | str:
    if not _is_square(side.structured) or _seen("eye", side.structured) is None:
        return "no operand is an identity matrix"
    return side.placed(side.other, 1, emit)


def _diagonal(side: Sided, emit: Emitter) -> SSAValue | str:
    seen = _seen("on_diagonal", side.structured)
    if seen is None or not _is_square(side.structured):
        return "no operand is a diagonal matrix"
    vector = _vector_of(seen[0][0], emit)
    moved = side.placed(side.other, 1, emit)
    place = 0 if side.first else len(side.result) - 1
    spread = emit(xtensor.BroadcastInDimOp(vector, side.result, (place,)))
    return emit(xtensor.MulOp(spread, moved))


def _vector_of(matrix: SSAValue, emit: Emitter) -> SSAValue:
    """The diagonal of a matrix; of a repeated vector that is the vector."""
    owner, size = matrix.owner, type_of(matrix).get_shape()[0]
    if isinstance(owner, xtensor.BroadcastInDimOp):
        source = type_of(owner.operand).get_shape()
        if sorted(source) in ([size], [1, size]):
            value = owner.operand
            return value if source == (size,) else emit(xtensor.ReshapeOp(value, (size,)))
    build = view("diagonal").build
    assert build is not None
    return build(emit, [matrix], ())


def _choice(side: Sided, emit: Emitter) -> SSAValue | str:
    seen = _seen("one_hot", side.structured)
    if seen is None:
        return "no operand is one-hot"
    (indices,), (axis, shape, element) = seen
    if axis != side.summed[0]:
        return "the product does not sum over the classes of the one-hot operand"
    if shape[axis] == 0:
        return "there is nothing to choose from"
    places = without(shape, [axis])
    vectors = indices
    if type_of(indices).get_shape() != (*places, 1):
        vectors = emit(xtensor.ReshapeOp(indices, (*places, 1)))
    zero = emit(xtensor.ConstantOp(splat(xtensor.tensor_type((), element), 0)))
    taken = gather(
        side.other,
        vectors,
        side.summed[1],
        xtensor.IndexModeAttr(xtensor.IndexMode.FILL_OR_DROP),
        None,
        type_of(side.other).get_shape(),
        zero,
    )
    return side.placed(emit(taken), len(places), emit)


def _zeros(side: Sided, emit: Emitter) -> SSAValue | str:
    value = known(side.structured)
    if not isinstance(value, Fixed) or value.value != 0:
        return "no operand is zero"
    element = type_of(side.other).element_type
    build = view("full").build
    assert build is not None
    return build(emit, (), (0, side.result, element))


_MAKES_STRUCTURE = (
    xtensor.BroadcastInDimOp,
    xtensor.ConstantOp,
    xtensor.ConvertElementTypeOp,
    xtensor.GatherOp,
    xtensor.SelectNOp,
)
"""What the last op of every structured matrix is."""


def _is_vector(value: SSAValue, summed: int) -> bool:
    """Whether nothing is left of a value once one dimension is summed over."""
    return prod(without(type_of(value).get_shape(), [summed])) == 1


def _on_either_side(structured: Structured, guarded: bool) -> Callable[..., SSAValue | str]:
    def attempt(op: xtensor.DotGeneralOp, emit: Emitter) -> SSAValue | str:
        if not any(isinstance(operand.owner, _MAKES_STRUCTURE) for operand in op.operands):
            return "no operand has a structure"
        reason = "it is no product of two operands of one type over one dimension"
        for side in _sides(op):
            if guarded and any(map(_is_vector, (side.structured, side.other), side.summed)):
                # XLA multiplies and adds these up by itself, and makes a choice of the product
                # with a mask, so that it loses what is not finite.
                return "one operand is a vector"
            found = structured(side, emit)
            if isinstance(found, str):
                reason = found
                continue
            guard = side.guard(emit) if guarded else None
            return found if guard is None else emit(xtensor.AddOp(found, guard))
        return reason

    return attempt


_ROOT: tuple[type[Operation], ...] = (xtensor.DotGeneralOp,)
_MATRICES: Sequence[tuple[str, Structured, str, str, str]] = (
    (
        "the identity",
        _identity,
        "contract(eye(n), a, d)",
        "moved(a)",
        "identity_product",
    ),
    (
        "a diagonal",
        _diagonal,
        "contract(diag(v), a, d)",
        "broadcast(v) * moved(a)",
        "diagonal_product",
    ),
    (
        "a choice",
        _choice,
        "contract(one_hot(i), a, d)",
        "take(a, i), zero out of bounds",
        "one_hot_product",
    ),
)


def _pair(name: str, structured: Structured, left: str, right: str, examples: str) -> list[Rule]:
    finite = when("a is finite (of integers, always)", lambda: True)
    return [
        Procedure(
            f"product with {name}",
            Kind.FINITE,
            "The rows and columns of such a matrix have one element that is not zero, or none.",
            ring=True,
            shown=f"{left}  ->  {right}",
            at=_ROOT,
            function=_on_either_side(structured, guarded=False),
            examples=examples,
            where=(finite,),
        ),
        Procedure(
            f"product with {name}, guarded",
            Kind.REASSOCIATES,
            "As above; 0 * a is added up, so that NaNs and infinities of a still arrive.",
            ring=True,
            shown=f"{left}  ->  {right} + broadcast(sum(0 * a))",
            at=_ROOT,
            function=_on_either_side(structured, guarded=True),
            examples=examples,
        ),
    ]


RULES: list[Rule] = [
    Procedure(
        "product with zeros",
        Kind.FINITE,
        "Zero is absorbing.",
        ring=True,
        shown="contract(zeros, a, d)  ->  zeros",
        at=_ROOT,
        function=_on_either_side(_zeros, guarded=False),
        examples="zero_product",
        where=(when("a is finite (of integers, always)", lambda: True),),
    ),
    *(rule for entry in _MATRICES for rule in _pair(*entry)),
]
