"""Lowering of the library ops."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import inf, nan

from xdsl.dialects import func
from xdsl.dialects.builtin import BoolAttr, ComplexType, FunctionType, TensorType, i32
from xdsl.ir import Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import (
    control,
    elementwise,
    generation,
    library,
    reduction,
    reindexing,
)
from xcs.dialects.stablehlo.attributes import (
    ComparisonDirection,
    FftType,
    FftTypeAttr,
    Transpose,
    TransposeAttr,
)
from xcs.dialects.stablehlo.chlo import ConjOp, TopKOp
from xcs.dialects.xtensor import Kind, dims_attr, kind_of, tensor_type, without
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    TOTAL,
    Emitter,
    Rule,
    Values,
    int_attr,
    type_of,
)

TRUE, FALSE = BoolAttr.from_bool(True), BoolAttr.from_bool(False)


def bool_attr(flag: object) -> BoolAttr:
    """Whether a flag is given."""
    return FALSE if flag is None else TRUE


def lower_primitive(emit: Emitter, op: xtensor.PrimitiveOp, *operands: SSAValue) -> Values:
    """A call of a function that stands for the op's text."""
    function_type = FunctionType.from_lists(op.operand_types, op.result_types)
    # A few of JAX's names, such as scatter-add, are not symbols in MLIR's syntax.
    name = f"primitive.{op.primitive.data.replace('-', '_')}"
    callee = emit.conversion.texts.declare(name, op.stablehlo.data, function_type)
    return emit.many(func.CallOp, operands, op.result_types, {"callee": callee})


# --- Sorting --------------------------------------------------------------------------------------


def lower_sort(emit: Emitter, op: xtensor.SortOp, *operands: SSAValue) -> Values:
    comparator = _comparator(emit.inner(), op.num_keys.value.data, operands)
    properties = {"dimension": op.dimension, "is_stable": bool_attr(op.is_stable)}
    return emit.many(library.SortOp, operands, op.result_types, properties, (comparator,))


def _comparator(emit: Emitter, num_keys: int, operands: Values) -> Region:
    """Whether the first of two elements comes before the other, by their keys."""
    scalars = [tensor_type((), type_of(operand).element_type) for operand in operands]
    block = Block(arg_types=[scalar for scalar in scalars for _ in range(2)])
    pairs: list[tuple[SSAValue, SSAValue]] = []
    for i in range(num_keys):
        first, second = block.args[2 * i : 2 * i + 2]
        pairs += zip(list(_keys(emit, first)), list(_keys(emit, second)), strict=True)
    (first, second), *others = reversed(pairs)
    is_before = _compare(emit, ComparisonDirection.LT, first, second)
    for first, second in others:
        is_less = _compare(emit, ComparisonDirection.LT, first, second)
        is_equal = _compare(emit, ComparisonDirection.EQ, first, second)
        later_ones_decide = emit.same(elementwise.AndOp, is_equal, is_before)
        is_before = emit.same(elementwise.OrOp, is_less, later_ones_decide)
    emit.many(control.ReturnOp, (is_before,), ())
    return emit.into_region(block)


def _keys(emit: Emitter, value: SSAValue) -> Iterator[SSAValue]:
    """What to compare of an element, the most significant part first."""
    match element := type_of(value).element_type:
        case ComplexType():
            part = tensor_type((), element.element_type)
            for part_of in (elementwise.RealOp, elementwise.ImagOp):
                yield _canonical(emit, emit.one(part_of, (value,), part))
        case _ if kind_of(element) is Kind.FLOAT:
            yield _canonical(emit, value)
        case _:
            yield value


def _canonical(emit: Emitter, value: SSAValue) -> SSAValue:
    """The number with one zero and one NaN, which differ in the total order of their bits."""
    is_zero = emit.compare(ComparisonDirection.EQ, value, emit.full_like(0, value))
    with_one_zero = emit.select(is_zero, emit.full_like(0, value), value)
    is_nan = emit.compare(ComparisonDirection.NE, value, value)
    return emit.select(is_nan, emit.full_like(nan, value), with_one_zero)


def _compare(
    emit: Emitter, direction: ComparisonDirection, lhs: SSAValue, rhs: SSAValue
) -> SSAValue:
    """Compare two scalars; floats by the total order."""
    is_float = kind_of(type_of(lhs).element_type) is Kind.FLOAT
    return emit.compare(direction, lhs, rhs, TOTAL if is_float else None)


def lower_top_k(emit: Emitter, op: xtensor.TopKOp, operand: SSAValue) -> Values:
    """What `chlo.top_k` finds along the last dimension: the axis changes places with that."""
    axis, rank = op.axis.value.data, type_of(operand).get_num_dims()
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    found = emit.many(
        TopKOp,
        (_transposed(emit, operand, order),),
        [_permuted(type_of(result), order) for result in op.results],
        {"k": op.k},
    )
    return [_transposed(emit, value, order) for value in found]


def _permuted(tensor: TensorType, order: list[int]) -> TensorType:
    shape = tensor.get_shape()
    return tensor_type(tuple(shape[axis] for axis in order), tensor.element_type)


