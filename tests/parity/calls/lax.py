"""Calls of `jax.lax`."""

from __future__ import annotations

import functools
from typing import Any, cast

import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.parity.calls.support import Calls


def _dims(**parts: Any) -> Any:
    return lax.GatherDimensionNumbers(**parts)


_ROWS = _dims(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,))
_PLACED = lax.ScatterDimensionNumbers(
    update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,)
)
_NHWC = ("NHWC", "HWIO", "NHWC")
_RAGGED = lax.RaggedDotDimensionNumbers(
    dot_dimension_numbers=(((1,), (1,)), ((), ())),
    lhs_ragged_dimensions=[0],
    rhs_group_dimensions=[0],
)


def cube_root(x: Any) -> Any:
    """The solvers call functions that JAX gives them."""
    return lax.custom_root(
        lambda t: t**3 - x,
        jnp.ones_like(x),
        lambda f, start: lax.fori_loop(0, 12, lambda _, t: t - f(t) / (3 * t**2), start),
        lambda g, b: b / g(jnp.ones_like(b)),
    )


def _solved(spd: Any, rhs: Any) -> Any:
    return lax.custom_linear_solve(
        lambda v: spd @ v, rhs, lambda _, b: jnp.linalg.solve(spd, b), symmetric=True
    )


@functools.partial(lax.composite, name="tests.twice_and_one")
def _twice_and_one(x: Any) -> Any:
    return 2 * x + 1


