"""Library ops: what is imported gives the bits of `jax.jit`, and calls LAPACK as JAX does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
import numpy as np
import pytest
from jax import lax
from jax.extend.mlir import ir
from jax.interpreters import mlir
from jax.lax import linalg
from xdsl.context import Context
from xtensor_support import assert_imported_exactly, imported, run_imported

from xcs.dialects.stablehlo.print import kernel_text
from xcs.frontend.jaxpr_import import primitive_fallback_count
from xcs.kernels.text import parse_module
from xcs.transforms.convert_xtensor_to_stablehlo import ConvertXTensorToStableHLO

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-40, 3.5, -2.5, 2.5, 3.5, -0.0]


def numbers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> jax.Array:
    """Normal random numbers, complex ones if the dtype is."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    if np.issubdtype(dtype, np.complexfloating):
        values = values + 1j * rng.normal(size=shape)
    return jnp.asarray(values.astype(dtype))


# --- Sorting --------------------------------------------------------------------------------------


def sorts(x: jax.Array) -> list[Any]:
    places = lax.iota(np.int32, x.size).reshape(x.shape)
    return [
        lax.sort(x),
        lax.sort(x, dimension=0, is_stable=False),
        lax.sort((x, places)),
        lax.sort((x[:, ::-1], x, places), num_keys=2),
        lax.sort((places // 5, x), num_keys=2),
        jnp.argsort(x, descending=True),
    ]


@pytest.mark.parametrize("dtype", [np.float64, jnp.bfloat16, np.complex64, np.uint32, np.bool_])
def test_elements_are_sorted_in_the_order_of_jax(dtype: Any) -> None:
    with jax.enable_x64(dtype == np.float64), np.errstate(all="ignore"):
        values = np.stack([SPECIAL, np.random.default_rng(0).permutation(SPECIAL)])
        if dtype == np.complex64:
            values = values + 1j * values[:, ::-1]
        elif dtype in (np.uint32, np.bool_):
            values = np.nan_to_num(np.abs(values), posinf=7)
        assert_imported_exactly(sorts, jnp.asarray(values.astype(dtype)))


@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_the_largest_elements_are_found(dtype: Any) -> None:
    values = jnp.asarray(np.clip(np.nan_to_num([SPECIAL, SPECIAL[::-1]]), -9, 9).astype(dtype))
    assert_imported_exactly(
        lambda x: (lax.top_k(x, 3), lax.top_k(x, 1, axis=0), lax.top_k(x, 0)), values
    )


def test_an_approximate_search_gives_what_xla_gives() -> None:
    assert_imported_exactly(
        lambda x: (
            lax.approx_max_k(x, 3),
            lax.approx_min_k(x, 1, reduction_dimension=0),
            lax.approx_max_k(x[0], 2, recall_target=0.5, aggregate_to_topk=False),
        ),
        numbers(2, 300).at[0, 5].set(np.nan),
    )


def test_functions_that_sort_need_no_other_route() -> None:
    def run(x: jax.Array, y: jax.Array) -> list[Any]:
        rounded = jnp.round(x)
        return [
            jnp.lexsort((rounded, y)),
            jnp.median(x),
            jnp.unique(rounded, size=3, return_index=True, return_inverse=True),
            jnp.searchsorted(jnp.sort(x), y),
            jnp.searchsorted(jnp.sort(x), y, method="sort", side="right"),
            jnp.searchsorted(jnp.sort(x), y, method="compare_all"),
            jnp.partition(x, 3),
            jnp.argpartition(x, 3),
            jax.vmap(jnp.sort)(jnp.stack([x, y])),
            jax.grad(lambda v: (jnp.sort(v) * y).sum())(x),
            jax.grad(lambda v: lax.top_k(v, 2)[0].sum())(x),
        ]

    assert_imported_exactly(run, numbers(7), numbers(7, seed=1))


# --- Fourier transforms ---------------------------------------------------------------------------


def transforms(x: jax.Array) -> list[Any]:
    z = x + 1j * x[::-1]
    return [
        jnp.fft.fft(z),
        jnp.fft.fft(x, n=5, axis=0),
        jnp.fft.ifft(z, n=7),
        jnp.fft.rfft(x),
        jnp.fft.rfft(x, n=5),
        jnp.fft.irfft(z),
        jnp.fft.irfft(z, n=5),
        jnp.fft.hfft(z),
        jnp.fft.ihfft(x),
        jnp.fft.fft2(z),
        jnp.fft.rfftn(x),
        jnp.fft.irfftn(z),
        jnp.fft.fftn(jnp.reshape(z, (2, 3, 2, 2))),
        jnp.fft.fftshift(x),
        jnp.fft.fft(x[:0]),
        jax.grad(lambda v: jnp.abs(jnp.fft.rfft(v)).sum())(x[0]),
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fourier_transforms(dtype: Any) -> None:
    with jax.enable_x64(dtype == np.float64):
        assert_imported_exactly(transforms, numbers(3, 8, dtype=dtype).at[0, 0].set(np.inf))


# --- Algorithms on matrices -----------------------------------------------------------------------


def symmetric(a: jax.Array) -> list[Any]:
    positive = a @ jnp.conj(jnp.swapaxes(a, -1, -2))
    return [
        linalg.cholesky(positive),
        linalg.cholesky(a, symmetrize_input=False),
        linalg.eigh(a),
        linalg.eigh(a, lower=False, symmetrize_input=False),
        linalg.tridiagonal(a),
        linalg.tridiagonal(a, lower=False),
    ]


def general(a: jax.Array) -> list[Any]:
    return [
        linalg.eig(a),
        linalg.eig(a, compute_left_eigenvectors=False),
        linalg.eig(a, compute_left_eigenvectors=False, compute_right_eigenvectors=False),
        linalg.schur(a),
        linalg.schur(a, compute_schur_vectors=False),
        linalg.hessenberg(a),
    ]


def rectangular(a: jax.Array) -> list[Any]:
    tall, wide, svd = a[..., :2], a[..., :2, :], linalg.svd
    return [
        linalg.lu(tall),
        *(svd(matrix) for matrix in (a, tall, wide)),
        *(svd(matrix, full_matrices=False) for matrix in (tall, wide)),
        svd(tall, algorithm=linalg.SvdAlgorithm.QR),
        svd(wide, compute_uv=False, algorithm=linalg.SvdAlgorithm.DIVIDE_AND_CONQUER),
        linalg.qr(tall),
        linalg.qr(tall, full_matrices=False, pivoting=True),
        linalg.qr(wide),
    ]


def equations(a: jax.Array) -> list[Any]:
    right, left = a[..., :2], a[..., :2, :]
    reflectors, taus = jnp.linalg.qr(a, mode="raw")
    solve = partial(linalg.tridiagonal_solve, a[..., 0])
    return [
        solve(a[..., 1], a[..., 2], right),
        solve(0 * a[..., 1], a[..., 2], right, perturb_singular=True),
        linalg.triangular_solve(a, right, left_side=True, lower=True, transpose_a=True),
        linalg.triangular_solve(a, right, left_side=True, transpose_a=True, conjugate_a=True),
        linalg.triangular_solve(a, left, lower=True, unit_diagonal=True),
        linalg.triangular_solve(a, left, conjugate_a=True),
        linalg.ormqr(reflectors, taus, right, left=True, transpose=True),
        linalg.ormqr(reflectors, taus, left, left=False),
        linalg.householder_product(reflectors, taus),
    ]


ALGORITHMS = (symmetric, general, rectangular, equations)


@pytest.mark.parametrize(
    ("dtype", "batch"),
    [(np.float32, ()), (np.complex64, (2,)), (np.float64, (2, 3)), (np.complex128, (0,))],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.parametrize("algorithms", ALGORITHMS)
def test_algorithms_on_matrices(algorithms: Any, dtype: Any, batch: tuple[int, ...]) -> None:
    with jax.enable_x64(dtype in (np.float64, np.complex128)):
        assert_imported_exactly(algorithms, numbers(*batch, 4, 4, dtype=dtype))


@pytest.mark.parametrize("algorithms", ALGORITHMS)
def test_a_failure_gives_nan_for_one_matrix_of_a_batch(algorithms: Any) -> None:
    # Not infinity, of which LAPACK's singular values never converge.
    assert_imported_exactly(algorithms, numbers(2, 4, 4).at[1, 0, 0].set(np.nan))


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 3, 0)])
def test_matrices_without_elements(shape: tuple[int, ...]) -> None:
    def run(a: jax.Array) -> list[Any]:
        square = [linalg.cholesky, linalg.eigh, linalg.eig] if shape[-1] == shape[-2] else []
        full = (partial(linalg.svd, full_matrices=full) for full in (True, False))
        values = partial(linalg.svd, compute_uv=False)
        return [f(a) for f in (*square, *full, values, linalg.lu, linalg.qr)]

    assert_imported_exactly(run, jnp.zeros(shape))


def test_algorithms_that_are_made_of_others() -> None:
    def run(a: jax.Array, pivots: jax.Array) -> list[Any]:
        factor = jnp.linalg.cholesky(a @ a.T, upper=True)
        return [
            linalg.cholesky_update(factor, a[0]),
            linalg.symmetric_product(a, a @ a.T, alpha=2.0, beta=0.5, symmetrize_output=True),
            linalg.lu_pivots_to_permutation(pivots, 5),
        ]

    assert_imported_exactly(run, numbers(4, 4), jnp.array([[2, 1, 4], [0, -1, 7]], jnp.int32))


def test_narrow_floats_are_solved_by_stablehlo() -> None:
    solve = partial(linalg.triangular_solve, left_side=True, lower=True)
    assert_imported_exactly(
        solve, numbers(3, 3, dtype=jnp.bfloat16), jnp.ones((3, 2), jnp.bfloat16)
    )


def test_numpy_functions_need_no_other_route() -> None:
    n = jnp.linalg

    def run(a: jax.Array, tall: jax.Array) -> list[Any]:
        positive, b = a @ a.T + 4 * jnp.eye(3), tall[:3]
        return [
            *(f(a) for f in (n.inv, n.det, n.cond, n.eigvals)),
            *(f(positive) for f in (n.cholesky, n.eigh)),
            *(f(tall) for f in (n.pinv, n.qr)),
            n.solve(jnp.stack([a, positive]), b),
            n.lstsq(tall, tall[:, 0]),
            n.slogdet(a, method="qr"),
            jax.vmap(n.solve, (0, None))(jnp.stack([a, positive]), a[0]),
        ]

    assert_imported_exactly(run, numbers(3, 3), numbers(5, 3, seed=1))


def test_scipy_functions_need_no_other_route() -> None:
    def run(a: jax.Array, b: jax.Array) -> list[Any]:
        positive = a @ a.T + 4 * jnp.eye(3)
        return [
            jsl.expm(a),
            jsl.sqrtm(positive),
            jsl.lu(a),
            jsl.lu_solve(jsl.lu_factor(a), b, trans=1),
            jsl.cho_solve(jsl.cho_factor(positive), b),
            jsl.solve(positive, b, assume_a="pos"),
            jsl.schur(a, output="complex"),
            jsl.hessenberg(a, calc_q=True),
            jsl.eigh_tridiagonal(a[0], a[1, :2], eigvals_only=True),
        ]

    assert_imported_exactly(run, numbers(3, 3), numbers(3, 2, seed=1))


def test_gradients_need_no_other_route() -> None:
    def run(a: jax.Array) -> list[Any]:
        positive = a @ a.T + 4 * jnp.eye(3)
        functions: list[Callable[[jax.Array], Any]] = [
            jnp.linalg.cholesky,
            lambda m: jnp.linalg.solve(m, a),
            lambda m: jnp.linalg.eigh(m)[1],
            lambda m: jnp.linalg.svd(m)[0],
            lambda m: jnp.linalg.qr(m)[1],
            jnp.linalg.slogdet,
        ]
        return [
            jax.grad(lambda m, f=f: sum(map(jnp.sum, jax.tree.leaves(f(m)))))(positive)
            for f in functions
        ]

    assert_imported_exactly(run, numbers(3, 3))


# --- How LAPACK is called -------------------------------------------------------------------------


def library_calls(text: str) -> list[tuple[str, str]]:
    """The custom calls of a StableHLO module: attributes and types."""
    found: list[tuple[str, str]] = []

    def visit(operation: ir.Operation) -> ir.WalkResult:
        if operation.name == "stablehlo.custom_call":
            attributes = {a: str(operation.attributes[a]) for a in operation.attributes}
            types = [str(value.type) for value in (*operation.operands, *operation.results)]
            found.append((str(sorted(attributes.items())), str(types)))
        return ir.WalkResult.ADVANCE

    parse_module(text, mlir.make_ir_context()).operation.walk(visit)
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize("batch", [(), (1, 3)])
@pytest.mark.parametrize("algorithms", ALGORITHMS)
def test_lapack_is_called_as_jax_calls_it(
    algorithms: Any, batch: tuple[int, ...], dtype: Any
) -> None:
    with jax.enable_x64(dtype == np.complex128):
        argument = jnp.ones((*batch, 4, 4), dtype)
        module = imported(algorithms, argument)
        ConvertXTensorToStableHLO("cpu").apply(Context(), module)
        (function,) = module.ops
        ours = library_calls(kernel_text(function))  # type: ignore[arg-type]
        theirs = library_calls(jax.jit(algorithms).lower(argument).as_text())
    assert ours
    assert sorted(ours) == sorted(theirs)


def test_lapack_is_found_in_a_fresh_process() -> None:
    program = """
        import jax, jax.numpy as jnp
        from xcs.kernels import Kernel, executable
        text = '''func.func public @main(%a: tensor<2x2xf32>) -> tensor<2x2xf32> {
          %0, %1 = stablehlo.custom_call @lapack_spotrf_ffi(%a) {
            mhlo.backend_config = {uplo = 76 : ui8}, backend_config = "",
            operand_layouts = [dense<[0, 1]> : tensor<2xindex>],
            result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<> : tensor<0xindex>]
          } : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<i32>)
          func.return %0 : tensor<2x2xf32>
        }'''
        matrix = jnp.diag(jnp.array([4.0, 9.0]))
        kernel = Kernel("k", text, (jax.typeof(matrix),), (jax.typeof(matrix),))
        print(*executable(kernel)(matrix)[0].diagonal())
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2.0", "3.0"]


# --- What is left to JAX --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        partial(linalg.svd, algorithm=linalg.SvdAlgorithm.JACOBI),
        partial(linalg.schur, sort_eig_vals=True),
        partial(linalg.eigh, subset_by_index=(0, 1)),
    ],
)
def test_what_cpus_cannot_do_fails_as_under_jit(function: Callable[..., Any]) -> None:
    matrix = numbers(3, 3)
    with pytest.raises(NotImplementedError) as expected:
        jax.jit(function)(matrix)
    with pytest.raises(NotImplementedError) as actual:
        run_imported(function, matrix)
    assert str(actual.value) == str(expected.value)


def test_other_platforms_are_left_to_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    module = imported(
        lambda a: (linalg.lu(a), linalg.eigh(a), linalg.triangular_solve(a, a)), numbers(3, 3)
    )
    assert primitive_fallback_count(module) == {"lu": 1, "eigh": 1}
