"""The rule reference, made of the rules themselves: `python -m xcs.tools.rule_reference`.

One Markdown page, docs/rules.md: for each rule its formula, what it promises, its conditions, where
it comes from, whether it has a form in PDL, and what the check found. With `--keep-checks` the
results of the last check stay, since it takes a minute.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from xcs.transforms.rules.kinds import SETS, Kind
from xcs.transforms.rules.pdl import pdl_module
from xcs.transforms.rules.registry import FILES, all_rules, library
from xcs.transforms.rules.rule import Rule

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"

_KINDS = {
    Kind.EXACT: "exact, bit for bit",
    Kind.SAME_TERMS: "the same sums of the same terms",
    Kind.REASSOCIATES: "reassociates",
    Kind.FINITE: "equal for finite operands",
}


def page(checked: Mapping[str, str]) -> str:
    """The reference, in Markdown.

    Args:
        checked: what the check found, by rule.
    """
    rules = [rule for name in FILES for rule in library(name)]
    _, left_out = pdl_module(rules)
    lines = [
        "# Rules",
        "",
        f"{len(rules)} rules. This page is generated: `python -m xcs.tools.rule_reference`. What "
        "the promises and the sets mean is in [architecture.md](architecture.md#rules), how to "
        "write a rule in [passes-guide.md](passes-guide.md#a-new-rule).",
        "",
        *_table(),
    ]
    for name in FILES:
        lines += ["", f"## {name.capitalize()}"]
        for rule in library(name):
            lines += _rule(rule, left_out, checked)
    return "\n".join(lines) + "\n"


def _table() -> Iterator[str]:
    yield "| set | accepts |"
    yield "|---|---|"
    for name, weakest in SETS.items():
        accepted = "; ".join(text for kind, text in _KINDS.items() if kind <= weakest)
        yield f"| `{name}` | {accepted} |"


def _rule(rule: Rule, left_out: Mapping[str, str], checked: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"### {rule.name}", "", "```", rule.formula, "```", "")
    ring = "; of integers, exact" if rule.ring else ""
    yield f"- Promise: {_KINDS[rule.kind]}{ring}"
    for condition in rule.conditions:
        yield f"- Where {condition.reason}"
    if rule.cleanup:
        yield "- Cleans up: XLA does it too, so in kernels it follows other rules only"
    yield f"- Source: {rule.source}"
    yield f"- PDL: {'not, ' + left_out[rule.name] if rule.name in left_out else 'yes'}"
    yield f"- Checked: {checked.get(rule.name, 'not yet')}"


def check_all() -> dict[str, str]:
    """Check all rules; return what to say of each."""
    from xcs.api.rule_check import check_rule

    found: dict[str, str] = {}
    for rule in all_rules():
        report = check_rule(rule, others=all_rules())
        verdict = "right" if report.passed else "WRONG"
        found[rule.name] = f"{verdict} on {report.applied} random functions"
    return found


def checks_of(text: str) -> dict[str, str]:
    """The results of the check that a page holds, by rule."""
    pairs = re.findall(r"^### (.+?)$.*?^- Checked: (.+?)$", text, re.MULTILINE | re.DOTALL)
    return dict(pairs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m xcs.tools.rule_reference", description=__doc__)
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE")
    parser.add_argument("--keep-checks", action="store_true")
    options = parser.parse_args(arguments)
    results: Callable[[], dict[str, str]] = check_all
    if options.keep_checks:
        results = lambda: checks_of(options.page.read_text())
    options.page.write_text(page(results()))


if __name__ == "__main__":
    main()
