"""A wide range of functions of JAX, by name, with the shapes of their arguments."""

# ruff: noqa: E741 -- I is an array of integers

from collections.abc import Callable
from typing import Any

import jax
import jax.experimental
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax


def spec(*shape: int, dtype: Any = jnp.float32) -> jax.ShapeDtypeStruct:
    """An array of this shape and type."""
    return jax.ShapeDtypeStruct(shape, dtype)


X = spec(4, 6)
V = spec(8)
S = spec()
M = spec(5, 5)
I = spec(4, 6, dtype=jnp.int32)
B = spec(4, 6, dtype=jnp.bool_)
C = spec(4, 6, dtype=jnp.complex64)
U = spec(4, 6, dtype=jnp.uint32)
H = spec(4, 6, dtype=jnp.bfloat16)
IMG = spec(2, 8, 8, 3)
KER = spec(3, 3, 3, 4)
KEY = jax.eval_shape(lambda: jax.random.key(0))
RAW = spec(2, dtype=jnp.uint32)
IV = spec(8, dtype=jnp.int32)
CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


def add(prefix: str, table: dict[str, Any]) -> None:
    """Put functions, each with its arguments, among the cases."""
    for name, (f, *args) in table.items():
        CASES[f"{prefix}.{name}"] = (f, tuple(args))


