"""Random numbers and keys in the tensor dialect: what jax.jit gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from xtensor_support import assert_imported_exactly, imported, op_names, run_imported

from xcs.frontend.jaxpr_import import primitive_fallback_count

GENERATORS = ["threefry2x32", "threefry4x32", "philox2x32", "philox4x32", "rbg", "unsafe_rbg"]
KEYS = {name: jax.random.key(3, impl=name) for name in GENERATORS}
KEY = KEYS["threefry2x32"]
SHAPES = jnp.array([0.5, 2.0, 7.0])

# --- Generators -----------------------------------------------------------------------------------


def everything(key: Any) -> Any:
    """What all generators have to do."""
    bits = jax.random.bits
    split = jax.random.split(key, (3, 2))
    return (
        bits(key),
        bits(key, (3,)),
        bits(key, (3, 5), jnp.uint8),
        bits(key, (7,), jnp.uint16),
        split,
        jax.random.fold_in(key, 7),
        jax.random.clone(key),
        jax.vmap(lambda k: jax.random.normal(jax.random.fold_in(k, 2), (3,)))(split[0]),
    )


@pytest.mark.parametrize("generator", GENERATORS)
def test_generators(generator: str) -> None:
    assert_imported_exactly(everything, KEYS[generator])


@pytest.mark.parametrize("generator", ["threefry2x32", "rbg"])
def test_keys_of_seeds(generator: str) -> None:
    def seeded(seed: Any, seeds: Any) -> Any:
        def key(seed: Any) -> Any:
            return jax.random.key(seed, impl=generator)

        return key(seed), jax.vmap(key)(seeds)

    assert_imported_exactly(seeded, jnp.int32(-7), jnp.arange(3, dtype=jnp.uint32))


@pytest.mark.parametrize("generator", ["threefry2x32", "rbg"])
def test_gamma_samples(generator: str) -> None:
    assert_imported_exactly(jax.random.loggamma, KEYS[generator], SHAPES)
    module = imported(jax.random.loggamma, KEYS[generator], SHAPES)
    assert op_names(module).count("xtensor.random_gamma") == 1


def test_wide_numbers() -> None:
    with jax.enable_x64(True):
        assert_imported_exactly(
            lambda k: (
                jax.random.bits(k, (3,), jnp.uint64),
                jax.random.normal(k, (3,)),
                jax.random.randint(k, (3,), 0, 2**40),
            ),
            KEY,
        )


def test_raw_keys() -> None:
    raw = jax.random.PRNGKey(1)
    assert_imported_exactly(
        lambda k: (jax.random.normal(k, (3,)), jax.random.split(k), jax.random.fold_in(k, 2)), raw
    )


SAMPLERS: dict[str, Callable[[Any, Any], Any]] = {
    "bernoulli": lambda k, a: jax.random.bernoulli(k, a / 9),
    "categorical": lambda k, a: jax.random.categorical(k, a, shape=(4,)),
    "choice": lambda k, a: jax.random.choice(k, a, (2,), replace=False),
    "exponential": lambda k, a: jax.random.exponential(k, a.shape) * a,
    "gumbel": lambda k, a: jax.random.gumbel(k, a.shape),
    "multivariate_normal": lambda k, a: jax.random.multivariate_normal(k, a, jnp.diag(a)),
    "normal, complex": lambda k, a: jax.random.normal(k, (4,), jnp.complex64),
    "normal, narrow": lambda k, a: jax.random.normal(k, (4,), jnp.bfloat16),
    "permutation": lambda k, a: jax.random.permutation(k, a),
    "poisson": lambda k, a: jax.random.poisson(k, a),
    "rademacher": lambda k, a: jax.random.rademacher(k, a.shape),
    "randint": lambda k, a: jax.random.randint(k, a.shape, -3, 9),
    "truncated_normal": lambda k, a: jax.random.truncated_normal(k, -a, a),
    "uniform": lambda k, a: jax.random.uniform(k, a.shape, minval=-a),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name: str) -> None:
    assert_imported_exactly(SAMPLERS[name], KEY, SHAPES)


def test_gradients_of_samples() -> None:
    assert_imported_exactly(
        jax.grad(lambda a, k: jax.random.gamma(k, a).sum()), SHAPES, jax.random.key(5)
    )


# --- Keys are moved as words ----------------------------------------------------------------------


def moved(keys: Any) -> Any:
    """All that moves arrays, on an array of four keys."""
    square = keys.reshape(2, 2)
    return (
        square.T,
        square.ravel(),
        jnp.concatenate([keys, keys[1:]]),
        keys[jnp.array([2, 1])],
        keys[2],
        keys.at[1].set(keys[0]),
        jnp.where(jnp.arange(4) > 1, keys, keys[::-1]),
        lax.select_n(jnp.arange(4) % 3, keys, keys[::-1], jnp.roll(keys, 1)),
        jnp.broadcast_to(keys[0], (3, 2)),
        jnp.stack([keys, keys], 1),
        jnp.tile(keys, 2),
        jnp.split(square, 2, 1),
        lax.dynamic_index_in_dim(keys, keys.size // 2, keepdims=False),
        lax.dynamic_update_slice(keys, keys[:1], (2,)),
        keys[None, :, None].squeeze(),
        jnp.empty_like(keys),
        keys == keys[::-1],
        keys != keys[0],
    )


@pytest.mark.parametrize("generator", ["threefry2x32", "philox2x32", "rbg"])
def test_keys_are_moved(generator: str) -> None:
    assert_imported_exactly(moved, jax.random.split(KEYS[generator], 4))


def test_words_of_keys() -> None:
    assert_imported_exactly(
        lambda k: jax.random.wrap_key_data(jax.random.key_data(k) + 1), jax.random.split(KEY, 4)
    )


# --- The primitives below -------------------------------------------------------------------------

STATE = jnp.arange(4, dtype=jnp.uint32)


@pytest.mark.parametrize("algorithm", list(lax.RandomAlgorithm))
@pytest.mark.parametrize("dtype", [jnp.uint8, jnp.uint16, jnp.uint32])
def test_random_bits_of_the_compiler(algorithm: Any, dtype: Any) -> None:
    assert_imported_exactly(
        lambda s: lax.rng_bit_generator(s, (3, 2), dtype, algorithm=algorithm), STATE
    )


def test_a_wide_state() -> None:
    with jax.enable_x64(True):
        state = jnp.arange(2, dtype=jnp.uint64)
        assert_imported_exactly(lambda s: lax.rng_bit_generator(s, (3,), jnp.uint64), state)


def test_numbers_of_the_compilers_own_generator() -> None:
    def fn(low: Any, high: Any) -> Any:
        return lax.rng_uniform(low, high, (1000,))

    low, high = jnp.float32(2.0), jnp.float32(3.0)
    assert primitive_fallback_count(imported(fn, low, high)) == {}
    numbers = np.asarray(run_imported(fn, low, high)[0])
    assert numbers.shape == (1000,)
    assert ((numbers >= 2) & (numbers < 3)).all()
    assert len(set(numbers.tolist())) > 100


@pytest.mark.parametrize("partitionable", [True, False])
def test_both_ways_to_count(partitionable: bool) -> None:
    with jax.threefry_partitionable(partitionable):
        assert_imported_exactly(lambda k: jax.random.normal(k, (3, 5)), KEY)