CALLS: Calls = {
    "argmax": [lambda x: lax.argmax(x, 1, jnp.int32), lambda n: lax.argmin(n, 0, jnp.uint8)],
    "associative_scan": [
        lambda signal: lax.associative_scan(jnp.add, signal),
        lambda cube: lax.associative_scan(
            lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (cube, cube), axis=1, reverse=True
        ),
    ],
    "broadcast_in_dim": [lambda x: lax.broadcast_in_dim(x, (2, 4, 3), (0, 2))],
    "broadcasted_iota": [lambda: lax.broadcasted_iota(jnp.int32, (2, 3), 1)],
    "composite": [_twice_and_one],
    "cond": [
        lambda flag, x: lax.cond(flag, jnp.sin, jnp.cos, x),
        lambda k, x: lax.cond(k > 3, lambda: (x, x), lambda: (x + 1, 2 * x)),
    ],
    "conv": [
        lambda image, filters: lax.conv(
            image.transpose(0, 3, 1, 2), filters.transpose(3, 2, 0, 1), (1, 1), "SAME"
        )
    ],
    "conv_general_dilated": [
        lambda image, filters: lax.conv_general_dilated(
            image, filters, (2, 1), "SAME", dimension_numbers=_NHWC
        ),
        lambda image, filters: lax.conv_general_dilated(
            image,
            filters,
            (1, 1),
            ((1, 2), (0, 1)),
            lhs_dilation=(2, 1),
            rhs_dilation=(1, 2),
            dimension_numbers=_NHWC,
        ),
        lambda image: lax.conv_general_dilated(
            image,
            jnp.ones((2, 2, 1, 6)),
            (1, 1),
            "VALID",
            dimension_numbers=_NHWC,
            feature_group_count=3,
        ),
    ],
    "conv_general_dilated_local": [
        lambda signal, tall: lax.conv_general_dilated_local(
            signal[None, None, :], jnp.ones((1, 3, 30)), (1,), "VALID", (3,)
        )
    ],
    "conv_general_dilated_patches": [
        lambda image: lax.conv_general_dilated_patches(
            image, (2, 2), (1, 1), "VALID", dimension_numbers=_NHWC
        )
    ],
    "conv_transpose": [
        lambda image, filters: lax.conv_transpose(image, filters, (2, 2), "SAME"),
        lambda image, filters: lax.conv_transpose(
            image, filters.swapaxes(2, 3)[..., :3, :], (1, 1), "VALID", transpose_kernel=False
        ),
    ],
    "conv_with_general_padding": [
        lambda image, filters: lax.conv_with_general_padding(
            image.transpose(0, 3, 1, 2),
            filters.transpose(3, 2, 0, 1),
            (1, 1),
            ((0, 0), (1, 1)),
            None,
            None,
        )
    ],
    "custom_linear_solve": [_solved],
    "dot_general": [
        lambda cube: lax.dot_general(cube, cube, (((2,), (2,)), ((0,), (0,)))),
        lambda small, n: lax.dot_general(
            small, small.T, (((1,), (0,)), ((), ())), preferred_element_type=jnp.int32
        ),
        lambda brain: lax.dot_general(
            brain,
            brain,
            (((1,), (1,)), ((), ())),
            precision="highest",
            preferred_element_type=jnp.float32,
        ),
    ],
    "dynamic_slice": [
        lambda cube, k: lax.dynamic_slice(cube, (0, k, 1), (1, 2, 2)),
        lambda x, k: lax.dynamic_slice_in_dim(x, k, 2, axis=1),
        lambda x, k: lax.dynamic_index_in_dim(x, k, axis=1, keepdims=False),
    ],
    "dynamic_update_index_in_dim": [
        lambda x, p, k: lax.dynamic_update_index_in_dim(x, x[:, 0] * p, k, 1)
    ],
    "dynamic_update_slice": [
        lambda cube, x, k: lax.dynamic_update_slice(cube, x[..., None], (0, 0, k))
    ],
    "dynamic_update_slice_in_dim": [
        lambda x, y, k: lax.dynamic_update_slice_in_dim(x, y[:, :1], k, 1)
    ],
    "empty": [lambda: jnp.shape(lax.empty((2, 3), jnp.float32))[0] * jnp.ones(2)],
    "fft": [
        lambda c: lax.fft(c, "FFT", (3,)),
        lambda c: lax.fft(c, lax.FftType.IFFT, (2, 3)),
        lambda x: lax.fft(x, "RFFT", (2, 3)),
        lambda c: lax.fft(c, "IRFFT", (4,)),
    ],
    "fori_loop": [
        lambda x: lax.fori_loop(0, 4, lambda i, a: a * 0.5 + i, x),
        lambda x, k: lax.fori_loop(0, k, lambda i, a: a.at[i].add(i), x),
        lambda x: lax.fori_loop(0, 4, lambda i, a: a * 0.5 + i, x, unroll=2),
    ],
    "full": [lambda p: lax.full((2, 3), p), lambda x: lax.full_like(x, 2)],
    "gather": [
        lambda x, i: lax.gather(x, i[:, None] % 2, _ROWS, (1, 3)),
        lambda x, i: lax.gather(x, i[:, None], _ROWS, (1, 3), mode="fill", fill_value=5.0),
        lambda x, i: lax.gather(x, i[:, None], _ROWS, (1, 2), mode="clip"),
    ],
    "index_take": [
        lambda x, n: lax.index_take(x, cast(Any, (n[0] % 2, n[1] % 3)), (0, 1)),
    ],
    "iota": [lambda: lax.iota(jnp.uint8, 5), lambda: lax.iota(jnp.float32, 5)],
    "map": [
        lambda x: lax.map(lambda row: jnp.sort(row) * 2, x),
        lambda signal: lax.map(jnp.sin, signal, batch_size=5),
    ],
    "optimization_barrier": [lambda x, n: lax.optimization_barrier((x, n))],
    "pad": [
        lambda x, p: lax.pad(x, p, ((1, 0, 1), (-1, 2, 0))),
        lambda n, k: lax.pad(n, k, ((0, 0, 2), (3, -1, 0))),
    ],
    "platform_dependent": [
        lambda x: lax.platform_dependent(x, cpu=lambda a: a + 1, default=lambda a: a - 1)
    ],
    "ragged_dot": [
        lambda tall, filters, k: lax.ragged_dot(
            tall, filters[:, 0, :, :], jnp.stack([k, k - 1, k])
        ),
    ],
    "ragged_dot_general": [
        lambda tall, filters, k: lax.ragged_dot_general(
            tall, filters[:, 0, :, :], jnp.stack([k, k - 1, k]), _RAGGED
        ),
    ],
    "reduce": [
        lambda x: lax.reduce(x, np.float32(0), lax.add, (1,)),
        lambda x, n: lax.reduce(
            (x, n),
            (np.float32(-1), np.int32(0)),
            lambda a, b: (lax.max(a[0], b[0]), lax.add(a[1], b[1])),
            (0,),
        ),
        lambda x: lax.reduce(x, np.float32(1), lambda a, b: a * b + 0 * a, (0, 1)),
    ],
    "reduce_precision": [lambda x: lax.reduce_precision(x, 5, 3)],
    "reduce_window": [
        lambda image: lax.reduce_window(
            image, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME"
        ),
        lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 2), (1, 1), ((0, 0), (1, 1))),
        lambda n: lax.reduce_window(n, 1, lax.mul, (1, 2), (1, 1), "VALID"),
        lambda x: lax.reduce_window(x, 0.0, lambda a, b: a + 2 * b, (2, 1), (1, 1), "VALID"),
        lambda image: lax.reduce_window(
            image, 0.0, lax.add, (1, 2, 2, 1), (1, 1, 1, 1), "VALID", window_dilation=(1, 2, 2, 1)
        ),
    ],
    "rng_bit_generator": [
        lambda bits: lax.rng_bit_generator(bits, (3,)),
        lambda bits: lax.rng_bit_generator(
            bits, (5,), jnp.uint8, algorithm=lax.RandomAlgorithm.RNG_THREE_FRY
        ),
    ],
    "scan": [
        lambda x: lax.scan(lambda a, row: (a + row.sum(), a * row), 0.0, x),
        lambda cube, p: lax.scan(lambda a, s: (a * 0.5 + s, (a, s.sum())), cube[0], cube, unroll=2),
        lambda n: lax.scan(lambda a, row: (a + row, None), n[0], n, reverse=True),
        lambda k: lax.scan(lambda a, _: (a + 1, a), k, None, length=4),
    ],
    "scatter": [
        lambda x, i, spd: lax.scatter(x, i[:2, None] % 2, x, _PLACED),
        lambda x, i, spd: lax.scatter_add(x, i[:, None], spd, _PLACED, mode="drop"),
    ],
    "scatter_add": [lambda x, i, spd: lax.scatter_add(x, i[:, None] % 2, spd, _PLACED)],
    "scatter_apply": [
        lambda x, i: lax.scatter_apply(x, i[1:, None], jnp.sin, _PLACED, update_shape=(2, 3))
    ],
    "scatter_max": [lambda x, i, spd: lax.scatter_max(x, i[:, None], spd, _PLACED, mode="clip")],
    "scatter_min": [lambda x, i, spd: lax.scatter_min(x, i[:, None], spd, _PLACED)],
    "scatter_mul": [lambda x, i, spd: lax.scatter_mul(x, i[:, None] % 2, spd, _PLACED)],
    "scatter_sub": [lambda x, i, spd: lax.scatter_sub(x, i[:, None] % 2, spd, _PLACED)],
    "slice": [
        lambda cube: lax.slice(cube, (0, 1, 0), (2, 3, 4), (1, 1, 2)),
        lambda x: lax.slice_in_dim(x, 0, 2, axis=1),
    ],
    "sort": [
        lambda x, n: lax.sort((n, x), dimension=1, num_keys=2),
        lambda x: lax.sort(x, dimension=0, is_stable=False),
        lambda x, n: lax.sort_key_val(n, x, dimension=1),
        lambda half: lax.sort(half),
        lambda c: lax.sort(c, dimension=1),
    ],
    "split": [lambda x: lax.split(x, (1, 2), axis=1)],
    "squeeze": [lambda x: lax.squeeze(x[None], (0,))],
    "switch": [lambda k, x: lax.switch(k, [jnp.sin, jnp.cos, jnp.tanh], x)],
    "top_k": [
        lambda x: lax.top_k(x, 2),
        lambda n: lax.top_k(n, 1, axis=0),
        lambda signal: lax.approx_max_k(signal, 3),
        lambda signal: lax.approx_min_k(signal, 3),
    ],
    "while_loop": [
        lambda p: lax.while_loop(lambda a: a < 10, lambda a: a * 2 + 1, p),
        lambda x, k: lax.while_loop(
            lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] * 0.5 + s[0]), (k, x)
        ),
    ],
    "cumulative": [
        lambda x: (lax.cumsum(x, 1, reverse=True), lax.cumprod(x, 0), lax.cummax(x, 1)),
        lambda n: (lax.cummin(n, 1), lax.cumsum(n, 0), lax.cumprod(n, 1, reverse=True)),
        lambda x: lax.cumlogsumexp(x, 1, reverse=True),
    ],
    "reductions": [
        lambda n, m: (lax.reduce_and(m, (0,)), lax.reduce_or(n, (1,)), lax.reduce_xor(n, (0,))),
        lambda x: (lax.reduce_sum(x, (0,)), lax.reduce_max(x, (1,)), lax.reduce_prod(x, (0, 1))),
    ],
    "bitcast_convert_type": [
        lambda x: lax.bitcast_convert_type(x, jnp.int32),
        lambda x: lax.bitcast_convert_type(x, jnp.uint8),
        lambda half: lax.bitcast_convert_type(half, jnp.uint16),
    ],
    "convert_element_type": [
        lambda x: [lax.convert_element_type(x * 9, t) for t in (jnp.int8, jnp.uint8, jnp.bool_)],
        lambda x: [lax.convert_element_type(x, t) for t in (jnp.float16, jnp.bfloat16, complex)],
        lambda n: [lax.convert_element_type(n, t) for t in (jnp.float32, jnp.uint16, jnp.int4)],
        lambda x: [
            lax.convert_element_type(x, t)
            for t in (jnp.float8_e4m3fn, jnp.float8_e5m2, jnp.float8_e4m3b11fnuz)
        ],
    ],
    "accuracy": [
        lambda x: lax.exp(x, accuracy=lax.AccuracyMode.HIGHEST),
        lambda x: lax.tanh(x, accuracy=lax.Tolerance(atol=1e-3, rtol=1e-3, ulps=4)),
    ],
}
