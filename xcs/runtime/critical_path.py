"""What a run could have been: how deep its calls are, and how long its longest chain takes.

The calls of a run are put back into the dataflow of its plan. Each starts when the values are there
that it waits for, and takes as long as it was measured to take; everything else takes no time, and
nothing is limited. An object's content is taken to be one value, so that a read of it waits for all
that was written. That may be too careful, as the engine waits only for what is asked for. So the
clock has the last word: a call that was seen to start earlier needs no more than that.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xcs.runtime.plan import Action, BlockPlan, OpPlan, Plan
from xcs.runtime.report import Called

_READ_STRUCTURE = frozenset({"orch.contains", "orch.len"})
_WRITES = frozenset(
    {"orch.setitem", "orch.delitem", "orch.append", "orch.setattr", "orch.delattr", "orch.join"}
)
"""Ops that hand on what an object holds, and wait for none of it."""


_SAME_TIME = 1e-9


@dataclass
class Parts:
    """When the elements of a list are there: some of them, and all others at ``default``."""

    default: float
    elements: dict[int, float] = field(default_factory=dict)

    @property
    def whole(self) -> float:
        """When the last one is there."""
        return max(self.elements.values(), default=self.default)

    def element(self, index: int) -> float:
        """When one of them is there."""
        return self.elements.get(index, self.default)


When = float | Parts


def _whole(when: When) -> float:
    return when.whole if isinstance(when, Parts) else when


@dataclass
class _Node:
    """A block that was entered, with the calls in it and in what it has entered."""

    plan: BlockPlan | None
    calls: dict[int, list[Called]] = field(default_factory=dict)
    """By the index of the op; there are several where a call was tried again."""
    inner: dict[int, dict[int, _Node]] = field(default_factory=dict)
    """By the index of an op, and the number of its block or iteration."""


def _tree(plan: BlockPlan, calls: Iterable[Called]) -> _Node:
    root = _Node(plan)
    for call in calls:
        node = root
        for step in call.place:
            blocks = node.inner.setdefault(step.index, {})
            node = blocks.setdefault(step.inner, _Node(step.plan))
        node.calls.setdefault(call.op.index, []).append(call)
    return root


@dataclass(frozen=True)
class Dataflow:
    """When each call of a run could have started and ended, and how deep it is."""

    calls: list[Called]
    starts: list[float]
    """In seconds since the start of the run, on a machine without limits."""
    levels: list[int]
    """How many calls are on the longest chain that leads to each, itself included."""

    @property
    def critical_path(self) -> float:
        """Seconds that the longest chain of calls takes."""
        return max(
            (start + (c.end - c.start) for c, start in zip(self.calls, self.starts, strict=True)),
            default=0.0,
        )

    @property
    def chain(self) -> list[Called]:
        """The calls of the longest chain, in the order in which they run."""
        ends = [s + (c.end - c.start) for c, s in zip(self.calls, self.starts, strict=True)]
        left = sorted(range(len(self.calls)), key=lambda i: ends[i])
        found: list[Called] = []
        begin = float("inf")
        while left:
            last = left.pop()
            if ends[last] <= begin + _SAME_TIME:
                found.append(self.calls[last])
                begin = self.starts[last]
                if begin <= 0:
                    break
        return found[::-1]

    @property
    def widths(self) -> list[int]:
        """How many calls there are on each level, in the order of the levels."""
        counted = Counter(self.levels)
        return [counted[level] for level in sorted(counted)]


def dataflow(plan: Plan, calls: Sequence[Called], *, free: str | None = None) -> Dataflow:
    """Put the calls of a run back into the dataflow of its plan.

    ``free`` is the name of an operator that is taken not to keep its place in the program.
    """
    ordered = sorted(calls, key=lambda call: call.path)
    if not ordered:
        return Dataflow([], [], [])
    begin = min(call.start for call in ordered)
    timed = _Replay(
        lambda call, ready: min(ready, call.start - begin), lambda call: call.end - call.start, free
    )
    counted = _Replay(lambda call, ready: ready, lambda call: 1.0, free)
    try:
        tree = _tree(plan.body, ordered)
        timed.run(tree)
        counted.run(tree)
    except RecursionError:  # the program recurses deep: then the clock tells all there is to know
        seen = [call.start - begin for call in ordered]
        return Dataflow(ordered, seen, _as_seen(ordered, [len(ordered)] * len(ordered)))
    levels = [int(counted.starts[id(call)]) + 1 for call in ordered]
    return Dataflow(
        ordered, [timed.starts[id(call)] for call in ordered], _as_seen(ordered, levels)
    )


def _as_seen(calls: Sequence[Called], levels: Sequence[int]) -> list[int]:
    """Levels, none of which is deeper than the calls that had ended when the call started."""
    found = [0] * len(calls)
    ends: list[tuple[float, int]] = []
    deepest = 0
    for index in sorted(range(len(calls)), key=lambda i: calls[i].start):
        while ends and ends[0][0] <= calls[index].start:
            deepest = max(deepest, heapq.heappop(ends)[1])
        found[index] = min(levels[index], deepest + 1)
        heapq.heappush(ends, (calls[index].end, found[index]))
    return found


class _Replay:
    """Goes through what has run in program order, and notes when each value is there."""

    def __init__(
        self,
        start: Callable[[Called, float], float],
        length: Callable[[Called], float],
        free: str | None,
    ) -> None:
        self.start, self.length, self.free = start, length, free
        self.starts: dict[int, float] = {}
        """By the call's id."""
        self.latest = 0.0
        """When everything before in the program is done."""

    def run(self, root: _Node) -> None:
        """Go through a whole program."""
        assert root.plan is not None
        self._block(root.plan, root, [0.0] * root.plan.arguments, (), 0.0)

    def _block(
        self,
        plan: BlockPlan,
        node: _Node,
        given: Sequence[When],
        outer: Sequence[When],
        base: float,
    ) -> list[When]:
        """When the values of a block are there, which begins at ``base``; by slot."""
        times: list[When] = [base] * len(plan.template)
        for slot, when in enumerate(given):
            times[slot] = when
        for outside, slot in plan.captures:
            times[slot] = outer[outside]
        own = base
        for op in plan.ops:
            done = self._op(op, node, times, base, own)
            own = max(own, done)
        return times

    def _op(self, op: OpPlan, node: _Node, times: list[When], base: float, own: float) -> float:
        inner = node.inner.get(op.index)
        if inner is not None:
            return self._region(op, inner, times, base)
        captured = {outside for block in op.blocks for outside, _ in block.captures}
        slots = {*op.operands, *op.awaited, *captured}
        ready = max((_whole(times[slot]) for slot in slots), default=base)
        calls = node.calls.get(op.index)
        if calls is None:
            self._give(op, times, self._without_call(op, times, ready))
            return base
        if op.ordered and op.name != self.free:
            ready = max(ready, own if op.is_local else self.latest)
        done = self._called(calls, max(ready, base))
        self._give(op, times, done)
        return done

    def _without_call(self, op: OpPlan, times: list[When], ready: float) -> When:
        if op.action is Action.CONTAINER and op.make is None:
            return Parts(0.0, {i: _whole(times[slot]) for i, slot in enumerate(op.operands)})
        if op.kind in _READ_STRUCTURE and op.access is not None:
            return max((_whole(times[s]) for s in (op.access.key,) if s >= 0), default=0.0)
        return ready

    def _called(self, calls: Sequence[Called], ready: float) -> float:
        """When a call ends, all attempts of it one after another."""
        for call in calls:
            start = self.start(call, ready)
            self.starts[id(call)] = start
            ready = start + self.length(call)
        self.latest = max(self.latest, ready)
        return ready

    def _give(self, op: OpPlan, times: list[When], when: When) -> None:
        whole = _whole(when)
        for slot in op.results:
            times[slot] = when
        for slot in op.tokens:
            times[slot] = whole

    def _region(
        self, op: OpPlan, inner: Mapping[int, _Node], times: list[When], base: float
    ) -> float:
        if op.kind in ("orch.map", "orch.for"):
            return self._loop(op, inner, times, base)
        if op.kind == "orch.while":
            return self._while(op, inner, times, base)
        if op.kind == "orch.if":
            begin = max(base, *(_whole(times[slot]) for slot in op.operands))
            return self._entered(op, inner, times, [], begin)
        if op.kind == "orch.try":
            return self._try(op, inner, times, base)
        return self._entered(op, inner, times, [times[slot] for slot in op.operands], base)

    def _entered(
        self,
        op: OpPlan,
        inner: Mapping[int, _Node],
        times: list[When],
        given: list[When],
        base: float,
    ) -> float:
        """One block whose yields are the op's results: of a branch, or of a function."""
        (node,) = inner.values()
        assert node.plan is not None
        if given and len(given) != node.plan.arguments:
            given = [max(map(_whole, given))] * node.plan.arguments
        values = self._block(node.plan, node, given, times, base)
        yields = [values[slot] for slot in node.plan.yields]
        slots = op.results + op.tokens
        for slot, when in zip(slots, yields, strict=False):
            times[slot] = when
        return max((_whole(when) for when in yields), default=base)

    def _try(self, op: OpPlan, inner: Mapping[int, _Node], times: list[When], base: float) -> float:
        """What an `orch.try` gives is there when its body cannot fail any more."""
        done = base
        for number in sorted(inner):
            node = inner[number]
            assert node.plan is not None
            self._block(node.plan, node, [done] * node.plan.arguments, times, done)
            done = max(done, self._last_end(node))
        self._give(op, times, done)
        return done

    def _last_end(self, node: _Node) -> float:
        own = (
            self.starts[id(call)] + self.length(call)
            for calls in node.calls.values()
            for call in calls
        )
        inside = (self._last_end(n) for blocks in node.inner.values() for n in blocks.values())
        return max((*own, *inside), default=0.0)

    def _loop(
        self, op: OpPlan, inner: Mapping[int, _Node], times: list[When], base: float
    ) -> float:
        body = op.blocks[0]
        elements, carried = times[op.operands[0]], [times[slot] for slot in op.operands[1:]]
        gathered = [Parts(base) for _ in range(op.collected)]
        begin = done = base
        for number in sorted(inner):
            node = inner[number]
            element = elements.element(number) if isinstance(elements, Parts) else elements
            if node.plan is None:
                values = self._direct(op, node, max(element, base), times)
            else:
                values = self._block(body, node, [element, *carried], times, begin)
            yields = [values[slot] for slot in body.yields]
            if op.stops:
                begin = max(begin, _whole(yields[0]))
            carried = yields[len(yields) - len(carried) :]
            for parts, when in zip(gathered, yields[op.stops :], strict=False):
                parts.elements[number] = _whole(when)
            done = max([done, *(_whole(when) for when in yields)])
        given = [*gathered, *([begin] * op.stops), *carried]
        for slot, when in zip(op.results, given, strict=False):
            times[slot] = when
        return done

    def _direct(self, op: OpPlan, node: _Node, element: float, outer: Sequence[When]) -> list[When]:
        """An iteration that is one call."""
        body = op.blocks[0]
        given = max([element, *(_whole(outer[outside]) for outside, _ in body.captures)])
        done = given
        for calls in node.calls.values():
            done = self._called(calls, given)
        return [done] * len(body.template)

    def _while(
        self, op: OpPlan, inner: Mapping[int, _Node], times: list[When], base: float
    ) -> float:
        carried: list[When] = [times[slot] for slot in op.operands]
        begin = base
        for number in range(max(inner) + 1):
            body = op.blocks[number % 2]
            node = inner.get(number, _NOTHING)
            values = self._block(body, node, carried, times, begin)
            yields = [values[slot] for slot in body.yields]
            if number % 2 == 0 or op.stops:
                begin = max(begin, _whole(yields[0]))
            carried = yields[len(yields) - len(carried) :] if carried else []
        for slot, when in zip(op.results, [*([begin] * op.stops), *carried], strict=False):
            times[slot] = when
        return max([begin, *(_whole(when) for when in carried)])


_NOTHING = _Node(None)
