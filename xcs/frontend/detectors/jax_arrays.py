"""JAX: array functions, transformations and what they return are pure by JAX's own contract."""

from __future__ import annotations

import types
from typing import Any, Final

from xcs.frontend.classification import (
    CALLBACK,
    ORDERED,
    Classification,
    higher_order,
    tensor,
    world,
)
from xcs.frontend.detectors.identity import Identity, class_path, identify
from xcs.frontend.detectors.tables import (
    ENVIRONMENT,
    PURE_ENTRY,
    READS_FILES,
    UNKNOWN,
    WRITES_FILES,
    Table,
    entries,
    lookup,
)

PRIORITY = -10

_ROOTS: Final = ("jax", "jaxlib", "ml_dtypes")

_TRANSFORMED: Final = frozenset(
    {
        "jax._src.api",
        "jax._src.traceback_util",
        "jax._src.ad_checkpoint",
        "jax._src.numpy.vectorize",
        "jax._src.custom_batching",
        "jax._src.linear_util",
        "jax._src.custom_transpose",
        "jax._src.shard_map",
        "jax.experimental.jet",
        "jax.experimental.sparse.transform",
    }
)
"""Modules whose decorators return plain functions under the user's own name."""


def _tensor(path: str) -> Classification:
    return tensor(f"{path} is JAX array code")


def _array(path: str) -> Classification:
    return tensor(f"{path} is JAX array code", returns="jax.Array")


def _transformation(path: str) -> Classification:
    return tensor(f"{path} is a JAX transformation: it returns a function", returns="function")


def _context(path: str) -> Classification:
    return tensor(f"{path} makes a context in which array code is traced", returns="context")


def _tree(path: str) -> Classification:
    return higher_order(f"{path} does what its callbacks do, leaf by leaf")


def _callback(path: str) -> Classification:
    reason = f"{path} runs Python code from inside array code"
    return world(reason, effects=ORDERED, writes=(CALLBACK,))


def _transfer(path: str) -> Classification:
    """Waits for the device, so must not hold up the coordinator."""
    return Classification(
        "tensor", "pure", f"{path} waits for the device", reaches=frozenset({"tensor"})
    )


_TABLE: Final[Table] = (
    entries("", "jax jaxlib", _tensor)
    | entries(
        "jax._src.api",
        "jit vmap pmap grad value_and_grad jacfwd jacrev hessian linearize vjp jvp"
        " linear_transpose make_jaxpr eval_shape named_call checkpoint remat custom_jvp custom_vjp",
        _transformation,
    )
    | entries("jax._src.ad_checkpoint", "checkpoint remat", _transformation)
    | entries(
        "jax._src.custom_derivatives", "custom_jvp custom_vjp custom_gradient", _transformation
    )
    | entries("", "jax.numpy.vectorize jax._src.numpy.vectorize.vectorize", _transformation)
    | entries("jax._src.custom_derivatives.custom_jvp", "defjvp defjvps", ENVIRONMENT)
    | entries("jax._src.custom_derivatives.custom_vjp", "defvjp", ENVIRONMENT)
    | entries("", "jax._src.tree jax._src.tree_util jax.tree jax.tree_util", _tree)
    | entries(
        "jax._src.tree_util",
        "register_pytree_node register_pytree_node_class register_dataclass register_static"
        " register_pytree_with_keys register_pytree_with_keys_class",
        ENVIRONMENT,
    )
    | entries(
        "", "jax._src.debugging jax.debug jax._src.callback jax.experimental.io_callback", _callback
    )
    | entries("jax._src.callback", "pure_callback", _tensor)
    | entries("jax._src.api", "device_get block_until_ready", _transfer)
    | entries("jaxlib._jax.ArrayImpl", "block_until_ready item tolist __array__", _transfer)
    | entries(
        "jax._src.xla_bridge",
        "devices local_devices device_count local_device_count default_backend process_index"
        " process_count local_devices backends",
        PURE_ENTRY,
    )
    | entries(
        "",
        "jax._src.config jax.config jax._src.profiler jax.profiler jax.distributed"
        " jax._src.distributed jax.monitoring jax._src.monitoring jax._src.api.clear_caches"
        " jax.clear_caches jaxlib._jax.Config jax._src.compilation_cache",
        ENVIRONMENT,
    )
    | entries("jax._src.api", "named_scope disable_jit", _context)
    | entries("jax._src.config", "State.__call__ transfer_guard", _context)
    | entries("jax._src.core", "ensure_compile_time_eval", _context)
    | entries("", "jax._src.mesh.use_abstract_mesh jax._src.compute_on.compute_on", _context)
    | entries("jax._src.xla_metadata", "set_xla_metadata", _context)
    | entries(
        "jax.nn.initializers jax._src.nn.initializers",
        "constant uniform normal truncated_normal variance_scaling orthogonal delta_orthogonal"
        " glorot_normal glorot_uniform xavier_normal xavier_uniform lecun_normal lecun_uniform"
        " he_normal he_uniform kaiming_normal kaiming_uniform",
        _transformation,
    )
    | entries("jax._src.profiler", "TraceAnnotation StepTraceAnnotation", _context)
    | entries("jax._src.profiler", "annotate_function", _transformation)
    | entries("jaxlib._jax.ArrayImpl", "delete", ENVIRONMENT)
    | entries("jax.numpy", "save savez", WRITES_FILES)
    | entries("jax._src.numpy.lax_numpy", "save savez", WRITES_FILES)
    | entries("jax.numpy", "load fromfile", READS_FILES)
    | entries("jax._src.numpy.lax_numpy", "load fromfile", READS_FILES)
    | entries("", "jax.export jax._src.export jax._src.stages jax.stages", UNKNOWN)
    | entries("", "jax._src.stages.Compiled.__call__ jax.stages.Compiled.__call__", _tensor)
    | entries("jax.numpy", "dtype shape ndim size issubdtype iinfo finfo result_type", PURE_ENTRY)
    | entries("", "ml_dtypes._finfo.finfo ml_dtypes._iinfo.iinfo", PURE_ENTRY)
    | entries("", "jax.ShapeDtypeStruct jax._src.core.ShapeDtypeStruct", PURE_ENTRY)
)

