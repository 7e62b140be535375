"""What the tests of the tensor dialect share: import a function, lower it, run it, compare bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from xcs.dialects.stablehlo.print import kernel_text
from xcs.dialects.xtensor import XTensor
from xcs.frontend.jaxpr_import import (
    import_function,
    primitive_fallback_count,
    with_constant_inputs,
)
from xcs.kernels import Kernel, executable
from xcs.transforms.convert_xtensor_to_stablehlo import ConvertXTensorToStableHLO
from xcs.transforms.evaluation import CannotEvaluate, Interpreter


def imported(fn: Callable[..., Any], *args: Any) -> ModuleOp:
    """Return a verified module that holds the imported function."""
    function, _ = import_function(jax.make_jaxpr(fn)(*args), "f")
    module = ModuleOp([function])
    module.verify()
    return module


def op_names(module: ModuleOp) -> list[str]:
    """Return the names of the tensor ops of a module, those in regions too, in order."""
    return [op.name for op in module.walk() if op.name.startswith("xtensor.")]


def reparsed(module: ModuleOp) -> ModuleOp:
    """Return what the module's text says."""
    from xdsl.dialects import builtin, func

    context = Context()
    for dialect in (builtin.Builtin, func.Func, XTensor):
        context.load_dialect(dialect)
    return Parser(context, str(module)).parse_module()


def run_imported(fn: Callable[..., Any], *args: Any) -> list[Any]:
    """Import the function of arrays, lower it to StableHLO text, and run that."""
    jaxpr = jax.make_jaxpr(fn)(*args)
    function, constants = import_function(jaxpr, "f")
    module = ModuleOp([function])
    module.verify()
    ConvertXTensorToStableHLO(jax.default_backend()).apply(Context(), module)
    module.verify()
    opened = with_constant_inputs(jaxpr)
    kernel = Kernel(
        "f", kernel_text(function), tuple(opened.in_avals), tuple(opened.out_avals), opened
    )
    return executable(kernel)(*constants, *args)


STEPS = 3_000
"""Ops that the interpreter evaluates of a function before it is left to XLA alone."""


def run_interpreted(fn: Callable[..., Any], *args: Any) -> list[list[Any]]:
    """Import the function and evaluate its ops in NumPy; nothing where that cannot be done.

    Once with the smallest numbers as they are, and once with zeros for them, as many of XLA's
    functions take them on CPUs.
    """
    function, constants = import_function(jax.make_jaxpr(fn)(*args), "f")
    leaves = [words(jnp.asarray(value)) for value in (*constants, *jax.tree.leaves(args))]
    try:
        return [
            Interpreter(steps=STEPS).function(function, given)
            for given in (leaves, list(map(_flushed, leaves)))
        ]
    except CannotEvaluate:
        return []


def _has_tiny(leaf: Any) -> bool:
    array = words(jnp.asarray(leaf))
    return bool(np.any((array != 0) & (_flushed(array) == 0)))


def _flushed(array: np.ndarray) -> np.ndarray:
    if array.dtype not in (np.float32, np.float64):
        return array
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, np.copysign(0, array), array)


WITHOUT_SPECIALS = ("float8_e8m0fnu", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn")
"""Types without zeros, signs or NaNs: what they hold of what they do not have is nobody's."""


def assert_interpreted_alike(fn: Callable[..., Any], args: Any, expected: list[Any]) -> None:
    """Require that the interpreter gives what XLA gives, but for rounding."""
    leaves = jax.tree.leaves(args)
    if any(getattr(leaf, "dtype", None) in WITHOUT_SPECIALS for leaf in leaves):
        return
    if len(leaves) > 1 and any(map(_has_tiny, leaves)):
        return  # some of XLA's functions take one operand's smallest numbers for zero
    runs = run_interpreted(fn, *args)
    for place, value in enumerate(map(words, expected) if runs else ()):
        results = [run[place] for run in runs]
        assert {(r.dtype, r.shape) for r in results} == {(value.dtype, value.shape)}
        same = np.logical_or.reduce([_is_near(result, value) for result in results])
        assert same.all(), f"result {place}, interpreted: {results[0]} != {value}"


def _is_near(one: np.ndarray, other: np.ndarray) -> Any:
    """Where elements are equal, but for rounding."""
    if not jnp.issubdtype(other.dtype, jnp.inexact):
        return one == other
    wide = np.complex128 if jnp.issubdtype(other.dtype, jnp.complexfloating) else np.float64
    eps, one, other = float(jnp.finfo(other.dtype).eps), one.astype(wide), other.astype(wide)
    near = (2000 if eps < 1e-4 else 4) * eps
    scale = float(np.abs(other[np.isfinite(other)]).max(initial=1.0))
    return np.isclose(one, other, near, near / 10 * scale, equal_nan=True)


def words(value: Any) -> np.ndarray:
    """Return an array's data; that of random keys are their words."""
    is_key = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(value) if is_key else value)


def assert_same_bits(fn: Callable[..., Any], *args: Any) -> None:
    """Require what jax.jit gives, bit for bit."""
    results = run_imported(fn, *args)
    expected = jax.tree.leaves(jax.jit(fn)(*args))
    assert len(results) == len(expected)
    for place, (result, value) in enumerate(
        zip(map(words, results), map(words, expected), strict=True)
    ):
        assert (result.dtype, result.shape) == (value.dtype, value.shape)
        same = result.tobytes() == value.tobytes()
        assert same, f"result {place}: {result} != {value}"
    assert_interpreted_alike(fn, args, expected)


def assert_imported_exactly(fn: Callable[..., Any], *args: Any) -> None:
    """Require what jax.jit gives, from ops alone, whose text says all that they are."""
    module = imported(fn, *args)
    assert primitive_fallback_count(module) == {}
    assert module.is_structurally_equivalent(reparsed(module))
    assert_same_bits(fn, *args)
