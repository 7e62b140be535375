"""The passes of xcs, by name.

A function per entry, as in xDSL: a pass's module is imported when a pipeline first names it. A pass
is named after its file, with dashes.
"""

from collections.abc import Callable, Sequence

from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import RewritePattern

from xcs.dialects.xtensor.simplification import contribute


def _simplification() -> Sequence[RewritePattern]:
    from xcs.transforms.simplification import simplification

    return simplification()


contribute(_simplification)


def get_all_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """Return a function that loads the pass, for each pass of xcs."""

    def get_apply_rules() -> type[ModulePass]:
        from xcs.transforms.apply_rules import ApplyRules

        return ApplyRules

    def get_batch_launches() -> type[ModulePass]:
        from xcs.transforms.batch_launches import BatchLaunches

        return BatchLaunches

    def get_canonicalize_orch() -> type[ModulePass]:
        from xcs.transforms.canonicalize_orch import CanonicalizeOrch

        return CanonicalizeOrch

    def get_convert_xtensor_to_stablehlo() -> type[ModulePass]:
        from xcs.transforms.convert_xtensor_to_stablehlo import ConvertXTensorToStableHLO

        return ConvertXTensorToStableHLO

    def get_fuse_host() -> type[ModulePass]:
        from xcs.transforms.fuse_host import FuseHost

        return FuseHost

    def get_hoist() -> type[ModulePass]:
        from xcs.transforms.hoist import Hoist

        return Hoist

    def get_hybrid_split() -> type[ModulePass]:
        from xcs.transforms.hybrid_split import HybridSplit

        return HybridSplit

    def get_inline() -> type[ModulePass]:
        from xcs.transforms.inline import Inline

        return Inline

    def get_merge_deterministic_calls() -> type[ModulePass]:
        from xcs.transforms.merge_deterministic_calls import MergeDeterministicCalls

        return MergeDeterministicCalls

    def get_outline_deferred() -> type[ModulePass]:
        from xcs.transforms.outline_deferred import OutlineDeferred

        return OutlineDeferred

    def get_vmap() -> type[ModulePass]:
        from xcs.transforms.vmap import Vmap

        return Vmap

    return {
        "apply-rules": get_apply_rules,
        "batch-launches": get_batch_launches,
        "canonicalize-orch": get_canonicalize_orch,
        "convert-xtensor-to-stablehlo": get_convert_xtensor_to_stablehlo,
        "fuse-host": get_fuse_host,
        "hoist": get_hoist,
        "hybrid-split": get_hybrid_split,
        "inline": get_inline,
        "merge-deterministic-calls": get_merge_deterministic_calls,
        "outline-deferred": get_outline_deferred,
        "vmap": get_vmap,
    }
