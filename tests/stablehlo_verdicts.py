"""Says which modules StableHLO's own parser and verifier accept; run in a process of its own.

They can crash on what they should reject, which must not end the tests. Reads texts as a JSON list,
and prints a line of JSON for each: whether it is accepted.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

TIMEOUT = 120


def verdicts(texts: Sequence[str]) -> list[bool | None]:
    """Whether upstream accepts each text; None where it crashes."""
    found: list[bool | None] = []
    while len(found) < len(texts):
        run = subprocess.run(
            [sys.executable, __file__],
            input=json.dumps(texts[len(found) :]),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        found += [json.loads(line) for line in run.stdout.splitlines()]
        if run.returncode != 0:
            found.append(None)
    return found


def main() -> None:
    """Answer for the texts that stdin holds."""
    from jax.extend.mlir import ir
    from test_stablehlo import upstream_context

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the verifiers of some ops write to stdout
    context = upstream_context()
    context.enable_multithreading(False)
    for text in json.load(sys.stdin):
        try:
            ir.Module.parse(text, context)
            accepted = True
        except ir.MLIRError:
            accepted = False
        answers.write(json.dumps(accepted) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
