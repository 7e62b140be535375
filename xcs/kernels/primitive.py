"""The JAX primitive `xcs_kernel`: an array function given as StableHLO text.

The lowering rule puts the text into the module that `jax.jit` is building, so a kernel dispatches
through JAX's C++ path, runs on every JAX backend, and nests in all of JAX's transformations. The
transformations themselves work on the jaxpr that the text was made from: after `jax.grad` or
`jax.vmap` the kernel is ordinary JAX.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import jax

# Private, as JAX looks up the LAPACK of SciPy only when it lowers such a call itself.
from jax._src.lax.linalg import initialize_lapack
from jax.core import ShapedArray, Tracer
from jax.experimental import jet

# jax.extend and jax.interpreters are JAX's interface for packages that define primitives: the
# primitive class and jaxprs, the rule tables of jvp and vmap, and lowering to MLIR. All three are
# outside JAX's compatibility promise, which is why only this package uses them.
from jax.extend.core import ClosedJaxpr, Primitive, jaxpr_as_fun
from jax.extend.mlir import ir
from jax.extend.mlir.dialects import func
from jax.interpreters import ad, batching, mlir

from .text import parse_module


@dataclass(frozen=True, eq=False, repr=False)
class Kernel:
    """An array function in StableHLO, compared by identity.

    `text` is a module whose entry is `@main`. `jaxpr` takes and gives the same arrays as `@main`;
    without it the kernel still runs, but cannot be differentiated or batched. `primitives` counts
    the JAX primitives that are in the text as JAX lowered them. The text is made for a `platform`.
    """

    name: str
    text: str
    in_avals: tuple[ShapedArray, ...]
    out_avals: tuple[ShapedArray, ...]
    jaxpr: ClosedJaxpr | None = None
    primitives: Mapping[str, int] = field(default_factory=dict)
    platform: str = field(default_factory=jax.default_backend)

    def __repr__(self) -> str:
        # Short, because JAX prints it as a parameter of the equation.
        return f"Kernel({self.name})"

    # Both functions live on the kernel, not in a table beside it: JAX keeps what it traced and
    # compiled by the identity of a function, so it is dropped together with the kernel.

    @cached_property
    def executable(self) -> Callable[..., list[jax.Array]]:
        """The kernel under `jax.jit`, named after the kernel in profiles and dumps."""

        def run(*args: Any) -> list[Any]:
            if any(isinstance(arg, Tracer) for arg in args) or not args:
                return bind(self, *args)
            # Under jax.debug_nans, JAX calls the function again as plain Python, to find the place.
            if self.jaxpr is not None:
                return jaxpr_as_fun(self.jaxpr)(*args)
            with jax.debug_nans(False), jax.debug_infs(False):
                return bind(self, *args)

        run.__name__ = run.__qualname__ = self.name
        return jax.jit(run)

    @cached_property
    def source(self) -> Callable[..., list[jax.Array]]:
        """The jaxpr as a jitted function, for rules that transform what the kernel computes."""
        if self.jaxpr is None:
            raise NotImplementedError(
                f"kernel '{self.name}' was made from StableHLO text alone, which JAX can run but "
                "not differentiate or batch; give Kernel(..., jaxpr=...) to transform it"
            )
        return jax.jit(jaxpr_as_fun(self.jaxpr))


xcs_kernel_p = Primitive("xcs_kernel")
xcs_kernel_p.multiple_results = True


def bind(kernel: Kernel, *args: Any) -> list[Any]:
    """Apply the kernel: run it on arrays, or stage it out under a JAX transformation."""
    return xcs_kernel_p.bind(*args, kernel=kernel)


def executable(kernel: Kernel) -> Callable[..., list[jax.Array]]:
    """The kernel as a `jax.jit` function, the cheapest way to call it on arrays."""
    return kernel.executable


@xcs_kernel_p.def_impl
def _run(*args: Any, kernel: Kernel) -> list[jax.Array]:
    # Under jax.disable_jit the executable would run its Python body, which binds the primitive
    # again, without end.
    with jax.disable_jit(False):
        return kernel.executable(*args)


@xcs_kernel_p.def_abstract_eval
def _out_avals(*avals: Any, kernel: Kernel) -> tuple[ShapedArray, ...]:
    expected = [(aval.shape, aval.dtype) for aval in kernel.in_avals]
    if [(aval.shape, aval.dtype) for aval in avals] != expected:
        raise TypeError(
            f"kernel '{kernel.name}' takes ({_describe(kernel.in_avals)}), "
            f"but was called with ({_describe(avals)})"
        )
    return kernel.out_avals


def _describe(avals: Sequence[Any]) -> str:
    return ", ".join(aval.str_short() for aval in avals)


def _jvp(
    primals: Sequence[Any], tangents: Sequence[Any], *, kernel: Kernel
) -> tuple[list[Any], list[Any]]:
    """Differentiate the jaxpr with respect to the operands whose tangent is not known to be 0."""
    moving = [i for i, tangent in enumerate(tangents) if type(tangent) is not ad.Zero]

    def along(*values: Any) -> list[Any]:
        args = list(primals)
        for i, value in zip(moving, values, strict=True):
            args[i] = value
        return kernel.source(*args)

    outs, out_tangents = jax.jvp(along, [primals[i] for i in moving], [tangents[i] for i in moving])
    return outs, [_symbolic_zero(tangent) for tangent in out_tangents]


def _symbolic_zero(tangent: Any) -> Any:
    """The tangent of an integer or boolean result in the form that rules of primitives give."""
    if tangent.dtype != jax.dtypes.float0:
        return tangent
    return ad.Zero(ShapedArray(tangent.shape, tangent.dtype))


def _batch(
    args: Sequence[Any], dims: Sequence[int | None], *, kernel: Kernel
) -> tuple[list[Any], list[int]]:
    outs = jax.vmap(kernel.source, in_axes=tuple(dims))(*args)
    return outs, [0] * len(outs)


def _transpose(cotangents: Sequence[Any], *args: Any, kernel: Kernel) -> list[Any | None]:
    """Transpose the jaxpr with respect to the operands that it is linear in."""
    linear = [i for i, arg in enumerate(args) if ad.is_undefined_primal(arg)]

    def along(*values: Any) -> list[Any]:
        operands = list(args)
        for i, value in zip(linear, values, strict=True):
            operands[i] = value
        return kernel.source(*operands)

    avals = [args[i].aval for i in linear]
    specs = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in avals]
    made = jax.linear_transpose(along, *specs)([ad.instantiate_zeros(ct) for ct in cotangents])
    found: list[Any | None] = [None] * len(args)
    for i, value in zip(linear, made, strict=True):
        found[i] = value
    return found


def _jet(
    primals: Sequence[Any], series: Sequence[Any], *, kernel: Kernel
) -> tuple[list[Any], list[Any]]:
    """Taylor coefficients through the jaxpr."""
    if kernel.jaxpr is None:
        raise NotImplementedError(f"kernel '{kernel.name}' has no jaxpr to differentiate")
    return jet.jet2(jaxpr_as_fun(kernel.jaxpr), tuple(primals), tuple(series))


def _lower(
    ctx: mlir.LoweringRuleContext, *operands: ir.Value, kernel: Kernel
) -> Sequence[ir.Value]:
    module = ctx.module_context
    if kernel.jaxpr is not None and tuple(module.platforms) != (kernel.platform,):
        # For another platform than that of the text, or for several.
        from_jaxpr = mlir.lower_fun(jaxpr_as_fun(kernel.jaxpr), multiple_results=True)
        return from_jaxpr(ctx, *operands)
    entry = module.cached_primitive_lowerings.get((xcs_kernel_p, kernel))
    if entry is None:
        entry = _insert(module, kernel)
        module.cached_primitive_lowerings[xcs_kernel_p, kernel] = entry
    symbol, result_types = entry
    return func.CallOp(result_types, ir.FlatSymbolRefAttr.get(symbol), list(operands)).results


def _insert(module: mlir.ModuleContext, kernel: Kernel) -> tuple[str, list[ir.Type]]:
    """Add the kernel's functions to the module; give the entry's new name and result types."""
    if "@lapack_" in kernel.text:
        initialize_lapack()
    parsed = parse_module(kernel.text, module.context)
    main = cast(func.FuncOp, ir.SymbolTable(parsed.operation)["main"])
    declared = ir.FunctionType.get(
        [mlir.aval_to_ir_type(module, aval) for aval in kernel.in_avals],
        [mlir.aval_to_ir_type(module, aval) for aval in kernel.out_avals],
        context=module.context,
    )
    if main.type != declared:
        raise ValueError(
            f"kernel '{kernel.name}' declares {declared}, but its text defines @main as {main.type}"
        )
    symbol = _NO_WORD.sub("_", kernel.name)  # of a lambda: text is linked by its symbols' names
    name = mlir.merge_mlir_modules(module.module, symbol, parsed, dst_symtab=module.symbol_table)
    return name, list(declared.results)


_NO_WORD = re.compile(r"\W")

ad.primitive_jvps[xcs_kernel_p] = _jvp
ad.primitive_transposes[xcs_kernel_p] = _transpose
jet.jet_rules[xcs_kernel_p] = _jet
batching.primitive_batchers[xcs_kernel_p] = _batch
mlir.register_lowering(xcs_kernel_p, _lower)


def kernels_in(jaxpr: ClosedJaxpr) -> list[Kernel]:
    """The kernels that a traced function applies, itself or in the functions that it calls."""
    found: list[Kernel] = []
    pending: list[Any] = [jaxpr.jaxpr]
    for current in pending:
        for eqn in current.eqns:
            if eqn.primitive is xcs_kernel_p:
                found.append(eqn.params["kernel"])
            elif (inner := eqn.params.get("jaxpr")) is not None:
                pending.append(getattr(inner, "jaxpr", inner))
    return found
