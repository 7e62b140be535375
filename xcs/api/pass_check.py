"""The check of passes: programs before and after, on the engine, with failures injected.

What a pass has to keep is the contract: the value, the error, the order of effects, and how often
operators are called. So a captured program is run as it is and as the pass leaves it. First nothing
fails. Then calls are made to fail, one alone and two together, since a pass that moves one call
before another changes which error comes first only where both fail.
"""

from __future__ import annotations

import copy
import functools
import inspect
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, TypeAlias

import jax
import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from xcs.api.function import jit
from xcs.api.pipeline import Lowered, lower, make_context
from xcs.api.regions import as_region, with_regions
from xcs.dialects import orch
from xcs.frontend.capture import Arguments, Captured
from xcs.frontend.classify import classify, objects_changed
from xcs.runtime import XCSError, XCSExecutionError, run

FAILURES = 40
"""Sets of calls that are made to fail, of each program."""

NEEDED = "outline-deferred,hybrid-split"
"""The passes without which a program cannot be run: nothing else is done to either side."""

Call: TypeAlias = "tuple[str, str]"
"""An operator, and the text of what it was given."""


class Injected(Exception):
    """The failure of a call, made by the check."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to, as far as nobody may see a difference.

    Attributes:
        value: the results, and the arguments after the run.
        error: the class and the arguments of the error.
        ordered: calls of ordered operators, in order.
        calls: how often each call was made; of a run that failed it is not said, since calls that
            do not wait for one another may have begun.
    """

    value: Any
    error: Any
    ordered: tuple[Call, ...]
    calls: Mapping[Call, int] | None

    def difference(self, other: Outcome) -> str | None:
        """What is different in another run, in words."""
        if self.error != other.error:
            return f"the error is {_shown(other.error)} in place of {_shown(self.error)}"
        if self.ordered != other.ordered:
            return f"effects are {_calls(other.ordered)} in place of {_calls(self.ordered)}"
        if self.calls is not None and self.calls != other.calls:
            more = Counter(other.calls) - Counter(self.calls)
            fewer = Counter(self.calls) - Counter(other.calls)
            parts = [
                f"{word} {_calls(list(what))}"
                for word, what in (("more", more), ("fewer", fewer))
                if what
            ]
            return f"calls differ: {', '.join(parts)}"
        if self.value != other.value:
            return f"the value is {other.value} in place of {self.value}"
        return None


