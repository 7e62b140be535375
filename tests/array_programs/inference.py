"""Search, sampling, statistics and optimisation."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
from jax import lax

from tests.array_programs import normal, program


class Beam(NamedTuple):
    step: jax.Array
    tokens: jax.Array
    scores: jax.Array
    done: jax.Array


@program(lambda: (normal(0, 7, 7), jnp.int32(1)), static_argnames=("width", "length"))
def beam_search(transitions, start, width=3, length=5, end=0):
    log_p = jax.nn.log_softmax(transitions)
    vocabulary = log_p.shape[0]

    first = Beam(
        jnp.int32(0),
        jnp.full((width, length), end).at[:, 0].set(start),
        jnp.where(jnp.arange(width) == 0, 0.0, -jnp.inf),
        jnp.zeros(width, bool),
    )

    def goes_on(beam):
        return (beam.step < length - 1) & ~jnp.all(beam.done)

    def step(beam):
        last = beam.tokens[:, beam.step]
        stay = jnp.where(jnp.arange(vocabulary) == end, 0.0, -jnp.inf)
        scores = beam.scores[:, None] + jnp.where(beam.done[:, None], stay, log_p[last])
        best, index = lax.top_k(scores.ravel(), width)
        parent, token = jnp.divmod(index, vocabulary)
        tokens = beam.tokens[parent].at[:, beam.step + 1].set(token)
        return Beam(beam.step + 1, tokens, best, beam.done[parent] | (token == end))

    return lax.while_loop(goes_on, step, first)._asdict()


@program(lambda: (jax.random.key(8),))
def random_initial_values(key):
    first, second = jax.random.split(key)
    mask = jax.random.bernoulli(first, 0.3, (3,))
    return {
        "kernel": jax.nn.initializers.glorot_normal()(first, (3, 2)),
        "bias": jax.nn.initializers.constant(0.5)(second, (2,), jnp.bfloat16),
        "order": jax.random.permutation(second, 5),
        "mask": mask,
        "key": jax.random.fold_in(second, 7),
    }


# --- Search and sampling --------------------------------------------------------------------------


@program(lambda: (jax.random.key(3), normal(0, 9, 9)), static_argnames=("count", "k"))
def sampling_loop(key, table, count=6, k=4, temperature=0.8):
    def step(carry, index):
        token, key = carry
        logits = table[token] / temperature
        threshold = jnp.sort(logits)[-k]
        logits = jnp.where(logits < threshold, -jnp.inf, logits)
        key, use = jax.random.split(key)
        token = jax.random.categorical(jax.random.fold_in(use, index), logits)
        return (token, key), (token, jax.random.key_data(key))

    (last, key), (tokens, _) = lax.scan(step, (jnp.int32(0), key), jnp.arange(count))
    return last, key, tokens


@program(lambda: (jnp.zeros(2), jax.random.PRNGKey(0)), static_argnums=(2, 3))
def hamiltonian_monte_carlo(start, key, steps=4, leapfrog=3):
    def log_density(x):
        return -0.5 * jnp.sum(x**2) - 0.1 * (x[1] - x[0] ** 2) ** 2

    gradient = jax.grad(log_density)

    def propose(x, p, eps=0.1):
        def body(_, state):
            x, p = state
            p = p + eps / 2 * gradient(x)
            x = x + eps * p
            return x, p + eps / 2 * gradient(x)

        return lax.fori_loop(0, leapfrog, body, (x, p))

    def transition(carry, key):
        x, accepted = carry
        k1, k2 = jax.random.split(key)
        p = jax.random.normal(k1, x.shape)
        x_new, p_new = propose(x, p)
        energy = log_density(x_new) - p_new @ p_new / 2 - log_density(x) + p @ p / 2
        accept = jnp.log(jax.random.uniform(k2)) < energy
        x = jnp.where(accept, x_new, x)
        return (x, accepted + accept), x

    (_, accepted), samples = lax.scan(transition, (start, 0), jax.random.split(key, steps))
    return accepted / steps, samples


# --- Statistics and linear algebra ----------------------------------------------------------------


@program(lambda: (normal(0, 6, 2), jnp.eye(4) * 0.9, normal(1, 2, 4), 0.1))
def kalman_filter(observations, transition, emission, noise):
    q, r = noise * jnp.eye(4), noise * jnp.eye(2)

    def step(carry, y):
        mean, cov = carry
        mean, cov = transition @ mean, transition @ cov @ transition.T + q
        innovation = y - emission @ mean
        s = emission @ cov @ emission.T + r
        gain = jnp.linalg.solve(s, emission @ cov).T
        mean = mean + gain @ innovation
        cov = (jnp.eye(4) - gain @ emission) @ cov
        _, logdet = jnp.linalg.slogdet(s)
        ll = -0.5 * (
            innovation @ jnp.linalg.solve(s, innovation) + logdet + 2 * jnp.log(2 * jnp.pi)
        )
        return (mean, cov), (mean, ll)

    (mean, cov), (means, lls) = lax.scan(step, (jnp.zeros(4), jnp.eye(4)), observations)
    return {"mean": mean, "cov": cov, "path": means, "likelihood": lls.sum()}


@program(lambda: (normal(0, 20, 2), jax.random.key(0)), static_argnames="k")
def k_means(points, key, k=3, max_iter=10, tol=1e-4):
    centers = jax.random.choice(key, points, (k,), replace=False)

    def cond(state):
        i, _, shift = state
        return (i < max_iter) & (shift > tol)

    def body(state):
        i, centers, _ = state
        nearest = jnp.argmin(jnp.linalg.norm(points[:, None] - centers, axis=-1), axis=1)
        total = jax.ops.segment_sum(points, nearest, k)
        count = jax.ops.segment_sum(jnp.ones(len(points)), nearest, num_segments=k)
        new = total / jnp.maximum(count, 1)[:, None]
        return i + 1, new, jnp.abs(new - centers).max()

    return lax.while_loop(cond, body, (0, centers, jnp.inf))


@program(lambda: (normal(0, 7, 4),), static_argnums=1)
def principal_components(x, n=2):
    centred = x - x.mean(0)
    _, s, vt = jnp.linalg.svd(centred, full_matrices=False)
    w, v = jnp.linalg.eigh(jnp.cov(x, rowvar=False))
    sign = jnp.sign(vt[jnp.arange(len(vt)), jnp.abs(vt).argmax(1)])
    return centred @ (vt * sign[:, None])[:n].T, s**2 / (s**2).sum(), w[::-1], jnp.abs(v)


@program(lambda: (normal(0, 5, 5), normal(1, 5)), static_argnames="max_iter")
def conjugate_gradients(m, b, max_iter=20):
    a = m @ m.T + jnp.eye(5)

    def cond(state):
        _, _, _, rs, i = state
        return (jnp.sqrt(rs) > 1e-5) & (i < max_iter)

    def body(state):
        x, r, p, rs, i = state
        ap = a @ p
        alpha = rs / (p @ ap)
        x, r = x + alpha * p, r - alpha * ap
        new = r @ r
        return x, r, r + new / rs * p, new, i + 1

    own = lax.while_loop(cond, body, (jnp.zeros_like(b), b, b, b @ b, 0))
    library, _ = jax.scipy.sparse.linalg.cg(lambda v: a @ v, b, tol=1e-6)
    solved = lax.custom_linear_solve(
        lambda v: a @ v, b, lambda mv, c: jnp.linalg.solve(a, c), symmetric=True
    )
    return own[0], own[-1], library, solved


@program(lambda: (jnp.array([-1.2, 1.0]),), static_argnames=("memory", "steps"))
def l_bfgs(x, memory=3, steps=5):
    def rosenbrock(x):
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    value_and_grad = jax.value_and_grad(rosenbrock)

    def direction(g, s, y, rho):
        def first(q, i):
            alpha = rho[i] * s[i] @ q
            return q - alpha * y[i], alpha

        q, alphas = lax.scan(first, g, jnp.arange(memory - 1, -1, -1))
        gamma = jnp.where(rho[-1] > 0, s[-1] @ y[-1] / jnp.maximum(y[-1] @ y[-1], 1e-10), 1.0)

        def second(r, args):
            i, alpha = args
            return r + s[i] * (alpha - rho[i] * y[i] @ r), None

        r, _ = lax.scan(second, gamma * q, (jnp.arange(memory), alphas[::-1]))
        return -r

    def line_search(x, f, g, d):
        def cond(state):
            t, i = state
            return (rosenbrock(x + t * d) > f + 1e-4 * t * g @ d) & (i < 20)

        t, _ = lax.while_loop(cond, lambda s: (s[0] * 0.5, s[1] + 1), (1.0, 0))
        return t

    def step(carry, _):
        x, f, g, s, y, rho = carry
        d = direction(g, s, y, rho)
        t = line_search(x, f, g, d)
        x_new = x + t * d
        f_new, g_new = value_and_grad(x_new)
        ds, dy = x_new - x, g_new - g
        shift = functools.partial(jnp.roll, shift=-1, axis=0)
        s, y = shift(s).at[-1].set(ds), shift(y).at[-1].set(dy)
        rho = shift(rho).at[-1].set(1.0 / (ds @ dy + 1e-10))
        return (x_new, f_new, g_new, s, y, rho), f_new

    f, g = value_and_grad(x)
    zeros = jnp.zeros((memory, x.size))
    (x, *_), history = lax.scan(step, (x, f, g, zeros, zeros, jnp.zeros(memory)), length=steps)
    return x, history


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def fixed_point(f, params, guess):
    def cond(state):
        previous, current = state
        return jnp.max(jnp.abs(previous - current)) > 1e-6

    return lax.while_loop(cond, lambda s: (s[1], f(params, s[1])), (guess, f(params, guess)))[1]


def fixed_point_fwd(f, params, guess):
    found = fixed_point(f, params, guess)
    return found, (params, found)


def fixed_point_rev(f, residual, cotangent):
    params, found = residual
    _, vjp_params = jax.vjp(lambda p: f(p, found), params)

    def step(packed, u):
        params, x, bar = packed
        return bar + jax.vjp(lambda v: f(params, v), x)[1](u)[0]

    solved = fixed_point(step, (params, found, cotangent), cotangent)
    return *vjp_params(solved), jnp.zeros_like(found)


fixed_point.defvjp(fixed_point_fwd, fixed_point_rev)


@program(lambda: ({"w": normal(0, 3, 3) * 0.1, "b": normal(1, 3)}, jnp.zeros(3)))
def implicit_layer(params, guess):
    def loss(params):
        found = fixed_point(lambda p, x: jnp.tanh(p["w"] @ x + p["b"]), params, guess)
        return jnp.sum(jnp.square(jnp.asarray(found)))

    return jax.value_and_grad(loss)(params)
