"""The check of rules: both sides on random operands, through XLA.

For each rule random functions are made on which it applies (`transforms/rules/instances.py`). The
function and what the rule makes of it are run on small whole numbers, on random numbers, and on
special values, and compared as the rule's promise says: through XLA, and by the interpreter
(`transforms/evaluation`), since XLA might do to one side what the rule does, and hide that it is
wrong. Where a condition keeps a rule from being applied, the rewrite is made without it too: if
that is always right, the condition is too strict.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from xcs.api.pipeline import compile_kernel
from xcs.dialects.xtensor.base import Kind as Elements
from xcs.dialects.xtensor.base import kind_of
from xcs.frontend.jaxpr_import import type_to_aval
from xcs.transforms.evaluation import CannotEvaluate, Interpreter
from xcs.transforms.rules.instances import instances
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import Equation, Rule
from xcs.transforms.rules.views import Emitter

Array: TypeAlias = Any
"""A NumPy array of any type."""

INSTANCES = 12
"""Functions on which each rule is compared."""

PATIENCE = 10
"""Functions made for each that is wanted, since conditions do not hold of most."""

ENOUGH = 6
"""Functions on which a rewrite has to be right without a condition, for that to be too strict."""

_STEPS = 10_000
"""Ops that the interpreter evaluates of one side, before it is left to XLA alone."""

_SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40, -1e-40)


@dataclass
class Report:
    """What the check of one rule found.

    Attributes:
        rule: the rule.
        applied: functions on which it applied, and both sides were compared.
        refused: why it did not apply on others, and how often.
        failures: what was wrong: empty for a rule that keeps its promise.
        too_strict: conditions without which the rule would have been right as well.
        undone_by: rules that lead back to where this one started.
    """

    rule: Rule
    applied: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    too_strict: list[str] = field(default_factory=list)
    undone_by: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the rule applied at all, and was right each time."""
        return self.applied > 0 and not self.failures and not self.undone_by

    def summary(self) -> str:
        """One line, and one for each thing that was found."""
        verdict = "ok" if self.passed else "FAILED"
        lines = [f"{verdict:6} {self.applied:3} instances  {self.rule.name}"]
        lines += [f"       {failure}" for failure in self.failures[:3]]
        lines += [f"       undone by '{name}', and neither is guarded" for name in self.undone_by]
        lines += [f"       note: right without the condition that {c}" for c in self.too_strict]
        if self.applied == 0:
            reasons = ", ".join(f"{why} ({n})" for why, n in self.refused.most_common(3))
            lines.append(f"       it never applied: {reasons or 'no instance could be made'}")
        return "\n".join(lines)


def check_rules(rules: Iterable[Rule], *, seed: int = 0, count: int = INSTANCES) -> list[Report]:
    """Check rules, each on so many functions; pairs that undo one another are found among them."""
    rules = list(rules)
    return [check_rule(rule, seed=seed, count=count, others=rules) for rule in rules]


def check_rule(
    rule: Rule, *, seed: int = 0, count: int = INSTANCES, others: Sequence[Rule] = ()
) -> Report:
    """Check one rule."""
    report, loose = Report(rule), _Loose()
    values = np.random.default_rng(seed)
    for module in instances(rule, random.Random(f"{rule.name} {seed}"), PATIENCE * count):
        if report.applied == count:
            break
        rewritten, reason = _rewritten(rule, module)
        if rewritten is None:
            report.refused[reason] += 1
            loose.look(rule, module, values)
            continue
        report.applied += 1
        failure = reason or _compared(rule, module, rewritten, values)
        if failure:
            report.failures.append(failure)
            continue
        report.undone_by += _undone(rule, module, rewritten, others)
    report.undone_by = list(dict.fromkeys(report.undone_by))
    report.too_strict = loose.too_strict()
    return report


# --- Rewriting ------------------------------------------------------------------------------------


