"""Batching: what ops and functions become when they work on a batch of elements at once.

There is one file for each class of ops. A rule says what one op becomes, given where each of its
operands has the batch; most rules are those of a whole class. What does not depend on the batch is
computed once. The batch is put where JAX puts it, so that results are equal to those of `jax.vmap`.
"""

from xcs.transforms.batching.batcher import BatchingError
from xcs.transforms.batching.functions import Functions, NeedsOutAxis
from xcs.transforms.batching.report import array_remarks
from xcs.transforms.batching.rules import BATCHING, rule_of

__all__ = [
    "BATCHING",
    "BatchingError",
    "Functions",
    "NeedsOutAxis",
    "array_remarks",
    "rule_of",
]
