"""Batching of composite ops: the definition is batched."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from xcs.dialects.xtensor import CompositeOp
from xcs.transforms.batching.batcher import Batched, Batcher, Rule


def batch_composite(batch: Batcher, op: CompositeOp, *operands: Batched) -> Sequence[Batched]:
    """The same op, defined by the batched form of its definition."""
    definition, dims = batch.body(
        op.definition, [operand.dim for operand in operands], lambda _, yields: yields
    )
    return batch.like(op, [operand.value for operand in operands], dims, regions=[definition])


RULES: dict[type[Operation], Rule] = {CompositeOp: batch_composite}
