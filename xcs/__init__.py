"""Compiles Python functions that mix slow calls with JAX array code.

The names below are what users import. They load on first use, so that the toolkit
(`xcs.dialects`, `xcs.transforms`, `xcs-opt`) starts without JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xcs.api import (
        Config,
        NotCompiledError,
        NotCompiledWarning,
        NotDonatedWarning,
        RecompiledWarning,
        XCSError,
        XCSExecutionError,
        cond,
        fori_loop,
        get_jit_stats,
        grad,
        jit,
        map,
        op,
        pmap,
        profile,
        scan,
        value_and_grad,
        vmap,
        while_loop,
    )

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

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    api = import_module("xcs.api")
    globals().update({known: getattr(api, known) for known in __all__})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
