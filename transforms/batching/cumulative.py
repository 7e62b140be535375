"""Batching of cumulative reductions."""

from __future__ import annotations

from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.transforms.batching.batcher import Rule
from xcs.transforms.batching.library import batch_along

RULES: dict[type[Operation], Rule] = {
    xtensor.CumulativeOp: batch_along("axis"),
}
