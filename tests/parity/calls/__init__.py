"""Calls of JAX's public functions that trying does not find: their arguments have to fit."""

from tests.parity.calls import lax, linalg, nn, numpy, other, random, scipy

CALLS = {
    "jax.numpy": numpy.CALLS,
    "linear algebra": linalg.CALLS,
    "jax.lax": lax.CALLS,
    "jax.nn": nn.CALLS,
    "jax.random": random.CALLS,
    "jax.scipy": scipy.CALLS,
    "other": other.CALLS,
}
