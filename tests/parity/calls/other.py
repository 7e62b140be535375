"""Calls of other public modules, and of `jax` itself."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import sparse
from jax.experimental.ode import odeint

from tests.parity.calls.support import Calls


def _sparse(x: Any) -> Any:
    return sparse.BCOO.fromdense(x, nse=6)


CALLS: Calls = {
    "jax.image": [
        lambda x: jax.image.resize(x, (4, 5), "linear"),
        lambda x: jax.image.resize(x, (4, 5), "cubic", antialias=False),
        lambda x: jax.image.resize(x, (4, 5), "nearest"),
        lambda x: jax.image.resize(x, (4, 5), "lanczos3"),
        lambda x, u: jax.image.scale_and_translate(
            x, (3, 3), (0, 1), u[:2] + 1, u[2:], method="linear"
        ),
    ],
    "jax.ops": [
        lambda u, counts: jax.ops.segment_sum(u, counts, 5),
        lambda u, counts: jax.ops.segment_max(u, counts, 5),
        lambda x, k: jax.ops.segment_prod(x, jnp.stack([k, k]), 3, indices_are_sorted=True),
        lambda n, k: jax.ops.segment_min(n, jnp.stack([k, k - 1]), 3),
    ],
    "jax.experimental.sparse": [
        lambda x, tall: sparse.BCOO.fromdense(x, nse=4) @ tall.T,
        lambda x: _sparse(x).T.todense(),
        lambda x: _sparse(x).sum(1).todense(),
        lambda x, tall: sparse.sparsify(lambda a, b: (a * 2) @ b)(_sparse(x), tall.T),
    ],
    "jax.experimental.ode": [
        lambda rhs, grid: odeint(lambda y, t: -y * t, rhs, grid),
    ],
    "jax": [
        lambda x: jax.grad(lambda a: jnp.sum(jnp.sin(a) ** 2))(x),
        lambda x: jax.value_and_grad(lambda a: (jnp.sum(a**3), a), has_aux=True)(x),
        lambda rhs: jax.hessian(lambda a: jnp.sum(a**3 * a[::-1]))(rhs),
        lambda rhs: jax.jacfwd(lambda a: a[:, None] * jnp.sin(a))(rhs),
        lambda rhs: jax.jacrev(lambda a: a[:, None] * jnp.sin(a))(rhs),
        lambda x, y: jax.jvp(jnp.arctan2, (x, y), (y, x)),
        lambda x, y: jax.vjp(jnp.hypot, x, y)[1](x),
        lambda x: jax.linearize(jnp.tanh, x)[1](x),
        lambda x: jax.linear_transpose(lambda a: a @ jnp.ones((3, 2)), x)(jnp.ones((2, 2))),
        lambda cube: jax.vmap(jnp.trace, in_axes=2, out_axes=0)(cube),
        lambda cube, x: jax.vmap(jax.vmap(jnp.dot), in_axes=(0, None))(cube.mT[..., :2, :], x),
        lambda x: jax.checkpoint(lambda a: jnp.sin(jnp.sin(a)))(x),
        lambda x: jax.grad(lambda a: jax.checkpoint(jnp.sin)(a).sum())(x),
        lambda x: jax.lax.stop_gradient(x) + jax.eval_shape(jnp.sum, x).ndim,
        lambda x: jax.tree.map(jnp.sin, {"a": x, "b": (x, [x])}),
        lambda x: jax.named_call(jnp.sin, name="sine")(x),
        lambda x: jax.jit(jnp.cos, inline=True)(x) + jax.jit(jnp.sin)(x),
        lambda x: jax.hessian(lambda a: jnp.sum(jnp.exp(a)))(x),
    ],
}
