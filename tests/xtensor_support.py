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


def assert_imported_exactly(fn: Callable[..., Any], *args: Any) -> None:
    """Require what jax.jit gives, from ops alone, whose text says all that they are."""
    module = imported(fn, *args)
    assert primitive_fallback_count(module) == {}
    assert module.is_structurally_equivalent(reparsed(module))
    assert_same_bits(fn, *args)
