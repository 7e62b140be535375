"""Import of jaxprs: each equation becomes an op of the xtensor dialect.

Calls (jit, custom_jvp, custom_vjp, checkpoint) are inlined. A primitive with no op of its own
becomes ``xtensor.primitive``, which holds the StableHLO that JAX lowers that one equation to.
Random keys are arrays of 32-bit words in the IR, as they are in memory.
"""

from xcs.frontend.jaxpr_import import rules  # noqa: F401 - importing them registers them
from xcs.frontend.jaxpr_import.interface import (
    hoist_constants,
    import_function,
    import_module,
    inline_jaxpr,
    primitive_fallback_count,
    with_constant_inputs,
)
from xcs.frontend.jaxpr_import.jaxprs import array_constants, draws_by_batch, primitives_in
from xcs.frontend.jaxpr_import.types import (
    UnsupportedEffect,
    UnsupportedJaxpr,
    UnsupportedType,
    aval_to_type,
    type_to_aval,
)

__all__ = [
    "UnsupportedEffect",
    "UnsupportedJaxpr",
    "UnsupportedType",
    "array_constants",
    "aval_to_type",
    "draws_by_batch",
    "hoist_constants",
    "import_function",
    "import_module",
    "inline_jaxpr",
    "primitive_fallback_count",
    "primitives_in",
    "type_to_aval",
    "with_constant_inputs",
]
