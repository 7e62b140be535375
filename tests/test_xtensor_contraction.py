"""Contractions and convolutions: what they compute is what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from xtensor_support import assert_imported_exactly, imported, op_names

RNG = np.random.default_rng(0)
X = jnp.asarray(RNG.normal(size=(4, 6)), jnp.float32)
BATCH = jnp.asarray(RNG.normal(size=(2, 3, 4)), jnp.float32)
INTS = jnp.asarray(RNG.integers(-9, 9, size=(4, 6)), jnp.int32)
COMPLEX = X + 1j * X[::-1]


def of(dtype: Any, shape: tuple[int, ...] = (4, 6)) -> jax.Array:
    return jnp.asarray(RNG.normal(size=shape) * 3).astype(dtype)


# --- Contractions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x: [lax.dot_general(x, x, (((0,), (0,)), ((), ()))), lax.dot(x[0], x[1])], [X]),
        (lambda b: lax.dot_general(b, b, (((2,), (2,)), ((0,), (0,)))), [BATCH]),
        (lambda b, x: lax.dot_general(b, x, (((2,), (0,)), ((), ()))), [BATCH, X]),
        (lambda b: lax.dot_general(b, b, (((), ()), ((1, 0), (1, 0)))), [BATCH]),
        (lambda x: lax.dot_general(x, x, (((1, 0), (1, 0)), ((), ()))), [X]),
        (lambda x: (x[:0] @ x.T, x[:, :0] @ x[:, :0].T, x[:0].T @ x[:0]), [X]),
        (lambda x: (jnp.outer(x[0], x[1]), jnp.vdot(x, x), jnp.kron(x, x), jnp.cov(x)), [X]),
        (
            lambda b: (jnp.einsum("bij,bkj->ikb", b, b), jnp.tensordot(b, b, ([0, 1], [0, 1]))),
            [BATCH],
        ),
        (
            lambda b: jax.nn.dot_product_attention(b[:, :, None], b[:, :, None], b[:, :, None]),
            [BATCH],
        ),
        (jax.grad(lambda x: ((x @ x.T) ** 2).sum()), [X]),
        (jax.vmap(lambda b: b @ b.T), [BATCH]),
    ],
)
def test_contractions(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


@pytest.mark.parametrize(
    "dtypes",
    [
        [jnp.int4, jnp.int8, jnp.uint8, jnp.int16, jnp.uint32, jnp.bool_],
        [jnp.float8_e5m2, jnp.float8_e4m3fn, jnp.float8_e4m3b11fnuz, jnp.bfloat16, jnp.float16],
        [jnp.complex64],
    ],
    ids=["whole", "floats", "complex"],
)
def test_contractions_of_all_types(dtypes: list[Any]) -> None:
    def fn(*xs: jax.Array) -> list[jax.Array]:
        results = [lax.dot(x, x.T) for x in xs]
        wide = {jnp.dtype(jnp.complex64): jnp.complex64, jnp.dtype(jnp.uint32): jnp.uint32}
        for x in xs:
            if x.dtype == jnp.int4:  # which JAX does not widen on CPUs
                continue
            element = jnp.float32 if jnp.issubdtype(x.dtype, jnp.floating) else jnp.int32
            element = wide.get(x.dtype, element)
            results.append(lax.dot(x, x.T, preferred_element_type=element))
        return results

    assert_imported_exactly(fn, *map(of, dtypes))


MIXED = [
    (jnp.bfloat16, jnp.float32, None),
    (jnp.float32, jnp.float16, jnp.float16),
    (jnp.float16, jnp.bfloat16, jnp.float32),
    (jnp.int8, jnp.int32, None),
    (jnp.uint8, jnp.int16, jnp.int32),
    (jnp.int8, jnp.bfloat16, jnp.float32),
    (jnp.bool_, jnp.float32, None),
    (jnp.float32, jnp.complex64, None),
    (jnp.float8_e4m3fn, jnp.float8_e5m2, jnp.float32),
    (jnp.float8_e4m3b11fnuz, jnp.float8_e5m2, jnp.float32),
    (jnp.float8_e4m3fn, jnp.bfloat16, None),
]


@pytest.mark.parametrize("group", [MIXED[:6], MIXED[6:]])
def test_contractions_of_different_types(group: list[tuple[Any, Any, Any]]) -> None:
    def fn(*xs: jax.Array) -> list[jax.Array]:
        pairs = zip(xs[::2], xs[1::2], group, strict=True)
        return [lax.dot(x, y.T, preferred_element_type=element) for x, y, (_, _, element) in pairs]

    assert_imported_exactly(fn, *[of(dtype) for pair in group for dtype in pair[:2]])


PRECISIONS = [
    None,
    "default",
    "high",
    "highest",
    "bfloat16",
    lax.Precision.HIGHEST,
    ("highest", "default"),
    (lax.Precision.HIGH, lax.Precision.DEFAULT),
]

ALGORITHMS = [
    "DEFAULT",
    "F16_F16_F16",
    "F32_F32_F32",
    "BF16_BF16_F32",
    "BF16_BF16_F32_X3",
    lax.DotAlgorithmPreset.BF16_BF16_F32_X6,
]


def test_all_forms_of_precision() -> None:
    def fn(x: jax.Array) -> list[jax.Array]:
        results = [jnp.dot(x, x.T, precision=precision) for precision in PRECISIONS]
        with jax.default_matmul_precision("highest"):
            results.append(x @ x.T)
        return results

    assert_imported_exactly(fn, X)
    assert str(imported(fn, X)).count("precision highest x highest") == 3


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_all_algorithms_of_a_cpu(algorithm: Any) -> None:
    def fn(*xs: jax.Array) -> list[jax.Array]:
        results = [lax.dot(x, x.T, precision=algorithm) for x in xs]
        results += [
            lax.dot(x, x.T, precision=algorithm, preferred_element_type=jnp.float32) for x in xs
        ]
        results.append(lax.dot(xs[0], xs[1].T, precision=algorithm))
        return results

    assert_imported_exactly(fn, X, of(jnp.bfloat16), of(jnp.float16))


def test_an_algorithm_of_wide_floats() -> None:
    with jax.enable_x64(True):
        x = jnp.asarray(RNG.normal(size=(4, 6)))
        assert_imported_exactly(lambda x: lax.dot(x, x.T, precision="F64_F64_F64"), x)


@pytest.mark.parametrize(
    "algorithm", ["TF32_TF32_F32", lax.DotAlgorithm(np.float32, np.float32, np.float32)]
)
def test_an_algorithm_that_jax_refuses_is_left_to_jax(algorithm: Any) -> None:
    with pytest.raises(ValueError, match="is not supported by dot_general on CPU"):
        imported(lambda x: lax.dot(x, x.T, precision=algorithm), X)


GROUPS = jnp.array([2, 0, 1], jnp.int32)
BY_GROUP = lax.RaggedDotDimensionNumbers((((0,), (0,)), ((), ())), [0], [])
IN_BATCH = lax.RaggedDotDimensionNumbers((((2,), (1,)), ((0,), (0,))), [0], [])


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (lambda x, w, g: lax.ragged_dot(x, w, g), [X, of(jnp.float32, (3, 6, 5)), GROUPS]),
        (lambda x, y, g: lax.ragged_dot_general(x, y, g, BY_GROUP), [X, X[:, :3], GROUPS]),
        (
            lambda x, y, g: lax.ragged_dot_general(x, y, g, IN_BATCH),
            [BATCH, of(jnp.float32, (2, 4, 5)), GROUPS],
        ),
        (
            jax.grad(lambda x, w, g: (lax.ragged_dot(x, w, g) ** 2).sum(), (0, 1)),
            [X, of(jnp.float32, (3, 6, 5)), GROUPS],
        ),
        (
            lambda x, w, g: lax.ragged_dot(x, w, g, preferred_element_type=jnp.float32),
            [X.astype(jnp.bfloat16), of(jnp.bfloat16, (3, 6, 5)), GROUPS],
        ),
    ],
)
def test_contractions_of_groups(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)
    assert "xtensor.ragged_dot_general" in op_names(imported(fn, *args))


def test_contractions_of_scaled_blocks() -> None:
    def fn(x: jax.Array, s: jax.Array) -> jax.Array:
        numbers = (((1,), (1,)), ((), ()))
        return lax.scaled_dot(
            x, x, lhs_scale=s, rhs_scale=s, dimension_numbers=numbers,
            preferred_element_type=jnp.float32,
        )  # fmt: skip

    scales = jnp.asarray(2.0 ** RNG.integers(-2, 3, size=(4, 2))).astype(jnp.float8_e8m0fnu)
    assert_imported_exactly(fn, of(jnp.float8_e4m3fn, (4, 8)), scales)


# --- Convolutions ---------------------------------------------------------------------------------

IMAGES = jnp.asarray(RNG.normal(size=(2, 4, 7, 6)), jnp.float32)
KERNEL = jnp.asarray(RNG.normal(size=(6, 4, 3, 2)), jnp.float32)
LINE = jnp.asarray(RNG.normal(size=(2, 3, 9)), jnp.float32)


def convolved(
    strides: Any = (1, 1), padding: Any = "SAME", **options: Any
) -> Callable[[jax.Array, jax.Array], jax.Array]:
    return lambda x, k: lax.conv_general_dilated(x, k, strides, padding, **options)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (convolved(), [IMAGES, KERNEL]),
        (convolved((2, 1), "VALID"), [IMAGES, KERNEL]),
        (convolved((2, 3), [(1, 2), (0, -1)]), [IMAGES, KERNEL]),
        (convolved((1, 2), [(3, 3), (2, 2)], lhs_dilation=(2, 1)), [IMAGES, KERNEL]),
        (convolved((1, 1), "SAME_LOWER", rhs_dilation=(2, 3)), [IMAGES, KERNEL]),
        (convolved(feature_group_count=2), [IMAGES, KERNEL[:, :2]]),
        (convolved(batch_group_count=2), [IMAGES, KERNEL]),
        (
            convolved(dimension_numbers=("NHWC", "HWIO", "NHWC")),
            [IMAGES.transpose(0, 2, 3, 1), KERNEL.transpose(2, 3, 1, 0)],
        ),
        (
            convolved(dimension_numbers=("WCNH", "OHWI", "HNCW")),
            [IMAGES.transpose(3, 1, 0, 2), KERNEL.transpose(0, 2, 3, 1)],
        ),
        (convolved((2,), "SAME"), [LINE, LINE[:, :, :4]]),
        (convolved((), ()), [X, INTS.astype(jnp.float32)]),
        (convolved((1, 1, 1), "VALID"), [IMAGES[..., None], KERNEL[..., None]]),
        (convolved(precision=("highest", "default")), [IMAGES, KERNEL]),
        (convolved(precision="high"), [IMAGES, KERNEL]),
        (convolved(), [IMAGES[:0], KERNEL]),
        (convolved((1, 1), "VALID"), [IMAGES[:, :, :2], KERNEL]),
        (
            lambda x, k: (
                lax.conv_transpose(x, k, (2, 2), "SAME"),
                jnp.convolve(x[0, 0, 0], k[0, 0, 0]),
            ),
            [IMAGES.transpose(0, 2, 3, 1), KERNEL.transpose(2, 3, 1, 0)],
        ),
        (
            jax.grad(lambda x, k: (convolved((2, 1))(x, k) ** 2).sum(), (0, 1)),
            [IMAGES, KERNEL],
        ),
        (
            jax.vmap(convolved(feature_group_count=2)),
            [IMAGES[:, None], jnp.stack([KERNEL[:, :2]] * 2)],
        ),
    ],
)
def test_convolutions(fn: Callable[..., Any], args: list[Any]) -> None:
    assert_imported_exactly(fn, *args)


def test_convolutions_of_other_types() -> None:
    def fn(*xs: jax.Array) -> list[jax.Array]:
        results = []
        for x in xs:
            kernel = x[:, :, :3, :2]
            results.append(convolved((2, 1))(x, kernel))
            wide = jnp.complex64 if jnp.iscomplexobj(x) else jnp.float32
            if not jnp.issubdtype(x.dtype, jnp.integer):
                results.append(convolved(preferred_element_type=wide)(x, kernel))
        return results

    images = IMAGES[:, :, :4, :3]
    narrow = [images.astype(dtype) for dtype in (jnp.bfloat16, jnp.float8_e5m2)]
    whole = [(images * 3).astype(dtype) for dtype in (jnp.uint8, jnp.int32)]
    assert_imported_exactly(fn, *narrow, *whole, images + 1j * images[::-1])


def test_a_convolution_says_what_its_dimensions_are() -> None:
    fn = convolved((2, 1), [(1, 0), (0, 0)], dimension_numbers=("NHWC", "HWIO", "NHWC"))
    text = str(imported(fn, IMAGES.transpose(0, 2, 3, 1), KERNEL.transpose(2, 3, 1, 0)))
    assert "dims [b, 0, 1, f] x [0, 1, i, o] -> [b, 0, 1, f] strides [2, 1] low [1, 0] :" in text


def test_a_convolution_that_jax_refuses_is_left_to_jax() -> None:
    with pytest.raises(ValueError, match="positive value for 0-th window dimension"):
        imported(convolved((1,)), LINE, LINE[:, :, :0])
