"""Where orch ops find their canonicalization patterns."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait


class Canonicalizes(HasCanonicalizationPatternsTrait):
    """The op has canonicalization patterns; they live apart, in a table by op."""

    def get_patterns(self, op: type[Operation]) -> tuple[RewritePattern, ...]:
        from xcs.dialects.canonicalization_patterns.orch import PATTERNS

        return PATTERNS[op]

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from xcs.dialects.canonicalization_patterns.orch import PATTERNS

        return tuple(pattern for patterns in PATTERNS.values() for pattern in patterns)
