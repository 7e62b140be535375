"""What an op uses, itself or in its regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xdsl.ir import Block, Operation, Region, SSAValue


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


def _blocks(region: Region) -> Iterator[Block]:
    """All blocks in a region, each before those nested in it."""
    pending = list(region.blocks)
    for block in pending:
        yield block
        pending += [inner for op in block.ops for nested in op.regions for inner in nested.blocks]
