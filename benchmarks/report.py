"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contest import SUBJECT, Result

PACKAGES = ("xcs-mlir", "jax", "jaxlib", "numpy", "xdsl")
HEADER = ("benchmark", SUBJECT, "against", "takes", "ratio", "middle half", "best", "goal", "met")


def table(results: Mapping[str, list[Result]]) -> str:
    """One line for each rival, in columns."""
    rows = [HEADER, *(row for group in results.values() for r in group for row in _rows(r))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    for rival in result.rivals:
        goal, met = result.contest.goals.get(rival), result.met(rival)
        low, high = _middle_half(result.ratios(rival))
        yield (
            result.contest.name,
            _quantity(result, SUBJECT),
            rival,
            _quantity(result, rival),
            f"{result.ratio(rival):.3f}",
            f"{low:.3f} - {high:.3f}",
            f"{result.best_ratio(rival):.3f}",
            "" if goal is None else f"{goal:.2f}",
            {None: "", True: "yes", False: "NO"}[met],
        )


def _quantity(result: Result, contender: str) -> str:
    value = result.median(contender)
    return _duration(value) if result.contest.unit == "seconds" else f"{value / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.2f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.3f} s"


def _middle_half(values: list[float]) -> tuple[float, float]:
    """The first and the third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, method="inclusive")
    return first, third


def as_json(results: Mapping[str, list[Result]], *, quick: bool) -> dict[str, Any]:
    """Everything measured, in seconds or bytes, with where it was measured."""
    return {
        "quick": quick,
        "machine": machine(),
        "versions": {name: version(name) for name in PACKAGES},
        "benchmarks": {
            name: [_contest_as_json(result) for result in group] for name, group in results.items()
        },
    }


def _contest_as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.contest.name,
        "unit": result.contest.unit,
        "samples": {name: list(samples) for name, samples in result.samples.items()},
        "against": {
            rival: {
                "ratio": result.ratio(rival),
                "best_ratio": result.best_ratio(rival),
                "goal": result.contest.goals.get(rival),
                "met": result.met(rival),
            }
            for rival in result.rivals
        },
    }


def machine() -> dict[str, Any]:
    """What the times depend on besides the code."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average": list(os.getloadavg()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _processor() -> str:
    """The processor's name; Python itself does not know it on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
