"""``match``: each pattern is one native test that gives the names it binds, before the guard."""

from __future__ import annotations

import ast

from xcs.dialects import orch
from xcs.frontend.capture.evaluate import evaluate
from xcs.frontend.capture.execute import run_block
from xcs.frontend.capture.flow import Flow
from xcs.frontend.capture.names import load_name
from xcs.frontend.capture.order import ELEMENTS
from xcs.frontend.capture.regions import branch
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.targets import bind
from xcs.frontend.capture.values import UNBOUND, Dyn, Frame, Static, Value
from xcs.frontend.names import loaded_names, stored_names


def run_match(c: Capture, frame: Frame, node: ast.Match) -> Flow:
    """``match`` with all its cases."""
    subject = evaluate(c, frame, node.subject)
    return _cases(c, frame, c.dyn(subject), node.cases)


def _cases(c: Capture, frame: Frame, subject: Dyn, cases: list[ast.match_case]) -> Flow:
    if not cases:
        return Flow.NEXT
    case, *others = cases
    if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and not case.guard:
        if case.pattern.name is not None:
            bind(c, frame, case.pattern.name, subject)
        return run_block(c, frame, case.body)
    with c.at(frame, case.pattern):
        test = _matches(c, frame, subject, case)
    _, flow = branch(
        c,
        test,
        lambda: ([], run_block(c, frame, case.body)),
        lambda: ([], _cases(c, frame, subject, others)),
    )
    return flow


def _matches(c: Capture, frame: Frame, subject: Dyn, case: ast.match_case) -> Value:
    """Whether the pattern matches and the guard holds; binds the pattern's names if it matches."""
    names = stored_names(case.pattern)
    used = {n: c.read_whole(load_name(c, frame, n)) for n in loaded_names(case.pattern)}
    # No second case: Python refuses one after a pattern that always matches.
    lines = ["xcs_matches = False", "match xcs_subject:", f"    case {ast.unparse(case.pattern)}:"]
    lines += ["        xcs_matches = True"]
    if names:
        lines += ["if not xcs_matches:", *(f"    {name} = xcs_unbound" for name in names)]
    operands = {
        "xcs_subject": c.read_whole(subject, keeps=True),
        "xcs_unbound": c.constant(UNBOUND, "unbound"),
        **used,
    }
    op = orch.HostOp(
        "\n".join(lines), operands, [orch.ANY] * (1 + len(names)), effects="ordered", checked=True,
        out_names=["xcs_matches", *names], scope=c.scope_key(frame),
    )  # fmt: skip
    c.add(op)
    matched, *parts = op.results
    home = c.home_of(subject)
    values: dict[str, Value] = {}
    for name, part in zip(names, parts, strict=True):
        inner = None
        if home is not None:
            inner = c.order.merge(home.field(ELEMENTS), home)
        values[name] = Dyn(part, None, inner)

    def take() -> tuple[list[Value], Flow]:
        for name, value in values.items():
            bind(c, frame, name, value)
        return [Static(True) if case.guard is None else evaluate(c, frame, case.guard)], Flow.NEXT

    if case.guard is None and not names:
        return Dyn(matched, bool)
    (test,), _ = branch(c, Dyn(matched, bool), take, lambda: ([Static(False)], Flow.NEXT))
    return test
