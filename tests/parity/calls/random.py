"""Calls of `jax.random`, with keys of both kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tests.parity.calls.support import Calls

_DRAWS: dict[str, Callable[[Any, Any], Any]] = {
    "ball": lambda key, p: jax.random.ball(key, 3, shape=(2,)),
    "bernoulli": lambda key, p: jax.random.bernoulli(key, p, (5,)),
    "beta": lambda key, p: jax.random.beta(key, p, 2.0, (3,)),
    "binomial": lambda key, p: jax.random.binomial(key, 5.0, p, (3,)),
    "bits": lambda key, p: jax.random.bits(key, (5,), jnp.uint8),
    "categorical": lambda key, p: jax.random.categorical(key, jnp.log(jnp.stack([p, p, 1 - p]))),
    "cauchy": lambda key, p: jax.random.cauchy(key, (3,)),
    "chisquare": lambda key, p: jax.random.chisquare(key, p, (3,)),
    "choice": lambda key, p: jax.random.choice(
        key, 5, (3,), replace=False, p=jnp.array([0.1, 0.2, 0.3, 0.2, 0.2])
    ),
    "dirichlet": lambda key, p: jax.random.dirichlet(key, jnp.stack([p, 1.0, 2.0]), (2,)),
    "double_sided_maxwell": lambda key, p: jax.random.double_sided_maxwell(key, p, 1.0, (3,)),
    "exponential": lambda key, p: jax.random.exponential(key, (3,), jnp.bfloat16),
    "f": lambda key, p: jax.random.f(key, p, 2.0, (3,)),
    "fold_in": lambda key, p: jax.random.key_data(jax.random.fold_in(key, 7)),
    "gamma": lambda key, p: jax.random.gamma(key, p, (3,)),
    "generalized_normal": lambda key, p: jax.random.generalized_normal(key, p, (3,)),
    "geometric": lambda key, p: jax.random.geometric(key, p, (3,)),
    "gumbel": lambda key, p: jax.random.gumbel(key, (3,), mode="high"),
    "laplace": lambda key, p: jax.random.laplace(key, (3,)),
    "loggamma": lambda key, p: jax.random.loggamma(key, p, (3,)),
    "logistic": lambda key, p: jax.random.logistic(key, (3,)),
    "lognormal": lambda key, p: jax.random.lognormal(key, p, (3,)),
    "maxwell": lambda key, p: jax.random.maxwell(key, (3,)),
    "multinomial": lambda key, p: jax.random.multinomial(key, 5, jnp.stack([p, 1 - p])),
    "multivariate_normal": lambda key, p: jax.random.multivariate_normal(
        key, jnp.zeros(2), jnp.eye(2) + p, method="svd"
    ),
    "normal": lambda key, p: jax.random.normal(key, (3,), jnp.complex64),
    "orthogonal": lambda key, p: jax.random.orthogonal(key, 3),
    "pareto": lambda key, p: jax.random.pareto(key, p, (3,)),
    "permutation": lambda key, p: jax.random.permutation(
        key, jnp.arange(6).reshape(3, 2), independent=True
    ),
    "poisson": lambda key, p: jax.random.poisson(key, 4 * p, (3,)),
    "rademacher": lambda key, p: jax.random.rademacher(key, (3,)),
    "randint": lambda key, p: jax.random.randint(key, (3,), -5, 9, jnp.int8),
    "rayleigh": lambda key, p: jax.random.rayleigh(key, p, (3,)),
    "split": lambda key, p: jax.random.key_data(jax.random.split(key, (2, 2))),
    "t": lambda key, p: jax.random.t(key, p, (3,)),
    "triangular": lambda key, p: jax.random.triangular(key, 0.0, p, 1.0, (3,)),
    "truncated_normal": lambda key, p: jax.random.truncated_normal(key, -p, 2.0, (3,)),
    "uniform": lambda key, p: jax.random.uniform(key, (3,), jnp.float16, minval=-1),
    "wald": lambda key, p: jax.random.wald(key, p, (3,)),
    "weibull_min": lambda key, p: jax.random.weibull_min(key, p, 2.0, (3,)),
}


def _with_words(draw: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda words, p: draw(words, p)


CALLS: Calls = {
    "key": [lambda k: jax.random.key(k), lambda: jax.random.key(3, impl="rbg")],
    "PRNGKey": [lambda k: jax.random.PRNGKey(k)],
    "clone": [lambda key: jax.random.clone(key)],
    "key_data": [lambda keys: jax.random.key_data(keys)],
    "wrap_key_data": [lambda words: jax.random.wrap_key_data(words)],
    "rbg": [
        lambda rbg: jax.random.normal(rbg, (3,)),
        lambda rbg: jax.random.split(rbg, 2),
        lambda rbg: jax.random.key_data(jax.random.fold_in(rbg, 4)),
    ],
    "keys": [
        lambda keys: jax.vmap(lambda k: jax.random.normal(k, (2,)))(keys),
        lambda keys, flag: jnp.where(flag, keys, keys[::-1]),
        lambda keys, k: lax.fori_loop(0, 2, lambda i, a: jax.random.fold_in(a, i), keys[k]),
        lambda keys: lax.scan(lambda a, k: (a + jax.random.uniform(k), None), 0.0, keys)[0],
        lambda keys, i: jnp.concatenate([keys[i], keys.reshape(3, 1)[:, 0]]),
    ],
    **{name: [draw, _with_words(draw)] for name, draw in _DRAWS.items()},
}
