"""Runs the benchmarks, prints a table of ratios and writes the samples to a JSON file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contest import Result, hold
from benchmarks.registry import BENCHMARKS
from benchmarks.report import as_json, table

DEFAULT_JSON = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON, metavar="PATH")
    options = parser.parse_args(arguments)
    results: dict[str, list[Result]] = {}
    for name in options.only or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results[name] = [hold(contest) for contest in BENCHMARKS[name](options.quick)]
    print(table(results))
    if options.quick:
        print("Sizes are tiny (--quick): the ratios and goals mean nothing.")
    options.json.write_text(json.dumps(as_json(results, quick=options.quick), indent=1) + "\n")


if __name__ == "__main__":
    main()
