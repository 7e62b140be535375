"""Runs the lit tests below test/lit, one pytest test for each file."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

LIT = Path(__file__).parents[1] / "test" / "lit"
FILES = sorted(
    str(path.relative_to(LIT))
    for suffix in ("mlir", "py")
    for path in LIT.rglob(f"*.{suffix}")
    if path.name != "lit.cfg.py" and not {"Inputs", "Output"} & set(path.parts)
)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, dict[str, str]]:
    """What lit says of each selected file; one run for all, which lit spreads over the cores."""
    selected = {
        str(item.callspec.params["file"])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and hasattr(item, "callspec")
    }
    report = tmp_path_factory.mktemp("lit") / "report.json"
    lit = [sys.executable, "-c", "from lit.main import main; main()"]
    files = [str(LIT / file) for file in sorted(selected)]
    done = subprocess.run(
        [*lit, "--quiet", "--output", str(report), *files], capture_output=True, text=True
    )
    if not report.exists():
        pytest.fail(f"lit did not run:\n{done.stdout}{done.stderr}")
    tests = json.loads(report.read_text())["tests"]
    return {test["name"].removeprefix("xcs :: "): test for test in tests}


@pytest.mark.parametrize("file", FILES)
def test_file(file: str, outcomes: Mapping[str, dict[str, str]]) -> None:
    outcome = outcomes[file]
    assert outcome["code"] in {"PASS", "XFAIL"}, outcome["output"]
