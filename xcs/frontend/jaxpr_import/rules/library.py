"""Import of library algorithms: sorting, Fourier transforms, and algorithms on matrices.

What an op cannot say, and what JAX does in another way on the platform at hand, is left to JAX. So
is a call of a foreign function (`jax.ffi.ffi_call`): only its handler knows what that computes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import jax
import numpy as np

# Private: the decompositions are JAX's own, so that the results are, too, bit for bit.
from jax._src.lax import linalg
from jax.lax.linalg import EighImplementation, EigImplementation
from xdsl.dialects.builtin import FloatAttr, TensorType, UnitAttr, f32, f64
from xdsl.ir import Attribute, Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr
from xcs.frontend.jaxpr_import.registry import (
    RULES,
    Rule,
    Types,
    Values,
    int_attr,
    rule,
)
from xcs.frontend.jaxpr_import.rules.composites import Avals, Decompose, composite, definition

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

Condition: TypeAlias = Callable[[Any], bool]


def _flags(params: dict[str, Any], *names: str) -> dict[str, Attribute]:
    """The properties for those of the params that are true."""
    return {name: UnitAttr() for name in names if params[name]}


@rule("sort")
def _sort(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    params = eqn.params
    properties: dict[str, Attribute] = {
        "dimension": int_attr(params["dimension"]),
        "num_keys": int_attr(params["num_keys"]),
        **_flags(params, "is_stable"),
    }
    return importer.emit(xtensor.SortOp, operands, results, properties)


@rule("top_k")
def _top_k(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    properties = {name: int_attr(eqn.params[name]) for name in ("k", "axis")}
    return importer.emit(xtensor.TopKOp, operands, results, properties)


@rule("approx_top_k")
def _approx_top_k(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if jax.default_backend() == "tpu":
        return None
    params = eqn.params
    axis = params["reduction_dimension"] % eqn.invars[0].aval.ndim
    properties: dict[str, Attribute] = {
        "k": int_attr(params["k"]),
        "reduction_dimension": int_attr(axis),
        "recall_target": FloatAttr(params["recall_target"], f32),
        "reduction_input_size_override": int_attr(params["reduction_input_size_override"]),
        **_flags(params, "is_max_k", "aggregate_to_topk"),
    }
    return importer.emit(xtensor.ApproxTopKOp, operands, results, properties)


@rule("fft")
def _fft(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    kind, lengths = eqn.params["fft_type"].name, eqn.params["fft_lengths"]
    # GPUs take a real transform over several dimensions apart.
    if len(lengths) > 3 or (
        kind == "IRFFT" and len(lengths) > 1 and jax.default_backend() == "gpu"
    ):
        return None
    properties: dict[str, Attribute] = {
        "fft_type": xtensor.FftTypeAttr(xtensor.FftType[kind]),
        "fft_lengths": dims_attr(tuple(lengths)),
    }
    return importer.emit(xtensor.FftOp, operands, results, properties)


# --- Algorithms on matrices -----------------------------------------------------------------------

_LAPACK_DTYPES = frozenset(map(np.dtype, ("float32", "float64", "complex64", "complex128")))


def _has_lapack(eqn: Any) -> bool:
    """Whether JAX would call LAPACK, which is so on CPUs, for the types that LAPACK has."""
    return jax.default_backend() == "cpu" and eqn.invars[0].aval.dtype in _LAPACK_DTYPES


def _takes_all(eqn: Any) -> bool:
    """Whether nothing is asked for but the whole of a spectrum."""
    subset = eqn.params["subset_by_index"]
    return subset is None or tuple(subset) == (0, min(eqn.invars[0].aval.shape[-2:]))


def _is_plain_eig(eqn: Any) -> bool:
    return eqn.params["implementation"] in (None, EigImplementation.LAPACK)


def _is_plain_eigh(eqn: Any) -> bool:
    return _takes_all(eqn) and eqn.params["algorithm"] in (None, EighImplementation.QR)


def _is_unsorted_schur(eqn: Any) -> bool:
    return not eqn.params["sort_eig_vals"]


def _has_pivots_of_32_bits(eqn: Any) -> bool:
    return eqn.invars[1].aval.dtype == np.int32


def _matrix_rule(op: type[Operation], *flags: str, where: Condition | None = None) -> Rule:
    """The rule of an algorithm that LAPACK has, whose params are flags."""

    def import_algorithm(
        importer: Importer, eqn: Any, operands: Values, results: Types
    ) -> Values | None:
        if not _has_lapack(eqn) or (where is not None and not where(eqn)):
            return None
        return importer.emit(op, operands, results, _flags(eqn.params, *flags))

    return import_algorithm


RULES |= {
    "cholesky": _matrix_rule(xtensor.CholeskyOp),
    "eig": _matrix_rule(
        xtensor.EigOp,
        "compute_left_eigenvectors",
        "compute_right_eigenvectors",
        where=_is_plain_eig,
    ),
    "eigh": _matrix_rule(xtensor.EighOp, "lower", "sort_eigenvalues", where=_is_plain_eigh),
    "geqp3": _matrix_rule(xtensor.Geqp3Op, where=_has_pivots_of_32_bits),
    "geqrf": _matrix_rule(xtensor.GeqrfOp),
    "hessenberg": _matrix_rule(xtensor.HessenbergOp),
    "householder_product": _matrix_rule(xtensor.HouseholderProductOp),
    "ormqr": _matrix_rule(xtensor.OrmqrOp, "left", "transpose"),
    "schur": _matrix_rule(xtensor.SchurOp, "compute_schur_vectors", where=_is_unsorted_schur),
    "tridiagonal": _matrix_rule(xtensor.TridiagonalOp, "lower"),
    "tridiagonal_solve": _matrix_rule(xtensor.TridiagonalSolveOp, "perturb_singular"),
}


@rule("triangular_solve")
def _triangular_solve(
    importer: Importer, eqn: Any, operands: Values, results: Types
) -> Values | None:
    # StableHLO has this one: every platform has a lowering.
    flags = ("left_side", "lower", "transpose_a", "conjugate_a", "unit_diagonal")
    properties = _flags(eqn.params, *flags)
    return importer.emit(xtensor.TriangularSolveOp, operands, results, properties)


@rule("svd")
def _svd(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    algorithm = eqn.params["algorithm"]
    name = "DEFAULT" if algorithm is None else algorithm.name
    if not (_has_lapack(eqn) and _takes_all(eqn)) or name not in xtensor.SvdAlgorithm.__members__:
        return None
    properties = _flags(eqn.params, "full_matrices", "compute_uv")
    if name != "DEFAULT":
        properties["algorithm"] = xtensor.SvdAlgorithmAttr(xtensor.SvdAlgorithm[name])
    return importer.emit(xtensor.SvdOp, operands, results, properties)


# --- Algorithms that JAX takes apart --------------------------------------------------------------


def _of(function: Callable[..., Any]) -> Decompose:
    """A function that takes the params as keywords."""
    return lambda avals, **params: partial(function, **params)


def _permutation(avals: Avals, *, permutation_size: int) -> Callable[..., Any]:
    return partial(linalg._generic_lu_pivots_to_permutation, permutation_size=permutation_size)


def _except_on_gpus(import_equation: Rule) -> Rule:
    """The rule of a primitive for which JAX has code of its own on GPUs."""

    def import_elsewhere(
        importer: Importer, eqn: Any, operands: Values, results: Types
    ) -> Values | None:
        if jax.default_backend() == "gpu":
            return None
        return import_equation(importer, eqn, operands, results)

    return import_elsewhere


def _factors(eqn: Any) -> dict[str, Attribute]:
    return {name: FloatAttr(float(eqn.params[name]), f64) for name in ("alpha", "beta")}


RULES |= {
    "cholesky_update": _except_on_gpus(
        composite(xtensor.CholeskyUpdateOp, _of(linalg._cholesky_update_jax_fn))
    ),
    "lu_pivots_to_permutation": _except_on_gpus(
        composite(xtensor.LuPivotsToPermutationOp, _permutation)
    ),
    "qr": composite(
        xtensor.QrOp,
        _of(linalg._qr_lowering),
        lambda eqn: _flags(eqn.params, "pivoting", "full_matrices"),
    ),
    "symmetric_product": _except_on_gpus(
        composite(xtensor.SymmetricProductOp, _of(linalg._symmetric_product_jax_fn), _factors)
    ),
}


@rule("lu")
def _lu(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    if not _has_lapack(eqn):
        return None
    factors, pivots = importer.emit(xtensor.LuOp, operands, results[:2])
    jaxpr = definition(
        _permutation,
        (eqn.outvars[1].aval,),
        {"permutation_size": eqn.invars[0].aval.shape[-2]},
    )
    region = importer.region(
        [cast(TensorType, pivots.type)],
        lambda inner, args: inner.run_closed(jaxpr, args),
        isolated=True,
    )
    (permutation,) = importer.emit(
        xtensor.LuPivotsToPermutationOp, [pivots], results[2:], regions=[region]
    )
    return factors, pivots, permutation
