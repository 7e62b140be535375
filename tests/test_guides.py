"""The examples of the guides do what these say.

What an example prints is the text below it. ``XCS_WRITE_GUIDES=1`` writes that anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import types
from pathlib import Path

import pytest

from examples.semantic_qa import minilm

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", ["array-code", "policies", "transformations"])
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DOCS / f"{name}.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    module = types.ModuleType(f"guide_{name.replace('-', '_')}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for number, block in enumerate(blocks):
        # Capture reads a function's source from its file.
        file = tmp_path / f"example_{number}.py"
        file.write_text(block)
        exec(compile(block, str(file), "exec"), vars(module))


EXAMPLE = re.compile(
    r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)


@pytest.mark.skipif(minilm.installed_model() is None, reason="the encoder is not installed")
def test_what_the_walkthrough_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = DOCS / "insight.md"
    module = types.ModuleType("guide_insight")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    numbers = iter(range(100))

    def run(found: re.Match[str]) -> str:
        file = tmp_path / f"example_{next(numbers)}.py"
        file.write_text(found[1])
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(found[1], str(file), "exec"), vars(module))
        return f"```python\n{found[1]}```\n\n```text\n{printed.getvalue()}```\n"

    text = guide.read_text()
    made = EXAMPLE.sub(run, text)
    if os.environ.get("XCS_WRITE_GUIDES"):
        guide.write_text(made)
    assert made == guide.read_text()
