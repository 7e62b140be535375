"""Kernels: StableHLO text made into a JAX primitive that compiles, runs and differentiates."""

from .context import trace_context
from .inputs import without_unused_inputs
from .primitive import Kernel, bind, executable, kernels_in, xcs_kernel_p
from .tape import TapeArray, TapeTrace, constants, is_inexact, is_traced, new_level, taping
from .text import verify_stablehlo

__all__ = [
    "Kernel",
    "TapeArray",
    "TapeTrace",
    "bind",
    "constants",
    "executable",
    "is_inexact",
    "is_traced",
    "kernels_in",
    "new_level",
    "taping",
    "trace_context",
    "verify_stablehlo",
    "without_unused_inputs",
    "xcs_kernel_p",
]