def _function(module: ModuleOp) -> func.FuncOp:
    function = module.body.block.first_op
    assert isinstance(function, func.FuncOp)
    return function


def _returned(module: ModuleOp) -> Operation | None:
    """The op whose result the function returns."""
    end = _function(module).body.block.last_op
    assert end is not None
    owner = end.operands[0].owner
    return owner if isinstance(owner, Operation) else None


def _rewritten(rule: Rule, module: ModuleOp) -> tuple[ModuleOp | None, str]:
    """The module with the rule applied to what it returns, and what is wrong with that.

    Where the rule does not apply there is no module, but the reason.
    """
    copy = module.clone()
    op = _returned(copy)
    if op is None or type(op) not in set(rule.roots):
        return None, "what is made is no root of the rule"
    emit = Emitter(op, at_any_cost=True)
    found = rule.attempt(op, emit)
    if isinstance(found, str):
        emit.discard()
        return None, found
    assert op.parent is not None
    op.parent.insert_ops_before(emit.ops, op)
    if found.type != op.results[0].type:
        return copy, f"it gives {found.type} in place of {op.results[0].type}"
    op.results[0].replace_all_uses_with(found)
    return copy, ""


def _undone(rule: Rule, module: ModuleOp, rewritten: ModuleOp, others: Sequence[Rule]) -> list[str]:
    """Rules that are not guarded, as this one is not, and that lead back to the start."""
    if rule.guarded:
        return []
    found: list[str] = []
    start = _without_dead(module)
    for other in others:
        if other.guarded:
            continue
        back, _ = _rewritten(other, rewritten)
        if back is not None and start.is_structurally_equivalent(_without_dead(back)):
            found.append(other.name)
    return found


def _without_dead(module: ModuleOp) -> ModuleOp:
    copy = module.clone()
    for op in reversed(list(_function(copy).body.block.ops)):
        if op.results and not any(result.uses for result in op.results):
            op.detach()
            op.erase()
    return copy


# --- Conditions -----------------------------------------------------------------------------------


class _Loose:
    """Rewrites that a condition keeps from being made: whether they would have been right."""

    def __init__(self) -> None:
        self._right: Counter[str] = Counter()
        self._wrong: Counter[str] = Counter()

    def look(self, rule: Rule, module: ModuleOp, values: np.random.Generator) -> None:
        """Leave out each condition in turn."""
        if not isinstance(rule, Equation):
            return
        for condition in rule.where:
            rest = tuple(other for other in rule.where if other is not condition)
            try:
                loosened = replace(rule, where=rest)
                made, reason = _rewritten(loosened, module)
                if made is None:
                    continue
                wrong = reason or _compared(loosened, module, made, values)
            except Exception:  # without its condition, a rule may do anything
                wrong = "it fails"
            (self._wrong if wrong else self._right)[condition.reason] += 1

    def too_strict(self) -> list[str]:
        """The conditions that never kept anything wrong away."""
        return [why for why, n in self._right.items() if n >= ENOUGH and not self._wrong[why]]


# --- Comparing ------------------------------------------------------------------------------------


def _compared(
    rule: Rule, before: ModuleOp, after: ModuleOp, values: np.random.Generator
) -> str | None:
    """What is wrong with a rewrite; None if nothing is."""
    root = _returned(before)
    assert root is not None
    try:
        after.verify()
    except VerifyException as error:
        return f"what it makes is not valid: {error}"
    promise = rule.promise(root)
    functions = _function(before), _function(after)
    kernels = [compile_kernel(function).executable for function in functions]
    for how in ("whole", "normal", "special"):
        if how == "special" and promise is Kind.FINITE:
            continue
        arguments = [_draw(values, arg.type, how) for arg in functions[0].body.block.args]
        for by, sides in (
            ("XLA", [kernel(*arguments)[0] for kernel in kernels]),
            ("NumPy", _interpreted(functions, arguments)),
        ):
            if not sides:
                continue
            expected, found = map(np.asarray, sides)
            difference = _COMPARED[promise](expected, found, how)
            if difference is not None:
                shown = ", ".join(np.array2string(a, precision=4, threshold=20) for a in arguments)
                text = f"{expected} != {found} of {_text(before)} on ({shown})"
                return f"{difference}, says {by}: {text}"
    return None


