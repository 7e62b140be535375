"""lit configuration: the files below hold RUN lines for `xcs-opt`, `xcs-run` and `filecheck`."""

# pyright: reportUndefinedVariable=false
# ruff: noqa: F821 -- lit executes this file with `config` defined.

import os
import sys
from pathlib import Path

import lit.formats

ROOT = Path(__file__).parents[2]

config.name = "xcs"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".py"]
config.excludes = ["Inputs", "lit.cfg.py"]
config.test_source_root = str(Path(__file__).parent)
config.test_exec_root = str(ROOT / "build" / "lit")

# The tools of the environment that runs lit, whether or not it is activated.
config.environment["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), config.environment.get("PATH", "")]
)
config.environment["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), os.environ.get("PYTHONPATH", "")]
).rstrip(os.pathsep)
# Kernels are checked on the CPU, so that the tests give the same text on every machine.
config.environment["JAX_PLATFORMS"] = "cpu"
