"""StableHLO, the array dialect that XLA compiles, in xDSL.

One file per family of ops. Text is upstream's, in and out: what JAX prints parses, and what is
printed here reads the same to StableHLO's own parser. https://openxla.org/stablehlo/spec
"""

from xdsl.ir import Dialect

from . import (
    collectives,
    communication,
    contraction,
    control,
    convolution,
    dynamic,
    elementwise,
    generation,
    legacy,
    library,
    normalization,
    quantization,
    reduction,
    reindexing,
    tuples,
)
from .attributes import ATTRIBUTES
from .chlo import CHLO
from .print import StableHLOTarget, kernel_text

StableHLO = Dialect(
    "stablehlo",
    [
        *elementwise.OPS,
        *contraction.OPS,
        *convolution.OPS,
        *reduction.OPS,
        *reindexing.OPS,
        *generation.OPS,
        *control.OPS,
        *library.OPS,
        *collectives.OPS,
        *communication.OPS,
        *dynamic.OPS,
        *normalization.OPS,
        *quantization.OPS,
        *tuples.OPS,
        *legacy.OPS,
    ],
    ATTRIBUTES,
)

__all__ = ["CHLO", "StableHLO", "StableHLOTarget", "kernel_text"]
