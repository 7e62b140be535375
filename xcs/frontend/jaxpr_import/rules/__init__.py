"""Import rules, one file for each class of ops; importing this package registers them."""

from xcs.frontend.jaxpr_import.rules import (
    contraction,
    control,
    elementwise,
    generation,
    reduction,
    reindexing,
)

__all__ = ["contraction", "control", "elementwise", "generation", "reduction", "reindexing"]
