"""The pipelines by name: what `jit` runs, and what `xcs-opt -p` takes in place of passes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from xdsl.utils.exceptions import DiagnosticException

SIMPLIFY = (
    "inline{keep-native=true},canonicalize-orch,cse,dce,merge-deterministic-calls,outline-deferred"
)
SPLIT = "fuse-host,hybrid-split,apply-rules{beyond-xla=true}"

ORCHESTRATION = f"{SIMPLIFY},{SPLIT}"
"""The passes over a captured module, up to the split into orchestration and kernels."""

MAPPED = (
    "inline,canonicalize-orch,cse,dce,merge-deterministic-calls,hoist{mapped=main},"
    "outline-deferred,batch-launches{rows=true},fuse-host,hybrid-split,apply-rules{beyond-xla=true}"
)
"""The same for the loop of a mapped function over the elements of a batch."""

PIPELINES: Mapping[str, str] = {
    "default": ORCHESTRATION,
    "mapped": MAPPED,
    "simplify": SIMPLIFY,
    "split": SPLIT,
    "lower": "convert-xtensor-to-stablehlo",
}
"""``default`` is ``simplify``, then ``split``: the stages of a program before its kernels' own."""

_NESTED = re.compile(r"(?P<anchor>[\w.-]+)\s*\((?P<inner>.*)\)", re.DOTALL)


def expand(text: str) -> str:
    """Put passes in the place of the names of pipelines, and of ``builtin.module(...)``.

    Raises:
        DiagnosticException: if passes are nested in any other op.
    """
    return ",".join(_expanded(part) for part in _parts(text))


def _expanded(part: str) -> str:
    if (nested := _NESTED.fullmatch(part)) is not None:
        if nested["anchor"] not in ("builtin.module", "any"):
            raise DiagnosticException(
                f"passes run on modules: expected builtin.module(...), got {nested['anchor']}(...)"
            )
        return expand(nested["inner"])
    return PIPELINES.get(part, part)


def _parts(text: str) -> Iterator[str]:
    """What stands between the commas that are in no brackets."""
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character in "{[(") - (character in "}])")
        if character == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()
