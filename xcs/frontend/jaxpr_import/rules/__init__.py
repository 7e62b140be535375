"""Import rules, one file for each class of ops; importing this package registers them."""

from xcs.frontend.jaxpr_import.rules import (
    composites,
    contraction,
    control,
    convolution,
    cumulative,
    elementwise,
    generation,
    indexing,
    kernel,
    keys,
    library,
    reduction,
    reindexing,
    windowed_reduction,
)

__all__ = [
    "composites",
    "contraction",
    "control",
    "convolution",
    "cumulative",
    "elementwise",
    "generation",
    "indexing",
    "kernel",
    "keys",
    "library",
    "reduction",
    "reindexing",
    "windowed_reduction",
]