add(
    "lax",
    {
        n: (getattr(lax, n), X)
        for n in words(
            "abs acos acosh asin asinh atan atanh bessel_i1e cbrt ceil cos cosh "
            "digamma erf erf_inv erfc exp exp2 expm1 floor is_finite lgamma log log1p "
            "logistic neg round rsqrt sign sin sinh sqrt square tan tanh bessel_i0e"
        )
    },
)
add(
    "lax_c",
    {
        n: (getattr(lax, n), C)
        for n in words(
            "abs conj cos exp imag real logistic neg sign sin sqrt square tan tanh "
            "log log1p expm1 rsqrt acos asinh cosh"
        )
    },
)
add(
    "lax_i",
    {
        n: (getattr(lax, n), I)
        for n in words("abs clz neg bitwise_not population_count sign square")
    },
)
add(
    "lax2",
    {
        n: (getattr(lax, n), X, X)
        for n in words(
            "add sub mul div rem max min pow atan2 nextafter eq ne ge gt le lt igamma "
            "igammac zeta polygamma complex random_gamma_grad"
        )
    },
)
add(
    "lax2_i",
    {
        n: (getattr(lax, n), I, I)
        for n in words(
            "add sub mul div rem max min bitwise_and bitwise_or bitwise_xor "
            "shift_left shift_right_arithmetic shift_right_logical eq lt"
        )
    },
)
add("lax2_u", {n: (getattr(lax, n), U, U) for n in ["add", "lt", "shift_right_logical", "div"]})
add(
    "laxm",
    {
        "betainc": (lax.betainc, X, X, X),
        "clamp": (lax.clamp, S, X, S),
        "select": (lax.select, B, X, X),
        "select_n": (lambda p, a, b, c: lax.select_n(p, a, b, c), I, X, X, X),
        "iota": (lambda: lax.iota(jnp.int32, 7),),
        "broadcasted_iota": (lambda: lax.broadcasted_iota(jnp.float32, (3, 4), 1),),
        "convert": (lambda x: lax.convert_element_type(x, jnp.int8), X),
        "bitcast": (lambda x: lax.bitcast_convert_type(x, jnp.int32), X),
        "bitcast8": (lambda x: lax.bitcast_convert_type(x, jnp.int8), X),
        "reduce_precision": (lambda x: lax.reduce_precision(x, 5, 10), X),
        "slice": (lambda x: lax.slice(x, (0, 1), (4, 6), (2, 1)), X),
        "dynamic_slice": (
            lambda x, i: lax.dynamic_slice(x, (i, 0), (2, 3)),
            X,
            spec(dtype=jnp.int32),
        ),
        "dus": (
            lambda x, u, i: lax.dynamic_update_slice(x, u, (i, i)),
            X,
            spec(2, 2),
            spec(dtype=jnp.int32),
        ),
        "pad": (lambda x: lax.pad(x, 0.0, ((1, 2, 0), (0, -1, 1))), X),
        "rev": (lambda x: lax.rev(x, (1,)), X),
        "concat": (lambda x: lax.concatenate([x, x], 1), X),
        "transpose": (lambda x: lax.transpose(x, (1, 0)), X),
        "reshape": (lambda x: lax.reshape(x, (24,)), X),
        "bid": (lambda x: lax.broadcast_in_dim(x, (3, 4, 6), (1, 2)), X),
        "squeeze": (lambda x: lax.squeeze(x, (0,)), spec(1, 3)),
        "argmax": (lambda x: lax.argmax(x, 1, jnp.int32), X),
        "argmin": (lambda x: lax.argmin(x, 0, jnp.int32), X),
        "cumsum": (lambda x: lax.cumsum(x, 1), X),
        "cumprod": (lambda x: lax.cumprod(x, 1), X),
        "cummax": (lambda x: lax.cummax(x, 0, reverse=True), X),
        "cumlogsumexp": (lambda x: lax.cumlogsumexp(x, 0), X),
        "reduce_sum": (lambda x: x.sum(0), X),
        "reduce_max": (lambda x: x.max(), X),
        "reduce_and": (lambda x: x.all(1), B),
        "reduce_or": (lambda x: x.any(), B),
        "reduce_custom": (lambda x: lax.reduce(x, 0.0, lambda a, b: a * 2 + b, (0,)), X),
        "reduce2": (
            lambda x, i: lax.reduce(
                (x, i), (0.0, 0), lambda a, b: (a[0] + b[0], lax.max(a[1], b[1])), (1,)
            ),
            X,
            I,
        ),
        "reduce_window": (
            lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2, 2), (1, 2), "SAME"),
            X,
        ),
        "reduce_window_sum": (
            lambda x: lax.reduce_window(
                x, 0.0, lax.add, (2, 2), (1, 1), "VALID", window_dilation=(1, 2)
            ),
            X,
        ),
        "sort": (lambda x: lax.sort(x, dimension=0), X),
        "sort2": (lambda x, i: lax.sort((x, i), num_keys=2), X, I),
        "top_k": (lambda x: lax.top_k(x, 3), X),
        "approx": (lambda x: lax.approx_max_k(x, 2), X),
        "dot": (lax.dot, X, spec(6, 3)),
        "dot_general": (
            lambda a, b: lax.dot_general(a, b, (((2,), (1,)), ((0,), (0,)))),
            spec(2, 3, 4),
            spec(2, 4, 5),
        ),
        "dot_prec": (
            lambda a, b: lax.dot(a, b, precision="highest", preferred_element_type=jnp.float32),
            H,
            spec(6, 3, dtype=jnp.bfloat16),
        ),
        "dot_algo": (lambda a, b: lax.dot(a, b, precision="BF16_BF16_F32_X3"), X, spec(6, 3)),
        "conv": (
            lambda a, b: lax.conv_general_dilated(
                a, b, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            ),
            IMG,
            KER,
        ),
        "conv_nchw": (
            lambda a, b: lax.conv(a, b, (2, 2), "VALID"),
            spec(2, 3, 8, 8),
            spec(4, 3, 3, 3),
        ),
        "conv_group": (
            lambda a, b: lax.conv_general_dilated(
                a,
                b,
                (1, 1),
                [(1, 1), (0, 2)],
                lhs_dilation=(2, 1),
                rhs_dilation=(1, 2),
                feature_group_count=3,
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            ),
            IMG,
            spec(3, 3, 1, 6),
        ),
        "conv_t": (lambda a, b: lax.conv_transpose(a, b, (2, 2), "SAME"), IMG, KER),
        "conv_grad": (
            jax.grad(
                lambda a, b: lax.conv_general_dilated(
                    a, b, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
                ).sum(),
                (0, 1),
            ),
            IMG,
            KER,
        ),
        "conv1d": (
            lambda a, b: lax.conv_general_dilated(
                a, b, (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")
            ),
            spec(2, 9, 3),
            spec(3, 3, 5),
        ),
        "pool_grad": (
            jax.grad(
                lambda x: lax.reduce_window(
                    x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
                ).sum()
            ),
            IMG,
        ),
        "avgpool_grad": (
            jax.grad(
                lambda x: lax.reduce_window(
                    x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "SAME"
                ).sum()
            ),
            IMG,
        ),
        "gather": (lambda x, i: x[i], X, IV),
        "gather_mode": (lambda x, i: x.at[i].get(mode="fill", fill_value=7.0), X, IV),
        "take_along": (lambda x, i: jnp.take_along_axis(x, i, 1), X, I),
        "scatter": (lambda x, i: x.at[i].set(1.0), X, IV),
        "scatter_add": (lambda x, i: x.at[i].add(1.0), X, IV),
        "scatter_mul": (
            lambda x, i: x.at[i].mul(2.0, unique_indices=True, indices_are_sorted=True),
            X,
            IV,
        ),
        "scatter_max": (lambda x, i: x.at[i, 0].max(1.0), X, IV),
        "scatter_apply": (lambda x, i: x.at[i].apply(jnp.sin), X, IV),
        "while": (
            lambda x: lax.while_loop(lambda c: c[1] < 3, lambda c: (c[0] * 2, c[1] + 1), (x, 0)),
            X,
        ),
        "fori": (lambda x: lax.fori_loop(0, 5, lambda i, c: c + i, x), X),
        "cond": (lambda p, x: lax.cond(p, jnp.sin, jnp.cos, x), spec(dtype=jnp.bool_), X),
        "switch": (
            lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, jnp.tan], x),
            spec(dtype=jnp.int32),
            X,
        ),
        "switch2": (
            lambda i, x: lax.switch(i, [lambda x: (x, x.sum()), lambda x: (x * 2, x[0, 0])], x),
            spec(dtype=jnp.int32),
            X,
        ),
        "scan": (lambda x: lax.scan(lambda c, y: (c + y, c * y), jnp.zeros(6), x), X),
        "scan_rev": (
            lambda x: lax.scan(lambda c, y: (c + y.sum(), (y, c)), 0.0, x, reverse=True, unroll=2),
            X,
        ),
        "map": (lambda x: lax.map(lambda r: r.sum(), x), X),
        "assoc": (lambda x: lax.associative_scan(jnp.add, x), X),
        "barrier": (lambda x: lax.optimization_barrier((x, x + 1)), X),
        "rng_uniform": (lambda: lax.rng_uniform(0.0, 1.0, (3,)),),
        "rng_bits": (lambda k: lax.rng_bit_generator(k, (3, 4)), spec(4, dtype=jnp.uint32)),
        "fft": (lambda x: lax.fft(x, "FFT", (6,)), C),
        "stop": (lambda x: lax.stop_gradient(x) + 1, X),
        "ragged": (lax.ragged_dot, spec(8, 4), spec(3, 4, 5), spec(3, dtype=jnp.int32)),
        "const": (
            lambda: (
                jnp.array([1.5, -2.0, float("inf"), float("nan")]),
                np.arange(200, dtype=np.float32),
                np.array([True, False]),
                np.ones((2, 3), np.int8),
            ),
        ),
        "const16": (
            lambda: (
                jnp.array([1.5, -2.0, 3.1], jnp.bfloat16),
                jnp.array([1e-3, 65504.0], jnp.float16),
                np.array([1 + 2j, 3 - 1j], np.complex64),
                np.array(0.1, np.float32),
            ),
        ),
        "const_int": (
            lambda: (
                np.arange(6, dtype=np.int32).reshape(2, 3),
                np.uint8(255),
                np.array([], np.float32),
                np.zeros((2, 0), np.int32),
            ),
        ),
        "fp8": (
            lambda x: (
                x.astype(jnp.float8_e4m3fn) + jnp.float8_e4m3fn(1.5),
                x.astype(jnp.float8_e5m2),
                x.astype(jnp.float8_e4m3b11fnuz),
                x.astype(jnp.float8_e4m3fnuz),
                x.astype(jnp.float8_e5m2fnuz),
                x.astype(jnp.float8_e3m4),
                x.astype(jnp.float8_e4m3),
                x.astype(jnp.float8_e8m0fnu),
                x.astype(jnp.float4_e2m1fn),
            ),
            X,
        ),
        "int4": (
            lambda x: (
                x.astype(jnp.int4) + jnp.int4(1),
                x.astype(jnp.uint4),
                x.astype(jnp.int2),
                x.astype(jnp.uint2),
            ),
            I,
        ),
    },
)
add(
    "jnp",
    {
        **{
            n: (getattr(jnp, n), X)
            for n in words(
                "mean std var median cumsum cumprod sort argsort nanmean nansum ptp flip "
                "fliplr rot90 ravel trace tril triu diag diagonal sinc i0 nan_to_num exp2 "
                "log10 trunc rint deg2rad cbrt diff gradient average count_nonzero amax "
                "nanmax"
            )
        },
        "roll": (lambda x: jnp.roll(x, 2, 1), X),
        "where": (lambda b, x: jnp.where(b, x, 0), B, X),
        "einsum": (lambda a, b: jnp.einsum("ij,kj->ik", a, b), X, X),
        "einsum3": (lambda a, b: jnp.einsum("bij,bjk->bik", a, b), spec(2, 3, 4), spec(2, 4, 5)),
        "matmul": (jnp.matmul, spec(3, 4, 6), spec(6, 2)),
        "tensordot": (lambda a, b: jnp.tensordot(a, b, 1), X, spec(6, 2)),
        "outer": (jnp.outer, V, V),
        "kron": (jnp.kron, M, M),
        "cross": (jnp.cross, spec(3), spec(3)),
        "vander": (jnp.vander, V),
        "percentile": (lambda x: jnp.percentile(x, 30.0), X),
        "quantile": (lambda x: jnp.quantile(x, jnp.array([0.1, 0.5]), axis=1), X),
        "searchsorted": (jnp.searchsorted, V, V),
        "histogram": (lambda x: jnp.histogram(x, 5), V),
        "bincount": (lambda x: jnp.bincount(x, length=9), IV),
        "digitize": (jnp.digitize, V, V),
        "interp": (jnp.interp, V, V, V),
        "convolve": (jnp.convolve, V, V),
        "correlate": (jnp.correlate, V, V),
        "polyval": (jnp.polyval, V, V),
        "linspace": (lambda: jnp.linspace(0, 1, 7),),
        "arange": (lambda: jnp.arange(3, 20, 2),),
        "meshgrid": (lambda x, y: jnp.meshgrid(x, y), V, V),
        "tile": (lambda x: jnp.tile(x, (2, 3)), X),
        "repeat": (lambda x: jnp.repeat(x, 3, 1), X),
        "stack": (lambda x: jnp.stack([x, x], 1), X),
        "split": (lambda x: jnp.split(x, 3, 1), X),
        "pad_reflect": (lambda x: jnp.pad(x, 2, mode="reflect"), X),
        "pad_edge": (lambda x: jnp.pad(x, 1, mode="edge"), X),
        "take": (lambda x, i: jnp.take(x, i, axis=0), X, IV),
        "choose": (lambda i, x: jnp.choose(i, [x, x], mode="clip"), I, X),
        "select": (lambda b, x: jnp.select([b, ~b], [x, x * 2]), B, X),
        "piecewise": (lambda x: jnp.piecewise(x, [x < 0, x >= 0], [-1.0, 1.0]), X),
        "lexsort": (lambda x, y: jnp.lexsort((x, y)), V, V),
        "unique": (lambda x: jnp.unique(x, size=4), IV),
        "nonzero": (lambda x: jnp.nonzero(x, size=5), V),
        "isclose": (jnp.isclose, X, X),
        "divmod": (jnp.divmod, I, I),
        "floor_divide": (jnp.floor_divide, X, X),
        "mod": (jnp.mod, X, X),
        "remainder_i": (jnp.remainder, I, I),
        "power_i": (lambda x: x**3, I),
        "float_power": (jnp.float_power, X, X),
        "hypot": (jnp.hypot, X, X),
        "logaddexp": (jnp.logaddexp, X, X),
        "ldexp": (jnp.ldexp, X, I),
        "frexp": (jnp.frexp, X),
        "modf": (jnp.modf, X),
        "gcd": (jnp.gcd, I, I),
        "lcm": (jnp.lcm, I, I),
        "left_shift": (jnp.left_shift, I, I),
        "bitwise_count": (jnp.bitwise_count, I),
        "cov": (jnp.cov, X),
        "corrcoef": (jnp.corrcoef, X),
        "block": (lambda x: jnp.block([[x, x], [x, x]]), M),
        "apply": (lambda x: jnp.apply_along_axis(jnp.sum, 0, x), X),
        "vectorize": (jnp.vectorize(lambda a, b: a @ b, signature="(n),(n)->()"), X, X),
        "insert": (lambda x: jnp.insert(x, 2, 9.0), V),
        "delete": (lambda x: jnp.delete(x, 2), V),
        "trapezoid": (jnp.trapezoid, V),
        "angle": (jnp.angle, C),
        "real_if": (jnp.real, C),
        "isin": (jnp.isin, IV, IV),
        "packbits": (jnp.packbits, spec(8, dtype=jnp.uint8)),
        "unpackbits": (jnp.unpackbits, spec(8, dtype=jnp.uint8)),
        "round2": (lambda x: jnp.round(x, 2), X),
        "argwhere": (lambda x: jnp.argwhere(x, size=3), B),
        "swapaxes": (lambda x: jnp.swapaxes(x, 0, 2), spec(2, 3, 4)),
        "index": (lambda x: x[1:3, ::2] + x[None, -1, 1:4], X),
        "index_b": (lambda x, i: x[i, :, None], spec(4, 6), spec(2, 2, dtype=jnp.int32)),
        "fft": (jnp.fft.fft, C),
        "rfft2": (jnp.fft.rfft2, X),
        "irfft": (jnp.fft.irfft, C),
        "ifftn": (jnp.fft.ifftn, C),
        "fftshift": (jnp.fft.fftshift, V),
    },
)
la = jnp.linalg
add(
    "linalg",
    {
        n: (getattr(la, n), M)
        for n in words(
            "cholesky qr svd eigh eigvalsh inv det slogdet pinv norm matrix_rank cond eig eigvals"
        )
    },
)
add(
    "linalg",
    {
        "solve": (la.solve, M, M),
        "lstsq": (la.lstsq, M, spec(5)),
        "lu": (jsp.linalg.lu, M),
        "lu_factor": (jsp.linalg.lu_factor, M),
        "tri": (lambda a, b: jsp.linalg.solve_triangular(a, b, lower=True), M, M),
        "tri_t": (lambda a, b: jsp.linalg.solve_triangular(a, b, trans=1), M, M),
        "cho_solve": (lambda a, b: jsp.linalg.cho_solve((a, True), b), M, M),
        "matrix_power": (lambda a: la.matrix_power(a, 3), M),
        "multi_dot": (lambda a: la.multi_dot([a, a, a]), M),
        "tri_lax": (
            lambda a, b: lax.linalg.triangular_solve(
                a, b, left_side=True, transpose_a=True, conjugate_a=True
            ),
            M,
            M,
        ),
        "chol_b": (lax.linalg.cholesky, spec(3, 4, 4)),
        "schur": (lax.linalg.schur, M),
        "hess": (lax.linalg.hessenberg, M),
        "tridiag": (lambda a: lax.linalg.tridiagonal(a), M),
        "tridiag_solve": (lax.linalg.tridiagonal_solve, V, V, V, spec(8, 2)),
        "house": (lax.linalg.householder_product, M, spec(5)),
    },
)
nn = jax.nn
add(
    "nn",
    {
        n: (getattr(nn, n), X)
        for n in words(
            "relu relu6 sigmoid softplus sparse_plus silu log_sigmoid leaky_relu "
            "hard_sigmoid hard_silu hard_tanh elu celu selu gelu glu log_softmax "
            "softmax logsumexp standardize soft_sign mish squareplus"
        )
    },
)
add(
    "nn",
    {
        "one_hot": (lambda i: nn.one_hot(i, 10), IV),
        "grad_gelu": (jax.grad(lambda x: nn.gelu(x).sum()), X),
        "vg": (jax.value_and_grad(lambda w, x: jnp.tanh(x @ w).sum()), spec(6, 3), X),
        "hess": (jax.hessian(lambda x: (x**3).sum()), spec(3)),
        "jacrev": (jax.jacrev(jnp.sin), spec(3)),
        "vmap": (jax.vmap(jnp.dot), X, X),
        "checkpoint": (jax.grad(jax.checkpoint(lambda x: jnp.sin(jnp.cos(x)).sum())), X),
        "custom_jvp": (jax.grad(lambda x: nn.relu(x).sum()), X),
    },
)
sp = jsp.special
add(
    "special",
    {
        n: (getattr(sp, n), X)
        for n in words(
            "gammaln digamma erf erfc erfinv expit logit ndtr ndtri log_ndtr i0e i1 "
            "i1e entr logsumexp"
        )
    },
)
add(
    "special",
    {
        "betainc": (sp.betainc, X, X, X),
        "betaln": (sp.betaln, X, X),
        "gammainc": (sp.gammainc, X, X),
        "xlogy": (sp.xlogy, X, X),
        "zeta": (sp.zeta, X, X),
        "polygamma": (sp.polygamma, I, X),
        "kl": (sp.kl_div, X, X),
        "multigammaln": (lambda x: sp.multigammaln(x, 2), X),
        "norm": (jsp.stats.norm.logpdf, X),
        "gammapdf": (jsp.stats.gamma.logpdf, X, X),
        "convolve2d": (jsp.signal.convolve2d, M, M),
        "map_coords": (lambda x, c: jsp.ndimage.map_coordinates(x, [c, c], 1), X, V),
        "bspline": (lambda x: jsp.signal.detrend(x), V),
        "stft": (lambda x: jsp.signal.stft(x, nperseg=16), spec(64)),
        "rankdata": (jsp.stats.rankdata, V),
    },
)


