"""Shardy: how the tensors of a program are laid out over a mesh of devices.

JAX writes it next to StableHLO. Programs with shardings are read, checked as Shardy checks them,
and written as Shardy writes them; nothing here propagates shardings. https://openxla.org/shardy
"""

from xdsl.ir import Dialect

from . import attributes, collectives, computations, ops, propagation
from .sharding_rule import OpShardingRuleAttr, batch_rule
from .verification import verify_annotations

Sdy = Dialect(
    "sdy",
    [*collectives.OPS, *computations.OPS, *ops.OPS],
    [*attributes.ATTRIBUTES, *propagation.ATTRIBUTES, OpShardingRuleAttr],
)

__all__ = ["Sdy", "batch_rule", "verify_annotations"]
