"""Runs as a timeline in the Chrome trace event format, which Perfetto and chrome://tracing open.

One lane for each thread that evaluates ops, and as many as it takes for coroutines, which overlap
on the thread of their event loop. What calls wait for is shown on lanes of its own, and an arrow
leads from the call or kernel that gave a value to the one that it was given to, whatever Python
code is in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xcs.runtime.plan import Action, BlockPlan, OpPlan
from xcs.runtime.report import CALL_KINDS, Called, Recorder, RunReport, is_call_or_kernel

MIN_WAIT_SECONDS = 200e-6
"""Waits that are shorter are not shown."""
MAX_FLOWS = 50_000

_CATEGORIES = {"orch.launch": "kernel", "orch.host": "python", "func.call": "python"}
_PROCESS = 1

Event = dict[str, Any]


def trace_events(recorder: Recorder) -> dict[str, Any]:
    """The JSON object of a trace; times are in microseconds since the recorder began."""
    writer = _Writer(recorder.begin)
    for report in recorder.reports:
        writer.add_run(report)
    return {"traceEvents": writer.all_events(), "displayTimeUnit": "ms"}


class _Lanes:
    """Numbers of lanes: one for each thread, and others for what overlaps on one."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self._threads: dict[int, int] = {}
        self._busy: dict[str, list[tuple[int, float]]] = {}

    def of_thread(self, thread: int, name: str) -> int:
        if thread not in self._threads:
            self._threads[thread] = self._new(name)
        return self._threads[thread]

    def free(self, name: str, begin: float, end: float) -> int:
        """A lane of that name on which nothing is shown from then on."""
        busy = self._busy.setdefault(name, [])
        for index, (lane, until) in enumerate(busy):
            if until <= begin:
                busy[index] = lane, end
                return lane
        lane = self._new(f"{name} {len(busy) + 1}")
        busy.append((lane, end))
        return lane

    def _new(self, name: str) -> int:
        self.names[lane := len(self.names) + 1] = name
        return lane


