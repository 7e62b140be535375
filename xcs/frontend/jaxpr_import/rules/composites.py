"""Import of primitives that JAX lowers by tracing Python code: the op holds what that gives.

A decomposition is a function of the primitive's operands, of which random keys are words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import jax
import jax.extend.core as jex

# Private: the decompositions are JAX's own, so that the results are, too, bit for bit.
from jax._src.lax import special
from jax._src.random import core as random_core
from jax._src.random import philox2x32, philox4x32, prng, threefry2x32, threefry4x32
from jax.core import ShapedArray
from jax.extend.backend import get_backend
from xdsl.dialects.builtin import StringAttr, TensorType, UnitAttr
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.jaxprs import without_dead_code
from xcs.frontend.jaxpr_import.registry import Rule, Types, Values, rule
from xcs.frontend.jaxpr_import.settings import enough_bits, lowering_settings
from xcs.frontend.jaxpr_import.types import is_key, key_impl, key_words

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

Avals: TypeAlias = tuple[Any, ...]
Decompose: TypeAlias = Callable[..., Callable[..., Any]]
"""Gives the decomposition, for the operands' abstract values and the params as keywords."""


def composite(
    op: type[xtensor.CompositeOp],
    decompose: Decompose,
    describe: Callable[[Any], Mapping[str, Attribute]] = lambda eqn: {},
    *,
    broadcasts: bool = False,
) -> Rule:
    """Return the rule that imports a primitive as this op.

    Args:
        op: the op.
        decompose: gives the decomposition.
        describe: gives the op's properties for an equation.
        broadcasts: whether the operands are first brought to the shape of the result.
    """

    def rule(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values:
        avals = tuple(v.aval for v in eqn.invars)
        if broadcasts:
            shape = eqn.outvars[0].aval.shape
            operands = [importer.broadcast(value, shape) for value in operands]
            avals = tuple(ShapedArray(shape, aval.dtype) for aval in avals)
        jaxpr = definition(decompose, avals, eqn.params)
        region = importer.region(
            [cast(TensorType, value.type) for value in operands],
            lambda inner, args: inner.run_closed(jaxpr, args),
            isolated=True,
        )
        return importer.emit(op, operands, results, describe(eqn), [region])

    return rule


def definition(decompose: Decompose, avals: Avals, params: Mapping[str, Any]) -> jex.ClosedJaxpr:
    """Return what tracing a decomposition gives for operands like these."""
    key = tuple(params.items())
    try:
        hash(key)
    except TypeError:
        return _trace(decompose, avals, key)
    return _cached_definition(decompose, avals, key, lowering_settings())


@lru_cache(maxsize=512)
def _cached_definition(
    decompose: Decompose, avals: Avals, params: tuple[tuple[str, Any], ...], settings: Any
) -> jex.ClosedJaxpr:
    return _trace(decompose, avals, params)


def _trace(
    decompose: Decompose, avals: Avals, params: tuple[tuple[str, Any], ...]
) -> jex.ClosedJaxpr:
    operands = [
        key_words(aval.shape, aval.dtype)
        if is_key(aval)
        else jax.ShapeDtypeStruct(aval.shape, aval.dtype)
        for aval in avals
    ]
    with enough_bits(avals):
        return without_dead_code(jax.make_jaxpr(decompose(avals, **dict(params)))(*operands))


# --- Elementwise functions ------------------------------------------------------------------------


def _plain(function: Callable[..., Any]) -> Decompose:
    return lambda avals: function


def _in_float32(function: Callable[..., Any]) -> Decompose:
    """A function that takes the type to compute in, which is float32 at least."""
    return _plain(special._up_and_broadcast(function))


rule("bessel_i0e")(composite(xtensor.BesselI0eOp, _plain(special.bessel_i0e_impl)))

for _op, _function in (
    (xtensor.IgammaOp, special.igamma_impl),
    (xtensor.IgammaGradAOp, special.igamma_grad_a_impl),
    (xtensor.IgammacOp, special.igammac_impl),
    (xtensor.RegularizedIncompleteBetaOp, special.regularized_incomplete_beta_impl),
):
    rule(_op.name.removeprefix("xtensor."))(composite(_op, _in_float32(_function), broadcasts=True))


# --- Random numbers -------------------------------------------------------------------------------


def _threefry2x32(avals: Avals) -> Callable[..., Any]:
    on_cpu = get_backend().platform == "cpu"
    return partial(threefry2x32._threefry2x32_lowering, use_rolled_loops=on_cpu)


rule("threefry2x32")(composite(xtensor.Threefry2x32Op, _threefry2x32))

for _op, _function in (
    (xtensor.Threefry4x32Op, threefry4x32._threefry4x32_lowering),
    (xtensor.Philox2x32Op, philox2x32._philox2x32_lowering),
    (xtensor.Philox4x32Op, philox4x32._philox4x32_lowering),
):
    rule(_op.name.removeprefix("xtensor."))(composite(_op, _plain(_function)))


def _random_seed(avals: Avals, *, impl: Any) -> Callable[..., Any]:
    return partial(prng.random_seed_impl_base, impl=impl)


def _random_split(avals: Avals, *, shape: Any) -> Callable[..., Any]:
    (keys,) = avals
    return lambda words: prng.random_split_impl_base(
        keys.dtype._impl, words, keys.ndim, shape=shape
    )


def _random_fold_in(avals: Avals) -> Callable[..., Any]:
    keys = avals[0]
    return lambda words, data: prng.random_fold_in_impl_base(
        keys.dtype._impl, words, data, keys.shape
    )


def _random_bits(avals: Avals, *, bit_width: int, shape: Any) -> Callable[..., Any]:
    (keys,) = avals
    return lambda words: prng.random_bits_impl_base(
        keys.dtype._impl, words, keys.ndim, bit_width=bit_width, shape=shape
    )


def _random_gamma(avals: Avals, *, log_space: bool) -> Callable[..., Any]:
    impl = key_impl(avals[0].dtype)
    return lambda words, shape: random_core._gamma_impl(
        jax.random.wrap_key_data(words, impl=impl), shape, log_space=log_space, use_vmap=True
    )


def _impl(eqn: Any) -> dict[str, Attribute]:
    (impl,) = {v.aval.dtype._impl for v in (*eqn.invars[:1], *eqn.outvars) if is_key(v.aval)}
    return {"impl": StringAttr(impl.name)}


def _impl_and_space(eqn: Any) -> dict[str, Attribute]:
    return _impl(eqn) | ({"log_space": UnitAttr()} if eqn.params["log_space"] else {})


for _op, _decompose in (
    (xtensor.RandomBitsOp, _random_bits),
    (xtensor.RandomFoldInOp, _random_fold_in),
    (xtensor.RandomSeedOp, _random_seed),
    (xtensor.RandomSplitOp, _random_split),
):
    rule(_op.name.removeprefix("xtensor."), takes_keys=True)(composite(_op, _decompose, _impl))

rule("random_gamma", takes_keys=True)(
    composite(xtensor.RandomGammaOp, _random_gamma, _impl_and_space)
)


# --- Other primitives, which are composites under their own names ---------------------------------


@cache
def _sparse_implementation(name: str) -> Decompose:
    # The module is there: it defines the primitive. It is not imported before it is needed.
    family = name.partition("_")[0]
    module = import_module(f"jax.experimental.sparse.{_SPARSE_MODULES.get(family, family)}")
    return lambda avals, **params: partial(getattr(module, f"_{name}_impl"), **params)


_SPARSE_MODULES = {"todense": "api"}


@rule(
    "bcoo_dot_general",
    "bcoo_dot_general_sampled",
    "bcoo_extract",
    "bcoo_fromdense",
    "bcoo_sort_indices",
    "bcoo_spdot_general",
    "bcoo_sum_duplicates",
    "bcoo_todense",
    "bcoo_transpose",
    "bcsr_extract",
    "bcsr_fromdense",
    "bcsr_todense",
    "coo_fromdense",
    "coo_matmat",
    "coo_matvec",
    "coo_todense",
    "csr_fromdense",
    "csr_matmat",
    "csr_matvec",
    "csr_todense",
    "todense",
)
def _sparse(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    importing = composite(
        xtensor.NamedCompositeOp, _sparse_implementation(eqn.primitive.name), _own_name
    )
    return importing(importer, eqn, operands, results)


def _own_name(eqn: Any) -> dict[str, Attribute]:
    return {"name": StringAttr(eqn.primitive.name)}


@rule("composite")
def _composite(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    jaxpr = eqn.params["jaxpr"]
    if jaxpr.consts:
        return importer.run_closed(jaxpr, operands)
    region = importer.region(
        [cast(TensorType, value.type) for value in operands],
        lambda inner, args: inner.run_closed(jaxpr, args),
        isolated=True,
    )
    properties = {"name": StringAttr(eqn.params["name"])}
    return importer.emit(xtensor.NamedCompositeOp, operands, results, properties, [region])
