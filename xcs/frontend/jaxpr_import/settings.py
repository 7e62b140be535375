"""The settings of JAX under which an equation is lowered."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax

from xcs.frontend.jaxpr_import.types import WIDE_DTYPES


def lowering_settings() -> Hashable:
    """Return what else than an equation decides what JAX lowers it to."""
    config: Any = jax.config
    return (
        jax.default_backend(),
        config.jax_enable_x64,
        config.jax_default_matmul_precision,
        config.jax_threefry_partitionable,
    )


def settings_of(eqn: Any) -> AbstractContextManager[Any]:
    """Return a context with the settings under which an equation was traced."""
    config: Any = jax.config
    if eqn.ctx.threefry_partitionable == config.jax_threefry_partitionable:
        return nullcontext()
    return jax.threefry_partitionable(eqn.ctx.threefry_partitionable)


def instructions_in(eqn: Any) -> list[str]:
    """Return what else than its results an equation asks of XLA: by the names that users know."""
    named = {"compute_on": eqn.ctx.compute_type, "set_xla_metadata": eqn.ctx.xla_metadata}
    return [name for name, value in named.items() if value]


def enough_bits(avals: Iterable[Any]) -> AbstractContextManager[Any]:
    """Return a context in which values of these kinds can be traced.

    A jaxpr may have been made in 64-bit mode, which may be off by now.
    """
    config: Any = jax.config
    wide = any(aval.dtype in WIDE_DTYPES for aval in avals)
    return jax.enable_x64(wide or config.jax_enable_x64)
