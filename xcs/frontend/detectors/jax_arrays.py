"""JAX: array functions, transformations and what they return are pure by JAX's own contract.

Each public function has a row of its own. What has none is judged by its source.
"""

from __future__ import annotations

import types
from dataclasses import replace
from typing import Any, Final

from xcs.frontend.analysis.resources import Touches
from xcs.frontend.classification import CALLBACK, Classification, unknown
from xcs.frontend.detectors import jax_names as names
from xcs.frontend.detectors.identity import Identity, class_path, identify
from xcs.frontend.detectors.public_names import PublicNames
from xcs.frontend.detectors.tables import (
    CONSOLE,
    ENVIRONMENT,
    HIGHER_ORDER,
    MUTATOR,
    PRINTS,
    PURE_ENTRY,
    READS_ENVIRONMENT,
    READS_FILES,
    SLEEP,
    UNKNOWN,
    Row,
    Table,
    changing,
    entries,
    find_callable,
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
        "jax._src.shard_map",
        "jax._src.source_info_util",
        "jax.experimental.jet",
        "jax.experimental.sparse.transform",
    }
)
"""Modules whose decorators return plain functions under the user's own name."""

_WORLD: Final[Touches] = frozenset({("world", "write")})

_TENSOR: Final = Row("is JAX array code", kind="tensor", reaches=frozenset({"tensor"}))
_ARRAY: Final = replace(_TENSOR, returns="jax.Array")
_TRANSFORMATION: Final = replace(
    _TENSOR, says="is a JAX transformation: it returns a function", returns="function"
)
_CONTEXT: Final = replace(
    _TENSOR, says="makes a context in which array code is traced", returns="context"
)
# Waits for the device, so must not hold up the coordinator.
_TRANSFER: Final = replace(_TENSOR, says="waits for the device", blocking=True)
_TREE: Final = replace(HIGHER_ORDER, says="does what its callbacks do, leaf by leaf")
_CALLBACK: Final = Row(
    "runs Python code from inside array code",
    _WORLD,
    "function",
    blocking=True,
    writes=(CALLBACK,),
)

_DEVICES: Final = (
    "default_backend device_count devices host_count host_id host_ids local_device_count"
    " local_devices process_count process_index process_indices typeof make_mesh ds"
    " ShapeDtypeStruct P NamedSharding Shard"
)
_REGISTRATIONS: Final = (
    "register_dataclass register_pytree_node register_pytree_node_class register_pytree_with_keys"
    " register_pytree_with_keys_class register_static"
)

