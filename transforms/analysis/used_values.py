"""What an op uses, itself or in its regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xdsl.dialects import func
from xdsl.ir import Block, Operation, Region, SSAValue

from xcs.dialects import orch


def used_values(op: Operation) -> Iterable[SSAValue]:
    """The operands of an op, and what ops in its regions use from outside of it."""
    return (*op.operands, *captured(op.regions)) if op.regions else op.operands


def captured(regions: Iterable[Region]) -> Iterable[SSAValue]:
    """The values from outside that ops in the regions use, each once, in order of use."""
    inside: set[SSAValue] = set()
    found: dict[SSAValue, None] = {}
    for region in regions:
        for block in _blocks(region):
            inside.update(block.args)
            for op in block.ops:
                inside.update(op.results)
                found.update(dict.fromkeys(op.operands))
    return [value for value in found if value not in inside]


def is_defined_outside(value: SSAValue, op: Operation) -> bool:
    """Whether the value is there before an op with regions begins."""
    owner = value.owner
    inner = owner.parent_op() if isinstance(owner, Block) else owner
    return inner is None or not op.is_ancestor(inner)


def is_only_filled(container: SSAValue) -> bool:
    """Whether it is a list that elements are only added to before it is returned."""
    return isinstance(container.owner, orch.ListOp) and all(
        isinstance(use.operation, func.ReturnOp)
        or (isinstance(use.operation, orch.AppendOp) and use.index == 0)
        for use in container.uses
    )


def is_entry(op: Operation | None) -> bool:
    """Whether it is a function that others than the module call."""
    return isinstance(op, func.FuncOp) and op.sym_visibility is None


def _blocks(region: Region) -> Iterator[Block]:
    """All blocks in a region, each before those nested in it."""
    pending = list(region.blocks)
    for block in pending:
        yield block
        pending += [inner for op in block.ops for nested in op.regions for inner in nested.blocks]
