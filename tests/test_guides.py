"""The examples of the guides do what these say."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

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
