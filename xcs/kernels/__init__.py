"""Kernels: StableHLO text made into a JAX primitive that compiles, runs and differentiates."""

from .primitive import Kernel, bind, executable, xcs_kernel_p
from .text import verify_stablehlo

__all__ = ["Kernel", "bind", "executable", "verify_stablehlo", "xcs_kernel_p"]
