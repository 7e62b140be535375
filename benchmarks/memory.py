"""The peak memory of a process that makes one first call."""

from __future__ import annotations

import functools
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import cold_compile
from benchmarks.contest import Contest

CLOSED_OVER_BYTES = 2**27


def compile_equations(jit: Callable[..., Any], quick: bool) -> None:
    """Compile a function of many equations."""
    cold_compile.seconds(jit, 100 if quick else 5_000)


def close_over_array(jit: Callable[..., Any], quick: bool) -> None:
    """Call a function that closes over a large array."""
    size = CLOSED_OVER_BYTES // (1024 if quick else 1) // 4
    table = jnp.asarray(np.random.default_rng(0).random(size, np.float32))
    jax.block_until_ready(jit(lambda i: table[i] * 2.0)(jnp.arange(8)))


DOINGS: dict[str, Callable[[Callable[..., Any], bool], None]] = {
    "5,000 equations": compile_equations,
    "128 MiB closed over": close_over_array,
}


def contests(quick: bool) -> list[Contest]:
    """Each in processes of its own, Python and imports included."""
    return [
        Contest(
            f"peak memory, {doing}",
            {name: functools.partial(peak_bytes, name, doing, quick) for name in cold_compile.JITS},
            rounds=1 if quick else 3,
            unit="bytes",
        )
        for doing in DOINGS
    ]


def peak_bytes(name: str, doing: str, quick: bool) -> float:
    """The peak memory in bytes of a process that does this with that jit and nothing else."""
    command = [sys.executable, "-m", __name__, name, doing, *(["quick"] if quick else [])]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def own_peak_bytes() -> int:
    """The peak memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says on Linux may be the peak of the parent process
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    jit_name, what = sys.argv[1:3]
    DOINGS[what](cold_compile.JITS[jit_name], sys.argv[3:] == ["quick"])
    print(own_peak_bytes())