class _Writer:
    def __init__(self, begin: float) -> None:
        self.begin = begin
        self.lanes = _Lanes()
        self.events: list[Event] = []
        self.flows = 0

    def all_events(self) -> list[Event]:
        """The events, with the names of the lanes."""
        named = [
            {
                "ph": "M", "pid": _PROCESS, "tid": lane, "name": "thread_name",
                "args": {"name": name},
            }
            for lane, name in self.lanes.names.items()
        ]  # fmt: skip
        order = [
            {
                "ph": "M", "pid": _PROCESS, "tid": lane, "name": "thread_sort_index",
                "args": {"sort_index": lane},
            }
            for lane in self.lanes.names
        ]  # fmt: skip
        process = {"ph": "M", "pid": _PROCESS, "name": "process_name", "args": {"name": "xcs"}}
        return [process, *named, *order, *self.events]

    def add_run(self, report: RunReport) -> None:
        """One run: what was evaluated, what was waited for, and how values flowed."""
        every = report.ops.calls
        shown = sorted(every, key=lambda called: called.start)
        lanes: dict[int, int] = {}
        for called in shown:
            lanes[id(called)] = self._lane(report, called)
            self._slice(called, lanes[id(called)])
        for waited in sorted(report.waited, key=lambda waited: waited.begin):
            if waited.end - waited.begin >= MIN_WAIT_SECONDS:
                lane = self.lanes.free("waiting", waited.begin, waited.end)
                name = f"{waited.op.name} waits for {waited.reason}"
                self._event("X", name, "wait", waited.begin, lane, waited.end)
        if report.plan is not None:
            ends = [called for called in shown if is_call_or_kernel(called.op)]
            for giver, taker in _Flow(report.plan.body, every, ends).pairs():
                self._flow(giver, lanes[id(giver)], taker, lanes[id(taker)])

    def _lane(self, report: RunReport, called: Called) -> int:
        if called.op.action is Action.AWAIT:
            return self.lanes.free("coroutine", called.start, called.end)
        return self.lanes.of_thread(called.thread, report.threads.get(called.thread, "thread"))

    def _slice(self, called: Called, lane: int) -> None:
        op = called.op
        args: dict[str, Any] = {"line": op.location, "op": op.kind}
        if called.iterations:
            args["iteration"] = list(called.iterations)
        category = "call" if op.kind in CALL_KINDS else _CATEGORIES.get(op.kind, "engine")
        name = f"{op.name} ({_short(op)})"
        self._event("X", name, category, called.start, lane, called.end, args)

    def _event(
        self,
        phase: str,
        name: str,
        category: str,
        begin: float,
        lane: int,
        end: float | None = None,
        args: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        event: Event = {
            "ph": phase,
            "name": name,
            "cat": category,
            "ts": round((begin - self.begin) * 1e6, 3),
            "pid": _PROCESS,
            "tid": lane,
            **more,
        }
        if end is not None:
            event["dur"] = round((end - begin) * 1e6, 3)
        if args:
            event["args"] = args
        self.events.append(event)

    def _flow(self, giver: Called, giver_lane: int, taker: Called, taker_lane: int) -> None:
        if self.flows >= MAX_FLOWS:
            return
        self.flows += 1
        # An arrow begins and ends within slices; at their very ends it would belong to none.
        self._event("s", "value", "flow", _inside(giver, last=True), giver_lane, id=self.flows)
        self._event(
            "f", "value", "flow", _inside(taker, last=False), taker_lane, id=self.flows, bp="e"
        )


def _inside(called: Called, *, last: bool) -> float:
    margin = min(1e-6, (called.end - called.start) / 4)
    return called.end - margin if last else called.start + margin


def _short(op: OpPlan) -> str:
    file, _, line = op.location.rpartition(":")
    return f"{os.path.basename(file)}:{line}"


Key = tuple[int, ...]
"""A frame: the indices of ops and blocks on the way to it."""


class _Flow:
    """Finds which of the shown ops gave a value that another one was given."""

    def __init__(self, root: BlockPlan, every: Iterable[Called], shown: Sequence[Called]) -> None:
        self.shown = shown
        self.plans: dict[Key, BlockPlan] = {(): root}
        self.inner: dict[tuple[Key, int], dict[int, None]] = {}
        """The numbers of the blocks that an op of a frame has entered."""
        for called in every:
            key: Key = ()
            for step in called.place:
                if step.plan is not None:
                    self.inner.setdefault((key, step.index), {})[step.inner] = None
                key = (*key, step.index, step.inner)
                if step.plan is not None:
                    self.plans[key] = step.plan
        self.by_place: dict[tuple[Key, int], Called] = {}
        for called in shown:
            self.by_place[called.path[:-1], called.op.index] = called
        self.givers: dict[int, dict[int, int]] = {}
        self._known: dict[tuple[Key, int], tuple[Called, ...]] = {}

    def pairs(self) -> Iterator[tuple[Called, Called]]:
        """Each value that went from one shown op to another, once."""
        for taker in self.shown:
            key, op = taker.path[:-1], taker.op
            given: dict[int, Called] = {}
            for slot in _inputs(op):
                given.update((id(giver), giver) for giver in self._of(key, slot))
            yield from ((giver, taker) for giver in given.values() if giver.end <= taker.start)

    def _of(self, key: Key, slot: int) -> tuple[Called, ...]:
        """The shown ops that the value in a slot of a frame comes from."""
        known = self._known.get((key, slot))
        if known is None:
            self._known[key, slot] = ()  # a recursion ends here
            try:
                known = tuple({id(c): c for c in self._found(key, slot)}.values())
            except RecursionError:
                known = ()
            self._known[key, slot] = known
        return known

    def _found(self, key: Key, slot: int) -> Iterator[Called]:
        plan = self.plans.get(key)
        if plan is None:  # an iteration that is one op: its block is the loop's
            outer = self.plans.get(key[:-2])
            blocks = outer.ops[key[-2]].blocks if outer is not None else ()
            if not blocks:
                return
            plan = blocks[0]
        for outside, inside in plan.captures:
            if inside == slot:
                yield from self._of(key[:-2], outside)
                return
        if slot < plan.arguments:
            yield from self._argument(key, slot, plan)
            return
        index = self._giver(plan, slot)
        if index is None:
            return
        called = self.by_place.get((key, index))
        if called is not None:
            yield called
            return
        op = plan.ops[index]
        if blocks := self.inner.get((key, index)):
            yield from self._result(key, op, slot, list(blocks))
            return
        for operand in _inputs(op):
            yield from self._of(key, operand)

    def _giver(self, plan: BlockPlan, slot: int) -> int | None:
        givers = self.givers.get(id(plan))
        if givers is None:
            givers = self.givers[id(plan)] = {s: op.index for op in plan.ops for s in op.results}
        return givers.get(slot)

    def _argument(self, key: Key, slot: int, plan: BlockPlan) -> Iterator[Called]:
        if not key:
            return
        outer, index, inner = key[:-2], key[-2], key[-1]
        op = self.plans[outer].ops[index]
        if op.kind in ("orch.for", "orch.map") and slot == 0:
            yield from self._of(outer, op.operands[0])
            return
        carried = slot - (op.kind in ("orch.for", "orch.map"))
        before = (*outer, index, inner - 1)
        if inner and before in self.plans and op.kind in ("orch.for", "orch.map", "orch.while"):
            yields = self.plans[before].yields
            position = len(yields) - plan.arguments + slot
            if 0 <= position < len(yields):
                yield from self._of(before, yields[position])
            return
        operands = op.operands[1:] if op.kind in ("orch.for", "orch.map") else op.operands
        if carried < len(operands):
            yield from self._of(outer, operands[carried])

    def _result(self, key: Key, op: OpPlan, slot: int, blocks: list[int]) -> Iterator[Called]:
        """What the blocks of an op yield; those of a map all give to its list."""
        position = op.results.index(slot)
        chosen = blocks if op.collected else [max(blocks)]
        for inner in chosen:
            frame = (*key, op.index, inner)
            yields = self.plans[frame].yields
            if position < len(yields):
                yield from self._of(frame, yields[position])


def _inputs(op: OpPlan) -> Sequence[int]:
    """The slots of what an op is given, but for tokens."""
    return op.operands[: len(op.operands) - op.hidden] if op.hidden else op.operands