def rnd(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda k: f(jax.random.wrap_key_data(k))


r = jax.random
add(
    "random",
    {
        "uniform": (rnd(lambda k: r.uniform(k, (3,))), RAW),
        "normal": (rnd(lambda k: r.normal(k, (3,))), RAW),
        "bits": (rnd(lambda k: r.bits(k, (3,))), RAW),
        "split": (rnd(lambda k: r.key_data(r.split(k, 3))), RAW),
        "fold_in": (rnd(lambda k: r.key_data(r.fold_in(k, 7))), RAW),
        "randint": (rnd(lambda k: r.randint(k, (3,), 0, 9)), RAW),
        "permutation": (rnd(lambda k: r.permutation(k, 8)), RAW),
        "choice": (rnd(lambda k: r.choice(k, 8, (3,), replace=False)), RAW),
        "categorical": (rnd(lambda k: r.categorical(k, jnp.zeros(4))), RAW),
        "gamma": (rnd(lambda k: r.gamma(k, 2.0, (3,))), RAW),
        "poisson": (rnd(lambda k: r.poisson(k, 3.0, (2,))), RAW),
        "truncated": (rnd(lambda k: r.truncated_normal(k, -1.0, 1.0, (3,))), RAW),
        "bernoulli": (rnd(lambda k: r.bernoulli(k, 0.3, (3,))), RAW),
        "multivariate": (rnd(lambda k: r.multivariate_normal(k, jnp.zeros(2), jnp.eye(2))), RAW),
        "orthogonal": (rnd(lambda k: r.orthogonal(k, 3)), RAW),
        "key_arg": (lambda k: r.normal(k, (2,)), KEY),
        "rbg": (lambda: r.key_data(r.split(r.key(3, impl="rbg"), 2)),),
        "rbg_bits": (lambda: r.uniform(r.key(3, impl="rbg"), (3,)),),
        "unsafe_rbg": (lambda: r.normal(r.key(3, impl="unsafe_rbg"), (3,)),),
    },
)


def cb(x: Any) -> Any:
    return np.asarray(x)


add(
    "effects",
    {
        "pure_callback": (lambda x: jax.pure_callback(cb, spec(4, 6), x), X),
        "io_callback": (
            lambda x: jax.experimental.io_callback(cb, spec(4, 6), x, ordered=False),
            X,
        ),
        "io_ordered": (lambda x: jax.experimental.io_callback(cb, spec(4, 6), x, ordered=True), X),
        "debug_print": (lambda x: (jax.debug.print("{}", x), x)[1], X),
        "debug_ordered": (lambda x: (jax.debug.print("{}", x, ordered=True), x)[1], X),
        "named": (lambda x: jax.named_call(jnp.sin, name="foo")(x), X),
        "ffi": (
            lambda x: jax.ffi.ffi_call(
                "my_target", spec(4, 6), input_layouts=[(0, 1)], output_layouts=(0, 1)
            )(x, a=np.int32(1), b="text", c=np.arange(3)),
            X,
        ),
        "ffi_alias": (
            lambda x: jax.ffi.ffi_call(
                "my_target", spec(4, 6), input_output_aliases={0: 0}, has_side_effect=True
            )(x),
            X,
        ),
    },
)
add(
    "jit",
    {
        "nested": (lambda x: jax.jit(jnp.sin)(x) + jax.jit(jnp.sin)(x), X),
        "inline": (lambda x: jax.jit(jnp.sin, inline=True)(x), X),
        "donate": (jax.jit(lambda x, y: (x + 1, y.sum()), donate_argnums=0), X, X),
        "dict": (lambda d: {"a": d["b"][0], "c": d["b"][1] + 1}, {"b": (X, S)}),
        "empty": (lambda: (),),
        "unused": (jax.jit(lambda x, y: x, keep_unused=True), X, X),
        "zero_size": (lambda x: x + 1, spec(0, 3)),
        "cond_effect": (
            lambda p, x: lax.cond(p, lambda: jax.debug.print("{}", x), lambda: None),
            spec(dtype=jnp.bool_),
            X,
        ),
    },
)
