"""Greedy application of rules: a worklist of ops, and an index of rules by the op at their root."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import chain

from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from xcs.transforms.rules.cost import LEAST, dying, total
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import Rule
from xcs.transforms.rules.views import Emitter


@dataclass
class Counts:
    """What became of one rule."""

    tried: int = 0
    matched: int = 0
    applied: int = 0
    too_dear: int = 0
    """Matches that were left alone, because the cost model says that they would cost more."""


@dataclass
class Statistics:
    """What became of each rule, by name; and how many ops were looked at."""

    rules: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    visited: int = 0

    @property
    def applied(self) -> int:
        """How many rewrites were made."""
        return sum(counts.applied for counts in self.rules.values())

    def table(self) -> str:
        """One line for each rule that matched."""
        rows = [
            f"{counts.applied:6} applied {counts.matched:6} matched {counts.tried:6} tried  {name}"
            for name, counts in sorted(self.rules.items(), key=lambda item: -item[1].applied)
            if counts.matched
        ]
        return "\n".join(rows)


class RulesLoop(DiagnosticException):
    """Rules were applied so often that they must be undoing one another."""


def index_by_root(rules: Iterable[Rule]) -> dict[type[Operation], list[Rule]]:
    """Return the rules to try at an op, by the op's class, in the order given."""
    index: dict[type[Operation], list[Rule]] = defaultdict(list)
    for rule in rules:
        for root in rule.roots:
            index[root].append(rule)
    return dict(index)


@dataclass
class Driver:
    """Applies rules until none applies.

    Attributes:
        index: the rules, by root.
        allowed: the weakest promise that is accepted.
        cleanup: whether rules that clean up are tried everywhere, and not only on what was made.
        bound: rewrites for each op of the function, before rules are taken to loop.
        trace: is given a line for each attempt.
    """

    index: dict[type[Operation], list[Rule]]
    allowed: Kind
    cleanup: bool = True
    bound: int = 16
    trace: Callable[[str], None] | None = None
    statistics: Statistics = field(default_factory=Statistics)

    def run(self, root: Operation) -> bool:
        """Rewrite all that is in an op's regions; return whether anything changed.

        Raises:
            RulesLoop: if the bound is reached.
        """
        index = self.index
        pending = deque(op for op in root.walk() if type(op) in index)
        counts = self.statistics.rules
        self._entries = {
            root: [(rule, counts[rule.name]) for rule in rules] for root, rules in index.items()
        }
        self._queued = set(pending)
        self._touched: set[Operation] = set()
        self._pending = pending
        limit, start = self.bound * (len(pending) + 4), self.statistics.applied
        applied: Counter[str] = Counter()
        while pending:
            op = pending.popleft()
            if op not in self._queued:
                continue
            self._queued.discard(op)
            self.statistics.visited += 1
            if (name := self._rewrite(op)) is not None:
                applied[name] += 1
                if applied.total() > limit:
                    raise RulesLoop(_loop_message(applied, limit))
        return self.statistics.applied > start

    def _rewrite(self, op: Operation) -> str | None:
        """Apply the first rule that applies to an op; return its name."""
        emit = Emitter(op)
        everywhere = self.cleanup or op in self._touched
        for rule, counts in self._entries[type(op)]:
            if rule.cleanup and not everywhere:
                continue
            counts.tried += 1
            if rule.kind > self.allowed and rule.promise(op) > self.allowed:
                continue
            found = rule.attempt(op, emit)
            if isinstance(found, str):
                if emit.ops:
                    emit.discard()
                if self.trace is not None:
                    self._say(rule, op, found)
                continue
            counts.matched += 1
            if self._replace(rule, op, found, emit):
                counts.applied += 1
                return rule.name
            counts.too_dear += 1
            emit = Emitter(op)
        return None

    def _replace(self, rule: Rule, op: Operation, found: SSAValue, emit: Emitter) -> bool:
        (result,) = op.results
        if found.type != result.type:
            emit.discard()
            raise DiagnosticException(
                f"rule '{rule.name}' replaces {result.type} by {found.type}: {rule.formula}"
            )
        dead = dying(op, [found])
        before, after = total(dead) + emit.credit, total(emit.ops)
        if rule.guarded and after > before - LEAST:
            emit.discard()
            self._say(rule, op, f"it would cost {after:.0f} in place of {before:.0f} ns")
            return False
        self._say(rule, op, f"applied: {before:.0f} ns -> {after:.0f} ns")
        block = op.parent
        assert block is not None
        block.insert_ops_before(emit.ops, op)
        if result.name_hint is not None and found.name_hint is None:
            found.name_hint = result.name_hint
        users = [use.operation for use in result.uses]
        result.replace_all_uses_with(found)
        self._erase(dead)
        self._push([*emit.ops, *_around(found.owner), *users])
        return True

    def _erase(self, dead: Sequence[Operation]) -> None:
        for gone in dead:  # users come before what they use
            self._queued.discard(gone)
            operands = list(gone.operands)
            gone.detach()
            gone.erase()
            # What has lost a user may now be a part of what its other users compute.
            for operand in operands:
                if isinstance(operand.owner, Operation):
                    users = (_chain(use.operation) for use in operand.uses)
                    self._push([operand.owner, *chain.from_iterable(users)])

    def _push(self, ops: Iterable[Operation]) -> None:
        for op in ops:
            if type(op) in self.index:
                self._touched.add(op)
                if op not in self._queued:
                    self._queued.add(op)
                    self._pending.append(op)

    def _say(self, rule: Rule, op: Operation, what: str) -> None:
        if self.trace is not None:
            self.trace(f"{op.name} at {op.location}: {rule.name}: {what}")


def _chain(op: Operation) -> Iterator[Operation]:
    """An op and those that use its result alone, a few steps on: they may be one larger term."""
    for _ in range(4):
        yield op
        if len(op.results) != 1 or not op.results[0].has_one_use():
            return
        (use,) = op.results[0].uses
        op = use.operation


def _around(owner: Operation | Block) -> list[Operation]:
    return [owner] if isinstance(owner, Operation) else []


def _loop_message(applied: Counter[str], limit: int) -> str:
    names = ", ".join(f"'{name}' ({count} times)" for name, count in applied.most_common(4))
    return (
        f"rules were applied more than {limit} times, so they undo one another: {names}. "
        "xcs-opt --check-rules names pairs that do; a guarded rule cannot."
    )


_TRACE: ContextVar[Callable[[str], None] | None] = ContextVar("rules_trace", default=None)


def current_trace() -> Callable[[str], None] | None:
    """Return what passes give their traces to: nothing, unless `tracing` says otherwise."""
    return _TRACE.get()


@contextmanager
def tracing(trace: Callable[[str], None] | None) -> Iterator[None]:
    """Give the traces of passes that run inside to a function."""
    token = _TRACE.set(trace)
    try:
        yield
    finally:
        _TRACE.reset(token)


def print_trace(line: str) -> None:
    """Print a line of a trace, to stderr."""
    print(line, file=sys.stderr)
