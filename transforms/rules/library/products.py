"""Products: what is taken of one is taken of its operands, and common factors are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import type_of, without
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.labels import Dims
from xcs.transforms.rules.rule import Condition, Procedure, Rule, rule, when
from xcs.transforms.rules.symbolic import is_mask
from xcs.transforms.rules.terms import (
    Value,
    attributes,
    computed,
    contract,
    diagonal,
    on_diagonal,
    reduce_sum,
    slice_,
    take,
    tensors,
)
from xcs.transforms.rules.views import Emitter, gather

Ints = tuple[int, ...]

a, b, c, x, i = tensors("a b c x i")
d, axes, mode, is_sorted, axis, more = attributes("d axes mode sorted axis more")
start, limit, step = attributes("start limit step")


# --- Computed attributes --------------------------------------------------------------------------


@computed
def of_lhs(bounds: Ints, dims: Dims, lhs: TensorType, rhs: TensorType, rest: Any) -> Ints:
    """Bounds of a slice of a product, in the dimensions of lhs; `rest` is for those summed over."""
    places = dims.lhs_places(lhs.get_num_dims(), rhs.get_num_dims())
    return _of_operand(bounds, places, lhs, rest)


@computed
def of_rhs(bounds: Ints, dims: Dims, lhs: TensorType, rhs: TensorType, rest: Any) -> Ints:
    places = dims.rhs_places(lhs.get_num_dims(), rhs.get_num_dims())
    return _of_operand(bounds, places, rhs, rest)


def _of_operand(bounds: Ints, places: dict[int, int], operand: TensorType, rest: Any) -> Ints:
    shape = operand.get_shape()
    return tuple(
        bounds[places[dim]] if dim in places else (size if rest == "size" else rest)
        for dim, size in enumerate(shape)
    )


@computed
def merged_axes(inner: Ints, outer: Ints, source: TensorType) -> Ints:
    kept = without(range(source.get_num_dims()), inner)
    return tuple(sorted((*inner, *(kept[dim] for dim in outer))))


# --- Conditions -----------------------------------------------------------------------------------


def _takes_a_part(start: Ints, limit: Ints, step: Ints, dims: Dims, *_: Any) -> bool:
    return dims.algorithm is None


def _one_type(dims: Dims, *operands: TensorType) -> bool:
    return all(operand.element_type == dims.element for operand in operands)


def _is_square(axes: Ints, source: TensorType) -> bool:
    shape = source.get_shape()
    return axes == (0, 1) and len(shape) == 2 and shape[0] == shape[1]


def one_type(*operands: Any) -> Condition:
    """The product and its operands have one element type, so that all sums round alike."""
    return when("all elements are of one type", _one_type, d, *operands)


def _no_mask(*operands: SSAValue) -> bool:
    return not any(map(is_mask, operands))


_NO_MASK = when(
    "no operand is a mask, which XLA would make a choice of", _no_mask, Value(a), Value(b)
)

# --- Rows that are taken of a product -------------------------------------------------------------


def _taken_from_product(op: xtensor.GatherOp, emit: Emitter) -> SSAValue | str:
    """Whole slices at indices along one dimension of a product."""
    seen = take(a, i, axis, mode, is_sorted).view.see(op)  # type: ignore[attr-defined]
    if seen is None:
        return "it does not take whole slices along one dimension"
    (source, indices), (taken, how, in_order) = seen
    product = source.owner
    if not isinstance(product, xtensor.DotGeneralOp):
        return "what it takes from is no product"
    if not _no_mask(*product.operands):
        return "an operand is a mask"
    dims = Dims.of(product)
    ranks = type_of(product.lhs).get_num_dims(), type_of(product.rhs).get_num_dims()
    left, right = dims.sources(*ranks)[taken]
    if left is not None and right is not None:
        return "it takes from a batch of products"
    batch = type_of(indices).get_num_dims() - 1
    if batch != 1:
        return "its indices are no vector"
    operands = [product.lhs, product.rhs]
    side, dim = (0, left) if left is not None else (1, cast(int, right))
    shape = type_of(operands[side]).get_shape()
    operands[side] = emit(gather(operands[side], indices, dim, how, in_order, shape))
    return emit(dims.op(*operands))


def _row_of_product(op: xtensor.DynamicSliceOp, emit: Emitter) -> SSAValue | str:
    """A slice at computed indices: of each operand at the indices of its dimensions."""
    product = op.operand.owner
    if not isinstance(product, xtensor.DotGeneralOp):
        return "what it takes from is no product"
    if not _no_mask(*product.operands):
        return "an operand is a mask"
    dims, sizes = Dims.of(product), op.slice_sizes.get_values()
    ranks = type_of(product.lhs).get_num_dims(), type_of(product.rhs).get_num_dims()
    made = [
        _dynamic_part(emit, op, operand, places, sizes)
        for operand, places in (
            (product.lhs, dims.lhs_places(*ranks)),
            (product.rhs, dims.rhs_places(*ranks)),
        )
    ]
    return emit(dims.op(*made))


def _dynamic_part(
    emit: Emitter,
    op: xtensor.DynamicSliceOp,
    operand: SSAValue,
    places: dict[int, int],
    sizes: Sequence[int],
) -> SSAValue:
    shape = type_of(operand).get_shape()
    part = tuple(sizes[places[dim]] if dim in places else size for dim, size in enumerate(shape))
    if part == shape:
        return operand
    element = type_of(op.start_indices[0]).element_type
    zero = emit(xtensor.ConstantOp(xtensor_splat(element)))
    indices = [
        op.start_indices[places[dim]] if dim in places and part[dim] != shape[dim] else zero
        for dim in range(len(shape))
    ]
    return emit(xtensor.DynamicSliceOp(operand, indices, part))


def xtensor_splat(element: Any) -> Any:
    """The scalar zero of an index type."""
    from xcs.transforms.rules.views import splat

    return splat(xtensor.tensor_type((), element), 0)


# --- The diagonal of a product --------------------------------------------------------------------


def _diagonal_of_product(op: xtensor.GatherOp, emit: Emitter) -> SSAValue | str:
    seen = diagonal(a).view.see(op)  # type: ignore[attr-defined]
    if seen is None:
        return "it takes no diagonal"
    product = seen[0][0].owner
    if not isinstance(product, xtensor.DotGeneralOp):
        return "what it takes from is no product"
    dims, left, right = Dims.of(product), type_of(product.lhs), type_of(product.rhs)
    if not (left.element_type == right.element_type == dims.element) or dims.algorithm is not None:
        return "not all elements are of one type"
    if not _no_mask(*product.operands):
        return "an operand is a mask"
    ranks = left.get_num_dims(), right.get_num_dims()
    free = dims.lhs_free(ranks[0]), dims.rhs_free(ranks[1])
    if [len(part) for part in free] != [1, 1]:
        return "both indices are of one operand"
    rows = _first(emit, product.lhs, (*free[0], *dims.lhs_contracting))
    columns = _first(emit, product.rhs, (*free[1], *dims.rhs_contracting))
    axes = range(1, ranks[0])
    return emit(xtensor.ReduceSumOp(emit(xtensor.MulOp(rows, columns)), axes))


def _first(emit: Emitter, value: SSAValue, order: Sequence[int]) -> SSAValue:
    if tuple(order) == tuple(range(len(order))):
        return value
    return emit(xtensor.TransposeOp(value, order))


_SUBSET = "An element of a product is a sum over the operands' own rows and columns."

RULES: list[Rule] = [
    rule(
        "slice of a product",
        slice_(contract(a, b, d), start, limit, step)
        >> contract(
            slice_(
                a,
                of_lhs(start, d, a, b, 0),
                of_lhs(limit, d, a, b, "size"),
                of_lhs(step, d, a, b, 1),
            ),
            slice_(
                b,
                of_rhs(start, d, a, b, 0),
                of_rhs(limit, d, a, b, "size"),
                of_rhs(step, d, a, b, 1),
            ),
            d,
        ),
        where=_NO_MASK,
        kind=Kind.SAME_TERMS,
        ring=True,
        source=_SUBSET,
    ),
    Procedure(
        "elements taken of a product",
        Kind.SAME_TERMS,
        _SUBSET,
        ring=True,
        shown="take(contract(a, b, d), i, axis)  ->  "
        "contract(take(a, i, lhs(axis)), b, d), or with b in place of a",
        at=(xtensor.GatherOp,),
        function=_taken_from_product,
        examples="taken_from_product",
        where=(
            when("i is a vector of indices", lambda: True),
            when("the axis is of one operand alone", lambda: True),
            _NO_MASK,
        ),
    ),
    Procedure(
        "dynamic slice of a product",
        Kind.SAME_TERMS,
        _SUBSET,
        ring=True,
        shown="dynamic_slice(contract(a, b, d), i)  ->  "
        "contract(dynamic_slice(a, lhs(i)), dynamic_slice(b, rhs(i)), d)",
        at=(xtensor.DynamicSliceOp,),
        function=_row_of_product,
        examples="dynamic_slice_of_product",
        where=(_NO_MASK,),
    ),
    Procedure(
        "diagonal of a product",
        Kind.SAME_TERMS,
        _SUBSET,
        ring=True,
        shown="diagonal(contract(a, b, d))  ->  reduce_sum(a * transpose(b), [1])",
        at=(xtensor.GatherOp,),
        function=_diagonal_of_product,
        examples="diagonal_of_product",
        where=(
            when("each index is of one operand", lambda: True),
            _NO_MASK,
        ),
    ),
    rule(
        "sum of a masked diagonal",
        reduce_sum(on_diagonal(x, axes), axes) >> reduce_sum(diagonal(x), (0,)),
        where=when("x is a square matrix", _is_square, axes, x),
        kind=Kind.SAME_TERMS,
        ring=True,
        source="What is off the diagonal adds zeros.",
    ),
    rule(
        "sum of a sum",
        reduce_sum(reduce_sum(x, axes), more) >> reduce_sum(x, merged_axes(axes, more, x)),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Addition is associative.",
        cleanup=True,
    ),
    rule(
        "common right factor",
        contract(a, c, d) + contract(b, c, d) >> contract(a + b, c, d),
        where=one_type(a, b, c),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Distributivity.",
    ),
    rule(
        "common left factor",
        contract(c, a, d) + contract(c, b, d) >> contract(c, a + b, d),
        where=one_type(a, b, c),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Distributivity.",
    ),
    rule(
        "common right factor of a difference",
        contract(a, c, d) - contract(b, c, d) >> contract(a - b, c, d),
        where=one_type(a, b, c),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Distributivity.",
    ),
    rule(
        "common left factor of a difference",
        contract(c, a, d) - contract(c, b, d) >> contract(c, a - b, d),
        where=one_type(a, b, c),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Distributivity.",
    ),
]
