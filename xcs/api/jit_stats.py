"""`get_jit_stats`: what is known of a jitted function, or of all of them."""

from __future__ import annotations

from typing import Any

from xcs.api.function import JitFunction
from xcs.api.measured import measured_remarks
from xcs.api.remarks import Program as Explained
from xcs.api.stats import summary
from xcs.api.views import JitStats


def get_jit_stats(function: Any = None) -> JitStats:
    """What was measured of a jitted function; without one, of all that were called, together.

    Before the first call it is ``{"status": "no_data"}``. Times are in milliseconds. The calls that
    are counted and timed are those of operators, and of callables that xcs does not know; what is
    said of groups, of the critical path and of the slowest operations is of the last call.

    * ``parallel_groups``, ``group_sizes``: the calls of one depth, where there are several. A
      call is as deep as the longest chain of calls that it waits for, itself included.
    * ``estimated_speedup``: the time of all calls over the least that the run could have taken by
      their own times: the longest chain, or what the limits on calls at a time admit.
    * ``net_speedup``: the time of all calls over the time that runs took, of all calls of the
      function. Both are 1.0 where no operator is called.
    * ``parallel_efficiency``: the share of the possible speed-up that there was, from 0 to 1.
    * ``performance_trend``: "stable", "improving" or "degrading", by more than a tenth, between the
      halves of the recent calls; "too_few_calls" where there are less than four.

    Raises:
        TypeError: if the function is not jitted.
    """
    if function is None:
        return JitStats(summary())
    target = getattr(function, "__xcs_jit__", None)
    if not isinstance(target, JitFunction):
        raise TypeError(f"get_jit_stats expects a function made by xcs.jit, got {function!r}")
    stats = target.stats.as_dict()
    if stats["status"] == "no_data":
        return JitStats(stats)
    notices, array = target.notices, target.arrays.program
    program = target.last_program
    if stats["execution_strategy"] == "sequential" and program is not None:
        explained = Explained(
            program.captured, program.lowered.module, target.name, target.place[0]
        )
        stats["fallback_reason"] = explained.gains_nothing_because()
    return JitStats(
        {
            **stats,
            "optimization_opportunities": _opportunities(target),
            "programs": target.programs,
            "primitives_without_op": dict(target.primitives()),
            "not_compiled": notices.not_compiled,
            "times_not_compiled": notices.times_not_compiled,
            "as_jax_traced_it": array.by_jax if array is not None else None,
            "compilations": notices.compilations,
            "last_recompiled": notices.recompiled,
        }
    )


def _opportunities(target: JitFunction) -> list[str]:
    """What a change would bring, by source line, as `explain` says it."""
    program, file = target.last_program, target.place[0]
    if program is None:
        return []
    remarks = Explained(program.captured, program.lowered.module, target.name, file).remarks()
    if target.stats.last is not None:
        remarks += measured_remarks(target.stats.last)
    return [remark.shown(file) for remark in remarks if remark.advice]