@dataclass
class PassReport:
    """What the check of a pass on one program found.

    Attributes:
        changed: whether the pass changed the program at all.
        runs: how many runs were compared.
        failures: what was different, and which calls had failed then; empty for a right pass.
    """

    name: str
    changed: bool = False
    runs: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was different."""
        return not self.failures

    def summary(self) -> str:
        """One line, and one for each difference."""
        verdict = "ok" if self.passed else "FAILED"
        note = "" if self.changed else " (the pass changes nothing here)"
        lines = [f"{verdict:6} {self.runs:3} runs  {self.name}{note}"]
        return "\n".join([*lines, *(f"       {failure}" for failure in self.failures[:3])])


def check_pass(
    passes: Sequence[ModulePass], function: Callable[..., Any], *args: Any, seed: int = 0
) -> PassReport:
    """Check that passes keep what a function does.

    The function's operators are called for real: they have to do the same each time, and what they
    change outside their arguments is not compared. Call counts may differ where operators are
    declared deterministic or pure, as merging those is a pass's right.

    Args:
        passes: what is applied to the captured program, in order.
        function: a Python function, jitted or not, that calls operators.
        args: what it is called with; each run has its own copy.
        seed: for the choice of the calls that fail.

    Raises:
        XCSError: if the function is array code alone, which the check of rules is for.
    """
    target = jit(function)
    traced = target.trace(*args)
    captured = traced.captured
    name = getattr(function, "__qualname__", repr(function))
    if not isinstance(captured, Captured):
        raise XCSError(f"{name} calls no operators; rules on array code are checked by themselves")
    report = PassReport(name)
    before, after = captured.module.clone(), captured.module.clone()
    for module_pass in passes:
        module_pass.apply(make_context(), after)
        after.verify()
    report.changed = not before.is_structurally_equivalent(after)
    sides = [
        _Side(module, captured.objects, traced.function.described, args)
        for module in (before, after)
    ]
    plain = [side.outcome(frozenset()) for side in sides]
    _compare(report, plain, frozenset())
    calls = list(dict.fromkeys(sides[0].seen))
    for failing in _failures(calls, random.Random(seed)):
        _compare(report, [side.outcome(failing) for side in sides], failing)
    return report


def _failures(calls: Sequence[Call], choice: random.Random) -> Iterator[frozenset[Call]]:
    """Each call alone, and pairs of calls; a random choice of them where there are many."""
    sets = [frozenset(some) for size in (1, 2) for some in combinations(calls, size)]
    yield from sets if len(sets) <= FAILURES else choice.sample(sets, FAILURES)


def _compare(report: PassReport, outcomes: Sequence[Outcome], failing: frozenset[Call]) -> None:
    report.runs += 1
    before, after = outcomes
    difference = before.difference(after)
    if difference is not None:
        when = f"where {_calls(sorted(failing))} fail: " if failing else ""
        report.failures.append(when + difference)


class _Side:
    """A program that can be run, with operators that are watched."""

    def __init__(
        self,
        module: ModuleOp,
        objects: Mapping[str, Any],
        described: Callable[..., Arguments],
        args: tuple[Any, ...],
    ):
        self._described, self._args = described, args
        self.seen: list[Call] = []
        self._ordered: list[Call] = []
        self._failing: frozenset[Call] = frozenset()
        watched = dict(objects)
        self._may_merge: set[str] = set()
        for op in module.ops:
            if isinstance(op, orch.OperatorOp) and op.ref is not None and op.kind.data != "tensor":
                key, ordered = op.ref.key.data, op.effects.data == "ordered"
                name = op.sym_name.data
                if op.deterministic is not None or op.effects.data == "pure":
                    self._may_merge.add(name)
                watched[key] = self._watched(watched[key], name, ordered)
        self._lowered: Lowered = lower(
            module,
            with_regions(module, watched),
            lambda callee: classify(callee).effects,
            NEEDED,
            prepare=as_region,
            changed_by=objects_changed,
        )

    def _watched(self, callee: Any, name: str, ordered: bool) -> Any:
        def enter(args: Any, kwargs: Any) -> None:
            call = (name, ", ".join([*map(repr, args), *(f"{k}={v!r}" for k, v in kwargs.items())]))
            self.seen.append(call)
            if ordered:
                self._ordered.append(call)
            if call in self._failing:
                raise Injected(*call)

        function = getattr(callee, "__wrapped__", callee)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                enter(args, kwargs)
                return await function(*args, **kwargs)

            return awaited

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            enter(args, kwargs)
            return function(*args, **kwargs)

        return called

    def outcome(self, failing: frozenset[Call]) -> Outcome:
        """Run the program, with these calls failing."""
        args = copy.deepcopy(self._args)
        self.seen, self._ordered, self._failing = [], [], failing
        values = self._described(args, {}).values
        results, error = None, None
        try:
            results, _ = run(self._lowered.plan, values)
        except XCSExecutionError as failure:
            cause = failure.__cause__ or failure
            error = type(cause).__qualname__, tuple(map(repr, cause.args))
        except Exception as failure:
            error = type(failure).__qualname__, tuple(map(repr, failure.args))
        calls = Counter(call for call in self.seen if call[0] not in self._may_merge)
        counted = None if error is not None else calls
        return Outcome(frozen((results, args)), error, tuple(self._ordered), counted)


def frozen(value: Any) -> Any:
    """A value that is equal to another's if no program could tell them apart by content."""
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        array = np.asarray(value)
        return "array", str(array.dtype), array.shape, array.tobytes()
    if isinstance(value, float | complex):
        return type(value).__name__, repr(value)
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(map(frozen, value))
    if isinstance(value, dict):
        return "dict", tuple((frozen(k), frozen(v)) for k, v in value.items())
    if isinstance(value, set | frozenset):
        return type(value).__name__, frozenset(map(frozen, value))
    if isinstance(value, BaseException):
        return type(value).__qualname__, tuple(map(frozen, value.args))
    if type(value).__eq__ is object.__eq__ and hasattr(value, "__dict__"):
        return type(value).__qualname__, frozen(vars(value))
    return type(value).__qualname__, value


def _shown(error: Any) -> str:
    return "none" if error is None else f"{error[0]}({', '.join(error[1])})"


def _calls(calls: Sequence[Call]) -> str:
    return " and ".join(f"{name}({given})" for name, given in calls) or "none"