def _interpreted(functions: Sequence[func.FuncOp], arguments: Sequence[Array]) -> list[Array]:
    """What functions give by the interpreter; nothing where it cannot tell."""
    try:
        return [Interpreter(steps=_STEPS).function(f, arguments)[0] for f in functions]
    except CannotEvaluate:
        return []


def _text(module: ModuleOp) -> str:
    lines = str(_function(module)).splitlines()
    return " ; ".join(line.strip() for line in lines[1:-1])


def _draw(values: np.random.Generator, of: Any, how: str) -> Array:
    """An argument of a type: small whole numbers, any numbers, or special ones among them."""
    aval, kind = type_to_aval(of), kind_of(of.element_type)
    shape, dtype = aval.shape, np.dtype(aval.dtype)
    if kind & Elements.BOOL:
        return values.integers(0, 2, shape).astype(bool)
    if how == "whole" or kind & Elements.INTEGER:
        return np.asarray(values.integers(-3, 5, shape)).astype(dtype)
    numbers = np.asarray(values.normal(size=shape))
    if kind & Elements.COMPLEX:
        numbers = numbers + 1j * np.asarray(values.normal(size=shape))
    elif how == "special":
        chosen = np.asarray(values.choice(_SPECIAL, shape))
        numbers = np.where(np.asarray(values.random(shape)) < 0.4, chosen, numbers)
    return np.asarray(numbers).astype(dtype)


def _bits(expected: Array, found: Array, how: str) -> str | None:
    """The same bits, except that a NaN is a NaN."""
    if expected.dtype.kind not in "fc":
        return None if np.array_equal(expected, found) else "the values differ"
    parts = [(expected.real, found.real), (expected.imag, found.imag)]
    for one, other in parts if expected.dtype.kind == "c" else parts[:1]:
        nan = np.isnan(one)
        if not np.array_equal(nan, np.isnan(other)):
            return "a NaN comes or goes"
        if np.where(nan, 0, one).tobytes() != np.where(nan, 0, other).tobytes():
            return "the bits differ"
    return None


def _same_terms(expected: Array, found: Array, how: str) -> str | None:
    """Equal NaNs and infinities, and numbers that are equal but for the order of sums."""
    if expected.dtype.kind in "fc" and expected.dtype.kind != "c":
        for what, test in (("a NaN", np.isnan), ("an infinity", np.isinf)):
            if not np.array_equal(test(expected), test(found)):
                return f"{what} comes or goes"
    return _reassociated(expected, found, how)


def _reassociated(expected: Array, found: Array, how: str) -> str | None:
    """What is finite stays finite, and is equal: exactly so for small whole numbers."""
    if expected.dtype.kind not in "fc":
        return None if np.array_equal(expected, found) else "the values differ"
    if not np.array_equal(np.isfinite(expected), np.isfinite(found)):
        return "what is not finite comes or goes"
    finite = np.isfinite(expected)
    one, other = expected[finite], found[finite]
    if how == "whole":
        return None if np.array_equal(one, other) else "the values differ"
    scale = np.max(np.abs(one), initial=1.0)
    tolerance = 64 * scale * np.finfo(expected.dtype).eps
    return None if np.all(np.abs(one - other) <= tolerance) else "the values differ"


_COMPARED: dict[Kind, Callable[[Array, Array, str], str | None]] = {
    Kind.EXACT: _bits,
    Kind.SAME_TERMS: _same_terms,
    Kind.REASSOCIATES: _reassociated,
    Kind.FINITE: _reassociated,
}
