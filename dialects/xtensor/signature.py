"""Signatures of matrix algorithms, in the notation of NumPy's generalised ufuncs.

``(m,n)->(m,n),(r):i32`` takes batches of matrices and gives, for each matrix, one of the same shape
and a vector. All operands and results have the same batch dimensions in front. A dimension is a
name, which stands for one size throughout, a name less one, ``n-1``, or ``r``, the smaller of ``m``
and ``n``. Elements are of the first operand's type, unless ``:real``, ``:complex`` or ``:i32``
says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xdsl.dialects.builtin import TensorType, i32
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import complex_of, real_part, same, tensor_type

_ELEMENTS: Mapping[str, Callable[[Attribute], Attribute]] = {
    "": same,
    "real": real_part,
    "complex": complex_of,
    "i32": lambda element: i32,
}

_TERM = re.compile(r"\(([^)]*)\)(?::(\w+))?")


@dataclass(frozen=True)
class Term:
    """One operand or result: its dimensions after the batch, and what its elements are."""

    dims: tuple[str, ...]
    element: str

    def __str__(self) -> str:
        return f"({','.join(self.dims)})" + (f":{self.element}" if self.element else "")

    def type(
        self, batch: tuple[int, ...], sizes: Mapping[str, int], element: Attribute
    ) -> TensorType:
        """Return the term's tensor type in a batch, of the elements that belong to ``element``."""
        shape = (*batch, *(_size(dim, sizes) for dim in self.dims))
        return tensor_type(shape, _ELEMENTS[self.element](element))


def _size(dim: str, sizes: Mapping[str, int]) -> int:
    if dim == "r":
        return min(sizes["m"], sizes["n"])
    if dim.endswith("-1"):
        return max(sizes[dim.removesuffix("-1")] - 1, 0)
    return sizes[dim]


@dataclass(frozen=True)
class Signature:
    """What an algorithm takes and gives."""

    text: str
    operands: tuple[Term, ...]
    results: tuple[Term, ...]

    def bind(self, operands: Sequence[TensorType]) -> tuple[tuple[int, ...], dict[str, int]]:
        """Return the batch dimensions, and the size that each name stands for.

        Raises:
            VerifyException: if the operands do not have the shapes and elements of the signature.
        """
        ranks = [operand.get_num_dims() - len(term.dims) for operand, term in self._pairs(operands)]
        if len(operands) != len(self.operands) or len(set(ranks)) != 1 or ranks[0] < 0:
            raise self._mismatch(operands)
        batch, sizes = operands[0].get_shape()[: ranks[0]], dict[str, int]()
        for operand, term in self._pairs(operands):
            for dim, size in zip(term.dims, operand.get_shape()[ranks[0] :], strict=True):
                sizes.setdefault(dim, size)
        element = operands[0].element_type
        if any(
            operand != term.type(batch, sizes, element) for operand, term in self._pairs(operands)
        ):
            raise self._mismatch(operands)
        return batch, sizes

    def _pairs(self, operands: Sequence[TensorType]) -> zip[tuple[TensorType, Term]]:
        return zip(operands, self.operands, strict=False)

    def result_types(self, operands: Sequence[TensorType]) -> list[TensorType]:
        """Return the types of the results for operands of the given types.

        Raises:
            VerifyException: if the operands do not have the shapes and elements of the signature.
        """
        batch, sizes = self.bind(operands)
        return [term.type(batch, sizes, operands[0].element_type) for term in self.results]

    def _mismatch(self, operands: Sequence[TensorType]) -> VerifyException:
        types = ", ".join(map(str, operands))
        takes = ", ".join(map(str, self.operands))
        return VerifyException(f"expected batches of {takes}, got ({types})")


@lru_cache(maxsize=256)
def parse_signature(text: str) -> Signature:
    """Parse a signature."""
    takes, _, gives = text.partition("->")
    return Signature(text, _terms(takes), _terms(gives))


def _terms(text: str) -> tuple[Term, ...]:
    return tuple(
        Term(tuple(dim.strip() for dim in dims.split(",") if dim.strip()), element)
        for dims, element in _TERM.findall(text)
    )
