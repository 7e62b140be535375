"""The check of rules: ours pass it, and rules that are wrong in each way do not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from xcs.api.rule_check import check_rule, check_rules
from xcs.dialects.xtensor.base import Kind as Elements
from xcs.transforms.rules.driver import Driver, RulesLoop, index_by_root
from xcs.transforms.rules.instances import instances
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.registry import all_rules
from xcs.transforms.rules.rule import Rule, rule, when
from xcs.transforms.rules.terms import (
    Function,
    attributes,
    computed,
    full,
    max_,
    reduce_max,
    reduce_sum,
    reshape,
    rev,
    slice_,
    tensors,
    transpose,
)

x, y, z = tensors("x y z", Elements.NUMBER)
a, b, c = tensors("a b c", Elements.FLOAT)
p, q, d, e, s, axes = attributes("p q d e s axes")
start, limit, step = attributes("start limit step")
f = Function("f", 1)


@computed
def composed_backwards(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(second[axis] for axis in first)


def declared(rewrite: Any, kind: Kind = Kind.EXACT, **more: Any) -> Rule:
    return rule("under test", rewrite, kind=kind, source="a test", **more)


@pytest.mark.parametrize("name", [rule.name for rule in all_rules()])
def test_our_rules_keep_what_they_promise(name: str) -> None:  # R36
    (chosen,) = (rule for rule in all_rules() if rule.name == name)
    report = check_rule(chosen, seed=1, count=3, others=all_rules())
    assert report.passed, report.summary()


WRONG = {
    "an attribute": declared(
        transpose(transpose(x, p), q) >> transpose(x, composed_backwards(p, q))
    ),
    "a sign": declared(x - y >> y - x),
    "an operand": declared(max_(x, y) >> x),
    "a shape": declared(reduce_max(x, axes) >> x),
    "what it leaves out": declared(-x >> x),
    "a special value": declared(a * full(0, s, e) >> full(0, s, e)),
    "a signed zero": declared(full(0, s, e) - a >> -a),
    "a rounding that it says is exact": declared(a * b + a * c >> a * (b + c)),
    "infinities that it says are not lost": declared((a + b) - b >> a, Kind.REASSOCIATES),
    "a condition that is too weak": declared(
        slice_(x, start, limit, step) >> x,
        where=when("the slice starts at zero", lambda start: not any(start), start),
    ),
    "a function that is not what it says": declared(rev(f(x), d) >> f(x)),
    "a distribution": declared(
        reduce_sum(x * y, axes) >> reduce_sum(x, axes) * reduce_sum(y, axes), Kind.REASSOCIATES
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_rule_is_caught(what: str) -> None:  # R36
    report = check_rule(WRONG[what], count=30)
    assert report.failures, report.summary()
    assert "FAILED" in report.summary()


def test_a_rule_that_never_applies_does_not_pass() -> None:
    never = declared(x + y >> y + x, where=when("never", lambda: False))
    report = check_rule(never, count=3)
    assert not report.passed
    assert "never applied" in report.summary()


def test_a_condition_that_is_too_strict_is_reported() -> None:  # R36
    strict = declared(
        transpose(x, p) >> transpose(x, p),
        where=when("x is a vector", lambda of: of.get_num_dims() == 1, x),
    )
    assert check_rule(strict, count=8).too_strict == ["x is a vector"]


def test_a_rule_that_undoes_another_is_found() -> None:  # R36
    back = rule("commuted", x + y >> y + x, kind=Kind.EXACT, source="a test", guarded=False)
    (report,) = check_rules([back], count=3)
    assert report.undone_by == ["commuted"]


def test_rules_that_loop_are_named() -> None:
    back = rule("commuted", x + y >> y + x, kind=Kind.EXACT, source="a test", guarded=False)
    (module,) = instances(back, Random(0), 1)
    with pytest.raises(RulesLoop, match="'commuted'"):
        Driver(index_by_root([back]), Kind.EXACT).run(module)


def test_a_guarded_rule_does_not_loop() -> None:
    back = rule("commuted", x + y >> y + x, kind=Kind.EXACT, source="a test")
    (module,) = instances(back, Random(0), 1)
    assert not Driver(index_by_root([back]), Kind.EXACT).run(module)


def test_a_rule_is_checked_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="y is on the right-hand side only"):
        declared(-x >> y)
    with pytest.raises(TypeError, match="matches anything"):
        declared(x >> -x)
    with pytest.raises(TypeError, match="reshape takes"):
        reshape(x)
