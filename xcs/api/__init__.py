"""What users import, loaded by `xcs` on first use."""

from xcs.api.config import Config
from xcs.api.function import jit
from xcs.api.jit_stats import get_jit_stats
from xcs.api.notices import (
    NotCompiledError,
    NotCompiledWarning,
    NotDonatedWarning,
    RecompiledWarning,
)
from xcs.api.operators import op
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
    "get_jit_stats",
    "jit",
    "op",
    "profile",
    "vmap",
]
