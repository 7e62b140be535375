"""The pass that docs/passes-guide.md writes does what its lit test there says."""

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from xdsl.passes import ModulePass

from xcs.tools.xcs_opt import XcsOptMain, main

GUIDE = Path(__file__).parent.parent / "docs" / "passes-guide.md"


def block(language: str, containing: str) -> str:
    """The guide's code block of a language that contains a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return found


def test_pass_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # R37
    namespace: dict[str, type[ModulePass]] = {"__name__": "guide"}  # type: ignore[dict-item]
    exec(block("python", "(ModulePass):"), namespace)
    register_all_passes = XcsOptMain.register_all_passes

    def register(self: XcsOptMain) -> None:
        register_all_passes(self)
        self.register_pass("remove-double-negation", lambda: namespace["RemoveDoubleNegation"])

    monkeypatch.setattr(XcsOptMain, "register_all_passes", register)
    file = tmp_path / "remove_double_negation.mlir"
    file.write_text(block("mlir", "RUN: xcs-opt"))
    pipeline = re.search(r"-p (\S+)", file.read_text())
    assert pipeline is not None

    with redirect_stdout(io.StringIO()) as out:
        assert main([str(file), "-p", pipeline[1]]) == 0

    check = [sys.executable, "-m", "filecheck", str(file)]
    done = subprocess.run(check, input=out.getvalue(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
