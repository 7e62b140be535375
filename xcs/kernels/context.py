"""The settings of JAX that compiled array code depends on."""

from collections.abc import Hashable

# Private, as JAX has no other way to ask what its own caches of traces are keyed by: the x64
# switch, the matmul precision, rules of promotion, and so on.
from jax._src import config


def trace_context() -> Hashable:
    """What has to be equal for a trace to be used again."""
    return config.trace_context()
