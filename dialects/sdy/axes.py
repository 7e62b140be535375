"""The axes of a mesh as what shardings name: whole, or in parts that lie one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import prod
from typing import NamedTuple

from xdsl.utils.exceptions import VerifyException

from .attributes import AxisRefAttr, MeshAttr


class Part(NamedTuple):
    """A part of an axis, in the order in which a mesh has them.

    The devices along an axis are numbered in mixed radix. A part is one digit of that number:
    `start` is the product of what comes before it, `end` that with the part itself.
    """

    axis: int
    """The place of the axis in the mesh."""
    start: int
    end: int

    @property
    def size(self) -> int:
        """How many devices lie along the part."""
        return self.end // self.start

    def overlaps(self, other: Part) -> bool:
        """Whether the parts have devices in common."""
        return self.axis == other.axis and self.start < other.end and other.start < self.end


class Axes:
    """Reads the axes that attributes name, as parts of the axes of one mesh."""

    def __init__(self, mesh: MeshAttr) -> None:
        self._sizes = {
            axis.axis_name.data: (place, axis.size.data) for place, axis in enumerate(mesh.axes)
        }

    def names(self, name: str) -> bool:
        """Whether the mesh has an axis of this name."""
        return name in self._sizes

    def part(self, axis: AxisRefAttr) -> Part:
        """The axis, or the part of one; raises `VerifyException` where the mesh has no such."""
        name = axis.axis_name.data
        if name not in self._sizes:
            raise VerifyException(f'the mesh has no axis "{name}"')
        place, size = self._sizes[name]
        if not axis.sub_axis:
            return Part(place, 1, size)
        before, own = (number.data for number in axis.sub_axis)
        return Part(place, before, before * own)

    def parts(self, axes: Iterable[AxisRefAttr]) -> list[Part]:
        """The axes, or parts of some."""
        return [self.part(axis) for axis in axes]

    def listed(self, axes: Sequence[AxisRefAttr], taken: set[Part]) -> list[Part]:
        """The axes of a list, each named once and as one part; they are taken from then on."""
        parts = self.parts(axes)
        for i, (axis, part) in enumerate(zip(axes, parts, strict=True)):
            if part in taken:
                raise VerifyException(f"axis {axis.text()} is named twice")
            taken.add(part)
            if not i or not axis.sub_axis or not axes[i - 1].sub_axis:
                continue
            previous = parts[i - 1]
            if previous.axis == part.axis and previous.end == part.start:
                raise VerifyException(f"{axes[i - 1].text()} and {axis.text()} are one part")
        return parts

    def sorted(self, axes: Sequence[AxisRefAttr], taken: set[Part], what: str) -> list[Part]:
        """The axes of a list, as `listed`, which has them in the order of the mesh."""
        parts = self.listed(axes, taken)
        if parts != sorted(parts):
            raise VerifyException(f"{what} axes are not in the order of the mesh")
        return parts

    def check_parts(self, axes: Iterable[AxisRefAttr]) -> None:
        """Parts divide their axes, and no two axes overlap."""
        named = sorted((self.part(axis), axis) for axis in axes)
        for part, axis in named:
            _, size = self._sizes[axis.axis_name.data]
            if axis.sub_axis and (size % part.end or part.size == size):
                raise VerifyException(f"{axis.text()} is not a part of an axis of size {size}")
        for (part, axis), (following, other) in pairwise(named):
            if part.overlaps(following):
                raise VerifyException(f"axes {axis.text()} and {other.text()} overlap")


def merged(parts: Iterable[Part]) -> list[Part]:
    """The parts in order, where two that are next to each other are one."""
    result: list[Part] = []
    for part in sorted(parts):
        append_part(result, part)
    return result


def append_part(parts: list[Part], part: Part) -> None:
    """Put a part at the end of a list, as one with the last if that lies just before it."""
    last = parts[-1] if parts else None
    if last is not None and last.axis == part.axis and last.end == part.start:
        parts[-1] = Part(part.axis, last.start, part.end)
    else:
        parts.append(part)


def total(parts: Iterable[Part]) -> int:
    """How many pieces a dimension that is split along all of the parts has."""
    return prod(part.size for part in parts)
