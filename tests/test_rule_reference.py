"""The rule reference says what the rules are, and other packages' rules are found."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from xcs.tools.rule_reference import PAGE, checks_of, page
from xcs.transforms.rules import registry
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import rule
from xcs.transforms.rules.terms import neg, tensors


def test_the_page_is_up_to_date() -> None:  # R36
    """If this fails, run `python -m xcs.tools.rule_reference --keep-checks`."""
    text = PAGE.read_text()
    assert text == page(checks_of(text))


def test_all_rules_on_the_page_were_checked() -> None:  # R36
    """If this fails, run `python -m xcs.tools.rule_reference`."""
    checks = checks_of(PAGE.read_text())
    assert set(checks) == {rule.name for rule in registry.all_rules()}
    assert all(result.startswith("right on") for result in checks.values())


(x,) = tensors("x")
CONTRIBUTED = [rule("theirs", neg(neg(x)) >> x, kind=Kind.EXACT, source="a test")]
BROKEN = ["no rule"]


@pytest.fixture
def contributed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    entry = EntryPoint("theirs", f"{__name__}:{request.param}", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([entry]))
    registry.all_rules.cache_clear()
    yield
    registry.all_rules.cache_clear()


@pytest.mark.parametrize("contributed", ["CONTRIBUTED"], indirect=True)
@pytest.mark.usefixtures("contributed")
def test_rules_of_other_packages_are_found() -> None:  # R35
    assert registry.all_rules()[-1].name == "theirs"


@pytest.mark.parametrize("contributed", ["BROKEN"], indirect=True)
@pytest.mark.usefixtures("contributed")
def test_what_is_no_rule_is_refused() -> None:  # R35
    with pytest.raises(ValueError, match=r"theirs of xcs\.rules is no list of rules"):
        registry.all_rules()