PUBLIC_NAMES: Final = PublicNames(
    {
        "jax.numpy": {
            names.NUMPY_ONE: _ARRAY,
            names.NUMPY_SEVERAL: _TENSOR,
            names.NUMPY_ABOUT: PURE_ENTRY,
            "vectorize": _TRANSFORMATION,
            "load fromfile": READS_FILES,
            "get_printoptions": READS_ENVIRONMENT,
            "set_printoptions printoptions": ENVIRONMENT,
        },
        "jax.numpy.linalg": {names.LINALG_ONE: _ARRAY, names.LINALG_SEVERAL: _TENSOR},
        "jax.numpy.fft": {names.FFT: _ARRAY},
        "jax.lax": {
            names.LAX_ONE: _ARRAY,
            names.LAX_SEVERAL: _TENSOR,
            "composite": _TRANSFORMATION,
        },
        "jax.lax.linalg": {names.LAX_LINALG: _TENSOR},
        "jax.nn": {names.NN: _TENSOR},
        "jax.nn.initializers": {
            names.INITIALIZERS: _TRANSFORMATION,
            "ones zeros": _TENSOR,
        },
        "jax.random": {names.RANDOM: _TENSOR},
        "jax.scipy.special": {names.SPECIAL: _TENSOR},
        "jax.scipy.linalg": {names.SCIPY_LINALG: _TENSOR},
        "jax.scipy.signal": {names.SIGNAL: _TENSOR},
        "jax.scipy.fft": {"dct dctn idct idctn": _TENSOR},
        "jax.scipy.ndimage": {"map_coordinates": _TENSOR},
        "jax.scipy.cluster.vq": {"vq": _TENSOR},
        "jax.scipy.integrate": {"trapezoid": _TENSOR},
        "jax.scipy.interpolate": {"RegularGridInterpolator": _TENSOR},
        "jax.scipy.optimize": {"minimize": _TENSOR},
        "jax.scipy.sparse.linalg": {"bicgstab cg gmres": _TENSOR},
        "jax.scipy.spatial.transform": {"Rotation Slerp": _TENSOR},
        "jax.scipy.stats": {"gaussian_kde mode rankdata sem": _TENSOR},
        **{
            f"jax.scipy.stats.{name}": {densities: _TENSOR}
            for distributions, densities in names.DENSITIES.items()
            for name in distributions.split()
        },
        "jax.image": {"resize scale_and_translate ResizeMethod": _TENSOR},
        "jax.ops": {"segment_max segment_min segment_prod segment_sum": _TENSOR},
        "jax.flatten_util": {"ravel_pytree": _TENSOR},
        "jax.dtypes": {
            "canonicalize_dtype issubdtype itemsize_bits result_type scalar_type_of": PURE_ENTRY
        },
        "jax.experimental.sparse": {
            names.SPARSE: _TENSOR,
            "grad jacfwd jacobian jacrev value_and_grad sparsify": _TRANSFORMATION,
        },
        "jax": {
            names.TRANSFORMATIONS: _TRANSFORMATION,
            "device_put make_array_from_callback make_array_from_process_local_data"
            " make_array_from_single_device_arrays reshard pure_callback new_ref empty_ref"
            " softmax_custom_jvp": _TENSOR,
            "block_until_ready device_get copy_to_host_async": _TRANSFER,
            "effects_barrier": replace(SLEEP, strict=None),
            "free_ref freeze": changing((0, "ref")),
            "disable_jit named_scope ensure_compile_time_eval transfer_guard"
            " transfer_guard_device_to_device transfer_guard_device_to_host"
            " transfer_guard_host_to_device": _CONTEXT,
            _DEVICES: PURE_ENTRY,
            "live_arrays": READS_ENVIRONMENT,
            "clear_caches set_mesh": ENVIRONMENT,
            "print_environment_info": PRINTS,
        },
        "jax.custom_batching": {"custom_vmap sequential_vmap": _TRANSFORMATION},
        "jax.custom_derivatives": {
            "linear_call": _TENSOR,
            "custom_vjp_primal_tree_values zero_from_primal": _TENSOR,
        },
        "jax.ad_checkpoint": {"checkpoint_name": _TENSOR, "print_saved_residuals": PRINTS},
        "jax.tree": {names.TREES: _TREE},
        "jax.tree_util": {
            names.TREE_FUNCTIONS: _TREE,
            "Partial": PURE_ENTRY,
            _REGISTRATIONS: ENVIRONMENT,
        },
        "jax.core": {"eval_jaxpr max_dim min_dim": _TENSOR, "ShapedArray": PURE_ENTRY},
        "jax.sharding": {
            "Mesh AbstractMesh NamedSharding PartitionSpec SingleDeviceSharding"
            " get_abstract_mesh make_single_device_sharding": PURE_ENTRY,
            "get_mesh": READS_ENVIRONMENT,
            "auto_axes explicit_axes": _TRANSFORMATION,
            "use_abstract_mesh": _CONTEXT,
        },
        "jax.debug": {
            "callback print log inspect_array_sharding": _CALLBACK,
            "breakpoint": CONSOLE,
            "visualize_array_sharding visualize_sharding": PRINTS,
        },
        "jax.experimental": {"io_callback": _CALLBACK},
        "jax.experimental.jet": {"jet": _TENSOR},
        "jax.experimental.ode": {"odeint": _TENSOR},
        "jax.experimental.pjit": {"pjit": _TRANSFORMATION},
        "jax.experimental.mesh_utils": {"create_device_mesh": PURE_ENTRY},
        "jax.experimental.compute_on": {"compute_on": _CONTEXT},
        "jax.experimental.xla_metadata": {"set_xla_metadata": _CONTEXT},
        "jax.dlpack": {"from_dlpack": _TENSOR, "is_supported_dtype": PURE_ENTRY},
        "jax.ffi": {
            "ffi_call": _TRANSFORMATION,
            "include_dir": PURE_ENTRY,
            "register_ffi_target register_ffi_type": ENVIRONMENT,
        },
        "jax.profiler": {
            "StepTraceAnnotation TraceAnnotation": _CONTEXT,
            "annotate_function": _TRANSFORMATION,
            "start_server start_trace stop_server stop_trace trace device_memory_profile"
            " save_device_memory_profile": ENVIRONMENT,
        },
        "jax.monitoring": {
            "clear_event_listeners record_event record_event_duration_secs record_scalar"
            " register_event_listener": ENVIRONMENT
        },
        "jax.distributed": {
            "initialize shutdown": ENVIRONMENT,
            "is_initialized": READS_ENVIRONMENT,
        },
        "jax.export": {"export deserialize": UNKNOWN},
    }
)

