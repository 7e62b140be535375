"""`xcs-opt --reduce`, and pipelines by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from xcs.tools.xcs_opt import main
from xcs.transforms.pipelines import PIPELINES, expand

TEXT = """
func.func @f(%x: tensor<4xf32>, %i: tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = xtensor.neg %x : tensor<4xf32>
  %1 = xtensor.cond %i -> tensor<4xf32> {
    %2 = xtensor.sin %0 : tensor<4xf32>
    %3 = xtensor.exp %2 {note = "here"} : tensor<4xf32>
    xtensor.yield %3 : tensor<4xf32>
  } {
    xtensor.yield %0 : tensor<4xf32>
  }
  %4 = xtensor.cos %1 : tensor<4xf32>
  func.return %4, %1 : tensor<4xf32>, tensor<4xf32>
}
func.func @unused(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = xtensor.neg %x : tensor<4xf32>
  func.return %0 : tensor<4xf32>
}
"""


@pytest.fixture
def command(tmp_path: Path) -> str:
    """A command that looks for an exponential."""
    script = tmp_path / "has_exp.py"
    script.write_text("import sys; sys.exit('xtensor.exp' not in open(sys.argv[1]).read())")
    return f"{sys.executable} {script}"


def test_what_the_command_looks_for_is_left(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "module.mlir"
    path.write_text(TEXT)
    assert main([str(path), "--reduce", command]) == 0
    out, err = capsys.readouterr()
    names = [line.split("= ")[-1].split()[0] for line in out.splitlines() if " " in line]
    assert names.count("xtensor.exp") == 1
    assert not {"xtensor.sin", "xtensor.cos", "xtensor.neg", "xtensor.cond"} & set(names)
    assert "@unused" not in out
    assert "note" not in out
    assert "12 ops reduced to 3 in " in err


def test_what_the_command_does_not_find_cannot_be_reduced(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "module.mlir"
    path.write_text("func.func @f() { func.return }")
    assert main([str(path), "--reduce", command]) == 1
    assert "does not exit with 0" in capsys.readouterr().err


def test_pipelines_have_names_and_nest() -> None:
    assert expand("default") == PIPELINES["default"]
    assert expand("simplify, split") == PIPELINES["default"]
    assert expand("builtin.module(cse, inline{keep-native=true})") == "cse,inline{keep-native=true}"


def test_a_pipeline_of_functions_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "module.mlir"
    path.write_text(TEXT)
    assert main([str(path), "-p", "func.func(cse)"]) == 1
    assert "passes run on modules" in capsys.readouterr().err
    assert main([str(path), "-p", "builtin.module(canonicalize,cse),default"]) == 0


def test_passes_say_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help-passes", "vmap"]) == 0
    out = capsys.readouterr().out
    assert "vmap: Replaces a function by its batched form." in out
    assert "    in-axes:" in out
    assert "  default: inline{keep-native=true}" in out
    assert main(["--help-passes", "vmpa"]) == 1
    assert "did you mean 'vmap'?" in capsys.readouterr().err


def test_reports_of_chosen_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "module.mlir"
    path.write_text("func.func @f() { func.return }")
    command = [str(path), "-p", "cse,canonicalize,dce", "--statistics"]
    assert main([*command, "--print-before", "canonicalize", "--print-after", "dce"]) == 0
    err = capsys.readouterr().err
    assert err.count("IR before canonicalize:") == err.count("IR after dce:") == 1
    assert "IR before cse" not in err
    assert "canonicalize: 3 -> 3 ops, " in err


def test_a_reproducer_is_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "module.mlir"
    path.write_text(
        "// xcs: pass 'x'\n// configuration: -p cse -t mlir\nfunc.func @f() {\n  func.return\n}"
    )
    assert main([str(path), "--run-reproducer"]) == 0
    assert "@f" in capsys.readouterr().out
    path.write_text("func.func @f() { func.return }")
    assert main([str(path), "--run-reproducer"]) == 1
    assert "it has no line '// configuration: ...'" in capsys.readouterr().err
