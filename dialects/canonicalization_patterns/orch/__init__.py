"""Canonicalization patterns of the orch dialect.

What holds for all of them: the values, the order of effects, and which error comes first stay the
same. Python objects have identity, so a container is looked through only where nothing can have
changed it, and two fresh ones are never made one.
"""

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern

from xcs.dialects import orch
from xcs.dialects.canonicalization_patterns.orch.containers import (
    AppendByName,
    DropUnusedMapResults,
    ForwardIdentityMap,
    ForwardSnapshot,
    KnownLength,
    KnownMembership,
    ReadElement,
)
from xcs.dialects.canonicalization_patterns.orch.control import (
    DropUnusedResults,
    ForwardSameResult,
    NeverLoops,
    NeverStops,
    SkipEmptyLoop,
    TakeConstantBranch,
    TryWhatCannotFail,
    UncarryInvariant,
)
from xcs.dialects.canonicalization_patterns.orch.known import constant_value
from xcs.dialects.canonicalization_patterns.orch.order import (
    LeaveChain,
    SimplifyJoin,
    WaitForMoments,
)

__all__ = ["PATTERNS", "constant_value"]

PATTERNS: dict[type[Operation], tuple[RewritePattern, ...]] = {
    orch.CallOp: (WaitForMoments(), LeaveChain()),
    orch.InvokeOp: (WaitForMoments(),),
    orch.HostOp: (WaitForMoments(), LeaveChain()),
    orch.JoinOp: (SimplifyJoin(),),
    # Objects
    orch.GetItemOp: (WaitForMoments(), ReadElement(), LeaveChain()),
    orch.SetItemOp: (WaitForMoments(),),
    orch.DelItemOp: (WaitForMoments(),),
    orch.ContainsOp: (WaitForMoments(), KnownMembership(), LeaveChain()),
    orch.LenOp: (WaitForMoments(), KnownLength(), LeaveChain()),
    orch.AppendOp: (WaitForMoments(),),
    orch.GetAttrOp: (WaitForMoments(), LeaveChain()),
    orch.SetAttrOp: (WaitForMoments(),),
    orch.DelAttrOp: (WaitForMoments(),),
    orch.MethodOp: (WaitForMoments(), AppendByName()),
    orch.SnapshotOp: (WaitForMoments(), ForwardSnapshot()),
    orch.NewOp: (WaitForMoments(),),
    # Regions
    orch.MapOp: (ForwardIdentityMap(), DropUnusedMapResults()),
    orch.ForOp: (SkipEmptyLoop(), NeverStops(), UncarryInvariant()),
    orch.WhileOp: (NeverLoops(), NeverStops(), UncarryInvariant()),
    orch.IfOp: (TakeConstantBranch(), ForwardSameResult(), DropUnusedResults()),
    orch.TryOp: (TryWhatCannotFail(), ForwardSameResult(), DropUnusedResults()),
}
"""The patterns of each op."""
