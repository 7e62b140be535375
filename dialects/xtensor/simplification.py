"""Where tensor ops find their canonicalization patterns.

The patterns are made of rules (`xcs.transforms.simplification`), of which dialects know nothing. So
whoever has some says so here, other packages too, with a function that loads them when the first
tensor op is canonicalized.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait

Load = Callable[[], Sequence[RewritePattern]]

_LOADERS: list[Load] = []


def contribute(load: Load) -> None:
    """Add patterns, which are tried on all tensor ops, in the order of contribution."""
    if load not in _LOADERS:
        _LOADERS.append(load)
        patterns.cache_clear()


@cache
def patterns() -> tuple[RewritePattern, ...]:
    """Return all patterns."""
    return tuple(pattern for load in _LOADERS for pattern in load())


class Simplifies(HasCanonicalizationPatternsTrait):
    """The op has the canonicalization patterns of tensor ops."""

    def get_patterns(self, op: type[Operation]) -> tuple[RewritePattern, ...]:
        return patterns()

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        return patterns()
