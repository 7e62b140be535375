"""The examples of docs/array-code.md do what it says."""

import re
import sys
import types
from pathlib import Path

import pytest

GUIDE = Path(__file__).parent.parent / "docs" / "array-code.md"


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    module = types.ModuleType("array_guide")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for number, block in enumerate(blocks):
        # Capture reads a function's source from its file.
        file = tmp_path / f"example_{number}.py"
        file.write_text(block)
        exec(compile(block, str(file), "exec"), vars(module))
