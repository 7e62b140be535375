"""Lowering of the windowed reductions."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import i1
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import control, elementwise, reduction, reindexing
from xcs.dialects.stablehlo.attributes import ComparisonDirection
from xcs.dialects.xtensor import Selection, dims_attr, tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.combiner import combining_region
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import Emitter, Rule, Values, type_of
from xcs.transforms.convert_xtensor_to_stablehlo.reduction import greatest, least, zero
from xcs.transforms.convert_xtensor_to_stablehlo.window import numbers, padding, window_properties

REDUCTIONS: dict[type[Operation], tuple[type[Operation], Callable[[Attribute], float]]] = {
    xtensor.ReduceWindowMaxOp: (elementwise.MaximumOp, least),
    xtensor.ReduceWindowMinOp: (elementwise.MinimumOp, greatest),
    xtensor.ReduceWindowSumOp: (elementwise.AddOp, zero),
}
"""What a window is folded with, and the value that it starts from."""

SELECTIONS: dict[Selection, tuple[ComparisonDirection, Callable[[Attribute], float]]] = {
    Selection.GE: (ComparisonDirection.GE, least),
    Selection.LE: (ComparisonDirection.LE, greatest),
}
"""When the first of two elements is selected, and the value that is selected last of all."""


def _window_reduction(combiner: type[Operation], identity: Callable[[Attribute], float]) -> Rule:
    def lower(emit: Emitter, op: xtensor.WindowReductionOp, x: SSAValue) -> Values:
        element = type_of(x).element_type
        init = emit.scalar(element, identity(element))
        body = combining_region(emit, combiner, element)
        return emit.many(
            reduction.ReduceWindowOp, (x, init), op.result_types, window_properties(op), (body,)
        )

    return lower


def lower_reduce_window(emit: Emitter, op: xtensor.ReduceWindowOp, *operands: SSAValue) -> Values:
    """A reduce_window by the op's own function."""
    body = emit.lower_body(op.body)
    return emit.many(
        reduction.ReduceWindowOp, operands, op.result_types, window_properties(op), (body,)
    )


def lower_select_and_gather_add(
    emit: Emitter, op: xtensor.SelectAndGatherAddOp, tangents: SSAValue, operand: SSAValue
) -> Values:
    """Both tensors are folded at once: the selected element takes its tangent along."""
    direction, identity = SELECTIONS[op.select.data]
    result = op.result.type
    element = type_of(operand).element_type
    inits = (emit.scalar(element, identity(element)), emit.scalar(element, 0))
    results = emit.many(
        reduction.ReduceWindowOp,
        (operand, tangents, *inits),
        (result, result),
        window_properties(op),
        (_selected_pair(emit.inner(), direction, element),),
    )
    return results[1:]


def _selected_pair(emit: Emitter, direction: ComparisonDirection, element: Attribute) -> Region:
    """Of two (element, tangent) pairs, the one that is selected."""
    block = Block(arg_types=(tensor_type((), element),) * 4)
    key, value, other_key, other_value = block.args
    which = emit.compare(direction, key, other_key)
    pair = (emit.select(which, key, other_key), emit.select(which, value, other_value))
    emit.many(control.ReturnOp, pair, ())
    return emit.into_region(block)


def lower_select_and_scatter_add(
    emit: Emitter, op: xtensor.SelectAndScatterAddOp, source: SSAValue, operand: SSAValue
) -> Values:
    """A select_and_scatter of a padded operand: XLA cannot pad it by itself, says JAX."""
    direction, identity = SELECTIONS[op.select.data]
    tensor, rank = type_of(operand), len(op.window)
    element, shape = tensor.element_type, tensor.get_shape()
    low = numbers(op.low, rank, 0)
    high = numbers(op.high, rank, 0)
    sizes = [sum(parts) for parts in zip(low.iter_values(), shape, high.iter_values(), strict=True)]
    padded = emit.one(
        reindexing.PadOp,
        (operand, emit.scalar(element, identity(element))),
        tensor_type(tuple(sizes), element),
        {
            "edge_padding_low": low,
            "edge_padding_high": high,
            "interior_padding": dims_attr((0,) * rank),
        },
    )
    added = elementwise.OrOp if element == i1 else elementwise.AddOp
    result = emit.one(
        reduction.SelectAndScatterOp,
        (padded, source, emit.scalar(element, 0)),
        padded.type,
        window_properties(op) | {"padding": padding(None, None, rank)},
        (
            _selecting_region(emit.inner(), direction, element),
            combining_region(emit, added, element),
        ),
    )
    starts = low.get_values()
    limits = [start + size for start, size in zip(starts, shape, strict=True)]
    return (emit.slice(result, starts, limits, tensor),)


def _selecting_region(emit: Emitter, direction: ComparisonDirection, element: Attribute) -> Region:
    scalar = tensor_type((), element)
    block = Block(arg_types=(scalar, scalar))
    first, second = block.args
    emit.many(control.ReturnOp, (emit.compare(direction, first, second),), ())
    return emit.into_region(block)


def lower_select_and_scatter(
    emit: Emitter, op: xtensor.SelectAndScatterOp, *operands: SSAValue
) -> Values:
    """A select_and_scatter by the op's own functions."""
    regions = (emit.lower_body(op.select), emit.lower_body(op.scatter))
    return emit.many(
        reduction.SelectAndScatterOp, operands, op.result_types, window_properties(op), regions
    )


RULES: dict[type[Operation], Rule] = {
    **{op: _window_reduction(*how) for op, how in REDUCTIONS.items()},
    xtensor.ReduceWindowOp: lower_reduce_window,
    xtensor.SelectAndGatherAddOp: lower_select_and_gather_add,
    xtensor.SelectAndScatterAddOp: lower_select_and_scatter_add,
    xtensor.SelectAndScatterOp: lower_select_and_scatter,
}