_ARRAY_MODULES: Final = ("jax.numpy.", "jax.lax.", "jax.nn.", "jax.scipy.", "jax.image.")

_SEVERAL: Final = frozenset(
    {"split", "array_split", "hsplit", "vsplit", "dsplit", "meshgrid", "unstack", "nonzero"}
    | {"broadcast_arrays", "divmod", "modf", "frexp", "unique", "histogram", "gradient", "where"}
    | {"ix_", "indices", "tril_indices", "triu_indices", "mask_indices", "unravel_index", "top_k"}
    | {"scan", "while_loop", "fori_loop", "cond", "switch", "map", "associative_scan", "sort"}
    | {"polyfit", "polydiv", "atleast_1d", "atleast_2d", "atleast_3d", "average", "linspace"}
    | {"slogdet", "eig", "eigh", "svd", "qr", "lu", "lstsq", "histogram2d", "histogramdd"}
    | {
        "stop_gradient",
        "optimization_barrier",
        "reduce",
        "reduce_window",
        "custom_root",
        "einsum_path",
    }
)
"""Array functions whose result is, or may be, something other than one array."""


def detect(fn: Any) -> Classification | None:
    """Recognise whatever lives in JAX, and user functions that a JAX transformation returned."""
    if _is_compiled(fn):
        return tensor("a function under jax.jit is JAX array code")
    identity = identify(fn)
    if identity.root not in _ROOTS:
        if identity.code_module in _TRANSFORMED and isinstance(fn, types.FunctionType):
            return tensor(f"{identity.name} is the result of a JAX transformation")
        return None
    if identity.is_constructor and identity.module == "jax.numpy":
        return _array(identity.path)  # jnp.float32(x) builds an array
    found = lookup(_TABLE, identity.path)
    if found is not None and found.kind == "tensor" and _gives_one_array(identity):
        return _array(identity.path)
    return found


def _is_compiled(fn: Any) -> bool:
    """A function under ``jax.jit`` or ``custom_jvp`` whose own name is the user's."""
    path = class_path(type(fn))
    if path == "jaxlib._jax.PjitFunction":
        return not str(getattr(fn, "__module__", "")).startswith("jax")
    return path.startswith("jax._src.custom_derivatives.custom_")


def _gives_one_array(identity: Identity) -> bool:
    return identity.path.startswith(_ARRAY_MODULES) and identity.method not in _SEVERAL
