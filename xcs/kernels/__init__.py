"""Kernels: StableHLO text made into a JAX primitive that compiles, runs and differentiates."""

from .context import trace_context
from .inputs import without_unused_inputs
from .primitive import Kernel, bind, executable, kernels_in, xcs_kernel_p
from .text import verify_stablehlo

__all__ = [
    "Kernel",
    "bind",
    "executable",
    "kernels_in",
    "trace_context",
    "verify_stablehlo",
    "without_unused_inputs",
    "xcs_kernel_p",
]
