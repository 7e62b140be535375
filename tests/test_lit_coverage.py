"""Every op of our own dialects and every pass is in the lit tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xcs.dialects import get_all_dialects
from xcs.transforms import get_all_passes
from xcs.transforms.pipelines import PIPELINES

LIT = Path(__file__).parent.parent / "test" / "lit"
TEXT = "\n".join(path.read_text() for path in LIT.rglob("*.mlir"))
COMMANDS = "\n".join(line for line in TEXT.splitlines() if "RUN:" in line)


def is_named(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text) is not None


@pytest.mark.parametrize("dialect", ["orch", "xtensor"])
def test_every_op_is_in_a_lit_test(dialect: str) -> None:
    ops = [op.name for op in get_all_dialects()[dialect]().operations]
    assert [name for name in ops if not is_named(name, TEXT)] == []


def test_every_pass_is_run_by_a_lit_test() -> None:
    assert [name for name in get_all_passes() if not is_named(name, COMMANDS)] == []


def test_every_pipeline_is_of_known_passes() -> None:
    from xcs.api.pipeline import parse_pipeline

    for name, text in PIPELINES.items():
        assert len(parse_pipeline(name)) == len(parse_pipeline(text)) > 0
