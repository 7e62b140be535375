"""The rules that docs/passes-guide.md writes do, and do not, what it says there."""

from __future__ import annotations

from typing import Any

import pytest
from test_passes_guide import block

from xcs.api.rule_check import check_rule
from xcs.transforms.rules.rule import Rule


@pytest.fixture(scope="module")
def rules() -> dict[str, Rule]:
    namespace: dict[str, Any] = {}
    exec(block("python", "RULES = ["), namespace)
    return {rule.name: rule for rule in namespace["RULES"]}


def test_a_rule_of_the_guide_passes_the_check(rules: dict[str, Rule]) -> None:  # R37
    report = check_rule(rules["greatest of a reversal"])
    assert report.passed, report.summary()


def test_the_check_finds_what_the_guide_says(rules: dict[str, Rule]) -> None:  # R37
    report = check_rule(rules["sum of logarithms"])
    assert any("not finite" in failure for failure in report.failures), report.summary()
