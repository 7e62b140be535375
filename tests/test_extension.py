"""A package outside the tree adds a dialect, an op, rules, a pass and a detector."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "extension"

PROGRAM = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = acme.softplus %x : tensor<4xf32>
  %1 = xtensor.neg %0 : tensor<4xf32>
  %2 = xtensor.abs %1 : tensor<4xf32>
  func.return %2 : tensor<4xf32>
}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the package lies as pip would install it, metadata and all."""
    target = tmp_path_factory.mktemp("site")
    shutil.copytree(SOURCE / "acme_xcs", target / "acme_xcs")
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    info = target / "acme_xcs-0.1.dist-info"
    info.mkdir()
    header = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(header)
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in e.items()) for group, e in groups]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (target / "program.mlir").write_text(PROGRAM)
    return target


def run(installed: Path, *command: str) -> str:
    """What a command prints, where the package is installed."""
    path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, cwd=installed
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def opt(installed: Path, *arguments: str) -> str:
    return run(installed, "-m", "xcs.tools.xcs_opt", *arguments)


def test_the_op_is_printed_and_the_pass_takes_its_option(installed: Path) -> None:
    text = opt(installed, "program.mlir", "-p", "acme-mark{text=mine}")
    assert 'acme.softplus %x {mark = "mine"} : tensor<4xf32>' in text


def test_the_rule_is_applied_and_checked(installed: Path) -> None:
    assert "xtensor.neg" not in opt(installed, "program.mlir", "-p", "canonicalize")
    assert "ok" in opt(installed, "--check-rules", "acme:")


def test_the_op_has_the_batching_of_its_class(installed: Path) -> None:
    text = opt(installed, "program.mlir", "-p", "vmap{function=f size=3}")
    assert "acme.softplus %x : tensor<3x4xf32>" in text


def test_the_op_has_the_lowering_of_its_definition(installed: Path) -> None:
    text = opt(installed, "program.mlir", "-p", "convert-xtensor-to-stablehlo")
    assert "stablehlo.exponential" in text
    assert "stablehlo.log_plus_one" in text
    assert "acme" not in text


def test_the_op_has_the_value_of_its_definition(installed: Path) -> None:
    run(
        installed,
        "-c",
        """
import numpy as np
from xdsl.parser import Parser
from xdsl.context import Context
from xdsl.universe import Universe
from xcs.transforms.evaluation import Interpreter

context = Context()
for name, load in Universe.get_multiverse().all_dialects.items():
    context.register_dialect(name, load)
module = Parser(context, open("program.mlir").read()).parse_module()
x = np.float32([0, 1, -1, 2])
(found,) = Interpreter().function(module.body.block.first_op, [x])
np.testing.assert_allclose(found, np.log1p(np.exp(x)), rtol=1e-6)
""",
    )


def test_the_detector_is_asked(installed: Path) -> None:
    run(
        installed,
        "-c",
        """
from xcs.frontend.classify import classify

class Client:
    __acme_client__ = True

    def ask(self, question):
        return open(question).read()

found = classify(Client().ask)
assert (found.kind, found.reason) == ("model", "a call of an acme client"), found
""",
    )