def _transposed(emit: Emitter, value: SSAValue, order: list[int]) -> SSAValue:
    if order == sorted(order):
        return value
    result = _permuted(type_of(value), order)
    permutation = {"permutation": dims_attr(tuple(order))}
    return emit.one(reindexing.TransposeOp, (value,), result, permutation)


def lower_approx_top_k(emit: Emitter, op: xtensor.ApproxTopKOp, operand: SSAValue) -> Values:
    """The exact answer, as XLA gives it except on TPUs: by reducing to one, or by sorting."""
    source, axis = type_of(operand), op.reduction_dimension.value.data
    indices = emit.one(
        generation.IotaOp,
        (),
        tensor_type(source.get_shape(), i32),
        {"iota_dimension": int_attr(axis)},
    )
    direction = ComparisonDirection.GT if op.is_max_k else ComparisonDirection.LT
    if op.k.value.data == 1 and op.aggregate_to_topk is not None:
        return _reduced_to_first(emit, direction, axis, operand, indices)
    scalar, index = tensor_type((), source.element_type), tensor_type((), i32)
    block = Block(arg_types=(scalar, scalar, index, index))
    inner = emit.inner()
    inner.many(control.ReturnOp, (inner.compare(direction, block.args[0], block.args[1]),), ())
    ordered = emit.many(
        library.SortOp,
        (operand, indices),
        (source, indices.type),
        {"dimension": int_attr(axis), "is_stable": FALSE},
        (inner.into_region(block),),
    )
    start = (0,) * source.get_num_dims()
    return [
        emit.slice(value, start, type_of(result).get_shape(), type_of(result))
        for value, result in zip(ordered, op.results, strict=True)
    ]


def _reduced_to_first(
    emit: Emitter, direction: ComparisonDirection, axis: int, *operands: SSAValue
) -> Values:
    """Of values and indices, those for which no value before them compares so, as size 1."""
    types = [type_of(operand) for operand in operands]
    scalars = [tensor_type((), tensor.element_type) for tensor in types]
    block = Block(arg_types=(*scalars, *scalars))
    inner = emit.inner()
    first, second = block.args[:2], block.args[2:]
    takes_first = inner.compare(direction, first[0], second[0])
    chosen = [inner.select(takes_first, *pair) for pair in zip(first, second, strict=True)]
    inner.many(control.ReturnOp, chosen, ())
    last = -inf if direction is ComparisonDirection.GT else inf
    inits = [emit.scalar(types[0].element_type, last), emit.scalar(i32, -1)]
    reduced = emit.many(
        reduction.ReduceOp,
        (*operands, *inits),
        [
            tensor_type(without(tensor.get_shape(), (axis,)), tensor.element_type)
            for tensor in types
        ],
        {"dimensions": dims_attr((axis,))},
        (inner.into_region(block),),
    )
    return [emit.reshape(value, _with_size_1(type_of(value), axis)) for value in reduced]


def _with_size_1(tensor: TensorType, axis: int) -> TensorType:
    shape = tensor.get_shape()
    return tensor_type((*shape[:axis], 1, *shape[axis:]), tensor.element_type)


# --- Transforms and equations ---------------------------------------------------------------------


@cache
def _fft_type(kind: xtensor.FftType) -> FftTypeAttr:
    return FftTypeAttr(FftType[kind.name])


def lower_fft(emit: Emitter, op: xtensor.FftOp, operand: SSAValue) -> Values:
    properties = {"fft_type": _fft_type(op.fft_type.data), "fft_length": op.fft_lengths}
    return emit.many(library.FftOp, (operand,), op.result_types, properties)


def lower_cholesky(emit: Emitter, op: xtensor.CholeskyOp, matrix: SSAValue) -> Values:
    return emit.many(library.CholeskyOp, (matrix,), op.result_types, {"lower": TRUE})


@cache
def _transpose(name: Transpose) -> TransposeAttr:
    return TransposeAttr(name)


def solve_triangular(
    emit: Emitter, op: xtensor.TriangularSolveOp, matrix: SSAValue, right: SSAValue
) -> Values:
    """StableHLO's own op, which takes no conjugate without a transpose."""
    transpose = Transpose.NO_TRANSPOSE
    if op.transpose_a:
        transpose = Transpose.ADJOINT if op.conjugate_a else Transpose.TRANSPOSE
    elif op.conjugate_a:
        matrix = emit.same(ConjOp, matrix)
    return emit.many(
        library.TriangularSolveOp,
        (matrix, right),
        op.result_types,
        {
            "left_side": bool_attr(op.left_side),
            "lower": bool_attr(op.lower),
            "unit_diagonal": bool_attr(op.unit_diagonal),
            "transpose_a": _transpose(transpose),
        },
    )


RULES: dict[type[Operation], Rule] = {
    xtensor.ApproxTopKOp: lower_approx_top_k,
    xtensor.CholeskyOp: lower_cholesky,
    xtensor.FftOp: lower_fft,
    xtensor.PrimitiveOp: lower_primitive,
    xtensor.SortOp: lower_sort,
    xtensor.TopKOp: lower_top_k,
    xtensor.TriangularSolveOp: solve_triangular,
}
"""The rules that hold on every platform that has none of its own."""
