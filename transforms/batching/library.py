"""Batching of library ops."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import as_int
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, shifted


def batch_in_front(batch: Batcher, op: Operation, *operands: Batched) -> Sequence[Batched]:
    """The same op with the batch in front of all operands and results."""
    return batch.like(op, batch.all_at(operands, 0), [0] * len(op.results))


def batch_along(name: str) -> Rule:
    """An op of one operand along the dimension that a property names; the batch stays in place."""

    def rule(batch: Batcher, op: Operation, operand: Batched) -> Sequence[Batched]:
        assert operand.dim is not None
        (axis,) = shifted([op.properties[name].value.data], operand.dim)  # type: ignore[attr-defined]
        dims = [operand.dim] * len(op.results)
        return batch.like(op, [operand.value], dims, {name: as_int(axis)})

    return rule


def batch_sort(batch: Batcher, op: xtensor.SortOp, *operands: Batched) -> Sequence[Batched]:
    """The batch is where the first operand that has one has it."""
    dim = next(operand.dim for operand in operands if operand.dim is not None)
    (axis,) = shifted([op.dimension.value.data], dim)
    dims = [dim] * len(operands)
    return batch.like(op, batch.all_at(operands, dim), dims, {"dimension": as_int(axis)})


def batch_primitive(
    batch: Batcher, op: xtensor.PrimitiveOp, *operands: Batched
) -> Sequence[Batched]:
    """StableHLO text is of fixed shapes."""
    raise batch.error(
        op,
        f"the JAX primitive '{op.primitive.data}' has no op in the tensor dialect, and the "
        "StableHLO text that stands for it is of fixed shapes; batch the function with jax.vmap",
    )


RULES: dict[type[Operation], Rule] = {
    xtensor.ApproxTopKOp: batch_along("reduction_dimension"),
    xtensor.FftOp: batch_in_front,
    xtensor.PrimitiveOp: batch_primitive,
    xtensor.SortOp: batch_sort,
    xtensor.TopKOp: batch_along("axis"),
}
