"""What a rule promises, and which promises a set of rules accepts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Kind(IntEnum):
    """How the right-hand side of a rule relates to the left, from the strictest promise on."""

    EXACT = 0
    """Bit for bit the same for all operands, NaNs, infinities and signed zeros included."""

    SAME_TERMS = 1
    """Each element is the same sum of the same terms: only the order within one product or one
    reduction may differ, which StableHLO leaves to the compiler."""

    REASSOCIATES = 2
    """The same polynomial of the operands, in which other intermediate results are rounded. Each
    element still depends on the same elements of the operands, so what is NaN or infinite because
    of an operand stays one of the two."""

    FINITE = 3
    """Equal for finite operands: a product with a known zero is left out."""


SETS: Mapping[str, Kind] = {
    "exact": Kind.SAME_TERMS,
    "algebraic": Kind.REASSOCIATES,
    "finite": Kind.FINITE,
}
"""The sets of rules by name, each with the weakest promise that it accepts."""
