"""The examples of docs/policies.md do what it says."""

import builtins
import re
import sys
import types
from pathlib import Path

import pytest

from xcs.runtime.policies import PROGRAMMING_ERRORS

GUIDE = Path(__file__).parent.parent / "docs" / "policies.md"


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    module = types.ModuleType("policies_guide")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for number, block in enumerate(blocks):
        # Capture reads a function's source from its file.
        file = tmp_path / f"example_{number}.py"
        file.write_text(block)
        exec(compile(block, str(file), "exec"), vars(module))


def test_the_named_errors_are_not_retried() -> None:
    sentence = re.search(r"programming errors are not retried.*?warnings", GUIDE.read_text(), re.S)
    assert sentence is not None
    for name in re.findall(r"`(\w+(?:Error|Iteration))`", sentence[0]):
        assert issubclass(getattr(builtins, name), PROGRAMMING_ERRORS)
