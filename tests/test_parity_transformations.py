"""JAX's transformations of jitted functions, and jitted functions that transform others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import xcs
from tests.parity.case import (
    Case,
    Together,
    Way,
    assert_one_kernel,
    assert_same_programs,
    plainly,
)
from tests.sweeps import ALL

X = np.linspace(0.1, 0.9, 6, dtype=np.float32).reshape(2, 3)
WEIGHTS = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)), jnp.float32)


def _spd(x: Any) -> Any:
    return x[..., :1, None] * jnp.ones((3, 3)) + 3 * jnp.eye(3)


ELEMENTWISE = (
    "sin cos tan arcsin arctan sinh cosh tanh arcsinh arctanh exp exp2 expm1 log log2 log10 log1p "
    "sqrt cbrt square reciprocal abs sign floor sinc i0 angle real deg2rad"
)
NEURAL = (
    "relu relu6 elu selu celu gelu silu mish softplus soft_sign sigmoid log_sigmoid hard_tanh "
    "softmax log_softmax logsumexp standardize squareplus"
)
SPECIAL = "erf erfc erfinv gammaln digamma i0e i1e ndtr ndtri log_ndtr entr"
UNARY: dict[str, Callable[[Any], Any]] = {
    name: getattr(module, name)
    for module, names in ((jnp, ELEMENTWISE), (jax.nn, NEURAL), (jax.scipy.special, SPECIAL))
    for name in names.split()
}
COMPOSED: dict[str, Callable[[Any], Any]] = {
    "power": lambda x: x**2.5 + 2.0**x,
    "two": lambda x: jnp.logaddexp(x, x[::-1]) * jnp.arctan2(x, x + 1) / jnp.hypot(x, 1.0),
    "where": lambda x: jnp.where(x > 0.4, x * x, jnp.exp(x)),
    "clip": lambda x: jnp.clip(x, 0.3, 0.6),
    "reductions": lambda x: x.max(-1) + x.min(-1) + x.prod(-1) + x.var(-1) + x.mean(-1),
    "norm": lambda x: jnp.linalg.norm(x, axis=-1),
    "cumulative": lambda x: jnp.cumsum(x, -1) * jnp.cumprod(x, -1),
    "cummax": lambda x: lax.cummax(x, x.ndim - 1),
    "sort": lambda x: jnp.sort(x, -1) * jnp.arange(3.0),
    "top_k": lambda x: lax.top_k(x, 2)[0],
    "matmul": lambda x: jnp.tanh(x @ WEIGHTS) @ WEIGHTS.T,
    "einsum": lambda x: jnp.einsum("...i,ij,...k->...jk", x, WEIGHTS, x),
    "gather": lambda x: x[..., jnp.array([2, 0, 0])],
    "scatter": lambda x: jnp.zeros((*x.shape[:-1], 5)).at[..., jnp.array([1, 3, 1])].add(x),
    "dynamic": lambda x: lax.dynamic_slice_in_dim(x, 1, 2, axis=x.ndim - 1),
    "reshaped": lambda x: jnp.concatenate([x, x * 2], -1).reshape(-1, 2).T,
    "pad": lambda x: jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(1, 2)], mode="edge"),
    "convolution": lambda x: jax.vmap(lambda r: jnp.convolve(r, WEIGHTS[:, 0]))(x.reshape(-1, 3)),
    "fft": lambda x: jnp.abs(jnp.fft.rfft(x)) ** 2,
    "solve": lambda x: jnp.linalg.solve(_spd(x), jnp.ones(3)[:, None]),
    "cholesky": lambda x: jnp.linalg.cholesky(_spd(x)),
    "slogdet": lambda x: jnp.linalg.slogdet(_spd(x))[1],
    "inverse": lambda x: jnp.linalg.inv(_spd(x)),
    "eigvalsh": lambda x: jnp.linalg.eigvalsh(_spd(x) + jnp.diag(jnp.arange(3.0))),
    "scan": lambda x: lax.scan(lambda c, _: (jnp.sin(c) + x, c), x, None, length=3),
    "cond": lambda x: lax.cond(jnp.sum(x) > 1, jnp.sin, jnp.cos, x),
    "fori_loop": lambda x: lax.fori_loop(0, 3, lambda i, c: c * jnp.sin(c) + i, x),
    "associative_scan": lambda x: lax.associative_scan(jnp.multiply, x, axis=-1),
    "checkpoint": lambda x: jax.checkpoint(lambda y: jnp.sin(jnp.exp(y)))(x),
    "custom_jvp": lambda x: jax.nn.relu(x - 0.5) + jax.numpy.linalg.norm(x, axis=-1, keepdims=True),
    "stopped": lambda x: x * lax.stop_gradient(jnp.exp(x)),
    "random": lambda x: x * jax.random.normal(jax.random.key(0), x.shape),
}
FUNCTIONS = {**UNARY, **COMPOSED}
SMOOTH = (
    *("sin", "tanh", "exp", "sqrt", "gelu", "softmax", "erf", "power", "two", "where", "matmul"),
    *("solve", "scan", "einsum", "cumulative", "fft"),
)


Transformation = Callable[[Callable[..., Any]], Callable[..., Any]]


def _total(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: sum(jnp.sum(jnp.real(leaf)) for leaf in jax.tree.leaves(f(*args)))


def _jvp(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: jax.jvp(f, (x,), (jnp.cos(x),))


def _vjp(f: Callable[..., Any]) -> Callable[..., Any]:
    def pulled(x: Any) -> Any:
        results, pull = jax.vjp(f, x)
        return pull(results)

    return pulled


def _linearized(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: jax.linearize(f, x)[1](jnp.cos(x))


FIRST: dict[str, Transformation] = {
    "grad": lambda f: jax.grad(_total(f)),
    "jvp": _jvp,
    "vmap": jax.vmap,
    "vjp": _vjp,
    "linearize": _linearized,
    "vmap of grad": lambda f: jax.vmap(jax.grad(_total(f))),
}
SECOND: dict[str, Transformation] = {
    "jacfwd": jax.jacfwd,
    "jacrev": jax.jacrev,
    "hessian": lambda f: jax.hessian(_total(f)),
    "grad of vmap": lambda f: jax.grad(_total(jax.vmap(f))),
}


def _of_each(transformation: Transformation, jit: Transformation) -> Way:
    """All functions, each jitted and then transformed."""

    def way(cases: Sequence[Case]) -> Together:
        return plainly([replace(c, function=transformation(jit(c.function))) for c in cases])

    return way


def _as_it_is(function: Any) -> Any:
    return function


def _table() -> Iterator[Any]:
    """Each transformation, with a third of the functions, or with all of them."""
    for transformations, names in ((FIRST, FUNCTIONS), (SECOND, SMOOTH)):
        cases = [Case(name, FUNCTIONS[name], (X,)) for name in names]
        for place, (name, transformation) in enumerate(transformations.items()):
            chosen = cases if ALL else cases[place % 3 :: 3]
            yield pytest.param(transformation, chosen, id=name)


TABLE = list(_table())


@pytest.mark.parametrize(("transformation", "cases"), TABLE)
def test_transformations_of_jitted_functions(
    transformation: Transformation, cases: list[Case]
) -> None:
    ours, theirs = _of_each(transformation, xcs.jit), _of_each(transformation, _as_it_is)
    assert_same_programs(cases, ours, theirs)


@pytest.mark.parametrize(("transformation", "cases"), TABLE)
def test_jitted_transformations(transformation: Transformation, cases: list[Case]) -> None:
    theirs = _of_each(transformation, _as_it_is)
    assert_one_kernel(assert_same_programs(cases, lambda cases: xcs.jit(theirs(cases)), theirs))