TABLE: Final[Table] = (
    # Classes, by where they live: arrays and tracers, and what functions of JAX return.
    entries(
        "",
        "jaxlib._jax.ArrayImpl jax._src.core.Tracer jax._src.random.prng.PRNGKeyArray"
        " jax.numpy.ufunc jax._src.numpy.array_methods jax._src.api.VJP"
        " jax._src.numpy.scalar_types._ScalarMeta"
        " jax._src.custom_derivatives.custom_jvp jax._src.custom_derivatives.custom_vjp"
        " jax._src.custom_batching.custom_vmap jax._src.tree_util._HashableCallableShim"
        " jax._src.api.linear_transpose jax._src.nn.initializers jax._src.stages.Compiled.__call__"
        " jax.experimental.sparse.bcoo.BCOO jax.experimental.sparse.bcsr.BCSR",
        _TENSOR,
    )
    | entries(
        "jaxlib._jax.ArrayImpl",
        "block_until_ready item tolist __array__ copy_to_host_async",
        _TRANSFER,
    )
    | entries("jaxlib._jax.ArrayImpl", "delete", MUTATOR)
    | entries("", "jaxlib._jax.pytree.PyTreeDef", _TREE)
    | entries("", "jax._src.ad_checkpoint", PURE_ENTRY)  # jax.checkpoint_policies
    | entries("jax._src.custom_derivatives.custom_jvp", "defjvp defjvps", ENVIRONMENT)
    | entries("jax._src.custom_derivatives.custom_vjp", "defvjp", ENVIRONMENT)
    | entries("jax._src.custom_batching.custom_vmap", "def_vmap", ENVIRONMENT)
    | entries("", "jax._src.config.Config", ENVIRONMENT)
    | entries("jax._src.config", "State.__call__", _CONTEXT)
    | entries("jax._src.compute_on", "compute_on", _CONTEXT)
    | entries("jax._src.xla_metadata", "set_xla_metadata", _CONTEXT)
    | entries("", "jax._src.stages", UNKNOWN)
    | entries("", "ml_dtypes._finfo.finfo ml_dtypes._iinfo.iinfo", PURE_ENTRY)
)


def detect(fn: Any) -> Classification | None:
    """Recognise JAX's public functions, and user functions that a JAX transformation returned."""
    if _is_compiled(fn):
        return _TENSOR("a function under jax.jit")
    if (primitive := _bound_primitive(fn)) is not None:
        asks = any(word in primitive for word in _CALLBACK_WORDS)
        return (_CALLBACK if asks else _TENSOR)(f"the primitive {primitive}")
    identity = identify(fn)
    ours = identity.root in _ROOTS
    if ours and (found := PUBLIC_NAMES.find(fn)) is not None:
        path, row = found
        return row(path)
    for owner in identity.owners[1 if identity.is_constructor else 0 : -1]:
        if (found := PUBLIC_NAMES.find(owner)) is not None:
            return found[1].described()(identity.path)
    if isinstance(fn, types.FunctionType) and _is_returned(identity, ours=ours):
        return _TENSOR(f"{identity.name}, which a JAX transformation returned,")
    if not ours:
        return None
    if identity.path in _STAND_INS:
        return _ARRAY(identity.path)
    if identity.is_constructor and identity.module == "jax.numpy":
        return _ARRAY(identity.path)  # jnp.float32(x) builds an array
    if (row := find_callable(TABLE, identity)) is not None:
        return row(identity.path)
    if "<locals>" in identity.name and identity.module.startswith("jax._src."):
        if identity.module not in _CALLING_BACK:
            return _TENSOR(f"{identity.path}, which a function of JAX returned,")
    if identity.module.startswith(("jax._src.", "jaxlib.")) and not isinstance(fn, type):
        # Its source is the machinery of tracing, which no analysis of effects gets to the end of.
        return unknown(f"{identity.path} is private to JAX, and no table says what it does")
    return None


_STAND_INS: Final = frozenset({"jax.numpy._array_operation"})
"""What capture has classified in place of a Python operator on arrays."""

_CALLING_BACK: Final = frozenset({"jax._src.callback", "jax._src.debugging"})

_CALLBACK_WORDS: Final = ("callback", "feed", "debug")
"""Parts of the names of primitives that lead out of array code."""


def _bound_primitive(fn: Any) -> str | None:
    """The name of the primitive that a method `bind` belongs to."""
    if not isinstance(fn, types.MethodType) or fn.__name__ != "bind":
        return None
    primitive: Any = fn.__self__
    owners = (class_path(cls) for cls in type(primitive).__mro__)
    return str(primitive.name) if "jax._src.core.Primitive" in owners else None


def _is_returned(identity: Identity, *, ours: bool) -> bool:
    """Whether it is a function of JAX under the name of the user's function that it wraps."""
    home = identity.code_module
    if home in _CALLING_BACK:
        return False
    return home in _TRANSFORMED or (not ours and home.partition(".")[0] == "jax")


def _is_compiled(fn: Any) -> bool:
    """A function under ``jax.jit`` or ``custom_jvp``, whose own name is the user's."""
    path = class_path(type(fn))
    if path == "jaxlib._jax.PjitFunction":
        return PUBLIC_NAMES.find(fn) is None
    return path.startswith("jax._src.custom_derivatives.custom_") and PUBLIC_NAMES.find(fn) is None
