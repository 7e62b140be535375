"""Batching of contractions."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr, type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, shifted


def batch_dot_general(
    batch: Batcher, op: xtensor.DotGeneralOp, lhs: Batched, rhs: Batched
) -> Sequence[Batched]:
    """The batch is one more batch dimension if both have it, and a free dimension of one if not."""
    properties = {
        "lhs_batch": _moved(op.lhs_batch.get_values(), lhs.dim),
        "rhs_batch": _moved(op.rhs_batch.get_values(), rhs.dim),
        "lhs_contracting": _moved(op.lhs_contracting.get_values(), lhs.dim),
        "rhs_contracting": _moved(op.rhs_contracting.get_values(), rhs.dim),
    }
    if lhs.dim is not None and rhs.dim is not None:
        properties["lhs_batch"] = (lhs.dim, *properties["lhs_batch"])
        properties["rhs_batch"] = (rhs.dim, *properties["rhs_batch"])
        result = 0
    else:
        result = _free_place(op, lhs.dim, rhs.dim)
    attributes = {name: dims_attr(dims) for name, dims in properties.items()}
    return batch.like(op, [lhs.value, rhs.value], [result], attributes)


def _moved(dims: Sequence[int], batch_dim: int | None) -> tuple[int, ...]:
    return tuple(dims) if batch_dim is None else shifted(dims, batch_dim)


def _free_place(op: xtensor.DotGeneralOp, lhs_dim: int | None, rhs_dim: int | None) -> int:
    """Where the result has a free dimension: batch dimensions, then the free ones of each side."""
    lhs_bound = {*op.lhs_batch.get_values(), *op.lhs_contracting.get_values()}
    rhs_bound = {*op.rhs_batch.get_values(), *op.rhs_contracting.get_values()}
    before = len(op.lhs_batch.get_values())
    if lhs_dim is not None:
        return before + len(set(range(lhs_dim)) - lhs_bound)
    assert rhs_dim is not None
    lhs_free = type_of(op.lhs).get_num_dims() - len(lhs_bound)
    return before + lhs_free + len(set(range(rhs_dim)) - rhs_bound)


RULES: dict[type[Operation], Rule] = {
    xtensor.DotGeneralOp: batch_dot_general,
}
