"""What a change would have brought in the last run, by the times that were measured in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from xcs.api.remarks import Remark
from xcs.api.stats import LastRun
from xcs.runtime.critical_path import dataflow
from xcs.runtime.plan import Operator
from xcs.runtime.report import Called

MIN_SHARE = 0.05
"""Of the time of a run: what would save less than this share is not worth a word."""
MIN_SECONDS = 1e-3


def measured_remarks(last: LastRun) -> list[Remark]:
    """Where the time went, and what would save some."""
    if not last.calls:
        return []
    return [*_bottleneck(last), *_order(last), *_limits(last)]


def milliseconds(seconds: float) -> str:
    """A time for people."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _is_worth(seconds: float, last: LastRun) -> bool:
    return seconds > MIN_SECONDS and seconds > MIN_SHARE * last.seconds


def _remark(call: Called, text: str, advice: str = "") -> Remark:
    file, _, line = call.op.location.rpartition(":")
    return Remark(file, int(line) if line.isdigit() else 0, 0, "gain", text, advice)


def _bottleneck(last: LastRun) -> Iterator[Remark]:
    """The operator that most of the longest chain is spent in."""
    chain = last.dataflow.chain
    spent: Counter[tuple[str, str]] = Counter()
    for call in chain:
        spent[call.op.name, call.op.location] += call.end - call.start  # type: ignore[assignment]
    path = last.dataflow.critical_path
    if not spent or not _is_worth(path, last):
        return
    (key, seconds) = spent.most_common(1)[0]
    calls = [call for call in chain if (call.op.name, call.op.location) == key]
    text = (
        f"{key[0]} takes {milliseconds(seconds)} of the {milliseconds(path)} of the longest chain "
        f"of calls, in {len(calls)} of its {len(chain)} calls"
    )
    yield _remark(calls[0], text)


def _order(last: LastRun) -> Iterator[Remark]:
    """Operators whose calls keep their place, and would save time if they need not."""
    ordered = {call.op.name: call for call in last.calls if call.op.ordered}
    for name, call in ordered.items():
        saved = (
            last.dataflow.critical_path - dataflow(last.plan, last.calls, free=name).critical_path
        )
        if _is_worth(saved, last):
            yield _remark(
                call,
                f"{name} keeps its place, which took {milliseconds(saved)} of "
                f"{milliseconds(last.seconds)} in the last run",
                "If its calls may run in any order, @xcs.op(effects='unordered') saves that",
            )


def _limits(last: LastRun) -> Iterator[Remark]:
    """Limits on calls at a time that were in the way."""
    path = last.dataflow.critical_path
    if _is_worth(saved := last.log.seconds / last.max_workers - path, last):
        text = (
            f"{last.log.count} calls had to share {last.max_workers} workers; more workers would "
            f"save up to {milliseconds(saved)} of {milliseconds(last.seconds)}"
        )
        yield Remark("", 0, 0, "gain", text, "See xcs.Config(max_workers=...)")
    by_operator: dict[Operator, list[Called]] = defaultdict(list)
    for call in last.calls:
        if call.op.operator is not None and call.op.operator.policy.max_concurrency:
            by_operator[call.op.operator].append(call)
    for operator, calls in by_operator.items():
        permits = operator.policy.max_concurrency or 1
        saved = sum(call.end - call.start for call in calls) / permits - path
        if _is_worth(saved, last):
            yield _remark(
                calls[0],
                f"{len(calls)} calls of {operator.name} ran {permits} at a time; without this "
                f"limit they would save up to {milliseconds(saved)} of "
                f"{milliseconds(last.seconds)}",
                "See max_concurrency of xcs.op",
            )
