"""Networks of contractions: a tree of products, seen as one Einstein sum.

A network is a few factors, each with a label for each of its dimensions. Its value at the result's
labels is the sum, over all other labels, of the product of the factors. Products under any
dimension numbers, transposes, sums, broadcasts, added and dropped dimensions of size 1, scalings
and diagonals all become labels, so that one search for a cheap order covers them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, cast

from xdsl.dialects.builtin import Float16Type, TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Elementwise, Kind, kind_of, type_of
from xcs.transforms.rules.labels import Dims, Ints
from xcs.transforms.rules.symbolic import Fixed, known
from xcs.transforms.rules.views import view

MAX_FACTORS = 12
"""Larger trees are cut: their lower parts are factors as they are."""


@dataclass
class Factor:
    """A tensor, and the label of each of its dimensions."""

    value: SSAValue
    labels: Ints


@dataclass
class Network:
    """An Einstein sum of factors; ``ops`` is how many ops compute it."""

    result: Ints
    sizes: dict[int, int]
    element: Attribute
    factors: list[Factor] = field(default_factory=list)
    arithmetic: Dims | None = None
    ops: int = 1

    def summed(self) -> set[int]:
        """The labels that the result does not have."""
        return set(self.sizes) - set(self.result)

    def label(self, size: int) -> int:
        """Return a new label of a size."""
        made = len(self.sizes)
        self.sizes[made] = size
        return made


Expand = Callable[[Network, Any, Ints], "list[Factor] | None"]
"""The operands of an op as factors, given the labels of its result; None if it is a factor."""


def collect(root: Operation, shared: Operation | None = None) -> Network | None:
    """Return the network whose value is an op's result; None if the op is no part of one.

    Args:
        root: the op.
        shared: a part to look into although something else uses it, too.
    """
    result = type_of(root.results[0])
    if not kind_of(result.element_type) & Kind.NUMBER:
        return None
    sizes = dict(enumerate(result.get_shape()))
    network = Network(tuple(sizes), sizes, result.element_type)
    pending = _expanded(network, root, network.result)
    if pending is None:
        return None
    while pending:
        factor = pending.pop(0)
        owner = factor.value.owner
        parts, count = None, len(pending) + len(network.factors)
        if count < MAX_FACTORS and _is_inner(owner, root, shared):
            parts = _expanded(network, cast(Operation, owner), factor.labels)
        if parts is None:
            network.factors.append(factor)
        else:
            network.ops += 1
            pending[:0] = parts
    return network


def _is_inner(owner: Operation | Block, root: Operation, shared: Operation | None) -> bool:
    """Whether an op is computed where the network is, as often, and for the network alone."""
    return (
        isinstance(owner, Operation)
        and owner.parent is root.parent
        and type(owner) in _EXPAND
        and (owner is shared or owner.results[0].has_one_use())
        and not (_is_hoisted(owner) and not _is_hoisted(root))
    )


def _is_hoisted(op: Operation, depth: int = 8) -> bool:
    """Whether an op in a loop is the same in all iterations: XLA computes it once, before."""
    block = op.parent
    if block is None or not isinstance(block.parent_op(), xtensor.WhileOp | xtensor.ScanOp):
        return False
    return depth > 0 and all(
        _is_outside(operand.owner, block)
        or (isinstance(operand.owner, Operation) and _is_hoisted(operand.owner, depth - 1))
        for operand in op.operands
    )


def _is_outside(owner: Operation | Block, block: Block) -> bool:
    return owner is not block if isinstance(owner, Block) else owner.parent is not block


def root_of(part: Operation) -> Operation:
    """Return the op at the root of the largest network that an op is a part of: often itself."""
    arithmetic = Dims.of(part) if isinstance(part, xtensor.DotGeneralOp) else None
    element, op, root = type_of(part.results[0]).element_type, part, part
    while op.results[0].has_one_use():
        (use,) = op.results[0].uses
        op = use.operation
        if op.parent is not part.parent or type(op) not in _EXPAND:
            break
        if _is_hoisted(part) and not _is_hoisted(op):
            break
        network = Network((), {}, element, arithmetic=arithmetic)
        labels = tuple(network.label(size) for size in type_of(op.results[0]).get_shape())
        if _expanded(network, op, labels) is None:
            break
        if isinstance(op, ROOTS):
            root = op
    return root


def shared_parts(root: Operation) -> list[Operation]:
    """Return the products below a network that something else uses as well."""
    found: dict[Operation, None] = {}
    pending = [root]
    for inner in pending:
        if len(pending) > 4 * MAX_FACTORS:
            break
        for operand in inner.operands:
            owner = operand.owner
            if not isinstance(owner, Operation) or type(owner) not in _EXPAND:
                continue
            if owner.parent is not root.parent:
                continue
            if owner.results[0].has_one_use():
                pending.append(owner)
            elif isinstance(owner, ROOTS):
                found[owner] = None
    return list(found)


def _expanded(network: Network, op: Operation, labels: Ints) -> list[Factor] | None:
    rule = _EXPAND.get(type(op))
    if rule is None or type_of(op.results[0]).element_type != network.element:
        return None
    return rule(network, op, labels)


def _dot(network: Network, op: xtensor.DotGeneralOp, labels: Ints) -> list[Factor] | None:
    dims, left, right = Dims.of(op), type_of(op.lhs), type_of(op.rhs)
    if not (left.element_type == right.element_type == network.element):
        return None
    if dims.algorithm is not None:
        return None
    known = network.arithmetic
    if known is not None and known.precision != dims.precision:
        return None
    network.arithmetic = dims
    lhs: dict[int, int] = {}
    rhs: dict[int, int] = {}
    sources = dims.sources(left.get_num_dims(), right.get_num_dims())
    for label, (one, other) in zip(labels, sources, strict=True):
        if one is not None:
            lhs[one] = label
        if other is not None:
            rhs[other] = label
    for one, other in zip(dims.lhs_contracting, dims.rhs_contracting, strict=True):
        lhs[one] = rhs[other] = network.label(left.get_shape()[one])
    return [
        Factor(op.lhs, tuple(lhs[dim] for dim in range(left.get_num_dims()))),
        Factor(op.rhs, tuple(rhs[dim] for dim in range(right.get_num_dims()))),
    ]


def _transpose(network: Network, op: xtensor.TransposeOp, labels: Ints) -> list[Factor]:
    of = dict(zip(op.permutation.get_values(), labels, strict=True))
    return [Factor(op.operand, tuple(of[dim] for dim in range(len(labels))))]


def _sum(network: Network, op: xtensor.ReduceSumOp, labels: Ints) -> list[Factor]:
    axes, kept = set(op.axes.get_values()), iter(labels)
    shape = type_of(op.operand).get_shape()
    return [
        Factor(
            op.operand,
            tuple(
                network.label(size) if dim in axes else next(kept) for dim, size in enumerate(shape)
            ),
        )
    ]


def _broadcast(network: Network, op: xtensor.BroadcastInDimOp, labels: Ints) -> list[Factor] | None:
    if known(op.operand) == Fixed(0):
        return None  # it is there to find what is not finite, before anything is added up
    shape = type_of(op.operand).get_shape()
    dims = op.broadcast_dimensions.get_values()
    return [
        Factor(
            op.operand,
            tuple(
                labels[dim] if size == network.sizes[labels[dim]] else network.label(size)
                for size, dim in zip(shape, dims, strict=True)
            ),
        )
    ]


def _reshape(
    network: Network, op: xtensor.ReshapeOp | xtensor.SqueezeOp, labels: Ints
) -> list[Factor] | None:
    before, after = type_of(op.operand).get_shape(), type_of(op.result).get_shape()
    kept = [label for label, size in zip(labels, after, strict=True) if size != 1]
    if [size for size in before if size != 1] != [size for size in after if size != 1]:
        return None
    places = iter(kept)
    return [
        Factor(
            op.operand, tuple(network.label(1) if size == 1 else next(places) for size in before)
        )
    ]


def _is_fused(op: Operation) -> bool:
    """Whether an op is elementwise, and no scaling that may be part of a network itself."""
    return op.has_trait(Elementwise) and not isinstance(op, xtensor.MulOp)


def _mul(network: Network, op: xtensor.MulOp, labels: Ints) -> list[Factor] | None:
    owners = op.lhs.owner, op.rhs.owner
    spread = [owner for owner in owners if isinstance(owner, xtensor.BroadcastInDimOp)]
    if any(isinstance(owner, Operation) and _is_fused(owner) for owner in owners):
        return None  # it costs nothing where the other operand is computed
    if not spread or isinstance(network.element, Float16Type):
        # Whole tensors are multiplied where they are: XLA fuses that with what stands around. And a
        # scale that keeps narrow floats from overflowing stays where it was put.
        return None
    return [Factor(op.lhs, labels), Factor(op.rhs, labels)]


def _diagonal(network: Network, op: xtensor.GatherOp, labels: Ints) -> list[Factor] | None:
    seen = view("diagonal").see(op)
    if seen is None:
        return None
    (operand,), _ = seen
    return [Factor(operand, (labels[0], labels[0]))]


_EXPAND: Mapping[type[Operation], Expand] = {
    xtensor.BroadcastInDimOp: _broadcast,
    xtensor.DotGeneralOp: _dot,
    xtensor.GatherOp: _diagonal,
    xtensor.MulOp: _mul,
    xtensor.ReduceSumOp: _sum,
    xtensor.ReshapeOp: _reshape,
    xtensor.SqueezeOp: _reshape,
    xtensor.TransposeOp: _transpose,
}

ROOTS: tuple[type[Operation], ...] = (
    xtensor.DotGeneralOp,
    xtensor.GatherOp,
    xtensor.MulOp,
    xtensor.ReduceSumOp,
    xtensor.TransposeOp,
)
"""The ops at which a network is worth looking at: those that compute or move data."""


def elements(sizes: Mapping[int, int], labels: Iterable[int]) -> int:
    """How many elements a tensor with these labels has."""
    return prod(sizes[label] for label in labels)


def tensor_of(factor: Factor) -> TensorType:
    """The type of a factor's value."""
    return type_of(factor.value)


def distinct(labels: Sequence[int]) -> Ints:
    """The labels, each once, in order."""
    return tuple(dict.fromkeys(labels))
