"""Where a benchmark's time goes on the xcs side: `python -m benchmarks.profile NAME`.

Functions are those of the calling thread, the coordinator; what workers do shows as waiting.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
from collections.abc import Sequence

from benchmarks.registry import BENCHMARKS


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    parser.add_argument("--samples", type=int, default=3, help="samples to profile")
    parser.add_argument("--sort", default="tottime", help="as for pstats, 'cumulative' for example")
    parser.add_argument("--lines", type=int, default=30, help="functions to show")
    options = parser.parse_args(arguments)
    for contest in BENCHMARKS[options.name](options.quick):
        contest.subject()  # the first one is not like the others
        profile = cProfile.Profile()
        for _ in range(options.samples):
            profile.runcall(contest.subject)
        print(f"== {contest.name}")
        pstats.Stats(profile).sort_stats(options.sort).print_stats(options.lines)


if __name__ == "__main__":
    main()
