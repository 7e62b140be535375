"""What users import, loaded by `xcs` on first use."""

from xcs.api.config import Config
from xcs.api.control_flow import cond, fori_loop, map, scan, while_loop
from xcs.api.function import jit
from xcs.api.grad import grad, value_and_grad
from xcs.api.jit_stats import get_jit_stats
from xcs.api.notices import (
    NotCompiledError,
    NotCompiledWarning,
    NotDonatedWarning,
    RecompiledWarning,
)
from xcs.api.operators import op
from xcs.api.pmap import pmap
from xcs.api.profile import profile
from xcs.api.vmap import vmap
from xcs.runtime import XCSError, XCSExecutionError

__all__ = [
    "Config",
    "NotCompiledError",
    "NotCompiledWarning",
    "NotDonatedWarning",
    "RecompiledWarning",
    "XCSError",
    "XCSExecutionError",
    "cond",
    "fori_loop",
    "get_jit_stats",
    "grad",
    "jit",
    "map",
    "op",
    "pmap",
    "profile",
    "scan",
    "value_and_grad",
    "vmap",
    "while_loop",
]
