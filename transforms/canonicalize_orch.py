"""Canonicalizes all ops but those of tensors, which XLA simplifies by itself.

It is the `canonicalize` of programs that are compiled: simplifying tensor ops would cost time and
make nothing faster. `canonicalize` does both.
"""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
)
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern
from xdsl.transforms.dead_code_elimination import region_dce

from xcs.dialects.xtensor.base import LaxOp


class _OfNoTensors(CanonicalizationRewritePattern):
    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, LaxOp):
            super().match_and_rewrite(op, rewriter)


class CanonicalizeOrch(ModulePass):
    """Applies the canonicalization patterns of all ops but tensor ops."""

    name = "canonicalize-orch"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pattern = GreedyRewritePatternApplier([_OfNoTensors()], ctx=ctx, folding_enabled=True)
        PatternRewriteWalker(pattern, post_walk_func=region_dce).rewrite_module(op)
