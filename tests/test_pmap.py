"""`xcs.pmap` on several devices, which takes a process of its own, and on one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import pytest

import xcs


def test_on_eight_devices() -> None:
    script = Path(__file__).with_name("pmap_on_eight_devices.py")
    flags = "--xla_force_host_platform_device_count=8"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    environment["PYTHONPATH"] = str(script.parent.parent)
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("as expected\n"), done.stderr


def test_what_is_not_mapped() -> None:
    with pytest.raises(TypeError, match="expects a callable"):
        xcs.pmap(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="in_axes"):
        xcs.pmap(jnp.sin, in_axes="x")
