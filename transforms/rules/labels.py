"""Products by labels: a ``dot_general`` under any dimension numbers, as an Einstein sum sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.ir import Attribute, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import tensor_type, type_of, without

Ints = tuple[int, ...]


@dataclass(frozen=True)
class Dims:
    """The attribute of a product: which dimensions are paired, and the arithmetic asked for."""

    lhs_batch: Ints
    rhs_batch: Ints
    lhs_contracting: Ints
    rhs_contracting: Ints
    element: Attribute
    precision: tuple[xtensor.PrecisionAttr, xtensor.PrecisionAttr] | None = None
    algorithm: xtensor.DotAlgorithmAttr | None = None

    @classmethod
    def of(cls, op: xtensor.DotGeneralOp) -> Dims:
        """Return the attribute of an op."""
        left, right = op.lhs_precision, op.rhs_precision
        return cls(
            tuple(op.lhs_batch.get_values()),
            tuple(op.rhs_batch.get_values()),
            tuple(op.lhs_contracting.get_values()),
            tuple(op.rhs_contracting.get_values()),
            type_of(op.result).element_type,
            (left, right) if left is not None and right is not None else None,
            op.algorithm,
        )

    def lhs_free(self, rank: int) -> Ints:
        """The dimensions of an lhs of this rank that are the result's alone."""
        return without(range(rank), (*self.lhs_batch, *self.lhs_contracting))

    def rhs_free(self, rank: int) -> Ints:
        """The same of the rhs."""
        return without(range(rank), (*self.rhs_batch, *self.rhs_contracting))

    def sources(self, lhs: int, rhs: int) -> list[tuple[int | None, int | None]]:
        """For each dimension of the result, the dimension of lhs and of rhs that it is.

        Args:
            lhs: the rank of the left operand.
            rhs: the rank of the right operand.
        """
        return [
            *zip(self.lhs_batch, self.rhs_batch, strict=True),
            *((dim, None) for dim in self.lhs_free(lhs)),
            *((None, dim) for dim in self.rhs_free(rhs)),
        ]

    def lhs_places(self, lhs: int, rhs: int) -> dict[int, int]:
        """For each dimension of lhs that the result has, where the result has it."""
        sources = self.sources(lhs, rhs)
        return {left: place for place, (left, _) in enumerate(sources) if left is not None}

    def rhs_places(self, lhs: int, rhs: int) -> dict[int, int]:
        """The same of rhs."""
        sources = self.sources(lhs, rhs)
        return {right: place for place, (_, right) in enumerate(sources) if right is not None}

    def op(self, lhs: SSAValue, rhs: SSAValue) -> xtensor.DotGeneralOp:
        """Return the product of two values; raise VerifyException where sizes do not match."""
        made = xtensor.DotGeneralOp(
            lhs,
            rhs,
            contracting=(self.lhs_contracting, self.rhs_contracting),
            batch=(self.lhs_batch, self.rhs_batch),
            element=self.element,
        )
        if self.precision is not None:
            made.properties["lhs_precision"], made.properties["rhs_precision"] = self.precision
        if self.algorithm is not None:
            made.properties["algorithm"] = self.algorithm
        return made

    def __str__(self) -> str:
        """As an Einstein sum of the labelled operands cannot be named without ranks: the pairs."""
        batch, over = (
            f"{list(left)}x{list(right)}"
            for left, right in (
                (self.lhs_batch, self.rhs_batch),
                (self.lhs_contracting, self.rhs_contracting),
            )
        )
        return f"batch {batch} contract {over}"


def result_shape(dims: Dims, lhs: Sequence[int], rhs: Sequence[int]) -> Ints:
    """The shape of a product of operands of these shapes."""
    return tuple(
        lhs[left] if left is not None else rhs[cast(int, right)]
        for left, right in dims.sources(len(lhs), len(rhs))
    )


__all__ = ["Dims", "Ints", "result_shape", "tensor_type"]
