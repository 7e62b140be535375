"""Import of jaxprs: each equation becomes an op of the xtensor dialect.

Calls (jit, custom_jvp, custom_vjp, checkpoint) are inlined. A primitive with no op of its own
becomes ``xtensor.primitive``, which holds the StableHLO that JAX lowers that one equation to.
Random keys are arrays of 32-bit words in the IR, as they are in memory.
"""

from __future__ import annotations

import os
import sysconfig
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from types import CodeType
from typing import Any, TypeAlias, cast

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import jaxlib
import numpy as np
from jax.core import ShapedArray
from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import (
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    FileLineColLoc,
    IntAttr,
    IntegerAttr,
    IntegerType,
    LocationAttr,
    Signedness,
    StringAttr,
    TensorType,
    UnitAttr,
    UnknownLoc,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.xtensor import dims_attr, kind_of, tensor_type


class UnsupportedJaxpr(NotImplementedError):
    """The jaxpr cannot be expressed in the tensor dialect; the caller runs it through JAX."""


class UnsupportedEffect(UnsupportedJaxpr):
    """The jaxpr has a side effect, such as printing, a callback, or a mutable array."""


class UnsupportedType(UnsupportedJaxpr):
    """A value of the jaxpr has a type that the tensor dialect does not have."""


# --- Types ----------------------------------------------------------------------------------------


def _unsigned(width: int) -> IntegerType:
    return IntegerType(width, Signedness.UNSIGNED)


_ELEMENT_TYPES: dict[Any, Attribute] = {
    np.dtype(dtype): element
    for dtype, element in (
        (np.bool_, i1),
        (jnp.int4, IntegerType(4)),
        (np.int8, IntegerType(8)),
        (np.int16, IntegerType(16)),
        (np.int32, IntegerType(32)),
        (np.int64, i64),
        (jnp.uint4, _unsigned(4)),
        (np.uint8, _unsigned(8)),
        (np.uint16, _unsigned(16)),
        (np.uint32, _unsigned(32)),
        (np.uint64, _unsigned(64)),
        (jnp.bfloat16, bf16),
        (np.float16, f16),
        (np.float32, f32),
        (np.float64, f64),
        (np.complex64, ComplexType(f32)),
        (np.complex128, ComplexType(f64)),
    )
}


_DTYPES = {element: dtype for dtype, element in _ELEMENT_TYPES.items()}

_WIDE_DTYPES = frozenset(map(np.dtype, (np.int64, np.uint64, np.float64, np.complex128)))
"""The dtypes that exist in JAX's 64-bit mode only."""


def aval_to_type(aval: Any) -> TensorType:
    """Return the tensor type of an abstract value; a random key's is that of its words.

    Raises:
        UnsupportedType: if the value is no array, or of a dtype that the dialect does not have.
    """
    try:
        return _array_type(aval.shape, aval.dtype)
    except AttributeError:
        raise UnsupportedType(f"a value of type {aval} is not an array") from None


def type_to_aval(tensor: Attribute) -> ShapedArray:
    """Return the abstract value of a tensor type; a random key's words stay words.

    Raises:
        UnsupportedType: if the type is no tensor, or of elements that JAX does not have.
    """
    if isinstance(tensor, TensorType) and tensor.element_type in _DTYPES:
        return ShapedArray(tensor.get_shape(), _DTYPES[tensor.element_type])
    raise UnsupportedType(f"JAX has no arrays of type {tensor}")


@lru_cache(maxsize=4096)
def _array_type(shape: tuple[int, ...], dtype: Any) -> TensorType:
    if (element := _ELEMENT_TYPES.get(dtype)) is None:
        if not jnp.issubdtype(dtype, jax.dtypes.prng_key):
            raise UnsupportedType(f"arrays of dtype {dtype} are not supported")
        words = _key_words(shape, dtype)
        return _array_type(words.shape, words.dtype)
    if not all(isinstance(size, int) for size in shape):
        raise UnsupportedType(f"shape {shape} is not static")
    return tensor_type(shape, element)


def _is_key(aval: Any) -> bool:
    """Whether the value is a random key; numpy has no dtype for one."""
    return not isinstance(aval.dtype, np.dtype)


def _key_words(shape: tuple[int, ...], dtype: Any) -> jax.ShapeDtypeStruct:
    """Return the shape and dtype of the words of an array of random keys."""
    return cast(
        jax.ShapeDtypeStruct,
        jax.eval_shape(jax.random.key_data, jax.ShapeDtypeStruct(shape, dtype)),
    )


@cache
def _key_impl(dtype: Any) -> Any:
    """Return the generator that a random key's dtype belongs to."""
    found: list[Any] = []
    jax.eval_shape(
        lambda key: found.append(jax.random.key_impl(key)), jax.ShapeDtypeStruct((), dtype)
    )
    return found[0]


def _is_literal(atom: Any) -> bool:
    return isinstance(atom, jex.Literal)


def _has_keys(eqn: Any) -> bool:
    """Whether an equation takes or gives random keys."""
    return any(map(_holds_key, eqn.invars)) or any(map(_holds_key, eqn.outvars))


def _holds_key(atom: Any) -> bool:
    return _is_key(atom.aval)


# --- Source locations -----------------------------------------------------------------------------

_STDLIB = os.path.join(sysconfig.get_path("stdlib"), "")
_PACKAGES = tuple(
    os.path.join(os.path.dirname(path), "")
    for path in (cast(str, jax.__file__), cast(str, jaxlib.__file__), os.path.dirname(__file__))
)


@cache
def _is_user_file(filename: str) -> bool:
    if filename.startswith(_PACKAGES) or filename.startswith("<frozen "):
        return False
    return not filename.startswith(_STDLIB) or "site-packages" in filename


@lru_cache(maxsize=4096)
def _frame_location(traceback_type: Any, code: CodeType, offset: int) -> FileLineColLoc:
    line, column, _, _ = traceback_type.code_addr2location(code, offset)
    # Python counts columns from zero, compilers and editors from one.
    return FileLineColLoc(StringAttr(code.co_filename), IntAttr(line), IntAttr(column + 1))


_UNKNOWN = UnknownLoc()


def _location(traceback: Any) -> LocationAttr:
    """Return the innermost line of the user's own code in the traceback of an equation."""
    if traceback is None:
        return _UNKNOWN
    codes, offsets = traceback.raw_frames()
    for code, offset in zip(codes, offsets, strict=True):
        if _is_user_file(code.co_filename):
            return _frame_location(type(traceback), code, offset)
    return _UNKNOWN


# --- One equation through JAX ---------------------------------------------------------------------


def _stablehlo_of(eqn: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    """Return the StableHLO module of one equation, as a function from ``inputs`` to ``outputs``."""
    try:
        key = _EquationKey(eqn, inputs, outputs)
    except TypeError:  # a param is not hashable
        return _lower_equation(eqn, inputs, outputs)
    return _cached_stablehlo(key)


class _EquationKey:
    """An equation up to the names of its variables, in the settings under which it is lowered."""

    __slots__ = ("_hash", "eqn", "inputs", "key", "outputs")

    def __init__(self, eqn: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.eqn, self.inputs, self.outputs = eqn, inputs, outputs
        self.key = (
            eqn.primitive,
            tuple(eqn.params.items()),
            tuple(
                (v.aval.shape, v.aval.dtype, np.asarray(v.val).tobytes())
                if _is_literal(v)
                else (inputs.index(v), v.aval.shape, v.aval.dtype)
                for v in eqn.invars
            ),
            tuple(v in outputs for v in eqn.outvars),
            jax.default_backend(),
            jax.config.jax_enable_x64,  # pyright: ignore[reportAttributeAccessIssue]
            jax.config.jax_default_matmul_precision,  # pyright: ignore[reportAttributeAccessIssue]
            jax.config.jax_threefry_partitionable,  # pyright: ignore[reportAttributeAccessIssue]
        )
        self._hash = hash(self.key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _EquationKey) and self.key == other.key


@lru_cache(maxsize=512)
def _cached_stablehlo(key: _EquationKey) -> str:
    return _lower_equation(key.eqn, key.inputs, key.outputs)


def _lower_equation(eqn: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    body = jex.jaxpr_as_fun(
        jex.ClosedJaxpr(
            jex.Jaxpr(
                constvars=(),
                invars=inputs,
                outvars=outputs,
                eqns=[eqn],
                debug_info=jex.DebugInfo(
                    "xtensor.primitive",
                    eqn.primitive.name,
                    arg_names=None,
                    result_paths=None,
                ),
            ),
            (),
        )
    )
    impls = [_key_impl(v.aval.dtype) if _is_key(v.aval) else None for v in inputs]

    def equation(*words: jax.Array) -> list[jax.Array]:
        args = [
            word if impl is None else jax.random.wrap_key_data(word, impl=impl)
            for word, impl in zip(words, impls, strict=True)
        ]
        return [jax.random.key_data(value) if _is_key(value) else value for value in body(*args)]

    avals: list[Any] = [v.aval for v in (*inputs, *outputs)]
    wide = any(aval.dtype in _WIDE_DTYPES for aval in avals)
    operands = [
        _key_words(v.aval.shape, v.aval.dtype)
        if _is_key(v.aval)
        else jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype)
        for v in inputs
    ]
    # The jaxpr may have been made in 64-bit mode, which may be off by now.
    with jax.enable_x64(wide or jax.config.jax_enable_x64):  # pyright: ignore[reportAttributeAccessIssue]
        return jax.jit(equation, keep_unused=True).lower(*operands).as_text()


# --- Rules ----------------------------------------------------------------------------------------

Rule: TypeAlias = Callable[
    ["_Importer", Any, Sequence[SSAValue], Sequence[TensorType]], Sequence[SSAValue] | None
]
"""Import an equation, given its operands and result types; None where the op lacks its params."""

_RULES: dict[str, Rule] = {}


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for name in names:
            _RULES[name] = rule
        return rule

    return register


_ELEMENTWISE: dict[str, type[xtensor.UnaryOp | xtensor.BinaryOp]] = {
    op.name.removeprefix("xtensor."): op
    for op in xtensor.OPERATIONS
    if issubclass(op, xtensor.UnaryOp | xtensor.BinaryOp)
    and not op.get_irdl_definition().properties
} | {"add_any": xtensor.AddOp}

_REDUCTIONS: dict[str, type[xtensor.ReductionOp]] = {
    op.name.removeprefix("xtensor."): op
    for op in xtensor.OPERATIONS
    if issubclass(op, xtensor.ReductionOp)
}

_INLINED = {
    "call": "call_jaxpr",
    "checkpoint": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "jit": "jaxpr",
    "remat2": "jaxpr",
}
"""Primitives that call a jaxpr, and the param that holds it."""


@cache
def _takes(op: type[xtensor.ElementwiseOp] | type[xtensor.ReductionOp], element: Attribute) -> bool:
    return bool(op.kinds() & kind_of(element))


@cache
def _int_attr(value: int) -> IntegerAttr:
    return IntegerAttr(value, i64)


def _import_elementwise(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    op = _ELEMENTWISE[eqn.primitive.name]
    if eqn.params and any(value is not None for value in eqn.params.values()):
        return None
    shape = eqn.outvars[0].aval.shape
    if len(operands) == 2:
        operands = [
            value if v.aval.shape == shape else importer.broadcast(value, shape)
            for v, value in zip(eqn.invars, operands, strict=True)
        ]
    if not _takes(op, cast(TensorType, operands[0].type).element_type):
        return None
    return importer.emit(op, operands, results)


for _name in _ELEMENTWISE:
    _RULES[_name] = _import_elementwise


@_rule("conj")
def _conj(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    return importer.emit(xtensor.ConjOp, operands, results)


@_rule("pow")
def _pow(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    base, exponent = operands
    element = results[0].element_type
    if cast(TensorType, exponent.type).element_type != element:
        converted = tensor_type(cast(TensorType, exponent.type).get_shape(), element)
        (exponent,) = importer.emit(xtensor.ConvertElementTypeOp, [exponent], [converted])
    shape = results[0].get_shape()
    return importer.emit(
        xtensor.PowOp,
        [importer.broadcast(base, shape), importer.broadcast(exponent, shape)],
        results,
    )


@_rule("round")
def _round(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    even = eqn.params["rounding_method"] is jax.lax.RoundingMethod.TO_NEAREST_EVEN
    method = (
        xtensor.RoundingMethod.TO_NEAREST_EVEN if even else xtensor.RoundingMethod.AWAY_FROM_ZERO
    )
    return importer.emit(
        xtensor.RoundOp,
        operands,
        results,
        {"rounding_method": xtensor.RoundingMethodAttr(method)},
    )


@_rule("integer_pow")
def _integer_pow(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    return importer.emit(xtensor.IntegerPowOp, operands, results, {"y": _int_attr(eqn.params["y"])})


@_rule("reduce_precision")
def _reduce_precision(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    properties = {name: _int_attr(int(bits)) for name, bits in eqn.params.items()}
    return importer.emit(xtensor.ReducePrecisionOp, operands, results, properties)


@_rule("convert_element_type")
def _convert_element_type(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    if _is_sharded(eqn.params["sharding"]):
        return None
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.ConvertElementTypeOp, operands, results)


@_rule("bitcast_convert_type")
def _bitcast_convert_type(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.BitcastConvertTypeOp, operands, results)


@_rule("select_n")
def _select_n(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    return importer.emit(xtensor.SelectNOp, operands, results)


@_rule("clamp")
def _clamp(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    if not _takes(xtensor.MaxOp, results[0].element_type):
        return None
    return importer.emit(xtensor.ClampOp, operands, results)


@_rule("copy", "copy_p", "name", "pvary", "stop_gradient")
def _identity(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    return operands


@_rule("random_wrap", "random_unwrap")
def _same_words(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    # A key and its words are one tensor in the IR.
    return operands


_PRECISIONS = {
    jax.lax.Precision.DEFAULT: xtensor.Precision.DEFAULT,
    jax.lax.Precision.HIGH: xtensor.Precision.HIGH,
    jax.lax.Precision.HIGHEST: xtensor.Precision.HIGHEST,
}


@_rule("dot_general")
def _dot_general(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    params = eqn.params
    lhs, rhs = (v.aval for v in eqn.invars)
    if _is_sharded(params["out_sharding"]) or lhs.dtype != rhs.dtype:
        return None
    (lhs_contracting, rhs_contracting), (lhs_batch, rhs_batch) = params["dimension_numbers"]
    properties: dict[str, Attribute] = {
        "lhs_batch": dims_attr(tuple(lhs_batch)),
        "rhs_batch": dims_attr(tuple(rhs_batch)),
        "lhs_contracting": dims_attr(tuple(lhs_contracting)),
        "rhs_contracting": dims_attr(tuple(rhs_contracting)),
    }
    precision = params["precision"]
    if precision is not None:
        pair = precision if isinstance(precision, tuple) else (precision, precision)
        for name, value in zip(("lhs_precision", "rhs_precision"), pair, strict=True):
            if value not in _PRECISIONS:
                return None
            properties[name] = xtensor.PrecisionAttr(_PRECISIONS[value])
    return importer.emit(xtensor.DotGeneralOp, operands, results, properties)


def _import_reduction(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    op = _REDUCTIONS[eqn.primitive.name]
    if _is_sharded(eqn.params.get("out_sharding")):
        return None
    if not _takes(op, cast(TensorType, operands[0].type).element_type):
        return None
    return importer.emit(op, operands, results, {"axes": dims_attr(tuple(eqn.params["axes"]))})


for _name in _REDUCTIONS:
    _RULES[_name] = _import_reduction


@_rule("reshape")
def _reshape(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    if eqn.params["dimensions"] is not None or _is_sharded(eqn.params["sharding"]):
        return None
    if operands[0].type == results[0]:
        return operands
    return importer.emit(xtensor.ReshapeOp, operands, results)


@_rule("broadcast_in_dim")
def _broadcast_in_dim(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    if len(operands) != 1 or _is_sharded(eqn.params["sharding"]):
        return None
    if operands[0].type == results[0]:
        return operands
    dims = dims_attr(tuple(eqn.params["broadcast_dimensions"]))
    return importer.emit(
        xtensor.BroadcastInDimOp, operands, results, {"broadcast_dimensions": dims}
    )


def _dims_rule(name: str, op: type[Operation], *params: str) -> None:
    """Register the rule of a primitive whose params are dimensions, and are the op's properties."""

    def rule(
        importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
    ) -> Sequence[SSAValue] | None:
        properties: dict[str, Attribute] = {}
        for param in params:
            value = eqn.params[param]
            if isinstance(value, int):
                properties[param] = _int_attr(value)
            else:
                properties[param] = dims_attr(tuple(int(dim) for dim in value))
        return importer.emit(op, operands, results, properties)

    _RULES[name] = rule


_dims_rule("transpose", xtensor.TransposeOp, "permutation")
_dims_rule("squeeze", xtensor.SqueezeOp, "dimensions")
_dims_rule("rev", xtensor.RevOp, "dimensions")
_dims_rule("concatenate", xtensor.ConcatenateOp, "dimension")
_dims_rule("stack", xtensor.StackOp, "axis")
_dims_rule("unstack", xtensor.UnstackOp, "axis")
_dims_rule("split", xtensor.SplitOp, "sizes", "axis")
_dims_rule("tile", xtensor.TileOp, "reps")
_dims_rule("dynamic_slice", xtensor.DynamicSliceOp, "slice_sizes")
_dims_rule("dynamic_update_slice", xtensor.DynamicUpdateSliceOp)
_dims_rule("optimization_barrier", xtensor.OptimizationBarrierOp)


@_rule("slice")
def _slice(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    starts = tuple(eqn.params["start_indices"])
    return importer.emit(
        xtensor.SliceOp,
        operands,
        results,
        {
            "start_indices": dims_attr(starts),
            "limit_indices": dims_attr(tuple(eqn.params["limit_indices"])),
            "strides": dims_attr(tuple(eqn.params["strides"] or (1,) * len(starts))),
        },
    )


@_rule("pad")
def _pad(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    config = eqn.params["padding_config"]
    properties: dict[str, Attribute] = {
        name: dims_attr(tuple(int(padding[i]) for padding in config))
        for i, name in enumerate(("low", "high", "interior"))
    }
    return importer.emit(xtensor.PadOp, operands, results, properties)


@_rule("gather")
def _gather(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    params = eqn.params
    # StableHLO clamps indices, which is what CLIP asks for, and what PROMISE_IN_BOUNDS allows.
    modes = jax.lax.GatherScatterMode.CLIP, jax.lax.GatherScatterMode.PROMISE_IN_BOUNDS
    if params["mode"] not in modes or 0 in results[0].get_shape():
        return None
    numbers = params["dimension_numbers"]
    properties: dict[str, Attribute] = {
        name: dims_attr(tuple(getattr(numbers, name)))
        for name in (
            "offset_dims",
            "collapsed_slice_dims",
            "start_index_map",
            "operand_batching_dims",
            "start_indices_batching_dims",
        )
    }
    properties["slice_sizes"] = dims_attr(tuple(params["slice_sizes"]))
    if params["indices_are_sorted"]:
        properties["indices_are_sorted"] = UnitAttr()
    return importer.emit(xtensor.GatherOp, operands, results, properties)


@_rule("iota")
def _iota(
    importer: _Importer, eqn: Any, operands: Sequence[SSAValue], results: Sequence[TensorType]
) -> Sequence[SSAValue] | None:
    if operands or _is_sharded(eqn.params["sharding"]):
        return None
    return importer.emit(
        xtensor.IotaOp, operands, results, {"dimension": _int_attr(eqn.params["dimension"])}
    )


# --- The importer ---------------------------------------------------------------------------------


class _Importer:
    """Makes ops of the equations of a jaxpr, and of those that it calls, in order."""

    def __init__(self, constants: dict[int, SSAValue]) -> None:
        self.ops: list[Operation] = []
        self.location: LocationAttr = _UNKNOWN
        # The equations of a layer that is called in a loop have equal tracebacks each time.
        self._locations: dict[Any, LocationAttr] = {}
        self._array_constants = constants
        self._constants: dict[tuple[Any, bytes], SSAValue] = {}

    def emit(
        self,
        op: type[Operation],
        operands: Sequence[SSAValue],
        results: Sequence[TensorType],
        properties: Mapping[str, Attribute] = {},
    ) -> Sequence[SSAValue]:
        """Append an op, unchecked: the equation has passed JAX's own type rules."""
        created = create_op(op, operands, results, properties, self.location)
        self.ops.append(created)
        return created.results

    def broadcast(self, value: SSAValue, shape: tuple[int, ...]) -> SSAValue:
        """Return the value in the given shape, by the rule of lax's elementwise primitives."""
        source = cast(TensorType, value.type)
        if source.get_shape() == shape:
            return value
        # Each use gets a broadcast of its own, as in JAX's lowering: where one is shared, XLA fuses
        # differently, and gradients come out other in the last bit.
        (result,) = self.emit(
            xtensor.BroadcastInDimOp,
            [value],
            [tensor_type(shape, source.element_type)],
            {"broadcast_dimensions": dims_attr(tuple(range(source.get_num_dims())))},
        )
        return result

    def constant(self, value: np.ndarray) -> SSAValue:
        """Return a scalar constant, bit for bit."""
        data = value.tobytes()
        key = (value.dtype, data)
        if (known := self._constants.get(key)) is None:
            result = _array_type(value.shape, value.dtype)
            if value.dtype == np.bool_:
                data = (-value.view(np.int8)).tobytes()  # xDSL sets all bits of true
            attribute = DenseIntOrFPElementsAttr(cast(Any, result), BytesAttr(data))
            (known,) = self.emit(xtensor.ConstantOp, [], [result], {"value": attribute})
            self._constants[key] = known
        return known

    def closed_constant(self, value: Any) -> SSAValue:
        """Return a value that a jaxpr closes over: a kernel argument, or a scalar constant."""
        if (known := self._array_constants.get(id(value))) is not None:
            return known
        return self.constant(np.asarray(value))

    def run(
        self,
        jaxpr: Any,
        args: Sequence[SSAValue],
        consts: Sequence[SSAValue],
        used: Sequence[bool] | None = None,
    ) -> list[SSAValue | None]:
        """Append the equations of an open jaxpr that its used results need; return those results.

        JAX drops dead equations before it lowers, too: differentiation leaves many behind.
        """
        live = _live_variables(jaxpr, used)
        env: dict[Any, SSAValue] = dict(zip(jaxpr.constvars, consts, strict=True))
        env.update(zip(jaxpr.invars, args, strict=True))
        for eqn in jaxpr.eqns:
            outputs = [v for v in eqn.outvars if v in live]
            if outputs:
                self.location = self.locate(eqn.source_info.traceback)
                self.equation(eqn, env, outputs)
        flags = used or [True] * len(jaxpr.outvars)
        return [
            self.read(env, atom) if keep else None
            for atom, keep in zip(jaxpr.outvars, flags, strict=True)
        ]

    def locate(self, traceback: Any) -> LocationAttr:
        """Return the location of a traceback."""
        if (known := self._locations.get(traceback)) is None:
            known = self._locations[traceback] = _location(traceback)
        return known

    def read(self, env: dict[Any, SSAValue], atom: Any) -> SSAValue:
        """Return the value of a variable or a literal."""
        if _is_literal(atom):
            return self.constant(np.asarray(atom.val, dtype=atom.aval.dtype))
        return env[atom]

    def equation(self, eqn: Any, env: dict[Any, SSAValue], outputs: Sequence[Any]) -> None:
        """Append one equation by its rule, or through JAX; set the variables ``outputs``."""
        name = eqn.primitive.name
        values: Sequence[SSAValue | None] | None = None
        if (param := _INLINED.get(name)) is not None and not _has_shardings(eqn.params):
            values = self.call(eqn, env, eqn.params[param], outputs)
        elif (rule := _RULES.get(name)) is not None and (rule is _same_words or not _has_keys(eqn)):
            operands = [self.read(env, atom) for atom in eqn.invars]
            values = rule(self, eqn, operands, [aval_to_type(v.aval) for v in eqn.outvars])
        if values is None:
            env.update(zip(outputs, self.primitive(eqn, env, outputs), strict=True))
            return
        for v, value in zip(eqn.outvars, values, strict=True):
            if value is not None:
                env[v] = value

    def call(
        self, eqn: Any, env: dict[Any, SSAValue], callee: Any, outputs: Sequence[Any]
    ) -> list[SSAValue | None]:
        """Append the equations of the jaxpr that an equation calls."""
        args = [self.read(env, atom) for atom in eqn.invars]
        used = [v in outputs for v in eqn.outvars]
        if not isinstance(callee, jex.ClosedJaxpr):
            return self.run(callee, args, (), used)
        consts = [self.closed_constant(value) for value in callee.consts]
        return self.run(callee.jaxpr, args, consts, used)

    def primitive(
        self, eqn: Any, env: dict[Any, SSAValue], outputs: Sequence[Any]
    ) -> Sequence[SSAValue]:
        """Append an equation as the StableHLO that JAX lowers it to; literals stay inside."""
        inputs = list(dict.fromkeys(v for v in eqn.invars if not _is_literal(v)))
        return self.emit(
            xtensor.PrimitiveOp,
            [env[v] for v in inputs],
            [aval_to_type(v.aval) for v in outputs],
            {
                "name": StringAttr(eqn.primitive.name),
                "stablehlo": StringAttr(_stablehlo_of(eqn, inputs, outputs)),
            },
        )


def _live_variables(jaxpr: Any, used: Sequence[bool] | None) -> set[Any]:
    """Return the variables that the used results of a jaxpr depend on."""
    flags = used or [True] * len(jaxpr.outvars)
    live = {v for v, keep in zip(jaxpr.outvars, flags, strict=True) if keep and not _is_literal(v)}
    for eqn in reversed(jaxpr.eqns):
        if not live.isdisjoint(eqn.outvars):
            live.update(v for v in eqn.invars if not _is_literal(v))
    return live


def _describe_effects(what: str, effects: Any) -> str:
    names = ", ".join(sorted(str(effect) for effect in effects))
    return f"{what} has side effects ({names}), and a kernel may not have any"


def _is_sharded(sharding: Any) -> bool:
    """Whether a param asks for a sharding over a mesh; JAX notes the empty mesh as well."""
    if isinstance(sharding, jax.sharding.NamedSharding):
        return not sharding.mesh.empty
    return isinstance(sharding, jax.sharding.Sharding)


def _has_shardings(params: dict[str, Any]) -> bool:
    """Whether a call asks for shardings, which inlining would drop."""
    return any(
        map(_is_sharded, (*params.get("in_shardings", ()), *params.get("out_shardings", ())))
    )


# --- The interface --------------------------------------------------------------------------------


def array_constants(jaxpr: jex.ClosedJaxpr) -> list[Any]:
    """Return the arrays that a jaxpr, or one that it calls, closes over, without scalars.

    They are the leading operands of the imported code: a large array never becomes IR.
    """
    found: dict[int, Any] = {}
    _collect_constants(jaxpr, found)
    return list(found.values())


def _collect_constants(jaxpr: jex.ClosedJaxpr, found: dict[int, Any]) -> None:
    for value in jaxpr.consts:
        if np.shape(value) or jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
            found.setdefault(id(value), value)
    _collect_called_constants(jaxpr.jaxpr, found)


def _collect_called_constants(jaxpr: Any, found: dict[int, Any]) -> None:
    for eqn in jaxpr.eqns:
        if (param := _INLINED.get(eqn.primitive.name)) is not None:
            callee = eqn.params[param]
            if isinstance(callee, jex.ClosedJaxpr):
                _collect_constants(callee, found)
            else:
                _collect_called_constants(callee, found)


def with_constant_inputs(jaxpr: jex.ClosedJaxpr) -> jex.ClosedJaxpr:
    """Return a jaxpr of the same inputs as its imported function: array constants come first.

    The constants stay closed over as well, so the values of the new inputs are not looked at.
    """
    constants = [jex.Var(jax.typeof(value)) for value in array_constants(jaxpr)]
    if not constants:
        return jaxpr
    body = jaxpr.jaxpr
    return jex.ClosedJaxpr(body.replace(invars=[*constants, *body.invars]), jaxpr.consts)


def inline_jaxpr(
    jaxpr: jex.ClosedJaxpr,
    builder: Builder,
    args: Sequence[SSAValue],
    consts: Sequence[SSAValue],
) -> list[SSAValue]:
    """Append the equations of a jaxpr as xtensor ops; return its results.

    Args:
        jaxpr: what to import.
        builder: where to put the ops.
        args: one value for each input of the jaxpr.
        consts: one value for each of ``array_constants(jaxpr)``.

    Raises:
        UnsupportedEffect: if an equation has a side effect.
        UnsupportedType: if a value is of a type that the tensor dialect does not have.
    """
    if jaxpr.effects:
        raise UnsupportedEffect(_describe_effects("the function", jaxpr.effects))
    if (callback := _find_callback(jaxpr.jaxpr)) is not None:
        raise UnsupportedEffect(f"{callback} calls back into Python")
    arrays = array_constants(jaxpr)
    known = {id(value): ssa for value, ssa in zip(arrays, consts, strict=True)}
    importer = _Importer(known)
    try:
        closed = [importer.closed_constant(value) for value in jaxpr.consts]
        results = cast(list[SSAValue], importer.run(jaxpr.jaxpr, args, closed))
    except UnsupportedJaxpr:
        # Leave no uses of the caller's values behind.
        for op in reversed(importer.ops):
            op.erase()
        raise
    builder.insert(importer.ops)
    return results


_CALLBACKS = frozenset({"pure_callback", "io_callback", "debug_callback"})
"""Primitives whose lowering holds a Python function, which no text can keep alive."""


def _find_callback(jaxpr: Any) -> str | None:
    """The name of the first callback primitive in a jaxpr or in those that it contains."""
    for eqn in jaxpr.eqns:
        if eqn.primitive.name in _CALLBACKS:
            return eqn.primitive.name
        for value in eqn.params.values():
            for part in value if isinstance(value, list | tuple) else (value,):
                inner = getattr(part, "jaxpr", part)
                if hasattr(inner, "eqns") and (found := _find_callback(inner)) is not None:
                    return found
    return None


def hoist_constants(jaxpr: jex.ClosedJaxpr) -> tuple[jex.ClosedJaxpr, list[Any]]:
    """Return the jaxpr with what it closes over as leading inputs, and the values for these.

    The values may be tracers of an outer transformation, which sees them as operands then.
    """
    body = jaxpr.jaxpr
    opened = body.replace(constvars=[], invars=[*body.constvars, *body.invars])
    return jex.ClosedJaxpr(opened, []), list(jaxpr.consts)


def import_function(jaxpr: jex.ClosedJaxpr, name: str) -> tuple[func.FuncOp, list[Any]]:
    """Return a private function of xtensor ops, and the arrays for its leading arguments.

    The function takes the jaxpr's array constants, then its inputs.

    Raises:
        UnsupportedEffect: if an equation has a side effect.
        UnsupportedType: if a value is of a type that the tensor dialect does not have.
    """
    constants = array_constants(jaxpr)
    avals = [*(jax.typeof(value) for value in constants), *jaxpr.in_avals]
    inputs = [aval_to_type(aval) for aval in avals]
    block = Block(arg_types=inputs)
    arguments = block.args
    results = inline_jaxpr(
        jaxpr,
        Builder(InsertPoint.at_end(block)),
        arguments[len(constants) :],
        arguments[: len(constants)],
    )
    block.add_op(func.ReturnOp(*results))
    outputs = [result.type for result in results]
    function = func.FuncOp(name, (inputs, outputs), Region(block), visibility="private")
    return function, constants


def primitive_fallback_count(module: Operation) -> dict[str, int]:
    """Count, by JAX primitive, the ops that stand for a primitive without an op of its own."""
    return dict(
        Counter(op.primitive.data for op in module.walk() if isinstance(op, xtensor.PrimitiveOp))
    )
