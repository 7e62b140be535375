"""Which of its arrays a traced function needs."""

from jax.extend.core import ClosedJaxpr

# jax.interpreters is for packages that define primitives. JAX drops the unused inputs of what it
# compiles, but cannot see into a kernel: it would pass all of them at each call.
from jax.interpreters.partial_eval import dce_jaxpr


def without_unused_inputs(jaxpr: ClosedJaxpr) -> tuple[ClosedJaxpr, list[bool]]:
    """The jaxpr without inputs that nothing in it needs, and for each input whether it stays."""
    pruned, used = dce_jaxpr(jaxpr.jaxpr, True)
    if all(used):
        # What is traced stays as it is for transformations: JAX's own rules for custom derivatives
        # that are pruned take no symbolic zeros.
        return jaxpr, used
    return ClosedJaxpr(pruned, jaxpr.consts), used
